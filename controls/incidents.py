"""Incidents: every signal is followed up, those who must be told are told in time, and the response is rehearsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Window,
    any_of,
    assert_every,
    assert_listed,
    beside,
    col,
    control,
    days,
    earliest,
    group,
    hours,
    house,
    latest,
    law,
    maybe,
    note,
    note_every,
    reads,
    standard,
    total,
    when,
)

REHEARSED = ("incident_response", "business_continuity")


def is_dismissed() -> Expr:
    """Whether the register calls it dismissed; one of which it does not say so is an incident."""
    return col("kind").is_told() & (col("kind") == "dismissed")


def assert_in_time(rows: Table, done: str, limit: Expr, as_of: AsOf, *, what: str) -> None:
    """In every row `done` is at most `limit`; while it is open and the limit not over, the row is not due."""
    open_ = col(done).is_null()
    waiting = open_ & (limit >= as_of.instant)
    due = rows.where(~waiting)
    assert_every(due, ~open_, because=f"{what} not told")
    assert_every(due, open_ | (col(done) <= limit), because=f"{what} told on {{{done}}}, too late")
    note_every(rows.where(waiting), f"{what} not told, and not yet due")


@control(
    "INC-01",
    "Client told fast",
    severity="critical",
    params={
        "contract_hours": house(
            24, "h", range=(0, 720), source="GDPR 33(2) without undue delay; leaves the client its 72 h"
        )
    },
    maps={
        "PCI": ["12.10.1"],
        "ISO27001": ["A.5.24", "A.5.26", "A.6.8"],
        "SOC2": ["CC7.4", "P6.6", "P6.5"],
        "CSF": ["RS.CO-02", "GV.SC-08"],
        "NIST80053": ["IR-6"],
        "CIS": ["17.2", "17.6", "15.4"],
        "CCM": ["SEF-07"],
        "GDPR": ["33.2"],
        "PH": ["IRR s.44(b)", "NPC 16-03"],
        "IN": ["DPDPA 8(6)", "DPDPR r.7"],
        "HIPAA": ["164.410"],
        "CCPA": ["7051-a.8"],
    },
    remedy=(
        "Tell the client today of each incident that it does not know of, with what is known so far. Let the desk that "
        "opens an incident send the first notice itself, before anybody investigates."
    ),
    decisions=[
        (
            "Population: every incidents row of the period, kind dismissed and subjects 0 aside; the finding is the "
            "incidents row."
        ),
        "Every incident counts as touching the client: the table names no client; subjects null counts.",
        "A null kind counts; a notice before the clock is in time.",
        "An earlier alert moves the clock however far back it lies; a later one moves nothing.",
        "An incident that the client was not told of is not yet due up to the end of its limit.",
        "A dismissed row with subjects above 0 is a note, and so is one with sensitive data that the client waits for.",
    ],
    typical_exception="Vendor investigates for five weeks to be sure before telling.",
)
@reads(incidents="incident_id kind aware_at client_notified_at subjects")
@reads.optional(incidents="sensitive", alerts="alert_id ts incident_id")
def test_the_client_is_told_fast(
    incidents: Table, alerts: Table | None, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every incidents row with kind other than dismissed and subjects other than 0 has client_notified_at at most
    contract_hours after its clock, limit included; the clock is aware_at or, if earlier, the first alerts.ts with that
    incident_id. An open one is a finding once the limit has passed.
    """
    known = with_clock(period.of(incidents), alerts)
    nobody = col("subjects").is_told() & (col("subjects") == 0)
    told = known.where(~is_dismissed() & ~nobody)
    assert_in_time(told, "client_notified_at", col("clock") + hours(params.contract_hours), as_of, what="client")
    note_every(known.where(is_dismissed() & (col("subjects") > 0)), "dismissed, and {subjects} people are named")
    if incidents.has("sensitive"):
        waiting = told.where(col("sensitive") & col("client_notified_at").is_null())
        note_every(waiting, "sensitive data, and the client does not know")


def with_clock(incidents: Table, alerts: Table | None) -> Table:
    """The same incidents with `clock`: when the vendor knew, or when the first alert behind it came if earlier."""
    if alerts is None:
        return incidents.with_columns(clock=col("aware_at"))
    first = group(alerts, "incident_id", first=earliest(col("ts")))
    met = incidents.match(first, "incident_id", "alert")
    earlier = col("alert") & (col("alert_first") < col("aware_at"))
    return met.with_columns(clock=when(earlier, col("alert_first"), col("aware_at")))


