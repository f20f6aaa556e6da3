"""The command line: words to the rooms, and the rooms' answers to an exit code; the only place that prints or ends."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ctrlkit.errors import CtrlkitError, InputError, did_you_mean

if TYPE_CHECKING:
    from ctrlkit.case import Request
    from ctrlkit.evaluate import Child
    from ctrlkit.model import Run
    from ctrlkit.stock import Stock

BUG, WRONG, INTERRUPTED = 5, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if not __debug__:
            msg = "ctrlkit does not run under python -O: assertions would vanish; start it without -O and PYTHONOPTIMIZE"
            raise InputError(msg)
        options = _parser(words).parse_args(words)
        code: int = options.command(options)
        sys.stdout.flush()
    except CtrlkitError as error:
        return _say(f"ctrlkit: {error}", WRONG)
    except KeyboardInterrupt:
        return _say("ctrlkit: interrupted; nothing half done was kept", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except Exception as error:  # noqa: BLE001  the wall: whatever nobody foresaw is our own bug, and never a verdict
        if "-v" in words or "--verbose" in words:
            import traceback

            traceback.print_exc()
        return _say(f"ctrlkit: a fault of ctrlkit itself: {type(error).__name__}: {error}; run again with -v and report it", BUG)
    return code


def _say(text: str, code: int = 0) -> int:
    print(text, file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line and end in 3."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the words, with a nearest word where there is one."""
        below = [p for a in self._actions if isinstance(a.choices, dict) for p in a.choices.values()]
        options = [a for p in (self, *below) for a in p._actions]  # noqa: SLF001  argparse names them nowhere else
        known = [word for action in options for word in action.option_strings]
        unknown = message.removeprefix("unrecognized arguments: ").split() if message.startswith("unrecognized") else []
        near = did_you_mean(unknown[0], known) if unknown else ""
        command = self.prog.partition(" ")[2]
        msg = f"{command}: " * bool(command) + f"{message}{near}; see {self.prog} --help"
        raise InputError(msg)


class _Version(argparse.Action):
    """Says the version; it is looked up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        print(f"ctrlkit {metadata.version('ctrlkit')}")
        parser.exit()


def _parser(words: Sequence[str]) -> _Parser:
    """The parser of these words; a command's options are laid out only where it is among them, so that help is quick."""
    parser = _Parser(
        prog="ctrlkit",
        description="An audit of a call-center vendor as a test suite.",
        epilog="example: ctrlkit run --profile bpo-philippines",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar=f"{{{','.join(_COMMANDS)}}}", parser_class=_Parser)
    for name, (what, example, options) in _COMMANDS.items():
        one = commands.add_parser(name, help=what, description=what, epilog=f"example: {example}", allow_abbrev=False)
        one.add_argument("-q", "--quiet", action="store_true", help="say less on standard error")
        one.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
        one.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="colour in text output")
        if name in words:
            options(one)
    return parser


def _run_options(parser: argparse.ArgumentParser) -> None:
    from ctrlkit.model import Severity

    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK|BUNDLE", help="the vendor's folder, or a bundle")
    _profile(parser)
    parser.add_argument("--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)")
    parser.add_argument("--client-pack", type=Path, metavar="DIR", help="the client's own evidence")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="the hosts and their roles (default ./inventory.yaml)")
    parser.add_argument("--limit", action="append", default=[], metavar="HOSTS", help="only these hosts or roles")
    parser.add_argument("--as-of", metavar="DATE|INSTANT", help="the instant everything is judged at (default now)")
    parser.add_argument("--select", action="append", default=[], metavar="ID|DOMAIN", help="only these; repeat or use commas")
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="the client's accepted exceptions")
    parser.add_argument("--attestations", type=Path, metavar="FILE", help="a person's answers where evidence is missing")
    parser.add_argument("--fail-on", choices=[s.value for s in Severity], default="low", help="what counts for exit 1 (default low)")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where bundles go (default runs)")
    for view in ("junit", "html", "markdown"):
        parser.add_argument(f"--{view}", type=Path, metavar="FILE", help=f"write the {view} view here as well")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    parser.add_argument("--engine", choices=["polars", "duckdb"], default="polars", help="the table engine; the results are the same")
    parser.add_argument("--privacy", choices=["pseudonym", "clear"], default="pseudonym", help="clear adds the clear files to the bundle")
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")
    parser.add_argument("--zip", action="store_true", help="pack the bundle into one file as well")
    parser.set_defaults(command=_run)


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="NAME|FILE", help="the client's policy; see ctrlkit list profiles")


