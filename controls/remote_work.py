"""Remote work: who works from home is known, has agreed to the conditions, and uses a device that is looked after."""

from __future__ import annotations

from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Terms,
    Window,
    any_of,
    assert_every,
    assert_listed,
    assert_rate,
    cannot_tell,
    col,
    control,
    distinct,
    group,
    hours,
    house,
    law,
    maybe,
    note_every,
    reads,
    standard,
    with_account,
    with_owner,
)

REMOTE = ("wfh", "hybrid")
SEATED = ("onsite", "hybrid")
NOT_PEOPLE = ("service", "system")


def people_at_home(roster: Table) -> Table:
    """The active people who work from home, always or at times; whoever is on leave is noted."""
    remote = roster.where(col("work_mode").is_in(REMOTE))
    note_every(remote.where(col("status") == "on_leave"), "works from home and is on leave: outside until the return")
    return remote.where(col("status") == "active")


def with_register(people: Table, wfh_register: Table) -> tuple[Table, Table]:
    """The rows of the register that are about these people, and the people of whom it holds none."""
    known = wfh_register.match(people, "employee_id", "person").where(col("person"))
    return known, people.without(wfh_register, "employee_id")


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
    known, unknown = with_register(people_at_home(roster), wfh_register)
    assert_every(unknown, "there", because="not in the register of remote workers")
    signed, unsigned = col("agreement_signed_on"), col("agreement_signed_on").is_null()
    known = known.with_columns(longest=signed.add_months(params.approval_valid))
    known = known.with_columns(until=col("approved_until").or_else(col("longest")))
    assert_every(known, signed <= as_of.date, because="agreement not signed")
    assert_every(known, col("approved_by").is_not_null(), because="approved by nobody")
    assert_every(known, col("device_id").is_not_null(), because="no device named")
    assert_every(known, unsigned | (col("until") >= as_of.date), because="approval ended on {until}")
    assert_every(known, unsigned | (col("until") <= col("longest")), because="approved until {until}, too long")


def networks_of_sites(params: Any, engagement: Terms) -> tuple[str, ...]:
    """The networks that count as the sites': the parameter's, else the engagement's; none, and said, where unknown."""
    asked = tuple(params.site_networks) or engagement.networks
    strange = sorted(set(asked) - set(engagement.networks))
    if not asked:
        cannot_tell(
            "site_networks: neither the profile nor the engagement names the networks of a site", cause="missing"
        )
    if strange:
        listed = ", ".join(strange)
        cannot_tell(f"site_networks: {listed} belongs to no site of the engagement; name it there", cause="missing")
    return () if strange else asked


def with_place(signins: Table, accounts: Table, roster: Table, networks: tuple[str, ...]) -> Table:
    """The sign-ins to accounts of people with their `owner`, and `inside`: whether they came from a site's network."""
    owned = with_account(signins, accounts).match(roster, {"owner_id": "employee_id"}, "owner")
    if owned.has("account_type"):
        owned = owned.where(~col("account_type").is_in(NOT_PEOPLE))
    return owned.with_columns(inside=col("src_networks").any_part_in(networks))


def assert_nobody_is_away(signins: Table, params: Any, because: str) -> None:
    """Nobody recorded as on-site came from outside the networks of the sites."""
    of_the_site = signins.where(col("owner_work_mode") == "onsite")
    assert_every(of_the_site, "inside", because=because, at_most=params.max_events, pool="events")


def assert_nobody_is_absent(signins: Table, badge_events: Table, roster: Table, params: Any, period: Window) -> None:
    """Whoever signed in from inside a site had come in through a door of it; where no door is logged, nobody knows."""
    person, window = {"owner_id": "employee_id"}, hours(params.badge_window)
    entries = badge_events.where((col("direction") == "in") & (col("result") == "granted"))
    inside = signins.where(col("inside") & col("owner_work_mode").is_in(SEATED))
    met = inside.during(entries, person, "ts", (col("ts"), col("ts") + window), "came")
    logged = period.of(badge_events).match(roster, "employee_id", "person")
    met = met.exists(logged, person, "badged").exists(logged, {"owner_site": "person_site"}, "others")
    rule = col("came") | maybe(~(col("badged") | col("others")))
    because = "signed in to {system} at the site without having come in"
    assert_every(met, rule, because=because, at_most=params.max_events, pool="events")


