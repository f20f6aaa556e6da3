"""Exports of devices, remote access, firewalls, scanners and the DNS: exact rows, and what is refused or not known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from ingestion import causes, read_text, table

from ctrlkit import recognition
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

RECORDED = Path(__file__).parent / "recorded"


def at(text: str) -> datetime:
    """An instant in UTC, as rows hold it."""
    return datetime.fromisoformat(text)


def day(text: str) -> date:
    """A day."""
    return date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Case:
    """An export, the rows it becomes (in the order of `columns`, `_row` and `_bad` last), and how it may be spoilt.

    `cuts`: how many characters of the end are lost; `lost`: a text whose loss, each time it stands, makes it no export
    of the product.
    """

    adapter: str
    kind: str
    name: str
    text: str
    columns: str
    rows: list[tuple[Any, ...]]
    cuts: tuple[int, ...] = (8,)
    lost: tuple[str, str] = ("", "")


def adapters() -> tuple[Adapter, ...]:
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def read(folder: Path, case: Case, text: str | None = None) -> Ingested:
    return read_text(folder, case.text if text is None else text, case.name, kind=case.kind, adapters=adapters())


def rows(found: Ingested, columns: str) -> list[tuple[Any, ...]]:
    frame = table(found)
    wanted = [*columns.split(), "_row", "_bad"]
    assert {*wanted} >= {name for name in frame.columns if not name.startswith("_")}, frame.columns
    return [tuple(row.get(name) for name in wanted) for row in frame.to_dicts()]


INTUNE = Case(
    "intune_devices",
    "devices",
    "a.csv",
    "Device ID,Device name,Enrollment date,Last check-in,Microsoft Entra Device ID,OS version,Serial number,"
    "Manufacturer,Model,Primary user UPN,Compliance,Managed by,Ownership,Encrypted,OS,JoinType\n"
    "D1000000-0000-4000-8000-000000000001,WS-MNL-001,2026-01-05 02:10:00.0000000,2026-08-02 23:50:11.0000000,"
    "aa100000-0000-4000-8000-000000000001,10.0.22631.4037,SN0001,HP,ProDesk,Ana.Cruz@vendor.example,Compliant,Intune,"
    "Corporate,True,Windows,Azure AD joined\n"
    "d1000000-0000-4000-8000-000000000002,WS-CHN-014,2026-01-06 04:10:00.0000000,2026-05-11 08:01:09.0000000,"
    "aa100000-0000-4000-8000-000000000002,17.6,SN0002,Apple,iPhone,,Not evaluated,EAS,Personal,False,iOS,\n"
    "d1000000-0000-4000-8000-000000000003,WS-CHN-015,2026-01-06 04:10:00.0000000,,,,SN0003,Dell,Latitude,,"
    "Not evaluated,Something new,Unknown,Perhaps,Windows,\n",
    "device_id owner employee_id os disk_encrypted edr_last_seen mdm_enrolled",
    [
        (
            "d1000000-0000-4000-8000-000000000001", "company", "ana.cruz@vendor.example", "Windows", True,
            at("2026-08-02T23:50:11"), True, 2, None,
        ),
        (
            "d1000000-0000-4000-8000-000000000002", "personal", None, "iOS", False,
            at("2026-05-11T08:01:09"), False, 3, None,
        ),
        (
            "d1000000-0000-4000-8000-000000000003", None, None, "Windows", None, None, None, 4,
            ";owner;disk_encrypted;mdm_enrolled;",
        ),
    ],
    lost=("Managed by", "Verwaltet von"),
)  # fmt: skip
GRAPH = Case(
    "intune_graph_devices",
    "devices",
    "a.json",
    '{"@odata.context":"https://graph.example/v1.0/$metadata#deviceManagement/managedDevices","value":['
    '{"id":"d1000000-0000-4000-8000-000000000001","userPrincipalName":"ana.cruz@vendor.example",'
    '"managedDeviceOwnerType":"company","lastSyncDateTime":"2026-08-02T23:50:11Z","operatingSystem":"Windows",'
    '"osVersion":"10.0.22631.4037","complianceState":"compliant","managementAgent":"mdm","isEncrypted":true,'
    '"azureADDeviceId":"aa100000-0000-4000-8000-000000000001"},'
    '{"id":"d2","userPrincipalName":"","managedDeviceOwnerType":"unknown","lastSyncDateTime":"0001-01-01T00:00:00Z",'
    '"operatingSystem":"Android","complianceState":"unknown","managementAgent":"unknown","isEncrypted":"false",'
    '"azureADDeviceId":null}]}',
    "device_id owner employee_id os disk_encrypted edr_last_seen mdm_enrolled",
    [
        (
            "d1000000-0000-4000-8000-000000000001", "company", "ana.cruz@vendor.example", "Windows", True,
            at("2026-08-02T23:50:11"), True, 1, None,
        ),
        ("d2", None, None, "Android", False, None, None, 2, ";owner;edr_last_seen;mdm_enrolled;"),
    ],
    lost=("managementAgent", "agent"),
)  # fmt: skip
DEFENDER = Case(
    "defender_machines",
    "devices",
    "a.json",
    '{"@odata.context":"https://api.security.example/api/$metadata#Machines","value":[\n'
    '{"id":"1e5bc9d7e413ddd7902c2932e418702b84d0cc07","computerDnsName":"ws-mnl-001.vendor.example",'
    '"firstSeen":"2026-01-05T02:11:03.7791856Z","lastSeen":"2026-08-02T23:52:03.7791856Z","osPlatform":"Windows11",'
    '"osVersion":null,"version":"23H2","osBuild":22631,"healthStatus":"Active","onboardingStatus":"Onboarded",'
    '"riskScore":"Low","aadDeviceId":"aa100000-0000-4000-8000-000000000001"}]}\n',
    "device_id os edr_last_seen",
    [("1e5bc9d7e413ddd7902c2932e418702b84d0cc07", "Windows11", at("2026-08-02T23:52:03.779185"), 1, None)],
    lost=("onboardingStatus", "status"),
)
JAMF = Case(
    "jamf_computers",
    "devices",
    "a.csv",
    "Computer Name,JSS Computer ID,Operating System Version,Last Check-in,FileVault 2 Status,Firewall Enabled,Managed,"
    "Application Title\n"
    'MAC-MNL-01,11,15.4,2026-08-02 23:50:11,Encrypted,Enabled,Managed,"Chrome, the browser"\n'
    ",,,,,,,Zoom\n"
    ",,,,,,,Zoom\n"
    "MAC-CHN-02,12,14.6,2026-05-11 08:01:09,Not Encrypted,Not Enabled,Unmanaged,Chrome\n"
    "MAC-CHN-03,13,14.6,2026-05-11 08:01:09,Encrypting,Who knows,,\n",
    "device_id os disk_encrypted firewall_on edr_last_seen mdm_enrolled software",
    [
        ("11", "15.4", True, True, at("2026-08-02T15:50:11"), True, "chrome_the_browser;zoom", 2, None),
        ("12", "14.6", False, False, at("2026-05-11T00:01:09"), False, "chrome", 5, None),
        ("13", "14.6", None, None, at("2026-05-11T00:01:09"), None, None, 6, ";disk_encrypted;firewall_on;"),
    ],
    cuts=(4, 30),
    lost=("FileVault 2 Status", "Disk"),
)

OPENVPN_2 = Case(
    "openvpn_status",
    "vpn_sessions",
    "a.log",
    "TITLE,OpenVPN 2.6.12 x86_64-pc-linux-gnu\n"
    "TIME,2026-08-03 09:40:30,1785721230\n"
    "HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,Bytes Sent,"
    "Connected Since,Connected Since (time_t),Username,Client ID,Peer ID,Data Channel Cipher\n"
    "CLIENT_LIST,cert-ana,203.0.113.10:51514,10.8.0.6,,48213,91022,2026-08-03 08:15:02,1785716102,Ana.Cruz,3,0,"
    "AES-256-GCM\n"
    "CLIENT_LIST,raj.iyer,udp6:[2001:db8::7]:40122,10.8.0.7,,1213,2022,2026-08-03 09:01:00,1785718860,UNDEF,4,1,"
    "AES-256-GCM\n"
    "CLIENT_LIST,UNDEF,198.51.100.7:40122,,,0,0,2026-08-03 09:40:00,1785721200,UNDEF,5,2,\n"
    "HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)\n"
    "ROUTING_TABLE,10.8.0.6,cert-ana,203.0.113.10:51514,2026-08-03 09:40:11,1785721211\n"
    "GLOBAL_STATS,Max bcast/mcast queue length,0\nEND\n",
    "start end account_id src_ip",
    [
        (at("2026-08-03T00:15:02"), None, "ana.cruz", "203.0.113.10", 4, None),
        (at("2026-08-03T01:01:00"), None, "raj.iyer", "2001:db8::7", 5, None),
    ],
    cuts=(4, 150, 420),
    lost=("OpenVPN", "Other"),
)
OPENVPN_3 = replace(
    OPENVPN_2,
    name="a.csv",
    text=OPENVPN_2.text.replace("CLIENT_LIST,UNDEF", "NOTHING,UNDEF").replace(",", "\t"),
)
OPENVPN_2_3 = Case(
    "openvpn_status",
    "vpn_sessions",
    "a.txt",
    "TITLE,OpenVPN 2.3.10 x86_64-pc-linux-gnu\nTIME,Mon Aug  3 09:40:30 2026,1785721230\n"
    "HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Bytes Received,Bytes Sent,Connected Since,"
    "Connected Since (time_t)\n"
    "CLIENT_LIST,ana.cruz,203.0.113.10:51514,10.8.0.6,48213,91022,Mon Aug  3 08:15:02 2026,1785716102\nEND\n",
    "start end account_id src_ip",
    [(at("2026-08-03T00:15:02"), None, "ana.cruz", "203.0.113.10", 4, None)],
    cuts=(4, 60),
    lost=("TITLE", "title"),
)
OPENVPN_1 = Case(
    "openvpn_status",
    "vpn_sessions",
    "a.status",
    "OpenVPN CLIENT LIST\nUpdated,Mon Aug  3 09:40:30 2026\n"
    "Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n"
    "ana.cruz,203.0.113.10:51514,48213,91022,Mon Aug  3 08:15:02 2026\n"
    "raj.iyer,198.51.100.7:40122,1213,2022,2026-08-03 09:01:00\n"
    "ROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n"
    "10.8.0.6,ana.cruz,203.0.113.10:51514,Mon Aug  3 09:40:11 2026\n"
    "GLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n",
    "start end account_id src_ip",
    [
        (at("2026-08-03T00:15:02"), None, "ana.cruz", "203.0.113.10", 4, None),
        (at("2026-08-03T01:01:00"), None, "raj.iyer", "198.51.100.7", 5, None),
    ],
    cuts=(4, 240),
    lost=("OpenVPN CLIENT LIST", "CLIENT LIST"),
)
FORTIGATE = Case(
    "fortigate_vpn_events",
    "vpn_sessions",
    "a.log",
    (RECORDED / "fortigate-vpn.log").read_text("utf-8"),
    "start end account_id src_ip country",
    [
        (at("2026-08-03T01:15:02"), at("2026-08-03T02:15:02"), "ana.cruz", "203.0.113.10", "PH", 1, None),
        (at("2026-08-03T01:00:00"), at("2026-08-03T01:20:00"), "raj.iyer", "198.51.100.7", "Narnia", 3, None),
        (at("2026-08-03T02:16:00"), None, "ana.cruz", "203.0.113.10", None, 6, None),
    ],
    cuts=(8, 130),
    lost=("devid", "device"),
)
FORTIGATE_CSV = replace(
    FORTIGATE,
    name="a.csv",
    text="".join(
        ",".join('"' + pair.replace('"', '""') + '"' for pair in pairs) + "\n"
        for pairs in (
            (
                "date=2026-08-03", "time=10:15:02", 'devid="FG100E0000000001"', "eventtime=1785723302000000000",
                'logid="0101039948"', 'type="event"', 'subtype="vpn"', 'action="tunnel-down"',
                'tunneltype="ssl-tunnel"', "tunnelid=1001", "remip=203.0.113.10", 'user="Ana.Cruz"', "duration=3600",
            ),
            (
                "date=2026-08-03", "time=09:15:02", 'devid="FG100E0000000001"', "eventtime=1785719702000000000",
                'logid="0101039947"', 'type="event"', 'subtype="vpn"', 'action="tunnel-up"',
                'tunneltype="ssl-tunnel"', "tunnelid=1001", "remip=203.0.113.10", 'user="Ana.Cruz"', 'msg="up, now"',
            ),
        )
    ),
    rows=[(at("2026-08-03T01:15:02"), at("2026-08-03T02:15:02"), "ana.cruz", "203.0.113.10", None, 2, None)],
    cuts=(3,),
)  # fmt: skip
GLOBALPROTECT = Case(
    "globalprotect_log",
    "vpn_sessions",
    "a.csv",
    (RECORDED / "globalprotect.csv").read_text("utf-8"),
    "start end account_id device_id src_ip country",
    [
        (
            at("2026-08-03T01:15:09"), at("2026-08-03T02:15:09.250"), "ana.cruz@vendor.example", "ws-mnl-001",
            "203.0.113.10", "PH", 2, None,
        ),
        (
            at("2026-08-03T01:15:00"), at("2026-08-03T01:16:00"), "raj.iyer", "ws-chn-014", "203.0.113.10", None, 3,
            ";country;",
        ),
        (at("2026-08-03T02:21:00"), None, "raj.iyer", "ws-chn-014", "203.0.113.10", "IN", 7, ";end;"),
        (at("2026-08-03T02:22:00"), None, "raj.iyer", "ws-chn-014", "203.0.113.10", "IN", 8, None),
    ],
    cuts=(30, 130),
    lost=("GLOBALPROTECT", "TRAFFIC"),
)  # fmt: skip

RULES = "zone rule_id direction action destination"


def ruled(zone: str, *said: str) -> list[tuple[Any, ...]]:
    """Rows of rules from lines `rule | direction | action | destination`."""
    return [(zone, *(part.strip() for part in line.split("|"))) for line in said]


def numbered(*groups: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with their numbers, and nothing in them that could not be read."""
    return [(*row, number, None) for number, row in enumerate((row for group in groups for row in group), 1)]


