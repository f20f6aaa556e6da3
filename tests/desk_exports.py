"""Exports of learning systems, ticket desks, dialers and CRMs, in the shape of each product; everything invented."""

from __future__ import annotations

import json
from typing import Any, Final


def _people() -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        {"id": 1, "first_name": "Ana", "last_name": "Cruz", "email": "ana.cruz@vendor.example"},
        {"id": 2, "first_name": "Raj", "last_name": "Iyer", "email": "raj.iyer@vendor.example"},
    )


def enrollments() -> list[dict[str, Any]]:
    ana, raj = _people()
    first = {
        "enrollment_id": 1425526,
        "content_type": "Store Purchase",
        "module_name": "2026 Security Basics",
        "user": ana,
        "campaign_name": "New hires 2026",
        "enrollment_date": "2026-06-02T18:02:38.000Z",
        "start_date": "2026-06-03T01:02:38.000Z",
        "completion_date": "2026-06-03T02:02:38.000Z",
        "status": "Passed",
        "time_spent": 2340,
        "policy_acknowledged": False,
    }
    due = {**first, "enrollment_id": 1425527, "user": raj, "start_date": None, "completion_date": None}
    policy = {**first, "enrollment_id": 1425528, "content_type": "Uploaded Policy", "module_name": "Use of mail"}
    return [first, {**due, "status": "Past Due", "time_spent": 0}, {**policy, "status": "Completed"}]


def recipients() -> list[dict[str, Any]]:
    ana, raj = _people()
    steps = ("scheduled_at", "delivered_at", "opened_at", "clicked_at", "replied_at", "attachment_opened_at")
    more = ("macro_enabled_at", "data_entered_at", "vulnerable-plugins_at", "exploited_at", "reported_at", "bounced_at")
    first = {
        "recipient_id": 3077742,
        "pst_id": 16142,
        "user": ana,
        "template": {"id": 2, "name": "Your parcel"},
        **dict.fromkeys((*steps, *more)),
        "scheduled_at": "2026-07-06T01:00:00.000Z",
        "delivered_at": "2026-07-06T01:02:00.000Z",
        "opened_at": "2026-07-06T01:03:00.000Z",
        "ip": "203.0.113.10",
        "ip_location": "Makati, PH",
        "browser": "Chrome",
        "browser_version": "126",
        "os": "Windows",
    }
    clicked = {"clicked_at": "2026-07-06T01:04:00.000Z", "data_entered_at": "2026-07-06T01:05:00.000Z"}
    bounced = {"delivered_at": None, "opened_at": None, "bounced_at": "2026-07-06T01:02:09.000Z"}
    return [
        {**first, **clicked},
        {**first, "recipient_id": 3077743, "user": raj, "reported_at": "2026-07-06T02:00:00.000Z"},
        {**first, "recipient_id": 3077744, "user": {**raj, "email": "no.body@vendor.example"}, **bounced},
    ]


