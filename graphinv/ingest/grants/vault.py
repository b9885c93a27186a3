"""Vault's policies.

Grants of ``provider`` ``vault``; ids are those of :mod:`graphinv.ingest.support.vault.paths`, ``body`` is the JSON object
``{"root": …, "value": …}``, root that of the ids:

    role       subject                                            value
    policy     ("Resource", "vault:<root>/sys/policies/acl/<n>")  [[path, [capability, …], whether what is written is limited], …]
    policies   ("Identity", role)                                 [name of a policy, …]
    workloads  ("Identity", role)                                 {"names": […], "namespaces": […]} of Kubernetes service accounts
    arns       ("Identity", role)                                 pattern of the ARNs that may log in
    subject    ("Identity", role)                                 subject of the tokens that may log in
    opens      ("Identity", issued)                               {"connection": path, "actions": […], "guess": whether they are a guess}
    connects   ("Resource", connection)                           id of the database

Of several paths in the policies of a role the most specific one that matches holds, as in Vault; capabilities on the same path unite, and
``deny`` among them wins. A path with a wildcard gives an edge to each known secret below and one to the folder; who can write policies or
logins has everything.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from graphinv.ingest.grants import Known
from graphinv.ingest.support.federation import GITHUB, federated, workloads
from graphinv.ingest.support.granted import granted_props, object_of, problem_of, sources_of, unread
from graphinv.ingest.support.parts import texts
from graphinv.ingest.support.vault.paths import USED, plain_path, thing_at
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props
from graphinv.model.kinds import ACTIONS

PROVIDER = "vault"
LOGIN = "login to Vault"
MAX_PLUS = 500
"""Patterns of one role with ``+`` in them."""
_ACTIONS = {"read": "read", "list": "read", "create": "write", "update": "write", "patch": "write", "delete": "delete", "sudo": "admin"}
_CHANGES = frozenset({"create", "update", "patch", "sudo", "root"})
_GIVES_ALL = re.compile(
    r"sys/(?:policy|policies/acl|auth|raw|generate-root\w*)/.+|auth/[^/]+/(?:roles?|users|groups|certs|map)/.+"
    r"|identity/(?:entity|group)(?:-alias)?(?:/.+)?"
)
_TOKENS = re.compile(r"auth/token/create(?:-orphan)?\*?")
"""Who makes tokens gives them policies of its own alone, unless it has ``sudo`` here."""
_SYSTEM = ("sys/", "auth/", "identity/", "cubbyhole/")
_ADDRESS = re.compile(r"vault:(https?://[^/]+)/")
_SUFFIX = re.compile(r"[-_.]?(?:vault[-_.]?)?policy$|^policy[-_.]|^vault[-_.]policy[-_.]")
SAME_STEM: Props = {"evidence": ["inferred"], "confidence": 0.6}
"""A file ``app-policy.hcl`` and a policy ``app``: under which name it was written is not in the file."""

ONE_VAULT: Props = {"evidence": ["inferred"], "confidence": 0.7}
"""The only Vault of which policies are known and the only one whose address is known are taken for the same."""


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges, folders and secrets that policies name; O(roles · (rules + secrets that they reach))."""
    by_root: dict[str, list[tuple[Grant, Any]]] = defaultdict(list)
    for grant in grants:
        body = object_of(grant)
        by_root[str(body.get("root") or "")].append((grant, body.get("value")))
    addresses = {match[1] for id in known.ids("Secret", prefix="vault:http") if (match := _ADDRESS.match(id))}
    # Policies do not say of which Vault they are: where there is only one of both, it is that one.
    address = next(iter(addresses)) if len(addresses) == len(by_root) == 1 else ""
    for root in sorted(by_root):
        yield from _Vault(root, by_root[root], known, address).facts()


class _Rule:
    """Capabilities on a pattern of paths."""

    def __init__(self, path: str, capabilities: Sequence[str]) -> None:
        # What a template fills in may be anything, within its segment.
        self.path = re.sub(r"\{\{.*?\}\}", "+", path.strip("/") if path != "*" else path)
        self.capabilities = frozenset(capabilities)
        self.wild = self.path.endswith("*") or "+" in self.path.split("/")
        self.prefix = self.path.removesuffix("*")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of a path with ``+`` in it."""
        inner = "/".join("[^/]+" if part == "+" else re.escape(part) for part in self.prefix.split("/"))
        return re.compile(inner + (".*" if self.path.endswith("*") else ""))

    @property
    def rank(self) -> tuple[object, ...]:
        """Larger is more specific, by Vault's own order."""
        first = min((at for at in (self.path.find("*"), self.path.find("+")) if at >= 0), default=len(self.path) + 1)
        return (first, not self.path.endswith("*"), -self.path.split("/").count("+"), len(self.path), self.path)