IPTABLES = Case(
    "iptables_save",
    "network_rules",
    "a.rules",
    """# Generated by iptables-save v1.8.9 (nf_tables) on Mon Aug  3 09:15:02 2026
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [12:345]
:users - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -m limit --limit 5/min -j LOG --log-prefix "in: " --log-level 7
-A INPUT -s 10.8.0.0/24 -j users
[4:240] -A INPUT -p icmp -j ACCEPT
-A INPUT -m comment --comment "the web" -p tcp -m multiport --dports 80,443 -j ACCEPT
-A INPUT -p udp -j NFQUEUE --queue-num 1
-A FORWARD ! -d 203.0.113.0/24 -j REJECT --reject-with icmp-port-unreachable
-A FORWARD -j ACCEPT
-A FORWARD -j DROP
-A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 25 -j DROP
-A OUTPUT ! -d 198.51.100.0/24 -j ACCEPT
-A users -p tcp -m tcp --dport 22 -j ACCEPT
-A users -d 10.8.0.1/32 -j RETURN
-A users -j DROP
COMMIT
# Completed on Mon Aug  3 09:15:02 2026
""",
    RULES,
    [
        ("iptables filter", "INPUT 1", "in", "allow", "replies", 1, None),
        ("iptables filter", "INPUT 2", "in", "allow", "loopback", 2, None),
        ("iptables filter", "INPUT 4 > users 1", "in", "allow", "tcp/22", 3, None),
        ("iptables filter", "INPUT 4 > users 3", "in", "deny", "-s 10.8.0.0/24 unless returned before", 4, None),
        ("iptables filter", "INPUT 5", "in", "allow", "icmp", 5, None),
        ("iptables filter", "INPUT 6", "in", "allow", "tcp/80,443", 6, None),
        ("iptables filter", "INPUT policy", "in", "deny", "any", 8, None),
        ("iptables filter", "FORWARD 1", "forward", "reject", "all but 203.0.113.0/24", 9, None),
        ("iptables filter", "FORWARD 2", "forward", "allow", "any", 10, None),
        ("iptables filter", "OUTPUT 1", "out", "allow", "203.0.113.10/32 tcp/443", 11, None),
        ("iptables filter", "OUTPUT 2", "out", "allow", "any", 12, None),
        ("iptables filter", "OUTPUT 3", "out", "deny", "tcp/25", 13, None),
        ("iptables filter", "OUTPUT 4", "out", "allow", "any", 14, None),
        ("iptables filter", "OUTPUT policy", "out", "allow", "any", 15, None),
    ],
    cuts=(60, 90, 900),
    lost=("*filter", "*other"),
)
IP6TABLES = replace(
    IPTABLES,
    name="a.txt",
    text="# Generated by ip6tables-save v1.8.9 on Mon Aug  3 09:15:02 2026\n*filter\n:INPUT ACCEPT [0:0]\n"
    ":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n# Completed on Mon Aug  3 09:15:02 2026\n",
    rows=numbered(
        ruled(
            "ip6tables filter",
            "INPUT policy | in | allow | any",
            "FORWARD policy | forward | allow | any",
            "OUTPUT policy | out | allow | any",
        )
    ),
    cuts=(50, 70),
)


