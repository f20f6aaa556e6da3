"""Write the pages of the documentation that are made of the program: controls, kinds, causes, commands, law, and so on.

    python tools/make_reference.py FOLDER

docs/conf.py calls it before each build; nothing of it is committed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ctrlkit import explain, words
from ctrlkit.catalogue import Entry
from ctrlkit.explain import MEANING
from ctrlkit.model import Cause
from ctrlkit.options import parser_of
from ctrlkit.stock import Stock, take

ROOT = Path(__file__).resolve().parent.parent
LAWS = {"PH": "Philippines", "IN": "India", "GDPR": "European Union", "UK": "United Kingdom"}
OF_THE_TOP = ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG")
"""Pages at the top of the repository that the site shows as well."""


def write(folder: Path) -> None:
    """Write every page into `folder`, which is made if need be; pages that no longer come are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    shelf = take(folder)
    pages = {f"{name}.md": "\n".join(made(shelf)) + "\n" for name, made in PAGES.items()}
    pages |= {f"{name.lower()}.md": of_the_top(name) for name in OF_THE_TOP}
    for old in {path.name for path in folder.glob("*.md")} - set(pages):
        (folder / old).unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8", newline="\n")


def of_the_top(name: str) -> str:
    """A page of the repository's top, with links that lead to pages of the site."""
    text = (ROOT / f"{name}.md").read_text("utf-8")
    return re.sub(r"\]\(docs/", "](/", re.sub(r"\[([^]]+)\]\(LICENSE\)", r"\1", relinked(text)))


