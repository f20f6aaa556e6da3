"""Exports in the exact shape of the products, of people and domains that do not exist, and the rows they become."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXPECTED = json.loads((Path(__file__).parent / "recorded" / "identity-rows.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Sample:
    """An export: `needs` are names without which it is refused, `odd` words that, changed, leave a column not known."""

    adapter: str
    kind: str
    file: str
    said: str
    needs: tuple[str, ...] = ()
    odd: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    def __str__(self) -> str:
        return self.adapter

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the rows say, without what is empty; `_bad` names the cells that are not known."""
        found: list[dict[str, Any]] = EXPECTED[self.adapter]
        return found

    @property
    def bytes(self) -> bytes:
        """The file."""
        return self.said.encode(self.encoding)


def lines(*said: str) -> str:
    return "".join(f"{line}\n" for line in said)


ENTRA_USERS = lines(
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,"
    "usageLocation,streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,"
    "alternateEmailAddress,ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,"
    "directorySynced,invitationState,identityIssuer,createdDateTime",
    "Ana.Cruz@vendor.example,Ana Cruz,Cruz,ana.cruz@vendor.example,Ana,7a1b-aa,Member,Agent,Voice,True,PH,,,,,,,,,,,,,,"
    ",True,,vendor.example,8/19/2025 1:25:31 PM",
    "client_a.example#EXT#@vendor.example,=3+1,,qa@client-a.example,,7a1b-ac,Guest,,,False,,,,,,,,,,,,,,,Invitation,,"
    "Accepted,ExternalAzureAD,12/1/2025 9:05:00 AM",
)
GRAPH = "https://graph.microsoft.com/v1.0/$metadata#"
ENTRA_USERS_JSON = {
    "@odata.context": f"{GRAPH}users(id,userPrincipalName,accountEnabled,userType,employeeId,signInActivity)",
    "value": [
        {
            "id": "7a1b-aa",
            "userPrincipalName": "ana.cruz@vendor.example",
            "accountEnabled": True,
            "userType": "Member",
            "createdDateTime": "2025-08-19T05:25:31Z",
            "employeeId": "E-1001",
            "lastPasswordChangeDateTime": "2026-06-01T00:00:01Z",
            "signInActivity": {
                "lastSignInDateTime": "2026-08-03T01:12:44Z",
                "lastNonInteractiveSignInDateTime": "2026-08-04T01:12:44Z",
                "lastSuccessfulSignInDateTime": "2026-08-02T23:00:00Z",
            },
        },
        {
            "id": "7a1b-ab",
            "userPrincipalName": "raj.iyer@vendor.example",
            "accountEnabled": False,
            "userType": "Guest",
            "createdDateTime": "2025-12-01T01:05:00Z",
            "employeeId": None,
            "lastPasswordChangeDateTime": "2025-12-01T17:05:00Z",
            "signInActivity": {
                "lastSignInDateTime": "2026-07-03T01:12:44Z",
                "lastNonInteractiveSignInDateTime": "2026-07-04T01:12:44Z",
            },
        },
        {
            "id": "7a1b-ad",
            "userPrincipalName": "mei.tan@vendor.example",
            "accountEnabled": True,
            "userType": "Member",
            "createdDateTime": "2026-07-01T01:05:00Z",
            "employeeId": "E-1003",
            "lastPasswordChangeDateTime": "2026-07-01T01:05:00Z",
        },
    ],
}
ENTRA_REGISTRATIONS = {
    "@odata.context": f"{GRAPH}reports/authenticationMethods/userRegistrationDetails",
    "value": [
        {
            "id": "7a1b-aa",
            "userPrincipalName": "ana.cruz@vendor.example",
            "userDisplayName": "Ana Cruz",
            "userType": "member",
            "isAdmin": False,
            "isMfaCapable": True,
            "isMfaRegistered": True,
            "methodsRegistered": ["microsoftAuthenticatorPush", "softwareOneTimePasscode"],
            "lastUpdatedDateTime": "2026-08-01T00:12:00Z",
        },
        {
            "id": "7a1b-ab",
            "userPrincipalName": "raj.iyer@vendor.example",
            "userDisplayName": "Raj Iyer",
            "userType": "guest",
            "isAdmin": True,
            "isMfaCapable": False,
            "isMfaRegistered": True,
            "methodsRegistered": ["mobilePhone"],
            "lastUpdatedDateTime": "2026-08-01T00:12:00Z",
        },
        {
            "id": "7a1b-ac",
            "userPrincipalName": "mei.tan@vendor.example",
            "userDisplayName": "Mei Tan",
            "userType": "guest",
            "isAdmin": False,
            "isMfaCapable": False,
            "isMfaRegistered": False,
            "methodsRegistered": [],
            "lastUpdatedDateTime": "2026-08-01T00:12:00Z",
        },
    ],
}
ENTRA_REPORT = lines(
    "User Principal Name,MFA registered,MFA capable,Default MFA method,Methods registered",
    'ana.cruz@vendor.example,True,True,push,"microsoftAuthenticatorPush, fido2"',
    "raj.iyer@vendor.example,False,False,none,",
)
ENTRA_PORTAL = lines(
    "User principal name,Multifactor authentication capable,Multifactor authentication registered,Methods registered",
    'ana.cruz@vendor.example,Capable,Registered,"FIDO2 security key, Windows Hello for Business"',
    "raj.iyer@vendor.example,Not capable,Not registered,",
)
ENTRA_SIGN_INS = [
    {
        "id": "6f1d-1",
        "createdDateTime": "2026-08-03T01:12:44Z",
        "userPrincipalName": "Ana.Cruz@vendor.example",
        "userId": "7a1b-aa",
        "appDisplayName": "Office 365 Exchange Online",
        "ipAddress": "203.0.113.10",
        "clientAppUsed": "Browser",
        "authenticationRequirement": "multiFactorAuthentication",
        "authenticationDetails": [
            {"authenticationMethod": "Password", "succeeded": True},
            {"authenticationMethod": "Mobile app notification", "succeeded": True},
        ],
        "sessionId": "s-1",
        "deviceDetail": {"deviceId": "d-1", "isCompliant": True},
        "status": {"errorCode": 0, "failureReason": "Other.", "additionalDetails": "MFA completed in Azure AD"},
        "location": {"city": "Makati", "state": "Metro Manila", "countryOrRegion": "PH"},
    },
    {
        "id": "6f1d-2",
        "createdDateTime": "2026-08-03T01:15:02.1234567Z",
        "userPrincipalName": "raj.iyer@vendor.example",
        "userId": "7a1b-ab",
        "appDisplayName": "Office 365 Exchange Online",
        "ipAddress": "198.51.100.7",
        "clientAppUsed": "Authenticated SMTP",
        "authenticationRequirement": "singleFactorAuthentication",
        "authenticationDetails": [],
        "sessionId": None,
        "deviceDetail": {"deviceId": "", "isCompliant": False},
        "status": {"errorCode": 50126, "failureReason": "Error validating credentials.", "additionalDetails": None},
        "location": {"city": "Chennai", "state": "Tamil Nadu", "countryOrRegion": "IN"},
    },
    {
        "id": "6f1d-3",
        "createdDateTime": "2026-08-03T01:16:00Z",
        "userPrincipalName": "raj.iyer@vendor.example",
        "userId": "7a1b-ab",
        "appDisplayName": "Office 365 Exchange Online",
        "ipAddress": "198.51.100.7",
        "clientAppUsed": "Browser",
        "authenticationRequirement": "multiFactorAuthentication",
        "authenticationDetails": [{"authenticationMethod": "Previously satisfied", "succeeded": True}],
        "sessionId": "s-2",
        "deviceDetail": {"deviceId": "", "isCompliant": False},
        "status": {"errorCode": 50074, "failureReason": "Strong authentication is required."},
        "location": {"city": "", "state": "", "countryOrRegion": ""},
    },
]
OKTA_USERS = [
    {
        "id": "00u1",
        "status": "ACTIVE",
        "created": "2026-01-05T08:23:05.000Z",
        "activated": "2026-01-05T08:25:00.000Z",
        "statusChanged": "2026-01-05T08:39:39.000Z",
        "lastLogin": "2026-08-02T15:39:40.000Z",
        "lastUpdated": "2026-06-01T08:39:40.000Z",
        "passwordChanged": "2026-06-01T18:39:39.000Z",
        "type": {"id": "oty1"},
        "profile": {"login": "Ana.Cruz@vendor.example", "email": "ana.cruz@vendor.example", "employeeNumber": "E-1001"},
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
    },
    {
        "id": "00u2",
        "status": "SUSPENDED",
        "created": "2025-01-05T08:23:05.000Z",
        "activated": None,
        "statusChanged": "2026-07-31T08:39:39.000Z",
        "lastLogin": None,
        "lastUpdated": "2026-07-31T08:39:40.000Z",
        "passwordChanged": None,
        "type": {"id": "oty1"},
        "profile": {"login": "raj.iyer@vendor.example", "email": "raj.iyer@vendor.example"},
        "credentials": {"provider": {"type": "ACTIVE_DIRECTORY", "name": "vendor.example"}},
    },
    {
        "id": "00u3",
        "status": "LOCKED_OUT",
        "created": "2025-01-05T08:23:05.000Z",
        "activated": "2025-01-05T08:23:05.000Z",
        "statusChanged": "2026-08-02T08:39:39.000Z",
        "lastLogin": "2026-07-31T08:39:40.000Z",
        "lastUpdated": "2026-07-31T08:39:40.000Z",
        "passwordChanged": "2026-01-05T08:23:05.000Z",
        "type": {"id": "oty1"},
        "profile": {"login": "mei.tan@vendor.example", "email": "mei.tan@vendor.example", "employeeNumber": "E-1003"},
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
    },
]
OKTA_USERS_CSV = lines(
    "id,status,created,activated,statusChanged,lastLogin,lastUpdated,passwordChanged,profile.login,profile.email",
    "00u1,ACTIVE,2026-01-05T08:23:05.000Z,2026-01-05T08:25:00.000Z,2026-01-05T08:39:39.000Z,2026-08-02T15:39:40.000Z,"
    "2026-06-01T08:39:40.000Z,2026-06-01T08:39:39.000Z,ana.cruz@vendor.example,ana.cruz@vendor.example",
    "00u2,DEPROVISIONED,2025-01-05T08:23:05.000Z,,2026-07-31T08:39:39.000Z,,2026-07-31T08:39:40.000Z,,"
    "raj.iyer@vendor.example,raj.iyer@vendor.example",
    "00u3,STAGED,2025-01-05T08:23:05.000Z,,2026-07-31T08:39:39.000Z,,2026-07-31T08:39:40.000Z,,"
    "mei.tan@vendor.example,mei.tan@vendor.example",
)


