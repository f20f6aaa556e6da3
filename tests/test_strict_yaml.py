"""YAML is read one way or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.errors import InputError
from ctrlkit.strict_yaml import MAX_BYTES, Quoted, dotted, fault, read, shown

REFUSED = {
    "alias": ("a: &x 1\nb: *x\n", "pack.yaml:1: a: found an anchor"),
    "alias alone": ("b: *x\n", "pack.yaml:1: b: found an alias"),
    "alias as key": ("a: 1\n*x : 2\n", "pack.yaml:2: found a list, mapping or alias as a key"),
    "tag": ("a: 1\nb: !!python/object:os.system x\n", "pack.yaml:2: b: found a tag"),
    "tag on key": ("!!str a: 1\n", "pack.yaml:1: found an anchor or tag on a key"),
    "anchor on list": ("a: &x [1]\n", "pack.yaml:1: a: found an anchor"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "pack.yaml:3: a: found this key twice, first on line 1"),
    "duplicate nested key": ("r:\n  f: 1\n  'f': 2\n", "pack.yaml:3: r.f: found this key twice, first on line 2"),
    "merge key": ("a: 1\n<<: {b: 2}\n", "pack.yaml:2: found a merge key"),
    "no key": ("?\n: 1\n", "pack.yaml:1: found a value without a key"),
    "list as key": ("? [a]\n: 1\n", "pack.yaml:1: found a list, mapping or alias as a key"),
    "two documents": ("a: 1\n---\nb: 2\n", "pack.yaml:2: found a second document"),
    "directive": ("%YAML 1.1\n---\na: 1\n", "pack.yaml:1: found a % directive"),
    "empty": ("", "pack.yaml:1: is empty"),
    "comments alone": ("# nothing\n", "pack.yaml:1: is empty"),
    "null alone": ("~\n", "pack.yaml:1: is empty"),
    "bad indent": ("a: 1\n  b: 2\n", "pack.yaml:2: is not YAML"),
    "tab indent": ("a:\n\tb: 2\n", "pack.yaml:2: is not YAML"),
    "open quote": ('a: "x\n', "is not YAML"),
    "control character": ("a: \x07\n", "is not YAML"),
    "depth": ("a: " + "[" * 30 + "]" * 30, "pack.yaml:1: found too many or too deeply nested"),
    "depth bomb": ("a: " + "[" * 200_000, "pack.yaml:1: "),
    "block depth bomb": ("- " * 200_000, "pack.yaml:1: "),
    "too many values": ("a: [" + "x," * 100_001 + "]", "found too many or too deeply nested"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_two_ways_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read(text.encode(), "pack.yaml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_scalars_stay_as_written() -> None:
    """No boolean NO, no sexagesimal 12:30, no octal 0123, no date object."""
    tree, _ = read(b"a: NO\nb: 12:30\nc: 0123\nd: 2026-10-31\ne: 1_000\nf: yes\ng: .inf", "x")
    assert list(tree.values()) == ["NO", "12:30", "0123", "2026-10-31", "1_000", "yes", ".inf"]


def test_quotes_are_remembered_and_nothing_is_none() -> None:
    tree, _ = read(b"a: '1'\nb: 1\nc:\nd: ~\ne: null\nf: 'null'\ng: ''\n", "x")
    assert [type(tree[key]) for key in "abcdefg"] == [Quoted, str, *[type(None)] * 3, Quoted, Quoted]


def test_lines_are_those_of_keys_and_entries() -> None:
    _, lines = read(b"# first\na:\n  - x\n  - y: 1\n    z: 2\n", "x")
    assert lines == {(): 2, ("a",): 2, ("a", 0): 3, ("a", 1): 4, ("a", 1, "y"): 4, ("a", 1, "z"): 5}


def test_quoted_merge_and_empty_keys_are_plain_words() -> None:
    assert read(b'"<<": 1\n"": 2\n', "x")[0] == {"<<": "1", "": "2"}


def test_a_byte_order_mark_is_tolerated() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n", "x")[0] == {"a": "1"}


@pytest.mark.parametrize("raw", [b"a: 1\nb: \xff\n", "a: é".encode("utf-16")], ids=["latin", "utf-16"])
def test_other_encodings_are_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="is not UTF-8; expected UTF-8 text; save the file as UTF-8"):
        read(raw, "x")


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(InputError, match="larger than 1 MiB"):
        read(b"#" * (MAX_BYTES + 1), "x")


def test_messages_show_no_control_characters() -> None:
    """An escape sequence in a key or value reaches no terminal."""
    assert shown("\x1b[31m\u202e") == '"\\x1b[31m\\u202e"'
    assert str(fault("x", {}, ("\x1b]0;",), "no")) == "x:1: \\x1b]0;: no"
    assert len(shown("x" * 1000)) == 82


def test_places_are_counted_from_one() -> None:
    assert dotted(("evidence", "accounts", 1, "file")) == "evidence.accounts#2.file"


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"%#,?~<\n\t ", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused_in_one_line(raw: bytes) -> None:
    said = ""
    try:
        read(raw, "x")
    except InputError as error:
        said = str(error)
    assert "\n" not in said
