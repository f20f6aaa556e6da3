"""Probes of Windows PCs, in PowerShell 5.1: WMI, registry and .NET only, so that no answer depends on the language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ctrlkit.hooks import Probe, Reading, hookimpl

from . import _windows as windows

# A value of the registry, or a word for none: most settings are absent until somebody makes them. A key that may not be
# opened is no absence: it ends the question.
_READ: Final = r"""function Read-Value($path, $name) {
  $place = "Registry::HKEY_LOCAL_MACHINE\$path"
  if (-not (Test-Path -LiteralPath $place)) { return 'absent' }
  $value = (Get-Item -LiteralPath $place).GetValue($name, $null)
  if ($value -eq $null) { return 'absent' }
  return $value
}
"""
_STAMP: Final = "yyyy-MM-dd'T'HH:mm:ss'Z'"


def _probe(
    fact: str, about: str, command: str, parse: Callable[[Sequence[str]], Reading], *, privileged: bool = False
) -> Probe:
    return Probe(
        name=f"windows_{fact}",
        fact=fact,
        command=command,
        privileged=privileged,
        about=about,
        parse=parse,
        language="powershell",
    )


PROBES: Final = (
    _probe(
        "disks",
        "volumes and whether BitLocker protects them",
        r"""$kinds = @{}
Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType = 3' | ForEach-Object {
  $kinds[$_.DeviceID] = $_.FileSystem
}
$kept = @{}
Get-CimInstance -Namespace root/cimv2/Security/MicrosoftVolumeEncryption -ClassName Win32_EncryptableVolume |
  ForEach-Object { if ($_.DriveLetter) { $kept[$_.DriveLetter] = $_.ProtectionStatus } }
foreach ($letter in ($kinds.Keys | Sort-Object)) {
  $state = 0
  if ($kept.ContainsKey($letter)) { $state = $kept[$letter] }
  "$letter`t$($kinds[$letter])`t$state"
}""",
        windows.disks,
        privileged=True,
    ),
    _probe(
        "malware_protection",
        "products against malware and the age of Defender's signatures",
        rf"""$found = $false
try {{
  $state = Get-CimInstance -Namespace root/Microsoft/Windows/Defender -ClassName MSFT_MpComputerStatus
  $found = $true
  $signed = ''
  if ($state.AntivirusSignatureLastUpdated) {{
    $signed = $state.AntivirusSignatureLastUpdated.ToUniversalTime().ToString("{_STAMP}")
  }}
  "defender`t$([bool] ($state.AntivirusEnabled -and $state.RealTimeProtectionEnabled))`t$signed"
}} catch {{ $first = $_ }}
try {{
  $products = Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct
  $found = $true
  $products | Sort-Object displayName | ForEach-Object {{ "center`t$($_.displayName)`t$($_.productState)" }}
}} catch {{ $second = $_ }}
if (-not $found) {{ throw $first.Exception }}""",
        windows.malware_protection,
    ),
    _probe(
        "os_release",
        "edition, build and whether a restart is due",
        _READ
        + r"""$at = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$v = [Environment]::OSVersion.Version
"build $($v.Major).$($v.Minor).$(Read-Value $at 'CurrentBuild').$(Read-Value $at 'UBR')"
"version $(Read-Value $at 'DisplayVersion')"
"name $(Read-Value $at 'ProductName')"
"architecture $env:PROCESSOR_ARCHITECTURE"
$due = 'no'
foreach ($key in 'Component Based Servicing\RebootPending', 'WindowsUpdate\Auto Update\RebootRequired') {
  if (Test-Path "Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\$key") { $due = 'yes' }
}
"reboot $due" """,
        windows.os_release,
    ),
    _probe(
        "installed_updates",
        "updates that are installed",
        "Get-CimInstance -ClassName Win32_QuickFixEngineering | ForEach-Object { $_.HotFixID } | Sort-Object -Unique",
        windows.installed_updates,
    ),
    _probe(
        "pending_updates",
        "updates this PC already knows of; nothing is searched for outside",
        r"""$searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
$searcher.Online = $false
foreach ($update in $searcher.Search('IsInstalled=0').Updates) {
  $secure = 'no'
  foreach ($category in $update.Categories) {
    if ($category.CategoryID -eq '0fa1201d-4330-4fa8-ae9b-b877473b6441') { $secure = 'yes' }
  }
  $number = @($update.KBArticleIDs)[0]
  if (-not $number) { $number = $update.Identity.UpdateID } else { $number = "KB$number" }
  "$number`t$secure"
}""",
        windows.pending_updates,
    ),
    _probe(
        "update_lists",
        "when this PC last searched for updates",
        rf"""$when = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate
