"""Cedar: policies (``.cedar``, and texts of them in JSON and YAML) and the entities that they speak of.

Drawn:
    (:Identity)-[:MEMBER_OF]->(:Identity) for entities that ask, and their parents
    (:Identity)-[:CAN_ACCESS {actions, condition}]->(:Resource) for what a policy permits; a policy that forbids takes away what it covers
        whole, and is a condition of what it covers in part
    (:Agent)-[:USES|CONNECTS_TO|DELEGATES_TO]->(…) for what agents may call without a condition
    (:EnforcementPoint {effect: evaluate}) for each folder with policies: where they are asked, and whether that is obeyed, they do not say

What an action lets somebody do is told by the words in its name, so that such edges are ``inferred`` too. ``when`` and ``unless`` are
conditions, kept as text. Templates grant what they are linked to, in the same folder, and nothing by themselves.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import authz, jsondoc, yamldoc
from graphinv.ingest.support.called import called, called_props
from graphinv.ingest.support.cedar import CedarError, Entity, Policy, Scope, policies
from graphinv.ingest.support.decision_inputs import told_of
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, place_of, source_of
from graphinv.model.kinds import ACTIONS

NAME = "cedar"
TITLE = "Cedar policies and entities"
FILES = (
    "*.cedar",
    "*.cedarschema, for groups of actions",
    "any JSON file of entities (`uid`, `attrs`, `parents`)",
    "JSON and YAML files with policies as texts (Verified Permissions, ToolHive), links of templates",
)
MAX_BYTES = 8 * 1024 * 1024
MAX_SCHEMA = 1_000_000
MAX_ENTITIES = 100_000
MAX_EDGES = 200_000
MAX_STEPS = 5_000_000
"""Comparisons of policies and entities of one folder."""

_UID = re.compile(rb'"uid"\s*:\s*(?:\{\s*"(?:type|id|__entity)"|"[\w:]+::)')
_PARENTS = re.compile(rb'"(?:parents|attrs)"\s*:')
_STATEMENT = re.compile(rb'"statement"\s*:\s*"(?:\\n|\s)*(?:@|//|permit|forbid)')
_LINK = re.compile(rb'"policyTemplateId"\s*:|"args"\s*:\s*\{\s*"\?(?:principal|resource)"\s*:')
_TOOLHIVE = re.compile(rb"(?m)[\"']?type[\"']?\s*:\s*[\"']?cedarv1\b")
_GROUPED = re.compile(r'\baction\s++([\w",\s]{1,400}?)\s+in\s*+\[?([\w":,\s]{1,400})')
_QUOTED = re.compile(r"(?!Action\b)\w+(?!\w*::)")
_SUBJECTS = authz.PEOPLE | authz.AGENTS | authz.GROUPS | {"client", "workload", "service", "application", "account", "principal"}


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as policies are, or begins with entities or with policies as texts."""
    name = path.lower()
    if name.endswith((".cedar", ".cedarschema")):
        return True
    is_json = name.endswith(".json") or name.rpartition("/")[2] == "linked"
    if is_json and ((_UID.search(head) and _PARENTS.search(head)) or _STATEMENT.search(head) or _LINK.search(head)):
        return True
    return name.endswith((".json", ".yaml", ".yml")) and _TOOLHIVE.search(head) is not None


@dataclass(frozen=True, slots=True)
class Link:
    """A policy that a template becomes."""

    template: str
    principal: Entity | None
    resource: Entity | None
    source: str


