"""Verdicts per host, the checks alone: the child of a run beside stock pytest on the same checks and fixtures.

A server of the sample is there as often as asked for (default 1,900). The peer is pytest as it comes, without plugins
of others: a fixture for each fact, the checks' assertions rewritten, the hook that counts passed assertions on.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import _desk as desk
from _measure import PYTHON, Command, cost, say, scratch, turns

HOSTS = 1_900
TIMES = 3
HOST = "crm-db1"

_PEER = """
import inspect
import json
import os
from pathlib import Path

import pytest

from ctrlkit import loader, worker
from ctrlkit.check import recording

JOB = json.loads(Path(os.environ["CTRLKIT_JOB"]).read_text("utf-8"))
EVIDENCE = worker.Frames(JOB)
ITEMS = [worker.planned(JOB, entry, EVIDENCE) for entry in JOB["items"]]
MODULES = {}


def function(item, config):
    if item.path not in MODULES:
        from _pytest.assertion.rewrite import rewrite_asserts

        file = loader.read(item.path, item.shown)
        rewrite = lambda tree, source, path: rewrite_asserts(tree, source, str(path), config)
        MODULES[item.path] = loader.execute(file, rewrite)
    return vars(MODULES[item.path])[item.function]


@pytest.fixture(params=ITEMS, ids=lambda item: f"{item.control}-{item.subject}")
def item(request):
    return request.param


@pytest.fixture
def check(item, request):
    return function(item, request.config)


@pytest.fixture
def asked(item, check):
    return {name: item.fixtures[name] for name in inspect.signature(check).parameters}


def test_control(check, asked):
    with recording():
        check(**asked)
"""
_HOOK = """
passed = 0

def pytest_assertion_pass(item, lineno, orig, expl):
    global passed
    passed += 1
"""


def fleet(folder: Path, hosts: int) -> Path:
    """A pack with so many servers."""
    pack = folder / "fleet"
    shutil.copytree(desk.SAMPLE, pack, ignore=shutil.ignore_patterns("sample.yaml", "hosts"))
    (pack / "hosts").mkdir()
    names = [f"srv-{number:05}" for number in range(hosts)]
    for name in names:
        shutil.copyfile(desk.SAMPLE / "hosts" / f"{HOST}.facts", pack / "hosts" / f"{name}.facts")
    lines = "".join(f"  - {{name: {name}, roles: [server]}}\n" for name in names)
    (pack / "inventory.yaml").write_text(f"hosts:\n{lines}", "utf-8")
    return pack


def capture(pack: Path, out: Path) -> None:
    """Leave the job of a run's child in `out`, the lines about hosts alone."""
    from unittest import mock

    from ctrlkit import cli

    def kept(said: dict[str, object], items: list[dict[str, object]], child: object, **_: object) -> dict[int, object]:
        child.end()  # type: ignore[attr-defined]
        about = [item for item in items if item["host"] is not None]
        out.write_text(json.dumps({**said, "items": about, "tables": {}}), "utf-8")
        return {}

    with mock.patch("ctrlkit.job.evaluate", kept):
        cli.main([*desk.arguments(pack, out.parent / "runs"), "--inventory", str(pack / "inventory.yaml")])


def evaluate(path: Path, jobs: int | None) -> None:
    """Judge the captured job as a run does: in so many processes, None for as many as there are processors."""
    from ctrlkit.evaluate import Child
    from ctrlkit.evaluate import evaluate as judge

    job = json.loads(path.read_text("utf-8"))
    outcomes = judge(job, job["items"], Child(), jobs=jobs)
    print(len(outcomes), sorted({o.state for o in outcomes.values()}))


def main() -> None:
    """Measure the number of hosts asked for and print the figures."""
    hosts = int(sys.argv[1]) if sys.argv[1:] else HOSTS
    with scratch() as place:
        folder = Path(place)
        job = folder / "job.json"
        cost(Command([PYTHON, __file__, "--capture", str(fleet(folder, hosts)), str(job)], folder))
        verdicts = len(json.loads(job.read_text("utf-8"))["items"])
        (folder / "test_peer.py").write_text(_PEER, "utf-8")
        (folder / "conftest.py").write_text(_HOOK, "utf-8")
        also = {"CTRLKIT_JOB": str(job), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        words = ("-q", "--no-header", "-p", "no:cacheprovider", "-o", "enable_assertion_pass_hook=true")
        peer = Command([PYTHON, "-m", "pytest", *words, "test_peer.py"], folder, also, (0, 1))
        alone, crew = (Command([PYTHON, __file__, "--evaluate", str(job), *one], folder) for one in (["1"], []))
        found = turns(TIMES, alone=alone, crew=crew, peer=peer)
    for how, ours in (("in one process", found["alone"]), ("in as many as there are processors", found["crew"])):
        say(f"{verdicts} verdicts on {hosts} hosts, {how}", ours, "stock pytest", found["peer"], "0.4 x time, 200 MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--capture"]:
        capture(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--evaluate"]:
        evaluate(Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
    else:
        main()