if ($when -is [DateTime]) {{ "searched $($when.ToString("{_STAMP}"))" }} else {{ 'searched never' }}""",
        windows.update_lists,
    ),
    _probe(
        "admin_groups",
        "members of the administrators' group",
        r"""$sid = New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-544'
$name = ($sid.Translate([Security.Principal.NTAccount]).Value -split '\\')[-1]
$group = [ADSI] "WinNT://$env:COMPUTERNAME/$name,group"
foreach ($member in @($group.PSBase.Invoke('Members'))) {
  $type = $member.GetType()
  $bytes = [byte[]] $type.InvokeMember('objectSid', 'GetProperty', $null, $member, $null)
  $who = [string] $type.InvokeMember('Name', 'GetProperty', $null, $member, $null)
  $number = (New-Object Security.Principal.SecurityIdentifier $bytes, 0).Value
  "S-1-5-32-544`t$number`t$who"
}""",
        windows.admin_groups,
    ),
    _probe(
        "usb_storage",
        "whether a USB stick can be used",
        _READ
        + r"""$services = 'SYSTEM\CurrentControlSet\Services'
"usbstor $(Read-Value "$services\USBSTOR" 'Start')"
"uaspstor $(Read-Value "$services\UASPStor" 'Start')"
$policy = 'SOFTWARE\Policies\Microsoft\Windows\RemovableStorageDevices'
$disks = "$policy\{53f5630d-b6bf-11d0-94f2-00a0c91efb8b}"
"deny_all $(Read-Value $policy 'Deny_All')"
"disks_read $(Read-Value $disks 'Deny_Read')"
"disks_write $(Read-Value $disks 'Deny_Write')"
$drivers = Get-CimInstance -ClassName Win32_SystemDriver -Filter "Name = 'USBSTOR' or Name = 'UASPStor'"
$loaded = 'no'
foreach ($driver in $drivers) { if ($driver.Started) { $loaded = 'yes' } }
"loaded $loaded" """,
        windows.usb_storage,
    ),
    _probe(
        "screen_lock",
        "after how many idle seconds the PC locks",
        _READ
        + r"""$at = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
"inactivity $(Read-Value $at 'InactivityTimeoutSecs')" """,
        windows.screen_lock,
    ),
    _probe(
        "firewall",
        "state of the firewall's three profiles",
        _READ
        + r"""$here = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'
$policy = 'SOFTWARE\Policies\Microsoft\WindowsFirewall'
foreach ($pair in @('domain', 'DomainProfile'), @('private', 'StandardProfile'), @('public', 'PublicProfile')) {
  $key = $pair[1]
  $rule = $key
  # Group policy has two names for the private profile; the newer one wins.
  if ($key -eq 'StandardProfile' -and (Test-Path "Registry::HKEY_LOCAL_MACHINE\$policy\PrivateProfile")) {
    $rule = 'PrivateProfile'
  }
  $said = @()
  foreach ($name in 'EnableFirewall', 'DefaultInboundAction') {
    $value = Read-Value "$policy\$rule" $name
    if ($value -eq 'absent') { $value = Read-Value "$here\$key" $name }
    $said += $value
  }
  "$($pair[0])`t$($said[0])`t$($said[1])"
}""",
        windows.firewall,
    ),
    _probe(
        "listeners",
        "ports that wait for others",
        r"""$network = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
$found = @()
foreach ($end in $network.GetActiveTcpListeners()) { $found += , @('tcp', $end) }
foreach ($end in $network.GetActiveUdpListeners()) { $found += , @('udp', $end) }
foreach ($pair in $found) {
  $address = $pair[1].Address
  $shown = ([string] $address -split '%')[0]
  "$($pair[0])`t$shown`t$($pair[1].Port)`t$([Net.IPAddress]::IsLoopback($address))"
}""",
        windows.listeners,
    ),
    _probe(
        "installed_software",
        "names of installed programs",
        r"""$under = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
