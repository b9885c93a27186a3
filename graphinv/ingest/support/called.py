"""What documents call by a name alone, as records of decisions do: which node that is, only the pipeline can tell.

A reader gives such a thing the key of :func:`called`. Once all roots are read, :mod:`graphinv.pipeline.called` puts the node in its place
that alone has this id or name; where there is none, or are several, it stays what it is: a thing that a document speaks of and no other.
"""

from __future__ import annotations

from functools import lru_cache

from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import NodeKey

PREFIX = "called:"
SERVER = "of_server="
"""Label of a tool: the name of the server that has it."""
MAX_NAME = 300


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """A name by its letters and digits alone, in lower case, as it is the same in code, in fields and on labels.

    >>> plain("Billing bot") == plain("billing-bot") == plain("BillingBot")
    True
    """
    return "".join(letter for letter in name.lower() if letter.isalnum())


def called(root: str, kind: str, name: str, server: str = "") -> NodeKey:
    """What ``root`` calls ``name``; of a tool with the name of its ``server``, where that is told.

    >>> called("logs", "Tool", "create_payout", "pay")
    ('Tool', 'called:logs#pay/create_payout')
    """
    name = redact(name[:MAX_NAME])
    return kind, f"{PREFIX}{root}#{redact(server[:MAX_NAME])}/{name}" if server else f"{PREFIX}{root}#{name}"


def called_props(name: str, server: str = "") -> dict[str, object]:
    """Properties of such a node, from which it is found what it is."""
    props: dict[str, object] = {"name": redact(name[:MAX_NAME]), "kind_detail": "named in a record"}
    return {**props, "labels": [f"{SERVER}{redact(server[:MAX_NAME])}"]} if server else props


TRACED = "seen in a trace"
"""``kind_detail`` of what a trace shows: its name means something inside its service, and alone does not tell what it is."""
SERVICE = "service="
"""Label of such a thing: the service, as traces call it."""
NAMESPACE = "service_namespace="
GRAPH_ID = "graph_id="
"""Label of what says itself which id it has in the graph."""


def traced(root: str, kind: str, name: str, service: str, environment: str = "") -> NodeKey:
    """What a trace calls ``name`` in ``service``, or the service itself; where no service is told, what ``root`` calls so.

    >>> traced("logs", "Agent", "Planner", "trips", "prod"), traced("logs", "Agent", "", "trips"), traced("logs", "Agent", "Planner", "")
    (('Agent', 'called:trips@prod/Planner'), ('Agent', 'called:trips'), ('Agent', 'called:logs#Planner'))
    """
    if not service:
        return called(root, kind, name)
    where = f"{service}@{environment}" if environment else service
    where = where[:MAX_NAME].replace("%", "%25").replace("/", "%2F").replace("#", "%23")
    return kind, f"{PREFIX}{where}/{name[:MAX_NAME]}" if name else f"{PREFIX}{where}"


def traced_props(name: str, service: str, namespace: str = "") -> dict[str, object]:
    """Properties of such a node, from which it is found what it is."""
    labels = [*([f"{SERVICE}{service}"] if service else []), *([f"{NAMESPACE}{namespace}"] if namespace else [])]
    return {"name": name, "kind_detail": TRACED, **({"labels": labels} if labels else {})}
