"""Governance: what was found is fixed and retested, and what the vendor says can be checked against what others say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Terms,
    Window,
    any_of,
    assert_every,
    assert_rate,
    assert_some,
    beside,
    cannot_tell,
    col,
    control,
    count,
    days,
    distinct,
    group,
    house,
    latest,
    law,
    multiple,
    newest,
    not_due,
    note,
    note_every,
    pair,
    reads,
    size,
    standard,
    when,
)


def days_allowed(params: Any) -> Expr:
    """How many days a finding of its severity may take until it has been retested."""
    high_or_less = when(col("severity") == "high", params.high_days, params.medium_days)
    return when(col("severity") == "critical", params.critical_days, high_or_less)


@control(
    "GOV-04",
    "Fixed means retested",
    severity="critical",
    params={
        "critical_days": house(7, "days", range=(0, 3650)),
        "high_days": house(30, "days", range=(0, 3650)),
        "medium_days": house(90, "days", range=(0, 3650)),
        "repeat_max": house(5, "%", range=(0, 100)),
        "improve_within": house(90, "days", range=(0, 3650), source="open exceptions halve from baseline"),
    },
    maps={
        "PCI": ["12.4.2.1", "11.4.4"],
        "ISO27001": ["A.5.36", "A.5.27"],
        "SOC2": ["CC4.2"],
        "CSF": ["GV.OV-03", "GV.SC-07"],
        "NIST80053": ["CA-5"],
        "CIS": ["15.6"],
        "CCM": ["A&A-06"],
        "GDPR": ["32.1.d"],
        "PH": ["NPC 2023-06"],
    },
    remedy=(
        "Have each listed finding retested by somebody who did not fix it, within a week, and enter the day. Reopen "
        "what was closed without a retest. Where a finding has come back, mend the process and not the single case."
    ),
    decisions=[
        "Population: findings rows; the finding is the findings row.",
        "Fixed and retested both count within one limit, from opened_on, limit included; due_on is shown only.",
        (
            "A retest on the day of closing is in order; one before it is none, and so is one before the finding was "
            "opened."
        ),
        "An open row within its limit that nobody has retested yet is not due: it is noted and counted apart.",
        "closed_by may not be the only retester: the table cannot tell, so nothing is claimed.",
        (
            "repeat_max is pooled over severities; above it each row with repeat_of is a finding; none opened in the "
            "year passes that part."
        ),
        "The baseline is the earliest bundle given by --previous; without one no trend is shown, and a note says so.",
    ],
    typical_exception='Closed by e-mail "please be advised this has been addressed".',
)
@reads(
    findings="finding_id control_id severity opened_on due_on closed_on closed_by verified_by_retest_on repeat_of",
)
def test_what_was_found_is_fixed_and_retested(findings: Table, params: Any, as_of: AsOf) -> None:
    """Every findings row that is closed has verified_by_retest_on on or after closed_on; every row, open or closed,
    is verified at most critical_days, high_days or medium_days (low as medium) after opened_on, or that limit has not
    passed; rows with repeat_of are at most repeat_max of the rows opened in the last 365 days. The trend
    (improve_within) is a note.
    """
    told = findings.with_columns(allowed=days_allowed(params))
    told = told.with_columns(last=col("opened_on") + days(col("allowed")))
    retested, closed = col("verified_by_retest_on"), col("closed_on").is_not_null()
    verified = (retested >= col("opened_on")) & (retested <= col("last"))
    waiting = ~closed & retested.is_null() & (col("last") >= as_of.date)
    due = told.where(~waiting)
    assert_every(
        due.where(closed), retested >= col("closed_on"), because="closed on {closed_on} without a later retest"
    )
    late = "not retested within {allowed} days of {opened_on}, promised for {due_on}"
    assert_every(due, verified | (col("last") >= as_of.date), because=late)
    lately = told.where(col("opened_on") + days(365) >= as_of.date)
    assert_rate(lately, col("repeat_of").is_not_null(), at_most=params.repeat_max, because="seen before as {repeat_of}")
    note_every(told.where(waiting), "{severity} and open since {opened_on}: not due before {last}")
    note(
        f"whether open findings halve within {params.improve_within} days is shown only where earlier bundles are given"
    )


def assert_agencies_listed(roster: Table, register: Table) -> None:
    """People of an agency are on the floor only where the register names an agency."""
    named = col("service").contains("staffing") | col("service").contains("agency")
    agencies = register.with_columns(offers=when(named, "people", "something else"))
    sent = roster.where(col("employment_type") == "agency")
    sent = sent.with_columns(needs=when(col("employment_type") == "agency", "people", "nobody"))
    listed = sent.exists(agencies, {"needs": "offers"}, "agency", pointed=False)
    assert_every(listed, "agency", because="sent by an agency ({country}), and the register names none")


def assert_places_listed(log: Table, register: Table, engagement: Terms) -> None:
    """Successful sign-ins come from the countries of the sites and of the register."""
    places = group(log.where(col("result") == "success"), "country_code", sign_ins=count())
    listed = places.exists(register, "country_code", "listed", pointed=False)
    known = col("country_code").is_in(set(engagement.sites.values())) | col("listed")
    because = "{sign_ins} sign-ins from {country_code}, no country of a site or of the register"
    assert_every(listed, known, because=because)


@control(
    "GOV-02",
    "No hidden sub-contracting",
    severity="high",
    params={"assess_days": standard(365, "days", range=(0, 3650), source="PCI 12.8.4")},
    maps={
        "PH": ["IRR s.44(b)", "DPA s.21"],
        "GDPR": ["28.2", "28.4"],
        "CCPA": ["7051-b"],
        "PCI": ["12.8.1", "12.8.4"],
        "ISO27001": ["A.5.19", "A.5.21", "A.5.22"],
        "SOC2": ["CC9.2", "P6.4"],
        "CSF": ["GV.SC-04", "GV.SC-07"],
        "NIST80053": ["SR-6", "SA-9"],
        "CIS": ["15.1", "15.5"],
        "CCM": ["STA-07", "DSP-13", "DSP-14"],
        "IN": ["DPDPA 8(2)"],
    },
    remedy=(
        "Take the work back from each listed party until the client has approved it in writing, a contract with the "
        "same duties is signed and it has been assessed; enter it in the register. Explain each country within a week."
    ),
    decisions=[
        (
            "Population: subprocessors rows, roster people of employment_type agency, and countries of successful "
            "sign-ins; the finding is the subprocessors row, the roster row, or the first auth_events row per country."
        ),
        "Any null of client_approved_on, contract_on and last_assessed_on is a finding; exactly assess_days passes.",
        "Agency people need at least one row whose service names staffing or agency.",
        "A country of sign-in that is neither a site's nor in the register is a finding; null countries are undecided.",
        "The sites are those that the engagement names, in scope or not; sign-ins are those of the period.",
    ],
    typical_exception="Overflow queue handed to a smaller shop down the road.",
)
@reads(
    subprocessors="name service country client_approved_on contract_on last_assessed_on country_code",
    roster="employee_id employment_type country",
    auth_events="ts system account_id country result country_code",
)
def test_nobody_works_under_a_hidden_sub_contract(
    subprocessors: Table,
    roster: Table,
    auth_events: Table,
    params: Any,
    period: Window,
    as_of: AsOf,
    engagement: Terms,
) -> None:
    """Every sub-processor, staffing agency and processing place is registered, approved by the client, under contract
    and assessed in the period.
    """
    assessed = col("last_assessed_on")
    assert_every(subprocessors, col("client_approved_on").is_not_null(), because="not approved by the client")
    assert_every(subprocessors, col("contract_on").is_not_null(), because="no contract")
    assert_every(subprocessors, assessed.is_not_null(), because="never assessed")
    late = assessed + days(params.assess_days) < as_of.date
    assert_every(subprocessors, ~late, because="last assessed on {last_assessed_on}")
    assert_agencies_listed(roster, subprocessors)
    assert_places_listed(period.of(auth_events), subprocessors, engagement)


def listed_files(evidence_meta: Table) -> Table:
    """The rows of the list of files, but for its own."""
    return evidence_meta.where(col("kind") != "evidence_meta")


def together(rows: Table, always: str) -> Table:
    """The same rows, all alike in the column `one`, so that a figure over all of them can stand beside another."""
    return rows.with_columns(one=when(col(always).is_not_null(), 1, 1))


@control(
    "GOV-03",
    "Looked at, on site and often",
    severity="high",
    params={
        "on_site_days": house(365, "days", range=(0, 3650)),
        "evidence_age": house(35, "days", range=(1, 365)),
        "service_provider_review": standard(90, "days", range=(0, 3650), source="PCI 12.4.2"),
    },
    maps={
        "PH": ["IRR s.44(b)", "DPA s.20(d)"],
        "GDPR": ["28.3.h", "32.1.d"],
        "CCPA": ["7051-a.7", "7051-c"],
        "PCI": ["12.4.2", "12.8.4"],
        "ISO27001": ["A.5.22", "A.5.35"],
        "SOC2": ["CC4.1", "CC9.2"],
        "CSF": ["GV.SC-07", "DE.CM-06", "GV.SC-09"],
        "NIST80053": ["CA-2", "CA-7", "SR-6"],
        "CIS": ["15.5", "15.6"],
        "CCM": ["A&A-02", "STA-12"],
        "IN": ["SPDI r.8(4)"],
    },
    remedy=(
        "Visit each listed site within a month, one visit in three at night and without a word before, and review the "
        "service every quarter. Have evidence that is older than a month exported again."
    ),
    decisions=[
        (
            "Population: the engagement's sites, and evidence_meta rows; the finding is the newest audits row of the "
            "site, else the site, or the evidence_meta row."
        ),
        "An on_site visit counts when by is not the vendor's own name; by null is undecided.",
        "provider_review may be the vendor's own (PCI 12.4.2), on site or not, and needs no site.",
        "scope_sites null covers no site; on_site null is undecided; limits inclusive.",
        "The row of evidence_meta itself is outside.",
        (
            "Where nobody hands in evidence_meta, it is made from pack.yaml and the files as read; a file without "
            "exported_at is undecided."
        ),
    ],
    typical_exception="Questionnaire each year, nobody has seen the floor since the pandemic.",
)
@reads(
    audits="ref kind by performed_on scope_sites on_site by_vendor sites_covered",
    evidence_meta="kind exported_at period_end",
)
def test_the_vendor_is_looked_at_on_site_and_often(
    audits: Table, evidence_meta: Table, params: Any, as_of: AsOf, engagement: Terms
) -> None:
    """For each site in scope an audits row with on_site true, kind client_visit or provider_review and that site in
    scope_sites is at most on_site_days old; a provider_review is at most service_provider_review days old; every
    evidence_meta row has exported_at at most evidence_age before the as-of instant.
    """
    visits = audits.where(col("kind").is_in(["client_visit", "provider_review"]) & col("on_site") & ~col("by_vendor"))
    for site in engagement.sites_asked:
        last = newest(audits.where(col("sites_covered").any_part_in([site])), by="performed_on")
        recent = col("sites_covered").any_part_in([site]) & at_most_old(params.on_site_days, as_of)
        because = f"{{site}} not visited in {params.on_site_days} days"
        assert_some(visits.where(recent), because=because, at=last, site=site)
    reviews = audits.where(col("kind") == "provider_review")
    because = f"no {{kind}} in {params.service_provider_review} days"
    lately = reviews.where(at_most_old(params.service_provider_review, as_of))
    assert_some(lately, because=because, at=newest(reviews, by="performed_on"), kind="provider_review")
    young = col("exported_at") + days(params.evidence_age) >= as_of.instant
    assert_every(listed_files(evidence_meta), young, because="{file} was exported on {exported_at}")


def at_most_old(most: int, as_of: AsOf) -> Expr:
    """Whether it was performed at most so many days ago."""
    return col("performed_on") + days(most) >= as_of.date


def near_enough(found: Expr, stated: Expr, tolerance: Any) -> Expr:
    """Whether two numbers differ by at most so many per cent of the second, or by one."""
    share, whole = tolerance.as_integer_ratio()
    more, fewer = found - stated, stated - found
    within = multiple(stated, share)
    return ((more <= 1) | (multiple(more, 100 * whole) <= within)) & (
        (fewer <= 1) | (multiple(fewer, 100 * whole) <= within)
    )


def assert_files_whole(meta: Table, params: Any, as_of: AsOf) -> None:
    """Each listed file that is here is the one that was listed, whole, and exported lately; what was typed is noted."""
    total, counted = col("control_total"), col("rows_counted")
    assert_every(meta, ~col("is_here") | col("is_as_read"), because="{file} is not the file that was listed")
    stated = meta.where(total.is_not_null())
    near = near_enough(counted, total, params.count_tolerance)
    assert_every(stated, near, because="{file} holds {rows_counted} rows, {control_total} were stated")
    young = col("exported_at") + days(params.max_export_to_submit) >= as_of.instant
    assert_every(meta, young, because="{file} was exported on {exported_at}")
    note_every(meta.where(total.is_null()), "{file}: no number of rows was stated")
    note_every(meta.where(col("is_typed")), "{file} was typed, and {kind} is exported by a system")
    note_every(meta.where(~col("is_here")), "{file} is listed and was not handed over")


def assert_certificates_hold(audits: Table, engagement: Terms, as_of: AsOf) -> None:
    """Each certificate is valid, and together they cover every site in scope; that there is none is noted."""
    given = audits.where(col("kind").is_in(["certificate", "attestation"]))
    note("no certificate or attestation was given", unless=given)
    assert_every(given, col("valid_until") >= as_of.date, because="valid until {valid_until}")
    for site in engagement.sites_asked:
        covers = (col("valid_until") >= as_of.date) & col("sites_covered").any_part_in([site])
        told = newest(beside(together(given, "ref"), "one", covered=any_of(covers)), by="performed_on")
        assert_every(told, "covered", because=f"no valid certificate names {site}")


def assert_the_paid_are_known(payroll: Table, roster: Table, params: Any) -> None:
    """Everybody paid is on the roster, and as many are paid in the newest period as work in it."""
    paid = newest(payroll, "employee_id", by="period_end").match(roster, "employee_id", "person")
    assert_every(paid, "person", because="paid, and not on the roster")
    last = newest(together(payroll, "employee_id"), "one", by="period_end")
    paid_now = together(paid.where(~col("person") | (col("person_status") != "on_leave")), "employee_id")
    paid_now = paid_now.match(last, "one", "pay").where(col("period_end") == col("pay_period_end"))
    staff = together(roster, "employee_id").match(last, "one", "pay")
    left = (col("last_day_worked") >= col("pay_period_start")) & (col("last_day_worked") <= col("pay_period_end"))
    staff = staff.where((col("status") == "active") | ((col("status") == "terminated") & left))
    heads = group(paid_now, "one", paid=distinct(col("employee_id"))).match(
        group(staff, "one", working=distinct(col("employee_id"))), "one", "staff"
    )
    near = near_enough(multiple(col("paid"), 1), multiple(col("staff_working"), 1), params.count_tolerance)
    assert_some(heads.where(near), because="people paid and people working differ", what="headcount")


@control(
    "GOV-07",
    "Evidence and certificates can be believed",
    severity="high",
    params={
        "count_tolerance": house(1, "%", range=(0, 5)),
        "max_export_to_submit": house(3, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.9.2", "12.8.5"],
        "ISO27001": ["A.5.28", "A.5.35"],
        "SOC2": ["CC4.1", "CC2.1"],
        "CSF": ["GV.SC-07"],
        "NIST80053": ["CA-2", "SR-6"],
        "CIS": ["15.5"],
        "CCM": ["STA-12", "A&A-02"],
        "GDPR": ["28.3.h"],
        "PH": ["IRR s.44(b)"],
    },
    remedy=(
        "Export each listed file from its system again, untouched, and hand it over within three days with the number "
        "of rows that the system shows. Renew certificates, and have each site named in them. Explain who is paid and "
        "not on the roster."
    ),
    decisions=[
        (
            "Population: evidence_meta rows (evidence_meta does not list itself), audits rows of the two kinds, and "
            "people in payroll; the findings are those rows, for headcount the payroll file."
        ),
        (
            "Headcount is of different employee_id in the newest pay period, against roster status active plus leavers "
            "with last_day_worked in it; people on_leave are left out of both."
        ),
        "control_total null is outside and counted; exactly count_tolerance passes; the least tolerance is one row.",
        "exported_at null is undecided; a person paid and not on the roster is a finding on the payroll row.",
        (
            "A site that no certificate covers is a finding only where certificates are given, on the newest of them; "
            "no certificate at all is a note. scope_sites null covers no site."
        ),
        (
            "Where nobody hands in evidence_meta, it is made from pack.yaml and the files as read: then the digests "
            "agree by themselves. A file on a list that was not handed over is noted; its digest cannot be compared. "
            "Rows are counted in the file itself, and not taken from the list, wherever the file is there."
        ),
    ],
    typical_exception="Certificate covers head office only; spreadsheet edited by hand after export.",
)
@reads(
    evidence_meta=(
        "kind file sha256 exported_at exported_by source_system rows control_total period_start period_end is_here "
        "is_as_read is_typed rows_counted"
    ),
    audits="ref kind by valid_until scope_sites scope_services sites_covered",
    payroll="employee_id period_end",
    roster="employee_id site status last_day_worked",
)
def test_evidence_and_certificates_can_be_believed(
    evidence_meta: Table,
    audits: Table,
    payroll: Table,
    roster: Table,
    params: Any,
    as_of: AsOf,
    engagement: Terms,
) -> None:
    """Every file's sha256 equals its evidence_meta row, rows differ from control_total by at most count_tolerance,
    exported_at is at most max_export_to_submit before the as-of instant; a file typed by hand where its kind has source
    export is a note; every audits row of kind certificate or attestation has valid_until on or after the as-of date and
    every site in scope_sites; every person paid is on the roster, and people with payroll rows in the newest pay period
    differ from active roster people plus that period's leavers by at most count_tolerance (one person at least).
    """
    assert_files_whole(listed_files(evidence_meta), params, as_of)
    assert_certificates_hold(audits, engagement, as_of)
    assert_the_paid_are_known(payroll, roster, params)


def unmapped(table: Table, ropa: Table, accounts: Table) -> Table:
    """The systems of a table that the map does not name; those of `accounts` are told there."""
    systems = group(table, "system", rows=count()).exists(ropa, "system", "mapped", pointed=False)
    if table is accounts:
        return systems
    return systems.exists(accounts, "system", "elsewhere", pointed=False).where(~col("elsewhere"))


@control(
    "GOV-06",
    "Processing mapped and assessed",
    severity="medium",
    params={"review_days": house(365, "days", range=(0, 3650))},
    maps={
        "PH": ["NPC 2023-06", "IRR s.26(c)"],
        "IN": ["DPDPA 8(4)"],
        "GDPR": ["30.2", "35.1"],
        "ISO27001": ["A.5.34", "A.5.9"],
        "SOC2": ["CC3.2"],
        "CSF": ["ID.AM-02", "ID.AM-07"],
        "NIST80053": ["PT-2"],
        "CIS": ["3.2", "2.1"],
        "CCM": ["DSP-03", "DSP-05", "DSP-09"],
        "PCI": ["12.5.2.1"],
    },
    remedy=(
        "Enter each listed system in the processing inventory, with its purpose and owner, and assess it within a "
        "month; review every entry once a year."
    ),
    decisions=[
        (
            "Population: the different systems of accounts and datasets; the finding is the newest ropa row of the "
            "system, else the first accounts or datasets row."
        ),
        "Assessed is needed once; the later of assessed and reviewed must be fresh, exactly review_days passes.",
        "Names are compared after the pack's map; a ropa row for no known system is a note.",
    ],
    typical_exception="AI transcription and summary tool switched on by operations, unlisted.",
)
@reads(
    ropa="system purpose client assessed_on reviewed_on owner",
    accounts="system",
    datasets="system",
)
def test_processing_is_mapped_and_assessed(
    ropa: Table, accounts: Table, datasets: Table, params: Any, as_of: AsOf
) -> None:
    """Every system that stands in accounts or datasets has a ropa row with assessed_on, and the later of assessed_on
    and reviewed_on is at most review_days before the as-of date.
    """
    for table in (accounts, datasets):
        absent = "{system} is in no map of what is processed"
        assert_every(unmapped(table, ropa, accounts), "mapped", because=absent)
    dates = group(ropa, "system", assessed=latest(col("assessed_on")), reviewed=latest(col("reviewed_on")))
    told = newest(ropa, "system", by="assessed_on").match(dates, "system", "last")
    for table, name in ((accounts, "in_accounts"), (datasets, "in_datasets")):
        told = told.exists(table, "system", name, pointed=False)
    used, never = told.where(col("in_accounts") | col("in_datasets")), col("last_assessed").is_null()
    last = when(col("last_reviewed") > col("last_assessed"), col("last_reviewed"), col("last_assessed"))
    used = used.with_columns(last=last)
    assert_every(used, ~never, because="{system} was never assessed")
    fresh = never | (col("last") + days(params.review_days) >= as_of.date)
    assert_every(used, fresh, because="{system} was last looked at on {last}")
    note_every(told.where(~col("in_accounts") & ~col("in_datasets")), "{system} stands in no other file")


def registered(rows: Table, params: Any, as_of: AsOf) -> Table:
    """The registrations in force, with a person or number, for no longer than a certificate holds."""
    named = col("person").is_not_null() | col("ref").is_not_null()
    begins, ends = col("effective_on"), col("expires_on")
    lasts = ends <= begins + days(params.PH_valid)
    return rows.where(named & (begins <= as_of.date) & (ends >= as_of.date) & lasts)


def last_due(month_day: str, as_of: AsOf) -> date:
    """The last such day of a year that is over."""
    this_year = date.fromisoformat(f"{as_of.date.year}-{month_day}")
    return this_year if this_year < as_of.date else this_year.replace(year=this_year.year - 1)


def assert_filed_in_the_philippines(registrations: Table, params: Any, as_of: AsOf) -> None:
    """An officer and a system are registered, and the last annual report was filed by its day."""
    for kind in ("dpo", "dps"):
        rows = registrations.where(col("kind") == kind)
        place = newest(rows, by="effective_on")
        assert_some(registered(rows, params, as_of), because="no {kind} registration in force", at=place, kind=kind)
    due = last_due(params.PH_asir_due, as_of)
    reports = registrations.where(col("kind") == "annual_report")
    in_time = (col("filed_on") <= due) & (col("filed_on") <= col("due_on").or_else(due))
    filed = reports.where(in_time & (col("filed_on") > due.replace(year=due.year - 1)))
    because = f"no {{kind}} was filed by {due}"
    assert_some(filed, because=because, at=newest(reports, by="filed_on"), kind="annual_report")
    note(f"registering within {params.PH_register_days} and updating within {params.PH_update_days} days is not shown")


@control(
    "GOV-05",
    "Privacy office and filings",
    severity="medium",
    params={
        "PH_employees": law(250, "persons", range=(1, 100_000), source="NPC 2022-04 s.5"),
        "PH_spi_individuals": law(1000, "individuals", range=(1, 1_000_000), source="NPC 2022-04 s.5"),
        "PH_register_days": law(20, "days", range=(0, 3650), source="s.7"),
        "PH_update_days": law(10, "days", range=(0, 3650), source="s.7"),
        "PH_valid": law(365, "days", range=(0, 3650), source="certificate one year"),
        "PH_asir_due": law("03-31", "month-day", source="annual security incident report, date to confirm each year"),
    },
    applies={"countries": ["PH", "IN"]},
    maps={
        "PH": ["DPA s.21(b)", "IRR s.26(a)", "IRR s.47", "NPC 2022-04", "NPC 16-03"],
        "IN": ["DPDPA 8(9)", "DPDPA 10(2)(a)", "CERT-In 2022 (iii)"],
        "GDPR": ["37.1", "30.2"],
        "ISO27001": ["A.5.2", "A.5.5", "A.5.31"],
        "SOC2": ["CC1.3"],
        "CSF": ["GV.RR-02", "GV.OC-03"],
        "NIST80053": ["PT-2"],
        "CCM": ["GRC-06"],
    },
    remedy=(
        "Register the officer and the processing system, or renew the registration, within ten days; file the report "
        "that is missing at once, and put the dates of next year into somebody's calendar."
    ),
    decisions=[
        "PH: dpo, dps and annual_report are needed; IN: certin_contact; kinds of the other country are not asked for.",
        "The country is the engagement's; elsewhere the control does not apply.",
        (
            "Population: the needed kinds; the finding is the newest registrations row of the kind, else the kind "
            "without row."
        ),
        (
            "Headcount is active and on_leave people of country PH, pooled over sites; with fewer than PH_employees it "
            "is not_applicable, and the result names PH_spi_individuals as what no table counts."
        ),
        (
            "An engagement that scopes clients or sites counts their people alone: with fewer of them than "
            "PH_employees it is undecided. A country that is no code may be PH."
        ),
        "effective_on or expires_on null on dpo and dps is undecided; the expiry day itself is valid.",
        "PH_register_days and PH_update_days are shown: no table has the day the duty began.",
        (
            "The annual report asked for is the one whose day is over; it was filed by that day and within the year "
            "before it, and not after the row's own due_on."
        ),
    ],
    typical_exception="Officer left; certificate expired eight months ago; seal still on the wall.",
)
@reads(registrations="kind authority ref effective_on expires_on person filed_on due_on")
@reads.optional(roster="employee_id country country_code status")
def test_the_privacy_office_and_its_filings_are_in_order(
    registrations: Table, roster: Table | None, params: Any, as_of: AsOf, engagement: Terms
) -> None:
    """PH, when the vendor has PH_employees people or more on the roster (or the roster is not given): registrations of
    kind dpo and dps with a person or ref, effective_on on or before and expires_on on or after the as-of date and at
    most PH_valid days apart, and an annual_report with filed_on on or before due_on, PH_asir_due of each year. IN: a
    row certin_contact naming a person.
    """
    if engagement.country == "IN":
        contacts = registrations.where(col("kind") == "certin_contact")
        named = contacts.where(col("person").is_not_null())
        assert_some(named, because="no {kind} names a person", at=contacts, kind="certin_contact")
    elif has_so_many(roster, params, engagement):
        assert_filed_in_the_philippines(registrations, params, as_of)


def has_so_many(roster: Table | None, params: Any, engagement: Terms) -> bool:
    """Whether the vendor has, or may have, so many people that it must register."""
    if roster is None or not roster.has("country_code"):
        return True
    here = roster.where(col("status").is_in(["active", "on_leave"]) & (col("country_code") == "PH"))
    (least, most), limit = size(here), params.PH_employees
    if least < limit and (engagement.scope_clients or engagement.scope_sites):
        cannot_tell(f"{least} to {most} people in PH in scope, {limit} of the whole vendor must register")
    elif most < limit:
        not_due(
            f"{most} people in PH, {limit} must register; whether the vendor holds sensitive data of "
            f"{params.PH_spi_individuals} individuals, which no table counts, is not shown"
        )
    elif least < limit:
        cannot_tell(f"{least} to {most} people in PH, {limit} must register")
    return bool(least >= limit)


@control(
    "GOV-01",
    "The contract says it",
    severity="medium",
    params={
        "PH_clauses": law(
            [
                "subject_duration",
                "nature_purpose",
                "data_types",
                "obligations",
                "location",
                "documented_instructions",
                "confidentiality",
                "security",
                "no_subprocessor_without_leave",
                "assist_rights",
                "assist_compliance",
                "delete_or_return",
                "audit_and_inspection",
                "warn_unlawful_instruction",
            ],
            "list",
            source="IRR s.44(a), (b)(1)-(9)",
        ),
        "EU_clauses": law(
            ["28.3.a", "28.3.b", "28.3.c", "28.3.d", "28.3.e", "28.3.f", "28.3.g", "28.3.h"], "list", source=""
        ),
        "CA_clauses": law(
            [
                "7051-a.1",
                "7051-a.2",
                "7051-a.3",
                "7051-a.4",
                "7051-a.5",
                "7051-a.6",
                "7051-a.7",
                "7051-a.8",
                "7051-a.9",
                "7051-a.10",
            ],
            "list",
            source="",
        ),
    },
    maps={
        "PH": ["DPA s.14", "DPA s.21", "IRR s.43", "IRR s.44"],
        "IN": ["DPDPA 8(2)", "DPDPR r.6(1)(f)"],
        "GDPR": ["28.3", "28.9", "46.1"],
        "CCPA": ["7051-a"],
        "PCI": ["12.8.2", "12.9.1"],
        "ISO27001": ["A.5.20"],
        "SOC2": ["CC9.2", "P6.4"],
        "CSF": ["GV.SC-05"],
        "NIST80053": ["SA-9"],
        "CIS": ["15.4"],
        "CCM": ["STA-09"],
        "HIPAA": ["164.314(a)"],
        "UK": ["UK GDPR 28", "IDTA or Addendum"],
    },
    remedy="Have the missing clauses added and signed by both within a month; renew a contract that has run out.",
    decisions=[
        (
            "Population: each client in scope and each clause of the sets that apply; the finding is the clauses row, "
            "else the client's first row."
        ),
        (
            "PH_clauses apply where a site is in PH; EU_clauses and CA_clauses where the profile asks for that law; "
            "otherwise they are not claimed, and the result says so. A profile has no words for that yet, so they are "
            "never claimed."
        ),
        "Without a site in PH the vendor is asked the PH list as house list, and the result says so.",
        "In force: signed_on on or before and expires_on null or on or after the as-of date.",
        (
            "The client contract means all contracts of that client in force together; a clause that one of them holds "
            "is present."
        ),
        "Where the engagement limits no clients, all contracts together are asked for each clause once.",
    ],
    typical_exception="Site opened after signing is not in the location clause.",
)
@reads(clauses="contract_id client clause present page signed_on expires_on")
def test_the_contract_says_it(clauses: Table, params: Any, as_of: AsOf, engagement: Terms) -> None:
    """Each client contract holds every required processor clause and is in force."""
    ends = col("expires_on")
    in_force = (col("signed_on") <= as_of.date) & (ends.is_null() | (ends >= as_of.date))
    for client in engagement.scope_clients or ("any client",):
        theirs = clauses.where(col("client") == client) if engagement.scope_clients else clauses
        for clause in params.PH_clauses:
            rows = theirs.where(col("clause") == clause)
            because = "{clause} stands in no contract in force of {client}"
            there = rows.where(col("present") & in_force)
            assert_some(there, because=because, at=[rows, theirs], client=client, clause=clause)
    if "PH" not in engagement.sites.values():
        note("no site is in PH: its clauses are asked as a house list")
    number = len(params.EU_clauses) + len(params.CA_clauses)
    note(f"{number} clauses of EU and California law are not claimed")


def exported_together(one: Table, other: Table, most: int) -> bool:
    """Whether both were exported at most so many days apart; said where they were not."""
    sides = " and ".join(f"the {table.root.party}'s {table.root.kind.name}" for table in (one, other))
    if one.exported_at is None or other.exported_at is None:
        cannot_tell(f"{sides}: nobody says when they were exported", cause="stale")
        return False
    if abs(one.exported_at - other.exported_at) > timedelta(days=most):
        cannot_tell(f"{sides}: exported more than {most} days apart; export both anew", cause="stale")
        return False
    return True


def successes(log: Table, engagement: Terms) -> Table:
    """The successful sign-ins to the client's systems."""
    return log.where(col("system").is_in(engagement.client_systems) & (col("result") == "success"))