def nft(*items: str) -> str:
    """What nft prints for a ruleset."""
    about = '{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}'
    return f'{{"nftables": [{", ".join((about, *items))}]}}\n'


def nft_chain(name: str, hook: str, policy: str, *rules: str) -> tuple[str, ...]:
    """A base chain of table inet filter and its rules."""
    place = '"family": "inet", "table": "filter"'
    based = f'"type": "filter", "hook": "{hook}", "prio": 0, "policy": "{policy}"' if hook else '"x": 0'
    return (
        f'{{"chain": {{{place}, "name": "{name}", "handle": 1, {based}}}}}',
        *(
            f'{{"rule": {{{place}, "chain": "{name}", "handle": {n}, "expr": [{rule}]}}}}'
            for n, rule in enumerate(rules, 4)
        ),
    )


def nft_match(left: str, right: str, op: str = "==") -> str:
    """A match of one rule."""
    return f'{{"match": {{"op": "{op}", "left": {left}, "right": {right}}}}}'


DPORT = '{"payload": {"protocol": "tcp", "field": "dport"}}'
NFT = Case(
    "nft_json",
    "network_rules",
    "a.json",
    nft(
        *nft_chain(
            "input",
            "input",
            "drop",
            nft_match('{"ct": {"key": "state"}}', '["established", "related"]', "in") + ', {"accept": null}',
            nft_match('{"meta": {"key": "iifname"}}', '"lo"') + ', {"accept": null}',
            '{"counter": {"packets": 0, "bytes": 0}}, {"log": {"prefix": "x"}}',
            nft_match(DPORT, '{"set": [22, {"range": [8000, 8080]}]}') + ', {"accept": null}',
            '{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": '
            '[[25, {"drop": null}], [443, {"jump": {"target": "web"}}]]}}}',
            '{"xt": {"type": "match", "name": "string"}}, {"accept": null}',
        ),
        *nft_chain(
            "web",
            "",
            "",
            nft_match(
                '{"payload": {"protocol": "ip", "field": "saddr"}}', '{"prefix": {"addr": "10.0.0.0", "len": 8}}', "!="
            )
            + ', {"reject": {"type": "tcp reset"}}',
            '{"accept": null}',
        ),
        *nft_chain(
            "output",
            "output",
            "accept",
            nft_match('{"payload": {"protocol": "ip", "field": "daddr"}}', '"203.0.113.10"') + ', {"accept": null}',
            '{"drop": null}',
        ),
    ),
    RULES,
    [
        row
        for start, zone in ((1, "nft ipv4"), (11, "nft ipv6"))
        for row in (
            (zone, "inet filter input 4", "in", "allow", "replies", start, None),
            (zone, "inet filter input 5", "in", "allow", "loopback", start + 1, None),
            (zone, "inet filter input 7", "in", "allow", "tcp/22,8000-8080", start + 2, None),
            (zone, "inet filter input 8.1", "in", "deny", "tcp/25", start + 3, None),
            (
                zone, "inet filter input 8.2 > inet filter web 4", "in", "reject",
                "tcp/443 payload saddr != 10.0.0.0/8", start + 4, None,
            ),
            (zone, "inet filter input 8.2 > inet filter web 5", "in", "allow", "tcp/443", start + 5, None),
            (zone, "inet filter input policy", "in", "deny", "any", start + 7, None),
            (zone, "policy", "forward", "allow", "any", start + 8, None),
            (zone, "inet filter output 4", "out", "allow", "203.0.113.10", start + 9, None),
            (zone, "inet filter output 5", "out", "deny", "any", start + 10, None),
        )
    ],
    cuts=(3, 200),
    lost=("metainfo", "about"),
)  # fmt: skip
NFT = replace(NFT, rows=[(*row[:5], row[5] + (row[0] == "nft ipv6"), None) for row in NFT.rows])
_OF_NFT = (
    "input 9.1 | in | deny | ct state == invalid",
    "input 9.2 | in | allow | replies",
    "input 9.3 | in | allow | replies",
    "input 10 | in | allow | replies",
    "input 11 | in | allow | loopback",
    "input 13 | in | allow | icmp,ipv6-icmp",
    "input 14 | in | allow | icmp",
    "input 16 | in | allow | tcp/22,8000-8080",
    "input 18.1 | in | deny | tcp/25",
    "input 18.2 > inet filter web 6 | in | reject | tcp/443 payload saddr != 10.0.0.0/8",
    "input 18.2 > inet filter web 7 | in | allow | tcp/443",
    "input 19 | in | allow | udp/53",
    "input 20 | in | deny | any",
    "forward policy | forward | deny | any",
    "output 21 | out | allow | @allowed tcp/443",
    "output 22 | out | allow | any",
    "output 23 | out | deny | tcp/25 meta oifname != eth0",
    "output 24 | out | deny | any",
)
NFT_1_0_6 = replace(
    NFT,
    text=(RECORDED / "nft-1.0.6.json").read_text("utf-8"),
    rows=numbered(*(ruled(zone, *(f"inet filter {line}" for line in _OF_NFT)) for zone in ("nft ipv4", "nft ipv6"))),
)
IPTABLES_1_8_9 = replace(
    IPTABLES,
    name="a.v4",
    text=(RECORDED / "iptables-save-1.8.9.txt").read_text("utf-8"),
    rows=numbered(
        ruled(
            "iptables filter",
            "INPUT 1 | in | allow | replies",
            "INPUT 2 | in | allow | tcp/80,443",
            "INPUT 3 > users 1 | in | reject | all but 10.8.0.1/32 udp -s 10.0.0.0/8 ! --dport 53",
            "INPUT 3 > users 2 | in | allow | icmp",
            "INPUT 4 | in | deny | tcp unless returned before --tcp-flags SYN,ACK SYN",
            "INPUT policy | in | deny | any",
            "FORWARD policy | forward | allow | any",
            "OUTPUT policy | out | allow | any",
        )
    ),
    cuts=(70,),
)
MIKROTIK = Case(
    "mikrotik_filter",
    "network_rules",
    "a.rsc",
    """# 2026-08-03 09:15:02 by RouterOS 7.15.3
# software id = ABCD-0001
/ip firewall address-list
add address=203.0.113.0/24 list=partners
/ip firewall filter
add action=accept chain=input comment="replies, all of them" connection-state=\\
    established,related,untracked
add action=jump chain=input in-interface-list=!LAN jump-target=outside
add action=accept chain=input dst-port=22 protocol=tcp src-address=10.8.0.0/24
add action=drop chain=input disabled=yes
add action=fasttrack-connection chain=forward connection-state=established,related
add action=accept chain=forward dst-address-list=partners dst-port=443 protocol=tcp
add action=drop chain=forward
add chain=outside protocol=icmp
add action=drop chain=outside
/ip firewall nat
add action=masquerade chain=srcnat out-interface=ether1
/ipv6 firewall filter
add action=drop chain=output
""",
    RULES,
    numbered(
        ruled(
            "routeros ipv4",
            "input 1 | in | allow | replies",
            "input 2 > outside 1 | in | allow | icmp",
            "input 2 > outside 2 | in | deny | in-interface-list=!LAN",
            "input 3 | in | allow | tcp/22",
            "input default | in | allow | any",
            "forward 2 | forward | allow | list partners tcp/443",
            "forward 3 | forward | deny | any",
        ),
        ruled(
            "routeros ipv6",
            "input default | in | allow | any",
            "forward default | forward | allow | any",
            "output 1 | out | deny | any",
        ),
    ),
    cuts=(10, 14),
    lost=("firewall filter", "firewall other"),
)
PFSENSE = Case(
    "pfsense_config",
    "network_rules",
    "a.xml",
    (RECORDED / "pfsense-config.xml").read_text("utf-8"),
    RULES,
    numbered(
        ruled(
            "WAN",
            "1600000009 | in | deny | udp/161",
            "1600000001 | in | allow | WAN address tcp/3389",
            "1600000003 | in | allow | tcp/443,8443",
            "1600000002 | in | deny | IPv4 only",
            "default deny | in | deny | any",
        ),
        ruled("WAN", "1600000009 leaving | out | deny | udp/161"),
        ruled(
            "FLOOR-NORTHWIND",
            "1600000004 | out | reject | FLOOR-TAILSPIN",
            "1600000005 | out | allow | 203.0.113.10,203.0.113.11,198.51.100.0/24 tcp/443",
            "rule 7 | out | allow | any",
            "1600000006 | out | deny | from 10.20.0.0/24",
            "default deny | out | deny | any",
        ),
        ruled(
            "FLOOR-TAILSPIN",
            "1600000008 | out | allow | any",
        ),
        ruled("openvpn", "1600000010 | in | allow | any"),
    ),
    cuts=(5, 700),
    lost=("pfsense>", "othersense>"),
)

