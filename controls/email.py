"""Email: customer data does not leave by mail, neither sent nor forwarded in silence."""

from __future__ import annotations

from typing import Any

from ctrlkit import Table, Terms, Window, assert_every, col, control, house, maybe, note_every, reads

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
