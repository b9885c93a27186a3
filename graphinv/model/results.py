"""What analyzers answer: privileges, paths, scores, findings. Their JSON keys are part of the contract."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from graphinv.model.estate import EdgeRecord
from graphinv.model.facts import NodeKey

T = TypeVar("T")

Lens = Literal["posture", "ungoverned", "runtime", "standing", "observed", "declared"]
LENSES: tuple[Lens, ...] = ("posture", "ungoverned", "runtime", "standing", "observed", "declared")

Origin = Literal["own", "shared", "callers", "sub-agents", "call-backs", "workflows"]
"""Through whom a privilege comes; see :mod:`graphinv.analyze.origins`."""

Level = Literal["critical", "high", "medium", "low", "info"]
LEVELS: tuple[Level, ...] = ("critical", "high", "medium", "low", "info")

Atom = tuple[str, str, str]
"""(kind, id, action): something that can be done to one Resource or Secret."""


class Result(BaseModel):
    """Base of results: immutable, and written to JSON by field alias."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data under the documented keys."""
        return self.model_dump(mode="json", by_alias=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def slim(kind: type[T]) -> type[T]:
    """A dataclass with slots, frozen for whoever checks types. At work it is not: to make one that is takes three times as long."""
    return dataclass(slots=True, unsafe_hash=True)(kind)


@slim
class Slim:
    """Base of results of which there are hundreds of thousands: they take a tenth of the memory of a :class:`Result`, and are checked where
    they are read, not where they are made. Changed with :func:`dataclasses.replace`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(populate_by_name=True)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data under the documented keys."""
        kind: Any = type(self)
        data: dict[str, Any] = adapter(kind).dump_python(self, mode="json", by_alias=True)
        return data


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What checks and reads results of a kind that is :class:`Slim`."""
    return TypeAdapter(kind)


@slim
class Guard(Slim):
    """An enforcement point on a hop and what its decision would do there."""

    id: str
    mode: str
    effect: str
    would: Annotated[str, Field(description="In words: `deny`, `ask for step-up`, `narrow to …`, `nothing: only monitors`")]


@slim
class Hop(Slim):
    """One arc of a path: ``source`` can exercise the authority of ``target``, or, as the last hop, act on it."""

    source: Annotated[NodeKey, Field(alias="from")]
    edge: Annotated[
        str,
        Field(
            description="Kind of the edge, or of both when an arc comes from two, joined by `+`; `<` before it when it is walked backwards"
        ),
    ]
    target: Annotated[NodeKey, Field(alias="to")]
    words: Annotated[str, Field(description="The hop in plain words")]
    evidence: Annotated[
        tuple[str, ...], Field(description="`declared`, `granted`, `observed`, `inferred`; empty = no source states any")
    ] = ()
    confidence: float | None = None
    sources: Annotated[tuple[str, ...], Field(description="`document#where` of what states it")] = ()
    scopes: Annotated[tuple[str, ...] | None, Field(description="Mask of the hop; null = everything passes")] = None
    guards: Annotated[tuple[Guard, ...], Field(description="Points on the hop")] = ()
    edges: Annotated[tuple[str, ...], Field(description="Keys of the edges behind the hop")] = ()


class Path(Result):
    """A witness: a shortest path whose masks the atom survives."""

    subject: NodeKey
    target: NodeKey
    action: str
    lens: Lens
    at: str = Field(description="Time that is judged")
    hops: tuple[Hop, ...] = Field(description="In order, from the subject")


class Reach(Result):
    """Transitive privilege of one subject under one lens at one time. Counts are of distinct ones reached, the subject left out."""

    subject: NodeKey
    lens: Lens
    at: str = Field(description="Time that is judged")
    targets: int = Field(description="Resources and secrets that it can act on")
    atoms: tuple[Atom, ...] | None = Field(description="Sorted; null when left out by --summary")
    agents: int
    identities: int
    secrets: int
    tools: int
    impact: float

    def to_json(self) -> dict[str, Any]:
        data = super().to_json()
        if self.atoms is None:
            del data["atoms"]
        return data


class Exposed(Result):
    """One subject that can act on a target."""

    subject: NodeKey
    target: NodeKey
    actions: tuple[str, ...] = Field(description="What it can do to the target")
    lens: Lens
    at: str
    hops: int | None = Field(description="Length of a shortest witness over its actions")


@slim
class Finding(Slim):
    """What a rule found. Its identity is its rule, subject and target, so that it survives the next scan."""

    key: Annotated[str, Field(description="Stays as it is over scans")]
    rule: str
    title: str
    severity: Level
    confidence: Annotated[float, Field(description="Of the weakest hop, 0 to 1; apart from severity")]
    subject: NodeKey
    target: NodeKey | None = None
    why: Annotated[str, Field(description="Why it matters")] = ""
    remediation: str = ""
    path: Annotated[tuple[Hop, ...], Field(description="What proves it, hop by hop")] = ()
    frameworks: Annotated[tuple[str, ...], Field(description="Items of frameworks that it speaks to")] = ()
    owners: Annotated[tuple[str, ...], Field(description="Owners of the subject; empty = nobody known")] = ()
    sources: Annotated[tuple[str, ...], Field(description="`document#where` of what states its subject")] = ()
    likelihood: Annotated[float, Field(description="p of the rule: by how much it raises the likelihood part of the risk, 0 to 1")] = 0.0
    severity_parts: Annotated[tuple[str, ...], Field(description="What the severity is made of")] = ()
    priority: Annotated[
        float, Field(description="Orders findings of one level: impact of what it leads to · likelihood · confidence, 0 to 100")
    ] = 0.0
    details: Annotated[dict[str, Any], Field(description="Further columns of the rule's row")] = field(default_factory=dict)
    first_seen: Annotated[str | None, Field(description="When an analysis first found it")] = None
    last_seen: Annotated[str | None, Field(description="When an analysis last found it")] = None
    fixed_at: Annotated[str | None, Field(description="When an analysis that could tell found it no more; null while it is open")] = None
    reopened: Annotated[int, Field(description="How often it came back after it was fixed")] = 0
    reopened_at: Annotated[str | None, Field(description="When it last came back")] = None
    unconfirmed: Annotated[
        str, Field(description="Why the last analysis could not tell whether it is still so; empty where it found it, or it is fixed")
    ] = ""
    cause: Annotated[str | None, Field(description="What would clear it and most others: the key of an edge, or `Kind:id` of a node")] = (
        None
    )


def worst_first(finding: Finding) -> tuple[int, float, str, NodeKey, NodeKey, str]:
    """Sorts findings wherever they are listed: by level, then by priority; those that are alike in both by what they are about."""
    return LEVELS.index(finding.severity), -finding.priority, finding.rule, finding.subject, finding.target or ("", ""), finding.key


def finding_key(rule: str, subject: NodeKey, target: NodeKey | None) -> str:
    """Identity of a finding: 16 hex digits over its rule and the ids of its ends.

    >>> finding_key("r", ("Agent", "a"), None) == finding_key("r", ("Agent", "a"), None)
    True
    """
    text = "\x1f".join([rule, *subject, *(target or ())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class RuleStatus(Result):
    """Whether a rule could be judged at all. ``not_available`` is never a pass."""

    rule: str
    title: str
    outcome: Literal["found", "clear", "not_available", "error"]
    findings: int = Field(default=0, description="How many it found")
    reason: str = Field(default="", description="Why it could not be judged, or not of all")


class Unjudged(Result):
    """Agents of which the same rules could not be judged, though they were judged of others."""

    agents: tuple[str, ...] = Field(description="Their ids")
    missing: dict[str, str] = Field(description="By rule, which input is missing")


class Coverage(Result):
    """Of which agents each rule could be judged. A rule whose outcome is ``error`` or ``not_available`` was judged of none but those that
    it has findings about; of an agent that stands in no group every other rule was judged."""

    agents: int
    found: dict[str, int] = Field(description="Of rules with findings: how many agents they are about")
    groups: tuple[Unjudged, ...] = ()


@slim
class ScorePart(Slim):
    """One summand of a score, in words, with its amount."""

    what: str
    amount: Annotated[float, Field(description="Of the risk; all parts add up to it")]
    because: str = ""


@slim
class Score(Slim):
    """Impact and risk of one subject, with all they are made of (0 to 100)."""

    subject: NodeKey
    impact: Annotated[float, Field(description="Under the posture lens")]
    likelihood: Annotated[float, Field(description="0 to 1, raised by findings")]
    risk: float
    level: Level
    impact_ungoverned: Annotated[float, Field(description="The gap: impact with every governed edge taken away")]
    impact_runtime: Annotated[float, Field(description="What is left after runtime decisions")]
    targets: Annotated[int, Field(description="How many it can act on")]
    atoms: Annotated[int, Field(description="Under the posture lens")]
    atoms_ungoverned: Annotated[int, Field(description="Of them, those with no runtime decision in the way")]
    hidden_atoms: Annotated[int, Field(description="Atoms had only through another agent")]
    parts: tuple[ScorePart, ...] = ()


@slim
class CanReach(Slim):
    """A CAN_REACH edge that is written back to the store, so that Cypher can ask about results."""

    subject: NodeKey
    target: NodeKey
    lens: Lens
    actions: tuple[str, ...]
    hops: int
    via: Annotated[tuple[str, ...], Field(description="`Kind:id` of the nodes between, in order")]


class Explained(Result):
    """Where the privilege of a subject comes from, and what runtime authorization does about it."""

    subject: NodeKey
    at: str
    origins: dict[Lens, dict[Origin, int]] = Field(description="Per lens, how many atoms each origin brings")
    atoms: dict[Origin, tuple[Atom, ...]] = Field(description="The atoms under `posture`, by origin")
    gap: tuple[Atom, ...] = Field(description="Those that the subject keeps under `ungoverned`: no runtime decision stands in the way")
    stopped: tuple[Atom, ...] = Field(
        description="Those that it loses under `runtime`: a decision denies them, asks for more, or narrows them away"
    )


class Turn(Result):
    """A moment at which the privilege of a subject changes, and why."""

    at: str
    gained: tuple[Atom, ...]
    lost: tuple[Atom, ...]
    because: tuple[str, ...] = Field(description="In words: what starts or ends then, of what the subject comes to")


class EdgeName(Result):
    """An edge as people and commands name it: kind, ends and a key that is unique."""

    edge: str
    source: NodeKey = Field(alias="from")
    target: NodeKey = Field(alias="to")
    key: str = Field(description="As `paths` prints it, and `what-if` takes it, whole or its first digits")

    @classmethod
    def of(cls, edge: EdgeRecord) -> EdgeName:
        """The name of an edge of an estate."""
        return cls(edge=edge.kind, source=edge.source, target=edge.target, key=edge.key)


class ChokePoint(Result):
    """An edge that pairs of agent and target depend on."""

    edge: EdgeName
    pairs: int = Field(description="Pairs that vanish if nothing passes this edge any more")
    share: float = Field(description="Of all pairs that were looked at, 0 to 1")
    targets: tuple[NodeKey, ...] = Field(description="Targets of these pairs")
    evidence: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()


class Cause(Result):
    """Findings that one change clears: one ticket."""

    cause: str = Field(description="Key of the edge, or `Kind:id` of the node")
    edge: EdgeName | None = None
    node: NodeKey | None = None
    title: str
    severity: Level = Field(description="Of the worst of them")
    priority: float = Field(default=0.0, description="What it takes away: the priorities of them all, added up")
    findings: int
    severities: dict[str, int] = Field(description="How many of each level")
    rules: tuple[str, ...]
    keys: tuple[str, ...] = Field(description="Keys of the findings")


class Cut(Result):
    """The smallest set of edges that keeps subjects from a target."""

    target: NodeKey
    actions: tuple[str, ...] = Field(description="What is kept from being done to it, of what somebody can do now")
    lens: Lens
    at: str
    subjects: int = Field(description="How many subjects it is kept from")
    possible: bool = Field(description="False where a way has no edge that a person can change")
    edges: tuple[EdgeName, ...] = Field(description="To remove or to guard, each with the weight of its kind")
    weights: tuple[float, ...] = Field(default=(), description="Of the edges, in their order")
    weight: float = Field(default=0.0, description="Of all of them together")
    proven: bool = Field(default=True, description="Whether it is certain that no lighter set works")


class LensChange(Result):
    """What a change does to the privileges of all agents under one lens."""

    lens: Lens
    before: int = Field(description="Atoms of all agents together")
    after: int
    gone: tuple[tuple[NodeKey, Atom], ...] = Field(description="(agent, atom) that no longer hold")
    new: tuple[tuple[NodeKey, Atom], ...] = Field(description="Those that hold only after the change")


class ScoreChange(Result):
    """What a change does to one agent's score: each before and after."""

    subject: NodeKey
    risk: tuple[float, float]
    impact: tuple[float, float]
    impact_ungoverned: tuple[float, float]
    impact_runtime: tuple[float, float]


class FindingName(Result):
    """A finding in short."""

    key: str
    rule: str
    severity: Level
    title: str
    subject: NodeKey
    target: NodeKey | None = None


class WhatIf(Result):
    """What a change would do, before it is made."""

    at: str
    then: str = Field(description="Time at which the changed estate is judged")
    removed: tuple[EdgeName, ...] = ()
    guarded: tuple[EdgeName, ...] = ()
    retired: tuple[NodeKey, ...] = ()
    added: int = 0
    lenses: tuple[LensChange, ...]
    scores: tuple[ScoreChange, ...] = Field(description="Agents whose score changes, by id")
    findings_judged: bool = True
    findings_gone: tuple[FindingName, ...] = ()
    findings_new: tuple[FindingName, ...] = ()


class Analysis(Result):
    """Everything one run of the analyzers says about one generation of a store."""

    generation: int
    at: str
    scores: tuple[Score, ...]
    reach: tuple[CanReach, ...]
    reach_left_out: int = Field(default=0, description="Pairs not written back because their target does not matter enough")
    findings: tuple[Finding, ...]
    rules: tuple[RuleStatus, ...]
    former: tuple[Finding, ...] = Field(
        default=(), description="Findings of earlier analyses that are fixed, or that this one, of an earlier time, does not speak of"
    )
    followed_at: str | None = Field(default=None, description="Time of the last analysis by which findings were fixed and reopened")
    coverage: Coverage | None = None
    paths: tuple[Path, ...] = Field(default=(), description="The riskiest ones, most risky first")

    @property
    def fixed(self) -> tuple[Finding, ...]:
        """Findings that are fixed, in the order of their keys."""
        return tuple(finding for finding in self.former if finding.fixed_at is not None)