@control(
    "INC-02",
    "Regulator clocks kept",
    severity="critical",
    params={
        "PH_npc": law(72, "h", range=(0, 72), source="IRR s.38; NPC 16-03 s.17"),
        "PH_full_report": law(5, "days", range=(0, 5), source="NPC 16-03; via DBNMS"),
        "PH_no_delay_subjects": law(100, "subjects", range=(1, 100), source="NPC 16-03"),
        "IN_certin": law(6, "h", range=(0, 6), source="CERT-In 2022 (ii)"),
        "IN_dpb_detail": law(72, "h", range=(0, 72), source="DPDPR r.7(2), in force date see notes"),
        "EU": law(72, "h", range=(0, 72), source="GDPR 33(1)"),
        "US_hipaa_ba": law(60, "days", range=(0, 60), source="45 CFR 164.410"),
        "RBI": law(6, "h", range=(0, 6), source="RBI IT outsourcing directions, Indian regulated clients"),
    },
    maps={
        "PH": ["DPA s.20(f)", "IRR s.38", "NPC 16-03"],
        "IN": ["CERT-In 2022 (ii)", "DPDPR r.7"],
        "GDPR": ["33.1", "34.1"],
        "ISO27001": ["A.5.5", "A.5.26"],
        "SOC2": ["P6.6"],
        "CSF": ["RS.CO-02"],
        "NIST80053": ["IR-6"],
        "CCM": ["SEF-07", "SEF-08"],
        "HIPAA": ["164.410"],
        "CIS": ["17.2"],
    },
    remedy=(
        "Notify the regulator of each listed incident today and say why it is late; file the full report within its "
        "own limit. Write into the incident plan who notifies whom, and let the clock start with the first suspicion."
    ),
    decisions=[
        (
            "Population: notifiable rows of the period as the requirement says; the finding is the incidents row. A "
            "null kind is undecided where the row would be a finding."
        ),
        (
            "Without regulator, sensitive null with subjects at or above the parameter is undecided, and so is "
            "subjects null with sensitive true."
        ),
        (
            "For EU, HHS and RBI the vendor's clock is its own aware_at; a regulator that is none of the known ones is "
            "undecided."
        ),
        "Exactly the limit passes; full_report_at null is a finding once its limit has passed, and not yet due before.",
        "Days are counted from instant to instant, of 24 hours each.",
        "Several regulators of one incident are several rows.",
    ],
    typical_exception="Malware on one PC not seen as reportable to CERT-In.",
)
@reads(
    incidents="incident_id kind aware_at regulator regulator_notified_at full_report_at subjects sensitive",
)
def test_the_clocks_of_regulators_are_kept(incidents: Table, params: Any, period: Window, as_of: AsOf) -> None:
    """Notifiable is every incidents row with kind other than dismissed that names a regulator, or is sensitive with
    subjects at or above PH_no_delay_subjects. By regulator, from aware_at, limits included: NPC PH_npc and
    full_report_at at most PH_full_report days after regulator_notified_at; CERT-In IN_certin; DPB IN_dpb_detail; EU
    EU; HHS US_hipaa_ba; RBI RBI. A notifiable row without regulator, or unreported after its limit, is a finding.
    """
    grave = col("sensitive") & (col("subjects") >= params.PH_no_delay_subjects)
    named, actual = col("regulator").is_not_null(), period.of(incidents).where(col("kind") != "dismissed")
    assert_every(actual.where(named | grave), named, because="no regulator is named")
    clocks = limits(params)
    for regulator, limit in clocks.items():
        theirs = actual.where(col("regulator") == regulator)
        assert_in_time(theirs, "regulator_notified_at", col("aware_at") + limit, as_of, what=regulator)
    assert_reported_in_full(actual.where(col("regulator") == "NPC"), params, as_of)
    others = actual.where(named & ~col("regulator").is_in(sorted(clocks)))
    assert_every(others, maybe(named), because="{regulator}: a regulator whose clock is not known")


