"""Makes roles.json beside it: ``python make.py FILE VERSION``, FILE as ``az role definition list`` prints it; see README.md."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from graphinv.ingest.support.azure.roles import summary

definitions, version = json.loads(Path(sys.argv[1]).read_text("utf-8")), sys.argv[2]
roles = {}


def by_letters(types: Mapping[str, str]) -> dict[str, str]:
    """Letters → the types that they are given on."""
    kinds: dict[str, list[str]] = {}
    for kind, letters in types.items():
        kinds.setdefault(letters, []).append(kind)
    return {letters: " ".join(names) for letters, names in sorted(kinds.items())}


for one in definitions:
    made = summary(one["roleName"], one["permissions"])
    roles[one["name"].lower()] = [made.name, by_letters(made.types), *([by_letters(made.data)] if made.data else [])]
lines = ",\n".join(f"{json.dumps(id)}: {json.dumps(role, separators=(',', ':'))}" for id, role in sorted(roles.items()))
Path(__file__).with_name("roles.json").write_text(f'{{"version": {json.dumps(version)},\n"roles": {{\n{lines}\n}}}}\n', "utf-8")
