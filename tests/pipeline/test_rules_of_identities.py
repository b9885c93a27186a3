"""Rules about owners, life cycles, identities, secrets and privilege, over files as organisations have them, from bytes to findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphinv.analyze.checks_flows import UNSEEN
from graphinv.model.results import Finding
from graphinv.pipeline.stages import scan
from tests.ingest.reading import fake

AT = "2026-11-27T09:00:00Z"
ACCOUNT = "111122223333"
GITHUB = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"]}


def findings(tmp_path: Path, rule: str, files: Mapping[str, object]) -> list[Finding]:
    """What ``rule`` says of a root with these files; other values than texts are written as JSON."""
    for path, content in files.items():
        (tmp_path / "acme" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "acme" / path).write_text(content if isinstance(content, str) else json.dumps(content, indent=1), "utf-8")
    analysis = scan(str(tmp_path / "graph"), [tmp_path / "acme"], at=AT).analysis
    assert analysis is not None
    return [finding for finding in analysis.findings if finding.rule == rule]


def titles(tmp_path: Path, rule: str, files: Mapping[str, object]) -> list[str]:
    return sorted(finding.title for finding in findings(tmp_path, rule, files))


def servers(**of: object) -> dict[str, object]:
    return {"mcpServers": of}


def state(nodes: str, **said: object) -> str:
    return "\n".join(["[[state]]", f"nodes = [{nodes!r}]", *(f"{name} = {json.dumps(value)}" for name, value in said.items())])


# ---- what was left behind --------------------------------------------------------------------------------------------------------


def test_a_retired_agent_leaves_the_token_of_its_server_behind(tmp_path: Path) -> None:
    token = fake("pat", "ghp_", 36)
    [finding] = findings(
        tmp_path,
        "GI-LIF-001",
        {
            "desk/.mcp.json": servers(github={**GITHUB, "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": token}}),
            "graphinv.toml": state("Agent:claude-code:acme/desk", status="retired"),
        },
    )
    assert finding.title.startswith("Claude Code (acme/desk) is retired and its github still holds ")
    assert [hop.edge for hop in finding.path] == ["CONNECTS_TO", "HOLDS"]
    assert token not in repr(finding)


def test_what_an_agent_in_service_uses_as_well_was_not_left_behind(tmp_path: Path) -> None:
    old = {"disable": True, "description": "Answers tickets", "prompt": "Answer."}
    github = {"type": "local", "command": ["npx", "-y", "@modelcontextprotocol/server-github"]}
    held = {**github, "environment": {"GITHUB_PERSONAL_ACCESS_TOKEN": fake("pat", "ghp_", 36)}}
    assert not findings(tmp_path, "GI-LIF-001", {"opencode.json": {"mcp": {"github": held}, "agent": {"old": old}}})


def test_an_archived_workflow_leaves_its_credential_behind(tmp_path: Path) -> None:
    nodes = [
        {"name": "Helper", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {}},
        {
            "name": "Pay",
            "type": "n8n-nodes-base.stripeTool",
            "parameters": {},
            "credentials": {"stripeApi": {"id": "c1", "name": "Stripe"}},
        },
    ]
    calls = {"Pay": {"ai_tool": [[{"node": "Helper", "type": "ai_tool", "index": 0}]]}}
    flow = {"name": "Pay back", "isArchived": True, "nodes": nodes, "connections": calls}
    [finding] = findings(tmp_path, "GI-LIF-001", {"flow.json": flow})
    assert finding.title == "Helper is retired and its Pay still holds Stripe"


# ---- identities ------------------------------------------------------------------------------------------------------------------


def workload(name: str) -> str:
    """A pod of an agent with an account of its own, which is the role ``shared`` of AWS."""
    role = f"arn:aws:iam::{ACCOUNT}:role/shared"
    account = {"metadata": {"name": name, "namespace": "desk", "annotations": {"eks.amazonaws.com/role-arn": role}}}
    labels = {"app": name, "kagenti.io/type": "agent"}
    pod = {"metadata": {"labels": labels}, "spec": {"serviceAccountName": name, "containers": [{"name": "x", "image": "x:1"}]}}
    deployment = {"metadata": {"name": name, "namespace": "desk", "labels": labels}, "spec": {"template": pod}}
    return "\n---\n".join(
        json.dumps(one)
        for one in (
            {"apiVersion": "v1", "kind": "ServiceAccount", **account},
            {"apiVersion": "apps/v1", "kind": "Deployment", **deployment},
        )
    )


def test_two_accounts_of_a_cluster_that_are_one_role_of_a_cloud_share_it(tmp_path: Path) -> None:
    [finding] = findings(tmp_path, "GI-IDN-001", {"k8s/desk.yaml": f"{workload('desk')}\n---\n{workload('pay')}"})
    assert finding.subject == ("Identity", f"arn:aws:iam::{ACCOUNT}:role/shared")
    assert finding.details["agents"] == ["k8s:acme/desk/Deployment/desk", "k8s:acme/desk/Deployment/pay"]


def test_a_person_who_took_the_account_that_an_agents_pod_has(tmp_path: Path) -> None:
    account = "bot@acme-prod.iam.gserviceaccount.com"
    pod = workload("desk").replace("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account")
    resource = f"projects/-/serviceAccounts/{account}"
    call = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "iamcredentials.googleapis.com",
        "methodName": "GenerateAccessToken",
        "authenticationInfo": {"principalEmail": "ana.lim@acme.example"},
        "authorizationInfo": [{"permission": "iam.serviceAccounts.getAccessToken", "granted": True, "resource": resource}],
        "resourceName": resource,
    }
    entry = {
        "protoPayload": call,
        "resource": {"type": "service_account", "labels": {"email_id": account, "project_id": "acme-prod"}},
        "insertId": "1",
        "timestamp": "2026-11-20T10:00:00Z",
        "logName": "projects/acme-prod/logs/cloudaudit.googleapis.com%2Fdata_access",
    }
    manifest = pod.replace(f"arn:aws:iam::{ACCOUNT}:role/shared", account)
    assert titles(tmp_path, "GI-IDN-003", {"k8s/desk.yaml": manifest, "audit.json": [entry]}) == ["bot was used by ana.lim@acme.example"]


def test_an_administrator_from_the_portal_who_took_the_role_of_an_agent(tmp_path: Path) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/desk"
    portal = "AWSReservedSSO_Admin_0123456789abcdef"
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{portal}", "accountId": ACCOUNT}
    caller = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{portal}/ana@acme.example", "accountId": ACCOUNT}
    event = {
        "eventVersion": "1.08",
        "userIdentity": {**caller, "sessionContext": {"sessionIssuer": issuer}},
        "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": "eu-west-1",
        "requestParameters": {"roleArn": role, "roleSessionName": "ana"},
        "responseElements": {"assumedRoleUser": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/desk/ana"}},
        "eventID": "1",
        "recipientAccountId": ACCOUNT,
    }
    agent = {"agentId": "DESKAGENT1", "agentName": "desk", "agentArn": f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/DESKAGENT1"}
    files = {"aws/agent.json": {"agent": {**agent, "agentResourceRoleArn": role}}, "aws/trail.json": {"Records": [event]}}
    assert titles(tmp_path, "GI-IDN-003", files) == [f"desk was used by {portal}"]


def test_a_server_with_the_login_of_a_person_acts_as_that_person(tmp_path: Path) -> None:
    login = {"type": "authorized_user", "client_id": "7-x.apps.googleusercontent.com", "refresh_token": fake("refresh", "1//0")}
    server = {"command": "uvx", "args": ["mcp-gcp"], "env": {"GOOGLE_APPLICATION_CREDENTIALS": "adc.json"}}
    told = titles(tmp_path, "GI-IDN-003", {"bot/.mcp.json": servers(gcp=server), "bot/adc.json": login})
    assert told == ["who logged in for adc.json is whom 1 coding agent acts as, by design"]


# ---- secrets ---------------------------------------------------------------------------------------------------------------------


def test_a_token_of_vault_that_was_renewed_for_months_is_standing_access(tmp_path: Path) -> None:
    times = {"issue_time": "2026-06-21T00:00:00Z", "last_renewal": "2026-11-27T08:40:00Z", "expire_time": "2026-11-27T09:40:00Z"}
    token = {"accessor": "8609694a", "display_name": "kubernetes-desk", "path": "auth/kubernetes/login", "meta": {"role": "desk"}, **times}
    data = {**token, "creation_ttl": 3600, "period": 3600, "renewable": True, "type": "service"}
    [finding] = findings(tmp_path, "GI-SEC-003", {"vault/token.json": {"data": data}})
    assert "it was renewed 3825 times" in finding.title


def test_what_nobody_else_states_of_a_secret_its_owners_may(tmp_path: Path) -> None:
    said = {"renewable": True, "revocation_hook": False, "issued_at": "2026-01-01", "rotate_every_days": 30}
    files = {
        ".mcp.json": servers(github={**GITHUB, "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${PAT}"}}),
        "graphinv.toml": state("Secret:env:acme#PAT", **said),
    }
    assert titles(tmp_path, "GI-SEC-002", files) == ["PAT was last changed 331 days ago, 30 days at most were meant"]


def test_a_token_that_somebody_asked_a_cluster_for_never_expires(tmp_path: Path) -> None:
    meta = {"name": "desk-token", "namespace": "desk", "annotations": {"kubernetes.io/service-account.name": "desk"}}
    token = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/service-account-token"}
    spec = {"containers": [{"name": "x", "image": "x:1", "envFrom": [{"secretRef": {"name": "desk-token"}}]}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "desk", "namespace": "desk"}, "spec": spec}
    told = titles(tmp_path, "GI-SEC-001", {"k8s/desk.yaml": "\n---\n".join(map(json.dumps, (token, pod)))})
    assert told == ["desk holds desk-token, which never expires"]


# ---- privilege -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["GI-PRV-001", "GI-PRV-002"])
def test_an_administrator_of_an_account_is_told_once_and_gravely(tmp_path: Path, rule: str) -> None:
    def role(name: str, **more: object) -> dict[str, object]:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        return {"Path": "/", "RoleName": name, "RoleId": f"AROA{name}", "Arn": arn, "AssumeRolePolicyDocument": trust, **more}

    everything = [{"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]
    one = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::acme-docs", "arn:aws:s3:::acme-docs/*"]}]}
    bucket = [{"PolicyName": "docs", "PolicyDocument": one}]
    roles = [role("desk", AttachedManagedPolicies=everything), role("docs", RolePolicyList=bucket)]
    agents = {
        f"aws/{name}.json": {
            "agent": {
                "agentId": f"{name.upper():X<10}",
                "agentName": name,
                "agentArn": f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/{name.upper():X<10}",
                "agentResourceRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            }
        }
        for name in ("desk", "docs")
    }
    dump = {"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": roles}
    [finding] = findings(tmp_path, rule, {"aws/account.json": dump, **agents})
    wanted = {
        "GI-PRV-001": (f"desk may administer everything in {ACCOUNT}", "high"),
        "GI-PRV-002": ("docs administers acme-docs", "high"),
    }
    assert (finding.title, finding.severity) == wanted[rule]


# ---- what was seen ---------------------------------------------------------------------------------------------------------------


def test_an_agent_of_code_that_its_traces_have_not_seen_for_months_is_a_ghost(tmp_path: Path) -> None:
    code = """
