"""One POSIX sh script that asks a host every probe of a run, for SSH or for an administrator to read and start.

The script reads no input, makes no file and prints one frame: a first line with the marker, lines about the run, then
for each probe its stdout, its stderr and how it ended, and a last line with a checksum. `transcript` reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from ctrlkit.errors import AuthorError, InputError
from ctrlkit.hooks import Probe

PROBE_SECONDS: Final = 20
"""How long one probe may take before it is ended."""
TOTAL_SECONDS: Final = 50
"""How long all of them may; less than the minute that a host is given over SSH."""
PROBE_BYTES: Final = 1 << 20
PROBE_LINES: Final = 20_000
"""How much of a probe's stdout is kept; a sixteenth of it of its stderr. A probe that says more is ended."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NONCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_MARKER: Final = re.compile(r"[A-Za-z0-9]{8,64}")


def marker_of(nonce: str) -> str:
    """The marker of a printed script: 32 hex digits that follow from the engagement's nonce."""
    return hashlib.sha256(f"ctrlkit facts {nonce}".encode()).hexdigest()[:32]


def build(  # noqa: PLR0913  the limits have defaults
    probes: Sequence[Probe],
    *,
    nonce: str,
    marker: str,
    sudo: bool,
    probe_seconds: int = PROBE_SECONDS,
    total_seconds: int = TOTAL_SECONDS,
) -> str:
    """The script for `probes`, in their order; the same text for the same arguments.

    `nonce` is the engagement's (empty: none), `marker` 8 to 64 letters and digits that set the frame off from noise.
    `sudo`: a user who is not root tries `sudo -n` for what needs root; without it, or refused, such probes say so.
    Raises AuthorError for probes that are no such thing and InputError for a nonce or marker that cannot stand in a
    script.
    """
    asked = chosen(probes)
    checked(nonce, marker)
    head = _HEAD.format(asked=f' for the audit "{nonce}"' if nonce else "", reads="\n".join(map(_comment, asked)))
    body = _BODY
    for word, value in {
        "@MARKER@": marker,
        "@NONCE@": nonce,
        "@SUDO@": "yes" if sudo else "no",
        "@PROBE_SECONDS@": str(probe_seconds),
        "@TOTAL_SECONDS@": str(total_seconds),
        "@STDOUT@": f"{PROBE_BYTES} {PROBE_LINES}",
        "@STDERR@": f"{PROBE_BYTES // 16} {PROBE_LINES // 16}",
        "@COUNT@": str(len(asked)),
        "@PROBES@": "\n".join(map(_call, asked)),
    }.items():
        body = body.replace(word, value)
    return head + body


def chosen(probes: Sequence[Probe], language: str = "sh") -> tuple[Probe, ...]:
    """The probes in one language; raises AuthorError for a name twice, one no frame can hold, or an empty command."""
    seen: dict[str, Probe] = {}
    for probe in probes:
        if not _NAME.fullmatch(probe.name):
            raise AuthorError(f"probe {probe.name!r} · expected a name of small letters, digits and _ · rename it")
        if probe.name in seen:
            raise AuthorError(f"probe {probe.name} · is brought twice · expected one of each name · rename one")
        if not probe.command.strip() or "\0" in probe.command:
            raise AuthorError(f"probe {probe.name} · has no command a shell could run · expected sh text · write one")
        seen[probe.name] = probe
    return tuple(probe for probe in seen.values() if probe.language == language)


def checked(nonce: str, marker: str) -> None:
    """Raise InputError for a nonce (empty: none) or marker that cannot stand in a script."""
    if nonce and not _NONCE.fullmatch(nonce):
        raise InputError(
            f"engagement nonce {nonce!r} · has characters a script cannot hold · expected up to 128 letters, digits "
            "and . _ : - · choose another nonce in engagement.yaml"
        )
    if not _MARKER.fullmatch(marker):
        raise InputError(f"marker {marker!r} · expected 8 to 64 letters and digits · choose another marker")


def describe(probes: Sequence[Probe]) -> str:
    """What the script would ask, for `--dry-run`: per probe its name, what it is for, its rights and its command."""
    return "\n".join(_described(probe) for probe in probes)


_RIGHTS: Final = {
    "sh": "as root, or by sudo where that is allowed",
    "powershell": "elevated, as administrator or SYSTEM",
}


def _described(probe: Probe) -> str:
    rights = _RIGHTS[probe.language] if probe.privileged else "as the plain user"
    lines = [line for line in probe.command.strip().splitlines() if line.strip()]
    return "\n".join([f"{probe.name}: {one_line(probe.about)}", f"  {rights}:", *(f"    {line}" for line in lines), ""])


def _comment(probe: Probe) -> str:
    return f"#   {probe.name}: {one_line(probe.about)}{' (needs root)' if probe.privileged else ''}"


def one_line(text: str) -> str:
    """`text` without line ends and other characters that a comment could not hold."""
    return "".join(c if c.isprintable() else " " for c in text)


def _call(probe: Probe) -> str:
    rights = "root" if probe.privileged else "user"
    return f"probe {probe.name} {rights} {_quoted(probe.command.strip())}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_HEAD: Final = """\
