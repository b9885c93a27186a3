"""Joins inside one root: names become the nodes they mean, owner rules become OWNS edges.

Facts of different sources meet by canonical id and need no step. What is left is what documents name in their own words: a variable
(``${STRIPE_API_KEY}``), a server or an agent by its name in a client, a path pattern in CODEOWNERS.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

from graphinv.model.facts import (
    OWNER_CONFIDENCE,
    Binding,
    EdgeFact,
    Fact,
    Grant,
    NodeFact,
    NodeKey,
    OwnerRule,
    Problem,
    Props,
    Ref,
    Said,
    place_of,
    source_of,
)
from graphinv.model.kinds import ANY_AGENT
from graphinv.pipeline.patterns import path_fits

UNSURE_SAME_FOLDER = 0.5
"""Confidence of a join when one folder binds the name to several nodes."""
UNSURE_ELSEWHERE = 0.6
"""Confidence when the only binding in the root lies beside the way up from the document, not on it."""


UNSURE_PACKAGE = 0.8
"""Confidence that a package which is fetched by name, or a script of the package, starts what the tree's own package does."""
MANY_AGENTS = 50
"""Where more agents than these are visible, whoever may ask any of them asks one node that stands for all."""


@dataclass
class Resolved:
    """Facts without Ref ends."""

    nodes: list[NodeFact] = field(default_factory=list)
    edges: list[EdgeFact] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def resolve(root: str, facts: Iterable[Fact]) -> Resolved:
    """Resolve the references of one root.

    A name is looked up in the document's folder and upwards; the nearest binding holds. Several in that folder, or a single one elsewhere
    in the root, give edges with ``inferred`` evidence and a confidence below 1. Nothing bound gives the fallback node: for a variable
    that is normal (its value lives outside the files), for a server or an agent it is also a problem.

    "Any agent" is an edge to each of them. Where they are many it is one edge to a Workflow (``kind_detail`` ``any-agent``) that delegates
    to each: what can be reached is the same, with edges that grow with the agents and not with their square.

    Args:
        root: name of the root.
        facts: checked facts of all its documents. O(facts + references · depth of folders).
    """
    facts = list(facts)
    scope = _Scope(root, facts)
    resolved = Resolved()
    for fact in facts:
        if isinstance(fact, NodeFact):
            if not scope.is_variable(fact.kind, fact.id):
                resolved.nodes.append(fact)
                continue
            for target, _ in scope.variable(fact.key, scope.folder(fact.props)) or [(fact.key, None)]:
                resolved.nodes.append(fact if target == fact.key else replace(fact, id=target[1], props=_alias_props(fact.props)))
        elif isinstance(fact, EdgeFact):
            if scope.is_plain(fact):
                resolved.edges.append(fact)
            else:
                resolved.edges.extend(scope.edges(fact))
        elif isinstance(fact, Grant):
            resolved.grants.append(fact)
        elif isinstance(fact, Said):
            resolved.said.append(fact)
    _any_agents(scope, facts, resolved)
    _start_sources(scope, resolved)
    resolved.nodes.extend(scope.fallbacks.values())
    resolved.problems.extend(scope.problems)
    resolved.edges.extend(_owned(root, resolved.nodes, [fact for fact in facts if isinstance(fact, OwnerRule)]))
    return resolved


def _alias_props(props: Props) -> Props:
    """What a fact about ``env:<root>#NAME`` says about the secret behind it: everything but its name."""
    return {name: value for name, value in props.items() if name != "name"}


