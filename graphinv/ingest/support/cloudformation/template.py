"""A template: its parameters, mappings and conditions, and what its functions come to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.cloudformation.reading import MAX_DEPTH, Stack
from graphinv.ingest.support.cloudformation.translate import snaked
from graphinv.ingest.support.cloudformation.types import KINDS, snake
from graphinv.ingest.support.partial import MAX_ITEMS, MAX_TEXT, Unknown, Value, encode, is_known, text_of, within
from graphinv.ingest.support.terraform import functions
from graphinv.ingest.support.terraform.naming import ARNS, Home, arn_of, name_of
from graphinv.ingest.support.terraform.program import Resource

MAX_STEPS = 1_000_000
MAX_RESOURCES = 5_000
MAX_LEVELS = 5
MAX_PARTS = 2_000

_VARIABLE = re.compile(r"\$\{(!?)\s*([^{}]{1,500}?)\s*\}")


_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
"""Types of parts → property with the address of their template."""


class Estate:
    """All templates of a root: what they export, and which are parts of others."""

    def __init__(self, root: str, stacks: Mapping[str, Stack]) -> None:
        self.root = root
        self.stacks = stacks
        self.templates = {path: Template(self, stack) for path, stack in stacks.items()}
        self.parts = {part for template in self.templates.values() for part in template.nested().values()}
        self.made = 0
        """Parts that have been followed."""
        self.exports: dict[str, tuple[Template, Any]] = {}
        for template in self.templates.values():
            for output in _objects(template.stack.sections.get("Outputs")).values():
                export = output.get("Export")
                name = template.value(export.get("Name")) if isinstance(export, dict) else None
                if isinstance(name, str) and is_known(name):
                    self.exports.setdefault(name, (template, output.get("Value")))

    def tops(self) -> list[Template]:
        """Templates that are no part of another one."""
        found = [template for path, template in sorted(self.templates.items()) if path not in self.parts]
        return found or list(self.templates.values())

    def imported(self, name: str, depth: int) -> Value:
        """What another template exports under ``name``."""
        found = self.exports.get(name)
        return Unknown(f"import {name}") if found is None or depth > MAX_DEPTH else found[0].value(found[1], depth + 1)


class Template:
    """A template and what its functions come to.

    Args:
        estate: where it stands.
        stack: its sections.
        given: parameters that a template around it gives it, as values.
        prefix: stands before its logical ids, where it is a part of another one.
    """

    def __init__(self, estate: Estate, stack: Stack, given: Mapping[str, Value] | None = None, prefix: str = "", level: int = 0) -> None:
        self.estate = estate
        self.stack = stack
        self.given = given or {}
        self.prefix = prefix
        self.level = level
        self.home = Home(estate.root)
        self.steps = 0
        self.exhausted = stack.cut
        self.parameters = _objects(stack.sections.get("Parameters"))
        self.mappings = _objects(stack.sections.get("Mappings"))
        self.conditions = stack.sections.get("Conditions", {})
        self.declared = _objects(stack.sections.get("Resources"))
        self.globals = _objects(stack.sections.get("Globals"))
        self.running: set[str] = set()
        self.names: dict[str, str] = {}
        self.inner: dict[str, Template | None] = {}

    # ----------------------------------------------------------------------------------------------------------------------------
    # Resources

    def resources(self, place: str) -> Iterator[tuple[Resource, str]]:
        """Each resource of a known type that its condition does not rule out, with its type, properties in snake case; those of its parts
        too. ``place`` names the template that is deployed."""
        for logical, resource in list(self.declared.items())[:MAX_RESOURCES]:
            kind = str(resource.get("Type"))
            if self.condition(resource.get("Condition"), 0) is False:
                continue
            if kind in _NESTED and (part := self.part(logical)) is not None:
                yield from part.resources(place)
            if kind in KINDS:
                values = snaked(self.value(self.properties(kind, resource)))
                line, name = self.stack.lines.get(logical, 1), self.prefix + logical
                yield Resource("managed", kind, logical, name, values, self.stack.path, line, place, self.home), kind

    def nested(self) -> dict[str, str]:
        """Logical id → path of the template, for each part whose address is a path in the root."""
        found: dict[str, str] = {}
        for logical, resource in self.declared.items():
            properties = resource.get("Properties")
            address = properties.get(_NESTED.get(str(resource.get("Type")), "")) if isinstance(properties, dict) else None
            path = within(self.stack.path.rpartition("/")[0], address) if isinstance(address, str) and is_known(address) else None
            if path in self.estate.stacks and path != self.stack.path:
                found[logical] = str(path)
        return found

    def part(self, logical: str) -> Template | None:
        """The template that a resource of this one deploys; None where it is not among the documents."""
        if logical not in self.inner:
            self.inner[logical] = None  # for one that holds itself
            path = self.nested().get(logical)
            self.estate.made += 1
            self.exhausted = self.exhausted or self.estate.made > MAX_PARTS
            if path is not None and self.level < MAX_LEVELS and self.estate.made <= MAX_PARTS:
                given = self.stated(self.declared[logical], 0)("parameters")
                parameters = given if isinstance(given, dict) else {}
                self.inner[logical] = Template(
                    self.estate, self.estate.stacks[path], parameters, f"{self.prefix}{logical}.", self.level + 1
                )
        return self.inner[logical]

    def properties(self, kind: str, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Properties of a resource, with those that SAM gives all of its kind."""
        own = resource.get("Properties")
        own = own if isinstance(own, dict) else {}
        shared = self.globals.get("Function" if kind == "AWS::Serverless::Function" else "")
        if not isinstance(shared, dict):
            return own
        made = {**shared, **own}
        for name in ("Environment", "Tags"):
            one, other = shared.get(name), own.get(name)
            if isinstance(one, dict) and isinstance(other, dict):
                made[name] = _merged(one, other)
        return made

    # ----------------------------------------------------------------------------------------------------------------------------
    # Functions

    def value(self, value: Any, depth: int = 0) -> Value:
        """``value`` with its functions carried out; never raises."""
        self.steps += 1
        if depth > MAX_DEPTH or self.steps > MAX_STEPS:
            self.exhausted = True
            return Unknown("?")
        if isinstance(value, list):
            items = [self.value(item, depth + 1) for item in value[:MAX_ITEMS]]
            return [item for item in items if item is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self.reference(argument, depth)
            if name.startswith("Fn::"):
                return self.function(name.removeprefix("Fn::"), argument, depth)
        return {str(key): self.value(inner, depth + 1) for key, inner in value.items()}

    def reference(self, name: object, depth: int) -> Value:
        if not isinstance(name, str):
            return Unknown("?")
        if name.startswith("AWS::"):
            return self.pseudo(name)
        if name in self.parameters:
            return self.parameter(name)
        kind = str(self.declared.get(name, {}).get("Type"))
        known = KINDS.get(kind)
        if known is None or not known.ref:
            return self.unknown(name)
        return self.attribute(name, "Arn" if known.ref == "arn" else "", depth)

    def pseudo(self, name: str) -> Value:
        known: dict[str, Value] = {
            "AWS::AccountId": self.home.account or arns.account_of(self.home.root),
            "AWS::Region": self.home.region or arns.region_of(self.home.root),
            "AWS::Partition": self.home.partition,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": None,
        }
        return known.get(name, Unknown(name))

    def parameter(self, name: str) -> Value:
        if name in self.given:
            return self.given[name]
        stated = self.parameters[name]
        default, kind = stated.get("Default"), str(stated.get("Type"))
        if "Default" not in stated or default == "" or "AWS::SSM::Parameter" in kind:
            return self.unknown(name)
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in text_of(default).split(",")]
        return text_of(default) if isinstance(default, (int, float)) and not isinstance(default, bool) else default

    def attribute(self, name: str, attribute: str, depth: int) -> Value:
        """An attribute of a resource; ``""`` is its name."""
        resource = self.declared.get(name, {})
        kind = str(resource.get("Type"))
        known = KINDS.get(kind)
        if known is None:
            # SAM makes a role beside a function.
            of = name.removesuffix("Role")
            if name not in self.declared and str(self.declared.get(of, {}).get("Type")) == "AWS::Serverless::Function":
                made = f"{text_of(self.attribute(of, '', depth))}Role"
                return arn_of("aws_iam_role", made, lambda _: None, self.home) if attribute == "Arn" else made
            if attribute.startswith("Outputs.") and kind in _NESTED:
                return self.output(name, attribute.removeprefix("Outputs."), depth)
            return self.unknown(f"{name}.{attribute}" if attribute else name)
        thing = kind.rpartition("::")[2]
        if attribute in ("", "Arn", f"{thing}Arn") or snake(attribute) in ARNS:
            called = self.named(name, resource, known.type, known.name, depth)
            return arn_of(known.type, called, self.stated(resource, depth), self.home) if attribute else called
        if attribute == "StreamArn":
            return f"{self.attribute(name, 'Arn', depth)}/stream/{text_of(self.unknown(name))}"
        if attribute in (f"{thing}Id", f"{thing}Name", "QueueName", "AgentId"):
            return self.named(name, resource, known.type, known.name, depth)
        return self.unknown(f"{name}.{attribute}")

    def unknown(self, reference: str) -> Unknown:
        return Unknown(self.prefix + reference)

    def output(self, logical: str, name: str, depth: int) -> Value:
        """An output of a part."""
        part = self.part(logical)
        outputs = _objects(part.stack.sections.get("Outputs")) if part else {}
        if part is None or name not in outputs or depth > MAX_DEPTH:
            return self.unknown(f"{logical}.Outputs.{name}")
        return part.value(outputs[name].get("Value"), depth + 1)

    def named(self, name: str, resource: Mapping[str, Any], kind: str, attribute: str, depth: int) -> str:
        """A resource's name: as it is stated, else by its logical id."""
        if name not in self.names:
            self.names[name] = text_of(self.unknown(name))  # for one that needs itself
            given = self.stated(resource, depth)(attribute)
            self.names[name] = (
                text_of(given) if isinstance(given, (str, Unknown)) and given else name_of(kind, self.prefix + name, lambda _: None)
            )
        return self.names[name]

    def stated(self, resource: Mapping[str, Any], depth: int) -> Any:
        """What tells a property of a resource by its name in snake case."""
        properties = resource.get("Properties")
        by_name = {snake(key): inner for key, inner in properties.items()} if isinstance(properties, dict) else {}
        return lambda name: self.value(by_name[name], depth + 1) if name in by_name else None

    def function(self, name: str, argument: Any, depth: int) -> Value:
        match name:
            case "GetAtt":
                parts = argument.split(".", 1) if isinstance(argument, str) else argument
                if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
                    return self.attribute(parts[0], parts[1], depth + 1)
            case "Sub":
                return self.substituted(argument, depth)
            case "If" if isinstance(argument, list) and len(argument) == 3:
                return self.choice(self.condition(argument[0], depth), argument[1], argument[2], depth)
            case "FindInMap" if isinstance(argument, list) and len(argument) >= 3:
                return self.found(argument, depth)
            case "Equals" | "And" | "Or" | "Not":
                return self.condition({f"Fn::{name}": argument}, depth)
            case "ImportValue":
                name = self.value(argument, depth + 1)
                return self.estate.imported(name, depth) if isinstance(name, str) and is_known(name) else Unknown("import")
            case _:
                return self.computed(name, self.value(argument, depth + 1))
        return Unknown(name)

    def computed(self, name: str, argument: Value) -> Value:
        """Functions over values."""
        pair = argument if isinstance(argument, list) and len(argument) == 2 else None
        match name:
            case "Join" if pair:
                return functions.call("join", pair)
            case "Split" if pair:
                return functions.call("split", pair)
            case "Select" if pair:
                return functions.call("element", [pair[1], int(pair[0])]) if str(pair[0]).isdecimal() else Unknown("Select")
            case "Base64":
                return argument
            case "ToJsonString":
                return encode(argument)
            case "Length":
                return functions.call("length", [argument])
        return Unknown(name)

    def substituted(self, argument: Any, depth: int) -> Value:
        names: dict[str, Any] = {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            argument, names = argument
        if not isinstance(argument, str):
            return Unknown("Sub")

        def fill(match: re.Match[str]) -> str:
            if match[1]:
                return f"${{{match[2]}}}"
            name, _, attribute = match[2].partition(".")
            if match[2] in names:
                return text_of(self.value(names[match[2]], depth + 1))
            return text_of(self.attribute(name, attribute, depth + 1) if attribute else self.reference(name, depth + 1))

        text = _VARIABLE.sub(fill, argument)
        return text if len(text) <= MAX_TEXT else Unknown("Sub")

    def choice(self, test: bool | None, yes: Any, no: Any, depth: int) -> Value:
        """Where the condition is not known, what either may bring: lists are put together, what is known goes before what is not."""
        if test is not None:
            return self.value(yes if test else no, depth + 1)
        one, other = self.value(yes, depth + 1), self.value(no, depth + 1)
        if isinstance(one, list) and isinstance(other, list):
            return one + [item for item in other if item not in one]
        return other if one is None or isinstance(one, Unknown) else one

    def found(self, argument: list[Any], depth: int) -> Value:
        names = [self.value(part, depth + 1) for part in argument[:3]]
        inner: Any = self.mappings
        for name in names:
            inner = inner.get(text_of(name)) if isinstance(inner, dict) else None
        if inner is None:
            return Unknown("FindInMap")
        return inner

    def condition(self, stated: Any, depth: int) -> bool | None:
        """Whether a condition holds; None where that can't be told. No condition holds."""
        if stated is None:
            return True
        if isinstance(stated, str):
            return self.conditioned(stated, depth)
        if not isinstance(stated, dict) or len(stated) != 1 or depth > MAX_DEPTH:
            return None
        name, argument = next(iter(stated.items()))
        if name == "Condition":
            return self.conditioned(argument, depth) if isinstance(argument, str) else None
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            one, other = (self.value(part, depth + 1) for part in argument)
            known = all(not isinstance(part, Unknown) and is_known(text_of(part)) for part in (one, other))
            return text_of(one) == text_of(other) if known else None
        parts = [self.condition(part, depth + 1) for part in argument] if isinstance(argument, list) else []
        if name == "Fn::Not" and len(parts) == 1:
            return None if parts[0] is None else not parts[0]
        if name in ("Fn::And", "Fn::Or") and parts:
            decided = name == "Fn::Or"
            return decided if decided in parts else None if None in parts else not decided
        return None

    def conditioned(self, name: str, depth: int) -> bool | None:
        if name not in self.conditions or name in self.running:
            return None
        self.running.add(name)
        try:
            return self.condition(self.conditions[name], depth + 1)
        finally:
            self.running.discard(name)


def _objects(value: Any) -> dict[str, dict[str, Any]]:
    return {name: inner for name, inner in value.items() if isinstance(inner, dict)} if isinstance(value, dict) else {}


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """``own`` over ``shared``; variables of both unite."""
    made = {**shared, **own}
    for name in shared.keys() & own.keys():
        one, other = shared[name], own[name]
        if isinstance(one, dict) and isinstance(other, dict):
            made[name] = {**one, **other}
    return made
