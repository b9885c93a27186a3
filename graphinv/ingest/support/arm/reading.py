"""ARM templates and files of parameters in JSON → :mod:`.ir`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.arm import expressions, ir
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.masked import mask
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.terraform.sensitive import is_sensitive
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

MAX_DEPTH = 80
MAX_NESTED = 20
NESTED = "microsoft.resources/deployments"
_SCOPES = {
    "subscriptionDeploymentTemplate": "subscription",
    "managementGroupDeploymentTemplate": "managementGroup",
    "tenantDeploymentTemplate": "tenant",
}
_HOLDS = {("microsoft.keyvault/vaults/secrets", "value"), ("microsoft.apimanagement/service/namedvalues", "value")}
"""Properties of a type that hold nothing but a credential."""
_SECRET_LISTS = frozenset({"secrets", "credentials", "connectionstrings", "secureenvironmentvariables"})
_PLAIN = frozenset({"name", "identity", "keyVaultUrl", "type"})
_LIKE_ONE = re.compile(r"[\w+/=.~!@#$%^&*-]{6,}")
_SECURE = re.compile(r"secure(?:string|object)", re.IGNORECASE)
_FILLED = re.compile(r"\$\{\{?\s*([A-Za-z_][\w.]{0,100})(?:=[^{}]{0,200})?\s*\}\}?")
_OUTSIDE = frozenset(
    {"name", "type", "apiVersion", "scope", "condition", "copy", "dependsOn", "resources", "existing", "comments", "metadata"}
)


class Masking:
    """Takes credentials out of a template. ``facts`` are about them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.facts: list[Fact] = []
        self.problems: list[Problem] = []

    def text(self, value: str, key: str, line: int, *, sensitive: bool = False, part: bool = False) -> str:
        """A constant under ``key``; ``sensitive`` says that its place holds nothing but a credential, ``part`` that it is put together
        with others: then what it stands under tells of it only where it looks like a credential or the beginning of one."""
        key = "" if part and not sensitive and not _LIKE_ONE.fullmatch(value) else key
        return mask(self.document, line, key, value, self.facts, sensitive=sensitive or is_sensitive("", key))

    def holds(self, kind: str, key: str, within: str) -> bool:
        """Whether what stands under ``key``, in a list or object under ``within``, of a resource of type ``kind`` is a credential."""
        return (kind.lower(), key) in _HOLDS or (self.lists(within) and key not in _PLAIN)

    def lists(self, key: str) -> bool:
        """Whether what stands under ``key`` is a list of credentials."""
        return key.lower() in _SECRET_LISTS

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.document.path, f"L{line}", message, "warning", "arm"))


def read(document: Document) -> ir.Template | ir.Values:
    """A template, or the values of a file of parameters; an empty template where one only lies further inside, as in the definition of
    a policy, which deploys it wherever it is assigned.

    Raises:
        IngestError: not JSON, or no object.
    """
    located = jsondoc.parse(document)
    top = located.value
    if not isinstance(top, dict):
        raise IngestError("is neither a template nor a file of parameters", document=document.path)
    schema = str(top.get("$schema"))
    masking = Masking(document)
    reader = _Reader(document, located, masking)
    if "eploymentParameters" in schema:
        return reader.values()
    found = reader.template(top if "eploymentTemplate" in schema else {}, (), 0)
    return replace(found, facts=tuple(masking.facts), problems=tuple(masking.problems))


