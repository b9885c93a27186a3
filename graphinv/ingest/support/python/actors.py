"""Agents and workflows that frameworks declare: which object is which, their names and ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphinv.ingest.support.located import Located
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import decorator_name
from graphinv.ingest.support.python.sites import Site
from graphinv.ingest.support.python.tree import Tree
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    Either,
    EnvVar,
    External,
    FunctionV,
    ListV,
    Made,
    Value,
)
from graphinv.model.facts import NodeFact, NodeKey, Props

MAX_NAME = 120
MAX_GIVEN = 20
MAX_SHAPE = 2
"""Arguments, and how deep in them, that are compared to tell whether two calls make the same agent."""
_MAKES = re.compile(
    r"(?:async_|a)?(?:create|make|build|get|init|initiali[sz]e|setup|set_up|new|load|define|construct|prepare)_(?=[a-zA-Z])"
)
_SAYS_NOTHING = re.compile(
    r"a?(?:main|run|invoke|handle|handler|lambda_handler|start|call|execute|process|ask|chat|create|make|build|get|init|setup|load|new"
    r"|lambda|<lambda>|wrapper|inner|demo|example)(?:_.*)?|test_.*|",
    re.DOTALL,
)

_RUNS = frozenset({"ainvoke", "arun", "invoke", "kickoff", "run", "run_async", "run_sync"})
"""Methods of agents that give an answer."""
_TEXTS = ("builtins", "json", "re")
"""Modules that make texts and numbers."""


@dataclass(eq=False, slots=True)
class Actor:
    """An agent or workflow that was declared. ``value`` is the object, function or class that stands for it."""

    name: str
    framework: str
    kind: str
    value: Value
    detail: str = ""
    type: str = ""
    parent: Actor | None = None
    line: int | None = None
    path: str = ""
    labels: list[str] = field(default_factory=list)
    qualifier: str = ""
    origin: tuple[str, int] | None = None
    named: bool = False
    """Whether its author named it, rather than the variable it is kept in."""
    _key: NodeKey | None = None

    @property
    def key(self) -> NodeKey:
        """Kind and id; only once all frameworks have declared theirs."""
        assert self._key is not None
        return self._key

    @property
    def made(self) -> Made:
        """The object it was declared for."""
        assert isinstance(self.value, Made)
        return self.value


@dataclass(frozen=True, slots=True)
class Hosted:
    """A tool that a framework or provider brings along: ``id`` such as ``openai:web_search`` is the same for everybody."""

    id: str
    name: str
    effects: tuple[str, ...] = ()
    untrusted: bool | None = None


class Declarations(Tree):
    """A tree with the agents and workflows that frameworks declare in it. Ids are given when they are first asked for, or by
    :meth:`seal`."""

    def __init__(
        self, root: str, modules: Mapping[str, ir.Module], configs: Mapping[str, list[Located]] | None = None, outside: Iterable[str] = ()
    ) -> None:
        super().__init__(root, modules, configs, outside)
        self.told_tools: set[NodeKey] = set()
        """Tools whose bodies were told."""
        self._all: list[Actor] = []
        self._by_identity: dict[object, Actor] = {}
        self._by_site: dict[object, list[Actor]] = {}
        self._sealed = False
        self._taken: dict[str, list[Actor]] = {}

    def declare(  # noqa: PLR0913 - what may be known of an agent, each by its name
        self,
        value: Value,
        *,
        name: Value | str | None,
        framework: str,
        kind: str = "Agent",
        detail: str = "",
        type: str = "",
        parent: Actor | None = None,
        line: int | None = None,
        origin: tuple[str, int] | None = None,
    ) -> Actor:
        """``value`` is an agent (or, with ``kind="Workflow"``, a workflow) of that name. The same value twice is the same actor.

        Args:
            value: the object, function or class that stands for it.
            name: a value or text; None or unknown: the variable it is assigned to.
            framework: slug.
            kind: ``Agent`` or ``Workflow``.
            detail: for people, such as ``crewai crew``.
            type: of a workflow, such as ``graph`` or ``step``.
            parent: workflow that it is a step of; its name becomes part of the id.
            line: where it is declared, if not at ``value``.
            origin: path and line of the document that defines it, if it is not the one of ``value``.
        """
        identity = identity_of(value)
        found = self._by_identity.get(identity)
        if found is not None:
            return found
        path, line = origin or (value.module.path, line or value.line)
        actor = Actor(self._named(value, name), framework, kind, value, detail, type, parent, line, path, origin=origin)
        self._by_site.setdefault(value.key[:3] if isinstance(value, Made) else identity, []).append(actor)
        actor.named = bool(_text(name))
        self._by_identity[identity] = actor
        self._all.append(actor)
        if self._sealed:
            self._give_id(actor)
        return actor

    def alias(self, value: Value, actor: Actor) -> None:
        """``value`` means the same agent as ``actor``."""
        self._by_identity.setdefault(identity_of(value), actor)

    def actors(self, framework: str) -> list[Actor]:
        """What was declared with that framework, in order of declaration."""
        return [actor for actor in self._all if actor.framework == framework]

    def actor(self, value: Value | None) -> Actor | None:
        """The actor that a value is: also through ``.compile()`` and other methods of it. Not for ``Either``: see :meth:`items`."""
        for _ in range(40):
            if value is None:
                return None
            found = self._by_identity.get(identity_of(value))
            if found is None and isinstance(value, Made):
                same = self._by_site.get(value.key[:3], [])
                found = same[0] if len({one.name for one in same}) == 1 else None
            if found is not None:
                return found
            value = value.receiver if isinstance(value, (Made, Bound)) else None
        return None

    def cited(self, actor: Actor, value: Value) -> str:
        """Where ``actor`` is given ``value``: the place in the list that was last looked at with :meth:`items`, else the actor's own."""
        module, line = self._written.get(value.key if isinstance(value, Made) else id(value)) or (
            actor.value.module,
            actor.line or actor.value.line,
        )
        return f"{self.root}/{module.path}#L{line}" if module.path else f"{self.root}#L{line}"

    def seal(self) -> None:
        """Gives all actors their ids: those of one document, framework and name are told apart by the functions they stand in, then by
        their order there."""
        for same in self._by_site.values():
            self._tell_apart([one for one in same if one.kind == "Agent" and not one.named and isinstance(one.value, Made)])
        groups: dict[tuple[str, str, str, str], list[Actor]] = {}
        for actor in self._all:
            groups.setdefault((actor.kind, actor.framework, actor.path, _local(actor)), []).append(actor)
        for group in groups.values():
            places = {_site(actor) for actor in group}
            if len(places) > 1:
                for actor in group:
                    inner = actor.parent is not None and actor.kind == "Agent"
                    actor.qualifier = actor.parent.name if inner and actor.parent is not None else _around(actor.value)
        self._sealed = True
        for actor in sorted(self._all, key=lambda one: one.parent is not None):
            self._give_id(actor)

    def _tell_apart(self, same: list[Actor]) -> None:
        """Names what one place makes of different things after where it is called from: ``researcher = make_agent([search])``."""
        if len(same) < 2 or len({self._given(one.made, 0) for one in same}) < 2:
            return
        for one in same:
            inside = one.made.scope.function
            for site in self.called_from(one.made):
                if inside is not None and _is_stream(inside):
                    break  # its callers keep what is said, not who says it
                inside = site.scope.function
                if not self._gives(site):
                    break  # it only runs the agent: what is kept is an answer
                returned = any(stated.value is site.call for stated in site.scope.table.returns)
                name = self.kept_in(site.call) or (_subject(site.scope.function.name) if returned and site.scope.function else "")
                if name and name != one.name:
                    one.name = name[:MAX_NAME]
                if name or not returned:
                    break  # what lies further out is named after other things

    def _gives(self, site: Site) -> bool:
        """Whether a call gives something that is or may hold an agent, and not what an agent answered."""
        for value in self.ev.evaluate(site.call, site.scope).options():
            answer = isinstance(value, Made) and (value.symbol in _RUNS or value.within(*_TEXTS))
            if not answer and not isinstance(value, (Bound, Const, EnvVar)):
                return True
        return False

    def _given(self, made: Made, depth: int) -> object:
        """All that an object is made with, as far as it is known: what tells it apart from others that the same call makes."""
        arguments = [*((None, one) for one in made.call.args), *made.call.kwargs]
        return tuple((name, self._shape(self.ev.evaluate(one, made.scope), depth)) for name, one in arguments[:MAX_GIVEN])

    def _shape(self, value: Value, depth: int) -> object:
        if depth > MAX_SHAPE:
            return None
        if isinstance(value, (Const, External, EnvVar)):
            return value.value if isinstance(value, Const) else value.dotted if isinstance(value, External) else value.name
        if isinstance(value, (ListV, Either)):
            parts = value.items if isinstance(value, ListV) else value.values
            return tuple(self._shape(one, depth + 1) for one in parts[:MAX_GIVEN])
        if isinstance(value, DictV):
            return tuple((self._shape(key, depth + 1), self._shape(one, depth + 1)) for key, one in value.items[:MAX_GIVEN])
        if isinstance(value, Made):
            return value.callee, value.cls.name if value.cls is not None else None, self._given(value, depth + 1)
        if isinstance(value, Bound):
            return self._shape(value.receiver, depth + 1), value.attr
        return identity_of(value) if isinstance(value, (FunctionV, ClassV)) else None

    def nodes(self) -> Iterator[NodeFact]:
        """The nodes of all that was declared."""
        for actor in self._all:
            path = f"{self.root}/{actor.path}" if actor.path else self.root
            props: Props = {
                "name": actor.name,
                "kind_detail": actor.detail or f"{actor.framework} {actor.kind.lower()}",
                "environment": environment_of(actor.path),
                "labels": sorted(set(actor.labels)) or None,
                "sources": [f"{path}#L{actor.line}"],
            }
            if actor.kind == "Agent":
                props["framework"] = actor.framework
            elif actor.type:
                props["type"] = actor.type
            yield NodeFact(*actor.key, {name: value for name, value in props.items() if value is not None})

    def _named(self, value: Value, name: Value | str | None) -> str:
        """The author's name; where there is none, the variable; else its class of the tree, what the function around it is named after
        (``travel_agent`` in ``make_travel_agent``), or what it was made with."""
        text = _text(name)
        if not text:
            text = self.variable(value) or ""
        if not text and isinstance(value, Made):
            function = value.scope.function
            text = value.cls.name if value.cls is not None else _subject(function.name) if function is not None else ""
            text = text or value.symbol
        if not text and isinstance(value, (FunctionV, ClassV)):
            text = value.name
        return " ".join(text.split())[:MAX_NAME] or "agent"

    def _give_id(self, actor: Actor) -> None:
        local = _local(actor)
        if actor.qualifier:
            local = f"{actor.qualifier}/{local}"
        base = f"{actor.framework}:{self.place_of(actor.path)}#{local}"
        same = self._taken.setdefault(f"{actor.kind} {base}", [])
        sites = [_site(one) for one in same]
        number = len(dict.fromkeys(sites)) + 1 if _site(actor) not in sites else list(dict.fromkeys(sites)).index(_site(actor)) + 1
        same.append(actor)
        actor._key = actor.kind, base if number == 1 else f"{base}~{number}"