def common_time(one: Table, other: Table, period: Window, edge: int = 0) -> Expr:
    """Whether a sign-in lies in the part of the period before both exports, `edge` seconds or more from its ends."""
    ends = min(period.ends, *(table.exported_at or period.ends for table in (one, other)))
    away = timedelta(seconds=edge)
    return (col("ts") >= period.begins + away) & (col("ts") <= ends - away)


def with_person(log: Table, identity_map: Table | None) -> Table:
    """The same sign-ins, each beside the identity map's row of its account, where there is one."""
    if identity_map is None:
        return log
    accounts = identity_map.where(col("account_id").is_not_null())
    people = group(accounts, "system", "account_id", people=distinct(col("employee_id")))
    return log.match(people, {"system": "system", "account_id": "account_id"}, "mapped")


def from_address(log: Table) -> str:
    """Words for a finding that show the address, where the log has one."""
    return " from {src_ip}" if log.has("src_ip") else ""


@control(
    "GOV-08",
    "Vendor and client logs agree",
    severity="high",
    params={
        "rows_in_one_only": house(0, "sign-ins", range=(0, 100_000)),
        "clock_difference": house(
            120, "s", range=(0, 3600), source="NET-05 keeps clocks within a second; transport and rounding add to it"
        ),
        "max_days_between_exports": house(3, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["10.2.1", "10.4.1", "12.8.5"],
        "ISO27001": ["A.5.22", "A.5.28", "A.8.15"],
        "SOC2": ["CC7.2", "CC9.2"],
        "CSF": ["GV.SC-07", "DE.AE-03"],
        "NIST80053": ["AU-6", "AU-10", "SR-6"],
        "CIS": ["8.11", "15.6"],
        "CCM": ["LOG-05", "STA-12"],
        "GDPR": ["28.3.h"],
        "PH": ["IRR s.44(b)"],
    },
    remedy=(
        "Export the same time from both systems again, whole and unfiltered, within three days of each other. Explain "
        "each listed sign-in in writing within a week: a filter, a clock, an account left out, or an edited log."
    ),
    decisions=[
        (
            "Population: successful sign-ins on client systems in the time both exports cover; the finding is the "
            "auth_events row without partner, on the side that has it."
        ),
        (
            "The two sides are paired one to one, greedily in order of the vendor's ts, each with the nearest free row "
            "of the other; of two as near, with the earlier one. Exactly clock_difference pairs."
        ),
        "A pair counts in the hour of the vendor's row, so the hours agree as soon as no row is without a partner.",
        (
            "Both exports cover the period from its beginning, up to its end or the earlier export: days that are "
            "missing within it are what the control looks for. The first and last clock_difference are outside."
        ),
        (
            "Both sides without rows is empty, not passed; service accounts count like others, because a sign-in log "
            "does not tell the type of an account."
        ),
        "A client system of which only one of the two logs has sign-ins is undecided.",
        (
            "In the smaller claim, last_login_at in the period and before the vendor's export, later than the newest "
            "vendor row by more than clock_difference, is a finding on the client_accounts row; without any row too."
        ),
    ],
    typical_exception="Vendor's export leaves out weekends, or the accounts of people who had already left.",
)
@reads.both(auth_events="ts system account_id result")
@reads.optional(auth_events="session_id src_ip", identity_map="employee_id system account_id")
def test_the_logs_of_vendor_and_client_agree(
    vendor_auth_events: Table,
    client_auth_events: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
    engagement: Terms,
) -> None:
    """For every system that the engagement calls client's and that has auth_events from both the vendor's and the
    client's pack, sign-ins (rows with result success) per account and UTC hour agree, for the part of the period that
    both exports cover. Rows of the two sides are paired one to one by system, account_id and nearest ts, at most
    clock_difference apart, and a pair counts in the hour of the vendor's row; more than rows_in_one_only rows without a
    partner fail, each a finding on the side that has it. The exports are at most max_days_between_exports apart, else
    inconclusive (stale). Evidence of one party alone is inconclusive (missing); the party of a row is that of the pack
    it came in.
    """
    logs = (vendor_auth_events, client_auth_events)
    if not exported_together(*logs, params.max_days_between_exports):
        return
    ours, theirs = (successes(log, engagement).where(common_time(*logs, period)) for log in logs)
    note_one_sided(ours, theirs)
    within, most = params.clock_difference, params.rows_in_one_only
    ours, theirs = pair(ours, theirs, "system", "account_id", at="ts", within=within, name="partner")
    for log, other, whose in ((ours, theirs, "client"), (theirs, ours, "vendor")):
        shared = log.exists(other, "system", "shared", pointed=False).where(col("shared"))
        judged = with_person(shared.where(common_time(*logs, period, within)), identity_map)
        because = f"the {whose}'s log has no such sign-in{from_address(log)}"
        assert_every(judged, "partner", because=because, at_most=most, pool="one log only")


def note_one_sided(ours: Table, theirs: Table) -> None:
    """Say that a system of which one log has sign-ins and the other none cannot be compared."""
    for log, other, whose in ((ours, theirs, "client"), (theirs, ours, "vendor")):
        because = f"auth_events: the {whose}'s own copy has no sign-in to a system that the other's has"
        cannot_tell(because, cause="missing", about=group(log, "system", rows=count()).without(other, "system"))


@control.claims(
    "GOV-08",
    "No client login was used later than the vendor's own log shows; sign-ins before the last one are not compared.",
)
@reads.vendor(auth_events="ts system account_id result")
@reads(client_accounts="system account_id last_login_at")
def test_no_client_login_was_used_later_than_the_vendor_shows(
    vendor_auth_events: Table, client_accounts: Table, params: Any, period: Window, engagement: Terms
) -> None:
    """No client login was used later than the vendor's own log shows, by more than clock_difference."""
    if not exported_together(vendor_auth_events, client_accounts, params.max_days_between_exports):
        return
    accounts, late = {"system": "system", "account_id": "account_id"}, timedelta(seconds=params.clock_difference)
    newest = group(successes(vendor_auth_events, engagement), *accounts, at=latest(col("ts")))
    used = client_accounts.where(col("system").is_in(engagement.client_systems)).with_columns(ts=col("last_login_at"))
    used = used.where(common_time(vendor_auth_events, client_accounts, period, params.clock_difference))
    known = used.match(newest, accounts, "log")
    assert_every(known, "log", because="used on {last_login_at}; the vendor's log has no sign-in")
    in_log = known.where(col("log"))
    late_by = "used on {last_login_at}; the vendor's log shows no sign-in after {log_at}"
    assert_every(in_log, col("last_login_at") <= col("log_at") + late, because=late_by)
