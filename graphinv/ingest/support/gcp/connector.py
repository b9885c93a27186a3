"""Objects of Config Connector: Google Cloud's policies as Kubernetes manifests, and what each asks for."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import text

GROUP = "iam.cnrm.cloud.google.com/"
_SCOPES = {"Project": "projects", "Folder": "folders", "Organization": "organizations"}


class Asked(NamedTuple):
    """``bindings`` on ``resource`` (its full name; ``""`` where it is not understood)."""

    resource: str
    bindings: list[dict[str, Any]]


def asked(value: dict[str, Any]) -> Asked | None:
    """What an object asks for; None for an object that is no policy."""
    spec, kind = inside(value, "spec"), text(value.get("kind"))
    project = _project(value)
    if kind == "IAMPolicyMember":
        members = [text(spec.get("member"), 700) or _from(inside(spec, "memberFrom"), project)]
        bindings = [{"role": spec.get("role"), "members": members, "condition": spec.get("condition")}]
    elif kind in ("IAMPartialPolicy", "IAMPolicy"):
        bindings = [{**one, "members": _members(one.get("members"), project)} for one in items(spec.get("bindings"))]
    else:
        return None
    return Asked(_resource(inside(spec, "resourceRef"), project), bindings)


def account_of(value: dict[str, Any]) -> str:
    """E-mail of the service account that an object makes; ``""`` where it makes none, or its project is not told."""
    name = text(inside(value, "spec").get("resourceID")) or text(inside(value, "metadata").get("name"))
    return _email(name, _project(value)) if value.get("kind") == "IAMServiceAccount" else ""


def _project(value: dict[str, Any]) -> str:
    """The project that an object belongs to: as it says, or else its namespace is named after it."""
    metadata = inside(value, "metadata")
    return text(inside(metadata, "annotations").get("cnrm.cloud.google.com/project-id")) or text(metadata.get("namespace"))


def _email(name: str, project: str) -> str:
    return f"{name}@{project}.iam.gserviceaccount.com" if name and project else ""


def _members(value: object, project: str) -> list[str]:
    return [*texts(value), *(text(one.get("member"), 700) or _from(inside(one, "memberFrom"), project) for one in items(value) if one)]


def _from(source: dict[str, Any], project: str) -> str:
    reference = inside(source, "serviceAccountRef")
    email = text(reference.get("external")) or _email(text(reference.get("name")), text(reference.get("namespace")) or project)
    return f"serviceAccount:{email}" if email else ""


def _resource(reference: dict[str, Any], project: str) -> str:
    kind, external = text(reference.get("kind")), text(reference.get("external"), 1000)
    name = external or text(reference.get("name"))
    if external.startswith("//"):
        return names.resource_name(external)
    if kind in _SCOPES:
        return names.resource_name(f"{_SCOPES[kind]}/{name.rpartition('/')[2]}") if name else ""
    if kind == "StorageBucket" and name:
        return f"//storage.googleapis.com/{name}"
    if kind == "IAMServiceAccount":
        email = name.rpartition("/")[2] if "@" in name else _email(name, project)
        return f"//iam.googleapis.com/projects/{names.project_of_account(email)}/serviceAccounts/{email}" if email else ""
    if kind == "SecretManagerSecret" and name and project:
        return f"//secretmanager.googleapis.com/projects/{project}/secrets/{name.rpartition('/')[2]}"
    return ""
