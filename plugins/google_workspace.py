"""Google Workspace: the admin console's user download as `accounts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

USERS = Adapter(
    name="google_users",
    kind="accounts",
    product="Google Workspace users (Directory > Users > Download users)",
    headers=("Email Address [Required]", "Status [READ ONLY]", "Last Sign In [READ ONLY]", "2sv Enrolled [READ ONLY]"),
    columns={
        "Email Address [Required]": "account_id",
        "Employee ID": "employee_id",
        "Status [READ ONLY]": "enabled",
        "Last Sign In [READ ONLY]": "last_login_at",
        "2sv Enrolled [READ ONLY]": "mfa_enrolled",
    },
    values={
        "enabled": {"Active": "true", "Suspended": "false", "Archived": "false"},
        "last_login_at": {"Never logged in": ""},
    },
    constants={"system": "google"},
    date_order="ymd",
    about="Times carry no zone: they are read in the pack's time_zone. The file does not say which second factor.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The user download."""
    return (USERS,)