def okta(at: str, event: str, who: str, result: str, session: str | None, **more: Any) -> dict[str, Any]:
    """One event of the System Log."""
    return {
        "uuid": f"0a-{at}",
        "published": f"2026-08-03T{at}.120Z",
        "eventType": event,
        "displayMessage": "…",
        "severity": "INFO",
        "actor": {"id": "00u", "type": more.pop("actor_type", "User"), "alternateId": who, "displayName": "…"},
        "client": {
            "ipAddress": "203.0.113.10",
            "zone": "null",
            "device": "Computer",
            "geographicalContext": {"city": "Makati", "country": "Philippines", "geolocation": {"lat": 14.5, "lon": 1}},
        },
        "outcome": {"result": result, "reason": None},
        "authenticationContext": {"externalSessionId": session, "authenticationStep": 0},
        "target": None,
        **more,
    }


ANA, RAJ, MEI = "ana.cruz@vendor.example", "raj.iyer@vendor.example", "mei.tan@vendor.example"
USER_TARGET = {"target": [{"id": "o", "type": "AuthenticatorEnrollment"}, {"type": "User", "alternateId": RAJ}]}
OKTA_LOG = [
    okta("01:12:44", "user.session.start", ANA, "SUCCESS", "102a"),
    okta(
        "01:12:51",
        "user.authentication.auth_via_mfa",
        ANA,
        "SUCCESS",
        "102a",
        debugContext={"debugData": {"factor": "OKTA_VERIFY_PUSH"}},
    ),
    okta("01:20:00", "user.session.start", RAJ, "SUCCESS", "103b"),
    okta("01:21:00", "user.session.start", MEI, "FAILURE", None),
    okta("01:22:00", "user.authentication.auth_via_mfa", MEI, "FAILURE", "104c"),
    okta("02:00:00", "user.mfa.factor.deactivate", "it@vendor.example", "SUCCESS", "105d", **USER_TARGET),
    okta("02:01:00", "user.account.update_password", ANA, "SUCCESS", "102a"),
    okta("02:02:00", "user.account.update_password", ANA, "FAILURE", "102a"),
    okta(
        "02:03:00",
        "user.account.unlock",
        "system@okta.example",
        "SUCCESS",
        None,
        actor_type="SystemPrincipal",
        **USER_TARGET,
    ),
    okta("09:00:00", "user.session.end", ANA, "SUCCESS", "102a"),
]
OKTA_CSV = lines(
    "uuid,published,eventType,displayMessage,severity,actor.type,actor.alternateId,client.ipAddress,"
    "client.geographicalContext.country,outcome.result,outcome.reason,authenticationContext.externalSessionId,"
    "target0.type,target0.alternateId",
    f"u1,2026-08-03T01:12:44.120Z,user.session.start,User login to Okta,INFO,User,{ANA},203.0.113.10,Philippines,"
    "SUCCESS,,102a,,",
    f"u2,2026-08-03T01:12:51.902Z,user.authentication.auth_via_mfa,MFA,INFO,User,{ANA},203.0.113.10,Philippines,"
    "ALLOW,,102a,AuthenticatorEnrollment,",
    "u3,2026-08-03T02:00:00.000Z,user.mfa.factor.activate,Activate,INFO,User,it@vendor.example,203.0.113.10,Norway,"
    f"SUCCESS,,105d,User,{RAJ}",
)

