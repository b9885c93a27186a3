"""Where configuration of Vault stands, and what is said of it there."""

from __future__ import annotations

import json
from dataclasses import dataclass

from graphinv.ingest import Document
from graphinv.model.facts import Grant, NodeKey, Problem, Props


@dataclass(frozen=True, slots=True)
class Stated:
    """Where configuration stands, and whether it is in force (``granted``) or asked for (``declared``)."""

    document: Document
    line: int
    evidence: str = "declared"
    ingestor: str = "vault"

    @property
    def props(self) -> Props:
        return {"evidence": [self.evidence], "sources": self.sources}

    @property
    def sources(self) -> list[str]:
        return [self.document.source(self.line)]

    def grant(self, subject: NodeKey, role: str, body: object) -> Grant:
        text = json.dumps({"root": self.document.root, "value": body}, separators=(",", ":"))
        return Grant("vault", subject, role, text, "", self.document.source(self.line), self.evidence)

    def problem(self, message: str, severity: str = "warning") -> Problem:
        return Problem(self.document.path, f"L{self.line}", message, severity, self.ingestor)