@control(
    "REM-02",
    "No undeclared home working",
    severity="critical",
    params={
        "site_networks": house([], "cidr list", source="per engagement"),
        "max_events": house(0, "events", range=(0, 100_000)),
        "badge_window": house(14, "h", range=(1, 24), source="as PHY-02"),
    },
    maps={
        "ISO27001": ["A.6.7", "A.8.16"],
        "SOC2": ["CC6.6", "CC7.2"],
        "CSF": ["DE.CM-01", "DE.CM-03"],
        "NIST80053": ["AC-17", "PE-17"],
        "CIS": ["13.5", "12.7"],
        "CCM": ["HRS-04"],
        "PCI": ["8.4.3", "10.4.1"],
        "PH": ["IRR s.27(a)", "IRR s.44(a)"],
        "GDPR": ["28.3.a"],
    },
    remedy=(
        "Ask each listed person and the team leader this week where the work was done; block sign-ins of on-site "
        "people from outside the sites, and register who is to work from home."
    ),
    decisions=[
        (
            "Population: sign-ins with result success and vpn_sessions starts of owners onsite (away), and inside "
            "sign-ins of owners onsite or hybrid (absent)."
        ),
        "Finding: the auth_events or vpn_sessions row; one sign-in with both faults is one finding.",
        "Badge is asked per sign-in within badge_window before it, both ends included; no calendar day is used.",
        (
            "The door log has to reach back badge_window before the period: who came in before it begins is a finding "
            "like anybody who never came."
        ),
        "Hybrid people may sign in from outside on any day: no table declares their days.",
        "site_networks empty in parameter and engagement is inconclusive (missing).",
        "site_networks chooses among the networks of the engagement's sites; one that is none of them is inconclusive.",
        (
            "A person without any badge row in the period is undecided for absent where the site has no door log, and "
            "a finding where others of that site have one."
        ),
        "An account without owner is undecided; service and system types are outside.",
        "A session without system is of the only account of that name; where several systems hold it, undecided.",
        "More than max_events, pooled, fail; then each is a finding.",
        (
            "An account without employee_id belongs to whom identity_map names for it; where the two name different "
            "people the row is undecided."
        ),
    ],
    typical_exception=(
        "Contract says secure site only; weekend overtime is quietly done from home on the same laptop."
    ),
)
@reads(
    auth_events="ts system account_id result src_networks",
    vpn_sessions="start account_id src_networks",
    roster="employee_id work_mode site",
    badge_events="ts employee_id direction result",
    accounts="system account_id employee_id",
)
@reads.optional(vpn_sessions="system", accounts="account_type", identity_map="employee_id system account_id")
def test_nobody_works_from_home_undeclared(
    auth_events: Table,
    vpn_sessions: Table,
    roster: Table,
    badge_events: Table,
    accounts: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
    engagement: Terms,
) -> None:
    """Away: no sign-in with result success and no vpn_sessions start of an account whose owner has work_mode onsite has
    a src_ip outside site_networks (the parameter, else the engagement's). Absent: every such sign-in from inside
    site_networks, of owners with work_mode onsite or hybrid, has a badge_events row of that person, direction in,
    result granted, in [ts - badge_window, ts]. One finding per sign-in; a null src_ip is undecided; a private address
    is inside only if site_networks names it.
    """
    if networks := networks_of_sites(params, engagement):
        owned = with_owner(accounts, identity_map)
        signins = with_place(period.of(auth_events).where(col("result") == "success"), owned, roster, networks)
        sessions = with_place(period.of(vpn_sessions), owned, roster, networks)
        assert_nobody_is_away(signins, params, "signed in to {system} from outside the sites, recorded as on-site")
        assert_nobody_is_away(sessions, params, "remote session from outside the sites, recorded as on-site")
        assert_nobody_is_absent(signins, badge_events, roster, params, period)


