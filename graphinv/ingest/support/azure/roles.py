"""Azure's roles (``Microsoft.Storage/storageAccounts/read``) as the actions that they give on each type of resource.

``data/azure/roles.json`` holds the built-in roles so; :func:`summary` makes it, and reads custom roles in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from graphinv.ingest.support.bundled import table
from graphinv.ingest.support.parts import texts

LETTERS: Mapping[str, str] = {"r": "read", "w": "write", "x": "execute", "d": "delete", "a": "admin"}
"""How the table writes an action."""
_GRANTING = ("microsoft.authorization/roleassignments/write", "microsoft.authorization/elevateaccess/action")
"""Either lets its holder take every other permission of the scope it is held on."""
_VERBS = {"read": "r", "write": "w", "delete": "d", "action": "x"}
_HANDS_OUT = re.compile(r"/(?:list\w*|getsecret|retrieve\w*|read\w*|get\w*|export\w*|download\w*|generate\w*)/action$")
"""Actions that answer with what is kept there."""
_KEYS = re.compile(r"/(?:list\w*keys|regenerate\w*key|list\w*secrets|listconnectionstrings)/action$")


@dataclass(frozen=True, slots=True)
class Role:
    """What a role gives: letters of actions by type (``microsoft.storage/storageaccounts``, ``microsoft.storage/*``, ``*``); and which of
    them its data actions give, be it alone or with others."""

    name: str
    types: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)

    def on(self, kind: str) -> str:
        """Letters on a resource of type ``kind``, in lower case."""
        return _on(self.types, kind)

    def data_on(self, kind: str) -> str:
        """Those of them that data actions give."""
        return _on(self.data, kind)


def _on(types: Mapping[str, str], kind: str) -> str:
    namespace = kind.partition("/")[0]
    return "".join(sorted({one for key in (kind, f"{namespace}/*", "*") for one in types.get(key, "")}))


def summary(name: str, permissions: Iterable[Mapping[str, object]]) -> Role:
    """A role by its blocks of ``actions``, ``notActions``, ``dataActions`` and ``notDataActions``; O(patterns²) for each block.

    What is taken away counts only where it takes away all that the role gives of that kind.

    >>> summary("r", [{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write", "*/elevateAccess/Action"]}]).types
    {'*': 'drwx'}
    """
    found: dict[str, set[str]] = {}
    data: dict[str, set[str]] = {}
    for block in permissions:
        for allowed, denied in (("actions", "notActions"), ("dataActions", "notDataActions")):
            without = [one.lower() for one in texts(block.get(denied))]
            for pattern in (one.lower() for one in texts(block.get(allowed))):
                if any(covers(other, pattern) for other in without):
                    continue
                found.setdefault(_type(pattern), set()).update(letters_of(pattern))
                if allowed == "dataActions":
                    data.setdefault(_type(pattern), set()).update(letters_of(pattern))
                granting = _GRANTING if allowed == "actions" else ()
                if any(covers(pattern, one) and not any(covers(other, one) for other in without) for one in granting):
                    found.setdefault("*", set()).add("a")
    return Role(name, _sorted(found), _sorted(data))


def _sorted(letters: Mapping[str, set[str]]) -> dict[str, str]:
    return {kind: "".join(sorted(own)) for kind, own in sorted(letters.items())}


def _type(pattern: str) -> str:
    parts = pattern.split("/")
    if "*" in parts[0]:
        return "*"
    if len(parts) < 3 or "*" in parts[1]:
        # Operations that only look at a provider or register it belong to no resource.
        return f"{parts[0]}/*" if len(parts) < 2 or "*" in parts[1] else "/".join(parts[:2])
    return "/".join(parts[:2])


def letters_of(pattern: str) -> str:
    """Letters of the actions that an operation, or a pattern of operations, is; in lower case."""
    verb = pattern.rpartition("/")[2]
    if verb == "*":
        return "drwx"
    if _KEYS.search(pattern):
        return "drw"  # the keys of a store open all of its content
    return "r" if _HANDS_OUT.search(pattern) else _VERBS.get(verb, "x")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


def covers(pattern: str, operation: str) -> bool:
    """Whether all that ``operation`` (itself a pattern) stands for matches ``pattern``; both in lower case."""
    return pattern.count("*") <= 8 and _compiled(pattern).fullmatch(operation) is not None


@cache
def built_in(id: str) -> Role | None:
    """A role of Azure's own by its id, or by its name in lower case; None where it is not known."""
    found = table("azure/roles.json")["roles"].get(id) or table("azure/roles.json")["roles"].get(_ids().get(id, ""))
    if not found:
        return None
    types, data = ({kind: letters for letters, kinds in part.items() for kind in kinds.split()} for part in (*found[1:], {})[:2])
    return Role(found[0], types, data)


@cache
def _ids() -> Mapping[str, str]:
    return {entry[0].lower(): id for id, entry in table("azure/roles.json")["roles"].items()}


_VAULT_READ = frozenset({"get", "list", "decrypt", "unwrapkey", "verify", "getissuers", "listissuers", "all"})
_VAULT_DELETE = frozenset({"delete", "purge", "all", "deleteissuers"})


def vault_actions(words: Iterable[str]) -> list[str]:
    """What an access policy of a key vault gives, by its words (``Get``, ``List``, ``Purge``)."""
    held = {word.lower() for word in words}
    actions = {"read"} if held & _VAULT_READ else set()
    actions |= {"delete"} if held & _VAULT_DELETE else set()
    actions |= {"write"} if held - _VAULT_READ - _VAULT_DELETE or "all" in held else set()
    return sorted(actions)
