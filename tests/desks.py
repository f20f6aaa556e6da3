"""A small desk on disk for the tests of what people ask before they run: canonical files, and what is found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ctrlkit import case, start
from ctrlkit.readiness import Readiness, inspect

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)

ACCOUNTS = """\
system,account_id,account_type,enabled,employee_id,mfa_enrolled,mfa_method,mfa_identifier_hash,exception_until
crm,ana,person,true,E-1,true,totp,h1,
crm,ben,person,true,E-2,false,,,
"""
MAIL_RULES = """\
mailbox,rule,target_domain,enabled,created_at
ana@desk.example,all,,true,2026-10-03T01:00:00Z
"""
DATASETS = """\
dataset_id,system,client,data_class,rows,oldest_record_on,retention_days,retention_basis,encrypted,storage_country
DS-1,crm,northwind,customer_contact,120,2026-06-01,365,contract 7.2,true,PH
"""
THREE = {"accounts.csv": ACCOUNTS, "mail_rules.csv": MAIL_RULES, "datasets.csv": DATASETS}


def write(folder: Path, files: dict[str, str]) -> Path:
    """The folder with these files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="\n")
    return folder


def started(folder: Path, files: dict[str, str]) -> Path:
    """The folder with these files, after `init` and no answer."""
    start.start(write(folder, files), start.DEFAULT_PROFILE, None, None, NOW)
    return folder


def ready(folder: Path, work: Path, profile: str | None = None) -> Readiness:
    """What `check` finds in the folder on 2 November 2026."""
    return inspect(case.prepare(case.Request(cwd=folder, now=NOW, profile=profile)), work)