KNOWBE4_CSV: Final = (
    "enrollment_id,content_type,module_name,user.id,user.email,campaign_name,enrollment_date,start_date,"
    "completion_date,status,time_spent,policy_acknowledged\n"
    "1425526,Store Purchase,2026 Security Basics,1,ana.cruz@vendor.example,New hires 2026,2026-06-02T18:02:38.000Z,"
    "2026-06-03T01:02:38.000Z,2026-06-03T02:02:38.000Z,Passed,2340,false\n"
)
GOPHISH_RESULTS: Final = (
    "id,status,ip,latitude,longitude,send_date,reported,modified_date,email,first_name,last_name,position\n"
    "a1B2c3D,Submitted Data,203.0.113.10,0,0,2026-07-06T01:02:00.123456789Z,false,2026-07-06T01:05:00Z,"
    "Ana.Cruz@vendor.example,Ana,Cruz,Agent\n"
    "b1B2c3D,Clicked Link,203.0.113.11,0,0,2026-07-06T01:02:01Z,true,2026-07-06T03:00:00Z,raj.iyer@vendor.example,"
    "Raj,Iyer,Agent\n"
    "c1B2c3D,Email Opened,203.0.113.12,0,0,2026-07-06T01:02:02Z,false,2026-07-06T04:00:00Z,mia.tan@vendor.example,"
    "Mia,Tan,Agent\n"
    "d1B2c3D,Email Sent,,0,0,2026-07-06T01:02:03Z,true,2026-07-06T05:00:00Z,leo.paz@vendor.example,Leo,Paz,Agent\n"
    "e1B2c3D,Error,,0,0,2026-07-06T01:02:04Z,false,2026-07-06T01:02:05Z,no.body@vendor.example,No,Body,Agent\n"
)
GOPHISH_EVENTS: Final = (
    "campaign_id,email,time,message,details\n"
    "7,,2026-07-06T01:00:00Z,Campaign Created,\n"
    "7,ana.cruz@vendor.example,2026-07-06T01:02:00.5Z,Email Sent,\n"
    "7,raj.iyer@vendor.example,2026-07-06T01:02:01Z,Email Sent,\n"
    '7,ana.cruz@vendor.example,2026-07-06T01:04:00Z,Clicked Link,"{""payload"":{""rid"":[""a1B2c3D""]},'
    '""browser"":{""address"":""203.0.113.10"",""user-agent"":""Mozilla/5.0""}}"\n'
    "7,ana.cruz@vendor.example,2026-07-06T01:04:30Z,Clicked Link,{}\n"
    "7,ana.cruz@vendor.example,2026-07-06T01:05:00Z,Submitted Data,{}\n"
    "7,raj.iyer@vendor.example,2026-07-06T02:00:00Z,Email Reported,{}\n"
    "7,no.body@vendor.example,2026-07-06T01:02:04Z,Error Sending Email,{}\n"
    "7,mia.tan@vendor.example,2026-07-06T01:02:09Z,Email Sent,\n"
)
MOODLE: Final = (
    ',"Email address","ID number","Security awareness","2026-06-30 00:00:00","Data privacy quiz",""\n'
    '"Ana Cruz","ana.cruz@vendor.example","E-1001","Completed","2026-06-03 10:02:38",'
    '"Completed (achieved pass grade)","2026-06-03 10:20:00"\n'
    '"Raj Iyer","raj.iyer@vendor.example","E-1002","Not completed","2026-06-04 09:00:00",'
    '"Completed (did not achieve pass grade)","2026-06-04 09:30:00"\n'
    '"Mia \'M\' Tan","mia.tan@vendor.example","E-1003","Completed (set by Leo Paz)","2026-06-05 08:00:00",'
    '"Abgeschlossen","2026-06-05 08:10:00"\n'
)
GOOGLE_FORM: Final = (
    '"Timestamp","Username","Total score","Q1 What is PAN?","Q1 What is PAN? [Score]","Q1 What is PAN? [Feedback]"\n'
    '"2026/06/03 9:01:12 AM GMT+8","ana.cruz@vendor.example","8.00 / 10","Card number","1.00 / 1",""\n'
    '"2026/06/03 9:05:40 PM GMT+8","raj.iyer@vendor.example","4.00 / 12","A dish","0.00 / 1","Read 2.1"\n'
)
SCORM_CLOUD: Final = {
    "registrations": [
        {
            "id": "reg-1",
            "instance": 0,
            "updated": "2026-06-03T02:10:00.000Z",
            "registrationCompletion": "COMPLETED",
            "registrationSuccess": "PASSED",
            "score": {"scaled": 92.5},
            "totalSecondsTracked": 1800.5,
            "firstAccessDate": "2026-06-03T01:30:00.000Z",
            "lastAccessDate": "2026-06-03T02:05:00.000Z",
            "completedDate": "2026-06-03T02:05:00.000Z",
            "createdDate": "2026-06-01T18:00:00.000Z",
            "course": {"id": "privacy", "title": "Data privacy", "version": 3},
            "learner": {"id": "E-1001", "email": "ana.cruz@vendor.example", "firstName": "Ana", "lastName": "Cruz"},
        },
        {
            "id": "reg-2",
            "instance": 0,
            "registrationCompletion": "INCOMPLETE",
            "registrationSuccess": "UNKNOWN",
            "totalSecondsTracked": 0,
            "createdDate": "2026-06-01T18:00:00.000Z",
            "course": {"id": "privacy", "title": "Data privacy", "version": 3},
            "learner": {"id": "E-1002", "email": "raj.iyer@vendor.example", "firstName": "Raj", "lastName": "Iyer"},
        },
    ],
}
LMS: Final = (
    "Employee ID,Name,Course Name,Course Version,Language,Enrollment Date,Due Date,Start Date,Completion Date,Status,"
    "Score,Time Spent (seconds)\n"
    "E-1001,Ana Cruz,privacy,v3,en,2026-06-01,2026-06-30,2026-06-03 09:30,2026-06-03 10:02,passed,92,1800\n"
    "E-1002,Raj Iyer,privacy,v3,en,2026-06-01,2026-06-30,,,not attempted,,\n"
    "E-1003,Mia Tan,privacy,v3,en,2026-06-01,2026-06-30,2026-06-03 09:30,2026-06-03 09:40,completed,,600\n"
)
JIRA: Final = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Priority,Resolution,Assignee,Reporter,Created,Updated,"
    "Resolved,Due date,Labels,Labels,Comment,Comment\n"
    "Lost headset USB,SEC-101,10101,Incident,Done,SEC,Low,Done,Ana Cruz,Leo Paz,03/Aug/26 9:15 AM,04/Aug/26 6:00 PM,"
    '04/Aug/26 6:00 PM,10/Aug/26 12:00 AM,usb,floor2,"Found\nunder the desk",\n'
    "Phishing click,SEC-102,10102,Incident,In Progress,SEC,Highest,,Raj Iyer,Leo Paz,05/Aug/2026 1:00 AM,"
    "05/Aug/26 1:30 AM,,,phish,,,\n"
)
JIRA_ALERTS: Final = (
    "Summary,Issue key,Issue id,Issue Type,Priority,Created,Custom field (Alert kind),Custom field (Incident)\n"
    "Card number in chat,SEC-103,10103,Alert,High,05/Aug/26 11:59 PM,dlp,SEC-101\n"
)
JIRA_RESETS: Final = (
    "Summary,Issue key,Issue id,Issue Type,Priority,Assignee,Created,Custom field (System),Custom field (Account),"
    "Custom field (Reset type),Custom field (Identity check),Custom field (Identity verified),"
    "Custom field (Owner notified at),Custom field (Manager approved)\n"
    "New phone,HD-1,20001,Service request,Low,Leo Paz,05/Aug/26 2:00 PM,okta,Ana.Cruz@vendor.example,MFA reset,"
    "Callback to roster number,Yes,05/Aug/26 2:05 PM,No\n"
    "Locked,HD-2,20002,Service request,Low,Leo Paz,05/Aug/26 3:00 PM,okta,raj.iyer@vendor.example,Account unlock,,,,\n"
)
SERVICENOW: Final = (
    '"number","opened_at","closed_at","priority","state","assignment_group","short_description"\n'
    '"INC0010001","2026-08-03 09:15:00","2026-08-04 18:00:00","1 - Critical","Closed","Security","Caf\u00e9 laptop"\n'
    '"INC0010002","2026-08-05 01:00:00","","3 - Moderate","In Progress","Security","Phishing click"\n'
)
SERVICENOW_ALERTS: Final = {
    "result": [
        {
            "number": "SIR0001",
            "opened_at": "2026-08-03 09:15:00",
            "priority": "4",
            "state": "10",
            "assignment_group": {"link": "https://desk.example/api/now/table/sys_user_group/1", "value": "1"},
            "assignment_group.name": "Security",
            "short_description": "Card number in chat",
            "u_alert_kind": "dlp",
            "parent_incident": "",
        }
    ]
}
SERVICENOW_RESETS: Final = {
    "records": [
        {
            "number": "RITM01",
            "opened_at": "2026-08-03 09:15:00",
            "state": "Closed",
            "assignment_group": "Service desk",
            "short_description": "Reset",
            "assigned_to": "leo.paz",
            "u_system": "ad",
            "u_account": "VENDOR\\acruz",
            "u_reset_type": "Password reset",
            "u_identity_check": "manager_video",
            "u_identity_verified": "true",
            "u_owner_notified_at": "2026-08-03 09:20:00",
            "u_manager_approved": "true",
        }
    ]
}


