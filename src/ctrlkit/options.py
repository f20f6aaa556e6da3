"""The words of the command line: commands in groups, with examples, and what help says; nothing is done here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from ctrlkit import custody_flags, flags
from ctrlkit.errors import InputError, did_you_mean


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line and end in 3."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the words, with a nearest word where there is one."""
        below = [p for a in self._actions if isinstance(a.choices, dict) for p in a.choices.values()]
        options = [a for p in (self, *below) for a in p._actions]  # noqa: SLF001  argparse names them nowhere else
        known = [word for action in options for word in action.option_strings]
        unknown = message.removeprefix("unrecognized arguments: ").split() if message.startswith("unrecognized") else []
        near = did_you_mean(unknown[0], known) if unknown else ""
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            message = message.split(" (choose", 1)[0]
            near = did_you_mean(choice[1], re.findall(r"[\w-]+", choice[2])) or f"; expected one of {choice[2]}"
        command = self.prog.partition(" ")[2]
        msg = f"{command}: " * bool(command) + f"{message}{near}; see {self.prog} --help"
        raise InputError(msg)


class _Overview(argparse.RawDescriptionHelpFormatter):
    """Help that leaves the list of commands to the text below, where they stand in groups."""

    def _iter_indented_subactions(self, _: argparse.Action) -> Generator[argparse.Action, None, None]:
        yield from ()


