"""What the rest of a root needs to know of one object: picklable, without secret values.

Facts in a reading speak of :data:`HOLDER` where they mean whatever the object turns out to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphinv.ingest.support.helm.charts import File
from graphinv.model.facts import Fact, NodeFact, NodeKey, Problem, Ref

HOLDER: NodeKey = ("Runtime", "")
"""Stands for the runtime, agent, tool or server that a reading belongs to."""
SERVER: NodeKey = ("ToolServer", "")
"""Stands for the server that a reading is of."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A Secret object of the same namespace, or one of its keys (``""`` for all), that something is given."""

    name: str
    key: str
    line: int
    place: str = "env"
    variable: str = ""
    """Environment variable or header that it is put into."""


@dataclass(frozen=True, slots=True)
class ConfigRef:
    """A ConfigMap of the same namespace, or one of its keys (``""`` for all)."""

    name: str
    key: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one key of a Secret or ConfigMap holds: credentials that stand there, or references to what does."""

    key: str
    nodes: tuple[NodeFact, ...] = ()
    targets: tuple[NodeKey | Ref, ...] = ()
    more: tuple[Fact, ...] = ()
    """Further facts about the value, such as the database that it is the address of."""
    harmless: bool = False
    """Whether the value stands there and is no credential."""


@dataclass(frozen=True, slots=True)
class Store:
    """A Secret or a ConfigMap. ``account`` is the service account whose token a Secret holds; ``detail`` how it is made."""

    entries: tuple[Entry, ...]
    account: str = ""
    detail: str = ""
    type: str = ""
    pulls: tuple[tuple[str, str], ...] = ()
    """(key, path in a store) of what it is filled from."""
    store: tuple[str, str] | None = None
    """(kind, name) of that store."""


@dataclass(frozen=True, slots=True)
class Vault:
    """A store of secrets: the Vault that it leads to, by address or root, and the mount in it; no address where it is another store."""

    address: str = ""
    mount: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount: whether its token is mounted unless a pod says otherwise, and the identities elsewhere that it may act as."""

    automount: bool | None
    assumes: tuple[NodeFact, ...] = ()
    secrets: tuple[SecretRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod, or the template of one, runs and is given."""

    account: str = ""
    automount: bool | None = None
    tokens: tuple[tuple[str, int | None, int], ...] = ()
    """(audience, seconds it lives, line) of the tokens of the account that are mounted by hand; no audience is the cluster's own."""
    secrets: tuple[SecretRef, ...] = ()
    configs: tuple[ConfigRef, ...] = ()
    facts: tuple[Fact, ...] = ()
    labels: tuple[str, ...] = ()
    sandboxed: bool | None = None
    addresses: tuple[tuple[str, str, int], ...] = ()
    """(variable, address, line) of addresses in its environment, without user, password and query."""
    selected: tuple[tuple[str, str], ...] = ()
    """Labels of the pods themselves, for selectors."""
    assumes: tuple[NodeFact, ...] = ()
    """Identities elsewhere that its environment or annotations name."""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: which pods it leads to. ``mcp`` is the address of the tool server that an annotation declares it to be."""

    selector: tuple[tuple[str, str], ...]
    mcp: str = ""
    transport: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """A Role or ClusterRole: the body of its grant, as JSON."""

    body: str


@dataclass(frozen=True, slots=True)
class Binding:
    """A RoleBinding or ClusterRoleBinding. Each subject is (kind, namespace, name)."""

    role_kind: str
    role: str
    subjects: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Login:
    """An identity of AWS that a cluster lets in: as the user (``""`` where its name depends on the session), and in groups."""

    arn: str
    type: str
    user: str
    groups: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Logins:
    """All of them; ``strange`` are lines of what is not understood."""

    entries: tuple[Login, ...]
    strange: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One tool, server or agent that an agent is given, by the object's kind and name.

    ``tools`` are the only tools of a server that it may call; None for all.
    """

    kind: str
    namespace: str
    name: str
    line: int
    tools: tuple[str, ...] | None = None
    secrets: tuple[SecretRef, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, or a team of agents, that is an object of its own."""

    framework: str
    detail: str
    uses: tuple[Use, ...] = ()
    models: tuple[tuple[str, str, int], ...] = ()
    """(namespace, name, line) of the objects of models."""
    model: str = ""
    memories: tuple[str, ...] = ()
    pod: Pod | None = None
    own_account: bool = False
    """Whether its controller makes a service account of its name for it."""
    labels: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    workflow: bool = False
    edges: tuple[tuple[str, str, int], ...] = ()
    """Who of a team's members hands over to whom: (name, name, line)."""
    target: tuple[str, str] | None = None
    """(kind, name) of the workload that it runs in."""


@dataclass(frozen=True, slots=True)
class Server:
    """A tool server: one that is reached by ``url``, by a service of the cluster that it names, or one that runs in a ``pod``."""

    detail: str
    transport: str = ""
    url: str = ""
    service: tuple[str, str, str] | None = None
    """(namespace, name, rest of the address) of that service."""
    pod: Pod | None = None
    facts: tuple[Fact, ...] = ()
    sent: tuple[SecretRef, ...] = ()
    """What callers send along; where it runs here itself, what it is given is in ``pod``."""
    held: tuple[Fact, ...] = ()
    """HOLDS edges of what callers send along that stands in the object itself."""
    tools: tuple[str, ...] = ()
    protocol: str = "mcp"
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is an object of its own: an HTTP call, or a tool of a server."""

    effects: tuple[str, ...] = ()
    server: tuple[str, str] | None = None
    """(namespace, name) of the server."""
    tool: str = ""
    secrets: tuple[SecretRef, ...] = ()
    facts: tuple[Fact, ...] = ()
    untrusted: bool | None = None
    labels: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """The configuration of a model, and what it is called with."""

    model: str
    secrets: tuple[SecretRef, ...] = ()
    facts: tuple[Fact, ...] = ()
    assumes: tuple[NodeFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory of agents."""

    detail: str
    secrets: tuple[SecretRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What a ``kustomization.yaml`` does to the files that it names: the namespace that it puts them into."""

    namespace: str
    resources: tuple[str, ...]
    renames: bool
    generated: tuple[tuple[str, Store], ...] = ()


Content = Account | Agent | Binding | Kustomization | Logins | Memory | Model | Pod | Rules | Server | Service | Store | Tool | Vault | None


@dataclass(frozen=True, slots=True)
class Read:
    """One object: where it is written, who it is, and what it holds."""

    kind: str
    group: str
    namespace: str
    name: str
    path: str
    line: int
    content: Content
    labels: tuple[tuple[str, str], ...] = ()
    owner: tuple[str, str] | None = None
    """(kind, name) of the object that controls it."""
    live: bool = False
    """Whether it comes from a dump of what is in force."""
    environment: str | None = None
    owners: tuple[str, ...] = ()
    """E-mail addresses and teams that its labels and annotations name as accountable."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One document."""

    objects: tuple[Read, ...] = ()
    templates: int = 0
    problems: tuple[Problem, ...] = ()
    chart: bool = False
    """Whether it is the description of a Helm chart."""
    file: File | None = None
    """What it is in a Helm chart."""
