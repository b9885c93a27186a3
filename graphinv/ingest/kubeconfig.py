"""Kubeconfig files: which clusters they reach, and as whom, by a token, a certificate, a password or a program that fetches one.

Drawn:
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity entry of the file)-[:ASSUMES]->(:Identity user, service account or role of a cloud)
    (:Runtime home folder)-[:HOLDS]->(:Secret), where it is the one of a home folder
    (:Identity user)-[:MEMBER_OF]->(:Identity group), (:Identity entry)-[:CAN_ACCESS]->(:Resource cluster)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.azure import names as azure
from graphinv.ingest.support.cloud_logins import named_by_path
from graphinv.ingest.support.jwt import claims_of
from graphinv.ingest.support.kubernetes.names import cluster_key, object_id
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.machines import home_of, kept_there
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import problem, text
from graphinv.ingest.support.secrets import Recognised, recognise_all, redact, secret_key, secret_node
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

NAME = "kubeconfig"
TITLE = "Kubeconfig files"
FILES = ("**/.kube/config", "**/kubeconfig", "any other YAML or JSON file of `kind: Config` with clusters and users")
MAX_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 1_000

_KIND = re.compile(rb"^[\"']?kind[\"']?\s*:\s*[\"']?Config[\"']?\s*,?\s*$|\"kind\"\s*:\s*\"Config\"", re.MULTILINE)
_PARTS = re.compile(rb"^[ {]*[\"']?(?:clusters|contexts|current-context|users)[\"']?\s*:|\"(?:clusters|users)\"\s*:", re.MULTILINE)
_NAMED = re.compile(r"(?:^|/)(?:\.kube/config|(?:[\w-]+[.-])?kubeconfig(?:[-_][\w-]+)?|[\w.-]+\.kubeconfig)$", re.IGNORECASE)
_GROUP = re.compile(rb"\x06\x03\x55\x04\x0a[\x0c\x13](.)", re.DOTALL)
_PERSON = re.compile(rb"\x06\x03\x55\x04\x03[\x0c\x13](.)", re.DOTALL)
_VALID = re.compile(rb"\x17\x0d([0-9]{12})Z\x17\x0d([0-9]{12})Z")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,500}")
_ADMINISTRATORS = frozenset({"system:masters", "kubeadm:cluster-admins"})
_NOT_TOLD: Props = {"evidence": ["inferred"], "confidence": 0.5}


def detect(path: str, head: bytes) -> bool:
    """Whether it is of the kind ``Config`` and has clusters, users or contexts; of any suffix where its name says so."""
    named = path.lower().endswith((".yaml", ".yml", ".json", ".conf")) or _NAMED.search(path) is not None
    return named and _KIND.search(head) is not None and _PARTS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """What each entry of its users stands for, and the clusters that it is used for.

    Raises:
        IngestError: not text, or neither YAML nor JSON.
    """
    for located in yamldoc.parse(document.text(), document):
        if isinstance(located.value, dict) and located.value.get("kind") == "Config":
            keys: dict[NodeKey, int | None] = {}
            for fact in _Config(document, located, located.value).facts():
                yield fact
                if isinstance(fact, NodeFact) and fact.kind == "Secret":
                    keys.setdefault(fact.key, None)
            yield from kept_there(document, home_of(document.path, ".kube/config"), keys)


@dataclass
class _Config:
    document: Document
    located: Located
    value: Mapping[str, Any]
    clusters: dict[str, set[str]] = field(default_factory=dict)
    """User's name → clusters that contexts use it for."""

    def facts(self) -> Iterator[Fact]:
        for context in items(self.value.get("contexts"))[:MAX_ENTRIES]:
            stated = inside(context, "context")
            self.clusters.setdefault(text(stated.get("user")), set()).add(redact(text(stated.get("cluster"))))
        for number, cluster in enumerate(items(self.value.get("clusters"))[:MAX_ENTRIES]):
            name = redact(text(cluster.get("name")))
            if name:
                server = redact(text(inside(cluster, "cluster").get("server"), 500))
                labels = [f"server={server}"] if server else None
                yield NodeFact(*cluster_key(name), {"type": "cluster", "labels": labels, "sources": self.at("clusters", number)})
        for number, user in enumerate(items(self.value.get("users"))[:MAX_ENTRIES]):
            name = text(user.get("name"))
            if name:
                yield from self.user(number, name, inside(user, "user"))
            else:
                yield problem(self.document, self.located.line("users", number), "is a user without a name", NAME)

    def used(self, name: str) -> list[str]:
        """Clusters that the entry ``name`` is used for."""
        return sorted(filter(None, self.clusters.get(name, ())))

    def at(self, *pointer: str | int) -> list[str]:
        return [self.document.source(self.located.line(*pointer))]

    def user(self, number: int, name: str, stated: Mapping[str, Any]) -> Iterator[Fact]:
        entry: NodeKey = ("Identity", f"kubeconfig:{self.document.root}/{self.document.path}#{redact(name)}")
        sources = self.at("users", number)
        program = stated.get("exec")
        labels = [f"exec={redact(text(inside(stated, 'exec').get('command'))).rpartition('/')[2]}"] if isinstance(program, dict) else []
        if said := redact(text(stated.get("as"))):
            labels.append(f"impersonates={said}")
        props: Props = {"name": redact(name), "type": "kubernetes_user", "provider": "kubernetes", "labels": labels or None}
        yield NodeFact(*entry, {**props, "sources": sources})
        common: Props = {"evidence": ["declared"], "sources": sources}
        known = False
        for fact in (
            *self.secrets(number, entry, name, stated),
            *self.certificate(number, entry, name, stated),
            *self.program(entry, stated, common),
        ):
            known |= isinstance(fact, EdgeFact) and fact.kind == "ASSUMES"
            yield fact
        for cluster in self.used(name):
            yield NodeFact(*cluster_key(cluster), {"type": "cluster", "sources": sources})
            if not known:
                # What a cluster lets it do is the cluster's to say; that it is let in is all that this file tells.
                yield EdgeFact("CAN_ACCESS", entry, cluster_key(cluster), {**common, **_NOT_TOLD, "actions": ["read", "write"]})

    # ---- credentials --------------------------------------------------------------------------------------------------------

    def secrets(self, number: int, entry: NodeKey, name: str, stated: Mapping[str, Any]) -> Iterator[Fact]:
        """Tokens, passwords and keys that stand in the file, or in files that it names."""
        provider = inside(stated, "auth-provider", "config")
        here: Pointer = ("users", number, "user")
        given: list[tuple[str, object, Pointer]] = [
            (key, stated.get(key), (*here, key)) for key in ("token", "password", "client-key-data")
        ]
        given += [(str(key), value, (*here, "auth-provider", "config", str(key))) for key, value in provider.items()]
        for key, value, pointer in given:
            said = text(value, 20_000)
            plain = _decoded(said).decode("ascii", "ignore") if key == "client-key-data" else said
            for found in recognise_all(key, plain):
                yield from self.opens(found, entry, pointer)
            if key == "token" and (account := _account(plain)):
                for cluster in self.used(name):
                    bot: NodeKey = ("Identity", object_id(cluster, account[0], "ServiceAccount", account[1]))
                    yield EdgeFact("ASSUMES", entry, bot, self.said(pointer))
        for key in ("tokenFile", "client-key"):
            path = text(stated.get(key), 500)
            if path and redact(path) == path:
                target = Ref("Secret", "file", path, fallback=f"file:{self.document.root}#{path}")
                yield EdgeFact("AUTHENTICATES_AS", target, entry, self.said(("users", number, "user", key)))

    def opens(self, found: Recognised, entry: NodeKey, pointer: Pointer) -> Iterator[Fact]:
        key = secret_key(self.document, found)
        yield secret_node(self.document, self.located.line(*pointer), found)
        yield from named_by_path(self.document, key)
        yield EdgeFact("AUTHENTICATES_AS", key, entry, self.said(pointer))

    def said(self, pointer: Pointer) -> Props:
        return {"evidence": ["declared"], "sources": self.at(*pointer)}

    def certificate(self, number: int, entry: NodeKey, name: str, stated: Mapping[str, Any]) -> Iterator[Fact]:
        """The user and the groups that a client certificate is made out to."""
        pointer = ("users", number, "user", "client-certificate-data")
        data = _decoded(text(stated.get("client-certificate-data"), 100_000))
        data = (
            _decoded("".join(data.decode("ascii", "ignore").split("\n")[1:]).partition("-----")[0]) if b"-----BEGIN" in data[:40] else data
        )
        people, groups = _strings(_PERSON, data), _strings(_GROUP, data)
        for cluster in self.used(name) if people else ():
            user: NodeKey = ("Identity", object_id(cluster, "", "User", redact(people[-1])))
            props: Props = {"name": redact(people[-1]), "type": "kubernetes_user", "provider": "kubernetes", "binding": "bearer"}
            yield NodeFact(*user, {**props, "labels": _validity(data), "sources": self.at(*pointer)})
            yield EdgeFact("ASSUMES", entry, user, self.said(pointer))
            for group in dict.fromkeys(map(redact, groups)):
                key: NodeKey = ("Identity", object_id(cluster, "", "Group", group))
                yield NodeFact(*key, {"name": group, "type": "group", "provider": "kubernetes", "sources": self.at(*pointer)})
                yield EdgeFact("MEMBER_OF", user, key, self.said(pointer))
                if group in _ADMINISTRATORS:
                    yield EdgeFact("CAN_ACCESS", key, cluster_key(cluster), {**self.said(pointer), "actions": ["admin"]})

    def program(self, entry: NodeKey, stated: Mapping[str, Any], common: Props) -> Iterator[Fact]:
        """What a program that fetches credentials is told: a role or an application, and secrets in its arguments and variables."""
        run = inside(stated, "exec")
        arguments = [one for one in texts(run.get("args"))[:200] if len(one) < 5000]
        variables = {text(one.get("name")): text(one.get("value"), 5000) for one in items(run.get("env"))[:200]}
        for one in dict.fromkeys([*arguments, *(said for said in variables.values())]):
            match = _ROLE.search(one)
            if match:
                yield NodeFact("Identity", redact(match[0]), {"type": "iam_role", "provider": "aws", "sources": common["sources"]})
                yield EdgeFact("ASSUMES", entry, ("Identity", redact(match[0])), common)
        for flag, value in pairwise(arguments):
            if flag in ("--client-id", "-client-id") and azure.is_guid(value):
                yield EdgeFact("ASSUMES", entry, azure.identity(value), common)
        for found in [
            *recognise_all("", " ".join(arguments)),
            *(one for name, said in variables.items() for one in recognise_all(name, said)),
        ]:
            yield secret_node(self.document, None, found)
            yield EdgeFact("AUTHENTICATES_AS", secret_key(self.document, found), entry, common)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=False)
    except (ValueError, binascii.Error):
        return b""


def _strings(pattern: re.Pattern[bytes], data: bytes) -> list[str]:
    """The texts of a certificate's names under one attribute, its issuer's first and its subject's last."""
    found = [data[match.end() : match.end() + match[1][0]] for match in pattern.finditer(data[:20_000])]
    return [one.decode("utf-8", "replace") for one in found if one]


def _validity(data: bytes) -> list[str] | None:
    match = _VALID.search(data[:20_000])
    if match is None:
        return None
    try:
        until = datetime.strptime(match[2].decode(), "%y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return [f"certificate_until={until:%Y-%m-%d}"]


def _account(token: str) -> tuple[str, str] | None:
    """Namespace and name of the service account that a token of Kubernetes is for."""
    claims = claims_of(token)
    match = re.fullmatch(r"system:serviceaccount:([\w.-]{1,100}):([\w.-]{1,253})", claims.text("sub")) if claims else None
    return (match[1], match[2]) if match else None
