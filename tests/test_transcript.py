"""Reading a frame back: whole and unaltered, or the right fault."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.model import Cause, Fault
from ctrlkit.transcript import MOST_BYTES, Transcript, cksum, read, sealed

MARKER = "0123456789abcdef"
META = ": shell sh\n: nonce n1\n: host db1\n: started 2026-10-31T01:02:03Z\n: uid 0\n: rights root\n: probes {}\n"
BODY = META.format(2) + "= one\n|a\n|\n!warned\n? 3\n= two\n? timeout\n"
WHOLE = sealed(MARKER, BODY)


def whole(data: bytes, **more: str) -> Transcript:
    found = read(data, "h1", **more)
    assert isinstance(found, Transcript), found
    return found


def fault(data: bytes, **more: str) -> Fault:
    found = read(data, "h1", **more)
    assert isinstance(found, Fault), found
    return found


def test_a_whole_frame_is_read() -> None:
    found = whole(WHOLE)
    assert (found.host, found.named, found.nonce, found.shell) == ("h1", "db1", "n1", "sh")
    assert (found.started_at, found.uid, found.rights) == ("2026-10-31T01:02:03Z", "0", "root")
    one, two = found.probes["one"], found.probes["two"]
    assert (one.stdout, one.stderr, one.status, one.end) == (b"a\n\n", b"warned\n", 3, "exit")
    assert (two.stdout, two.status, two.end) == (b"", None, "timeout")
    assert WHOLE.splitlines()[one.line - 1] == b"|a"


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_cksum(data: bytes) -> None:
    assert cksum(data) == posix(data)


def posix(data: bytes) -> int:
    """POSIX cksum as its manual writes it down: bit by bit."""
    length, tail = len(data), bytearray()
    while length:
        tail.append(length & 0xFF)
        length >>= 8
    crc = 0
    for byte in data + bytes(tail):
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
            crc &= 0xFFFFFFFF
    return crc ^ 0xFFFFFFFF


def test_the_checksum_is_that_of_the_command() -> None:
    said = subprocess.run(["cksum"], input=WHOLE, capture_output=True, check=True, timeout=10).stdout.split()
    assert int(said[0]) == cksum(WHOLE)


def test_noise_before_and_after_is_passed_over() -> None:
    found = whole(b"Welcome!\r\n\x1b[2JCTRLKIT\n" + WHOLE + b"logout\n| bye\n")
    assert {name: said.stdout for name, said in found.probes.items()} == {"one": b"a\n\n", "two": b""}


def test_with_a_marker_any_other_frame_is_noise() -> None:
    other = sealed("f" * 16, META.format(1) + "= fake\n? 0\n")
    assert list(whole(other + WHOLE, marker=MARKER).probes) == ["one", "two"]
    assert fault(other, marker=MARKER).cause is Cause.CUT


@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_nothing_is_malformed(data: bytes) -> None:
    assert fault(data).cause is Cause.MALFORMED


def test_too_much_is_not_read() -> None:
    assert fault(b"x" * (MOST_BYTES + 1)).cause is Cause.MALFORMED


@pytest.mark.parametrize("data", [b"This account is not available.\n", b"\x1b[31m<html>\n", b"\x00\xff\n", b"{}\n"])
def test_a_shell_that_ignored_the_probes_is_unsupported(data: bytes) -> None:
    found = fault(data)
    assert found.cause is Cause.UNSUPPORTED
    assert found.message.isprintable()


def test_a_newer_form_is_unsupported() -> None:
    assert fault(WHOLE.replace(b"CTRLKIT-FACTS 1 ", b"CTRLKIT-FACTS 2 ")).cause is Cause.UNSUPPORTED


CUTS = {
    "no end": WHOLE[: WHOLE.index(b"CTRLKIT-END")],
    "ends within a probe": WHOLE[: WHOLE.index(b"? 3")],
    "ends at once": WHOLE[:34],
    "half a last line": WHOLE[:-4],
    "no checksum": WHOLE[: WHOLE.index(b"CTRLKIT-END")] + f"CTRLKIT-END {MARKER} \n".encode(),
    "a letter changed": WHOLE.replace(b"|a", b"|b"),
    "a line dropped": WHOLE.replace(b"!warned\n", b""),
    "a status changed": WHOLE.replace(b"? 3", b"? 0"),
    "lines swapped": WHOLE.replace(b"|a\n|\n", b"|\n|a\n"),
    "wrapped by a mail program": WHOLE.replace(b"!warned", b"!war\nned"),
    "quoted by a mail program": WHOLE.replace(b"\n", b"\n> ").replace(b"CTRLKIT-FACTS", b"> CTRLKIT-FACTS", 1),
    "line ends changed": WHOLE.replace(b"\n", b"\r\n"),
    "trailing blanks stripped": sealed(MARKER, BODY.replace("|a", "|a  ")).replace(b"|a  ", b"|a"),
    "two frames": WHOLE + sealed("f" * 16, BODY),
    "one frame twice": WHOLE + WHOLE,
    "a probe twice": sealed(MARKER, META.format(2) + "= one\n? 0\n= one\n? 0\n"),
    "a probe too few": sealed(MARKER, META.format(3) + "= one\n? 0\n= two\n? 0\n"),
    "no instant": sealed(MARKER, META.format(1).replace("2026-10-31T01:02:03Z", "today") + "= one\n? 0\n"),
    "an instant that is none": sealed(MARKER, META.format(1).replace("10-31T01", "13-31T25") + "= one\n? 0\n"),
    "no nonce line": sealed(MARKER, META.format(1).replace(": nonce n1\n", "") + "= one\n? 0\n"),
    "an unknown end": sealed(MARKER, META.format(1) + "= one\n? fine\n"),
    "a number in other digits": sealed(MARKER, META.format(1) + "= one\n? ³\n"),
    "a stray line": sealed(MARKER, META.format(1) + "= one\nnoise\n? 0\n"),
}


@pytest.mark.parametrize("data", CUTS.values(), ids=CUTS)
def test_what_is_not_whole_is_cut_and_says_where(data: bytes) -> None:
    found = fault(data)
    assert found.cause is Cause.CUT
    assert found.message.startswith("h1:")
    assert found.message.isprintable()


def test_the_facts_that_break_off_name_the_last_probe() -> None:
    assert '"one"' in fault(CUTS["ends within a probe"]).message


def test_line_ends_of_a_windows_script_are_its_own() -> None:
    body = BODY.replace("shell sh", "shell powershell")
    plain = sealed(MARKER, body)
    assert whole(plain.replace(b"\n", b"\r\n")).probes["one"].stdout == b"a\n\n"
    utf_16 = b"\xff\xfe" + plain.decode().replace("\n", "\r\n").encode("utf-16-le")
    assert whole(utf_16).probes["one"].stderr == b"warned\n"
    assert whole(b"\xef\xbb\xbf" + plain).shell == "powershell"


def test_a_file_of_ansible_is_read_as_it_lies() -> None:
    said = {"changed": True, "rc": 0, "stdout": WHOLE.decode().replace("\n", "\r\n"), "stderr": "Shared connection …"}
    assert whole(json.dumps(said).encode()).probes == whole(WHOLE).probes


def test_control_characters_are_data() -> None:
    found = whole(sealed(MARKER, META.format(1) + "= one\n|\x1b[31m\x07\r\n? 0\n"))
    assert found.probes["one"].stdout == b"\x1b[31m\x07\r\n"


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_no_input_breaks_the_reader_or_passes_altered(noise: bytes, start: int, stop: int) -> None:
    data = WHOLE[:start] + noise + WHOLE[stop:]
    found = read(data, "h1")
    if isinstance(found, Transcript) and found.probes != whole(WHOLE).probes:
        pytest.fail("an altered frame was taken for whole")
