"""Where spans come from: the service that wrote them, its environment, what it ran on and as whom, by the attributes of their resource."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.otel.values import Attributes, shown, text
from graphinv.ingest.support.places import ENVIRONMENTS
from graphinv.model.facts import NodeKey

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
_OF_DEPLOYMENT = re.compile(r"(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}")
"""Name of a pod that a Deployment made: its own, a digest of the template, five letters."""
_MADE_UP = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}|ip-[0-9-]+(?:\..*)?")
"""Names that containers and machines have that nobody named."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A service in one environment. ``service`` is empty where the trace does not tell it; ``agent`` is the one that all its spans are of,
    ``runtime`` what it runs on and what that is."""

    service: str = ""
    namespace: str = ""
    environment: str = ""
    agent: str = ""
    runtime: tuple[NodeKey, str] | None = None
    identity: NodeKey | None = None

    @property
    def known_environment(self) -> str | None:
        """Its environment in the words of the vocabulary."""
        return ENVIRONMENTS.get(self.environment.lower())


def origin_of(resource: Attributes, root: str) -> Origin:
    """The origin that ``resource`` tells. A cluster that it does not name is that of the root, as in manifests."""
    service = text(resource, "service.name", "service_name")
    cluster = shown(text(resource, "k8s.cluster.name")) or root
    namespace = shown(text(resource, "k8s.namespace.name"))
    return Origin(
        "" if service.startswith("unknown_service") else shown(service),
        shown(text(resource, "service.namespace")) or namespace,
        shown(text(resource, "deployment.environment.name", "deployment.environment", "langfuse.environment")),
        shown(text(resource, "gen_ai.agent.name", "agent.name")),
        _runtime(resource, cluster, namespace),
        _identity(resource, cluster, namespace),
    )


def _runtime(resource: Attributes, cluster: str, namespace: str) -> tuple[NodeKey, str] | None:
    if namespace:
        for kind in _WORKLOADS:
            name = shown(text(resource, f"k8s.{kind.lower()}.name"))
            if name:
                return ("Runtime", object_id(cluster, namespace, kind, name)), "pod"
        pod = shown(text(resource, "k8s.pod.name"))
        made = _OF_DEPLOYMENT.fullmatch(pod)
        if pod:
            return ("Runtime", object_id(cluster, namespace, "Deployment" if made else "Pod", made[1] if made else pod)), "pod"
    stated = shown(text(resource, "cloud.resource_id", "faas.id", "aws.ecs.container.arn"))
    function = shown(text(resource, "faas.name"))
    if not stated and function and text(resource, "cloud.provider") == "aws":
        region, account = shown(text(resource, "cloud.region")), shown(text(resource, "cloud.account.id"))
        stated = f"arn:aws:lambda:{region}:{account}:function:{function}" if region and account else ""
    if stated:
        kind = "function" if function or ":function:" in stated else "container"
        if arns.parse(stated) is not None:
            return ("Runtime", arns.canonical(stated)), kind
        return ("Runtime", stated.lower() if stated.lower().startswith("/subscriptions/") else stated.removeprefix("//")), kind
    container, host = shown(text(resource, "container.name")), shown(text(resource, "host.name"))
    if container and not _MADE_UP.fullmatch(container):
        return ("Runtime", f"container:{cluster}#{container}"), "container"
    return (("Runtime", f"host:{host}"), "vm") if host and not _MADE_UP.fullmatch(host) else None


def _identity(resource: Attributes, cluster: str, namespace: str) -> NodeKey | None:
    """Who it acts as, where that is stated: under our own name for it, or as the service account of its pod."""
    stated = shown(text(resource, "graphinv.identity.id"))
    if stated:
        return "Identity", arns.canonical(stated) if arns.parse(stated) is not None else stated
    account = shown(text(resource, "k8s.serviceaccount.name", "k8s.service_account.name"))
    return ("Identity", object_id(cluster, namespace, "ServiceAccount", account)) if account and namespace else None
