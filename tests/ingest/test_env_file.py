from __future__ import annotations

import pytest

from graphinv.ingest import env_file
from graphinv.model.facts import NodeFact
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

VALUES = {
    "GITHUB_TOKEN": fake("github", "gh" + "p_"),
    "STRIPE_API_KEY": fake("stripe", "sk" + "_live_", 32),
    "SINGLE_TOKEN": fake("single"),
    "DB_PASSWORD": fake("password", length=14),
    "KEY_BODY": fake("key", length=64),
    "COMMENTED": fake("commented"),
}


def facts(text: str, name: str = ".env") -> Facts:
    return Facts(env_file, document(text, f"svc/{name}"))


def test_only_secrets_become_nodes_bound_to_their_variables() -> None:
    found = Facts(env_file, fixture("env/variables.env.txt", "svc/.env", VALUES))
    bound = {name: binding.target[1] for (space, name), binding in found.bindings.items() if space == "env"}
    pem = f"-----BEGIN PRIVATE KEY-----\n{VALUES['KEY_BODY']}\n-----END PRIVATE KEY-----"
    assert bound == {
        "GITHUB_TOKEN": f"secret:{fingerprint(VALUES['GITHUB_TOKEN'])}",
        "STRIPE_API_KEY": f"secret:{fingerprint(VALUES['STRIPE_API_KEY'])}",
        "DATABASE_URL": f"secret:{fingerprint(VALUES['DB_PASSWORD'])}",
        "PRIVATE_KEY": f"secret:{fingerprint(pem)}",
    }
    assert found.drawn("HOLDS") == set()
    assert found.problems == []
    assert found.nodes["Secret", bound["GITHUB_TOKEN"]] == {
        "name": "GITHUB_TOKEN (github_token)",
        "type": "github_token",
        "lifetime": "static",
        "fingerprint": fingerprint(VALUES["GITHUB_TOKEN"]),
        "sources": ["shop/svc/.env#L5"],
    }
    assert found.bindings["env", "GITHUB_TOKEN"].folder == "svc"
    assert found.nodes["Secret", bound["PRIVATE_KEY"]]["sources"] == ["shop/svc/.env#L9"]


def test_the_address_of_a_database_says_which_user_the_password_is_of() -> None:
    secret = fake("password", length=14)
    found = facts(f"DATABASE_URL=postgres://shop:{secret}@db.acme.example:5432/shop?sslmode=require\n", ".env.production")
    user, database = "postgres:shop@db.acme.example:5432", "postgres://db.acme.example:5432/shop"
    assert found.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(secret)}", user)}
    assert found.drawn("CAN_ACCESS") == {(user, database)}
    assert {props["environment"] for props in found.nodes.values()} == {"prod"}


@pytest.mark.parametrize(
    "line",
    [
        "API_TOKEN={}",
        "export API_TOKEN={}",
        "API_TOKEN = {}",
        "API_TOKEN='{}'",
        'API_TOKEN="{}" # quoted',
        "API_TOKEN=`{}`",
        "API_TOKEN: {}",
        "  API_TOKEN={} # comment",
        "API_TOKEN={}\r",
    ],
)
def test_ways_to_write_a_variable(line: str) -> None:
    secret = fake("token")
    assert facts(line.format(secret)).bindings["env", "API_TOKEN"].target == ("Secret", f"secret:{fingerprint(secret)}")


def test_quotes_that_never_close_are_an_error_and_the_rest_is_read() -> None:
    found = facts(f'A="open\nAPI_TOKEN={fake("token")}\n')
    assert [(where, severity) for where, severity, _ in found.problems] == [("L1", "error")]
    assert ("env", "API_TOKEN") in found.bindings


@pytest.mark.parametrize(
    "value",
    ["$OTHER", "${OTHER}", "${OTHER:-}", "op://vault/item/field", "$(pass show x)", "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3dAt"],
)
def test_what_something_else_fills_in_is_no_secret_here(value: str) -> None:
    assert facts(f"API_TOKEN={value}").all == []


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        (".env", None),
        (".env.local", None),
        (".env.production", "prod"),
        (".env.production.local", "prod"),
        ("prod.env", "prod"),
        (".env.staging", "staging"),
        (".env.development", "dev"),
        (".env.test", "test"),
        ("product.env", None),
    ],
)
def test_the_environment_is_what_the_file_s_name_tells(name: str, environment: str | None) -> None:
    (node,) = (fact for fact in facts(f"API_TOKEN={fake('token')}", name).all if isinstance(fact, NodeFact))
    assert node.props.get("environment") == environment


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (".env", True),
        ("a/.env.production", True),
        ("docker/app.env", True),
        (".env.example", False),
        (".env.local.example", False),
        ("example.env", False),
        (".env.sample", False),
        (".env.template", False),
        (".env.dist", False),
        (".envrc.md", False),
        ("environment", False),
        ("src/env.d.ts", False),
    ],
)
def test_detect(path: str, ours: bool) -> None:
    assert env_file.detect(path, b"") is ours
