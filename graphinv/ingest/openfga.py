"""OpenFGA: models (``.fga``, JSON), store files (``.fga.yaml``) and relationship tuples, and what follows of them.

Drawn:
    (:Identity)-[:MEMBER_OF]->(:Identity userset), where several have a relation or others refer to it
    (:Identity)-[:CAN_ACCESS {actions, condition}]->(:Resource), for the thing and for those that it reaches through the model
    (:Agent)-[:RUNS_AS]->(:Identity) for users that are agents, and (:Agent)-[:USES|CONNECTS_TO|DELEGATES_TO]->(…) for what they may call

What a relation lets somebody do is told by the words in its name, so such edges are ``inferred`` too. A relation that another one has to
join (``and``), or may take away (``but not``), has that as its ``condition``. Tuples of tests are none.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import authz
from graphinv.ingest.support.called import called, called_props
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.openfga import MAX_STEPS, Model, Reach, actions_by_thing, from_json, from_text
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import records, text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, place_of, source_of

NAME = "openfga"
TITLE = "OpenFGA: models, stores and tuples"
FILES = (
    "*.fga",
    "*.fga.yaml",
    "any JSON or YAML file of relationship tuples (`user`, `relation`, `object`) or of a model (`type_definitions`)",
)
MAX_BYTES = 64 * 1024 * 1024
MAX_TUPLES = 200_000
MAX_EDGES = 500_000

_TUPLE = re.compile(rb'"relation"\s*:')
_TUPLE_ENDS = (re.compile(rb'"user"\s*:\s*"[\w-]+:'), re.compile(rb'"object"\s*:\s*"[\w-]+:'))
_YAML = tuple(
    re.compile(rb"(?m)^[ \t]*(?:-[ \t]+)?%s[ \t]*:[ \t]*%s" % (name, value))
    for name, value in ((b"user", b"[\"']?[\\w-]+:"), (b"relation", b""), (b"object", b"[\"']?[\\w-]+:"))
)
_MODEL = re.compile(rb'"type_definitions"\s*:')
_END = re.compile(r"[\w.-]{1,100}:[^\s#]{1,256}(?:#[\w-]{1,100})?")


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as its files are, or begins with tuples or a model."""
    name = path.lower()
    if name.endswith((".fga", ".fga.yaml", ".fga.yml")):
        return True
    if name.endswith((".json", ".jsonl")):
        if _MODEL.search(head) and b'"schema_version"' in head:
            return True
        return _TUPLE.search(head) is not None and all(end.search(head) for end in _TUPLE_ENDS)
    return name.endswith((".yaml", ".yml")) and all(field.search(head) for field in _YAML)


@dataclass(frozen=True, slots=True)
class Tuple:
    """``user`` has ``relation`` to ``thing``. ``condition`` is only the name of one."""

    user: str
    relation: str
    thing: str
    condition: str
    source: str


@dataclass
class File:
    """What one file says, and which others it names."""

    models: list[Model] = field(default_factory=list)
    tuples: list[Tuple] = field(default_factory=list)
    model_files: list[str] = field(default_factory=list)
    tuple_files: list[str] = field(default_factory=list)
    test_files: list[str] = field(default_factory=list)
    """Files with tuples of tests, which nobody has been given."""
    evidence: str = "declared"
    problems: list[Problem] = field(default_factory=list)


def summarise(document: Document) -> File:
    """Models and tuples of one file.

    Raises:
        IngestError: not text, JSON or YAML.
    """
    file = File()
    if document.name.lower().endswith(".fga"):
        file.models.append(from_text(document.text()))
        return file
    for record in records(document):
        value = record.value
        if "type_definitions" in value or "authorization_model" in value:
            file.models.append(from_json(inside(value, "authorization_model") or value))
        elif record.pointer:
            _tuple(document, file, value, record.line())
        else:
            _whole(document, file, value, record.located)
    return file


