"""Linux: the commands that ask about network, logs, disks, updates, devices and software."""

from __future__ import annotations

from typing import Final

from ctrlkit.hooks import Probe

from . import _linux_endpoint as endpoint
from . import _linux_network as network
from ._lines import files

_PROTECTION: Final = " ".join(
    f"{name}.service"
    for name in (
        *("clamav-daemon", "clamd@scan", "clamav-freshclam", "falcon-sensor", "mdatp", "sentinelone", "cbagentd"),
        *("cbdaemon", "ds_agent", "sophos-spl", "sav-protect", "eea", "eraagent", "xagt", "traps_pmd", "wazuh-agent"),
    )
)

PROBES: Final = (
    Probe(
        name="firewall",
        fact="firewall",
        # Counters and comments change from minute to minute and say nothing of the rules; saving loads no module.
        command="""found=no
echo '== ipv6'
if [ -s /proc/net/if_inet6 ]; then echo on; elif [ -r /proc/net/dev ]; then echo off; else exit 3; fi
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
elif command -v netstat >/dev/null; then
  [ -r /proc/net/tcp ] || exit 3
  said=$(netstat -tuln) || exit 4
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
if command -v timedatectl >/dev/null; then
  echo '== timedatectl'
  timedatectl show -p NTPSynchronized
  timedatectl timesync-status 2>/dev/null | grep Offset:
fi
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
awk '$2 == "/" { print $3 }' /proc/mounts || exit 3
echo '== on no device'
awk '$3 == "zfs" && $2 != "/" { print $2 }' /proc/mounts""",
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
        # Not /var/lib/apt/lists/partial: an update that failed touches it too.
        command="""if command -v apt-get >/dev/null; then
  echo '== apt'
  set -- /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/*Release
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
        # Without the kernel's own lists a driver that modprobe does not find may still be built in, there or loaded.
        command="""command -v modprobe >/dev/null || exit 127
for list in "/lib/modules/$(uname -r)/modules.builtin" "/lib/modules/$(uname -r)/modules.dep" /proc/modules; do
  [ -r "$list" ] || exit 3
done
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
        # A list that could not be had is no empty list: then nothing is said at all.
        command="""all=
add() { all="$all
$(printf '%s\\n' "$said" | sed -n "$1")"; }
if command -v dpkg-query >/dev/null; then
  said=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}\\n') || exit 4
  add 's/^.i[^|]*|/dpkg /p'
fi
if command -v rpm >/dev/null; then said=$(rpm -qa --qf '%{NAME}\\n') || exit 4; add 's/^./rpm &/p'; fi
if command -v apk >/dev/null; then said=$(apk info -q) || exit 4; add 's/^./apk &/p'; fi
if command -v flatpak >/dev/null; then
  said=$(flatpak list --app --columns=application) || exit 4
  add 's/^./flatpak &/p'
fi
if command -v snap >/dev/null; then said=$(snap list) || exit 4; add '1d; s/^\\([^ ]*\\).*/snap \\1/p'; fi
printf '%s\\n' "$all" | sed '/^$/d' | sort -u""",
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
