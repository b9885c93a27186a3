"""In what two states of an estate differ: facts, privileges, findings, scores. Their JSON keys are part of the contract."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from graphinv.model.facts import NodeKey
from graphinv.model.results import EdgeName, FindingName, Lens, Level, Path, Result

Change = Literal["new", "gone", "changed", "maybe_new", "maybe_gone"]
"""``maybe_``: only one of the two has it, and the other had not read all that states it, so that it may always have been there, or be there
still."""

NEW: frozenset[Change] = frozenset({"new", "maybe_new"})
GONE: frozenset[Change] = frozenset({"gone", "maybe_gone"})


class Compared(Result):
    """One of the two that are compared."""

    name: str = Field(description="As it was given")
    at: str = Field(description="Time at which it is judged")
    generation: int = Field(description="Of the store; 1 of files")
    roots: dict[str, str] = Field(description="By root, how its newest scan went: complete, partial or failed")
    agents: int = Field(description="How many")
    nodes: int = Field(description="How many")
    edges: int = Field(description="How many")
    findings: int = Field(description="Open ones")


class PropertyChange(Result):
    """One property, before and after."""

    name: str = Field(description="Of the vocabulary, or `owners`: the ids of its owners")
    before: Any = Field(default=None, description="Null where nothing is stated")
    after: Any = Field(default=None, description="The same")


class NodeChange(Result):
    """A node that only one of the two has, or of which they state something else."""

    node: NodeKey = Field(description="Kind and id")
    name: str = Field(description="Afterwards, if it is still there")
    change: Change = Field(description="What became of it")
    properties: tuple[PropertyChange, ...] = Field(description="Those that differ; of a node that one does not have, all that is stated")
    sources: tuple[str, ...] = Field(default=(), description="Where it is stated, afterwards if it still is")
    because: str = Field(default="", description="What was not read, on which the change may rest")


class EdgeChange(Result):
    """The same of an edge. Where there was one edge between two nodes, and is one that authority passes otherwise, that edge changed."""

    edge: EdgeName = Field(description="Kind, ends and key, afterwards if it is still there")
    key_before: str | None = Field(default=None, description="Key that it had, where it has another one now")
    change: Change = Field(description="What became of it")
    moves_authority: bool = Field(description="Whether privileges pass it")
    properties: tuple[PropertyChange, ...] = Field(description="As of a node")
    sources: tuple[str, ...] = Field(default=(), description="As of a node")
    because: str = Field(default="", description="As of a node")


class Reason(Result):
    """What gave a privilege, or took it: an edge, a node, or neither (the time)."""

    words: str = Field(description="What differs, for people")
    edge: EdgeName | None = Field(default=None, description="That is new, gone or changed")
    node: NodeKey | None = Field(default=None, description="That is new, gone or changed")


class Move(Result):
    """What agents can do to one target that they could not before, or no longer."""

    target: NodeKey = Field(description="A resource or secret")
    name: str = Field(description="Of the target")
    actions: tuple[str, ...] = Field(description="Those that are gained, or lost")
    sensitivity: str | None = Field(default=None, description="Of the target; null where nobody stated it")
    crown_jewel: bool = Field(default=False, description="Whether the target is known to be one")
    agents: int = Field(description="How many agents gain, or lose, just these actions on it")
    first: tuple[NodeKey, ...] = Field(description="Of these the first 20: those that both have, then by id")
    because: tuple[Reason, ...] = Field(description="What differs on the path; empty where nothing was found")
    path: Path | None = Field(description="A witness of one of them, of where they can: afterwards what is gained, before what is lost")


class AgentMove(Result):
    """An agent whose privilege is another one."""

    agent: NodeKey = Field(description="Kind and id")
    gained: int = Field(description="Atoms that it has afterwards and had not before")
    lost: int = Field(description="Atoms that it had before and has not afterwards")
    grave: int = Field(description="Targets that are confidential, restricted or crown jewels and on which it gains something")


class LensDifference(Result):
    """What all agents can do under one lens, before and after."""

    lens: Lens = Field(description="Which edges count")
    before: int = Field(description="Atoms of all agents together")
    after: int = Field(description="The same afterwards")
    gained: int = Field(description="Atoms gained by all agents together")
    lost: int = Field(description="Atoms lost by all agents together")
    grave: int = Field(description="Gained pairs of an agent and a target that is confidential, restricted or a crown jewel")
    agents: tuple[AgentMove, ...] = Field(description="Those that gain or lose, by id")
    gains: tuple[Move, ...] = Field(description="The gravest first, no more than asked for")
    gains_left_out: int = Field(description="How many more there are")
    losses: tuple[Move, ...] = Field(description="Likewise")
    losses_left_out: int = Field(description="How many more there are")


class ScoreMove(Result):
    """An agent whose score is another one: each before and after, null where there is no such agent."""

    agent: NodeKey = Field(description="Kind and id")
    risk: tuple[float | None, float | None] = Field(description="0 to 100")
    level: tuple[Level | None, Level | None] = Field(description="Of the risk")
    impact: tuple[float | None, float | None] = Field(description="What it can reach")
    impact_ungoverned: tuple[float | None, float | None] = Field(description="The gap: with no runtime decision in the way")
    impact_runtime: tuple[float | None, float | None] = Field(description="What runtime decisions leave")


class FindingChange(FindingName):
    """A finding that is open in one of the two, or in both at other levels (`changed`)."""

    change: Change = Field(description="What became of it")
    severity_before: Level | None = Field(default=None, description="Where it changed")
    reopened: bool = Field(default=False, description="Whether it is back after it was fixed")
    because: str = Field(default="", description="With `maybe_`: why the other could not tell")


class Difference(Result):
    """All of it. Lists are whole but for gains and losses, which say how many are left out."""

    before: Compared = Field(description="A")
    after: Compared = Field(description="B")
    notes: tuple[str, ...] = Field(description="What cannot be told, and why")
    nodes: tuple[NodeChange, ...] = Field(description="In the order of the vocabulary, then by id")
    edges: tuple[EdgeChange, ...] = Field(description="The same, those that pass authority first")
    seen_anew: int = Field(description="Nodes and edges of which only the place or the time differs at which they are stated or seen")
    lenses: tuple[LensDifference, ...] = Field(description="As they were asked for")
    findings: tuple[FindingChange, ...] = Field(description="The worst level first")
    accepted: int = Field(default=0, description="How many more of them are accepted risks, which are left out")
    scores: tuple[ScoreMove, ...] = Field(description="Those whose risk rises most first")
