"""Which file an import means: module paths over all files of a root, nearest first."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname

from graphinv.ingest.support.python import ir


class Modules:
    """All modules of a root by path.

    An absolute import is looked up beside the importing file, then in each folder above it (and in ``src`` there), then anywhere in the
    root where the whole dotted path fits and only there: of several the one that shares most folders with the importing file. A path that
    begins with the root's own name means what lies in the root.
    """

    def __init__(self, modules: Mapping[str, ir.Module]) -> None:
        self.by_path = modules
        self._folders: set[str] = set()
        self._by_tail: dict[str, list[str]] = {}
        for path in modules:
            if not path.endswith(".py"):
                continue
            folder = dirname(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = dirname(folder)
            tail = _dotted(path)
            self._by_tail.setdefault(".".join(tail.split(".")[-2:]), []).append(path)
        self._found: dict[tuple[str, str, int], str | None] = {}
        self._root = next((module.root.rpartition("/")[2] for module in modules.values()), "")

    def find(self, importer: ir.Module, dotted: str, level: int = 0) -> str | None:
        """Path of the module or, ending with ``/``, of the folder that ``dotted`` means in ``importer``; None where it lies outside."""
        key = (dirname(importer.path), dotted, level)
        if key not in self._found:
            self._found[key] = self._relative(*key) if level else self._absolute(key[0], dotted)
        return self._found[key]

    def _relative(self, folder: str, dotted: str, level: int) -> str | None:
        for _ in range(level - 1):
            folder = dirname(folder)
        return self._at(_join(folder, dotted.replace(".", "/")) if dotted else folder)

    def _absolute(self, folder: str, dotted: str) -> str | None:
        path = dotted.replace(".", "/")
        above = folder
        package: str | None = None
        while True:
            for base in (above, _join(above, "src")):
                found = self._at(_join(base, path))
                if found is not None and not found.endswith("/"):
                    return found
                package = package or found
            if not above:
                break
            above = dirname(above)
        if package is not None or "." not in dotted:
            return package
        first, _, rest = path.partition("/")
        return self._anywhere(folder, dotted) or (self._at(rest) if first == self._root else None)

    def _anywhere(self, folder: str, dotted: str) -> str | None:
        wanted = "/" + dotted.replace(".", "/")
        candidates = self._by_tail.get(".".join(dotted.split(".")[-2:]), ())
        fitting = [path for path in candidates[:500] if f"/{_stem(path)}".endswith(wanted)]
        return max(fitting, key=lambda path: (_shared(folder, path), -len(path), path)) if fitting else None

    def _at(self, path: str) -> str | None:
        for candidate in (f"{path}.py", f"{path}/__init__.py" if path else "__init__.py"):
            if candidate in self.by_path:
                return candidate
        return f"{path}/" if path in self._folders else None

    def inside(self, place: str, name: str) -> str | None:
        """The module or folder ``name`` in the package at ``place`` (an answer of :meth:`find`)."""
        folder = place.rstrip("/") if place.endswith("/") else dirname(place) if place.endswith("__init__.py") else None
        return None if folder is None else self._at(_join(folder, name))


def _join(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _stem(path: str) -> str:
    return path.removesuffix("/__init__.py").removesuffix(".py")


def _dotted(path: str) -> str:
    return _stem(path).replace("/", ".")


def _shared(folder: str, path: str) -> int:
    count = 0
    for one, other in zip(folder.split("/"), path.split("/"), strict=False):
        if one != other:
            break
        count += 1
    return count
