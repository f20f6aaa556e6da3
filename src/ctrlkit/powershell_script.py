"""One Windows PowerShell 5.1 script that asks a PC every probe of a run, and writes the frame that `transcript` reads.

For an administrator to read and start, by hand, group policy or scheduled task: no module to install, no network, one
small file per PC. The script of hosts that are reached over SSH is in `probe_script`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ctrlkit.errors import AuthorError
from ctrlkit.hooks import Probe
from ctrlkit.probe_script import PROBE_BYTES, PROBE_LINES, PROBE_SECONDS, checked, chosen, one_line

TOTAL_SECONDS: Final = 300
"""How long all probes together may take; nobody waits at a connection."""


def build(probes: Sequence[Probe], *, nonce: str, marker: str) -> str:
    """The script for those `probes` that are written in PowerShell, in their order.

    Raises AuthorError for probes that are no such thing and InputError for a nonce or marker that cannot stand in a
    script. The text is ASCII, with CRLF line ends as Windows editors expect them.
    """
    asked = chosen(probes, "powershell")
    checked(nonce, marker)
    reads = "\n".join(
        f"#   {probe.name}: {one_line(probe.about)}{' (needs elevation)' if probe.privileged else ''}"
        for probe in asked
    )
    text = _TEMPLATE
    for word, value in {
        "@ASKED@": f' for the audit "{nonce}"' if nonce else "",
        "@READS@": reads,
        "@MARKER@": marker,
        "@NONCE@": nonce,
        "@COUNT@": str(len(asked)),
        "@PROBE_SECONDS@": str(PROBE_SECONDS),
        "@TOTAL_SECONDS@": str(TOTAL_SECONDS),
        "@PROBE_CHARACTERS@": str(PROBE_BYTES),
        "@PROBE_LINES@": str(PROBE_LINES),
        "@PROBES@": "\n".join(map(_call, asked)),
    }.items():
        text = text.replace(word, value)
    if not text.isascii():
        raise AuthorError(
            "powershell script · holds letters beside ASCII, which PowerShell 5.1 reads by the PC's code page · "
            "expected ASCII only · write the probe without them"
        )
    return text.replace("\n", "\r\n")


def _call(probe: Probe) -> str:
    body = "\n".join(f"  {line}".rstrip() for line in probe.command.strip().splitlines())
    return f"Ask '{probe.name}' ${'true' if probe.privileged else 'false'} {{\n{body}\n}}"


_TEMPLATE: Final = r"""# Facts about this PC@ASKED@, collected with ctrlkit.
#
# What it is for: an audit asks whether settings of this PC are as agreed. This script reads those settings and writes
# them into one file, so that nobody needs to sign in here. Read it before you start it; all it does stands below.
#
# How to start it:   powershell -NoProfile -ExecutionPolicy Bypass -File FILE.ps1 -Role workstation -To FOLDER
# in a console started as administrator, or as SYSTEM by a scheduled task or a start-up script of group policy.
# Without elevation it works too, and says what it could not read. FOLDER may be a share; the file is NAME-OF-PC.facts.
# Then hand over the file as it is: its last line holds a checksum over every byte.
#
# What it does: asks Windows by WMI, registry and .NET, one question after the other, each for a limited time.
# What it does not do: it changes no setting, installs and loads no module, contacts nobody over the network (beside
# FOLDER), opens no document and no mailbox, and reads no password.
#
# What it reads:
@READS@

param([string] $Role = '', [string] $To = '.')
Set-StrictMode -Off
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture
$lines = New-Object 'System.Collections.Generic.List[string]'
$clock = [Diagnostics.Stopwatch]::StartNew()
$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
$administrator = [Security.Principal.WindowsBuiltInRole]::Administrator
$elevated = (New-Object Security.Principal.WindowsPrincipal $identity).IsInRole($administrator)

