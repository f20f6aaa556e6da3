"""Start-up: `ctrlkit --help` beside bare Python, a run on three small files beside pytest on one test."""

from __future__ import annotations

from pathlib import Path

from _measure import PYTHON, Command, say, scratch, turns

PACK = """\
vendor: Example Desk
time_zone: Asia/Manila
exported_at: 2026-11-01T01:10:00+08:00
evidence:
  roster: {file: roster.csv, method: export}
  accounts: {file: accounts.csv, method: export}
  auth_events: {file: auth_events.csv, method: export}
"""
HEADS = {
    "roster": "employee_id,status,hire_date,client,site",
    "accounts": "system,account_id,enabled,account_type,employee_id,mfa_enrolled,created_at,disabled_at",
    "auth_events": "ts,system,account_id,result,factors,mfa_method,src_ip,country,device_id",
}
PEOPLE, DAYS, TIMES = range(9), range(1, 31), 9


def small(folder: Path) -> Path:
    """A pack of three small files below `folder`."""
    (folder / "evidence").mkdir()
    (folder / "evidence" / "pack.yaml").write_text(PACK, "utf-8")
    rows = {
        "roster": [f"E{i},active,2025-01-02,acme,MNL1" for i in PEOPLE],
        "accounts": [f"crm,a{i},true,person,E{i},true,2025-01-02T00:00:00Z," for i in PEOPLE],
        "auth_events": [
            f"2026-10-{day:02d}T01:0{i}:00Z,crm,a{i},success,2,totp,203.0.113.{i + 1},PH,dev{i}"
            for day in DAYS
            for i in PEOPLE
        ],
    }
    for kind, head in HEADS.items():
        (folder / "evidence" / f"{kind}.csv").write_text("\n".join([head, *rows[kind]]) + "\n", "utf-8")
    return folder


def main() -> None:
    """Measure both and print the figures."""
    ctrlkit = [PYTHON, "-m", "ctrlkit"]
    with scratch() as folder:
        work = small(Path(folder))
        (work / "test_one.py").write_text("def test_one():\n    assert 1 == 1\n", "utf-8")
        quiet = {"XDG_CACHE_HOME": str(work / "cache"), "XDG_CONFIG_HOME": str(work / "config")}
        helped = turns(TIMES, ours=Command([*ctrlkit, "--help"]), bare=Command([PYTHON, "-c", "pass"]))
        say("ctrlkit --help", helped["ours"], "python -c pass", helped["bare"], "3 x")
        words = [*ctrlkit, "run", "--profile", "bpo-baseline", "--as-of", "2026-11-02"]
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        ran = turns(
            TIMES,
            ours=Command(words, work, quiet),
            pytest=Command([PYTHON, "-m", "pytest", "-q", "test_one.py"], work, alone),
        )
        say("ctrlkit run, three small files", ran["ours"], "pytest, one test", ran["pytest"], "3 x")


if __name__ == "__main__":
    main()