GOOGLE_USERS = {
    "kind": "admin#directory#users",
    "users": [
        {
            "kind": "admin#directory#user",
            "id": "100000000000000000001",
            "primaryEmail": "Ana.Cruz@vendor.example",
            "name": {"givenName": "Ana", "familyName": "Cruz", "fullName": "Ana Cruz"},
            "isAdmin": False,
            "isDelegatedAdmin": False,
            "lastLoginTime": "2026-08-02T15:14:13.000Z",
            "creationTime": "2026-01-05T02:00:00.000Z",
            "suspended": False,
            "archived": False,
            "emails": [{"address": ANA, "primary": True}],
            "orgUnitPath": "/Agents",
            "isEnrolledIn2Sv": True,
            "isEnforcedIn2Sv": True,
        },
        {
            "kind": "admin#directory#user",
            "id": "100000000000000000002",
            "primaryEmail": RAJ,
            "name": {"givenName": "Raj", "familyName": "Iyer", "fullName": "Raj Iyer"},
            "isAdmin": True,
            "isDelegatedAdmin": False,
            "lastLoginTime": "1970-01-01T00:00:00.000Z",
            "creationTime": "2026-07-30T02:00:00.000Z",
            "suspended": False,
            "archived": True,
            "emails": [{"address": RAJ, "primary": True}],
            "orgUnitPath": "/IT",
            "isEnrolledIn2Sv": False,
            "isEnforcedIn2Sv": True,
        },
    ],
}


def google(at: str, unique: str, who: str, name: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """One activity of the Reports API."""
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": f"2026-08-03T{at}.120Z",
            "uniqueQualifier": unique,
            "applicationName": "login",
            "customerId": "C000000",
        },
        "actor": {"email": who, "profileId": "1110"},
        "ipAddress": "203.0.113.10",
        "events": [{"type": "login", "name": name, "parameters": list(parameters)}],
    }


