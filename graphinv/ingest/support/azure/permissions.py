"""Permissions of Microsoft Graph and its like (``Mail.ReadWrite``): what of the tenant they open, and for which actions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from graphinv.ingest.support.bundled import table

GRAPH = "00000003-0000-0000-c000-000000000000"
APIS: Mapping[str, str] = {
    GRAPH: "Microsoft Graph",
    "00000002-0000-0000-c000-000000000000": "Azure AD Graph",
    "00000002-0000-0ff1-ce00-000000000000": "Office 365 Exchange Online",
    "00000003-0000-0ff1-ce00-000000000000": "Office 365 SharePoint Online",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013": "Azure Service Management",
    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093": "Azure Key Vault",
    "e406a681-f3d4-42a8-90b6-c2b029497af1": "Azure Storage",
    "00000009-0000-0000-c000-000000000000": "Power BI Service",
    "00000007-0000-0000-c000-000000000000": "Dataverse",
    "499b84ac-1321-427f-aa17-267ca6975798": "Azure DevOps",
    "c5393580-f805-4401-95e8-94b7a6ef2fc2": "Office 365 Management APIs",
}
"""Application id → name, of the interfaces of Microsoft that are asked for most."""
MICROSOFT365 = frozenset({"Microsoft Graph", "Azure AD Graph", "Office 365 Exchange Online", "Office 365 SharePoint Online"})
_OTHERS: Mapping[str, str] = {
    "dc890d15-9560-4a4c-9b7f-a736ec74ec40": "full_access_as_app",
    "678536fe-1083-478a-9c59-b99265e6b0d3": "Sites.FullControl.All",
    "41094075-9dad-400e-a0bd-54e686782033": "user_impersonation",
}
"""Permissions of other interfaces than Graph."""

TAKES_ALL = frozenset({"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "Directory.AccessAsUser.All"})
"""Each lets its holder take every other permission of the tenant."""
TAKES_APPS = frozenset({"Application.ReadWrite.All"})
"""Each lets its holder add a credential to any application and act as it."""
SIGN_IN = frozenset({"openid", "profile", "email", "offline_access"})
"""Nothing but who the user is."""

_AREAS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("mail", "mailbox", re.compile(r"Mail|SMTP|IMAP|POP|EWS|Exchange|full_access_as_app")),
    ("calendars", "calendar", re.compile(r"Calendars|Bookings|OnlineMeeting|VirtualEvent")),
    ("contacts", "contacts", re.compile(r"Contacts|People")),
    ("files", "file_storage", re.compile(r"Files|Sites|AllSites|Lists|ListItems|Notes|MyFiles|TermStore|FileStorage")),
    ("chats", "messages", re.compile(r"Chat|Channel|Team|Calls|CallRecords|OnlineMeetingTranscript|Community")),
    (
        "directory",
        "directory",
        re.compile(
            r"Directory|User|Group|Member|Application|AppRole|RoleManagement|Role|Organization|Domain|Policy|AdministrativeUnit|Agent"
            r"|DelegatedPermission|Consent|Privileged|Entitlement|CrossTenant|Synchronization|CustomSec|Device\."
        ),
    ),
    ("devices", "devices", re.compile(r"Device|BitLocker|CloudPC|WindowsUpdates")),
    ("security", "security_data", re.compile(r"Security|Audit|Identity|Threat|Attack|Reports|InformationProtection|eDiscovery|RecordsM")),
    ("tasks", "tasks", re.compile(r"Tasks|Planner|BusinessScenario")),
)
_ACTIONS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"FullControl|full_access|PrivilegedOperations"), ("admin",)),
    (re.compile(r"ReadWrite|Manage|ImportExport|Edit|Migrate|AllSites\.Write"), ("delete", "read", "write")),
    (re.compile(r"\.(?:Delete|Remove)"), ("delete",)),
    (re.compile(r"\.(?:Send|Initiate|Invite|Command|Sign|JoinGroup|Revoke)"), ("execute",)),
    (re.compile(r"\.(?:Create|Upload|Submit|Ingest|Update|Write|EnableDisable)"), ("write",)),
    (re.compile(r"Read|Export|Receive|AccessMedia"), ("read",)),
)


class Opened(NamedTuple):
    """Part of a tenant (``mail``), its type (``mailbox``), what may be done to it."""

    area: str
    type: str
    actions: tuple[str, ...]


def name_of(id: str) -> str:
    """Name of a permission by its id; ``""`` where it is not known."""
    lowered = id.lower()
    return str(table("entra/permissions.json")["names"].get(lowered) or _OTHERS.get(lowered, ""))


def opened(permission: str) -> Opened:
    """What a permission opens; reading and writing is assumed of one whose name does not tell.

    >>> opened("Mail.Send"), opened("Sites.FullControl.All").actions
    (Opened(area='mail', type='mailbox', actions=('execute',)), ('admin',))
    """
    area, kind = next(((area, kind) for area, kind, pattern in _AREAS if pattern.match(permission)), ("", ""))
    if not area:
        area = re.sub(r"[^a-z0-9-]", "", permission.partition(".")[0].lower())[:40] or "other"
        kind = area
    actions = next((actions for pattern, actions in _ACTIONS if pattern.search(permission)), ("read", "write"))
    return Opened(area, kind, actions)


DIRECTORY_ROLES: Mapping[str, tuple[str, str]] = {
    "62e90394-69f5-4237-9190-012177145e10": ("Global Administrator", "*"),
    "e8611ab8-c189-46e8-94e1-60213ab1f814": ("Privileged Role Administrator", "*"),
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": ("Privileged Authentication Administrator", "*"),
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": ("Application Administrator", "Application.ReadWrite.All"),
    "158c047a-c907-4556-b7ef-446551a6b5f7": ("Cloud Application Administrator", "Application.ReadWrite.All"),
    "fe930be7-5e62-47db-91af-98c3a49a38b1": ("User Administrator", "User.ReadWrite.All"),
    "9360feb5-f418-4baa-8175-e2a00bac4301": ("Directory Writers", "Directory.ReadWrite.All"),
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b": ("Directory Readers", "Directory.Read.All"),
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": ("Global Reader", "Directory.Read.All"),
    "29232cdf-9323-42fd-ade2-1d097af3e4de": ("Exchange Administrator", "full_access_as_app"),
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": ("SharePoint Administrator", "Sites.FullControl.All"),
    "69091246-20e8-4a56-aa4d-066075b2a7a8": ("Teams Administrator", "Team.ReadWrite.All"),
    "194ae4cb-b126-40b2-bd5b-6091b380977d": ("Security Administrator", "Policy.ReadWrite.All"),
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": ("Helpdesk Administrator", "User.ReadWrite.All"),
}
"""Template id of a directory role → its name, and the permission that it amounts to (``*``: it can take all of them)."""
