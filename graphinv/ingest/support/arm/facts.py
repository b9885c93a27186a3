"""What the resources of a template say: identities, role assignments, runtimes, stores, secrets, models.

Drawn as for Azure's dumps (:mod:`graphinv.ingest.azure_rbac`). Identities of resources go by what only the deployment tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.arm import graph, verified
from graphinv.ingest.support.arm.things import Foreign, Instance, Thing, World
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.roles import vault_actions
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.partial import Value, is_known, objects, references, text_of
from graphinv.ingest.support.parts import texts
from graphinv.model.facts import Fact, Grant, NodeFact, NodeKey, Problem

STORES: Mapping[str, str] = {
    "microsoft.apimanagement/service": "api_gateway",
    "microsoft.cache/redis": "cache",
    "microsoft.cognitiveservices/accounts": "ai_service",
    "microsoft.containerregistry/registries": "image_repository",
    "microsoft.containerservice/managedclusters": "cluster",
    "microsoft.dbformysql/flexibleservers": "database",
    "microsoft.dbforpostgresql/flexibleservers": "database",
    "microsoft.documentdb/databaseaccounts": "database",
    "microsoft.eventhub/namespaces": "queue",
    "microsoft.keyvault/vaults": "key_vault",
    "microsoft.search/searchservices": "search",
    "microsoft.servicebus/namespaces": "queue",
    "microsoft.sql/servers": "database",
    "microsoft.storage/storageaccounts": "storage_account",
}
RUNTIMES: Mapping[str, str] = {
    "microsoft.app/containerapps": "container",
    "microsoft.app/jobs": "container",
    "microsoft.botservice/botservices": "saas",
    "microsoft.cognitiveservices/accounts/projects": "saas",
    "microsoft.compute/virtualmachines": "vm",
    "microsoft.containerinstance/containergroups": "container",
    "microsoft.logic/workflows": "saas",
    "microsoft.machinelearningservices/workspaces": "saas",
    "microsoft.machinelearningservices/workspaces/onlineendpoints": "container",
    "microsoft.resources/deploymentscripts": "container",
    "microsoft.web/sites": "function",
    "microsoft.web/sites/slots": "function",
}
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_ASSIGNMENT = "/providers/microsoft.authorization/roleassignments/"
DATA_ROLES: Mapping[str, tuple[str, ...]] = {
    "00000000-0000-0000-0000-000000000001": ("read",),
    "00000000-0000-0000-0000-000000000002": ("delete", "read", "write"),
}
"""Roles of Cosmos DB for its data."""
_ABOUT_IDENTITY = re.compile(r"\b(?:client|principal|tenant)Id of ")
"""What is told of an identity, which is no credential."""
_OF_VAULT = re.compile(
    r"@Microsoft\.KeyVault\((?:SecretUri=https://([\w-]{1,60})\.vault\.azure\.net/secrets/([\w-]{1,127})"
    r"|VaultName=([\w-]{1,60});\s*SecretName=([\w-]{1,127}))",
    re.IGNORECASE,
)


@dataclass
class Deployment:
    """All of a template that is deployed by itself."""

    world: World
    site: Callable[[str, int, Mapping[str, str]], Site]
    """Where something stands: by document, line and tags."""
    services: Mapping[str, str] = field(default_factory=dict)
    """Name of a service of the Azure Developer CLI → folder of its code."""
    vaults: dict[str, str] = field(default_factory=dict)
    """Name of a key vault → its id."""

    def facts(self, found: Iterable[Instance | Foreign]) -> Iterator[Fact]:
        things = [made for one in found if (made := self.thing(one)) is not None]
        self.vaults |= {thing.name.lower(): thing.id for thing, _ in things if thing.type == "microsoft.keyvault/vaults"}
        for thing, module in things:
            try:
                yield from self.of_thing(thing)
                for principal, role in verified.assignments(module.given) if module else ():
                    yield from self.assigned(thing.site, thing.id, principal, role, "", f"{thing.id}.roleAssignments")
            except (TypeError, ValueError, AttributeError, KeyError, IndexError):
                # Values of any shape may stand anywhere; one that fits no reading costs its own resource only.
                yield Problem(
                    thing.site.path, f"L{thing.site.line}", f"{thing.type} has values of unexpected types", "error", thing.site.ingestor
                )

    def thing(self, one: Instance | Foreign) -> tuple[Thing, Foreign | None] | None:
        """A resource to read; None for one that is there already, and for a template of which nothing is known."""
        frame = one.frame
        if (
            frame is None
            or (isinstance(one, Foreign) and not one.id)
            or (isinstance(one, Instance) and (not one.resource or one.resource.existing))
        ):
            return None
        if isinstance(one, Foreign):
            body = frame.settled(verified.body_of(one.type, {key: frame.settled(value) for key, value in one.given.items()}))
            kind, line = one.type.lower(), one.module.line
        else:
            body, kind, line = frame.settled(one.body()), one.type, one.resource.line if one.resource else 1
        tags = body.get("tags") if isinstance(body, dict) else None
        stated = (
            {str(key): value for key, value in tags.items() if isinstance(value, str) and is_known(value)} if isinstance(tags, dict) else {}
        )
        site = self.site(frame.template.path, line, stated)
        return Thing(site, kind, one.id.lower(), one.name, body), one if isinstance(one, Foreign) else None

    # ---- one resource -------------------------------------------------------------------------------------------------------

    def of_thing(self, thing: Thing) -> Iterator[Fact]:
        if thing.type in STORES:
            yield from declared.store(thing.site, thing.key, STORES[thing.type], thing.title, kind_detail=thing.type)
        if thing.type in RUNTIMES:
            yield from self.runtime(thing)
        elif thing.type == _IDENTITY:
            yield from self.managed(thing)
        elif _ASSIGNMENT in thing.id:
            scope, properties = thing.id.partition(_ASSIGNMENT)[0], thing.properties
            condition = text_of(properties.get("condition"))
            role = properties.get("roleDefinitionId")
            yield from self.assigned(thing.site, scope, properties.get("principalId"), role, condition, f"{thing.id}.principalId")
        for kind, reader in _READERS.items():
            if thing.type == kind:
                yield from reader(self, thing)
        if thing.type in graph.READERS:
            yield from graph.READERS[thing.type](self.world, thing)

    def principal(self, site: Site, value: Value, fallback: str) -> NodeKey:
        """An identity by its object id, known or not."""
        text = text_of(value)
        return names.identity(site.id(text or text_of(self.world.told(fallback, "principalId"))))

    def managed(self, thing: Thing) -> Iterator[Fact]:
        """A user-assigned identity, which has three names: its resource id, its client id and its principal's id."""
        site, own = thing.site, ("Identity", thing.key)
        principal = self.principal(site, None, thing.id)
        client = names.identity(site.id(text_of(self.world.told(thing.id, "clientId"))))
        for key in (own, principal, client):
            yield site.node(*key, thing.title, type="managed_identity", provider="entra", binding="platform")
        yield site.edge("ASSUMES", own, principal)
        yield site.edge("ASSUMES", client, principal)

    def assigned(self, site: Site, scope: str, principal: Value, role: Value, condition: str, fallback: str) -> Iterator[Fact]:
        """A role on a scope."""
        word = site.id(text_of(role).rpartition("/")[2])
        if not word:
            yield site.problem("a role assignment whose role is not known from this template")
            return
        body: dict[str, Any] = {"role": word, "scope": site.id(scope).lower()}
        if condition:
            body["condition"] = site.name(condition)
        key = self.principal(site, principal, fallback)
        yield Grant("azure", key, "assignment", json.dumps(body, separators=(",", ":")), word, site.source, site.evidence)

    # ---- runtimes -----------------------------------------------------------------------------------------------------------

    def runtime(self, thing: Thing) -> Iterator[Fact]:
        """Something that runs, the managed identities that it has, and what its variables hold."""
        site, runtime = thing.site, ("Runtime", thing.key)
        yield from declared.workload(site, RUNTIMES[thing.type], thing.key, thing.title, labels=self.labels(thing))
        yield from self.held(site, runtime, dict(_variables(thing)))
        identity = thing.body.get("identity")
        identity = identity if isinstance(identity, dict) else {}
        kind, assigned = text_of(identity.get("type")).lower(), identity.get("userAssignedIdentities")
        if "systemassigned" in kind:
            own = self.principal(site, None, thing.id)
            yield site.node(*own, f"identity of {thing.title}", type="managed_identity", provider="entra", binding="platform")
            yield site.edge("RUNS_AS", runtime, own)
        for id in list(assigned)[:100] if isinstance(assigned, dict) else ():
            yield site.edge("RUNS_AS", runtime, ("Identity", site.id(str(id).lower())))

    def labels(self, thing: Thing) -> list[str]:
        """What it runs, for :mod:`graphinv.pipeline.deployments`."""
        images = [text_of(one.get("image")) for one in _containers(thing)]
        found = [f"image={image}" for image in images if is_known(image) and safe(image)]
        folder = self.services.get(thing.site.tags.get("azd-service-name", ""))
        found += [f"build={folder}"] if folder is not None and safe(folder) else []
        return [*found, f"manifest={thing.site.path}"] if found and safe(thing.site.path) else []

    def held(self, site: Site, holder: NodeKey, variables: Mapping[str, Value]) -> Iterator[Fact]:
        """(holder)-[:HOLDS]->(:Secret): what is written out, keys that the deployment asks services for, secrets of vaults."""
        for name, value in variables.items():
            text = text_of(value)
            keys = [key for reference in references(text) if (key := self.key_of(reference)) is not None]
            for of in dict.fromkeys(keys):
                secret, *more = self.opened(site, of)
                yield from (secret, *more)
                yield site.edge("HOLDS", holder, secret.key, place="env")
            if not keys and not _ABOUT_IDENTITY.search(text):
                yield from declared.held(site, holder, {name: value})
            for match in _OF_VAULT.finditer(text):
                vault, called = (match[1] or match[3]).lower(), (match[2] or match[4]).lower()
                id = self.vaults.get(vault, f"https://{vault}.vault.azure.net")
                yield site.edge("HOLDS", holder, ("Secret", site.id(f"{id}/secrets/{called}")), place="vault")

    def key_of(self, reference: str) -> str | None:
        """What a key is of that a reference to a service's answer means: the id of the service, or of a secret of a vault."""
        start = min((at for sign in ".[" if (at := reference.find(sign, reference.rfind(":") + 1)) > 0), default=len(reference))
        return self.world.keys.get(reference) or self.world.keys.get(reference[:start])

    def opened(self, site: Site, id: str) -> tuple[NodeFact, *tuple[Fact, ...]]:
        """The Secret that is a key, with what it opens: all that the service holds."""
        name = id.rpartition("/")[2]
        if "/secrets/" in id:
            return (site.node("Secret", site.id(id), name, type="key_vault_secret", lifetime="static"),)
        own = site.id(f"azure-key:{id}")
        secret = site.node("Secret", own, f"key of {name}", type="azure_account_key", lifetime="static")
        who = site.node("Identity", own, f"who has a key of {name}", type="account_key", provider="azure", binding="bearer")
        everything = ["delete", "execute", "read", "write"]
        opens = site.edge("CAN_ACCESS", who.key, ("Resource", site.id(id)), actions=everything, evidence=["inferred"])
        return secret, who, site.edge("AUTHENTICATES_AS", secret.key, who.key), opens


