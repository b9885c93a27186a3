from __future__ import annotations

import base64
import json
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest.support import secret_shapes
from graphinv.ingest.support.secrets import (
    interpolations,
    is_placeholder,
    looks_secret_name,
    recognise,
    recognise_all,
    redact,
    secret_facts,
    secret_node,
    url_parts,
)
from graphinv.model.facts import EdgeFact, NodeFact, Ref, check_edge, check_node
from tests.ingest.reading import document, fake, fingerprint

HEX = "0123456789abcdef" * 4
DOCUMENT = document("", "svc/.mcp.json")
HOLDER = ("Agent", "a")
RANDOM = fake("random", length=32)
AKIA = "AKIA" + "".join(character for character in fake("aws", length=90).upper() if character in string.ascii_uppercase)[:16]


def jwt(claims: object) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "HS256"}, claims)]
    return ".".join([*parts, fake("signature", length=43)])


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("key", "value", "type", "lifetime"),
    [
        ("", fake("1", "gh" + "p_"), "github_token", "static"),
        ("", fake("1", "gh" + "s_"), "github_app_token", "ephemeral"),
        ("", fake("1", "github" + "_pat_", 60), "github_fine_grained_token", "static"),
        ("", fake("1", "sk" + "-ant-api03-", 90), "anthropic_api_key", "static"),
        ("", fake("1", "sk" + "-proj-", 60), "openai_api_key", "static"),
        ("", fake("1", "gl" + "pat-", 20), "gitlab_token", "static"),
        ("", "xo" + "xb-1234567890-" + fake("1", length=24), "slack_token", "static"),
        ("", fake("1", "AI" + "za", 35), "google_api_key", "static"),
        ("", fake("1", "ya" + "29.", 40), "google_oauth_token", "ephemeral"),
        ("", fake("1", "np" + "m_"), "npm_token", "static"),
        ("", fake("1", "sk" + "_live_", 24), "stripe_secret_key", "static"),
        ("", AKIA, "aws_access_key_id", "static"),
        ("", AKIA.replace("AK", "AS", 1), "aws_session_key_id", "ephemeral"),
        ("", "SG." + fake("1", length=22) + "." + fake("2", length=43), "sendgrid_api_key", "static"),
        ("", fake("1", "ctx7" + "sk-"), "context7_api_key", "static"),
        ("", "AccountKey=" + fake("1", length=86) + "==", "azure_storage_key", "static"),
        ("", "https://hooks.slack.com/services/T0AB/B0CD/" + fake("1", length=24), "slack_webhook", "static"),
        ("", f"-----BEGIN RSA PRIVATE KEY-----\n{fake('1', length=64)}\n-----END RSA PRIVATE KEY-----", "private_key", "static"),
        ("STRIPE_API_KEY", RANDOM, "api_key", "static"),
        ("x-api-key", HEX[:40], "api_key", "static"),
        ("DB_PASSWORD", "hunter2", "password", "static"),
        ("PGPASSWORD", "correct horse", "password", "static"),
        ("clientSecret", RANDOM, "client_secret", "static"),
        ("AWS_SECRET_ACCESS_KEY", fake("1", length=40), "aws_secret_access_key", None),
        ("AWS_SESSION_TOKEN", fake("1", length=80), "aws_session_token", "ephemeral"),
        ("GEMINI_KEY", RANDOM, "token", None),
        ("Authorization", f"Bearer {RANDOM}", "bearer_token", None),
        ("Authorization", basic("kim:hunter2x"), "basic_auth", "static"),
        ("", f"curl -H 'Authorization: Bearer {RANDOM}' https://x.example", "bearer_token", None),
        ("", f"run --api-key {RANDOM} --fast", "api_key", "static"),
        ("", f"--token={RANDOM}", "token", None),
        ("", "Server=db;User Id=sa;Password=Tr0ub4dor;Database=x", "password", "static"),
        ("url", f"https://kim:{RANDOM}@mcp.example.com/", "password", "static"),
        ("url", f"https://mcp.example.com/sse?api_key={RANDOM}", "api_key", "static"),
        ("", "postgres://shop:Tr0u/b4dor@db:5432/shop", "password", "static"),
        ("", f"https://mcp.example.com/s/{fake('path', length=40)}/mcp", "url_token", None),
        ("GITHUB_TOKEN", "${GITHUB_TOKEN:-" + fake("1", "gh" + "p_") + "}", "github_token", "static"),
    ],
)
def test_recognised(key: str, value: str, type: str, lifetime: str | None) -> None:
    (found,) = recognise_all(key, value)
    assert (found.type, found.lifetime) == (type, lifetime)
    assert found.secret not in found.name
    assert found.secret not in repr(found)
    if type != "basic_auth":
        assert value[found.start : found.end] == found.secret


