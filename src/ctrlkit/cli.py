"""The command line: words to the rooms, and the rooms' answers to an exit code; the only place that prints or ends."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctrlkit import console
from ctrlkit.errors import CtrlkitError, InputError, Withdrawn
from ctrlkit.options import parser_of

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
        _refuse_optimised()
        options = parser_of(words).parse_args(words)
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
    except CtrlkitError as error:
        return _say(f"ctrlkit: {error}", INTERRUPTED if isinstance(error, Withdrawn) else WRONG)
    except KeyboardInterrupt:
        return _say("ctrlkit: interrupted; nothing half done was kept", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except Exception as error:  # noqa: BLE001  the wall: whatever nobody foresaw is our own bug, and never a verdict
        if "-v" in words or "--verbose" in words:
            import traceback

            traceback.print_exc()
        return _say(
            f"ctrlkit: a fault of ctrlkit itself: {type(error).__name__}: {error}; run again with -v and report it", BUG
        )
    return code


def _refuse_optimised() -> None:
    if not __debug__:
        msg = "ctrlkit does not run under python -O: assertions would vanish"
        raise InputError(f"{msg}; start it without -O and PYTHONOPTIMIZE")


def _say(text: str, code: int = 0) -> int:
    print(text, file=sys.stderr)
    return code


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
            from ctrlkit.payload import view

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

        print(render(closed, console.width(), console.coloured(options.color)))
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


def _check(options: argparse.Namespace) -> int:
    import tempfile

    from ctrlkit import case, readiness

    one = case.prepare(_request(options))
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        found = readiness.inspect(one, Path(work), _listener(options))
    print(
        json.dumps(readiness.to_json(found), ensure_ascii=False, indent=1)
        if options.format == "json"
        else readiness.text(found)
    )
    return 0 if found.complete else 2


def _collect(options: argparse.Namespace) -> int:
    from importlib import metadata

    from ctrlkit import collect, collection, inventory

    request = _request(options)
    asked = collection.errand(request)
    if options.script is not None and not options.dry_run:
        sys.stdout.write(collection.printed(asked, options.script))
        return 0
    if options.dns:
        return _collect_dns(options, request.cwd / options.out, asked.domains)
    path = request.cwd / (request.inventory or Path("inventory.yaml"))
    if options.script is not None:
        print(collection.described(asked, None, options.script))
        return 0
    book = inventory.load(path)
    hosts = inventory.choose(book, request.limit)
    if options.shard:
        hosts = inventory.shard(hosts, options.shard)
    ready = collect.prepare(book, hosts, home=Path.home(), environ=os.environ, ask=console.asker())
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


def _collect_dns(options: argparse.Namespace, out: Path, domains: Sequence[str]) -> int:
    from ctrlkit import dns_pack, dns_survey, mta_sts

    dns_pack.check(out)
    servers, selectors = options.dns_server or None, _words(options.selector)
    now, port = datetime.now(UTC), options.dns_port
    answers = dns_survey.gather(domains, servers=servers, port=port, selectors=selectors, now=now, fetch=mta_sts.fetch)
    path = dns_pack.write(out, answers)
    for line in (failed := dns_pack.problems(answers)):
        _say(line)
    print(f"{len(answers)} answers about {len(domains)} domains in {path}")
    return 2 if failed else 0


def _list(options: argparse.Namespace) -> int:
    from ctrlkit import explain

    shelf, policy = _shelf(options)
    if options.format == "json":
        print(json.dumps(explain.listing(options.what, shelf, policy), ensure_ascii=False, indent=1))
    else:
        print(explain.listing_text(options.what, shelf, policy))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from ctrlkit import explain

    print(explain.explain(options.word, *_shelf(options)))
    return 0


def _shelf(options: argparse.Namespace) -> tuple[Stock, Any]:
    from ctrlkit import profile, stock

    shelf = stock.take(Path.cwd())
    policy = profile.load(options.profile, shelf.profiles, shelf.controls, shelf.kinds) if options.profile else None
    return shelf, policy


def _init(options: argparse.Namespace) -> int:
    from ctrlkit import start

    print(
        start.start(
            Path.cwd() / options.folder,
            options.profile or "bpo-philippines",
            options.vendor,
            options.ci,
            datetime.now(UTC),
        )
    )
    return 0


def _keygen(options: argparse.Namespace) -> int:
    from ctrlkit import start

    print(start.keygen(options.kind, options.out))
    return 0


def _clean(_: argparse.Namespace) -> int:
    from ctrlkit import cache, privacy

    print(f"{cache.forget(privacy.cache_folder(), 0, now=datetime.now(UTC))} files of read evidence removed")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "init": _init,
    "check": _check,
    "collect": _collect,
    "verify": _verify,
    "replay": _replay,
    "list": _list,
    "explain": _explain,
    "keygen": _keygen,
    "clean": _clean,
}

if __name__ == "__main__":
    sys.exit(main())