NESSUS_CLASSIC = Case(
    "nessus_csv",
    "vulns",
    "a.csv",
    "Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output\r\n"
    '19506,,,None,10.8.4.21,tcp,0,Scan Information,,,n/a,,"Credentialed checks : no"\r\n'
    '153953,CVE-2021-44228,10.0,Critical,10.8.4.22,tcp,8080,Logging library RCE,"A library is vulnerable.\r\n'
    'See text.",,Upgrade.,,\r\n'
    "153954,CVE-2021-44228,6.0,Medium,10.8.4.22,tcp,8443,The same elsewhere,,,Upgrade.,,\r\n"
    "33850,,10.0,Strange,10.8.4.22,tcp,0,Unsupported system,,,Upgrade.,,\r\n",
    "asset_id cve severity fixed_on",
    [
        ("10.8.4.21", "nessus-19506", "info", None, 2, None),
        ("10.8.4.22", "CVE-2021-44228", "critical", None, 3, None),
        ("10.8.4.22", "nessus-33850", None, None, 6, ";severity;"),
    ],
    cuts=(12, 170),
    lost=("Plugin ID", "Plugin"),
)
NESSUS = Case(
    "nessus_csv",
    "vulns",
    "a.csv",
    "Plugin ID,CVE,CVSS v2.0 Base Score,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,"
    "Plugin Output,VPR Score,Risk Factor,Plugin Publication Date,Plugin Modification Date,Asset UUID,"
    "Vulnerability State,First Found,Last Found\n"
    '19506,,,None,10.8.4.22,tcp,0,Scan Information,,,n/a,,"Scan Start Date : 2026/8/2 23:10 PHT (UTC +08:00)",,None,'
    "2005/08/26,2026/07/01,u-1,Active,2026-01-05,2026-08-02\n"
    "153953,CVE-2021-44228,9.3,High,10.8.4.22,tcp,8080,Logging library RCE,,,Upgrade.,,,9.8,High,2021/12/10,"
    "2026/07/01,u-1,Active,2026-01-05,2026-08-02\n"
    "153999,CVE-2021-44228,9.3,Critical,10.8.4.22,tcp,8081,The same anew,,,Upgrade.,,,9.8,Critical,2022/01/20,"
    "2026/07/01,u-1,Resurfaced,2026-02-05,2026-08-02\n"
    "150000,CVE-2020-0001,5.0,Medium,10.8.4.22,tcp,80,Gone,,,Upgrade.,,,1.0,Medium,2020/02/01,2020/02/01,u-1,Fixed,"
    "2026-01-05,2026-03-01\n",
    "asset_id cve severity published_on first_seen scanned_on fixed_on",
    [
        ("10.8.4.22", "nessus-19506", "info", day("2005-08-26"), day("2026-01-05"), day("2026-08-02"), None, 2, None),
        (
            "10.8.4.22", "CVE-2021-44228", "critical", day("2021-12-10"), day("2026-01-05"), day("2026-08-02"), None,
            3, None,
        ),
    ],
    cuts=(30,),
    lost=("Risk", "Danger"),
)  # fmt: skip
OPENVAS = Case(
    "openvas_csv",
    "vulns",
    "a.csv",
    "IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,Solution Type,NVT Name,Summary,Specific Result,NVT OID,CVEs,"
    "Task ID,Task Name,Timestamp,Result ID,Impact,Solution\n"
    '10.8.4.22,pbx.vendor.example,8080,tcp,9.8,Critical,80,VendorFix,Logging RCE,"It is, well,\nvulnerable",,'
    '1.3.6.1.4.1.25623.1.0.1,"CVE-2021-44228,CVE-2021-45046",t-1,Weekly,2026-08-02T23:10:11Z,r-1,,Upgrade\n'
    "10.8.4.22,pbx.vendor.example,,,0.0,Log,80,,Banner,,,1.3.6.1.4.1.25623.1.0.2,,t-1,Weekly,2026-08-02T15:10:11Z,r-2,,\n"
    "10.8.4.23,,443,tcp,5.0,False Positive,70,,Old,,,1.3.6.1.4.1.25623.1.0.3,,t-1,Weekly,2026-08-02T15:10:11Z,r-3,,\n",
    "asset_id cve severity scanned_on fixed_on",
    [
        ("10.8.4.22", "CVE-2021-44228", "critical", day("2026-08-03"), None, 2, None),
        ("10.8.4.22", "CVE-2021-45046", "critical", day("2026-08-03"), None, 2, None),
        ("10.8.4.22", "nvt-1.3.6.1.4.1.25623.1.0.2", "info", day("2026-08-02"), None, 4, None),
        ("10.8.4.23", "nvt-1.3.6.1.4.1.25623.1.0.3", None, day("2026-08-02"), None, 5, ";severity;"),
    ],
    cuts=(10, 290),
    lost=("NVT OID", "OID"),
)


