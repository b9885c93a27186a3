"""Makes roles.json beside it: ``python make.py FILE VERSION``, FILE as ``az role definition list`` prints it; see README.md."""

import json
import sys
from pathlib import Path

from graphinv.ingest.support.azure.roles import summary

definitions, version = json.loads(Path(sys.argv[1]).read_text("utf-8")), sys.argv[2]
roles = {}
for one in definitions:
    made = summary(one["roleName"], one["permissions"])
    kinds: dict[str, list[str]] = {}
    for kind, letters in made.types.items():
        kinds.setdefault(letters, []).append(kind)
    roles[one["name"].lower()] = [made.name, {letters: " ".join(names) for letters, names in sorted(kinds.items())}]
lines = ",\n".join(f"{json.dumps(id)}: {json.dumps(role, separators=(',', ':'))}" for id, role in sorted(roles.items()))
Path(__file__).with_name("roles.json").write_text(f'{{"version": {json.dumps(version)},\n"roles": {{\n{lines}\n}}}}\n', "utf-8")
