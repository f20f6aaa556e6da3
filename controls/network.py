"""Network: what a host lets in, whose clock it keeps, and how it is administered from afar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Facts,
    Host,
    Row,
    Table,
    Terms,
    any_of,
    assert_each,
    assert_every,
    assert_some,
    beside,
    cannot_tell,
    cannot_tell_without,
    col,
    control,
    count,
    days,
    distinct,
    does_not_apply,
    earliest,
    group,
    hours,
    house,
    latest,
    law,
    maybe,
    note_every,
    reads,
    standard,
    when,
)

SERVERS = ("server", "jump", "mail")
EVERY_HOST = ("workstation", *SERVERS)
DENIED = ("drop", "reject", "off")
WEAKENING = ("permitrootlogin", "passwordauthentication", "permitemptypasswords")
PAM_ASKS = ("kbdinteractiveauthentication", "challengeresponseauthentication")
CLOSED = ("deny", "reject")
CATEGORIES = (
    "webmail",
    "file_sharing",
    "paste",
    "messaging",
    "remote_control",
    "genai_unapproved",
    "anonymizer",
)
SEAT_TEST_DAYS = 92
VERSIONS = ("ssl3", "1.0", "1.1", "1.2", "1.3")


def is_closed() -> Expr:
    """Whether a rule refuses what it speaks of."""
    return col("action").is_in(CLOSED)


def speaks_of_all(rules: Table, *more: str) -> Expr:
    """Whether a rule speaks of every destination, and of every category or of one of `more`."""
    if not rules.has("category"):
        return col("to_anywhere")
    return col("to_anywhere") & (col("category").is_null() | col("category").is_in(["any", *more]))


def last_of_each_zone(rules: Table) -> Table:
    """The last rule of every zone, in the order of the file."""
    return beside(rules, "zone", last=latest(col("place"))).where(col("place") == col("last"))


def assert_inbound_ends_closed(network_rules: Table) -> None:
    """Every zone with inbound rules ends in deny or reject, and none of them lets everything in."""
    inbound = network_rules.where(col("direction") == "in")
    ends = last_of_each_zone(inbound)
    assert_every(ends, is_closed(), because="zone {zone} does not end in deny")
    opened = (col("action") == "allow") & speaks_of_all(inbound)
    assert_every(inbound, ~opened, because="lets everything in")
    note_every(ends.where(is_closed() & ~col("to_anywhere")), "the last rule of {zone} denies {destination} alone")
    cannot_tell_without(inbound, "network_rules: no rule speaks of inbound traffic")


@control(
    "NET-01",
    "Default deny",
    severity="high",
    params={
        "allowed_ports": house([22], "list", source="per host role"),
        "rule_review_days": standard(180, "days", range=(0, 3650), source="PCI 1.2.7 six months"),
    },
    maps={
        "PCI": ["1.2.5", "1.2.7", "1.3.1", "1.4.1", "2.2.4"],
        "ISO27001": ["A.8.20", "A.8.9"],
        "SOC2": ["CC6.6"],
        "CSF": ["PR.IR-01", "PR.PS-01"],
        "NIST80053": ["SC-7", "CM-7"],
        "CIS": ["4.4", "4.5", "4.8"],
        "CCM": ["IVS-03", "UEM-10"],
        "PH": ["IRR s.28(b)"],
    },
    remedy=(
        "Let perimeter and hosts drop inbound traffic, IPv4 and IPv6, that no rule allows; replace rules that let "
        "everything in this week, and review each rule every six months. Stop each listener that nobody needs, bind "
        "local ones to the loopback address, and have the rest agreed as allowed ports."
    ),
    decisions=[
        "Host lines read the probe; the organisation line reads network_rules.",
        (
            "Organisation line: each zone with rules of direction in must end, in the order of the file, in deny or "
            "reject, and no rule allows direction in, destination any and category any or null."
        ),
        "A last rule that denies one destination alone is noted: the rest is then left to the product's own default.",
        "Where no rule is of direction in, nothing shows that inbound traffic is denied: undecided.",
        (
            "reviewed_on older than rule_review_days, or null, is a finding on the network_rules row, whatever its "
            "direction; without the column reviews are not claimed."
        ),
        "Any destination is: none, any, all, 0.0.0.0/0 or ::/0.",
        "A listener outside allowed_ports on a non-loopback address is a finding on the host line.",
        (
            "allowed_ports holds for every host. The inventory may add ports for a role or a host, and each result "
            "names them; it is that of whoever runs the audit, a pack cannot bring one."
        ),
        "A host without IPv6 needs no rules for it.",
        (
            "Of a workstation the firewall is asked, not its ports: desktops open many for a moment. Of Windows the "
            "weakest of its three profiles counts."
        ),
    ],
    typical_exception="PBX and recording servers exposed on a public address for vendor support.",
)
@reads(network_rules="rule_id zone direction action destination reviewed_on place to_anywhere")
@reads.optional(network_rules="category")
def test_inbound_traffic_is_denied_by_default(network_rules: Table, params: Any, as_of: AsOf) -> None:
    """Hosts and perimeter drop inbound traffic by default and only approved ports listen."""
    assert_inbound_ends_closed(network_rules)
    reviewed = col("reviewed_on")
    oldest = as_of.date - timedelta(days=params.rule_review_days)
    assert_every(network_rules, reviewed.is_not_null(), because="never reviewed")
    assert_every(network_rules, reviewed.is_null() | (reviewed >= oldest), because="last reviewed on {reviewed_on}")


@control.claims(
    "NET-01",
    "The perimeter drops inbound traffic that no rule allows, and no rule lets everything in; when the rules were "
    "reviewed is not shown.",
)
@reads(network_rules="rule_id zone direction action destination place to_anywhere")
@reads.optional(network_rules="category")
def test_every_zone_ends_in_deny(network_rules: Table) -> None:
    """Every zone with rules of direction in ends in deny or reject, and none of them lets everything in."""
    assert_inbound_ends_closed(network_rules)


@control.on_host("NET-01", roles=SERVERS)
def test_inbound_traffic_is_denied_unless_a_port_is_approved(
    firewall: Facts, listeners: Facts, params: Any, host: Host
) -> None:
    """Hosts and perimeter drop inbound traffic by default and only approved ports listen."""
    approved = {*params.allowed_ports, *host.ports}
    assert_each(
        listeners,
        lambda row: row.port in approved,
        where=lambda row: not row.is_loopback,
        because="{protocol} port {port} listens on {address}",
        by="protocol address port",
    )
    assert firewall["inbound_ipv4"] in DENIED, "inbound IPv4 traffic that no rule allows is let in"
    assert firewall["inbound_ipv6"] in DENIED, "inbound IPv6 traffic that no rule allows is let in"


@control.on_host("NET-01", roles=["workstation"])
def test_a_workstation_lets_nothing_in(firewall: Facts) -> None:
    """A workstation drops inbound traffic by default; what listens behind that is not reached."""
    assert firewall["inbound_ipv4"] in DENIED, "inbound IPv4 traffic that no rule allows is let in"
    assert firewall["inbound_ipv6"] in DENIED, "inbound IPv6 traffic that no rule allows is let in"


@control(
    "NET-02",
    "Floor egress is an allow-list",
    severity="high",
    params={
        "blocked_categories": house(list(CATEGORIES), "list", allowed=CATEGORIES),
        "test_success_max": house(0, "sites", range=(0, 1000)),
    },
    maps={
        "PCI": ["1.3.2", "1.4.1"],
        "ISO27001": ["A.8.23", "A.8.12"],
        "SOC2": ["CC6.6", "CC6.7"],
        "CSF": ["PR.IR-01", "PR.DS-02"],
        "NIST80053": ["AC-4", "SC-7"],
        "CIS": ["9.3", "13.4"],
        "CCM": ["IVS-03", "UEM-11"],
        "PH": ["IRR s.28(b)", "NPC 2023-06"],
        "IN": ["DPDPR r.6(1)(b)"],
    },
    remedy=(
        "End the outbound rules of each zone in deny all and allow by name what the work needs; take out within a week "
        "each rule that allows a blocked category or any destination. Then try the sites again from one seat per zone."
    ),
    decisions=[
        (
            "Population: zones with direction out rules; the finding is the network_rules row that allows, or the "
            "zone's last rule where no deny is found."
        ),
        (
            "Rules apply in file order within a zone; the last rule applies to what no other matched. Where several "
            "files hold the rules, the files stand in order of their names."
        ),
        (
            "A category null or any in an allow rule with destination any allows everything; a named destination "
            "allows only that. A blocked category is allowed by a rule that names it, whatever its destination."
        ),
        (
            "A category is denied by a rule that denies it, or everything, to any destination, wherever it stands in "
            "its zone: each rule that would let it out before is a finding itself."
        ),
        "A zone without any out rule is undecided, not closed.",
        (
            "no_answer in seat tests is undecided; test rows count over the 92 days before the as-of date, by the "
            "local day of at."
        ),
    ],
    typical_exception="Sales floor exempted; personal webmail works over the guest Wi-Fi that reaches the floor.",
)
@reads(network_rules="zone direction action category destination place to_anywhere")
@reads.optional(sample_results="sample_id row_key answer at answered_on")
def test_floor_egress_is_an_allow_list(
    network_rules: Table, sample_results: Table | None, params: Any, as_of: AsOf
) -> None:
    """In every zone that has rules with direction out, each category of blocked_categories is denied or rejected by a
    rule, or the last rule that applies denies everything, and no rule allows such a category or destination any.
    Where seat tests are given (sample_results, sample_id NET-02:<seat>, row_key the category), at most
    test_success_max rows have answer exception (site reached).
    """
    outbound = network_rules.where(col("direction") == "out")
    allowed = col("action") == "allow"
    blocked = allowed & col("category").is_in(params.blocked_categories)
    assert_every(outbound, ~blocked, because="allows {category}")
    assert_every(outbound, ~(allowed & speaks_of_all(outbound)), because="allows everything")
    assert_each_category_is_denied(outbound, params.blocked_categories)
    assert_every_zone_speaks_of_outbound(network_rules)
    if sample_results is not None:
        assert_sites_were_out_of_reach(sample_results, params, as_of)


def assert_each_category_is_denied(outbound: Table, categories: tuple[str, ...]) -> None:
    """Every zone refuses each category, to any destination, by its own rule or by one that refuses everything."""
    refuses = is_closed() & col("to_anywhere")
    named = {c: any_of(refuses & (col("category") == c)) for c in categories}
    all_of_it = any_of(is_closed() & speaks_of_all(outbound))
    ends = last_of_each_zone(beside(outbound, "zone", everything=all_of_it, **named))
    for category in categories:
        denied = col("everything") | col(category)
        assert_every(ends, denied, because=f"{category} is not denied")


def assert_every_zone_speaks_of_outbound(network_rules: Table) -> None:
    """A zone of which no rule speaks of outbound traffic is not closed: it is undecided."""
    zones = group(network_rules, "zone", outward=any_of(col("direction") == "out"))
    silent = zones.where(~col("outward"))
    assert_every(silent, maybe(~col("outward")), because="no rule of zone {zone} speaks of outbound traffic")


def assert_sites_were_out_of_reach(sample_results: Table, params: Any, as_of: AsOf) -> None:
    """No more seat tests reached a blocked site than are allowed."""
    tests = sample_results.where(col("sample_id").starts_with("net-02:"))
    lately = tests.where(col("answered_on") >= as_of.date - timedelta(days=SEAT_TEST_DAYS))
    stopped = (col("answer") == "confirmed") | maybe(col("answer") == "no_answer")
    assert_every(lately, stopped, because="a seat reached {row_key}", at_most=params.test_success_max)


@control.claims(
    "NET-02",
    "Outbound traffic of every floor zone ends in deny and no rule allows any destination; what the categories of a "
    "proxy do is not shown.",
)
@reads(network_rules="zone direction action destination place to_anywhere")
def test_outbound_traffic_ends_in_deny(network_rules: Table) -> None:
    """The outbound rules of every zone end in deny, and none of them allows any destination."""
    outbound = network_rules.where(col("direction") == "out")
    ends = last_of_each_zone(outbound)
    assert_every(ends, is_closed() & col("to_anywhere"), because="zone {zone} does not end in deny")
    assert_every(outbound, (col("action") != "allow") | ~col("to_anywhere"), because="allows any destination")
    assert_every_zone_speaks_of_outbound(network_rules)


@control(
    "NET-03",
    "Encrypted in transit",
    severity="high",
    params={
        "min_tls": standard("1.2", "version", allowed=["1.2", "1.3"], source=""),
        "expiry_margin": house(21, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["4.2.1", "2.2.7"],
        "ISO27001": ["A.8.24", "A.5.14"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-02"],
        "NIST80053": ["SC-8"],
        "CIS": ["3.10"],
        "CCM": ["CEK-03"],
        "GDPR": ["32.1.a"],
        "HIPAA": ["164.312(e)(1)"],
        "PH": ["IRR s.28(g)"],
        "IN": ["DPDPR r.6(1)(a)"],
    },
    remedy=(
        "Switch off everything below TLS 1.2 on the listed ports, renew certificates three weeks before they end and "
        "let that happen by itself; close plain ports (FTP, SIP) this week."
    ),
    decisions=[
        "Population: tls rows; the finding is the tls row.",
        (
            "protocol_min null is undecided, so is a refusal that is the client library's own; cert_not_after exactly "
            "expiry_margin days ahead is a finding."
        ),
        "Hosts the engagement names that have no row would be undecided; an engagement has no way to name hosts yet.",
        "Where client and vendor both tested, the client's results decide.",
    ],
    typical_exception="Screen recorder uploads over plain FTP to the QA server.",
)
@reads(tls="host port protocol_min protocol_max cert_not_after cert_chain_ok")
def test_every_port_speaks_tls_that_holds(tls: Table, params: Any, as_of: AsOf) -> None:
    """Every tls row has protocol_min 1.2 or higher, cert_chain_ok true and cert_not_after more than expiry_margin
    days after the as-of date. Reads handshake results as files; a refusal that is the client library's own is
    inconclusive.
    """
    good = VERSIONS[VERSIONS.index(params.min_tls) :]
    soon = as_of.date + timedelta(days=params.expiry_margin)
    accepts = "accepts {protocol_min}, at best {protocol_max}"
    assert_every(tls, col("protocol_min").is_in(good), because=accepts)
    assert_every(tls, col("cert_chain_ok"), because="its certificate is not trusted")
    assert_every(tls, col("cert_not_after") > soon, because="its certificate ends on {cert_not_after}")


def with_denied_clients(network_rules: Table) -> Table:
    """The same rules with the number of `clients` that have zones, and which of them each rule's own zone denies.

    `apart` counts those and its own client; by `deny_closed`, a place, the last of them is denied.
    """
    known = group(network_rules.where(col("client").is_not_null()), "client", rules=count())
    rules = network_rules.exists(known, {"target_client": "client"}, "is_known")
    denies = is_closed() & col("is_known") & (col("target_client") != col("client"))
    rules = rules.with_columns(listed=col("place") >= 1, met=when(denies, col("target_client"), col("client")))
    rules = beside(rules, "listed", clients=distinct(col("client")))
    rules = beside(rules, "zone", apart=distinct(col("met")))
    firsts = group(rules.where(denies), "zone", "target_client", first=earliest(col("place")))
    return rules.match(group(firsts, "zone", closed=latest(col("first"))), "zone", "deny")


def assert_no_zone_reaches_another_client(network_rules: Table) -> None:
    """No rule of a client's zone allows the zone of another client, by name or with everything else."""
    ours = with_denied_clients(network_rules).where(col("client").is_not_null())
    allowed = col("action") == "allow"
    crosses = col("target_client").is_not_null() & (col("target_client") != col("client"))
    assert_every(ours, ~(allowed & crosses), because="zone {zone} reaches {destination}")
    wide = allowed & (col("direction") != "in") & speaks_of_all(ours, "segment") & (col("clients") > 1)
    denied_before = col("deny") & (col("apart") >= col("clients")) & (col("deny_closed") < col("place"))
    assert_every(ours, ~wide | denied_before, because="zone {zone} reaches the zones of other clients")
    cannot_tell_without(ours, "network_rules: no zone is named after a client")