$profiles = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
$places = @("HKEY_LOCAL_MACHINE\$under", "HKEY_LOCAL_MACHINE\$($under.Replace('SOFTWARE', 'SOFTWARE\WOW6432Node'))")
# Accounts of the PC or its domain, and of Entra.
$person = '^S-1-(5-21|12-1)-[0-9-]+$'
$hives = @([Microsoft.Win32.Registry]::Users.GetSubKeyNames() | Where-Object { $_ -match $person })
foreach ($hive in $hives) { $places += "HKEY_USERS\$hive\$under" }
$names = @()
foreach ($key in Get-ChildItem -LiteralPath "Registry::HKEY_LOCAL_MACHINE\$profiles") {
  # Whoever is not signed in may have installed what cannot be seen now.
  if ($key.PSChildName -match $person -and $hives -notcontains $key.PSChildName) { $names += "unseen`t" }
}
foreach ($place in $places) {
  if (-not (Test-Path -LiteralPath "Registry::$place")) { continue }
  $source = 'machine'
  if ($place -match '^HKEY_USERS') { $source = 'user' }
  foreach ($key in Get-ChildItem -LiteralPath "Registry::$place") {
    $name = [string] $key.GetValue('DisplayName', '')
    if ($name.Trim()) { $names += "$source`t$($name.Trim() -replace '\s+', ' ')" }
  }
}
$names | Sort-Object -Unique""",
        windows.installed_software,
        privileged=True,
    ),
    _probe(
        "clock",
        "whether the time service keeps the clock",
        _READ
        + r"""$service = Get-CimInstance -ClassName Win32_Service -Filter "Name = 'W32Time'"
"service $($service.State)"
"type $(Read-Value 'SYSTEM\CurrentControlSet\Services\W32Time\Parameters' 'Type')"
if ($service.State -eq 'Running') {
  # The words are in the language of the PC; the order of the lines and the numbers are not.
  $lines = @(& "$env:SystemRoot\System32\w32tm.exe" /query /status)
  if ($LASTEXITCODE -ne 0) { throw (New-Object UnauthorizedAccessException 'w32tm answers administrators only') }
  $numbers = @($lines | Where-Object { $_ -match ':\s*(\d+)\s*[\(,]' } | ForEach-Object { $Matches[1] })
  "leap $($numbers[0])"
  "stratum $($numbers[1])"
}""",
        windows.clock,
    ),
    _probe(
        "rdp_redirection",
        "what a remote desktop may hand over",
        _READ
        + r"""$policy = 'SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services'
$here = 'SYSTEM\CurrentControlSet\Control\Terminal Server'
$denied = Read-Value $policy 'fDenyTSConnections'
if ($denied -eq 'absent') { $denied = Read-Value $here 'fDenyTSConnections' }
"denied $denied"
"drives $(Read-Value $policy 'fDisableCdm')"
"clipboard $(Read-Value $policy 'fDisableClip')" """,
        windows.rdp_redirection,
    ),
    _probe(
        "host_identity",
        "which machine it is: name, id, make, serial number",
        _READ
        + r""""hostname $env:COMPUTERNAME"
"machine_id $(Read-Value 'SOFTWARE\Microsoft\Cryptography' 'MachineGuid')"
$system = Get-CimInstance -ClassName Win32_ComputerSystem
"product $($system.Manufacturer) $($system.Model)"
"serial $((Get-CimInstance -ClassName Win32_BIOS).SerialNumber)" """,
        windows.host_identity,
    ),
    _probe(
        "password_quality",
        "what the local policy asks of a password",
        r"""$policy = [ADSI] "WinNT://$env:COMPUTERNAME"
foreach ($name in 'MinPasswordLength', 'PasswordHistoryLength') { "$name $($policy.$name.Value)" }""",
        windows.password_quality,
    ),
    _probe(
        "account_lockout",
        "whether wrong passwords lock an account",
        r"""$policy = [ADSI] "WinNT://$env:COMPUTERNAME"
foreach ($name in 'MaxBadPasswordsAllowed', 'AutoUnlockInterval', 'LockoutObservationInterval') {
  "$name $($policy.$name.Value)"
}""",
        windows.account_lockout,
    ),
    _probe(
        "journal_reach",
        "how far back the security log goes: one instant, no record",
        rf"""$query = New-Object Diagnostics.Eventing.Reader.EventLogQuery 'Security', 'LogName'
$reader = New-Object Diagnostics.Eventing.Reader.EventLogReader $query
$record = $reader.ReadEvent()
if ($record -eq $null) {{ 'oldest none' }}
else {{ "oldest $($record.TimeCreated.ToUniversalTime().ToString("{_STAMP}"))" }}""",
        windows.journal_reach,
        privileged=True,
    ),
)


@hookimpl
def ctrlkit_probes() -> Iterable[Probe]:
    """The probes, one for each fact that Windows can give."""
    return PROBES
