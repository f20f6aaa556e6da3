"""The words of the command line: commands, options, and what help says of them; nothing is done here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from ctrlkit import custody_options
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


def parser_of(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of these words; only a command among them has its options laid out, so that help is quick."""
    parser = _Parser(
        prog="ctrlkit",
        description="An audit of a call-center vendor as a test suite.",
        epilog="example: ctrlkit run --profile bpo-philippines",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=_version(words), help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar=f"{{{','.join(_COMMANDS)}}}", parser_class=_Parser)
    for name, (what, example, options) in _COMMANDS.items():
        one = commands.add_parser(name, help=what, description=what, epilog=f"example: {example}", allow_abbrev=False)
        one.add_argument("-q", "--quiet", action="store_true", help="say less on standard error")
        one.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
        one.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="colour in text output")
        one.set_defaults(command=name)
        if name in words:
            options(one)
    return parser


def _version(words: Sequence[str]) -> str:
    """The version, looked up only where it is asked for: that costs as much as all of help."""
    from importlib import metadata

    return f"ctrlkit {metadata.version('ctrlkit')}" if "--version" in words else ""


def _run_options(parser: argparse.ArgumentParser) -> None:
    from ctrlkit.model import Severity

    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK|BUNDLE", help="the vendor's folder, or a bundle")
    _profile(parser)
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)"
    )
    parser.add_argument("--client-pack", type=Path, metavar="DIR", help="the client's own evidence")
    parser.add_argument(
        "--inventory", type=Path, metavar="FILE", help="the hosts and their roles (default ./inventory.yaml)"
    )
    parser.add_argument("--limit", action="append", default=[], metavar="HOSTS", help="only these hosts or roles")
    parser.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant everything is judged at (default now)")
    parser.add_argument(
        "--select", action="append", default=[], metavar="ID|DOMAIN", help="only these; repeat or use commas"
    )
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="the client's accepted exceptions")
    parser.add_argument(
        "--attestations", type=Path, metavar="FILE", help="a person's answers where evidence is missing"
    )
    parser.add_argument(
        "--previous",
        action="append",
        default=[],
        type=Path,
        metavar="BUNDLE",
        help="an earlier bundle; repeat it",
    )
    parser.add_argument("--canaries", type=Path, metavar="FILE", help="events that only the client knows of")
    custody_options.originals(parser)
    custody_options.rekey(parser)
    parser.add_argument(
        "--fail-on", choices=[s.value for s in Severity], default="low", help="what counts for exit 1 (default low)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where bundles go (default runs)")
    for view in ("junit", "html", "markdown"):
        parser.add_argument(f"--{view}", type=Path, metavar="FILE", help=f"write the {view} view here as well")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    parser.add_argument(
        "--engine", default="polars", metavar="ENGINE", help="polars, duckdb or spark[=URL]; the results are the same"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="checks at a time (default: the processors, at most 4)")
    parser.add_argument(
        "--privacy",
        choices=["pseudonym", "clear"],
        default="pseudonym",
        help="clear adds the clear files to the bundle",
    )
    parser.add_argument("--engagements", type=Path, metavar="DIR", help="run every engagement in this folder")
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    parser.add_argument("--sign-key", type=Path, metavar="FILE", help="sign the bundle: your private key, PKCS#8 PEM")
    parser.add_argument("--zip", action="store_true", help="pack the bundle into one file as well")


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="NAME|FILE", help="the client's policy; see ctrlkit list profiles")


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    _profile(parser)
    parser.add_argument("--engagement", type=Path, metavar="FILE", help="was it judged by this engagement?")
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="was it judged by these waivers?")
    for role in ("vendor", "client"):
        what = f"the {role}'s public key, or its history as YAML: has it signed?"
        parser.add_argument(f"--{role}-key", type=Path, metavar="PUB", help=what)
    what = "the client's receipt for it; --client-key then says who signed that"
    parser.add_argument("--receipt", type=Path, metavar="FILE", help=what)
    what = "certificates of the time stamping authority, PEM: has it stamped it?"
    parser.add_argument("--tsa-cert", type=Path, metavar="FILE", help=what)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def _handover_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="the vendor's folder")
    _profile(parser)
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)"
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="the hosts (default ./inventory.yaml)")
    parser.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant of the handover (default now)")
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    parser.add_argument("--sign-key", type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where it goes (default runs)")


def _sign_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, or the file `latest`")
    parser.add_argument("--role", required=True, choices=["vendor", "client", "auditor"], help="as whom you sign")
    parser.add_argument("--sign-key", required=True, type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")


def _diff_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "before", type=Path, metavar="A", help="the older bundle: a folder, a zip, or the file `latest`"
    )
    parser.add_argument("after", type=Path, metavar="B", help="the newer one")
    custody_options.rekey(parser)
    custody_options.engagement_key(parser)
    parser.add_argument("--format", choices=["text", "json", "markdown"], default="text", help="how it is told")


def _report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    for view, what in (
        ("html", "the page for people"),
        ("junit", "JUnit XML, for CI"),
        ("markdown", "Markdown, for a job's summary"),
        ("csv", "every finding as a row, safe to open in a spreadsheet"),
        ("oscal", "OSCAL assessment results, and assessment-plan.json beside them"),
        ("sarif", "SARIF, for code scanning"),
        ("hdf", "Heimdall data format, for MITRE SAF"),
    ):
        parser.add_argument(f"--{view}", nargs="?", type=Path, const=Path(), metavar="FILE", help=what)


def _history_options(parser: argparse.ArgumentParser) -> None:
    what = "folders of bundles, and the database: a SQLite file or postgresql://… (default runs, runs/history.sqlite)"
    parser.add_argument("places", nargs="*", metavar="DIR|URL", help=what)
    parser.add_argument("--vendor", action="append", default=[], metavar="NAME", help="only this one; repeat it")
    parser.add_argument(
        "--engagements", type=Path, metavar="DIR", help="what vendors were asked: open, overdue, received?"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page here as well")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def _replay_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    custody_options.originals(parser)
    custody_options.engagement_key(parser)


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="the vendor's folder")
    _profile(parser)
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def _collect_options(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="whose nonce the facts carry (default ./engagement.yaml)"
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="the hosts (default ./inventory.yaml)")
    parser.add_argument("--out", type=Path, default=Path("evidence"), metavar="DIR", help="the pack (default evidence)")
    parser.add_argument("--jobs", type=int, default=32, metavar="N", help="hosts at a time (default 32)")
    parser.add_argument("--dns", action="store_true", help="ask for the engagement's domains instead of hosts")
    parser.add_argument("--dns-server", action="append", default=[], metavar="ADDRESS", help="ask this name server")
    parser.add_argument("--dns-port", type=int, default=53, metavar="N", help="its port (default 53)")
    parser.add_argument("--selector", action="append", default=[], metavar="NAME", help="a DKIM selector in use")
    parser.add_argument("--limit", action="append", default=[], metavar="HOSTS", help="only these hosts or roles")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts of the hosts")
    parser.add_argument("--resume", action="store_true", help="read only what an earlier try did not")
    parser.add_argument("--dry-run", action="store_true", help="say what would be read, and touch nothing")
    parser.add_argument(
        "--script", choices=["sh", "powershell"], help="print the same probes as a script to run by hand"
    )


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["controls", "kinds", "adapters", "profiles", "plugins", "probes", "schemas"])
    _profile(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def _explain_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "word", metavar="ID|KIND|CAUSE|EXIT", help="a control, an evidence kind, a cause or an exit code"
    )
    _profile(parser)


