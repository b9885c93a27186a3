"""Tools in Go: what the calls and literals that make them say.

mcp.NewTool("name", mcp.WithDescription(…), mcp.WithString(…))       of mark3labs/mcp-go
&mcp.Tool{Name: …, Description: …, Annotations: …}                   of both libraries
own(…, "name", "description", handler, …)                            a function of the tree that passes its parameters on to one of these
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.compiled import MAX_TEXT
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.parsing import SDKS
from graphinv.ingest.support.golang.program import Key, Program, walk
from graphinv.ingest.support.tool_schema import HINTS

_OFFICIAL, _MARK3LABS, _ = SDKS
_NEW = (f"{_MARK3LABS}.NewTool", f"{_MARK3LABS}.NewToolWithRawSchema")
_LITERALS = (f"{_OFFICIAL}.Tool", f"{_MARK3LABS}.Tool")
_TYPES = {"String": "string", "Number": "number", "Integer": "integer", "Boolean": "boolean", "Object": "object", "Array": "array"}
_GO_TYPES = re.compile(r"\.(?:(string)|(bool)|(u?int\d*)|(float\d+))")
_OWN_TOOL = re.compile(r"(?i).*tool(?:def|definition|spec)?")
_OWN_KEYS = frozenset({"InputSchema", "Annotations", "Handler", "Schema", "Parameters"})
MAX_DEPTH = 12
MAX_MAKERS = 200
MAX_BESIDE = 30
"""Arguments of a call, or elements of a literal, that may register a tool."""
MAX_FIELDS = 2000
"""Fields of structs that go into one schema."""


@dataclass
class Found:
    """A tool that an expression makes. ``name`` is None where it is known only when it runs; ``parameters`` are the indices of those
    parameters of the function around it that its name and description are."""

    at: Key
    line: int
    name: str | None
    description: str | None = None
    schema: object = None
    annotations: dict[str, object] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    handlers: list[ir.Expr] = field(default_factory=list)
    parameters: dict[str, int] = field(default_factory=dict)
    expr: ir.Expr | None = None
    copied: bool = False
    """Whether it only takes over the name of another."""


class Tools:
    """The tools that the functions and variables of a program make."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.makers: dict[Key, Found] = {}
        """Functions that make a tool of their parameters."""
        self._beside: dict[Key, Beside] = {}
        self._texts: dict[tuple[Key, str], str | None] = {}
        self._learn()

    def _learn(self) -> None:
        """Finds the makers; a maker may be called by another."""
        asked = [
            Key(path, index)
            for path, module in sorted(self.program.modules.items())
            for index, function in enumerate(module.functions)
            if function.name and function.exprs
        ]
        for _ in range(3):
            before = len(self.makers)
            for key in asked:
                if key in self.makers or len(self.makers) >= MAX_MAKERS:
                    continue
                for found in self.made_in(key):
                    if "name" in found.parameters:
                        self.makers[key] = found
            if len(self.makers) == before:
                break

    def made_in(self, key: Key) -> Iterator[Found]:
        """The tools that a function or variable makes, those of its callers' parameters among them."""
        if key.variable:
            yield from self._search(key, [self.program.variable(key)])
        else:
            yield from self._search(key, self.program.function(key).exprs)

    def _search(self, key: Key, exprs: list[ir.Expr]) -> Iterator[Found]:
        seen: set[int] = set()
        for top in exprs:
            for around in walk(top):
                if isinstance(around, (ir.Call, ir.Obj)) and id(around) not in seen:
                    seen.add(id(around))
                    found = self._of(key, around)
                    if found is not None:
                        found.expr = around
                        found.handlers += [one for one in self.beside(key).of(around) if self._is_handler(key, one)]
                        yield found

    # ---- what one expression says -------------------------------------------------------------------------------------------

    def _of(self, key: Key, expr: ir.Call | ir.Obj) -> Found | None:
        if isinstance(expr, ir.Call):
            if expr.path in _NEW and expr.args:
                return self._new(key, expr)
            folder = posixpath.dirname(key.path)
            maker = next((self.makers[one] for one in self.program.resolve(expr.path, folder) if one in self.makers), None)
            return self._own(key, expr, maker) if maker is not None else None
        if expr.type in _LITERALS:
            return self._literal(key, expr) if expr.get("Name") is not None else None
        keys = {name for name, _ in expr.items}
        own = {"Name", "Description"} <= keys and not keys.isdisjoint(_OWN_KEYS) and _OWN_TOOL.fullmatch(expr.type.rpartition(".")[2])
        return self._literal(key, expr) if own else None

    def _new(self, key: Key, expr: ir.Call) -> Found:
        found = Found(key, expr.line, None)
        self._named(found, key, "name", expr.args[0])
        if expr.path.endswith("RawSchema") and len(expr.args) > 1:
            self._named(found, key, "description", expr.args[1])
        self._options(found, key, expr.args[1:])
        return found

    def _own(self, key: Key, expr: ir.Call, maker: Found) -> Found:
        found = Found(key, expr.line, None)
        found.annotations = dict(maker.annotations)
        found.schema = maker.schema
        for what, index in maker.parameters.items():
            if index < len(expr.args):
                self._named(found, key, what, expr.args[index])
        named = set(maker.parameters.values())
        rest = [arg for index, arg in enumerate(expr.args) if index not in named]
        found.handlers = [arg for arg in rest if self._is_handler(key, arg)]
        self._options(found, key, rest)
        if found.description is None and "description" not in maker.parameters:
            found.description = maker.description
        for handler in found.handlers:
            found.schema = found.schema or self.schema_of_handler(key, handler)
        return found

    def _literal(self, key: Key, expr: ir.Obj) -> Found:
        found = Found(key, expr.line, None)
        named = expr.get("Name")
        self._named(found, key, "name", named)
        self._named(found, key, "description", expr.get("Description"))
        found.copied = found.name is None and isinstance(named, ir.Name) and named.path.endswith(".Name")
        title = self.text(expr.get("Title"), key)
        if title:
            found.texts.append(title)
        annotations = expr.get("Annotations")
        if annotations is not None:
            self._annotations(found, key, annotations)
        schema = expr.get("InputSchema") or expr.get("RawInputSchema") or expr.get("Schema") or expr.get("Parameters")
        found.schema = self._json(schema, key) if schema is not None else None
        handler = expr.get("Handler")
        found.handlers = [handler] if handler is not None else []
        return found

    def _named(self, found: Found, key: Key, what: str, expr: ir.Expr | None) -> None:
        """Sets the name or description."""
        text = self.text(expr, key)
        if text is not None:
            if what == "name":
                found.name = text
            else:
                found.description = text
            return
        if isinstance(expr, ir.Name) and expr.local and not key.variable:
            params = [name for name, _ in self.program.function(key).params]
            if expr.local in params:
                found.parameters[what] = params.index(expr.local)
        if what == "description" and expr is not None:
            found.texts += [one.value for one in walk(expr) if isinstance(one, ir.Text)]

    def _options(self, found: Found, key: Key, options: tuple[ir.Expr, ...] | list[ir.Expr]) -> None:
        """``mcp.WithDescription(…)``, ``mcp.WithString("name", mcp.Required(), …)`` and the hints."""
        properties: dict[str, object] = {}
        required: list[str] = []
        for option in options:
            for one in walk(option):
                if not isinstance(one, ir.Call) or not one.path.startswith(f"{_MARK3LABS}.With"):
                    continue
                what = one.path.rpartition(".With")[2]
                first = one.args[0] if one.args else None
                if what == "Description":
                    self._named(found, key, "description", first)
                elif what in _TYPES and first is not None:
                    name = self.text(first, key)
                    if name:
                        properties[name] = self._property(key, _TYPES[what], one.args[1:])
                        required += [name] if any(_calls(arg, "Required") for arg in one.args[1:]) else []
                elif what.endswith("HintAnnotation"):
                    hint = what[0].lower() + what.removesuffix("Annotation")[1:]
                    if hint in HINTS and isinstance(first, ir.Bool):
                        found.annotations[hint] = first.value
                elif what == "TitleAnnotation":
                    title = self.text(first, key)
                    found.annotations.update({"title": title} if title else {})
                elif what == "ToolAnnotation" and first is not None:
                    self._annotations(found, key, first)
                elif what == "InputSchema" and one.types:
                    found.schema = self._struct(one.types[0], posixpath.dirname(key.path))
        if properties:
            found.schema = {"type": "object", "properties": properties, "required": sorted(required)}

    def _property(self, key: Key, kind: str, options: tuple[ir.Expr, ...]) -> dict[str, object]:
        found: dict[str, object] = {"type": kind}
        for option in options:
            if isinstance(option, ir.Call) and option.args:
                text = self.text(option.args[0], key)
                what = option.path.rpartition(".")[2]
                if what in ("Description", "Title", "DefaultString", "Pattern") and text is not None:
                    found[what.removesuffix("String").lower()] = text
                elif what == "Enum":
                    found["enum"] = [one for arg in option.args if (one := self.text(arg, key)) is not None]
        return found

    def _annotations(self, found: Found, key: Key, expr: ir.Expr) -> None:
        for one in walk(expr):
            if not isinstance(one, ir.Obj):
                continue
            for name, value in one.items:
                hint = name[:1].lower() + name[1:]
                if hint == "title":
                    title = self.text(value, key)
                    found.annotations.update({"title": title} if title else {})
                elif hint in HINTS:
                    stated = next((inner for inner in walk(value) if isinstance(inner, ir.Bool)), None)
                    if stated is not None:
                        found.annotations[hint] = stated.value
            return

    # ---- values -------------------------------------------------------------------------------------------------------------

    def text(self, expr: ir.Expr | None, key: Key, depth: int = 0) -> str | None:
        """The constant text that ``expr`` is; None where it is none. What is translated is its last argument, its default."""
        if expr is None or depth > MAX_DEPTH:
            return None
        if isinstance(expr, ir.Text):
            return expr.value
        if isinstance(expr, ir.Name):
            return self._named_text(expr, key, depth)
        if isinstance(expr, ir.Other) and expr.parts:
            texts = [self.text(one, key, depth + 1) for one in expr.parts]
            known = [one for one in texts if one is not None]
            return "".join(known)[:MAX_TEXT] if len(known) == len(texts) else None
        if isinstance(expr, ir.Call) and not expr.args:
            return self._given(expr, key, depth)
        if isinstance(expr, ir.Call) and not expr.path.startswith("fmt."):
            texts = [self.text(one, key, depth + 1) for one in expr.args]
            if all(one is not None for one in texts):
                return texts[-1] if len(texts) <= 2 else None
        return None

    def _named_text(self, expr: ir.Name, key: Key, depth: int) -> str | None:
        if expr.local:
            at: Key | None = key
            while at is not None and not at.variable:
                function = self.program.function(at)
                if expr.local in function.locals:
                    return self._once(at, expr.local, function.locals[expr.local], depth)
                at = Key(at.path, function.outer) if function.outer is not None else None
            return None
        for one in self.program.resolve(expr.path, posixpath.dirname(key.path)):
            if one.variable:
                return self._once(one, one.variable, self.program.variable(one), depth)
        return None

    def _once(self, key: Key, name: str, value: ir.Expr, depth: int) -> str | None:
        """The text of a variable, found once; None for one that is made of itself."""
        if (key, name) not in self._texts:
            self._texts[key, name] = None
            self._texts[key, name] = self.text(value, key, depth + 1)
        return self._texts[key, name]

    def _given(self, expr: ir.Call, key: Key, depth: int) -> str | None:
        """The constant text that a function without arguments always gives."""
        functions = [one for one in self.program.resolve(expr.path, posixpath.dirname(key.path)) if not one.variable]
        texts = {self.text(given[0], one, depth + 1) for one in functions for given in self.program.function(one).returns}
        return next(iter(texts)) if len(texts) == 1 else None

    def _json(self, expr: ir.Expr, key: Key, depth: int = 0) -> object:
        """A schema as plain values: keys as JSON spells them, None for what is known only when it runs."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(expr, ir.Bool):
            return expr.value
        if isinstance(expr, ir.Obj):
            if expr.items and all(not name for name, _ in expr.items):
                return [self._json(value, key, depth + 1) for _, value in expr.items]
            return {_json_key(name, expr.type): self._json(value, key, depth + 1) for name, value in expr.items}
        text = self.text(expr, key)
        if text is not None:
            return text
        inner = [one for one in (expr.args if isinstance(expr, ir.Call) else ()) if isinstance(one, (ir.Obj, ir.Call))]
        return self._json(inner[0], key, depth + 1) if inner else None

    def _struct(self, kind: str, folder: str, depth: int = 0, left: list[int] | None = None) -> object:
        """The schema that the libraries make of a struct's fields and their tags; ``left`` is how many fields may still be told."""
        left = [MAX_FIELDS] if left is None else left
        if depth > 4:
            return {}
        plain = _GO_TYPES.fullmatch(kind)
        if plain:
            return {"type": ("string", "boolean", "integer", "number")[(plain.lastindex or 1) - 1]}
        place, fields = self.program.fields(kind, folder)
        if fields is None:
            return {}
        properties: dict[str, object] = {}
        for label, of, tag in fields:
            named = re.search(r'json:"([^",]+)', tag)
            key = named[1] if named else label
            left[0] -= 1
            if not key or key == "-" or left[0] < 0:
                continue
            one = self._struct(of, place or "", depth + 1, left)
            described = re.search(r'(?:jsonschema|mcp|jsonschema_description):"((?:[^"\\]|\\.)*)"', tag)
            if isinstance(one, dict) and described:
                one["description"] = described[1]
            properties[key] = one
        return {"type": "object", "properties": properties}

    def schema_of_handler(self, key: Key, handler: ir.Expr) -> object:
        """The schema of the arguments of a typed handler: its last parameter that is a struct of the tree."""
        for function in self.functions_of(key, handler):
            for _, kind in reversed(self.program.function(function).params):
                found = self._struct(kind, posixpath.dirname(function.path))
                if isinstance(found, dict) and found.get("properties"):
                    return found
        return None

    # ---- handlers -----------------------------------------------------------------------------------------------------------

    def _is_handler(self, key: Key, expr: ir.Expr) -> bool:
        return bool(self.functions_of(key, expr))

    def functions_of(self, key: Key, expr: ir.Expr, depth: int = 0) -> list[Key]:
        """The functions that ``expr`` is, or is made of: a literal, a name, ``mcp.NewTypedToolHandler(name)``."""
        folder = posixpath.dirname(key.path)
        if isinstance(expr, ir.Func):
            return [Key(key.path, expr.index)]
        if isinstance(expr, ir.Name):
            found = [one for one in self.program.resolve(expr.path, folder) if not one.variable]
            if not found and expr.path.startswith("?."):
                loose = self.program.loosely(expr.path, folder, self.program.modules[key.path].imports)
                found = loose if len(loose) == 1 else []
            if not found and expr.local and not key.variable and depth < MAX_DEPTH:
                value = self.program.function(key).locals.get(expr.local)
                return self.functions_of(key, value, depth + 1) if value is not None else []
            return found
        if isinstance(expr, ir.Call) and depth < MAX_DEPTH:
            called = [one for one in self.program.resolve(expr.path, folder) if not one.variable]
            return called + [one for arg in expr.args for one in self.functions_of(key, arg, depth + 1)]
        return []

    def beside(self, key: Key) -> Beside:
        """What stands beside each expression of a function or variable; found once."""
        if key not in self._beside:
            if key.variable:
                self._beside[key] = Beside([self.program.variable(key)], [], {})
            else:
                function = self.program.function(key)
                self._beside[key] = Beside(function.exprs, function.returns, function.locals)
        return self._beside[key]


