"""Which runtime the agents and tool servers in code run on: by the file or module that a deployment starts, or the folder its image is
built from.

Readers of deployments leave labels on a Runtime (:mod:`graphinv.ingest.support.docker.running`): ``entry=`` and ``module=`` for what it
starts (``handler=`` for a function, ``src/app.handle``), ``image=`` for what it is made from, ``build=`` and ``dockerfile=`` for where that
is built, relative to the root, ``copy=`` (of an image, relative to the folder it is built from) and ``mounted=`` for what it has of the
source, and ``compose=``, ``dockerfile=`` or ``manifest=`` for the document that states it. From them

    (:Agent|ToolServer in code)-[:RUNS_ON]->(:Runtime)
    (:Runtime)-[:HOLDS]->(what is baked into its image)
    (:Agent that is an object of a cluster)-[:DELEGATES_TO]->(:Agent in code that its pod runs)
    (:ToolServer of a cluster)-[:PROVIDES]->(the tools of the one in code that its pod runs)

Only where the started file is the one that states the agent is that certain; anything else is ``inferred``, the less sure the less the
deployment says.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from graphinv.ingest.grants import Known
from graphinv.ingest.support.places import environment_of
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

FOUND = 1.0
"""The file that is started states the agent."""
ABOVE = 0.9
"""It does if the image is built from a folder above its Dockerfile, or the image has the source where the repository has it."""
PACKAGE = 0.8
"""The agent is stated in the module, or beside the file, that is started."""
ENDING = 0.7
"""The only file of the root whose path ends in the path of the file that is started."""
BUILT = 0.5
"""The agent lies in the folder that the image is built from."""
NAMED = 0.6
"""An image is called like the folder of the only Dockerfile that is."""

_CODE = (".py", ".ipynb", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_STATING = ("compose", "dockerfile", "manifest")
"""Labels that say where, below its root, the document lies that states the runtime."""
_OF_CODE = "mcp server in source"
_SPELLED = re.compile(r"[-_.]+")


@dataclass
class _Deployed:
    """A Runtime, as its labels tell it. ``built`` are the images that it is made from, and how sure that is."""

    key: NodeKey
    root: str
    folder: str
    """Of the document that states it, with its root."""
    sources: list[str]
    labels: Mapping[str, Sequence[str]]
    built: list[tuple[_Deployed, float]] = field(default_factory=list)

    def of(self, name: str) -> Sequence[str]:
        return self.labels.get(name, ())

    @cached_property
    def is_image(self) -> bool:
        return self.key[1].startswith("image:")

    @cached_property
    def contexts(self) -> list[str]:
        """Folders, with their root, that it is known to be built from."""
        if self.is_image:
            return [self.folder]
        return [posixpath.normpath(f"{self.root}/{path}") for path in self.of("build")]


def deployed(known: Known, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact | Problem]:
    """See the module. O(nodes + edges), plus for each runtime the files in the folders that it is built from."""
    runtimes = _runtimes(known)
    code = _Code(known)
    if not runtimes or not code.files:
        return
    _link_images(runtimes)
    used = {image.key for runtime in runtimes for image, _ in runtime.built}
    baked = _held(known)
    hosts = _hosts(known)
    for runtime in sorted(runtimes, key=lambda one: one.key):
        for image, sure in runtime.built:
            for target, props in baked.get(image.key, ()):
                yield EdgeFact("HOLDS", runtime.key, target, _doubted(props, sure))
        if runtime.is_image and runtime.key in used:
            continue  # what runs is what is deployed
        for actor, sure in sorted(code.run_by(runtime).items()):
            yield from _edges(runtime, actor, sure, hosts.get(runtime.key, ()), code)


def _edges(runtime: _Deployed, actor: NodeKey, sure: float, hosts: Iterable[NodeKey], code: _Code) -> Iterator[EdgeFact]:
    props = _doubted({"evidence": ["declared"], "sources": runtime.sources}, sure)
    yield EdgeFact("RUNS_ON", actor, runtime.key, props)
    for host in hosts:
        if host[0] == actor[0] == "Agent":
            yield EdgeFact("DELEGATES_TO", host, actor, {**props, "mode": "invoke", "kind_detail": "runs"})
        elif host[0] == actor[0] == "ToolServer":
            for tool in code.tools.get(actor, ()):
                yield EdgeFact("PROVIDES", host, tool, props)


def _doubted(props: Props, sure: float) -> Props:
    return props if sure >= FOUND else {**props, "evidence": ["inferred"], "confidence": min(sure, props.get("confidence", 1.0))}


# --------------------------------------------------------------------------------------------------------------------------------
# What is known


def _runtimes(known: Known) -> list[_Deployed]:
    """Runtimes that tell what they run, or what they are made from, and lie in a root that can be told."""
    found: list[_Deployed] = []
    for (kind, one), props in known.nodes.items():
        labels: dict[str, list[str]] = defaultdict(list)
        for label in props.get("labels") or () if kind == "Runtime" else ():
            name, _, value = label.partition("=")
            labels[name].append(value)
        sources = list(props.get("sources") or ())
        if sources and labels.keys() & {"entry", "module", "handler", "image", "build", "dockerfile"}:
            found.append(_Deployed((kind, one), "", posixpath.dirname(sources[0].partition("#")[0]), sources, labels))
    for runtime in found:
        document = runtime.sources[0].partition("#")[0]
        stating = (path for name in _STATING for path in runtime.of(name) if document.endswith(f"/{path}"))
        runtime.root = next((document[: -len(path) - 1] for path in stating), "")
    roots = sorted({runtime.root for runtime in found} - {""}, key=len, reverse=True)
    for runtime in found:
        runtime.root = runtime.root or next((root for root in roots if f"{runtime.folder}/".startswith(f"{root}/")), "")
    return [runtime for runtime in found if runtime.root]


def _held(known: Known) -> Mapping[NodeKey, list[tuple[NodeKey, Props]]]:
    """Image → what is baked into it."""
    found: dict[NodeKey, list[tuple[NodeKey, Props]]] = defaultdict(list)
    for edge in known.edges:
        source, target = edge.source, edge.target
        if edge.kind == "HOLDS" and isinstance(source, tuple) and isinstance(target, tuple) and source[1].startswith("image:"):
            found[source].append((target, edge.props))
    return found


def _hosts(known: Known) -> Mapping[NodeKey, list[NodeKey]]:
    """Runtime → the agents and servers of a cluster that are said to run on it."""
    found: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for edge in known.edges:
        source, target = edge.source, edge.target
        if edge.kind != "RUNS_ON" or not isinstance(source, tuple) or not isinstance(target, tuple) or not target[1].startswith("k8s:"):
            continue
        if known.nodes.get(source, {}).get("kind_detail") != _OF_CODE:
            found[target].append(source)
    return {key: sorted(set(hosts)) for key, hosts in found.items()}


def _link_images(runtimes: Sequence[_Deployed]) -> None:
    """Find the Dockerfile that each deployed image is built from: as the deployment says, as another deployment of the image says, or by
    the folder that is called like it."""
    images = {(one.root, path): one for one in runtimes if one.is_image for path in one.of("dockerfile")}
    named: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    stated: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for place, image in images.items():
        named[image.root, _spelled(posixpath.basename(image.folder))].add(place)
    deployed_ones = [one for one in runtimes if not one.is_image]
    for one in deployed_ones:
        for path in one.of("dockerfile"):
            if (one.root, path) in images:
                one.built.append((images[one.root, path], FOUND))
                for reference in one.of("image"):
                    stated[one.root, _repository(reference)].add((one.root, path))
    for one in deployed_ones:
        for reference in one.of("image") if not one.built else ():
            repository = _repository(reference)
            for places, sure in (
                (stated.get((one.root, repository), set()), ABOVE),
                (named.get((one.root, _spelled(posixpath.basename(repository))), set()), NAMED),
            ):
                if len(places) == 1 and not one.built:
                    one.built.append((images[next(iter(places))], sure))


def _repository(reference: str) -> str:
    """An image without its tag and digest.

    >>> _repository("ghcr.io/acme/desk:v1@sha256:00"), _repository("localhost:5001/desk")
    ('ghcr.io/acme/desk', 'localhost:5001/desk')
    """
    base = reference.partition("@")[0]
    head, slash, last = base.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _spelled(name: str) -> str:
    return _SPELLED.sub("-", name.lower())


# --------------------------------------------------------------------------------------------------------------------------------
# Code


class _Code:
    """The agents and servers that are stated in source files."""

    def __init__(self, known: Known) -> None:
        self.files: dict[str, list[NodeKey]] = defaultdict(list)
        """Document, with its root → what it states."""
        for key, props in known.nodes.items():
            server = key[0] == "ToolServer" and props.get("kind_detail") == _OF_CODE
            if key[0] != "Agent" and not server:
                continue
            for source in props.get("sources") or ():
                path = source.partition("#")[0]
                if path.endswith(_CODE) and key not in self.files[path]:
                    self.files[path].append(key)
        self.files = {path: keys for path, keys in self.files.items() if keys}
        self.paths = sorted(self.files)
        self.called: dict[str, list[str]] = defaultdict(list)
        """Name of a file → its documents."""
        for path in self.paths:
            self.called[posixpath.basename(path)].append(path)
        self.tools: dict[NodeKey, list[NodeKey]] = defaultdict(list)
        for edge in known.edges:
            if edge.kind == "PROVIDES" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
                self.tools[edge.source].append(edge.target)
        self.builders: set[str] = {
            source.partition("#")[0].rpartition("/")[0]
            for (kind, one), props in known.nodes.items()
            if kind == "Runtime" and one.startswith("image:")
            for source in props.get("sources") or ()
        }
        """Folders, with their root, that have a Dockerfile."""

    def run_by(self, runtime: _Deployed) -> dict[NodeKey, float]:
        """What a runtime runs, and how sure that is."""
        found: dict[str, float] = {}
        for path, sure in self.started(runtime):
            found[path] = max(sure, found.get(path, 0.0))
        if not found:
            for path, sure in self.inside(runtime):
                found[path] = max(sure, found.get(path, 0.0))
        actors: dict[NodeKey, float] = {}
        for path, sure in found.items():
            for actor in self.files[path]:
                actors[actor] = max(sure, actors.get(actor, 0.0))
        return actors

    def started(self, runtime: _Deployed) -> Iterator[tuple[str, float]]:
        """Files by what the runtime starts: its own command, else that of its image."""
        makers = [(runtime, FOUND), *runtime.built]
        starting = next((one for one, _ in makers if one.of("entry") or one.of("module") or one.of("handler")), None)
        if starting is None:
            return
        contexts = {folder: sure for one, sure in makers for folder in one.contexts}
        for folder, limit in contexts.items():
            for base, sure in _bases(folder, runtime.root):
                yield from ((path, min(sure, limit)) for path, sure in self.at(base, starting, sure))
        if not contexts:
            yield from self.at(runtime.root, starting, ABOVE)
            yield from self.ending(runtime.root, starting)

    def at(self, base: str, starting: _Deployed, sure: float) -> Iterator[tuple[str, float]]:
        """Files that what is started means, seen from the folder ``base``: itself, and those beside it."""
        for entry in starting.of("entry"):
            path = posixpath.normpath(f"{base}/{entry}")
            yield from self.and_beside(path, sure, base)
        for handler in starting.of("handler"):
            stem = f"{base}/{handler.rpartition('.')[0]}"
            yield from ((f"{stem}{ending}", sure) for ending in _CODE if f"{stem}{ending}" in self.files)
        for module in starting.of("module"):
            stem = f"{base}/{module.replace('.', '/')}"
            for source in (stem, f"{base}/src/{module.replace('.', '/')}"):
                for path in (f"{source}.py", f"{source}/__main__.py", f"{source}/__init__.py"):
                    yield from self.and_beside(path, sure, base)
                yield from ((path, min(sure, PACKAGE)) for path in self.below(source))

    def and_beside(self, path: str, sure: float, base: str) -> Iterator[tuple[str, float]]:
        if path in self.files:
            yield path, sure
        folder = posixpath.dirname(path)
        if folder != base:  # a package of its own, which the file that is started imports from
            yield from ((other, min(sure, PACKAGE)) for other in self.below(folder))

    def below(self, folder: str) -> Iterator[str]:
        start = bisect_left(self.paths, f"{folder}/")
        return iter(self.paths[start : bisect_left(self.paths, f"{folder}0", start)])  # "0" follows "/"

    def ending(self, root: str, starting: _Deployed) -> Iterator[tuple[str, float]]:
        for entry in starting.of("entry"):
            called = self.called.get(posixpath.basename(entry), ())
            paths = [path for path in called if path.startswith(f"{root}/") and path.endswith(f"/{entry}")]
            if len(paths) == 1:
                yield paths[0], ENDING

    def inside(self, runtime: _Deployed) -> Iterator[tuple[str, float]]:
        """Files in the folder that the runtime is built from, of which its Dockerfile, if that is known, copies some; without those that
        a Dockerfile further below builds."""
        contexts = {folder: sure for one, sure in ((runtime, FOUND), *runtime.built) for folder in one.contexts}
        image = runtime if runtime.is_image else next((one for one, _ in runtime.built), None)
        for folder, limit in contexts.items():
            places = _brought(runtime, image, folder) if image else {folder}
            brought = {path for place in places for path in (place, *self.below(place)) if path in self.files}
            for path in self.below(folder):
                if path in brought and self.builder(path, folder) == folder and environment_of(path) != "test":
                    yield path, min(BUILT, limit)

    def builder(self, path: str, top: str) -> str:
        """The nearest folder above ``path`` that has a Dockerfile; ``top`` at last."""
        folder = posixpath.dirname(path)
        while folder not in ("", top) and folder not in self.builders:
            folder = posixpath.dirname(folder)
        return folder or top


def _brought(runtime: _Deployed, image: _Deployed, folder: str) -> set[str]:
    """What of the source a runtime has, with its root, if its image is built from ``folder`` or one above it."""
    copied = [f"{base}/{path}" for base, _ in _bases(folder, image.root) for path in image.of("copy")]
    return {posixpath.normpath(path) for path in (*copied, *(f"{runtime.root}/{path}" for path in runtime.of("mounted")))}


def _bases(folder: str, root: str) -> Iterator[tuple[str, float]]:
    """``folder``, and those above it up to ``root``: an image may be built from any of them."""
    yield folder, FOUND
    while folder != root and folder.startswith(f"{root}/"):
        folder = posixpath.dirname(folder)
        yield folder, ABOVE