def _containers(thing: Thing) -> Iterator[Mapping[str, Any]]:
    template = thing.properties.get("template")
    for one in objects(template.get("containers") if isinstance(template, dict) else thing.properties.get("containers")):
        inner = one.get("properties")
        yield {**one, **inner} if isinstance(inner, dict) else one


def _variables(thing: Thing) -> Iterator[tuple[str, Value]]:
    """Variables of a runtime, and what else it is given when it starts."""
    properties = thing.properties
    config = properties.get("siteConfig")
    config = config if isinstance(config, dict) else {}
    configuration = properties.get("configuration")
    profile = properties.get("osProfile")
    lists = [config.get("appSettings"), config.get("connectionStrings")]
    lists += [configuration.get("secrets") if isinstance(configuration, dict) else None]
    for one in _containers(thing):
        lists += [one.get("env"), one.get("environmentVariables")]
    for pair in (pair for each in lists for pair in objects(each)):
        value = next((pair[key] for key in ("value", "secureValue", "connectionString", "keyVaultUrl") if pair.get(key) is not None), None)
        if value is not None:
            yield text_of(pair.get("name")), value
    for name in ("adminPassword", "customData"):
        if isinstance(profile, dict) and profile.get(name) is not None:
            yield name, profile[name]


# --------------------------------------------------------------------------------------------------------------------------------
# Parts of resources


