"""Functions of Helm's templates, as far as they give the same each time and ask nothing of a cluster."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.helm import patterns, versions
from graphinv.ingest.support.helm.parsing import TemplateError
from graphinv.model.errors import IngestError

MAX_RESULT = 1_000_000
"""Characters of one text, and items of one list."""

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def shown(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{shown(inner)}" for key, inner in sorted(value.items(), key=lambda pair: str(pair[0]))) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(shown, value)) + "]"
    return str(value)


def true(value: Any) -> bool:
    """Whether a value counts as true: anything but nothing, zero and what is empty."""
    return bool(value)


def to_yaml(value: Any) -> str:
    """A value as YAML, without the last line's end."""
    text = yaml.dump(value, Dumper=_DUMPER, default_flow_style=False, sort_keys=True, width=10**9, allow_unicode=True)
    return str(text).removesuffix("\n").removesuffix("\n...")


def from_yaml(text: Any) -> Any:
    """The first value of a YAML text; an empty object where it is none."""
    try:
        found = yamldoc.parse(shown(text)[:MAX_RESULT], Document("", "", b"", str))
    except IngestError:
        return {}
    return found[0].value if found and found[0].value is not None else {}


def whole(value: Any) -> int:
    """A whole number of anything; 0 of what is none."""
    try:
        return int(float(value)) if not isinstance(value, str) else int(value, 0)
    except (ValueError, TypeError, OverflowError):
        return 0