def relinked(text: str) -> str:
    """The text with links to pages of the repository's top leading to their copies on the site."""
    names = "|".join(OF_THE_TOP)
    return re.sub(rf"\]\((?:\.\./)*({names})\.md", lambda m: f"](/generated/{m[1].lower()}.md", text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table, whatever stands in its cells; empty lines around it."""
    yield from ("", "| " + " | ".join(header) + " |", "|" + "---|" * len(header))
    for row in rows:
        yield "| " + " | ".join(plain(cell) for cell in row) + " |"
    yield ""


def plain(cell: object) -> str:
    """Text that Markdown leaves alone; a whole cell in backticks and a link to a control stay what they are."""
    text = " ".join(str(cell).split())
    return (
        text
        if re.fullmatch(r"`[^`|]+`|\[[A-Z0-9-]+\]\(#[a-z0-9-]+\)", text)
        else re.sub(r"([\\`*_<>\[\]|~$])", r"\\\1", text)
    )


def block(text: str) -> Iterator[str]:
    """The text as it stands."""
    yield from ("", "````text", text.rstrip(), "````", "")


def controls(shelf: Stock) -> Iterator[str]:
    """Every control, by domain."""
    found = explain.listing("controls", shelf)
    yield "# Controls"
    yield f"\n{len(found)} controls. `ctrlkit explain ID` says the same of one, with the values of a profile."
    for domain in dict.fromkeys(c["domain"] for c in found):
        yield f"\n## {domain.replace('_', ' ').capitalize()}"
        for one in (c for c in found if c["domain"] == domain):
            yield from control(one)


def control(said: Entry) -> Iterator[str]:
    """One control: what must be true, how that is read, what decides it, what is tolerated, what to do."""
    yield f"\n(control-{said['id'].lower()})=\n### {said['id']} {plain(said['title'])}"
    yield f"\n*{said['severity']}* · `{said['file']}`"
    yield f"\n{plain(said['requirement'])}\n"
    yield from (f"- {plain(decision)}" for decision in said["decisions"])
    for word, values in said["applies"].items():
        yield f"\nApplies only where the engagement names one of the {word}: {', '.join(f'`{v}`' for v in values)}."
    for check in said["evidence"]:
        yield f"\n{reads(check)}"
    if said["params"]:
        yield from table(
            ("parameter", "value", "range", "basis", "source"),
            ([f"`{p['name']}`", shown(p), bounds(p), p["basis"], p["source"]] for p in said["params"]),
        )
    speaks = " · ".join(f"{plain(standard)} {plain(', '.join(names))}" for standard, names in said["maps"].items())
    yield f"\nSpeaks of {speaks}."
    yield f"\n**What to do.** {plain(said['remedy'])}"


def reads(check: Entry) -> str:
    """What one check reads, in a sentence."""
    who = f"of hosts that are {', '.join(check['roles'])}" if check["roles"] else ""
    claim = f"for a smaller claim, *{plain(check['claim'].rstrip('.'))}*:" if check["claim"] else ""
    parts = [
        ("" if read["needed"] else "where it is there, ")
        + f"[{read['kind']}](#kind-{read['kind']}) ({', '.join('`' + c['name'] + '`' for c in read['columns'])})"
        for read in check["reads"]
    ]
    parts += [f"the fact `{fact['name']}`" for fact in check["facts"]]
    return " ".join(word for word in ("**Reads**", who, claim, "; ".join(parts)) if word) + "."


def bounds(param: Entry) -> str:
    """Within what a profile may set a parameter."""
    low, high = param["range"] or ("", "")
    allowed = param["allowed"]
    if isinstance(allowed, list):
        return "some of " + ", ".join(map(str, allowed))
    return f"{low} to {high}" if param["range"] else ""


def told(word: str, shelf: Stock) -> Iterator[str]:
    """What `ctrlkit explain` says, without its first line, the title, and its last, which is for a terminal."""
    lines = explain.explain(word, shelf).splitlines()[1:]
    yield from block("\n".join(line for line in lines if not line.startswith("next: ")).strip("\n"))


def kinds(shelf: Stock) -> Iterator[str]:
    """Every kind of evidence, with its columns."""
    found = explain.listing("kinds", shelf)
    yield "# Kinds of evidence"
    yield f"\n{len(found)} kinds. A file of a kind has these columns, or an adapter makes them of the product's own."
    for one in found:
        yield f"\n(kind-{one['id']})=\n## {one['id']}"
        yield f"\n{plain(one['about'])}"
        yield from told(one["id"], shelf)


def adapters(shelf: Stock) -> Iterator[str]:
    """Every adapter: product, kind, headers by which it knows a file."""
    found = sorted(explain.listing("adapters", shelf), key=lambda a: (a["kind"], a["id"]))
    yield "# Adapters"
    yield f"\n{len(found)} adapters. A file that none of them knows is read by its own header, or as `pack.yaml` says."
    yield from table(
        ("kind", "export", "adapter", "known by"),
        ([a["kind"], a["product"], f"`{a['id']}`", ", ".join(a["headers"])] for a in found),
    )


def profiles(shelf: Stock) -> Iterator[str]:
    """Every profile, with what it asks."""
    yield "# Profiles"
    for one in explain.listing("profiles", shelf):
        yield f"\n## {one['id']}"
        yield f"\n{plain(one['title'])}"
        yield from told(one["id"], shelf)


def causes(_: Stock) -> Iterator[str]:
    """Why something is not decided or does not apply, and what to do."""
    yield "# Causes"
    yield "\nWhy a control is not decided, or does not apply; the first that applies is named, `reason` names all."
    yield from table(
        ("cause", "means", "what to do"),
        ([f"`{cause.value}`", MEANING[cause], words.ADVICE.get(cause, "")] for cause in Cause),
    )


def exits(_: Stock) -> Iterator[str]:
    """The exit codes of `run`."""
    yield "# Exit codes"
    yield "\nOf `ctrlkit run`; what other commands mean by theirs stands in [the contract](/reference/contract.md)."
    yield from table(("code", "means"), ([f"`{code}`", said] for code, said in words.EXITS.items()))


def commands(_: Stock) -> Iterator[str]:
    """The help of every command, as it prints."""
    yield "# Commands"
    said = helped("--help")
    yield from block(said)
    listed = re.search(r"\{([a-z,]+)\}", said)
    for name in listed[1].split(",") if listed else ():
        yield f"\n## ctrlkit {name}"
        yield from block(helped(name, "--help"))


def helped(*given: str) -> str:
    """What the program prints for these words, a hundred columns wide."""
    before, os.environ["COLUMNS"] = os.environ.get("COLUMNS", "100"), "100"
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
            parser_of(list(given)).parse_args(list(given))
    finally:
        os.environ["COLUMNS"] = before
    return out.getvalue()


def law(shelf: Stock) -> Iterator[str]:
    """Which control speaks of which provision, and every number that a law sets."""
    found = explain.listing("controls", shelf)
    yield "# Provisions and numbers"
    yield "\nNot legal advice. Made of the controls themselves: what stands here is what a run judges by."
    yield "\n## Numbers that a law sets"
    yield "\nA profile may set another value within the range of the parameter; the result then says so."
    yield from table(
        ("control", "parameter", "value", "source"),
        (
            [linked(c["id"]), f"`{p['name']}`", shown(p), p["source"]]
            for c in found
            for p in c["params"]
            if p["basis"] == "law"
        ),
    )
    yield "## Numbers that are ours, a standard's or an advice's"
    count = {basis: sum(p["basis"] == basis for c in found for p in c["params"]) for basis in ("house", "standard")}
    yield f"\n{count['house']} parameters are house numbers: nobody's law, and never to be shown as one."
    yield f"{count['standard']} come from a standard. [Each control](/generated/controls.md) says which."
    for key, country in LAWS.items():
        yield f"\n## {country}"
        yield from table(
            ("control", "asks", "speaks of"),
            ([linked(c["id"]), c["title"], " · ".join(c["maps"][key])] for c in found if key in c["maps"]),
        )


def linked(id_: str) -> str:
    """The id of a control, leading to it."""
    return f"[{id_}](#control-{id_.lower()})"


def shown(param: Entry) -> str:
    """A parameter's value with its unit."""
    value = param["value"]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
    return text if param["unit"] in {"", "bool", "list"} else f"{text} {param['unit']}"


PAGES: Mapping[str, Callable[[Stock], Iterator[str]]] = {
    "controls": controls,
    "kinds": kinds,
    "adapters": adapters,
    "profiles": profiles,
    "causes": causes,
    "exits": exits,
    "commands": commands,
    "law": law,
}

if __name__ == "__main__":
    write(Path(sys.argv[1]))
