"""Installed from a wheel or from a checkout, graphinv finds the folders it ships with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import graphinv
from graphinv.pipeline.bundled import bundled

CHECKOUT = Path(graphinv.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_an_editable_install_finds_them_in_the_checkout() -> None:
    assert {bundled(folder) for folder in ("app", "data", "queries")} == {CHECKOUT / folder for folder in ("app", "data", "queries")}


def test_a_wheel_carries_every_file_of_them(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("app", "data", "queries"):
        for path in (CHECKOUT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"graphinv/_bundled/{path.relative_to(CHECKOUT).as_posix()}" in names


@pytest.mark.install
def test_the_demo_runs_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site), "GRAPHINV_STORE": str(work / "graph")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "graphinv", *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
        )

    where = [sys.executable, "-c", "import graphinv; print(graphinv.__file__)"]
    place = subprocess.run(where, cwd=work, env=environment, capture_output=True, text=True, check=True)
    assert place.stdout.startswith(str(site))
    demo = run("demo", "--format", "json")
    assert demo.returncode == 0, demo.stderr
    assert json.loads(demo.stdout)["nodes"]["Agent"] > 20
    assert json.loads(run("query", "--list", "--format", "json").stdout)
