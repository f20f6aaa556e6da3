"""Google Forms: the answers to a quiz as `training`; the file says who and how well, never which course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_PEOPLE: Final = {"Username": "username", "Email Address": "email"}
_SCORES: Final = {"Total score": "total", "Score": "score"}


def _quiz(person: str, score: str) -> Adapter:
    return Adapter(
        name=f"google_forms_quiz_{_PEOPLE[person]}_{_SCORES[score]}",
        kind="training",
        product=f"Google Forms quiz, Responses > Download responses (.csv), with {person} and {score}",
        headers=("Timestamp", person, score),
        columns={"Timestamp": "completed_at", person: "employee_id", score: "score|percent"},
        values={},
        constants={"course": "google_forms_quiz"},
        date_order="ymd",
        about="The file does not name its course: say it under constants in pack.yaml. A score without its maximum is "
        "not known, and whether it is a pass the form does not say. The address is typed by the person unless the "
        "form verifies it: a weak identity. There is no start, so time spent is not known. From a linked Sheet the "
        "time carries no zone and is read in the pack's time_zone; there, state date_order where it is not year first.",
    )


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """One for each way the form may name the person and the score."""
    return tuple(_quiz(person, score) for person in _PEOPLE for score in _SCORES)