class _Reader:
    def __init__(self, document: Document, located: Located, masking: Masking) -> None:
        self.document = document
        self.located = located
        self.masking = masking

    def values(self) -> ir.Values:
        found: dict[str, ir.Expr] = {}
        for name, one in _objects(self.located.value.get("parameters")).items():
            line = self.located.line("parameters", name)
            if "value" in one:
                found[hide(name)] = self.given(one["value"], name, line)
            elif isinstance(reference := one.get("reference"), dict):
                vault = reference.get("keyVault")
                id = vault.get("id") if isinstance(vault, dict) else None
                arguments = (self.expr(id, "id", line), self.expr(reference.get("secretName"), "secretName", line))
                found[hide(name)] = ir.Call("getSecret", arguments)
        return ir.Values(self.document.path, found, facts=tuple(self.masking.facts))

    def given(self, value: Any, key: str, line: int) -> ir.Expr:
        """The value of a parameter; what tools fill in (``${NAME}``, ``${{NAME}}``) stays open."""
        if not isinstance(value, str) or not _FILLED.search(value):
            return self.expr(value, key, line)
        parts: list[ir.Expr] = []
        start = 0
        for match in _FILLED.finditer(value):
            parts += [ir.Literal(self.masking.text(value[start : match.start()], key, line, part=True))] if match.start() > start else []
            parts.append(ir.Call("unknown", (ir.Literal(match[1]),)))
            start = match.end()
        parts += [ir.Literal(self.masking.text(value[start:], key, line, part=True))] if start < len(value) else []
        return ir.Call("concat", tuple(parts)) if len(parts) > 1 else parts[0]

    def template(self, top: dict[str, Any], at: Pointer, depth: int) -> ir.Template:
        schema = str(top.get("$schema"))
        scope = next((one for name, one in _SCOPES.items() if name.lower() in schema.lower()), "resourceGroup")
        parameters = {hide(name): self.parameter(name, one, at) for name, one in _objects(top.get("parameters")).items()}
        variables = self.variables(top.get("variables"), at)
        functions: dict[str, ir.Lambda] = {}
        for space in top["functions"] if isinstance(top.get("functions"), list) else ():
            for name, one in _objects(space.get("members")).items() if isinstance(space, dict) else ():
                given = one.get("parameters")
                names = tuple(str(item.get("name")) for item in given if isinstance(item, dict)) if isinstance(given, list) else ()
                output = one.get("output")
                line = self.located.line(*at, "functions")
                body = self.expr(output.get("value"), name, line) if isinstance(output, dict) else ir.NOTHING
                functions[f"{space.get('namespace')}.{name}"] = ir.Lambda(names, body)
        outputs = {
            hide(name): self.expr(one.get("value"), name, self.located.line(*at, "outputs", name))
            for name, one in _objects(top.get("outputs")).items()
        }
        made: list[ir.Resource] = []
        modules: list[ir.Module] = []
        self.resources(top.get("resources"), (*at, "resources"), "", "", depth, made, modules)
        metadata = top.get("metadata")
        generator = metadata.get("_generator") if isinstance(metadata, dict) else None
        compiled = isinstance(generator, dict) and generator.get("name") == "bicep"
        return ir.Template(
            self.document.path,
            scope,
            parameters,
            variables,
            functions,
            tuple(made),
            tuple(modules),
            outputs,
            compiled=compiled,
        )

    def parameter(self, name: str, one: dict[str, Any], at: Pointer) -> ir.Parameter:
        line = self.located.line(*at, "parameters", name)
        secure = bool(_SECURE.fullmatch(str(one.get("type"))))
        default = self.expr(one["defaultValue"], name, line, sensitive=secure) if "defaultValue" in one else None
        return ir.Parameter(default, secure)

    def variables(self, stated: Any, at: Pointer) -> dict[str, ir.Expr]:
        found: dict[str, ir.Expr] = {}
        for name, value in stated.items() if isinstance(stated, dict) else ():
            line = self.located.line(*at, "variables", name)
            if name == "copy" and isinstance(value, list):
                found |= {hide(key): made for key, made in self.copies(value, line, "", 0)}
            else:
                found[hide(name)] = self.expr(value, name, line)
        return found

    def resources(
        self, stated: Any, at: Pointer, around: str, parent: str, depth: int, made: list[ir.Resource], modules: list[ir.Module]
    ) -> None:
        """Resources of a list, or by symbol; ``around`` is the type of the one that they are part of, ``parent`` its symbol."""
        pairs = stated.items() if isinstance(stated, dict) else enumerate(stated) if isinstance(stated, list) else ()
        for key, one in pairs:
            if not isinstance(one, dict) or not isinstance(one.get("type"), str):
                continue
            pointer = (*at, key)
            line = self.located.line(*pointer)
            symbol = key if isinstance(key, str) else "/".join(str(part) for part in pointer)
            own = one["type"]
            kind = f"{around}/{own}" if around and "." not in own.partition("/")[0] else own
            name, condition = self.expr(one.get("name"), "name", line), one.get("condition")
            tested = None if condition is None else self.expr(condition, "condition", line)
            loop = self.loop(one.get("copy"), line)
            scope = self.expr(one["scope"], "scope", line) if one.get("scope") is not None else None
            if kind.lower() == NESTED:
                self.module(one, pointer, symbol, name, line, tested, loop, scope, depth, modules)
                continue
            body = self.expr({key: value for key, value in one.items() if key not in _OUTSIDE}, "", line, kind=kind)
            existing = one.get("existing") is True
            made.append(ir.Resource(symbol, kind.partition("@")[0], name, body, line, tested, loop, existing, parent, scope))
            if depth < MAX_NESTED and one.get("resources"):
                self.resources(one["resources"], (*pointer, "resources"), kind, symbol, depth + 1, made, modules)

    def module(  # noqa: PLR0913, PLR0917 - what any resource states, and its place
        self,
        one: dict[str, Any],
        at: Pointer,
        symbol: str,
        name: ir.Expr,
        line: int,
        condition: ir.Expr | None,
        loop: ir.Loop | None,
        scope: ir.Expr | None,
        depth: int,
        modules: list[ir.Module],
    ) -> None:
        properties = one.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        inner, link = properties.get("template"), properties.get("templateLink")
        template = None
        if isinstance(inner, dict) and depth < MAX_NESTED:
            template = self.template(inner, (*at, "properties", "template"), depth + 1)
        source = ""
        for key in ("relativePath", "uri"):
            if isinstance(link, dict) and isinstance(link.get(key), str) and not source:
                source = link[key] if not link[key].startswith("[") else ""
        options = properties.get("expressionEvaluationOptions")
        outer = inner is not None and not (isinstance(options, dict) and str(options.get("scope")).lower() == "inner")
        given = {
            key: value["value"] if isinstance(value, dict) and "value" in value else None
            for key, value in _objects(properties.get("parameters")).items()
        }
        group, subscription = one.get("resourceGroup"), one.get("subscriptionId")
        if scope is None and (group is not None or subscription is not None):
            parts = [self.expr(part, "scope", line) for part in (subscription, group) if part is not None]
            scope = ir.Call("resourceGroup" if group is not None else "subscription", tuple(parts))
        parameters = self.expr(given, "parameters", line)
        modules.append(ir.Module(symbol, source, template, name, parameters, line, condition, loop, scope, outer))

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def loop(self, stated: Any, line: int) -> ir.Loop | None:
        if not isinstance(stated, dict):
            return None
        count = self.expr(stated.get("count"), "count", line)
        return ir.Loop((f"copy:{stated.get('name')}",), ir.Call("range", (ir.Literal(0), count)))

    def copies(self, stated: list[Any], line: int, kind: str, depth: int) -> list[tuple[str, ir.Expr]]:
        found: list[tuple[str, ir.Expr]] = []
        for one in stated:
            loop = self.loop(one, line)
            if loop is not None:
                name = str(one.get("name"))
                found.append((name, ir.Each(loop, self.expr(one.get("input"), name, line, kind=kind, depth=depth + 1))))
        return found

    def expr(
        self, value: Any, key: str, line: int, *, kind: str = "", within: str = "", sensitive: bool = False, depth: int = 0
    ) -> ir.Expr:
        """``value``, which stands under ``key`` (in what stands under ``within``) of a resource of type ``kind``."""
        if isinstance(value, str):
            try:
                return expressions.parse(value, lambda text, part: self.masking.text(text, key, line, sensitive=sensitive, part=part))
            except expressions.Unreadable:
                self.masking.problem(line, "an expression is not understood")
                return ir.Call("unknown", (ir.Literal("?"),))
        if depth > MAX_DEPTH:
            self.masking.problem(line, f"is nested deeper than {MAX_DEPTH}, which is not read")
            return ir.NOTHING
        if isinstance(value, list):
            inside = [
                self.expr(one, _called(one) or key, line, kind=kind, within=within or key, sensitive=sensitive, depth=depth + 1)
                for one in value
            ]
            return ir.Array(tuple(inside))
        if isinstance(value, dict):
            pairs: list[tuple[ir.Expr, ir.Expr]] = []
            for name, inner in value.items():
                if name == "copy" and isinstance(inner, list):
                    pairs += [(ir.Literal(made), body) for made, body in self.copies(inner, line, kind, depth)]
                    continue
                # {name: "API_KEY", value: "…"}: the value stands under the name.
                under = (_called(value) or key) if name == "value" else name
                around = within if self.masking.lists(within) else key
                secret = sensitive or self.masking.holds(kind, name, around)
                made = self.expr(inner, under, line, kind=kind, within=around, sensitive=secret, depth=depth + 1)
                pairs.append((self.expr(hide(name), "", line), made))
            return ir.Object(tuple(pairs))
        return ir.Literal(value if isinstance(value, (bool, int, float)) else None)


def _called(item: Any) -> str:
    """The name in ``{name: …, value: …}``."""
    name = item.get("name") if isinstance(item, dict) and "value" in item else None
    return name if isinstance(name, str) else ""


def _objects(value: Any) -> dict[str, dict[str, Any]]:
    return {name: inner for name, inner in value.items() if isinstance(inner, dict)} if isinstance(value, dict) else {}