@pytest.mark.parametrize("key", ["API_KEY", "TOKEN", "Authorization", "client_secret", ""])
@pytest.mark.parametrize(
    "value",
    [
        "YOUR_API_KEY",
        "your-token-here",
        "<token>",
        "‹clé›",
        "xxx",
        "xxxxxxxxxxxxxxxx",
        "changeme",
        "REPLACE_ME",
        "sk-...",
        "sk-ant-…",
        "gh" + "p_" + "x" * 36,
        "sk" + "-proj-" + "X" * 40,
        "sk" + "-your-openai-api-key-here",
        "TU_API_KEY",
        "ta_clé",
        "dein_token",
        "您的密钥",
        "ВАШ_ТОКЕН",
        "****",
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "true",
        "12345678",
        "/etc/acme/key.pem",
        "./secrets/token",
        "~/.ssh/id_rsa",
        "https://auth.example.com/token",
        "GITHUB_TOKEN",
        "my-api-key",
        "bearer-token-v2",
        "gpt-4o-mini",
        "abcdefghijklmnop",
        "Bearer YOUR_TOKEN",
        "Bearer ${TOKEN}",
        "Bearer token",
        basic("user:password"),
        "${TOKEN}",
        "${TOKEN:-}",
        "$TOKEN",
        "%TOKEN%",
        "{{API_KEY}}",
        "${{ secrets.TOKEN }}",
        "${input:token}",
        "${user_config.api_key}",
        "{env:TOKEN}",
        "op://vault/item/field",
        "vault:secret/data/x#token",
        "$(pass show acme)",
        "!op read op://v/i/f",
        "pk" + "_live_" + RANDOM[:24],
        "none",
        "sk" + "-ant-abc123def456ghi789jkl",
        "sk" + "-proj-abcdefghijklmnopqrstuvwxyz123456",
        "NextContinuationToken",
        "managed by the vault (ManageMasterUserPassword=True).",
        r"(?<![\w./-])(?:references|scripts)/[A-Za-z0-9._~/%+-]+",
        "gh[ps]_[A-Za-z0-9]{36,}",
        r"glpat-\w{20,}",
        "mongodb://%s:%s@%s/shop",
        "__ACME_PASSWORD__",
        "@@ACME_TOKEN_1@@",
        "Create the client. Pass: slug, name, vertical. Then pass: client_id.",
    ],
)
def test_not_a_secret(key: str, value: str) -> None:
    assert recognise(key, value) is None


ASKING = """
githubToken GITHUB_PAT x-api-key apiKey APIKEY clientSecret DB_PASS PGPASSWORD Authorization x-functions-key accessToken SECRET_KEY_BASE
AWS_SECRET_ACCESS_KEY VAULT_ROLE_SECRET_ID MYSQL_ROOT_PASSWORD1 MYAPIKEY
"""
OTHERS = """
TOKEN_LIMIT MAX_TOKENS AUTH_URL PASSWORD_FILE KEY_ID PUBLIC_KEY secretName token_type STRIPE_PUBLISHABLE_KEY AUTHOR monkey keyboard
tokenizer hashed_secret objectKey s3_key i18n_key api_key_env NEXT_PUBLIC_ANON_KEY passport compass pass_final_result
RESULT_SHA256_KEY _PATH_TOKEN_RE TOKEN_REGEXP
"""


@pytest.mark.parametrize("name", ASKING.split())
def test_names_that_ask_for_a_secret(name: str) -> None:
    assert looks_secret_name(name)


@pytest.mark.parametrize("name", OTHERS.split())
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret_name(name)
    assert recognise(name, RANDOM) is None


def test_a_name_alone_makes_no_secret_and_neither_does_a_random_value() -> None:
    assert recognise("API_KEY", "") is None
    assert recognise("COMMIT", RANDOM) is None


def test_a_key_that_holds_the_value_names_nothing() -> None:
    token = fake("1", "gh" + "p_")
    assert [found.name for found in recognise_all(token, token)] == ["github_token"]
    assert [found.name for found in recognise_all("GH", token)] == ["GH (github_token)"]


