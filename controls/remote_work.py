"""Remote work: who works from home is known, and has agreed to the conditions."""

from __future__ import annotations

from typing import Any

from ctrlkit import AsOf, Table, assert_every, col, control, house, note_every, reads


@control(
    "REM-01",
    "Remote workers are known and agreed",
    severity="high",
    params={"approval_valid": house(12, "months", range=(1, 120))},
    applies={"features": ["home_work"]},
    maps={
        "ISO27001": ["A.6.7"],
        "SOC2": ["CC6.6", "CC5.3"],
        "CSF": ["GV.PO-01", "PR.AA-05"],
        "NIST80053": ["AC-17", "PE-17"],
        "CCM": ["HRS-04"],
        "PCI": ["12.2.1"],
        "PH": ["RA 11165 s.4", "DO 237-22 s.5-6"],
        "IN": ["DoT OSP 2021"],
        "HIPAA": ["164.310(b)"],
    },
    remedy=(
        "Have each listed person sign the remote work agreement and a named approver renew it within two weeks, "
        "with the device they use; until then they work on site."
    ),
    decisions=[
        (
            "Population: active roster rows with work_mode wfh or hybrid; the finding is the wfh_register row, else "
            "the roster row."
        ),
        (
            "Months are calendar months; the same day of the month is still valid, the last day where the month is "
            "shorter."
        ),
        "approved_until is counted from agreement_signed_on, not from the as-of date.",
        "On_leave people are outside until they return; a null work_mode is undecided.",
        "A device_id is only asked to be there; REM-03 judges the device.",
    ],
    typical_exception=(
        "Pandemic-era blanket approval never renewed; agreement unsigned, so also void as telecommuting programme "
        "evidence."
    ),
)
@reads(
    roster="employee_id work_mode status",
    wfh_register="employee_id agreement_signed_on approved_by approved_until device_id",
)
def test_remote_workers_are_known_and_agreed(roster: Table, wfh_register: Table, params: Any, as_of: AsOf) -> None:
    """Every roster row with status active and work_mode wfh or hybrid has a wfh_register row with
    agreement_signed_on on or before the as-of date, approved_by, device_id, and approved_until (null:
    agreement_signed_on plus approval_valid) on or after the as-of date and at most approval_valid months after
    agreement_signed_on.
    """
    at_home = roster.where(col("work_mode").is_in(["wfh", "hybrid"]))
    remote, away = at_home.where(col("status") == "active"), at_home.where(col("status") == "on_leave")
    assert_every(remote.without(wfh_register, "employee_id"), "there", because="not in the register of remote workers")
    known = wfh_register.match(remote, "employee_id", "person").where(col("person"))
    signed, unsigned = col("agreement_signed_on"), col("agreement_signed_on").is_null()
    known = known.with_columns(longest=signed.add_months(params.approval_valid))
    known = known.with_columns(until=col("approved_until").or_else(col("longest")))
    assert_every(known, signed <= as_of.date, because="agreement not signed")
    assert_every(known, col("approved_by").is_not_null(), because="approved by nobody")
    assert_every(known, col("device_id").is_not_null(), because="no device named")
    assert_every(known, unsigned | (col("until") >= as_of.date), because="approval ended on {until}")
    assert_every(known, unsigned | (col("until") <= col("longest")), because="approved until {until}, too long")
    note_every(away, "works from home and is on leave: outside until the return")
