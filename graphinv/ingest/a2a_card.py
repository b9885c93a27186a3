"""A2A agent cards: what an agent says about itself at ``/.well-known/agent-card.json``, in every version of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.cards import card_facts, looks_like_card
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "a2a_card"
TITLE = "A2A agent cards"
FILES = (
    "**/agent-card.json",
    "**/agent_card.json",
    "**/agent.json",
    "**/*agent-card*.json",
    "**/*.a2a*.json",
    "**/agent_cards/*.json",
    "any other JSON file that begins as a card",
)
MAX_BYTES = 4 * 1024 * 1024
MAX_CARDS = 1000

_NAMED = re.compile(
    r"(?:^|/)(?:[^/]*agent[-_.]?card[^/]*|[^/]*[-_.]a2a[^/]*|a2a[-_.][^/]*|agent_?cards?/[^/]+|agent-cards?/[^/]+)\.json$", re.IGNORECASE
)
_OLD_NAME = re.compile(r"(?:^|/)agent\.json$")
_NO_CARD = re.compile(r"(?:^|/)(?:package(?:-lock)?|tsconfig.*|[^/]*schema[^/]*|[^/]*(?:openapi|swagger)[^/]*)\.json$", re.IGNORECASE)
_OTHERS = re.compile(rb'"(?:card_data|schema_version|bomFormat|specVersion|\$defs)"\s*:')
_AT_THE_TOP = re.compile(rb'"(?:entries|definitions|openapi)"\s*:')
"""What others begin with, and a card may link to."""
_OF_A_CARD = re.compile(
    rb'"(?:skills|capabilities|defaultInputModes|supportedInterfaces|protocolVersion|securitySchemes|preferredTransport)"\s*:'
)
_ONLY_CARDS = re.compile(
    rb'"(?:defaultInputModes|defaultOutputModes|supportedInterfaces|preferredTransport|supportsAuthenticatedExtendedCard)"\s*:'
)


def detect(path: str, head: bytes) -> bool:
    """Whether it is a card by its name, or a JSON file with fields that only cards have."""
    if not path.lower().endswith(".json") or _NO_CARD.search(path) or _OTHERS.search(head):
        return False
    if _AT_THE_TOP.search(head) and not (_NAMED.search(path) and len(set(_ONLY_CARDS.findall(head))) >= 2):
        return False
    if _NAMED.search(path):
        return _OF_A_CARD.search(head) is not None or b'"name"' in head
    if _OLD_NAME.search(path):
        return _OF_A_CARD.search(head) is not None
    return len(set(_ONLY_CARDS.findall(head))) >= 2 and b'"skills"' in head


def read(document: Document) -> Iterator[Fact]:
    """The agent that the card describes; of a list of cards, each."""
    located = jsondoc.parse(document)
    value = located.value
    if isinstance(value, list):
        for index, card in enumerate(value[:MAX_CARDS]):
            if looks_like_card(card):
                yield from card_facts(document, card, clients.at(located, (index,)))
        return
    if not isinstance(value, dict):
        raise IngestError("holds no object at its top", document=document.path, where=f"L{located.line()}")
    yield from clients.duplicate_problems(located, document, NAME)
    if looks_like_card(value):
        yield from card_facts(document, value, located.line)
    elif _NAMED.search(document.path) and _claims(value):
        yield Problem(document.path, f"L{located.line()}", "describes an agent without a name", "error", NAME)


def _claims(value: dict[str, object]) -> bool:
    """Whether an object that is no whole card was meant to be one."""
    return isinstance(value.get("skills"), list) and "name" not in value
