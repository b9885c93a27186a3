"""One C# document → :class:`~graphinv.ingest.support.csharp.ir.Module`."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from graphinv.ingest import Document
from graphinv.ingest.support.compiled import Call, kept_text
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.expressions import AGENTS, LIBRARY, Expressions
from graphinv.ingest.support.csharp.syntax import argument_value, type_name
from graphinv.ingest.support.javascript.syntax import line_of, text_of
from graphinv.ingest.support.syntax_trees import MAX_SOURCE, angles, tree_of
from graphinv.ingest.support.words import names
from graphinv.model.errors import IngestError

MAX_PARTS = 500
MAX_SERVERS = 50
"""Servers that one document is taken to make."""
MAX_CHAIN = 200
"""Calls, one on the other, that are looked through."""
MAX_INSIDE = 2000
"""Nodes in an argument that are looked at for what is said of a server or tool."""
_TYPES = names("class_declaration record_declaration struct_declaration interface_declaration")
_METHODS = names("method_declaration local_function_statement constructor_declaration")
_LITERALS = names("string_literal verbatim_string_literal raw_string_literal")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{1,4})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_HINTS = {"ReadOnly": "readOnlyHint", "Destructive": "destructiveHint", "Idempotent": "idempotentHint", "OpenWorld": "openWorldHint"}
_TRANSPORTS = {
    "WithStdioServerTransport": "stdio",
    "WithHttpTransport": "http",
    "StdioServerTransport": "stdio",
    "WithStreamServerTransport": "in-process",
}
_OPEN = names("WithListToolsHandler ListToolsHandler")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_c_sharp.language()))


def read_module(document: Document) -> ir.Module:
    """What is kept of a document; where its syntax is broken, of what can be read of it.

    Raises:
        IngestError: it is too large, nested without end, or made to take long.
    """
    if len(document.data) > MAX_SOURCE:
        raise IngestError(f"is larger than {MAX_SOURCE} bytes of source", document=document.path)
    tree = tree_of(_parser(), document.data, document.path, angled=angles(document.data))
    reader = _Reader(document)
    reader.read(tree.root_node)
    return reader.module


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.module = ir.Module(document.path)
        self.type = ir.Type("", 1)
        """The type that is read; that of statements outside of types at first."""
        self.method = ir.Method("", 1)
        self.kinds: dict[str, str] = {}
        """Fields, parameters and variables with their types."""
        self.module.types.append(self.type)
        self.type.methods.append(self.method)
        said = AGENTS.search(document.data) and not LIBRARY.search(document.data)
        self.expressions = Expressions(self) if said else None

    # ---- declarations -------------------------------------------------------------------------------------------------------

    def read(self, root: Node) -> None:
        """Walks the tree without recursion: on the way out of a type or method what was around it holds again."""
        stack: list[tuple[Node, bool]] = [(root, False)]
        around: list[tuple[ir.Type, ir.Method, dict[str, str]]] = []
        while stack:
            node, left = stack.pop()
            if left:
                self.type, self.method, self.kinds = around.pop()
                continue
            if node.type in _TYPES or node.type in _METHODS:
                around.append((self.type, self.method, self.kinds))
                stack.append((node, True))
                self.enter(node)
            elif node.type == "field_declaration":
                self.fields(node)
            elif node.type == "property_declaration":
                self.kinds[text_of(node.child_by_field_name("name"))] = type_name(node.child_by_field_name("type"))
            elif node.type == "variable_declaration":
                self.variables(node)
            elif node.type == "invocation_expression":
                self.invoked(node)
            elif node.type == "object_creation_expression":
                self.made(node)
            elif node.type in ("type_argument_list", "typeof_expression"):
                self.module.named += [type_name(one) for one in node.named_children]
            elif node.type == "assignment_expression":
                self.assigned(node)
            elif node.type == "attribute_list":
                continue
            if self.expressions is not None:
                self.expressions.note(node)
            stack.extend((one, False) for one in reversed(node.named_children))

    def enter(self, node: Node) -> None:
        name = text_of(node.child_by_field_name("name"))
        attributes = dict(_attributes(node))
        self.kinds = dict(self.kinds)
        if node.type in _TYPES:
            self.type = ir.Type(name, line_of(node), "McpServerToolType" in attributes)
            self.method = ir.Method("", line_of(node))
            self.type.methods.append(self.method)
            self.module.types.append(self.type)
        else:
            returns = node.child_by_field_name("returns") or node.child_by_field_name("type")
            outer = self.method if node.type == "local_function_statement" else None
            self.method = ir.Method(name, line_of(node), returns=text_of(returns)[:80], outer=outer)
            self.type.methods.append(self.method)
            if "McpServerTool" in attributes:
                self.method.tool = self.tool(attributes["McpServerTool"], attributes, line_of(node))
            if "KernelFunction" in attributes:
                self.method.function = self.tool(attributes["KernelFunction"], attributes, line_of(node))
        given = node.child_by_field_name("parameters") or next((one for one in node.children if one.type == "parameter_list"), None)
        self.method.params = self.parameters(given)

    def tool(self, attribute: Node, attributes: dict[str, Node], line: int) -> ir.Tool:
        """What ``attribute`` and the description beside it say of a tool."""
        found = ir.Tool(line)
        for label, value in _arguments(attribute):
            self.option(found, label or "Name", value)
        if "Description" in attributes:
            found.description = next((self.words(value) for _, value in _arguments(attributes["Description"])), ())
        return found

    def option(self, tool: ir.Tool, label: str, value: Node) -> None:
        """What one named argument or property says of a tool."""
        if label == "Name":
            tool.name = self.words(value)
        elif label == "Description":
            tool.description = self.words(value)
        elif label == "Title":
            tool.title = self.words(value)
        elif label in _HINTS and value.type == "boolean_literal":
            tool.annotations[_HINTS[label]] = text_of(value) == "true"

    def parameters(self, node: Node | None) -> list[ir.Param]:
        found: list[ir.Param] = []
        for one in node.named_children if node is not None else ():
            if one.type != "parameter":
                continue
            name, kind = text_of(one.child_by_field_name("name")), one.child_by_field_name("type")
            self.kinds[name] = type_name(kind)
            described = dict(_attributes(one)).get("Description")
            words = next((self.words(value) for _, value in _arguments(described)), ()) if described is not None else ()
            optional = any(child.type in ("=", "equals_value_clause") for child in one.children) or text_of(kind).endswith("?")
            found.append(ir.Param(name, text_of(kind)[:80], optional, words))
        return found

    def fields(self, node: Node) -> None:
        constant = any(text_of(one) == "const" or text_of(one) == "static" for one in node.children if one.type == "modifier")
        for declaration in (one for one in node.named_children if one.type == "variable_declaration"):
            kind = type_name(declaration.child_by_field_name("type"))
            for one in (each for each in declaration.named_children if each.type == "variable_declarator"):
                name = text_of(one.child_by_field_name("name"))
                self.kinds[name] = kind
                value = one.named_children[-1] if one.named_child_count > 1 else None
                if constant and value is not None and kind in ("string", "String"):
                    self.type.constants[name] = self.words(value, name)

    def variables(self, node: Node) -> None:
        kind = type_name(node.child_by_field_name("type"))
        for one in (each for each in node.named_children if each.type == "variable_declarator"):
            value = one.named_children[-1] if one.named_child_count > 1 else None
            found = kind if kind != "var" else ""
            if not found and value is not None:
                inner = value.named_children[0] if value.type == "await_expression" and value.named_child_count else value
                if inner.type == "object_creation_expression":
                    found = type_name(inner.child_by_field_name("type"))
                elif inner.type == "invocation_expression" and self.path(inner).endswith(".CreateClient"):
                    found = "HttpClient"
            self.kinds[text_of(one.child_by_field_name("name"))] = found

    # ---- calls --------------------------------------------------------------------------------------------------------------

    def invoked(self, node: Node) -> None:
        path = self.path(node)
        last = path.rpartition(".")[2]
        given = node.child_by_field_name("arguments")
        values = [argument_value(one) for one in (given.named_children if given is not None else ())]
        texts = tuple(_whole(self.words(value)) if value is not None else None for value in values[:6])
        if path == "Environment.GetEnvironmentVariable" and texts and texts[0]:
            self.method.variables.append((texts[0], line_of(node)))
        if path in ("McpServerTool.Create", "McpServer.Create"):
            self.created(node, path, values)
        elif last == "AddMcpServer" and len(self.module.servers) < MAX_SERVERS:
            self.module.servers.append(ir.Server(line_of(node)))
            self.chained(node)
        elif self.module.servers and not _in_chain(node):
            self.server_call(node, last, values)
        self.method.calls.append(Call(path, tuple(text[:2000] if text is not None else None for text in texts), line_of(node)))

    def chained(self, node: Node) -> None:
        """What is called on ``AddMcpServer()``, one on the other: they stand around it."""
        above = node.parent
        for _ in range(MAX_CHAIN):
            if above is None or above.type not in ("member_access_expression", "invocation_expression"):
                break
            if above.type == "invocation_expression":
                given = above.child_by_field_name("arguments")
                values = [argument_value(one) for one in (given.named_children if given is not None else ())]
                self.server_call(above, self.path(above).rpartition(".")[2], values)
            above = above.parent

    def server_call(self, node: Node, last: str, values: list[Node | None]) -> None:
        """A call that may say something of the server before."""
        if last in ("WithTools", "WithToolsFromAssembly"):
            self.with_tools(node, last, values)
        elif last in _TRANSPORTS:
            self.module.servers[-1].transport = _TRANSPORTS[last]
        elif last in _OPEN:
            self.module.servers[-1].open = True

    def with_tools(self, node: Node, last: str, values: list[Node | None]) -> None:
        """``.WithTools<T>()``, ``.WithTools([typeof(T)])``, ``.WithToolsFromAssembly()``: of the server before, to which it is chained."""
        server = self.module.servers[-1]
        named = [type_name(one) for value in values if value is not None for one in _descendants(value) if one.type == "typeof_expression"]
        if last == "WithToolsFromAssembly":
            server.assemblies.append(named[0] if named else "")
            return
        called = node.child_by_field_name("function")
        name = called.child_by_field_name("name") if called is not None else None
        for one in name.named_children if name is not None and name.type == "generic_name" else ():
            if one.type == "type_argument_list":
                server.types += [type_name(kind) for kind in one.named_children]
        server.types += named

    def created(self, node: Node, path: str, values: list[Node | None]) -> None:
        if path == "McpServer.Create":
            self.module.servers.append(ir.Server(line_of(node)))
            return
        tool = ir.Tool(line_of(node))
        for value in values[1:]:
            for one in _descendants(value) if value is not None else ():
                if one.type == "assignment_expression":
                    left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
                    if left is not None and right is not None:
                        self.option(tool, text_of(left), right)
        first = values[0] if values else None
        method, function = "", None
        if first is not None and first.type in ("lambda_expression", "anonymous_method_expression"):
            function = ir.Method("", line_of(first))
            outside, self.method = self.method, function
            function.params = self.parameters(first.child_by_field_name("parameters"))
            self.method = outside
        elif first is not None:
            named = [text_of(one) for one in _descendants(first) if one.type == "member_access_expression"]
            inner = [re.search(r"nameof\(([\w.]+)\)", text_of(first))]
            method = inner[0][1] if inner[0] else (named[0] if named else text_of(first))
        self.module.created.append(ir.Created(tool, method[:200], function))

    def made(self, node: Node) -> None:
        kind = type_name(node.child_by_field_name("type"))
        if kind in _TRANSPORTS and self.module.servers:
            self.module.servers[-1].transport = _TRANSPORTS[kind]
        given = node.child_by_field_name("arguments")
        values = [argument_value(one) for one in (given.named_children if given is not None else ())]
        texts = tuple(_whole(self.words(value)) if value is not None else None for value in values[:6])
        self.method.calls.append(Call(f"new_{kind}", texts, line_of(node)))

    def assigned(self, node: Node) -> None:
        """``ServerInfo = new Implementation { Name = …, Version = … }`` of the server before."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        last = text_of(left).rpartition(".")[2]
        if last in _OPEN and self.module.servers:
            self.module.servers[-1].open = True
        if last != "ServerInfo" or not self.module.servers:
            return
        for one in _descendants(right):
            if one.type == "assignment_expression":
                label, value = text_of(one.child_by_field_name("left")), one.child_by_field_name("right")
                if value is not None and label in ("Name", "Version"):
                    setattr(self.module.servers[-1], label.lower(), self.words(value))

    def path(self, node: Node) -> str:
        """What is called: ``File.ReadAllText``, ``HttpClient.GetAsync`` by a variable's type, ``.Helper`` of the own type, ``?.Get``."""
        called = node.child_by_field_name("function")
        if called is None:
            return "?"
        if called.type in ("identifier", "generic_name"):
            return f".{type_name(called)}"
        if called.type != "member_access_expression":
            return "?"
        member = type_name(called.child_by_field_name("name"))
        base = called.child_by_field_name("expression")
        if base is not None and base.type == "member_access_expression":
            inner = base.child_by_field_name("name")
            owner = base.child_by_field_name("expression")
            base = inner if _is_this(owner) or text_of(inner)[:1].isupper() else base
        if base is None:
            return f"?.{member}"
        if base.type == "object_creation_expression":
            return f"{type_name(base.child_by_field_name('type'))}.{member}"
        if base.type in ("identifier", "predefined_type", "generic_name"):
            text = type_name(base)
            if text in self.kinds:
                return f"{self.kinds[text] or '?'}.{member}"
            return f"{text}.{member}" if text[:1].isupper() or base.type == "predefined_type" else f"?.{member}"
        return f".{member}" if _is_this(base) else f"?.{member}"

    # ---- texts --------------------------------------------------------------------------------------------------------------

    def words(self, node: Node, key: str = "") -> ir.Words:
        """A text, of parts joined with ``+`` or in an interpolated string."""
        found: list[str | ir.Ref | None] = []
        stack = [node]
        while stack and len(found) < MAX_PARTS:
            one = stack.pop()
            if one.type in _LITERALS:
                found.append(kept_text(key, _unquoted(one)))
            elif one.type == "binary_expression":
                stack.extend(side for name in ("right", "left") if (side := one.child_by_field_name(name)) is not None)
            elif one.type == "interpolated_string_expression":
                stack.extend(reversed([each for each in one.named_children if each.type in ("string_content", "interpolation")]))
            elif one.type == "string_content":
                found.append(kept_text(key, text_of(one)))
            elif one.type in ("interpolation", "parenthesized_expression"):
                inner = [each for each in one.named_children if each.type != "interpolation_brace"]
                stack.extend(inner[:1])
            elif one.type in ("identifier", "member_access_expression"):
                found.append(ir.Ref(".".join(text_of(one).split(".")[-2:])[:200]))
            elif one.type == "invocation_expression" and text_of(one.child_by_field_name("function"))[:7] == "nameof":
                found.append(text_of(one)[7:-1].rpartition(".")[2][:200])
            else:
                found.append(None)
        return tuple(found)


