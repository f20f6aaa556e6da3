"""What `ctrlkit new` writes: a control, an adapter, a plugin or a profile that runs, each with its datasets."""

from __future__ import annotations

import re
from typing import Final

from ctrlkit import template
from ctrlkit.declaration import CONTROL_ID
from ctrlkit.errors import InputError
from ctrlkit.visible import visible

WHAT: Final = ("control", "adapter", "plugin", "profile")
COMMON: Final = "tests/controls/engagement.yaml"

_COMMON: Final = """\
# What every case under tests/controls is asked for, unless it says otherwise. Everybody and everything is invented.
as_of: 2026-10-12T09:00:00+08:00
exported_at: 2026-10-12T08:00:00+08:00
engagement:
  id: trial-2026-10
  issued_by: client
  client: northwind
  vendor: Harbour Example Services
  country: PH
  time_zone: Asia/Manila
  period: {start: 2026-10-05, end: 2026-10-09}
  sites: [{id: MNL1, country: PH, time_zone: Asia/Manila, networks: [203.0.113.0/24]}]
"""

_CONTROL: Final = '''\
"""@TOPIC@: say in one sentence what the controls of this file are about."""

from ctrlkit import assert_every, col, control, days, house, reads


@control(
    "@ID@",
    "Accounts that nobody uses are disabled",
    severity="medium",
    params={"idle_days": house(45, "days", range=(1, 365))},
    remedy="Disable each listed account, or have its owner sign in and say what it is for.",
    decisions=["Population: every enabled account of a person. idle_days count back from the instant of the run."],
)
@reads(accounts="system account_id account_type enabled last_login_at last_login_on")
def test_every_enabled_account_was_used_lately(accounts, params, as_of):
    """Every enabled account of a person was signed in to within idle_days before the run."""
    persons = accounts.where(col("enabled") & (col("account_type") == "person"))
    used = col("last_login_at").is_not_null()
    assert_every(persons, used, because="never used")
    lately = col("last_login_at") + days(params.idle_days) >= as_of.instant
    assert_every(persons.where(used), lately, because="last used on {last_login_on}")
'''

_CASES: Final = """\
about: Three people who signed in last week, a service account that never did, and a person who is disabled.
files:
  accounts.csv: |
    system,account_id,account_type,enabled,last_login_at
    crm,ana,person,true,2026-10-09T09:00:00+08:00
    crm,ben,person,true,2026-10-08T09:00:00+08:00
    mail,ana,person,true,2026-10-07T09:00:00+08:00
    mail,sync,service,true,2026-01-05T09:00:00+08:00
    mail,dan,person,false,2026-01-05T09:00:00+08:00
cases:
  - name: everybody signed in lately
    what: The service account and the disabled one are outside.
    shows: passes
    verdict: passed
    population: 3
  - name: one sleeps
    what: Ben has not signed in since July.
    shows: fails
    lines: {accounts.csv: {3: "crm,ben,person,true,2026-07-01T09:00:00+08:00"}}
    verdict: failed
    population: 3
    findings: ["accounts.csv 3: last used on 2026-07-01"]
  - name: one never came
    what: An empty cell says that Ben has never signed in.
    shows: fails
    lines: {accounts.csv: {3: "crm,ben,person,true,"}}
    verdict: failed
    population: 3
    findings: ["accounts.csv 3: never used"]
  - name: on the last day
    what: 45 days before the run, to the second.
    shows: passes, edge
    edge: idle_days
    lines: {accounts.csv: {3: "crm,ben,person,true,2026-08-28T09:00:00+08:00"}}
    verdict: passed
    population: 3
  - name: a second later
    what: One second beyond the limit.
    shows: fails, edge
    edge: idle_days
    lines: {accounts.csv: {3: "crm,ben,person,true,2026-08-28T08:59:59+08:00"}}
    verdict: failed
    population: 3
    findings: ["accounts.csv 3: last used on 2026-08-28"]
  - name: sort is not known
    what: Nobody says whether Ben's account is a person's, and it sleeps.
    shows: undecided
    lines: {accounts.csv: {3: "crm,ben,,true,2026-07-01T09:00:00+08:00"}}
    verdict: inconclusive
    cause: undecided
    population: 3
    undecided: ["accounts.csv 3"]
  - name: no accounts
    what: The file was not handed in.
    shows: missing
    without: [accounts.csv]
    verdict: inconclusive
    cause: missing
  - name: no times
    what: The column that decides is not there.
    shows: broken
    cut: {accounts.csv: [last_login_at]}
    verdict: inconclusive
    cause: missing
  - name: a header alone
    what: An export without rows is no answer.
    shows: empty
    header_only: [accounts.csv]
    verdict: inconclusive
    cause: empty
  - name: exported long ago
    what: Older than the profile allows.
    shows: stale
    exported: {accounts: "2025-01-01T00:00:00+08:00"}
    verdict: inconclusive
    cause: stale
"""

_ADAPTER: Final = '''\
"""@TITLE@: its list of users. Say here which edition wrote the export, and where in its menus."""

from ctrlkit.hooks import Adapter, hookimpl

USERS = Adapter(
    name="@NAME@",
    kind="accounts",
    product="@TITLE@ (Administration > Users > Export)",
    headers=("@TITLE@ user", "Sort", "State"),
    columns={
        "@TITLE@ user": "account_id",
        "Sort": "account_type",
        "State": "enabled",
        "Created": "created_at",
        "Last seen": "last_login_at",
    },
    values={"account_type": {"Agent": "person", "Robot": "service"}, "enabled": {"On": "true", "Off": "false"}},
    constants={"system": "@NAME@"},
    about="Times are UTC. It says nothing of second factors.",
)


@hookimpl
def ctrlkit_adapters():
    return [USERS]
'''

