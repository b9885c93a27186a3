"""All configuration of a root together: which folders are applied, and the resources that they declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphinv.ingest.support.partial import Unknown, Value, encode, objects
from graphinv.ingest.support.tags import environment_of_word
from graphinv.ingest.support.terraform import azure_names as azure
from graphinv.ingest.support.terraform import documents, entra_names, ir, naming
from graphinv.ingest.support.terraform import google_names as google
from graphinv.ingest.support.terraform.evaluate import Body, Called, Instance, Module, Scope, Several, World
from graphinv.ingest.support.terraform.providers import Providers, known

MAX_RESOURCES = 50_000
MAX_MODULES = 2_000
"""Calls of modules that are followed from one folder."""
_AUTOMATIC = re.compile(r"(?:.*/)?(?:terraform\.tfvars|[^/]+\.auto\.tfvars)(?:\.json)?")


@dataclass(frozen=True)
class Resource:
    """A resource, or a data source, as it will be: ``values`` are all that its block states, blocks as lists of such.

    ``place`` is the folder that is applied, ``home`` where it works, ``path`` and ``line`` where it is written.
    """

    mode: str
    type: str
    name: str
    address: str
    values: Mapping[str, Value]
    path: str
    line: int
    place: str
    home: naming.Home

    def get(self, *names: str) -> Value:
        """The first of these attributes that is stated and not null."""
        return next((self.values[name] for name in names if self.values.get(name) is not None), None)

    def text(self, *names: str) -> str:
        """The same as text; ``""`` where it is none or wholly unknown."""
        value = self.get(*names)
        return value if isinstance(value, str) else ""

    def blocks(self, *path: str) -> list[Mapping[str, Value]]:
        """Blocks, or objects in lists, at ``path``: ``blocks("environment", "variables")``."""
        found: list[Mapping[str, Value]] = [self.values]
        for name in path:
            inner = [one.get(name) for one in found]
            found = [item for value in inner for item in objects(value)]
        return found

    @property
    def called(self) -> str:
        """Its name, with marks where it is not known."""
        return naming.name_of(self.type, self.address, self.values.get)

    @property
    def arn(self) -> str | None:
        """Its ARN, with marks where it is not known; None for types whose ARN can't be told."""
        thing = self.type.split("_", 2)[-1]
        given = self.text("arn", f"{thing}_arn")
        return given or naming.arn_of(self.type, self.called, self.values.get, self.home)


