"""The inventory in its three forms; what cannot be understood is said with file and line before anything is touched."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ctrlkit import inventory
from ctrlkit.errors import InputError
from ctrlkit.inventory import Host, Inventory, Window, choose, forbidden, hops, load, shard


def book(tmp_path: Path, text: str, name: str = "inventory.yaml") -> Inventory:
    (tmp_path / name).write_text(text, "utf-8")
    return load(tmp_path / name)


GOOD = """\
authorised: {by: vendor-it, reference: annex 4, from: 2026-10-01, until: 2026-12-31}
defaults: {user: audit, port: 2222, sudo: nopasswd, known_hosts: keys/known_hosts}
hosts:
  - {name: jump1, address: 192.0.2.10, roles: [server, jump]}
  - {name: ws-0142, address: 192.0.2.77, roles: [workstation], via: jump1, port: 22, timeout: 90,
     host_key: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
  - {name: kiosk, roles: [workstation]}
"""


def test_defaults_fill_in_what_a_host_does_not_say(tmp_path: Path) -> None:
    found = book(tmp_path, GOOD)
    assert list(found.hosts) == ["jump1", "ws-0142", "kiosk"]
    host = found.hosts["ws-0142"]
    assert (host.user, host.port, host.sudo, host.via, host.timeout, host.line) == (
        "audit", 22, "nopasswd", "jump1", 90, 5,
    )  # fmt: skip
    assert host.known_hosts == tmp_path / "keys/known_hosts"
    assert found.hosts["kiosk"].address is None
    assert (found.hosts["jump1"].connect_timeout, found.hosts["jump1"].output_limit) == (10, 8 * 1024 * 1024)
    assert found.authorised == Window("vendor-it", "annex 4", date(2026, 10, 1), date(2026, 12, 31))


def test_the_way_to_a_host_leads_through_all_its_hops(tmp_path: Path) -> None:
    text = "hosts:\n" + "".join(
        f"  - {{name: h{n}, address: 192.0.2.{n}{f', via: h{n - 1}' if n > 1 else ''}}}\n" for n in (1, 2, 3)
    )
    found = book(tmp_path, text)
    assert [h.name for h in hops(found, found.hosts["h3"])] == ["h1", "h2", "h3"]


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ("[{name: a}, {name: a}]", "named twice"),
        ("[{name: a}, {name: A}]", "named twice, first as a"),
        ("[{name: a, address: 192.0.2.1, via: b}]", 'no host "b"'),
        ("[{name: a, address: 192.0.2.1, via: b}, {name: b}]", "b has no address"),
        ("[{name: a, address: x, via: b}, {name: b, address: y, via: a}]", r"circle \(a → b → a\)"),
        ("[{name: a, address: x, via: a}]", r"circle \(a → a\)"),
        ("[{name: a, address: -oProxyCommand=x}]", "no dash in front"),
        ("[{name: a, address: x, user: -l}]", "no dash in front"),
        ("[{name: a, address: a b}]", "no blanks"),
        ("[{name: ../a}]", "expected letters, digits"),
        ("[{name: a, adress: x}]", "did you mean"),
        ("[{name: a, host_key: abc}]", "SHA256:"),
        ("[{name: a, sudo: always}]", "expected one of never, nopasswd, password"),
        ("[{name: a, password_env: 'x y'}]", "environment variable"),
        ("[{name: a, roles: [server, server]}]", "again"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line(tmp_path: Path, hosts: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        book(tmp_path, f"defaults: {{port: 22}}\nhosts: {hosts}\n")
    assert "inventory.yaml:2: " in str(caught.value)


def test_ports_of_a_role_and_of_a_host_add_up(tmp_path: Path) -> None:
    text = """\
ports: {mail: [587, 25], server: [443]}
hosts:
  - {name: mx1, roles: [mail, server], ports: [443, 4190]}
  - {name: db1, roles: [server]}
  - {name: ws1, roles: [workstation]}
"""
    found = book(tmp_path, text)
    assert [h.ports for h in found.hosts.values()] == [(25, 443, 587, 4190), (443,), ()]


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ("{mial: [25]}", r'"mial", expected a role that a host has.*mean "?mail'),
        ("{mail: [0]}", "expected"),
        ("{mail: [65536]}", "expected"),
        ("{mail: 25}", "expected"),
        ("{mail: [25, 25]}", "again"),
        ("[25]", "expected"),
    ],
)
def test_ports_that_nobody_can_open_are_said_with_their_line(tmp_path: Path, ports: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        book(tmp_path, f"ports: {ports}\nhosts: [{{name: mx1, roles: [mail]}}]\n")
    assert "inventory.yaml:1: " in str(caught.value)


@pytest.mark.parametrize(("said", "ports"), [([443, 25], (25, 443)), ("25, 443", (25, 443)), (25, (25,)), ([], ())])
def test_ansible_s_variable_names_the_ports_of_a_host(tmp_path: Path, said: object, ports: tuple[int, ...]) -> None:
    tree = {"mail": {"hosts": ["mx1"]}, "_meta": {"hostvars": {"mx1": {"ctrlkit_ports": said}}}}
    assert book(tmp_path, json.dumps(tree), "inventory.json").hosts["mx1"].ports == ports


@pytest.mark.parametrize("said", ["25,smtp", [True], [0], {"25": 1}, "{{ ports }}"])
def test_ansible_s_ports_that_are_none_are_refused(tmp_path: Path, said: object) -> None:
    tree = {"mail": {"hosts": ["mx1"]}, "_meta": {"hostvars": {"mx1": {"ctrlkit_ports": said}}}}
    with pytest.raises(InputError, match="ctrlkit_ports: port: found"):
        book(tmp_path, json.dumps(tree), "inventory.json")


def test_a_window_that_ends_before_it_begins_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a day not before from"):
        book(tmp_path, "authorised: {by: x, from: 2026-10-02, until: 2026-10-01}\nhosts: []\n")


@pytest.mark.parametrize(
    ("day", "allowed"),
    [("2026-09-30", False), ("2026-10-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_no_host_may_be_touched_outside_the_window(tmp_path: Path, day: str, allowed: bool) -> None:
    reason = forbidden(book(tmp_path, GOOD).authorised, date.fromisoformat(day))
    assert (reason is None) is allowed
    assert allowed or (reason is not None and "annex 4" in reason and "2026-10-01 to 2026-12-31" in reason)


def test_a_file_that_is_not_there_or_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        load(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="not a regular file"):
        load(tmp_path)


def test_limits_name_hosts_or_roles(tmp_path: Path) -> None:
    found = book(tmp_path, GOOD)
    assert [h.name for h in choose(found, [])] == ["jump1", "ws-0142", "kiosk"]
    assert [h.name for h in choose(found, ["kiosk,jump"])] == ["jump1", "kiosk"]
    assert [h.name for h in choose(found, ["workstation"])] == ["ws-0142", "kiosk"]
    with pytest.raises(InputError, match=r'--limit: found "jmp1".*did you mean "jump1"'):
        choose(found, ["jmp1"])


def test_shards_are_disjoint_and_make_up_all() -> None:
    hosts = [Host(f"h{n:02}") for n in reversed(range(10))]
    parts = [shard(hosts, f"{i}/3") for i in (1, 2, 3)]
    assert sorted(h.name for part in parts for h in part) == sorted(h.name for h in hosts)
    assert sorted(map(len, parts)) == [3, 3, 4]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5", "\u0661/3"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--shard: found"):
        shard([Host("a")], text)


def test_a_plain_list_gives_users_ports_roles_and_both_kinds_of_address(tmp_path: Path) -> None:
    text = (
        "# desks\nws1.example workstation\naudit@192.0.2.7:2222 server jump  # the way in\n\n"
        "2001:db8::7\n[2001:db8::8]:2022 mail\n"
    )
    found = book(tmp_path, text, "hosts.txt")
    seen = [(h.name, h.address, h.port, h.user, h.roles, h.line) for h in found.hosts.values()]
    assert seen == [
        ("ws1.example", "ws1.example", None, None, ("workstation",), 2),
        ("192.0.2.7", "192.0.2.7", 2222, "audit", ("server", "jump"), 3),
        ("v6-2001-db8--7", "2001:db8::7", None, None, (), 5),
        ("v6-2001-db8--8", "2001:db8::8", 2022, None, ("mail",), 6),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.example\na.example\n", "hosts.txt:2: .*named twice"),
        ("a.example:70000\n", "hosts.txt:1: port"),
        ("a.example Server\n", "expected a role"),
        ("a.example server server\n", "twice"),
        ("-oProxyCommand=x\n", "name or address"),
        ("../x\n", "name or address"),
        ("# nobody\n", "holds no host"),
        ("[web]\na.example\n", "ansible-inventory -i .* --list"),
        ("caf\xe9\xff", None),
    ],
)
def test_a_plain_list_is_read_strictly(tmp_path: Path, text: str, said: str | None) -> None:
    path = tmp_path / "hosts.txt"
    path.write_bytes(text.encode("utf-8" if said else "latin-1"))
    with pytest.raises(InputError, match=said or "is not UTF-8"):
        load(path)


ANSIBLE = {
    "_meta": {
        "hostvars": {
            "jump1": {"ansible_host": "192.0.2.10", "ansible_user": "audit", "ansible_port": 2222},
            "web-1": {
                "ansible_host": "192.0.2.20",
                "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -J jump1",
                "ansible_become": True,
                "ansible_password": "not to be read",
                "ansible_ssh_private_key_file": "keys/id",
            },
            "pc7": {"ansible_connection": "winrm"},
        }
    },
    "all": {"children": ["ungrouped", "servers", "desks"]},
    "servers": {"hosts": ["web-1"], "children": ["jump"]},
    "jump": {"hosts": ["jump1"]},
    "desks": {"hosts": ["pc7"]},
}


def ansible(tmp_path: Path, document: object) -> Inventory:
    return book(tmp_path, json.dumps(document), "inventory.json")


def test_the_output_of_ansible_inventory_is_read(tmp_path: Path) -> None:
    hosts = ansible(tmp_path, ANSIBLE).hosts
    assert list(hosts) == ["jump1", "pc7", "web-1"]
    assert hosts["jump1"].roles == ("jump", "server")
    assert (hosts["jump1"].address, hosts["jump1"].port, hosts["jump1"].user) == ("192.0.2.10", 2222, "audit")
    web = hosts["web-1"]
    assert (web.roles, web.via, web.sudo) == (("server",), "jump1", "nopasswd")
    assert web.identity_file == tmp_path / "keys/id"
    assert hosts["pc7"].address is None
    assert "not to be read" not in repr(hosts)


def test_the_inventory_in_the_documents_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs/how-to/hosts.md").read_text("utf-8")
    text = page.partition("## The inventory")[2].partition("```yaml\n")[2].partition("```")[0]
    found = book(tmp_path, text)
    assert [host.name for host in inventory.hops(found, found.hosts["crm-db1"])] == ["jump1", "crm-db1"]
    assert (found.hosts["pbx1"].timeout, found.hosts["ws-0142"].address) == (120, None)
    assert found.authorised is not None


def test_what_a_bundle_carries_of_ansible_s_inventory_is_what_is_read(tmp_path: Path) -> None:
    """Passwords stand among its variables; what is carried is read as the whole was."""
    book = ansible(tmp_path, ANSIBLE)
    assert b"not to be read" not in book.raw
    again = ansible(tmp_path, json.loads(book.raw))
    assert (again.hosts, again.raw) == (book.hosts, book.raw)


def test_roles_may_be_said_by_a_variable_of_their_own(tmp_path: Path) -> None:
    said = {"_meta": {"hostvars": {"a": {"ctrlkit_roles": "server, mail"}}}, "desks": {"hosts": ["a"]}}
    assert ansible(tmp_path, said).hosts["a"].roles == ("server", "mail")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "holds|expected"),
        ({}, "holds no host"),
        ({"web": {"hosts": {"a": {}}}}, "lists hosts, children"),
        ({"web": []}, "lists hosts, children"),
        ({"_meta": []}, "hostvars"),
        ({"_meta": {"hostvars": {"a": {"ansible_host": "{{ secret }}"}}}}, "no template"),
        ({"_meta": {"hostvars": {"a": {"ansible_user": {"__ansible_vault": "x"}}}}}, "no template"),
        ({"_meta": {"hostvars": {"a": {"ansible_port": "ssh"}}}}, "port: found"),
        ({"_meta": {"hostvars": {"a": {"ctrlkit_roles": "Server"}}}}, "expected a list of roles"),
        ({"_meta": {"hostvars": {"a/b": {}}}}, "rename it"),
        ({"_meta": {"hostvars": {"a": {"ansible_ssh_common_args": "-o ProxyCommand='nc x'"}}}}, "is not run"),
        ({"_meta": {"hostvars": {"a": {"ansible_ssh_common_args": "-J nobody"}}}}, 'no host "nobody"'),
        ({"_meta": {"hostvars": {"a": {"ansible_ssh_common_args": "'"}}}}, "quotes"),
    ],
)
def test_another_json_is_refused_with_what_was_expected(tmp_path: Path, document: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ansible(tmp_path, document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "a": 2}', "twice"),
        ('{"a": \n', "inventory.json:.*is no JSON"),
        ('{"a":' * 100_000, "nested too deep|is no JSON"),
    ],
)
def test_broken_json_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        book(tmp_path, text, "inventory.json")


def test_a_host_without_lines_is_named_by_itself(tmp_path: Path) -> None:
    found = ansible(tmp_path, ANSIBLE)
    assert found.place(found.hosts["pc7"]).endswith("inventory.json: pc7")
    assert found.hosts["pc7"].timeout == inventory.TIMEOUT
