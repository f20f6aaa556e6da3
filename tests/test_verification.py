from __future__ import annotations

from pathlib import Path

import broken_bundles as broken
import pytest

from ctrlkit import bag, verification
from ctrlkit.bundle import Problem, seal, verify
from ctrlkit.errors import BundleError
from ctrlkit.model import Cause, Result, Severity, Verdict


def test_a_bundle_as_sealed_is_whole(tmp_path: Path) -> None:
    assert verify(broken.good(tmp_path)) == ()


@pytest.mark.parametrize("case", broken.TAMPERINGS, ids=[case.name for case in broken.TAMPERINGS])
def test_a_tampering_is_found_and_its_file_named(case: broken.Tampering, tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    bundle = case.spoil(bundle) or bundle
    problems = verify(bundle)
    assert any(problem.file == case.file and case.words in problem.message for problem in problems), problems
    assert all(problem.file.isascii() and problem.message.isprintable() for problem in problems)


def test_each_tampering_has_its_own_name() -> None:
    assert len({case.name for case in broken.TAMPERINGS}) == len(broken.TAMPERINGS) >= 30


def test_a_careful_reseal_is_silent_so_that_the_named_fault_is_the_only_one(tmp_path: Path) -> None:
    """The helper that makes manifests agree again is itself faultless, else the cases above would prove little."""
    assert verify(broken.reseal(broken.good(tmp_path))) == ()


def test_a_forged_verdict_is_told_by_nothing_but_counts_and_exit(tmp_path: Path) -> None:
    case = next(case for case in broken.TAMPERINGS if case.name == "verdict turned green")
    problems = verify(case.spoil(broken.good(tmp_path)) or tmp_path)
    assert {problem.file for problem in problems} == {"data/run.json"}
    assert len(problems) == 3


def test_signatures_may_be_added_after_sealing(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    (bundle / "signatures").mkdir()
    (bundle / "signatures" / "vendor.0123abcd.dsse.json").write_text("{}", "utf-8")
    assert verify(bundle) == ()


def test_a_folder_may_be_renamed_when_the_new_name_claims_no_digest(tmp_path: Path) -> None:
    assert verify(broken.good(tmp_path).rename(tmp_path / "october")) == ()


def test_a_manifest_in_binary_mode_reads_the_same(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    manifest = bundle / broken.MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b"  data/", b" *data/"))
    broken.retag(bundle)
    assert verify(bundle.rename(tmp_path / "october")) == ()


def test_a_handover_holds_no_verdicts_and_needs_none(tmp_path: Path) -> None:
    def fill(data: Path) -> None:
        (data / "run.json").write_text('{"version": "0.1.0"}', "utf-8")

    assert verify(seal(tmp_path, "handover", fill, broken.INFO)) == ()


def test_withheld_evidence_is_named_by_results_and_not_carried(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    (bundle / broken.EVIDENCE).unlink()
    assert verify(broken.reseal(bundle)) == ()


HIGH_FAILED = broken.result("MFA-01", Verdict.FAILED)
PASSED = broken.result("MFA-01", Verdict.PASSED)
UNKNOWN = broken.result("ZZZ-01", Verdict.INCONCLUSIVE)
OUT = broken.result("MFA-01", Verdict.NOT_APPLICABLE, cause=Cause.SCOPE)
WAIVED = broken.result("MFA-01", Verdict.WAIVED)
LOW_FAILED = broken.result("MFA-01", Verdict.FAILED, severity=Severity.LOW)


@pytest.mark.parametrize(
    ("results", "run", "code"),
    [
        ((PASSED,), {}, 0),
        ((WAIVED,), {}, 0),
        ((HIGH_FAILED,), {}, 1),
        ((HIGH_FAILED,), {"fail_on": "high"}, 1),
        ((HIGH_FAILED,), {"fail_on": "critical"}, 0),
        ((LOW_FAILED,), {}, 1),
        ((HIGH_FAILED, UNKNOWN), {}, 2),
        ((PASSED, UNKNOWN), {"sample": True}, 2),
        ((HIGH_FAILED,), {"sample": True}, 1),
        ((PASSED,), {"sample": True}, 4),
        ((OUT,), {}, 4),
        ((), {}, 4),
    ],
)
def test_only_the_exit_code_that_the_results_mean_is_accepted(
    results: tuple[Result, ...], run: dict[str, object], code: int, tmp_path: Path
) -> None:
    bundle = broken.good(tmp_path)
    (bundle / broken.RESULTS).write_bytes("".join(r.line() for r in results).encode())
    for told in (0, 1, 2, 3, 4):
        (bundle / broken.RUN).write_bytes(broken.run_json(results, **{**run, "exit": told}))
        bundle = broken.reseal(bundle)
        found = verify(bundle)
        expected = () if told == code else (Problem(broken.RUN, f"says exit {told}, the results mean {code}"),)
        assert found == expected


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no folder"):
        verify(tmp_path / "nothing")


def test_an_empty_folder_has_every_file_missing(tmp_path: Path) -> None:
    missing = {problem.file for problem in verify(tmp_path)}
    assert missing == {*bag.TAG_FILES, bag.TAG_MANIFEST, broken.RUN}


def test_a_file_that_must_be_held_whole_is_refused_when_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MAX_WHOLE", 100)
    problems = verify(broken.good(tmp_path))
    assert Problem(broken.MANIFEST, "is larger than 100 bytes; no bundle needs that") in problems


def test_evidence_is_never_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the payload go through the digest in blocks; only run.json is ever loaded."""
    bundle = broken.good(tmp_path)
    whole: list[str] = []
    read = Path.read_bytes

    def watched(path: Path) -> bytes:
        whole.append(path.relative_to(bundle).as_posix())
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", watched)
    assert verify(bundle) == ()
    assert {name for name in whole if name.startswith("data/")} == {broken.RUN}
