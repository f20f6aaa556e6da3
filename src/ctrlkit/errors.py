"""The errors ctrlkit raises for a person to read, one leaf for each different remedy."""

from __future__ import annotations


class CtrlkitError(Exception):
    """A fault said in one line: where, what was found, what was expected, what to do."""


class InputError(CtrlkitError):
    """A profile, engagement, pack, inventory or option is wrong; mend it and run again (exit 3)."""


class EvidenceError(CtrlkitError):
    """An evidence file cannot be read at all; ask for it again."""


class AuthorError(CtrlkitError):
    """A control, adapter or plugin is written wrongly; its author must mend it."""


class ColumnError(AuthorError):
    """A check names a column that its table does not have: its author's slip, or one that need not be handed in."""


class BundleError(CtrlkitError):
    """A bundle is damaged, altered or hostile; do not rely on it."""


class Withdrawn(CtrlkitError):  # noqa: N818
    """A person interrupted the run; what was collected is kept (exit 130)."""


def did_you_mean(word: str, known: object) -> str:
    """`; did you mean "x"?` for the nearest of `known`, or an empty string."""
    import difflib

    near = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.5)  # type: ignore[attr-defined]
    return f'; did you mean "{near[0]}"?' if near else ""
