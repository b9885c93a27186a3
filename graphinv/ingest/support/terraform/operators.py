"""Operators of Terraform's expressions, over values with unknown parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphinv.ingest.support.partial import Unknown, Value, encode, is_known


def operate(operator: str, operands: list[Value]) -> Value:
    """What an operator gives; Unknown where that can't be told.

    >>> operate("&&", [False, Unknown("var.a")]), operate("!=", [Unknown("aws_vpc.a.id"), None]), operate("+", [1, 2])
    (False, True, 3)
    """
    if len(operands) == 1:
        one = operands[0]
        if operator == "!" and isinstance(one, bool):
            return not one
        return -one if operator == "-" and isinstance(one, (int, float)) else Unknown("?")
    if len(operands) != 2:
        return Unknown("?")
    one, other = operands
    if operator in ("&&", "||"):
        decided = operator == "||"
        if one is decided or other is decided:
            return decided
        return (not decided) if isinstance(one, bool) and isinstance(other, bool) else Unknown("?")
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        # Whatever a resource will tell, it will be there.
        return operator == "!=" if operator in ("==", "!=") and None in (one, other) and _is_made(one, other) else Unknown("?")
    if operator in ("==", "!="):
        texts = [text for text in operands if isinstance(text, str)]
        if not all(map(is_known, texts)):
            return Unknown("?")
        same = encode(one) == encode(other) and isinstance(one, bool) == isinstance(other, bool)
        return same == (operator == "==")
    if not isinstance(one, (int, float)) or not isinstance(other, (int, float)):
        return Unknown("?")
    try:
        return _ARITHMETIC[operator](one, other)
    except (KeyError, ArithmeticError, ValueError):
        return Unknown("?")


def _is_made(*values: Value) -> bool:
    """Whether what is unknown is something that exists once it is applied, not a variable that may be left out."""
    return all(not isinstance(value, Unknown) or not ("var." in value.text or "?" in value.text) for value in values)


_ARITHMETIC: dict[str, Callable[[Any, Any], Value]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other if abs(one) < 1e12 and abs(other) < 1e12 else Unknown("?"),
    "/": lambda one, other: one / other,
    "%": lambda one, other: one % other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}