def parser_of(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of these words; only a command among them has its options laid out, so that help is quick."""
    parser = _Parser(
        prog="ctrlkit",
        description="An audit of a call-center vendor as a test suite.",
        epilog=_overview(),
        formatter_class=_Overview,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=_version(words), help="show the version and exit")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar=f"{{{','.join(_COMMANDS)}}}", parser_class=_Parser
    )
    for name, command in _COMMANDS.items():
        examples = "\n".join(f"example: {example}" for example in command.examples)
        one = commands.add_parser(
            name,
            help=command.what,
            description=command.what,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        one.set_defaults(command=name)
        if name in words:
            command.options(one)
        every = one.add_argument_group("of every command")
        every.add_argument("-q", "--quiet", action="store_true", help="say less on standard error")
        every.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
        every.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="colour in text output")
    return parser


def _overview() -> str:
    """The commands in groups, and where to go on."""
    lines = []
    for title, group in _GROUPS.items():
        lines += [f"{title}:", *(f"  {name:<12}{command.what}" for name, command in group.items()), ""]
    return "\n".join([*lines, "example: ctrlkit run --profile bpo-philippines", "example: ctrlkit COMMAND --help"])


def _version(words: Sequence[str]) -> str:
    """The version, looked up only where it is asked for: that costs as much as all of help."""
    if "--version" not in words:
        return ""
    from importlib import metadata

    return f"ctrlkit {metadata.version('ctrlkit')}"


@dataclass(frozen=True, slots=True)
class _Command:
    """One command: what it does in a few words, its options, and examples, the plainest first."""

    what: str
    options: Callable[[argparse.ArgumentParser], None]
    examples: tuple[str, ...]


_GROUPS: Final[dict[str, dict[str, _Command]]] = {
    "start, and ask for evidence": {
        "init": _Command(
            "start a folder for a self-check",
            flags.init,
            ("ctrlkit init desk --vendor 'Example Contact Services, Inc.'", "ctrlkit init --ci gitlab"),
        ),
        "request": _Command(
            "what to hand over: a checklist, and sheets to fill in",
            flags.request,
            (
                "ctrlkit request --profile bpo-philippines --engagement engagement.yaml",
                "ctrlkit request --profile first-hour --format markdown --out asked",
            ),
        ),
        "collect": _Command(
            "read facts from hosts over SSH into the pack",
            flags.collect,
            (
                "ctrlkit collect --inventory inventory.yaml --out evidence",
                "ctrlkit collect --dry-run",
                "ctrlkit collect --script sh > probes.sh",
                "ctrlkit collect --dns --engagement engagement.yaml",
            ),
        ),
    },
    "judge": {
        "check": _Command(
            "is the pack readable and complete; no verdicts",
            flags.check,
            ("ctrlkit check evidence --profile bpo-philippines", "ctrlkit check --format json"),
        ),
        "run": _Command(
            "plan, read, judge, report and seal",
            flags.run,
            (
                "ctrlkit run --profile bpo-philippines --engagement engagement.yaml evidence",
                "ctrlkit run --select MFA-01,login --junit junit.xml",
                "ctrlkit run received/handover --engagement engagement.yaml --engagement-key northwind.key",
            ),
        ),
        "sample": _Command(
            "draw rows for a walk-through, by the client's seed",
            flags.sample,
            (
                "ctrlkit sample evidence --control MFA-01 --where enabled=true --commit population.json",
                "ctrlkit sample evidence --control MFA-01 --commit population.json --seed 'blue tuesday'",
            ),
        ),
    },
    "look back": {
        "diff": _Command(
            "what got better or worse between two bundles, and why",
            flags.diff,
            ("ctrlkit diff runs/october runs/latest", "ctrlkit diff october.zip november.zip --format markdown"),
        ),
        "report": _Command(
            "views of a bundle again, for other tools too",
            flags.report,
            ("ctrlkit report runs/latest --html report.html", "ctrlkit report runs/latest --sarif --oscal"),
        ),
        "reveal": _Command(
            "names back, for who holds the key and the originals: what to fix, who, where, until when",
            custody_flags.reveal,
            ("ctrlkit reveal runs/latest --engagement-key northwind.key --out to-fix",),
        ),
        "history": _Command(
            "past runs, trends, days to remedy, vendors side by side",
            flags.history,
            ("ctrlkit history runs --html history.html", "ctrlkit history runs --engagements engagements"),
        ),
    },
    "hand over, sign and verify": {
        "handover": _Command(
            "seal the evidence for the client, without names and without verdicts",
            flags.handover,
            ("ctrlkit handover evidence --engagement engagement.yaml --sign-key vendor.key",),
        ),
        "verify": _Command(
            "is a bundle whole and unaltered",
            flags.verify,
            ("ctrlkit verify runs/latest", "ctrlkit verify october.zip --vendor-key vendor.pub"),
        ),
        "replay": _Command("judge a bundle again and compare", flags.replay, ("ctrlkit replay runs/latest",)),
        "sign": _Command(
            "add a signed statement to a bundle",
            flags.sign,
            ("ctrlkit sign runs/latest --role client --sign-key desk.key",),
        ),
        "receipt": _Command(
            "a signed receipt for a bundle that has come, to return at once",
            custody_flags.receipt,
            ("ctrlkit receipt handed-over --sign-key client.key --out receipt.dsse.json",),
        ),
        "stamp": _Command(
            "a third party's word for when a bundle was there already (RFC 3161)",
            custody_flags.stamp,
            ("ctrlkit stamp runs/latest --tsa https://tsa.example/", "ctrlkit stamp runs/latest --request ask.tsq"),
        ),
        "keygen": _Command(
            "make a key",
            flags.keygen,
            ("ctrlkit keygen --kind engagement --out northwind", "ctrlkit keygen --kind sign --out desk"),
        ),
        "rekey": _Command(
            "record a change of the engagement key, so that findings are followed across it",
            custody_flags.rekey,
            ("ctrlkit rekey runs/latest --engagement-key old.key --new-key new.key --out rekey.json",),
        ),
    },
    "look things up": {
        "list": _Command(
            "what there is",
            flags.listing,
            ("ctrlkit list controls --profile bpo-philippines", "ctrlkit list schemas --format json"),
        ),
        "explain": _Command(
            "what a control, kind, cause or exit code means",
            flags.explain,
            ("ctrlkit explain MFA-01", "ctrlkit explain roster", "ctrlkit explain 2"),
        ),
    },
    "write your own": {
        "new": _Command(
            "write a control, adapter, plugin or profile that runs",
            flags.new,
            ("ctrlkit new control DSK-01", "ctrlkit new adapter acme-dialler"),
        ),
        "test": _Command(
            "try controls and adapters on their datasets",
            flags.test,
            ("ctrlkit test controls/", "ctrlkit test DSK-01 -v"),
        ),
    },
    "keep house": {
        "completion": _Command(
            "print what makes a shell complete ctrlkit's words",
            flags.completion,
            ("ctrlkit completion bash >> ~/.bashrc", "ctrlkit completion fish | source"),
        ),
        "clean": _Command(
            "remove what was cached of evidence, or bundles past their day",
            flags.clean,
            ("ctrlkit clean", "ctrlkit clean --bundles runs"),
        ),
    },
}
_COMMANDS: Final = {name: command for group in _GROUPS.values() for name, command in group.items()}
