"""Findings for the tests of exports: an ordinary one and one whose every name is an attack."""

from __future__ import annotations

from dataclasses import dataclass

from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Finding, Hop, Level, RuleStatus, Score, adapter, finding_key

ATTACK = (
    "=cmd|'/c calc'!A1 \x1b[2J\x07 \u202egnp.exe <img src=x onerror=alert(1)> &lt;b&gt; {code}x{code} [~admin] !http://e.example/x.png! "
    "[click](javascript:alert(1)) [x|http://e.example] {0} [code]<b>x</b>[/code] | h1. \r\n\r\nh1. owned\u2028; '}) DETACH DELETE n //"
)


@dataclass(frozen=True)
class Rule:
    """A rule as exports see it."""

    id: str
    title: str
    severity: str
    why: str
    remediation: str
    frameworks: tuple[str, ...]


RULES = {
    "GI-SEC-001": Rule(
        "GI-SEC-001",
        "Static long-lived secret",
        "high",
        "A secret that never expires is good to whoever finds it.",
        "Replace it by a short-lived one.",
        ("owasp-agentic:ASI03",),
    ),
    "GI-OWN-001": Rule("GI-OWN-001", "Ownerless agent", "medium", "Nobody answers for it.", "Name an owner.", ()),
}


def hop(source: str, target: str, **more: object) -> Hop:
    given: dict[str, object] = {
        "source": ("Agent", source),
        "edge": "HOLDS",
        "target": ("Secret", target),
        "words": f"{source} holds {target}",
        "sources": ("acme-shop/apps/pay/.mcp.json#L12",),
    }
    made: Hop = adapter(Hop).validate_python(given | more)
    return made


def finding(severity: Level = "high", name: str = "billing-bot", target: str = "stripe-key", **more: object) -> Finding:
    subject, reached = ("Agent", name), ("Secret", target)
    given: dict[str, object] = {
        "key": finding_key("GI-SEC-001", subject, reached),
        "rule": "GI-SEC-001",
        "title": "Static long-lived secret",
        "severity": severity,
        "confidence": 0.9,
        "subject": subject,
        "target": reached,
        "why": f"{name} holds {target}, which never expires.",
        "remediation": "Replace it by a short-lived one.",
        "path": (hop(name, target),),
        "frameworks": ("owasp-agentic:ASI03",),
        "owners": ("ana@acme.example", "@acme/pay"),
        "sources": ("acme-shop/apps/pay/.mcp.json#L12", "acme-shop/apps/pay/.env"),
    }
    made: Finding = adapter(Finding).validate_python(given | more)
    return made


def attack() -> Finding:
    """A finding every text of which is an attack."""
    nasty = hop(ATTACK, ATTACK, words=ATTACK, sources=(f"../../{ATTACK}#L0",))
    texts = {"title": ATTACK, "why": ATTACK, "remediation": ATTACK, "owners": (ATTACK,), "frameworks": (ATTACK,), "rule": ATTACK}
    return finding("critical", ATTACK, ATTACK, path=(nasty,), sources=(f"../../{ATTACK}#L7", "", "#L3", "/etc/passwd#L1"), **texts)


def ownerless() -> Finding:
    """A finding without target, path, owner or source."""
    subject = ("Agent", "lost/bot")
    return Finding(
        key=finding_key("GI-OWN-001", subject, None),
        rule="GI-OWN-001",
        title="Ownerless agent",
        severity="medium",
        confidence=1.0,
        subject=subject,
    )


def score(subject: str = "billing-bot") -> Score:
    return Score(
        subject=("Agent", subject),
        impact=80.0,
        likelihood=0.5,
        risk=56.04,
        level="medium",
        impact_ungoverned=70.0,
        impact_runtime=10.0,
        targets=3,
        atoms=9,
        atoms_ungoverned=5,
        hidden_atoms=1,
    )


def analysis() -> Analysis:
    return Analysis(
        generation=3,
        at="2026-07-01T00:00:00Z",
        scores=(score(),),
        reach=(),
        findings=(ownerless(), finding(), attack()),
        rules=(RuleStatus(rule="GI-SEC-001", title="Static long-lived secret", outcome="found", findings=1),),
    )


EMPTY = Estate.of([], [])
