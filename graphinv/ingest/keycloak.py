"""Keycloak realms: clients and their secrets, service accounts, roles and what they are made of.

Drawn:
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity client)-[:MEMBER_OF]->(:Identity role)-[:MEMBER_OF]->(:Identity role inside it)
    (:Identity role)-[:CAN_ACCESS {actions}]->(:Resource interface or realm)

Ids are ``keycloak:<root>/<realm>/…``: an export does not say at which address the realm is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import keycloak, oauth
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.records import Record, moment, records, text
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "keycloak"
TITLE = "Keycloak realm exports"
FILES = (
    "any JSON or YAML file with a `realm` and its `clients`, `users` or `roles`",
    "KeycloakRealmImport manifests",
    "JSON of one client or a list of clients (kcadm get clients, export of a client)",
)
MAX_BYTES = 64 * 1024 * 1024

_REALM = re.compile(rb"(?:^|[\s{,])[\"']?realm[\"']?\s*:\s*[\"']?[\w ./@-]{1,200}|KeycloakRealmImport")
_OF_KEYCLOAK = re.compile(
    rb"[\"']?(?:accessTokenLifespan|sslRequired|registrationAllowed|defaultSignatureAlgorithm|serviceAccountsEnabled|publicClient|clientId"
    rb"|notBefore|bruteForceProtected|serviceAccountClientId|realmRoles|ssoSessionIdleTimeout|KeycloakRealmImport)[\"']?"
)
_PART = re.compile(rb'^\s*\{\s*(?:"(?:id|enabled|displayName)"\s*:\s*[^,{}\[\]]{1,200},\s*){0,3}"realm"\s*:\s*"')
_HELD = re.compile(rb'"(?:users|groups|clients|roles|clientScopes)"\s*:\s*[\[{]')
"""A part of a realm that is imported into it."""
_CLIENT = re.compile(rb"\"(?:surrogateAuthRequired|clientAuthenticatorType|serviceAccountsEnabled|standardFlowEnabled|bearerOnly)\"\s*:")
_CLIENT_ID = re.compile(rb"^\s*(?:\[\s*)?\{[^{}]{0,2000}\"clientId\"\s*:")
_AT_REALM = re.compile(r"/(?:realms|admin)/([\w.-]{1,100})/(?:account|console)")
"""Address of a client that every realm has, which names the realm."""


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a realm, or as a client of one."""
    if path.lower().endswith(".json") and ((_PART.match(head) and _HELD.search(head)) or (_CLIENT_ID.match(head) and _CLIENT.search(head))):
        return True
    return path.lower().endswith((".json", ".yaml", ".yml")) and _REALM.search(head) is not None and _OF_KEYCLOAK.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Identities of each realm; of clients without one, those of the realm that their addresses name, else of one of the document's own.

    Raises:
        IngestError: not JSON or YAML.
    """
    bare: list[Record] = []
    for record in records(document):
        spec = record.value.get("spec")
        imported = record.value.get("kind") == "KeycloakRealmImport" and isinstance(spec, dict) and isinstance(spec.get("realm"), dict)
        realm = Record(spec["realm"], record.located, (*record.pointer, "spec", "realm")) if imported and spec else record
        if text(realm.value.get("realm")):
            yield from _Realm(document, realm, text(realm.value["realm"])).facts()
        elif text(record.value.get("clientId")):
            bare.append(record)
    addresses = (text(one.value.get(field), 2000) for one in bare for field in ("baseUrl", "adminUrl"))
    name = next((found[1] for address in addresses if (found := _AT_REALM.search(address))), f"({document.path})")
    for record in bare:
        yield from _Realm(document, record, name).of_client(record.value, ())


class _Realm:
    def __init__(self, document: Document, record: Record, name: str) -> None:
        self.document = document
        self.record = record
        self.value = record.value
        self.name = redact(name)
        self.prefix = f"keycloak:{document.root}/{self.name}"
        self.realm: NodeKey = ("Resource", f"saas:keycloak/{document.root}/{self.name}")
        # A realm's own number stands in what was taken out of a running server, not in what people write.
        self.evidence = "granted" if text(self.value.get("id")) and "keycloakVersion" in self.value else "declared"

    def sources(self, *where: str | int) -> list[str]:
        return [self.document.source(self.record.line(*where))]

    def stated(self, *where: str | int) -> Props:
        return {"evidence": [self.evidence], "sources": self.sources(*where)}

    def client(self, name: str) -> NodeKey:
        return "Identity", f"{self.prefix}/clients/{redact(name)}"

    def role(self, name: str, client: str = "") -> NodeKey:
        place = f"/clients/{redact(client)}" if client else ""
        return "Identity", f"{self.prefix}{place}/roles/{redact(name)}"

    def facts(self) -> Iterator[Fact]:
        yield NodeFact(*self.realm, {"name": f"realm {self.name}", "type": "realm", "sources": self.sources("realm")})
        yield from self.roles()
        for index, client in enumerate(items(self.value.get("clients"))):
            if text(client.get("clientId")):
                yield from self.of_client(client, ("clients", index))
        for index, group in enumerate(items(self.value.get("groups"))):
            yield from self.group(group, ("groups", index))
        for index, user in enumerate(items(self.value.get("users"))):
            yield from self.user(user, ("users", index))

    # ---- roles --------------------------------------------------------------------------------------------------------------

    def roles(self) -> Iterator[Fact]:
        stated = self.value.get("roles")
        stated = stated if isinstance(stated, dict) else {}
        for index, one in enumerate(items(stated.get("realm"))):
            yield from self.of_role(one, "", ("roles", "realm", index))
        of_clients = stated.get("client")
        for client, listed in of_clients.items() if isinstance(of_clients, dict) else ():
            for index, one in enumerate(items(listed)):
                yield from self.of_role(one, str(client), ("roles", "client", client, index))

    def of_role(self, one: dict[str, Any], client: str, where: tuple[str | int, ...]) -> Iterator[Fact]:
        """A role, what it lets its holder do, and the roles that it is made of."""
        name = text(one.get("name"))
        if not name:
            return
        key = self.role(name, client)
        yield from self.named(key, name, client, where)
        parts = one.get("composites")
        if isinstance(parts, dict):
            yield from self.holds(key, parts.get("realm"), parts.get("client"), where)

    def named(self, key: NodeKey, name: str, client: str, where: tuple[str | int, ...]) -> Iterator[Fact]:
        title = redact(f"{name} of {client}" if client else name)
        yield NodeFact(*key, {"name": title, "type": "role", "provider": "keycloak", "sources": self.sources(*where)})
        if actions := keycloak.on_realm(self.name, name, client):
            yield EdgeFact("CAN_ACCESS", key, self.realm, {"actions": actions, **self.stated(*where)})
        elif client and client not in keycloak.OWN_CLIENTS:
            target: NodeKey = ("Resource", f"{self.realm[1]}/{redact(client)}")
            yield NodeFact(*target, {"name": redact(client), "type": "api", "sources": self.sources(*where)})
            yield EdgeFact(
                "CAN_ACCESS", key, target, {"actions": oauth.actions_of([name]), "sources": self.sources(*where), **keycloak.GUESS}
            )

    def holds(self, holder: NodeKey, realm: object, clients: object, where: tuple[str | int, ...]) -> Iterator[Fact]:
        """(:Identity)-[:MEMBER_OF]->(:Identity role) for the roles of the realm and of its clients."""
        held = [(name, "") for name in texts(realm)]
        held += [(name, str(client)) for client, listed in (clients.items() if isinstance(clients, dict) else ()) for name in texts(listed)]
        for name, client in held[:5000]:
            key = self.role(name, client)
            if key != holder:
                yield from self.named(key, name, client, where)
                yield EdgeFact("MEMBER_OF", holder, key, self.stated(*where))

    # ---- who has them -------------------------------------------------------------------------------------------------------

    def of_client(self, client: dict[str, Any], where: tuple[str | int, ...]) -> Iterator[Fact]:
        id = text(client["clientId"])
        key = self.client(id)
        flows = {"standardFlowEnabled": "authorization_code", "implicitFlowEnabled": "implicit"}
        flows |= {"directAccessGrantsEnabled": "password", "serviceAccountsEnabled": "client_credentials"}
        labels = oauth.grants_label([grant for field, grant in flows.items() if client.get(field) is True])
        labels += ["full_scope=true"] if client.get("fullScopeAllowed") is True else []
        public = client.get("publicClient") is True
        status = "suspended" if client.get("enabled") is False else None
        name = text(client.get("name"))
        title = id if not name or name.startswith("${") else name
        yield oauth.client_node(key, title, "keycloak", self.sources(*where), public=public, status=status, labels=sorted(labels) or None)
        attributes = client.get("attributes")
        attributes = attributes if isinstance(attributes, dict) else {}
        props: Props = {
            "name": f"secret of {redact(id)}",
            "issued_at": moment(attributes.get("client.secret.creation.time")),
            "expires_at": moment(attributes.get("client.secret.expiration.time")),
        }
        line = self.record.line(*where, "secret")
        yield from oauth.secret_facts(self.document, line, client.get("secret"), key, self.evidence, props)

    def user(self, user: dict[str, Any], where: tuple[str | int, ...]) -> Iterator[Fact]:
        """A person, or the account that stands for a client."""
        name, client = text(user.get("username")), text(user.get("serviceAccountClientId"))
        if not name and not client:
            return
        key = self.client(client) if client else ("Identity", f"{self.prefix}/users/{redact(name)}")
        status = "suspended" if user.get("enabled") is False else None
        if not client:
            props: Props = {"name": redact(name), "type": "human", "provider": "keycloak", "status": status}
            yield NodeFact(*key, {**props, "sources": self.sources(*where)})
        yield from self.holds(key, user.get("realmRoles"), user.get("clientRoles"), where)
        for group in texts(user.get("groups"))[:1000]:
            yield EdgeFact("MEMBER_OF", key, self.group_key(group), self.stated(*where))

    def group_key(self, path: str) -> NodeKey:
        return "Identity", f"{self.prefix}/groups/{redact(path).strip('/')}"

    def group(self, top: dict[str, Any], at: tuple[str | int, ...]) -> Iterator[Fact]:
        """A group with those inside it; who is in one is in the groups around it."""
        waiting: list[tuple[dict[str, Any], str, NodeKey | None, tuple[str | int, ...]]] = [(top, "", None, at)]
        while waiting:
            group, above, around, where = waiting.pop()
            name = text(group.get("name"))
            if not name:
                continue
            path = text(group.get("path"), 2000) or f"{above}/{name}"
            key = self.group_key(path)
            yield NodeFact(*key, {"name": redact(name), "type": "group", "provider": "keycloak", "sources": self.sources(*where)})
            if around is not None:
                yield EdgeFact("MEMBER_OF", key, around, self.stated(*where))
            yield from self.holds(key, group.get("realmRoles"), group.get("clientRoles"), where)
            for index, inner in enumerate(items(group.get("subGroups"))):
                waiting.append((inner, path, key, (*where, "subGroups", index)))
