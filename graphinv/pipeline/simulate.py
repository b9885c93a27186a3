"""What a decision point would say to each hop of a path, beside what posture says of it. Nothing is changed anywhere.

Without a decision point the built-in policy answers (:mod:`graphinv.analyze.verdicts`), and each answer says that it is hypothetical; with
one it answers itself, and each says which one it was, by which revision of its policy, and when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field

from graphinv.analyze.engine import Engine
from graphinv.analyze.verdicts import supposed
from graphinv.export.senders.pdp import DecisionPoint
from graphinv.export.support.policy import TYPES
from graphinv.export.support.questions import CALL, CONNECT, DELEGATE, questions
from graphinv.model.errors import NotAnalyzed, NotFound, UsageError
from graphinv.model.estate import Estate, NodeRecord
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Guard, Hop, Path, Result
from graphinv.model.verdicts import STOPS, Answer, Decision, strongest
from graphinv.pipeline.read import now

HYPOTHETICAL = "hypothetical (built-in policy)"


class HopVerdict(Result):
    """One hop: what was asked, what was answered, and what posture says of it."""

    hop: int
    source: NodeKey = Field(alias="from")
    edge: str
    target: NodeKey = Field(alias="to")
    words: str = Field(description="The hop in plain words")
    action: str = Field(description="What was asked for")
    verdict: Decision
    reason: str
    posture: Decision = Field(description="What posture counts on: the answer of the built-in policy")
    posture_reason: str
    guards: tuple[Guard, ...] = Field(description="Enforcement points that are known on it")
    seen: bool = Field(description="Whether it was observed at work")
    contradiction: str = Field(description="How the verdict contradicts posture; empty where it does not")


class Simulation(Result):
    """One path, asked about hop by hop."""

    subject: NodeKey
    target: NodeKey
    action: str
    at: str
    decided_by: str = Field(description="Whose verdicts these are, as they are to be quoted")
    pdp: str | None = Field(description="Address of the decision point; null for the built-in policy")
    revision: str | None = Field(description="Of its policy, where it tells")
    decided_at: str = Field(description="When it was decided")
    verdict: Decision = Field(description="What the verdicts of all hops come to")
    stopped_at: int | None = Field(description="First hop that is denied or asks for step-up")
    enforced: bool | None = Field(description="Whether a point is known to enforce on that hop; where not, nobody may ever ask")
    hops: tuple[HopVerdict, ...]

    @property
    def contradictions(self) -> tuple[HopVerdict, ...]:
        return tuple(hop for hop in self.hops if hop.contradiction)

    @property
    def comes_to(self) -> str:
        """What the verdicts come to, in words."""
        if self.stopped_at is None:
            return {"unknown": "whether it is stopped is unknown", "allow": "no hop is stopped"}.get(
                self.verdict, "nobody is asked about any hop, as far as the graph knows"
            )
        first = "denied" if self.hops[self.stopped_at - 1].verdict == "deny" else "stopped for step-up"
        return f"first {first} at hop {self.stopped_at}" + ("" if self.enforced else ", where no point is known that enforces it")


def paths_of(
    engine: Engine, analysis: Analysis | None, subject: NodeKey | None, target: NodeKey | None, action: str | None, limit: int
) -> Sequence[Path]:
    """Witnesses to ask about: of ``subject`` to ``target``, by the heaviest thing that it can do there unless ``action`` says what; else
    the ``limit`` riskiest ones, of all agents or of ``subject``.

    Raises:
        NotAnalyzed, NotFound: the store was not analyzed yet, or there is no way.
        UsageError: ``action`` without ``target``.
    """
    if subject and target:
        deeds = [action] if action else engine.privileges("posture").actions_on(subject, target)
        path = engine.witness(subject, target, engine.settings.heaviest(deeds)) if deeds else None
        if path is None:
            raise NotFound(f"{':'.join(subject)} cannot {action or 'act on'} {':'.join(target)}, as far as the graph knows")
        return [path]
    if action:
        raise UsageError("--action takes a target")
    if analysis is None:
        raise NotAnalyzed
    scores = [score for score in analysis.scores if subject in (None, score.subject)]
    found = engine.riskiest_paths(limit, scores)
    if subject and not found:
        raise NotFound(f"{':'.join(subject)} is no agent that reaches anything, as far as the graph knows; name a target")
    return found


def simulate(engine: Engine, paths: Iterable[Path], point: DecisionPoint | None) -> Iterator[Simulation]:
    """Each path, asked about at ``point``, or of the built-in policy where there is none."""
    for path in paths:
        asked = questions(path, engine.estate)
        counted_on = [supposed(one, _points(engine.estate, hop)) for one, hop in zip(asked, path.hops, strict=True)]
        called = now()
        answers = point.ask(asked) if point else counted_on
        hops = tuple(
            _verdict(number, *each, asked=point is not None)
            for number, each in enumerate(zip(path.hops, asked, answers, counted_on, strict=True), 1)
        )
        yield _simulation(path, hops, answers, point.url if point else None, called)


def _points(estate: Estate, hop: Hop) -> list[NodeRecord]:
    """Points on a hop; of one that no source declares nothing is known."""
    keys = [("EnforcementPoint", guard.id) for guard in hop.guards]
    return [estate.nodes.get(key) or NodeRecord(*key, {}) for key in keys]


def _simulation(path: Path, hops: tuple[HopVerdict, ...], answers: Sequence[Answer], pdp: str | None, called: str) -> Simulation:
    revision = ", ".join(sorted({one.revision for one in answers if one.revision})) or None
    at = max((one.at for one in answers if one.at), default=called)
    stop = next((hop for hop in hops if hop.verdict in STOPS), None)
    return Simulation(
        subject=path.subject,
        target=path.target,
        action=path.action,
        at=path.at,
        decided_by=f"PDP {pdp}, revision {revision or 'not stated'}, at {at}" if pdp else HYPOTHETICAL,
        pdp=pdp,
        revision=revision,
        decided_at=at,
        verdict=strongest(hop.verdict for hop in hops),
        stopped_at=stop.hop if stop else None,
        enforced=any(guard.mode == "enforce" for guard in stop.guards) if stop else None,
        hops=hops,
    )


def _verdict(number: int, hop: Hop, question: dict[str, Any], answer: Answer, counted_on: Answer, *, asked: bool) -> HopVerdict:
    seen = "observed" in hop.evidence
    return HopVerdict(
        hop=number,
        source=hop.source,
        edge=hop.edge,
        target=hop.target,
        words=hop.words,
        action=question["action"]["name"],
        verdict=answer.decision,
        reason=answer.reason,
        posture=counted_on.decision,
        posture_reason=counted_on.reason,
        guards=hop.guards,
        seen=seen,
        contradiction=_contradiction(answer, counted_on, hop, seen=seen, asked=asked),
    )


def _contradiction(answer: Answer, counted_on: Answer, hop: Hop, *, seen: bool, asked: bool) -> str:
    if answer.decision == "deny" and seen:
        return "it is denied, and it was seen"
    if asked and answer.decision == "allow" and counted_on.decision in STOPS:
        return f"the decision point lets it pass, and posture counts on this: {counted_on.reason}"
    enforced = any(guard.mode == "enforce" for guard in hop.guards)
    if asked and answer.decision in STOPS and counted_on.decision == "allow" and enforced:
        return f"the decision point stops it, and here it is let pass: {counted_on.reason}"
    return ""


# --------------------------------------------------------------------------------------------------------------------------------
# Records


_RECORDED = {(CALL, "Tool"), (CONNECT, "ToolServer"), (DELEGATE, "Agent")}


def records(simulations: Iterable[Simulation]) -> Iterator[str]:
    """What a decision point answered to calls of agents, one record a line, as :mod:`graphinv.ingest.decision_logs` reads them; of what the
    built-in policy supposed there are none."""
    lines: dict[str, None] = {}
    for one in simulations:
        for hop in one.hops if one.pdp else ():
            if hop.source[0] == "Agent" and (hop.action, hop.target[0]) in _RECORDED and hop.verdict in ("allow", *STOPS):
                lines[_record(one, hop)] = None
    return iter(lines)


def _record(simulation: Simulation, hop: HopVerdict) -> str:
    subject, resource = ({"type": TYPES[key[0]], "id": key[1]} for key in (hop.source, hop.target))
    record = {
        "timestamp": simulation.decided_at,
        "policy_decision_point": simulation.pdp,
        "simulated": True,
        "response": {"decision": hop.verdict == "allow", "context": {"step_up": True} if hop.verdict == "step_up" else {}},
        "request": {"subject": subject, "action": {"name": hop.action}, "resource": resource},
    }
    return json.dumps(record, ensure_ascii=True)
