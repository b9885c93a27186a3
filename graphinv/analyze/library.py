"""The query library: Cypher files whose leading ``//`` lines are YAML front matter. Texts in, queries out; no files, no engine.

// title: Agents nobody owns
// question: Which agents have no accountable owner?
// parameters:
//   status: {type: text, default: active, meaning: Only agents in this state}
// columns: {agent: Its id, name: Its name}
MATCH (a:Agent) WHERE a.status = $status …
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphinv.model.errors import InputError, UsageError
from graphinv.model.kinds import NODE_KINDS, normal_time

ParameterType = Literal["text", "integer", "number", "boolean", "time", "list"]

_USED = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Header(BaseModel):
    """Base of front matter: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(Header):
    """A parameter of a query or rule. Without ``default`` it must be given; the default ``now`` of a time is the time of asking. ``values``
    lists what it may be, where not everything; ``of`` the kinds of nodes that it names, by id, name and the like.
    """

    type: ParameterType
    meaning: str
    values: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    default: str | int | float | bool | list[str] | None = None

    @property
    def default_text(self) -> str | None:
        """The default as it would be given on a command line; None where a value must be given."""
        if self.default is None:
            return None
        return (
            ",".join(self.default)
            if isinstance(self.default, list)
            else str(self.default).lower()
            if isinstance(self.default, bool)
            else str(self.default)
        )

    def value(self, name: str, given: object, *, at: str | None = None) -> Any:
        """``given`` (text from a command line, or a plain value) as a value of the parameter's type.

        Raises:
            UsageError: it is not of that type.
        """
        if self.type == "time" and given == "now":
            given = at or datetime.now(UTC).replace(microsecond=0)
        try:
            value = _CONVERT[self.type](given)
        except (ValueError, TypeError):
            raise UsageError(f"parameter {name} takes {_TAKES[self.type]}, not {given!r}") from None
        if self.values and value not in self.values:
            raise UsageError(f"parameter {name} takes one of {', '.join(self.values)}, not {given!r}")
        return value


def _whole(given: Any) -> int:
    if isinstance(given, bool) or (isinstance(given, float) and not given.is_integer()):
        raise ValueError
    return int(given)


def _number(given: Any) -> float:
    if isinstance(given, bool):
        raise ValueError
    return float(given)


def _truth(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    try:
        return _TRUTHS[str(given).strip().lower()]
    except KeyError:
        raise ValueError from None


def _text(given: Any) -> str:
    if isinstance(given, (list, tuple, dict)):
        raise TypeError
    return str(given)


def _time(given: Any) -> str:
    normal = normal_time(given)
    if not isinstance(normal, str):
        raise TypeError
    return normal


def _list(given: Any) -> list[str]:
    if isinstance(given, str):
        given = [item.strip() for item in given.split(",") if item.strip()]
    return [_text(item) for item in given]


_CONVERT = {"text": _text, "integer": _whole, "number": _number, "boolean": _truth, "time": _time, "list": _list}
_TAKES = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "time": "an ISO 8601 time such as 2026-07-10T00:00:00Z",
    "list": "a list, its items separated by commas",
}


class _QueryHeader(Header):
    title: str
    question: str
    when: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    columns: dict[str, str]


class Query(_QueryHeader):
    """A query of the library. ``columns`` maps each column it returns to its meaning."""

    name: str
    topic: str
    cypher: str = Field(repr=False)

    def bind(self, params: Mapping[str, object], *, at: str | None = None) -> dict[str, Any]:
        """All its parameters with a value: those of ``params``, else the defaults.

        Args:
            params: values by name; texts are converted to the parameter's type.
            at: what the default ``now`` means; the current time when absent.

        Raises:
            UsageError: one is unknown, missing or of the wrong type.
        """
        return bind(self.parameters, params, at=at)


def bind(parameters: Mapping[str, Parameter], params: Mapping[str, object], *, at: str | None = None) -> dict[str, Any]:
    """Values for all of ``parameters``; see :meth:`Query.bind`."""
    for name in params:
        if name not in parameters:
            raise UsageError(f"there is no parameter {name!r}; there is {', '.join(parameters) or 'none'}")
    values = {}
    for name, parameter in parameters.items():
        given = params.get(name, parameter.default)
        if given is None:
            raise UsageError(f"parameter {name} is needed: {parameter.meaning}")
        values[name] = parameter.value(name, given, at=at)
    return values


def split(text: str, document: str) -> tuple[dict[str, Any], str]:
    """Front matter and body of a file: its leading ``//`` lines as a YAML mapping, and the rest.

    Raises:
        InputError: there is none, or it is not a mapping.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    end = next((number for number, line in enumerate(lines) if not line.startswith("//")), len(lines))
    header = "\n".join(line[2:].removeprefix(" ") for line in lines[:end])
    try:
        meta = yaml.safe_load(header)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InputError("its front matter is not YAML", document=document, where=f"L{line}") from None
    if not isinstance(meta, dict):
        raise InputError("needs front matter: leading // lines of YAML", document=document, where="L1")
    return meta, "\n".join(lines[end:]).strip() + "\n"


def explain(error: ValidationError) -> str:
    """The first complaint about front matter, naming the key."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def check_parameters(cypher: str, parameters: Mapping[str, Parameter], document: str, given: frozenset[str] = frozenset()) -> None:
    """That ``cypher`` uses exactly the ``parameters`` declared (and may use those always ``given``).

    Raises:
        InputError: one is used and not declared, or declared and not used.
    """
    code = "\n".join(line.partition("//")[0] for line in cypher.splitlines())
    used = set(_USED.findall(code))
    for name in sorted(used - set(parameters) - given):
        raise InputError(f"uses ${name} without declaring it", document=document)
    for name in sorted(set(parameters) - used):
        raise InputError(f"declares {name} and does not use it", document=document)
    for name, parameter in parameters.items():
        if unknown := set(parameter.of) - NODE_KINDS.keys():
            raise InputError(f"{name} is of no kind of the vocabulary: {', '.join(sorted(unknown))}", document=document)
        if parameter.default is not None:
            parameter.value(name, parameter.default, at="2026-01-01T00:00:00Z")


def load_queries(texts: Mapping[str, str]) -> dict[str, Query]:
    """Queries by name, from file texts by path ``<topic>/<name>.cypher`` (whatever folder that lies in).

    Raises:
        InputError: front matter that is not understood, a parameter used and not declared, a name used twice.
    """
    queries: dict[str, Query] = {}
    for path, text in sorted(texts.items()):
        file = PurePosixPath(path)
        meta, cypher = split(text, path)
        try:
            query = Query.model_validate({**meta, "name": file.stem, "topic": file.parent.name, "cypher": cypher})
        except ValidationError as error:
            raise InputError(explain(error), document=path) from None
        check_parameters(cypher, query.parameters, path)
        if query.name in queries:
            raise InputError(f"another query is called {query.name}", document=path, remedy=f"see {queries[query.name].topic}/")
        queries[query.name] = query
    return queries
