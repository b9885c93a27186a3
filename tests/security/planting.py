"""Secrets that are made up to be looked for, and servers that are given them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable

from graphinv.ingest.support.secrets import is_placeholder

SHORTEST = 20
"""How many letters and digits a planted value ends in, at the least."""


def canary(prefix: str = "", length: int = 36) -> str:
    """Random letters and digits as issuers make them: some of each kind, and no word in it that says that it is none."""
    assert length >= SHORTEST
    while True:
        value = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
        kinds = (sum(map(str.isdigit, value)), sum(map(str.isupper, value)), sum(map(str.islower, value)))
        if min(kinds) >= 5 and not is_placeholder(prefix + value):
            return prefix + value


def leaked(planted: Iterable[str], data: bytes) -> list[str]:
    """Those of ``planted`` whose letters and digits stand in ``data``, with or without what comes before them. O(data), as all are looked
    for among its long runs of letters and digits only."""
    runs = b" ".join(set(re.findall(rb"[0-9A-Za-z]{%d,}" % SHORTEST, data)))
    return [value for value in planted if re.split("[^0-9A-Za-z]", value)[-1].encode() in runs]


class Plant:
    """Makes canaries and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self, prefix: str = "", length: int = 36) -> str:
        self.planted.append(canary(prefix, length))
        return self.planted[-1]


def servers(plant: Plant) -> dict[str, object]:
    """MCP servers that have a secret in every place where people put one."""
    return {
        "env": {"command": "npx", "args": ["-y", "@acme/server@1.0.0"], "env": {"ACME_API_KEY": plant(), "GH": plant("gh" + "p_")}},
        "args": {
            "command": "uvx",
            "args": ["acme-server", "--access-token", plant(), f"--api-key={plant()}", plant("sk" + "-ant-api03-", 93)],
        },
        "headers": {
            "type": "http",
            "url": f"https://user:{plant()}@mcp.acme.example/mcp?api_key={plant()}&x=1",
            "headers": {"Authorization": f"Bearer {plant()}", "x-api-key": plant(), "X-Functions-Key": plant()},
        },
        "docker": {"command": "docker", "args": ["run", "-i", "-e", f"ACME_TOKEN={plant()}", "-e", "OTHER", "acme/server:latest"]},
        "proxy": {
            "command": "npx",
            "args": ["mcp-remote", "https://mcp.other.example/sse", "--header", f"Authorization: Bearer {plant()}"],
        },
        "database": {"command": "npx", "args": ["server-postgres", f"postgresql://app:{plant()}@db.acme.example:5432/shop"]},
        "default": {"command": "x", "env": {"ACME_SECRET": "${ACME_SECRET:-" + plant() + "}"}},
        "odd": {"command": ["sh", "-c", f"ACME_TOKEN={plant()} run"], "env": [plant("gh" + "p_")]},
        f"named-{plant('gh' + 'p_')}": {"command": 7},
    }
