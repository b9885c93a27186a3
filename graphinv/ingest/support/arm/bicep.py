"""Bicep as text → :mod:`.ir`: statements. Nothing is compiled or fetched; one that is not understood is told, and the next one read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from graphinv.ingest import Document
from graphinv.ingest.support.arm import ir
from graphinv.ingest.support.arm.bicep_expressions import Expressions, Unreadable, within_loop
from graphinv.ingest.support.arm.reading import NESTED, Masking
from graphinv.ingest.support.secret_shapes import hide

_STATEMENT = re.compile(
    r"^(?=@|(?:param|var|resource|module|output|targetScope|type|func|import|metadata|using|extension|provider|assert)\b)", re.MULTILINE
)
MAX_STATEMENTS = 5_000


@dataclass(slots=True)
class _Found:
    """What has been read of a document."""

    scope: str = "resourceGroup"
    using: str = ""
    parameters: dict[str, ir.Parameter] = field(default_factory=dict)
    values: dict[str, ir.Expr] = field(default_factory=dict)
    variables: dict[str, ir.Expr] = field(default_factory=dict)
    functions: dict[str, ir.Lambda] = field(default_factory=dict)
    outputs: dict[str, ir.Expr] = field(default_factory=dict)
    resources: list[ir.Resource] = field(default_factory=list)
    modules: list[ir.Module] = field(default_factory=list)


def read(document: Document) -> ir.Template | ir.Values:
    """A template, or the values of a ``.bicepparam``.

    Raises:
        IngestError: not text.
    """
    masking = Masking(document)
    parser = _Parser(document.text(), masking)
    found = parser.document()
    if document.path.lower().endswith(".bicepparam"):
        return ir.Values(document.path, found.values, found.using, tuple(masking.facts))
    return ir.Template(
        document.path,
        found.scope,
        found.parameters,
        found.variables,
        found.functions,
        tuple(found.resources),
        tuple(found.modules),
        found.outputs,
        tuple(masking.facts),
        tuple(masking.problems),
    )


class _Parser(Expressions):
    def document(self) -> _Found:
        found = _Found()
        for _ in range(MAX_STATEMENTS):
            self.blank()
            if self.at >= len(self.text):
                break
            start = self.at
            try:
                self.statement(found)
            except (Unreadable, RecursionError):
                self.masking.problem(self.line(start), "a statement is not understood; it is left out")
                following = _STATEMENT.search(self.text, max(self.at, start) + 1)
                self.at = following.start() if following else len(self.text)
                self.depth = 0
        return found

    def statement(self, found: _Found) -> None:
        secure = False
        while self.takes("@"):
            decorator = self.postfix()
            secure = secure or (isinstance(decorator, ir.Call) and decorator.name == "secure")
            self.blank()
        line = self.line(self.at)
        keyword = self.word()
        match keyword:
            case "targetScope":
                self.expect("=")
                scope = self.expression()
                found.scope = str(scope.value) if isinstance(scope, ir.Literal) else found.scope
            case "using":
                self.spaces()
                found.using = self.plain() or "none" if self.peeks("'") else self.word()
            case "param":
                self.parameter(found, secure)
            case "var" | "output":
                name = self.word()
                self.skip_type("=")
                self.expect("=")
                self.key = name
                into = found.variables if keyword == "var" else found.outputs
                into[hide(name)] = self.expression()
            case "func":
                name = self.word()
                names = self.signature()
                self.skip_type("=>")
                self.expect("=>")
                found.functions[name] = ir.Lambda(names, self.expression())
            case "resource" | "module":
                self.declared(keyword, found, line, "", "")
            case "metadata" | "extension" | "provider" | "import" | "type" | "assert":
                self.skip_type()  # up to the end of its last line
            case _:
                raise Unreadable
        self.key = ""

    def parameter(self, found: _Found, secure: bool) -> None:
        name = self.word()
        self.skip_type("=")
        if not self.takes("="):
            found.parameters[hide(name)] = ir.Parameter(None, secure)
            return
        self.key, self.sensitive = name, secure
        value = self.expression()
        self.key, self.sensitive = "", False
        found.parameters[hide(name)] = ir.Parameter(value, secure)
        found.values[hide(name)] = value

    def signature(self) -> tuple[str, ...]:
        """Names of a function's parameters."""
        self.expect("(")
        names: list[str] = []
        while not self.takes(")"):
            self.blank()
            names.append(self.word())
            self.skip_type(",", ")")
            self.takes(",")
            self.blank()
        return tuple(names)

    def skip_type(self, *until: str) -> None:
        """A type: up to ``until`` or the end of the line, outside of brackets."""
        depth = 0
        while self.at < len(self.text):
            one = self.text[self.at]
            if one == "'":
                self.plain()
                continue
            if depth == 0 and any(self.text.startswith(sign, self.at) for sign in until):
                return
            if depth == 0 and one == "\n":
                follows = re.compile(r"\s*\|").match(self.text, self.at)
                if follows is None:
                    return
                self.at = follows.end()
                continue
            depth += (one in "{[(<") - (one in "}])>")
            self.at += 1

    def declared(self, keyword: str, found: _Found, line: int, parent: str, around: str) -> None:
        """A resource or a module; ``parent`` is the symbol of the resource that it stands in, ``around`` that one's type."""
        symbol = self.word()
        self.spaces()
        address = self.plain()
        existing = self.takes_word("existing")
        self.expect("=")
        self.blank()
        kind = address.partition("@")[0]
        if keyword == "resource" and "/" not in kind and around:
            kind = f"{around}/{kind}"
        loop = condition = None
        looping = self.peeks("[") and within_loop(self.text, self.at)
        if looping:
            self.takes("[")
            loop, condition = self.loop_head()
        elif self.takes_word("if"):
            self.expect("(")
            self.blank()
            condition = self.expression()
            self.blank()
            self.expect(")")
        self.blank()
        self.kind = kind
        held: list[tuple[str, int]] = []
        body = self.object(nested=held)
        if looping:
            self.blank()
            self.expect("]")
        self.kind = ""
        stated = {str(key.value): value for key, value in body.pairs if isinstance(key, ir.Literal)}
        name, scope = stated.get("name", stated.get("uniqueName", ir.NOTHING)), stated.get("scope")
        if keyword == "module" or kind.lower() == NESTED:
            parameters = stated.get("params", ir.Object(()))
            found.modules.append(ir.Module(symbol, address, None, name, parameters, line, condition, loop, scope))
            return
        over = stated.get("parent")
        outer = over.name if isinstance(over, ir.Name) else parent
        rest = ir.Object(
            tuple(pair for pair in body.pairs if not (isinstance(pair[0], ir.Literal) and pair[0].value in ("name", "parent", "scope")))
        )
        # A part of one of several resources: of each of them, as far as can be told from here.
        found.resources.append(ir.Resource(symbol, kind, name, rest, line, condition, loop, existing, outer, scope))
        for _, start in held:
            after, self.at = self.at, start
            inner = self.line(self.at)
            self.word()
            self.declared("resource", found, inner, symbol, kind)
            self.at = after
