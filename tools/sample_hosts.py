"""Two computers of the sample vendor: what the probe script printed on them, and the weaknesses planted there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ctrlkit.probe_script import marker_of
from ctrlkit.transcript import sealed

NONCE: Final = "northwind-7f3a91c4"
STARTED: Final = "2026-11-01T02:00:00Z"
ROLES: Final = {"crm-db1": ("server",), "ws-0142": ("workstation",)}

_ACCOUNTS: Final = """\
root:0:0:/bin/bash
daemon:1:1:/usr/sbin/nologin
www-data:33:33:/usr/sbin/nologin
"""
_RELEASE: Final = """\
== release
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
== kernel
6.1.0-41-amd64 x86_64
== reboot
no
"""
_UPDATES: Final = "== apt\nInst tzdata [2026a-0+deb12u1] (2026b-0+deb12u1 Debian:12/stable [all])\n"
_LISTS: Final = "== apt\n1793491200 /var/lib/apt/periodic/update-success-stamp\n"
_CLOCK: Final = """\
== chronyc
C0000201,192.0.2.1,3,1793491100.123456789,0.000213471,0.000011220,0.000210114,-3.517,0.001,0.052,0.002,0.0004,64.5,Normal
"""
_DISKS: Final = """\
== devices
NAME="nvme0n1" KNAME="nvme0n1" PKNAME="" TYPE="disk" FSTYPE="" MOUNTPOINTS=""
NAME="nvme0n1p1" KNAME="nvme0n1p1" PKNAME="nvme0n1" TYPE="part" FSTYPE="vfat" MOUNTPOINTS="/boot/efi"
NAME="nvme0n1p2" KNAME="nvme0n1p2" PKNAME="nvme0n1" TYPE="part" FSTYPE="crypto_LUKS" MOUNTPOINTS=""
NAME="disk_crypt" KNAME="dm-0" PKNAME="nvme0n1p2" TYPE="crypt" FSTYPE="LVM2_member" MOUNTPOINTS=""
NAME="ws-root" KNAME="dm-1" PKNAME="dm-0" TYPE="lvm" FSTYPE="ext4" MOUNTPOINTS="/"
NAME="ws-home" KNAME="dm-2" PKNAME="dm-0" TYPE="lvm" FSTYPE="ext4" MOUNTPOINTS="/home"
NAME="ws-swap" KNAME="dm-3" PKNAME="dm-0" TYPE="lvm" FSTYPE="swap" MOUNTPOINTS="[SWAP]"
== root
ext4
"""
_OPEN_DISKS: Final = """\
== devices
NAME="nvme0n1" KNAME="nvme0n1" PKNAME="" TYPE="disk" FSTYPE="" MOUNTPOINTS=""
NAME="nvme0n1p1" KNAME="nvme0n1p1" PKNAME="nvme0n1" TYPE="part" FSTYPE="vfat" MOUNTPOINTS="/boot/efi"
NAME="nvme0n1p2" KNAME="nvme0n1p2" PKNAME="nvme0n1" TYPE="part" FSTYPE="ext4" MOUNTPOINTS="/"
NAME="zram0" KNAME="zram0" PKNAME="" TYPE="disk" FSTYPE="" MOUNTPOINTS="[SWAP]"
== root
ext4
"""
_FIREWALL: Final = """\
== ipv6
on
== iptables-save
*filter
:INPUT DROP
:FORWARD DROP
:OUTPUT ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
== ip6tables-save
*filter
:INPUT DROP
:FORWARD DROP
:OUTPUT ACCEPT
COMMIT
"""
_SERVER: Final = {
    "passwd_accounts": f"""\
{_ACCOUNTS}ops.lim:1000:1000:/bin/bash
ops.sy:1001:1001:/bin/bash
postgres:101:104:/bin/bash
""",
    "shadow_accounts": """\
root:locked::20420:99999::
daemon:locked::20420:99999::
www-data:locked::20420:99999::
ops.lim:usable:y:20710:99999:30:
ops.sy:usable:y:20698:99999:30:
postgres:locked::20421:99999::
""",
    "password_quality": """\
== /etc/pam.d/common-password
password\trequisite\t\t\tpam_pwquality.so retry=3
password\trequired\t\t\tpam_pwhistory.so remember=5 use_authtok
password\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt
password\trequisite\t\t\tpam_deny.so
password\trequired\t\t\tpam_permit.so
== /etc/pam.d/passwd
@include common-password
== /etc/security/pwquality.conf
minlen = 16
""",
    "account_lockout": """\
