"""Pods and the templates of pods: what they run, as whom, and what they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.containers import is_broad
from graphinv.ingest.support.docker.running import image_facts, safe, told
from graphinv.ingest.support.kubernetes.readings import HOLDER, ConfigRef, Pod, SecretRef
from graphinv.ingest.support.kubernetes.secrets import held, plain, ref
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.located import Pointer
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import url_parts
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.vault.paths import plain_path
from graphinv.ingest.support.words import Word, pairs
from graphinv.model.facts import EdgeFact, Fact, NodeFact

MAX_CONTAINERS = 100
MAX_VARIABLES = 2_000

_PATHS: tuple[tuple[str, ...], ...] = (
    ("spec", "jobTemplate", "spec", "template"),
    ("spec", "template"),
    ("spec", "podTemplate"),
    ("spec", "podTemplateSpec"),
    ("spec", "jobTargetRef", "template"),
    ("template",),
    (),
)
"""Where a kind keeps the template of its pods; the pod itself is one."""
_LISTS = ("initContainers", "containers", "ephemeralContainers")
_OTHERS_VARIABLE = re.compile(r"\$\(([A-Za-z_][\w.-]{0,127})\)")
_SANDBOXES = re.compile(r"gvisor|runsc|kata.*|.*sandbox.*|firecracker", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE)
_ROLE_VARIABLES = ("AWS_ROLE_ARN", "AWS_ROLE_TO_ASSUME")


def pod_of(raw: Raw) -> Pod | None:
    """What the pods of an object run; None where it has none."""
    for path in _PATHS:
        template = raw.mapping(*path) if path else raw.value
        spec = template.get("spec")
        if isinstance(spec, dict) and isinstance(spec.get("containers"), list):
            return _Reader(raw, (*path, "spec")).read(spec, template)
    return None


def pod_from(raw: Raw, path: Pointer, container: dict[str, Any], spec: dict[str, Any] | None = None) -> Pod:
    """The pod that a controller makes of one container that an object describes at ``path`` in the words of Kubernetes.

    ``spec`` holds fields of the pod itself, such as ``serviceAccountName`` and ``volumes``.
    """
    return _Reader(raw, path).read({**(spec or container), "containers": [container]}, {})


class _Reader:
    def __init__(self, raw: Raw, path: Pointer) -> None:
        self.raw = raw
        self.path = path
        self.secrets: list[SecretRef] = []
        self.configs: list[ConfigRef] = []
        self.facts: list[Fact] = []
        self.labels: list[str] = []
        self.addresses: list[tuple[str, str, int]] = []
        self.assumes: list[NodeFact] = []
        self.tokens: list[tuple[str, int | None, int]] = []
        self.exposed = False

    def read(self, spec: dict[str, Any], template: dict[str, Any]) -> Pod:
        for field in _LISTS:
            for index, container in enumerate(items(spec.get(field))[:MAX_CONTAINERS]):
                self.container(container, (*self.path, field, index))
        self.volumes(spec)
        for index, item in enumerate(items(spec.get("imagePullSecrets"))[:MAX_CONTAINERS]):
            self.given(ref(item, self.line("imagePullSecrets", index), "config"))
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field) is True:
                self.exposed = True
                self.labels.append(f"{field}=true")
        metadata = template.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        self.annotations(metadata.get("annotations"))
        self.labels += [f"pod:{key}={value}" for key, value in pairs_of(metadata.get("labels"))]  # what selectors elsewhere look for
        account = spec.get("serviceAccountName", spec.get("serviceAccount"))
        mounted = spec.get("automountServiceAccountToken")
        sandbox = spec.get("runtimeClassName")
        sandboxed = False if self.exposed else True if isinstance(sandbox, str) and _SANDBOXES.fullmatch(sandbox) else None
        return Pod(
            account=hide(account) if isinstance(account, str) else "",
            automount=mounted if isinstance(mounted, bool) else None,
            tokens=tuple(self.tokens),
            secrets=tuple(self.secrets),
            configs=tuple(self.configs),
            facts=tuple(self.facts),
            labels=tuple(dict.fromkeys(label for label in self.labels if tellable(label.partition("=")[2]))),
            sandboxed=sandboxed,
            addresses=tuple(self.addresses),
            selected=pairs_of(metadata.get("labels")),
            assumes=tuple(self.assumes),
        )

    def line(self, *below: str | int) -> int:
        return self.raw.line(*self.path, *below)

    def given(self, reference: SecretRef | None) -> None:
        if reference is not None:
            self.secrets.append(reference)

    # ---- containers ---------------------------------------------------------------------------------------------------------

    def container(self, container: dict[str, Any], at: Pointer) -> None:
        line = self.raw.line(*at)
        image = container.get("image")
        if isinstance(image, str) and safe(image.strip()):
            self.labels.append(f"image={image.strip()}")
        self.facts += image_facts(self.raw.document, line, HOLDER, image)
        self.command(container, at)
        self.environment(container, at)
        security = container.get("securityContext")
        if isinstance(security, dict) and security.get("privileged") is True:
            self.exposed = True
            self.labels.append("privileged=true")

    def command(self, container: dict[str, Any], at: Pointer) -> None:
        words = [Word(text, (*at, field)) for field in ("command", "cmd", "args") for text in _words(container.get(field))]
        named = bool(container.get("command") or container.get("cmd"))
        self.labels += [label for label in told(words) if named or not label.startswith("program=")]
        folder = container.get("workingDir")
        if isinstance(folder, str) and safe(folder):
            self.labels.append(f"workdir={folder}")
        for option, word in pairs(words):
            self.facts += held(self.raw.document, self.raw.line(*word.where), option, word.text)

    def environment(self, container: dict[str, Any], at: Pointer) -> None:
        entries = container.get("env")
        if isinstance(entries, dict):  # as some custom resources have it
            entries = [{"name": name, "value": value} for name, value in entries.items()]
        entries = [item for item in items(entries)[:MAX_VARIABLES] if isinstance(item.get("name"), str)]
        own = {item["name"] for item in entries}
        for index, item in enumerate(entries):
            line = self.raw.line(*at, "env", index)
            source = item.get("valueFrom")
            if isinstance(source, dict):
                self.variable_from(item["name"], source, line)
            elif (text := plain(item.get("value"))) is not None:
                self.variable(item["name"], text, line, own)
        for index, item in enumerate(items(container.get("envFrom"))[:MAX_VARIABLES]):
            line = self.raw.line(*at, "envFrom", index)
            self.given(ref(item.get("secretRef"), line))
            self.config(item.get("configMapRef"), line)

    def variable_from(self, name: str, source: dict[str, Any], line: int) -> None:
        self.given(ref(source.get("secretKeyRef"), line, variable=name))
        self.config(source.get("configMapKeyRef"), line)

    def variable(self, name: str, text: str, line: int, own: set[str]) -> None:
        # $(NAME) is another variable of the container: as ${NAME} it is told apart from what a command prints.
        text = _OTHERS_VARIABLE.sub(lambda match: f"${{{match[1]}}}" if match[1] in own else "", text)
        self.facts += held(self.raw.document, line, name, text)
        if name in _ROLE_VARIABLES and (role := aws_role(text, self.raw.document.source(line))):
            self.assumes.append(role)
        address = url_parts(text) if _ADDRESS.fullmatch(text.strip()) else None
        if address is not None and "{secret}" not in address.url and not address.references and hide(name) == name:
            self.addresses.append((name, address.url, line))

    def config(self, value: object, line: int) -> None:
        found = ref(value, line)
        if found is not None:
            self.configs.append(ConfigRef(found.name, found.key, line))

    # ---- volumes and annotations --------------------------------------------------------------------------------------------

    def volumes(self, spec: dict[str, Any]) -> None:
        """Secrets, tokens and parts of the machine that are mounted."""
        for index, volume in enumerate(items(spec.get("volumes"))[:MAX_VARIABLES]):
            line = self.line("volumes", index)
            for field, source in volume.items():
                if not isinstance(source, dict):
                    continue
                if field == "hostPath":
                    self.host_path(source.get("path"))
                elif field == "projected":
                    for inner in items(source.get("sources"))[:MAX_VARIABLES]:
                        self.token(inner.get("serviceAccountToken"), line)
                        self.mounted(inner.get("secret"), line, "name")
                        self.config(inner.get("configMap"), line)
                elif field == "configMap":
                    self.config(source, line)
                else:
                    self.mounted(source, line)

    def token(self, source: object, line: int) -> None:
        """A token of the account, made for an audience and for a time."""
        if isinstance(source, dict):
            audience, seconds = source.get("audience"), source.get("expirationSeconds")
            audience = audience if isinstance(audience, str) and safe(audience) else ""
            lives = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 2**31 else None
            self.tokens.append((audience, lives, line))

    def mounted(self, source: object, line: int, field: str = "secretName") -> None:
        """A Secret as a volume; of a few of its keys where ``items`` lists them."""
        if not isinstance(source, dict):
            return
        name = source.get(field)
        chosen = [item.get("key") for item in items(source.get("items"))[:MAX_VARIABLES]]
        for key in chosen or [""]:
            if name is not None:
                self.given(ref({"name": name, "key": key}, line, "config"))
        self.given(ref(source.get("nodePublishSecretRef"), line, "config"))

    def host_path(self, path: object) -> None:
        if isinstance(path, str):
            self.exposed = self.exposed or is_broad(path)
            if safe(path):
                self.labels.append(f"mount={path}")

    def annotations(self, value: object) -> None:
        """Vault's injector and kube2iam: what the pod is given, and as whom."""
        for name, text in list(value.items())[:MAX_VARIABLES] if isinstance(value, dict) else ():
            if not isinstance(text, str) or hide(text) != text:
                continue
            line = self.line()
            sources = [self.raw.document.source(line)]
            if name.startswith("vault.hashicorp.com/agent-inject-secret-") and re.fullmatch(r"[\w./-]{1,300}", text):
                key = ("Secret", f"vault:{self.raw.document.root}/{plain_path(text)}")
                self.facts.append(NodeFact(*key, {"name": text.strip("/"), "kind_detail": "vault path", "sources": sources}))
                edge = {"place": "vault", "evidence": ["declared"], "sources": sources}
                self.facts.append(EdgeFact("HOLDS", HOLDER, key, edge))
            elif name == "vault.hashicorp.com/role" and re.fullmatch(r"[\w.-]{1,100}", text):
                role = f"vault:{self.raw.document.root}/auth/kubernetes/role/{text}"
                props = {"name": text, "type": "vault_role", "provider": "vault", "sources": sources}
                self.assumes.append(NodeFact("Identity", role, props))
            elif name == "iam.amazonaws.com/role" and (assumed := aws_role(text, sources[0])):
                self.assumes.append(assumed)


def aws_role(text: str, source: str) -> NodeFact | None:
    """The IAM role whose ARN ``text`` is."""
    found = arns.parse(text.strip())
    if found is None or arns.identity_type(text.strip()) != "iam_role" or not safe(text.strip()):
        return None
    name = found.resource.rpartition("/")[2]
    return NodeFact("Identity", str(found), {"name": name, "type": "iam_role", "provider": "aws", "sources": [source]})


def pairs_of(value: object) -> tuple[tuple[str, str], ...]:
    """Labels (or a selector's) as pairs, sorted."""
    if not isinstance(value, dict):
        return ()
    found = ((key, text) for key, part in list(value.items())[:MAX_VARIABLES] if (text := plain(part)) is not None)
    return tuple(sorted((hide(key), hide(text)) for key, text in found))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    yield from texts(value)[:MAX_VARIABLES]
