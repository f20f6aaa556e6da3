"""What a collection asks of each host: the probes that the selected controls need for its roles, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ctrlkit import engagement, powershell_script, probe_script, stock
from ctrlkit.case import Request, choose_profile
from ctrlkit.collect import Preparation
from ctrlkit.engagement import Engagement
from ctrlkit.hooks import Probe
from ctrlkit.inventory import Host
from ctrlkit.model import Control
from ctrlkit.profile import Profile
from ctrlkit.stock import Stock

MARGIN = 5
"""Seconds by which the script ends itself before the connection would be ended."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Whose controls are to be fed, and with what: the profile, the client's terms if there are any, the stock."""

    stock: Stock
    profile: Profile
    terms: Engagement | None

    @property
    def nonce(self) -> str:
        """The engagement's nonce, empty where there is none."""
        return self.terms.nonce if self.terms is not None else ""

    @property
    def domains(self) -> tuple[str, ...]:
        """The vendor's mail and web domains, as the engagement names them."""
        return self.terms.domains if self.terms is not None else ()


def errand(request: Request) -> Errand:
    """The errand of a request. Raises InputError for what is wrong with a document."""
    shelf = stock.take(request.cwd)
    policy = choose_profile(request, shelf)
    beside = request.cwd / "engagement.yaml"
    path = (
        request.cwd / request.engagement if request.engagement is not None else (beside if beside.is_file() else None)
    )
    return Errand(shelf, policy, engagement.load(path) if path is not None else None)


def probes_for(asked: Errand, roles: Collection[str] | None, language: str = "sh") -> tuple[Probe, ...]:
    """The probes whose facts a selected control looks at on a host with these roles; None: on any host."""
    controls = [asked.stock.controls[id_] for id_ in asked.profile.controls]
    facts = {fact for control in controls for fact in _facts(control, roles)}
    return probe_script.chosen([p for p in asked.stock.probes if p.fact in facts and p.language == language], language)


def unasked(asked: Errand, hosts: Sequence[Host]) -> tuple[Host, ...]:
    """The hosts of whose roles no selected control asks anything: they need not be touched."""
    idle = {roles for roles in {host.roles for host in hosts} if roles and not probes_for(asked, roles)}
    return tuple(host for host in hosts if host.roles in idle)


def _facts(control: Control, roles: Collection[str] | None) -> Sequence[str]:
    checks = [check for check in control.checks if check.roles is not None]
    return [fact for c in checks for fact in c.facts if roles is None or set(roles) & set(c.roles or ())]


def script_for(asked: Errand) -> Callable[[Host, str], str]:
    """The script for a host and the marker of its frame, made once for each set of roles."""
    chosen: dict[tuple[str, ...], tuple[Probe, ...]] = {}

    def script(host: Host, marker: str) -> str:
        if host.roles not in chosen:
            chosen[host.roles] = probes_for(asked, host.roles or None)
        within = max(1, min(probe_script.TOTAL_SECONDS, host.timeout - MARGIN))
        return probe_script.build(
            chosen[host.roles], nonce=asked.nonce, marker=marker, sudo=host.sudo != "never", total_seconds=within
        )

    return script


def printed(asked: Errand, language: str) -> str:
    """The script that an administrator runs by hand, in sh or powershell."""
    probes, marker = probes_for(asked, None, language), probe_script.marker_of(asked.nonce)
    if language == "powershell":
        return powershell_script.build(probes, nonce=asked.nonce, marker=marker)
    return probe_script.build(probes, nonce=asked.nonce, marker=marker, sudo=False)


def described(asked: Errand, ready: Preparation | None, language: str = "sh") -> str:
    """What would be read, and from which hosts, for `--dry-run`."""
    roles = {host.roles for host in ready.hosts} if ready is not None else {()}
    found = {probe.name: probe for one in sorted(roles) for probe in probes_for(asked, one or None, language)}
    said = probe_script.describe([found[name] for name in sorted(found)])
    return "\n".join([*(ready.lines() if ready is not None else ()), said])
