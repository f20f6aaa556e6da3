"""The run of every engagement in a folder: one bundle each, one summary, and the exit code of the worst."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ctrlkit import commands, console
from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from ctrlkit.case import Request
    from ctrlkit.closed import Run
    from ctrlkit.portfolio import Held
    from ctrlkit.signature import Private

INTERRUPTED: Final = 130
INPUT, UNDECIDED, NOTHING = 3, 2, 4
_WORST_FIRST: Final = (5, INPUT, UNDECIDED, 1, NOTHING, 0)
_OF_ONE: Final = (
    *("pack", "engagement", "client_pack", "inventory", "limit", "waivers", "attestations", "canaries", "previous"),
    *("junit", "html", "markdown", "originals", "rekey", "vendor_key"),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One engagement after its turn; `code` is None where nothing is due yet, `run` None where nothing was judged."""

    held: Held
    state: str
    code: int | None
    run: Run | None = None


def run(desk: Desk) -> int:
    """Run all of them; what is wrong with one keeps no other from its turn."""
    from ctrlkit import portfolio

    _refuse(desk)
    commands.refuse_file(desk)
    plain = desk.request()
    key = commands.signing_key(desk)
    done: list[Round] = []
    for held in portfolio.load(plain.cwd / desk.options.engagements):
        desk.listener()(f"engagement {held.folder.name}")
        done.append(_round(desk, held, plain, key))
        if done[-1].code == INTERRUPTED:
            return INTERRUPTED
    code = worst([one.code for one in done])
    if desk.options.format == "json":
        said = {"exit": code, "engagements": [_said(one) for one in done]}
        desk.print(json.dumps(said, ensure_ascii=False, indent=1))
    else:
        desk.print(_text(done, code, console.width()))
    return code


def _refuse(desk: Desk) -> None:
    for name in _OF_ONE:
        if getattr(desk.options, name):
            word = {"pack": "PACK", "originals": "--with"}.get(name, f"--{name.replace('_', '-')}")
            msg = f"{word}: is of one engagement, and --engagements runs many; put it into that engagement's folder"
            raise InputError(f"{msg}; views lie in each bundle")
    if (desk.request().cwd / "inventory.yaml").is_file():
        msg = "inventory.yaml: lies here and would count for every vendor; put it into its engagement's folder"
        raise InputError(msg)


def _round(desk: Desk, held: Held, plain: Request, key: Private | None) -> Round:
    from ctrlkit import portfolio

    state = held.state(plain.now)
    if state == "unreadable":
        desk.say(f"ctrlkit: {held.fault}")
        return Round(held, state, INPUT)
    if state != "received":
        return Round(held, state, UNDECIDED if state == "overdue" else None)
    closed: list[Run] = []

    def judge() -> int:
        closed.append(commands.judge(desk, portfolio.request_for(held, plain), key)[0])
        return closed[0].exit_code

    code = desk.walled(judge, f"{held.folder.name}: ")
    return Round(held, state, code, closed[0] if closed else None)


def worst(codes: list[int | None]) -> int:
    """The exit code of all: wrong input outranks what was undecided, that what failed; 4 where nothing was judged.

    An engagement whose answer is not due yet has no code and no say.
    """
    return next((code for code in _WORST_FIRST if code in codes), NOTHING)


def _said(one: Round) -> dict[str, Any]:
    terms, due = one.held.terms, one.held.due
    return {
        "name": one.held.folder.name,
        "engagement": terms.id if terms else None,
        "vendor": terms.vendor if terms else None,
        "due": due.isoformat() if due else None,
        "state": one.state,
        "exit": one.code,
        "counts": dict(one.run.counts) if one.run else None,
        "bundle": one.run.bundle if one.run else None,
        "fault": one.held.fault or None,
    }


def _text(done: list[Round], code: int, width: int) -> str:
    from ctrlkit.terminal import wrapped
    from ctrlkit.visible import visible

    lines = [line for one in done for line in wrapped(f"{one.held.folder.name}  ", visible(_line(one)), width)]
    states = [one.state for one in done]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return "\n".join([*lines, "", counted, f"exit {code}: the worst of them; see ctrlkit explain {code}"])


def _line(one: Round) -> str:
    terms = one.held.terms
    if terms is None:
        return f"UNREADABLE: {one.held.fault}"
    who = f"{terms.vendor} · {terms.id}"
    if one.state != "received":
        shown = one.state.upper() if one.state == "overdue" else one.state
        return f"{shown}: {who} · due {one.held.due}, nothing received"
    if one.run is None:
        return f"exit {one.code}: {who} · not judged, see above"
    from ctrlkit.words import banners, count_line

    marks = "".join(f"{text.partition(':')[0]} · " for text in banners(one.run))
    return f"exit {one.code}: {marks}{who} · {count_line(one.run)} · bundle {one.run.bundle}"