@control.claims(
    "REM-02",
    "No person recorded as on-site signed in from outside the site networks; presence at the site is not shown (no "
    "door log).",
)
@reads(
    auth_events="ts system account_id result src_networks",
    accounts="system account_id employee_id",
    roster="employee_id work_mode",
)
@reads.optional(accounts="account_type", identity_map="employee_id system account_id")
def test_nobody_of_the_site_signs_in_from_outside(
    auth_events: Table,
    accounts: Table,
    roster: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
    engagement: Terms,
) -> None:
    """No sign-in with result success of an owner with work_mode onsite comes from outside site_networks."""
    if networks := networks_of_sites(params, engagement):
        successes = period.of(auth_events).where(col("result") == "success")
        signins = with_place(successes, with_owner(accounts, identity_map), roster, networks)
        assert_nobody_is_away(signins, params, "signed in to {system} from outside the sites, recorded as on-site")


@control(
    "REM-03",
    "Only managed devices",
    severity="critical",
    params={
        "byod_allowed": house(
            value=False, unit="bool", allowed=[True, False], source="NPC PHE 12 tolerates BYOD only under a policy"
        )
    },
    applies={"features": ["home_work"]},
    maps={
        "PCI": ["1.5.1"],
        "ISO27001": ["A.8.1", "A.6.7"],
        "SOC2": ["CC6.6", "CC6.8"],
        "CSF": ["PR.AA-03", "ID.AM-01"],
        "NIST80053": ["AC-19", "AC-20"],
        "CIS": ["1.2", "13.5"],
        "CCM": ["UEM-05", "UEM-14"],
        "PH": ["NPC PHE Bulletin 12", "NPC 2023-06"],
    },
    remedy=(
        "Bind the VPN to device certificates of the device management, so that no other device connects; enrol or "
        "take back each listed device before its next session."
    ),
    decisions=[
        "Population: vpn_sessions rows with start in the period; the finding is the vpn_sessions row.",
        "owner client counts as company.",
        "A device not in devices is a finding; a null in one of its booleans is undecided.",
        "A device without holder is undecided; another person's device is a finding.",
        "An account without owner, or not in accounts, is undecided.",
        "Every session counts, of whatever work_mode; the applies list only says when the control matters.",
        ("The state of a device is that of the export: what was protected at the time of the session is not shown."),
        (
            "An account without employee_id belongs to whom identity_map names for it; where the two name different "
            "people the row is undecided."
        ),
    ],
    typical_exception="Shared family PC with a downloaded VPN profile.",
)
@reads(
    vpn_sessions="start account_id device_id",
    devices="device_id owner employee_id mdm_enrolled disk_encrypted av_active",
    accounts="system account_id employee_id",
)
@reads.optional(vpn_sessions="system", identity_map="employee_id system account_id")
def test_only_managed_devices_connect(
    vpn_sessions: Table,
    devices: Table,
    accounts: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
) -> None:
    """Every vpn_sessions row has a device_id that devices lists with owner company (or personal, where byod_allowed),
    mdm_enrolled, disk_encrypted and av_active true, and the employee_id of the session account's owner. A null
    device_id is a finding.
    """
    owned = with_account(period.of(vpn_sessions), with_owner(accounts, identity_map))
    sessions = owned.match(devices, "device_id", "device")
    allowed = ("company", "client", "personal") if params.byod_allowed else ("company", "client")
    nobody = maybe(col("device_employee_id").is_null() | col("owner_id").is_null())
    theirs = (col("device_employee_id") == col("owner_id")) | nobody
    assert_every(sessions, col("device_id").is_stated(), because="no device is named")
    assert_every(sessions, unnamed() | col("device"), because="the device is not in the device management")
    for_listed(sessions, col("device_owner").is_in(allowed), "the device is {device_owner}")
    for_listed(sessions, col("device_mdm_enrolled"), "the device is not managed")
    for_listed(sessions, col("device_disk_encrypted"), "its disk is not encrypted")
    for_listed(sessions, col("device_av_active"), "its protection against malware is off")
    for_listed(sessions, theirs, "the device of another person")


