"""Expressions, functions and classes of a syntax tree → IR, to a bounded depth; what stands in bodies waits in a list of work."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.parsing import parse
from graphinv.ingest.support.javascript.syntax import (
    CLASSES,
    FUNCTIONS,
    QUIET,
    TRANSPARENT,
    TYPES,
    is_environment,
    key_text,
    line_of,
    number,
    root,
    text_of,
)
from graphinv.ingest.support.javascript.texts import constant, unescape

MAX_DEPTH = 60
MAX_CHAIN = 400
MAX_CALLS = 20_000
"""Calls of one module that are kept."""
_WRAPPED = frozenset({"runnable", "graph", "agent", "workflow"})
"""What an object with a name of its own calls the agent in it."""


@dataclass
class FunctionDraft:
    """A function while its body is read."""

    name: str
    scope: int
    parent: int
    cls: int = -1
    params: int = 0
    returns: list[ir.Expr] = field(default_factory=list)
    calls: list[ir.Call] = field(default_factory=list)
    envs: list[ir.Env] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    line: int = 1


@dataclass
class ClassDraft:
    """A class while its members are read."""

    name: str
    base: ir.Expr | None
    scope: int
    line: int
    fields: dict[str, tuple[ir.Expr, int]] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    supers: tuple[tuple[ir.Expr, ...], int] | None = None
    constructor: int = -1


@dataclass
class ScopeDraft:
    """A scope while its function is read."""

    parent: int
    function: int
    names: dict[str, list[ir.Expr]] = field(default_factory=dict)


class Expressions:
    """Everything of one document that was read so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tree = parse(document.data, document.path)
        self.scopes = [ScopeDraft(-1, 0)]
        self.functions = [FunctionDraft("", 0, -1)]
        self.classes: list[ClassDraft] = []
        self.imports: dict[str, tuple[str, str, int]] = {}
        self.exports: dict[str, tuple[str, ir.Expr | str, str]] = {}
        self.stars: list[str] = []
        self.packages: set[str] = set()
        self.assigned: list[ir.Assigned] = []
        self.sites = 0
        self.depth = 0
        self.current = 0
        self.work: list[tuple[Node, int]] = [(self.tree.root_node, 0)]

    @property
    def function(self) -> FunctionDraft:
        return self.functions[self.current]

    @property
    def scope(self) -> ScopeDraft:
        return self.scopes[self.function.scope]

    def declare(self, name: str, value: ir.Expr) -> None:
        if name:
            self.scope.names.setdefault(name, []).append(value)

    def pattern(self, node: Node) -> list[tuple[str, tuple[str | int, ...], ir.Expr | None]]:  # noqa: PLR0912 - one case per kind of pattern
        """Names that a pattern declares, each with the way to its part of the value and its default."""
        found: list[tuple[str, tuple[str | int, ...], ir.Expr | None]] = []
        stack: list[tuple[Node, tuple[str | int, ...], ir.Expr | None]] = [(node, (), None)]
        while stack and len(found) < 500:
            one, path, default = stack.pop()
            kind = one.type
            if kind in ("identifier", "shorthand_property_identifier_pattern"):
                found.append((text_of(one), path, default))
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
                if left is not None:
                    name = text_of(left)
                    inner = (*path, name) if left.type == "shorthand_property_identifier_pattern" else path
                    stack.append((left, inner, self.expression(right) if right is not None else None))
            elif kind == "object_pattern":
                for part in one.named_children:
                    if part.type == "shorthand_property_identifier_pattern":
                        stack.append((part, (*path, text_of(part)), None))
                    elif part.type == "pair_pattern":
                        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                        if key is not None and value is not None:
                            stack.append((value, (*path, key_text(key)), None))
                    elif part.type == "object_assignment_pattern":
                        stack.append((part, path, None))
                    elif part.type == "rest_pattern" and part.named_child_count:
                        stack.append((part.named_children[0], path, None))
            elif kind == "array_pattern":
                for index, part in enumerate(one.named_children):
                    stack.append((part, (*path, index), None))
            elif kind == "rest_pattern" and one.named_child_count:
                stack.append((one.named_children[0], path, None))
        return found

    def specifier(self, node: Node | None) -> str:
        text = self.string(node)[:300] if node is not None else ""
        if text and not text.startswith((".", "/")):
            self.packages.add(text)
        return text

    def common_exports(self, value: ir.Expr) -> None:
        """``module.exports = value``."""
        self.exports["default"] = ("local", value, "")
        if isinstance(value, ir.Obj):
            for item in value.items:
                if isinstance(item.key, ir.Const) and isinstance(item.key.value, str):
                    self.exports[item.key.value] = ("local", item.value, "")

    def make_function(self, node: Node, hint: str, cls: int = -1) -> ir.Fn:
        index, line = len(self.functions), line_of(node)
        name = text_of(node.child_by_field_name("name")) or hint
        self.scopes.append(ScopeDraft(self.function.scope, index))
        made = FunctionDraft(name, len(self.scopes) - 1, self.current, cls, line=line)
        self.functions.append(made)
        self.function.inner.append(index)
        self.parameters(node, index)
        body = node.child_by_field_name("body")
        if body is not None:
            self.work.append((body, index))
        return ir.Fn(index, line)

    def parameters(self, node: Node, index: int) -> None:
        single, several = node.child_by_field_name("parameter"), node.child_by_field_name("parameters")
        nodes = [single] if single is not None else [] if several is None else several.named_children
        outer, self.current = self.current, index
        position = 0
        for one in nodes:
            if one.type in TYPES or (one.type == "required_parameter" and text_of(one.child_by_field_name("pattern")) == "this"):
                continue
            pattern, value = one, None
            if one.type in ("required_parameter", "optional_parameter"):
                pattern, value = one.child_by_field_name("pattern") or one, one.child_by_field_name("value")
                modified = any(child.type in ("accessibility_modifier", "readonly") for child in one.children)
                if modified and self.function.cls >= 0:
                    self.classes[self.function.cls].fields[text_of(pattern)] = (
                        ir.Name(text_of(pattern), line_of(one)),
                        self.function.scope,
                    )
            elif one.type == "assignment_pattern":
                pattern, value = one.child_by_field_name("left") or one, one.child_by_field_name("right")
            default = self.expression(value) if value is not None else None
            for local, path, inner in self.pattern(pattern):
                given = ir.Arg(index, position, pattern.type == "rest_pattern", path, inner or (None if path else default), line_of(one))
                self.declare(local, given)
            position += 1
        self.functions[index].params = position
        self.current = outer

    def make_class(self, node: Node, hint: str) -> ir.Cls:
        index = len(self.classes)
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        base = None
        if heritage is not None:
            clause = next((child for child in heritage.named_children if child.type == "extends_clause"), None)
            value = clause.child_by_field_name("value") if clause is not None else next(iter(heritage.named_children), None)
            base = self.expression(value) if value is not None and value.type != "implements_clause" else None
        made = ClassDraft(text_of(node.child_by_field_name("name")) or hint, base, self.function.scope, line_of(node))
        self.classes.append(made)
        body = node.child_by_field_name("body")
        for member in body.named_children if body is not None else ():
            name = member.child_by_field_name("name") or member.child_by_field_name("property")
            if name is None:
                continue
            text = key_text(name)
            if member.type == "method_definition":
                method = self.make_function(member, text, index)
                if any(child.type == "get" for child in member.children):
                    made.fields[text] = (ir.Call(method, (), False, self.site(), text, method.line), made.scope)
                else:
                    made.methods[text] = method.number
                    made.constructor = method.number if text == "constructor" else made.constructor
            elif member.type in ("public_field_definition", "field_definition"):
                value = member.child_by_field_name("value")
                if value is not None:
                    outer = self.current
                    made.fields[text] = (self.expression(value, text), self.function.scope)
                    self.current = outer
        return ir.Cls(index, made.line)

    def site(self) -> int:
        self.sites += 1
        return self.sites

    def expression(self, node: Node, hint: str = "") -> ir.Expr:
        self.depth += 1
        try:
            return self.converted(node, hint) if self.depth <= MAX_DEPTH else ir.Opaque(line_of(node))
        finally:
            self.depth -= 1

    def converted(self, node: Node, hint: str) -> ir.Expr:  # noqa: PLR0911, PLR0912 - one case per kind of expression
        while node.type in TRANSPARENT and node.named_child_count:
            # Of an assertion in angle brackets the value stands last, otherwise first.
            node = node.named_children[-1 if node.type == "type_assertion" else 0]
        kind, line = node.type, line_of(node)
        if kind in ("identifier", "undefined", "this", "super"):
            return ir.Name(text_of(node), line)
        if kind == "string":
            return constant(self.document, hint, self.string(node), line)
        if kind in ("call_expression", "member_expression", "subscript_expression", "new_expression"):
            return self.chain(node, hint)
        if kind == "object":
            return self.object(node)
        if kind == "array":
            return ir.Arr(tuple(self.element(child, hint) for child in node.named_children if child.type != "comment"), line)
        if kind in FUNCTIONS:
            return self.make_function(node, hint)
        if kind == "template_string":
            return self.template(node, hint)
        if kind == "number":
            return ir.Const(number(text_of(node)), line)
        if kind in ("true", "false", "null"):
            return ir.Const({"true": True, "false": False}.get(kind), line)
        if kind == "assignment_expression":
            return self.assignment(node)
        if kind == "ternary_expression":
            self.expression(node.named_children[0])
            ends = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
            return ir.Choice(tuple(self.expression(end, hint) for end in ends if end is not None), line)
        if kind == "binary_expression":
            return self.binary(node, hint)
        if kind in CLASSES:
            return self.make_class(node, hint)
        if kind == "meta_property":
            return ir.Name("import.meta", line)
        if kind == "sequence_expression" and node.named_child_count:
            return [self.expression(child) for child in node.named_children][-1]
        if kind == "spread_element" and node.named_child_count:
            return ir.Spread(self.expression(node.named_children[0]), line)
        if kind not in TYPES:
            for child in node.named_children:
                self.expression(child)
        return ir.Opaque(line)

    def element(self, node: Node, hint: str = "") -> ir.Expr:
        return self.expression(node, hint)

    def binary(self, node: Node, hint: str) -> ir.Expr:
        """``+`` of texts and the operators that choose. A long row of one operator nests to the left and is walked down in a loop."""
        line = line_of(node)
        operator = text_of(node.child_by_field_name("operator"))
        parts: list[Node] = []
        one: Node | None = node
        while one is not None and one.type == "binary_expression" and text_of(one.child_by_field_name("operator")) == operator:
            right = one.child_by_field_name("right")
            if right is not None:
                parts.append(right)
            one = one.child_by_field_name("left")
            if len(parts) > MAX_CHAIN:
                return ir.Opaque(line)
        if one is not None:
            parts.append(one)
        values = tuple(self.expression(part, hint) for part in reversed(parts))
        if operator == "+":
            return ir.Template(values, line)
        if operator in ("||", "??"):
            return ir.Choice(values, line)
        return values[-1] if operator == "&&" and values else ir.Opaque(line)

    def object(self, node: Node) -> ir.Obj:
        items: list[ir.Item] = []
        title = ""
        for child in node.named_children:
            line = line_of(child)
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is None or value is None:
                    continue
                name = "" if key.type == "computed_property_name" else key_text(key)
                named: ir.Expr = constant(self.document, "", name, line)
                if key.type == "computed_property_name" and key.named_child_count:
                    named = self.expression(key.named_children[0])
                # What wraps an agent to name it (`{name: "Clerk", runnable: createAgent(…)}`) names it.
                item = self.expression(value, title if title and name in _WRAPPED else name)
                title = item.value if name == "name" and isinstance(item, ir.Const) and isinstance(item.value, str) else title
                items.append(ir.Item(named, item, line))
            elif child.type == "shorthand_property_identifier":
                items.append(ir.Item(ir.Const(text_of(child), line), ir.Name(text_of(child), line), line))
            elif child.type == "spread_element" and child.named_child_count:
                items.append(ir.Item(None, self.expression(child.named_children[0]), line))
            elif child.type == "method_definition":
                name = key_text(child.child_by_field_name("name"))
                items.append(ir.Item(ir.Const(name, line), self.make_function(child, name), line))
        return ir.Obj(tuple(items), line_of(node))

    def assignment(self, node: Node) -> ir.Expr:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return ir.Opaque(line_of(node))
        name = key_text(left.child_by_field_name("property")) if left.type == "member_expression" else text_of(left)[:200]
        value = self.expression(right, name)
        if left.type == "identifier":
            scope = self.function.scope
            while scope > 0 and name not in self.scopes[scope].names:
                scope = self.scopes[scope].parent
            self.scopes[scope].names.setdefault(name, []).append(value)
        elif left.type in ("member_expression", "subscript_expression"):
            self.member_assignment(self.expression(left), value, node)
        return value

    def member_assignment(self, target: ir.Expr, value: ir.Expr, node: Node) -> None:
        if isinstance(target, ir.Sub):
            self.assigned.append(ir.Assigned(target.base, "[]", value, self.function.scope, self.current, line_of(node)))
        if not isinstance(target, ir.Attr):
            return
        if isinstance(target.base, ir.Name) and target.base.id == "module" and target.attr == "exports":
            self.common_exports(value)
        elif isinstance(target.base, ir.Name) and target.base.id == "exports":
            self.exports[target.attr] = ("local", value, "")
        elif isinstance(target.base, ir.Name) and target.base.id == "this":
            owner = self.current
            while owner > 0 and self.functions[owner].cls < 0:
                owner = self.functions[owner].parent
            if self.functions[owner].cls >= 0:
                self.classes[self.functions[owner].cls].fields.setdefault(target.attr, (value, self.function.scope))
        else:
            self.assigned.append(ir.Assigned(target.base, target.attr, value, self.function.scope, self.current, line_of(node)))

    def chain(self, node: Node, hint: str) -> ir.Expr:
        """A row of calls and members, from its inmost part outwards: fluent ones nest deep to the left."""
        links: list[Node] = []
        one = node
        while True:
            if one.type in TRANSPARENT and one.named_child_count:
                one = one.named_children[-1 if one.type == "type_assertion" else 0]
                continue
            inner = one.child_by_field_name("function") if one.type == "call_expression" else None
            if one.type in ("member_expression", "subscript_expression"):
                inner = one.child_by_field_name("object")
            if inner is None:
                break
            links.append(one)
            one = inner
            if len(links) > MAX_CHAIN:
                return ir.Opaque(line_of(node))
        value = self.new(one, hint) if one.type == "new_expression" else self.expression(one)
        for position, link in enumerate(reversed(links)):
            own = position == len(links) - 1 or (isinstance(value, ir.Name) and value.id.startswith("create"))
            value = self.linked(value, link, hint if own else "")
        return value

    def linked(self, base: ir.Expr, node: Node, hint: str) -> ir.Expr:
        line = line_of(node)
        if node.type == "call_expression":
            return self.call(base, node, hint, new=False)
        if node.type == "subscript_expression":
            index = node.child_by_field_name("index")
            inner = self.expression(index) if index is not None else ir.Opaque(line)
            if not (isinstance(inner, ir.Const) and isinstance(inner.value, str)):
                return ir.Sub(base, inner, line)
            name = inner.value
        else:
            prop = node.child_by_field_name("property")
            name = text_of(prop)
            line = line_of(prop) if prop is not None else line
        if is_environment(base):
            found = ir.Env(name, line)
            self.function.envs.append(found)
            return found
        return ir.Attr(base, name, line)

    def new(self, node: Node, hint: str) -> ir.Expr:
        callee = node.child_by_field_name("constructor")
        return self.call(self.expression(callee) if callee is not None else ir.Opaque(line_of(node)), node, hint, new=True)

    def call(self, callee: ir.Expr, node: Node, hint: str, *, new: bool) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        nodes = [] if arguments is None else [arguments] if arguments.type == "template_string" else arguments.named_children
        line = line_of(node)
        if isinstance(callee, ir.Attr):
            line = callee.line
        given = tuple(self.element(child, hint) for child in nodes if child.type != "comment")
        asked = isinstance(callee, ir.Attr) and callee.attr == "get" and is_environment(callee.base)
        if asked and given and isinstance(given[0], ir.Const) and isinstance(given[0].value, str):
            self.function.envs.append(ir.Env(given[0].value, line))
            return self.function.envs[-1]
        if isinstance(callee, ir.Opaque) and text_of(node)[:7] == "import(":
            callee = ir.Name("import", line)
        if isinstance(callee, ir.Name) and callee.id in ("require", "import") and given:
            first = given[0]
            if isinstance(first, ir.Const) and isinstance(first.value, str) and not first.value.startswith((".", "/")):
                self.packages.add(first.value)
        made = ir.Call(callee, given, new, self.site(), hint, line)
        if isinstance(callee, ir.Name) and callee.id == "super":
            owner = self.function.cls
            if owner >= 0:
                self.classes[owner].supers = (given, self.function.scope)
        if self.sites <= MAX_CALLS and root(callee) not in QUIET:
            self.function.calls.append(made)
        return made

    def template(self, node: Node, hint: str) -> ir.Expr:
        parts: list[ir.Expr] = []
        text = ""
        for child in node.named_children:
            if child.type == "template_substitution":
                if text:
                    parts.append(constant(self.document, hint, text, line_of(child)))
                    text = ""
                if child.named_child_count:
                    parts.append(self.expression(child.named_children[0]))
            else:
                text += unescape(text_of(child)) if child.type == "escape_sequence" else text_of(child)
        if text or not parts:
            parts.append(constant(self.document, hint, text, line_of(node)))
        return parts[0] if len(parts) == 1 and isinstance(parts[0], ir.Const) else ir.Template(tuple(parts), line_of(node))

    def string(self, node: Node) -> str:
        parts = [unescape(text_of(child)) if child.type == "escape_sequence" else text_of(child) for child in node.named_children]
        return "".join(parts)
