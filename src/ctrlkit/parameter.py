"""Parameters of controls: the value a profile writes, exact, typed as the control's own and within its bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ctrlkit.document import Document, number
from ctrlkit.errors import did_you_mean
from ctrlkit.strict_yaml import Where, shown

if TYPE_CHECKING:
    from ctrlkit.model import Param


def default_of(param: Param) -> Any:
    """The control's own value of a parameter, exact: int, Decimal, bool, text or a tuple of them."""
    if isinstance(param.value, list | tuple):
        return tuple(_exact(entry) for entry in param.value)
    return _exact(param.value)


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def value_of(document: Document, where: Where, param: Param, text: Any) -> Any:
    """The value that `text` (or a list of texts) at `where` gives `param`: typed as its default is, within its bounds.

    A whole number stays whole, except where the unit is a percentage. Raises InputError with file and line.
    """
    default = default_of(param)
    if isinstance(default, tuple):
        if not isinstance(text, list):
            raise document.error(where, f"found {shown(text)}, expected a list ({param.unit}); write [{text}]")
        kinds = {type(entry) for entry in default}
        return tuple(_one(document, (*where, i), param, kinds, entry) for i, entry in enumerate(text))
    if isinstance(text, list):
        raise document.error(where, f"found a list, expected one value ({param.unit}); for example {default}")
    return _one(document, where, param, {type(default)}, text)


def _one(document: Document, where: Where, param: Param, types: set[type], text: str) -> Any:
    value = _read(param, types, text)
    if value is None:
        wanted = "true or false" if types == {bool} else "a whole number" if types == {int} else "a number"
        raise document.error(where, f"found {shown(text)}, expected {wanted} ({param.unit})")
    if param.allowed is not None and value not in param.allowed:
        words = [str(word).lower() if isinstance(word, bool) else str(word) for word in param.allowed]
        near = did_you_mean(text, words)
        raise document.error(where, f"found {shown(text)}, expected one of {', '.join(words)}{near}")
    if param.range is not None:
        least, most = (_exact(bound) for bound in param.range)
        if not least <= value <= most:
            bound = f"; the law sets the bound: {param.source}" if param.basis == "law" and param.source else ""
            raise document.error(
                where, f"found {text}, expected {least} to {most} ({param.unit}){bound}; choose within it"
            )
    return value


def _read(param: Param, types: set[type], text: str) -> Any:
    if types == {bool}:
        return {"true": True, "false": False}.get(text)
    if types == {int}:
        value = number(text)
        return value if isinstance(value, int) or param.unit.startswith("%") else None
    if types == {Decimal}:
        exact = number(text)
        return Decimal(exact) if isinstance(exact, int) else exact
    return text
