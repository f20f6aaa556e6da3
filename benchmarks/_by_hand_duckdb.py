"""The questions of `_by_hand.py`, written by hand in SQL for DuckDB over the same files."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from _by_hand import shifts_of

SIGN_INS = """
create view sign_ins as
select strptime(ts, '%Y-%m-%dT%H:%M:%SZ') as ts, lower(account_id) as account_id, upper(country) as country
from read_csv('{log}', all_varchar = true) where result = 'success'
"""
OWNERS = """
create view owners as
select lower(account_id) as account_id, employee_id
from read_csv('{accounts}', all_varchar = true) where account_type = 'person' and employee_id in (
    select "Employee No." from read_csv('{roster}', all_varchar = true)
    where "Position" = 'Customer Service Representative')
"""
AWAY = "select count(*) from sign_ins where country not in ('PH', 'IN')"
OUTSIDE = """
select count(*) from sign_ins join owners using (account_id) where not exists (
    select 1 from shifts where shifts.employee_id = owners.employee_id
    and shifts.day in (cast(ts + interval '8 hours' as date), cast(ts + interval '8 hours' as date) - 1)
    and ts between shifts.begin - interval '30 minutes' and shifts.end + interval '30 minutes')
"""


def main(pack: Path) -> None:
    """Print the number of exceptions to both."""
    base = duckdb.connect()
    base.execute("set timezone = 'UTC'")
    base.execute(SIGN_INS.format(log=pack / "crm" / "sign_ins.csv"))
    base.execute(OWNERS.format(accounts=pack / "crm" / "accounts.csv", roster=pack / "hr" / "roster_2026-11-01.csv"))
    shifts = shifts_of(pack / "wfm" / "attendance_2026-10.xlsx")
    base.register(
        "shifts",
        shifts.with_columns(
            shifts["begin"].dt.replace_time_zone(None), shifts["end"].dt.replace_time_zone(None)
        ).to_arrow(),
    )
    print([base.execute(question).fetchall()[0][0] for question in (AWAY, OUTSIDE)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
