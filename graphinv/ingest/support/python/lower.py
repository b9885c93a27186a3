"""From Python's syntax tree to the IR. Depth is bounded; credentials in literals become facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.secret_words import entropy, secret_kind
from graphinv.ingest.support.secrets import recognise_all, secret_node

MAX_DEPTH = 120
MAX_TEXT = 400
"""Characters of a text that are kept."""
MAX_DOC = 4000
_WORD = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_SUSPECT = re.compile(
    r"(?=[A-Za-z+/=_.~-]*[0-9])[A-Za-z0-9+/=_.~-]{14}|://|-----BEGIN|[Bb](?:earer|asic) "
    r"|(?i:pass|pwd|secret|token|key|auth|cred|sig)\w{0,20}[\"']?\s?[=:\s]"
)
"""What a text without which no credential is recognised; those that a name asks for apart."""
_RANDOM = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=(?:.*[0-9]){3})[A-Za-z0-9+/=_-]{20,4096}")
MIN_RANDOM = 20
MIN_ENTROPY = 3.9
_OPERATORS = {"Add": "+", "BitOr": "|", "Mod": "%", "RShift": ">>", "LShift": "<<", "Sub": "-", "Mult": "*"}


class Lowering:
    """Translates the tree of one document. ``lines`` maps a line of the tree to one of the document (notebooks)."""

    def __init__(self, document: Document, lines: Callable[[int], int] | None = None, *, bodies: bool = True) -> None:
        self.document = document
        self.lines = lines
        self.bodies = bodies
        self.imports: set[tuple[str, int]] = set()
        self._depth = 0

    def line(self, node: Any) -> int:
        line: int = node.lineno
        return self.lines(line) if self.lines else line

    # ---- statements

    def body(self, statements: Iterable[ast.stmt], conditional: bool = False) -> tuple[ir.Stmt, ...]:
        """The statements, branches flattened into them."""
        return tuple(self._flat(statements, conditional))

    def _flat(self, statements: Iterable[ast.stmt], conditional: bool) -> Iterator[ir.Stmt]:
        self._depth += 1
        if self._depth <= MAX_DEPTH:
            for statement in statements:
                yield from self._statement(statement, conditional)
        self._depth -= 1

    def _statement(self, node: Any, conditional: bool) -> Iterator[ir.Stmt]:
        kind = type(node)
        if kind is ast.Expr:
            yield from self._alone(node.value, conditional)
        elif kind is ast.Assign:
            yield from self._assign(node, conditional)
        elif kind is ast.AnnAssign:
            yield from self._annotated(node, conditional)
        elif kind is ast.AugAssign:
            target = self.expr(node.target)
            yield ir.Assign(target, "+=", self.expr(node.value, _key_of(node.target)), None, conditional, self.line(node), self.end(node))
        elif kind is ast.Return:
            if node.value is not None:
                yield ir.Return(self.expr(node.value), self.line(node))
        elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            yield self.function(node)
        elif kind is ast.ClassDef:
            yield self.klass(node)
        elif kind is ast.Import or kind is ast.ImportFrom:
            yield from self._imports(node, conditional)
        else:
            yield from self._block(node, conditional)

    def _alone(self, value: ast.expr, conditional: bool) -> Iterator[ir.Stmt]:
        if isinstance(value, ast.Constant):
            return
        if isinstance(value, (ast.Yield, ast.YieldFrom)):
            if value.value is not None:
                yield ir.Return(self.expr(value.value), self.line(value), yields=True)
            return
        yield ir.Do(self.expr(value), conditional, self.line(value))

    def _assign(self, node: ast.Assign, conditional: bool) -> Iterator[ir.Stmt]:
        value = self.expr(node.value, _key_of(node.targets[0]))
        for target in node.targets:
            yield ir.Assign(self.expr(target), "=", value, None, conditional, self.line(node), self.end(node))

    def _annotated(self, node: ast.AnnAssign, conditional: bool) -> Iterator[ir.Stmt]:
        line = self.line(node)
        annotation = self.expr(node.annotation)
        value = self.expr(node.value, _key_of(node.target)) if node.value is not None else ir.Opaque("nothing", (), line)
        yield ir.Assign(self.expr(node.target), "=", value, annotation, conditional, line, self.end(node))

    def _imports(self, node: ast.Import | ast.ImportFrom, conditional: bool) -> Iterator[ir.Import]:
        line = self.line(node)
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.add((alias.name, 0))
                name = alias.asname or alias.name.partition(".")[0]
                yield ir.Import(name, alias.name if alias.asname else name, "", 0, conditional, line)
                if not alias.asname and "." in alias.name:
                    yield ir.Import(alias.name, alias.name, "", 0, conditional, line)
            return
        for alias in node.names:
            self.imports.add((node.module or "", node.level))
            self.imports.add((f"{node.module or ''}.{alias.name}".lstrip("."), node.level))
            yield ir.Import(alias.asname or alias.name, node.module or "", alias.name, node.level, conditional, line)

    def _block(self, node: Any, conditional: bool) -> Iterator[ir.Stmt]:
        """``if``, ``for``, ``with``, ``try``, ``match`` and what else holds statements."""
        if isinstance(node, (ast.For, ast.AsyncFor)):
            yield ir.Assign(self.expr(node.target), "in", self.expr(node.iter), None, True, self.line(node), self.line(node) - 1)
            yield from self._flat(node.body, True)
            yield from self._flat(node.orelse, True)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                line = self.line(item.context_expr)
                value = self.expr(item.context_expr)
                if item.optional_vars is not None:
                    yield ir.Assign(self.expr(item.optional_vars), "as", value, None, conditional, line, line - 1)
                else:
                    yield ir.Do(value, conditional, line)
            yield from self._flat(node.body, conditional)
        elif isinstance(node, ast.Match):
            yield ir.Do(self.expr(node.subject), conditional, self.line(node))
            for case in node.cases:
                parts = (self.expr(node.subject), *(self.expr(value) for value in _case_values(case.pattern)))
                yield ir.Do(ir.Opaque("case", parts, self.line(case.pattern)), True, self.line(case.pattern))
                yield from self._flat(case.body, True)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            yield from self._flat(node.body, True)
            for handler in node.handlers:
                yield from self._flat(handler.body, True)
            yield from self._flat(node.orelse, True)
            yield from self._flat(node.finalbody, True)
        elif isinstance(node, (ast.If, ast.While)):
            test = self.expr(node.test)
            if not isinstance(test, (ir.Name, ir.Const)):
                yield ir.Do(test, True, self.line(node))
            yield from self._flat(node.body, True)
            yield from self._flat(node.orelse, True)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield ir.Do(self.expr(node.exc), True, self.line(node))
        elif isinstance(node, ast.Assert):
            yield ir.Do(self.expr(node.test), True, self.line(node))

    def end(self, node: Any) -> int:
        last: int = node.end_lineno or node.lineno
        return self.lines(last) if self.lines else last

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ir.Function:
        """A function with its body, or with what it returns alone."""
        doc = ast.get_docstring(node, clean=True) or ""
        body = self.body(node.body) if self.bodies else tuple(self._returns(node.body))
        return ir.Function(
            node.name,
            self.params(node.args),
            tuple(self.expr(decorator) for decorator in node.decorator_list),
            body,
            self.expr(node.returns) if node.returns is not None else None,
            self.text("", doc[:MAX_DOC], node, MAX_DOC)[0] if doc and self.bodies else "",
            self.line(node),
            self.bodies,
        )

    def _returns(self, statements: Iterable[ast.stmt]) -> Iterator[ir.Stmt]:
        stack = list(statements)
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Return) and isinstance(node.value, (ast.Call, ast.Name, ast.Constant, ast.List)):
                yield ir.Return(self.expr(node.value), self.line(node))
            elif isinstance(node, (ast.If, ast.With, ast.Try)):
                stack.extend(node.body)

    def params(self, arguments: ast.arguments) -> tuple[ir.Param, ...]:
        found: list[ir.Param] = []
        places = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [*[None] * (len(places) - len(arguments.defaults)), *arguments.defaults]
        for place, default in zip(places, defaults, strict=True):
            found.append(self._param(place, default, "positional"))
        if arguments.vararg:
            found.append(self._param(arguments.vararg, None, "*"))
        for place, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found.append(self._param(place, default, "keyword"))
        if arguments.kwarg:
            found.append(self._param(arguments.kwarg, None, "**"))
        return tuple(found)

    def _param(self, place: ast.arg, default: ast.expr | None, kind: str) -> ir.Param:
        return ir.Param(
            place.arg,
            self.expr(default, place.arg) if default is not None else None,
            self.expr(place.annotation) if place.annotation is not None else None,
            kind,
        )

    def klass(self, node: ast.ClassDef) -> ir.Class:
        return ir.Class(
            node.name,
            tuple(self.expr(base) for base in node.bases),
            tuple((keyword.arg, self.expr(keyword.value, keyword.arg or "")) for keyword in node.keywords),
            tuple(self.expr(decorator) for decorator in node.decorator_list),
            self.body(node.body),
            self.text("", (ast.get_docstring(node, clean=True) or "")[:MAX_DOC], node, MAX_DOC)[0] if self.bodies else "",
            self.line(node),
        )

    # ---- expressions

    def expr(self, node: Any, key: str = "") -> ir.Expr:
        """An expression. ``key`` is the name that its value is given, for recognising credentials."""
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                return ir.Opaque("deep nesting", (), self.line(node))
            lower = _LOWER.get(type(node))
            return lower(self, node, key) if lower else self._opaque(node)
        finally:
            self._depth -= 1

    def _opaque(self, node: Any) -> ir.Expr:
        parts = tuple(self.expr(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        return ir.Opaque(type(node).__name__.lower(), parts, self.line(node))

    def _constant(self, node: ast.Constant, key: str) -> ir.Expr:
        value = node.value
        line = self.line(node)
        if isinstance(value, str):
            text, secrets = self.text(key, value, node, MAX_DOC if key == "description" else MAX_TEXT)
            return ir.Const(text, line, secrets)
        if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**63):
            return ir.Const(value, line)
        return ir.Opaque("constant", (), line)

    def text(self, key: str, text: str, node: Any, limit: int = MAX_TEXT) -> tuple[str, tuple[Any, ...]]:
        """``text`` shortened, without the credentials in it, and the facts about those."""
        if len(text) < 6 or not (_SUSPECT.search(text) or (key and secret_kind(key))):
            return text[:limit], ()
        found = recognise_all(key, text)
        if not found:
            # A text made by a machine to be guessed by nobody names nothing; what it is for is not said here.
            return ("***" if _RANDOM.fullmatch(text) and entropy(text) > MIN_ENTROPY else text[:limit]), ()
        line = self.line(node)
        facts = tuple(secret_node(self.document, line, one) for one in found)
        for one in found:
            raw = text[one.start : one.end] if one.end else ""
            for secret in (one.secret, raw):
                text = text.replace(secret, "***") if secret else text
        return text[:limit], facts

    def _name(self, node: ast.Name, key: str) -> ir.Expr:
        return ir.Name(node.id if len(node.id) < MIN_RANDOM else self.text("", node.id, node)[0], self.line(node))

    def _attribute(self, node: ast.Attribute, key: str) -> ir.Expr:
        return ir.Attr(self.expr(node.value), node.attr, self.line(node))

    def _call(self, node: ast.Call, key: str) -> ir.Expr:
        args: list[ir.Expr] = []
        before = key
        for argument in node.args:
            args.append(self.expr(argument, before))
            before = argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""
            before = before if len(before) < 80 else ""
        kwargs = tuple((keyword.arg, self.expr(keyword.value, keyword.arg or "")) for keyword in node.keywords)
        place = (node.end_lineno or node.lineno) * 4096 + min(node.end_col_offset or 0, 4095)
        return ir.Call(self.expr(node.func), tuple(args), kwargs, self.line(node), place)

    def _items(self, node: ast.List | ast.Tuple | ast.Set, key: str) -> ir.Expr:
        kind = type(node).__name__.lower()
        before = ""
        items: list[ir.Expr] = []
        for item in node.elts:
            text = item.value if isinstance(item, ast.Constant) and isinstance(item.value, str) else ""
            named = before.startswith("-") or not _WORD.fullmatch(text)  # ("password", "host_key") are names, both of them
            items.append(self.expr(item, before.lstrip("-") if before and named else key))
            before = text if len(text) < 80 else ""
        return ir.Items(tuple(items), kind, self.line(node))

    def _dict(self, node: ast.Dict, key: str) -> ir.Expr:
        items: list[tuple[ir.Expr | None, ir.Expr]] = []
        for name, value in zip(node.keys, node.values, strict=True):
            label = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
            items.append((self.expr(name) if name is not None else None, self.expr(value, label[:80] or key)))
        return ir.Dict(tuple(items), self.line(node))

    def _starred(self, node: ast.Starred, key: str) -> ir.Expr:
        return ir.Star(self.expr(node.value, key), self.line(node))

    def _joined(self, node: ast.JoinedStr, key: str) -> ir.Expr:
        parts: list[ir.Expr] = []
        before = key
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                parts.append(self.expr(part.value))
            else:
                parts.append(self.expr(part, before))
        return ir.Joined(tuple(parts), self.line(node))

    def _binary(self, node: ast.BinOp, key: str) -> ir.Expr:
        operator = _OPERATORS.get(type(node.op).__name__)
        if operator is None:
            return self._opaque(node)
        return ir.Add(self.expr(node.left, key), operator, self.expr(node.right, key), self.line(node))

    def _compare(self, node: ast.Compare, key: str) -> ir.Expr:
        """What ``>`` and ``<`` order is kept in pairs, greater first: some programs say so who may talk to whom."""
        sides = tuple(self.expr(side) for side in (node.left, *node.comparators))
        if not all(isinstance(one, (ast.Gt, ast.Lt)) for one in node.ops):
            return ir.Opaque("compare", sides, self.line(node))
        line = self.line(node)
        pairs = zip(sides, sides[1:], node.ops, strict=False)
        ordered = [(left, right) if isinstance(one, ast.Gt) else (right, left) for left, right, one in pairs]
        return ir.Opaque("order", tuple(ir.Items(pair, "tuple", line) for pair in ordered), line)

    def _unary(self, node: ast.UnaryOp, key: str) -> ir.Expr:
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and type(node.operand.value) is int:
            return ir.Const(-node.operand.value, self.line(node)) if node.operand.value < 2**63 else self._opaque(node)
        return self._opaque(node)

    def _choice(self, node: ast.IfExp, key: str) -> ir.Expr:
        return ir.Choice((self.expr(node.body, key), self.expr(node.orelse, key)), "if", self.line(node))

    def _either(self, node: ast.BoolOp, key: str) -> ir.Expr:
        kind = "or" if isinstance(node.op, ast.Or) else "and"
        return ir.Choice(tuple(self.expr(value, key) for value in node.values), kind, self.line(node))

    def _subscript(self, node: ast.Subscript, key: str) -> ir.Expr:
        return ir.Sub(self.expr(node.value), self.expr(node.slice), self.line(node))

    def _comprehension(self, node: Any, key: str) -> ir.Expr:
        loops = tuple((self.expr(loop.target), self.expr(loop.iter)) for loop in node.generators)
        asked = (part for loop in node.generators for condition in loop.ifs for part in ast.walk(condition))
        picks = any(isinstance(part, ast.Attribute) and part.attr == "name" for part in asked)
        is_map = isinstance(node, ast.DictComp)
        element = self.expr(node.value if is_map else node.elt, key)
        return ir.Comp(element, self.expr(node.key) if is_map else None, loops, picks, self.line(node))

    def _lambda(self, node: ast.Lambda, key: str) -> ir.Expr:
        line = self.line(node)
        body = (ir.Return(self.expr(node.body), line),)
        return ir.Function("<lambda>", self.params(node.args), (), body, None, "", line)

    def _through(self, node: Any, key: str) -> ir.Expr:
        return self.expr(node.value, key) if node.value is not None else ir.Const(None, self.line(node))


_LOWER: dict[type, Callable[[Lowering, Any, str], ir.Expr]] = {
    ast.Constant: Lowering._constant,
    ast.Name: Lowering._name,
    ast.Attribute: Lowering._attribute,
    ast.Call: Lowering._call,
    ast.List: Lowering._items,
    ast.Tuple: Lowering._items,
    ast.Set: Lowering._items,
    ast.Dict: Lowering._dict,
    ast.Starred: Lowering._starred,
    ast.JoinedStr: Lowering._joined,
    ast.UnaryOp: Lowering._unary,
    ast.BinOp: Lowering._binary,
    ast.Compare: Lowering._compare,
    ast.IfExp: Lowering._choice,
    ast.BoolOp: Lowering._either,
    ast.Subscript: Lowering._subscript,
    ast.ListComp: Lowering._comprehension,
    ast.SetComp: Lowering._comprehension,
    ast.GeneratorExp: Lowering._comprehension,
    ast.DictComp: Lowering._comprehension,
    ast.Lambda: Lowering._lambda,
    ast.Await: Lowering._through,
    ast.NamedExpr: Lowering._through,
    ast.Yield: Lowering._through,
    ast.YieldFrom: Lowering._through,
}


def _case_values(pattern: ast.pattern) -> Iterator[ast.expr]:
    """The values that a ``case`` is for; none where it takes any."""
    for one in pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]:
        if isinstance(one, ast.MatchValue):
            yield one.value


def _key_of(target: ast.expr) -> str:
    """The name that a target gives to what is assigned to it."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
        return target.slice.value[:80]
    return ""