class Program:
    """The configuration in ``files`` of ``root``."""

    def __init__(self, root: str, files: Mapping[str, ir.File]) -> None:
        self.root = root
        self.modules = modules_of(files)
        texts = {path: file.text for path, file in files.items() if file.text is not None}
        self.world = World(self.modules, texts, self.computed)
        self.providers: Providers | None = None
        """Those of the folder that is evaluated."""

    def applied(self) -> list[str]:
        """Folders that are applied: those that no other one calls as a module, and one of each that only call each other."""
        calls = {folder: self._called_by(module) for folder, module in self.modules.items()}
        called = set().union(*calls.values()) if calls else set()
        found = [folder for folder in sorted(calls) if folder not in called]
        seen: set[str] = set()
        for folder in (*found, *sorted(calls)):
            if folder not in seen and folder not in found:
                found.append(folder)
            pending = [folder]
            while pending:
                one = pending.pop()
                if one not in seen:
                    seen.add(one)
                    pending += calls[one]
        return [folder for folder in found if self.modules[folder].resources or self.modules[folder].calls]

    def _called_by(self, module: Module) -> set[str]:
        targets = (self.world.module_of(module, block) for _, block in module.calls.values())
        return {target.folder for target in targets if target is not None and target is not module}

    def resources(self, folder: str) -> list[Resource]:
        """Everything that applying ``folder`` declares, modules included."""
        scope = Scope(self.world, self.modules[folder])
        self.world.place = folder
        self.providers = None
        self.providers = Providers(self.root, self.world, scope)
        found: list[Resource] = []
        pending = [scope]
        calls = 0
        while pending:
            scope = pending.pop(0)
            calls += 1
            if calls > MAX_MODULES or len(found) > MAX_RESOURCES:
                self.world.exhausted = True
                break
            for mode, kind, name in scope.module.resources:
                found += [self._resource(instance, name, folder) for instance in _each(scope.resource(mode, kind, name))]
            for name in scope.module.calls:
                pending += [one.scope for one in _each(scope.called(name)) if isinstance(one, Called)]
        return found

    def environment(self, folder: str) -> str | None:
        """The environment that a variable or local of an applied folder names."""
        scope = Scope(self.world, self.modules[folder])
        for name in ("environment", "env", "stage"):
            for value in (scope.variable(name), scope.local(name)):
                if isinstance(value, str) and (found := environment_of_word(value)):
                    return found
        return None

    def _resource(self, instance: Instance, name: str, folder: str) -> Resource:
        block = instance.block
        home = self._home_of(instance)
        values = self.world.body(block, instance.env)
        return Resource(instance.mode, instance.type, name, instance.address, values, instance.path, block.line, folder, home)

    def _home_of(self, instance: Instance) -> naming.Home:
        if self.providers is None:  # while the providers themselves are evaluated
            return naming.Home(self.root)
        home = self.providers.home(instance.env.scope, instance.type, instance.block.attributes.get("provider"))
        region = instance.block.attributes.get("region")
        stated = known(self.world.value(region, instance.env)) if region is not None and instance.type.startswith("aws") else ""
        return home._replace(region=stated) if stated else home

    def computed(self, instance: Instance, attribute: str) -> Value:
        """What a resource's block does not state itself."""
        home = self._home_of(instance)
        about = naming.account_data(instance.type, attribute, home)
        if about is not None:
            return about
        if instance.type == "aws_iam_policy_document":
            return documents.policy(self.world.body(instance.block, instance.env))
        if instance.type == "vault_policy_document" and attribute == "hcl":
            return documents.vault_policy(self.world.body(instance.block, instance.env))
        if instance.type == "google_iam_policy" and attribute == "policy_data":
            return encode({"bindings": self.world.body(instance.block, instance.env).get("binding")})

        def stated(name: str) -> Value:
            expr = instance.block.attributes.get(name)
            return self.world.settled(self.world.value(expr, instance.env)) if expr is not None else None

        if instance.mode == "data" and instance.type == "aws_iam_policy" and attribute in ("arn", "id"):
            name = stated("name")
            return stated("arn") or (f"arn:{home.partition}:iam::aws:policy/{name}" if isinstance(name, str) else Unknown(instance.address))
        if instance.type.startswith("google_"):
            return google.computed(instance.type, instance.address, attribute, stated, home)
        if instance.type == "azapi_resource" and attribute == "output":
            # What the interface answers holds the principal under another name than the resource's block.
            principal = {"principalId": Unknown(f"{instance.address}.identity[0].principal_id")}
            return Body(f"{instance.address}.output", {"identity": Body(f"{instance.address}.output.identity", principal)})
        if instance.type.startswith(("azurerm_", "azapi_")):
            return azure.computed(instance.type, instance.address, attribute, stated, home)
        if instance.type.startswith("azuread_"):
            return entra_names.computed(instance.type, instance.address, attribute)
        return naming.computed(instance.type, instance.address, attribute, stated, home)


def _each(value: Value) -> list[Value]:
    if isinstance(value, Several):
        return list(value.of)
    return [value] if isinstance(value, (Instance, Called)) else []


def modules_of(files: Mapping[str, ir.File]) -> dict[str, Module]:
    """The configuration of each folder; a later file's declaration of the same thing (``override.tf``) replaces an earlier one's."""
    found: dict[str, Module] = {}
    others: dict[str, list[dict[str, ir.Expr]]] = {}
    for path in sorted(files, key=lambda path: (path.endswith(("override.tf", "override.tf.json")), path)):
        file = files[path]
        folder = path.rpartition("/")[0]
        if path.endswith((".tfvars", ".tfvars.json")):
            if _AUTOMATIC.fullmatch(path):
                found.setdefault(folder, Module(folder)).given |= file.body.attributes
            else:
                others.setdefault(folder, []).append(file.body.attributes)
        elif file.text is None:
            _declare(found.setdefault(folder, Module(folder)), path, file.body)
    for folder, given in others.items():
        # Variables that are given by hand: what all of the files agree on, where nothing else says it.
        module = found.get(folder)
        for name in set.intersection(*(set(one) for one in given)) if module else ():
            values = [one[name] for one in given]
            if module and name not in module.given and all(value == values[0] for value in values):
                module.given[name] = values[0]
    return found


def _declare(module: Module, path: str, body: ir.Block) -> None:
    for block in body.blocks:
        name = block.labels[0] if block.labels else ""
        match block.type:
            case "variable" if name:
                module.variables[name] = block
            case "locals":
                module.locals |= block.attributes
            case "output" if name and "value" in block.attributes:
                module.outputs[name] = block.attributes["value"]
            case "module" if name:
                module.calls[name] = (path, block)
            case "resource" | "data" if len(block.labels) > 1:
                mode = "data" if block.type == "data" else "managed"
                module.resources[mode, name, block.labels[1]] = (path, block)
            case "provider" if name:
                module.providers.append(block)


def unfollowed(program: Program) -> Iterator[tuple[str, int, str]]:
    """Document, line and source of each call of a module that is not among the documents."""
    for module in program.modules.values():
        for path, block in module.calls.values():
            source = block.attributes.get("source")
            if program.world.module_of(module, block) is None:
                yield path, block.line, source.value if isinstance(source, ir.Literal) and isinstance(source.value, str) else ""