def _whole(document: Document, file: File, value: Mapping[str, Any], located: Located) -> None:
    """A store file, a request to write tuples, or a single tuple."""
    stated = value.get("model")
    if isinstance(stated, str):
        file.models.append(from_text(stated))
    file.model_files += texts([value.get("model_file")])
    file.tuple_files += [*texts([value.get("tuple_file")]), *texts(value.get("tuple_files"))]
    for test in items(value.get("tests")):
        file.test_files += [*texts([test.get("tuple_file")]), *texts(test.get("tuple_files"))]
    for path in (("tuples",), ("tuple_keys",), ("writes",), ("writes", "tuple_keys")):
        listed = inside(value, *path[:-1]).get(path[-1])
        for index, one in enumerate(items(listed)):
            _tuple(document, file, one, located.line(*path, index))
    if "relation" in value:
        _tuple(document, file, value, located.line())


def _tuple(document: Document, file: File, value: Mapping[str, Any], line: int) -> None:
    stated = inside(value, "key") or value
    if stated is not value and "timestamp" in value:
        file.evidence = "granted"  # the interface's answer, which tells when each tuple was written
    user, relation, thing = (text(stated.get(name)) for name in ("user", "relation", "object"))
    if len(file.tuples) == MAX_TUPLES:
        file.problems = [Problem(document.path, f"L{line}", f"holds more than {MAX_TUPLES:,} tuples; the rest is not read", "error", NAME)]
    elif _END.fullmatch(user) and relation and _END.fullmatch(thing):
        condition = text(inside(stated, "condition").get("name"))
        file.tuples.append(Tuple(hide(user), hide(relation), hide(thing), hide(condition), document.source(line)))
    elif user or thing:
        file.problems.append(
            Problem(document.path, f"L{line}", "is no tuple: a user, a relation and an object are needed", "warning", NAME)
        )


# --------------------------------------------------------------------------------------------------------------------------------
# Together


def link(root: str, summaries: Mapping[str, File]) -> Iterator[Fact]:
    """The facts of all stores of a root: each store file with what it names, and tuples of other files with the models beside them."""
    named: set[str] = set()
    stores: list[tuple[str, Model, list[Tuple], str]] = []
    for path in sorted(summaries):
        file = summaries[path]
        yield from file.problems
        if not _is_store(path):
            continue
        models = [summaries[one] for name in file.model_files for one in _meant(path, name, summaries)]
        given = [summaries[one] for name in file.tuple_files for one in _meant(path, name, summaries)]
        named.update(one for name in (*file.tuple_files, *file.test_files) for one in _meant(path, name, summaries))
        tuples = [one for each in (file, *given) for one in each.tuples]
        stores.append((path, _united([file, *models]), tuples, file.evidence))
    beside: dict[str, list[File]] = defaultdict(list)
    for path in sorted(summaries):
        if summaries[path].models:
            beside[posixpath.dirname(path)].append(summaries[path])
    models_of = {folder: _united(files) for folder, files in beside.items()}
    for path in sorted(summaries.keys() - named):
        file = summaries[path]
        if not _is_store(path) and file.tuples:
            stores.append((path, models_of.get(posixpath.dirname(path), Model()), file.tuples, file.evidence))
    for path, model, tuples, evidence in stores:
        yield from _Store(source_of(root, path), root, model, tuples, evidence).facts()


def _is_store(path: str) -> bool:
    return path.lower().endswith((".fga.yaml", ".fga.yml"))


def _meant(path: str, name: str, summaries: Mapping[str, File]) -> list[str]:
    """The file that a store file names; of a model in modules (``fga.mod``) all models below its folder."""
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if found.endswith(".mod"):
        folder = posixpath.dirname(found)
        return sorted(one for one in summaries if one.endswith(".fga") and (not folder or one.startswith(f"{folder}/")))
    return [found] if found in summaries else []


def _united(files: Sequence[File]) -> Model:
    model = Model()
    for file in files:
        for one in file.models:
            model.add(one)
    return model


