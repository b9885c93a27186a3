"""The way in: one estate at one time, and everything that can be asked about it. What was worked out is kept for the next question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from graphinv.analyze.alternatives import alternatives
from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.chokepoints import chokepoints
from graphinv.analyze.cut import cut
from graphinv.analyze.memory import give_back
from graphinv.analyze.origins import origins
from graphinv.analyze.overtime import over_time
from graphinv.analyze.paths import Hops, Witnesses
from graphinv.analyze.plan import Plan
from graphinv.analyze.privilege import HEAVY_BITS, Measures, Privileges, Solver
from graphinv.analyze.reading import structure_of
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, Array, actions_of
from graphinv.analyze.score import LISTED_TARGETS, Settings, Weights, chance_of, level_of, likelihood, parts_of, risk_of
from graphinv.analyze.structure import KIND_NUMBER, SENSITIVITIES, Structure
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS, normal_time
from graphinv.model.results import Atom, CanReach, ChokePoint, Cut, Explained, Exposed, Finding, Lens, Path, Reach, Score, Turn

REACH_LENSES: tuple[Lens, ...] = ("posture", "ungoverned", "runtime")
"""Lenses whose CAN_REACH edges are written back."""

FEW_PAIRS = 5_000
"""So many pairs of agent and target a lens are few enough to write all of them back."""

MOST_PAIRS = 50_000
"""How many pairs are written back at most."""

_SEARCHES = 8
"""How many searches for a target and action are kept; each takes eight bytes a node."""

_ACTORS = ("Agent", "Workflow")


class Engine:
    """Analyzers over an estate, or what was read of one before, judging at ``at`` (ISO 8601) by ``settings``.

    Raises:
        UsageError: ``at`` is no time (on first use).
    """

    def __init__(self, estate: Estate | Structure, at: str, settings: Settings | None = None, solver: Solver = Plan.blocks) -> None:
        self._given = estate
        self._solver = solver
        self.at = str(normal_time(at))
        self.settings = settings or Settings()
        self._arcs: dict[Lens, Arcs] = {}
        self._privileges: dict[Lens, Privileges] = {}
        self._measures: dict[tuple[Lens, str], Measures] = {}
        self._searches: dict[tuple[Lens, NodeKey, str], Witnesses] = {}
        self.kept: dict[Any, Any] = {}
        """What :func:`graphinv.analyze.rows.once` has worked out."""

    def forget(self) -> None:
        """Let go what was worked out :func:`graphinv.analyze.rows.once`."""
        self.kept.clear()
        give_back()

    @cached_property
    def structure(self) -> Structure:
        """Every arc that some lens may have."""
        return self._given if isinstance(self._given, Structure) else structure_of(self._given)

    @cached_property
    def estate(self) -> Estate:
        """What it is about. Loaded on first use where a structure was given."""
        return self._given.estate if isinstance(self._given, Structure) else self._given

    @cached_property
    def _hops(self) -> Hops:
        return Hops(self.structure)

    @cached_property
    def weights(self) -> Weights:
        """What each target counts."""
        return Weights.of(self.structure, self.settings)

    def arcs(self, lens: Lens = "posture") -> Arcs:
        """Arcs and own atoms under ``lens``.

        Raises:
            UsageError: no such lens.
        """
        if lens not in self._arcs:
            self._arcs[lens] = project(self.structure, lens, self.at)
        return self._arcs[lens]

    def privileges(self, lens: Lens = "posture") -> Privileges:
        """Transitive privilege of every node under ``lens``.

        Raises:
            UsageError: no such lens.
        """
        if lens not in self._privileges:
            self._privileges[lens] = Privileges(self.arcs(lens), self.weights.target, self.weights.best, self._solver)
        return self._privileges[lens]

    @cached_property
    def own_privileges(self) -> Privileges:
        """Under ``posture``, what every node has through its own identities, tools and secrets: no arc to another agent or workflow."""
        return Privileges(self.arcs("posture").without_entry_to(_ACTORS), self.weights.target, self.weights.best)

    def measures(self, lens: Lens = "posture", kind: str = "Agent") -> Measures:
        """Atoms, targets and weighted sum I(u) of every node of ``kind``, by its number in :attr:`structure`."""
        if kind == "Agent":
            return self.privileges(lens).measures
        if (lens, kind) not in self._measures:
            self._measures[lens, kind] = self.privileges(lens).measures_of(self.structure.of_kind(kind))
        return self._measures[lens, kind]

    # ----------------------------------------------------------------------------------------------------------------------------
    # One subject, one target

    def reach(self, subject: NodeKey, lens: Lens = "posture", *, atoms: bool = True) -> Reach:
        """What ``subject`` can do, and whom and what it passes.

        Raises:
            NotFound: it is not in the estate.
        """
        node, privileges, measures = self.structure.node(subject), self.privileges(lens), self.measures(lens, subject[0])
        counts = privileges.counts(subject)
        return Reach(
            subject=subject,
            lens=lens,
            at=self.at,
            targets=measures.targets(node),
            atoms=privileges.atoms_of(subject) if atoms else None,
            agents=counts["agents"],
            identities=counts["identities"],
            secrets=counts["secrets"],
            tools=counts["tools"],
            impact=self.weights.impact(measures.reached(node)),
        )

    def reach_all(self, lens: Lens = "posture", kind: str = "Agent", *, atoms: bool = True) -> Iterator[Reach]:
        """:meth:`reach` of every node of ``kind``, by id, whatever its status."""
        return (self.reach(self.structure.keys[node], lens, atoms=atoms) for node in self.structure.of_kind(kind).tolist())

    def exposure(self, target: NodeKey, lens: Lens = "posture", action: str | None = None, *, kind: str | None = "Agent") -> list[Exposed]:
        """Nodes of ``kind`` (None: of any) that can act on ``target``, or do ``action`` to it, by key."""
        if action:
            self._witnesses(lens, target, action)
        holders = self.privileges(lens).holders(target, action, kind)
        wanted = {action} if action else {name for _, actions in holders for name in actions}
        searches = {name: self._witnesses(lens, target, name) for name in ACTIONS if name in wanted}
        return [
            Exposed(
                subject=subject,
                target=target,
                actions=actions,
                lens=lens,
                at=self.at,
                hops=min((hops for name in searches if (hops := searches[name].hops(subject)) is not None), default=None),
            )
            for subject, actions in holders
        ]

    def witness(self, subject: NodeKey, target: NodeKey, action: str, lens: Lens = "posture") -> Path | None:
        """A shortest path by which ``subject`` can do ``action`` to ``target``; None where it cannot.

        Raises:
            UsageError: no such lens or action.
            NotFound: ``subject`` is not in the estate.
        """
        return self._witnesses(lens, target, action).path(subject)

    def _witnesses(self, lens: Lens, target: NodeKey, action: str) -> Witnesses:
        search = self._searches.pop((lens, target, action), None) or Witnesses(self.arcs(lens), target, action, self._hops)
        self._searches[lens, target, action] = search  # the last one that is asked for stands last
        if len(self._searches) > _SEARCHES:
            del self._searches[next(iter(self._searches))]
        return search

    def alternatives(
        self, subject: NodeKey, target: NodeKey, action: str, count: int, lens: Lens = "posture"
    ) -> tuple[tuple[Path, ...], bool]:
        """Up to ``count`` distinct witnesses, shortest first, and whether a bound was hit (:mod:`graphinv.analyze.alternatives`).

        Raises:
            UsageError: no such lens or action.
            NotFound: ``subject`` is not in the estate.
        """
        return alternatives(self.arcs(lens), subject, target, action, count)

    def explained(self, subject: NodeKey) -> Explained:
        """Where the privilege of ``subject`` comes from, under each lens of :data:`REACH_LENSES`, and what decisions stop of it.

        Raises:
            NotFound: it is not in the estate.
        """
        found = {lens: origins(self.arcs(lens), subject) for lens in REACH_LENSES}
        every, gap, left = (set[Atom]().union(*found[lens].values()) for lens in REACH_LENSES)
        return Explained(
            subject=subject,
            at=self.at,
            origins={lens: {origin: len(atoms) for origin, atoms in one.items()} for lens, one in found.items()},
            atoms=found["posture"],
            stopped=tuple(sorted(every - left)),
            gap=tuple(sorted(gap)),
        )

    def over_time(self, subject: NodeKey, start: str, end: str, lens: Lens = "posture") -> tuple[tuple[Atom, ...], list[Turn]]:
        """What ``subject`` can do at ``start``, and each change until ``end`` (:mod:`graphinv.analyze.overtime`).

        Raises:
            NotFound: it is not in the estate.
            UsageError: no such lens, or a time is none.
        """
        return over_time(self.structure, subject, start, end, lens)

    def chokepoints(
        self, lens: Lens = "posture", targets: Sequence[NodeKey] = (), progress: Callable[[int, int], None] = lambda done, total: None
    ) -> tuple[list[ChokePoint], int]:
        """Edges on which pairs of agent and target depend, and the number of pairs; of :attr:`precious` targets where none is named."""
        return chokepoints(self.arcs(lens), list(targets) or self.precious, self._agents, progress)

    @property
    def precious(self) -> list[NodeKey]:
        """Targets that are known to be confidential, restricted or crown jewels."""
        return [self.structure.keys[node] for node in self.structure.targets[self._matters].tolist()]

    @property
    def unvalued(self) -> int:
        """How many resources that can be acted on have a sensitivity that nobody stated, and are no crown jewels: how precious they are is
        not known.
        """
        nodes, targets = self.structure.nodes, self.structure.targets
        unknown = nodes.sensitivity[targets] == SENSITIVITIES.index("unknown")
        return int(np.count_nonzero(unknown & ~nodes.crown_jewel[targets] & (self.structure.kinds[targets] == KIND_NUMBER["Resource"])))

    def cut(self, target: NodeKey, subjects: Sequence[NodeKey] = (), lens: Lens = "posture", actions: Sequence[str] = ACTIONS) -> Cut:
        """The lightest set of edges to change so that none of ``subjects`` (all agents where none is named) reaches ``target``.

        Raises:
            UsageError: no such lens or action.
            NotFound: a subject is not in the estate.
        """
        numbers = np.array(sorted(self.structure.node(subject) for subject in subjects), dtype=np.int64) if subjects else self._agents
        return cut(self.arcs(lens), target, numbers, {str(kind): price for kind, price in self.settings.cut.items()}, actions)

    def hidden(self, agent: NodeKey) -> tuple[Atom, ...]:
        """Atoms that ``agent`` has and that do not come through its own identities, tools and secrets, sorted."""
        return self.privileges("posture").minus(self.own_privileges, agent)

    # ----------------------------------------------------------------------------------------------------------------------------
    # The whole estate

    @cached_property
    def _agents(self) -> Array:
        """Node numbers of all agents, by id."""
        return self.structure.of_kind("Agent")

    def scores(self, findings: Sequence[Finding]) -> tuple[Score, ...]:
        """Impact and risk of every agent, by id; ``findings`` are those of all subjects."""
        of_subject: dict[NodeKey, list[Finding]] = {}
        for finding in findings:
            if chance_of(finding, self.settings) > 0:
                of_subject.setdefault(finding.subject, []).append(finding)
        return tuple(self._score(node, of_subject.get(self.structure.keys[node], [])) for node in self._agents.tolist())

    def _score(self, node: int, findings: Sequence[Finding]) -> Score:
        measures, ungoverned, runtime = (self.measures(lens) for lens in REACH_LENSES)
        impact = self.weights.impact(measures.reached(node))
        raised = likelihood(chance_of(finding, self.settings) for finding in findings)
        risk = risk_of(impact, raised, self.settings)
        heaviest = [(self._deed(column, bits), amount) for column, bits, amount in measures.top(node)[:LISTED_TARGETS]]
        return Score(
            subject=self.structure.keys[node],
            impact=impact,
            likelihood=raised,
            risk=risk,
            level=level_of(risk, self.settings),
            impact_ungoverned=self.weights.impact(ungoverned.reached(node)),
            impact_runtime=self.weights.impact(runtime.reached(node)),
            targets=measures.targets(node),
            atoms=measures.atoms(node),
            atoms_ungoverned=ungoverned.atoms(node),
            hidden_atoms=measures.atoms(node) - self.own_privileges.measures.atoms(node),
            parts=parts_of(impact, raised, (heaviest, measures.counting(node), measures.reached(node)), findings, self.settings),
        )

    def _deed(self, column: int, bits: int) -> str:
        key = self.structure.keys[self.structure.targets[column]]
        record = self.estate.nodes[key]
        about = [str(record.props.get("sensitivity") or "sensitivity unknown")] if key[0] == "Resource" else []
        if record.props.get("crown_jewel"):
            about.append("crown jewel")
        actions = "administer" if bits == ALL_ACTIONS else ", ".join(action for action in ACTIONS if ACTION_BIT[action] & bits)
        kind = "secret " if key[0] == "Secret" else ""
        return f"can {actions} {kind}{record.name}" + (f" ({', '.join(about)})" if about else "")

    def can_reach(self, lenses: Sequence[Lens] = REACH_LENSES, limit: int = MOST_PAIRS) -> tuple[tuple[CanReach, ...], int]:
        """What is written back as CAN_REACH, by lens, target and agent, and how many pairs of agent and target are left out.

        Where each lens has few pairs, all of them. Else those that matter: the target is confidential, restricted or a crown jewel, or the
        agent can delete or administer it. Where these are more than ``limit`` over all lenses, those of the weightiest targets. What is
        left out under one lens is left out under all, so that they can be compared.
        """
        if not lenses:
            return (), 0
        holders = [self.measures(lens).holders for lens in lenses]
        pairs = [int(one[:, 0].sum()) for one in holders]
        everything = max(pairs) <= FEW_PAIRS
        counts = [one[:, 0] if everything else np.where(self._matters, one[:, 0], one[:, 1]) for one in holders]
        per_target = np.sum(counts, axis=0)
        order = np.argsort(-self.weights.target, kind="stable")
        order = order[per_target[order] > 0]
        fits = int(np.searchsorted(np.cumsum(per_target[order]), limit, side="right"))
        rows: list[CanReach] = []
        for number, lens in enumerate(lenses):
            for column in sorted(order[: fits + 1].tolist()):
                if counts[number][column]:
                    rows += self._reaching(lens, column, everything=everything or bool(self._matters[column]))
        if len(rows) > limit:  # the last target does not fit as a whole
            last = self.structure.keys[self.structure.targets[order[fits]]]
            of_last = Counter(row.subject for row in rows if row.target == last)
            room = limit - len(rows) + of_last.total()
            kept: set[NodeKey] = set()
            for subject in sorted(of_last):
                room -= of_last[subject]
                if room < 0:
                    break
                kept.add(subject)
            rows = [row for row in rows if row.target != last or row.subject in kept]
        return tuple(rows), sum(pairs) - len(rows)

    @cached_property
    def _matters(self) -> Array:
        """For each target column: whether harm to it is more than a nuisance."""
        nodes, targets = self.structure.nodes, self.structure.targets
        grave = [SENSITIVITIES.index(name) for name in ("confidential", "restricted")]
        harmful: Array = nodes.crown_jewel[targets] | np.isin(nodes.sensitivity[targets], grave)
        return harmful

    def _reaching(self, lens: Lens, column: int, *, everything: bool) -> Iterator[CanReach]:
        """The pairs of one target, by agent; unless ``everything``, of agents that can delete or administer it."""
        keys, target = self.structure.keys, self.structure.keys[self.structure.targets[column]]
        nodes, bits = self.privileges(lens).holding(target)
        keep = np.isin(nodes, self._agents) & (everything | (bits & HEAVY_BITS > 0))
        nodes, bits = nodes[keep], bits[keep]
        needed = int(np.bitwise_or.reduce(bits, initial=0))
        searches = [(ACTION_BIT[name], Witnesses(self.arcs(lens), target, name)) for name in ACTIONS if ACTION_BIT[name] & needed]
        for node, five in zip(nodes.tolist(), bits.tolist(), strict=True):
            hops, _, best = min(
                (search.hops_of_node(node) or 0, place, search) for place, (bit, search) in enumerate(searches) if bit & five
            )
            yield CanReach(subject=keys[node], target=target, lens=lens, actions=actions_of(five), hops=hops, via=best.via(node))

    def riskiest_paths(self, count: int, scores: Iterable[Score]) -> tuple[Path, ...]:
        """The ``count`` most telling witnesses: one for each agent in the order of their risk, then a second one for each, and so on.

        An agent's target is its heaviest, by weight and by what can be done to it, where a target that was shown before counts less each
        time, so that one thing everybody reaches does not fill the list; no more than eight of one agent. The witness is of the heaviest
        action. No two have the same agent and target.
        """
        ranked = [score.subject for score in sorted(scores, key=lambda score: (-score.risk, score.subject)) if score.targets][:count]
        left = {subject: self._heaviest(subject) for subject in ranked}
        shown: Counter[NodeKey] = Counter()
        paths: list[Path] = []
        while len(paths) < count and any(left.values()):
            for subject in ranked:
                if not left[subject] or len(paths) == count:
                    continue
                choice = max(left[subject], key=lambda deed: deed[2] / (1 + shown[deed[0]]))
                left[subject].remove(choice)
                shown[choice[0]] += 1
                path = self.witness(subject, choice[0], choice[1])
                if path is not None:
                    paths.append(path)
        return tuple(paths)

    def _heaviest(self, subject: NodeKey) -> list[tuple[NodeKey, str, float]]:
        """The heaviest targets of ``subject``, each with the heaviest thing it can do to it and the summand of I(u)."""
        return [
            (self.structure.keys[self.structure.targets[column]], self.settings.heaviest(actions_of(bits)), amount)
            for column, bits, amount in self.measures().top(self.structure.node(subject))
        ]
