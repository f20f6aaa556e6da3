"""Files as they come: what a file really is, its digest, and its text encoding."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from stat import S_ISREG
from typing import BinaryIO, Final

from ctrlkit import placeholder, sensitive
from ctrlkit.errors import EvidenceError
from ctrlkit.model import Cause

FILE_LIMIT: Final = 4 * 2**30
CELL_LIMIT: Final = 2**20
COLUMN_LIMIT: Final = 2_000
LINE_LIMIT: Final = 64 * 2**20
"""Bytes of one line; a longer one is no record, and reading it would take the memory that others need."""

FORMATS: Final = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".json": "json", ".ndjson": "ndjson",
    ".jsonl": "ndjson", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".xml": "xml",
    ".log": "text", ".inf": "text", ".conf": "text", ".cfg": "text", ".out": "text", ".status": "text", ".dat": "text",
    ".rsc": "text", ".rules": "text", ".v4": "text", ".v6": "text",
}  # fmt: skip

PACKED: Final = ".gz"
_ARCHIVES: Final = frozenset({".zip", ".7z", ".rar", ".tar", ".tgz"})
UNPACKED_LIMIT: Final = 2 * 2**30
RATIO_LIMIT: Final = 200
_RATIO_FROM: Final = 10 * 2**20
_CHUNK: Final = 2**20
_OLE: Final = b"\xd0\xcf\x11\xe0"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_SIGNS: Final = (
    (b"PK\x03\x04", "a zip or Excel file", {"xlsx"}),
    (b"%PDF", "a PDF", set[str]()),
    (_OLE, "an old Office file", set[str]()),
    (b"PAR1", "a Parquet file", {"parquet"}),
    (b"\x1f\x8b", "a gzip file", set[str]()),
    (b"7z\xbc\xaf", "a 7-Zip file", set[str]()),
    (b"Rar!", "a RAR file", set[str]()),
    (b"\x89PNG", "a picture", set[str]()),
    (b"\xff\xd8\xff", "a picture", set[str]()),
    (b"SQLite format 3", "a SQLite database", set[str]()),
)
_PAGE: Final = re.compile(rb"<!doctype\s+html|<(?:html|head|body|script|table)\b")
_MARKUP: Final = re.compile(rb"<[!?a-z]")
"""What begins a web page; a table or a list of records begins with no tag at all."""
_ADVICE: Final = {
    "xlsx": "open it and save it as .xlsx",
    "parquet": "hand over the Parquet file itself",
}


class UnreadableError(EvidenceError):
    """A whole file cannot be read; `cause` is missing, malformed or truncated."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class RefusedError(UnreadableError):
    """A file holds what must not be handed over: it is not read, and not even its digest is taken."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(Cause.MALFORMED, f"holds {what}, which no control needs: refused and not read; {advice}")


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a file's bytes tells.

    `cut_character`: it ends in the middle of a character; `ended`: with a line break; `quoted`: it holds a quote;
    `returns`: how many carriage returns, None where some stand without a line feed.
    """

    sha256: str
    size: int
    encoding: str
    cut_character: bool
    ended: bool
    quoted: bool
    returns: int | None
    longest: int = 0


def identify(path: Path) -> str:
    """The format of a file, by its name and its first bytes; raises UnreadableError where the two disagree.

    `.csv.gz` is the format of what is packed in it.
    """
    if what := sensitive.by_name(path.name):
        raise RefusedError(what, "take it out of the pack")
    _regular(path)
    packed = path.suffix.lower() == PACKED
    suffix = PurePath(path.stem).suffix if packed else path.suffix
    kind = FORMATS.get(suffix.lower())
    if suffix.lower() == ".xls":
        raise UnreadableError(Cause.MALFORMED, "is an old Excel file, which is not read; open it and save it as .xlsx")
    if suffix.lower() in _ARCHIVES:
        advice = "unpack it, and hand over the files that were in it"
        raise UnreadableError(Cause.MALFORMED, f"is an archive, which is not read; {advice}")
    if kind is None:
        raise UnreadableError(
            Cause.MALFORMED,
            f"files named {(suffix + path.suffix if packed else suffix) or 'without suffix'} are not read; "
            "expected .csv, .tsv, .json, .ndjson, .xlsx, .parquet, or the text or XML of a product",
        )
    head = _head(path, packed=packed)
    if what := sensitive.by_start(head):
        raise RefusedError(what, "take it out of the pack")
    if head.startswith(_OLE) and not packed and _has_password(path):
        raise UnreadableError(
            Cause.MALFORMED,
            "is locked with a password; open it, take the password away, save it as .xlsx and try again",
        )
    _agree(kind, head)
    return kind


