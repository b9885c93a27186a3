"""One Go document → :class:`~graphinv.ingest.support.golang.ir.Module`."""

from __future__ import annotations

import re

from tree_sitter import Node

from graphinv.ingest import Document
from graphinv.ingest.support.compiled import Call as Noted
from graphinv.ingest.support.compiled import kept_text
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.parsing import AGENTS, SDKS, imports_of, parse
from graphinv.ingest.support.javascript.syntax import line_of, text_of
from graphinv.ingest.support.words import names

MAX_DEPTH = 60
_RICH = re.compile(rb"[tT]ool|[aA]gent|mcp|MCP")
_ESCAPE = re.compile(r'\\(?:([abfnrtv\\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))')
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_STRINGS = names("interpreted_string_literal raw_string_literal")
_TYPES = names(
    "qualified_type type_identifier pointer_type slice_type array_type map_type generic_type function_type interface_type struct_type "
    "channel_type parenthesized_type implicit_length_array_type type_elem"
)
_EXPRESSIONS = _STRINGS | names(
    "call_expression composite_literal func_literal unary_expression binary_expression selector_expression identifier true false "
    "parenthesized_expression index_expression type_conversion_expression type_assertion_expression slice_expression "
    "type_instantiation_expression"
)
_SKIPPED = names("comment label_name iota nil int_literal float_literal imaginary_literal rune_literal empty_statement")
_HTTP_METHODS = re.compile(r"net/http\.Method(\w+)")


def read_module(document: Document) -> ir.Module:
    """What is kept of a document.

    Raises:
        IngestError: it is nested without end, or too large.
    """
    imports = imports_of(document.data)
    marked = any(path in SDKS for path in imports)
    agents = any(path.startswith(AGENTS) for path in imports)
    reader = _Reader(document, rich=marked or agents or _RICH.search(document.data) is not None)
    reader.read(parse(document.data, document.path).root_node)
    return ir.Module(document.path, reader.package, imports, reader.functions, reader.variables, reader.fields, marked, agents)


