"""YAML that lies beside frameworks' code in public repositories: none of it is an agent of ADK, though some looks like one."""

from __future__ import annotations

from pathlib import Path

from graphinv.ingest import adk_yaml
from tests.ingest.reading import document


def test_settings_beside_code_are_no_agents(corpus: Path) -> None:
    folders = ("fw_adk", "fw_autogen_maf", "fw_strands", "fw_crewai", "fw_langgraph", "k8s_agents")
    files = sorted(path for folder in folders for path in (corpus / folder).rglob("*.y*ml"))
    assert len(files) > 20
    summaries = {}
    for path in files:
        place, data = str(path.relative_to(corpus)), path.read_bytes()
        if adk_yaml.detect(place, data[:4096]):
            summaries[place] = adk_yaml.summarise(document(data, place))
    assert list(adk_yaml.link("shop", summaries)) == []
