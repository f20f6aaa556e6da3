"""Evidence kinds: shipped ones are whole, and one survives the way to the child process."""

from __future__ import annotations

import json

import pytest

from ctrlkit.derive import RULES
from ctrlkit.errors import AuthorError
from ctrlkit.kind import ANY_VALUE, Kind, document, parse, shipped

KINDS = list(shipped().values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_kind_is_the_same_after_its_document(kind: Kind) -> None:
    assert parse(json.loads(json.dumps(document(kind)))) == kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_shipped_kind_speaks_only_of_its_own_columns(kind: Kind) -> None:
    assert set(kind.key) <= set(kind.columns)
    assert kind.time is None or kind.columns[kind.time].type in {"date", "datetime"}
    assert kind.party in {"vendor", "client", "either"}
    for column in (*kind.columns.values(), *kind.derived.values()):
        assert set(column.null_where or {}) <= set(kind.columns)
        assert column.null_where is None or column.null_means is not None
        for name, values in (column.null_where or {}).items():
            known = {*kind.columns[name].values, ANY_VALUE, None}
            assert not kind.columns[name].values or set(values) <= known
    for column in kind.derived.values():
        assert column.rule in RULES
        assert column.of in kind.columns


def test_a_column_that_is_not_there_is_the_authors_error() -> None:
    with pytest.raises(AuthorError, match="accounts has no column 'mfa'; it has system"):
        shipped()["accounts"].column("mfa")
    assert shipped()["accounts"].column("account_is_generic").rule == "name_is_generic"