== /etc/pam.d/common-account
account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so
account\trequisite\tpam_deny.so
account\trequired\tpam_faillock.so
== /etc/pam.d/common-auth
auth\trequired\tpam_faillock.so preauth
auth\t[success=2 default=ignore]\tpam_unix.so
auth\t[default=die]\tpam_faillock.so authfail
auth\trequisite\tpam_deny.so
auth\trequired\tpam_permit.so
== /etc/pam.d/sshd
@include common-auth
@include common-account
== /etc/security/faillock.conf
deny = 5
unlock_time = 1800
""",
    "shell_timeout": """\
== /etc/profile
== /etc/bash.bashrc
== /etc/profile.d/idle.sh
readonly TMOUT=900
export TMOUT
""",
    "sshd_settings": """\
port 22
addressfamily any
usepam yes
logingracetime 60
maxauthtries 3
maxsessions 10
permitrootlogin no
pubkeyauthentication yes
passwordauthentication no
kbdinteractiveauthentication no
x11forwarding no
permitemptypasswords no
authenticationmethods any
""",
    "sshd_root_settings": """\
port 22
usepam yes
maxauthtries 3
permitrootlogin no
passwordauthentication no
kbdinteractiveauthentication no
permitemptypasswords no
""",
    "sshd_match_settings": """\
