"""One document → :class:`~graphinv.ingest.support.javascript.ir.Module`. Trees are walked with lists of work; expressions to a bounded depth."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.parsing import parse
from graphinv.ingest.support.javascript.texts import constant, unescape

MAX_DEPTH = 60
MAX_CHAIN = 400
MAX_CALLS = 20_000
"""Calls of one module that are kept."""

_TRANSPARENT = frozenset(
    "await_expression as_expression satisfies_expression non_null_expression parenthesized_expression type_assertion yield_expression".split()
)
_TYPES = frozenset(
    (
        "comment type_annotation interface_declaration type_alias_declaration enum_declaration type_arguments type_parameters "
        "ambient_declaration jsx_element jsx_self_closing_element jsx_fragment regex import_alias decorator hash_bang_line "
        "function_signature predefined_type empty_statement debugger_statement break_statement continue_statement"
    ).split()
)
_BLOCKS = frozenset(
    (
        "program statement_block if_statement else_clause try_statement catch_clause finally_clause switch_statement switch_body switch_case "
        "switch_default labeled_statement for_statement while_statement do_statement internal_module module with_statement"
    ).split()
)
_FUNCTIONS = frozenset(
    "function_declaration generator_function_declaration function_expression generator_function arrow_function function".split()
)
_CLASSES = frozenset("class_declaration abstract_class_declaration class".split())


@dataclass
class _Function:
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
class _Class:
    name: str
    base: ir.Expr | None
    scope: int
    line: int
    fields: dict[str, tuple[ir.Expr, int]] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    supers: tuple[tuple[ir.Expr, ...], int] | None = None
    constructor: int = -1


@dataclass
class _Scope:
    parent: int
    function: int
    names: dict[str, list[ir.Expr]] = field(default_factory=dict)


def read_module(document: Document, *, marked: bool) -> ir.Module:
    """The summary of a document.

    Raises:
        IngestError: it is no text, or nested without end.
    """
    document.text()
    return _Reader(document).module(marked)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.tree = parse(document.data, document.path)
        self.scopes = [_Scope(-1, 0)]
        self.functions = [_Function("", 0, -1)]
        self.classes: list[_Class] = []
        self.imports: dict[str, tuple[str, str, int]] = {}
        self.exports: dict[str, tuple[str, ir.Expr | str, str]] = {}
        self.stars: list[str] = []
        self.packages: set[str] = set()
        self.assigned: list[ir.Assigned] = []
        self.sites = 0
        self.depth = 0
        self.current = 0
        self.work: list[tuple[Node, int]] = [(self.tree.root_node, 0)]

    def module(self, marked: bool) -> ir.Module:
        while self.work:
            node, self.current = self.work.pop()
            self.body(node)
        return ir.Module(
            self.document.path,
            self.imports,
            self.exports,
            tuple(self.stars),
            frozenset(self.packages),
            marked,
            tuple(ir.Scope(one.parent, one.function, {name: tuple(values) for name, values in one.names.items()}) for one in self.scopes),
            tuple(
                ir.Function(
                    one.name,
                    one.scope,
                    one.parent,
                    one.cls,
                    one.params,
                    tuple(one.returns),
                    tuple(one.calls),
                    tuple(one.envs),
                    tuple(one.inner),
                    one.line,
                )
                for one in self.functions
            ),
            tuple(
                ir.Class(one.name, one.base, one.scope, one.fields, one.methods, one.supers, one.constructor, one.line)
                for one in self.classes
            ),
            tuple(self.assigned),
        )

    # ---- statements ---------------------------------------------------------------------------------------------------------

    def body(self, node: Node) -> None:
        if node.type not in _BLOCKS:
            self.function.returns.append(self.expression(node))  # an arrow function's expression
            return
        stack = [node]
        while stack:
            one = stack.pop()
            kind = one.type
            if kind in _TYPES:
                continue
            if kind in _BLOCKS:
                stack.extend(reversed(one.named_children))
            elif kind in ("lexical_declaration", "variable_declaration"):
                for declarator in one.named_children:
                    if declarator.type == "variable_declarator":
                        self.declarator(declarator)
            elif kind == "export_statement":
                inner = self.export(one)
                if inner is not None:
                    stack.append(inner)
            elif kind == "import_statement":
                self.import_statement(one)
            elif kind in ("function_declaration", "generator_function_declaration"):
                self.declare(_text(one.child_by_field_name("name")), self.make_function(one, ""))
            elif kind in _CLASSES:
                self.declare(_text(one.child_by_field_name("name")), self.make_class(one, ""))
            elif kind == "return_statement":
                if one.named_child_count:
                    self.function.returns.append(self.expression(one.named_children[0]))
            elif kind == "for_in_statement":
                self.loop(one)
                inner = one.child_by_field_name("body")
                if inner is not None:
                    stack.append(inner)
            else:
                self.expression(one)

    @property
    def function(self) -> _Function:
        return self.functions[self.current]

    @property
    def scope(self) -> _Scope:
        return self.scopes[self.function.scope]

    def declare(self, name: str, value: ir.Expr) -> None:
        if name:
            self.scope.names.setdefault(name, []).append(value)

    def declarator(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        if name.type == "identifier":
            text = _text(name)
            self.declare(text, self.expression(value, text))
        else:
            base = self.expression(value)
            for local, path, default in self.pattern(name):
                self.declare(local, _part(base, path, default, _line(name)))

    def loop(self, node: Node) -> None:
        left, right, operator = (node.child_by_field_name(name) for name in ("left", "right", "operator"))
        if left is None or right is None:
            return
        base = ir.Each(self.expression(right), _text(operator) == "in", _line(right))
        for local, path, default in self.pattern(left):
            self.declare(local, _part(base, path, default, _line(left)))

    def pattern(self, node: Node) -> list[tuple[str, tuple[str | int, ...], ir.Expr | None]]:
        """Names that a pattern declares, each with the way to its part of the value and its default."""
        found: list[tuple[str, tuple[str | int, ...], ir.Expr | None]] = []
        stack: list[tuple[Node, tuple[str | int, ...], ir.Expr | None]] = [(node, (), None)]
        while stack and len(found) < 500:
            one, path, default = stack.pop()
            kind = one.type
            if kind in ("identifier", "shorthand_property_identifier_pattern"):
                found.append((_text(one), path, default))
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
                if left is not None:
                    name = _text(left)
                    inner = (*path, name) if left.type == "shorthand_property_identifier_pattern" else path
                    stack.append((left, inner, self.expression(right) if right is not None else None))
            elif kind == "object_pattern":
                for part in one.named_children:
                    if part.type == "shorthand_property_identifier_pattern":
                        stack.append((part, (*path, _text(part)), None))
                    elif part.type == "pair_pattern":
                        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                        if key is not None and value is not None:
                            stack.append((value, (*path, _key_text(key)), None))
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

    # ---- imports and exports ------------------------------------------------------------------------------------------------

    def specifier(self, node: Node | None) -> str:
        text = self.string(node)[:300] if node is not None else ""
        if text and not text.startswith((".", "/")):
            self.packages.add(text)
        return text

    def import_statement(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        clause = next((child for child in node.named_children if child.type in ("import_clause", "import_require_clause")), None)
        if clause is not None and clause.type == "import_require_clause":
            source = clause.child_by_field_name("source")
        specifier = self.specifier(source)
        if clause is None or not specifier or any(child.type == "type" for child in node.children):
            return
        for child in clause.named_children:
            line = _line(child)
            if child.type == "identifier":
                self.imports[_text(child)] = (specifier, "default" if clause.type == "import_clause" else "*", line)
            elif child.type == "namespace_import" and child.named_child_count:
                self.imports[_text(child.named_children[0])] = (specifier, "*", line)
            elif child.type == "named_imports":
                for one in child.named_children:
                    name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                    if name is not None:
                        self.imports[_text(alias or name)] = (specifier, _key_text(name), line)

    def export(self, node: Node) -> Node | None:
        """Notes what is exported; gives back the declaration in it, to be walked."""
        source = node.child_by_field_name("source")
        if source is not None:
            specifier = self.specifier(source)
            clause = next((child for child in node.named_children if child.type in ("export_clause", "namespace_export")), None)
            if clause is None:
                self.stars.append(specifier)
            elif clause.type == "namespace_export":
                self.exports[_text(clause.named_children[0])] = ("from", specifier, "*")
            else:
                for name, alias in _export_names(clause):
                    self.exports[alias] = ("from", specifier, name)
            return None
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        is_default = any(child.type == "default" for child in node.children)
        if value is not None:
            self.exports["default"] = ("local", self.expression(value, "default"), "")
        elif declaration is not None:
            for name in _declared(declaration):
                self.exports["default" if is_default else name] = ("local", ir.Name(name, _line(declaration)), "")
            return declaration
        for clause in node.named_children:
            if clause.type == "export_clause":
                for name, alias in _export_names(clause):
                    self.exports[alias] = ("local", ir.Name(name, _line(clause)), "")
            elif clause.type in ("identifier", "object", "call_expression", "new_expression"):  # export = value
                self.common_exports(self.expression(clause))
        return None

    def common_exports(self, value: ir.Expr) -> None:
        """``module.exports = value``."""
        self.exports["default"] = ("local", value, "")
        if isinstance(value, ir.Obj):
            for item in value.items:
                if isinstance(item.key, ir.Const) and isinstance(item.key.value, str):
                    self.exports[item.key.value] = ("local", item.value, "")

    # ---- functions and classes ----------------------------------------------------------------------------------------------

    def make_function(self, node: Node, hint: str, cls: int = -1) -> ir.Fn:
        index, line = len(self.functions), _line(node)
        name = _text(node.child_by_field_name("name")) or hint
        self.scopes.append(_Scope(self.function.scope, index))
        made = _Function(name, len(self.scopes) - 1, self.current, cls, line=line)
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
            if one.type in _TYPES or (one.type == "required_parameter" and _text(one.child_by_field_name("pattern")) == "this"):
                continue
            pattern, value = one, None
            if one.type in ("required_parameter", "optional_parameter"):
                pattern, value = one.child_by_field_name("pattern") or one, one.child_by_field_name("value")
                modified = any(child.type in ("accessibility_modifier", "readonly") for child in one.children)
                if modified and self.function.cls >= 0:
                    self.classes[self.function.cls].fields[_text(pattern)] = (ir.Name(_text(pattern), _line(one)), self.function.scope)
            elif one.type == "assignment_pattern":
                pattern, value = one.child_by_field_name("left") or one, one.child_by_field_name("right")
            default = self.expression(value) if value is not None else None
            for local, path, inner in self.pattern(pattern):
                given = ir.Arg(index, position, pattern.type == "rest_pattern", path, inner or (None if path else default), _line(one))
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
        made = _Class(_text(node.child_by_field_name("name")) or hint, base, self.function.scope, _line(node))
        self.classes.append(made)
        body = node.child_by_field_name("body")
        for member in body.named_children if body is not None else ():
            name = member.child_by_field_name("name") or member.child_by_field_name("property")
            if name is None:
                continue
            text = _key_text(name)
            if member.type == "method_definition":
                method = self.make_function(member, text, index)
                if any(child.type == "get" for child in member.children):
                    made.fields[text] = (ir.Call(method, (), False, self.site(), text, method.line), made.scope)
                else:
                    made.methods[text] = method.index
                    made.constructor = method.index if text == "constructor" else made.constructor
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

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def expression(self, node: Node, hint: str = "") -> ir.Expr:
        self.depth += 1
        try:
            return self.converted(node, hint) if self.depth <= MAX_DEPTH else ir.Opaque(_line(node))
        finally:
            self.depth -= 1

    def converted(self, node: Node, hint: str) -> ir.Expr:  # noqa: PLR0911, PLR0912 - one case per kind of expression
        while node.type in _TRANSPARENT and node.named_child_count:
            # Of an assertion in angle brackets the value stands last, otherwise first.
            node = node.named_children[-1 if node.type == "type_assertion" else 0]
        kind, line = node.type, _line(node)
        if kind in ("identifier", "undefined", "this", "super"):
            return ir.Name(_text(node), line)
        if kind == "string":
            return constant(self.document, hint, self.string(node), line)
        if kind in ("call_expression", "member_expression", "subscript_expression", "new_expression"):
            return self.chain(node, hint)
        if kind == "object":
            return self.object(node)
        if kind == "array":
            return ir.Arr(tuple(self.element(child, hint) for child in node.named_children if child.type != "comment"), line)
        if kind in _FUNCTIONS:
            return self.make_function(node, hint)
        if kind == "template_string":
            return self.template(node, hint)
        if kind == "number":
            return ir.Const(_number(_text(node)), line)
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
        if kind in _CLASSES:
            return self.make_class(node, hint)
        if kind == "meta_property":
            return ir.Name("import.meta", line)
        if kind == "sequence_expression" and node.named_child_count:
            return [self.expression(child) for child in node.named_children][-1]
        if kind == "spread_element" and node.named_child_count:
            return ir.Spread(self.expression(node.named_children[0]), line)
        if kind not in _TYPES:
            for child in node.named_children:
                self.expression(child)
        return ir.Opaque(line)

    def element(self, node: Node, hint: str = "") -> ir.Expr:
        return self.expression(node, hint)

    def binary(self, node: Node, hint: str) -> ir.Expr:
        """``+`` of texts and the operators that choose. A long row of one operator nests to the left and is walked down in a loop."""
        line = _line(node)
        operator = _text(node.child_by_field_name("operator"))
        parts: list[Node] = []
        one: Node | None = node
        while one is not None and one.type == "binary_expression" and _text(one.child_by_field_name("operator")) == operator:
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
        for child in node.named_children:
            line = _line(child)
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is None or value is None:
                    continue
                name = "" if key.type == "computed_property_name" else _key_text(key)
                named: ir.Expr = constant(self.document, "", name, line)
                if key.type == "computed_property_name" and key.named_child_count:
                    named = self.expression(key.named_children[0])
                items.append(ir.Item(named, self.expression(value, name), line))
            elif child.type == "shorthand_property_identifier":
                items.append(ir.Item(ir.Const(_text(child), line), ir.Name(_text(child), line), line))
            elif child.type == "spread_element" and child.named_child_count:
                items.append(ir.Item(None, self.expression(child.named_children[0]), line))
            elif child.type == "method_definition":
                name = _key_text(child.child_by_field_name("name"))
                items.append(ir.Item(ir.Const(name, line), self.make_function(child, name), line))
        return ir.Obj(tuple(items), _line(node))

    def assignment(self, node: Node) -> ir.Expr:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return ir.Opaque(_line(node))
        name = _key_text(left.child_by_field_name("property")) if left.type == "member_expression" else _text(left)[:200]
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
            self.assigned.append(ir.Assigned(target.base, "[]", value, self.function.scope, self.current, _line(node)))
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
            self.assigned.append(ir.Assigned(target.base, target.attr, value, self.function.scope, self.current, _line(node)))

    def chain(self, node: Node, hint: str) -> ir.Expr:
        """A row of calls and members, from its inmost part outwards: fluent ones nest deep to the left."""
        links: list[Node] = []
        one = node
        while True:
            if one.type in _TRANSPARENT and one.named_child_count:
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
                return ir.Opaque(_line(node))
        value = self.new(one, hint) if one.type == "new_expression" else self.expression(one)
        for position, link in enumerate(reversed(links)):
            own = position == len(links) - 1 or (isinstance(value, ir.Name) and value.id.startswith("create"))
            value = self.linked(value, link, hint if own else "")
        return value

    def linked(self, base: ir.Expr, node: Node, hint: str) -> ir.Expr:
        line = _line(node)
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
            name = _text(prop)
            line = _line(prop) if prop is not None else line
        if _is_environment(base):
            found = ir.Env(name, line)
            self.function.envs.append(found)
            return found
        return ir.Attr(base, name, line)

    def new(self, node: Node, hint: str) -> ir.Expr:
        callee = node.child_by_field_name("constructor")
        return self.call(self.expression(callee) if callee is not None else ir.Opaque(_line(node)), node, hint, new=True)

    def call(self, callee: ir.Expr, node: Node, hint: str, *, new: bool) -> ir.Expr:
        arguments = node.child_by_field_name("arguments")
        nodes = [] if arguments is None else [arguments] if arguments.type == "template_string" else arguments.named_children
        line = _line(node)
        if isinstance(callee, ir.Attr):
            line = callee.line
        given = tuple(self.element(child, hint) for child in nodes if child.type != "comment")
        if isinstance(callee, ir.Attr) and callee.attr == "get" and _is_environment(callee.base):
            if given and isinstance(given[0], ir.Const) and isinstance(given[0].value, str):
                self.function.envs.append(ir.Env(given[0].value, line))
                return self.function.envs[-1]
        if isinstance(callee, ir.Opaque) and _text(node)[:7] == "import(":
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
        if self.sites <= MAX_CALLS and _root(callee) not in _QUIET:
            self.function.calls.append(made)
        return made

    def template(self, node: Node, hint: str) -> ir.Expr:
        parts: list[ir.Expr] = []
        text = ""
        for child in node.named_children:
            if child.type == "template_substitution":
                if text:
                    parts.append(constant(self.document, hint, text, _line(child)))
                    text = ""
                if child.named_child_count:
                    parts.append(self.expression(child.named_children[0]))
            else:
                text += unescape(_text(child)) if child.type == "escape_sequence" else _text(child)
        if text or not parts:
            parts.append(constant(self.document, hint, text, _line(node)))
        return parts[0] if len(parts) == 1 and isinstance(parts[0], ir.Const) else ir.Template(tuple(parts), _line(node))

    def string(self, node: Node) -> str:
        parts = [unescape(_text(child)) if child.type == "escape_sequence" else _text(child) for child in node.named_children]
        return "".join(parts)


# --------------------------------------------------------------------------------------------------------------------------------


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _text(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def _key_text(node: Node | None) -> str:
    text = _text(node)
    return text[1:-1] if node is not None and node.type == "string" else text


def _number(text: str) -> int | float | None:
    text = text.replace("_", "")[:40]
    for read in (int, float):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    return None


def _root(expr: ir.Expr) -> str:
    """The name that a row of calls and members begins with."""
    while isinstance(expr, (ir.Attr, ir.Call)):
        expr = expr.base if isinstance(expr, ir.Attr) else expr.func
    return expr.id if isinstance(expr, ir.Name) else ""


def _is_environment(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Attr) and expr.attr == "env" and isinstance(expr.base, ir.Name) and expr.base.id in _RUNTIMES


_QUIET = frozenset(
    "console Math JSON expect vi jest describe it test beforeEach afterEach beforeAll afterAll assert z super chai sinon performance".split()
)
"""What calls on these do is known to be nothing that matters; what stands in their arguments is noted all the same."""
_RUNTIMES = frozenset({"process", "import.meta", "Deno", "Bun"})


def _part(base: ir.Expr, path: tuple[str | int, ...], default: ir.Expr | None, line: int) -> ir.Expr:
    if len(path) == 1 and isinstance(path[0], str) and _is_environment(base):
        return ir.Env(path[0], line)
    return ir.Path(base, path, default, line)


def _export_names(clause: Node) -> list[tuple[str, str]]:
    found = []
    for one in clause.named_children:
        name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
        if one.type == "export_specifier" and name is not None:
            found.append((_key_text(name), _key_text(alias or name)))
    return found


def _declared(node: Node) -> list[str]:
    if node.type in ("lexical_declaration", "variable_declaration"):
        names: list[str] = []
        for declarator in node.named_children:
            name = declarator.child_by_field_name("name")
            if name is not None:
                names.extend(re.findall(r"[\w$]+", _text(name)) if name.type != "identifier" else [_text(name)])
        return names
    name = node.child_by_field_name("name")
    return [_text(name)] if name is not None else []


# --------------------------------------------------------------------------------------------------------------------------------

_REEXPORT = re.compile(rb"^export\s+(?:\*(?:\s+as\s+([\w$]+))?|\{([^}]{0,5000})\})\s*from\s*[\"']([^\"'\n]{1,300})[\"']", re.MULTILINE)
_CONSTANT = re.compile(rb"^export\s+const\s+([\w$]+)(?:\s*:\s*[\w<>\[\]]+)?\s*=\s*([\"'])([^\"'\\\n]{0,500})\2", re.MULTILINE)


def skim_module(document: Document) -> ir.Module:
    """What others can want of a document that is not about agents: what it passes on and its exported texts; without a syntax tree."""
    exports: dict[str, tuple[str, ir.Expr | str, str]] = {}
    stars: list[str] = []
    for match in _REEXPORT.finditer(document.data):
        specifier = match[3].decode("utf-8", "replace")
        if match[2] is not None:
            for part in match[2].decode("utf-8", "replace").split(","):
                words = part.replace("type ", " ").split()
                if words:
                    exports[words[-1]] = ("from", specifier, words[0])
        elif match[1]:
            exports[match[1].decode()] = ("from", specifier, "*")
        else:
            stars.append(specifier)
    for match in _CONSTANT.finditer(document.data):
        name = match[1].decode()
        line = document.data.count(b"\n", 0, match.start()) + 1
        exports[name] = ("local", constant(document, name, match[3].decode("utf-8", "replace"), line), "")
    return ir.Module(document.path, {}, exports, tuple(stars), frozenset(), False)
