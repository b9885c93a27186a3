"""Tools that libraries bring along: their ids, and what is known of the effects of the widely used ones."""

from __future__ import annotations

import re

from graphinv.ingest.support.python.actors import Hosted

_KNOWN: tuple[tuple[str, tuple[str, ...], bool | None], ...] = (
    # what the class's name says, with the package's documentation behind it: pattern, effects, whether strangers write what it returns
    (
        (
            r"(?i)^(?!.*(?:file|directory|csv|pdf|txt|json|mdx|docx|xml|code|pg|rag|ai.?search|vector|memory|knowledge))"
            r".*(?:search|serper|serpapi|tavily|duckduckgo|brave|exa|google|bing|searx)"
        ),
        ("read", "egress"),
        True,
    ),
    (
        (
            r"(?i)scrape|website|firecrawl|browser|playwright|selenium|spider|crawl|webpage|requests?get|fetch|url|wikipedia|arxiv|youtube"
            r"|github(?:search)"
        ),
        ("read", "egress"),
        True,
    ),
    (r"(?i)python.?repl|codeinterpreter|shell|bash|terminal|exec|pythonast", ("execute",), None),
    (r"(?i)file.?writ|write.?file|writefile", ("write",), None),
    (r"(?i)delete", ("write", "destructive"), None),
    (r"(?i)sql|pgsearch|database|mysql", ("read", "write"), None),
    (r"(?i)file.?read|directory.?read|read.?file|(?:file|directory|csv|pdf|txt|json|mdx|docx|xml).*search|retriev|rag", ("read",), None),
    (r"(?i)gmail|mail|slack|twilio|zapier|composio|jira", ("read", "write", "egress"), True),
)
_PATTERNS = tuple((re.compile(pattern), effects, untrusted) for pattern, effects, untrusted in _KNOWN)


def library_tool(dotted: str) -> Hosted:
    """The tool ``dotted`` of a library: its id is the package and the last part of the name."""
    package, _, rest = dotted.partition(".")
    name = rest.rpartition(".")[2] or package
    for pattern, effects, untrusted in _PATTERNS:
        if pattern.search(name):
            return Hosted(f"{package}:{name}", name, effects, untrusted)
    return Hosted(f"{package}:{name}", name)