_READINGS: Final = """\
about: Invented users in the shape of the export. Put a real header here, with invented rows.
cases:
  - name: three users
    file: users.csv
    text: |
      @TITLE@ user,Sort,State,Created,Last seen
      ana,Agent,On,2026-01-05 08:00:00,2026-10-09 01:00:00
      sync,Robot,On,2026-01-05 08:00:00,
      dan,Agent,Off,2026-01-05 08:00:00,2026-02-01 01:00:00
    rows:
      - system: @NAME@
        account_id: ana
        account_type: person
        enabled: "true"
        created_at: "2026-01-05T08:00:00Z"
        last_login_at: "2026-10-09T01:00:00Z"
      - system: @NAME@
        account_id: sync
        account_type: service
        enabled: "true"
        created_at: "2026-01-05T08:00:00Z"
      - system: @NAME@
        account_id: dan
        account_type: person
        enabled: "false"
        created_at: "2026-01-05T08:00:00Z"
        last_login_at: "2026-02-01T01:00:00Z"
  - name: a word that nobody knows
    file: users.csv
    text: |
      @TITLE@ user,Sort,State,Created,Last seen
      ana,Agent,Paused,2026-01-05 08:00:00,2026-10-09 01:00:00
    rows: []
    unread: 1
"""

_PLUGIN: Final = '''\
"""@TITLE@: an evidence kind of our own, and the export that it is read from."""

from ctrlkit.hooks import Adapter, hookimpl
from ctrlkit.kind import parse

KIND = parse(
    {
        "title": "@KIND@",
        "description": "Say in one sentence what one row is.",
        "required": ["ref", "at"],
        "properties": {
            "ref": {"type": "string"},
            "at": {"type": "string", "format": "date-time", "x-past": True},
            "employee_id": {"type": ["string", "null"], "x-pseudonym": "person", "x-personal": True},
            "done": {"type": ["boolean", "null"]},
        },
        "x-key": ["ref"],
        "x-time": "at",
        "x-party": "vendor",
        "x-source": "export",
    }
)

EXPORT = Adapter(
    name="@NAME@",
    kind="@KIND@",
    product="@TITLE@ (Reports > Export)",
    headers=("@TITLE@ no.", "When", "Done"),
    columns={"@TITLE@ no.": "ref", "When": "at", "Who": "employee_id", "Done": "done"},
    values={"done": {"Y": "true", "N": "false"}},
    constants={},
    about="Times are UTC.",
)


@hookimpl
def ctrlkit_kinds():
    return [KIND]


@hookimpl
def ctrlkit_adapters():
    return [EXPORT]
'''

_PLUGIN_READINGS: Final = """\
about: Invented rows in the shape of the export. Put a real header here, with invented rows.
cases:
  - name: two rows
    file: export.csv
    text: |
      @TITLE@ no.,When,Who,Done
      1,2026-10-09 01:00:00,E-1,Y
      2,2026-10-09 02:00:00,E-2,N
    rows:
      - {ref: "1", at: "2026-10-09T01:00:00Z", employee_id: e-1, done: "true"}
      - {ref: "2", at: "2026-10-09T02:00:00Z", employee_id: e-2, done: "false"}
  - name: a word that nobody knows
    file: export.csv
    text: |
      @TITLE@ no.,When,Who,Done
      1,2026-10-09 01:00:00,E-1,maybe
    rows:
      - {ref: "1", at: "2026-10-09T01:00:00Z", employee_id: e-1}
    unread: 1
"""


def files(what: str, name: str) -> dict[str, str]:
    """Path -> text of what a new one of `what` (one of `WHAT`) consists of; its common documents go with it.

    Raises InputError where the name is none for it.
    """
    if what == "control":
        if not CONTROL_ID.fullmatch(name):
            found = f"new control {visible(name)}: is no id"
            raise InputError(f"{found}; expected TOPIC-nn, two to six capitals and two or three digits, such as DSK-01")
        topic = name.partition("-")[0]
        told = {f"controls/{topic.lower()}.py": _CONTROL, f"tests/controls/{name}/cases.yaml": _CASES, COMMON: _COMMON}
        return {path: text.replace("@ID@", name).replace("@TOPIC@", topic) for path, text in told.items()}
    if not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name):
        found = f"new {what} {visible(name)}: is no name for one"
        raise InputError(f"{found}; expected small letters, digits, - and _, such as acme-dialler")
    if what == "profile":
        title = name.replace("-", " ").replace("_", " ").capitalize()
        return {f"profiles/{name}.yaml": template.profile(name, title, "bpo-baseline")}
    code, datasets = (_ADAPTER, _READINGS) if what == "adapter" else (_PLUGIN, _PLUGIN_READINGS)
    stem = name.replace("-", "_")
    words = {"@NAME@": name, "@KIND@": f"{stem}_rows", "@TITLE@": name.replace("-", " ").replace("_", " ").capitalize()}
    told = {f"plugins/{stem}.py": code, f"tests/adapters/{name}/readings.yaml": datasets}
    return {path: re.sub(r"@[A-Z]+@", lambda word: words[word.group()], text) for path, text in told.items()}