@control(
    "NET-04",
    "Clients and Wi-Fi are separated",
    severity="medium",
    params={
        "segment_test_days": standard(180, "days", range=(0, 3650), source="PCI 11.4.6 service providers"),
        "rogue_ap_days": standard(90, "days", range=(0, 3650), source="PCI 11.2.1"),
    },
    maps={
        "PCI": ["1.3.3", "4.2.1.2", "11.2.1", "11.4.6"],
        "ISO27001": ["A.8.22", "A.8.20"],
        "SOC2": ["CC6.6"],
        "CSF": ["PR.IR-01", "DE.CM-01"],
        "NIST80053": ["SC-7"],
        "CIS": ["12.2", "12.6"],
        "CCM": ["IVS-06"],
        "PH": ["IRR s.28(b)"],
    },
    remedy=(
        "Deny each other client's zone by name, before any wider rule, in the zone of each client. Test the "
        "separation every six months and look for foreign access points every quarter, at every site, and file both."
    ),
    decisions=[
        (
            "Population: each site of the engagement, and network_rules rows; the finding is the newest audits row of "
            "the kind, or the network_rules row."
        ),
        (
            "A site without any audits row of a kind is a finding; scope_sites null covers no site. Where the scope "
            "names sites, those count."
        ),
        (
            "A zone belongs to the client whose name it ends with after the first '-' (floor-northwind), whoever that "
            "is; other zones belong to none and are outside. A destination that is an address or a host is no zone."
        ),
        (
            "Destination any from a client zone allows another client's zone unless an earlier deny of that zone "
            "stands before it; another client is one with a zone among the rules."
        ),
        (
            "A rule of direction in with destination any says what may come into its own zone and is NET-01's; "
            "one for a web category says nothing of zones."
        ),
        "Where no zone is named after a client, nothing shows that clients are apart: undecided.",
        (
            "Who tested is shown; a test by the vendor itself counts (PCI asks for a qualified person, not an outside "
            "one)."
        ),
        "WPA2-Enterprise and the isolation of guests are attested, not read.",
    ],
    typical_exception="Flat /16 because seats are re-allocated weekly.",
)
@reads(
    network_rules="zone direction action destination place client target_client to_anywhere",
    audits="kind performed_on scope_sites",
)
@reads.optional(network_rules="category", audits="by")
def test_clients_and_wifi_are_separated(
    network_rules: Table, audits: Table, params: Any, as_of: AsOf, engagement: Terms
) -> None:
    """An audits row of kind segmentation_test at most segment_test_days and one of kind rogue_ap_scan at most
    rogue_ap_days old covers each site (scope_sites); no network_rules row allows traffic from the zone of one client
    to the zone of another. WPA2-Enterprise and guest isolation are attested, not read.
    """
    assert_no_zone_reaches_another_client(network_rules)
    for site, word in sorted(engagement.site_words.items()):
        covering = audits.where(col("scope_sites").any_part_in([word]))
        assert_tested(covering, "segmentation_test", as_of.date - timedelta(days=params.segment_test_days), site)
        assert_tested(covering, "rogue_ap_scan", as_of.date - timedelta(days=params.rogue_ap_days), site)
    if not engagement.site_words:
        cannot_tell("the engagement names no site")


