from __future__ import annotations

from collections import Counter
from pathlib import Path

from graphinv.ingest import HEAD_BYTES, aws_account, cloudtrail
from graphinv.model.facts import Grant
from tests.ingest.aws_grants import Evaluated, whole
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document, shown

# Counted in the files: users, groups, roles and customer-managed policies.
EXPECTED = {
    "example.json": (44, 5, 78, 84),
    "example-authz-details.json": (3, 2, 3, 32),
    "example_authz_details_for_overrides.json": (0, 0, 0, 1),
    "example_authz_details_for_overrides_complete.json": (1, 1, 2, 3),
}


def dumps(corpus: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((corpus / "aws_gaad").rglob("*.json"))}


def test_all_that_the_dumps_list_is_there(corpus: Path) -> None:
    found = {}
    for name, data in dumps(corpus).items():
        assert aws_account.detect(name, data[:HEAD_BYTES])
        facts = Facts(aws_account, document(data, name))
        assert facts.problems == []
        types = Counter(props.get("type") for key, props in facts.nodes.items() if key[0] == "Identity")
        policies = sum(isinstance(fact, Grant) and fact.role == "policy" for fact in facts.all)
        found[name] = (types["iam_user"], types["iam_group"], types["iam_role"], policies)
        assert whole(aws_account, document(data, name)).problems == []
    assert found == EXPECTED


def test_the_laboratory_of_escalations_is_seen_through(corpus: Path) -> None:
    """An account made for practice: each of its users and roles named after a way has that way, the counter-examples have none."""
    found: Evaluated = whole(aws_account, document(dumps(corpus)["example.json"], "example.json"))
    starts = {edge.source for edge in found.edges if edge.kind == "ASSUMES" and edge.props["kind_detail"] != "trust"}
    starts |= {edge.source for edge in found.edges if edge.kind == "MEMBER_OF" and edge.target in starts}
    taken = {shown(start).rpartition("/")[2] for start in starts}
    names = {key[1].rpartition("/")[2] for key in found.known if key[0] == "Identity"}
    started = {name for name in names if name.startswith("privesc") and name.endswith(("-user", "-role"))}
    assert len(started) > 50
    without = {name for name in started - taken if not name.startswith(("privesc-AssumeRole", "privesc-high", "privesc-sre-admin"))}
    # What changes a user or a group gives nothing to a role, and what changes a role nothing to a user who cannot assume it.
    assert without == {
        "privesc7-AttachUserPolicy-role",
        "privesc8-AttachGroupPolicy-role",
        "privesc9-AttachRolePolicy-user",
        "privesc10-PutUserPolicy-role",
        "privesc11-PutGroupPolicy-role",
        "privesc12-PutRolePolicy-user",
        "privesc13-AddUserToGroup-role",
    }
    false_positives = {name for name in taken if name.startswith(("fp1-", "fp2-", "fp3-", "fp4-"))}
    assert false_positives == set()
    assert {name for name in names if name.startswith(("fn1-", "fn2-", "fn3-"))} <= taken


def test_a_trail_of_trying_out_attacks_is_read(corpus: Path) -> None:
    texts = {file.name: file.read_text() for file in sorted((corpus / "cloudtrail").rglob("*.json"))}
    assert len(texts) == 7
    assert sum(cloudtrail.summarise(document(text, name)).records for name, text in texts.items()) == 100
    found = linked(cloudtrail, texts)
    here, of = "us-east-1:123837392027", "arn:aws:iam::123837392027"
    tester, thief = f"{of}:user/bert-jan", f"{of}:role/stratus-red-team-ec2-steal-credentials-role"
    assert (tester, f"{of}:role/stratus-red-team-leave-org-role") in found.drawn("ASSUMES")
    assert found.drawn("RUNS_AS") == {(f"arn:aws:ec2:{here}:instance/i-0dbc91f429e48eeed", thief)}
    read = {one for one in found.targets("CAN_ACCESS", tester) if ":parameter/" in one}
    assert len(read) == 4
    assert len(found.drawn("AUTHENTICATES_AS")) == 3
    assert {severity for _, severity, _ in found.problems} == {"note"}
