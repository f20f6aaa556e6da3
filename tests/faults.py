"""What may go wrong with evidence: every injury of the fault suite, whom it touches and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from small_vendor import ADMIN, EXPORTED, LEAVER, SERVICE, TRAINEE, Row, clean, render

NEEDS: Mapping[str, Mapping[str, str]] = {
    "ACC-01": {
        "roster": "employee_id site status last_day_worked",
        "accounts": "system account_id employee_id enabled disabled_at last_login_at privileged",
        "leavers": "employee_id separated_on badge_disabled_at",
    },
    "ACC-06": {
        "client_accounts": "system account_id employee_id enabled last_login_at",
        "roster": "employee_id client role status floor_date last_day_worked",
    },
    "EML-05": {"mail_trace": "ts sender recipient_domain"},
    "EML-06": {"mail_rules": "mailbox rule target_domain enabled created_at"},
    "LOG-01": {
        "accounts": "system account_id employee_id account_type enabled exception_until",
        "roster": "employee_id status",
    },
    "LOG-03": {
        "auth_events": "ts system account_id result",
        "accounts": "system account_id employee_id account_type",
        "timesheets": "employee_id work_date clock_in clock_out",
        "roster": "employee_id role status last_day_worked",
    },
    "LOG-07": {"auth_events": "ts system account_id result country src_ip"},
    "MFA-01": {"accounts": "system account_id account_type enabled mfa_enrolled mfa_method"},
    "MFA-03": {
        "accounts": "system account_id employee_id account_type mfa_enrolled mfa_method mfa_identifier_hash enabled",
    },
    "REM-01": {
        "wfh_register": "employee_id agreement_signed_on approved_by approved_until device_id",
        "roster": "employee_id work_mode status",
    },
    "RET-01": {"datasets": "dataset_id system client data_class oldest_record_on retention_days retention_basis"},
    "RET-02": {"recordings": "recording_id ts agent_id payment_call paused_seconds scan_pan_hits deleted_on"},
}
"""Control -> kind -> columns that it rests on, as its requirement says."""


def readers(kind: str, column: str | None = None) -> tuple[str, ...]:
    """The controls that rest on a kind, or on one of its columns."""
    return tuple(
        id_ for id_, reads in NEEDS.items() if kind in reads and (column is None or column in reads[kind].split())
    )


REQUIRED: Mapping[str, str] = {
    "roster": "employee_id status",
    "accounts": "system account_id enabled",
    "auth_events": "ts system account_id result",
    "timesheets": "employee_id work_date",
    "leavers": "employee_id separated_on",
    "wfh_register": "employee_id",
    "mail_trace": "ts sender recipient_domain",
    "mail_rules": "mailbox rule enabled",
    "datasets": "dataset_id system",
    "recordings": "recording_id ts",
    "client_accounts": "system account_id enabled",
}
EVENTS = ("auth_events", "timesheets", "mail_trace", "recordings")
"""Kinds whose rows must cover the period."""
REPEATING = ("auth_events", "mail_trace", "mail_rules")
"""Kinds in which the same key may stand twice."""

Rows = list[Row]


@dataclass(frozen=True, slots=True)
class Injury:
    """One thing wrong with one file, and the causes that a verdict may name for it.

    `file` gives what lies there instead of the file, None for nothing; `rows` changes its rows. `may_fail`: a verdict
    `failed` is as good an answer. `spares` are controls that may still pass, with the reason.
    """

    name: str
    kind: str
    column: str | None
    causes: frozenset[str]
    rows: Callable[[Rows], Rows] | None = None
    file: Callable[[Rows], bytes | None] | None = None
    may_fail: bool = False
    exported: str = EXPORTED

    @property
    def touched(self) -> tuple[str, ...]:
        """The controls that must not pass."""
        spared = SPARED.get((self.name, f"{self.kind}.{self.column}"), {})
        return tuple(id_ for id_ in readers(self.kind, self.column) if id_ not in spared)

    @property
    def whole(self) -> bool:
        """Whether it may change what others read of the file: all but a column that the kind can do without."""
        return self.rows is None or self.column is None or self.column in REQUIRED[self.kind].split()

    def __str__(self) -> str:
        """The injury in words: what, where."""
        return f"{self.name} {self.kind}" + (f".{self.column}" if self.column else "")


def _cells(column: str, text: str, where: Callable[[Row], bool] | None) -> Callable[[Rows], Rows]:
    """`text` in a column: in every row, or in the first that `where` chooses."""

    def apply(table: Rows) -> Rows:
        if where is None:
            return [{**row, column: text} for row in table]
        place = next(n for n, row in enumerate(table) if where(row))
        return [{**row, column: text} if n == place else row for n, row in enumerate(table)]

    return apply


def _renamed(column: str) -> Callable[[Rows], Rows]:
    return lambda table: [{f"x_{k}" if k == column else k: v for k, v in row.items()} for row in table]


def _doubled(column: str, text: str) -> Callable[[Rows], Rows]:
    """The first row once more, with another value."""
    return lambda table: [*table, {**table[0], column: text}]


def _moved(days: int) -> Callable[[Rows], Rows]:
    """Every date of the rows so many days earlier."""

    def earlier(text: str) -> str:
        if text[4:5] != "-" or not text[:4].isdigit():
            return text
        return (date.fromisoformat(text[:10]) - timedelta(days=days)).isoformat() + text[10:]

    return lambda table: [{k: earlier(v) for k, v in row.items()} for row in table]


def _cut(table: Rows) -> bytes:
    """The file cut in the middle of its last row, behind the first separator."""
    content = render(table).rstrip(b"\n")
    start = content.rindex(b"\n") + 1
    return content[: content.index(b",", start) + 2]


def shortened(table: Rows) -> Rows:
    """The rows without their last third."""
    return table[: len(table) * 2 // 3]


HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><p>Session expired</p></body></html>\n"
NEXT_PAGE = b"@odata.nextLink,https://graph.harbor.example/v1.0/next?$skiptoken=9\n"


def file_injuries(kind: str) -> Iterator[Injury]:
    """Everything that may happen to a whole file."""

    def one(name: str, file: Callable[[Rows], bytes | None], cause: str, exported: str = EXPORTED) -> Injury:
        return Injury(name, kind, None, frozenset({cause}), file=file, exported=exported)

    def rows(name: str, change: Callable[[Rows], Rows], *causes: str, may_fail: bool = False) -> Injury:
        return Injury(name, kind, None, frozenset(causes), rows=change, may_fail=may_fail)

    yield one("delete", lambda _: None, "missing")
    yield one("zero bytes in", lambda _: b"", "malformed")
    yield one("header only in", lambda table: render(table).split(b"\n")[0] + b"\n", "empty")
    yield one("an HTML page as", lambda _: HTML, "malformed")
    yield one("another table as", lambda _: b"vegetable,price\nkangkong,20\nsitaw,35\n", "malformed")
    yield one("cut in a row", _cut, "truncated")
    yield one("one page of", lambda table: render(table) + NEXT_PAGE, "truncated")
    yield one("aged", render, "stale", exported="2026-08-01T09:00:00+08:00")
    if kind == "roster":
        yield one("cut in a quote", lambda table: render(table) + b'"MNL', "truncated")
        yield one("from the future", render, "malformed", exported="2026-12-01T09:00:00+08:00")
    if kind in EVENTS:
        yield rows("other period in", _moved(61), "malformed")
        yield rows("last third lost of", shortened, "period")
    if kind not in REPEATING:
        yield rows("contradiction in", _doubled(*CONTRADICTION[kind]), "malformed")


CONTRADICTION: Mapping[str, tuple[str, str]] = {
    "roster": ("status", "terminated"),
    "accounts": ("mfa_enrolled", "false"),
    "timesheets": ("clock_out", "2026-10-01T20:00:00+08:00"),
    "leavers": ("badge_disabled_at", "2026-10-20T19:00:00+08:00"),
    "wfh_register": ("approved_by", ""),
    "datasets": ("retention_days", "3650"),
    "recordings": ("scan_pan_hits", "2"),
    "client_accounts": ("employee_id", "E-404"),
}
"""What a second row of the same key says otherwise."""


def _is(column: str, value: str) -> Callable[[Row], bool]:
    return lambda row: row[column] == value


TELLING: Mapping[tuple[str, str], Callable[[Row], bool]] = {
    ("roster", "floor_date"): _is("employee_id", TRAINEE),
    ("roster", "last_day_worked"): _is("employee_id", LEAVER),
    ("roster", "site"): _is("employee_id", LEAVER),
    ("roster", "role"): _is("employee_id", ADMIN),
    ("accounts", "account_type"): _is("account_id", SERVICE),
    ("accounts", "disabled_at"): _is("employee_id", LEAVER),
    ("accounts", "last_login_at"): _is("employee_id", LEAVER),
    ("accounts", "privileged"): _is("employee_id", LEAVER),
    ("accounts", "exception_until"): _is("account_type", "shared"),
    ("client_accounts", "last_login_at"): _is("employee_id", LEAVER),
    ("datasets", "retention_basis"): _is("retention_basis", "house"),
    ("datasets", "data_class"): _is("retention_basis", "house"),
    ("recordings", "deleted_on"): _is("scan_pan_hits", "3"),
}
"""The row in which a cell of a column decides; elsewhere it is the first."""


def column_injuries(kind: str, column: str) -> Iterator[Injury]:
    """Everything that may happen to one column."""
    required = column in REQUIRED[kind].split()
    where = TELLING.get((kind, column), lambda _: True)
    lost = "malformed" if required else "missing"
    read = "malformed" if required else "undecided"

    def one(name: str, rows: Callable[[Rows], Rows], *causes: str, may_fail: bool = False) -> Injury:
        return Injury(name, kind, column, frozenset(causes), rows=rows, may_fail=may_fail)

    smaller = (kind, column) in ONLY_IN_THE_LARGER_CLAIM
    yield one("rename", _renamed(column), lost, may_fail=smaller)
    yield one("blank all of", _cells(column, "", None), lost, read, may_fail=True)
    if not required:
        yield one("#N/A in all of", _cells(column, "#N/A", None), lost, read, may_fail=smaller)
    yield one("blank a cell of", _cells(column, "", where), read, may_fail=True)
    yield one("#N/A in a cell of", _cells(column, "#N/A", where), read)


def injuries() -> tuple[Injury, ...]:
    """All injuries that some control must notice."""
    found: list[Injury] = []
    for kind in REQUIRED:
        found += file_injuries(kind)
        for column in dict.fromkeys(c for reads in NEEDS.values() for c in reads.get(kind, "").split()):
            found += column_injuries(kind, column)
    return tuple(injury for injury in found if injury.touched)


def batches() -> tuple[tuple[Injury, ...], ...]:
    """The injuries in as few runs as may be: no two of a run reach the same control, or each other's file."""
    packed: list[tuple[list[Injury], set[str], set[str], set[str]]] = []
    for injury in sorted(injuries(), key=lambda i: -len(_reached(i))):
        reached = _reached(injury)
        for batch, controls, whole, parts in packed:  # noqa: B007  bound for what follows the loop
            taken = whole | parts if injury.whole else whole
            if not controls & reached and injury.kind not in taken:
                break
        else:
            batch, controls, whole, parts = [], set(), set(), set()
            packed.append((batch, controls, whole, parts))
        batch.append(injury)
        controls |= reached
        (whole if injury.whole else parts).add(injury.kind)
    return tuple(tuple(batch) for batch, *_ in packed)


