"""One document → :class:`~graphinv.ingest.support.javascript.ir.Module`. Statements are walked with lists of work."""

from __future__ import annotations

from tree_sitter import Node

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.expressions import Expressions
from graphinv.ingest.support.javascript.syntax import (
    BLOCKS,
    CLASSES,
    TYPES,
    declared,
    export_names,
    key_text,
    line_of,
    part,
    text_of,
)


def read_module(document: Document, *, marked: bool) -> ir.Module:
    """The summary of a document.

    Raises:
        IngestError: it is no text, or nested without end.
    """
    document.text()
    return _Reader(document).module(marked)


class _Reader(Expressions):
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

    def body(self, node: Node) -> None:  # noqa: PLR0912 - one case per kind of statement
        if node.type not in BLOCKS:
            self.function.returns.append(self.expression(node))  # an arrow function's expression
            return
        stack = [node]
        while stack:
            one = stack.pop()
            kind = one.type
            if kind in TYPES:
                continue
            if kind in BLOCKS:
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
                self.declare(text_of(one.child_by_field_name("name")), self.make_function(one, ""))
            elif kind in CLASSES:
                self.declare(text_of(one.child_by_field_name("name")), self.make_class(one, ""))
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

    def declarator(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        if name.type == "identifier":
            text = text_of(name)
            self.declare(text, self.expression(value, text))
        else:
            base = self.expression(value)
            for local, path, default in self.pattern(name):
                self.declare(local, part(base, path, default, line_of(name)))

    def loop(self, node: Node) -> None:
        left, right, operator = (node.child_by_field_name(name) for name in ("left", "right", "operator"))
        if left is None or right is None:
            return
        base = ir.Each(self.expression(right), text_of(operator) == "in", line_of(right))
        for local, path, default in self.pattern(left):
            self.declare(local, part(base, path, default, line_of(left)))

    def import_statement(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        clause = next((child for child in node.named_children if child.type in ("import_clause", "import_require_clause")), None)
        if clause is not None and clause.type == "import_require_clause":
            source = clause.child_by_field_name("source")
        specifier = self.specifier(source)
        if clause is None or not specifier or any(child.type == "type" for child in node.children):
            return
        for child in clause.named_children:
            line = line_of(child)
            if child.type == "identifier":
                self.imports[text_of(child)] = (specifier, "default" if clause.type == "import_clause" else "*", line)
            elif child.type == "namespace_import" and child.named_child_count:
                self.imports[text_of(child.named_children[0])] = (specifier, "*", line)
            elif child.type == "named_imports":
                for one in child.named_children:
                    name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                    if name is not None:
                        self.imports[text_of(alias or name)] = (specifier, key_text(name), line)

    def export(self, node: Node) -> Node | None:
        """Notes what is exported; gives back the declaration in it, to be walked."""
        source = node.child_by_field_name("source")
        if source is not None:
            specifier = self.specifier(source)
            clause = next((child for child in node.named_children if child.type in ("export_clause", "namespace_export")), None)
            if clause is None:
                self.stars.append(specifier)
            elif clause.type == "namespace_export":
                self.exports[text_of(clause.named_children[0])] = ("from", specifier, "*")
            else:
                for name, alias in export_names(clause):
                    self.exports[alias] = ("from", specifier, name)
            return None
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        is_default = any(child.type == "default" for child in node.children)
        if value is not None:
            self.exports["default"] = ("local", self.expression(value, "default"), "")
        elif declaration is not None:
            for name in declared(declaration):
                self.exports["default" if is_default else name] = ("local", ir.Name(name, line_of(declaration)), "")
            return declaration
        for clause in node.named_children:
            if clause.type == "export_clause":
                for name, alias in export_names(clause):
                    self.exports[alias] = ("local", ir.Name(name, line_of(clause)), "")
            elif clause.type in ("identifier", "object", "call_expression", "new_expression"):  # export = value
                self.common_exports(self.expression(clause))
        return None
