"""All Go documents of a root: what a path means, and which functions run when a program is started."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from graphinv.ingest.support.compiled import Body
from graphinv.ingest.support.golang import ir

MAX_SAME = 8
"""Methods of one name that a call on something unknown may mean."""
MAX_STEPS = 8
"""Types that are looked through for one path."""
MAX_FUNCTIONS = 60
"""Functions that are followed from one tool."""


class Key(NamedTuple):
    """A function (its number) or a package-level variable (its name) of a module."""

    path: str
    number: int
    variable: str = ""


class Program:
    """The modules of a root."""

    def __init__(self, root: str, modules: Mapping[str, ir.Module], mods: Iterable[ir.GoMod]) -> None:
        self.root = root
        self.modules = modules
        self.mods = sorted(((mod.module, posixpath.dirname(mod.path)) for mod in mods if mod.module), key=lambda one: -len(one[0]))
        self._named: dict[tuple[str, str], list[Key]] = defaultdict(list)
        self._methods: dict[tuple[str, str], list[tuple[str, Key]]] = defaultdict(list)
        self._fields: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._of_type: dict[tuple[str, str], dict[str, Key]] = defaultdict(dict)
        self._imports: dict[str, set[str]] = defaultdict(set)
        self.structs: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        self._nested: dict[Key, list[Key]] = defaultdict(list)
        self._bodies: dict[Key, tuple[Body, list[Key]]] = {}
        for path, module in modules.items():
            self._add(path, module)

    def _add(self, path: str, module: ir.Module) -> None:
        folder = posixpath.dirname(path)
        self._imports[folder] |= {place for name in module.imports if (place := self.folder_of(name)) is not None}
        for index, function in enumerate(module.functions):
            key = Key(path, index)
            if function.outer is not None:
                self._nested[Key(path, function.outer)].append(key)
            elif function.receiver:
                self._methods[folder, function.name].append((function.receiver, key))
                self._of_type[folder, function.receiver][function.name] = key
            elif function.name:
                self._named[folder, function.name].append(key)
        for name in module.variables:
            self._named[folder, name].append(Key(path, 0, name))
        for name, fields in module.fields.items():
            self.structs[folder, name] = fields
            for field, kind, _ in fields:
                if kind:
                    self._fields[folder, field].add(kind)

    def function(self, key: Key) -> ir.Function:
        """The function of a key."""
        return self.modules[key.path].functions[key.number]

    def variable(self, key: Key) -> ir.Expr:
        """What a package-level variable is given."""
        return self.modules[key.path].variables[key.variable]

    def mains(self) -> list[Key]:
        """The functions that programs begin with."""
        return [key for (_, name), keys in sorted(self._named.items()) if name == "main" for key in keys if self._is_main(key)]

    def _is_main(self, key: Key) -> bool:
        return not key.variable and self.modules[key.path].package == "main"

    # ---- names --------------------------------------------------------------------------------------------------------------

    def folder_of(self, package: str) -> str | None:
        """The folder of the tree that an import means; None for one outside."""
        return folder_of(package, self.mods)

    def package_of(self, folder: str) -> str:
        """The import that means a folder; empty where no ``go.mod`` tells."""
        for module, top in self.mods:
            if folder == top or not top or folder.startswith(f"{top}/"):
                return posixpath.normpath(f"{module}/{posixpath.relpath(folder or '.', top or '.')}")
        return ""

    def resolve(self, path: str, folder: str, depth: int = 0) -> list[Key]:
        """What ``path``, said in a document of ``folder``, means in the tree; more than one where a method may be that of several types."""
        found, name, rest = self._split(path, folder)
        if found is None or not name or depth > MAX_STEPS:
            return []
        return self._member(found, name, rest, depth) if rest else self._named.get((found, name), [])

    def base(self, path: str, folder: str) -> list[Key]:
        """The function or variable of the tree whose member ``path`` is."""
        found, name, rest = self._split(path, folder)
        return self._named.get((found, name), []) if found is not None and rest else []

    def fields(self, kind: str, folder: str) -> tuple[str, list[tuple[str, str, str]] | None]:
        """(folder, fields) of a struct by the path of its type; no fields for what is none of the tree's."""
        found, name, rest = self._split(kind, folder)
        return found or "", self.structs.get((found, name)) if found is not None and not rest else None

    def _split(self, path: str, folder: str) -> tuple[str | None, str, list[str]]:
        """(folder, first name, members)"""
        if path.startswith("?"):
            return None, "", []
        if path.startswith("."):
            name, *rest = path[1:].split(".")
            return folder, name, rest
        package, name, rest = split(path)
        return self.folder_of(package), name, rest

    def _member(self, folder: str, name: str, rest: list[str], depth: int) -> list[Key]:
        """Members of a type, of a variable or of what a function gives."""
        for index, member in enumerate(rest[:4]):
            if index == len(rest) - 1:
                methods = [key for of, key in self._methods.get((folder, member), ()) if of == name]
                if methods:
                    return methods
            kind = next((of for field, of, _ in self.structs.get((folder, name), ()) if field == member), "")
            if (folder, name) not in self.structs and index == 0:
                kind = self._type_of(folder, name)
                if kind:
                    return self.resolve(".".join([kind, *rest]), folder, depth + 1)
            if not kind:
                return []
            found, name, more = self._split(kind, folder)
            if found is None or more:
                return []
            folder = found
        return []

    def _type_of(self, folder: str, name: str) -> str:
        """Path of the type of a variable, or of what a function gives, as said in its folder."""
        for key in self._named.get((folder, name), ()):
            if not key.variable:
                return self.function(key).result
            value = self.variable(key)
            if isinstance(value, (ir.Obj, ir.Call)):
                return value.type if isinstance(value, ir.Obj) else value.path
        return ""

    def outside(self, path: str, folder: str) -> str:
        """``path`` as the tables of effects name it: with the types of fields in place of their names."""
        if not path.startswith((".", "?")):
            return path
        base, *members = path.removeprefix(".").split(".")
        if base == "?" and len(members) > 1:
            kinds = self._fields.get((folder, members[0]), set())
            if len(kinds) == 1:
                return ".".join([next(iter(kinds)), *members[1:]])
        elif len(members) > 1:
            kind = next((of for field, of, _ in self.structs.get((folder, base), ()) if field == members[0]), "")
            if kind:
                return ".".join([kind, *members[1:]])
        return path if base == "?" or not members else f"?.{members[-1]}"

    def loosely(self, path: str, folder: str, imports: Iterable[str]) -> list[Key]:
        """Methods that a call on something unknown may mean: those of the package, or of packages that it imports."""
        name = path.rpartition(".")[2]
        found = [key for _, key in self._methods.get((folder, name), ())]
        if not found:
            places = dict.fromkeys(place for one in imports if (place := self.folder_of(one)) is not None)
            found = [key for place in places for _, key in self._methods.get((place, name), ())]
        return found if len(found) <= MAX_SAME else []

    # ---- what runs ----------------------------------------------------------------------------------------------------------

    def reach(self, starts: Iterable[Key]) -> dict[Key, None]:
        """Functions and variables that run, or may, when ``starts`` do: what they name, directly or not, with what their packages do when
        they are imported and the methods of the types that they make; O(names in them).
        """
        found: dict[Key, None] = {}
        work = list(starts)
        for folder in self._imported({posixpath.dirname(key.path) for key in work if self._is_main(key)}):
            work.extend(self._named.get((folder, "init"), ()))
        made: set[tuple[str, str]] = set()
        called: set[str] = set()
        while work:
            key = work.pop()
            if key in found:
                continue
            found[key] = None
            work.extend(self.named_by(key))
            types, members = self._made_and_called(key)
            for of in types - made:
                work.extend(method for name, method in self._of_type.get(of, {}).items() if name in called)
            made |= types
            for name in members - called:
                work.extend(self._of_type[of][name] for of in made if name in self._of_type.get(of, {}))
            called |= members
        return found

    def _imported(self, folders: set[str]) -> set[str]:
        """Folders of packages that those of ``folders`` import, directly or not; themselves among them."""
        found: set[str] = set()
        work = list(folders)
        while work:
            folder = work.pop()
            if folder not in found:
                found.add(folder)
                work.extend(self._imports.get(folder, ()))
        return found

    def _made_and_called(self, key: Key) -> tuple[set[tuple[str, str]], set[str]]:
        """Types with methods that a function or variable names, and the members that it calls of what is unknown."""
        folder = posixpath.dirname(key.path)
        types: set[tuple[str, str]] = set()
        members: set[str] = set()
        for path in self._paths(key):
            place, name, rest = self._split(path, folder)
            if rest or place is None:
                members.add(path.rpartition(".")[2])
            if place is not None and (place, name) in self._of_type:
                types.add((place, name))
        return types, members

    def _paths(self, key: Key) -> Iterable[str]:
        if not key.variable:
            return self.function(key).refs
        found: set[str] = set()
        for expr in walk(self.variable(key)):
            found |= {expr.type} if isinstance(expr, ir.Obj) else {expr.path} if isinstance(expr, (ir.Name, ir.Call)) else set()
        return found

    def named_by(self, key: Key) -> Iterator[Key]:
        """What a function or variable names, with the function literals in it."""
        module = self.modules[key.path]
        folder = posixpath.dirname(key.path)
        if key.variable:
            for expr in walk(self.variable(key)):
                if isinstance(expr, ir.Func):
                    yield Key(key.path, expr.index)
                elif isinstance(expr, (ir.Name, ir.Call)):
                    yield from self.resolve(expr.path, folder)
                    yield from self.base(expr.path, folder)
            return
        yield from self._nested.get(key, ())
        for path in module.functions[key.number].refs:
            precise = [*self.resolve(path, folder), *self.base(path, folder)]
            yield from precise or (self.loosely(path, folder, module.imports) if path.startswith("?.") else ())

    def body(self, handlers: Iterable[Key]) -> Body:
        """What calling ``handlers`` does."""
        body = Body()
        seen: set[Key] = set()
        work = list(handlers)
        while work and len(seen) < MAX_FUNCTIONS:
            key = work.pop()
            if key in seen or key.variable:
                continue
            seen.add(key)
            own, called = self._own(key)
            body.merge(own)
            work.extend(called)
        body.complete = body.complete and not work
        return body

    def _own(self, key: Key) -> tuple[Body, list[Key]]:
        """What a function does itself, and the functions of the tree that it calls; found once."""
        if key not in self._bodies:
            module, folder = self.modules[key.path], posixpath.dirname(key.path)
            function = module.functions[key.number]
            body, called = Body(), list(self._nested.get(key, ()))
            for name, line in function.variables:
                body.variables.setdefault(name, (key.path, line))
            for call in function.calls:
                targets = [one for one in self.resolve(call.path, folder) if not one.variable]
                if not targets and call.path.startswith("?."):
                    targets = self.loosely(call.path, folder, module.imports)
                    targets = targets if len(targets) == 1 else []
                called.extend(targets)
                if not targets:
                    body.add(call, self.outside(call.path, folder), "go", key.path)
            self._bodies[key] = (body, list(dict.fromkeys(called)))
        return self._bodies[key]


