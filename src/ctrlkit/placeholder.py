"""Files that only stand for others: what lies in a cloud, links to documents, downloads that are not done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_DOCUMENT: Final = "is a link to a Google document, which holds no rows; open it and download it as .xlsx or .csv"
_LINK: Final = "is a shortcut, which holds no rows; hand over the file it leads to"
_PART: Final = "is a download that is not done; let it finish, or fetch it again"
_ICLOUD: Final = "is still in iCloud and not on this computer; open its folder, download it and try again"
_CLOUD: Final = "is still in the cloud and not on this computer; choose to always keep it on this device and try again"
_BY_SUFFIX: Final = {
    **dict.fromkeys((".gdoc", ".gsheet", ".gslides", ".gform", ".gdraw", ".gtable"), _DOCUMENT),
    **dict.fromkeys((".url", ".webloc", ".lnk", ".desktop", ".alias"), _LINK),
    **dict.fromkeys((".crdownload", ".part", ".partial", ".download", ".opdownload"), _PART),
    ".icloud": _ICLOUD,
}
_RECALLED: Final = 0x1000 | 0x40000 | 0x400000
"""Attributes of Windows: offline, recalled when opened, recalled when read."""
_DATALESS: Final = 0x40000000
"""Flag of macOS: the content is elsewhere."""


def by_name(path: Path) -> str | None:
    """What a file of that name stands for, and what to do; None for any other."""
    return _BY_SUFFIX.get(path.suffix.lower())


def by_status(status: os.stat_result) -> str | None:
    """What to do where the system says that the content of a file lies elsewhere."""
    recalled = getattr(status, "st_file_attributes", 0) & _RECALLED or getattr(status, "st_flags", 0) & _DATALESS
    return _CLOUD if recalled else None


def beside(path: Path) -> str | None:
    """What lies in the place of a file that is not there."""
    for name in (f".{path.name}.icloud", *(path.name + end for end, said in _BY_SUFFIX.items() if said is _PART)):
        if path.with_name(name).exists():
            return _ICLOUD if name.endswith(".icloud") else _PART
    return None


def lock_beside(path: Path) -> str | None:
    """What to know of a workbook that a program has open: its lock file lies beside it."""
    for name in (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#"):
        if len(path.name) > len("..xlsx") and path.with_name(name).exists():
            return f"is open in a program ({name} lies beside it): what is not saved is not read; save and close it"
    return None