def _settings(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """Variables of a site that stand in a resource of their own."""
    if thing.last.lower() in ("appsettings", "connectionstrings"):
        site = thing.id.partition("/config/")[0]
        values = {str(name): value.get("value") if isinstance(value, dict) else value for name, value in thing.properties.items()}
        yield from deployment.held(thing.site, ("Runtime", thing.site.id(site)), values)


def _vault(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """Who may read, write and delete what a key vault keeps."""
    vault = thing.id.partition("/accesspolicies/")[0]
    for policy in objects(thing.properties.get("accessPolicies")):
        permissions = policy.get("permissions")
        held = [word for kind in ("secrets", "keys", "certificates", "storage") for word in texts((permissions or {}).get(kind))]
        actions = vault_actions(held)
        if actions:
            principal = deployment.principal(thing.site, policy.get("objectId"), f"{thing.id}.accessPolicies")
            yield thing.site.edge(
                "CAN_ACCESS", principal, ("Resource", thing.site.id(vault)), actions=actions, inherited_from="access policy of the vault"
            )


def _vault_secret(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    value = thing.properties.get("value")
    yield from declared.secret(thing.site, thing.key, "key_vault_secret", thing.title, value)


def _federated(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """An identity elsewhere that a managed identity trusts."""
    owner = thing.id.partition("/federatedidentitycredentials/")[0]
    body = {name: thing.site.id(text_of(thing.properties.get(name))) for name in ("issuer", "subject")}
    principal = deployment.principal(thing.site, None, owner)
    yield Grant("entra", principal, "federated", json.dumps(body), "", thing.site.source, thing.site.evidence)


def _definition(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """A role of one's own."""
    site, properties = thing.site, thing.properties
    fields = ("actions", "notActions", "dataActions", "notDataActions")
    blocks = [
        {name: [site.id(one) for one in texts(block.get(name))] for name in fields} for block in objects(properties.get("permissions"))
    ]
    body = json.dumps({"name": site.name(text_of(properties.get("roleName")) or thing.title), "permissions": blocks}, separators=(",", ":"))
    role = site.id(thing.id.rpartition("/")[2]).lower()
    yield Grant("azure", ("Resource", f"azure-role:{role}"), "definition", body, "", site.source, site.evidence)


def _cosmos(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """A role for the data of an account of Cosmos DB."""
    account = thing.id.partition("/sqlroleassignments/")[0]
    role = text_of(thing.properties.get("roleDefinitionId")).rpartition("/")[2]
    principal = deployment.principal(thing.site, thing.properties.get("principalId"), thing.id)
    actions = DATA_ROLES.get(role)
    more = {"actions": list(actions)} if actions else {"actions": ["read", "write"], "evidence": ["inferred"]}
    yield thing.site.edge(
        "CAN_ACCESS", principal, ("Resource", thing.site.id(account)), **more, inherited_from="role for the account's data"
    )


def _model(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """A model that an account of Azure's AI services serves."""
    model = thing.properties.get("model")
    name = text_of(model.get("name")) if isinstance(model, dict) else ""
    if name and is_known(name):
        version = text_of(model.get("version")) if isinstance(model, dict) else ""
        yield thing.site.node("Model", thing.site.name(name), name, version=version if version and is_known(version) else None)


def _connection(deployment: Deployment, thing: Thing) -> Iterator[Fact]:
    """What a project of AI Foundry is connected to: with a key of its own, or as itself."""
    project = thing.id.partition("/connections/")[0]
    holder: NodeKey = ("Runtime", thing.site.id(project))
    credentials = thing.properties.get("credentials")
    stated = credentials if isinstance(credentials, dict) else {}
    if project.count("/") > 8 and "/projects/" in project:
        yield from deployment.held(thing.site, holder, {str(name): value for name, value in stated.items()})


_READERS: Mapping[str, Callable[[Deployment, Thing], Iterator[Fact]]] = {
    "microsoft.web/sites/config": _settings,
    "microsoft.keyvault/vaults": _vault,
    "microsoft.keyvault/vaults/accesspolicies": _vault,
    "microsoft.keyvault/vaults/secrets": _vault_secret,
    f"{_IDENTITY}/federatedidentitycredentials": _federated,
    "microsoft.authorization/roledefinitions": _definition,
    "microsoft.documentdb/databaseaccounts/sqlroleassignments": _cosmos,
    "microsoft.cognitiveservices/accounts/deployments": _model,
    "microsoft.cognitiveservices/accounts/projects/connections": _connection,
}
