"""Linux: the commands that ask about accounts, passwords, idle limits, the SSH server and administrators."""

from __future__ import annotations

from typing import Final

from ctrlkit.hooks import Probe

from . import _linux_accounts as accounts
from . import _linux_login as login
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
        command=files(
            "/etc/dconf/profile/user",
            "/usr/share/dconf/profile/user",
            "/etc/dconf/db/*.d/*",
            "/etc/dconf/db/*.d/locks/*",
        )
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
then echo running yes; else echo running no; fi
# Of another server nothing here knows the settings.
if cat /proc/[0-9]*/comm 2>/dev/null | grep -qxE 'dropbear|tinysshd|lshd|sshd2'; then echo other yes; fi
# What stands on its command line outranks its file, and sshd -T is not told of it.
for comm in $(grep -lx sshd /proc/[0-9]*/comm 2>/dev/null); do
  cat "${comm%comm}cmdline" 2>/dev/null | tr '\\0' ' ' | sed 's# -f */etc/ssh/sshd_config # #' | grep -qiE \\
    ' -f *[^ ]| -o *"?(permit|password|kbdint|challenge|maxauth|authenticationm|usepam)' && echo options yes && break
done
exit 0""",
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
        # What begins with # is no remark where a number or `include` follows.
        command="""echo '== /etc/nsswitch.conf'
grep '^sudoers:' /etc/nsswitch.conf
$ROOT grep -rHE '^[[:space:]]*([^#[:space:]]|#[0-9]|#include)' \\
  /etc/sudoers /etc/sudoers.d /usr/etc/sudoers /etc/doas.conf /etc/doas.d |
  sort -s -t: -k1,1 |
  """
        + _UNDER_FILES,
        privileged=True,
        about="who may run what as root",
        parse=accounts.sudo_rules,
    ),
)