def assert_tested(audits: Table, kind: str, since: date, site: str) -> None:
    """Of this kind of audit of a site, the newest is not older than `since`."""
    what = kind.replace("_", " ")
    tests = audits.where(col("kind") == kind)
    assert_some(tests, because=f"no {what} covers {site}", kind=kind, site=site)
    judged = beside(tests, "kind", newest=latest(col("performed_on")), fresh=any_of(col("performed_on") >= since))
    newest = judged.where(col("performed_on") == col("newest"))
    by = " by {by}" if audits.has("by") else ""
    assert_every(newest, "fresh", because=f"the last {what} of {site} was on {{performed_on}}{by}")


@control(
    "NET-05",
    "Clocks agree and logs last",
    severity="high",
    params={
        "max_offset": house(1.0, "s", range=(0, 60), source="CERT-In: NIC or NPL NTP or traceable"),
        "retain_days": standard(365, "days", range=(0, 3650), source="PCI 10.5.1 12 months; DPDPR r.6(1)(e) one year"),
        "online_days": standard(90, "days", range=(0, 3650), source="PCI 10.5.1 three months"),
        "india_in_country_days": law(180, "days", range=(180, 3650), source="CERT-In Directions 28-Apr-2022 (iv)"),
        "max_silence": house(24, "h", range=(1, 720)),
    },
    maps={
        "PCI": ["10.2.1", "10.3.2", "10.3.3", "10.5.1", "10.6.1", "10.6.2"],
        "ISO27001": ["A.8.15", "A.8.17"],
        "SOC2": ["CC7.2"],
        "CSF": ["PR.PS-04", "DE.AE-03"],
        "NIST80053": ["AU-2", "AU-8", "AU-11", "SC-45"],
        "CIS": ["8.1", "8.3", "8.4", "8.10"],
        "CCM": ["LOG-02", "LOG-06"],
        "IN": ["CERT-In 2022 (i)", "CERT-In 2022 (iv)", "DPDPR r.6(1)(e)"],
        "PH": ["IRR s.28(d)"],
        "HIPAA": ["164.312(b)"],
    },
    remedy=(
        "Keep every log for a year, three months of it at hand, where nobody can change it, and have an alarm when a "
        "source falls silent for a day. Let a time service that tells its offset (chrony, ntpd) keep the clock of "
        "every host by the sources that the contract names."
    ),
    decisions=[
        "Host lines read the clock; the organisation line reads log_sources.",
        (
            "Population: log_sources rows and the systems in accounts; the finding is the log_sources row, or the "
            "first accounts row of a system without one."
        ),
        (
            "Silence is measured from newest_record_at to exported_at of the table; without exported_at to the as-of "
            "instant."
        ),
        (
            "storage_country is asked for where any site of the engagement is in IN; null is undecided, so is a text "
            "that is no country code, and a value other than IN is a finding."
        ),
        (
            "There the record must also reach back india_in_country_days: the longer of that and retain_days counts. "
            "Where a source was kept before today nothing shows."
        ),
        (
            "A record younger than retain_days is a finding; nobody's word about a new system helps, a waiver does. "
            "A source that holds no record has none that is old enough."
        ),
        "tamper_protected null is undecided.",
        "Without accounts it is not claimed that every system has a log.",
        (
            "A time service that does not tell how far the clock is off decides nothing: a host is within max_offset "
            "only where somebody measured it."
        ),
    ],
    typical_exception=(
        "Logs roll after 14 days on the PBX; the recorder is 7 minutes slow, so call and screen do not match."
    ),
)
@reads(
    log_sources="source oldest_record_on oldest_online_on newest_record_at storage_country storage_country_code "
    "tamper_protected",
)
@reads.optional(log_sources="system", accounts="system")
def test_logs_last_and_go_on(
    log_sources: Table, accounts: Table | None, params: Any, as_of: AsOf, engagement: Terms
) -> None:
    """Every log_sources row has oldest_record_on at least retain_days and oldest_online_on at least online_days before
    the as-of date, newest_record_at at most max_silence before exported_at of the table, tamper_protected true, and
    for sites in India storage_country IN (the last india_in_country_days); every system in accounts has a row. Host
    clocks are within max_offset. A shorter record is a finding whatever the configured policy says; a system put in
    service later is waived, not passed.
    """
    in_india = "IN" in engagement.countries
    longest = max(params.retain_days, params.india_in_country_days) if in_india else params.retain_days
    reaches_back = col("oldest_record_on") + days(longest) <= as_of.date
    at_hand = col("oldest_online_on") + days(params.online_days) <= as_of.date
    goes_on = col("newest_record_at") + hours(params.max_silence) >= (log_sources.exported_at or as_of.instant)
    assert_every(log_sources, reaches_back, because="oldest record: {oldest_record_on}")
    assert_every(log_sources, at_hand, because="oldest record at hand: {oldest_online_on}")
    assert_every(log_sources, goes_on, because="newest record: {newest_record_at}")
    assert_every(log_sources, col("tamper_protected"), because="not protected from change")
    if in_india:
        assert_every(log_sources, col("storage_country_code") == "IN", because="stored in {storage_country_code}")
    if accounts is not None:
        assert_every_system_has_a_log(accounts, log_sources)