def _request(options: argparse.Namespace) -> Request:
    from ctrlkit import cache, privacy
    from ctrlkit.case import Request
    from ctrlkit.model import Severity

    now = datetime.now(UTC)
    kept = privacy.cache_folder()
    cache.forget(kept, 7, now=now)
    given = vars(options)
    return Request(
        cwd=Path.cwd(),
        now=now,
        pack=given.get("pack"),
        profile=given.get("profile"),
        engagement=given.get("engagement"),
        client_pack=given.get("client_pack"),
        as_of=given.get("as_of"),
        select=_words(given.get("select", [])),
        waivers=given.get("waivers"),
        attestations=given.get("attestations"),
        fail_on=Severity(given.get("fail_on", "low")),
        out=given.get("out", Path("runs")),
        engine=given.get("engine", "polars"),
        clear=given.get("privacy") == "clear",
        engagement_key=given.get("engagement_key"),
        cache=kept,
        inventory=given.get("inventory"),
        limit=_words(given.get("limit", [])),
    )


def _words(texts: Sequence[str]) -> list[str]:
    """The words of an option that may be repeated and takes commas."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _listener(options: argparse.Namespace) -> Callable[[str], None]:
    if options.verbose or (sys.stderr.isatty() and not options.quiet):
        return lambda text: print(text, file=sys.stderr)
    return lambda _: None


def _run(options: argparse.Namespace) -> int:
    from ctrlkit.evaluate import Child

    if options.out.exists() and not options.out.is_dir():
        msg = f"--out {options.out}: is a file, expected a folder; give another name"
        raise InputError(msg)
    child = Child()
    try:
        closed, stock = _closed(options, child)
    finally:
        child.end()
    views = {reporter.name: reporter for reporter in stock.reporters}
    for name in ("junit", "html", "markdown"):
        path: Path | None = getattr(options, name)
        if path is not None:
            from ctrlkit.run import view

            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(view(views[name], closed))
    if options.zip:
        from ctrlkit.bundle import zip_bundle

        zip_bundle(Path.cwd() / closed.bundle)
    if options.format == "json":
        from ctrlkit.model import plain

        said = {"exit": closed.exit_code, "counts": dict(closed.counts), "bundle": closed.bundle}
        print(json.dumps({**said, "results": plain(closed.results)}, ensure_ascii=False, indent=1))
    else:
        from ctrlkit.terminal import render

        print(render(closed, _width(), _coloured(options)))
    return closed.exit_code


def _closed(options: argparse.Namespace, child: Child) -> tuple[Run, Stock]:
    from ctrlkit import case, replay, run

    request = _request(options)
    if request.pack is not None and replay.is_bundle(request.cwd / request.pack):
        return replay.rejudge(request, request.cwd / request.pack, child)
    one = case.prepare(request)
    for text in one.announcements:
        _say(text)
    for name, sha256 in one.stock.own:
        _say(f"own file {name} sha256 {sha256}")
    return run.run(one, child, _listener(options)), one.stock


def _width() -> int:
    import shutil

    return max(60, min(140, shutil.get_terminal_size((100, 24)).columns))


def _coloured(options: argparse.Namespace) -> bool:
    if options.color != "auto":
        return bool(options.color == "always")
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    _profile(parser)
    parser.add_argument("--engagement", type=Path, metavar="FILE", help="was it judged by this engagement?")
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="was it judged by these waivers?")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    parser.set_defaults(command=_verify)


def _verify(options: argparse.Namespace) -> int:
    from ctrlkit.bundle import opened, verify

    with opened(options.bundle) as folder:
        problems = [*verify(folder)]
        if not problems:
            from ctrlkit.replay import other_documents

            problems = other_documents(folder, Path.cwd(), options.profile, options.engagement, options.waivers)
    if options.format == "json":
        from ctrlkit.model import plain

        print(json.dumps({"whole": not problems, "problems": plain(problems)}, ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            print(f"{problem.file}: {problem.message}")
        print("not as it should be" if problems else "whole: every file is there and unaltered")
    return 1 if problems else 0


def _replay_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, a zip, or the file `latest`")
    parser.set_defaults(command=_replay)


def _replay(options: argparse.Namespace) -> int:
    from ctrlkit.evaluate import Child
    from ctrlkit.replay import replay

    child = Child()
    try:
        differences = replay(options.bundle, Path.cwd(), datetime.now(UTC), child)
    finally:
        child.end()
    for difference in differences:
        print(f"{difference.where}: {difference.message}")
    print("different" if differences else "identical: the same results, byte for byte")
    return 1 if differences else 0


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", nargs="?", type=Path, metavar="PACK", help="the vendor's folder")
    _profile(parser)
    parser.add_argument("--engagement", type=Path, metavar="FILE", help="what the client asks (default ./engagement.yaml)")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    parser.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    import tempfile

    from ctrlkit import case, readiness

    one = case.prepare(_request(options))
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        found = readiness.inspect(one, Path(work), _listener(options))
    print(json.dumps(readiness.to_json(found), ensure_ascii=False, indent=1) if options.format == "json" else readiness.text(found))
    return 0 if found.complete else 2


def _collect_options(parser: argparse.ArgumentParser) -> None:
    _profile(parser)
    parser.add_argument("--engagement", type=Path, metavar="FILE", help="whose nonce the facts carry (default ./engagement.yaml)")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="the hosts (default ./inventory.yaml)")
    parser.add_argument("--out", type=Path, default=Path("evidence"), metavar="DIR", help="the pack (default evidence)")
    parser.add_argument("--jobs", type=int, default=32, metavar="N", help="hosts at a time (default 32)")
    parser.add_argument("--limit", action="append", default=[], metavar="HOSTS", help="only these hosts or roles")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts of the hosts")
    parser.add_argument("--resume", action="store_true", help="read only what an earlier try did not")
    parser.add_argument("--dry-run", action="store_true", help="say what would be read, and touch nothing")
    parser.add_argument("--script", choices=["sh"], help="print the same probes as a script to run by hand")
    parser.set_defaults(command=_collect)


def _collect(options: argparse.Namespace) -> int:
    from importlib import metadata

    from ctrlkit import collect, collection, inventory

    request = _request(options)
    asked = collection.errand(request)
    if options.script is not None and not options.dry_run:
        sys.stdout.write(collection.printed(asked))
        return 0
    path = request.cwd / (request.inventory or Path("inventory.yaml"))
    if options.script is not None:
        print(collection.described(asked, None))
        return 0
    book = inventory.load(path)
    hosts = inventory.choose(book, request.limit)
    if options.shard:
        hosts = inventory.shard(hosts, options.shard)
    ready = collect.prepare(book, hosts, home=Path.home(), environ=os.environ, ask=_asker())
    if options.dry_run:
        print(collection.described(asked, ready))
        return 0
    done = collect.collect(
        ready,
        collection.script_for(asked),
        request.cwd / request.out,
        now=lambda: datetime.now(asked.terms.zone if asked.terms is not None else UTC),
        version=metadata.version("ctrlkit"),
        jobs=options.jobs,
        resume=options.resume,
        progress=lambda step: _listener(options)(step.line()),
    )
    print("\n".join(done.lines()))
    return 0 if done.complete else 2


def _asker() -> Callable[[str], str] | None:
    """Asks for a secret at the terminal; None where nobody sits at one."""
    import getpass

    return (lambda prompt: getpass.getpass(f"{prompt} ")) if sys.stdin.isatty() else None


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["controls", "kinds", "adapters", "profiles", "plugins", "probes", "schemas"])
    _profile(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what standard output holds")
    parser.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> int:
    from ctrlkit import explain

    shelf, policy = _shelf(options)
    if options.format == "json":
        print(json.dumps(explain.listing(options.what, shelf, policy), ensure_ascii=False, indent=1))
    else:
        print(explain.listing_text(options.what, shelf, policy))
    return 0


def _explain_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("word", metavar="ID|KIND|CAUSE|EXIT", help="a control, an evidence kind, a cause or an exit code")
    _profile(parser)
    parser.set_defaults(command=_explain)


def _explain(options: argparse.Namespace) -> int:
    from ctrlkit import explain

    print(explain.explain(options.word, *_shelf(options)))
    return 0


def _shelf(options: argparse.Namespace) -> tuple[Stock, Any]:
    from ctrlkit import profile, stock

    shelf = stock.take(Path.cwd())
    policy = profile.load(options.profile, shelf.profiles, shelf.controls, shelf.kinds) if options.profile else None
    return shelf, policy


def _init_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where to start (default here)")
    _profile(parser)
    parser.add_argument("--vendor", metavar="NAME", help="who is checked (default the folder's name)")
    parser.add_argument("--ci", choices=["github", "gitlab", "azure", "jenkins"], default="github", help="the CI its recipe is for (default github)")
    parser.set_defaults(command=_init)


def _init(options: argparse.Namespace) -> int:
    from ctrlkit import start

    print(start.start(Path.cwd() / options.folder, options.profile or "bpo-philippines", options.vendor, options.ci, datetime.now(UTC)))
    return 0


def _keygen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=["engagement", "sign"], default="engagement", help="what the key is for")
    parser.add_argument("--out", required=True, type=Path, metavar="STEM", help="where it goes: STEM.key")
    parser.set_defaults(command=_keygen)


def _keygen(options: argparse.Namespace) -> int:
    from ctrlkit import start

    print(start.keygen(options.kind, options.out))
    return 0


def _clean_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_clean)


def _clean(_: argparse.Namespace) -> int:
    from ctrlkit import cache, privacy

    removed = cache.forget(privacy.cache_folder(), 0, now=datetime.now(UTC))
    print(f"{removed} files of read evidence removed")
    return 0


_COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("plan, read, judge, report and seal", "ctrlkit run --profile bpo-philippines --engagement engagement.yaml evidence", _run_options),
    "init": ("start a folder for a self-check", "ctrlkit init desk --vendor 'Example Contact Services, Inc.'", _init_options),
    "check": ("is the pack readable and complete; no verdicts", "ctrlkit check evidence --profile bpo-philippines", _check_options),
    "collect": ("read facts from hosts over SSH into the pack", "ctrlkit collect --inventory inventory.yaml --out evidence", _collect_options),
    "verify": ("is a bundle whole and unaltered", "ctrlkit verify runs/latest", _verify_options),
    "replay": ("judge a bundle again and compare", "ctrlkit replay runs/latest", _replay_options),
    "list": ("what there is", "ctrlkit list controls --profile bpo-philippines", _list_options),
    "explain": ("what a control, kind, cause or exit code means", "ctrlkit explain MFA-01", _explain_options),
    "keygen": ("make a key", "ctrlkit keygen --kind engagement --out northwind", _keygen_options),
    "clean": ("remove what was cached of evidence", "ctrlkit clean", _clean_options),
}

if __name__ == "__main__":
    sys.exit(main())
