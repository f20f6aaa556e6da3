"""The command that asks a vendor for evidence: a checklist and sheets to fill in, for one profile and engagement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from ctrlkit.asked import Asking


def request(desk: Desk) -> int:
    """Write what to hand over into a new folder."""
    found = _asked(desk)
    folder: Path = Path.cwd() / desk.options.out
    files = _files(found, desk.options.format)
    if folder.exists() and not folder.is_dir():
        msg = f"--out {desk.options.out}: is a file, expected a folder; give another name"
        raise InputError(msg)
    there = [name for name in files if (folder / name).exists()]
    if there:
        msg = (
            f"{desk.options.out / there[0]}: is there already, and may be filled in; expected none; give another --out"
        )
        raise InputError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    sheets = sum(one.sheet for one in found.wanted)
    desk.print(f"{len(found.wanted)} kinds of evidence for {found.total} controls, {sheets} of them with a sheet")
    first = [one for one in found.wanted if one.decides][:3]
    for place, one in enumerate(first):
        desk.print(f"{'then' if place else 'first'} {one.kind.name}: decides {', '.join(one.decides)}")
    desk.print(f"made {', '.join((desk.options.out / name).as_posix() for name in files)}")
    if "pack.yaml" in files:
        desk.print(
            f"next: fill in the sheets, put exports beside them, and ctrlkit check {desk.options.out.as_posix()}"
        )
    else:
        desk.print(f"next: send {(desk.options.out / next(iter(files))).as_posix()} to the vendor")
    return 0


def _asked(desk: Desk) -> Asking:
    from ctrlkit import asked, case, engagement, plan, stock
    from ctrlkit.engagement import AsOf

    request = desk.request()
    shelf = stock.take(request.cwd)
    policy = case.choose_profile(request, shelf)
    beside = request.cwd / "engagement.yaml"
    path = request.cwd / request.engagement if request.engagement else beside if beside.is_file() else None
    if path is not None:
        terms = engagement.load(path)
    else:
        zone = engagement.self_check(AsOf(request.now, request.now.date()), policy.country, "").zone
        terms = engagement.self_check(engagement.as_of(None, zone, request.now), policy.country, "")
    engagement.check_controls(terms, shelf.controls)
    moment = engagement.as_of(None, terms.zone, request.now)
    lines = plan.draw(policy.controls, shelf.controls, {}, {}, policy, terms, moment)
    return asked.asking(shelf, policy, terms, lines)


def _files(found: Asking, form: str) -> dict[str, bytes]:
    """Name -> content of the files to write."""
    from ctrlkit import request_words as said

    if form == "markdown":
        return {"request.md": said.page(found).encode()}
    if form == "xlsx":
        from ctrlkit.request_book import workbook

        return {said.BOOK: workbook(found), "pack.yaml": said.pack(found, book=True).encode()}
    texts = {
        "about/README.txt": "\n\n".join(said.cover(found)) + "\n",
        "about/checklist.csv": said.table(said.CHECKLIST, said.checklist(found)),
        "about/columns.csv": said.table(said.COLUMNS, said.columns(found)),
        "about/retention.csv": said.table(said.RETENTION, said.retention(found)),
        "about/notice.txt": said.notice_text(found),
        **{f"{one.kind.name}.csv": said.table(one.columns, ()) for one in said.sheets(found)},
        "pack.yaml": said.pack(found, book=False),
    }
    return {name: text.encode() for name, text in texts.items()}
