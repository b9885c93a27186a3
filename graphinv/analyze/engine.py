"""The way in: one estate at one time, and everything that can be asked about it. What was worked out is kept for the next question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np

from graphinv.analyze.arcs import Arcs, Structure
from graphinv.analyze.paths import Witnesses
from graphinv.analyze.privilege import Measures, Privileges
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, Array, actions_of
from graphinv.analyze.score import Settings, Weights, chance_of, level_of, likelihood, parts_of
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS, normal_time
from graphinv.model.results import Atom, CanReach, Exposed, Finding, Lens, Path, Reach, Score

REACH_LENSES: tuple[Lens, ...] = ("posture", "ungoverned", "runtime")
"""Lenses whose CAN_REACH edges are written back."""

FEW_PAIRS = 5_000
"""So many pairs of agent and target a lens are few enough to write all of them back."""

MOST_PAIRS = 50_000
"""How many pairs are written back at most."""

_HEAVY = ACTION_BIT["delete"] | ACTION_BIT["admin"]
_ACTORS = ("Agent", "Workflow")


class Engine:
    """Analyzers over ``estate``, judging at ``at`` (ISO 8601) by ``settings``.

    Raises:
        UsageError: ``at`` is no time (on first use).
    """

    def __init__(self, estate: Estate, at: str, settings: Settings | None = None) -> None:
        self.estate = estate
        self.at = str(normal_time(at))
        self.settings = settings or Settings()
        self._arcs: dict[Lens, Arcs] = {}
        self._privileges: dict[Lens, Privileges] = {}
        self._measures: dict[Lens, Measures] = {}
        self._witnesses = lru_cache(maxsize=64)(self._search)

    @cached_property
    def structure(self) -> Structure:
        """Every arc that some lens may have."""
        return Structure(self.estate)

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
            self._arcs[lens] = self.structure.project(lens, self.at)
        return self._arcs[lens]

    def privileges(self, lens: Lens = "posture") -> Privileges:
        """Transitive privilege of every node under ``lens``.

        Raises:
            UsageError: no such lens.
        """
        if lens not in self._privileges:
            self._privileges[lens] = Privileges(self.arcs(lens))
        return self._privileges[lens]

    @cached_property
    def own_privileges(self) -> Privileges:
        """Under ``posture``, what every node has through its own identities, tools and secrets: no arc to another agent or workflow."""
        return Privileges(self.arcs("posture").without_entry_to(_ACTORS))

    def measures(self, lens: Lens = "posture") -> Measures:
        """Atoms, targets and weighted sum I(u) of every node, by its number in :attr:`structure`."""
        if lens not in self._measures:
            self._measures[lens] = self.privileges(lens).weighted(self.weights.target, self.weights.best)
        return self._measures[lens]

    # ----------------------------------------------------------------------------------------------------------------------------
    # One subject, one target

    def reach(self, subject: NodeKey, lens: Lens = "posture", *, atoms: bool = True) -> Reach:
        """What ``subject`` can do, and whom and what it passes.

        Raises:
            NotFound: it is not in the estate.
        """
        node, privileges, measures = self.structure.node(subject), self.privileges(lens), self.measures(lens)
        counts = privileges.counts(subject)
        return Reach(
            subject=subject,
            lens=lens,
            at=self.at,
            targets=int(measures.targets[node]),
            atoms=privileges.atoms_of(subject) if atoms else None,
            agents=counts["agents"],
            identities=counts["identities"],
            secrets=counts["secrets"],
            tools=counts["tools"],
            impact=self.weights.impact(float(measures.impact[node])),
        )

    def reach_all(self, lens: Lens = "posture", kind: str = "Agent", *, atoms: bool = True) -> Iterator[Reach]:
        """:meth:`reach` of every node of ``kind``, by id, whatever its status."""
        return (self.reach(record.key, lens, atoms=atoms) for record in self.estate.of_kind(kind))

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

    def witnesses(self, target: NodeKey, action: str, lens: Lens = "posture") -> Witnesses:
        """The shortest ways of all subjects to do ``action`` to ``target``."""
        return self._witnesses(lens, target, action)

    def _search(self, lens: Lens, target: NodeKey, action: str) -> Witnesses:
        return Witnesses(self.arcs(lens), target, action)

    def hidden(self, agent: NodeKey) -> tuple[Atom, ...]:
        """Atoms that ``agent`` has and that do not come through its own identities, tools and secrets, sorted."""
        return self.privileges("posture").minus(self.own_privileges, agent)

    # ----------------------------------------------------------------------------------------------------------------------------
    # The whole estate

    @cached_property
    def _agents(self) -> Array:
        """Node numbers of all agents, by id."""
        return np.array([self.structure.number[record.key] for record in self.estate.of_kind("Agent")], dtype=np.int64)

    def scores(self, findings: Sequence[Finding]) -> tuple[Score, ...]:
        """Impact and risk of every agent, by id; ``findings`` are those of all subjects."""
        of_subject: dict[NodeKey, list[Finding]] = {}
        for finding in findings:
            if chance_of(finding, self.settings) > 0:
                of_subject.setdefault(finding.subject, []).append(finding)
        hidden = self.measures("posture").atoms - self._own_atoms
        return tuple(self._score(node, of_subject.get(self.structure.keys[node], []), int(hidden[node])) for node in self._agents.tolist())

    @cached_property
    def _own_atoms(self) -> Array:
        return self.own_privileges.weighted(self.weights.target, self.weights.best).atoms

    def _score(self, node: int, findings: Sequence[Finding], hidden: int) -> Score:
        measures, ungoverned, runtime = (self.measures(lens) for lens in REACH_LENSES)
        impact = self.weights.impact(float(measures.impact[node]))
        raised = likelihood(chance_of(finding, self.settings) for finding in findings)
        risk = impact * (self.settings.risk.base + self.settings.risk.likelihood * raised)
        return Score(
            subject=self.structure.keys[node],
            impact=impact,
            likelihood=raised,
            risk=risk,
            level=level_of(risk, self.settings),
            impact_ungoverned=self.weights.impact(float(ungoverned.impact[node])),
            impact_runtime=self.weights.impact(float(runtime.impact[node])),
            targets=int(measures.targets[node]),
            atoms=int(measures.atoms[node]),
            atoms_ungoverned=int(ungoverned.atoms[node]),
            hidden_atoms=hidden,
            parts=parts_of(impact, raised, self._summands(node), findings, self.settings),
        )

    def _summands(self, node: int) -> list[tuple[str, float]]:
        """What a node can do to each target that counts, in words, with its summand of I(u), heaviest first."""
        columns, bits = self.privileges("posture").row_of_node(node)
        amounts = self.weights.target[columns] * self.weights.best[bits]
        order = np.argsort(-amounts, kind="stable")
        order = order[amounts[order] > 0]
        return [
            (self._deed(column, five), amount)
            for column, five, amount in zip(columns[order].tolist(), bits[order].tolist(), amounts[order].tolist(), strict=True)
        ]

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

        Where a lens has few pairs, all of them. Else those that matter: the target is confidential, restricted or a crown jewel, or can be
        deleted or administered; of these the weightiest where they are more than ``limit`` over all lenses.
        """
        chosen, total = [], 0
        for number, lens in enumerate(lenses):
            agent, column, bits = self._pairs(lens)
            total += len(agent)
            if len(agent) > FEW_PAIRS:
                keep = self._matters[column] | (bits & _HEAVY > 0)
                agent, column, bits = agent[keep], column[keep], bits[keep]
            chosen.append(np.stack([np.full(len(agent), number), agent, column, bits]).astype(np.int64))
        pairs = np.concatenate(chosen, axis=1) if chosen else np.zeros((4, 0), dtype=np.int64)
        if pairs.shape[1] > limit:
            weight = self.weights.target[pairs[2]] * self.weights.best[pairs[3]]
            pairs = pairs[:, np.sort(np.lexsort((pairs[1], pairs[2], pairs[0], -weight))[:limit])]
        pairs = pairs[:, np.lexsort((pairs[1], pairs[2], pairs[0]))]
        return tuple(self._written(lenses, pairs)), total - pairs.shape[1]

    def _pairs(self, lens: Lens) -> tuple[Array, Array, Array]:
        """(agent's node number, target column, action bits) of every pair under ``lens``."""
        privileges = self.privileges(lens)
        rows = [privileges.row_of_node(node) for node in self._agents.tolist()]
        sizes = [len(columns) for columns, _ in rows]
        if not rows:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        return np.repeat(self._agents, sizes), np.concatenate([columns for columns, _ in rows]), np.concatenate([bits for _, bits in rows])

    @cached_property
    def _matters(self) -> Array:
        """For each target column: whether harm to it is more than a nuisance."""
        props = [self.estate.nodes[self.structure.keys[node]].props for node in self.structure.targets.tolist()]
        return np.array([bool(p.get("crown_jewel")) or p.get("sensitivity") in ("confidential", "restricted") for p in props], dtype=bool)

    def _written(self, lenses: Sequence[Lens], pairs: Array) -> Iterator[CanReach]:
        keys = self.structure.keys
        current: tuple[int, int] | None = None
        searches: list[tuple[int, Witnesses]] = []
        for number, node, column, bits in pairs.T.tolist():
            lens, target = lenses[number], keys[self.structure.targets[column]]
            if current != (number, column):
                current, searches = (number, column), []
            known = 0
            for bit, _ in searches:
                known |= bit
            for action in ACTIONS:
                if ACTION_BIT[action] & bits & ~known:
                    searches.append((ACTION_BIT[action], Witnesses(self.arcs(lens), target, action)))
            hops, _, best = min(
                (search.hops_of_node(node) or 0, place, search) for place, (bit, search) in enumerate(searches) if bit & bits
            )
            yield CanReach(subject=keys[node], target=target, lens=lens, actions=actions_of(bits), hops=hops, via=best.via(node))

    def riskiest_paths(self, count: int, scores: Iterable[Score]) -> tuple[Path, ...]:
        """The ``count`` most telling witnesses: one for each agent in the order of their risk, then a second one for each, and so on.

        An agent's target is its heaviest, by weight and by what can be done to it, where a target that was shown before counts less each
        time, so that one thing everybody reaches does not fill the list. The witness is of the heaviest action. No two have the same agent
        and target.
        """
        ranked = [score.subject for score in sorted(scores, key=lambda score: (-score.risk, score.subject)) if score.targets][:count]
        left = {subject: self._heaviest(subject, count) for subject in ranked}
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

    def _heaviest(self, subject: NodeKey, count: int) -> list[tuple[NodeKey, str, float]]:
        """Targets of ``subject`` that count, heaviest first, each with the heaviest thing it can do to it and the summand of I(u)."""
        columns, bits = self.privileges("posture").row(subject)
        amounts = self.weights.target[columns] * self.weights.best[bits]
        order = np.argsort(-amounts, kind="stable")[:count]
        weigh = self.settings.actions
        return [
            (
                self.structure.keys[self.structure.targets[columns[place]]],
                max(actions_of(int(bits[place])), key=lambda action: weigh.get(action, 0.0)),  # type: ignore[call-overload]
                float(amounts[place]),
            )
            for place in order.tolist()
            if amounts[place] > 0
        ]
