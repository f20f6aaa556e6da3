"""The command that collects: facts of hosts over SSH or as a printed script, answers of the domain name system."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from ctrlkit import console
from ctrlkit.desk import Desk, words_of

_SHOWN = 5


def collect(desk: Desk) -> int:
    """Read the facts of hosts, ask for domains, or print the script that others run."""
    from importlib import metadata

    from ctrlkit import collect, collection, inventory

    request = desk.request()
    asked = collection.errand(request)
    if desk.options.script is not None and not desk.options.dry_run:
        desk.write(collection.printed(asked, desk.options.script))
        return 0
    if desk.options.dns:
        return _dns(desk, request.cwd / desk.options.out, asked.domains)
    path = request.cwd / (request.inventory or Path("inventory.yaml"))
    if desk.options.script is not None:
        desk.print(collection.described(asked, None, desk.options.script))
        return 0
    book = inventory.load(path)
    hosts = inventory.choose(book, request.limit)
    if desk.options.shard:
        hosts = inventory.shard(hosts, desk.options.shard)
    idle = collection.unasked(asked, hosts)
    hosts = tuple(host for host in hosts if host not in idle)
    if idle:
        some = ", ".join(host.name for host in idle[:_SHOWN])
        more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
        desk.say(f"not touched, for no selected control asks anything of its role: {some}{more}")
    ready = collect.prepare(book, hosts, home=Path.home(), environ=os.environ, ask=console.asker())
    if desk.options.dry_run:
        desk.print(collection.described(asked, ready))
        return 0
    done = collect.collect(
        ready,
        collection.script_for(asked),
        request.cwd / request.out,
        now=lambda: desk.now().astimezone(asked.terms.zone if asked.terms is not None else UTC),
        version=metadata.version("ctrlkit"),
        jobs=desk.options.jobs,
        resume=desk.options.resume,
        progress=lambda step: desk.listener()(step.line()),
    )
    desk.print("\n".join(done.lines()))
    return 0 if done.complete else 2


def _dns(desk: Desk, out: Path, domains: Sequence[str]) -> int:
    from ctrlkit import dns_pack, dns_survey, mta_sts

    dns_pack.check(out)
    servers, selectors = desk.options.dns_server or None, words_of(desk.options.selector)
    now, port = desk.now(), desk.options.dns_port
    answers = dns_survey.gather(domains, servers=servers, port=port, selectors=selectors, now=now, fetch=mta_sts.fetch)
    path = dns_pack.write(out, answers)
    for line in (failed := dns_pack.problems(answers)):
        desk.say(line)
    desk.print(f"{len(answers)} answers about {len(domains)} domains in {path}")
    return 2 if failed else 0