def unnamed() -> Expr:
    """Whether the session names no device."""
    return ~col("device_id").is_stated()


def for_listed(sessions: Table, rule: Expr, because: str) -> None:
    """The sessions from a device that is listed keep the rule."""
    assert_every(sessions, unnamed() | ~col("device") | rule, because=because)


@control(
    "REM-04",
    "Home workplace checked",
    severity="medium",
    params={
        "valid_months": house(6, "months", range=(1, 120)),
        "sample_size": house(25, "people", range=(1, 10_000)),
        "wifi_min": standard("wpa2_aes", "enum", allowed=["wpa2_aes", "wpa3"], source="WPA3 preferred"),
    },
    applies={"features": ["home_work"]},
    maps={
        "ISO27001": ["A.6.7", "A.7.9", "A.8.20"],
        "SOC2": ["CC6.4"],
        "CSF": ["PR.AA-06", "PR.IR-01"],
        "NIST80053": ["PE-17", "PE-18"],
        "CIS": ["14.8"],
        "CCM": ["HRS-04"],
        "PCI": ["9.4.1"],
        "PH": ["NPC PHE Bulletin 12", "RA 11165 s.6", "RA 11058"],
        "HIPAA": ["164.310(c)"],
    },
    remedy=(
        "Check each listed workplace by announced live video or a visit within two weeks; whoever cannot show a room, "
        "a screen and a network of that kind works on site until then."
    ),
    decisions=[
        (
            "Population: active roster rows with work_mode wfh or hybrid, all of them; the finding is the wfh_register "
            "row, else the roster row."
        ),
        (
            "Only the quality of the check is sampled: with sample_results, sample_size rows must be answered, and "
            "each exception is a finding."
        ),
        "Fewer answers than sample_size are undecided; where fewer people work from home, set it to their number.",
        "Without sample_results live_video and visit count, self does not.",
        "no_answer counts as exception.",
        "row_key of the sample is the employee_id; a sample is of this control where sample_id starts with REM-04.",
        "The same day of the month is still valid, the last day where the month is shorter.",
        "wifi_min is part of what the checker attests; no table shows it.",
    ],
    typical_exception=(
        "Two agents of different clients share a bedroom; calls audible; paper notes with card numbers."
    ),
)
@reads(
    wfh_register="employee_id home_check_on home_check_method home_check_result",
    roster="employee_id work_mode",
)
@reads.optional(sample_results="sample_id row_key row_person answer at", roster="status")
def test_every_home_workplace_was_checked(
    wfh_register: Table, roster: Table, sample_results: Table | None, params: Any, as_of: AsOf
) -> None:
    """Every active person with work_mode wfh or hybrid has home_check_result pass with home_check_on at most
    valid_months (calendar months) before the as-of date. The check covers a room with a door or no other persons, a
    screen nobody else sees, no smart speaker, secured Wi-Fi. home_check_method self counts only where sample_results
    confirm that row.
    """
    known, unknown = with_register(people_at_home(roster), wfh_register)
    assert_every(unknown, "there", because="not in the register of remote workers")
    checked, method = col("home_check_on").is_not_null(), col("home_check_method")
    fresh = col("home_check_on").add_months(params.valid_months) >= as_of.date
    assert_every(known, checked, because="home never checked")
    assert_every(known, ~checked | fresh, because="home checked on {home_check_on}, too long ago")
    assert_every(known, ~checked | (col("home_check_result") == "pass"), because="home check not passed")
    others = method.is_in(["live_video", "visit"])
    if sample_results is None:
        assert_every(known, ~checked | others, because="checked by nobody but the person")
    else:
        assert_sample_confirms(known, sample_results, ~checked | others, params)