PASSWORD = {"name": "login_type", "value": "google_password"}
METHOD = "login_challenge_method"
FORWARD = {"name": "email_forwarding_destination_address", "value": "x@Mail.example"}
GOOGLE_LOG = {
    "kind": "admin#reports#activities",
    "items": [
        google(
            *("01:12:44", "-6671", ANA, "login_success"),
            *(PASSWORD, {"name": METHOD, "multiValue": ["password", "google_authenticator"]}),
        ),
        google("01:13:44", "-6672", RAJ, "login_success", PASSWORD, {"name": METHOD, "multiValue": ["password"]}),
        google("01:14:44", "-6673", MEI, "login_success", PASSWORD),
        google("01:15:44", "-6674", MEI, "login_success", {"name": "login_type", "value": "saml"}),
        google("01:16:44", "-6675", MEI, "login_failure", PASSWORD),
        google("01:17:44", "-6676", MEI, "login_challenge", {"name": "login_challenge_status", "value": "passed"}),
        google(
            "01:18:44",
            "-6677",
            MEI,
            "login_challenge",
            {"name": "login_challenge_status", "value": "Challenge Failed."},
        ),
        google("01:13:44", "-6672", RAJ, "login_success", PASSWORD, {"name": METHOD, "multiValue": ["password"]}),
        google("02:10:00", "5523", RAJ, "email_forwarding_out_of_domain", FORWARD),
        google("02:11:00", "5524", RAJ, "password_edit"),
        google("02:12:00", "5525", RAJ, "2sv_enroll"),
        google("02:13:00", "5526", RAJ, "logout"),
    ],
}
ADMIN = "it.admin@vendor.example"


def by_admin(at: str, unique: str, name: str, who: str | None) -> dict[str, Any]:
    """One activity of the application admin."""
    about = [{"name": "USER_EMAIL", "value": who}] if who else []
    made = google(at, unique, ADMIN, name, *about)
    return {**made, "id": {**made["id"], "applicationName": "admin"}}


GOOGLE_ADMIN_LOG = {
    "kind": "admin#reports#activities",
    "items": [
        by_admin("01:12:44", "1", "CHANGE_PASSWORD", RAJ),
        by_admin("01:13:44", "2", "TURN_OFF_2_STEP_VERIFICATION", RAJ),
        by_admin("01:14:44", "3", "CHANGE_PASSWORD_ON_NEXT_LOGIN", RAJ),
        by_admin("01:15:44", "4", "CHANGE_CALENDAR_SETTING", None),
        by_admin("01:16:44", "5", "RESET_PASSKEY", MEI),
    ],
}
GOOGLE_ADMIN_CONSOLE = lines(
    "Date,Event,Description,Actor,IP address,Setting name,Old value,New value,Org unit name,User email",
    f"2026-08-03T09:12:44+08:00,Password Changed,Password changed for {RAJ},{ADMIN},203.0.113.10,,,,,{RAJ}",
    f'2026-08-03T09:13:00+08:00,2-Step Verification Disabled,"{ADMIN} did it for {MEI}",{ADMIN},203.0.113.10,,,,,',
    f"2026-08-03T09:13:30+08:00,Setting Changed,Password policy changed,{ADMIN},203.0.113.10,Length,8,12,/,",
    f"2026-08-03T09:14:00+08:00,Passkey reset,Passkeys reset,{ADMIN},203.0.113.10,,,,,{MEI}",
)
GOOGLE_CONSOLE = lines(
    "Date,Event,Description,Actor,IP address,Login type,Challenge type,Is suspicious",
    f'2026-08-03T09:12:44+08:00,Successful login,"Ana Cruz logged in",{ANA},203.0.113.10,Google password,,false',
    f"2026-08-03T09:13:00+08:00,Failed login,Raj Iyer failed to login,{RAJ},198.51.100.7,Google password,,false",
    f"2026-08-03T09:13:30+08:00,Login challenge,Raj Iyer was challenged,{RAJ},198.51.100.7,Google password,SMS,false",
    f"2026-08-03T09:14:00+08:00,Logout,Ana Cruz logged out,{ANA},203.0.113.10,,,false",
)
STEP = "SMTP_OUT,2026/08/03 01:12:46 UTC,Delivered,192.0.2.25,Encrypted,250,,WEB,"
GOOGLE_MAIL = lines(
    "Message ID,Start date,End date,Sender,Message size,Subject,Direction,Attachments,Recipient address,Event target,"
    "Event date,Event status,Event target IP address,Has encryption,Event SMTP reply code,Event description,"
    "Client Type,Device User Session ID",
    f"<m1@x>,2026/08/03 01:12:44 UTC,2026/08/03 01:12:46 UTC,{ANA},48211,s,Sent,1,x@mail.example,{STEP}",
    f"<m1@x>,2026/08/03 01:12:43 UTC,2026/08/03 01:12:46 UTC,{ANA},48211,s,Sent,1,x@mail.example,{STEP}",
    f"<m1@x>,2026/08/03 01:12:45 UTC,2026/08/03 01:12:46 UTC,{ANA},48211,s,Sent,1,y@mail.example,{STEP}",
    f"<m1@x>,2026/08/03 01:12:45 UTC,2026/08/03 01:12:46 UTC,{ANA},48211,s,Sent,1,qa@client-a.example,{STEP}",
    f"<m2@x>,2026/08/03 01:20:02 UTC,2026/08/03 01:20:03 UTC,{RAJ},912,s,Mixed,0,{ANA},{STEP}",
    f"<m3@x>,2026/08/03 01:21:02 UTC,2026/08/03 01:21:03 UTC,x@mail.example,912,s,Received,0,{ANA},{STEP}",
)

