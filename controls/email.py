"""Email: nobody can send in the vendor's name, and customer data does not leave by mail."""

from __future__ import annotations

from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Terms,
    Window,
    absent,
    any_of,
    assert_every,
    beside,
    cannot_tell,
    col,
    control,
    count,
    days,
    earliest,
    first_of,
    group,
    house,
    latest,
    maybe,
    note_every,
    reads,
    standard,
    total,
)

NAME_SERVERS = col("type") == "NS"
"""A domain that was asked for has such a row: then a name without row is an answer."""
SENSITIVE = ("government_id", "bank_account", "health")
STOPPED = ("block", "quarantine")
LONGEST_POLICY = 31_557_600

FREE_MAIL = (
    "126.com", "163.com", "aim.com", "aol.com", "att.net", "bellsouth.net", "btinternet.com", "comcast.net",
    "cox.net", "fastmail.com", "fastmail.fm", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "guerrillamail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "hushmail.com",
    "icloud.com", "in.com", "inbox.com", "indiatimes.com", "keemail.me", "libero.it", "live.co.uk", "live.com",
    "live.com.ph", "live.in", "lycos.com", "mac.com", "mail.com", "mail.ru", "mailfence.com", "mailinator.com",
    "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "outlook.in", "outlook.ph", "pm.me", "proton.me",
    "protonmail.ch", "protonmail.com", "qq.com", "rediff.com", "rediffmail.com", "rocketmail.com", "runbox.com",
    "sbcglobal.net", "sify.com", "sina.com", "skiff.com", "t-online.de", "tuta.com", "tuta.io", "tutamail.com",
    "tutanota.com", "verizon.net", "vsnl.net", "web.de", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk",
    "yahoo.com", "yahoo.com.au", "yahoo.com.ph", "yahoo.com.sg", "yahoo.de", "yahoo.fr", "yahoo.in", "yandex.com",
    "yandex.ru", "yeah.net", "ymail.com", "yopmail.com", "zoho.com", "zohomail.com", "zohomail.in",
)  # fmt: skip
"""Where anyone opens a mailbox without an employer: common knowledge, added to by `free_mail_list`."""


def free_mail(entries: tuple[str, ...]) -> list[str]:
    """The domains that `free_mail_list` stands for; the word bundled stands for the list above."""
    added = [entry.lower() for entry in entries if entry != "bundled"]
    return [*(FREE_MAIL if "bundled" in entries else ()), *added]


def answers_of(dns: Table, engagement: Terms) -> Table:
    """What was answered about the engagement's domains; one that nobody asked for leaves the control undecided."""
    if not engagement.domains:
        cannot_tell("the engagement names no domains")
    for domain in absent(dns, "domain", engagement.domains):
        cannot_tell(f"dns: nothing is known of {domain}; collect it")
    return dns.where(col("domain").is_in(engagement.domains))


def assert_published(answers: Table, record: str, *, because: str, asked: Expr = NAME_SERVERS) -> None:
    """Every domain has such a record; of one that may not have been asked for nobody can tell."""
    domains = group(answers, "domain", asked=any_of(asked), there=any_of(col("mail_record") == record))
    assert_every(domains.where(~col("there")), maybe(~col("asked")), because=because)


def with_mail(answers: Table) -> Table:
    """The same answers with `takes_mail`: whether their domain has an MX; unknown where nobody asked for one."""
    asked = any_of(NAME_SERVERS | (col("type") == "MX"))
    told = beside(answers, "domain", mx=any_of(col("mail_record") == "mx"), asked_for_mx=asked)
    return told.with_columns(takes_mail=col("mx") | maybe(~col("asked_for_mx")))


def parked(rows: Table, mail_trace: Table | None) -> Table:
    """The same rows with `parked`: whether their domain neither takes mail nor is seen sending any."""
    if mail_trace is None:
        return rows.with_columns(parked=~col("takes_mail"))
    sent = rows.exists(mail_trace, {"domain": "sender_domain"}, "sends_mail")
    return sent.with_columns(parked=~(col("takes_mail") | col("sends_mail")))