# Access refused, in numbers: the words differ from language to language.
function Get-Ending($failure) {
  for ($e = $failure; $e -ne $null; $e = $e.InnerException) {
    if ($e -is [UnauthorizedAccessException] -or $e -is [Security.SecurityException]) { return 'refused' }
    $native = ''
    if ($e.PSObject.Properties['NativeErrorCode']) { $native = [string] $e.NativeErrorCode }
    if ($native -ceq 'AccessDenied') { return 'refused' }
    if ($native -ceq 'InvalidNamespace' -or $native -ceq 'InvalidClass') { return '127' }
    $codes = @($e.HResult)
    if ($e.PSObject.Properties['ErrorCode']) { $codes += $e.ErrorCode }
    foreach ($code in $codes) {
      $hex = ''
      if ($code -is [ValueType]) { $hex = '{0:X8}' -f (([long] $code) -band 4294967295) }
      if ($hex -eq '80070005' -or $hex -eq '80041003') { return 'refused' }
      if ($hex -eq '8004100E' -or $hex -eq '80041010' -or $hex -eq '80040154') { return '127' }
    }
  }
  return '1'
}

# Asks one question in a runspace of its own, so that one that hangs can be left behind.
function Ask([string] $name, [bool] $privileged, [scriptblock] $question) {
  $lines.Add("= $name")
  if ($privileged -and -not $elevated) { $lines.Add('? refused'); return }
  if ($clock.Elapsed.TotalSeconds -ge @TOTAL_SECONDS@) { $lines.Add('? skipped'); return }
  $shell = [PowerShell]::Create()
  try {
    [void] $shell.AddScript('$ErrorActionPreference = ''Stop'';' + $question.ToString())
    $running = $shell.BeginInvoke()
    if (-not $running.AsyncWaitHandle.WaitOne(@PROBE_SECONDS@000)) {
      [void] $shell.BeginStop($null, $null)
      $lines.Add('? timeout')
      return
    }
    $ending = '0'
    $said = @()
    $warned = ''
    try { $said = @($shell.EndInvoke($running)) }
    catch {
      $ending = Get-Ending $_.Exception
      $warned = [string] $_.Exception.Message
    }
    $size = 0
    $count = 0
    foreach ($entry in $said) {
      foreach ($line in (([string] $entry).Replace("`r", '') -split "`n")) {
        $size += $line.Length + 1
        $count += 1
        if ($size -gt @PROBE_CHARACTERS@ -or $count -gt @PROBE_LINES@) { $lines.Add('? clipped'); return }
        $lines.Add('|' + $line)
      }
    }
    if ($warned -ne '') { $lines.Add('!' + ($warned -replace '[\r\n]+', ' ')) }
    $lines.Add("? $ending")
  }
  catch { $lines.Add('? lost') }
}

# The checksum that the POSIX command cksum prints.
function Get-Checksum([byte[]] $bytes) {
  $mask = 4294967295
  $table = New-Object 'long[]' 256
  for ($i = 0; $i -lt 256; $i++) {
    [long] $c = ([long] $i) -shl 24
    for ($k = 0; $k -lt 8; $k++) {
      $top = $c -band 2147483648
      $c = ($c -shl 1) -band $mask
      if ($top -ne 0) { $c = $c -bxor 79764919 }
    }
    $table[$i] = $c
  }
  [long] $crc = 0
  foreach ($b in $bytes) {
    $crc = (($crc -shl 8) -band $mask) -bxor $table[[int] ((($crc -shr 24) -bxor $b) -band 255)]
  }
  for ([long] $n = $bytes.Length; $n -gt 0; $n = $n -shr 8) {
    $crc = (($crc -shl 8) -band $mask) -bxor $table[[int] ((($crc -shr 24) -bxor ($n -band 255)) -band 255)]
  }
  return ($crc -bxor $mask)
}

$lines.Add('CTRLKIT-FACTS 1 @MARKER@')
$lines.Add(': shell powershell')
$lines.Add(': nonce @NONCE@')
if ($Role -cmatch '^[a-z,]*$') { $lines.Add(": roles $Role") }
$lines.Add(": host $env:COMPUTERNAME")
$lines.Add(': started ' + [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"))
$lines.Add(': uid ' + ($identity.User.Value -split '-')[-1])
$lines.Add(': rights ' + $(if ($elevated) { 'root' } else { 'none' }))
$lines.Add(': probes @COUNT@')

@PROBES@

$encoding = New-Object Text.UTF8Encoding $false
$body = ($lines -join "`n") + "`n"
$bytes = $encoding.GetBytes($body)
$end = 'CTRLKIT-END @MARKER@ {0} {1}' -f (Get-Checksum $bytes), $bytes.Length
$file = Join-Path (Resolve-Path $To).ProviderPath ($env:COMPUTERNAME + '.facts')
[IO.File]::WriteAllText($file, $body + $end + "`n", $encoding)
"""