from agents import Agent, function_tool

@function_tool
def look_up(order: str) -> str:
    return order

triage = Agent(name="triage", instructions="Sort.", tools=[look_up])
refunder = Agent(name="refunder", instructions="Pay back.", tools=[look_up])
"""

    def span(number: int, nanoseconds: int, parent: str = "", **attributes: str) -> dict[str, object]:
        said = [{"key": f"gen_ai.{name}".replace("_name", ".name"), "value": {"stringValue": value}} for name, value in attributes.items()]
        said.append({"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool" if parent else "invoke_agent"}})
        at = str(nanoseconds)
        more = {"parentSpanId": parent} if parent else {}
        return {
            "traceId": "5b" * 16,
            "spanId": f"{number:016x}",
            "name": "x",
            "startTimeUnixNano": at,
            "endTimeUnixNano": at,
            "attributes": said,
            **more,
        }

    june, november = 1_780_300_000 * 10**9, 1_795_500_000 * 10**9
    spans = [
        span(1, november, agent_name="triage"),
        span(2, november, f"{1:016x}", tool_name="look_up"),
        span(3, june, agent_name="refunder"),
        span(4, june, f"{3:016x}", tool_name="look_up"),
    ]
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "desk"}}]}
    traces = {"resourceSpans": [{"resource": service, "scopeSpans": [{"scope": {"name": "x"}, "spans": spans}]}]}
    [title] = titles(tmp_path, "GI-INV-003", {"desk/app.py": code, "traces/desk.json": traces})
    assert title == "refunder is declared and was last seen on 2026-06-01T07:46:40Z"


# ---- secrets of pipelines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tools", "sure"), [("Bash,WebFetch", 1.0), ("WebFetch", UNSEEN)])
def test_a_job_whose_agent_runs_commands_sees_the_secrets_of_its_environment(tmp_path: Path, tools: str, sure: float) -> None:
    given = {"prompt": "answer ${{ github.event.issue.body }}", "claude_args": f"--allowedTools {tools} --disallowedTools Read"}
    step = {"uses": "anthropics/claude-code-action@v1", "with": given, "env": {"STRIPE_API_KEY": "${{ secrets.STRIPE_API_KEY }}"}}
    job = {"runs-on": "ubuntu-latest", "permissions": {}, "steps": [step]}
    workflow = {"name": "answer", "on": {"issues": {"types": ["opened"]}}, "jobs": {"answer": job}}
    [found] = findings(tmp_path, "GI-FLW-001", {".github/workflows/answer.yml": json.dumps(workflow)})
    assert "Secret:github-secret:acme#STRIPE_API_KEY" in found.details["sensitive"]
    assert found.confidence == sure


def test_a_secret_that_pipelines_are_handed_lies_in_none_of_their_files(tmp_path: Path) -> None:
    step = {
        "uses": "anthropics/claude-code-action@v1",
        "with": {"prompt": "hi"},
        "env": {"STRIPE_API_KEY": "${{ secrets.STRIPE_API_KEY }}"},
    }
    jobs = {name: {"runs-on": "ubuntu-latest", "steps": [step]} for name in ("one", "two")}
    lab = {name: {"script": ["claude -p hi $STRIPE_API_KEY"]} for name in ("one", "two")}
    files = {".github/workflows/w.yml": json.dumps({"name": "w", "on": "push", "jobs": jobs}), ".gitlab-ci.yml": json.dumps(lab)}
    assert titles(tmp_path, "GI-SEC-005", files) == []
    assert len(titles(tmp_path, "GI-SEC-006", files)) == 2
