"""Strangers' text made harmless: control characters, markup in tickets, links in SARIF messages."""

from __future__ import annotations

import re
from urllib.parse import quote

from graphinv.model.text import plain

_WIKI = re.compile(r"[\\{}\[\]!|*_^~+?#]|(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>~|#!&$]")
_TAKEN_UP = re.compile(r"(?<=[@#])|(?<=GH-)|(?<=:)(?=//)|(?<=www)(?=\.)|^(?=[-+=]|\d+[.)])", re.IGNORECASE)
"""Where GitHub would take up a mention, a reference, an address or, at the start, a list."""
_BREAK = "&#8203;"
"""A space of no width."""
_CODE = re.compile(r"\[(?=/?code\])", re.IGNORECASE)


def no_html(text: str) -> str:
    """``text`` in which no tag and no entity can begin, for fields that some views show as HTML.

    >>> no_html("<b>R&D</b>")
    '&lt;b>R&D&lt;/b>'
    """
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;")


def wiki(text: str) -> str:
    r"""``text`` as it is in Jira's wiki markup: no macro, link, image, mention or emphasis of its own.

    >>> print(wiki("{code}[~admin] billing-bot"))
    \{code\}\[\~admin\] billing-bot
    """
    return no_html(_WIKI.sub(lambda match: "\\" + match.group(), plain(text)))


def no_code(text: str) -> str:
    """``text`` for ServiceNow: no HTML, and no ``[code]``, which lets HTML through in fields that are shown as a journal.

    >>> no_code("[code]<b>")
    '[ code]&lt;b>'
    """
    return _CODE.sub("[ ", no_html(text))


def markdown(text: str) -> str:
    r"""``text`` as it is in GitHub's Markdown: no emphasis, link, image, HTML, list or formula, and nobody is mentioned, nothing linked.

    >>> print(markdown("@admin see #1 <b> https://e.example"))
    @&#8203;admin see \#&#8203;1 \<b\> https:&#8203;//e.example
    """
    return _TAKEN_UP.sub(_BREAK, _MARKDOWN.sub(lambda match: "\\" + match.group(), plain(text)))


def code_span(text: str) -> str:
    r"""``text`` as code in Markdown, in which nothing else has a meaning; empty for none.

    >>> print(code_span("a`b"), code_span("`"))
    ``a`b`` `` ` ``
    """
    shown = plain(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    room = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    return f"{fence}{room}{shown}{room}{fence}" if shown else ""


def sarif_text(text: str) -> str:
    r"""``text`` in a SARIF message: braces and brackets are no placeholders and links there (§3.11.5, §3.11.6).

    >>> print(sarif_text("[x](http://e) {0}"))
    \[x\](http://e) {{0}}
    """
    escaped = plain(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return escaped.replace("{", "{{").replace("}", "}}")


def uri_path(path: str) -> str:
    """A relative path as a URI reference that stays relative and climbs nowhere.

    >>> uri_path("a/../../b c:d")
    'a/b%20c%3Ad'
    """
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return "/".join(quote(part, safe="") for part in parts)
