"""Hosts as evidence: which files count, in which role, how old, and whom an inventory lists."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ctrlkit import hosts, inventory
from ctrlkit.engagement import AsOf
from ctrlkit.errors import InputError
from ctrlkit.hooks import Probe
from ctrlkit.inventory import Inventory
from ctrlkit.model import Cause, Fault, Grade
from ctrlkit.profile import Profile
from ctrlkit.transcript import sealed

PROBE = Probe("shell", "shell", "echo", about="a setting")
AS_OF = AsOf(datetime(2026, 11, 2, 1, tzinfo=UTC), date(2026, 11, 2))
POLICY = Profile("p", "P", (), {}, {}, {"default": 35}, {"default": Grade.TYPED}, (), None, "PH", ())


def frame(nonce: str = "n1", roles: str = "server", started: str = "2026-11-01T02:00:00Z") -> bytes:
    said = {"shell": "sh", "nonce": nonce, "roles": roles, "host": "h", "started": started, "uid": "0"}
    meta = "".join(f": {key} {value}\n" for key, value in {**said, "rights": "root", "probes": "1"}.items())
    return sealed("m" * 32, f"{meta}= shell\n|timeout 900\n? 0\n")


def machines(folder: Path, book: Inventory | None = None) -> dict[str, hosts.Machine]:
    return hosts.from_folder(folder, book, [PROBE], "n1", lambda domain, value: f"{domain}:{value}")


def listed(tmp_path: Path, text: str) -> Inventory:
    path = tmp_path / "inventory.yaml"
    path.write_text(f"hosts:\n{text}", "utf-8")
    return inventory.load(path)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "pack/hosts").mkdir(parents=True)
    return tmp_path / "pack"


def test_a_file_alone_brings_its_role_and_says_so(pack: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    machine = machines(pack)["db1"]
    assert (machine.roles, machine.origin, machine.grade) == (("server",), "file", Grade.EXPORT)
    assert machine.facts["shell"]["timeout"] == "900"
    assert machine.notes == ("db1: the role is the one its own file names",)
    assert hosts.fault_of(machine, POLICY, AS_OF) is None


def test_the_inventory_s_role_outranks_the_file_s(pack: Path, tmp_path: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    machine = machines(pack, listed(tmp_path, "  - {name: db1, roles: [jump]}\n"))["db1"]
    assert (machine.roles, machine.notes) == (("jump",), ())


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (frame(nonce="n2"), Cause.MALFORMED),
        (frame()[:-20], Cause.CUT),
        (b"bash: no such thing\n", Cause.UNSUPPORTED),
        (frame(roles=""), Cause.MISSING),
        (frame(started="2026-09-01T02:00:00Z"), Cause.STALE),
        (frame(started="2026-12-01T02:00:00Z"), Cause.MALFORMED),
    ],
    ids=["of another request", "cut", "no frame", "no role", "old", "of the future"],
)
def test_a_file_that_cannot_be_believed_has_a_fault(pack: Path, content: bytes, cause: Cause) -> None:
    (pack / "hosts/db1.facts").write_bytes(content)
    fault = hosts.fault_of(machines(pack)["db1"], POLICY, AS_OF)
    assert fault is not None
    assert fault.cause is cause


def test_a_host_that_the_inventory_does_not_list_is_not_judged(pack: Path, tmp_path: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    found = machines(pack, listed(tmp_path, "  - {name: db2, roles: [server]}\n"))
    assert [hosts.fault_of(m, POLICY, AS_OF) for m in found.values()] == [
        Fault(Cause.MISSING, "db1: the inventory does not list this host"),
        Fault(Cause.MISSING, "db2: no facts of this host were handed in"),
    ]


FAILED = {"cause": "refused", "reason": "host key changed", "fingerprint": "SHA256:abc"}


def test_a_collection_that_failed_keeps_its_cause_and_the_key_it_saw(pack: Path, tmp_path: Path) -> None:
    (pack / "hosts/db1.ssh.json").write_text(json.dumps(FAILED), "utf-8")
    machine = machines(pack, listed(tmp_path, "  - {name: db1}\n"))["db1"]
    assert (machine.fault, machine.fingerprint) == (Fault(Cause.REFUSED, "db1: host key changed"), "SHA256:abc")


def test_a_host_that_could_not_be_read_is_known_by_the_file_that_was_handed_over(pack: Path, tmp_path: Path) -> None:
    """As the remedy says: beside the record of what failed, or in the other party's pack."""
    book = listed(tmp_path, "  - {name: db1, roles: [server]}\n")
    (tmp_path / "ours/hosts").mkdir(parents=True)
    (tmp_path / "ours/hosts/db1.ssh.json").write_text(json.dumps(FAILED), "utf-8")
    (pack / "hosts/db1.facts").write_bytes(frame())
    found = [hosts.merged(m)["db1"] for m in ([machines(tmp_path / "ours", book), machines(pack, book)],)]
    (pack / "hosts/db1.ssh.json").write_text(json.dumps(FAILED), "utf-8")
    for machine in (*found, machines(pack, book)["db1"]):
        assert (machine.origin, machine.fault, machine.grade) == ("file", None, Grade.EXPORT)
        assert machine.notes == ("db1: host key changed, over SSH; the file that was handed over counts",)
    (pack / "hosts/db1.facts").write_bytes(frame()[:-9])
    assert machines(pack, book)["db1"].fault is not None


