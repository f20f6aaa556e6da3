"""The command that looks back: bundles into a database, and what it shows of vendors, controls and findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ctrlkit import console
from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

DATABASE = "history.sqlite"


def history(desk: Desk) -> int:
    """Read bundles into the database, or only the database, and show the past; 2 where something was left out."""
    from ctrlkit import chronicle, ledger, past, stock, trend

    folders, where = _places(desk.options.places)
    engagements = desk.options.engagements
    if engagements is not None and not folders:
        msg = f"--engagements {engagements}: is read together with bundles; name their folder as well"
        raise InputError(msg)
    if folders:
        asked: tuple[past.Asked, ...] = ()
        if engagements is not None:
            from ctrlkit import portfolio

            asked = portfolio.asked(portfolio.load(engagements))
        ledger.rebuild(where, past.read(folders, asked))
    known = ledger.recall(where)
    titles = {id_: control.title for id_, control in stock.take(Path.cwd()).controls.items()}
    told = trend.history(known, titles, desk.now(), desk.options.vendor)
    if desk.options.html is not None:
        from ctrlkit import history_page

        desk.options.html.parent.mkdir(parents=True, exist_ok=True)
        desk.options.html.write_bytes(history_page.page(told))
    if desk.options.format == "json":
        desk.print(json.dumps(chronicle.to_json(told), ensure_ascii=False, indent=1))
    else:
        desk.print(chronicle.render(told, console.width()))
    return 2 if told.left_out or any(one.state == "unreadable" for one in told.requests) else 0


def _places(words: Sequence[str]) -> tuple[list[Path], str]:
    """The folders of bundles, and the database: the one named, else the file in the first folder."""
    from ctrlkit.ledger import is_url, shown

    folders = [Path(word) for word in words if not is_url(word) and not _is_file_of_database(word)]
    databases = [word for word in words if is_url(word) or _is_file_of_database(word)]
    if len(databases) > 1:
        msg = f"two databases were named, {' and '.join(map(shown, databases))}; expected one"
        raise InputError(msg)
    if not words:
        folders = [Path("runs")]
    return folders, databases[0] if databases else str(folders[0] / DATABASE)


def _is_file_of_database(word: str) -> bool:
    return Path(word).is_file() or Path(word).suffix in {".sqlite", ".sqlite3", ".db"}
