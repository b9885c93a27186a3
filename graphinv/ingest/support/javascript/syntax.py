"""Nodes of a syntax tree: their kinds, texts and names."""

from __future__ import annotations

import re

from tree_sitter import Node

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.words import names

TRANSPARENT = names(
    "await_expression as_expression satisfies_expression non_null_expression parenthesized_expression type_assertion yield_expression"
)
TYPES = names(
    "comment type_annotation interface_declaration type_alias_declaration enum_declaration type_arguments "
    "type_parameters ambient_declaration jsx_element jsx_self_closing_element jsx_fragment regex import_alias "
    "decorator hash_bang_line function_signature predefined_type empty_statement debugger_statement break_statement "
    "continue_statement"
)
BLOCKS = names(
    "program statement_block if_statement else_clause try_statement catch_clause finally_clause switch_statement "
    "switch_body switch_case switch_default labeled_statement for_statement while_statement do_statement "
    "internal_module module with_statement"
)
FUNCTIONS = names("function_declaration generator_function_declaration function_expression generator_function arrow_function function")
CLASSES = names("class_declaration abstract_class_declaration class")


def line_of(node: Node) -> int:
    """The line it begins on."""
    return node.start_point[0] + 1


def text_of(node: Node | None) -> str:
    """Its text as it stands; empty for none."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def key_text(node: Node | None) -> str:
    """The name that a key of an object stands for."""
    text = text_of(node)
    return text[1:-1] if node is not None and node.type == "string" else text


def number(text: str) -> int | float | None:
    """The value of a number's text; None for forms that do not matter."""
    text = text.replace("_", "")[:40]
    for read in (int, float):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    return None


def root(expr: ir.Expr) -> str:
    """The name that a row of calls and members begins with."""
    while isinstance(expr, (ir.Attr, ir.Call)):
        expr = expr.base if isinstance(expr, ir.Attr) else expr.func
    return expr.id if isinstance(expr, ir.Name) else ""


def is_environment(expr: ir.Expr) -> bool:
    """Whether it is ``process.env`` or its like."""
    return isinstance(expr, ir.Attr) and expr.attr == "env" and isinstance(expr.base, ir.Name) and expr.base.id in RUNTIMES


QUIET = names(
    "console Math JSON expect vi jest describe it test beforeEach afterEach beforeAll afterAll assert z super chai sinon performance"
)
"""What calls on these do is known to be nothing that matters; what stands in their arguments is noted all the same."""
RUNTIMES = frozenset({"process", "import.meta", "Deno", "Bun"})


def part(base: ir.Expr, path: tuple[str | int, ...], default: ir.Expr | None, line: int) -> ir.Expr:
    """Part of a value, by destructuring."""
    if len(path) == 1 and isinstance(path[0], str) and is_environment(base):
        return ir.Env(path[0], line)
    return ir.Path(base, path, default, line)


def export_names(clause: Node) -> list[tuple[str, str]]:
    """Name and exported name of everything in ``{ a, b as c }``."""
    found = []
    for one in clause.named_children:
        name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
        if one.type == "export_specifier" and name is not None:
            found.append((key_text(name), key_text(alias or name)))
    return found


def declared(node: Node) -> list[str]:
    """The names that a declaration declares."""
    if node.type in ("lexical_declaration", "variable_declaration"):
        names: list[str] = []
        for declarator in node.named_children:
            name = declarator.child_by_field_name("name")
            if name is not None:
                names.extend(re.findall(r"[\w$]+", text_of(name)) if name.type != "identifier" else [text_of(name)])
        return names
    name = node.child_by_field_name("name")
    return [text_of(name)] if name is not None else []
