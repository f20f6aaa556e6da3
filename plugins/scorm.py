"""SCORM and learning systems without an adapter of their own: registrations and completions as `training`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_LESSON: Final[dict[str, str | None]] = {
    "passed": "true",
    "failed": "false",
    "completed": "",
    "complete": "",
    "incomplete": "false",
    "in progress": "false",
    "browsed": "false",
    "not attempted": "false",
    "not started": "false",
    "unknown": None,
}
"""cmi.core.lesson_status of SCORM 1.2 and the words that learning systems put in its place -> whether it is passed."""

REGISTRATIONS: Final = Adapter(
    name="scorm_cloud_registrations",
    kind="training",
    product="SCORM Cloud registrations (API v2, JSON)",
    headers=("registrationCompletion", "registrationSuccess", "learner.id", "course.id", "createdDate"),
    columns={
        "learner.id": "employee_id",
        "course.id": "course",
        "course.version": "version",
        "createdDate": "assigned_on",
        "firstAccessDate": "started_at",
        "completedDate": "completed_at",
        "totalSecondsTracked": "seconds_spent",
        "score.scaled": "score",
        "registrationSuccess": "passed",
    },
    values={"passed": {"PASSED": "true", "FAILED": "false", "UNKNOWN": None}},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="A course that reports no success leaves passed not known, however complete it is. The score is what the "
    "course reports, 0 to 100. It says no language, no due date and not how long the course is.",
)
COMPLETIONS: Final = Adapter(
    name="lms_completions",
    kind="training",
    product="A learning system's completion report (CSV with the headers below)",
    headers=("Employee ID", "Course Name", "Enrollment Date", "Completion Date", "Status", "Score"),
    columns={
        "Employee ID": "employee_id",
        "Course Name": "course",
        "Course Version": "version",
        "Language": "language",
        "Enrollment Date": "assigned_on",
        "Due Date": "due_on",
        "Start Date": "started_at",
        "Completion Date": "completed_at",
        "Time Spent (seconds)": "seconds_spent",
        "Status": "passed",
        "Score": "score",
    },
    values={"passed": _LESSON},
    constants={},
    about="Completed alone says nothing of a pass. Times carry no zone: they are read in the pack's time_zone; state "
    "date_order where days and months cannot be told apart. A completion needs its time, not its day only.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Registrations and completions."""
    return (REGISTRATIONS, COMPLETIONS)
