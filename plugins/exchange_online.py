"""Exchange Online: message traces as `mail_trace`, forwarding of mailboxes and inbox rules as `mail_rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _mail, _unfolding

_PAGES: Final = (1000, 5000)
_EXPANDED: Final = "expanded"
Unfold = Callable[[_unfolding.Records], _unfolding.Found | None]


def unfold_trace(trace: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each message and domain, from a line for each recipient."""
    when = "receiveddatetime" if trace.have("receiveddatetime") else "received"
    if not trace.have(when, *_TRACE):
        return None
    messages = _mail.Messages()
    for number, cells in trace.each:
        if _unfolding.text(cells["status"]).lower() != _EXPANDED:
            ids = _unfolding.said(cells, "messageid", "messagetraceid", "id")
            sender, recipient = _unfolding.text(cells["senderaddress"]), _unfolding.text(cells["recipientaddress"])
            messages.add(number, ids, _unfolding.moment(cells[when]), sender, [recipient])
    full = len(trace.each) in _PAGES and (trace.bare or trace.headed)
    page = f"holds {len(trace.each)} lines, which is where a page ends; hand over every page in one file" * full
    return _unfolding.Found(messages.rows(), trace.cut or page)


def unfold_summary(trace: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each message and domain, from a line for each message with all of its recipients."""
    messages = _mail.Messages()
    for number, cells in trace.each:
        if _unfolding.text(cells.get("directionality")).lower() != _INCOMING:
            each = [entry.partition("##") for entry in _unfolding.text(cells["recipient_status"]).split(";")]
            there = [who.strip() for who, _, status in each if who.strip() and "expand" not in status.lower()]
            _add(messages, number, cells, "origin_timestamp_utc", there)
    return _unfolding.Found(messages.rows(), trace.cut)


def unfold_detail(trace: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each message and domain, from a line for each step that the message took."""
    messages = _mail.Messages()
    for number, cells in trace.each:
        if _unfolding.text(cells.get("directionality")).lower() != _INCOMING:
            there = [who.strip() for who in _unfolding.text(cells["recipient_address"]).split(";") if who.strip()]
            _add(messages, number, cells, "date_time_utc", there)
    return _unfolding.Found(messages.rows(), trace.cut)


_INCOMING: Final = "incoming"
_TRACE: Final = ("senderaddress", "recipientaddress", "status")


def _add(messages: _mail.Messages, number: int, cells: Mapping[str, Any], when: str, there: Sequence[str]) -> None:
    ids = _unfolding.said(cells, "message_id", "network_message_id")
    messages.add(number, ids, _unfolding.text(cells[when]), _unfolding.text(cells["sender_address"]), there)


def unfold_mailboxes(mailboxes: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each address that a mailbox forwards to; a mailbox that does not forward has one that says so."""
    if not mailboxes.have("primarysmtpaddress", "recipienttypedetails"):
        return None
    if not mailboxes.have("forwardingsmtpaddress", "forwardingaddress"):
        raise ValueError("does not hold ForwardingSmtpAddress and ForwardingAddress; export them too")
    rows: list[_unfolding.Row] = []
    for number, cells in mailboxes.each:
        owner = _unfolding.said(cells, "userprincipalname", "primarysmtpaddress")
        smtp, inner = (_unfolding.text(cells[name]) for name in ("forwardingsmtpaddress", "forwardingaddress"))
        if smtp or not inner:
            rows.append((number, _rule(owner, "ForwardingSmtpAddress", _mail.domain(smtp) if smtp else "")))
        if inner:
            rows.append((number, _rule(owner, "ForwardingAddress", _mail.domain(inner))))
    return _unfolding.Found(rows, mailboxes.ends_a_page(1000))


def _rule(owner: str, name: str, domain: str, enabled: str = "true") -> dict[str, str | None]:
    ours = {"mailbox": owner, "rule": name, "target_domain": domain, "enabled": enabled}
    return {**ours, "created_at": _unfolding.UNKNOWN}


_FORWARDS: Final = ("forwardto", "redirectto", "forwardasattachmentto")


def unfold_rules(rules: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each rule and domain it sends to; a rule that sends nowhere has one that says so.

    Its name never stands alone: one of a single dot, as attackers choose, would read as no name.
    """
    if not rules.have("mailboxownerid", "name", "enabled", "forwardto", "redirectto"):
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in rules.each:
        told = [domain for name in _FORWARDS for domain in _mail.domains(cells.get(name))]
        nowhere = "" if all(name in cells for name in _FORWARDS) else _unfolding.UNKNOWN
        name = f"inbox rule {_unfolding.text(cells['name'])}"
        who, enabled = _unfolding.text(cells["mailboxownerid"]), _unfolding.text(cells["enabled"])
        rows += [(number, _rule(who, name, domain, enabled)) for domain in dict.fromkeys(told or [nowhere])]
    return _unfolding.Found(rows, rules.cut)


def _of_json(unfold: Unfold, document: Any) -> _unfolding.Found | None:
    return unfold(_unfolding.records(document))


def _of_csv(needed: Sequence[str], unfold: Unfold, lines: Sequence[str]) -> _unfolding.Found | None:
    found = _unfolding.table(lines, *needed)
    return None if found is None else unfold(found)


_MAIL: Final = ("ts", "sender", "recipient_domain", "recipient_count")
_RULES: Final = ("mailbox", "rule", "target_domain", "enabled", "created_at")
_TRACE_ABOUT: Final = (
    "One row for each message and domain. A trace holds incoming mail too, and neither attachments, encryption, DLP "
    "nor who stood in To and Cc. Lines of distribution lists (Expanded) are left aside. Ten days and 5,000 lines are "
    "all that one query gives: a file that ends where a page does is taken for cut."
)
_RULES_ABOUT: Final = (
    "Exchange does not say when a rule was made. A recipient of the directory (ForwardingAddress, EX:) may be a "
    "contact outside: its domain is not known until it is resolved. Hidden rules need -IncludeHidden."
)
TRACES: Final = (
    _unfolding.adapter(
        partial(_of_json, unfold_trace),
        name="exchange_trace_json",
        kind="mail_trace",
        product="Exchange Online message trace (Get-MessageTrace, Get-MessageTraceV2, Graph, reporting service; JSON)",
        needs=_MAIL,
        zone="UTC",
        date_order="ymd",
        about=_TRACE_ABOUT,
    ),
    _unfolding.adapter(
        partial(_of_csv, ("received", *_TRACE), unfold_trace),
        name="exchange_trace_csv",
        kind="mail_trace",
        product="Exchange Online message trace (Get-MessageTrace, Get-MessageTraceV2 | Export-Csv)",
        needs=_MAIL,
        form="text",
        zone="UTC",
        about=f"{_TRACE_ABOUT} Days stand as the exporting computer writes them.",
    ),
    _unfolding.adapter(
        partial(_of_csv, ("origin_timestamp_utc", "sender_address", "recipient_status"), unfold_summary),
        name="exchange_trace_summary",
        kind="mail_trace",
        product="Exchange Online historical search, summary report (CSV)",
        needs=_MAIL,
        form="text",
        zone="UTC",
        about="One row for each message and domain; incoming mail is left aside where the report names it. It holds "
        "neither attachments, encryption, DLP nor who stood in To and Cc.",
    ),
    _unfolding.adapter(
        partial(_of_csv, ("date_time_utc", "sender_address", "recipient_address", "network_message_id"), unfold_detail),
        name="exchange_trace_detail",
        kind="mail_trace",
        product="Exchange Online historical search, extended report (CSV)",
        needs=_MAIL,
        form="text",
        zone="UTC",
        about="One row for each message and domain at its first step; incoming mail is left aside where the report "
        "names it. Lists count as recipients of their own domain.",
    ),
)
RULES: Final = (
    _unfolding.adapter(
        partial(_of_json, unfold_mailboxes),
        name="exchange_mailboxes_json",
        kind="mail_rules",
        product="Exchange Online mailboxes (Get-Mailbox | ConvertTo-Json)",
        needs=_RULES,
        about=_RULES_ABOUT,
    ),
    _unfolding.adapter(
        partial(_of_csv, ("primarysmtpaddress", "recipienttypedetails"), unfold_mailboxes),
        name="exchange_mailboxes_csv",
        kind="mail_rules",
        product="Exchange Online mailboxes (Get-Mailbox | Export-Csv)",
        needs=_RULES,
        form="text",
        about=_RULES_ABOUT,
    ),
    _unfolding.adapter(
        partial(_of_json, unfold_rules),
        name="exchange_inbox_rules_json",
        kind="mail_rules",
        product="Exchange Online inbox rules (Get-InboxRule | ConvertTo-Json)",
        needs=_RULES,
        about=_RULES_ABOUT,
    ),
    _unfolding.adapter(
        partial(_of_csv, ("mailboxownerid", "name", "enabled", "forwardto", "redirectto"), unfold_rules),
        name="exchange_inbox_rules_csv",
        kind="mail_rules",
        product="Exchange Online inbox rules (Get-InboxRule | Export-Csv)",
        needs=_RULES,
        form="text",
        about=_RULES_ABOUT,
    ),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The traces and the rules."""
    return (*TRACES, *RULES)