LOST = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
AD_USERS = lines(
    "#TYPE Microsoft.ActiveDirectory.Management.ADUser",
    '"adminCount","DistinguishedName","EmployeeID","Enabled","GivenName","LastLogonDate","MemberOf","Name",'
    '"ObjectClass","ObjectGUID","PasswordLastSet","SamAccountName","SID","Surname","UserPrincipalName","whenCreated"',
    f'"","CN=Ana Cruz,OU=Agents,DC=vendor,DC=example","E-1001","True","Ana","8/22/2026 11:14:13 PM","{LOST}",'
    '"Ana Cruz","user","7a1b-aa","6/30/2026 8:00:01 AM","ana.cruz","S-1-5-21-1-2-3-1101","Cruz",'
    '"Ana.Cruz@vendor.example","8/19/2025 1:25:31 PM"',
    f'"1","CN=Administrator,CN=Users,DC=vendor,DC=example","","False","","","{LOST}","Administrator",'
    '"user","7a1b-ad","","Administrator","S-1-5-21-1-2-3-500","","","1/13/2023 9:00:00 AM"',
)
AD_USERS_RAW = lines(
    '"DistinguishedName";"Enabled";"GivenName";"lastLogonTimestamp";"Name";"pwdLastSet";"SamAccountName";"SID"',
    '"CN=Ana Cruz,OU=Agents,DC=vendor,DC=example";"True";"Ana";"134302652531234567";"Ana Cruz";"134282880010000000";'
    '"ana.cruz";"S-1-5-21-1-2-3-1101"',
    '"CN=svc,OU=Service,DC=vendor,DC=example";"True";"";"0";"svc";"0";"svc";"S-1-5-21-1-2-3-1102"',
)
NET_ACCOUNTS = lines(
    "The request will be processed at a domain controller for domain vendor.example.",
    "",
    "Force user logoff how long after time expires?:       Never",
    "Minimum password age (days):                          1",
    "Maximum password age (days):                          Unlimited",
    "Minimum password length:                              12",
    "Length of password history maintained:                None",
    "Lockout threshold:                                    5",
    "Lockout duration (minutes):                           30",
    "Lockout observation window (minutes):                 30",
    "Computer role:                                        WORKSTATION",
    "The command completed successfully.",
    "",
)
AD_POLICY = lines(
    "",
    "ComplexityEnabled           : True",
    "DistinguishedName           : DC=vendor,DC=example",
    "LockoutDuration             : 00:30:00",
    "LockoutObservationWindow    : 00:30:00",
    "LockoutThreshold            : 0",
    "MaxPasswordAge              : 42.00:00:00",
    "MinPasswordAge              : 1.00:00:00",
    "MinPasswordLength           : 12",
    "objectClass                 : {domainDNS}",
    "objectGuid                  : 6c5b75a0-0000-4000-8000-000000000001",
    "PasswordHistoryCount        : 24",
    "ReversibleEncryptionEnabled : False",
    "",
)


def span(days: int, hours: int, minutes: int) -> dict[str, int]:
    """A TimeSpan as ConvertTo-Json writes it."""
    return {"Ticks": 1, "Days": days, "Hours": hours, "Milliseconds": 0, "Minutes": minutes, "Seconds": 0}


AD_POLICY_JSON = {
    "ComplexityEnabled": False,
    "DistinguishedName": "DC=vendor,DC=example",
    "LockoutDuration": span(0, 0, 0),
    "LockoutObservationWindow": span(0, 0, 30),
    "LockoutThreshold": 5,
    "MaxPasswordAge": span(0, 0, 0),
    "MinPasswordAge": span(1, 0, 0),
    "MinPasswordLength": 12,
    "PasswordHistoryCount": 24,
    "ReversibleEncryptionEnabled": False,
    "PropertyNames": ["ComplexityEnabled"],
    "AddedProperties": [],
}
SYSTEM = "MACHINE\\Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
SECEDIT = lines(
    "[Unicode]",
    "Unicode=yes",
    "[System Access]",
    "MinimumPasswordAge = 1",
    "MaximumPasswordAge = -1",
    "MinimumPasswordLength = 12",
    "PasswordComplexity = 1",
    "PasswordHistorySize = 24",
    "LockoutBadCount = 5",
    "ResetLockoutCount = 30",
    "LockoutDuration = -1",
    "ClearTextPassword = 0",
    "[Registry Values]",
    f"{SYSTEM}\\InactivityTimeoutSecs=4,901",
    "[Privilege Rights]",
    "SeRemoteInteractiveLogonRight = *S-1-5-32-544,*S-1-5-32-555",
    "[Version]",
    'signature="$CHICAGO$"',
    "Revision=1",
)


def trace(message: str, at: str, sender: str, recipient: str, status: str = "Delivered") -> dict[str, Any]:
    """One line of Get-MessageTrace."""
    return {
        "Organization": "vendor.example",
        "MessageId": message,
        "Received": at,
        "SenderAddress": sender,
        "RecipientAddress": recipient,
        "Subject": "(dropped)",
        "Status": status,
        "ToIP": None,
        "FromIP": "203.0.113.10",
        "Size": 48211,
        "MessageTraceId": f"t-{message}",
        "Index": 0,
    }