def _init_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where to start (default here)"
    )
    _profile(parser)
    parser.add_argument("--vendor", metavar="NAME", help="who is checked (default the folder's name)")
    parser.add_argument(
        "--ci",
        choices=["github", "gitlab", "azure", "jenkins"],
        default="github",
        help="the CI its recipe is for (default github)",
    )


def _sample_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK|BUNDLE", help="the vendor's folder, or a bundle")
    _profile(parser)
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)"
    )
    parser.add_argument("--client-pack", type=Path, metavar="DIR", help="the client's own evidence")
    parser.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant everything is read at (default now)")
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    parser.add_argument("--control", required=True, metavar="ID", help="whose evidence is drawn from")
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="only rows that hold this")
    parser.add_argument("--size", type=int, default=59, metavar="N", help="how many rows (default 59: 95 %% and 5 %%)")
    parser.add_argument(
        "--method", choices=["simple", "stratified"], default="simple", help="of the whole, or of each stratum"
    )
    parser.add_argument("--by", metavar="COLUMN", help="what divides the strata (default site, system or client)")
    parser.add_argument("--commit", required=True, type=Path, metavar="FILE", help="the commitment to the population")
    parser.add_argument("--seed", metavar="TEXT", help="the client's, named once it holds the commitment")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="the filled-in sample_results.csv")
    parser.add_argument(
        "--out", type=Path, default=Path("sample"), metavar="DIR", help="where the rows go (default sample)"
    )


