"""What templates deploy, and what stands for it while they are evaluated."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphinv.ingest.support.arm import ir
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.partial import Unknown, Value, known_parts, text_of


@dataclass(eq=False)
class World:
    """All templates of a root by path, and what is left to spend. ``keys`` are what access keys are of, by the reference to them."""

    root: str
    templates: Mapping[str, ir.Template]
    steps: int = 0
    deployed: int = 0
    depth: int = 0
    exhausted: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    by_id: dict[str, Instance] = field(default_factory=dict)
    unfollowed: list[tuple[str, int, str]] = field(default_factory=list)
    """Document, line and source of each template that is deployed and not among the documents."""

    def told(self, id: str, attribute: str) -> Unknown:
        """What only the deployment of the resource ``id`` tells."""
        short = id.partition("/providers/")[2] or id.rpartition("/")[2]
        # Without the signs that part names in an id: it may stand in a name itself.
        clean = text_of(Unknown(short))[1:-1].replace("/", ":")
        if len(clean) > 150:
            clean = f"{clean[:140]}~{hashlib.sha256(short.encode('utf-8', 'replace')).hexdigest()[:8]}"
        return Unknown(f"{attribute} of {clean}")


class Surroundings(Protocol):
    """One deployment of a template (:class:`~.evaluate.Frame`), as what it made sees it."""

    template: ir.Template

    def value(self, expr: ir.Expr, env: Env) -> Value: ...

    def output(self, name: str) -> Value: ...

    def settled(self, value: Value) -> Value: ...


@dataclass(eq=False)
class Instance:
    """A resource that is deployed, or is there already. ``id`` is in lower case."""

    frame: Surroundings | None
    resource: ir.Resource | None
    env: Env | None
    id: str
    name: str
    known: dict[str, Value] | None = None
    running: bool = False

    @property
    def type(self) -> str:
        return self.resource.type.lower() if self.resource else ""

    def body(self) -> dict[str, Value]:
        """What its block states; nothing of one that needs itself."""
        if self.known is None:
            if self.running or self.frame is None or self.resource is None or self.env is None:
                return {}
            self.running = True
            try:
                value = self.frame.value(self.resource.body, self.env)
                self.known = value if isinstance(value, dict) else {}
            finally:
                self.running = False
        return self.known


@dataclass(eq=False)
class Part:
    """Properties of a resource, or what lies in them: ``value`` is what the template states there, None if nothing."""

    of: Instance
    path: str
    value: Value


@dataclass(eq=False)
class Outputs:
    """Outputs of a template that is deployed; in ARM's JSON each is an object with a ``value``."""

    frame: Surroundings
    boxed: bool


@dataclass(frozen=True, eq=False)
class Env:
    """What loops and lambdas call their items."""

    names: Mapping[str, Value] = field(default_factory=dict)

    def having(self, names: Mapping[str, Value]) -> Env:
        return Env({**self.names, **names})


NO_NAMES = Env()


@dataclass(eq=False)
class Foreign:
    """A template that is not among the documents, with what it is given. ``id`` and ``type`` are those of the resource that it is known to
    deploy (:mod:`.verified`), ``""`` for others."""

    frame: Surroundings
    module: ir.Module
    given: dict[str, Value]
    type: str
    id: str
    name: str

    def output(self, world: World, name: str) -> Value:
        if name in ("resourceId", "id", "name") and self.id:
            return self.name if name == "name" else self.id
        told = {"systemAssignedMIPrincipalId": "principalId"}.get(name, name)
        return world.told(self.id, told) if self.id else Unknown(f"{self.module.symbol}.outputs.{name}")


@dataclass(frozen=True)
class Thing:
    """A resource as it is deployed: ``body`` is its block, ``id`` and ``type`` are in lower case."""

    site: Site
    type: str
    id: str
    name: str
    body: Mapping[str, Any]

    @property
    def key(self) -> str:
        return self.site.id(self.id)

    @property
    def properties(self) -> Mapping[str, Any]:
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def last(self) -> str:
        """Its own name, without those of what it is a part of."""
        return self.name.rpartition("/")[2]

    @property
    def title(self) -> str:
        """What people call it: what is known of its name."""
        return known_parts(self.last).strip("-_. ") or self.last
