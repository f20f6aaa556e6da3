"""The options of each command, and what help says of them; nothing is done here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Protocol

from ctrlkit import custody_options


class _Holder(Protocol):
    """A parser, or a group of its options."""

    def add_argument(self, *words: str, **told: Any) -> Any:
        """Add one."""


def run(parser: argparse.ArgumentParser) -> None:
    """Add those of `run`."""
    from ctrlkit.model import Severity

    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK|BUNDLE", help="the vendor's folder, or a bundle")
    asked = parser.add_argument_group("what is asked")
    _profile(asked)
    _engagement(asked)
    asked.add_argument("--engagements", type=Path, metavar="DIR", help="run every engagement in this folder")
    asked.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant everything is judged at (default now)")
    asked.add_argument(
        "--select", action="append", default=[], metavar="ID|DOMAIN", help="only these; repeat or use commas"
    )
    asked.add_argument(
        "--fail-on", choices=[s.value for s in Severity], default="low", help="what counts for exit 1 (default low)"
    )
    known = parser.add_argument_group("what else is known")
    known.add_argument("--client-pack", type=Path, metavar="DIR", help="the client's own evidence")
    known.add_argument("--waivers", type=Path, metavar="FILE", help="the client's accepted exceptions")
    known.add_argument("--attestations", type=Path, metavar="FILE", help="a person's answers where evidence is missing")
    known.add_argument("--canaries", type=Path, metavar="FILE", help="events that only the client knows of")
    known.add_argument(
        "--previous", action="append", default=[], type=Path, metavar="BUNDLE", help="an earlier bundle; repeat it"
    )
    known.add_argument(
        "--inventory", type=Path, metavar="FILE", help="the hosts and their roles (default ./inventory.yaml)"
    )
    known.add_argument("--limit", action="append", default=[], metavar="HOSTS", help="only these hosts or roles")
    custody_options.originals(parser)
    custody_options.rekey(parser)
    out = parser.add_argument_group("what comes out")
    out.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where bundles go (default runs)")
    for view in ("junit", "html", "markdown"):
        out.add_argument(f"--{view}", type=Path, metavar="FILE", help=f"write the {view} view here as well")
    out.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    out.add_argument("--zip", action="store_true", help="pack the bundle into one file as well")
    how = parser.add_argument_group("how it is judged and sealed")
    how.add_argument(
        "--engine", default="polars", metavar="ENGINE", help="polars, duckdb or spark[=URL]; the results are the same"
    )
    how.add_argument("--jobs", type=int, metavar="N", help="checks at a time (default: the processors, at most 4)")
    how.add_argument(
        "--privacy",
        choices=["pseudonym", "clear"],
        default="pseudonym",
        help="clear adds the clear files to the bundle",
    )
    how.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    how.add_argument("--sign-key", type=Path, metavar="FILE", help="sign the bundle: your private key, PKCS#8 PEM")


def _profile(parser: _Holder) -> None:
    parser.add_argument("--profile", metavar="NAME|FILE", help="the client's policy; see ctrlkit list profiles")


def _engagement(parser: _Holder) -> None:
    parser.add_argument(
        "--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)"
    )


def verify(parser: argparse.ArgumentParser) -> None:
    """Add those of `verify`."""
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


def handover(parser: argparse.ArgumentParser) -> None:
    """Add those of `handover`."""
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="the vendor's folder")
    _profile(parser)
    _engagement(parser)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="the hosts (default ./inventory.yaml)")
    parser.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant of the handover (default now)")
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    parser.add_argument("--sign-key", type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where it goes (default runs)")


def sign(parser: argparse.ArgumentParser) -> None:
    """Add those of `sign`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, or the file `latest`")
    parser.add_argument("--role", required=True, choices=["vendor", "client", "auditor"], help="as whom you sign")
    parser.add_argument("--sign-key", required=True, type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")


def diff(parser: argparse.ArgumentParser) -> None:
    """Add those of `diff`."""
    parser.add_argument(
        "before", type=Path, metavar="A", help="the older bundle: a folder, a zip, or the file `latest`"
    )
    parser.add_argument("after", type=Path, metavar="B", help="the newer one")
    custody_options.rekey(parser)
    custody_options.engagement_key(parser)
    parser.add_argument("--format", choices=["text", "json", "markdown"], default="text", help="how it is told")


def report(parser: argparse.ArgumentParser) -> None:
    """Add those of `report`."""
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


def history(parser: argparse.ArgumentParser) -> None:
    """Add those of `history`."""
    what = "folders of bundles, and the database: a SQLite file or postgresql://… (default runs, runs/history.sqlite)"
    parser.add_argument("places", nargs="*", metavar="DIR|URL", help=what)
    parser.add_argument("--vendor", action="append", default=[], metavar="NAME", help="only this one; repeat it")
    parser.add_argument(
        "--engagements", type=Path, metavar="DIR", help="what vendors were asked: open, overdue, received?"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page here as well")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def replay(parser: argparse.ArgumentParser) -> None:
    """Add those of `replay`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    custody_options.originals(parser)
    custody_options.engagement_key(parser)


def check(parser: argparse.ArgumentParser) -> None:
    """Add those of `check`."""
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="the vendor's folder")
    _profile(parser)
    _engagement(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def collect(parser: argparse.ArgumentParser) -> None:
    """Add those of `collect`."""
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


def listing(parser: argparse.ArgumentParser) -> None:
    """Add those of `list`."""
    parser.add_argument("what", choices=["controls", "kinds", "adapters", "profiles", "plugins", "probes", "schemas"])
    _profile(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")


def explain(parser: argparse.ArgumentParser) -> None:
    """Add those of `explain`."""
    parser.add_argument(
        "word", metavar="ID|KIND|CAUSE|EXIT", help="a control, an evidence kind, a cause or an exit code"
    )
    _profile(parser)


def init(parser: argparse.ArgumentParser) -> None:
    """Add those of `init`."""
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


def sample(parser: argparse.ArgumentParser) -> None:
    """Add those of `sample`."""
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK|BUNDLE", help="the vendor's folder, or a bundle")
    _profile(parser)
    _engagement(parser)
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


def request(parser: argparse.ArgumentParser) -> None:
    """Add those of `request`."""
    _profile(parser)
    _engagement(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("request"), metavar="DIR", help="where it goes (default request)"
    )
    parser.add_argument(
        "--format", choices=["xlsx", "csv", "markdown"], default="xlsx", help="workbook, tables or page (default xlsx)"
    )


def keygen(parser: argparse.ArgumentParser) -> None:
    """Add those of `keygen`."""
    parser.add_argument("--kind", choices=["engagement", "sign"], default="engagement", help="what the key is for")
    parser.add_argument("--out", required=True, type=Path, metavar="STEM", help="where it goes: STEM.key")


def new(parser: argparse.ArgumentParser) -> None:
    """Add those of `new`."""
    parser.add_argument("what", choices=["control", "adapter", "plugin", "profile"])
    parser.add_argument("name", metavar="NAME", help="of a control its id, such as DSK-01; else small letters")


def test(parser: argparse.ArgumentParser) -> None:
    """Add those of `test`."""
    parser.add_argument(
        "path", nargs="?", metavar="PATH", help="a file or folder, a control's id or an adapter's name (default all)"
    )


def completion(parser: argparse.ArgumentParser) -> None:
    """Add those of `completion`."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell that is to complete")


def clean(parser: argparse.ArgumentParser) -> None:
    """Add those of `clean`."""
    what = "instead: list the bundles in this folder that are past the day they are kept until"
    parser.add_argument("--bundles", type=Path, metavar="DIR", help=what)
    parser.add_argument("--remove", action="store_true", help="remove those that are listed")