_Parts = list[tuple[_Rule, Grant]]
"""Rules on one pattern, with the policies that they stand in."""


class _Rules:
    """The rules of a role; finds the most specific pattern of a path in O(length + patterns with ``+``)."""

    def __init__(self, by_path: Mapping[str, _Parts]) -> None:
        self.ordered = sorted(by_path.values(), key=lambda parts: parts[0][0].rank, reverse=True)
        self.exact = {path: parts for path, parts in by_path.items() if not parts[0][0].wild}
        plus = [parts for parts in self.ordered if "+" in parts[0][0].path.split("/")]
        self.plus, self.left_out = plus[:MAX_PLUS], len(plus) > MAX_PLUS
        prefixes = [parts for parts in self.ordered if parts[0][0].wild and "+" not in parts[0][0].path.split("/")]
        self.prefixes = {parts[0][0].prefix: parts for parts in prefixes}
        self.lengths = sorted({len(prefix) for prefix in self.prefixes}, reverse=True)

    def holding(self, path: str) -> _Parts:
        """The rules on the most specific pattern that matches ``path``."""
        found = [self.exact[path]] if path in self.exact else []
        found += [self.prefixes[path[:length]] for length in self.lengths if length <= len(path) and path[:length] in self.prefixes][:1]
        found += [parts for parts in self.plus if parts[0][0].pattern.fullmatch(path)][:1]
        return max(found, key=lambda parts: parts[0][0].rank, default=[])

    def reached(self, paths: Sequence[tuple[str, str]]) -> set[str]:
        """Ids of those of ``paths`` (in order) that any pattern matches; O(patterns · log + matches + patterns with ``+`` · paths)."""
        found: set[str] = set()
        for parts in self.ordered:
            rule = parts[0][0]
            if "+" in rule.path.split("/"):
                continue
            at = bisect_left(paths, (rule.prefix, ""))
            while at < len(paths) and (paths[at][0].startswith(rule.prefix) if rule.wild else paths[at][0] == rule.path):
                found.add(paths[at][1])
                at += 1
        for parts in self.plus:
            found |= {id for path, id in paths if parts[0][0].pattern.fullmatch(path)}
        return found


