"""What `diff` prints for people: the gravest first, and of every list how much is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from graphinv.cli.output import table, text
from graphinv.cli.words import STYLES, hop_lines, level, named
from graphinv.model.difference import (
    GONE,
    NEW,
    Change,
    Compared,
    Difference,
    EdgeChange,
    FindingChange,
    LensDifference,
    Move,
    NodeChange,
    PropertyChange,
    ScoreMove,
)
from graphinv.model.kinds import ACTIONS, EDGE_KINDS, NODE_KINDS
from graphinv.model.results import LEVELS
from graphinv.model.text import counted, stated

T = TypeVar("T")

_TITLES: dict[Change, str] = {
    "new": "New",
    "changed": "Changed",
    "gone": "Gone",
    "maybe_new": "Perhaps new: where it is stated was not read before",
    "maybe_gone": "Perhaps gone: where it is stated was not read again",
}
_LEAST_MOVE = 0.1
"""A risk that moves by less is told in number only: it does when anything is added anywhere, because impact is a share of everything."""


class Printed:
    """A difference on a screen; of each list ``top`` rows, 0 = all."""

    def __init__(self, found: Difference, top: int, screen: Console) -> None:
        self.found = found
        self.top = top
        self.screen = screen

    def head(self) -> None:
        """What is compared, what cannot be told, and all of it in numbers."""
        for word, side in (("from", self.found.before), ("to  ", self.found.after)):
            self.screen.print(Text.assemble((f"{word} ", "dim"), text(side.name, "bold"), text(f"  {_compared(side)}", "dim")))
        for note in self.found.notes:
            self.screen.print(text(f"not known: {note}", "yellow"))
        self._numbers()
        if self.found.seen_anew:
            what = "only seen at another time, or stated in another place"
            self.screen.print(text(f"{counted(self.found.seen_anew, 'node or edge', 'nodes and edges')} {what}", "dim"))

    def _numbers(self) -> None:
        of_nodes = [(kind, [one.change for one in self.found.nodes if one.node[0] == kind]) for kind in NODE_KINDS]
        moving = [one.change for one in self.found.edges if one.moves_authority]
        others = [one.change for one in self.found.edges if not one.moves_authority]
        listed = [
            ("findings", [one.change for one in self.found.findings]),
            *of_nodes,
            ("edges that pass authority", moving),
            ("other edges", others),
        ]
        rows = []
        for what, changes in listed:
            counts = Counter(changes)
            if changes:
                unsure = counts["maybe_new"] + counts["maybe_gone"]
                rows.append([what, *(str(counts[change] or "") for change in ("new", "gone", "changed")), str(unsure or "")])
        if rows:
            self.screen.print()
            self.screen.print(table(["", "new", "gone", "changed", "not known"], rows))
        else:
            self.screen.print(text("No fact and no finding differs."))

    # ----------------------------------------------------------------------------------------------------------------------------
    # Findings

    def findings(self) -> None:
        """New ones, and those at another level."""
        self._findings("New findings", NEW)
        self._findings("Findings at another level", frozenset({"changed"}))

    def findings_gone(self) -> None:
        """Those that are not found any more."""
        self._findings("Findings that are gone", GONE)

    def _findings(self, title: str, changes: frozenset[Change]) -> None:
        chosen = [one for one in self.found.findings if one.change in changes]
        if not chosen:
            return
        levels = Counter(one.severity for one in chosen)
        self._heading(f"{title}: {', '.join(f'{levels[name]:,} {name}' for name in LEVELS if levels[name])}")
        rows = []
        for one in self._some(_each_rule_first(chosen)):
            before = f" (was {one.severity_before})" if one.severity_before else ""
            about = named(one.subject) + (f" → {named(one.target)}" if one.target else "")
            remark = f"perhaps: {one.because}" if one.because else "reopened" if one.reopened else ""
            rows.append([level(one.severity).append(before), one.rule, one.title, about, remark])
        self.screen.print(table(["level", "rule", "title", "about", ""], rows))
        self._more(len(chosen))

    # ----------------------------------------------------------------------------------------------------------------------------
    # Reach

    def reach(self) -> None:
        """What agents can do that they could not, with the change that gave it, and what they can do no longer."""
        if not any(one.agents for one in self.found.lenses):
            lenses = ", ".join(one.lens for one in self.found.lenses)
            self._heading(f"No agent can do more or less than before (lens {lenses})")
            return
        self._heading("What all agents can do")
        rows = [
            [
                one.lens,
                f"{one.before:,}",
                f"{one.after:,}",
                f"+{one.gained:,}",
                f"-{one.lost:,}",
                str(sum(agent.gained > 0 for agent in one.agents)),
                str(sum(agent.lost > 0 for agent in one.agents)),
                f"{one.grave:,}",
            ]
            for one in self.found.lenses
        ]
        heads = ["lens", "atoms before", "after", "gained", "lost", "agents that gain", "that lose", "pairs gained on what matters"]
        self.screen.print(table(heads, rows))
        told: set[tuple[object, ...]] = set()
        for one in self.found.lenses:
            self._gains(one, told)
        for one in self.found.lenses:
            self._losses(one, told)

    def _gains(self, one: LensDifference, told: set[tuple[object, ...]]) -> None:
        fresh = _untold("gain", one.gains, told)
        if not fresh:
            return
        self._heading(f"Gained under {one.lens}, by what gave it")
        for because, moves in _by_reason(fresh).items():
            self.screen.print(text(because or "what gave it is not told apart", "bold"))
            for move in moves:
                self.screen.print(Padding(_moved(move), (0, 0, 0, 2), expand=False))
            path = moves[0].path
            if path is not None:
                self.screen.print(
                    Padding(text(f"for instance {named(path.subject)}, {path.action} {moves[0].name}:"), (0, 0, 0, 2), expand=False)
                )
                for line in hop_lines(path.hops):
                    self.screen.print(Padding(line, (0, 0, 0, 4), expand=False))
        if one.gains_left_out:
            self.screen.print(
                text(f"… and {one.gains_left_out:,} more targets or sets of actions, of less weight (--top 0 looks into all)", "dim")
            )

    def _losses(self, one: LensDifference, told: set[tuple[object, ...]]) -> None:
        fresh = _untold("loss", one.losses, told)
        if not fresh:
            return
        self._heading(f"Lost under {one.lens}, by what took it")
        for because, moves in _by_reason(fresh).items():
            self.screen.print(text(because or "what took it is not told apart", "bold"))
            for move in moves:
                self.screen.print(Padding(_moved(move), (0, 0, 0, 2), expand=False))
        if one.losses_left_out:
            self.screen.print(text(f"… and {one.losses_left_out:,} more (--top 0 looks into all)", "dim"))

    # ----------------------------------------------------------------------------------------------------------------------------
    # Facts and scores

    def nodes(self) -> None:
        """Nodes by kind, under each change. Those of one kind in which the same differs are one row."""
        for change, title in _TITLES.items():
            chosen = [one for one in self.found.nodes if one.change == change]
            if not chosen:
                continue
            self._heading(f"{title}: {_counted(one.node[0] for one in chosen)}")
            alike: dict[tuple[str, str], list[NodeChange]] = {}
            for one in chosen:
                alike.setdefault((one.node[0], _properties(one) if change == "changed" else one.node[1]), []).append(one)
            # Other owners are told after what may matter more.
            ordered = sorted(alike.values(), key=lambda some: all(one.name == "owners" for one in some[0].properties))
            rows = self._of_each(ordered, NODE_KINDS, lambda some: some[0].node[0])
            heads = ["node", "what differs" if change == "changed" else "what is stated", "in"]
            self.screen.print(table(heads, [[_called(some), _properties(some[0]), _source(some[0])] for some in rows]))
            self._more_of_each([some[0].node[0] for some in ordered])

    def edges(self) -> None:
        """Edges by kind, those that pass authority first. Who owns what is told with the nodes."""
        kinds = sorted(EDGE_KINDS, key=lambda kind: not EDGE_KINDS[kind].moves_authority)
        for change, title in _TITLES.items():
            chosen = [one for one in self.found.edges if one.change == change]
            listed = [one for one in chosen if one.edge.edge != "OWNS" or change == "changed"]
            rows = self._of_each(listed, kinds, lambda one: one.edge.edge)
            if chosen:
                self._heading(f"{title} edges: {_counted(one.edge.edge for one in chosen)}")
            if rows:
                heads = ["edge", "what differs" if change == "changed" else "what is stated", "in"]
                self.screen.print(table(heads, [[_drawn(one), _properties(one), _source(one)] for one in rows]))
                self._more_of_each([one.edge.edge for one in listed])
            if len(listed) < len(chosen):
                self.screen.print(text("OWNS edges are told as owners of the nodes (--format json lists them)", "dim"))

    def scores(self) -> None:
        """Agents whose risk or level moves."""
        moved = [one for one in self.found.scores if abs(_risen(one)) >= _LEAST_MOVE or one.level[0] != one.level[1]]
        moved.sort(key=lambda one: (-abs(_risen(one)), one.agent))
        if moved:
            self._heading(f"Scores that move: {len(moved)}")
            rows = [
                [
                    named(one.agent),
                    _pair(one.risk),
                    _levels(one),
                    _pair(one.impact),
                    _pair(one.impact_ungoverned),
                    _pair(one.impact_runtime),
                ]
                for one in self._some(moved)
            ]
            self.screen.print(table(["agent", "risk", "level", "impact", "gap", "left"], rows))
            self._more(len(moved))
        little = len(self.found.scores) - len(moved)
        if little:
            self.screen.print(text(f"{counted(little, 'agent moves', 'agents move')} by less than {_LEAST_MOVE}", "dim"))

    # ----------------------------------------------------------------------------------------------------------------------------

    def _heading(self, title: str) -> None:
        self.screen.print()
        self.screen.print(text(title, "bold underline"))

    def _some(self, things: Sequence[T]) -> Sequence[T]:
        return things[: self.top] if self.top else things

    def _more(self, total: int) -> None:
        if self.top and total > self.top:
            self.screen.print(text(f"… and {total - self.top:,} more (--top 0 lists all)", "dim"))

    def _of_each(self, things: Sequence[T], kinds: Iterable[str], kind: Callable[[T], str]) -> list[T]:
        """Of each kind as many as a list may have."""
        return [one for name in kinds for one in self._some([thing for thing in things if kind(thing) == name])]

    def _more_of_each(self, kinds: Iterable[str]) -> None:
        more = [f"{count - self.top:,} more {kind}" for kind, count in Counter(kinds).items() if self.top and count > self.top]
        if more:
            self.screen.print(text(f"… and {', '.join(more)} (--top 0 lists all)", "dim"))


def _each_rule_first(findings: Iterable[FindingChange]) -> list[FindingChange]:
    """By level, and of each level one of every rule before the second ones, so that no rule hides the others."""
    seen: Counter[tuple[str, str]] = Counter()
    placed = []
    for one in findings:
        seen[one.severity, one.rule] += 1
        placed.append((LEVELS.index(one.severity), seen[one.severity, one.rule], one))
    return [one for _, _, one in sorted(placed, key=lambda place: place[:2])]


def _compared(side: Compared) -> str:
    roots = ", ".join(root if outcome == "complete" else f"{root} ({outcome})" for root, outcome in side.roots.items()) or "nothing"
    return (
        f"{roots}; judged at {side.at}; {counted(side.agents, 'agent')}, {counted(side.nodes, 'node')}, {counted(side.edges, 'edge')}, "
        f"{counted(side.findings, 'finding')}"
    )


def _counted(kinds: Iterable[str]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in Counter(kinds).items())


def _untold(what: str, moves: Iterable[Move], told: set[tuple[object, ...]]) -> list[Move]:
    """Those that were not printed under a lens before."""
    fresh = []
    for move in moves:
        key = (what, move.target, move.actions, move.agents, move.first)
        if key not in told:
            told.add(key)
            fresh.append(move)
    return fresh


def _by_reason(moves: Iterable[Move]) -> dict[str, list[Move]]:
    grouped: dict[str, list[Move]] = {}
    for move in moves:
        grouped.setdefault(" + ".join(reason.words for reason in move.because), []).append(move)
    return grouped


def _actions(move: Move) -> list[str]:
    return ["admin"] if "admin" in move.actions else sorted(move.actions, key=ACTIONS.index)


def _target(move: Move) -> str:
    about = [move.sensitivity or "sensitivity unknown"] if move.target[0] == "Resource" else []
    about += ["crown jewel"] if move.crown_jewel else []
    called = f" {move.name}" if move.name != move.target[1] else ""
    return f"{named(move.target)}{called}" + (f" ({', '.join(about)})" if about else "")


def _agents(move: Move) -> str:
    more = f" and {move.agents - 3:,} more agents" if move.agents > 3 else ""
    return ", ".join(agent[1] for agent in move.first[:3]) + more


def _moved(move: Move) -> Text:
    shade = STYLES["critical"] if move.crown_jewel or move.sensitivity == "restricted" else ""
    return text(f"{', '.join(_actions(move))} {_target(move)}", shade).append_text(text(f"  by {_agents(move)}", "dim"))


def _called(alike: Sequence[NodeChange]) -> str:
    """Nodes of one kind, the first few by their ids."""
    one = alike[0]
    if len(alike) == 1:
        return named(one.node) + (f" ({one.name})" if one.name != one.node[1] else "")
    more = f" and {len(alike) - 3:,} more" if len(alike) > 3 else ""
    return f"{len(alike):,} {one.node[0]}: {', '.join(other.node[1] for other in alike[:3])}{more}"


def _drawn(change: EdgeChange) -> Text:
    edge = change.edge
    return text(f"{named(edge.source)} {edge.edge} {named(edge.target)}", "bold" if change.moves_authority else "")


def _properties(change: NodeChange | EdgeChange) -> str:
    if isinstance(change, NodeChange) and change.change == "changed" and not change.sources:
        return "nothing states it, edges name it"
    if change.change == "changed":
        return "; ".join(f"{one.name}: {_differs(one)}" for one in change.properties)
    return "; ".join(
        f"{one.name} {_value(one.after if one.before is None else one.before)}"
        for one in change.properties
        if one.name not in ("name", "evidence", "confidence")
    )


def _differs(one: PropertyChange) -> str:
    """Values before and after; of lists what is more and what is less."""
    if isinstance(one.before, list) and isinstance(one.after, list):
        more, less = (set(map(str, some)) - set(map(str, others)) for some, others in ((one.after, one.before), (one.before, one.after)))
        return _value(" ".join([*(f"+{item}" for item in sorted(more)), *(f"-{item}" for item in sorted(less))]))
    return f"{_value(one.before)} → {_value(one.after)}"


def _value(value: object) -> str:
    words = stated(value)
    return words if len(words) <= 80 else f"{words[:77]}…"


def _source(change: NodeChange | EdgeChange) -> str:
    return change.because or ", ".join(change.sources[:1]) + (" …" if len(change.sources) > 1 else "")


def _risen(move: ScoreMove) -> float:
    return (move.risk[1] or 0) - (move.risk[0] or 0)


def _pair(pair: tuple[float | None, float | None]) -> str:
    one, two = ("–" if value is None else f"{value:.1f}" for value in pair)
    return one if one == two else f"{one} → {two}"


def _levels(move: ScoreMove) -> Text:
    one, two = move.level
    return level(two or "gone") if one == two else text(f"{one or 'new'} → ").append_text(level(two or "gone"))
