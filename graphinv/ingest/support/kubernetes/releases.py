"""Objects by which a cluster itself installs charts of Helm: of Flux, Argo CD and k3s. What such a chart runs stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items, mapping
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secret_shapes import hide


def charts_of(raw: Raw) -> Iterator[str]:
    """Names of the charts that an object installs from a registry or repository of charts."""
    spec = raw.mapping("spec")
    named: list[object] = []
    match raw.group, raw.kind:
        case "helm.toolkit.fluxcd.io", "HelmRelease":
            chart = raw.mapping("spec", "chart", "spec")
            listed = text(mapping(chart.get("sourceRef")).get("kind")) != "GitRepository"
            named = [mapping(spec.get("chartRef")).get("name"), chart.get("chart") if listed else None]
        case "helm.cattle.io", "HelmChart":
            named = [spec.get("chart"), raw.name if spec.get("chartContent") else None]
        case "argoproj.io", "Application":
            named = [one.get("chart") for one in _sources(spec)]
        case "argoproj.io", "ApplicationSet":
            named = [one.get("chart") for one in _sources(raw.mapping("spec", "template", "spec"))]
    yield from (hide(name) for one in named if (name := text(one, 200)))


def _sources(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*items(spec.get("sources")), mapping(spec.get("source"))]