def entra_decisions() -> dict[str, Any]:
    def person(name: str) -> dict[str, str]:
        return {"id": name, "displayName": name, "userPrincipalName": f"{name}@vendor.example", "type": "user"}

    first = {
        "id": "d-1",
        "accessReviewId": "r-1",
        "reviewedDateTime": "2026-07-02T20:00:00Z",
        "decision": "Approve",
        "justification": "still an agent",
        "appliedDateTime": "2026-07-10T08:00:00Z",
        "applyResult": "AppliedSuccessfully",
        "recommendation": "Approve",
        "reviewedBy": person("lead1"),
        "principal": person("ana.cruz"),
        "resource": {"id": "g-1", "displayName": "CRM", "type": "group"},
    }
    never = {"reviewedDateTime": "0001-01-01T00:00:00Z", "reviewedBy": None, "appliedDateTime": None}
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#decisions",
        "value": [
            first,
            {**first, "id": "d-2", "decision": "Deny", "principal": person("raj.iyer")},
            {**first, "id": "d-3", "decision": "Deny", "principal": person("mia.tan"), "applyResult": "New"},
            {
                **first,
                "id": "d-4",
                "decision": "Deny",
                "principal": person("leo.paz"),
                "applyResult": "PartiallyApplied",
            },
            {
                **first,
                **never,
                "id": "d-5",
                "decision": "NotReviewed",
                "principal": person("kim.uy"),
                "applyResult": "New",
            },
        ],
    }


