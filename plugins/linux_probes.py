"""Probes of Linux hosts: the read-only commands behind every host fact, and who reads what they print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ctrlkit.hooks import Probe, hookimpl

from . import _linux_accounts as accounts
from . import _linux_endpoint as endpoint
from . import _linux_login as login
from . import _linux_network as network
from ._lines import files

# Shared by the two probes that read PAM; both need every file, because stacks include one another.
_PAM: Final = ("/etc/pam.d/*", "/etc/security/pwhistory.conf")
_ELSEWHERE: Final = "user=root,host=elsewhere.example,addr=198.51.100.1,laddr=192.0.2.1,lport=22"
# From `path:line` to lines under `== path`.
_UNDER_FILES: Final = """awk '{
    file = $0
    sub(/:.*/, "", file)
    sub(/^[^:]*:/, "")
    if (file != last) print "== " file
    last = file
    print
  }'"""
_PROTECTION: Final = " ".join(
    f"{name}.service"
    for name in (
        *("clamav-daemon", "clamd@scan", "clamav-freshclam", "falcon-sensor", "mdatp", "sentinelone", "cbagentd"),
        *("cbdaemon", "ds_agent", "sophos-spl", "sav-protect", "eea", "eraagent", "xagt", "traps_pmd", "wazuh-agent"),
    )
)

