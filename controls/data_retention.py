"""Data retention: nothing is kept longer than agreed, and what must never be kept is not there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Table,
    Window,
    assert_every,
    assert_rate,
    beside,
    cannot_tell,
    col,
    control,
    count,
    days,
    distinct,
    first_of,
    group,
    house,
    latest,
    maybe,
    note_every,
    reads,
    standard,
    when,
)


def note_unlisted_systems(accounts: Table | None, datasets: Table) -> None:
    """Name the systems with accounts of which no holdings are listed; not every system holds data."""
    if accounts is not None:
        unlisted = group(accounts, "system", accounts=count()).without(datasets, "system")
        note_every(unlisted, "system {system} has accounts and no holdings are listed for it")


def assert_listed_lately(datasets: Table, params: Any, as_of: AsOf) -> None:
    """The list of holdings was exported no longer ago than it has to be verified."""
    exported, limit = datasets.exported_at, params.verify_every
    if exported is None or as_of.instant - exported > timedelta(days=limit):
        cannot_tell(f"datasets: the list of holdings is older than {limit} days; verify it and export it again")


@control(
    "RET-01",
    "Nothing older than its limit",
    severity="high",
    params={
        "default_days": house(180, "days", range=(0, 3650), source="absent a contract term"),
        "recording_days": house(90, "days", range=(0, 3650)),
        "grace_days": house(7, "days", range=(0, 3650)),
        "verify_every": standard(90, "days", range=(0, 3650), source="PCI 3.2.1"),
    },
    maps={
        "PCI": ["3.2.1"],
        "ISO27001": ["A.8.10", "A.5.33"],
        "SOC2": ["C1.2", "P4.2"],
        "CSF": ["ID.AM-08"],
        "NIST80053": ["SI-12", "SI-12(3)"],
        "CIS": ["3.4", "3.5"],
        "CCM": ["DSP-16"],
        "GDPR": ["5.1.e"],
        "PH": ["DPA s.11(e)", "IRR s.19(d)", "NPC 2023-06"],
        "IN": ["DPDPA 8(7)", "DPDPR r.8(3)"],
    },
    remedy=(
        "Delete what is older than its limit within a month, with a record of it, and agree a limit for every "
        "holding that has none. Keep what a law says must be kept, and name that law as the basis."
    ),
    decisions=[
        "Population: datasets rows; the finding is the datasets row.",
        (
            "The row's own retention_days decides first; the parameter only caps it where retention_basis is house "
            "or starts with house."
        ),
        "rows 0 holds nothing and passes the age; oldest_record_on null with rows not 0 is undecided.",
        "retention_days null (kept without limit) is a finding, whatever the basis.",
        (
            "A system in accounts without datasets row is a note: not every system holds data; verify_every asks "
            "that the table was exported at most so long ago."
        ),
    ],
    typical_exception="Recordings from the first day of the contract; QA keeps copies on a desktop.",
)
@reads(datasets="dataset_id system client data_class oldest_record_on retention_days retention_basis")
@reads.optional(datasets="rows", accounts="system")
def test_nothing_is_older_than_its_limit(datasets: Table, accounts: Table | None, params: Any, as_of: AsOf) -> None:
    """Every datasets row has retention_days and retention_basis, and oldest_record_on + retention_days + grace_days
    is on or after the as-of date. Where the contract names no term (retention_basis house), retention_days is at
    most default_days, for data_class recording at most recording_days.
    """
    limit, oldest = col("retention_days"), col("oldest_record_on")
    endless = limit.is_null()
    young = oldest + days(limit) + days(params.grace_days) >= as_of.date
    if datasets.has("rows"):
        young = young | (col("rows") == 0)
    cap = when(col("data_class") == "recording", params.recording_days, params.default_days)
    agreed = ~col("retention_basis").starts_with("house")
    assert_every(datasets, ~endless, because="kept without limit")
    assert_every(datasets, col("retention_basis").is_not_null(), because="no basis is stated")
    assert_every(datasets, endless | young, because="oldest record of {oldest_record_on} is past {retention_days} days")
    assert_every(datasets, endless | agreed | (limit <= cap), because="{retention_days} days without a contract term")
    assert_listed_lately(datasets, params, as_of)
    note_unlisted_systems(accounts, datasets)


@control(
    "RET-02",
    "No card security data in recordings",
    severity="critical",
    params={
        "scan_hits": standard(0, "hits", range=(0, 1_000_000), source="PCI 3.3.1.2"),
        "paused_share": house(100, "% of payment calls", range=(0, 100)),
        "max_pause": house(240, "s", range=(1, 3600)),
    },
    applies={"features": ["card_data"]},
    maps={
        "PCI": ["3.3.1", "3.3.1.2", "3.4.1", "3.5.1"],
        "ISO27001": ["A.8.11", "A.8.10"],
        "SOC2": ["C1.1", "CC6.7"],
        "CSF": ["PR.DS-01"],
        "NIST80053": ["SI-12", "SC-28"],
        "CIS": ["3.4"],
        "CCM": ["DSP-17"],
        "PH": ["IRR s.28(g)"],
    },
    remedy=(
        "Delete or redact each recording with card data today. Let the payment page pause voice and screen "
        "recording by itself, so that nobody has to remember it."
    ),
    decisions=[
        (
            "Population: recordings rows with deleted_on null (hits) and all rows of the period (pauses); the "
            "finding is the recordings row."
        ),
        "deleted_on after the as-of date is not deleted.",
        "paused_seconds null on a payment call is undecided; 0 is a finding; max_pause exactly passes.",
        "paused_share is pooled; under it each unpaused payment call is a finding.",
        "scan_pan_hits null is undecided only for rows held; sample_results exceptions are findings.",
    ],
    typical_exception="Manual pause forgotten under handle-time pressure; screen video not paused at all.",
)
@reads(recordings="recording_id ts agent_id payment_call paused_seconds scan_pan_hits deleted_on")
@reads.optional(sample_results="sample_id row_key answer at")
def test_no_recording_holds_card_security_data(
    recordings: Table, sample_results: Table | None, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every recordings row not deleted has scan_pan_hits at most scan_hits; every row with payment_call true has
    paused_seconds above 0 and at most max_pause; no row with payment_call false has paused_seconds above 0. Null
    scan_pan_hits or payment_call is undecided.
    """
    held = recordings.where(col("deleted_on").is_null() | (col("deleted_on") > as_of.date))
    assert_every(held, col("scan_pan_hits") <= params.scan_hits, because="card data found {scan_pan_hits} times")
    assert_payment_calls_are_paused(period.of(recordings), params)
    if sample_results is not None:
        heard = sample_results.where(col("sample_id").starts_with("ret-02"))
        assert_every(heard, col("answer") != "exception", because="card data heard in the sample")


