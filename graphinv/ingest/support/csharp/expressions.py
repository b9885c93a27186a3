"""The expressions of a C# document that may make agents, as :mod:`.ir` keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from tree_sitter import Node

from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.syntax import argument_value, type_name, within
from graphinv.ingest.support.javascript.syntax import line_of, text_of
from graphinv.ingest.support.words import names

AGENTS = re.compile(
    rb"\bMicrosoft\.Agents\.AI\b|\bSemanticKernel\.Agents\b|\b(?:Create|As|Get|Add)?AIAgent\b|\b(?:ChatClient|ChatCompletion)Agent\b"
)
"""What a document says that has to do with agents."""
LIBRARY = re.compile(rb"^\s*namespace\s+Microsoft\.(?:Agents\.AI|SemanticKernel)\b", re.MULTILINE)
"""What a document of the libraries themselves says, which make agents for their callers."""
MAKERS = names(
    "AsAIAgent CreateAIAgent CreateAIAgentAsync GetAIAgent GetAIAgentAsync AddAIAgent CreateAgent CreateAgentAsync CreateAgentVersion"
    " CreateAgentVersionAsync"
)
"""Calls that make an agent."""
MAX_DEPTH = 40
MAX_EXPRESSIONS = 60_000
"""Expressions of one document that are kept."""
MAX_ITEMS = 500
_LITERALS = names("string_literal verbatim_string_literal raw_string_literal interpolated_string_expression")
_THROUGH = names("await_expression parenthesized_expression postfix_unary_expression checked_expression spread_element expression_element")
_LISTS = names("collection_expression initializer_expression")
_OUTER = names("method_declaration local_function_statement constructor_declaration accessor_declaration class_declaration")


class Reading(Protocol):
    """What is known of the place that is read."""

    type: ir.Type
    method: ir.Method

    def path(self, node: Node) -> str: ...

    def words(self, node: Node, key: str = "") -> ir.Words: ...


class Expressions:
    """Keeps what statements evaluate, variables are given and methods return."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.left = MAX_EXPRESSIONS
        self.seen: set[int] = set()
        """Where calls and objects end that are kept."""

    def note(self, node: Node) -> None:
        """Keep what ``node`` says, if it is a statement, a declaration, or makes an agent wherever it stands."""
        method, kind = self.reading.method, node.type
        if kind == "variable_declarator":
            self._declared(node)
        elif kind == "property_declaration":
            self._property(node)
        elif kind == "assignment_expression":
            self._assigned(node)
        elif kind == "expression_statement":
            method.exprs += [self.read(one) for one in node.named_children if one.type != "assignment_expression"]
        elif kind == "return_statement" and not within(node, "lambda_expression", _OUTER):
            given = [self.read(one, self._returned()) for one in node.named_children]
            if not within(node, "accessor_declaration", names("method_declaration class_declaration")):
                method.gives += given
        elif kind == "arrow_expression_clause" and node.parent is not None and node.parent.type in _OUTER:
            method.gives += [self.read(one, self._returned()) for one in node.named_children]
        elif kind in ("invocation_expression", "object_creation_expression") and node.end_byte not in self.seen:
            called = node.child_by_field_name("function" if kind == "invocation_expression" else "type")
            name = type_name(
                called.child_by_field_name("name") if called is not None and called.type == "member_access_expression" else called
            )
            if name in MAKERS or name.endswith("Agent"):
                method.exprs.append(self.read(node))

    def _returned(self) -> str:
        """The type that the method returns, by itself or later."""
        return re.sub(r"^(?:Value)?Task<(.*)>$", r"\1", self.reading.method.returns).rstrip("?")

    def _declared(self, node: Node) -> None:
        value = node.named_children[-1] if node.named_child_count > 1 else None
        declaration = node.parent
        if value is None or declaration is None or value.type in ("bracketed_argument_list", "tuple_pattern"):
            return
        name, kind = text_of(node.child_by_field_name("name")), type_name(declaration.child_by_field_name("type"))
        given = self.read(value, kind)
        if declaration.parent is not None and declaration.parent.type == "field_declaration":
            self.reading.type.fields.setdefault(name, []).append(given)
        else:
            self.reading.method.locals.setdefault(name, []).append(ir.Kept(given, node.end_byte, fresh=True))

    def _property(self, node: Node) -> None:
        name, kind = text_of(node.child_by_field_name("name")), type_name(node.child_by_field_name("type"))
        given: list[ir.Expr] = []
        value = node.child_by_field_name("value")
        if value is not None:
            inner = value.named_children[0] if value.type == "arrow_expression_clause" and value.named_child_count else value
            given.append(self.read(inner, kind))
        given += [self.read(one, kind) for one in _returned(node.child_by_field_name("accessors"))]
        if given:
            self.reading.type.fields.setdefault(name, []).extend(given)

    def _assigned(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or (node.parent is not None and node.parent.type == "initializer_expression"):
            return
        name = text_of(left).removeprefix("this.")
        if re.fullmatch(r"\w+", name):
            given = self.read(right)
            if name in self.reading.method.locals and not text_of(left).startswith("this."):
                self.reading.method.locals[name].append(ir.Kept(given, node.end_byte, fresh=False))
            else:
                self.reading.method.locals.setdefault(name, []).append(ir.Kept(given, node.end_byte, fresh=True))
                self.reading.type.fields.setdefault(name, []).append(given)
        elif left.type == "member_access_expression":
            self.reading.method.exprs.append(ir.Other((self.read(left), self.read(right)), line_of(node)))

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def read(self, node: Node, kind: str = "", depth: int = 0) -> ir.Expr:
        """An expression. ``kind`` is the type that ``new()`` makes there."""
        line = line_of(node)
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            return ir.Other((), line)
        for _ in range(MAX_DEPTH):
            if node.type not in _THROUGH or not node.named_child_count:
                break
            node = node.named_children[0]
        if node.type in _LITERALS:
            return ir.Text(self.reading.words(node), line)
        if node.type in ("identifier", "generic_name", "predefined_type"):
            return ir.Name(type_name(node), line, node.end_byte)
        if node.type in ("this", "this_expression"):
            return ir.Name("this", line, node.end_byte)
        if node.type in ("member_access_expression", "conditional_access_expression"):
            return self._member(node, depth)
        if node.type == "invocation_expression":
            return self._call(node, depth)
        if node.type in ("object_creation_expression", "implicit_object_creation_expression"):
            return self._made(node, kind, depth)
        if node.type in _LISTS:
            return ir.Many(tuple(self.read(one, "", depth + 1) for one in _elements(node)), line)
        if node.type in ("array_creation_expression", "implicit_array_creation_expression"):
            lists = [one for one in node.named_children if one.type == "initializer_expression"]
            return self.read(lists[0], "", depth + 1) if lists else ir.Many((), line)
        if node.type in ("lambda_expression", "anonymous_method_expression"):
            return ir.Func(tuple(self.read(one, "", depth + 1) for one in _returned(node)), line)
        return self._other(node, kind, depth)

    def _other(self, node: Node, kind: str, depth: int) -> ir.Expr:
        line = line_of(node)
        if node.type == "cast_expression" and (value := node.child_by_field_name("value")) is not None:
            return self.read(value, kind, depth + 1)
        if node.type == "as_expression" and (value := node.child_by_field_name("left")) is not None:
            return self.read(value, kind, depth + 1)
        if node.type == "conditional_expression":
            sides = [side for name in ("consequence", "alternative") if (side := node.child_by_field_name(name)) is not None]
            return ir.Many(tuple(self.read(one, kind, depth + 1) for one in sides), line)
        if node.type == "binary_expression":
            if any(one.type == "??" for one in node.children):
                return ir.Many(tuple(self.read(one, kind, depth + 1) for one in node.named_children), line)
            return ir.Text(self.reading.words(node), line)
        if node.type == "switch_expression":
            arms = [one.named_children[-1] for one in node.named_children if one.type == "switch_expression_arm" and one.named_child_count]
            return ir.Many(tuple(self.read(one, kind, depth + 1) for one in arms), line)
        if node.type in ("block", "statement_block") or node.type.endswith("_literal"):
            return ir.Other((), line)
        return ir.Other(tuple(self.read(one, "", depth + 1) for one in node.named_children[:MAX_ITEMS]), line)

    def _member(self, node: Node, depth: int) -> ir.Expr:
        line = line_of(node)
        base = node.child_by_field_name("expression") or node.child_by_field_name("condition")
        last = node.child_by_field_name("name") or node.named_children[-1]
        if base is None:
            return ir.Other((), line)
        inner = self.read(base, "", depth + 1)
        member = type_name(last) if last.type != "member_binding_expression" else type_name(last.child_by_field_name("name"))
        if isinstance(inner, ir.Name):
            path = member if inner.path == "this" else f"{inner.path}.{member}"
            return ir.Name(path[-400:], line, node.end_byte)
        return inner if member in ("Value", "Result", "Id") else ir.Other((inner,), line)

    def _call(self, node: Node, depth: int) -> ir.Expr:
        called = node.child_by_field_name("function")
        if text_of(called)[:6] in ("nameof", "typeof"):
            return ir.Text(self.reading.words(node), line_of(node))
        self.seen.add(node.end_byte)
        base, name = None, called
        if called is not None and called.type in ("member_access_expression", "conditional_access_expression"):
            base = called.child_by_field_name("expression") or called.child_by_field_name("condition")
            name = called.child_by_field_name("name") or called.named_children[-1]
            if name.type == "member_binding_expression":
                name = name.child_by_field_name("name")
        path = self.reading.path(node)
        if path == "?":
            path = f"?.{type_name(name)}"
        kinds: list[str] = []
        for one in name.named_children if name is not None and name.type == "generic_name" else ():
            kinds += [type_name(kind) for kind in one.named_children] if one.type == "type_argument_list" else []
        inner = self.read(base, "", depth + 1) if base is not None else None
        return ir.Call(path, self._arguments(node, depth), line_of(node), node.end_byte, tuple(kinds), inner)

    def _made(self, node: Node, kind: str, depth: int) -> ir.Expr:
        self.seen.add(node.end_byte)
        stated = node.child_by_field_name("type")
        items: list[tuple[str, ir.Expr]] = []
        for block in (one for one in node.named_children if one.type == "initializer_expression"):
            for one in _elements(block):
                left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
                if one.type == "assignment_expression" and left is not None and right is not None:
                    items.append((text_of(left)[:200], self.read(right, "", depth + 1)))
                else:
                    items.append(("", self.read(one, "", depth + 1)))
        name = type_name(stated) if stated is not None else kind
        return ir.New(name, self._arguments(node, depth), tuple(items), line_of(node), node.end_byte)

    def _arguments(self, node: Node, depth: int) -> tuple[tuple[str, ir.Expr], ...]:
        given = node.child_by_field_name("arguments") or next((one for one in node.children if one.type == "argument_list"), None)
        found: list[tuple[str, ir.Expr]] = []
        for one in given.named_children[:MAX_ITEMS] if given is not None else ():
            value = argument_value(one)
            if value is not None:
                found.append((text_of(one.child_by_field_name("name")), self.read(value, "", depth + 1)))
        return tuple(found)


def _elements(node: Node) -> Iterator[Node]:
    for one in node.named_children[:MAX_ITEMS]:
        yield one.named_children[0] if one.type == "collection_element" and one.named_child_count else one


def _returned(node: Node | None) -> Iterator[Node]:
    """What a lambda or an accessor gives: its expression, or what its statements return."""
    body = node.child_by_field_name("body") if node is not None else None
    if body is not None and body.type not in ("block", "arrow_expression_clause"):
        yield body
        return
    stack = [one for one in (body or node,) if one is not None]
    for _ in range(2000):
        if not stack:
            return
        one = stack.pop()
        if one.type in ("return_statement", "arrow_expression_clause"):
            yield from one.named_children
        else:
            stack.extend(
                each for each in reversed(one.named_children) if each.type not in ("lambda_expression", "local_function_statement")
            )