TRACE_LINES = [
    trace("<m1@v>", "/Date(1785719564120)/", ANA, "x@Mail.example"),
    trace("<m1@v>", "/Date(1785719563120)/", ANA, "y@mail.example"),
    trace("<m1@v>", "/Date(1785719563120)/", ANA, "all@vendor.example", "Expanded"),
    trace("<m1@v>", "/Date(1785719564120)/", ANA, MEI),
    trace("<m2@v>", "2026-08-03T01:20:02Z", RAJ, "qa@client-a.example", "Failed"),
]
TRACE = {"d": {"results": TRACE_LINES}}
TRACE_CSV = lines(
    '"Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageId","Index"',
    f'"8/22/2026 1:12:44 AM","{ANA}","x@mail.example","a, ""b""","Delivered",,"203.0.113.10","48211","<m1@v>","0"',
    f'"8/22/2026 1:12:44 AM","{ANA}","y@mail.example","(dropped)","Delivered",,"203.0.113.10","48211","<m1@v>","1"',
    f'"8/23/2026 1:12:44 AM","{RAJ}","qa@client-a.example","s","FilteredAsSpam",,"203.0.113.10","211","<m2@v>","0"',
)
TRACE_SUMMARY = lines(
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,"
    "original_client_ip,directionality",
    f'2026-08-03T01:12:44.1200000Z,{ANA},"x@mail.example##Receive, Send;all@vendor.example##Receive, Expand;'
    f'{MEI}##Receive, Deliver;y@mail.example##Receive, Send",(dropped),48211,<m1@v>,n1,203.0.113.10,Originating',
    f'2026-08-03T01:20:02.0000000Z,{RAJ},"qa@client-a.example##Receive, Send",(dropped),9120,<m2@v>,n2,,Originating',
    f'2026-08-03T01:21:02.0000000Z,x@mail.example,"{RAJ}##Receive, Deliver",(dropped),9120,<m3@v>,n3,,Incoming',
)
TRACE_DETAIL = lines(
    "date_time_utc,source,event_id,message_id,network_message_id,recipient_address,recipient_status,total_bytes,"
    "recipient_count,related_recipient_address,message_subject,sender_address,directionality,custom_data",
    f"2026-08-03T01:12:45.0000000Z,SMTP,SEND,<m1@v>,n1,x@mail.example,250,482,1,,s,{ANA},Originating,S:a=1",
    f"2026-08-03T01:12:44.0000000Z,SMTP,RECEIVE,<m1@v>,n1,x@mail.example;{MEI},,482,2,,s,{ANA},Originating,S:a=1",
    f"2026-08-03T01:12:46.0000000Z,STOREDRIVER,DELIVER,<m1@v>,n1,{MEI},,482,1,,s,{ANA},Originating,S:a=1",
)


def mailbox(who: str, smtp: str | None, inner: str | None) -> dict[str, Any]:
    """One mailbox of Get-Mailbox."""
    return {
        "DisplayName": "…",
        "UserPrincipalName": who,
        "PrimarySmtpAddress": who,
        "RecipientTypeDetails": "UserMailbox",
        "ForwardingAddress": inner,
        "ForwardingSmtpAddress": smtp,
        "DeliverToMailboxAndForward": smtp is not None,
    }


MAILBOXES = [mailbox(ANA, None, None), mailbox(RAJ, "smtp:raj@Mail.example", None), mailbox(MEI, None, "Mei home")]
MAILBOXES_CSV = lines(
    "#TYPE Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox",
    '"UserPrincipalName","PrimarySmtpAddress","RecipientTypeDetails","ForwardingAddress","ForwardingSmtpAddress"',
    f'"{ANA}","{ANA}","UserMailbox","",""',
    f'"{RAJ}","{RAJ}","SharedMailbox","Team","smtp:raj@mail.example"',
)


def rule(name: str, enabled: object, to: object, redirect: object, attached: object = None) -> dict[str, Any]:
    """One rule of Get-InboxRule."""
    return {
        "MailboxOwnerId": "raj.iyer",
        "Name": name,
        "Enabled": enabled,
        "Priority": 1,
        "RuleIdentity": 1,
        "ForwardTo": to,
        "RedirectTo": redirect,
        "ForwardAsAttachmentTo": attached,
        "DeleteMessage": True,
        "StopProcessingRules": True,
    }


INBOX_RULES = [
    rule(".", True, ['"x" [SMTP:x@Mail.example]', '"y" [SMTP:y@mail.example]'], None),
    rule("Team", False, None, ['"Team" [EX:/o=ExchangeLabs/cn=team]'], ['"z" [SMTP:z@client-a.example]']),
    rule("Newsletters", True, None, None),
]
INBOX_RULES_CSV = lines(
    '"MailboxOwnerId","Name","Enabled","Priority","ForwardTo","RedirectTo","ForwardAsAttachmentTo","DeleteMessage"',
    '"raj.iyer",".","True","1","""x"" [SMTP:x@mail.example]","","","True"',
    '"raj.iyer","Lost","True","2","System.Collections.ArrayList","","","False"',
    '"raj.iyer","Newsletters","False","3","","","","False"',
)


def duo(name: str, status: str, *, enrolled: bool, **more: Any) -> dict[str, Any]:
    """One user of Duo."""
    return {
        "user_id": f"DU{name}",
        "username": name,
        "realname": "…",
        "email": f"{name}@vendor.example",
        "status": status,
        "created": 1767225600,
        "last_login": None,
        "is_enrolled": enrolled,
        "groups": [],
        "phones": [],
        "tokens": [],
        "webauthncredentials": [],
        "aliases": {},
        **more,
    }


