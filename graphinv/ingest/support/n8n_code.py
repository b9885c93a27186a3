"""What the code of a code tool of n8n does. It is its author's code, not what an agent gives it."""

from __future__ import annotations

import re

from graphinv.ingest.support.lowcode_services import Does, does, service_of

_COMPUTES = re.compile(r"\breturn\b")
_EXECUTES = re.compile(
    r"(?i)\b(?:require|eval|exec|spawn|open|__import__)\s*\(|[=(,]\s*(?:require|eval)\b|\b(?:process|fs|os|sys|socket)\s*[.\[]|\bimport\s*\("
    r"|^[ \t]*(?:import|from)\s|\b(?:child_process|globalThis|subprocess|constructor|__\w+__)\b|(?-i:\bFunction)\s*\(",
    re.MULTILINE,
)
"""What code that computes, or sends requests, has no need of."""
_REQUESTS = re.compile(r"(?i)\b(?:fetch|axios|https?|request|helpers)\b|httpRequest|\$(?:http|helpers|getWorkflowStaticData)")
_METHOD = re.compile(r"(?i)\bmethod[\"']?\s*[:=]\s*[\"'`]?(\w+)|(?:\baxios|\$http)\.(\w+)\s*\(|\b(method)\s*[,}]")
"""What a request is to be called with: a word that is no method of HTTP, such as a variable, may be any."""
_HOST = re.compile(r"https?://([\w.-]{1,253})")


def code_does(slug: str, code: str) -> Does | None:
    """What ``code`` does; None where it may do anything, or is not there. O(length)."""
    if not _COMPUTES.search(code) or _EXECUTES.search(code):
        return None
    if not _REQUESTS.search(code):
        return Does(frozenset(), False, service_of(slug))
    methods = {found[found.lastindex or 0].upper() for found in _METHOD.finditer(code)} or {"GET"}
    hosts = set(_HOST.findall(code))
    host = next(iter(hosts)) if len(hosts) == 1 else None
    every = [does("httpRequest", method=method, host=host) for method in sorted(methods)]
    effects = frozenset[str]().union(*(one.effects or () for one in every))
    return Does(effects, any(one.untrusted for one in every), service_of(slug))
