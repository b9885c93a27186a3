"""Bytes of Terraform's language → :mod:`~graphinv.ingest.support.terraform.ir`, with credentials taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from graphinv.ingest import Document
from graphinv.ingest.support.masked import mask
from graphinv.ingest.support.syntax_trees import Allowance, nesting, tree_of
from graphinv.ingest.support.terraform import ir
from graphinv.ingest.support.terraform.sensitive import is_sensitive
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

MAX_NESTING = 200
MAX_DEPTH = 80
"""Levels of expressions inside each other; Python's own stack bounds what may be followed."""

_BLOCK = re.compile(r"^[a-z_]+(?:[ \t]+\"[^\"\n]{1,200}\"){0,3}[ \t]*\{", re.MULTILINE)
_TOP = frozenset({"resource", "data", "variable", "output", "module", "provider"})
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_hcl.language()))


def parse(document: Document) -> ir.File:
    """The document; of one whose syntax is broken in places, what can be read, with a problem. O(size).

    Raises:
        IngestError: not text, nested more than 200 brackets deep, or made to take long.
    """
    return _Lowering(document).file(document.text())


def parse_text(document: Document) -> ir.File:
    """A text that configuration may read with ``file`` or ``templatefile``: a template, or where it is none, as it stands.

    AWS writes variables of policies (``${aws:username}``) as Terraform writes what it fills in. Raises as :func:`parse`.
    """
    text = document.text()
    try:
        wrapped = _heredoc(document, text)
    except IngestError:
        wrapped = _heredoc(document, text.replace("${", "$${").replace("%{", "%%{"))
    whole = wrapped.body.attributes.get("text", ir.Unread())
    return ir.File(document.path, ir.Block("", (), 1), whole, wrapped.facts, wrapped.problems)


def _heredoc(document: Document, text: str) -> ir.File:
    """``text`` as a heredoc, where a quote is only a quote."""
    return _Lowering(document).file(f"text = <<GRAPHINV_END_OF_TEXT\n{text}\nGRAPHINV_END_OF_TEXT\n", shift=-1)


def expression(document: Document, text: str, key: str, line: int, secret: bool, facts: list[Fact], allowance: Allowance) -> ir.Expr:
    """A text of the JSON syntax that holds expressions: a template that stands under ``key`` on ``line``. O(length).

    Raises:
        IngestError: the document is made to take long.
    """
    lowering = _Lowering(document, facts)
    # As a heredoc: the text is unescaped already, and a quote in it is only a quote.
    wrapped = f"text = <<GRAPHINV_END_OF_TEXT\n{text}\nGRAPHINV_END_OF_TEXT\n"
    lowering.data, lowering.shift = wrapped.encode("utf-8", "replace"), line - 2
    if nesting(lowering.data) > MAX_NESTING:
        return ir.Unread()
    root = tree_of(_parser(), lowering.data, document.path, brackets=MAX_NESTING, first=line, allowance=allowance).root_node
    body = next((child for child in root.named_children if child.type == "body"), None)
    attribute = next((child for child in body.named_children if child.type == "attribute"), None) if body else None
    if root.has_error or attribute is None:
        lowering.problem(line + 1, "an expression is not understood")
        facts.extend(lowering.problems)
        return ir.Unread()
    return _stripped(lowering.expr(attribute.named_children[-1], _Place(key, secret), 0))


def _stripped(expr: ir.Expr) -> ir.Expr:
    """Without the line break that ends a heredoc."""
    parts = expr.parts if isinstance(expr, ir.Template) else (expr,)
    last = parts[-1] if parts else None
    if isinstance(last, ir.Literal) and isinstance(last.value, str):
        parts = (*parts[:-1], ir.Literal(last.value.removesuffix("\n")))
        parts = parts[:-1] if parts[-1] == ir.Literal("") else parts
    return ir.Template(parts)