def assert_every_system_has_a_log(accounts: Table, log_sources: Table) -> None:
    """Every system with accounts is among the log sources."""
    logged = group(accounts, "system", accounts=count()).exists(log_sources, "system", "log")
    assert_every(logged, "log", because="no log of system {system} is listed")


@control.on_host("NET-05", roles=EVERY_HOST)
def test_the_clock_of_every_host_is_kept(clock: Facts, params: Any) -> None:
    """Host clocks are within max_offset."""
    assert clock["is_synchronised"], "no time service keeps the clock"
    most = params.max_offset * 1_000_000
    assert clock["offset_microseconds"] <= most, f"the clock is more than {params.max_offset} s off"


@control.on_host(
    "NET-06",
    "Remote administration hardened",
    roles=EVERY_HOST,
    severity="high",
    params={"max_auth_tries": standard(4, "tries", range=(1, 6), source="CIS benchmark")},
    maps={
        "PCI": ["2.2.6", "2.2.7", "8.3.2"],
        "ISO27001": ["A.8.9", "A.8.18"],
        "SOC2": ["CC6.1", "CC6.6"],
        "CSF": ["PR.PS-01", "PR.AA-03"],
        "NIST80053": ["CM-6", "AC-17"],
        "CIS": ["4.1", "4.6"],
        "CCM": ["IVS-03"],
    },
    remedy=(
        "Set PermitRootLogin no, PasswordAuthentication no, KbdInteractiveAuthentication no (or ask for a key before "
        "it), PermitEmptyPasswords no and MaxAuthTries 4 in sshd_config and in every Match block; reload sshd."
    ),
    decisions=[
        "Host only; population: hosts with role server or jump, and any host that runs sshd.",
        "The finding is the probe line; a Match block that weakens a setting for any user is a finding.",
        "No sshd listening is not_applicable for that host; where another SSH server runs (dropbear), it is undecided.",
        "A server started with another file, or with one of these settings on its command line, is undecided.",
        "Without sudo the effective setting is not readable: inconclusive, never read from the file.",
        (
            "Keyboard-interactive sign-in through PAM asks for the same password: it is plain password authentication "
            "unless AuthenticationMethods asks for a key too, every way. A Match block that lets it in, or takes that "
            "AuthenticationMethods back, is a finding."
        ),
    ],
    typical_exception="PermitRootLogin yes inside a Match Address block for the outsourced IT firm.",
)
def test_administration_over_ssh_asks_for_a_key_and_never_is_root(
    sshd_settings: Facts, sshd_root_settings: Facts, sshd_match_settings: Facts, sshd_service: Facts, params: Any
) -> None:
    """SSH allows no root login, no empty and no plain password authentication, and limits attempts."""
    if sshd_service.get("is_another_running", False):
        cannot_tell("an SSH server that is not OpenSSH runs there")
    elif not sshd_service["is_running"]:
        does_not_apply("no SSH server runs there")
    if not sshd_service["is_running"]:
        return
    if sshd_service.get("has_options", False):
        cannot_tell("an SSH server runs with settings on its command line, which outrank its file")
    asks_somewhere = any(row.setting in PAM_ASKS and row.value.lower() != "no" for row in sshd_match_settings.rows())
    assert_each(
        sshd_match_settings,
        lambda row: not (weakens(row, params.max_auth_tries) or lets_pam_in(row, sshd_settings, asks_somewhere)),
        because="Match {criteria} sets {setting} {value}",
        by="file criteria setting",
    )
    assert sshd_settings["permitrootlogin"] == "no", "root may sign in over SSH"
    assert sshd_settings["passwordauthentication"] == "no", "a password alone signs in over SSH"
    assert not asks_pam(sshd_settings), "a password alone signs in over SSH, through PAM"
    assert sshd_settings["permitemptypasswords"] == "no", "an empty password signs in over SSH"
    tries = params.max_auth_tries
    assert int(sshd_settings["maxauthtries"]) <= tries, f"more than {tries} tries are allowed for each connection"
    assert sshd_root_settings["permitrootlogin"] == "no", "root may sign in over SSH from elsewhere"


