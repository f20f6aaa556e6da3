"""Network: what a host lets in, whose clock it keeps, and how it is administered from afar."""

from __future__ import annotations

from typing import Any

from ctrlkit import Facts, Host, Row, assert_each, control, does_not_apply, house, law, standard

SERVERS = ("server", "jump", "mail")
EVERY_HOST = ("workstation", *SERVERS)
DENIED = ("drop", "reject", "off")
WEAKENING = ("permitrootlogin", "passwordauthentication", "permitemptypasswords")


@control.on_host(
    "NET-01",
    "Default deny",
    roles=SERVERS,
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
        "Let the host's firewall drop inbound traffic, IPv4 and IPv6, that no rule allows. Stop each listener that "
        "nobody needs, bind local ones to the loopback address, and have the rest agreed as allowed ports."
    ),
    decisions=[
        "Host lines read the probe; the organisation line, over network_rules, is not judged yet.",
        "A listener outside allowed_ports on a non-loopback address is a finding on the host line.",
        (
            "allowed_ports holds for every host. The inventory may add ports for a role or a host, and each result "
            "names them; it is that of whoever runs the audit, a pack cannot bring one."
        ),
        "A host without IPv6 needs no rules for it.",
    ],
    typical_exception="PBX and recording servers exposed on a public address for vendor support.",
)
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


@control.on_host(
    "NET-05",
    "Clocks agree and logs last",
    roles=EVERY_HOST,
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
        "Let a time service that tells its offset (chrony, ntpd) keep the clock of every host by the sources that the "
        "contract names, and look at it when it is off."
    ),
    decisions=[
        "Host lines read the clock; the organisation line, over log_sources, is not judged yet.",
        (
            "A time service that does not tell how far the clock is off decides nothing: a host is within max_offset "
            "only where somebody measured it."
        ),
    ],
    typical_exception=(
        "Logs roll after 14 days on the PBX; the recorder is 7 minutes slow, so call and screen do not match."
    ),
)
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
        "No sshd listening is not_applicable for that host.",
        "Without sudo the effective setting is not readable: inconclusive, never read from the file.",
        (
            "Keyboard-interactive sign-in through PAM asks for the same password: it is plain password authentication "
            "unless AuthenticationMethods asks for a key too, every way."
        ),
    ],
    typical_exception="PermitRootLogin yes inside a Match Address block for the outsourced IT firm.",
)
def test_administration_over_ssh_asks_for_a_key_and_never_is_root(
    sshd_settings: Facts, sshd_root_settings: Facts, sshd_match_settings: Facts, sshd_service: Facts, params: Any
) -> None:
    """SSH allows no root login, no empty and no plain password authentication, and limits attempts."""
    if not sshd_service["is_running"]:
        does_not_apply("no SSH server runs there")
        return
    assert_each(
        sshd_match_settings,
        lambda row: not weakens(row, params.max_auth_tries),
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
    ways = str(sshd.get("authenticationmethods", "any")).split()
    return any("publickey" not in way for way in ways)