def test_claims_of_a_token_that_tells_them() -> None:
    act = {"sub": "desk-bot", "act": {"sub": "front"}}
    token = jwt({"iat": 1_800_000_000, "exp": 1_800_003_600, "aud": ["mcp", 7], "scp": ["pay", 1], "act": act})
    (found,) = recognise_all("", token)
    assert (found.type, found.lifetime) == ("jwt", "ephemeral")
    assert secret_node(document("", "a"), 1, found).props == {
        "name": "jwt",
        "type": "jwt",
        "lifetime": "ephemeral",
        "fingerprint": fingerprint(token),
        "issued_at": "2027-01-15T08:00:00Z",
        "expires_at": "2027-01-15T09:00:00Z",
        "audience": ["mcp"],
        "scopes": ["pay"],
        "labels": ["act=desk-bot", "act=front"],
        "sources": ["shop/a#L1"],
    }
    (found,) = recognise_all("", jwt({"sub": "x", "exp": "soon"}))
    assert (found.lifetime, found.claims and found.claims.expires_at) == ("static", None)
    assert recognise("", jwt([1])) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("${X}", [("env", "X", None)]),
        ("${X:-some}", [("env", "X", "some")]),
        ("${env:X}", [("env", "X", None)]),
        ("{env:X}", [("env", "X", None)]),
        ("$X", [("env", "X", None)]),
        ("https://h/$VERSION/x", [("env", "VERSION", None)]),
        ("%APP_TOKEN%", [("env", "APP_TOKEN", None)]),
        ("{{X}} and {token}", [("input", "X", None), ("input", "token", None)]),
        ("${{ secrets.X }}", [("vault", "secrets.X", None)]),
        ("${{ env.X }}", [("env", "X", None)]),
        ("Bearer ${input:pat}", [("input", "pat", None)]),
        ("${user_config.api_key}", [("config", "api_key", None)]),
        ("{file:./key}", [("config", "file:./key", None)]),
        ("op://v/i/f", [("vault", "op://v/i/f", None)]),
        ("aws-sm:prod/x", [("vault", "aws-sm:prod/x", None)]),
        ("!op read x", [("command", "op", None)]),
        ("$(hunter2 x)", [("command", "command", None)]),
        ("${workspaceFolder}/x", []),
        ("${CLAUDE_PLUGIN_ROOT}/x", []),
        ("pa$$word", []),
        ("!S3cret", []),
        ("a%2Fb%AB", []),
        ('{"a": 1}', []),
    ],
)
def test_interpolations(value: str, found: list[tuple[str, str, str | None]]) -> None:
    assert [(one.kind, one.name, one.default) for one in interpolations(value)] == found


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTPS://Kim:pw12345@MCP.Example.COM:443/a/b/?x=1#f", "https://mcp.example.com/a/b"),
        ("http://localhost:3000/mcp/", "http://localhost:3000/mcp"),
        ("postgresql://u:p@h/db?sslmode=require", "postgresql://h/db"),
        ("jdbc:postgresql://h:5432/d?user=u&password=hunter22", "postgresql://h:5432/d"),
        ("postgres://u:p/a@ss@h:1/d", "postgres://h:1/d"),
        (f"https://mcp.example.com/s/{fake('path', length=40)}/mcp", "https://mcp.example.com/s/{secret}/mcp"),
        ("https://h/x/0123456789abcdef0123456789abcdef01234567", "https://h/x/0123456789abcdef0123456789abcdef01234567"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
    ],
)
def test_addresses_are_normalised(text: str, url: str) -> None:
    parts = url_parts(text)
    assert parts is not None
    assert parts.url == url


def test_what_is_secret_in_an_address() -> None:
    parts = url_parts(f"https://{fake('1', 'gh' + 'p_')}@github.com/a/b.git?token={RANDOM}&x=1")
    assert parts is not None
    assert [found.type for found in parts.secrets] == ["github_token", "token"]
    assert parts.user == ""
    assert url_parts("no address") is None


def test_what_is_secret_in_a_fragment() -> None:
    parts = url_parts(f"https://app.example.com/back#access_token={RANDOM}&state=1")
    assert parts is not None
    assert [found.secret for found in parts.secrets] == [RANDOM]
    assert url_parts("https://docs.example.com/guide#token-exchange").secrets == ()  # type: ignore[union-attr]


def test_facts_about_a_value_that_stands_there() -> None:
    token = fake("1", "gh" + "p_")
    node, edge = list(secret_facts(DOCUMENT, 4, HOLDER, "GITHUB_TOKEN", f'"{token}"', "config"))
    assert isinstance(node, NodeFact)
    assert isinstance(edge, EdgeFact)
    assert check_node(node).props == {
        "name": "GITHUB_TOKEN (github_token)",
        "type": "github_token",
        "lifetime": "static",
        "fingerprint": fingerprint(token),
        "sources": ["shop/svc/.mcp.json#L4"],
    }
    assert (edge.source, edge.target) == (HOLDER, ("Secret", f"secret:{fingerprint(token)}"))
    assert check_edge(edge).props == {"place": "config", "evidence": ["declared"], "sources": ["shop/svc/.mcp.json#L4"]}


