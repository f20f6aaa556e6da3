"""The documents that `init` writes: what is known as values, what is not as questions in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from ctrlkit.engagement import Engagement
from ctrlkit.guessing import Guess
from ctrlkit.model import Control
from ctrlkit.recognition import Recognised, Unknown
from ctrlkit.visible import visible

MARKER: Final = """\
# Marks this folder as a ctrlkit project: ./controls, ./plugins and ./profiles are loaded when ctrlkit is run here.
"""
_NOTHING: Final = {"null", "true", "false", "yes", "no"}
_HEADERS: Final = 40


def slug(name: str) -> str:
    """The name as ids and file names write it: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:48].strip("-") or "vendor"


def engagement(terms: Engagement, vendor: str, pack: str, controls: Mapping[str, Control]) -> str:
    """`engagement.yaml` of a self-check."""
    features = sorted({word for control in controls.values() for word in control.applies.get("features", ())})
    involved = f"# features: [{', '.join(features)}]" if features else "# features: []"
    instead = "put it in the place of this file"
    if pack == ".":
        instead = "keep it in another folder and name it with --engagement: inside a pack it counts as a self-check"
    return f"""\
# What is asked, of whom, for which period. This one is a self-check, and every view of a run says so.
# When a client gives you its engagement.yaml, {instead}.
id: self-check-{slug(vendor)}
issued_by: vendor
vendor: {scalar(vendor)}
country: {terms.country}
time_zone: {terms.time_zone}
# The last full calendar month when this was written:
period: {{start: {terms.period.start}, end: {terms.period.end}}}  # both days included

# Which clients and sites is this about? Without it all rows are judged.
# scope: {{clients: [northwind], sites: [MNL1]}}
# Where do people work, and from which networks?
# sites: [{{id: MNL1, networks: [203.0.113.0/24]}}]
# Which mail and web domains are yours? Without it most mail that leaves stays undecided.
# domains: [vendor.example]
# Which systems do people sign in to, and whose are they? A system named here must have rows in accounts.
# systems: {{crm: client, google: vendor}}
# What does the work involve? Without it every control applies.
{involved}
"""


def pack(
    vendor: str,
    terms: Engagement,
    now: datetime,
    *,
    found: tuple[Sequence[Recognised], Sequence[Unknown]],
    wanted: Mapping[str, tuple[Sequence[str], Sequence[str]]],
) -> str:
    """`pack.yaml` with what was recognised, what was not, and what the controls still want."""
    recognised, unknown = found
    exported = now.astimezone(terms.zone).replace(microsecond=0).isoformat()
    lines = [
        "# Which file here holds which evidence. Nothing in this folder is executed.",
        f"vendor: {scalar(vendor)}",
        "# Which engagement does this answer? Its id, once a client has given you one.",
        "# engagement: northwind-2026-10",
        f"time_zone: {terms.time_zone}  # of times in the files that carry none: is it the systems' own?",
    ]
    if recognised:
        lines.append(f"exported_at: {exported}  # when you exported these files: correct it if it was earlier")
        lines.append("# How many records does each system show? rows: 312 beside a file makes a cut export noticed.")
        lines.append("evidence:")
        for kind in sorted({r.kind for r in recognised}):
            lines += _kind(kind, [r for r in recognised if r.kind == kind])
    else:
        lines.append(f"# exported_at: {exported}  # when you exported the files")
    lines += _questions(unknown)
    lines += _still_wanted(wanted)
    return "".join(f"{line}\n" for line in lines)


def _kind(kind: str, files: Sequence[Recognised]) -> Iterator[str]:
    yield f"  {kind}:"
    yield from (f"    - {entry(found)}" for found in files)


def entry(found: Recognised) -> str:
    """A source as `pack.yaml` names it, on one line."""
    adapter = f", adapter: {scalar(found.adapter)}" if found.adapter else ""
    typed = ", method: typed" if found.adapter is None else ""
    sheet = f", sheet: {scalar(found.sheet)}{typed}" if found.sheet else ""
    return f"{{file: {scalar(found.file)}{sheet}{adapter}}}"


def _questions(unknown: Sequence[Unknown]) -> Iterator[str]:
    if unknown:
        yield ""
        yield "# Not recognised. What are these? Name each above under its kind, with a map of its columns (theirs:"
        yield "# ours), as below. Where lines are proposed: check them, and take away the # of those that are right."
        yield "#  roster: [{file: hr/list.xlsx, columns: {Employee No.: employee_id, Status: status}}]"
    for found in unknown:
        maybe = f"; {' or '.join(found.maybe)}?" if found.maybe else ""
        yield f"# {visible(found.file)}: {visible(found.why)}{maybe}"
        if found.header:
            more = f" and {len(found.header) - _HEADERS} more" if len(found.header) > _HEADERS else ""
            yield f"#   its header: {visible(' | '.join(found.header[:_HEADERS]))}{more}"
        yield from (f"#  {one.kind}: [{entry(one)}]" for one in found.choices)
        if found.guess is not None:
            yield from _guessed(found.file, found.guess)


def _guessed(file: str, told: Guess) -> Iterator[str]:
    pairs = ", ".join(f"{scalar(theirs)}: {ours}" for theirs, ours in told.columns.items())
    lacks = f"  # still needed: {', '.join(told.lacks)}" if told.lacks else ""
    yield f"#  {told.kind}: [{{file: {scalar(file)}, columns: {{{pairs}}}}}]{lacks}"


def _still_wanted(wanted: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> Iterator[str]:
    if wanted:
        yield ""
        yield "# Still wanted by the controls of the profile: as <kind>.csv with these columns, or named above."
    for kind, (columns, controls) in sorted(wanted.items()):
        yield f"# {kind} ({', '.join(columns)}): {', '.join(controls)}"


def profile(name: str, vendor: str, extends: str) -> str:
    """A profile that extends a shipped one."""
    return f"""\
# Which controls and limits hold. The client's policy goes here, or takes the place of this file.
name: {name}
title: {scalar(vendor)}
extends: [{extends}]
# controls: {{add: [], drop: [{{id: REM-01, why: nobody works from home}}]}}
# params: {{MFA-01: {{coverage: 100}}}}  # ctrlkit explain MFA-01 says what may be set
# freshness: {{default: 35 days}}
"""


def ignored(pack_folder: str, suffixes: Iterable[str]) -> str:
    """`.gitignore`: evidence, bundles and keys are never committed."""
    evidence = [f"/*{suffix}" for suffix in suffixes] if pack_folder == "." else ["/evidence/*", "!/evidence/pack.yaml"]
    if pack_folder == ".":
        evidence += ["/*.json", "/evidence/"]
    lines = [
        "# Evidence, bundles and keys hold personal data or secrets and are never committed.",
        *evidence,
        "/hosts/",
        "/runs/",
        "/handover.zip",
        "/junit.xml",
        "/run.txt",
        "/summary.md",
        "*.key",
    ]
    return "".join(f"{line}\n" for line in lines)


def scalar(text: str) -> str:
    """The text as a YAML value, in quotes where it could be read as anything else."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", text) and text.casefold() not in _NOTHING:
        return text
    return json.dumps(visible(text), ensure_ascii=False)
