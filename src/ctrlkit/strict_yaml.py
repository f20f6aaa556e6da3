"""YAML bytes into a tree of dicts, lists and text with line numbers; whatever could be read in two ways is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Where = tuple[str | int, ...]
"""A place in a document: the keys and list positions (from 0) that lead to it."""

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 100_000
MAX_SHOWN: Final = 80
_QUOTES = ("'", '"', "|", ">")
_NOTHING = ("", "~", "null", "Null", "NULL")


class Quoted(str):
    """A scalar that stood in quotes, so it is text even where a number may stand."""

    __slots__ = ()


def read(raw: bytes, name: str) -> tuple[Any, dict[Where, int]]:
    """The tree in `raw` and the line (from 1) of each of its places.

    Scalars are text as written, Quoted where they stood in quotes, None where there is no value (empty, ~, null).
    Raises InputError for aliases, anchors, tags, directives, merge keys, duplicate keys, several documents, an empty
    document, text that is not UTF-8, and for what is too large or too deep.
    """
    return _Reader(name).read(_text(raw, name))


def line_of(lines: Mapping[Where, int], where: Where) -> int:
    """The line on which `where`, or the nearest place around it, begins."""
    for length in range(len(where), -1, -1):
        if where[:length] in lines:
            return lines[where[:length]]
    return 1


def dotted(where: Where) -> str:
    """`where` as a person reads it, list entries counted from 1: `evidence.accounts#2.file`."""
    text = "".join(f"#{part + 1}" if isinstance(part, int) else f".{visible(part)}" for part in where)
    return text.removeprefix(".")


def fault(name: str, lines: Mapping[Where, int], where: Where, message: str) -> InputError:
    """An InputError that says `file:line: dotted.path: message`."""
    place = f"{name}:{line_of(lines, where)}: "
    return InputError(place + (f"{dotted(where)}: " if where else "") + message)


def shown(value: object) -> str:
    """`value` in quotes, shortened, its control characters made visible: safe to print."""
    text = str(value)
    return '"' + visible(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "...") + '"'


def visible(text: str) -> str:
    """`text` with everything that does not print written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def _text(raw: bytes, name: str) -> str:
    if len(raw) > MAX_BYTES:
        raise InputError(f"{name}: is larger than 1 MiB; expected a short YAML document; check the file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        found = f"byte 0x{raw[wrong.start]:02x} is not UTF-8"
        raise InputError(f"{name}:{line}: {found}; expected UTF-8 text; save the file as UTF-8") from wrong


class _Reader:
    """One pass over the events of a YAML document; depth and size are bounded before anything recurses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Where, int] = {}
        self.nodes = 0

    def read(self, text: str) -> tuple[Any, dict[Where, int]]:
        import yaml

        self.yaml: Any = yaml
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        try:
            return self._document(), self.lines
        except yaml.YAMLError as wrong:
            mark = getattr(wrong, "problem_mark", None)
            problem = visible(getattr(wrong, "problem", None) or str(wrong).split("\n", 1)[0])
            place = f"{self.name}:{mark.line + 1}" if mark else self.name
            message = f"{place}: is not YAML ({problem}); expected key: value lines; check indent and quotes"
            raise InputError(message) from wrong

    def _document(self) -> Any:
        tree: Any = None
        documents = 0
        for event in self.events:
            if not isinstance(event, self.yaml.DocumentStartEvent):
                continue
            if documents:
                raise self._refused(event, (), "a second document", "one in a file; remove what follows ---")
            if event.version or event.tags:
                raise self._refused(event, (), "a % directive", "none; remove it")
            documents = 1
            tree = self._node(next(self.events), ())
        if tree is None:
            raise InputError(f"{self.name}:1: is empty; expected a YAML document; fill it in or remove the file")
        return tree

    def _refused(self, event: Any, where: Where, found: str, expected: str) -> InputError:
        lines = {where: event.start_mark.line + 1}
        return fault(self.name, lines, where, f"found {found}; expected {expected}")

    def _node(self, event: Any, where: Where) -> Any:
        self.nodes += 1
        self.lines.setdefault(where, event.start_mark.line + 1)
        if isinstance(event, self.yaml.AliasEvent):
            raise self._refused(event, where, f"an alias (*{visible(event.anchor)})", "the value; write it out")
        if event.anchor is not None:
            raise self._refused(event, where, f"an anchor (&{visible(event.anchor)})", "none; remove the anchor")
        if event.tag is not None:
            raise self._refused(event, where, f"a tag ({visible(event.tag)})", "a plain value; remove the tag")
        if len(where) > MAX_DEPTH or self.nodes > MAX_NODES:
            raise self._refused(event, (), "too many or too deeply nested values", "a short document; check the file")
        if isinstance(event, self.yaml.ScalarEvent):
            return _scalar(event)
        return self._list(where) if isinstance(event, self.yaml.SequenceStartEvent) else self._mapping(where)

    def _list(self, where: Where) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), self.yaml.SequenceEndEvent):
            items.append(self._node(event, (*where, len(items))))
        return items

    def _mapping(self, where: Where) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), self.yaml.MappingEndEvent):
            key = self._key(event, where)
            place = (*where, key)
            if place in self.lines:
                twice = f"this key twice, first on line {self.lines[place]}"
                raise self._refused(event, place, twice, "it once; remove one of them")
            self.lines[place] = event.start_mark.line + 1
            entries[key] = self._node(next(self.events), place)
        return entries

    def _key(self, event: Any, where: Where) -> str:
        if not isinstance(event, self.yaml.ScalarEvent):
            raise self._refused(event, where, "a list, mapping or alias as a key", "a word; write key: value")
        if event.anchor is not None or event.tag is not None:
            raise self._refused(event, where, "an anchor or tag on a key", "a plain key; remove it")
        if event.style not in _QUOTES and event.value == "<<":
            raise self._refused(event, where, "a merge key (<<)", "the entries themselves; write them out")
        if event.style not in _QUOTES and not event.value:
            raise self._refused(event, where, "a value without a key", "key: value; name the key")
        return str(event.value)


def _scalar(event: Any) -> str | None:
    if event.style in _QUOTES:
        return Quoted(event.value)
    return None if event.value in _NOTHING else str(event.value)