@dataclass
class File:
    """What one file says. Policies and entities carry their places."""

    policies: list[tuple[Policy, str]] = field(default_factory=list)
    parents: dict[Entity, tuple[Entity, ...]] = field(default_factory=dict)
    places: dict[Entity, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    told: frozenset[str] = frozenset()
    """What its conditions ask of a request, as :data:`graphinv.ingest.support.decisions.INPUTS`."""
    left_out: int = 0
    """Entities beyond :data:`MAX_ENTITIES`."""
    problems: list[Problem] = field(default_factory=list)


def summarise(document: Document) -> File:
    """Policies and entities of one file.

    Raises:
        IngestError: not text, JSON or YAML.
    """
    file = File()
    if document.name.lower().endswith(".cedar"):
        _policies(document, file, document.text(), 1)
        return file
    if document.name.lower().endswith(".cedarschema"):
        schema = document.text()
        if len(schema) > MAX_SCHEMA:
            raise IngestError(f"is longer than {MAX_SCHEMA:,} characters, which no schema is", document=document.path)
        for names, groups in _GROUPED.findall(hide(schema)):
            for action in _QUOTED.findall(names):
                file.parents["Action", action] = tuple(("Action", group) for group in _QUOTED.findall(groups))
                file.places["Action", action] = document.source()
        return file
    read = yamldoc.first if document.name.lower().endswith((".yaml", ".yml")) else jsondoc.parse
    located = read(document)
    top = located.value
    listed = inside(top).get("policies")
    for index, one in enumerate(items(top if isinstance(top, list) else listed)):
        line = located.line(index) if isinstance(top, list) else located.line("policies", index)
        if "uid" in one:
            _entity(document, file, one, line)
        else:
            _stated(document, file, one, line)
    if not isinstance(top, dict):
        return file
    _stated(document, file, top, located.line())
    for index, source in enumerate(texts(inside(top, "cedar").get("policies"))):
        _policies(document, file, f"{source.strip().removesuffix(';')};", located.line("cedar", "policies", index))
    entities = text(inside(top, "cedar").get("entities_json"), MAX_BYTES)
    for one in items(_parsed(entities)):
        _entity(document, file, one, located.line("cedar", "entities_json"))
    return file


def _stated(document: Document, file: File, value: Mapping[str, Any], line: int) -> None:
    """A policy, a template or a link of one, as Verified Permissions has them; or a link as Cedar's command line takes them."""
    statement = inside(value, "definition", "static").get("statement", value.get("statement"))
    if isinstance(statement, str):
        _policies(document, file, statement, line, text(value.get("policyTemplateId")))
    linked = inside(value, "definition", "templateLinked")
    args = inside(value, "args")
    template = text(linked.get("policyTemplateId")) or text(value.get("template_id"))
    if template:
        principal, resource = (_uid(linked.get(one) or args.get(f"?{one}")) for one in ("principal", "resource"))
        file.links.append(Link(hide(template), principal, resource, document.source(line)))


def _parsed(source: str) -> object:
    try:
        return json.loads(source) if source else []
    except (ValueError, RecursionError):
        return []


def _policies(document: Document, file: File, source: str, first: int, template: str = "") -> None:
    """The policies of a text whose first line is ``first``; ``template`` is the id of the one template that it is."""
    names: set[str] = set()
    for policy in policies(hide(source)):
        line = first + policy.line - 1
        if isinstance(policy, CedarError):
            file.problems.append(Problem(document.path, f"L{line}", str(policy), "error", NAME))
            continue
        file.policies.append((replace(policy, id=hide(template)) if template else policy, document.source(line)))
        names.update(re.findall(r"\b(?:context|principal|resource)\.([A-Za-z_]\w{0,60})", policy.condition))
        names.update(["agent"] if authz.word(policy.principal.kind) in authz.AGENTS else [])
        names.update("agent" for kind, _ in policy.principal.entities if authz.word(kind) in authz.AGENTS)
        names.update(["subject"] if not policy.principal.is_open or re.search(r"\bprincipal\b", policy.condition) else [])
    file.told |= told_of(dict.fromkeys(names, True))


def _entity(document: Document, file: File, value: Mapping[str, Any], line: int) -> None:
    uid = _uid(value.get("uid"))
    if uid is None:
        file.problems.append(Problem(document.path, f"L{line}", "is an entity without a type and an id", "warning", NAME))
    elif len(file.parents) < MAX_ENTITIES:
        stated = value.get("parents")
        parents = (_uid(one) for one in (stated if isinstance(stated, list) else []))
        file.parents[uid] = tuple(one for one in parents if one is not None)
        file.places[uid] = document.source(line)
    else:
        file.left_out += 1


def _uid(value: object) -> Entity | None:
    if isinstance(value, str):
        match = re.fullmatch(r'([\w:]{1,200})::("?)([^"]{1,300})\2', value)
        return (match[1], hide(match[3])) if match else None
    stated = inside(value, "__entity") or inside(value)
    kind, id = text(stated.get("type", stated.get("entityType"))), text(stated.get("id", stated.get("entityId")))
    return (hide(kind), hide(id)) if kind and id else None


# --------------------------------------------------------------------------------------------------------------------------------
# Together


def link(root: str, summaries: Mapping[str, File]) -> Iterator[Fact]:
    """The facts of all policies of a root: those of a folder are one set, with the entities of that folder and of those below it, or else
    of the nearest folder above that has any."""
    sets: dict[str, list[File]] = defaultdict(list)
    for path in sorted(summaries):
        yield from summaries[path].problems
        if summaries[path].left_out:
            message = f"holds {summaries[path].left_out:,} entities more than {MAX_ENTITIES:,}, which are not read"
            yield Problem(path, "", message, "error", NAME)
        if summaries[path].policies or summaries[path].links:
            sets[posixpath.dirname(path)].append(summaries[path])
    for folder, files in sets.items():
        yield from _Set(root, folder, files, _entities(folder, summaries)).facts()


def _entities(folder: str, summaries: Mapping[str, File]) -> list[File]:
    while True:
        prefix = f"{folder}/" if folder else ""
        found = [file for path, file in summaries.items() if file.parents and path.startswith(prefix)]
        if found or not folder:
            return found
        folder = posixpath.dirname(folder)


class _Set:
    """The policies of one folder."""

    def __init__(self, root: str, folder: str, files: Sequence[File], entities: Sequence[File]) -> None:
        self.root = root
        self.folder = folder
        self.files = files
        self.policies = [one for file in files for one in file.policies if not one[0].template]
        templates = {policy.id: policy for file in files for policy, _ in file.policies if policy.template}
        links = (link for file in files for link in file.links if link.template in templates)
        made = ((templates[link.template].linked(link.principal, link.resource), link.source) for link in links)
        self.policies += [one for one in made if not one[0].principal.slot and not one[0].resource.slot]
        self.parents = {entity: parents for file in entities for entity, parents in file.parents.items()}
        self.places = {entity: place for file in entities for entity, place in file.places.items()}
        self.children: dict[Entity, list[Entity]] = defaultdict(list)
        for entity, parents in self.parents.items():
            for parent in parents:
                self.children[parent].append(entity)
        self.kinds = {kind for policy, _ in self.policies for kind in _kinds(policy.principal)}
        self.asking: dict[str, list[Entity]] = defaultdict(list)
        """Type → entities of it that ask; under "" all of them."""
        self.asked_for: dict[str, list[Entity]] = defaultdict(list)
        """The same of those that are asked for."""
        for entity in self.parents:
            if self.asks(entity) or authz.word(entity[0]) != "action":
                there = self.asking if self.asks(entity) else self.asked_for
                for kind in {"", entity[0]}:
                    there[kind].append(entity)
        self.forbidden = [policy for policy, _ in self.policies if not policy.permits]
        self.named: set[NodeKey] = set()
        self.everybody: set[Entity] = set()
        """Types whose entities are members of what stands for all of them."""
        self.edges = self.steps = 0

    @property
    def is_too_much(self) -> bool:
        return self.edges > MAX_EDGES or self.steps > MAX_STEPS

    def facts(self) -> Iterator[Fact]:
        yield self.point()
        for entity, parents in self.parents.items():
            if self.asks(entity):
                place = self.places[entity]
                yield from self.principal(entity, place)
                for parent in parents:
                    yield from self.principal(parent, place)
                    yield EdgeFact("MEMBER_OF", self.key(entity), self.key(parent), {"evidence": ["declared"], "sources": [place]})
        for policy, place in self.policies:
            if policy.permits:
                yield from self.permitted(policy, place)
            if self.is_too_much:
                message = f"gives more than {MAX_EDGES:,} accesses, or takes too long; the rest is not drawn"
                yield Problem(place_of(place, self.root)[0], "", message, "error", NAME)
                return

    def point(self) -> NodeFact:
        told = frozenset[str]().union(*(file.told for file in self.files))
        name = f"Cedar policies of {self.folder or self.root}"
        props: Props = {
            "name": name,
            "kind_detail": "cedar",
            "effect": "evaluate",
            "distinguishes": "agent" if "agent" in told else "identity" if "subject" in told else "none",
            "labels": [f"input={one}" for one in sorted(told)] or None,
            "sources": sorted({place for file in self.files for _, place in file.policies[:1]}),
        }
        id = f"cedar:{source_of(self.root, self.folder)}"
        return NodeFact("EnforcementPoint", id, {key: value for key, value in props.items() if value is not None})

    def asks(self, entity: Entity) -> bool:
        """Whether it is somebody who asks and not what is asked for."""
        return entity[0] in self.kinds or authz.word(entity[0]) in _SUBJECTS

    def key(self, entity: Entity) -> NodeKey:
        """Its node; of everybody one of this folder, since everybody is who its policies are asked about."""
        if entity[1] == "*":
            return "Identity", f"cedar:{source_of(self.root, self.folder)}#every {entity[0] or 'principal'}"
        return authz.principal_key(self.root, *entity)

    def principal(self, entity: Entity, place: str) -> Iterator[Fact]:
        key = self.key(entity)
        if key not in self.named:
            self.named.add(key)
            props = authz.principal_props(*entity, key)
            grouped = {"type": "group"} if self.children.get(entity) or entity[1] == "*" else {}
            grouped |= {"name": f"every {entity[0] or 'principal'}"} if entity[1] == "*" else {}
            yield NodeFact(*key, {**props, **grouped, "sources": [place]})
            if entity[1] != "*":
                yield from authz.agent_of(self.root, *entity, place)

    # ---- what a policy permits ----------------------------------------------------------------------------------------------

    def permitted(self, policy: Policy, place: str) -> Iterator[Fact]:
        actions = self.actions(policy.action)
        for who in self.askers(policy.principal):
            yield from self.principal(who, place)
            if who[1] == "*" and who not in self.everybody:
                self.everybody.add(who)
                for one in self.asking[who[0]]:
                    yield EdgeFact("MEMBER_OF", self.key(one), self.key(who), {"evidence": ["declared"], "sources": [place]})
            for thing in self.things(policy.resource, certain=not policy.condition):
                if self.is_too_much:
                    return
                left, condition = self.less_forbidden(policy, who, thing, actions)
                if left or not actions:
                    yield from self.access(who, thing, left, condition, place)

    def askers(self, scope: Scope) -> list[Entity]:
        """Principals that a scope fits; ``in`` a group is the group, since its members are those of the group."""
        if scope.entities:
            return [one for one in scope.entities if not scope.kind or one[0] == scope.kind or scope.within]
        return [(scope.kind, "*")]

    def things(self, scope: Scope, *, certain: bool) -> list[Entity]:
        """Resources that a scope fits: where it names none, what stands for all of them, and those that are known if there is no condition
        that may mean a few of them only."""
        if scope.entities:
            found = list(scope.entities)
            return [*found, *self.below(found)] if scope.within else found
        return [(scope.kind, "*"), *(self.asked_for[scope.kind] if certain else ())]

    def below(self, entities: Sequence[Entity]) -> list[Entity]:
        """What belongs to ``entities``, however deep."""
        found = dict.fromkeys(entities)
        named, pending = len(found), list(found)
        while pending:
            more = [one for one in self.children.get(pending.pop(), ()) if one not in found]
            found.update(dict.fromkeys(more))
            pending += more
        self.steps += 1 + len(found)
        return list(found)[named:]

    def actions(self, scope: Scope) -> frozenset[str]:
        """What the actions of a scope let somebody do; all there is where it names none."""
        if scope.is_open:
            return frozenset({"admin"})
        named = [*scope.entities, *(self.below(scope.entities) if scope.within else ())]
        return frozenset(action for _, name in named for action in authz.actions_of_word(name))

    def less_forbidden(self, policy: Policy, who: Entity, thing: Entity, actions: frozenset[str]) -> tuple[frozenset[str], str]:
        """What is left of ``actions`` where other policies forbid, and under which condition."""
        conditions = [policy.condition] if policy.condition else []
        self.steps += 1 + len(self.forbidden)
        for forbid in self.forbidden:
            if not self.may_touch(forbid, who, thing) or not (taken := self.taken(forbid, policy, actions)):
                continue
            if not forbid.condition and self.covers(forbid.principal, who) and self.covers(forbid.resource, thing):
                # Administration is all there is, so that it is no more once something is taken.
                whole = frozenset(ACTIONS) - {"admin"} if "admin" in actions else actions
                actions = frozenset() if forbid.action.is_open else whole - taken
            elif len(conditions) < 3:
                conditions.append(f"unless forbidden by {forbid.id or f'the policy of line {forbid.line}'}")
        return actions, hide("; ".join(conditions))

    def taken(self, forbid: Policy, policy: Policy, actions: frozenset[str]) -> frozenset[str]:
        """Of ``actions`` those that ``forbid`` takes: by the names of the actions, where both name some."""
        if forbid.action.is_open:
            return actions
        if not policy.action.is_open:
            named = {*forbid.action.entities, *self.below(forbid.action.entities)}
            mine = {*policy.action.entities, *self.below(policy.action.entities)}
            left = frozenset(action for _, name in mine - named for action in authz.actions_of_word(name))
            return actions - left if named & mine else frozenset()
        every = frozenset(ACTIONS) if "admin" in actions else actions
        return every & self.actions(forbid.action)

    def covers(self, scope: Scope, entity: Entity) -> bool:
        """Whether a scope fits all that ``entity`` stands for."""
        if scope.is_open:
            return True
        if scope.kind and entity[0] != scope.kind:
            return False
        return not scope.entities or entity in scope.entities or (scope.within and entity in self.below(scope.entities))

    def may_touch(self, forbid: Policy, who: Entity, thing: Entity) -> bool:
        """Whether a policy that forbids fits ``who`` and ``thing``, or a part of what they stand for."""
        return all(
            self.covers(scope, entity) or entity[1] == "*" or not {entity, *self.below([entity])}.isdisjoint(scope.entities)
            for scope, entity in ((forbid.principal, who), (forbid.resource, thing))
        )

    # ---- edges --------------------------------------------------------------------------------------------------------------

    def access(self, who: Entity, thing: Entity, actions: Iterable[str], condition: str, place: str) -> Iterator[Fact]:
        self.edges += 1
        kind = authz.word(thing[0])
        stated = sorted(actions)
        if kind in authz.TOOLS | authz.SERVERS | authz.AGENTS:
            if not condition and thing[1] != "*":
                yield from self.calls(who, thing, place)
            return
        target = authz.object_key(self.root, *thing) if thing[0] else ("Resource", f"cedar:{source_of(self.root, self.folder)}#everything")
        if target not in self.named:
            self.named.add(target)
            props = authz.object_props(*thing, target)
            every = {"name": f"every {thing[0]}" if thing[0] else "everything that is asked for"} if thing[1] == "*" else {}
            yield NodeFact(*target, {**props, **every, "sources": [place]})
        edge: Props = {"evidence": ["declared", "inferred"], "confidence": 0.8, "sources": [place]}
        edge |= {"actions": stated} if stated else {}
        yield EdgeFact("CAN_ACCESS", self.key(who), target, {**edge, "condition": condition} if condition else edge)

    def calls(self, who: Entity, thing: Entity, place: str) -> Iterator[Fact]:
        """What the agents that ``who`` stands for may call."""
        kind = authz.word(thing[0])
        edge, end = "DELEGATES_TO", "Agent"
        if kind in authz.TOOLS | authz.SERVERS:
            edge, end = ("USES", "Tool") if kind in authz.TOOLS else ("CONNECTS_TO", "ToolServer")
        everybody = self.asking[who[0]] if who[1] == "*" else []
        self.steps += len(everybody)
        agents = [one for one in (who, *self.below([who]), *everybody) if authz.word(one[0]) in authz.AGENTS and one[1] != "*"]
        target = called(self.root, end, thing[1])
        for agent in dict.fromkeys(agents):
            yield from self.principal(agent, place)
            if called(self.root, "Agent", agent[1]) != target:
                self.edges += 1
                yield NodeFact(*target, {**called_props(thing[1]), "sources": [place]})
                yield EdgeFact(edge, called(self.root, "Agent", agent[1]), target, {"evidence": ["declared"], "sources": [place]})


def _kinds(scope: Scope) -> Iterator[str]:
    yield from (kind for kind, _ in scope.entities)
    if scope.kind:
        yield scope.kind
