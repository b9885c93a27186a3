"""Tools that model providers and coding agents bring along."""

from __future__ import annotations

import re

from graphinv.ingest.support.effects import split_words
from graphinv.ingest.support.javascript.values import Bound, DictV, External, Made, Value

_PROVIDERS = {
    "@ai-sdk/openai": "openai",
    "@ai-sdk/azure": "openai",
    "@ai-sdk/anthropic": "anthropic",
    "@ai-sdk/amazon-bedrock": "anthropic",
    "@ai-sdk/google": "google",
    "@ai-sdk/google-vertex": "google",
    "@ai-sdk/xai": "xai",
    "@ai-sdk/groq": "groq",
    "@langchain/openai": "openai",
    "@langchain/anthropic": "anthropic",
}
_OPENAI = ("@openai/agents", "@openai/agents-openai", "@openai/agents-core")
HOSTED_EFFECTS: dict[str, tuple[tuple[str, ...], bool]] = {
    "web_search": (("read", "egress"), True),
    "web_fetch": (("read", "egress"), True),
    "google_search": (("read", "egress"), True),
    "url_context": (("read", "egress"), True),
    "x_search": (("read", "egress"), True),
    "browser_search": (("read", "egress"), True),
    "file_search": (("read",), False),
    "code_interpreter": (("execute",), False),
    "code_execution": (("execute",), False),
    "image_generation": (("write",), False),
    "computer_use": (("read", "write", "execute", "egress"), True),
    "computer": (("read", "write", "execute", "egress"), True),
    "bash": (("read", "write", "destructive", "execute", "egress"), True),
    "shell": (("read", "write", "destructive", "execute", "egress"), True),
    "local_shell": (("read", "write", "destructive", "execute", "egress"), True),
    "text_editor": (("read", "write"), False),
    "apply_patch": (("read", "write"), False),
    "memory": (("read", "write"), False),
}
_DATED = re.compile(r"_?\d{6,8}$")
_SAME = {"web_search_preview": "web_search", "computer": "computer_use", "google_search_retrieval": "google_search"}


def hosted_id(value: Value) -> str | None:
    """``openai:web_search`` and its like for a tool that a provider brings along; None for anything else. Written as data
    (``{ type: "web_search_preview" }``), those with a date in their type are Anthropic's, the others OpenAI's."""
    if isinstance(value, DictV):
        kind = value.get("type")
        text = kind.text() if kind is not None else None
        slug = _slug(text) if text else ""
        return f"{'anthropic' if _DATED.search(text or '') else 'openai'}:{slug}" if slug in HOSTED_EFFECTS else None
    names: list[str] = []
    while isinstance(value, Bound):
        names.append(value.attr)
        value = value.receiver
    if not isinstance(value, (Made, External)):
        return None
    dotted = ".".join([value.callee if isinstance(value, Made) else value.dotted, *reversed(names)])
    package, last = value.package, dotted.rpartition(".")[2]
    if package in _OPENAI and last.endswith("Tool") and last[0].islower() and last not in ("hostedMcpTool", "asTool"):
        return f"openai:{_slug(last.removesuffix('Tool'))}"
    provider = _PROVIDERS.get(package)
    return f"{provider}:{_slug(last)}" if provider and ".tools." in dotted else None


def _slug(name: str) -> str:
    words = split_words(_DATED.sub("", name))
    slug = "_".join(words)
    return _SAME.get(slug, slug)