def test_the_same_token_in_two_shapes_is_one_node() -> None:
    token = fake("1", "gh" + "p_")
    forms = [("A", token), ("B", f" '{token}' "), ("Authorization", f"Bearer {token}"), ("C", "${C:-" + token + "}")]
    ids = {
        fact.id for key, value in forms for fact in secret_facts(DOCUMENT, 1, HOLDER, key, value, "config") if isinstance(fact, NodeFact)
    }
    assert ids == {f"secret:{fingerprint(token)}"}


@pytest.mark.parametrize(
    ("key", "value", "reference"),
    [
        ("GITHUB_TOKEN", "${GITHUB_TOKEN}", ("env", "GITHUB_TOKEN", "env")),
        ("Authorization", "Bearer ${X}", ("env", "X", "env")),
        ("url", "https://h?api_key=${X}", ("env", "X", "env")),
        ("args", "postgres://u:${PW}@h/db", ("env", "PW", "env")),
        ("DATABASE_URL", "${DATABASE_URL}", ("env", "DATABASE_URL", "env")),
        ("args", "--token=${X}", ("env", "X", "env")),
        ("TOKEN", "op://v/i/f", ("vault", "op://v/i/f", "vault")),
        ("API_KEY", "${input:key}", ("input", "key", None)),
        ("API_KEY", "!op read x", ("command", "svc/.mcp.json#API_KEY", None)),
    ],
)
def test_facts_about_a_reference(key: str, value: str, reference: tuple[str, str, str | None]) -> None:
    (edge,) = secret_facts(DOCUMENT, 1, HOLDER, key, value, "config")
    assert isinstance(edge, EdgeFact)
    space, name, place = reference
    assert edge.target == Ref("Secret", space, name, fallback=f"{space}:shop#{name}")
    assert edge.props.get("place") == place


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LOG_LEVEL", "${LOG_LEVEL}"),
        ("API_KEY", "YOUR_KEY"),
        ("", "--key ${SIGNING_KEY:-./signing.key}"),
        ("VERSION", "x@$VERSION"),
        ("PATH", "${HOME}/bin"),
    ],
)
def test_no_facts_about_what_is_no_credential(key: str, value: str) -> None:
    assert list(secret_facts(DOCUMENT, 1, HOLDER, key, value, "config")) == []


def test_redact() -> None:
    text = f"run --token {RANDOM} on https://u:{fake('pw', length=12)}@h/x as kim"
    assert redact(text) == "run --token *** on https://u:***@h/x as kim"
    assert redact("mcp__tickets__create_issue") == "mcp__tickets__create_issue"


@pytest.mark.parametrize(
    "part",
    ["sk-", "eyJ", "a://", "--token ", "bearer ", "key=1;", "-----BEGIN PRIVATE KEY-----", "a@", "://a:b@", "${", "{{a", "x-", "A", "$A"],
)
def test_no_text_takes_long(part: str) -> None:
    text = part * (40_000 // len(part))
    begin = time.process_time()
    recognise_all("password", text)
    redact(text)
    url_parts(f"http://{text}")
    interpolations(text)
    assert time.process_time() - begin < 2


@given(st.text(), st.text())
def test_any_key_and_value_give_an_answer(key: str, value: str) -> None:
    for found in recognise_all(key, value):
        assert found.secret
        assert found.secret not in found.name or len(found.secret) < 8
    is_placeholder(value)
    url_parts(value)
    list(secret_facts(DOCUMENT, 1, HOLDER, key, value, "config"))


@given(st.sampled_from(secret_shapes._OWN).flatmap(lambda rule: st.tuples(st.just(rule[2]), st.from_regex(rule[2], fullmatch=True))))
def test_the_literal_that_is_looked_for_first_stands_in_every_match(drawn: tuple[str, str]) -> None:
    body, match = drawn
    assert secret_shapes.literal_of(body) in match


@pytest.mark.parametrize("host", ["docs.google.com", "lh3.googleusercontent.com"])
def test_a_long_segment_that_names_a_document_or_a_picture_is_no_secret(host: str) -> None:
    assert recognise_all("", f"https://{host}/a/{fake('path', length=40)}") == []
