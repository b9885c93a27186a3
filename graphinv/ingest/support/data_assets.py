"""Data sets in catalogues of data (DataHub, OpenMetadata): which resources they are, how sensitive by their tags, and who owns them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secret_words import words
from graphinv.model.facts import NodeFact, Statement

_LEVELS = {
    "restricted": frozenset({"restricted", "secret", "sensitive", "pii", "phi", "pci", "spi", "hipaa"}),
    "confidential": frozenset({"confidential", "personal", "private", "proprietary"}),
    "internal": frozenset({"internal"}),
    "public": frozenset({"public"}),
}
_DENIED = frozenset({"non", "none", "not", "no", "without", "nonpii", "nonsensitive"})
_ENGINES = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "mssql": "mssql", "mongodb": "mongodb"}
_SCHEMALESS = frozenset({"mysql", "mongodb"})
"""Engines whose data sets are named ``database.table``."""
_PART = re.compile(r"[\w $@-]{1,200}")


def sensitivity_of(tags: Iterable[str]) -> str | None:
    """The worst that tags or glossary terms say; None where none says it.

    >>> sensitivity_of(["PII.Sensitive", "Tier.Tier1"]), sensitivity_of(["PII.NonSensitive"]), sensitivity_of(["Tier.Tier1"])
    ('restricted', None, None)
    """
    found = set()
    for tag in tags:
        said = set(words(tag))
        if not said & _DENIED:
            found |= {level for level, names in _LEVELS.items() if said & names}
    return next((level for level in _LEVELS if level in found), None)


def resources_of(platform: str, name: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Patterns of the resources that a data set is, and is part of; empty where its platform is not known here.

    Args:
        platform: such as ``postgres`` or ``bigquery``.
        name: the whole name, for platforms whose names are no dotted ones.
        parts: its dotted name in parts.
    """
    platform = platform.lower()
    if platform in ("s3", "gcs"):
        bucket = name.partition("/")[0]
        start = "arn:aws:s3:::" if platform == "s3" else "//storage.googleapis.com/"
        return (f"Resource:{start}{bucket}",) if re.fullmatch(r"[\w.-]{3,222}", bucket) else ()
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        return ()
    if platform == "bigquery" and len(parts) == 3:
        dataset = f"Resource://bigquery.googleapis.com/projects/{parts[0]}/datasets/{parts[1]}"
        return dataset, f"{dataset}/tables/{parts[2]}"
    if platform == "dynamodb" and len(parts) == 2:
        return (f"Resource:arn:aws:dynamodb:{parts[0]}:*:table/{parts[1]}",)
    engine = _ENGINES.get(platform)
    if engine is None or len(parts) < 2:
        return ()
    # A catalogue tells no host: what it says holds where one database of this name is known.
    schema = engine not in _SCHEMALESS and len(parts) > 2
    database, table = (parts[-3], f"{parts[-2]}.{parts[-1]}") if schema else (parts[-2], parts[-1])
    return f"Resource:*{engine}://*/{database}", f"Resource:*{engine}://*/{database}/{table}"


def asset_facts(source: str, resources: Sequence[str], tags: Iterable[str], owners: Iterable[NodeFact]) -> Iterator[NodeFact | Statement]:
    """Owners of a data set, and what is said of it; nothing where nothing is."""
    people = {owner.key: owner for owner in owners}
    level = sensitivity_of(tags)
    props = {"sensitivity": level} if level else {}
    nodes = tuple(name for name in resources if hide(name) == name)
    if nodes and (props or people):
        yield from people.values()
        yield Statement(source, "catalogue", nodes=nodes, props=props, owners=tuple(people), single=True)
