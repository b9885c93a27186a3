"""Resources of Microsoft Graph in Bicep: applications, service principals, what they are granted, whom they trust."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphinv.ingest.support.arm.things import Thing, World
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.partial import objects, text_of
from graphinv.model.facts import Fact, Grant, NodeKey


def _grant(thing: Thing, subject: NodeKey, role: str, body: Mapping[str, Any]) -> Grant:
    stated = json.dumps({"tenant": f"tenant({thing.site.root})", **body}, separators=(",", ":"))
    return Grant("entra", subject, role, stated, "", thing.site.source, thing.site.evidence)


def _by(thing: Thing, value: object) -> NodeKey:
    """An application by its client's id, or a service principal by its object's, as far as either is known."""
    return names.identity(thing.site.id(text_of(value)))


def application(world: World, thing: Thing) -> Iterator[Fact]:
    """An application, and the permissions that it asks for."""
    key = _by(thing, thing.body.get("appId") or world.told(thing.id, "appId"))
    title = text_of(thing.body.get("displayName") or thing.body.get("uniqueName")) or thing.title
    yield thing.site.node(*key, title, type="application", provider="entra")
    for block in objects(thing.body.get("requiredResourceAccess")):
        for access in objects(block.get("resourceAccess")):
            resource = thing.site.id(text_of(block.get("resourceAppId")))
            delegated = text_of(access.get("type")) == "Scope"
            yield _grant(
                thing, key, "requires", {"resource": resource, "id": thing.site.id(text_of(access.get("id"))), "delegated": delegated}
            )


def principal(world: World, thing: Thing) -> Iterator[Fact]:
    """(:Identity application)-[:ASSUMES]->(:Identity service principal)"""
    own = _by(thing, thing.id)
    yield thing.site.node(*own, text_of(thing.body.get("displayName")) or thing.title, type="service_principal", provider="entra")
    if thing.body.get("appId"):
        yield thing.site.edge("ASSUMES", _by(thing, thing.body["appId"]), own)


def credential(world: World, thing: Thing) -> Iterator[Fact]:
    """An identity elsewhere that an application trusts."""
    owner = thing.id.partition("/federatedidentitycredentials/")[0]
    body = {name: thing.site.id(text_of(thing.body.get(name))) for name in ("issuer", "subject")}
    yield Grant("entra", _by(thing, world.told(owner, "appId")), "federated", json.dumps(body), "", thing.site.source, "declared")


def assigned(world: World, thing: Thing) -> Iterator[Fact]:
    """A permission that an application, or a managed identity, has by itself."""
    resource, role = thing.site.id(text_of(thing.body.get("resourceId"))), thing.site.id(text_of(thing.body.get("appRoleId")))
    yield _grant(thing, _by(thing, thing.body.get("principalId")), "app-role", {"resource": resource, "name": "", "id": role})


READERS: Mapping[str, Callable[[World, Thing], Iterator[Fact]]] = {
    "microsoft.graph/applications": application,
    "microsoft.graph/serviceprincipals": principal,
    "microsoft.graph/applications/federatedidentitycredentials": credential,
    "microsoft.graph/approleassignedto": assigned,
}