def _reached(injury: Injury) -> set[str]:
    return set(readers(injury.kind, None if injury.whole else injury.column))


def hurt(batch: Sequence[Injury]) -> tuple[dict[str, bytes | None], dict[str, str]]:
    """What lies in the place of the injured files, and when each was exported."""
    tables = clean()
    files: dict[str, bytes | None] = {}
    for injury in batch:
        if injury.rows is not None:
            tables[injury.kind] = injury.rows(tables[injury.kind])
            files[injury.kind] = render(tables[injury.kind])
        elif injury.file is not None:
            files[injury.kind] = injury.file(tables[injury.kind])
    return files, {injury.kind: injury.exported for injury in batch}


ONLY_IN_THE_LARGER_CLAIM = {("accounts", "mfa_identifier_hash")}
"""Columns without which a pack holds just what a smaller claim reads, which is then decided and said."""

_NULL_ANSWERS = "an empty cell is an answer, and says so in a note"
_LABEL = "read to name the row, decides nothing"
_NOBODY = "an account of nobody is LOG-01's finding, and no leaver's"
_HASH = "where the factor's hash is known, one factor of two people is told by it alone"
SPARED: Mapping[tuple[str, str], Mapping[str, str]] = {
    **{
        (name, f"{kind}.{column}"): dict.fromkeys(controls.split(), why)
        for kind, column, controls, why in (
            ("mail_rules", "created_at", "EML-06", _LABEL),
            ("datasets", "client", "RET-01", _LABEL),
            ("recordings", "agent_id", "RET-02", _LABEL),
            ("auth_events", "src_ip", "LOG-07", _LABEL),
            ("accounts", "mfa_enrolled", "MFA-03", _HASH),
            ("accounts", "mfa_method", "MFA-03", _HASH),
        )
        for name in ("blank all of", "#N/A in all of", "blank a cell of", "#N/A in a cell of")
    },
    **{
        (name, f"{kind}.{column}"): dict.fromkeys(controls.split(), why)
        for kind, column, controls, why in (
            ("mail_rules", "target_domain", "EML-06", _NULL_ANSWERS),
            ("wfh_register", "approved_until", "REM-01", _NULL_ANSWERS),
            ("accounts", "last_login_at", "ACC-01", _NULL_ANSWERS),
            ("client_accounts", "last_login_at", "ACC-06", _NULL_ANSWERS),
            ("accounts", "employee_id", "ACC-01", _NOBODY),
        )
        for name in ("blank all of", "blank a cell of")
    },
}
"""(injury, kind.column) -> control that may pass all the same -> why."""
