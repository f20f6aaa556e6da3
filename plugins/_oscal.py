"""What the two OSCAL documents of a run share: who and what they speak of, its ids, and text that stays text.

OSCAL 1.2.1, https://pages.nist.gov/OSCAL/: unknown keys, empty lists and ids that begin with a digit are refused there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ctrlkit import words
from ctrlkit.closed import Run
from ctrlkit.model import HostRef, Result, Verdict
from ctrlkit.visible import visible

from ._standards import kept, uuid

VERSION: Final = "1.2.1"
NS: Final = "urn:ctrlkit:oscal"
PLAN_FILE: Final = "assessment-plan.json"

_MARKUP: Final = re.compile(r"[\\`*_\[\]{}<>~$]")


def prose(*lines: str) -> str:
    """Lines for a field that OSCAL reads as Markdown, in which none of it is markup; each is a paragraph.

    Empty only where all of them are: a field that must be there may not be blank.
    """
    shown = [_MARKUP.sub(lambda m: "\\" + m.group(), visible(line)).strip() for line in lines]
    return "\n\n".join(line for line in shown if line) or "(blank)" * any(lines)


def token(text: str) -> str:
    """`text` as an OSCAL token: letters, digits, `.`, `-`, `_`, and no digit first."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    return safe if re.match(r"[A-Za-z_]", safe) else f"_{safe}"


def objective(control: str) -> str:
    """The id of what a control asks, by which findings name it."""
    return f"{token(control)}_obj"


def props(values: Mapping[str, str]) -> list[dict[str, str]]:
    """`values` as properties of our own; empty ones are left out."""
    shown = {name: visible(value).strip() for name, value in values.items()}
    return [{"name": name, "ns": NS, "value": value} for name, value in shown.items() if value]


def metadata(run: Run, title: str) -> dict[str, Any]:
    """Title, times (the run's as-of) and the two parties; not a person among them."""
    parties = [
        kept({"uuid": party(run, side), "type": "organization", "name": visible(getattr(run, side)).strip()})
        for side in ("vendor", "client")
        if getattr(run, side)
    ]
    return kept(
        {
            "title": prose(title),
            "last-modified": run.as_of,
            "version": visible(run.as_of),
            "oscal-version": VERSION,
            "props": props(
                {
                    "profile": run.profile,
                    "engagement": run.engagement,
                    "period": run.period,
                    "country": run.country,
                    "sample": str(run.sample).lower(),
                    "self-check": str(run.self_check).lower(),
                }
            ),
            "parties": parties,
            "remarks": prose(*words.banners(run)),
        }
    )


def party(run: Run, side: str) -> str:
    """The id of the vendor or the client: the same in every run of an engagement."""
    return uuid("party", run.engagement, side, getattr(run, side))


def tool(run: Run) -> dict[str, Any]:
    """The component that observes: ctrlkit itself."""
    return {
        "uuid": uuid("tool", run.version),
        "type": "software",
        "title": "ctrlkit",
        "description": "Judged the evidence, offline and at a fixed instant.",
        "props": props({"version": run.version}),
        "status": {"state": "operational"},
    }


def subject(run: Run, result: Result) -> dict[str, str]:
    """Whom or what a result is about: the vendor, or one of its hosts."""
    host = words.host(result)
    if host:
        return {"subject-uuid": host_id(run, host), "type": "inventory-item"}
    return {"subject-uuid": party(run, "vendor"), "type": "party"}


def host_id(run: Run, host: str) -> str:
    """The id of a host: the same in every run of an engagement."""
    return uuid("host", run.engagement, run.vendor, host)


def hosts(run: Run) -> list[dict[str, Any]]:
    """The hosts that results are about or rest on."""
    names = {words.host(result) for result in run.results} - {""}
    names |= {ref.host for result in run.results for ref in result.evidence if isinstance(ref, HostRef)}
    return [{"uuid": host_id(run, name), "description": prose(f"host {name}")} for name in sorted(names)]


def reviewed(controls: Iterable[str]) -> dict[str, Any]:
    """The controls that were asked, and what each asks."""
    ids = sorted(set(controls))
    return {
        "control-selections": [{"include-controls": [{"control-id": token(id_)} for id_ in ids]}],
        "control-objective-selections": [{"include-objectives": [{"objective-id": objective(id_)} for id_ in ids]}],
    }


def asked(run: Run) -> set[str]:
    """The ids of all controls of a run, those that are not installed here too."""
    return {*run.controls, *(result.control for result in run.results)}


STATES: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.PASSED: ("satisfied", "pass"),
    Verdict.FAILED: ("not-satisfied", "fail"),
    Verdict.WAIVED: ("not-satisfied", "fail"),
    Verdict.INCONCLUSIVE: ("not-satisfied", "other"),
    Verdict.ERROR: ("not-satisfied", "other"),
}
"""State and reason of a finding; there is no third state, so what does not apply has an observation and no finding."""
