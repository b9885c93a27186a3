"""The blast radius of one subject as a picture and its tables: what is on the way to what it can reach, and what a decision would stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from pydantic import Field

from graphinv.model.errors import NotFound, UsageError
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Hop, Lens, Path, Result, slim

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

COMPARED: tuple[Lens, ...] = ("posture", "ungoverned", "runtime")
"""Lenses whose difference is the gap."""

SECRET = "secret"  # noqa: S105 - a name for counts
"""What stands for the sensitivity of a Secret, which has none."""

SENSITIVITIES: tuple[str, ...] = ("restricted", "confidential", "unknown", "internal", "public", SECRET)

MAX_TARGETS = 1000
_SIBLINGS = 6
"""Targets behind one node that are drawn before those behind others have had their turn."""
_TRIES = 3
"""Witnesses that are looked for, as a multiple of the nodes to draw."""


class BlastNode(Result):
    """A node of the picture. What no source stated is null."""

    key: NodeKey
    name: str
    kind: str
    hops: int = Field(description="From the subject, along the paths shown")
    kind_detail: str | None
    environment: str | None
    sensitivity: str | None
    crown_jewel: bool | None
    status: str | None
    owners: tuple[str, ...]
    is_target: bool
    on_path: bool


@slim
class BlastLink(Hop):
    """A hop of the picture."""

    on_path: bool = False


def _link(hop: Hop, *, on_path: bool) -> BlastLink:
    return BlastLink(**{one.name: getattr(hop, one.name) for one in fields(hop)}, on_path=on_path)


class BlastTarget(Result):
    """Something that the subject can act on under posture, and what is left of that under other lenses."""

    key: NodeKey
    name: str
    type: str | None
    environment: str | None
    sensitivity: str | None
    crown_jewel: bool | None
    owners: tuple[str, ...]
    actions: tuple[str, ...] = Field(description="Under the lens that was asked for; empty = out of reach under it")
    posture: tuple[str, ...]
    ungoverned: tuple[str, ...]
    runtime: tuple[str, ...]
    weight: float = Field(description="Summand of the impact under the lens that was asked for")
    drawn: bool


class LensCounts(Result):
    """The blast radius under one lens, as numbers."""

    lens: Lens
    targets: int
    atoms: int
    agents: int
    identities: int
    secrets: int
    tools: int
    impact: float
    counts: dict[str, dict[str, int]] = Field(
        description="Targets by sensitivity (`secret` for a Secret) and action; all of both are listed"
    )


class LeftOut(Result):
    """What did not fit."""

    targets: int = Field(description="Targets within reach that are not drawn")
    listed: int = Field(description="Targets that are not listed either")


class BlastRadius(Result):
    """What one subject can reach under one lens at one time."""

    subject: NodeKey
    name: str
    lens: Lens
    at: str
    nodes: tuple[BlastNode, ...] = Field(description="Nodes on a shortest path to the targets drawn, the subject first, by hops")
    links: tuple[BlastLink, ...]
    targets: tuple[BlastTarget, ...] = Field(description="Heaviest first")
    lenses: tuple[LensCounts, ...] = Field(description="posture, ungoverned, runtime, and the lens that was asked for")
    target: NodeKey | None = Field(description="Where the highlighted path leads")
    action: str | None
    path: Path | None = Field(description="The highlighted witness; null where the lens leaves none")
    ungoverned_path: Path | None = Field(description="The witness for the same atom that no runtime decision stands in the way of")
    left_out: LeftOut


def blast_radius(
    engine: Engine, key: NodeKey, lens: Lens, *, target: NodeKey | None = None, action: str | None = None, max_nodes: int = 80
) -> BlastRadius:
    """The blast radius of ``key``: a picture of at most ``max_nodes`` nodes that prefers the heaviest targets, and the full counts.

    The path to ``target`` is highlighted, or to the heaviest target when none is given; it is drawn whatever ``max_nodes`` says.
    ``action`` is what to do there, the heaviest action held when absent.

    Raises:
        NotFound: ``key`` or ``target`` is not in the estate.
        UsageError: no such lens or action.
    """
    for one in (key, target):
        if one is not None and one not in engine.estate.nodes:
            raise NotFound(f"{one[0]}:{one[1]} is not in the graph")
    if action is not None and action not in ACTIONS:
        raise UsageError(f"no action {action!r}; one of {', '.join(ACTIONS)}")
    held = {name: _held(engine, key, name) for name in dict.fromkeys((*COMPARED, lens))}
    ranked = _ranked(engine, held, lens)
    target = target or next((one for one in ranked if one in held[lens]), next(iter(ranked), None))
    if target is not None and action is None:
        action = _heaviest(engine, held[lens].get(target) or held["posture"].get(target, ()))
    path = engine.witness(key, target, action, lens) if target and action else None
    free = engine.witness(key, target, action, "ungoverned") if target and action else None
    picture = _Picture(key, path, max_nodes)
    picture.fill(engine, lens, ((one, held[lens][one]) for one in ranked if one in held[lens] and one != target))
    return BlastRadius(
        subject=key,
        name=engine.estate.nodes[key].name,
        lens=lens,
        at=engine.at,
        nodes=tuple(_node(engine, one, hops, one in held[lens], one in picture.on_path) for one, hops in picture.ordered()),
        links=tuple(_link(hop, on_path=number in picture.path_links) for number, hop in enumerate(picture.hops)),
        targets=tuple(_target(engine, one, held, lens, one in picture.depth) for one in ranked[:MAX_TARGETS]),
        lenses=tuple(_counts(engine, key, name, atoms) for name, atoms in held.items()),
        target=target,
        action=action,
        path=path,
        ungoverned_path=free,
        left_out=LeftOut(targets=len(held[lens].keys() - picture.depth.keys()), listed=max(0, len(ranked) - MAX_TARGETS)),
    )


Held = Mapping[NodeKey, tuple[str, ...]]
"""Target → what can be done to it."""


def _held(engine: Engine, key: NodeKey, lens: Lens) -> Held:
    held: dict[NodeKey, list[str]] = {}
    for kind, id, action in engine.privileges(lens).atoms_of(key):
        held.setdefault((kind, id), []).append(action)
    return {target: tuple(sorted(actions, key=ACTIONS.index)) for target, actions in held.items()}


def _weight(engine: Engine, target: NodeKey, actions: Iterable[str]) -> float:
    from graphinv.analyze.score import target_weight

    best = max((_weight_of(engine, action) for action in actions), default=0.0)
    return best * target_weight(engine.estate.nodes[target].props, engine.settings)


def _heaviest(engine: Engine, actions: Iterable[str]) -> str | None:
    """The action that weighs most; among equal ones the last in the order of the vocabulary."""
    return max(actions, key=lambda action: (_weight_of(engine, action), ACTIONS.index(action)), default=None)


def _weight_of(engine: Engine, action: str) -> float:
    return float(engine.settings.actions.get(action, 0))  # type: ignore[call-overload]


def _ranked(engine: Engine, held: Mapping[Lens, Held], lens: Lens) -> list[NodeKey]:
    """All targets within reach under posture, those that weigh most under ``lens`` first."""
    everything = {**held["posture"], **held[lens]}
    weight = {
        one: (_weight(engine, one, held[lens].get(one, ())), one in held[lens], _weight(engine, one, actions))
        for one, actions in everything.items()
    }
    return sorted(everything, key=lambda one: (*(-part for part in weight[one]), one))


class _Picture:
    """Hops of witnesses, put together until there are enough nodes."""

    def __init__(self, subject: NodeKey, path: Path | None, max_nodes: int) -> None:
        self.max_nodes = max_nodes
        self.depth: dict[NodeKey, int] = {subject: 0}
        self.hops: list[Hop] = []
        self._numbers: dict[tuple[NodeKey, NodeKey, tuple[str, ...]], int] = {}
        self._behind: Counter[NodeKey] = Counter()
        if path:
            self._add(path)
        self.on_path = set(self.depth) if path else set()
        self.path_links = frozenset(range(len(self.hops)))

    def fill(self, engine: Engine, lens: Lens, targets: Iterable[tuple[NodeKey, tuple[str, ...]]]) -> None:
        """Add the witnesses of ``targets`` as long as their nodes fit. One search each, at most a few times ``max_nodes``."""
        subject = next(iter(self.depth))
        waiting: list[Path] = []
        for tried, (target, actions) in enumerate(targets):
            if len(self.depth) >= self.max_nodes or tried >= _TRIES * self.max_nodes:
                break
            path = engine.witness(subject, target, _heaviest(engine, actions) or "read", lens)
            if path is None:
                continue
            if self._behind[path.hops[-1].source] < _SIBLINGS:
                self._add_if_it_fits(path)
            else:
                waiting.append(path)
        for path in waiting:
            self._add_if_it_fits(path)

    def ordered(self) -> list[tuple[NodeKey, int]]:
        return sorted(self.depth.items(), key=lambda item: (item[1], item[0]))

    def _add_if_it_fits(self, path: Path) -> None:
        fresh = {hop.target for hop in path.hops} - self.depth.keys()
        if len(self.depth) + len(fresh) <= self.max_nodes:
            self._add(path)

    def _add(self, path: Path) -> None:
        for number, hop in enumerate(path.hops, 1):
            self.depth[hop.target] = min(number, self.depth.get(hop.target, number))
            same = hop.source, hop.target, hop.edges
            if same not in self._numbers:
                self._numbers[same] = len(self.hops)
                self.hops.append(hop)
        self._behind[path.hops[-1].source] += 1


def _node(engine: Engine, key: NodeKey, hops: int, is_target: bool, on_path: bool) -> BlastNode:
    node = engine.estate.nodes[key]
    get = node.props.get
    return BlastNode(
        key=key,
        name=node.name,
        kind=node.kind,
        hops=hops,
        kind_detail=get("kind_detail"),
        environment=get("environment"),
        sensitivity=get("sensitivity"),
        crown_jewel=get("crown_jewel"),
        status=get("status"),
        owners=engine.estate.owners(key),
        is_target=is_target,
        on_path=on_path,
    )


def _target(engine: Engine, key: NodeKey, held: Mapping[Lens, Held], lens: Lens, drawn: bool) -> BlastTarget:
    node = engine.estate.nodes[key]
    get = node.props.get
    actions = {name: atoms.get(key, ()) for name, atoms in held.items()}
    return BlastTarget(
        key=key,
        name=node.name,
        type=get("type"),
        environment=get("environment"),
        sensitivity=get("sensitivity"),
        crown_jewel=get("crown_jewel"),
        owners=engine.estate.owners(key),
        actions=actions[lens],
        posture=actions["posture"],
        ungoverned=actions["ungoverned"],
        runtime=actions["runtime"],
        weight=_weight(engine, key, actions[lens]),
        drawn=drawn,
    )


def _counts(engine: Engine, key: NodeKey, lens: Lens, held: Held) -> LensCounts:
    reach = engine.reach(key, lens, atoms=False)
    counts = {sensitivity: dict.fromkeys(ACTIONS, 0) for sensitivity in SENSITIVITIES}
    for target, actions in held.items():
        sensitivity = SECRET if target[0] == "Secret" else engine.estate.nodes[target].props.get("sensitivity") or "unknown"
        for action in actions:
            counts[sensitivity][action] += 1
    return LensCounts(
        lens=lens,
        targets=len(held),
        atoms=sum(map(len, held.values())),
        agents=reach.agents,
        identities=reach.identities,
        secrets=reach.secrets,
        tools=reach.tools,
        impact=reach.impact,
        counts=counts,
    )
