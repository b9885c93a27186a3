"""VS Code's ``inputs``: values that the client asks for and fills in as ``${input:id}``."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.clients import value_at
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import looks_secret_name, redact
from graphinv.model.facts import Binding, Fact, NodeFact


def secret_prompts(inputs: object) -> frozenset[str]:
    """Ids of the prompts that ask for a credential: those that hide what is typed, and those whose id says so."""
    found = [item for item in inputs if isinstance(item, dict)] if isinstance(inputs, list) else []
    ids = {
        item["id"] for item in found if isinstance(item.get("id"), str) and (item.get("password") is True or looks_secret_name(item["id"]))
    }
    return frozenset(name for name in ids if redact(name) == name)


def prompt_facts(document: Document, located: Located, pointer: Pointer, folder: str) -> Iterator[Fact]:
    """A Secret without a value for each prompt that asks for a credential, and the name it is bound to."""
    inputs = value_at(located, pointer)
    wanted = secret_prompts(inputs)
    for index, item in enumerate(inputs if isinstance(inputs, list) else ()):
        name = item.get("id") if isinstance(item, dict) else None
        if name not in wanted:
            continue
        key = ("Secret", f"input:{document.source()}#{name}")
        line = located.line(*pointer, index)
        yield NodeFact(*key, {"name": name, "kind_detail": "prompt", "sources": [document.source(line)]})
        yield Binding("input", str(name), key, folder, document.path)
