"""One good bundle, and one named way to spoil it for each rule that verification knows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ctrlkit.bundle import seal
from ctrlkit.model import ORGANISATION, Cause, EvidenceRef, Grade, Result, Severity, Verdict

INFO = {"Bagging-Date": "2026-11-02", "External-Identifier": "northwind-2026-10", "Bag-Software-Agent": "ctrlkit 0.1.0"}
STEM = "bpo-philippines-mabuhay-2026-11-02"
ACCOUNTS = b"_file,_row,account_id,mfa_enrolled\naccounts.csv,2,p_a,true\naccounts.csv,3,p_b,false\n"
MANIFEST, TAGS, RESULTS = "manifest-sha256.txt", "tagmanifest-sha256.txt", "data/results/results.ndjson"
RUN, EVIDENCE = "data/run.json", "data/evidence/accounts.csv"


def result(control: str, verdict: Verdict, **changes: Any) -> Result:
    """A small result; `reason` and `cause` go with the verdict."""
    digest = hashlib.sha256(ACCOUNTS).hexdigest()
    plain = Result(
        control=control,
        subject=ORGANISATION,
        verdict=verdict,
        severity=Severity.HIGH,
        reason="" if verdict is Verdict.PASSED else "1 of 2 accounts has no second factor",
        cause=Cause.MISSING if verdict is Verdict.INCONCLUSIVE else None,
        grade=Grade.TYPED,
        population=2,
        exceptions=1,
        params={"coverage": "100"},
        evidence=(EvidenceRef("accounts", EVIDENCE, digest, 2, "2026-10-01/2026-10-31", Grade.TYPED),),
    )
    return replace(plain, **changes)


RESULT_LINES = (
    result("ACC-01", Verdict.PASSED),
    result("LOG-01", Verdict.PASSED, subject="host:jump1"),
    result("MFA-01", Verdict.FAILED),
)


def run_json(results: tuple[Result, ...] = RESULT_LINES, **changes: Any) -> bytes:
    counts = {verdict.value: sum(r.verdict is verdict for r in results) for verdict in Verdict}
    return json.dumps({"version": "0.1.0", "counts": counts, "exit": 1, **changes}).encode()


def fill(data: Path) -> None:
    """The payload of the good bundle."""
    for folder in ("evidence", "results", "controls"):
        (data / folder).mkdir()
    (data / "run.json").write_bytes(run_json())
    (data / "controls/mfa.py").write_bytes(b"# a control\n")
    (data / "evidence/accounts.csv").write_bytes(ACCOUNTS)
    (data / "evidence/accounts.problems.ndjson").write_bytes(b"")
    (data / "results/results.ndjson").write_bytes("".join(r.line() for r in RESULT_LINES).encode())


def good(out: Path) -> Path:
    """A whole bundle in `out`."""
    return seal(out, STEM, fill, INFO)


@dataclass(frozen=True, slots=True)
class Tampering:
    """What is done to the good bundle (`spoil` may give it a new folder), and the problem that has to be named."""

    name: str
    spoil: Callable[[Path], Path | None]
    file: str
    words: str


def reseal(bundle: Path) -> Path:
    """Make the manifests agree again after the payload was changed, as a careful forger would."""
    files = sorted(p for p in (bundle / "data").rglob("*") if p.is_file())
    manifest = "".join(f"{_sha(p)}  {p.relative_to(bundle).as_posix()}\n" for p in files)
    (bundle / MANIFEST).write_bytes(manifest.encode())
    info = (bundle / "bag-info.txt").read_text("utf-8").split("\n")
    oxum = f"Payload-Oxum: {sum(p.stat().st_size for p in files)}.{len(files)}"
    lines = [oxum if line.startswith("Payload-Oxum") else line for line in info]
    (bundle / "bag-info.txt").write_bytes("\n".join(lines).encode())
    retag(bundle)
    return bundle.rename(bundle.with_name(f"{STEM}-{_sha(bundle / MANIFEST)[:8]}"))


def retag(bundle: Path) -> None:
    """Make the tag manifest agree again."""
    names = [n for n in ("VERIFY.txt", "bag-info.txt", "bagit.txt", MANIFEST) if (bundle / n).exists()]
    (bundle / TAGS).write_bytes("".join(f"{_sha(bundle / n)}  {n}\n" for n in names).encode())


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(bundle: Path) -> None:
        text = (bundle / name).read_bytes()
        assert old.encode() in text
        (bundle / name).write_bytes(text.replace(old.encode(), new.encode(), 1))

    return spoil


def _write(name: str, data: bytes, *, again: bool = False) -> Callable[[Path], Path | None]:
    def spoil(bundle: Path) -> Path | None:
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(data)
        return reseal(bundle) if again else None

    return spoil


def _remove(name: str, *, again: bool = False) -> Callable[[Path], Path | None]:
    def spoil(bundle: Path) -> Path | None:
        (bundle / name).unlink()
        return reseal(bundle) if again else None

    return spoil


def _line(text: str, manifest: str = MANIFEST) -> Callable[[Path], None]:
    """Add a line to a manifest and keep the rest in agreement."""

    def spoil(bundle: Path) -> None:
        with (bundle / manifest).open("ab") as file:
            file.write(text.encode())
        if manifest == MANIFEST:
            retag(bundle)

    return spoil


def _tag(name: str, data: bytes) -> Callable[[Path], None]:
    def spoil(bundle: Path) -> None:
        (bundle / name).write_bytes(data)
        retag(bundle)

    return spoil


def _results(*results: Result) -> Callable[[Path], Path]:
    """Other results, with counts that agree."""

    def spoil(bundle: Path) -> Path:
        (bundle / RESULTS).write_bytes("".join(r.line() for r in results).encode())
        (bundle / RUN).write_bytes(run_json(results))
        return reseal(bundle)

    return spoil


def _run(**changes: Any) -> Callable[[Path], Path]:
    def spoil(bundle: Path) -> Path:
        (bundle / RUN).write_bytes(run_json(**changes))
        return reseal(bundle)

    return spoil


def _link(bundle: Path) -> None:
    (bundle / EVIDENCE).rename(bundle.parent / "elsewhere.csv")
    (bundle / EVIDENCE).symlink_to(bundle.parent / "elsewhere.csv")


def _link_folder(bundle: Path) -> None:
    (bundle.parent / "elsewhere").mkdir()
    (bundle / "data/more").symlink_to(bundle.parent / "elsewhere", target_is_directory=True)


def _pipe(bundle: Path) -> None:
    os.mkfifo(bundle / "data/pipe")


def _swap(bundle: Path) -> None:
    first, second = bundle / EVIDENCE, bundle / "data/controls/mfa.py"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def _fewer(bundle: Path) -> Path:
    """Leave a result out, and hide it from the manifests but not from the counts."""
    (bundle / RESULTS).write_bytes("".join(r.line() for r in RESULT_LINES[:2]).encode())
    return reseal(bundle)


def _greener(bundle: Path) -> Path:
    text = (bundle / RESULTS).read_bytes().replace(b'"verdict":"failed"', b'"verdict":"passed"')
    (bundle / RESULTS).write_bytes(text)
    return reseal(bundle)


ZERO = "0" * 64
PASSED, SECOND, FAILED = RESULT_LINES
OTHER = EvidenceRef("accounts", EVIDENCE, ZERO, 2, None, Grade.TYPED)
FIRST_LINE = RESULT_LINES[0].line().encode()

TAMPERINGS = (
    Tampering("payload byte changed", _edit(EVIDENCE, "false", "truee"), EVIDENCE, "was altered"),
    Tampering("payload grown", _edit(EVIDENCE, "p_b,false\n", "p_b,false\n\n"), EVIDENCE, "was altered"),
    Tampering("payload emptied", _write(EVIDENCE, b""), EVIDENCE, "was altered"),
    Tampering("payload files swapped", _swap, "data/controls/mfa.py", "was altered"),
    Tampering("payload file removed", _remove(EVIDENCE), EVIDENCE, "is listed in manifest-sha256.txt but is not there"),
    Tampering("payload file added", _write("data/evidence/more.csv", b"x"), "data/evidence/more.csv", "is not listed"),
    Tampering("hidden payload file added", _write("data/.DS_Store", b"x"), "data/.DS_Store", "is not listed"),
    Tampering(
        "payload file with an odd name", _write("data/a b\n.csv", b"x"), r"data/a b\n.csv", "holds something else"
    ),
    Tampering("payload file named for a device", _write("data/nul.csv", b"x", again=True), "data/nul.csv", "Windows"),
    Tampering("payload names equal but for case", _write("data/RUN.json", b"{}", again=True), RUN, "clashes with"),
    Tampering("payload file became a link", _link, EVIDENCE, "is a link"),
    Tampering("folder is a link", _link_folder, "data/more", "is a link"),
    Tampering("payload holds a pipe", _pipe, "data/pipe", "device, pipe or socket"),
    Tampering("bagit.txt removed", _remove("bagit.txt"), "bagit.txt", "is not there"),
    Tampering("bag-info.txt removed", _remove("bag-info.txt"), "bag-info.txt", "is not there"),
    Tampering("VERIFY.txt removed", _remove("VERIFY.txt"), "VERIFY.txt", "is not there"),
    Tampering("manifest removed", _remove(MANIFEST), MANIFEST, "is not there"),
    Tampering("tag manifest removed", _remove(TAGS), TAGS, "is not there"),
    Tampering(
        "another BagIt version",
        _tag("bagit.txt", b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"),
        "bagit.txt",
        "says BagIt version 0.97, expected 1.0",
    ),
    Tampering("declaration altered", _tag("bagit.txt", b"BagIt-Version: 1.0\n"), "bagit.txt", "is not the two lines"),
    Tampering("bag-info.txt altered", _edit("bag-info.txt", "2026-11-02", "2026-12-02"), "bag-info.txt", "was altered"),
    Tampering("VERIFY.txt altered", _edit("VERIFY.txt", "sha256sum", "true     "), "VERIFY.txt", "was altered"),
    Tampering("manifest altered", _edit(MANIFEST, "data/run.json", "data/ruN.json"), MANIFEST, "was altered"),
    Tampering("size total wrong", _tag("bag-info.txt", b"Payload-Oxum: 1.1\n"), "bag-info.txt", "1 files of 1 bytes"),
    Tampering(
        "size total missing", _tag("bag-info.txt", b"Bagging-Date: 2026-11-02\n"), "bag-info.txt", "has no single"
    ),
    Tampering(
        "size total twice", _tag("bag-info.txt", b"Payload-Oxum: 1.1\n" * 2), "bag-info.txt", "has no single line"
    ),
    Tampering("manifest line not a digest", _line("abc  data/x\n"), MANIFEST, "line 6 is 'abc  data/x', expected 64"),
    Tampering("manifest line with one space", _line(f"{ZERO} data/x\n"), MANIFEST, "line 6 is"),
    Tampering("manifest digest in upper case", _line(f"{'A' * 64}  data/x\n"), MANIFEST, "lower-case hex"),
    Tampering("manifest line empty", _line("\n"), MANIFEST, "line 6 is ''"),
    Tampering("manifest cut off", _line(f"{ZERO}  data/x"), MANIFEST, "line 6 is cut off"),
    Tampering("manifest with CR LF", _line(f"{ZERO}  data/x\r\n"), MANIFEST, "holds something else"),
    Tampering("manifest climbs out", _line(f"{ZERO}  data/../../x\n"), MANIFEST, "climbs out of the bundle"),
    Tampering("manifest names an absolute path", _line(f"{ZERO}  /etc/passwd\n"), MANIFEST, "is an absolute path"),
    Tampering("manifest names a drive", _line(f"{ZERO}  C:/x\n"), MANIFEST, "is an absolute path"),
    Tampering("manifest name escaped", _line(f"{ZERO}  data/a%0Ab\n"), MANIFEST, "has a % escape"),
    Tampering("manifest name too long", _line(f"{ZERO}  data/{'x' * 200}\n"), MANIFEST, "is 205 characters long"),
    Tampering("manifest name twice", _line(f"{ZERO}  {RUN}\n"), MANIFEST, f"names {RUN} a second time"),
    Tampering("manifest name in other case", _line(f"{ZERO}  data/Run.json\n"), MANIFEST, "cannot both lie"),
    Tampering("manifest names a tag file", _line(f"{ZERO}  bagit.txt\n"), MANIFEST, "expected files under data/ only"),
    Tampering("manifest names what is not there", _line(f"{ZERO}  data/x\n"), "data/x", "but is not there"),
    Tampering("tag manifest line not a digest", _line("x\n", TAGS), TAGS, "line 5 is 'x'"),
    Tampering("tag manifest names payload", _line(f"{ZERO}  {RUN}\n", TAGS), TAGS, f"names {RUN}, expected"),
    Tampering(
        "tag manifest leaves one out", _write(TAGS, b""), "bag-info.txt", "is not listed in tagmanifest-sha256.txt"
    ),
    Tampering("stray tag file", _write("README.txt", b"x"), "README.txt", "does not belong into a bundle"),
    Tampering("weaker manifest beside", _write("manifest-md5.txt", b""), "manifest-md5.txt", "does not belong"),
    Tampering(
        "files to fetch", _write("fetch.txt", b"http://files.example/x 1 data/x\n"), "fetch.txt", "does not belong"
    ),
    Tampering("folder below signatures", _write("signatures/a/b", b"x"), "signatures/a/b", "does not belong"),
    Tampering(
        "renamed to another digest", lambda b: b.rename(b.with_name(f"{STEM}-0123abcd")), MANIFEST, "ends in 0123abcd"
    ),
    Tampering("resealed under the old name", lambda b: _greener(b).rename(b), MANIFEST, "has a digest that begins"),
    Tampering("run.json removed", _remove(RUN, again=True), RUN, "is not there"),
    Tampering("run.json not JSON", _write(RUN, b"{", again=True), RUN, "is not JSON"),
    Tampering("run.json no object", _write(RUN, b"[]", again=True), RUN, "is not a JSON object"),
    Tampering("run.json key twice", _write(RUN, b'{"exit":1,"exit":0}', again=True), RUN, "'exit' stands twice"),
    Tampering("run.json nested to the bottom", _write(RUN, b"[" * 100_000, again=True), RUN, "is not JSON"),
    Tampering("counts missing", _write(RUN, b'{"exit":1}', again=True), RUN, "has no counts by verdict"),
    Tampering("counts of an unknown verdict", _run(counts={"green": 3}), RUN, "has no counts by verdict"),
    Tampering("counts greener", _run(counts={"passed": 3}), RUN, "counts 3 passed, data/results/results.ndjson has 2"),
    Tampering("exit greener", _run(exit=0), RUN, "says exit 0, the results mean 1"),
    Tampering("exit missing", _run(exit=None), RUN, "says exit None, the results mean 1"),
    Tampering("exit a truth value", _run(exit=True), RUN, "says exit True"),
    Tampering("limit of failure unknown", _run(fail_on="never"), RUN, "has fail_on 'never', expected critical"),
    Tampering("results removed", _remove(RESULTS, again=True), RESULTS, "but data/run.json tells its counts"),
    Tampering("result removed", _fewer, RUN, "counts 1 failed, data/results/results.ndjson has 0"),
    Tampering("verdict turned green", _greener, RUN, "counts 1 failed"),
    Tampering(
        "results not sorted", _results(FAILED, PASSED, SECOND), RESULTS, "line 2 (ACC-01 organisation) is out of order"
    ),
    Tampering("second verdict for a control", _results(PASSED, PASSED, FAILED), RESULTS, "a second verdict"),
    Tampering("result line not JSON", _write(RESULTS, b"{\n", again=True), RESULTS, "line 1 is no result"),
    Tampering("result line no object", _write(RESULTS, b"3\n", again=True), RESULTS, "line 1 is no result"),
    Tampering("result line empty", _write(RESULTS, FIRST_LINE + b"\n", again=True), RESULTS, "line 2 is no result"),
    Tampering("result line not UTF-8", _write(RESULTS, b"\xff\n", again=True), RESULTS, "line 1 is no result"),
    Tampering(
        "result line cut", _write(RESULTS, FIRST_LINE[:-1], again=True), RESULTS, "line 1 is not in canonical form"
    ),
    Tampering(
        "result line with CR LF",
        _write(RESULTS, FIRST_LINE[:-1] + b"\r\n", again=True),
        RESULTS,
        "not in canonical form",
    ),
    Tampering(
        "result key twice",
        _write(RESULTS, FIRST_LINE.replace(b'"verdict"', b'"verdict":"failed","verdict"'), again=True),
        RESULTS,
        "line 1 is not in canonical form",
    ),
    Tampering(
        "verdict unknown", _write(RESULTS, FIRST_LINE.replace(b"passed", b"green"), again=True), RESULTS, "is no result"
    ),
    Tampering(
        "result with a float",
        _write(RESULTS, FIRST_LINE.replace(b":2,", b":2.0,", 1), again=True),
        RESULTS,
        "no result",
    ),
    Tampering(
        "results rest on other evidence",
        _results(PASSED, SECOND, replace(FAILED, evidence=(OTHER,))),
        RESULTS,
        EVIDENCE,
    ),
)