@control(
    "EML-01",
    "SPF is valid and closed",
    severity="medium",
    params={
        "dns_lookups": standard(10, "lookups", range=(1, 10), source="RFC 7208 4.6.4"),
        "void_lookups": standard(2, "lookups", range=(0, 2), source="RFC 7208 4.6.4 SHOULD"),
        "mx_names": standard(10, "names", range=(1, 10), source="RFC 7208"),
    },
    maps={
        "PCI": ["5.4.1"],
        "ISO27001": ["A.5.14", "A.8.20"],
        "SOC2": ["CC6.6"],
        "CSF": ["PR.DS-02"],
        "NIST80053": ["SI-8", "SC-8"],
        "CIS": ["9.5"],
        "CCM": ["UEM-11"],
    },
    remedy=(
        "Publish one SPF record per domain within a week: name only who really sends, merge what costs too many "
        "look-ups, end in -all. A domain that sends nothing publishes v=spf1 -all."
    ),
    decisions=[
        "Population: the engagement's domains; the finding is the dns row of the record, else the domain without one.",
        (
            "A domain sends if it has an MX or stands as sender domain in mail_trace, where given; the engagement has "
            "no word for it yet. MX 0 . (RFC 7505) is no MX; a domain without a row of type NS or MX may have one."
        ),
        "A domain that does not send is parked and must publish v=spf1 -all, word for word.",
        (
            "A look-up that failed or was not made is undecided, not zero; no SPF record is a finding where the "
            "domain has a row of type NS, or a TXT row of its own: then it was asked for."
        ),
        "Limits inclusive: ten lookups pass, eleven fail; ~all passes with a note.",
        (
            "The first all counts; without one that of the record redirected to. Where an included record ends in "
            "+all, or a term names the whole internet, the record lets everybody send."
        ),
        "A term that no receiver can read, and an include of a name without exactly one record, make it invalid.",
        "What a macro (%{i}) leads to was not asked for: then look-ups are undecided, unless they are too many anyway.",
    ],
    typical_exception="Five marketing tools push the count to 14, so receivers ignore SPF altogether.",
)
@reads(
    dns="domain type name value mail_record spf_ends spf_look_ups spf_voids spf_mx_names spf_is_valid spf_allows_nobody"
)
@reads.optional(mail_trace="sender sender_domain")
def test_spf_is_valid_and_closed(dns: Table, mail_trace: Table | None, params: Any, engagement: Terms) -> None:
    """Each sending domain publishes exactly one SPF record, within lookup limits, ending in -all or ~all; non-sending
    domains publish v=spf1 -all.
    """
    answers = answers_of(dns, engagement)
    records = beside(with_mail(answers).where(col("mail_record") == "spf"), "domain", records=count())
    records = parked(records, mail_trace)
    read = NAME_SERVERS | ((col("type") == "TXT") & (col("name") == col("domain")))
    assert_published(answers, "spf", because="{domain} publishes no SPF record", asked=read)
    assert_every(records, col("records") == 1, because="one of {records} SPF records of {domain}")
    assert_every(records, "spf_is_valid", because="no receiver can read it")
    assert_within_limits(records, params)
    nobody, closed = col("spf_allows_nobody"), col("spf_ends").is_in(["fail", "softfail"])
    assert_every(records, ~col("parked") | nobody, because="{domain} sends no mail, and the record lets somebody send")
    assert_every(records, col("parked") | closed, because="ends in {spf_ends}, not in -all or ~all")
    note_every(records.where(~col("parked") & (col("spf_ends") == "softfail")), "ends in ~all; -all is stricter")


def assert_within_limits(records: Table, params: Any) -> None:
    """No receiver gives up on a record because of what it costs to read."""
    assert_every(records, col("spf_look_ups") <= params.dns_lookups, because="costs {spf_look_ups} look-ups")
    assert_every(records, col("spf_voids") <= params.void_lookups, because="{spf_voids} look-ups find nothing")
    assert_every(records, col("spf_mx_names") <= params.mx_names, because="a term mx stands for {spf_mx_names} names")