PHONE = {"phone_id": "DP1", "number": "+15555550100", "type": "Mobile", "platform": "Apple iOS", "activated": True}
DUO_USERS = {
    "stat": "OK",
    "response": [
        duo(
            "Ana.Cruz",
            "active",
            enrolled=True,
            last_login=1785719564,
            phones=[{**PHONE, "capabilities": ["auto", "push", "sms", "phone", "mobile_otp"]}],
            webauthncredentials=[{"webauthnkey": "WA1"}],
        ),
        duo("raj.iyer", "bypass", enrolled=True, phones=[PHONE]),
        duo("mei.tan", "locked out", enrolled=True, phones=[PHONE]),
        duo("it.desk", "disabled", enrolled=False),
    ],
    "metadata": {"total_objects": 4},
}


def duo_event(at: str, name: str, ip: str, said_of_it: str, kind: str = "authentication") -> str:
    """One line of Duo's log."""
    factor, result, reason = said_of_it.split(" / ")
    said = {
        "txid": f"t{at}",
        "timestamp": 1785719564,
        "isotimestamp": f"2026-08-03T{at}.351346+00:00",
        "event_type": kind,
        "factor": factor,
        "result": result,
        "reason": reason,
        "user": {"key": "DUA", "name": name, "groups": []},
        "application": {"key": "DI1", "name": "VPN"},
        "access_device": {
            "ip": ip,
            "is_encryption_enabled": "unknown",
            "location": {"city": "Makati", "state": "Metro Manila", "country": "Philippines"},
        },
        "auth_device": {"ip": None, "name": None},
        "email": "",
    }
    return json.dumps(said)


DUO_LOG = lines(
    duo_event("01:12:44", "ana.cruz", "203.0.113.10", "duo_push / success / user_approved"),
    "",
    duo_event("01:14:00", "raj.iyer", "198.51.100.7:1234", "not_available / success / bypass_user"),
    duo_event("01:15:00", "raj.iyer", "[2001:db8::1]:443", "remembered_device / success / remembered_device"),
    duo_event("01:16:00", "mei.tan", "2001:db8::2#443", "phone_call / denied / no_response"),
    duo_event("01:17:00", "mei.tan", "somewhere", "duo_push / fraud / user_marked_fraud"),
    duo_event("01:18:00", "mei.tan", "203.0.113.10", "WebAuthn Chrome Touch ID / success / user_approved"),
    duo_event("01:19:00", "mei.tan", "203.0.113.10", "duo_push / success / enrolled", "enrollment"),
)

M365_USERS = lines(
    "Display name,DirSyncEnabled,User principal name,Object Id,First name,Last name,When created,"
    "Soft deletion time stamp,Title,Department,Preferred data location,City,CountryOrRegion,Office,StateOrProvince,"
    "Usage location,Last dirsync time,Block credential,Licenses,Password never expires,"
    "Last password change time stamp,Mobile Phone,Phone number,Postal code,Preferred language,Street address,Fax,"
    "Proxy addresses",
    f"Ana Cruz,,{ANA},7a1b-aa,Ana,Cruz,2022-03-18 19:49:35Z,,,,,,,,,PH,,False,Microsoft 365 E3+Visio,False,"
    f"2026-06-01 17:00:00Z,,,,,,,SMTP:{ANA}+smtp:a@vendor.example",
    f"Raj Iyer,True,{RAJ},7a1b-ab,Raj,Iyer,2025-03-18 19:49:35Z,,,,,,,,,PH,,True,Unlicensed,True,"
    f"2025-03-18 01:00:00Z,,,,,,,SMTP:{RAJ}",
)
ENTRA_OLD = lines(
    "CreatedDateTime,UserPrincipalName,UserDisplayName,AppDisplayName,IPAddress,City,Country,Device,Browser,OS,Status,"
    "RiskState,RiskLevelDuringSignIn,RiskLevelAggregated,ConditionalAccessStatus",
    f"2026-08-03T01:12:44Z,{ANA},Ana Cruz,Office 365,203.0.113.10,Makati,PH,,Edge,Win,Success,none,none,none,success",
    f"2026-08-03T01:15:02Z,{RAJ},Raj Iyer,Office 365,198.51.100.7,Chennai,IN,,,,Failure,none,hidden,hidden,notApplied",
)