def assert_payment_calls_are_paused(calls: Table, params: Any) -> None:
    """Payment calls were paused, for no longer than max_pause, and no other call was."""
    payments = calls.where(col("payment_call"))
    paused = col("paused_seconds") > 0
    assert_rate(payments, paused, at_least=params.paused_share, because="payment call not paused")
    too_long = "payment call paused for {paused_seconds} s"
    assert_every(payments, col("paused_seconds") <= params.max_pause, because=too_long)
    assert_every(calls, col("payment_call") | ~paused, because="paused for {paused_seconds} s without a payment")


@control.claims(
    "RET-02",
    "Every payment call was paused, for no longer than max_pause; that the recordings hold no card data is not "
    "shown (no scan).",
)
@reads(recordings="recording_id ts payment_call paused_seconds")
def test_every_payment_call_was_paused(recordings: Table, params: Any, period: Window) -> None:
    """Every recordings row of the period with payment_call true was paused, for no longer than max_pause."""
    assert_payment_calls_are_paused(period.of(recordings), params)


@control(
    "RET-03",
    "Data returned or deleted at exit",
    severity="high",
    params={
        "contract_end_days": house(30, "days", range=(0, 3650), source="GDPR 28(3)(g), IRR 44(b)(7)"),
        "device_days": house(14, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["9.4.7", "3.2.1"],
        "ISO27001": ["A.7.14", "A.8.10", "A.5.11"],
        "SOC2": ["C1.2", "CC6.5", "P4.3"],
        "CSF": ["GV.SC-10", "ID.AM-08"],
        "NIST80053": ["MP-6", "SI-12(3)"],
        "CIS": ["3.5"],
        "CCM": ["DSP-02"],
        "GDPR": ["28.3.g"],
        "PH": ["IRR s.44(b)", "DPA s.27"],
        "IN": ["DPDPA 8(7)(b)"],
        "CCPA": ["7051-a.3"],
    },
    remedy=(
        "Return or destroy what each listed row speaks of within two weeks, and keep a certificate that names what "
        "was destroyed, how, when and by whom. Take it into the steps of every exit."
    ),
    decisions=[
        "Population: disposals rows with trigger_on in the period or completed_on null; the finding is that row.",
        "contract_end_days goes for contract_end, site and paper, device_days for device and leaver, limit included.",
        "An open row within its limit is not yet due and asks no certificate yet.",
        "completed_on before trigger_on is a finding; method null on a completed row is a finding, other a note.",
        "Leavers and devices that have no disposals row are not found here (PHY-05, END-06).",
    ],
    typical_exception='Old client\'s NAS kept "in case of disputes".',
)
@reads(disposals="ref client trigger trigger_on completed_on method certificate")
def test_data_is_returned_or_deleted_at_exit(disposals: Table, params: Any, period: Window, as_of: AsOf) -> None:
    """Every disposals row has completed_on (or, if open, the as-of date) at most the limit after trigger_on, limit
    included, and a certificate: contract_end_days for contract_end, site and paper, device_days for device and leaver.
    """
    things = col("trigger").is_in(["device", "leaver"])
    due = col("trigger_on") + when(things, days(params.device_days), days(params.contract_end_days))
    undone, done_on = col("completed_on").is_null(), col("completed_on")
    theirs = disposals.where(period.holds("trigger_on", disposals) | undone)
    waiting = undone & (due >= as_of.date)
    judged = theirs.where(~waiting)
    assert_every(judged, ~undone, because="not done since {trigger_on}")
    assert_every(judged, undone | (done_on <= due), because="done on {completed_on}, too late")
    assert_every(judged, undone | (done_on >= col("trigger_on")), because="done on {completed_on}, before its reason")
    assert_every(judged, undone | col("certificate").is_not_null(), because="no certificate")
    assert_every(judged, undone | col("method").is_not_null(), because="nobody says how")
    note_every(judged.where(col("method") == "other"), "destroyed in another way than the usual ones")
    note_every(theirs.where(waiting), "open, and not yet due")


@control(
    "RET-04",
    "No stray card or ID data",
    severity="high",
    params={
        "hits": standard(0, "hits", range=(0, 1_000_000), source="PCI 12.10.7 requires a response"),
        "scan_days": house(90, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.10.7", "12.5.2", "3.2.1"],
        "ISO27001": ["A.8.12", "A.5.9"],
        "SOC2": ["CC6.7", "C1.1"],
        "CSF": ["ID.AM-07", "DE.CM-09"],
        "NIST80053": ["SI-12", "SC-28"],
        "CIS": ["3.2", "3.7"],
        "CCM": ["DSP-03"],
        "PH": ["IRR s.19"],
        "IN": ["DPDPA 8(5)"],
    },
    remedy=(
        "Delete what was found today, find out how it came there, and treat card data as an incident. Then scan "
        "every place again, for every kind, and once a quarter."
    ),
    decisions=[
        "Population: file_scan rows, the newest per location and kind; the finding is that row.",
        (
            "in_scope_store true says the place may hold such data by contract (a vault, an in-scope database); null "
            "is undecided, also where nothing was found."
        ),
        "Null hits is undecided, in a vault too; more than hits in one row is a finding, rows are not summed.",
        "The days of scan_days are 24 h each, back from the as-of instant.",
        "Each location needs a scan for every kind that any location was scanned for; a missing one is undecided.",
        "Locations that nobody scanned are not shown; the result names those that were, each by its pseudonym.",
    ],
    typical_exception="Notepad files named temp.txt beside the softphone on many seats.",
)
@reads(file_scan="location kind hits scanned_at in_scope_store")
def test_no_stray_card_or_id_data(file_scan: Table, params: Any, as_of: AsOf) -> None:
    """No file_scan row with in_scope_store false has hits above the parameter, and each location has a scan, per kind,
    at most scan_days before the as-of instant. Reads scan results handed in as a file: ctrlkit searches nobody's
    folders.
    """
    scans = beside(file_scan, "location", "kind", last=latest(col("scanned_at")))
    newest = scans.where(col("scanned_at") == col("last"))
    lately = col("scanned_at") + days(params.scan_days) >= as_of.instant
    known = col("in_scope_store").is_not_null() & col("hits").is_not_null()
    assert_every(newest, known, because="what was found, or whether it may be there")
    assert_every(newest, col("in_scope_store") | (col("hits") <= params.hits), because="{hits} hits of {kind}")
    assert_every(newest, lately, because="not scanned for {kind} since {scanned_at}")
    assert_every_place_was_scanned_for_everything(newest)


def assert_every_place_was_scanned_for_everything(scans: Table) -> None:
    """Of a place that was scanned for less than another one nobody can tell what else it holds."""
    listed = scans.with_columns(listed=col("kind").is_not_null())
    kinds = beside(beside(listed, "location", own=distinct(col("kind"))), "listed", any=distinct(col("kind")))
    places = first_of(kinds, "location")
    assert_every(
        places, (col("own") == col("any")) | maybe(col("own") != col("any")), because="not scanned for all kinds"
    )
    note_every(places, "{location} was scanned; a place that nobody scanned is not shown")