== /etc/ssh/sshd_config
Include /etc/ssh/sshd_config.d/*.conf
UsePAM yes
== /etc/ssh/sshd_config.d/hardening.conf
PermitRootLogin no
PasswordAuthentication no
MaxAuthTries 3
Match User backup
  AllowTcpForwarding no
""",
    "sshd_service": "installed yes\nrunning yes\n",
    "useradd_defaults": "GROUP=100\nHOME=/home\nINACTIVE=30\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\n",
    "last_logins": """\
Username         Port     From             Latest
root                                       **Never logged in**
daemon                                     **Never logged in**
www-data                                   **Never logged in**
ops.lim          pts/0    192.0.2.40       Fri Oct 30 03:12:44 +0000 2026
ops.sy           pts/1    192.0.2.41       Tue Oct 27 22:40:03 +0000 2026
postgres                                   **Never logged in**
""",
    "firewall": _FIREWALL,
    "listeners": """\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
tcp   LISTEN 0      128        192.0.2.20:22             *:*
tcp   LISTEN 0      244             [::1]:5432           *:*
""",
    "clock": _CLOCK,
    "os_release": _RELEASE,
    "pending_updates": _UPDATES,
    "update_lists": _LISTS,
}
_WORKSTATION: Final = {
    "passwd_accounts": _ACCOUNTS + "support:1000:1000:/bin/bash\nagent:1001:1001:/bin/bash\n",
    "screen_lock": """\
== /etc/dconf/profile/user
user-db:user
system-db:local
== /etc/dconf/db/local.d/00-screen
[org/gnome/desktop/session]
idle-delay=uint32 240
[org/gnome/desktop/screensaver]
lock-enabled=true
lock-delay=uint32 0
== /etc/dconf/db/local.d/locks/screen
/org/gnome/desktop/session/idle-delay
/org/gnome/desktop/screensaver/lock-enabled
/org/gnome/desktop/screensaver/lock-delay
== state
fresh /etc/dconf/db/local.d
""",
    "sshd_settings": None,
    "sshd_root_settings": None,
    "sshd_match_settings": None,
    "sshd_service": "installed no\nrunning no\n",
    "admin_groups": """\
== groups
root:x:0:
sudo:x:27:
== primary
root:0
daemon:1
www-data:33
support:1000
agent:1001
""",
    "sudo_rules": "== /etc/sudoers\nDefaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n",
    "firewall": _FIREWALL,
    "clock": _CLOCK,
    "disks": _DISKS,
    "malware_protection": """\
== services
Id=clamav-daemon.service
LoadState=loaded
ActiveState=active

Id=clamav-freshclam.service
LoadState=loaded
ActiveState=active

Id=falcon-sensor.service
LoadState=not-found
ActiveState=inactive

Id=mdatp.service
LoadState=not-found
ActiveState=inactive
== signatures
1793485800 /var/lib/clamav/daily.cld
""",
    "os_release": _RELEASE,
    "pending_updates": _UPDATES,
    "update_lists": _LISTS,
    "usb_storage": "== usb-storage\ninstall /bin/false\n== uas\ninstall /bin/false\n== loaded\n== builtin\n",
    "usbguard": "installed no\nactive no\n",
    "installed_software": """\
dpkg bash
dpkg chrony
dpkg clamav
dpkg firefox-esr
dpkg gnome-shell
dpkg libreoffice-calc
flatpak org.linphone.Linphone
""",
}
_HOSTS: Final[Mapping[str, Mapping[str, str | None]]] = {"crm-db1": _SERVER, "ws-0142": _WORKSTATION}
_DECIDED: Final = {
    "crm-db1": ("ACC-03", "END-03", "LOG-01", "LOG-04", "LOG-05", "NET-01", "NET-05", "NET-06"),
    "ws-0142": ("END-01", "END-02", "END-03", "END-04", "END-05", "LOG-01", "LOG-05", "NET-01", "NET-05"),
}
"""The controls that decide something of each; the others do not speak of such a host."""
CONTROLS: Final = tuple(sorted({*_DECIDED["crm-db1"], *_DECIDED["ws-0142"]}))
_OPEN: Final = "insmod /lib/modules/6.1.0-41-amd64/kernel/drivers/usb/storage/{}.ko"
PLANTS: Final = {
    "NET-06": (
        "crm-db1",
        "sshd_settings",
        {"permitrootlogin no": "permitrootlogin yes"},
        "permitrootlogin yes",
        "root signs in to the database server over SSH",
    ),
    "NET-01": (
        "crm-db1",
        "listeners",
        {"     [::1]:5432": "192.0.2.20:5432"},
        "192.0.2.20:5432",
        "the database listens to the whole floor",
    ),
    "END-01": (
        "ws-0142",
        "disks",
        {_DISKS: _OPEN_DISKS},
        'MOUNTPOINTS="/"',
        "the system lies on a partition that is not encrypted",
    ),
    "END-04": (
        "ws-0142",
        "usb_storage",
        {"install /bin/false\n== uas": _OPEN.format("usb-storage") + "\n== uas"},
        "usb-storage.ko",
        "a USB stick can be used",
    ),
    "END-05": (
        "ws-0142",
        "installed_software",
        {"dpkg bash\n": "dpkg anydesk\ndpkg bash\n"},
        "dpkg anydesk",
        "a remote-control tool that support left behind",
    ),
}
"""Control -> host, probe, what is changed in its output, words of the line that shows it, and why it is a finding."""


def files(plants: Iterable[str] = ()) -> dict[str, str]:
    """`hosts/<name>.facts` of both, with the weaknesses of these controls, and the inventory that lists them."""
    said = {name: dict(probes) for name, probes in _HOSTS.items()}
    for control in sorted({*plants} & {*PLANTS}):
        host, probe, changes, _, _ = PLANTS[control]
        for old, new in changes.items():
            text = said[host][probe] or ""
            if old not in text:
                raise AssertionError(control)
            said[host][probe] = text.replace(old, new)
    return {f"hosts/{name}.facts": _frame(name, probes) for name, probes in said.items()} | {
        "inventory.yaml": inventory()
    }


def inventory() -> str:
    """Both hosts, without address: they are read from their files alone."""
    lines = [f"  - {{name: {name}, roles: [{', '.join(roles)}]}}" for name, roles in ROLES.items()]
    return "\n".join(["# The computers that the audit drew; their facts were handed over.", "hosts:", *lines, ""])


def _frame(name: str, probes: Mapping[str, str | None]) -> str:
    meta = {
        "shell": "sh", "nonce": NONCE, "roles": ",".join(ROLES[name]), "host": name, "started": STARTED, "uid": "0",
        "rights": "root", "probes": str(len(probes)),
    }  # fmt: skip
    body = "".join(f": {key} {value}\n" for key, value in meta.items())
    for probe, said in probes.items():
        lines = "".join(f"|{line}\n" for line in (said or "").splitlines())
        body += f"= {probe}\n{lines}? {0 if said is not None else 127}\n"
    return sealed(marker_of(NONCE), body).decode()


def truth(plants: Iterable[str] = ()) -> dict[str, Any]:
    """What a run must say of the hosts: the verdict of every control that decides, and each finding with its line."""
    planted = sorted({*plants} & {*PLANTS})
    verdicts = {f"host:{name}": dict.fromkeys(decided, "passed") for name, decided in _DECIDED.items()}
    findings = []
    for control in planted:
        host, probe, _, words, why = PLANTS[control]
        verdicts[f"host:{host}"][control] = "failed"
        line = _line(files(planted)[f"hosts/{host}.facts"], probe, words)
        findings.append({"control": control, "subject": f"host:{host}", "probe": probe, "line": line, "why": why})
    return {"host_verdicts": verdicts, "host_findings": findings}


def _line(frame: str, probe: str, words: str) -> int:
    """The line of the probe's output that holds `words`, the first is 1."""
    said = frame.partition(f"\n= {probe}\n")[2].partition("\n? ")[0].splitlines()
    return next(number for number, line in enumerate(said, 1) if words in line)