class Beside:
    """The calls, literals and results that each expression of a function stands in, itself or as the variable that holds it."""

    def __init__(self, exprs: list[ir.Expr], returns: list[tuple[ir.Expr, ...]], variables: dict[str, ir.Expr]) -> None:
        self._names = {id(value): name for name, value in variables.items()}
        self._around: dict[int | str, list[tuple[ir.Expr | None, tuple[ir.Expr, ...]]]] = defaultdict(list)
        for top in exprs:
            for one in walk(top):
                if isinstance(one, ir.Call):
                    self._note(one, one.args)
                elif isinstance(one, ir.Obj):
                    self._note(one, tuple(value for _, value in one.items))
        for given in returns:
            self._note(None, given)

    def _note(self, around: ir.Expr | None, given: tuple[ir.Expr, ...]) -> None:
        for one in given if len(given) <= MAX_BESIDE else ():
            if isinstance(one, (ir.Call, ir.Obj)):
                self._around[id(one)].append((around, given))
            elif isinstance(one, ir.Name) and one.local:
                self._around[one.local].append((around, given))

    def around(self, expr: ir.Expr) -> list[tuple[ir.Expr | None, tuple[ir.Expr, ...]]]:
        """What ``expr`` stands in directly (None for results of the function), each with all that stands in it."""
        name = self._names.get(id(expr))
        return [*self._around.get(id(expr), ()), *(self._around.get(name, ()) if name else ())]

    def of(self, expr: ir.Expr) -> list[ir.Expr]:
        """What stands beside ``expr``."""
        name = self._names.get(id(expr))
        return [
            one
            for _, given in self.around(expr)[:MAX_BESIDE]
            for one in given
            if one is not expr and not (isinstance(one, ir.Name) and one.local and one.local == name)
        ]


def _calls(expr: ir.Expr, name: str) -> bool:
    return isinstance(expr, ir.Call) and expr.path == f"{_MARK3LABS}.{name}"


def _json_key(name: str, kind: str) -> str:
    return name[:1].lower() + name[1:] if kind.endswith((".Schema", ".ToolInputSchema", ".ToolArgumentsSchema")) else name
