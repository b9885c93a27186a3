"""Tools that are written as data of a type which a model's provider defines: ``{"type": "bash_20250124"}``, ``{"type": "web_search"}``."""

from __future__ import annotations

import re

from graphinv.ingest.support.python.actors import Hosted

_TYPE = re.compile(
    r"(advisor|apply_patch|bash|code_execution|code_interpreter|computer(?:_use)?|file_search|image_generation|local_shell|memory|shell"
    r"|text_editor|tool_search_tool_(?:bm25|regex)|web_fetch|web_search)(?:_preview)?(_20\d{6})?"
)
"""Those with a date are Anthropic's, the others OpenAI's."""
_LOCAL = frozenset({"apply_patch", "bash", "computer", "computer_use", "local_shell", "memory", "shell", "text_editor"})


def provider_tool(kind: str) -> Hosted | None:
    """The tool of that type, whose effects the catalogue knows; None for what is none.

    >>> provider_tool("text_editor_20250728").id, provider_tool("function")
    ('anthropic:text_editor', None)
    """
    match = _TYPE.fullmatch(kind)
    if match is None:
        return None
    return Hosted(f"{'anthropic' if match[2] else 'openai'}:{match[1]}", match[1])


def runs_here(kind: str) -> bool:
    """Whether the program itself carries out what the model asks of a tool of that type, and not the provider.

    >>> runs_here("bash_20250124"), runs_here("web_search_20250305")
    (True, False)
    """
    match = _TYPE.fullmatch(kind)
    return match is not None and match[1] in _LOCAL
