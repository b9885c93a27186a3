"""Makes permissions.json beside it: ``python make.py FILE VERSION``, FILE being Graph's own descriptions of its permissions; see README.md."""

import json
import sys
from pathlib import Path

described, version = json.loads(Path(sys.argv[1]).read_text("utf-8")), sys.argv[2]
names = {}
for kind in ("applicationScopesList", "delegatedScopesList"):
    names.update({one["id"].lower(): one["value"] for one in described[kind] if one.get("id") and one.get("value")})
lines = ",\n".join(f"{json.dumps(id)}: {json.dumps(name)}" for id, name in sorted(names.items()))
Path(__file__).with_name("permissions.json").write_text(f'{{"version": {json.dumps(version)},\n"names": {{\n{lines}\n}}}}\n', "utf-8")