PROBES: Final = (
    Probe(
        name="passwd_accounts",
        fact="passwd_accounts",
        command="""awk -F: '/^[^#]/ { print $1 ":" $3 ":" $4 ":" $7 }' /etc/passwd""",
        about="local accounts: name, numbers, shell",
        parse=accounts.passwd,
    ),
    Probe(
        name="shadow_accounts",
        fact="shadow_accounts",
        # Prints whether there is a password and how it is hashed; the hash itself never leaves awk.
        command="""$ROOT awk -F: '/^[^#]/ {
  state = "usable"; scheme = ""
  if ($2 == "") state = "no_password"
  else if ($2 ~ /^[!*]/ || $2 == "x") state = "locked"
  if (match($2, /^!*[$][0-9a-z]+[$]/)) { scheme = $2; sub(/^!*[$]/, "", scheme); sub(/[$].*/, "", scheme) }
  print $1 ":" state ":" scheme ":" $3 ":" $5 ":" $7 ":" $8
}' /etc/shadow""",
        privileged=True,
        about="per local account: has it a password, since when, until when; never the hash",
        parse=accounts.shadow,
    ),
    Probe(
        name="password_quality",
        fact="password_quality",
        command=files(*_PAM, "/etc/security/pwquality.conf.d/*.conf", "/etc/security/pwquality.conf"),
        answers=(0, 1),
        about="what a new password must be like: PAM and pwquality",
        parse=login.password_quality,
    ),
    Probe(
        name="account_lockout",
        fact="account_lockout",
        command=files(*_PAM, "/etc/security/faillock.conf"),
        answers=(0, 1),
        about="whether wrong passwords lock an account: PAM and faillock",
        parse=login.account_lockout,
    ),
    Probe(
        name="login_defs",
        fact="login_defs",
        command="""awk '/^[[:space:]]*[A-Z]/ { name = $1; $1 = ""; print name $0 }' /etc/login.defs""",
        about="defaults for new accounts",
        parse=login.login_defs,
    ),
    Probe(
        name="shell_timeout",
        fact="shell_timeout",
        command=(
            "for file in /etc/profile /etc/bash.bashrc /etc/bashrc /etc/profile.d/*.sh; do\n"
            '  [ -f "$file" ] || continue\n'
            '  echo "== $file"\n'
            "  grep -E '^[^#]*TMOUT' \"$file\"\n"
            "done"
        ),
        answers=(0, 1),
        about="idle limit of shells",
        parse=login.shell_timeout,
    ),
    Probe(
        name="screen_lock",
        fact="screen_lock",
        command=files("/etc/dconf/profile/user", "/etc/dconf/db/*.d/*", "/etc/dconf/db/*.d/locks/*")
        + """
echo '== state'
for folder in /etc/dconf/db/*.d; do
  [ -d "$folder" ] || continue
  if [ -f "${folder%.d}" ] && [ -z "$(find "$folder" -type f -newer "${folder%.d}")" ]; then
    echo "fresh $folder"
  else
    echo "stale $folder"
  fi
done""",
        answers=(0, 1),
        about="lock of the graphical session, as the system prescribes it",
        parse=login.screen_lock,
    ),
    Probe(
        name="sshd_settings",
        fact="sshd_settings",
        command="command -v sshd >/dev/null || exit 127\n$ROOT sshd -T",
        privileged=True,
        about="effective settings of the SSH server",
    ),
    Probe(
        name="sshd_root_settings",
        fact="sshd_root_settings",
        command=f"command -v sshd >/dev/null || exit 127\n$ROOT sshd -T -C {_ELSEWHERE}",
        privileged=True,
        about="effective settings of the SSH server for root from elsewhere",
    ),
    Probe(
        name="sshd_match_settings",
        fact="sshd_match_settings",
        command="""command -v sshd >/dev/null || exit 127
$ROOT grep -rHE '^[[:space:]]*[^#[:space:]]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d |
  sort -s -t: -k1,1 |
  """
        + _UNDER_FILES,
        privileged=True,
        about="settings of the SSH server that hold for some users or addresses only",
        parse=login.sshd_match,
    ),
    Probe(
        name="sshd_service",
        fact="sshd_service",
        command="""[ -r /proc/1/comm ] || exit 3
if command -v sshd >/dev/null; then echo installed yes; else echo installed no; fi
if cat /proc/[0-9]*/comm 2>/dev/null | grep -qx sshd || systemctl is-active -q ssh.socket sshd.socket 2>/dev/null
then echo running yes; else echo running no; fi""",
        about="whether an SSH server is there and runs",
        parse=login.sshd_service,
    ),
    Probe(
        name="useradd_defaults",
        fact="useradd_defaults",
        command="command -v useradd >/dev/null || exit 127\nuseradd -D",
        about="after how many days an unused new account is off",
        parse=accounts.useradd_defaults,
    ),
    Probe(
        name="last_logins",
        fact="last_logins",
        command="""if command -v lastlog2 >/dev/null; then lastlog2
elif command -v lastlog >/dev/null; then lastlog
elif command -v lslogins >/dev/null; then lslogins -c -o USER,LAST-LOGIN --time-format iso
else exit 127; fi""",
        about="when each local account last signed in",
        parse=accounts.last_logins,
    ),
    Probe(
        name="admin_groups",
        fact="admin_groups",
        command="""echo '== groups'
getent group root sudo wheel admin
case $? in 0 | 2) ;; *) exit 3 ;; esac
echo '== primary'
awk -F: '/^[^#]/ { print $1 ":" $4 }' /etc/passwd""",
        about="members of administrators' groups",
        parse=accounts.admin_groups,
    ),
    Probe(
        name="sudo_rules",
        fact="sudo_rules",
        command="""$ROOT grep -rHE '^[[:space:]]*[^#[:space:]]' /etc/sudoers /etc/sudoers.d /etc/doas.conf |
  sort -s -t: -k1,1 |
  """
        + _UNDER_FILES,
        privileged=True,
        about="who may run what as root",
        parse=accounts.sudo_rules,
    ),
    Probe(
        name="firewall",
        fact="firewall",
        # Counters and comments change from minute to minute and say nothing of the rules; saving loads no module.
        command="""found=no
echo '== ipv6'
if [ -s /proc/net/if_inet6 ]; then echo on; else echo off; fi
if command -v nft >/dev/null; then found=yes; echo '== nft'; $ROOT nft -j -s list ruleset || exit 4; echo; fi
for tool in iptables-save iptables-legacy-save ip6tables-save ip6tables-legacy-save; do
  command -v $tool >/dev/null || continue
  found=yes
  echo "== $tool"
  said=$($ROOT $tool) || exit 4
  printf '%s\\n' "$said" | sed '/^#/d; s/ *\\[[0-9:]*\\]//g'
done
[ $found = yes ] || exit 127""",
        privileged=True,
        about="rules of the host's firewall",
        parse=network.firewall,
    ),
    Probe(
        name="listeners",
        fact="listeners",
        command="""if command -v ss >/dev/null; then said=$(ss -tuln) || exit 4
elif command -v netstat >/dev/null; then said=$(netstat -tuln) || exit 4
else exit 127; fi
printf '%s\n' "$said" | sort""",
        about="ports that wait for others",
        parse=network.listeners,
    ),
    Probe(
        name="clock",
        fact="clock",
        command="""if command -v chronyc >/dev/null; then echo '== chronyc'; chronyc -c -n tracking; fi
if command -v ntpq >/dev/null; then echo '== ntpq'; ntpq -pn; fi
if command -v timedatectl >/dev/null; then echo '== timedatectl'; timedatectl show -p NTPSynchronized; fi
exit 0""",
        about="whether the clock is kept",
        parse=network.clock,
    ),
    Probe(
        name="journal",
        fact="journal",
        command="command -v journalctl >/dev/null || exit 127\n"
        + files(
            "/usr/lib/systemd/journald.conf",
            "/etc/systemd/journald.conf",
            "/usr/lib/systemd/journald.conf.d/*.conf",
            "/run/systemd/journald.conf.d/*.conf",
            "/etc/systemd/journald.conf.d/*.conf",
        )
        + "\nif [ -d /var/log/journal ]; then echo '== /var/log/journal/'; fi",
        answers=(0, 1),
        about="where and how long the system journal is kept",
        parse=network.journal,
    ),
    Probe(
        name="journal_reach",
        fact="journal_reach",
        # The instant of the first record and nothing of its text.
        command="command -v journalctl >/dev/null || exit 127\n"
        "$ROOT journalctl -q --no-pager -o short-unix | head -n 1 | cut -d ' ' -f 1",
        privileged=True,
        about="how far back the system journal goes",
        parse=network.journal_reach,
    ),
    Probe(
        name="log_forwarding",
        fact="log_forwarding",
        command=files(
            "/etc/rsyslog.conf",
            "/etc/rsyslog.d/*.conf",
            "/etc/syslog-ng/syslog-ng.conf",
            "/etc/syslog-ng/conf.d/*.conf",
            "/etc/systemd/journal-upload.conf",
            "/etc/conf.d/syslog",
        ),
        answers=(0, 1),
        about="where logs are sent",
        parse=network.log_forwarding,
    ),
    Probe(
        name="audit",
        fact="audit",
        command="if command -v auditctl >/dev/null; then $ROOT auditctl -s; else echo installed no; fi",
        privileged=True,
        about="whether the kernel keeps an audit log",
        parse=network.audit,
    ),
    Probe(
        name="disks",
        fact="disks",
        command="""command -v lsblk >/dev/null || exit 127
echo '== devices'
lsblk -P -o NAME,KNAME,PKNAME,TYPE,FSTYPE,MOUNTPOINTS 2>/dev/null ||
  lsblk -P -o NAME,KNAME,PKNAME,TYPE,FSTYPE,MOUNTPOINT || exit 4
echo '== root'
awk '$2 == "/" { print $3 }' /proc/mounts""",
        about="file systems, swap, and whether they lie on encrypted devices",
        parse=endpoint.disks,
    ),
    Probe(
        name="malware_protection",
        fact="malware_protection",
        command=f"""[ -d /run/systemd/system ] || exit 127
echo '== services'
systemctl show -p Id -p LoadState -p ActiveState {_PROTECTION} || exit 4
echo '== signatures'
for file in /var/lib/clamav/daily.cvd /var/lib/clamav/daily.cld; do
  [ ! -f "$file" ] || stat -c '%Y %n' "$file"
done""",
        about="products against malware and the age of their signatures",
        parse=endpoint.malware_protection,
    ),
    Probe(
        name="os_release",
        fact="os_release",
        command="""echo '== release'
cat /etc/os-release || exit 1
echo '== kernel'
uname -rm
echo '== reboot'
if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then echo yes
elif [ -x /usr/share/update-notifier/notify-reboot-required ]; then echo no
elif command -v needs-restarting >/dev/null; then
  needs-restarting -r >/dev/null
  case $? in 0) echo no ;; 1) echo yes ;; *) echo unknown ;; esac
else echo unknown; fi""",
        about="which system it is and whether a restart is due",
        parse=endpoint.os_release,
    ),
    Probe(
        name="pending_updates",
        fact="pending_updates",
        # From the lists that are there; nothing is fetched and no cache is written.
        command="""if command -v apt-get >/dev/null; then
  set -- /var/lib/apt/lists/*Release
  [ -e "$1" ] || exit 3
  echo '== apt'
  apt-get -s -qq -o Debug::NoLocking=true -o APT::Get::Show-User-Simulation-Note=false \\
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= dist-upgrade || exit 4
elif command -v dnf >/dev/null; then
  echo '== dnf'
  $ROOT dnf -q -C --setopt=logfilelevel=0 updateinfo list --security --available || exit 4
elif command -v yum >/dev/null; then
  echo '== dnf'
  $ROOT yum -q -C updateinfo list security || exit 4
elif command -v apk >/dev/null; then
  echo '== apk'
  apk version -l '<' || exit 4
else exit 127; fi""",
        about="updates the package manager knows of",
        parse=endpoint.pending_updates,
    ),
    Probe(
        name="update_lists",
        fact="update_lists",
        command="""if command -v apt-get >/dev/null; then
  echo '== apt'
  set -- /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/partial
elif command -v dnf >/dev/null; then
  echo '== dnf'
  set -- /var/cache/dnf/*/repodata
elif command -v yum >/dev/null; then
  echo '== yum'
  set -- /var/cache/yum/*/*/*/cachecookie
elif command -v apk >/dev/null; then
  echo '== apk'
  set -- /var/cache/apk/APKINDEX*.tar.gz /etc/apk/cache/APKINDEX*.tar.gz
else exit 127; fi
for file do [ ! -e "$file" ] || stat -c '%Y %n' "$file"; done""",
        about="when the package manager last fetched its lists",
        parse=endpoint.update_lists,
    ),
    Probe(
        name="usb_storage",
        fact="usb_storage",
        # Without the kernel's own list a driver that modprobe does not find may still be built in.
        command="""command -v modprobe >/dev/null || exit 127
[ -r "/lib/modules/$(uname -r)/modules.builtin" ] || exit 3
for module in usb-storage uas; do
  echo "== $module"
  modprobe --show-depends $module 2>/dev/null || echo absent
done
echo '== loaded'
awk '$1 == "usb_storage" || $1 == "uas" { print $1 }' /proc/modules | sort
echo '== builtin'
grep -E '/(usb-storage|uas)[.]ko' "/lib/modules/$(uname -r)/modules.builtin"
"""
        + files("/etc/udev/rules.d/*.rules"),
        answers=(0, 1),
        about="whether a USB stick can be used",
        parse=endpoint.usb_storage,
    ),
    Probe(
        name="usbguard",
        fact="usbguard",
        command="""if ! command -v usbguard-daemon >/dev/null; then echo installed no; echo active no; exit 0; fi
echo installed yes
if systemctl is-active -q usbguard; then echo active yes; else echo active no; fi
$ROOT grep -E '^(ImplicitPolicyTarget|PresentDevicePolicy)=' /etc/usbguard/usbguard-daemon.conf""",
        answers=(0, 1),
        privileged=True,
        about="whether USBGuard admits listed devices only",
        parse=endpoint.usbguard,
    ),
    Probe(
        name="installed_software",
        fact="installed_software",
        command="""{
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${db:Status-Abbrev}|dpkg ${Package}\\n' | sed -n 's/^.i[^|]*|//p'
  fi
  if command -v rpm >/dev/null; then rpm -qa --qf 'rpm %{NAME}\\n'; fi
  if command -v apk >/dev/null; then apk info -q | sed 's/^/apk /'; fi
  if command -v flatpak >/dev/null; then flatpak list --app --columns=application | sed 's/^/flatpak /'; fi
  if command -v snap >/dev/null; then snap list | awk 'NR > 1 { print "snap " $1 }'; fi
} | sort -u""",
        about="names of installed packages and applications",
        parse=endpoint.installed_software,
    ),
    Probe(
        name="host_identity",
        fact="host_identity",
        command="""echo "hostname $(uname -n)"
[ ! -r /etc/machine-id ] || echo "machine_id $(cat /etc/machine-id)"
dmi=/sys/class/dmi/id
[ ! -r $dmi/product_name ] || echo "product $(cat $dmi/sys_vendor $dmi/product_name | tr '\\n' ' ')"
if [ -e $dmi/product_serial ]; then
  if [ -r $dmi/product_serial ] || [ -n "$ROOT" ]; then echo "serial $($ROOT cat $dmi/product_serial)"
  else echo 'serial ?'; fi
fi""",
        about="which machine it is: name, id, make, serial number",
        parse=endpoint.host_identity,
    ),
)


@hookimpl
def ctrlkit_probes() -> Iterable[Probe]:
    """The probes, one for each fact."""
    return PROBES