def limits(params: Any) -> dict[str, Expr]:
    """Regulator -> how long after aware_at it may be told."""
    return {
        "NPC": hours(params.PH_npc),
        "CERT-In": hours(params.IN_certin),
        "DPB": hours(params.IN_dpb_detail),
        "EU": hours(params.EU),
        "HHS": days(params.US_hipaa_ba),
        "RBI": hours(params.RBI),
    }


def assert_reported_in_full(notified: Table, params: Any, as_of: AsOf) -> None:
    """What the privacy commission was told of was reported in full in time; before it was told, that is not due."""
    told = notified.where(col("regulator_notified_at").is_not_null())
    limit, report = col("regulator_notified_at") + days(params.PH_full_report), col("full_report_at")
    due = told.where(report.is_not_null() | (limit < as_of.instant))
    assert_every(due, report.is_not_null(), because="no full report filed")
    assert_every(due, report.is_null() | (report <= limit), because="full report filed on {full_report_at}, too late")
    note_every(told.where(report.is_null() & (limit >= as_of.instant)), "no full report, and not yet due")


@control(
    "INC-03",
    "Response and continuity rehearsed",
    severity="medium",
    params={
        "ir_days": standard(365, "days", range=(0, 3650), source="PCI 12.10.2"),
        "bcp_days": standard(365, "days", range=(0, 3650), source="NPC 2023-06 requires periodic review"),
        "actions_days": house(60, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.10.1", "12.10.2", "12.10.3", "12.10.4"],
        "ISO27001": ["A.5.24", "A.5.29", "A.5.30"],
        "SOC2": ["CC7.4", "CC7.5", "A1.3"],
        "CSF": ["RS.MA-01", "PR.IR-03"],
        "NIST80053": ["IR-2", "IR-3"],
        "CIS": ["17.7", "11.5"],
        "CCM": ["SEF-04"],
        "GDPR": ["32.1.c", "32.1.d"],
        "PH": ["NPC 16-03", "NPC 2023-06"],
        "HIPAA": ["164.308(a)(7)"],
    },
    remedy=(
        "Hold the rehearsal that is missing within a month, at night and with the real contact list, and close the "
        "open actions of the last ones within two."
    ),
    decisions=[
        (
            "Population: drills of the two kinds; the finding is the newest drills row of the kind, else the kind "
            "without row."
        ),
        (
            "findings_open is as of the export: a drill of the two kinds held more than actions_days before the as-of "
            "date must show 0; null is undecided. There the finding is the row of that drill."
        ),
        "result void does not count; one drill per engagement is enough, the result names the sites.",
        "A drill without result is undecided where no other of its kind is recent enough.",
        "The audit period does not matter: the drills of any time count.",
    ],
    typical_exception="Contact tree lists people who left.",
)
@reads(drills="drill_id kind held_on site result findings_open")
def test_response_and_continuity_are_rehearsed(drills: Table, params: Any, as_of: AsOf) -> None:
    """At least one drill of kind incident_response and one of kind business_continuity, result pass or fail, has
    held_on at most ir_days and bcp_days before the as-of date, and every such drill older than actions_days has
    findings_open 0.
    """
    took_place = ~(col("result").is_told() & (col("result") == "void"))
    counted = drills.where(col("kind").is_in(REHEARSED) & took_place)
    assert_listed(counted, "kind", REHEARSED, because="{kind}: never rehearsed")
    longest = when(col("kind") == "incident_response", days(params.ir_days), days(params.bcp_days))
    good = col("result").is_in(["pass", "fail"])
    recent = any_of(good & (col("held_on") + longest >= as_of.date))
    judged = beside(counted, "kind", recent=recent, newest=latest(col("held_on")))
    newest = judged.where(col("held_on") == col("newest"))
    assert_every(newest, "recent", because="{kind} last rehearsed on {held_on}")
    old = counted.where(good & (col("held_on") < as_of.date - timedelta(days=params.actions_days)))
    assert_every(old, col("findings_open") == 0, because="{findings_open} actions of {held_on} still open")
    note_every(newest.where(col("recent")), "{kind} rehearsed on {held_on} at {site}")


@control(
    "INC-04",
    "The register is complete",
    severity="high",
    params={
        "map_within": house(48, "h", range=(1, 720)),
        "min_reports_per_100_staff": house(1, "per year", range=(0, 100), source="zero is a warning, not a pass"),
    },
    maps={
        "PCI": ["12.10.5", "10.4.3"],
        "ISO27001": ["A.5.25", "A.6.8"],
        "SOC2": ["CC7.3", "P6.3"],
        "CSF": ["DE.AE-08", "RS.MA-02"],
        "NIST80053": ["IR-4"],
        "CIS": ["17.3", "17.8"],
        "CCM": ["SEF-03"],
        "PH": ["NPC 16-03", "IRR s.41"],
        "GDPR": ["33.5"],
        "IN": ["DPDPR r.6(1)(c)"],
    },
    remedy=(
        "Look into each listed alert this week and enter it in the register, as an incident or as a dismissal with its "
        "reason. Then let the tools open the register's entry themselves."
    ),
    decisions=[
        "Population: alerts rows with ts in the period and older than map_within; the finding is the alerts row.",
        "aware_at before ts is in time; an incident_id that is not in incidents is a finding.",
        "An alert of exactly map_within before the as-of instant is not yet due.",
        (
            "A dismissal counts where dismissal_reason is filled; null there is a finding; without the column "
            "dismissals are counted and their reasons not claimed."
        ),
        (
            "No alerts in the period is empty, never a pass; few or no incidents are a note, not a failure. Counted "
            "are the incidents of the period, dismissals too, against all on the roster, scaled to 365 days."
        ),
    ],
    typical_exception="Register empty for three years at 800 seats.",
)
@reads(alerts="alert_id ts kind severity incident_id", incidents="incident_id source_ref aware_at closed_on")
@reads.optional(incidents="kind dismissal_reason", roster="employee_id site")
def test_every_alert_is_in_the_register(
    alerts: Table, incidents: Table, roster: Table | None, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every alerts row older than map_within has an incident_id that is in incidents with aware_at at most map_within
    after ts; a reasoned dismissal is an incidents row of kind dismissed. Fewer than min_reports_per_100_staff
    incidents per 100 people and year are a note.
    """
    limit = col("ts") + hours(params.map_within)
    old = period.of(alerts).where(limit < as_of.instant).match(incidents, "incident_id", "entry")
    assert_every(old, "entry", because="{kind} alert that is not in the register")
    in_time = ~col("entry") | (col("entry_aware_at") <= limit)
    assert_every(old, in_time, because="{kind} alert entered on {entry_aware_at}, too late")
    note_every(period.of(alerts).where(limit >= as_of.instant), "{kind} alert, not yet due")
    assert_dismissals_have_reasons(old)
    if roster is not None:
        note_few_reports(period.of(incidents), roster, params, period)


def assert_dismissals_have_reasons(alerts: Table) -> None:
    """Every alert that was dismissed says why; without a column for that, the dismissals, or that, are noted."""
    if not alerts.has("entry_kind"):
        note("which entries are dismissals, and whether with a reason, is not shown: incidents has no kind")
        return
    dismissed = col("entry") & (col("entry_kind") == "dismissed")
    if alerts.has("entry_dismissal_reason"):
        reasoned = ~dismissed | col("entry_dismissal_reason").is_not_null()
        assert_every(alerts, reasoned, because="{kind} alert dismissed without a reason")
    else:
        note_every(alerts.where(dismissed), "{kind} alert dismissed, for what reason is not shown")


def note_few_reports(incidents: Table, roster: Table, params: Any, period: Window) -> None:
    """Note where fewer incidents are reported than so many per 100 people and year."""
    length = (period.end - period.start).days + 1
    share, person, report = (
        params.min_reports_per_100_staff * length,
        col("employee_id").is_told(),
        col("incident_id").is_told(),
    )
    everybody = roster.with_columns(all=person, owed=when(person, share, 0))
    filed = incidents.with_columns(all=report, filed=when(report, 100 * 365, 0))
    people = group(everybody, "all", owed=total(col("owed")))
    judged = people.match(group(filed, "all", filed=total(col("filed"))), "all", "some")
    few = ~col("some") | (col("some_filed") < col("owed"))
    wanted = f"fewer than {params.min_reports_per_100_staff} incidents per 100 people and year are reported"
    note_every(judged.where(few), wanted)
