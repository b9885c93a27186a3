"""How sensitive a resource is and where things are used, guessed from names and kinds where no source states it.

The table is ``data/sensitivity.toml``. A guess carries a label that says so (``sensitivity_from``, ``environment_from``). What no rule
tells stays unknown, and is counted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, get_args

from graphinv.ingest.grants import Known
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_words import words
from graphinv.model.errors import GraphinvError
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props
from graphinv.model.kinds import Environment, Sensitivity
from graphinv.pipeline.bundled import bundled

FILE = "data/sensitivity.toml"
PLACED = ("Resource", "Identity", "Runtime")
"""Kinds whose names tell where they are used."""
_WORST = ("restricted", "confidential", "internal", "public")
_MAX_SOURCES = 5
_TYPE = re.compile(r"^[A-Za-z-]+[:/]")
"""What AWS calls the kind of resource, before its name in an ARN."""
_STAND_IN = re.compile(r"\([^()]*\)")
"""What an id has of the folders of a file that leaves a part open."""


@dataclass(frozen=True)
class Rules:
    """The table: word → (sensitivity, rule), kind → sensitivity, provider → sensitivity, word → environment, kinds that hold data."""

    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)
    stores: frozenset[str] = frozenset()

    @cached_property
    def _places(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.environments)))

    def sensitivity(self, id: str, props: Props) -> tuple[str, str] | None:
        """Sensitivity of a resource and the rule that tells it; None where none does. O(length of its name).

        >>> rules().sensitivity("arn:aws:s3:::acme-payroll-2026", {"type": "bucket"})
        ('restricted', 'people-and-money')
        """
        kind: str | None = props.get("type")
        if kind is not None and kind in self.types:
            return self.types[kind], f"types.{kind}"
        if id.startswith("saas:"):
            provider = id.removeprefix("saas:").partition("/")[0]
            if provider in self.providers:
                return self.providers[provider], f"providers.{provider}"
        if kind is not None and kind not in self.stores:
            return None
        named = (*words(_own_name(id)), *words(_STAND_IN.sub("", str(props.get("name") or ""))))
        found = {self.words[word] for word in named if word in self.words}
        return min(found, key=lambda one: (_WORST.index(one[0]), one[1]), default=None)

    def environment(self, id: str, props: Props) -> str | None:
        """Where the thing of that id is used; None where its name tells nothing, or two things."""
        text = f"{_placed(id)} {props.get('name') or ''}"[:500]
        if not self._places.search(text.lower()):
            return None  # as most: told before it is taken apart
        found = {self.environments[word] for part in re.split(r"[^A-Za-z0-9]+", text) for word in words(part) if word in self.environments}
        return next(iter(found)) if len(found) == 1 else None


def _placed(id: str) -> str:
    """What of an id can tell where the thing is: not what AWS calls its kind (``devEndpoint``)."""
    if not id.startswith("arn:"):
        return id
    *account, resource = id.split(":", 5)
    return f"{':'.join(account)} {_TYPE.sub('', resource)}"


def _own_name(id: str) -> str:
    """What of an id is the thing's own name: not its host, account or project."""
    id = _STAND_IN.sub("", id)
    if id.startswith("arn:"):
        return id.split(":", 5)[-1]
    path = id.partition("://")[2].partition("/")[2] if "://" in id else id
    return "/".join(path.split("/")[-2:])


@cache
def rules() -> Rules:
    """The bundled table.

    Raises:
        GraphinvError: the installation lacks it, or it is not well formed.
    """
    return load((bundled("data") / "sensitivity.toml").read_text("utf-8"))


def load(text: str) -> Rules:
    """The rules in ``text``.

    Raises:
        GraphinvError: it is not TOML, lacks a field, has a value that the vocabulary lacks, or gives a word two meanings.
    """
    try:
        document = tomllib.loads(text)
        told: dict[str, tuple[str, str]] = {}
        for rule in document["words"]:
            _once(told, ((word, (_known(rule["sensitivity"], Sensitivity), rule["id"])) for word in rule["words"].split()))
        providers: dict[str, str] = {}
        for level, names in document["providers"].items():
            _once(providers, ((name, _known(level, Sensitivity)) for name in names.split()))
        environments: dict[str, str] = {}
        for place, names in document["environments"].items():
            _once(environments, ((word, _known(place, Environment)) for word in names.split()))
        types = {kind: _known(level, Sensitivity) for kind, level in document["types"].items()}
        return Rules(told, types, providers, environments, frozenset(document["stores"]["types"].split()))
    except tomllib.TOMLDecodeError as error:
        raise GraphinvError(f"{FILE} is not TOML: {error}") from None
    except KeyError as error:
        raise GraphinvError(f"{FILE} lacks {error}") from None


def _known(value: str, choice: Any) -> str:
    if value not in get_args(choice):
        raise GraphinvError(f"{FILE}: there is no {value!r}")
    return value


def _once(table: dict[str, Any], pairs: Iterator[tuple[str, Any]]) -> None:
    for name, value in pairs:
        if name in table:
            raise GraphinvError(f"{FILE}: {name} has two meanings")
        table[name] = value


def guessed(known: Known, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Sensitivity of resources, and environment of resources, identities and runtimes, that no source states. O(nodes)."""
    table = rules()
    for key in sorted(key for key in known.nodes if key[0] in PLACED):
        props = known.nodes[key]
        guess: Props = {}
        labels: list[str] = []
        if key[0] == "Resource" and props.get("sensitivity") in (None, "unknown"):
            found = table.sensitivity(key[1], props)
            if found:
                guess["sensitivity"] = found[0]
                labels.append(f"sensitivity_from={FILE}#{found[1]}")
        if props.get("environment") in (None, "unknown"):
            place = table.environment(key[1], props)
            if place:
                among_tests = _among_tests(props.get("sources") or ())
                guess["environment"] = "test" if among_tests else place
                labels.append("environment_from=path" if among_tests else "environment_from=name")
        if guess:
            yield _guess(key, guess, labels, props)


def _among_tests(sources: Sequence[str]) -> bool:
    """Whether all documents that speak of it lie among tests, whatever it is called there."""
    paths = (source.partition("#")[0].partition("/")[2] for source in sources)
    return bool(sources) and all(environment_of(path) == "test" for path in paths)


def _guess(key: NodeKey, guess: Props, labels: list[str], props: Props) -> NodeFact:
    sources = {"sources": list(props["sources"])[:_MAX_SOURCES]} if props.get("sources") else {}
    return NodeFact(*key, {**guess, "labels": labels, **sources})