def _is_this(node: Node | None) -> bool:
    return node is not None and node.type in ("this", "this_expression")


def _in_chain(node: Node) -> bool:
    """Whether it is called on ``AddMcpServer()`` itself, through others that are."""
    for _ in range(MAX_CHAIN):
        called = node.child_by_field_name("function")
        if called is None or called.type != "member_access_expression":
            return False
        base = called.child_by_field_name("expression")
        if type_name(called.child_by_field_name("name")) == "AddMcpServer":
            return True
        if base is None:
            return False
        node = base
    return False


def _whole(words: ir.Words) -> str | None:
    """The text, where all of it is constant and here; the beginning of one that goes on."""
    known: list[str] = []
    for word in words:
        if not isinstance(word, str):
            break
        known.append(word)
    return "".join(known) if known else None


def _unquoted(node: Node) -> str:
    text = text_of(node)
    if node.type == "raw_string_literal":
        content = [text_of(one) for one in node.named_children if one.type == "raw_string_content"]
        return "".join(content).strip("\n")
    if node.type == "verbatim_string_literal":
        return text[2:-1].replace('""', '"')
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[4]:
        return _SIMPLE.get(match[4], match[4])
    code = int(match[1] or match[2] or match[3], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 and code else ""


def _attributes(node: Node) -> list[tuple[str, Node]]:
    blocks = [block for block in node.named_children if block.type == "attribute_list"]
    found = [one for block in blocks for one in block.named_children if one.type == "attribute"]
    return [(type_name(one.child_by_field_name("name")).removesuffix("Attribute"), one) for one in found]


def _arguments(attribute: Node) -> list[tuple[str, Node]]:
    blocks = [block for block in attribute.named_children if block.type == "attribute_argument_list"]
    found = [one for block in blocks for one in block.named_children if one.type == "attribute_argument" and one.named_child_count]
    return [(text_of(one.child_by_field_name("name")), one.named_children[-1]) for one in found]


def _descendants(node: Node) -> list[Node]:
    found: list[Node] = []
    stack = [node]
    while stack and len(found) < MAX_INSIDE:
        one = stack.pop()
        found.append(one)
        stack.extend(reversed(one.named_children))
    return found
