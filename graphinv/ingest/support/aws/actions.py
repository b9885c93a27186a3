"""Actions of AWS services (``s3:GetObject``) and what each does, by AWS's own access levels (``data/aws/actions.tsv``).

Sets of a service's actions are integers with a bit for each, so that policies are intersected without a loop over actions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from typing import Any

from graphinv.ingest.support.aws.arns import canonical, parse
from graphinv.ingest.support.aws.globs import glob
from graphinv.ingest.support.bundled import rows

_LEVELS: Mapping[str, tuple[str, ...]] = {"L": ("read",), "R": ("read",), "W": ("write",), "T": ("write",), "P": ("admin",)}
_DELETES = ("delete", "remove", "terminate", "purge", "batchdelete", "schedulekeydeletion")
_EXECUTES = ("invoke", "run", "start", "execute", "batchexecute")
_READS = ("get", "list", "describe", "batchget", "search", "lookup", "query", "scan", "select", "view", "check", "download", "head", "read")
_ADMINS = ("putresourcepolicy", "addpermission", "createpolicy", "attachpolicy", "setresourcepolicy")
_OWN_LEVELS: Mapping[str, Mapping[str, str]] = {"iam": {"passrole": "W", "createservicelinkedrole": "W"}}
"""Where a level would say too much: to hand on a role, or to make one that AWS alone can use, gives no rights by itself. What passing a
role leads to is told role by role."""
SECRET_READS: Mapping[str, frozenset[str]] = {
    "secretsmanager": frozenset({"getsecretvalue", "batchgetsecretvalue"}),
    "ssm": frozenset({"getparameter", "getparameters", "getparametersbypath", "getparameterhistory"}),
}
"""Actions that give the value; to see that a secret is there is not to read it."""


def known_services() -> Iterable[str]:
    """Prefixes of all services that the table knows."""
    return rows("aws/actions.tsv").keys()


def atoms_of(name: str, level: str) -> tuple[str, ...]:
    """What an action of that name and access level does.

    >>> atoms_of("deletetable", "W"), atoms_of("invokefunction", "W"), atoms_of("putbucketpolicy", "P")
    (('write', 'delete'), ('write', 'execute'), ('admin',))
    """
    atoms = _LEVELS[level]
    if level == "W" and name.startswith(_DELETES):
        return (*atoms, "delete")
    return (*atoms, "execute") if level in "WR" and name.startswith(_EXECUTES) else atoms


def _guessed(name: str) -> str:
    """Level of an action that the table lacks, by its verb; writing where it tells nothing."""
    if name.startswith(_ADMINS):
        return "P"
    return "R" if name.startswith(_READS) else "W"


def _level(prefix: str, name: str, stated: str) -> str:
    """Level of an action of the table. AWS counts some that only read, use or start something among those that manage permissions.

    >>> _level("glue", "getquery", "P"), _level("bedrock-agentcore", "invokegateway", "P"), _level("s3", "putbucketpolicy", "P")
    ('R', 'W', 'P')
    """
    own = _OWN_LEVELS.get(prefix, {}).get(name)
    if own is None and stated == "P":
        own = "R" if name.startswith(_READS) else "W" if name.startswith(_EXECUTES) else None
    return own or stated


class Service:
    """One service: its actions and the types of its resources.

    Args:
        prefix: as in ``prefix:Action``, lower case.
        extra: actions that policies name and the table may lack, lower case; they count for every resource of the service.
    """

    def __init__(self, prefix: str, extra: Iterable[str] = ()) -> None:
        text = rows("aws/actions.tsv").get(prefix)
        entry: dict[str, Any] = json.loads(text) if text else {"actions": {}, "types": {}}
        self.prefix = prefix
        self.names: list[str] = []
        levels: list[str] = []
        kinds: list[frozenset[str]] = []
        for name, said in entry["actions"].items():
            level, *of = said.split(" ")
            self.names.append(name.lower())
            levels.append(_level(prefix, name.lower(), level))
            kinds.append(frozenset(of))
        for name in sorted(set(extra) - set(self.names)):
            self.names.append(name)
            levels.append(_guessed(name))
            kinds.append(frozenset({"*"}))
        self._kinds = kinds
        self._types: dict[str, str] = entry["types"]
        self.heads = frozenset(arn.split(":", 5)[-1].partition("${")[0] for arn in self._types.values())
        """What stands before the name in the ARNs of its resources: ``table/``, ``function:``; ``""`` where the name alone does."""
        self.all = (1 << len(self.names)) - 1
        self.bit: Mapping[str, int] = {name: 1 << number for number, name in enumerate(self.names)}
        """Action → its set of one."""
        self.by_atom: dict[str, int] = {}
        for number, (name, level) in enumerate(zip(self.names, levels, strict=True)):
            for atom in atoms_of(name, level):
                self.by_atom[atom] = self.by_atom.get(atom, 0) | 1 << number
        self.scoped = sum(1 << number for number, of in enumerate(kinds) if of or levels[number] != "L")
        """Set of the actions that reach what the service keeps: all but those that only list what there is."""
        self._masks: dict[str, int] = {}
        self._patterns: dict[str, int] = {}

    def kinds(self, name: str) -> frozenset[str]:
        """Types of the resources that an action (lower case) can be done to; none where it is asked of the service as a whole."""
        return self._kinds[self.bit[name].bit_length() - 1]

    def arn_of(self, kind: str) -> str:
        """Form of the ARNs of a type, with ``${Name}`` for what varies; ``""`` where the table has none."""
        return self._types.get(kind, "")

    def mask(self, pattern: str) -> int:
        """Set of the actions that ``pattern`` (lower case, without the service) matches. Patterns are remembered."""
        found = self._patterns.get(pattern)
        if found is None:
            one = glob(pattern)
            if one.literal:
                found = self.bit.get(pattern, 0)
            else:
                found = sum(1 << number for number, name in enumerate(self.names) if one.matches(name))
            self._patterns[pattern] = found
        return found

    def set_of(self, names: Iterable[str]) -> int:
        """Set of the actions of these names (lower case), those that the service lacks left out."""
        found = 0
        for name in names:
            found |= self.bit.get(name, 0)
        return found

    def atoms(self, mask: int, *, value: bool = False) -> tuple[str, ...]:
        """What the actions of ``mask`` together do, sorted; with ``value`` reading counts only where it gives a secret's value."""
        found = [atom for atom, actions in self.by_atom.items() if mask & actions]
        if value and not mask & self.set_of(SECRET_READS.get(self.prefix, ())):
            found = [atom for atom in found if atom != "read"]
        return tuple(sorted(found))

    @cached_property
    def _forms(self) -> Sequence[tuple[re.Pattern[str], str, str]]:
        """(form of the ARN, type, form of the ARN of what it is part of), the most particular first."""
        found = []
        for kind, arn in self._types.items():
            form = re.sub(r"\$\{[^}]*\}", "*", arn)
            whole = canonical(form)
            found.append((form, kind, whole))
        found.sort(key=lambda one: (-len(one[0].replace("*", "")), one[0].count("*")))
        return [(_regex(form), kind, whole) for form, kind, whole in found]

    def type_of(self, arn: str) -> str | None:
        """Resource type of ``arn`` in the service's words, such as ``bucket``; None where no form of the table fits."""
        return next((kind for form, kind, _ in self._forms if form.fullmatch(arn)), None)

    def applying(self, arn: str, *, part: bool = False) -> int:
        """Set of the actions that can be done to ``arn`` (with ``part``: to the parts of it, such as a bucket's objects).

        Where the table knows no such resource every action counts.
        """
        kind = self.type_of(arn)
        if kind is None:
            return self.all
        key = f"{kind}/{part}"
        if key not in self._masks:
            whole = next(whole for _, one, whole in self._forms if one == kind)
            kinds = {one for form, one, of in self._forms if of == whole and (one != kind) == part}
            # Parts that no action lists (versions, aliases) are acted on as the thing.
            self._masks[key] = self._listing(kinds) or self._listing({kind})
        return self._masks[key]

    def _listing(self, kinds: Set[str]) -> int:
        return sum(1 << number for number, of in enumerate(self._kinds) if "*" in of or not of.isdisjoint(kinds))


@lru_cache(8192)
def _regex(form: str) -> re.Pattern[str]:
    # A field of the form stands for any text without a colon: names hold slashes, unknown accounts parentheses. Models have a version.
    version = "(?::[0-9]{1,6}k?){0,2}" if ":bedrock:" in form else ""
    return re.compile("".join("[^:]*" if one == "*" else re.escape(one) for one in form) + version, re.DOTALL)


def service_of(arn: str) -> str:
    """Service of the ARN, ``""`` where it is none or where a wildcard stands for it."""
    fields = parse(arn)
    return "" if fields is None or "*" in fields.service or "?" in fields.service else fields.service.lower()
