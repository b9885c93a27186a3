"""Rego: that a policy of Open Policy Agent decides, and what it looks at. What it decides only OPA can say.

(:EnforcementPoint opa:<root>#<package>/<rule> {effect: evaluate}) for each rule with a default answer, as a decision has one; under the
same id as in OPA's decision log, where that has no label that tells one OPA from another. Rules that only collect complaints
(``deny[msg]``) are checks of configurations and no points. Whether it is asked, and obeyed, a policy does not say: its mode stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from graphinv.ingest import Document
from graphinv.ingest.support.decision_inputs import told_of
from graphinv.ingest.support.decisions import INPUTS, point_id
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, NodeFact, Props

NAME = "rego"
TITLE = "Policies of Open Policy Agent that decide (Rego)"
FILES = ("*.rego with a `default` answer, but for tests (`x_test.rego`)",)
MAX_BYTES = 1024 * 1024
MAX_RULES = 100

_PACKAGE = re.compile(r"(?m)^[ \t]*package[ \t]+([A-Za-z_][\w.]{0,200})")
_RULES = r"allow\w{0,20}|permit\w{0,20}|authz\w{0,20}|authorized|decision|verdict|result|response"
_DEFAULT = re.compile(rf"(?m)^[ \t]*default[ \t]+({_RULES})[ \t]*:?=[ \t]*(.{{0,300}})")
_INPUT = re.compile(r"\binput((?:\.[A-Za-z_]\w{0,60}|\[\"[\w-]{1,60}\"\]){1,8})")
_STEP = re.compile(r"[A-Za-z_][\w-]*")
_COMMENT = re.compile(r"(?m)(?:^|[ \t])#[^\n]*")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a policy, and not a test of one."""
    return path.lower().endswith(".rego") and not path.lower().endswith("_test.rego")


def read(document: Document) -> Iterator[Fact]:
    """The points that a module is.

    Raises:
        IngestError: it is not text.
    """
    whole = document.text()
    source = _COMMENT.sub("", whole)
    package = _PACKAGE.search(source)
    if package is None:
        return
    steps = (_STEP.findall(match[1]) for match in _INPUT.finditer(source))
    told = told_of(dict.fromkeys((step for path in steps for step in path), True))
    for default in islice(_DEFAULT.finditer(source), MAX_RULES):
        name = f"{package[1].replace('.', '/')}/{default[1]}"
        line = 1 + whole.count("\n", 0, max(0, whole.find(f"default {default[1]}")))
        refuses = re.match(r"false\b|\"(?:deny|denied)|\{[^}]{0,200}(?:\"deny|false\b)", default[2].strip())
        props: Props = {
            "name": f"OPA {redact(name)}",
            "kind_detail": "opa",
            "effect": "evaluate",
            "distinguishes": "agent" if "agent" in told else "identity" if "subject" in told else "none",
            "labels": [*(f"input={one}" for one in INPUTS if one in told), f"default={'deny' if refuses else 'other'}"],
            "sources": [document.source(line)],
        }
        yield NodeFact("EnforcementPoint", point_id("opa", document.root, name), props)