class _Vault:
    def __init__(self, root: str, grants: Sequence[tuple[Grant, Any]], known: Known, address: str) -> None:
        self.address = f"vault:{address}/" if address else ""
        self.root = root
        self.known = known
        self.grants = grants
        self.start = f"vault:{root}/"
        self.policies: dict[str, tuple[Grant, list[_Rule]]] = {}
        self.connections: dict[str, str] = {}
        for grant, body in grants:
            if grant.role == "policy" and isinstance(body, list):
                name = grant.subject[1].rpartition("/")[2]
                found = [_Rule(one[0], one[1]) for one in body if _well_formed(one)]
                before = self.policies.get(name)
                self.policies[name] = (grant, [*(before[1] if before else []), *found])
            elif grant.role == "connects" and isinstance(body, str):
                self.connections[grant.subject[1].removeprefix(self.start)] = body

    @cached_property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Id of each known secret → the paths by which it is asked for."""
        found: dict[str, tuple[str, ...]] = {}
        for start in filter(None, (self.start, self.address)):
            for id in self.known.ids("Secret", prefix=start):
                path = id.removeprefix(start)
                mount, slash, rest = path.partition("/")
                if slash and "#" not in path:
                    found[id] = (path, f"{mount}/data/{rest}")
        return found

    @cached_property
    def paths(self) -> list[tuple[str, str]]:
        """(path, id) of each known secret, in order."""
        return sorted((path, id) for id, paths in self.secrets.items() for path in paths)

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """Name without what files of policies are called besides → names of the policies."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.policies:
            found[_SUFFIX.sub("", name)].append(name)
        return found

    def facts(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        missing: set[str] = set()
        for grant, body in self.grants:
            match grant.role:
                case "policies" if isinstance(body, list):
                    yield from self.role(grant, [name for name in body if isinstance(name, str)], missing)
                case "workloads" if isinstance(body, dict):
                    yield from self.accounts(grant, body)
                case "arns" if isinstance(body, str):
                    pattern = re.compile(".*".join(map(re.escape, body.split("*")))) if body.count("*") < 6 else None
                    for one in self.known.ids("Identity", prefix="arn:"):
                        if pattern and pattern.fullmatch(one):
                            yield EdgeFact("ASSUMES", ("Identity", one), grant.subject, {**granted_props(grant), "kind_detail": LOGIN})
                case "subject" if isinstance(body, str):
                    issuer = f"https://{GITHUB}" if body.startswith("repo:") else ""
                    yield from federated(self.known, issuer, body, grant.subject, {**granted_props(grant), "kind_detail": LOGIN})
                case "opens" if isinstance(body, dict):
                    yield from self.opens(grant, body)
                case "policy" | "connects":
                    pass
                case _:
                    yield unread(grant)

    # ---- roles --------------------------------------------------------------------------------------------------------------

    def role(self, grant: Grant, wanted: list[str], missing: set[str]) -> Iterator[NodeFact | EdgeFact | Problem]:
        """What the policies of one role allow it."""
        rules: dict[str, list[tuple[_Rule, Grant]]] = defaultdict(list)
        by_stem = False
        for name in dict.fromkeys(wanted):
            found = [name] if name in self.policies else self.stems.get(_SUFFIX.sub("", name), [])
            by_stem |= found != [name] and bool(found)
            for one in found:
                stated, written = self.policies[one]
                for rule in written:
                    rules[rule.path].append((rule, stated))
            if name == "root":
                yield from self.everything(grant.subject, [grant], "root")
            elif not found and name != "default" and name not in missing:
                missing.add(name)
                yield problem_of(grant, f"the policy {name} is not among what was read; what it allows is not known", "warning")
        guess = SAME_STEM if by_stem else {}
        found_rules = _Rules(rules)
        if found_rules.left_out:
            yield problem_of(grant, f"its policies hold more than {MAX_PLUS} paths with +; the rest is left out", "error")
        origin = ", ".join(dict.fromkeys(wanted))[:300]
        for parts in found_rules.ordered:
            yield from self.rule(grant, parts, origin, guess)
        for id in sorted(found_rules.reached(self.paths)):
            holding = [found_rules.holding(path) for path in self.secrets[id]]
            actions = sorted(
                {_ACTIONS[one] for parts in holding for one in _united(parts) if one in _ACTIONS and one not in ("list", "sudo")}
            )
            sources = [stated for parts in holding for _, stated in parts]
            if actions:
                unsure = ONE_VAULT if self.address and id.startswith(self.address) else {}
                yield EdgeFact("CAN_ACCESS", grant.subject, ("Secret", id), _access(grant, sources, actions, origin) | unsure | guess)

    def rule(self, grant: Grant, parts: list[tuple[_Rule, Grant]], origin: str, guess: Props) -> Iterator[NodeFact | EdgeFact]:
        """The edges of one pattern that lead to more than known secrets."""
        rule, stated = parts[0][0], [one for _, one in parts]
        held = _united(parts)
        if not held:
            return
        path = rule.path
        become = self.becoming(path) if held & _CHANGES else []
        props = {name: value for name, value in _access(grant, stated, [], origin).items() if name in ("evidence", "sources")}
        yield from (EdgeFact("ASSUMES", grant.subject, one, props | guess) for one in become if one != grant.subject)
        if become and not path.endswith("/config"):
            return
        if _TOKENS.fullmatch(path):
            if held & _CHANGES and held & {"sudo", "root"}:
                yield from self.everything(grant.subject, [grant, *stated], origin, guess)
            return
        if held & _CHANGES and (_GIVES_ALL.fullmatch(path.replace("*", "x").replace("+", "x")) or path in ("*", "sys/*", "auth/*")):
            yield from self.everything(grant.subject, [grant, *stated], origin, guess)
            return
        node, actions = self.target(rule, held, [grant.source])
        if node is not None and actions and not (node.kind == "Secret" and node.key in self.known.nodes):
            yield node
            yield EdgeFact("CAN_ACCESS", grant.subject, node.key, _access(grant, stated, actions, origin) | guess)

    def becoming(self, path: str) -> list[NodeKey]:
        """The roles that whoever may write to ``path`` becomes: by its secret id, by tokens of it, or, where that is configured who may
        log in by a method, all roles of the method that are known.
        """
        if found := re.fullmatch(r"auth/([^/]+)/role/([^/+*]+)/secret-id", path):
            return [("Identity", f"{self.start}auth/{found[1]}/role/{found[2]}")]
        if found := re.fullmatch(r"auth/token/create/([^/+*]+)", path):
            return [("Identity", f"{self.start}auth/token/role/{found[1]}")]
        if found := re.fullmatch(r"auth/([^/+*]+)/config", path):
            return [("Identity", id) for id in sorted(self.known.ids("Identity", prefix=f"{self.start}auth/{found[1]}/role/"))]
        return []

    def target(self, rule: _Rule, held: frozenset[str], sources: list[str]) -> tuple[NodeFact | None, list[str]]:
        """What a pattern names: a key that is used, a folder, a part of the system, a secret."""
        path = rule.path
        actions = sorted({_ACTIONS[one] for one in held if one in _ACTIONS})
        if path.startswith(_SYSTEM):
            if path.startswith(("auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self", "cubbyhole/")):
                return None, []  # every token may
            part = path.partition("/")[0]
            return NodeFact(
                "Resource", f"{self.start}{part}", {"name": f"{part} of Vault", "type": "vault_system", "sources": sources}
            ), actions
        used = USED.fullmatch(path)
        if used and not rule.wild:
            verb = used["verb"]
            if verb != "keys":
                # What it answers with opens something: a certificate, a signature, a plain text.
                actions = ["execute", "read"] if verb in ("issue", "sign", "decrypt", "export", "sign-verbatim") else ["execute"]
            return _stated(thing_at(self.root, path), sources), actions
        if rule.wild:
            folder = plain_path(path.partition("*")[0].partition("+")[0].rstrip("/") + "/x").removesuffix("x").rstrip("/")
            id = f"{self.start}{folder}/*" if folder else f"vault:{self.root}"
            return NodeFact(
                "Resource", id, {"name": f"{folder}/*" if folder else "Vault", "type": "vault_folder", "sources": sources}
            ), actions
        if "list" in held and held <= {"list", "sudo"}:
            return _stated(thing_at(self.root, path, listed=True), sources), ["read"]
        return _stated(thing_at(self.root, path), sources), [one for one in actions if one != "admin"]

    def everything(
        self, subject: NodeKey, grants: Sequence[Grant], origin: str, guess: Props | None = None
    ) -> Iterator[NodeFact | EdgeFact]:
        """A role that can give itself any policy."""
        key: NodeKey = ("Resource", f"vault:{self.root}")
        props = _access(grants[0], grants[1:], ["admin"], origin) | (guess or {})
        yield NodeFact(*key, {"name": "Vault", "type": "vault", "sources": props["sources"]})
        yield EdgeFact("CAN_ACCESS", subject, key, props)
        for id in self.secrets:
            yield EdgeFact("CAN_ACCESS", subject, ("Secret", id), props)

    # ---- who logs in, what is opened ----------------------------------------------------------------------------------------

    def accounts(self, grant: Grant, body: dict[str, Any]) -> Iterator[EdgeFact]:
        """(:Identity Kubernetes service account)-[:ASSUMES]->(role)"""
        for name in texts(body.get("names")):
            for namespace in texts(body.get("namespaces")):
                found = list(workloads(self.known, (namespace, name), grant.subject, {**granted_props(grant), "kind_detail": LOGIN}))
                if not found and "*" not in f"{namespace}{name}":
                    account: NodeKey = ("Identity", f"k8s:{self.root}/{namespace}/ServiceAccount/{name}")
                    found = [EdgeFact("ASSUMES", account, grant.subject, {**granted_props(grant), "kind_detail": LOGIN})]
                yield from found

    def opens(self, grant: Grant, body: dict[str, Any]) -> Iterator[NodeFact | EdgeFact | Problem]:
        """(:Identity issued by an engine)-[:CAN_ACCESS]->(:Resource database)"""
        connection = str(body.get("connection") or "")
        database = self.connections.get(connection)
        actions = [one for one in texts(body.get("actions")) if one in ACTIONS]
        sources = sources_of(grant)
        if database is None:
            key: NodeKey = ("Resource", f"{self.start}{connection}")
            yield NodeFact(*key, {"name": connection.rpartition("/")[2], "type": "database", "sources": sources})
        else:
            key = ("Resource", database)
        guess: Props = {"evidence": ["inferred"], "confidence": 0.6} if body.get("guess") else {}
        if actions:
            yield EdgeFact("CAN_ACCESS", grant.subject, key, {"actions": actions, **granted_props(grant), **guess})


def _stated(node: NodeFact, sources: list[str]) -> NodeFact:
    return NodeFact(*node.key, {**node.props, "sources": sources})


def _well_formed(one: object) -> bool:
    return (
        isinstance(one, list)
        and len(one) >= 2
        and isinstance(one[0], str)
        and len(one[0]) <= 1000
        and isinstance(one[1], list)
        and all(isinstance(word, str) for word in one[1])
    )


def _united(parts: Sequence[tuple[_Rule, Grant]]) -> frozenset[str]:
    """Capabilities of several rules on one pattern; none where one of them denies."""
    held = frozenset().union(*(rule.capabilities for rule, _ in parts))
    return frozenset() if "deny" in held else held


def _access(grant: Grant, policies: Sequence[Grant], actions: list[str], origin: str) -> Props:
    """Properties of an edge that rests on a role and the policies that it names: no surer than the least sure of them."""
    everything = [grant, *policies]
    evidence = "declared" if any(one.evidence == "declared" for one in everything) else grant.evidence
    sources = sorted({one.source for one in everything if one.source})
    return {"actions": actions, "evidence": [evidence], "sources": sources, "inherited_from": origin or None}
