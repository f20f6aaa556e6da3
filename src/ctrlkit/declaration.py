"""How an author declares a control: one decorator on its check, one line that names the evidence it reads.

@control("MFA-01", "Second factor enrolled for everyone", severity="critical", params={...}, remedy="Enrol …")
@reads(accounts="account_type enabled mfa_enrolled")
def test_every_person_account_has_a_second_factor(accounts, params): ...
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ctrlkit.errors import AuthorError
from ctrlkit.model import Check, Control, Param, Severity

Function = TypeVar("Function", bound=Callable[..., None])
CONTROL_ID = re.compile(r"[A-Z]{2,6}-[0-9]{2,3}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one decorator says of one check; `title` is None on the further checks of a control."""

    id: str
    title: str | None = None
    severity: Severity = Severity.HIGH
    params: Mapping[str, Param] | None = None
    maps: Mapping[str, Sequence[str]] | None = None
    remedy: str = ""
    decisions: tuple[str, ...] = ()
    typical_exception: str = ""
    finding_note: str = ""
    applies: Mapping[str, Sequence[str]] | None = None
    claim: str | None = None
    roles: tuple[str, ...] | None = None


class _ControlDecorator:
    """`@control(...)`, `@control.claims(...)` and `@control.on_host(...)`."""

    def __call__(  # noqa: PLR0913  (an author names them all)
        self,
        id_: str,
        title: str,
        /,
        *,
        severity: str,
        remedy: str,
        maps: Mapping[str, Sequence[str]] | None = None,
        params: Mapping[str, Param] | None = None,
        decisions: Sequence[str] = (),
        typical_exception: str = "",
        finding_note: str = "",
        applies: Mapping[str, Sequence[str]] | None = None,
    ) -> Callable[[Function], Function]:
        """Declare a control and the check of its full requirement, which is the check's docstring.

        `maps`: framework -> clauses. `params`: name -> `law(...)`, `standard(...)`, `house(...)`. `applies` narrows it
        to engagements with one of these `features` or `countries`.
        """
        if not CONTROL_ID.fullmatch(id_):
            msg = f"control id {id_!r} is not of the form TOPIC-nn"
            raise AuthorError(msg)
        return _declare(
            Declaration(
                id_,
                title,
                Severity(severity),
                params,
                maps,
                remedy,
                tuple(decisions),
                typical_exception,
                finding_note,
                applies,
            )
        )

    def claims(self, id_: str, claim: str, /) -> Callable[[Function], Function]:
        """Declare the check of a smaller claim, used where only its columns were handed in; the result says so."""
        return _declare(Declaration(id_, claim=claim))

    def on_host(
        self, id_: str, title: str | None = None, /, *, roles: Sequence[str], **more: Any
    ) -> Callable[[Function], Function]:
        """Declare the check of each host with one of `roles`; the control itself too, where `title` is given.

        A control may have several, for roles of which it asks different things; no role may stand in two of them.
        """
        if title is not None:
            more["severity"] = Severity(more["severity"])
        return _declare(Declaration(id_, title, roles=tuple(roles), **more))


control = _ControlDecorator()


class _ReadsDecorator:
    """`@reads(...)` and `@reads.optional(...)`."""

    def __call__(self, **kinds: str) -> Callable[[Function], Function]:
        """Name the columns a check needs, per kind; it gets those, the kind's key and time, and nothing else."""
        return _add("__ctrlkit_needs__", kinds)

    def optional(self, **kinds: str) -> Callable[[Function], Function]:
        """Name columns read where they are there: a kind that is not is None, a column is asked for by `has`."""
        return _add("__ctrlkit_optional__", kinds)

    def both(self, **kinds: str) -> Callable[[Function], Function]:
        """Name columns read of the vendor's and of the client's own copy of a kind; neither can be done without.

        The check gets two tables for each, `vendor_<kind>` and `client_<kind>`.
        """
        return _copies(kinds, ("vendor", "client"))

    def vendor(self, **kinds: str) -> Callable[[Function], Function]:
        """Name columns read of the vendor's own copy, though the client may have handed in one that counts.

        The check gets it as `vendor_<kind>`.
        """
        return _copies(kinds, ("vendor",))


reads = _ReadsDecorator()


def law(value: Any, unit: str, *, source: str, **limits: Any) -> Param:
    """A parameter whose number a statute, rule or regulator sets; `source` cites it."""
    return _param(value, unit, "law", source, limits)


def standard(value: Any, unit: str, *, source: str, **limits: Any) -> Param:
    """A parameter whose number a named standard or RFC sets; `source` cites it."""
    return _param(value, unit, "standard", source, limits)


def advisory(value: Any, unit: str, *, source: str, **limits: Any) -> Param:
    """A parameter whose number an authority advises, without binding anybody; `source` cites it."""
    return _param(value, unit, "advisory", source, limits)