def assert_sample_confirms(known: Table, sample_results: Table, by_others: Expr, params: Any) -> None:
    """Enough of the sample was answered, it shows no exception, and it confirms who checked only themselves."""
    drawn = sample_results.where(col("sample_id").starts_with("rem-04"))
    confirmed = col("answer") == "confirmed"
    answers = group(drawn, "row_person", confirmed=any_of(confirmed), refuted=any_of(~confirmed))
    met = known.match(answers, {"employee_id": "row_person"}, "sample")
    assert_every(met, ~col("sample") | ~col("sample_refuted"), because="the sample did not confirm the check")
    own = by_others | (col("sample") & col("sample_confirmed"))
    assert_every(met, own, because="checked by nobody but the person")
    sizes = group(drawn, "sample_id", answered=distinct(col("row_person")))
    assert_every(sizes, ~maybe(col("answered") < params.sample_size), because="fewer answers than the sample asks for")


@control(
    "REM-05",
    "Client traffic stays inside the tunnel and the virtual desktop",
    severity="high",
    params={
        "split_tunnel": standard(value=False, unit="bool", allowed=[False], source="NIST SC-7(7)"),
        "redirection": standard(value=False, unit="bool", allowed=[False], source="PCI 3.4.2 for card data"),
    },
    applies={"features": ["home_work"]},
    maps={
        "PCI": ["3.4.2", "1.4.1", "1.5.1"],
        "ISO27001": ["A.8.12", "A.8.20", "A.6.7"],
        "SOC2": ["CC6.6", "CC6.7"],
        "CSF": ["PR.DS-02", "PR.DS-10"],
        "NIST80053": ["SC-7(7)", "AC-17"],
        "CIS": ["12.7", "3.10"],
        "CCM": ["UEM-11", "IVS-03"],
        "PH": ["IRR s.28(b)", "NPC 2023-06"],
    },
    remedy=(
        "Switch split tunnelling and the redirection of clipboard, drives and printers off in the gateway's policy for "
        "every group today; then try to paste on three machines."
    ),
    decisions=[
        (
            "Population: vpn_sessions rows with start in the period; the finding is the vpn_sessions row, with every "
            "open channel named."
        ),
        "One parameter, redirection, covers clipboard, drive and print; a session open at the export counts.",
    ],
    typical_exception=(
        "Split tunnel opened for video-call bandwidth and left; clipboard allowed for the QA team and inherited by all."
    ),
)
@reads(vpn_sessions="start account_id device_id split_tunnel clipboard drive_redirect print_redirect")
@reads.optional(vpn_sessions="system")
def test_traffic_stays_inside_the_tunnel_and_the_desktop(vpn_sessions: Table, params: Any, period: Window) -> None:
    """Every vpn_sessions row has split_tunnel, clipboard, drive_redirect and print_redirect false. Null is
    undecided.
    """
    sessions = period.of(vpn_sessions)
    assert_every(sessions, col("split_tunnel") == params.split_tunnel, because="traffic may leave the tunnel")
    assert_every(sessions, col("clipboard") == params.redirection, because="the clipboard is open")
    assert_every(sessions, col("drive_redirect") == params.redirection, because="drives are redirected")
    assert_every(sessions, col("print_redirect") == params.redirection, because="printers are redirected")


@control.claims(
    "REM-05",
    "Every remote session ran without split tunnelling; clipboard, drive and print redirection are not shown per "
    "session (a gateway policy or a paste test shows them).",
)
@reads(vpn_sessions="start account_id split_tunnel")
def test_traffic_stays_inside_the_tunnel(vpn_sessions: Table, params: Any, period: Window) -> None:
    """Every vpn_sessions row of the period has split_tunnel false."""
    split = col("split_tunnel")
    assert_every(period.of(vpn_sessions), split == params.split_tunnel, because="traffic may leave the tunnel")


