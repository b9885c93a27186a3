"""OWASP AIVSS 0.8: how much the nature of an agent makes of a technical flaw in it.

Formula, tables and worked examples are those of "AIVSS Scoring System For OWASP Agentic AI Core Security Risks" v0.8 (aivss.owasp.org),
sections 2.3, 3.3, 3.4 and 3.6:

    AARS  = (10 - CVSS_Base) * (Factor_Sum / 10) * ThM
    AIVSS = (CVSS_Base + AARS) * Mitigation_Factor, rounded half up to one decimal

The ten factors are 0, 0.5 or 1. Which of them the graph can tell, and from what, is ours. What no source states counts as 1, its worst;
a factor is below 1 only where something was stated. The CVSS 4.0 base score is that of a flaw, which posture does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from graphinv.analyze.toolbox import toolbox_of
from graphinv.model.errors import UsageError
from graphinv.model.estate import in_force
from graphinv.model.facts import NodeKey
from graphinv.model.results import Result

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

THREAT = {"attacked": 1.0, "proof-of-concept": 0.97, "unreported": 0.5}
"""ThM by the maturity of an exploit; proof-of-concept where nothing is known, as the document says."""

MITIGATION = {"none": 1.0, "partial": 0.83, "strong": 0.67}

FACTORS = {
    "autonomy": "AU",
    "tools": "TO",
    "language": "LA",
    "context": "CO",
    "non-determinism": "ND",
    "opacity": "OP",
    "persistence": "PE",
    "identity": "ID",
    "multi-agent": "MA",
    "self-modification": "SM",
}
"""The ten Agentic Risk Amplification Factors, with the letters that a vector of ours gives them."""

_AUTONOMY = {"autonomous": 1.0, "approve_destructive": 0.5, "approve_each": 0.0, "suggest": 0.0}


class Factor(Result):
    """One of the ten."""

    name: str
    value: float | None = Field(description="0, 0.5 or 1; null = not known, which counts as 1")
    because: str


class Aivss(Result):
    """What the nature of one agent makes of a flaw in it."""

    subject: NodeKey
    factors: tuple[Factor, ...]
    factor_sum: float = Field(description="Of the ten, those that are not known as 1")
    unknown: int = Field(description="How many are not known")
    cvss: float | None = Field(description="CVSS 4.0 base score of a flaw, where one was given")
    score: float = Field(description="AIVSS of that flaw; at worst, 10, where none was given")
    vector: str = Field(description="All of it in one line; X = not known")


def aivss(cvss: float, factor_sum: float, threat: float = THREAT["proof-of-concept"], mitigation: float = MITIGATION["none"]) -> float:
    """The score of one flaw.

    >>> aivss(2.1, 6.5)
    7.1

    Raises:
        UsageError: a number is out of its bounds.
    """
    if not (0 <= cvss <= 10 and 0 <= factor_sum <= 10 and 0 < threat <= 1 and 0 < mitigation <= 1):
        raise UsageError("a CVSS base score and a sum of factors are 0 to 10, multipliers at most 1")
    base, total, times, left = (Decimal(str(number)) for number in (cvss, factor_sum, threat, mitigation))
    return float(((base + (10 - base) * total / 10 * times) * left).quantize(Decimal("0.1"), ROUND_HALF_UP))


def aivss_of(engine: Engine, agent: NodeKey, cvss: float | None = None) -> Aivss:
    """The factors of ``agent``, and the score of a flaw with the base score ``cvss`` in it.

    Raises:
        NotFound: there is no such agent.
        UsageError: ``cvss`` is not 0 to 10.
    """
    engine.structure.node(agent)
    factors = tuple(_factors(engine, agent))
    total = sum(1.0 if factor.value is None else factor.value for factor in factors)
    letters = "/".join(f"{FACTORS[factor.name]}:{'X' if factor.value is None else f'{factor.value:g}'}" for factor in factors)
    return Aivss(
        subject=agent,
        factors=factors,
        factor_sum=total,
        unknown=sum(factor.value is None for factor in factors),
        cvss=cvss,
        score=10.0 if cvss is None else aivss(cvss, total),
        vector=f"AIVSS:0.8/CVSS:{'X' if cvss is None else f'{cvss:g}'}/{letters}/FS:{total:g}",
    )


def _factors(engine: Engine, agent: NodeKey) -> Iterator[Factor]:
    estate, toolbox = engine.estate, toolbox_of(engine)
    out, into = toolbox.out(agent), [edge for edge in estate.incoming.get(agent, ()) if in_force(edge, toolbox.at)]
    autonomy = estate.nodes[agent].props.get("autonomy")
    said = f"its autonomy is {autonomy}" if autonomy else "no source states how much it does without asking"
    yield Factor(name="autonomy", value=_AUTONOMY.get(str(autonomy)), because=said)
    yield _tools(engine, agent)
    yield Factor(name="language", value=1.0, because="an agent takes its task in words")
    trust = [estate.nodes[edge.target].props.get("trust") for edge in out if edge.kind == "INGESTS"]
    yield _stated("context", trust, bounded="trusted", few="all that it is known to take in is trusted", none="what content it takes in")
    yield Factor(name="non-determinism", value=None, because="posture does not see how much its answers differ")
    yield Factor(name="opacity", value=None, because="posture does not see whether its decisions can be followed")
    scopes = [estate.nodes[edge.target].props.get("scope") for edge in out if edge.kind in ("READS", "WRITES")]
    yield _stated("persistence", scopes, bounded="session", few="its memories end with the session", none="what it remembers")
    roles = {edge.target for edge in out if edge.kind == "RUNS_AS"}
    onward = any(edge.kind == "ASSUMES" for role in roles for edge in toolbox.out(role))
    changes = len(roles) > 1 or onward or any(edge.props.get("mode") in ("on_behalf_of", "passthrough") for edge in into)
    because = "it can act as more than one identity" if changes else "no source states that it has one identity and no other"
    yield Factor(name="identity", value=1.0 if changes else None, because=because)
    others = sum(edge.kind in ("DELEGATES_TO", "CALLS_BACK") for edge in (*out, *into))
    because = f"{others} edges lead to or from other agents" if others else "no source states that it works alone"
    yield Factor(name="multi-agent", value=1.0 if others else None, because=because)
    yield Factor(name="self-modification", value=None, because="no source states that it cannot change its own words or tools")


def _tools(engine: Engine, agent: NodeKey) -> Factor:
    """1 where a tool that it calls, itself or over a server, changes something; 0.5 where all are known to read only."""
    effects = [engine.estate.nodes[tool].props.get("effects") for tool in set(toolbox_of(engine).tools_of(agent))]
    if any(set(stated or ()) - {"read"} for stated in effects):
        return Factor(name="tools", value=1.0, because="a tool of it does more than read")
    if effects and all(stated for stated in effects):
        return Factor(name="tools", value=0.5, because="all its tools are known to read only")
    return Factor(name="tools", value=None, because="no source states what its tools do" if effects else "no source states its tools")


def _stated(name: str, found: list[object], *, bounded: str, few: str, none: str) -> Factor:
    """0.5 where all that is known is of the ``bounded`` kind, 1 where some is known to be of another, else not known."""
    if any(one not in (bounded, None) for one in found):
        return Factor(name=name, value=1.0, because=f"not all of it is {bounded}: {', '.join(sorted({str(one) for one in found if one}))}")
    if found and all(one == bounded for one in found):
        return Factor(name=name, value=0.5, because=few)
    return Factor(name=name, value=None, because=f"no source states {none}")