def unquoted(node: Node) -> str:
    """What a string literal means."""
    text = text_of(node)[1:-1]
    return text if node.type == "raw_string_literal" else _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return _SIMPLE.get(match[1], match[1])
    code = int(match[5], 8) if match[5] else int(match[2] or match[3] or match[4], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 and code else ""


def package_name(path: str) -> str:
    """The name by which an import of ``path`` is most likely used.

    >>> [package_name(path) for path in ("net/http", "github.com/google/go-github/v89/github", "gopkg.in/yaml.v3", "acme.io/go-kit/v2")]
    ['http', 'github', 'yaml', 'kit']
    """
    parts = [part for part in path.split("/") if not re.fullmatch(r"v\d+", part)]
    name = re.sub(r"\.v\d+$", "", parts[-1]) if parts else ""
    return re.sub(r"^go-|[-.]go$", "", name)


class _Reader:
    def __init__(self, document: Document, *, rich: bool) -> None:
        self.document = document
        self.rich = rich
        """Whether its expressions may make tools and servers: of others only calls are kept."""
        self.package = ""
        self.functions: list[ir.Function] = []
        self.variables: dict[str, ir.Expr] = {}
        self.fields: dict[str, list[tuple[str, str, str]]] = {}
        self.imports: dict[str, str] = {}
        self.types: dict[str, str] = {}
        """Variables of the function that is read, with the paths of their types; empty where only the name is known."""
        self.at = 0
        """Index of the function that is read."""
        self.function = self.begin("", "", 1, None)  # of package-level variables

    def begin(self, name: str, receiver: str, line: int, outer: int | None) -> ir.Function:
        function = ir.Function(name, receiver, line, outer=outer)
        self.at = len(self.functions)
        self.functions.append(function)
        return function

    # ---- declarations -------------------------------------------------------------------------------------------------------

    def read(self, root: Node) -> None:
        for node in root.named_children:
            if node.type == "package_clause":
                self.package = text_of(node.named_children[0]) if node.named_children else ""
            elif node.type == "import_declaration":
                self.imported(node)
        for node in root.named_children:
            if node.type in ("function_declaration", "method_declaration"):
                self.declared(node)
            elif node.type == "type_declaration":
                self.structs(node)
            else:
                for spec in _specs(node):
                    self.package_level(spec)

    def imported(self, node: Node) -> None:
        stack = list(node.named_children)
        while stack:
            one = stack.pop()
            if one.type == "import_spec_list":
                stack.extend(one.named_children)
            elif one.type == "import_spec":
                path, alias = one.child_by_field_name("path"), one.child_by_field_name("name")
                if path is not None:
                    self.imports[text_of(alias) or package_name(unquoted(path))] = unquoted(path)

    def structs(self, node: Node) -> None:
        for spec in node.named_children:
            name, kind = spec.child_by_field_name("name"), spec.child_by_field_name("type")
            if name is None or kind is None or kind.type != "struct_type":
                continue
            found: list[tuple[str, str, str]] = []
            for field in (one for block in kind.named_children for one in block.named_children if one.type == "field_declaration"):
                tag = field.child_by_field_name("tag")
                described = kept_text("", unquoted(tag)) if tag is not None else ""
                of = self.type_path(field.child_by_field_name("type"))
                labels = [text_of(label) for label in field.children_by_field_name("name")] or [""]
                found.extend((label, of, described) for label in labels)
            self.fields[text_of(name)] = found

    def package_level(self, spec: Node) -> None:
        value = spec.child_by_field_name("value")
        labels = [text_of(name) for name in spec.children_by_field_name("name")]
        values = value.named_children if value is not None else []
        for label, one in zip(labels, values, strict=False):
            self.variables[label] = self.expr(one, label)

    def declared(self, node: Node) -> None:
        name, receiver = node.child_by_field_name("name"), node.child_by_field_name("receiver")
        outside, self.types = self.function, {}
        of = self.parameters(receiver)[0][1] if receiver is not None and self.parameters(receiver) else ""
        self.function = self.begin(text_of(name), of.removeprefix("."), line_of(node), None)
        self.body(node)
        self.function, self.types, self.at = outside, {}, 0

    def body(self, node: Node) -> None:
        """Parameters, result and statements of a function."""
        function = self.function
        function.params = tuple(self.parameters(node.child_by_field_name("parameters")))
        result = node.child_by_field_name("result")
        if result is not None and result.type == "parameter_list":
            kinds = [one.child_by_field_name("type") for one in result.named_children]
            function.result = self.type_path(kinds[0]) if kinds else ""
        else:
            function.result = self.type_path(result)
        block = node.child_by_field_name("body")
        if block is not None:
            self.statements(block)

    def parameters(self, node: Node | None) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for one in node.named_children if node is not None else ():
            kind = self.type_path(one.child_by_field_name("type"))
            for name in one.children_by_field_name("name"):
                found.append((text_of(name), kind))
                self.types[text_of(name)] = kind
        return found

    def type_path(self, node: Node | None) -> str:
        """The path of a type, of its elements for pointers, slices and maps; empty for others."""
        for _ in range(MAX_DEPTH):
            if node is None:
                return ""
            if node.type in ("qualified_type", "type_identifier"):
                return self.plain_type(node)
            inner = node.child_by_field_name("element") or node.child_by_field_name("value") or node.child_by_field_name("type")
            if inner is None and node.type in ("pointer_type", "parenthesized_type", "type_elem") and node.named_child_count:
                inner = node.named_children[0]
            node = inner
        return ""

    def plain_type(self, node: Node) -> str:
        if node.type == "type_identifier":
            return f".{text_of(node)}"
        package, name = node.child_by_field_name("package"), node.child_by_field_name("name")
        return f"{self.imports.get(text_of(package), text_of(package))}.{text_of(name)}"

    # ---- statements ---------------------------------------------------------------------------------------------------------

    def statements(self, block: Node) -> None:
        stack = [block]
        while stack:
            node = stack.pop()
            if node.type in _SKIPPED or node.type in _TYPES:
                continue
            if node.type in ("short_var_declaration", "assignment_statement"):
                self.assigned(node.child_by_field_name("left"), node.child_by_field_name("right"))
            elif node.type == "range_clause":
                self.ranged(node)
            elif node.type in ("var_spec", "const_spec"):
                self.variable(node)
            elif node.type == "return_statement":
                values = node.named_children[0].named_children if node.named_children else []
                given = tuple(self.expr(one) for one in values)
                if self.rich and given:
                    self.function.returns.append(given)
                    self.function.exprs.extend(given)
            elif node.type in _EXPRESSIONS:
                self.keep(self.expr(node))
            else:
                stack.extend(reversed(node.named_children))

    def keep(self, expr: ir.Expr) -> None:
        if self.rich:
            self.function.exprs.append(expr)

    def assigned(self, left: Node | None, right: Node | None) -> None:
        labels = left.named_children if left is not None else []
        values = right.named_children if right is not None else []
        given = [self.expr(value, text_of(labels[index]) if index < len(labels) else "") for index, value in enumerate(values)]
        for index, label in enumerate(labels):
            if label.type != "identifier":
                self.expr(label)
                continue
            value = given[index] if len(given) == len(labels) else given[0] if given and not index else None
            self.local(text_of(label), value)
        for one in given:
            self.keep(one)

    def local(self, name: str, value: ir.Expr | None) -> None:
        known = self.types.get(name)
        if value is None:
            self.types.setdefault(name, "")
            return
        if not known:
            self.types[name] = value.path if isinstance(value, ir.Call) else value.type if isinstance(value, ir.Obj) else ""
        if self.rich and name not in self.function.locals:
            self.function.locals[name] = value

    def ranged(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        value = self.expr(right) if right is not None else None
        labels = [text_of(one) for one in (left.named_children if left is not None else ())]
        for label in labels:
            self.types[label] = ""
        if value is not None:
            self.keep(value)

    def variable(self, node: Node) -> None:
        kind, value = node.child_by_field_name("type"), node.child_by_field_name("value")
        values = value.named_children if value is not None else []
        for index, name in enumerate(node.children_by_field_name("name")):
            given = self.expr(values[index], text_of(name)) if index < len(values) else None
            self.types[text_of(name)] = self.type_path(kind)
            self.function.refs.add(self.types[text_of(name)])
            if given is not None:
                self.local(text_of(name), given)
                self.keep(given)

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def expr(self, node: Node, key: str = "", depth: int = 0) -> ir.Expr:
        """``key`` is the name that it stands under."""
        line = line_of(node)
        if depth > MAX_DEPTH or node.type in _TYPES:
            return ir.Other((), line)
        if node.type in _STRINGS:
            return ir.Text(kept_text(key, unquoted(node)), line)
        if node.type in ("true", "false"):
            return ir.Bool(node.type == "true", line)
        if node.type in ("identifier", "selector_expression"):
            return self.name(node, depth)
        if node.type == "call_expression":
            return self.call(node, depth)
        if node.type == "composite_literal":
            kind = self.type_path(node.child_by_field_name("type"))
            body = node.child_by_field_name("body")
            self.function.refs.add(kind)
            return ir.Obj(kind, self.elements(body, kind, depth), line)
        if node.type == "literal_value":
            return ir.Obj("", self.elements(node, "", depth), line)
        if node.type == "func_literal":
            return self.function_literal(node)
        if node.type in ("unary_expression", "parenthesized_expression") and node.named_child_count:
            return self.expr(node.named_children[0], key, depth + 1)
        if node.type == "binary_expression":
            return self.joined(node, key, depth)
        return ir.Other(tuple(self.expr(one, "", depth + 1) for one in node.named_children if one.type not in _SKIPPED), line)

    def name(self, node: Node, depth: int) -> ir.Expr:
        path, inner = self.path(node, depth)
        if inner is not None:
            return ir.Other((inner,), line_of(node))
        text = text_of(node)
        if node.type == "identifier" and text in self.types:
            return ir.Name(path, line_of(node), text)
        method = _HTTP_METHODS.fullmatch(path)
        if method:
            return ir.Text(method[1].upper(), line_of(node))
        self.function.refs.add(path)
        return ir.Name(path, line_of(node))

    def path(self, node: Node, depth: int) -> tuple[str, ir.Expr | None]:
        """The path of a name or a member, and the expression whose member it is where that is no name."""
        members: list[str] = []
        while node.type == "selector_expression":
            operand = node.child_by_field_name("operand")
            if operand is None or len(members) > MAX_DEPTH:
                break
            members.append(text_of(node.child_by_field_name("field")))
            node = operand
            while node.type in ("parenthesized_expression", "unary_expression") and node.named_child_count:
                node = node.named_children[0]
        base, inner = "?", None
        if node.type == "identifier":
            text = text_of(node)
            outside = self.imports.get(text, "") if members else ""
            base = (self.types[text] or "?") if text in self.types else outside or f".{text}"
        elif members:
            inner = self.expr(node, "", depth + 1)
            base = (inner.path if isinstance(inner, ir.Call) else inner.type if isinstance(inner, ir.Obj) else "") or "?"
        return ".".join([base, *reversed(members)])[:400], inner

    def call(self, node: Node, depth: int) -> ir.Expr:
        line = line_of(node)
        called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        kinds = node.child_by_field_name("type_arguments")
        types = tuple(self.type_path(one) for one in kinds.named_children) if kinds is not None else ()
        path = "?"
        base: ir.Expr | None = None
        if called is not None and called.type in ("index_expression", "type_instantiation_expression") and called.named_child_count:
            types = types or tuple(self.type_path(one) for one in called.named_children[1:])
            called = called.named_children[0]
        if called is not None and called.type in ("identifier", "selector_expression"):
            path, base = self.path(called, depth)
            self.function.refs.add(path)
            operand = called.child_by_field_name("operand")
            if called.type == "identifier" and text_of(called) in self.types:
                base = ir.Name(path, line, text_of(called))
            if base is None and operand is not None and operand.type == "identifier":
                local = text_of(operand) if text_of(operand) in self.types else ""
                base = ir.Name(path.rpartition(".")[0], line, local)
        elif called is not None:
            base = self.expr(called, "", depth + 1)
        args = tuple(self.expr(one, "", depth + 1) for one in (given.named_children if given is not None else ()) if one.type != "comment")
        self.note(path, args, line)
        return ir.Call(path, args, line, types, base)

    def note(self, path: str, args: tuple[ir.Expr, ...], line: int) -> None:
        """Remember what is called."""
        texts = tuple(one.value if isinstance(one, ir.Text) else None for one in args[:6])
        if path in ("os.Getenv", "os.LookupEnv") and texts and texts[0]:
            self.function.variables.append((texts[0], line))
        self.function.calls.append(Noted(path, tuple(text[:2000] if text is not None else None for text in texts), line))

    def elements(self, body: Node | None, kind: str, depth: int) -> tuple[tuple[str, ir.Expr], ...]:
        found: list[tuple[str, ir.Expr]] = []
        for one in body.named_children if body is not None else ():
            key = ""
            value: Node | None = one
            if one.type == "keyed_element":
                keyed, value = one.child_by_field_name("key"), one.child_by_field_name("value")
                inner = keyed.named_children[0] if keyed is not None and keyed.named_child_count else None
                key = unquoted(inner) if inner is not None and inner.type in _STRINGS else text_of(inner)
                if inner is not None and inner.type in ("identifier", "selector_expression") and not key[:1].isupper():
                    self.function.refs.add(self.path(inner, depth)[0])
            if value is not None and value.type == "literal_element":
                value = value.named_children[0] if value.named_child_count else None
            if value is None or value.type == "comment":
                continue
            given = self.expr(value, key, depth + 1)
            if isinstance(given, ir.Obj) and not given.type and kind:
                given = ir.Obj(kind, given.items, given.line)  # the type is left out in lists and maps
            found.append((kept_text("", key[:200]), given))
        return tuple(found)

    def function_literal(self, node: Node) -> ir.Expr:
        outside, types, at = self.function, self.types, self.at
        self.types = dict(types)
        self.function = self.begin("", outside.receiver, line_of(node), at)
        index = self.at
        self.body(node)
        self.function, self.types, self.at = outside, types, at
        return ir.Func(index, line_of(node))

    def joined(self, node: Node, key: str, depth: int) -> ir.Expr:
        """Texts joined with ``+``; the beginning of one of which not all is constant."""
        line = line_of(node)
        parts: list[Node] = []
        while node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) == "+":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                break
            parts.append(right)
            node = left
        parts.append(node)
        if len(parts) == 1:
            return ir.Other(tuple(self.expr(one, "", depth + 1) for one in node.named_children), line)
        given = [self.expr(one, "", depth + 1) for one in reversed(parts)]
        if all(isinstance(one, ir.Text) for one in given):
            text = "".join(one.value for one in given if isinstance(one, ir.Text))
            return ir.Text(kept_text(key, text), line)
        return ir.Other(tuple(given), line)


def _specs(node: Node) -> list[Node]:
    """The specs of a declaration of constants or variables, also where some of them could not be read."""
    found: list[Node] = []
    stack = [node] if node.type in ("var_declaration", "const_declaration", "ERROR") else []
    while stack:
        one = stack.pop()
        if one.type in ("var_spec", "const_spec"):
            found.append(one)
        elif one.type in ("var_declaration", "const_declaration", "var_spec_list", "ERROR"):
            stack.extend(reversed(one.named_children))
    return found
