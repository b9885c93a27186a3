"""A local Neo4j with the open edition of its Graph Data Science library, from Maven Central, for :mod:`tests.bench.engines`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphinv.store import neo4j_local
from tests.neo4j_server import Server, started

VERSION = "2.13.9"
"""The release of the library for Neo4j 5.26 that Maven Central has."""
_PARTS = "".join(f"+org.neo4j.gds:{part}:{VERSION}" for part in ("proc", "opengds-extension"))


def server(home: Path) -> Server:
    """A server of its own in ``home``; whoever asks for it stops it.

    Raises:
        StoreError: it, or the library, cannot be fetched or started.
        UsageError: the extra ``neo4j-local`` is not installed.
    """
    fetch, parts = neo4j_local._jars, neo4j_local._parts

    def fetched(version: str) -> str:
        classpath = fetch(version)
        plugins = home / "plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for folder in classpath.split(os.pathsep):
            for jar in Path(folder.removesuffix("*")).glob(f"*-{VERSION}.jar"):
                (plugins / jar.name).symlink_to(jar)  # procedures are looked for there, all else on the class path
        return classpath

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neo4j_local, "_parts", lambda version: parts(version) + _PARTS)
        patch.setattr(neo4j_local, "_jars", fetched)
        return started(home, "dbms.security.procedures.unrestricted=gds.*")