def test_a_host_whose_clock_is_years_off_is_judged_by_ours(pack: Path, tmp_path: Path) -> None:
    """Over SSH our own clock dates what was read; a file has no other than the host's."""
    book = listed(tmp_path, "  - {name: db1, roles: [server]}\n")
    for started in ("1970-01-01T00:00:09Z", "2038-01-19T03:14:08Z"):
        over_ssh(tmp_path, frame(started=started))
        (pack / "hosts/db1.facts").write_bytes(frame(started=started))
        assert hosts.fault_of(machines(tmp_path, book)["db1"], POLICY, AS_OF) is None
        assert hosts.fault_of(machines(pack, book)["db1"], POLICY, AS_OF) is not None


def test_one_host_in_two_files_is_named(pack: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    (pack / "hosts/db1").write_bytes(frame())
    with pytest.raises(InputError, match=r"hosts/db1.facts: db1 is there twice, as db1 too; keep one"):
        machines(pack)


def over_ssh(pack: Path, content: bytes) -> None:
    said = {"facts_sha256": hashlib.sha256(content).hexdigest(), "collected_at": "2026-11-01T02:00:00Z"}
    (pack / "hosts").mkdir(parents=True, exist_ok=True)
    (pack / "hosts/db1.facts").write_bytes(content)
    (pack / "hosts/db1.ssh.json").write_text(json.dumps(said), "utf-8")


@pytest.mark.parametrize("other", ["db1", "db1.facts"])
def test_what_was_read_over_ssh_counts_and_what_was_handed_over_is_noted(
    pack: Path, tmp_path: Path, other: str
) -> None:
    """Beside it, as a fleet's own engine leaves it, or in the other party's pack, whichever is looked at first."""
    over_ssh(tmp_path / "ours", frame(roles="mail"))
    place = tmp_path / "ours" if other == "db1" else pack
    (place / "hosts" / other).write_bytes(frame(roles="server"))
    ours, theirs = machines(tmp_path / "ours"), machines(pack)
    for folders in ([ours, theirs], [theirs, ours]):
        machine = hosts.merged(folders)["db1"]
        assert (machine.origin, machine.roles) == ("ssh", ("mail",))
        assert [note for note in machine.notes if "was handed over too; what was read over SSH counts" in note]


def test_a_host_in_two_packs_is_named(pack: Path, tmp_path: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    over_ssh(tmp_path / "ours", frame())
    for one, how in ((pack, "handed over"), (tmp_path / "ours", "read over SSH")):
        with pytest.raises(InputError, match=f"hosts: db1 is in more than one pack, {how} in each; keep one"):
            hosts.merged([machines(one), machines(one)])


def test_a_host_that_only_the_second_pack_speaks_of_is_there(pack: Path, tmp_path: Path) -> None:
    book = listed(tmp_path, "  - {name: db1, roles: [server]}\n  - {name: db2, roles: [server]}\n")
    (tmp_path / "ours/hosts").mkdir(parents=True)
    (tmp_path / "ours/hosts/db1.facts").write_bytes(frame())
    found = hosts.merged([machines(pack, book), machines(tmp_path / "ours", book)])
    assert {name: machine.is_absent for name, machine in found.items()} == {"db1": False, "db2": True}


def test_three_hundred_files_are_read_at_once(pack: Path) -> None:
    for number in range(300):
        (pack / f"hosts/ws-{number:04}.facts").write_bytes(frame(roles="workstation"))
    (pack / "hosts/ws-0142.facts").write_bytes(frame()[:-9])
    found = machines(pack)
    assert len(found) == 300
    assert [m.name for m in found.values() if m.fault] == ["ws-0142"]


def test_a_pc_that_calls_itself_by_capitals_is_the_one_listed(pack: Path, tmp_path: Path) -> None:
    book = listed(tmp_path, "  - {name: ws-0142, roles: [workstation]}\n")
    (pack / "hosts/WS-0142.facts").write_bytes(frame())
    assert [(m.name, m.listed, m.fault) for m in machines(pack, book).values()] == [("ws-0142", True, None)]
    (pack / "hosts/ws-0142").write_bytes(frame())
    with pytest.raises(InputError, match=r"hosts/ws-0142: ws-0142 is there twice, as WS-0142\.facts too"):
        machines(pack, book)


def test_a_link_and_a_name_that_is_none_are_refused(pack: Path) -> None:
    (pack / "hosts/a b.facts").write_bytes(frame())
    with pytest.raises(InputError, match="no host name"):
        machines(pack)
    (pack / "hosts/a b.facts").unlink()
    (pack / "hosts/db1.facts").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        machines(pack)


def test_what_a_bundle_holds_of_a_host_is_the_same_host(pack: Path, tmp_path: Path) -> None:
    (pack / "hosts/db1.facts").write_bytes(frame())
    machine = machines(pack, listed(tmp_path, "  - {name: db1, roles: [server], ports: [5432]}\n"))["db1"]
    assert machine.ports == (5432,)
    (tmp_path / "db1.json").write_text(json.dumps(hosts.document(machine)), "utf-8")
    again = hosts.from_bundle(tmp_path)["db1"]
    assert again.ports == (5432,)
    assert hosts.document(again) == hosts.document(machine)
    assert again.references(["shell"]) == machine.references(["shell"])


def test_a_record_of_a_connection_speaks_of_these_bytes_and_this_request_or_of_none(pack: Path) -> None:
    """Beside other facts, or facts of another request, it makes nobody believe that they were read over SSH."""

    def told(content: bytes, digest: str) -> Fault | None:
        said = {"facts_sha256": digest, "collected_at": "2026-11-01T02:00:00Z", "fingerprint": "SHA256:abc"}
        (pack / "hosts/db1.ssh.json").write_text(json.dumps(said), "utf-8")
        (pack / "hosts/db1.facts").write_bytes(content)
        return machines(pack, None)["db1"].fault

    own, other = frame(), frame(nonce="n2")
    assert told(own, hashlib.sha256(own).hexdigest()) is None
    for fault in (told(own, hashlib.sha256(other).hexdigest()), told(other, hashlib.sha256(other).hexdigest())):
        assert fault is not None
        assert fault.cause is Cause.MALFORMED


@pytest.mark.parametrize("text", ["[]", "[1]", "{", "{}", '{"collected_at": "soon"}', '{"cause": "tired"}', "null"])
def test_a_record_that_is_none_is_said_with_its_file(pack: Path, text: str) -> None:
    (pack / "hosts/db1.ssh.json").write_text(text, "utf-8")
    (pack / "hosts/db1.facts").write_bytes(frame())
    with pytest.raises(InputError, match=r"hosts/db1.ssh.json: cannot be read"):
        machines(pack)