@control(
    "REM-06",
    "Monitoring is proportionate and announced",
    severity="medium",
    params={
        "assessment_age": house(12, "months", range=(1, 120)),
        "notice_coverage": law(100, "%", range=(0, 100), source="PH DPA s.16(a); transparency"),
        "monitoring_systems": house(["remote_monitoring"], "list"),
    },
    applies={"features": ["home_work"]},
    maps={
        "ISO27001": ["A.5.34", "A.8.16"],
        "SOC2": ["P1.1", "CC2.2"],
        "CSF": ["GV.OC-03", "DE.CM-03"],
        "NIST80053": ["PT-3", "PL-4"],
        "CCM": ["HRS-02", "DSP-08"],
        "GDPR": ["5.1.c", "35.1", "88.1"],
        "PH": ["DPA s.11", "NPC WFH FAQ bulletin Jun-2020", "NPC AO 2024-003", "RA 11165"],
        "IN": ["DPDPA 7(i)"],
    },
    remedy=(
        "Tell each listed person in writing what is watched and why before the next shift from home; assess each "
        "monitoring system anew, and switch off what the assessment does not carry."
    ),
    decisions=[
        "Population: active roster rows with work_mode wfh or hybrid, and the systems of monitoring_systems.",
        (
            "Finding: the wfh_register row (else the roster row), or the ropa row; a system without ropa row is a "
            "finding on the ropa file, without row."
        ),
        "Of several ropa rows of a system the newest date counts; the assessed purpose is not read.",
        "No table has the day a tool started, so the notice is only asked to be on or before the as-of date.",
        "notice_coverage is pooled over all sites.",
        "No monitoring used: the client declares monitoring_systems empty; an empty list asks no assessment.",
        "Whether webcams, keystrokes or random photos are captured is attested: no table says it.",
    ],
    typical_exception=(
        "Client contract demands always-on cameras; the regulator's 2020 guidance calls that excessive, while a 2024 "
        "opinion allows it on balance."
    ),
)
@reads(
    ropa="system purpose assessed_on reviewed_on",
    wfh_register="employee_id monitoring_notice_on",
    roster="employee_id work_mode status",
)
def test_monitoring_is_assessed_and_announced(
    ropa: Table, wfh_register: Table, roster: Table, params: Any, as_of: AsOf
) -> None:
    """Every active person with work_mode wfh or hybrid has monitoring_notice_on on or before the as-of date, and ropa
    has a row of each system in monitoring_systems whose later of assessed_on and reviewed_on is at most assessment_age
    (calendar months) old. Whether webcams, keystrokes or random photos are captured is attested: no table says it.
    """
    known, unknown = with_register(people_at_home(roster), wfh_register)
    pooled: dict[str, Any] = {"at_least": params.notice_coverage, "pool": "notices"}
    assert_rate(unknown, "there", because="not in the register of remote workers, so given no notice", **pooled)
    assert_rate(known, col("monitoring_notice_on") <= as_of.date, because="given no notice of the monitoring", **pooled)
    if params.monitoring_systems:
        assert_assessed(ropa.where(col("system").is_in(params.monitoring_systems)), params, as_of)
        missing = "no entry for this monitoring system"
        assert_listed(ropa, "system", params.monitoring_systems, because=missing)


def assert_assessed(entries: Table, params: Any, as_of: AsOf) -> None:
    """Of each system some entry was assessed or reviewed lately."""
    lately = [col(day).add_months(params.assessment_age) >= as_of.date for day in ("assessed_on", "reviewed_on")]
    systems = group(entries, "system", fresh=any_of(lately[0] | lately[1]))
    stale = f"{{system}} was not assessed for {params.assessment_age} months"
    assert_every(systems, "fresh", because=stale)
