"""Classes of the tree: what they inherit from, and their initialiser."""

from __future__ import annotations

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.values import ClassV, External


def ancestry(ev: Evaluation, cls: ClassV) -> list[ClassV]:
    """The class and those of the tree that it inherits from, nearest first."""
    found: list[ClassV] = []
    stack = [cls]
    while stack and len(found) < 20:
        one = stack.pop(0)
        if any(one.cls is other.cls for other in found):
            continue
        found.append(one)
        for base in one.cls.bases:
            stack.extend(option for option in ev.evaluate(base, one.scope).options() if isinstance(option, ClassV))
    return found


def base_name(ev: Evaluation, cls: ClassV) -> str:
    """Dotted name of the first base outside of the tree; ``""`` where there is none."""
    for one in ancestry(ev, cls):
        for base in one.cls.bases:
            for option in ev.evaluate(base, one.scope).options():
                if isinstance(option, External) and not option.dotted.startswith(("builtins.", "typing.", "abc.")):
                    return option.dotted
    return ""


def initialiser(ev: Evaluation, cls: ClassV) -> tuple[ClassV, ir.Function] | None:
    """``__init__`` of a class of the tree or of what it inherits from in the tree, and the class that defines it."""
    for one in ancestry(ev, cls):
        for entry in ev.table(one.cls).names.get("__init__", ()):
            if isinstance(entry.statement, ir.Function):
                return one, entry.statement
    return None


def is_static(function: ir.Function) -> bool:
    """Whether a method is called on nothing."""
    return any(decorator_name(one) == "staticmethod" for one in function.decorators)


def is_class_method(function: ir.Function) -> bool:
    """Whether a method is called on its class."""
    return any(isinstance(one, ir.Name) and one.id == "classmethod" for one in function.decorators)


def decorator_name(expr: ir.Expr) -> str:
    """The last part of what stands above a function with ``@``; ``""`` where it is called."""
    return expr.id if isinstance(expr, ir.Name) else expr.attr if isinstance(expr, ir.Attr) else ""