def split(path: str) -> tuple[str, str, list[str]]:
    """(package, name, members) of a path into an import.

    >>> split("github.com/acme/shop/store.New.Get")
    ('github.com/acme/shop/store', 'New', ['Get'])
    """
    head, slash, last = path.rpartition("/")
    package, _, rest = last.partition(".")
    if head and package.startswith("v") and package[1:].isdigit() and not rest:
        return path, "", []
    name, *members = rest.split(".") if rest else [""]
    return f"{head}{slash}{package}", name, members


def folder_of(package: str, mods: Iterable[tuple[str, str]]) -> str | None:
    """The folder that an import means, from modules and their folders, longest first; None for one outside."""
    for module, folder in mods:
        if package == module or package.startswith(f"{module}/"):
            place = posixpath.normpath(posixpath.join(folder, package[len(module) :].lstrip("/")))
            return "" if place == "." else place
    return None


def walk(expr: ir.Expr) -> Iterator[ir.Expr]:
    """``expr`` and everything in it, outermost first; not into function literals."""
    stack = [expr]
    while stack:
        one = stack.pop()
        yield one
        if isinstance(one, ir.Call):
            stack.extend(reversed(one.args))
            if one.base is not None:
                stack.append(one.base)
        elif isinstance(one, ir.Obj):
            stack.extend(value for _, value in reversed(one.items))
        elif isinstance(one, ir.Other):
            stack.extend(reversed(one.parts))