def house(value: Any, unit: str, *, source: str = "", **limits: Any) -> Param:
    """A parameter whose number is ctrlkit's own default; argue about it."""
    return _param(value, unit, "house", source, limits)


def declared(namespace: Mapping[str, Any], *, domain: str, path: str, sha256: str) -> tuple[Control, ...]:
    """The controls that a loaded control file declares, in order of their ids; raises AuthorError with its line."""
    checks: dict[str, list[Any]] = {}
    for function in namespace.values():
        if inspect.isfunction(function) and hasattr(function, "__ctrlkit__"):
            checks.setdefault(function.__ctrlkit__.id, []).append(function)
    return tuple(_control(functions, domain, path, sha256) for _, functions in sorted(checks.items()))


def _control(functions: list[Any], domain: str, path: str, sha256: str) -> Control:
    heads = [f for f in functions if f.__ctrlkit__.title is not None]
    if len(heads) != 1:
        line = functions[-1].__code__.co_firstlineno
        found = "is declared twice" if heads else "has no @control with a title"
        msg = f"{path}:{line}: control {functions[0].__ctrlkit__.id} {found}; give each id to one @control in one file"
        raise AuthorError(msg)
    _refuse_shared_roles(functions, path)
    head: Declaration = heads[0].__ctrlkit__
    return Control(
        id=head.id,
        title=head.title or "",
        severity=head.severity,
        requirement=inspect.cleandoc(heads[0].__doc__ or head.title or ""),
        decisions=head.decisions,
        params={name: _named(param, name) for name, param in (head.params or {}).items()},
        maps={framework: tuple(clauses) for framework, clauses in (head.maps or {}).items()},
        remedy=head.remedy,
        typical_exception=head.typical_exception,
        finding_note=head.finding_note,
        applies={what: tuple(words) for what, words in (head.applies or {}).items()},
        checks=tuple(
            _check(f) for f in sorted(functions, key=lambda f: (f is not heads[0], f.__code__.co_firstlineno))
        ),
        domain=domain,
        path=path,
        sha256=sha256,
    )


def _refuse_shared_roles(functions: list[Any], path: str) -> None:
    """A role that two checks of hosts name would be asked by one of them alone, so nobody may write that."""
    named: dict[str, Any] = {}
    for function in sorted(functions, key=lambda f: f.__code__.co_firstlineno):
        for role in function.__ctrlkit__.roles or ():
            before = named.setdefault(role, function)
            if before is not function:
                line, first = function.__code__.co_firstlineno, before.__code__.co_firstlineno
                msg = f"{path}:{line}: control {function.__ctrlkit__.id} asks role {role} in two checks (line {first})"
                raise AuthorError(f"{msg}, one of which never runs; name each role in one check")


def _check(function: Any) -> Check:
    said: Declaration = function.__ctrlkit__
    return Check(
        function=function,
        needs=getattr(function, "__ctrlkit_needs__", {}),
        optional=getattr(function, "__ctrlkit_optional__", {}),
        claim=said.claim,
        roles=said.roles,
        facts=()
        if said.roles is None
        else tuple(n for n in inspect.signature(function).parameters if n not in _NO_FACTS),
        line=function.__code__.co_firstlineno,
        copies=getattr(function, "__ctrlkit_copies__", {}),
    )


_NO_FACTS = {"params", "as_of", "period", "engagement", "host"}


def _declare(said: Declaration) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        function.__ctrlkit__ = said  # type: ignore[attr-defined]
        return function

    return mark


def _add(attribute: str, kinds: Mapping[str, str]) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        named = {kind: tuple(names.split()) for kind, names in kinds.items()}
        below = getattr(function, attribute, {})
        if twice := sorted(set(named) & set(below)):
            msg = f"{function.__name__} names {twice[0]} twice; give all its columns in one place"
            raise AuthorError(msg)
        setattr(function, attribute, {**named, **below})
        return function

    return mark


def _copies(kinds: Mapping[str, str], parties: tuple[str, ...]) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        below = getattr(function, "__ctrlkit_copies__", {})
        function.__ctrlkit_copies__ = {**dict.fromkeys(kinds, parties), **below}  # type: ignore[attr-defined]
        return _add("__ctrlkit_needs__", kinds)(function)

    return mark


def _param(value: Any, unit: str, basis: str, source: str, limits: Mapping[str, Any]) -> Param:
    value = tuple(value) if isinstance(value, list) else value
    allowed = limits.get("allowed")
    return Param(
        name="",
        value=value,
        unit=unit,
        basis=basis,
        source=source,
        range=limits.get("range"),
        allowed=tuple(allowed) if allowed is not None else None,
        pseudonym=limits.get("pseudonym"),
    )


def _named(param: Param, name: str) -> Param:
    from dataclasses import replace

    return replace(param, name=name)
