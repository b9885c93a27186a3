"""Identities that come in from elsewhere by a token of their own issuer: GitHub jobs, Kubernetes service accounts and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.grants import Known
from graphinv.ingest.support.secrets import url_parts
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

GITHUB = "token.actions.githubusercontent.com"
SAME_NAME: Props = {"evidence": ["inferred"], "confidence": 0.8}
"""A policy names a service account by namespace and name; which cluster trusts whom does not stand in it."""
_WORKLOAD = re.compile(r"system:serviceaccount:([\w.*-]{1,253}):([\w.*-]{1,253})")


def github_jobs(repository: str, sources: list[str]) -> NodeFact:
    """What the jobs of a GitHub repository are to whoever trusts GitHub's tokens."""
    props: Props = {"name": f"jobs of {repository}", "type": "github_oidc", "provider": "github", "binding": "federated"}
    return NodeFact("Identity", f"github-oidc:{repository}", {**props, "sources": sources})


def github(subject: str, target: NodeKey, props: Props) -> Iterator[NodeFact | EdgeFact]:
    """(:Identity jobs of a repository)-[:ASSUMES]->(target)

    ``subject`` is ``owner/repo``, or what follows ``repo:`` in the subject of GitHub's tokens (``owner/repo:ref:refs/heads/main``): then
    the repository's own identity stands before it.
    """
    repository, colon, rest = subject.partition(":")
    jobs = github_jobs(repository, props.get("sources") or [])
    yield jobs
    if colon and rest != "*":
        some = NodeFact("Identity", f"github-oidc:{subject}", {**jobs.props, "name": f"jobs of {repository} ({rest})"})
        yield some
        yield EdgeFact("ASSUMES", jobs.key, some.key, props)
        jobs = some
    yield EdgeFact("ASSUMES", jobs.key, target, props)


def workloads(known: Known, workload: tuple[str, str], target: NodeKey, props: Props, cluster: str = "") -> Iterator[EdgeFact]:
    """(:Identity Kubernetes service account)-[:ASSUMES]->(target), for each known one of that namespace and name.

    ``*`` in either stands for any text. ``cluster`` narrows the search to one cluster, of which it is then certain.
    """
    namespace, name = (re.escape(part).replace(r"\*", "[^/]*") for part in workload)
    pattern = re.compile(rf"k8s:{re.escape(cluster) if cluster else '.+'}/{namespace}/ServiceAccount/{name}")
    for one in known.ids("Identity", prefix="k8s:"):
        if pattern.fullmatch(one):
            yield EdgeFact("ASSUMES", ("Identity", one), target, props if cluster else {**props, **SAME_NAME})


def federated(known: Known, issuer: str, subject: str, target: NodeKey, props: Props) -> Iterator[NodeFact | EdgeFact]:
    """(:Identity that ``issuer`` calls ``subject``)-[:ASSUMES]->(target)"""
    parts = url_parts(issuer)
    host = parts.host if parts else ""
    place = f"{host}{parts.path.rstrip('/')}" if parts else ""  # one host may issue for many: each cluster of a cloud has its own path
    workload = _WORKLOAD.fullmatch(subject)
    if host == GITHUB and subject.startswith("repo:"):
        yield from github(subject.removeprefix("repo:"), target, props)
    elif subject.startswith("spiffe://"):
        yield EdgeFact("ASSUMES", ("Identity", subject), target, props)
    elif workload:
        found = list(workloads(known, (workload[1], workload[2]), target, props))
        yield from found or _outside(place, subject, target, props)
    elif host in ("login.microsoftonline.com", "sts.windows.net"):
        yield EdgeFact("ASSUMES", ("Identity", f"entra:{subject.lower()}"), target, props)
    elif host == "accounts.google.com":
        yield EdgeFact("ASSUMES", ("Identity", f"gcp:unique-id:{subject}"), target, props)
    else:
        yield from _outside(place, subject, target, props)


def _outside(issuer: str, subject: str, target: NodeKey, props: Props) -> Iterator[NodeFact | EdgeFact]:
    """An identity of an issuer that nothing else is known of."""
    key: NodeKey = ("Identity", f"oidc:{issuer or 'unknown'}#{subject}")
    yield NodeFact(*key, {"name": subject, "type": "federated", "binding": "federated", "sources": props.get("sources") or []})
    yield EdgeFact("ASSUMES", key, target, props)
