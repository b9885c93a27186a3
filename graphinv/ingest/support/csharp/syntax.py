"""Names and places in the syntax tree of C#."""

from __future__ import annotations

from collections.abc import Container

from tree_sitter import Node

from graphinv.ingest.support.javascript.syntax import text_of

MAX_DEPTH = 40


def type_name(node: Node | None) -> str:
    """The last name of a type, without its arguments and ``?``."""
    for _ in range(MAX_DEPTH):
        if node is None:
            return ""
        if node.type in ("generic_name", "nullable_type", "array_type", "typeof_expression", "type") and node.named_child_count:
            node = node.named_children[0]
        elif node.type in ("qualified_name", "alias_qualified_name", "member_access_expression"):
            node = node.child_by_field_name("name")
        else:
            break
    return text_of(node)[:200]


def argument_value(argument: Node) -> Node | None:
    """What an argument is, without its name."""
    return argument.named_children[-1] if argument.type == "argument" and argument.named_child_count else None


def within(node: Node, kind: str, ends: Container[str]) -> bool:
    """Whether something of that kind is around ``node``, before what is one of ``ends``."""
    above = node.parent
    for _ in range(MAX_DEPTH):
        if above is None or above.type == kind or above.type in ends:
            break
        above = above.parent
    return above is not None and above.type == kind
