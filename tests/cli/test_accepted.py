"""Accepted risks and baselines on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, refused

ENTRY = '[[accepted]]\nrule = "GI-*"\nowner = "ana@acme.example"\nreason = "of the demo"\nuntil = {}\n'


def test_findings_without_what_is_accepted(demo: Demo, tmp_path: Path) -> None:
    every = graphinv("findings", "--store", demo.store, "-f", "json").json
    file = tmp_path / "accepted.toml"
    file.write_text(ENTRY.format("2026-12-31"), "utf-8")
    ran = graphinv("findings", "--store", demo.store, "-f", "json", "--accepted", file)
    assert ran.json == []
    assert f"{len(every)} findings hidden as accepted risk" in ran.err
    assert f"{len(every)} findings hidden" in graphinv("findings", "--by-cause", "--store", demo.store, "--accepted", file).err
    assert graphinv("findings", every[0]["key"], "--store", demo.store, "-f", "json", "--accepted", file).json == [every[0]]
    file.write_text(ENTRY.format("2026-01-31"), "utf-8")
    ran = graphinv("findings", "--store", demo.store, "-f", "json", "--accepted", file)
    assert ran.json == every
    assert "acceptance of GI-* by ana@acme.example ran out on 2026-01-31: of the demo" in ran.err


def test_findings_that_are_new(demo: Demo, tmp_path: Path) -> None:
    printed = graphinv("findings", "--store", demo.store, "-f", "jsonl")
    first, *others = printed.out.splitlines(keepends=True)
    file = tmp_path / "baseline.jsonl"
    file.write_text("".join(others), "utf-8")
    ran = graphinv("findings", "--store", demo.store, "-f", "jsonl", "--baseline", file)
    assert ran.out == first
    assert f"{len(others)} findings hidden that the baseline knows" in ran.err
    assert "cannot be read" in refused("findings", "--store", demo.store, "--baseline", tmp_path / "none")


@pytest.mark.parametrize("name", ["sarif", "json", "csv", "jira"])
def test_exports_leave_out_what_is_accepted_and_count_it(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    keys = {one["key"] for one in graphinv("findings", "--rule", "GI-GOV", "--store", demo.store, "-f", "json").json}
    file = tmp_path / "accepted.toml"
    file.write_text(ENTRY.format("2026-12-31").replace("GI-*", "GI-GOV-*"), "utf-8")
    assert keys < set(re.findall(r"[0-9a-f]{16}", graphinv("export", name, "--store", demo.store).out))
    ran = graphinv("export", name, "--store", demo.store, "--accepted", file)
    assert keys.isdisjoint(re.findall(r"[0-9a-f]{16}", ran.out))
    assert f"{len(keys)} findings hidden as accepted risk" in ran.err
    monkeypatch.setenv("GRAPHINV_ACCEPTED", str(file))
    assert graphinv("export", name, "--store", demo.store).out == ran.out
    assert f"{len(keys)} findings hidden" in graphinv("findings", "--store", demo.store).err


def test_a_scan_fails_on_what_is_new_only(tmp_path: Path) -> None:
    root = tmp_path / "estate"
    root.mkdir()
    (root / "agents.csv").write_text("id,name\nhelper,Helper\n", "utf-8")
    store = tmp_path / "graph"
    graphinv("scan", root, "--store", store, "--at", AT, "--fail-on", "low", code=1)
    baseline = tmp_path / "baseline.json"
    baseline.write_text(graphinv("findings", "--store", store, "-f", "json").out, "utf-8")
    again = ("scan", root, "--store", store, "--at", AT, "--fail-on", "low", "--baseline", baseline)
    assert "hidden that the baseline knows" in graphinv(*again).out
    counted = graphinv(*again, "-f", "json").json
    assert counted["known"] > 0
    assert (counted["accepted"], counted["graver"], counted["expired"], sum(counted["severities"].values())) == (0, 0, [], 0)
    assert graphinv("findings", "--store", store, "-f", "json").json  # hidden, not deleted
    (root / "agents.csv").write_text("id,name\nhelper,Helper\nstray,Stray\n", "utf-8")
    graphinv(*again, code=1)
    assert "hidden" in graphinv("analyze", "--store", store, "--at", AT, "--baseline", baseline).out