def _subject(function: str) -> str:
    """What a function that makes or runs something is named after; ``""`` where its name says nothing of that.

    >>> _subject("create_travel_agent"), _subject("research_assistant"), _subject("main"), _subject("test_agent")
    ('travel_agent', 'research_assistant', '', '')
    """
    subject = _MAKES.sub("", function.strip("_"))
    return "" if _SAYS_NOTHING.fullmatch(subject) else subject


def _local(actor: Actor) -> str:
    return f"{actor.parent.name}/{actor.name}" if actor.parent is not None and actor.kind != "Agent" else actor.name


def _is_stream(function: ir.Function) -> bool:
    """Whether a function yields things one after the other; not one that gives something while a block runs."""
    above = (decorator_name(one.func if isinstance(one, ir.Call) else one) for one in function.decorators)
    return not any(name.endswith(("contextmanager", "fixture")) for name in above) and any(
        isinstance(one, ir.Return) and one.yields for one in function.body
    )


def _text(name: Value | str | None) -> str:
    if isinstance(name, str) or name is None:
        return name or ""
    for option in name.options():
        if isinstance(option, Const) and isinstance(option.value, str):
            return option.value
        if isinstance(option, EnvVar):
            return option.text() or ""
    return ""


def identity_of(value: Value) -> object:
    """What makes two values the same thing."""
    if isinstance(value, Made):
        return value.key
    if isinstance(value, FunctionV):
        return ("function", id(value.function))
    if isinstance(value, ClassV):
        return ("class", value.module.path, value.cls.line)
    if isinstance(value, Bound):
        return (identity_of(value.receiver), value.attr)
    return id(value)


def _site(actor: Actor) -> object:
    value = actor.value
    if actor.origin is not None:
        return actor.origin
    return value.key[:3] if isinstance(value, Made) else identity_of(value)


def _around(value: Value) -> str:
    """Functions and classes around the place where something is made, outermost first; ``""`` at the top of a module."""
    names: list[str] = []
    scope = value.scope if isinstance(value, (Made, FunctionV, ClassV)) else None
    while scope is not None:
        if isinstance(scope.owner, (ir.Function, ir.Class)):
            names.append(scope.owner.name)
        scope = scope.parent
    return ".".join(reversed(names))