#!/bin/sh
# Facts about this computer{asked}, collected with ctrlkit.
#
# What it is for: an audit asks whether settings of this computer are as agreed. This script reads those settings and
# prints them, so that nobody needs to sign in here. Read it before you start it; everything it does stands below.
#
# How to start it:    sudo sh FILE ROLE > NAME.facts   (without sudo it works too, and says what it could not read)
# ROLE is what this computer is: workstation, server, mail or jump; several with commas. An inventory may say it too.
# Then hand over NAME.facts as it is. Do not open it in a word processor and do not paste it into a mail: the last line
# holds a checksum over every byte.
#
# What it does: runs the commands at the end, one after the other, each for a limited time, and prints what they say.
# What it does not do: it changes no setting, writes no file, installs nothing, contacts nobody over the network, opens
# no document and no mailbox, and prints no password and no password hash.
#
# What it reads:
{reads}
"""

_BODY: Final = """
main() {
LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH
unset IFS ENV BASH_ENV CDPATH LANGUAGE GREP_OPTIONS GREP_COLORS POSIXLY_CORRECT

end=CTRLKIT-@MARKER@-DONE
nl='
'
all=
tries_sudo=@SUDO@
uid=$(id -u)
session=
if command -v setsid >/dev/null 2>&1; then session=setsid; fi
ROOT=
rights=none
if [ "$uid" = 0 ]; then
  rights=root
elif [ "$tries_sudo" = yes ] && command -v sudo >/dev/null 2>&1 && sudo -n -l </dev/null >/dev/null 2>&1; then
  rights=sudo ROOT='sudo -n'
fi
export ROOT
started=$(date -u +%s)

# Prints lines and keeps them for the checksum.
say() {
  printf '%s\\n' "$1"
  all=$all$1$nl
}

# Ends a process and whatever it started: stop SIGNAL NUMBER.
stop() {
  kill "-$1" "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null
}

# Runs one command with no input and a time limit. Says on both outputs, on a line of its own, that it has ended.
launch() {
  $session sh -c "$1" </dev/null &
  pid=$!
  $session sh -c 'sleep "$1"; trap "" TERM; kill -9 "-$2" || kill -9 "$2"; [ -z "$3" ] || $3 kill -9 "-$2"; exit 0' \\
    watch "$2" "$pid" "$ROOT" </dev/null >/dev/null 2>&1 &
  watch=$!
  wait "$pid" 2>/dev/null
  status=$?
  # The watch dies of this while it sleeps; once it has struck it no longer listens, and ends with 0.
  stop 15 "$watch"
  if wait "$watch" 2>/dev/null; then status=timeout; fi
  stop 9 "$pid"
  printf '\\n%s %s\\n' "$end" "$status"
  printf '\\n%s\\n' "$end" >&2
}

# Passes lines on, each with a mark before it, until the probe has ended or has said too much.
take() {
  size=0 lines=0 blank=no ended=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$end") break ;;
      "$end "*) ended=${line#"$end "}; break ;;
    esac
    if [ "$blank" = yes ]; then printf '%s\\n' "$1"; fi
    blank=no
    if [ -z "$line" ]; then blank=yes; else printf '%s%s\\n' "$1" "$line"; fi
    size=$((size + ${#line} + 1)) lines=$((lines + 1))
    if [ "$size" -gt "$2" ] || [ "$lines" -ge "$3" ]; then ended=clipped; break; fi
  done
}

# Prints what the probe said on stdout, then what it said on stderr, then how it ended.
answer() {
  {
    err=$({ launch "$1" "$2" 2>&1 >&3 3>&-; } | take '!' @STDERR@)
    [ -z "$err" ] || printf '%s\\n' "$err"
    printf '%s\\n' "$end"
  } 3>&1 | {
    take '|' @STDOUT@
    if [ "$ended" != clipped ]; then
      while IFS= read -r line; do
        case $line in
          "$end") break ;;
          !*) printf '%s\\n' "$line" ;;
        esac
      done
    fi
    printf '? %s\\n' "${ended:-lost}"
  }
}

# probe NAME user|root COMMAND
probe() {
  left=$((started + @TOTAL_SECONDS@ - $(date -u +%s)))
  if [ "$left" -gt @PROBE_SECONDS@ ]; then left=@PROBE_SECONDS@; fi
  say "= $1"
  if [ "$2" = root ] && [ "$rights" = none ]; then
    say '? refused'
  elif [ "$left" -lt 1 ]; then
    say '? skipped'
  else
    say "$(answer "$3" "$left" 2>/dev/null)"
  fi
}

say 'CTRLKIT-FACTS 1 @MARKER@'
say ': shell sh'
say ': nonce @NONCE@'
case ${1-} in *[!a-z,]*) ;; *) say ": roles ${1-}" ;; esac
say ": host $(uname -n)"
say ": started $(date -u +%Y-%m-%dT%H:%M:%SZ)"
say ": uid $uid"
say ": rights $rights"
say ': probes @COUNT@'

@PROBES@

# The checksum is that of `cksum` over every line above, from CTRLKIT-FACTS on.
printf 'CTRLKIT-END @MARKER@ %s\\n' "$(printf '%s' "$all" | cksum)"
}
main "$@"; exit
"""