SAMPLES: list[Sample] = [
    Sample(
        "entra_users",
        "accounts",
        "exportUsers_2026-8-3.csv",
        ENTRA_USERS,
        ("directorySynced", "accountEnabled"),
        {"Guest": "account_type", "False": "enabled"},
    ),
    Sample(
        "entra_users_json",
        "accounts",
        "users.json",
        json.dumps(ENTRA_USERS_JSON),
        ("accountEnabled",),
        {"Guest": "account_type"},
    ),
    Sample(
        "entra_registrations",
        "accounts",
        "urd.json",
        json.dumps(ENTRA_REGISTRATIONS),
        ("isMfaCapable", "methodsRegistered"),
        {"softwareOneTimePasscode": "mfa_method"},
    ),
    Sample(
        "entra_registrations_report", "accounts", "mfa.csv", ENTRA_REPORT, ("MFA capable",), {"fido2": "mfa_method"}
    ),
    Sample(
        "entra_registrations_portal",
        "accounts",
        "mfa.csv",
        ENTRA_PORTAL,
        ("Multifactor authentication capable",),
        {"Not capable": "mfa_enrolled"},
    ),
    Sample(
        "entra_sign_ins_json",
        "auth_events",
        "SignIns.json",
        json.dumps(ENTRA_SIGN_INS),
        ("createdDateTime", "errorCode"),
        {"multiFactorAuthentication": "factors"},
    ),
    Sample(
        "okta_users_json", "accounts", "users.json", json.dumps(OKTA_USERS), ("lastLogin",), {"SUSPENDED": "enabled"}
    ),
    Sample("okta_users_csv", "accounts", "users.csv", OKTA_USERS_CSV, ("profile.login",), {"ACTIVE": "enabled"}),
    Sample(
        "okta_sign_ins_json",
        "auth_events",
        "log.json",
        json.dumps(OKTA_LOG),
        ("published", "eventType"),
        {"OKTA_VERIFY_PUSH": "mfa_method"},
    ),
    Sample("okta_sign_ins_csv", "auth_events", "log.csv", OKTA_CSV, ("outcome.result",), {"SUCCESS": "result"}),
    Sample("okta_changes_json", "credential_changes", "log.json", json.dumps(OKTA_LOG), ("published",)),
    Sample("okta_changes_csv", "credential_changes", "log.csv", OKTA_CSV, ("outcome.result",)),
    Sample(
        "google_users_json", "accounts", "users.json", json.dumps(GOOGLE_USERS), ("primaryEmail", "isEnrolledIn2Sv")
    ),
    Sample(
        "google_sign_ins",
        "auth_events",
        "login.json",
        json.dumps(GOOGLE_LOG),
        ("applicationName",),
        {"google_authenticator": "mfa_method"},
    ),
    Sample("google_changes", "credential_changes", "login.json", json.dumps(GOOGLE_LOG), ("applicationName",)),
    Sample(
        "google_admin_changes",
        "credential_changes",
        "admin.json",
        json.dumps(GOOGLE_ADMIN_LOG),
        ("applicationName",),
    ),
    Sample(
        "google_console_admin_changes",
        "credential_changes",
        "admin.csv",
        GOOGLE_ADMIN_CONSOLE,
        ("Setting name", "Actor"),
    ),
    Sample(
        "google_forwarding",
        "mail_rules",
        "login.json",
        json.dumps(GOOGLE_LOG),
        ("events",),
        {"x@Mail.example": "target_domain"},
    ),
    Sample("google_console_sign_ins", "auth_events", "user_log.csv", GOOGLE_CONSOLE, ("Login type", "Actor")),
    Sample(
        "google_email_log",
        "mail_trace",
        "els.csv",
        GOOGLE_MAIL,
        ("Direction", "Recipient address"),
        {"qa@client-a.example": "recipient_domain"},
    ),
    Sample("ad_users", "accounts", "users.csv", AD_USERS, ("SamAccountName", "Enabled")),
    Sample("net_accounts", "settings", "net.txt", NET_ACCOUNTS, ("Force user logoff",), {"Unlimited": "value"}),
    Sample("ad_password_policy", "settings", "policy.txt", AD_POLICY, ("LockoutThreshold",), {"42.00": "value"}),
    Sample("ad_password_policy_json", "settings", "policy.json", json.dumps(AD_POLICY_JSON), ("LockoutThreshold",)),
    Sample(
        "secedit",
        "settings",
        "host.inf",
        SECEDIT.replace("\n", "\r\n"),
        ("[System Access]",),
        {"901": "value"},
        "utf-16",
    ),
    Sample(
        "exchange_trace_json",
        "mail_trace",
        "trace.json",
        json.dumps(TRACE),
        ("SenderAddress", "Status"),
        {"x@Mail.example": "recipient_domain"},
    ),
    Sample("exchange_trace_csv", "mail_trace", "trace.csv", TRACE_CSV, ("Received", "RecipientAddress")),
    Sample(
        "exchange_trace_summary",
        "mail_trace",
        "MTSummary.csv",
        TRACE_SUMMARY,
        ("recipient_status",),
        {"qa@client-a.example": "recipient_domain"},
        "utf-16-le",
    ),
    Sample("exchange_trace_detail", "mail_trace", "MTDetail.csv", TRACE_DETAIL, ("date_time_utc",)),
    Sample(
        "exchange_mailboxes_json",
        "mail_rules",
        "mailboxes.json",
        json.dumps(MAILBOXES),
        ("ForwardingSmtpAddress",),
        {"smtp:raj@Mail.example": "target_domain"},
    ),
    Sample(
        "exchange_mailboxes_csv",
        "mail_rules",
        "mailboxes.csv",
        MAILBOXES_CSV,
        ("ForwardingAddress",),
        {"smtp:raj@mail.example": "target_domain"},
    ),
    Sample(
        "exchange_inbox_rules_json",
        "mail_rules",
        "rules.json",
        json.dumps(INBOX_RULES),
        ("RedirectTo",),
        {"SMTP:z@client-a.example": "target_domain"},
    ),
    Sample(
        "exchange_inbox_rules_csv",
        "mail_rules",
        "rules.csv",
        INBOX_RULES_CSV,
        ("ForwardTo",),
        {"SMTP:x@mail.example": "target_domain"},
    ),
    Sample("duo_users", "accounts", "duo.json", json.dumps(DUO_USERS), ("is_enrolled",), {"disabled": "enabled"}),
    Sample("duo_log", "auth_events", "duo.ndjson", DUO_LOG, ("isotimestamp",), {"phone_call": "mfa_method"}),
    Sample("m365_users", "accounts", "users.csv", M365_USERS, ("Block credential", "Object Id"), {"False": "enabled"}),
    Sample(
        "entra_sign_ins_old",
        "auth_events",
        "signins.csv",
        ENTRA_OLD,
        ("ConditionalAccessStatus", "Status"),
        {"Failure": "result"},
    ),
]
