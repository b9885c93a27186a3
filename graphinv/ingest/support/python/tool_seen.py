"""What was seen of a tool's body, and the facts about the tool that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from graphinv.ingest import Document
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.effects import Action, actions_of
from graphinv.ingest.support.python.tree import Tree
from graphinv.ingest.support.python.values import Const, Value
from graphinv.ingest.support.python.vaults import aws_secret
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

INFERRED: Props = {"evidence": ["inferred"], "confidence": 0.7}


@dataclass
class Seen:
    """What was seen of one tool."""

    tree: Tree
    effects: set[str] = field(default_factory=set)
    untrusted: bool = False
    partly: bool = False
    """Whether something was called of which nothing is known."""
    variables: dict[str, Value] = field(default_factory=dict)
    secrets: dict[NodeKey, NodeFact] = field(default_factory=dict)
    resources: dict[NodeKey, tuple[NodeFact, set[str], Value]] = field(default_factory=dict)
    roles: dict[str, Value] = field(default_factory=dict)
    addresses: dict[str, Const] = field(default_factory=dict)

    def secret(self, secret: NodeFact) -> None:
        """A literal credential."""
        self.secrets.setdefault(secret.key, secret)

    def resource(self, key: NodeKey, props: Props, actions: Iterable[str], at: Value) -> None:
        """Something that is acted on; ``at`` is where it is named."""
        node = NodeFact(*key, {**props, "sources": [self.tree.source(at)]})
        known = self.resources.setdefault(key, (node, set(), at))
        known[1].update(actions)

    def host(self, scheme: str, host: str, port: str, action: Action, at: Value) -> None:
        """A host that requests go to."""
        scope = f"{self.tree.root}#" if is_here(host) else ""
        key = ("Resource", f"{scope}{scheme}://{host}{':' + port if port else ''}")
        props: Props = {"name": host, "type": "api", "external": not is_internal(host)}
        self.resource(key, props, actions_of(action.effects), at)

    def bucket(self, name: str, actions: list[str], at: Value) -> None:
        """A bucket of S3."""
        self.resource(("Resource", f"arn:aws:s3:::{name}"), {"name": name, "type": "bucket"}, actions, at)

    def table(self, name: str, actions: list[str], at: Value) -> None:
        """A table of DynamoDB."""
        # Which account and region it is in, only the one who runs it knows.
        self.resource(
            ("Resource", f"dynamodb:{self.tree.root}#{name}"), {"name": name, "type": "table", "kind_detail": "dynamodb"}, actions, at
        )

    def managed_secret(self, name: str, actions: list[str], at: Value) -> None:
        """A secret of AWS Secrets Manager, by its name or ARN."""
        secret = aws_secret(name, self.tree.root)
        if secret is not None:
            self.resource(secret.key, secret.props, actions, at)

    def facts(self, key: NodeKey, source: str, *, served: bool) -> Iterator[Fact]:
        """What was seen, as facts about ``key``."""
        props: Props = {"sources": [source]}
        if self.effects or not self.partly:
            props["effects"] = sorted(self.effects)
        if self.untrusted or not self.partly:
            props["ingests_untrusted"] = self.untrusted
        if self.partly:
            props["labels"] = ["body=partly followed"]
        yield NodeFact(*key, props)
        yield from self._held(key)
        yield from self._databases(key, served)
        for role, at in self.roles.items():
            identity = ("Identity", role)
            sources = [self.tree.source(at)]
            yield NodeFact(*identity, {"name": role.rpartition("/")[2], "type": "iam_role", "provider": "aws", "sources": sources})
            yield EdgeFact("RUNS_AS", key, identity, {**INFERRED, "sources": sources})
        if served and self.partly:
            return
        for resource, (node, actions, at) in self.resources.items():
            allowed = sorted(actions) or actions_of(self.effects)
            if allowed:
                yield node
                yield EdgeFact("CAN_ACCESS", key, resource, {**INFERRED, "actions": allowed, "sources": [self.tree.source(at)]})

    def _held(self, key: NodeKey) -> Iterator[Fact]:
        for secret in self.secrets.values():
            yield secret
            yield EdgeFact("HOLDS", key, secret.key, {"place": "repo", "evidence": ["declared"], "sources": list(secret.props["sources"])})
        for name, at in self.variables.items():
            target = Ref("Secret", "env", name, fallback=f"env:{self.tree.root}#{name}")
            yield EdgeFact("HOLDS", key, target, {"place": "env", "evidence": ["declared"], "sources": [self.tree.source(at)]})

    def _databases(self, key: NodeKey, served: bool) -> Iterator[Fact]:
        for text, value in self.addresses.items():
            # The password was taken out when the document was read: its place is kept by a reference, which then becomes the secret.
            address = re.sub(r":\*\*\*@", ":${password}@", text)
            document = Document(self.tree.root, value.module.path, b"", lambda _: "0" * 32)
            for fact in database_facts(document, value.line, address, key):
                if isinstance(fact, EdgeFact) and isinstance(fact.source, Ref):
                    if value.secrets:
                        yield replace(fact, source=value.secrets[0].key)
                    continue
                yield fact
                if isinstance(fact, NodeFact) and fact.kind == "Resource" and not (served and self.partly):
                    actions = actions_of(self.effects - {"egress"})
                    if actions:
                        yield EdgeFact("CAN_ACCESS", key, fact.key, {**INFERRED, "actions": actions, "sources": [self.tree.source(value)]})