class _Store:
    """The tuples of one store under its model."""

    def __init__(self, place: str, root: str, model: Model, tuples: Sequence[Tuple], evidence: str) -> None:
        self.place = place
        self.root = root
        self.tuples = tuples
        self.evidence = evidence
        reach = Reach(model, ((one.user, one.relation, one.thing) for one in tuples if "#" not in one.user))
        self.referred = {one.user for one in tuples if "#" in one.user}
        self.everybody = {one.user for one in tuples if one.user.endswith(":*")}
        through = {(kind, term.through) for (kind, _), terms in model.terms.items() for term in terms if term.through}
        self.holders: dict[tuple[str, str], list[Tuple]] = defaultdict(list)
        """(thing, relation) → tuples, without those that only connect things with each other."""
        for one in tuples:
            if (one.thing.partition(":")[0], one.relation) not in through or _is_principal(one.user):
                self.holders[one.thing, one.relation].append(one)
        self.reached = {key: reach.of(*key) for key in self.holders}
        self.is_cut = reach.is_cut
        self.bringing: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        """(thing, relation) → those that bring it for sure, itself included."""
        for key, found in self.reached.items():
            for brought in found:
                if brought.sure:
                    self.bringing[brought.thing, brought.relation].append(key)
        self.named: set[NodeKey] = set()
        self.edges = 0

    def facts(self) -> Iterator[Fact]:
        if self.is_cut:
            message = f"has relations that bring more than {MAX_STEPS:,} others; the rest is not followed"
            yield Problem(place_of(self.tuples[0].source, self.root)[0], "", message, "error", NAME)
        for (thing, relation), tuples in self.holders.items():
            userset, source = f"{thing}#{relation}", tuples[0].source
            reached = actions_by_thing(self.reached[thing, relation])
            free = [one for one in tuples if not one.condition]
            if userset in self.referred or len(free) > 1:
                yield from self.principal(userset, source)
                yield from self.access(self.key(userset), reached, source, "")
                for one in free:
                    yield from self.principal(one.user, one.source)
                    yield EdgeFact("MEMBER_OF", self.key(one.user), self.key(userset), self.props([one.source], ""))
            for holder in [userset] if userset in self.referred or len(free) > 1 else [one.user for one in free]:
                yield from self.sets(holder, thing, relation, source)
            # Membership has no place for a condition, so what holds under one is drawn by itself.
            for one in tuples if len(free) < 2 and userset not in self.referred else [one for one in tuples if one.condition]:
                yield from self.principal(one.user, one.source)
                yield from self.access(self.key(one.user), reached, one.source, one.condition)
            for one in free:
                yield from self.calls(one, reached)
            if self.edges > MAX_EDGES:
                document = place_of(source, self.root)[0]
                yield Problem(document, "", f"gives more than {MAX_EDGES:,} accesses; the rest is not drawn", "error", NAME)
                return
            if userset in self.referred and len(free) < len(tuples):
                document, where = place_of(next(one.source for one in tuples if one.condition), self.root)
                yield Problem(
                    document, where, "is a member under a condition; what others grant to the members is not followed", "warning", NAME
                )

    def sets(self, holder: str, thing: str, relation: str, source: str) -> Iterator[Fact]:
        """Usersets that others refer to and that a relation brings its holders into."""
        for one in self.reached[thing, relation]:
            userset = f"{one.thing}#{one.relation}"
            if one.sure and userset in self.referred and userset not in (holder, f"{thing}#{relation}"):
                yield from self.principal(holder, source)
                yield from self.principal(userset, source)
                yield EdgeFact("MEMBER_OF", self.key(holder), self.key(userset), self.props([source], ""))

    def props(self, sources: list[str], condition: str, *, guessed: bool = False) -> Props:
        props: Props = {"evidence": [self.evidence], "sources": sources}
        if guessed:
            props |= {"evidence": [self.evidence, "inferred"], "confidence": 0.8}
        return {**props, "condition": condition} if condition else props

    def key(self, user: str) -> NodeKey:
        """Its node; of everybody one of this store, since everybody is who it is asked about."""
        if user.endswith(":*"):
            return "Identity", f"openfga:{self.place}#every {user.removesuffix(':*')}"
        return authz.principal_key(self.root, *_parted(user))

    def principal(self, user: str, source: str) -> Iterator[Fact]:
        """A user, a userset or everybody of a type; and the agent that a user is."""
        key, (kind, name) = self.key(user), _parted(user)
        if key in self.named:
            return
        self.named.add(key)
        props = authz.principal_props(kind, name, key)
        if "#" in user or name == "*":
            props |= {"type": "group", "name": f"every {kind}" if name == "*" else user}
        yield NodeFact(*key, {**props, "sources": [source]})
        if "#" not in user and name != "*":
            yield from authz.agent_of(self.root, kind, name, source)
            if f"{kind}:*" in self.everybody:
                yield EdgeFact("MEMBER_OF", key, self.key(f"{kind}:*"), self.props([source], ""))

    def access(self, holder: NodeKey, reached: Mapping[str, dict[bool, set[str]]], source: str, condition: str) -> Iterator[Fact]:
        """Access to the thing, and to those that it leads to."""
        for thing, actions in reached.items():
            if self.edges > MAX_EDGES:
                return  # told by whoever draws them
            kind, name = _parted(thing)
            if authz.word(kind) in authz.TOOLS | authz.SERVERS | authz.AGENTS | authz.GROUPS:
                continue
            target = authz.object_key(self.root, kind, name)
            if target not in self.named:
                self.named.add(target)
                yield NodeFact(*target, {**authz.object_props(kind, name, target), "sources": [source]})
            unsure = "; ".join(filter(None, (condition, "another relation decides too")))
            for sure, stated in ((condition, actions[True]), (unsure, actions[False])):
                if stated or (sure == condition and not actions[False]):
                    self.edges += 1
                    edge = self.props([source], sure, guessed=True)
                    yield EdgeFact("CAN_ACCESS", holder, target, {**edge, "actions": sorted(stated)} if stated else edge)

    def calls(self, one: Tuple, reached: Mapping[str, dict[bool, set[str]]]) -> Iterator[Fact]:
        """What agents among the holders of a relation may call. What is conditional is not drawn as a call: it has no place for that."""
        agents = self.agents(one.user) if self.edges <= MAX_EDGES else []
        for thing, actions in reached.items():
            kind, name = _parted(thing)
            word = authz.word(kind)
            if not agents or not actions[True] - {"read"} or word not in authz.TOOLS | authz.SERVERS | authz.AGENTS:
                continue
            edge, end = next(
                (edge, end)
                for words, edge, end in (
                    (authz.TOOLS, "USES", "Tool"),
                    (authz.SERVERS, "CONNECTS_TO", "ToolServer"),
                    (authz.AGENTS, "DELEGATES_TO", "Agent"),
                )
                if word in words
            )
            target = called(self.root, end, name)
            yield NodeFact(*target, {**called_props(name), "sources": [one.source]})
            for agent in agents:
                self.edges += 1
                if called(self.root, "Agent", agent) != target:
                    yield EdgeFact(edge, called(self.root, "Agent", agent), target, self.props([one.source], ""))

    def agents(self, user: str) -> list[str]:
        """Agents that a user is, or that a userset has, at most 1,000."""
        found: dict[str, None] = {}
        seen, pending = {user}, [user]
        while pending and len(found) < 1_000:
            one = pending.pop()
            kind, name = _parted(one)
            if "#" not in one and authz.word(kind) in authz.AGENTS:
                found[name] = None
            elif "#" in one:
                thing, _, relation = one.partition("#")
                tuples = (each for key in self.bringing.get((thing, relation), ()) for each in self.holders[key])
                more = [each.user for each in tuples if not each.condition and each.user not in seen]
                seen.update(more)
                pending += more
        return list(found)


def _is_principal(user: str) -> bool:
    """Whether it is somebody, or all who have a relation to something, and not a thing."""
    return "#" in user or authz.word(user.partition(":")[0]) in authz.PEOPLE | authz.AGENTS


def _parted(user: str) -> tuple[str, str]:
    kind, _, name = user.partition(":")
    return kind, name