@control(
    "EML-02",
    "DKIM keys are strong",
    severity="medium",
    params={
        "rsa_bits": standard(2048, "bits", range=(1024, 8192), source="RFC 8301: >=1024 MUST, >=2048 SHOULD"),
        "rotation_days": house(365, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["5.4.1"],
        "ISO27001": ["A.8.24"],
        "SOC2": ["CC6.6"],
        "CSF": ["PR.DS-02"],
        "NIST80053": ["SI-8"],
        "CIS": ["9.5"],
        "CCM": ["CEK-03"],
    },
    remedy=(
        "Publish a new key of 2048 bits at a new selector within a month, sign with it, and empty the old one (p=) a "
        "week later. Do so every year, and on the day a mail tool is cancelled."
    ),
    decisions=[
        "Population: dns rows at <selector>._domainkey with a key; the finding is that dns row.",
        "An empty p= is a revoked key and outside; ed25519 passes; an RSA key under rsa_bits is a finding.",
        "A key that cannot be read has no known strength and is undecided; another kind than these two is a finding.",
        "Without h= a key is for every hash; since RFC 8301 nobody may sign with SHA-1, so only h= with sha1 counts.",
        (
            "A sending domain, one with an MX, without any known selector is undecided: selectors cannot be listed "
            "by DNS. So is one that nobody asked for an MX: it has a row neither of type NS nor of type MX."
        ),
        (
            "Rotation is judged by first_seen, at most rotation_days before the as-of date; without first_seen the "
            "result says that rotation is not shown, and it is decided without it."
        ),
    ],
    typical_exception="1024-bit key from the first mail vendor; selector of a cancelled tool still live.",
)
@reads(dns="domain type name value queried_at mail_record dkim_key dkim_bits dkim_allows_sha1 dkim_tests")
@reads.optional(dns="first_seen")
def test_dkim_keys_are_strong(dns: Table, params: Any, as_of: AsOf, engagement: Terms) -> None:
    """Every active selector has a key of the minimum strength, no SHA-1, no test flag, and was rotated in the
    period.
    """
    answers = answers_of(dns, engagement)
    keys = answers.where(col("mail_record") == "dkim")
    strong = (col("dkim_key") == "ed25519") | (col("dkim_bits") >= params.rsa_bits)
    known = col("dkim_key").is_in(["rsa", "ed25519"])
    assert_every(keys, known, because="a key of kind {dkim_key}")
    assert_every(keys, ~known | strong, because="a key of {dkim_bits} bits")
    assert_every(keys, ~col("dkim_allows_sha1"), because="a key for SHA-1 too")
    assert_every(keys, ~col("dkim_tests"), because="a key marked as a test")
    assert_rotated(keys, params, as_of)
    keyed = any_of(col("mail_record") == "dkim")
    domains = group(with_mail(answers), "domain", mail=any_of(col("takes_mail")), keyed=keyed)
    keyless = domains.where(col("mail") & ~col("keyed"))
    assert_every(keyless, maybe(~col("keyed")), because="no known selector has a key")


def assert_rotated(keys: Table, params: Any, as_of: AsOf) -> None:
    """No key is older than it may be, where somebody says since when it is there."""
    if not keys.has("first_seen"):
        note_every(keys, "rotation is not shown: nobody says since when this key is there")
        return
    young = col("first_seen") + days(params.rotation_days) >= as_of.date
    assert_every(keys, young, because="the same key since {first_seen}")


@control(
    "EML-03",
    "DMARC enforces",
    severity="high",
    params={
        "policy": house(
            ["quarantine", "reject"],
            "list",
            allowed=["quarantine", "reject"],
            source="RFC 9989 (May 2026) obsoletes 7489/9091",
        ),
        "report_silence": house(7, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["5.4.1"],
        "ISO27001": ["A.5.14"],
        "SOC2": ["CC6.6"],
        "CSF": ["PR.DS-02", "DE.CM-01"],
        "NIST80053": ["SI-8"],
        "CIS": ["9.5"],
        "CCM": ["UEM-11"],
    },
    remedy=(
        "Publish p=quarantine for each listed domain within a week, with rua to a mailbox that somebody reads, and "
        "p=reject once the reports show only your own servers. Parked domains get p=reject today."
    ),
    decisions=[
        "Population: the engagement's domains, sending or not; the finding is the dns row, else the domain.",
        "No record after the tree walk is a finding; two records are a finding; a failed lookup is undecided.",
        (
            "A domain was asked for where it has a row of type NS. Of records above it the highest counts, unless psd "
            "says otherwise (RFC 9989 4.10)."
        ),
        "A record without p=, with a word that is no policy, or that does not begin with v=DMARC1 has policy none.",
        (
            "rua must name a mailto address; that anyone reads it is shown only by audits of kind dmarc_report, and "
            "without audits it is not claimed. Whether another domain permits reports to it is not asked."
        ),
        "Where audits is given and holds no dmarc_report row, that is a finding on the newest audits row.",
        "pct below 100 is a note.",
    ],
    typical_exception="p=none for six years; rua to a departed admin.",
)
@reads(dns="domain type name value mail_record dmarc_policy dmarc_tests dmarc_reports dmarc_share")
@reads.optional(audits="kind performed_on")
def test_dmarc_enforces(dns: Table, audits: Table | None, params: Any, as_of: AsOf, engagement: Terms) -> None:
    """Every domain of the engagement has one DMARC record whose policy for it (p, or sp for a subdomain found by tree
    walk) is in policy, without t=y, with rua; and where audits are given, one of kind dmarc_report is at most
    report_silence old.
    """
    answers = answers_of(dns, engagement)
    records = beside(answers.where(col("mail_record") == "dmarc"), "domain", records=count())
    assert_published(answers, "dmarc", because="{domain} has no DMARC record")
    assert_every(records, col("records") == 1, because="one of {records} DMARC records of {domain}")
    assert_every(records, col("dmarc_policy").is_in(params.policy), because="policy {dmarc_policy} for {domain}")
    assert_every(records, ~col("dmarc_tests"), because="t=y: a test, nobody enforces it")
    assert_every(records, "dmarc_reports", because="no address for reports")
    note_every(records.where(~(col("dmarc_share") >= 100)), "pct={dmarc_share}: older receivers judge only that share")  # noqa: PLR2004  (per cent)
    if audits is not None:
        assert_reports_come(audits, params, as_of)


def assert_reports_come(audits: Table, params: Any, as_of: AsOf) -> None:
    """The newest report of DMARC is not too old, and there is one at all."""
    told = audits.with_columns(report=col("kind") == "dmarc_report", listed=col("ref").is_not_null())
    whole = beside(told, "listed", reports=any_of(col("report")), newest=latest(col("performed_on")))
    last = first_of(whole.where(~col("reports") & (col("performed_on") == col("newest"))), "listed")
    assert_every(last, "reports", because="no report of DMARC among the audits")
    reports = beside(told.where(col("report")), "kind", newest=latest(col("performed_on")))
    last = first_of(reports.where(col("performed_on") == col("newest")), "kind")
    lately = col("performed_on") + days(params.report_silence) >= as_of.date
    assert_every(last, lately, because="no report of DMARC since {performed_on}")


@control(
    "EML-04",
    "Mail transport protected",
    severity="low",
    params={
        "mode": standard("enforce", "enum", allowed=["enforce"], source="RFC 8461"),
        "max_age_min": house(604_800, "s", range=(86_400, LONGEST_POLICY), source="RFC max 31557600"),
    },
    maps={
        "PCI": ["4.2.2"],
        "ISO27001": ["A.5.14", "A.8.24"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-02"],
        "NIST80053": ["SC-8"],
        "CIS": ["3.10"],
        "CCM": ["CEK-03"],
        "GDPR": ["32.1.a"],
    },
    remedy=(
        "Publish the policy file in mode enforce with every MX host in it, the TXT records _mta-sts and _smtp._tls, "
        "and turn TLS below 1.2 off on each MX host, within three months."
    ),
    decisions=[
        (
            "Population: domains of the engagement with an MX; the finding is the dns row, else the domain without "
            "one; for the handshake the tls row of the MX host."
        ),
        "A domain that nobody asked for an MX, without a row of type NS or MX, is undecided.",
        (
            "The policy file is a dns row of type MTA-STS, name mta-sts.<domain>, value the file's text; without it "
            "the domain is undecided. A domain that was asked for and has no _mta-sts record is a finding."
        ),
        (
            "Every MX must match an mx line; max_age at least max_age_min and at most 31557600; a missing TLS-RPT "
            "record is a finding."
        ),
        "tls rows of the MX hosts, on any port, are read where there are any; protocol_min under 1.2 is a finding.",
    ],
    typical_exception="Policy file host forgotten at a web move; id never bumped.",
)
@reads(
    dns="domain type name value mail_record mail_host sts_mode sts_max_age sts_covers_mx",
    tls="host port protocol_min",
)
def test_mail_transport_is_protected(dns: Table, tls: Table, params: Any, engagement: Terms) -> None:
    """Mail domains publish MTA-STS in enforce mode with TLS reporting."""
    answers = answers_of(dns, engagement)
    servers = answers.where(col("mail_record") == "mx")
    mail = with_mail(answers).where(col("takes_mail"))
    assert_published(mail, "sts", because="{domain} has no record of MTA-STS")
    assert_published(mail, "tls_rpt", because="{domain} has no record of TLS reporting")
    announced = group(mail, "domain", sts=any_of(col("mail_record") == "sts"), file=any_of(col("type") == "MTA-STS"))
    assert_every(announced.where(col("sts") & ~col("file")), maybe(~col("file")), because="no policy file")
    assert_policies_protect(mail.where(col("type") == "MTA-STS"), params)
    handshakes = tls.exists(servers, {"host": "mail_host"}, "mail").where(col("mail"))
    assert_every(handshakes, col("protocol_min").is_in(["1.2", "1.3"]), because="{host} still takes TLS {protocol_min}")


def assert_policies_protect(policies: Table, params: Any) -> None:
    """Each policy file is enforced, for long enough, for every host that takes the domain's mail."""
    age = col("sts_max_age")
    assert_every(policies, col("sts_mode") == params.mode, because="mode {sts_mode}")
    assert_every(policies, age >= params.max_age_min, because="kept for {sts_max_age} s, too short")
    assert_every(policies, age <= LONGEST_POLICY, because="kept for {sts_max_age} s, longer than anyone may")
    assert_every(policies, "sts_covers_mx", because="a host that takes mail stands in no line mx")


@control(
    "EML-05",
    "No customer data to personal mail",
    severity="critical",
    params={
        "allowed_senders": house([], "list", pseudonym="account"),
        "max_events": house(0, "mails", range=(0, 100_000)),
        "free_mail_list": house(["bundled"], "list"),
    },
    maps={
        "PCI": ["4.2.2", "12.2.1"],
        "ISO27001": ["A.5.14", "A.5.10", "A.8.12"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-02", "DE.CM-03"],
        "NIST80053": ["AC-4", "PL-4"],
        "CIS": ["3.13", "14.4"],
        "CCM": ["UEM-11", "HRS-02"],
        "PH": ["DPA s.20(a)", "NPC PHE Bulletin 12"],
        "IN": ["DPDPR r.6(1)(b)"],
        "GDPR": ["32.1.b", "5.1.f"],
    },
    remedy=(
        "Ask each sender what left and have it deleted, and tell the client within a day if it was customer data. "
        "Then block free-mail domains outbound, with named exceptions."
    ),
    decisions=[
        "Population: mail_trace rows with ts in the period; the finding is the mail_trace row.",
        "dlp_action null is no block; encrypt and notify left the house and count.",
        "Service senders count unless they stand in allowed_senders; leavers' mails count.",
        "More than max_events mails, pooled over all senders, fail; then each is a finding, else notes.",
        "In free_mail_list the word bundled stands for the shipped list of free-mail domains; other entries are added.",
    ],
    typical_exception="Agent mails the knowledge base, then customer sheets, to own webmail to work from home.",
)
@reads(mail_trace="ts sender recipient_domain")
@reads.optional(mail_trace="dlp_action")
def test_no_mail_goes_to_a_free_mail_domain(mail_trace: Table, params: Any, period: Window) -> None:
    """No mail_trace row has a recipient_domain in free_mail_list (bundled free-mail domains plus the engagement's
    additions) unless sender, compared without case, is in allowed_senders. Rows with dlp_action block or quarantine
    did not leave and do not count. Decided from sender and domain alone: whether the mail held customer data, who
    the recipient was, and mails to privately owned domains that no list names cannot be decided from a trace without
    bodies and local parts.
    """
    private = col("recipient_domain").is_in(free_mail(params.free_mail_list))
    fine = ~private | col("sender").is_in(params.allowed_senders)
    if mail_trace.has("dlp_action"):
        fine = fine | col("dlp_action").is_in(["block", "quarantine"])
    assert_every(period.of(mail_trace), fine, because="mail to {recipient_domain}", at_most=params.max_events)


def own(domain: str, domains: tuple[str, ...]) -> Any:
    """Whether `domain` is the vendor's; where the engagement names none, only free mail is certainly not."""
    if domains:
        return col(domain).is_domain_of(domains)
    return maybe(~col(domain).is_in(FREE_MAIL))


@control(
    "EML-06",
    "No silent forwarding",
    severity="high",
    params={"external_rules": house(0, "rules", range=(0, 10_000))},
    maps={
        "ISO27001": ["A.5.14", "A.8.12"],
        "SOC2": ["CC6.7", "CC7.2"],
        "CSF": ["DE.CM-09", "PR.DS-02"],
        "NIST80053": ["AC-4", "SI-4"],
        "CIS": ["3.13"],
        "CCM": ["UEM-11"],
        "PCI": ["5.4.1"],
        "PH": ["IRR s.28(d)"],
    },
    remedy=(
        "Remove each rule today and find out what it forwarded and since when. Then forbid forwarding to other "
        "domains for the whole tenant."
    ),
    decisions=[
        "Population: mail_rules rows with enabled true; the finding is the mail_rules row.",
        (
            "Own domains are the engagement's domains and their subdomains; the client's domain is outside unless the "
            "engagement lists it."
        ),
        (
            "Where the engagement names no domains, forwarding to a free-mail domain is a finding and any other "
            "undecided."
        ),
        (
            "target_domain null forwards nowhere; a settings row external_forwarding_blocked true is a note and "
            "excuses no rule."
        ),
        "More than external_rules, pooled, fail; then each is a finding.",
    ],
    typical_exception="Owner's mailbox mirrored to a family account; attacker rule hides bank mails.",
)
@reads(mail_rules="mailbox rule target_domain enabled created_at")
@reads.optional(settings="system setting value unit")
def test_no_mailbox_forwards_outside(mail_rules: Table, settings: Table | None, params: Any, engagement: Terms) -> None:
    """No mail_rules row with enabled true has a target_domain that is neither one of the engagement's domains nor
    null. Delegated access is not in this table.
    """
    inside = col("target_domain").is_null() | own("target_domain", engagement.domains)
    because = "forwards to {target_domain}"
    assert_every(mail_rules.where(col("enabled")), inside, because=because, at_most=params.external_rules)
    if settings is not None:
        blocked = (col("setting") == "external_forwarding_blocked") & (col("value") == "true")
        note_every(settings.where(blocked), "external forwarding is blocked in {system}; that excuses no rule")


def to_outsiders(mail_trace: Table, period: Window, engagement: Terms) -> Table:
    """The mails of the period to domains that are not the vendor's."""
    return period.of(mail_trace).where(~own("recipient_domain", engagement.domains))


@control(
    "EML-07",
    "Sensitive attachments are stopped or encrypted",
    severity="high",
    params={
        "rows_bulk": house(50, "rows", range=(0, 10_000_000)),
        "visible_external": house(5, "recipients", range=(0, 1000), source="NPC has warned about cc exposure"),
        "pan_in_clear": standard(0, "mails", range=(0, 100_000), source="PCI 4.2.2"),
    },
    maps={
        "PCI": ["4.2.2", "3.4.1"],
        "ISO27001": ["A.8.12", "A.8.24", "A.5.14"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-02"],
        "NIST80053": ["AC-4", "SC-8"],
        "CIS": ["3.13", "9.6"],
        "CCM": ["UEM-11", "DSP-17"],
        "GDPR": ["32.1.a"],
        "PH": ["IRR s.28(g)"],
        "IN": ["DPDPR r.6(1)(a)"],
        "HIPAA": ["164.312(e)(1)"],
    },
    remedy=(
        "Turn the DLP rule from watching to blocking this week, and have the recipients of each listed mail delete "
        "it. Send what must go out encrypted, the key by another way, and lists of people in Bcc."
    ),
    decisions=[
        (
            "Population: mail_trace rows to outside domains with ts in the period; the finding is the mail_trace "
            "row. The client's domain is outside unless the engagement lists it."
        ),
        "Blocked and quarantined mails are in order, whatever their label: they show that the rule works.",
        "dlp_label null was not examined and is undecided, encrypted or not; dlp_action null is no action.",
        (
            "visible_external is judged once per message (ts, sender), on its first row to the outside; exactly the "
            "parameter passes; null is undecided. Blocked and quarantined ones were seen by nobody."
        ),
        "encrypted null on a sensitive label is undecided; false is a finding.",
        "pan_in_clear counts label pan alone; every other sensitive mail in clear is a finding from the first.",
        (
            "rows_bulk is what the vendor's DLP rule must have; a trace without bodies cannot count rows, nor find "
            "card numbers that DLP did not label: the label bulk decides."
        ),
    ],
    typical_exception="DLP in monitor mode for two years; password sent in the next mail.",
)
@reads(
    mail_trace="ts sender recipient_domain visible_external attachment_types encrypted dlp_label dlp_action",
)
def test_sensitive_attachments_are_stopped_or_encrypted(
    mail_trace: Table, params: Any, period: Window, engagement: Terms
) -> None:
    """Every mail_trace row to a domain that is not the engagement's, with dlp_label pan, government_id, bank_account,
    health or bulk, has encrypted true (the message or file, not the transport) or dlp_action block, encrypt or
    quarantine; and no message (ts, sender) has visible_external above the parameter. A null dlp_label was not examined
    and is undecided. rows_bulk is the threshold the vendor's DLP rule must have: a trace without bodies cannot count
    rows, nor find card numbers that DLP did not label.
    """
    sent, label = to_outsiders(mail_trace, period, engagement), col("dlp_label")
    stopped = col("dlp_action").is_in(STOPPED)
    safe = stopped | col("encrypted") | (col("dlp_action") == "encrypt")
    seen = stopped | (col("visible_external") <= params.visible_external)
    many = f"a list in clear; the rule must stop {params.rows_bulk} rows"
    assert_every(sent, stopped | label.is_not_null(), because="examined by nobody")
    assert_every(sent, ~label.any_part_in(SENSITIVE) | safe, because="{dlp_label} in clear")
    assert_every(sent, ~label.any_part_in(["bulk"]) | safe, because=many)
    assert_every(sent, ~label.any_part_in(["pan"]) | safe, because="card number in clear", at_most=params.pan_in_clear)
    assert_every(first_of(sent, "ts", "sender"), seen, because="{visible_external} outsiders see each other")


@control.claims(
    "EML-07",
    "No message went to more than visible_external outside recipients at all, so no wide list was exposed; what the "
    "mails held is not shown.",
)
@reads(mail_trace="ts sender recipient_domain recipient_count")
def test_no_message_went_to_many_outsiders(mail_trace: Table, params: Any, period: Window, engagement: Terms) -> None:
    """No message of the period went to more than visible_external recipients outside."""
    sent = to_outsiders(mail_trace, period, engagement)
    messages = first_of(beside(sent, "ts", "sender", outside=total(col("recipient_count"))), "ts", "sender")
    assert_every(messages, col("outside") <= params.visible_external, because="sent to {outside} outsiders")


def writers(roster: Table, accounts: Table, params: Any) -> Table:
    """The people on the roster who can send mail: an enabled account on a mail system."""
    systems = [system.lower() for system in params.mail_systems]
    mail = accounts.where(col("enabled") & col("system").is_in(systems))
    return roster.exists(mail, "employee_id", "mails").where(col("mails"))


def signed_rules(undertakings: Table, people: Table) -> Table:
    """What these people have signed of the mail rules; `current`: whether it is the version signed last by anyone."""
    signed = undertakings.where((col("document") == "mail_rules") & col("signed_on").is_not_null())
    listed = signed.with_columns(listed=col("document").is_not_null())
    newest = beside(listed, "listed", newest=latest(col("signed_on"))).where(col("signed_on") == col("newest"))
    theirs = signed.exists(newest, "version", "current").match(people, "employee_id", "who").where(col("who"))
    return beside(theirs, "employee_id", first=earliest(col("signed_on")), last=latest(col("signed_on")))


@control(
    "EML-08",
    "Mail dos and don'ts known by everyone",
    severity="medium",
    params={
        "valid_days": standard(365, "days", range=(0, 3650), source="PCI 12.6.3"),
        "max_days_to_sign": house(7, "days", range=(0, 3650)),
        "mail_systems": house(["mail", "m365", "google"], "list"),
    },
    maps={
        "PCI": ["12.2.1", "12.6.3", "12.6.3.2"],
        "ISO27001": ["A.5.10", "A.6.3"],
        "SOC2": ["CC2.2"],
        "CSF": ["PR.AT-01", "GV.PO-01"],
        "NIST80053": ["PL-4", "AT-2"],
        "CIS": ["14.4", "14.5"],
        "CCM": ["HRS-02", "HRS-12"],
        "PH": ["IRR s.26(d)"],
        "GDPR": ["32.4"],
    },
    remedy=(
        "Have each listed person read and sign the current rules, one page in the language they work in, within two "
        "weeks. Let a new mailbox open only with the signature."
    ),
    decisions=[
        (
            "Population: active roster people with an enabled account on a mail system; the finding is the newest "
            "undertakings row, else the roster row."
        ),
        (
            "The last seven days before the as-of date are not due for people whose floor_date lies in them; the "
            "seven days run from floor_date, and are max_days_to_sign."
        ),
        (
            "Current is the version with the newest signed_on; where two were signed on that day, both. A profile has "
            "no way to name one yet, so roll a new version out within a day, or expect findings meanwhile."
        ),
        "language null on either side is undecided; on_leave people are outside until they return.",
        "signed_on null is not signed. An account without employee_id is nobody's here.",
    ],
    typical_exception="Policy PDF is 60 pages in legal English; signature sheet filled in by the trainer.",
)
@reads(
    undertakings="employee_id document version language signed_on",
    roster="employee_id status floor_date language",
    accounts="system account_id employee_id enabled",
)
def test_mail_rules_are_known_by_everyone(
    undertakings: Table, roster: Table, accounts: Table, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every person with status active and an enabled account on a system in mail_systems has an undertakings row,
    document mail_rules, in the current version (the version signed last by anyone, unless the profile names one), in
    the roster language, with signed_on at most valid_days before the as-of date; for people whose floor_date lies in
    the period the earliest such row, of any version, is at most max_days_to_sign after floor_date.
    """
    people = writers(roster.where(col("status") == "active"), accounts, params)
    waiting = col("floor_date") + days(params.max_days_to_sign) >= as_of.date
    due = people.where(~waiting)
    signed = signed_rules(undertakings, due)
    assert_every(due.without(signed, "employee_id"), "there", because="never signed the mail rules")
    assert_every_signature_counts(signed, params, as_of)
    new = newest_of(signed).where(period.holds("who_floor_date", signed))
    in_time = col("first") <= col("who_floor_date") + days(params.max_days_to_sign)
    assert_every(new, in_time, because="signed first on {first}, too late")
    note_every(people.where(waiting), "began lately, and not yet due")


def newest_of(signed: Table) -> Table:
    """The row that each person signed last."""
    return first_of(signed.where(col("signed_on") == col("last")), "employee_id")


def assert_every_signature_counts(signed: Table, params: Any, as_of: AsOf) -> None:
    """Everybody has signed the current version, in the own language, not too long ago."""
    lately = col("signed_on") + days(params.valid_days) >= as_of.date
    good = signed.where(col("current") & (col("language") == col("who_language")) & lately)
    known = newest_of(signed).exists(good, "employee_id", "known")
    words = "signed version {version} in {language} on {signed_on}: not the current rules in the own language"
    assert_every(known, "known", because=words)