def number(value: Any) -> float:
    """A number of anything; 0 of what is none."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return 0.0


def _bounded(text: str) -> str:
    if len(text) > MAX_RESULT:
        raise TemplateError("it makes a text that is too long")
    return text


def _indent(count: Any, text: Any) -> str:
    blank = " " * min(whole(count), 200)
    return _bounded("\n".join(blank + line for line in shown(text).split("\n")))


def _format(form: Any, *values: Any) -> str:
    """``printf`` with the verbs that templates use."""
    given = iter(values)

    def one(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(given, None)
        verb = match[2]
        if verb == "q":
            return json.dumps(shown(value))
        if verb == "d":
            text = str(whole(value))
        elif verb in "fg":
            text = f"{number(value):.6f}" if verb == "f" and not match[1] else shown(value)
        else:
            text = shown(value)
        width = re.fullmatch(r"(-?)(0?)([0-9]{1,3})(?:\.[0-9]+)?", match[1])
        if width is None:
            return text
        size = int(width[3])
        return text.ljust(size) if width[1] else text.rjust(size, "0" if width[2] else " ")

    return _bounded(re.sub(r"%([-+# 0-9.]*)([sdvqftgxT%])|%%", one, shown(form)))


def _less(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one < other
    return shown(one) < shown(other)


def _equal(one: Any, *others: Any) -> bool:
    return any(one == other and isinstance(one, bool) == isinstance(other, bool) for other in others)


def _merge(into: Any, *others: Any, over: bool = False) -> Any:
    if not isinstance(into, dict):
        return into
    for other in others:
        for key, value in other.items() if isinstance(other, dict) else ():
            if isinstance(into.get(key), dict) and isinstance(value, dict):
                _merge(into[key], value, over=over)
            elif over or not into.get(key):
                into[key] = value
    return into


def _dict(*pairs: Any) -> dict[str, Any]:
    return {shown(pairs[index]): pairs[index + 1] if index + 1 < len(pairs) else "" for index in range(0, len(pairs), 2)}


def _set(target: Any, key: Any, value: Any) -> Any:
    if isinstance(target, dict):
        target[shown(key)] = value
    return target


def _unset(target: Any, key: Any) -> Any:
    if isinstance(target, dict):
        target.pop(shown(key), None)
    return target


def _get(target: Any, key: Any) -> Any:
    return target.get(shown(key), "") if isinstance(target, dict) else ""


def index(target: Any, *keys: Any) -> Any:
    """What stands at ``keys``; nothing where there is none."""
    for key in keys:
        if isinstance(target, dict):
            target = target.get(shown(key))
        elif isinstance(target, list) and -1 < whole(key) < len(target):
            target = target[whole(key)]
        else:
            return None
    return target


def _dig(*given: Any) -> Any:
    *keys, default, target = given
    for key in keys:
        if not isinstance(target, dict) or shown(key) not in target:
            return default
        target = target[shown(key)]
    return target


def _until(*given: Any) -> list[int]:
    found = range(*map(whole, given)) if len(given) < 3 or whole(given[2]) else range(0)
    if len(found) > 10_000:
        raise TemplateError("it counts too far")
    return list(found)


def _fail(message: Any = "") -> Any:
    raise TemplateError(f"it asks for more: {' '.join(shown(message).split())[:120]}")


def _required(message: Any, value: Any = None) -> Any:
    return _fail(message) if value is None or value == "" else value


def _slice(target: Any, *ends: Any) -> Any:
    first, last = (whole(ends[0]) if ends else 0), (whole(ends[1]) if len(ends) > 1 else None)
    return target[first:last] if isinstance(target, list | str) else target


def _kind(value: Any) -> str:
    names = {dict: "map", list: "slice", str: "string", bool: "bool", int: "int", float: "float64"}
    return "invalid" if value is None else names.get(type(value), "struct")


def _split_pattern(pattern: Any, text: Any, count: Any) -> list[str]:
    return patterns.split(shown(pattern), shown(text), whole(count))


def _replace_pattern(pattern: Any, text: Any, by: Any) -> str:
    return _bounded(patterns.replace(shown(pattern), shown(text), shown(by)))


def _digest(name: str) -> Callable[[Any], str]:
    return lambda value: hashlib.new(name, shown(value).encode(), usedforsecurity=False).hexdigest()


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(shown(value)).decode("utf-8", "replace")
    except ValueError:
        return ""


def _split(separator: Any, text: Any) -> list[str]:
    return shown(text).split(shown(separator) or None)


def _texts(value: Any) -> list[str]:
    return [shown(one) for one in value] if isinstance(value, list) else [shown(value)]


def _nth(value: Any, at: int) -> Any:
    try:
        return value[at]
    except (IndexError, TypeError, KeyError):
        return None


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for one in value if isinstance(value, list) else ():
        if one not in found:
            found.append(one)
    return found


def _words(text: Any) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", shown(text))


def _default(default: Any, value: Any = None) -> Any:
    return value if true(value) else default


def _product(*given: Any) -> int:
    return math.prod(max(-(10**18), min(10**18, whole(one))) for one in given[:8])


def _url(text: Any) -> dict[str, str]:
    parts = urlsplit(shown(text)[:4000])
    user, _, host = parts.netloc.rpartition("@")
    return {
        "scheme": parts.scheme,
        "host": host,
        "hostname": parts.hostname or "",
        "path": parts.path,
        "query": parts.query,
        "userinfo": user,
    }


_FIXED = "generated"
"""Stands for what is made up anew each time."""

_PLAIN: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "required": _required,
    "fail": _fail,
    "quote": lambda *values: " ".join(json.dumps(shown(one), ensure_ascii=False) for one in values if one is not None),
    "squote": lambda *values: " ".join(f"'{shown(one)}'" for one in values if one is not None),
    "upper": lambda text: shown(text).upper(),
    "lower": lambda text: shown(text).lower(),
    "title": lambda text: shown(text).title(),
    "untitle": lambda text: shown(text)[:1].lower() + shown(text)[1:],
    "base": lambda path: shown(path).rstrip("/").rpartition("/")[2],
    "clean": lambda path: re.sub(r"(?<=.)/$", "", re.sub(r"/+", "/", shown(path))),
    "dir": lambda path: shown(path).rpartition("/")[0] or ".",
    "trim": lambda text: shown(text).strip(),
    "trimAll": lambda what, text: shown(text).strip(shown(what)),
    "trimSuffix": lambda what, text: shown(text).removesuffix(shown(what)),
    "trimPrefix": lambda what, text: shown(text).removeprefix(shown(what)),
    "trunc": lambda count, text: shown(text)[: whole(count)] if whole(count) >= 0 else shown(text)[whole(count) :],
    "substr": lambda first, last, text: shown(text)[whole(first) : whole(last)],
    "replace": lambda old, new, text: _bounded(shown(text).replace(shown(old), shown(new))),
    "contains": lambda what, text: shown(what) in shown(text),
    "hasPrefix": lambda what, text: shown(text).startswith(shown(what)),
    "hasSuffix": lambda what, text: shown(text).endswith(shown(what)),
    "repeat": lambda count, text: _bounded(shown(text)[:10_000] * min(whole(count), 100)),
    "nospace": lambda text: re.sub(r"\s", "", shown(text)),
    "cat": lambda *values: " ".join(shown(one) for one in values if one is not None),
    "indent": _indent,
    "nindent": lambda count, text: "\n" + _indent(count, text),
    "toYaml": to_yaml,
    "toYamlPretty": to_yaml,
    "fromYaml": from_yaml,
    "fromYamlArray": from_yaml,
    "fromJson": from_yaml,
    "toJson": lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), default=shown),
    "toPrettyJson": lambda value: json.dumps(value, sort_keys=True, indent=2, default=shown),
    "toRawJson": lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), default=shown),
    "toString": shown,
    "toStrings": _texts,
    "print": lambda *values: _bounded("".join(map(shown, values))),
    "println": lambda *values: _bounded(" ".join(map(shown, values)) + "\n"),
    "printf": _format,
    "html": shown,
    "eq": _equal,
    "ne": lambda one, other: not _equal(one, other),
    "lt": _less,
    "le": lambda one, other: not _less(other, one),
    "gt": lambda one, other: _less(other, one),
    "ge": lambda one, other: not _less(one, other),
    "not": lambda value: not true(value),
    "empty": lambda value=None: not true(value),
    "coalesce": lambda *values: next((one for one in values if true(one)), None),
    "ternary": lambda one, other, which: one if which else other,
    "all": lambda *values: all(map(true, values)),
    "any": lambda *values: any(map(true, values)),
    "len": lambda value: len(value) if isinstance(value, str | list | dict) else 0,
    "index": index,
    "slice": _slice,
    "list": lambda *values: list(values),
    "tuple": lambda *values: list(values),
    "dict": _dict,
    "get": _get,
    "set": _set,
    "unset": _unset,
    "hasKey": lambda target, key: isinstance(target, dict) and shown(key) in target,
    "keys": lambda *targets: sorted(key for one in targets if isinstance(one, dict) for key in one),
    "values": lambda target: list(target.values()) if isinstance(target, dict) else [],
    "pluck": lambda key, *targets: [one[shown(key)] for one in targets if isinstance(one, dict) and shown(key) in one],
    "pick": lambda target, *keys: {key: target[key] for key in map(shown, keys) if isinstance(target, dict) and key in target},
    "omit": lambda target, *keys: {k: v for k, v in target.items() if k not in map(shown, keys)} if isinstance(target, dict) else {},
    "merge": _merge,
    "mergeOverwrite": lambda into, *others: _merge(into, *others, over=True),
    "deepCopy": lambda value: json.loads(json.dumps(value, default=shown)),
    "dig": _dig,
    "first": lambda value: _nth(value, 0),
    "last": lambda value: _nth(value, -1),
    "rest": lambda value: value[1:] if isinstance(value, list) else [],
    "initial": lambda value: value[:-1] if isinstance(value, list) else [],
    "has": lambda one, value: one in value if isinstance(value, list) else False,
    "append": lambda value, one: [*value, one] if isinstance(value, list) else [one],
    "prepend": lambda value, one: [one, *value] if isinstance(value, list) else [one],
    "concat": lambda *values: [one for value in values if isinstance(value, list) for one in value],
    "without": lambda value, *gone: [one for one in value if one not in gone] if isinstance(value, list) else [],
    "uniq": _unique,
    "compact": lambda value: [one for one in value if true(one)] if isinstance(value, list) else [],
    "reverse": lambda value: value[::-1] if isinstance(value, list) else [],
    "sortAlpha": lambda value: sorted(_texts(value)),
    "join": lambda separator, value: _bounded(shown(separator).join(_texts(value))),
    "split": lambda separator, text: {f"_{place}": part for place, part in enumerate(_split(separator, text))},
    "splitList": _split,
    "until": _until,
    "untilStep": _until,
    "seq": lambda *given: " ".join(map(str, range(1, min(whole(given[-1]), 1000) + 1) if given else ())),
    "int": whole,
    "int64": whole,
    "float64": number,
    "atoi": whole,
    "add": lambda *given: sum(map(whole, given)),
    "add1": lambda value: whole(value) + 1,
    "sub": lambda one, other: whole(one) - whole(other),
    "mul": _product,
    "div": lambda one, other: whole(one) // whole(other) if whole(other) else 0,
    "mod": lambda one, other: whole(one) % whole(other) if whole(other) else 0,
    "max": lambda *given: max(map(whole, given)),
    "min": lambda *given: min(map(whole, given)),
    "ceil": lambda value: math.ceil(number(value)),
    "floor": lambda value: math.floor(number(value)),
    "round": lambda value, *_: round(number(value)),
    "b64enc": lambda text: base64.b64encode(shown(text).encode()).decode(),
    "b64dec": _decoded,
    "sha256sum": _digest("sha256"),
    "sha1sum": _digest("sha1"),
    "adler32sum": _digest("sha1"),
    "kindOf": _kind,
    "typeOf": _kind,
    "kindIs": lambda kind, value: _kind(value) == kind,
    "typeIs": lambda kind, value: _kind(value) == kind,
    "regexMatch": lambda pattern, text: patterns.find(shown(pattern), shown(text), 1) != [],
    "regexReplaceAll": _replace_pattern,
    "regexReplaceAllLiteral": _replace_pattern,
    "regexFind": lambda pattern, text: "".join(patterns.find(shown(pattern), shown(text), 1)),
    "regexFindAll": lambda pattern, text, count: patterns.find(shown(pattern), shown(text), whole(count)),
    "regexQuoteMeta": lambda text: re.escape(shown(text)),
    "regexSplit": _split_pattern,
    "camelcase": lambda text: "".join(word.capitalize() for word in _words(text)),
    "snakecase": lambda text: "_".join(word.lower() for word in _words(text)),
    "kebabcase": lambda text: "-".join(word.lower() for word in _words(text)),
    "semverCompare": lambda asked, version: versions.meets(shown(asked), shown(version)),
    "lookup": lambda *_: {},
    "now": lambda: "",
    "date": lambda *_: "",
    "randAlphaNum": lambda *_: _FIXED,
    "randAlpha": lambda *_: _FIXED,
    "randNumeric": lambda *_: _FIXED,
    "randAscii": lambda *_: _FIXED,
    "randBytes": lambda *_: _FIXED,
    "uuidv4": lambda *_: _FIXED,
    "derivePassword": lambda *_: _FIXED,
    "htpasswd": lambda *_: _FIXED,
    "genPrivateKey": lambda *_: _FIXED,
    "genCA": lambda *_: {"Cert": _FIXED, "Key": _FIXED},
    "genSelfSignedCert": lambda *_: {"Cert": _FIXED, "Key": _FIXED},
    "genSignedCert": lambda *_: {"Cert": _FIXED, "Key": _FIXED},
    "urlParse": _url,
    "urlJoin": lambda parts: "{scheme}://{host}{path}".format_map({"scheme": "", "host": "", "path": "", **parts}),
    "toToml": lambda _: "",
}
_STRICT = {f"must{name[:1].upper()}{name[1:]}": function for name, function in _PLAIN.items()}
"""Forms that fail where the plain ones give nothing."""
FUNCTIONS: Mapping[str, Callable[..., Any]] = {**_PLAIN, **_STRICT}