def dig(name: str, type_: str, *values: str, status: str = "NOERROR", zone: str = "UTC") -> str:
    """What dig prints for one look-up."""
    owner = f"{name}.\t3600\tIN\t{type_}\t"
    said = "".join(f"{value}\n" if " IN " in value else f"{owner}{value}\n" for value in values)
    return (
        f"\n; <<>> DiG 9.18.28-1~deb12u2-Debian <<>> {name} {type_}\n;; global options: +cmd\n;; Got answer:\n"
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n"
        f";; flags: qr rd ra; QUERY: 1, ANSWER: {len(values)}, AUTHORITY: 1, ADDITIONAL: 1\n\n"
        ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n"
        f";; QUESTION SECTION:\n;{name}.\t\tIN\t{type_}\n\n"
        + (f";; ANSWER SECTION:\n{said}\n" if values else "")
        + ";; AUTHORITY SECTION:\nvendor.example.\t300\tIN\tSOA\tns1.vendor.example. root.vendor.example. 1 2 3 4 5\n\n"
        f";; Query time: 12 msec\n;; SERVER: 192.0.2.53#53(192.0.2.53) (UDP)\n"
        f";; WHEN: Mon Aug 03 09:15:02 {zone} 2026\n;; MSG SIZE  rcvd: 99\n"
    )


