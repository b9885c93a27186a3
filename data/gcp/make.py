"""Makes roles.json beside it: ``python make.py FOLDER VERSION``, FOLDER holding one JSON file for each predefined role; see README.md."""

import json
import sys
from pathlib import Path

from graphinv.ingest.support.gcp.permissions import summary

folder, version = Path(sys.argv[1]), sys.argv[2]
roles = {}
for file in sorted(folder.glob("*.json")):
    role = json.loads(file.read_text("utf-8"))
    made = summary(role.get("includedPermissions", ()))
    services: dict[str, list[str]] = {}
    for service, letters in made.services.items():
        services.setdefault(letters, []).append(service)
    if role["name"] == "roles/viewer":  # by its definition it changes nothing
        services = {"r": list(made.services)}
    roles[role["name"].removeprefix("roles/")] = [{letters: " ".join(names) for letters, names in sorted(services.items())}, sorted(made.kept)]
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(role, separators=(',', ':'))}" for name, role in sorted(roles.items()))
Path(__file__).with_name("roles.json").write_text(f'{{"version": {json.dumps(version)},\n"roles": {{\n{lines}\n}}}}\n', "utf-8")