@dataclass
class _Lowering:
    document: Document
    facts: list[Fact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    data: bytes = b""
    shift: int = 0

    def file(self, text: str, shift: int = 0) -> ir.File:
        self.data = text.encode("utf-8", "replace")
        self.shift = shift
        root = self.tree(None)
        block = self.by_block(text) if root.has_error else self.top(root)
        if root.has_error and not block.blocks and not block.attributes:
            raise IngestError("does not follow Terraform's syntax", document=self.document.path, where=f"L{self.line(_broken(root))}")
        return ir.File(self.document.path, block, None, tuple(self.facts), tuple(self.problems))

    def tree(self, allowance: Allowance | None) -> Node:
        first = max(1, 1 + self.shift)
        return tree_of(_parser(), self.data, self.document.path, brackets=MAX_NESTING, first=first, allowance=allowance).root_node

    def top(self, root: Node) -> ir.Block:
        body = next((child for child in root.named_children if child.type == "body"), None)
        return self.body(body, ir.Block("", (), 1), 0) if body else ir.Block("", (), 1)

    def by_block(self, text: str) -> ir.Block:
        """A document with broken syntax, block by block: the broken ones are told and left out."""
        starts = [match.start() for match in _BLOCK.finditer(text)]
        blocks: list[ir.Block] = []
        attributes: dict[str, ir.Expr] = {}
        line = 1
        allowance = Allowance(len(text))  # for all blocks together
        for start, end in pairwise([0, *starts, len(text)]):
            piece = text[start:end]
            self.data, self.shift = piece.encode("utf-8", "replace"), line - 1
            root = self.tree(allowance)
            if root.has_error:
                self.problem(self.line(_broken(root)), "does not follow Terraform's syntax here; the block is not read")
            else:
                read = self.top(root)
                blocks += read.blocks
                attributes |= read.attributes
            line += piece.count("\n")
        return ir.Block("", (), 1, attributes, {}, tuple(blocks))

    def line(self, node: Node) -> int:
        return max(1, node.start_point[0] + 1 + self.shift)

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.document.path, f"L{line}", message, "error", "terraform"))

    def name(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    # ----------------------------------------------------------------------------------------------------------------------------
    # Blocks

    def body(self, body: Node, head: ir.Block, depth: int) -> ir.Block:
        attributes: dict[str, ir.Expr] = {}
        lines: dict[str, int] = {}
        blocks: list[ir.Block] = []
        variant = self.plain(body, "type") if head.labels[:1] == ("aws_ssm_parameter",) else None
        # env { name = "API_KEY", value = "…" }: the value stands under the name.
        called = self.plain(body, "name") if head.type not in _TOP else ""
        for child in body.named_children:
            if child.type == "attribute":
                parts = child.named_children
                if len(parts) < 2:
                    continue
                name, value = self.name(parts[0]), parts[-1]
                key = head.labels[-1] if head.type in ("variable", "output") and head.labels and name in ("default", "value") else name
                key = called if name == "value" and called else key
                secret = is_sensitive(head.labels[0] if head.labels else "", name, variant)
                attributes[name] = self.expr(value, _Place(key, secret), 0)
                lines[name] = self.line(child)
            elif child.type == "block" and depth < MAX_DEPTH:
                blocks.append(self.block(child, head, depth + 1))
        return ir.Block(head.type, head.labels, head.line, attributes, lines, tuple(blocks))

    def plain(self, body: Node, attribute: str) -> str:
        """An attribute of a body, where it is a plain text."""
        for child in body.named_children:
            parts = child.named_children
            if child.type == "attribute" and len(parts) > 1 and self.name(parts[0]) == attribute:
                return self.name(parts[-1]).strip('"')
        return ""

    def block(self, node: Node, around: ir.Block, depth: int) -> ir.Block:
        words: list[str] = []
        inside: Node | None = None
        for child in node.named_children:
            if child.type == "identifier":
                words.append(self.name(child))
            elif child.type == "string_lit":
                words.append(self.name(child)[1:-1])
            elif child.type == "body":
                inside = child
        # What is sensitive by the type of its resource is so in blocks of the resource too.
        labels = tuple(words[1:]) or around.labels[:1]
        head = ir.Block(words[0] if words else "", labels, self.line(node))
        made = self.body(inside, head, depth) if inside else head
        return made if words[1:] else ir.Block(made.type, (), made.line, made.attributes, made.lines, made.blocks)

    # ----------------------------------------------------------------------------------------------------------------------------
    # Expressions

    def expr(self, node: Node, place: _Place, depth: int) -> ir.Expr:
        while node.named_child_count == 1 and node.type in _WRAPPERS:
            node = node.named_children[0]
        if depth > MAX_DEPTH:
            self.problem(self.line(node), f"holds an expression of more than {MAX_DEPTH} levels, which is not read")
            return ir.Unread()
        match node.type:
            case "string_lit" | "quoted_template" | "heredoc_template":
                return self.template(node, place, depth)
            case "numeric_lit":
                return ir.Literal(_number(self.name(node)))
            case "bool_lit":
                return ir.Literal(self.name(node) == "true")
            case "null_lit":
                return ir.Literal(None)
            case "variable_expr":
                return ir.Name(self.name(node))
            case _:
                return self.composed(node, [child for child in node.named_children if child.type != "comment"], place, depth)

    def composed(self, node: Node, children: list[Node], place: _Place, depth: int) -> ir.Expr:
        """An expression made of others."""
        match node.type:
            case "expression":
                return self.chain(children, place, depth)
            case "tuple":
                return ir.Tuple(tuple(self.expr(child, place, depth + 1) for child in children if child.type == "expression"))
            case "object":
                return self.object([child for child in children if child.type == "object_elem"], place, depth)
            case "function_call" if children:
                listed = next((child for child in children if child.type == "function_arguments"), None)
                inner = listed.named_children if listed else []
                name, given = self.name(children[0]), [child for child in inner if child.type == "expression"]
                names = _NAMES.get(name, 0)
                arguments = tuple(self.expr(one, _Place() if names >> at & 1 else place, depth + 1) for at, one in enumerate(given))
                return ir.Call(name, arguments, any(child.type == "ellipsis" for child in inner))
            case "conditional" if len(children) == 3:
                test, yes, no = (self.expr(child, at, depth + 1) for child, at in zip(children, (_Place(), place, place), strict=True))
                return ir.Conditional(test, yes, no)
            case "binary_operation" | "unary_operation":
                return self.operation(node, place, depth)
            case "for_tuple_expr" | "for_object_expr":
                return self.loop(children, place, depth)
        return ir.Unread(node.type)

    def operation(self, node: Node, place: _Place, depth: int) -> ir.Expr:
        """Operands are not wrapped: what stands between two operators is a value with its steps."""
        operators: list[str] = []
        operands: list[list[Node]] = [[]]
        for child in node.children:
            if child.is_named:
                operands[-1].append(child)
            elif self.name(child) not in ("(", ")"):
                operators.append(self.name(child))
                operands.append([])
        kept = [one for one in operands if one]
        return ir.Operation(" ".join(operators), tuple(self.chain(one, place, depth + 1) for one in kept))

    def chain(self, children: list[Node], place: _Place, depth: int) -> ir.Expr:
        """A value and the steps after it: ``a.b[0].c[*].d``."""
        if not children or len(children) > MAX_DEPTH:
            return ir.Unread()
        value = self.expr(children[0], place, depth + 1)
        for step in children[1:]:
            inner = step.named_children
            if step.type == "get_attr" and inner:
                value = ir.Attribute(value, self.name(inner[-1]))
            elif step.type == "index" and inner and inner[0].named_children:
                value = ir.Index(value, self.expr(inner[0].named_children[0], place, depth + 1))
            elif step.type == "index" and inner:
                value = ir.Index(value, ir.Literal(_number(self.name(inner[0]).lstrip("."))))
            elif step.type == "splat" and inner:
                steps = [attr for attr in inner[0].named_children if attr.type == "get_attr" and attr.named_children]
                value = ir.Splat(value, tuple(self.name(attr.named_children[-1]) for attr in steps))
            else:
                return ir.Unread(step.type)
        return value

    def object(self, elements: list[Node], place: _Place, depth: int) -> ir.Expr:
        pairs: list[tuple[ir.Expr, ir.Expr]] = []
        called = ""
        for element in elements:
            parts = [child for child in element.named_children if child.type == "expression"]
            if len(parts) != 2:
                continue
            key = self.expr(parts[0], _Place(), depth + 1)
            key = ir.Literal(key.name) if isinstance(key, ir.Name) else key
            named = key.value if isinstance(key, ir.Literal) and isinstance(key.value, str) else ""
            # {name = "API_KEY", value = "…"}: the value stands under the name.
            inside = _Place(called if named.lower() == "value" and called else named or place.key, place.sensitive)
            value = self.expr(parts[1], inside, depth + 1)
            if named.lower() in ("name", "key") and isinstance(value, ir.Literal) and isinstance(value.value, str):
                called = value.value
            pairs.append((key, value))
        return ir.Object(tuple(pairs))

    def loop(self, children: list[Node], place: _Place, depth: int) -> ir.Expr:
        intro = next((child for child in children if child.type == "for_intro"), None)
        if intro is None:
            return ir.Unread("for")
        names = tuple(self.name(child) for child in intro.named_children if child.type == "identifier")
        of = next((child for child in intro.named_children if child.type == "expression"), None)
        results = [self.expr(child, place, depth + 1) for child in children if child.type == "expression"]
        tests = [inner for child in children if child.type == "for_cond" for inner in child.named_children]
        if of is None or not 1 <= len(results) <= 2:
            return ir.Unread("for")
        key = results[0] if len(results) == 2 else None
        test = self.expr(tests[0], _Place(), depth + 1) if tests else None
        return ir.For(names, self.expr(of, place, depth + 1), key, results[-1], test, any(one.type == "ellipsis" for one in children))

    # ----------------------------------------------------------------------------------------------------------------------------
    # Texts

    def template(self, node: Node, place: _Place, depth: int) -> ir.Expr:
        heredoc = node.type == "heredoc_template"
        start, end = _inside(node, self.data)
        # In a text of several lines only what looks like a credential is one, even where the place asks for one.
        parts = self.span(node, start, end, _Place(place.key, place.sensitive and not heredoc, heredoc), depth)
        return parts[0] if len(parts) == 1 and isinstance(parts[0], ir.Literal) else ir.Template(parts) if parts else ir.Literal("")

    def span(self, node: Node, start: int, end: int, place: _Place, depth: int) -> tuple[ir.Expr, ...]:
        """The parts of a template between two places. The grammar drops blanks beside what is filled in, so texts are taken by place."""
        parts: list[ir.Expr] = []
        at = start
        for child in node.named_children:
            if child.type not in ("template_interpolation", "template_directive") or not start <= child.start_byte < end:
                continue
            parts += self.piece(at, child.start_byte, child, place)
            at = child.end_byte
            inner = next((one for one in child.named_children if one.type == "expression"), None)
            if child.type == "template_directive":
                parts.append(self.directive(child, place, depth + 1))
            elif inner is not None:
                parts.append(self.expr(inner, place, depth + 1))
        return (*parts, *self.piece(at, end, node, place))

    def piece(self, start: int, end: int, at: Node, place: _Place) -> list[ir.Expr]:
        text = self.data[start:end].decode("utf-8", "replace")
        if not text:
            return []
        text = text if place.heredoc else _unescape(text)
        text = text.replace("$${", "${").replace("%%{", "%{")
        return [ir.Literal(mask(self.document, self.line(at), place.key, text, self.facts, sensitive=place.sensitive))]

    def directive(self, node: Node, place: _Place, depth: int) -> ir.Expr:
        """``%{ if … }`` and ``%{ for … }`` inside a text."""
        whole = node.named_children[0] if node.named_children else node
        marks = [child for child in whole.named_children if child.type.startswith(("template_if_", "template_else", "template_for_"))]
        asked = [child for child in marks[0].named_children if child.type == "expression"] if marks else []
        if depth > MAX_DEPTH or len(marks) < 2 or not asked:
            return ir.Unread(whole.type)
        spans = [ir.Template(self.span(whole, one.end_byte, other.start_byte, place, depth)) for one, other in pairwise(marks)]
        of = self.expr(asked[0], _Place(), depth + 1)
        if whole.type == "template_if":
            return ir.Conditional(of, spans[0], spans[1] if len(spans) > 1 else ir.Literal(""))
        names = tuple(self.name(child) for child in marks[0].named_children if child.type == "identifier")
        return ir.Call("join", (ir.Literal(""), ir.For(names, of, None, spans[0], None)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands: under which key, whether nothing but a credential stands there, whether in a heredoc."""

    key: str = ""
    sensitive: bool = False
    heredoc: bool = False


_NAMES = {"lookup": 0b10, **dict.fromkeys(("file", "filebase64", "filesha256", "templatefile"), 0b1)}
"""Functions of which an argument (a bit for each, from the first) is the name of a field or a file, and no value."""
_WRAPPERS = frozenset({"expression", "literal_value", "template_expr", "collection_value", "operation", "for_expr"})


def _inside(node: Node, data: bytes) -> tuple[int, int]:
    """Where the text of a literal begins and ends."""
    children = node.children
    if node.type != "heredoc_template":
        return children[0].end_byte, max(children[0].end_byte, children[-1].start_byte if len(children) > 1 else node.end_byte)
    start = data.find(b"\n", node.start_byte, node.end_byte) + 1 or node.end_byte
    marks = [child for child in children if child.type == "heredoc_identifier"]
    end = marks[-1].start_byte if len(marks) > 1 else node.end_byte
    return start, max(start, end)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text

    def meant(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code is None:
            return _ESCAPES.get(match[3], match[3])
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"

    return _ESCAPE.sub(meant, text)


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() and len(text) <= 18 else float(text)
    except ValueError:
        return 0


def _broken(root: Node) -> Node:
    """The first place where the syntax is broken."""
    node = root
    for _ in range(10_000):
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None or node.is_error:
            return node
        node = inner
    return node
