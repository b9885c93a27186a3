"""Principals, objects and actions as authorization systems name them: what they are in the graph.

A name that means the same everywhere (a SPIFFE ID, an ARN, an e-mail address, a URL) is its own id. Any other means something within one
root only, with its type: ``principal:<root>#agent:billing-bot``, ``object:<root>#document:readme``, so that policies and records of
decisions of one system speak of the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from graphinv.ingest.support.called import MAX_NAME, called, called_props, plain
from graphinv.ingest.support.effects import actions_of, split_words, verb_effects
from graphinv.ingest.support.secrets import redact, url_parts
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

AGENTS = frozenset({"agent", "aiagent", "agents", "subagent", "assistant", "bot", "mcpclient", "copilot"})
PEOPLE = frozenset({"user", "users", "human", "person", "employee", "customer", "member", "identity", "contact", "owner"})
GROUPS = frozenset({"group", "groups", "team", "role", "usergroup", "department", "organization", "organisation", "org", "userset"})
TOOLS = frozenset({"tool", "tools", "mcptool", "function", "toolcall", "mcp_tool"})
SERVERS = frozenset({"mcpserver", "server", "toolserver", "mcp", "mcpservers"})
_CANONICAL = re.compile(r"(?:spiffe://|arn:aws[\w-]*:|k8s:|github:|saas:)\S{3,}|pkg:\S{3,}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_TYPES = (("spiffe://", "spiffe", "attested"), ("arn:", "iam_role", None))

_RELATIONS: dict[str, tuple[str, ...]] = {
    "admin": ("admin",),
    "administrator": ("admin",),
    "superadmin": ("admin",),
    "owner": ("admin",),
    "manager": ("admin",),
    "maintainer": ("admin",),
    "manage": ("admin",),
    "administer": ("admin",),
    "own": ("admin",),
    "editor": ("read", "write"),
    "writer": ("read", "write"),
    "contributor": ("read", "write"),
    "collaborator": ("read", "write"),
    "author": ("read", "write"),
    "viewer": ("read",),
    "reader": ("read",),
    "auditor": ("read",),
    "guest": ("read",),
    "subscriber": ("read",),
    "commenter": ("read", "write"),
    "access": ("read",),
    "comment": ("write",),
    "change": ("write",),
    "share": ("write",),
    "approve": ("write",),
    "call": ("execute",),
    "caller": ("execute",),
    "use": ("execute",),
    "user": ("execute",),
    "operator": ("execute",),
    "executor": ("execute",),
    "invoker": ("execute",),
    "operate": ("execute",),
}
"""What relations and actions of authorization systems let somebody do, by the word in them that tells; verbs of interfaces come after."""
_NOUNS = frozenset(name for name in _RELATIONS if name.endswith(("er", "or", "st"))) - {"administer"} | {"admin"}
"""Those of them that name somebody: beside a verb they say to whom it is done (``delete_user``)."""


def word(text: str) -> str:
    """A type as the tables have it: the last part of a path, in lower case, without marks.

    >>> word("Jans::Mcp_Server")
    'mcpserver'
    """
    return plain(text.rpartition("::")[2])


@lru_cache(maxsize=65536)
def actions_of_word(name: str) -> tuple[str, ...]:
    """What a relation or an action lets somebody do, by the words in its name: always a guess. Nothing where no word tells.

    >>> actions_of_word("can_delete"), actions_of_word("viewer"), actions_of_word("tools/call"), actions_of_word("parent")
    (('delete',), ('read',), ('execute',), ())
    >>> actions_of_word("can_read_user"), actions_of_word("manage_viewers"), actions_of_word("document_owner")
    (('read',), ('admin',), ('admin',))
    """
    words = split_words(name.rpartition("::")[2])
    done = next((_RELATIONS[one] for one in words if one in _RELATIONS and one not in _NOUNS), ())
    done = done or tuple(actions_of(verb_effects("_".join(words))))
    return done or next((_RELATIONS[one] for one in words if one in _NOUNS), ())


@lru_cache(maxsize=65536)
def principal_key(root: str, kind: str, name: str) -> NodeKey:
    """Whoever ``root`` calls ``name``, of type ``kind``.

    >>> principal_key("shop", "Agent", "billing"), principal_key("shop", "user", "Ana@Acme.example")
    (('Identity', 'principal:shop#agent:billing'), ('Identity', 'ana@acme.example'))
    """
    name = redact(name[:MAX_NAME].strip())
    if _CANONICAL.fullmatch(name):
        return "Identity", name
    if _EMAIL.fullmatch(name):
        return "Identity", name.lower()
    return "Identity", f"principal:{root}#{word(kind)}:{name}" if word(kind) else f"principal:{root}#{name}"


@lru_cache(maxsize=65536)
def object_key(root: str, kind: str, name: str) -> NodeKey:
    """The thing that ``root`` calls ``name``, of type ``kind``.

    >>> object_key("shop", "document", "readme"), object_key("shop", "db", "postgres://u:p@db.acme.example:5432/shop")
    (('Resource', 'object:shop#document:readme'), ('Resource', 'postgres://db.acme.example:5432/shop'))
    """
    name = name[:MAX_NAME].strip()
    parts = url_parts(name) if "://" in name else None
    shown = redact(parts.url if parts else name)
    if parts or _CANONICAL.fullmatch(shown):
        return "Resource", shown
    return "Resource", f"object:{root}#{word(kind)}:{shown}" if word(kind) else f"object:{root}#{shown}"


def principal_props(kind: str, name: str, key: NodeKey) -> Props:
    """What is known of a principal by its type and name."""
    told = word(kind)
    props: Props = {"name": redact(name[:MAX_NAME].strip()), "kind_detail": "principal of an authorization system"}
    for start, stands_for, binding in _TYPES:
        if key[1].startswith(start):
            return {**props, "type": stands_for, **({"binding": binding} if binding else {})}
    if is_person(kind, key[1]):
        return {**props, "type": "human"}
    return {**props, "type": "group" if told in GROUPS else told or "principal"}


def is_person(kind: str, name: str) -> bool:
    """Whether a principal is a person by its type or its name."""
    return word(kind) in PEOPLE or _EMAIL.fullmatch(name.strip()) is not None


def object_props(kind: str, name: str, key: NodeKey) -> Props:
    """What is known of an object by its type and name."""
    props: Props = {"name": redact(name[:MAX_NAME].strip()) if key[1].startswith("object:") else key[1]}
    return {**props, "type": word(kind)} if word(kind) else props


def agent_of(root: str, kind: str, name: str, place: str) -> Iterator[NodeFact | EdgeFact]:
    """(:Agent)-[:RUNS_AS]->(:Identity), where a principal is an agent by its type: it asks under its own name."""
    if word(kind) not in AGENTS:
        return
    agent = called(root, "Agent", name)
    yield NodeFact(*agent, {**called_props(name), "sources": [place]})
    yield EdgeFact("RUNS_AS", agent, principal_key(root, kind, name), {"evidence": ["inferred"], "confidence": 0.9, "sources": [place]})