class _Scope:
    """Bindings of one root, and the nodes that stand for names that nothing binds."""

    def __init__(self, root: str, facts: Iterable[Fact]) -> None:
        self.root = root
        self._variables = f"env:{root}#"
        self.fallbacks: dict[NodeKey, NodeFact] = {}
        self.problems: list[Problem] = []
        self.any_agents: dict[NodeKey, tuple[str, str]] = {}
        """Nodes that stand for any agent of a space that is visible from a folder."""
        self._seen: dict[tuple[str, str, str], frozenset[NodeKey]] = {}
        self._bound: dict[tuple[str, str, str], dict[str, set[NodeKey]]] = defaultdict(lambda: defaultdict(set))
        self._spaces: dict[tuple[str, str], dict[str, set[NodeKey]]] = defaultdict(lambda: defaultdict(set))
        self._credentials: dict[tuple[str, NodeKey], list[Binding]] = defaultdict(list)
        for fact in facts:
            if isinstance(fact, Binding):
                self._bound[fact.target[0], fact.space, fact.name][fact.folder].add(fact.target)
                self._spaces[fact.target[0], fact.space][fact.folder].add(fact.target)
                if fact.credentials:
                    self._credentials[fact.space, fact.target].append(fact)

    def is_plain(self, fact: EdgeFact) -> bool:
        """Whether ``fact`` means itself alone."""
        source, target = fact.source, fact.target
        if isinstance(source, Ref) or isinstance(target, Ref):
            return False
        return not self.is_variable(*source) and not self.is_variable(*target)

    def edges(self, fact: EdgeFact) -> Iterator[EdgeFact]:
        """The edges that ``fact`` means, and what comes with them."""
        folder = self.folder(fact.props)
        fact = self._to_any_agent(fact, folder)
        for source, unsure_source in self._ends(fact.source, folder, fact.props):
            for target, unsure_target in self._ends(fact.target, folder, fact.props):
                if source == target:
                    continue  # "all agents" does not mean itself
                doubts = [doubt for doubt in (unsure_source, unsure_target) if doubt is not None]
                props = fact.props
                if doubts:
                    confidence = min([*doubts, props.get("confidence", 1.0)])
                    props = {**props, "evidence": ["inferred"], "confidence": confidence}
                yield EdgeFact(fact.kind, source, target, props)
                if isinstance(fact.target, Ref) and fact.kind == "CONNECTS_TO":
                    yield from self._sent(source, target, fact.target.space, folder, props)

    def _sent(self, caller: NodeKey, server: NodeKey, space: str, folder: str, props: Props) -> Iterator[EdgeFact]:
        """(caller)-[:HOLDS]->(what it sends along when it uses ``server`` by the name that a configuration above ``folder`` gives it)"""
        above = set(_upwards(folder))
        for binding in self._credentials.get((space, server), ()):
            if binding.folder not in above:
                continue
            for credential in binding.credentials:
                for secret, doubt in self._ends(credential, _parent(binding.document), props):
                    held = {"place": "config", "evidence": ["inferred"], "sources": props.get("sources") or []}
                    yield EdgeFact("HOLDS", caller, secret, {**held, "confidence": doubt} if doubt else held)

    def sources_of(self, node: NodeFact) -> Iterator[tuple[NodeKey, float | None]]:
        """The servers in source whose file, module or package ``node``, a configured server, starts."""
        for entry, guess in _started(node.props):
            for source, doubt in self._lookup("ToolServer", "mcp-entry", entry, self.folder(node.props)):
                if entry != "." or doubt != UNSURE_ELSEWHERE:  # "here" is not elsewhere
                    yield source, min((one for one in (doubt, guess) if one is not None), default=None)

    def is_variable(self, kind: str, id: str) -> bool:
        """Whether it is ``env:<root>#NAME``, used as an id."""
        return kind == "Secret" and id.startswith(self._variables)

    def variable(self, key: NodeKey, folder: str) -> list[tuple[NodeKey, float | None]]:
        """What ``env:<root>#NAME``, used as an id, means seen from ``folder``; empty for other keys and unbound names."""
        if not self.is_variable(*key):
            return []
        return self._lookup("Secret", "env", key[1].removeprefix(self._variables), folder)

    def _ends(self, end: NodeKey | Ref, folder: str, props: Props) -> list[tuple[NodeKey, float | None]]:
        if not isinstance(end, Ref):
            return self.variable(end, folder) or [(end, None)]
        if end.name == "*":
            return [(target, None) for target in sorted(self._visible(end.kind, end.space, folder))]
        found = self._lookup(end.kind, end.space, end.name, folder)
        return found or [(self._fallback(end, props), None)]

    def _visible(self, kind: str, space: str, folder: str) -> frozenset[NodeKey]:
        folders = self._spaces.get((kind, space), {})
        near = next((above for above in _upwards(folder) if above in folders), None)
        if near is None:
            return frozenset()
        if (kind, space, near) not in self._seen:
            self._seen[kind, space, near] = frozenset(target for above in _upwards(near) for target in folders.get(above, ()))
        return self._seen[kind, space, near]

    def _to_any_agent(self, fact: EdgeFact, folder: str) -> EdgeFact:
        """``fact``, and where it delegates to any agent and these are many, to the node that stands for all of them."""
        ref = fact.target
        # In the other modes the callee acts for its caller, and only for that one.
        if (
            not isinstance(ref, Ref)
            or ref.name != "*"
            or (ref.kind, fact.kind, fact.props.get("mode")) != ("Agent", "DELEGATES_TO", "invoke")
        ):
            return fact
        if len(self._visible(ref.kind, ref.space, folder)) <= MANY_AGENTS:
            return fact
        near = next(above for above in _upwards(folder) if above in self._spaces[ref.kind, ref.space])
        place = f"{self.root}/{near}" if near else self.root
        key: NodeKey = ("Workflow", f"{ANY_AGENT}:{place}#{ref.space}")
        self.any_agents[key] = (ref.space, near)
        return replace(fact, target=key)

    def _lookup(self, kind: str, space: str, name: str, folder: str) -> list[tuple[NodeKey, float | None]]:
        folders = self._bound.get((kind, space, name), {})
        for above in _upwards(folder):
            targets = folders.get(above)
            if targets:
                doubt = None if len(targets) == 1 else UNSURE_SAME_FOLDER
                return [(target, doubt) for target in sorted(targets)]
        everywhere = {target for targets in folders.values() for target in targets}
        return [(target, UNSURE_ELSEWHERE) for target in everywhere] if len(everywhere) == 1 else []

    def _fallback(self, ref: Ref, props: Props) -> NodeKey:
        key = (ref.kind, ref.fallback or f"{ref.space}:{self.root}#{ref.name}")
        sources = props.get("sources") or []
        known = self.fallbacks.get(key)
        if known is None and ref.kind != "Secret":
            document, where = place_of(sources[0] if sources else "", self.root)
            message = f"names the {ref.kind} {ref.name!r}, which nothing in this root defines"
            self.problems.append(Problem(document, where, message, "warning", ingestor="joins"))
        stated: Props = {"name": ref.name, "sources": sorted({*sources, *(known.props["sources"] if known else ())})}
        if ref.kind != "Secret":
            stated["status"] = "unknown"
        self.fallbacks[key] = NodeFact(ref.kind, key[1], stated)
        return key

    def folder(self, props: Props) -> str:
        """Folder of the document that states a fact; the root itself when it states no source."""
        for source in props.get("sources") or ():
            return _parent(place_of(str(source), self.root)[0])
        return ""


