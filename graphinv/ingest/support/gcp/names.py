"""Names of Google Cloud's things: members of policies as identities, resources by their full names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from graphinv.model.facts import NodeKey, Props

PROJECTS = "//cloudresourcemanager.googleapis.com/projects/"
FOLDERS = "//cloudresourcemanager.googleapis.com/folders/"
ORGANIZATIONS = "//cloudresourcemanager.googleapis.com/organizations/"

_ACCOUNT = re.compile(r"[\w.-]{1,100}@[\w.-]{1,150}\.gserviceaccount\.com")
_SCOPE = re.compile(r"(?:projects|folders|organizations)/[\w:.()/-]{1,200}")
_PROJECT = re.compile(r"/projects/([\w:.-]{1,100})(?:/|$)")
_POOL = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/(?P<pool>projects/[\w-]+/locations/global/workloadIdentityPools/[\w-]+"
    r"|locations/global/workforcePools/[\w-]+)/(?P<what>subject/.{1,500}|attribute\.[\w.]{1,100}/.{1,500}|group/.{1,500}|\*)"
)
_CLUSTER = re.compile(r"(?P<pool>[\w:.-]{1,100})\.svc\.id\.goog\[(?P<namespace>[\w.-]{1,100})/(?P<name>[\w.-]{1,253})\]")


class Member(NamedTuple):
    """An identity, and what is known of it; ``repository`` and ``workload`` where it stands for somebody outside Google Cloud."""

    key: NodeKey
    props: Props
    repository: str = ""
    """``owner/repo`` whose GitHub jobs it is, or ``owner/repo:ref:refs/heads/main``."""
    workload: tuple[str, str] = ("", "")
    """Namespace and name of the Kubernetes service account that it is."""


def account(email: str) -> NodeKey:
    """A service account by its e-mail."""
    return "Identity", f"gcp:{email.lower()}"


def is_account(email: str) -> bool:
    """Whether ``email`` is that of a service account."""
    return _ACCOUNT.fullmatch(email) is not None


_GOOGLES_OWN = re.compile(r"[\w-]+@gcp-sa-|service-\d+@|\d+@cloud(?:services|build)\.", re.IGNORECASE)
"""Accounts as which Google's own services act. A project may be called as their domains are (``…-prod``), so their names tell."""


def account_props(email: str) -> Props:
    """What the e-mail of a service account tells of it."""
    name = email.partition("@")[0]
    google = _GOOGLES_OWN.match(email)
    return {"name": name, "type": "service_account", "provider": "gcp", **({"kind_detail": "service agent of Google"} if google else {})}


def project_of_account(email: str) -> str:
    """Id or number of the project that a service account belongs to; ``""`` where its e-mail does not tell.

    >>> project_of_account("bot@shop.iam.gserviceaccount.com"), project_of_account("42-compute@developer.gserviceaccount.com")
    ('shop', '42')
    """
    name, _, host = email.partition("@")
    if host == "developer.gserviceaccount.com":
        return name.partition("-")[0]
    if host == "appspot.gserviceaccount.com":
        return name
    project = host.removesuffix(".iam.gserviceaccount.com")
    return "" if project == host or project.startswith("gcp-sa-") else project


def resource_name(name: str) -> str:
    """The full name of a resource (``//service/…``) that is named in full, by its address or as ``projects/shop``; ``""`` for no such name.

    >>> resource_name("projects/shop"), resource_name("https://www.googleapis.com/storage/v1/b/invoices")
    ('//cloudresourcemanager.googleapis.com/projects/shop', '')
    """
    if name.startswith("//"):
        return name.rstrip("/")
    if _SCOPE.fullmatch(name):
        return f"//cloudresourcemanager.googleapis.com/{name}" if name.count("/") == 1 else ""
    return ""


def project_of(resource: str) -> str:
    """Id or number of the project that stands in a resource's full name; ``""`` where none does, as in a bucket's."""
    match = _PROJECT.search(resource)
    return match[1] if match else ""


def service_of(resource: str) -> str:
    """The service of a resource's full name (``storage`` of ``//storage.googleapis.com/b``)."""
    return resource.removeprefix("//").partition("/")[0].removesuffix(".googleapis.com")


@lru_cache(maxsize=65536)
def member(text: str) -> Member | None:
    """Who a member of a policy is; None for one that no longer exists, one of a project's own roles, or no member at all."""
    kind, colon, name = text.partition(":")
    if kind in ("principal", "principalSet"):
        return _federated(text)
    if not colon and kind in ("allUsers", "allAuthenticatedUsers"):
        words = {"allUsers": "Everybody", "allAuthenticatedUsers": "Everybody with a Google account"}[kind]
        return Member(("Identity", f"gcp:{kind}"), {"name": words, "type": "public", "provider": "gcp", "binding": "none"})
    if kind == "serviceAccount":
        cluster = _CLUSTER.fullmatch(name)
        if cluster:
            props: Props = {"name": f"{cluster['namespace']}/{cluster['name']}", "type": "workload_identity", "provider": "gcp"}
            return Member(("Identity", f"gcp:{name}"), {**props, "binding": "federated"}, workload=(cluster["namespace"], cluster["name"]))
        return Member(account(name), account_props(name.lower())) if is_account(name) or "@" in name else None
    types = {"user": "human", "group": "group", "domain": "group"}
    if kind not in types or not name or len(name) > 300:
        return None
    return Member(("Identity", f"gcp:{kind}:{name.lower()}"), {"name": name, "type": types[kind], "provider": "gcp"})


def _federated(text: str) -> Member | None:
    match = _POOL.fullmatch(text)
    if match is None:
        return None
    pool, what = match["pool"], match["what"]
    props: Props = {"name": f"{pool.rpartition('/')[2]}/{what}", "type": "federated", "provider": "gcp", "binding": "federated"}
    key: NodeKey = ("Identity", f"gcp:{text.partition('://iam.googleapis.com/')[2]}")
    kind, _, value = what.partition("/")
    if kind == "attribute.repository" and re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        return Member(key, props, repository=value)
    if kind == "subject" and (found := re.fullmatch(r"repo:([\w.-]+/[\w.-]+(?::.+)?)", value)):
        return Member(key, props, repository=found[1])
    if kind == "subject" and (found := re.fullmatch(r"(?:ns/([\w.-]+)/sa/|system:serviceaccount:([\w.-]+):)([\w.-]+)", value)):
        return Member(key, props, workload=(found[1] or found[2], found[3]))
    return Member(key, props)