def _has_password(path: Path) -> bool:
    """Whether an Office file is an encrypted one; its table of contents stands near its start or its end."""
    with path.open("rb") as file:
        start = file.read(_CHUNK)
        file.seek(max(0, path.stat().st_size - _CHUNK))
        return _ENCRYPTED in start or _ENCRYPTED in file.read(_CHUNK)


def _head(path: Path, *, packed: bool) -> bytes:
    try:
        with path.open("rb") as file:
            if not packed:
                return file.read(2048)
            with gzip.GzipFile(fileobj=file) as inner:
                return inner.read(2048)
    except EOFError:
        raise UnreadableError(
            Cause.TRUNCATED, "ends in the middle of what is packed; it is cut, export it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error):
        raise UnreadableError(Cause.MALFORMED, "is no gzip file as its name says; export it again") from None
    except OSError as error:
        raise UnreadableError(Cause.MALFORMED, _locked(error)) from None


def _locked(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"cannot be opened ({reason}); close the program that has it open, or let yourself read it, and try again"


def unpacked(path: Path, digest: str, work: Path) -> Path:
    """What is packed in a gzip file, as a file in `work`; raises UnreadableError for a bomb and for one that is cut."""
    suffix = PurePath(path.stem).suffix.lower()
    target, size, packed = work / f"{digest[:16]}.unpacked{suffix}", 0, max(1, path.stat().st_size)
    try:
        with gzip.open(path) as source, target.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > UNPACKED_LIMIT or (size > _RATIO_FROM and size // packed > RATIO_LIMIT):
                    found = f"unpacks to more than {size} bytes, {size // packed} times its size"
                    raise UnreadableError(Cause.MALFORMED, f"{found}; refused, hand it over unpacked")
                copy.write(chunk)
    except EOFError:
        raise UnreadableError(
            Cause.TRUNCATED, "ends in the middle of what is packed; it is cut, export it again"
        ) from None
    except (OSError, zlib.error) as error:
        raise UnreadableError(Cause.MALFORMED, f"cannot be unpacked ({error}); export it again") from None
    if not size:
        raise UnreadableError(Cause.MALFORMED, "is empty (0 bytes); export it again")
    return target


def _regular(path: Path) -> None:
    if said := placeholder.by_name(path):
        raise UnreadableError(Cause.MALFORMED, said)
    try:
        status = path.stat()
    except FileNotFoundError:
        said = placeholder.beside(path) or "there is no such file; hand it over or mend its name in pack.yaml"
        raise UnreadableError(Cause.MISSING, said) from None
    except OSError as error:
        raise UnreadableError(Cause.MALFORMED, _locked(error)) from None
    if said := placeholder.by_status(status):
        raise UnreadableError(Cause.MALFORMED, said)
    if not S_ISREG(status.st_mode):
        raise UnreadableError(Cause.MALFORMED, "is not a regular file; expected a file with rows")
    if status.st_size == 0:
        found = "is empty (0 bytes), as a cloud file that is not downloaded"
        raise UnreadableError(Cause.MALFORMED, f"{found}; keep it on this computer, or export it again")
    if status.st_size > FILE_LIMIT:
        raise UnreadableError(Cause.MALFORMED, f"is larger than {FILE_LIMIT // 2**30} GiB; split it by month")


def _agree(kind: str, head: bytes) -> None:
    found = next(((what, kinds) for sign, what, kinds in _SIGNS if head.startswith(sign)), None)
    advice = _ADVICE.get(kind, "export it again as " + kind.upper())
    if found is not None and kind not in found[1]:
        raise UnreadableError(Cause.MALFORMED, f"is {found[0]}, not {kind.upper()} as its name says; {advice}")
    if found is None and kind in {"xlsx", "parquet"}:
        raise UnreadableError(Cause.MALFORMED, f"is not {kind.upper()} as its name says; {advice}")
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if _PAGE.match(start) if kind in {"xml", "text"} else _MARKUP.match(start):
        raise UnreadableError(
            Cause.MALFORMED, f"is a web page, not {kind.upper()} as its name says; sign in and export it again"
        )
    if kind in {"csv", "tsv"} and start.startswith((b"{", b"[{")):
        raise UnreadableError(
            Cause.MALFORMED, f"is JSON, not {kind.upper()} as its name says; name it .json or .ndjson"
        )


def declares(xml: bytes) -> bool:
    """Whether it declares entities or a document type, which no export needs and a trap for readers does."""
    plain = xml.replace(b"\0", b"").upper()  # in UTF-16 too
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def survey(path: Path, digest: str) -> Survey:
    """One pass over a text file with that digest; raises UnreadableError for bytes that are no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, pending, last, size, zeros, quoted, returns, pairs = True, False, b"", 0, False, False, 0, 0
    line = longest = 0
    with path.open("rb") as file:
        head = file.read(65536)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            zeros = zeros or b"\x00" in chunk
            quoted = quoted or b'"' in chunk
            if b"\r" in chunk:
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n")
            pairs += last == b"\r" and chunk[:1] == b"\n"
            if utf8 and (pending or not chunk.isascii()):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
                pending = utf8 and bool(decoder.getstate()[0])
            last = chunk[-1:]
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
            line = len(chunk) - end if end else line + len(chunk)
            longest = max(longest, line)
    if not head.strip(b"\x00"):
        raise UnreadableError(Cause.MALFORMED, "begins with zeros only, as a download that failed; fetch it again")
    encoding = _encoding(head, utf8=utf8)
    if zeros and not encoding.startswith("utf-16"):
        raise UnreadableError(Cause.MALFORMED, "holds binary data, not text; export it again")
    ended = last in {b"\n", b"\r"}
    paired = returns if returns == pairs else None
    return Survey(digest, size, encoding, pending and utf8, ended, quoted, paired, longest)


def counted(path: Path, what: Sequence[bytes]) -> dict[bytes, int]:
    """How often each byte stands in a file."""
    counts = dict.fromkeys(what, 0)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for byte in counts:
                counts[byte] += chunk.count(byte)
    return counts


def _encoding(head: bytes, *, utf8: bool) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8) and utf8:
        return "utf-8-sig"
    if len(head) > 1:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if max(even, odd) * 10 > len(head) * 3:
            return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8" if utf8 else "cp1252"


def as_utf8(path: Path, seen: Survey, work: Path) -> tuple[Path, Survey, tuple[str, ...]]:
    """The file as UTF-8, itself or a copy in `work`, with the survey of that text and a note on its encoding."""
    if seen.encoding in {"utf-8", "utf-8-sig"} and not seen.cut_character:
        return path, seen, ()
    target = work / f"{seen.sha256[:16]}.utf8.txt"
    with path.open("rb") as source, target.open("wb") as copy:
        cut = _transcode(source, copy, seen.encoding) or seen.cut_character
    again = replace(survey(target, seen.sha256), cut_character=cut)
    quiet = seen.encoding in {"utf-8", "utf-8-sig"}
    return target, again, () if quiet else (f"read as {seen.encoding}, not UTF-8",)


def _transcode(source: BinaryIO, copy: BinaryIO, encoding: str) -> bool:
    """Whether the source ends in the middle of a character."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := source.read(_CHUNK):
            copy.write(decoder.decode(chunk).encode("utf-8"))
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UnreadableError(
            Cause.MALFORMED,
            f"has bytes that are no text in UTF-8, UTF-16 or windows-1252 ({error.reason}); save it as UTF-8",
        ) from None
    return bool(decoder.getstate()[0])