def _any_agents(scope: _Scope, facts: Iterable[Fact], resolved: Resolved) -> None:
    """The nodes that stand for any agent, and (:Workflow any agent)-[:DELEGATES_TO {mode: invoke}]->(each of them)."""
    if not scope.any_agents:
        return
    documents: dict[str, dict[str, dict[NodeKey, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for fact in facts:
        if isinstance(fact, Binding) and fact.target[0] == "Agent":
            documents[fact.space][fact.folder][fact.target].add(source_of(scope.root, fact.document))
    for key, (space, near) in scope.any_agents.items():
        sources = [source_of(scope.root, near)]
        name = f"any of the {space} in {near or scope.root}"
        resolved.nodes.append(NodeFact(*key, {"name": name, "status": "active", "kind_detail": ANY_AGENT, "sources": sources}))
        for above in _upwards(near):
            for agent, stated in documents[space].get(above, {}).items():
                props = {"mode": "invoke", "kind_detail": ANY_AGENT, "evidence": ["declared"], "sources": sorted(stated)}
                resolved.edges.append(EdgeFact("DELEGATES_TO", key, agent, props))


@lru_cache(maxsize=4096)
def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


# --------------------------------------------------------------------------------------------------------------------------------
# Servers in source


def _started(props: Props) -> Iterator[tuple[str, float | None]]:
    """Names of the file, module or package that a configured server starts, each with a confidence where that is a guess."""
    labels = [str(label).partition("=") for label in props.get("labels") or ()]
    package = re.fullmatch(r"pkg:(npm|pypi|golang|nuget)/(.+?)(?:@[^@/]*)?", str(props.get("package", "")))
    if package:
        space = "package" if package[1] == "npm" else package[1]
        name = unquote(package[2]) if space in ("package", "pypi") else unquote(package[2]).lower()
        commands = [f"#{re.sub(r'[-_.]+', '-', command).lower()}" for what, _, command in labels if what == "program" and space == "pypi"]
        for command in commands or [""]:
            yield f"{space}:{name}{command}", UNSURE_PACKAGE
    for what, _, name in labels:
        if what in ("entry", "project") and name:
            yield name, None if what == "entry" else UNSURE_PACKAGE
        elif what == "module":
            yield f"module:{name}", None
        elif what == "program" and not package:
            yield f"program:{name}", UNSURE_PACKAGE


PROVIDED_AS = "provided_as="
"""Label of a tool in source: a configured server that provides the same."""


def _start_sources(scope: _Scope, resolved: Resolved) -> None:
    """Give a configured server what the server in source that it starts has: tools of its own, with what theirs can do, and credentials.

    Of its own, because a tool that runs what it is given acts with the means of its server: two configurations of one file may hold
    different credentials. The tool in source says by a label which server provides it.
    """
    servers = (node for node in resolved.nodes if node.kind == "ToolServer")
    starts = {(node.key, source): doubt for node in servers for source, doubt in scope.sources_of(node) if source != node.key}
    if not starts:
        return
    leaving: dict[NodeKey, list[EdgeFact]] = defaultdict(list)
    for edge in resolved.edges:
        if isinstance(edge.source, tuple) and edge.source[0] in ("ToolServer", "Tool"):
            leaving[edge.source].append(edge)
    tools: dict[NodeKey, list[NodeFact]] = defaultdict(list)
    for node in resolved.nodes:
        if node.kind == "Tool":
            tools[node.key].append(node)
    variables = _given_by_name(scope.root, resolved)
    for (server, source), doubt in starts.items():
        guess = {} if doubt is None else {"evidence": ["inferred"], "confidence": doubt}
        for edge in leaving[source]:
            if edge.kind != "PROVIDES" or isinstance(edge.target, Ref):
                resolved.edges.append(replace(edge, source=server, props={**edge.props, **guess}))
                continue
            tool = ("Tool", f"{server[1]}/{edge.target[1].removeprefix(f'{source[1]}/')}")
            if doubt in (None, UNSURE_PACKAGE):  # what is wrong with it is told of what is started, not of both
                labels = [f"{PROVIDED_AS}{server[1]}"]
                resolved.nodes.append(NodeFact(*edge.target, {"labels": labels, "sources": list(edge.props.get("sources") or ())}))
            resolved.nodes.extend(replace(node, id=tool[1]) for node in tools[edge.target])
            resolved.edges.append(EdgeFact("PROVIDES", server, tool, {**edge.props, **guess}))
            for one in leaving[edge.target]:
                given = variables.get((server, one.target[1])) if isinstance(one.target, tuple) and one.kind == "HOLDS" else None
                resolved.edges.append(replace(one, source=tool, target=given or one.target))


def _given_by_name(root: str, resolved: Resolved) -> dict[tuple[NodeKey, str], NodeKey]:
    """(server, ``env:<root>#NAME``) → the secret that the server's own configuration puts into the variable NAME."""
    variables: dict[NodeKey, set[str]] = defaultdict(set)
    for node in resolved.nodes:
        if node.kind == "Secret" and node.props.get("fingerprint"):
            variables[node.key].add(str(node.props.get("name", "")).partition(" ")[0])
    return {
        (edge.source, f"env:{root}#{name}"): edge.target
        for edge in resolved.edges
        if edge.kind == "HOLDS" and isinstance(edge.source, tuple) and edge.source[0] == "ToolServer" and isinstance(edge.target, tuple)
        for name in variables.get(edge.target, ())
    }


# --------------------------------------------------------------------------------------------------------------------------------
# Owners


_NOBODYS = frozenset({"Owner", "Model", "Package"})


def _owned(root: str, nodes: Iterable[NodeFact], rules: list[OwnerRule]) -> Iterator[EdgeFact]:
    """(:Owner)-[:OWNS]->(every node whose source lies under a pattern of theirs), with the confidence of the rule's origin. What everybody
    has, such as a model or the tools of a client, is not theirs where their file names it.

    Of each origin, in each section the last rule that matches the document holds; a file nearer to the document replaces one above it. The
    authors of a package count only where nobody else is named.
    """
    ordered: dict[str, list[OwnerRule]] = {origin: [] for origin in OWNER_CONFIDENCE}
    for rule in sorted(rules, key=lambda rule: (rule.folder.count("/") + bool(rule.folder), rule.rank), reverse=True):
        ordered[rule.origin].append(rule)
    holding: dict[str, list[OwnerRule]] = {}
    for node in nodes if rules else ():
        if node.kind in _NOBODYS or str(node.props.get("kind_detail")).endswith(" built-in"):
            continue
        for source in node.props.get("sources") or ():
            path = place_of(source, root)[0]
            if path not in holding:
                found = {origin: _holding(some, path) for origin, some in ordered.items() if some}
                named = any(rule.owners for origin, some in found.items() if origin != "metadata" for rule in some)
                holding[path] = [rule for origin, some in found.items() if origin != "metadata" or not named for rule in some]
            for rule in holding[path]:
                props = owned(rule.origin, rule.source)
                yield from (EdgeFact("OWNS", owner, node.key, props) for owner in rule.owners)


def owned(origin: str, source: str) -> Props:
    """Properties of an OWNS edge that a source of kind ``origin`` states."""
    evidence = "inferred" if origin == "metadata" else "declared"
    return {"evidence": [evidence], "confidence": OWNER_CONFIDENCE[origin], "sources": [source]}


def _holding(ordered: list[OwnerRule], path: str) -> list[OwnerRule]:
    """Of rules in falling order of precedence, those that say who owns the document at ``path``: one of each section, all of one folder."""
    found: dict[str, OwnerRule] = {}
    folder: str | None = None
    for rule in ordered:
        if folder is not None and rule.folder != folder:
            break
        if rule.section not in found and _covers(rule, path):
            found[rule.section] = rule
            folder = rule.folder
    return list(found.values())


def _covers(rule: OwnerRule, path: str) -> bool:
    below = path if not rule.folder else path.removeprefix(f"{rule.folder}/")
    if rule.folder and below == path:
        return False
    if not path_fits((rule.pattern,), below):
        return False
    # Unlike in .gitignore, "docs/*" owns the files in docs/ and not those further below.
    if rule.pattern.endswith("/*") and not rule.pattern.endswith("**/*"):
        return below.count("/") == rule.pattern.lstrip("/").count("/")
    return True
