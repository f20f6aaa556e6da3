"""The control's own values are exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ctrlkit.model import Param
from ctrlkit.parameter import default_of


@pytest.mark.parametrize(
    ("value", "exact"),
    [(1, 1), (1.25, Decimal("1.25")), ([1.5, "a"], (Decimal("1.5"), "a")), ((), ()), (True, True), ("1.2", "1.2")],
)
def test_a_default_is_never_a_float(value: Any, exact: Any) -> None:
    found = default_of(Param("p", value, "", "house"))
    assert (found, type(found)) == (exact, type(exact))
