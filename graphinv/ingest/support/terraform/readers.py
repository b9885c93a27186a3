"""Which types of resources are read, and by what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support.terraform import aws, bedrock
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.model.facts import Fact, Problem

READERS: Mapping[str, Reader] = {**aws.READERS, **bedrock.READERS}


def facts_of(context: Context) -> Iterator[Fact]:
    """Facts of all resources of a configuration or state."""
    for one in context.resources:
        reader = READERS.get(one.type) if one.mode == "managed" else None
        if reader is None:
            continue
        try:
            yield from reader(context, one)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, RecursionError):
            # Values of any shape may stand anywhere; one that fits no reading costs its own resource only.
            yield Problem(one.path, f"L{one.line}", f"{one.type} has values of unexpected types", "error", context.ingestor)