REVIEW_SHEET: Final = (
    "review_uid,system,user_name,entitlement,decision,reviewer,reviewed_time,removed_time,justification\n"
    "AR-2026Q2,CRM,ana.cruz@vendor.example,agent,keep,lead1@vendor.example,2026-07-02T03:00:00Z,,\n"
    "AR-2026Q2,CRM,raj.iyer@vendor.example,admin,Revoke,lead1@vendor.example,2026-07-02T03:01:00Z,"
    "2026-07-09T08:00:00Z,moved team\n"
)
FIVE9: Final = (
    "CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,AGENT,DISPOSITION,ANI,DNIS,SESSION ID\n"
    "300000001,2026-08-03 10:00,Main Inbound,Inbound,ana.cruz@vendor.example,Resolved,2025550100,8005550100,abc1\n"
    "300000002,2026-08-03 10:05,Main Inbound,Inbound,,Caller Disconnected,2025550101,8005550100,abc2\n"
)
RECORDING_DETAILS: Final = (
    "Start Time,Agent loginId,Agent First Name,Agent Last Name,Customer phone,Direction,Service,Disposition,Notes,"
    "Voice Signature,Flagged,Talk Time,Export status,RecordingId,Global Interaction ID\n"
    "2026-08-03 10:00:04,ana.cruz,Ana,Cruz,2025550100,Inbound,Support,Resolved,,No,No,00:04:11,success,r1.wav,g1\n"
    "2026-08-03 10:05:00,raj.iyer,Raj,Iyer,2025550101,Inbound,Support,Transferred,,No,Yes,00:01:02,failed,r2.wav,g1\n"
)
GENESYS: Final = {
    "userDetails": [
        {
            "userId": "0a1b0000-0000-4000-8000-000000000001",
            "primaryPresence": [
                {
                    "startTime": "2026-08-03T01:00:00.000Z",
                    "endTime": "2026-08-03T02:00:00.000Z",
                    "systemPresence": "ON_QUEUE",
                    "organizationPresenceId": "p-1",
                },
                {
                    "startTime": "2026-08-03T02:00:00.000Z",
                    "endTime": "2026-08-03T02:30:00.000Z",
                    "systemPresence": "MEAL",
                    "organizationPresenceId": "p-2",
                },
                {"startTime": "2026-08-03T02:30:00.000Z", "systemPresence": "MEETING", "organizationPresenceId": "p-3"},
            ],
            "routingStatus": [
                {
                    "startTime": "2026-08-03T01:00:00.000Z",
                    "endTime": "2026-08-03T01:10:00.000Z",
                    "routingStatus": "IDLE",
                },
                {
                    "startTime": "2026-08-03T01:10:00.000Z",
                    "endTime": "2026-08-03T02:00:00.000Z",
                    "routingStatus": "INTERACTING",
                },
                {"startTime": "2026-08-03T02:00:00.000Z", "routingStatus": "OFF_QUEUE"},
            ],
        }
    ],
    "totalHits": 1,
}
VICIDIAL: Final = (
    "agent_log_id,user,server_ip,event_time,lead_id,campaign_id,pause_epoch,pause_sec,wait_epoch,wait_sec,talk_epoch,"
    "talk_sec,dispo_epoch,dispo_sec,status,user_group,comments,sub_status\n"
    "1,1001,192.0.2.5,2026-08-03 09:00:00,55,TESTC,1785718800,600,1785719400,60,1785719460,240,1785719700,30,SALE,"
    "AGENTS,,LUNCH\n"
    "2,1002,192.0.2.5,2026-08-03 09:00:00,,TESTC,1785718800,300,1785719100,0,,0,,0,,AGENTS,,LAGGED\n"
)
ACD: Final = (
    "Agent ID,Agent Name,State,Start Time,End Time,Station\n"
    "E-1001,Ana Cruz,Talking,2026-08-03 09:00:00,2026-08-03 09:14:20,ws-0142\n"
    "E-1001,Ana Cruz,Not Ready,2026-08-03 09:14:20,,ws-0142\n"
)
SALESFORCE_VIEWS: Final = (
    '"EVENT_TYPE","TIMESTAMP","REQUEST_ID","ORGANIZATION_ID","USER_ID","CLIENT_IP","PAGE_ENTITY_ID","PAGE_ENTITY_TYPE",'
    '"PAGE_URL","USER_ID_DERIVED","TIMESTAMP_DERIVED"\n'
    '"LightningPageView","20260803012000.123","r1","00D000000000001","005000000000001","203.0.113.10",'
    '"003000000000001AAA","Contact","/lightning/r/Contact/003000000000001AAA/view","005000000000001AAA",'
    '"2026-08-03T01:20:00.123Z"\n'
    '"LightningPageView","20260803012100.000","r2","00D000000000001","005000000000001","203.0.113.10","","",'
    '"/lightning/page/home","005000000000001AAA","2026-08-03T01:21:00.000Z"\n'
)
SALESFORCE_REPORTS: Final = (
    '"EventDate","EventIdentifier","UserId","Username","ReportId","Name","Operation","RowsProcessed","Format"\n'
    '"2026-08-01T09:00:00.000Z","e1","005000000000002AAA","Raj.Iyer@vendor.example","00O000000000001","Customers",'
    '"ReportExported","5200","Tabular"\n'
    '"2026-08-01T09:05:00.000Z","e2","005000000000002AAA","raj.iyer@vendor.example","00O000000000001","Customers",'
    '"ReportRunFromLightning","5200","Tabular"\n'
    '"2026-08-01T09:06:00.000Z","e3","005000000000002AAA","raj.iyer@vendor.example","00O000000000001","Customers",'
    '"SomethingNew","12","Tabular"\n'
)
CRM_VIEWS: Final = (
    "Timestamp,User,Action,Record ID,Records,Interaction ID\n"
    "2026-08-03 09:20:00,E-1001,Viewed,C-9001,1,I-70001\n"
    "2026-08-03 09:21:00,E-1001,Exported,,250,\n"
)
CRM_EXPORTS: Final = (
    "Timestamp,User,Records Exported,Approved By,Ticket,Destination\n"
    '2026-08-01 17:00:00,E-1002,"5,200.0",lead1,CHG-88,sftp client_a\n'
    "2026-08-02 17:00:00,E-1002,12,,,\n"
)
SECURITY_ALERTS: Final = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#security/alerts_v2",
    "value": [
        {
            "id": "dl-1",
            "providerAlertId": "1",
            "incidentId": "28",
            "status": "new",
            "severity": "informational",
            "serviceSource": "microsoft365Defender",
            "detectionSource": "microsoftDataLossPrevention",
            "title": "DLP policy match for a file",
            "createdDateTime": "2026-08-03T01:20:00.1234567Z",
        },
        {
            "id": "da-2",
            "providerAlertId": "2",
            "incidentId": "29",
            "status": "new",
            "severity": "high",
            "serviceSource": "microsoftDefenderForEndpoint",
            "detectionSource": "antivirus",
            "title": "Suspicious process",
            "createdDateTime": "2026-08-03T01:21:00Z",
        },
    ],
}


def utf16(text: str) -> bytes:
    """The flavour that Moodle makes for Excel: UTF-16 with its mark, tabs, quotes where they are needed."""
    return text.replace('","', '"\t"').replace(',"Email', '\t"Email', 1).encode("utf-16")


def written(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document, indent=1) + "\n"