def weakens(row: Row, tries: int) -> bool:
    """Whether a setting inside a Match block is weaker than is asked of everyone."""
    if row.setting == "maxauthtries":
        return int(row.value) > tries
    return row.setting in WEAKENING and row.value.lower() != "no"


def asks_pam(sshd: Facts) -> bool:
    """Whether PAM's questions alone, so a password, let somebody in."""
    if sshd["kbdinteractiveauthentication"] == "no" or sshd.get("usepam", "no") == "no":
        return False
    return without_key(sshd.get("authenticationmethods", "any"))


def lets_pam_in(row: Row, sshd: Facts, asks_somewhere: bool) -> bool:
    """Whether a setting inside a Match block lets PAM's questions alone do, which it asks in some block or always."""
    if row.setting in PAM_ASKS:
        loose = row.value.lower() != "no" and without_key(sshd.get("authenticationmethods", "any"))
    elif row.setting == "authenticationmethods":
        loose = without_key(row.value) and (asks_somewhere or sshd["kbdinteractiveauthentication"] != "no")
    else:
        return False
    return bool(loose and sshd.get("usepam", "no") != "no")


def without_key(methods: Any) -> bool:
    """Whether one way of AuthenticationMethods asks for no key."""
    return any("publickey" not in way for way in str(methods).lower().split())