SPF = '"v=spf1 include:_spf.mail.example a:%{i}.x.example " "-all"'
ASKED = (
    dig("vendor.example", "NS", "ns1.vendor.example.")
    + dig("Vendor.example", "MX", "10 MX1.vendor.example.")
    + dig("vendor.example", "TXT", SPF, '"MS=ms1"', zone="PST")
    + dig("_spf.mail.example", "TXT", '"v=spf1 ip4:203.0.113.0/24 ~all"')
    + dig("_dmarc.vendor.example", "TXT", '"v=DMARC1\\; p=reject\\; rua=mailto:dmarc@vendor.example"')
    + dig("_mta-sts.vendor.example", "TXT", status="NXDOMAIN")
    + dig(
        "s1._domainkey.vendor.example",
        "TXT",
        "s1._domainkey.vendor.example. 300 IN CNAME s1.dkim.mail.example.",
        's1.dkim.mail.example. 60 IN TXT "v=DKIM1; p=MII" "BCg"',
    )
)
WHOLE = dig("_smtp._tls.vendor.example", "TXT", status="NXDOMAIN")
ANSWERS = "domain name type value ttl queried_at"
UTC_9 = at("2026-08-03T09:15:02")
POSITIVE = [
    ("vendor.example", "vendor.example", "NS", "ns1.vendor.example", 3600, UTC_9),
    ("vendor.example", "vendor.example", "MX", "10 mx1.vendor.example", 3600, UTC_9),
    (
        "vendor.example", "vendor.example", "TXT", "v=spf1 include:_spf.mail.example a:%{i}.x.example -all", 3600,
        at("2026-08-03T01:15:02"),
    ),
    ("vendor.example", "vendor.example", "TXT", "MS=ms1", 3600, at("2026-08-03T01:15:02")),
    ("vendor.example", "_spf.mail.example", "TXT", "v=spf1 ip4:203.0.113.0/24 ~all", 3600, UTC_9),
    (
        "vendor.example", "_dmarc.vendor.example", "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@vendor.example", 3600,
        UTC_9,
    ),
    ("vendor.example", "s1._domainkey.vendor.example", "CNAME", "s1.dkim.mail.example", 300, UTC_9),
    ("vendor.example", "s1._domainkey.vendor.example", "TXT", "v=DKIM1; p=MIIBCg", 60, UTC_9),
]  # fmt: skip


