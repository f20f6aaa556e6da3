"""The names that people and things bear in the sample packs: accounts, factors, identifiers."""

from __future__ import annotations

import hashlib

from sample_vendor import Person, pick


def code(*what: object, size: int = 16) -> str:
    """A stable identifier in hexadecimal."""
    return hashlib.sha256("|".join(map(str, what)).encode()).hexdigest()[:size]


def guid(*what: object) -> str:
    """The same, in the form of a GUID."""
    h = code("guid", *what, size=32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def account_id(system: str, p: Person) -> str:
    """The name of this person's account: mail address, a CRM name, a dialler extension."""
    first, last = p.name.lower().split()
    return {"entra": p.mail, "crm": f"nw.{first[0]}{last}{p.seat}", "dialler": str(60000 + p.seat)}[system]


def systems_of(p: Person) -> list[str]:
    """The systems in which this person has an account at the end of the period."""
    return [
        "entra",
        *(["crm"] if p.has_client_login and p.on_floor else []),
        *(["dialler"] if p.dials and p.on_floor else []),
    ]


def factor(system: str, p: Person) -> str:
    """The second factor this person uses there: one phone and one key serve all systems; administrators have keys."""
    if p.role == "it_admin":
        return "fido2"
    return {"entra": pick(["push", "totp", "fido2"], "factor", p.seat), "crm": "totp", "dialler": "fido2"}[system]