def _keygen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=["engagement", "sign"], default="engagement", help="what the key is for")
    parser.add_argument("--out", required=True, type=Path, metavar="STEM", help="where it goes: STEM.key")


def _clean_options(parser: argparse.ArgumentParser) -> None:
    what = "instead: list the bundles in this folder that are past the day they are kept until"
    parser.add_argument("--bundles", type=Path, metavar="DIR", help=what)
    parser.add_argument("--remove", action="store_true", help="remove those that are listed")


_COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": (
        "plan, read, judge, report and seal",
        "ctrlkit run --profile bpo-philippines --engagement engagement.yaml evidence",
        _run_options,
    ),
    "init": (
        "start a folder for a self-check",
        "ctrlkit init desk --vendor 'Example Contact Services, Inc.'",
        _init_options,
    ),
    "check": (
        "is the pack readable and complete; no verdicts",
        "ctrlkit check evidence --profile bpo-philippines",
        _check_options,
    ),
    "collect": (
        "read facts from hosts over SSH into the pack",
        "ctrlkit collect --inventory inventory.yaml --out evidence",
        _collect_options,
    ),
    "verify": ("is a bundle whole and unaltered", "ctrlkit verify runs/latest", _verify_options),
    "report": ("views of a bundle again, for other tools too", "ctrlkit report runs/latest --sarif", _report_options),
    "replay": ("judge a bundle again and compare", "ctrlkit replay runs/latest", _replay_options),
    "list": ("what there is", "ctrlkit list controls --profile bpo-philippines", _list_options),
    "explain": ("what a control, kind, cause or exit code means", "ctrlkit explain MFA-01", _explain_options),
    "handover": (
        "seal the evidence for the client, without names and without verdicts",
        "ctrlkit handover evidence --engagement engagement.yaml --sign-key vendor.key",
        _handover_options,
    ),
    "sign": (
        "add a signed statement to a bundle",
        "ctrlkit sign runs/latest --role client --sign-key desk.key",
        _sign_options,
    ),
    "diff": (
        "what got better or worse between two bundles, and why",
        "ctrlkit diff runs/october runs/latest",
        _diff_options,
    ),
    "history": (
        "past runs, trends, days to remedy, vendors side by side",
        "ctrlkit history runs --html history.html",
        _history_options,
    ),
    "sample": (
        "draw rows for a walk-through, by the client's seed",
        "ctrlkit sample evidence --control MFA-01 --where enabled=true --commit population.json",
        _sample_options,
    ),
    "keygen": ("make a key", "ctrlkit keygen --kind engagement --out northwind", _keygen_options),
    "clean": ("remove what was cached of evidence, or bundles past their day", "ctrlkit clean", _clean_options),
    **custody_options.COMMANDS,
}