def placed(lines: tuple[int, ...], answers: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with the line on which each record stands."""
    return [(*row, line, None) for row, line in zip(answers, lines, strict=True)]


DIG = Case(
    "dig_text",
    "dns",
    "a.txt",
    WHOLE + ASKED,
    ANSWERS,
    placed((33, 55, 77, 78, 100, 122, 163, 164), POSITIVE),
    cuts=(340, 320),
    lost=("IN", "CH"),
)
DIG_ANSWERS = Case(
    "dig_text",
    "dns",
    "a.out",
    'vendor.example.          3600 IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\n'
    "vendor.example.          3600 IN NS ns1.vendor.example.\n"
    '_dmarc.vendor.example.   3600 IN TXT "v=DMARC1\\; p=reject" \n'
    'sel1._domainkey.vendor.example. 3600 IN TXT "v=DKIM1; k=rsa; p=MIIBIjAN" "CgKCAQEA"\n',
    "domain name type value ttl",
    [
        ("vendor.example", "vendor.example", "TXT", "v=spf1 ip4:203.0.113.0/24 -all", 3600, 1, None),
        ("vendor.example", "_dmarc.vendor.example", "TXT", "v=DMARC1; p=reject", 3600, 3, None),
        (
            "vendor.example",
            "sel1._domainkey.vendor.example",
            "TXT",
            "v=DKIM1; k=rsa; p=MIIBIjANCgKCAQEA",
            3600,
            4,
            None,
        ),
    ],
    cuts=(5, 20),
    lost=(" IN ", " CH "),
)

CASES = [INTUNE, GRAPH, DEFENDER, JAMF, OPENVPN_1, OPENVPN_2_3, OPENVPN_2, OPENVPN_3]
CASES += [FORTIGATE, FORTIGATE_CSV, GLOBALPROTECT]
CASES += [IPTABLES, IP6TABLES, IPTABLES_1_8_9, NFT, NFT_1_0_6, MIKROTIK, PFSENSE]
CASES += [NESSUS_CLASSIC, NESSUS, OPENVAS, DIG, DIG_ANSWERS]
BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.adapter}-{c.name}")


@BY_NAME
def test_an_export_becomes_exactly_these_rows(case: Case, tmp_path: Path) -> None:
    found = read(tmp_path, case)
    assert (found.adapter, found.grade, found.faults) == (case.adapter, Grade.EXPORT, ())
    assert rows(found, case.columns) == case.rows


@BY_NAME
def test_an_export_is_recognised_by_what_it_holds_whatever_its_name(case: Case, tmp_path: Path) -> None:
    (tmp_path / f"x7{Path(case.name).suffix}").write_text(case.text, "utf-8")
    known, unknown = recognition.look(tmp_path, shipped(), adapters(), deep=False)
    assert [(k.kind, k.adapter) for k in known] == [(case.kind, case.adapter)], unknown


@BY_NAME
def test_an_export_that_is_cut_is_never_whole(case: Case, tmp_path: Path) -> None:
    for cut in case.cuts:
        found = read(tmp_path, case, case.text[:-cut])
        assert {Cause.TRUNCATED, Cause.MALFORMED} & {*causes(found)}, cut


@BY_NAME
def test_an_export_that_lacks_what_names_its_product_is_refused(case: Case, tmp_path: Path) -> None:
    found = read(tmp_path, case, case.text.replace(*case.lost))
    assert causes(found) == [Cause.MALFORMED]


def test_a_computer_of_jamf_without_its_number_is_refused_not_folded(tmp_path: Path) -> None:
    found = read(tmp_path, JAMF, JAMF.text.replace("MAC-CHN-02,12,", "MAC-CHN-02,,"))
    assert causes(found) == [Cause.MALFORMED]
    assert 'line 5: a computer without "JSS Computer ID"' in found.faults[0].message


def test_a_page_of_machines_that_is_not_the_last_is_truncated(tmp_path: Path) -> None:
    more = DEFENDER.text.replace('"value":', '"@odata.nextLink":"https://api.security.example/next","value":')
    assert causes(read(tmp_path, DEFENDER, more)) == [Cause.TRUNCATED]


def test_a_look_up_that_was_not_asked_leaves_no_absence_to_believe(tmp_path: Path) -> None:
    found = read(tmp_path, DIG, ASKED)
    assert rows(found, ANSWERS) == placed((36, 58, 59, 81, 103, 144, 145), [row for row in POSITIVE if row[2] != "NS"])


@pytest.mark.parametrize(
    "failed",
    [
        dig("_smtp._tls.vendor.example", "TXT", status="SERVFAIL"),
        (
            "\n; <<>> DiG 9.18.28 <<>> @192.0.2.53 _smtp._tls.vendor.example TXT\n; (1 server found)\n"
            ";; global options: +cmd\n;; connection timed out; no servers could be reached\n"
        ),
    ],
)
def test_a_look_up_that_failed_leaves_its_whole_domain_unknown(failed: str, tmp_path: Path) -> None:
    found = read(tmp_path, DIG, dig("other.example", "A", "192.0.2.1") + ASKED + failed)
    assert rows(found, ANSWERS) == [("other.example", "other.example", "A", "192.0.2.1", 3600, UTC_9, 14, None)]
    assert found.bad_rows == 1


def test_rules_that_jump_in_a_circle_are_refused(tmp_path: Path) -> None:
    circle = IPTABLES.text.replace("-A users -j DROP", "-A users -j users")
    found = read(tmp_path, IPTABLES, circle)
    assert causes(found) == [Cause.MALFORMED]
    assert 'chain "users" jumps in a circle' in found.faults[0].message


def test_an_empty_ruleset_of_nft_lets_everything_pass(tmp_path: Path) -> None:
    found = read(tmp_path, NFT, nft())
    ways = ("in", "forward", "out")
    expected = [(zone, "policy", way, "allow", "any") for zone in ("nft ipv4", "nft ipv6") for way in ways]
    assert rows(found, RULES) == numbered(expected)


def test_a_log_of_failed_log_ins_alone_is_refused_and_says_what_to_export(tmp_path: Path) -> None:
    lines = [line for line in FORTIGATE.text.splitlines(keepends=True) if "ssl-login-fail" in line]
    found = read(tmp_path, FORTIGATE, "".join(lines))
    assert causes(found) == [Cause.MALFORMED]
    assert "holds no tunnel of a user" in found.faults[0].message


def test_a_configuration_of_opnsense_is_read_like_one_of_pfsense(tmp_path: Path) -> None:
    assert rows(read(tmp_path, PFSENSE, PFSENSE.text.replace("pfsense>", "opnsense>")), RULES) == PFSENSE.rows
