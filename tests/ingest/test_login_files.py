from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import aws_profiles, login_files, mcp_claude_code
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Ref
from tests.ingest.reading import Facts, document, fake, fingerprint

ACCESS, REFRESH, CLIENT = (fake(name, length=48) for name in ("access", "refresh", "client"))
SERVER = "https://mcp.notion.example/mcp"
HOME = "home:shop/ana"


def jwt(**claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), fake("signature", length=43)])


def read(path: str, text: object) -> Facts:
    made = document(text if isinstance(text, str) else json.dumps(text, indent=2), path)
    assert login_files.detect(made.path, made.data[:4096])
    return Facts(login_files, made)


def secret(value: str) -> str:
    return f"secret:{fingerprint(value)}"


def test_the_login_of_claude_code_and_those_for_its_servers() -> None:
    access, refresh = fake("a", "sk-ant-o" + "at01-", 60), fake("r", "sk-ant-o" + "rt01-", 60)
    login = {"accessToken": access, "refreshToken": refresh, "expiresAt": 1_796_000_000_123, "scopes": ["user:profile", "user:inference"]}
    server: dict[str, object] = {"serverName": "notion", "serverUrl": SERVER, "clientId": "abc", "accessToken": ACCESS}
    server |= {"refreshToken": REFRESH, "expiresAt": 1_796_003_600_000, "scope": "read write"}
    facts = read("ana/.claude/.credentials.json", {"claudeAiOauth": login, "mcpOAuth": {"notion|0a1b": server}})
    host = "claude-code:shop/ana"
    assert facts.drawn("HOLDS") == {(host, secret(one)) for one in (access, refresh, ACCESS, REFRESH)}
    assert {edge.props["place"] for edge in facts.edges if edge.kind == "HOLDS"} == {"laptop"}
    assert facts.drawn("DERIVED_FROM") == {(secret(access), secret(refresh)), (secret(ACCESS), secret(REFRESH))}
    assert facts.nodes["Secret", secret(access)] == {
        "name": "oauth access token of Claude Code (claudeAiOauth)",
        "type": "anthropic_oauth_token",
        "lifetime": "ephemeral",
        "fingerprint": fingerprint(access),
        "expires_at": "2026-11-30T00:53:20Z",
        "renewable": True,
        "scopes": ["user:inference", "user:profile"],
        "sources": ["shop/ana/.claude/.credentials.json#L2"],
    }
    given = facts.nodes["Secret", secret(ACCESS)]
    assert (given["name"], given["audience"], given["scopes"]) == (
        "oauth access token of Claude Code (notion)",
        [SERVER],
        ["read", "write"],
    )
    kept = facts.nodes["Secret", secret(REFRESH)]
    assert (kept["type"], kept["renewable"], "lifetime" in kept) == ("oauth_refresh_token", True, False)


def test_the_login_of_codex_says_who_logged_in_and_when() -> None:
    issuer = "https://auth.openai.com"
    access = jwt(
        iss=issuer, aud=["https://api.openai.com/v1"], iat=1_795_000_000, exp=1_795_864_000, scp=["openid", "offline_access"], sub="u|1"
    )
    identity = jwt(iss=issuer, aud=["app_x"], email="ana@acme.example", sub="u|1", auth_time=1_790_000_000, exp=1_795_003_600)
    tokens = {"id_token": identity, "access_token": access, "refresh_token": REFRESH, "account_id": "0c9a"}
    facts = read("ana/.codex/auth.json", {"OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": "2026-11-18T10:13:20.123456789Z"})
    person = "oidc:auth.openai.com#u|1"
    assert facts.nodes["Identity", person]["type"] == "human"
    assert facts.drawn("AUTHENTICATES_AS") == {(secret(access), person), (secret(REFRESH), person)}
    assert facts.nodes["Secret", secret(REFRESH)]["issued_at"] == "2026-09-21T14:13:20Z"
    token = facts.nodes["Secret", secret(access)]
    assert (token["type"], token["issued_at"], token["expires_at"]) == ("jwt", "2026-11-18T11:06:40Z", "2026-11-28T11:06:40Z")
    assert token["audience"] == ["https://api.openai.com/v1"]
    assert ("Secret", secret(identity)) not in facts.nodes


def test_a_key_beside_a_login() -> None:
    key = fake("k", "sk-proj-", 60)
    facts = read(".codex/auth.json", {"auth_mode": "apikey", "OPENAI_API_KEY": key})
    assert facts.drawn("HOLDS") == {("codex:shop", secret(key))}
    assert facts.nodes["Secret", secret(key)]["type"] == "openai_api_key"


def test_the_login_of_gemini_is_that_of_a_person_of_google() -> None:
    access, refresh = fake("g", "ya29.", 60), fake("g", "1//0", 60)
    identity = jwt(iss="https://accounts.google.com", sub="117", email="Ana@acme.example")
    stated = {"access_token": access, "scope": "openid https://www.googleapis.com/auth/cloud-platform", "token_type": "Bearer"}
    facts = read(
        "ana/.gemini/oauth_creds.json", {**stated, "id_token": identity, "expiry_date": 1_796_000_000_000, "refresh_token": refresh}
    )
    assert facts.drawn("AUTHENTICATES_AS") == {
        (secret(access), "gcp:user:ana@acme.example"),
        (secret(refresh), "gcp:user:ana@acme.example"),
    }
    assert facts.nodes["Secret", secret(access)]["expires_at"] == "2026-11-30T00:53:20Z"


@pytest.mark.parametrize(
    ("path", "stated", "host"),
    [
        (
            ".codex/.credentials.json",
            {"n|1": {"server_name": "n", "server_url": SERVER, "access_token": ACCESS, "refresh_token": REFRESH}},
            "codex",
        ),
        (
            ".gemini/mcp-oauth-tokens.json",
            [{"serverName": "n", "token": {"accessToken": ACCESS, "refreshToken": REFRESH}, "mcpServerUrl": SERVER}],
            "gemini-cli",
        ),
        (
            ".local/share/opencode/mcp-auth.json",
            {"n": {"tokens": {"accessToken": ACCESS, "refreshToken": REFRESH, "expiresAt": 1_796_000_000.5}, "serverUrl": SERVER}},
            "opencode",
        ),
    ],
)
def test_logins_for_servers_say_which(path: str, stated: object, host: str) -> None:
    facts = read(path, stated)
    assert facts.drawn("HOLDS") == {(f"{host}:shop", secret(ACCESS)), (f"{host}:shop", secret(REFRESH))}
    assert facts.nodes["Secret", secret(ACCESS)]["audience"] == [SERVER]


def test_what_mcp_remote_keeps_is_held_by_the_agents_that_start_it_for_that_address() -> None:
    digest = hashlib.md5(SERVER.encode(), usedforsecurity=False).hexdigest()
    folder = "ana/.mcp-auth/mcp-remote-0.1.37"
    tokens = {"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600, "refresh_token": REFRESH, "scope": "mcp"}
    facts = read(f"{folder}/{digest}_tokens.json", tokens)
    assert facts.drawn("HOLDS") == {(holder, secret(one)) for one in (ACCESS, REFRESH) for holder in (HOME, f"mcp-remote:{digest}:*")}
    assert facts.nodes["Secret", secret(ACCESS)]["ttl_seconds"] == 3600
    client = {
        "client_id": "c1",
        "client_secret": CLIENT,
        "client_secret_expires_at": 1_796_000_000,
        "redirect_uris": ["http://localhost/cb"],
    }
    registered = read(f"{folder}/{digest}_client_info.json", client)
    assert registered.nodes["Secret", secret(CLIENT)]["expires_at"] == "2026-11-30T00:53:20Z"
    config = {"mcpServers": {"notion": {"command": "npx", "args": ["-y", "mcp-remote@latest", SERVER]}}}
    bound = Facts(mcp_claude_code, document(json.dumps(config), "ana/.claude.json")).bindings
    assert bound[f"mcp-remote:{digest}", "notion"].target == ("Agent", "claude-code:shop/ana")
    [ref] = {edge.source for edge in facts.edges if isinstance(edge, EdgeFact) and isinstance(edge.source, Ref)}
    assert ref == Ref("Agent", f"mcp-remote:{digest}", "*")


def test_an_address_with_a_credential_is_not_looked_up_by_its_digest() -> None:
    config = {"mcpServers": {"n": {"command": "npx", "args": ["mcp-remote", f"{SERVER}?api_key={ACCESS}"]}}}
    bound = Facts(mcp_claude_code, document(json.dumps(config), ".claude.json")).bindings
    assert not [space for space, _ in bound if space.startswith("mcp-remote:")]


def test_single_sign_on_and_sessions_of_aws() -> None:
    sso = {"startUrl": "https://acme.awsapps.com/start", "region": "eu-west-1", "accessToken": ACCESS, "expiresAt": "2026-11-27T18:00:00Z"}
    sso |= {"clientId": "x1", "clientSecret": CLIENT, "registrationExpiresAt": "2027-01-01T00:00:00Z", "refreshToken": REFRESH}
    facts = read(f"ana/.aws/sso/cache/{'ab' * 20}.json", sso)
    assert facts.drawn("HOLDS") == {(HOME, secret(one)) for one in (ACCESS, REFRESH, CLIENT)}
    assert facts.nodes["Runtime", HOME]["type"] == "laptop"
    assert facts.nodes["Secret", secret(ACCESS)]["audience"] == ["https://acme.awsapps.com/start"]
    key = "ASIA" + "QNZGKIQY56JQ7WML"
    session = {"AccessKeyId": key, "SecretAccessKey": fake("s", length=40), "SessionToken": fake("t", length=300)}
    held = read("ana/.aws/cli/cache/ab.json", {"Credentials": {**session, "Expiration": "2026-11-27T14:00:00Z"}})
    assert (HOME, f"aws-access-key:{key}") in held.drawn("HOLDS")
    assert {node["expires_at"] for (kind, _), node in held.nodes.items() if kind == "Secret"} == {"2026-11-27T14:00:00Z"}


def test_the_cache_of_microsoft() -> None:
    tenant, person = "aaaaaaaa-0000-4000-8000-000000000009", "aaaaaaaa-0000-4000-8000-000000000001"
    access = jwt(
        iss=f"https://sts.windows.net/{tenant}/",
        aud="https://management.core.windows.net/",
        oid=person,
        upn="ana@acme.example",
        iat=1_795_000_000,
        exp=1_795_004_000,
    )
    account = {"home_account_id": f"{person}.{tenant}", "environment": "login.microsoftonline.com", "client_id": "04b0"}
    cache = {
        "AccessToken": {
            "k1": {
                **account,
                "secret": access,
                "target": "https://management.core.windows.net//.default",
                "cached_at": "1795000000",
                "expires_on": "1795004000",
            }
        },
        "RefreshToken": {"k2": {**account, "secret": REFRESH}, "k3": {**account, "client_id": "other", "secret": CLIENT}},
        "IdToken": {"k4": {**account, "secret": jwt(aud="04b0")}},
    }
    facts = read("ana/.azure/msal_token_cache.json", cache)
    assert facts.drawn("HOLDS") == {(HOME, secret(one)) for one in (access, REFRESH, CLIENT)}
    assert facts.drawn("DERIVED_FROM") == {(secret(access), secret(REFRESH))}
    assert (secret(access), f"entra:{person}") in facts.drawn("AUTHENTICATES_AS")


def test_tokens_of_git_hosts() -> None:
    token = fake("gh", "gh" + "o_")
    hosts = {"github.com": {"users": {"ana": {"oauth_token": token}}, "git_protocol": "https", "oauth_token": token, "user": "ana"}}
    facts = read("ana/.config/gh/hosts.yml", yaml.safe_dump(hosts))
    assert facts.drawn("HOLDS") == {(HOME, secret(token))}
    assert facts.nodes["Secret", secret(token)]["type"] == "github_oauth_token"
    user = fake("ghu", "gh" + "u_")
    apps = read(
        "ana/.config/github-copilot/apps.json", {"github.com:Iv1.b5": {"user": "ana", "oauth_token": user, "githubAppId": "Iv1.b5"}}
    )
    assert apps.drawn("HOLDS") == {("github-copilot:shop/ana", secret(user))}


def test_registries_of_docker() -> None:
    pair = base64.b64encode(f"ana:{ACCESS}".encode()).decode()
    stated = {
        "auths": {"ghcr.io": {"auth": pair}, "x.azurecr.io": {"auth": "", "identitytoken": REFRESH}, "y.io": {}},
        "credsStore": "desktop",
    }
    facts = read("ana/.docker/config.json", stated)
    assert facts.drawn("HOLDS") == {(HOME, secret(ACCESS)), (HOME, secret(REFRESH))}
    assert facts.nodes["Secret", secret(ACCESS)]["name"] == "registry password of Docker for ghcr.io"
    assert facts.nodes["Secret", secret(REFRESH)]["renewable"] is True


def test_lines_of_netrc_and_npmrc() -> None:
    netrc = f"# mine\nmachine api.acme.example\n  login ana\n  password {ACCESS}\nmachine x login y password {REFRESH}\nmachine z login q\n"
    facts = read("ana/.netrc", netrc)
    assert facts.drawn("HOLDS") == {(HOME, secret(ACCESS)), (HOME, secret(REFRESH))}
    assert facts.nodes["Secret", secret(ACCESS)]["sources"] == ["shop/ana/.netrc#L4"]
    assert facts.nodes["Secret", secret(ACCESS)]["lifetime"] == "static"
    other = read("ana/.netrc", f"machine a.example login default password {REFRESH}\ndefault login ana password {ACCESS}\n")
    assert [other.nodes["Secret", secret(one)]["name"] for one in (REFRESH, ACCESS)] == [
        "password of .netrc for a.example",
        "password of .netrc for any host",
    ]
    token = fake("n", "npm_")
    npmrc = f"registry=https://r.example/\n//r.example/:_authToken={token}\n//q.example/:_authToken=${{NPM_TOKEN}}\n"
    assert read("ana/.npmrc", npmrc).drawn("HOLDS") == {(HOME, secret(token))}
    for made in (document(npmrc, ".npmrc", root="acme/shop"), document(npmrc, "shop/tests/.npmrc")):
        assert not Facts(login_files, made).drawn("HOLDS"), "beside code it is no file of a home folder"


def test_a_token_that_stands_as_a_key_is_shown_in_no_part() -> None:
    token = jwt(sub="somebody", scope="read write " * 20)
    facts = read(".codex/auth.json", {token: {"access_token": ACCESS}, f"{token}|x": {"access_token": REFRESH}})
    assert {props["name"] for props in facts.nodes.values() if props.get("type") == "oauth_access_token"} == {"oauth access token of Codex"}


def test_what_stands_for_a_credential_is_none() -> None:
    stated = {"access_token": "${TOKEN}", "refresh_token": "YOUR_REFRESH_TOKEN", "id_token": jwt(sub="x")}
    facts = read(".gemini/oauth_creds.json", stated)
    assert not facts.edges
    assert not facts.nodes


@pytest.mark.parametrize("text", ["[", "7", "{", "[[[[", "\x00"])
def test_broken_files_are_told(text: str) -> None:
    for path in (".codex/auth.json", ".config/gh/hosts.yml", ".docker/config.json", ".azure/msal_token_cache.json"):
        with contextlib.suppress(IngestError):
            assert not Facts(login_files, document(text, path)).edges


@pytest.mark.parametrize(
    "text",
    [
        ("[" + " " * 998 + "\n") * 1_000,
        "[x" + " " * 200_000 + "]\n[a]\nb=" + " " * 200_000,
        "//" + "/" * 200_000 + ":_auth=" + " " * 200_000,
        "machine password " * 20_000,
    ],
)
def test_long_lines_take_no_longer_than_they_are_long(text: str) -> None:
    for reader, path in ((login_files, ".npmrc"), (login_files, ".netrc"), (aws_profiles, ".aws/config")):
        assert not Facts(reader, document(text, path)).edges


_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(ACCESS) | st.just(jwt(sub=7, act={"act": []})),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["access_token", "expires_at", "scope", "AccessToken", "auths", "secret", "auth", "user", "a"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_VALUES, st.sampled_from([one.path.replace("**", "x").replace("*", "y") for one in login_files.KEPT]))
def test_any_shape_is_borne(value: object, path: str) -> None:
    with contextlib.suppress(IngestError):
        Facts(login_files, document(json.dumps(value), path))


@given(st.text(max_size=200) | st.binary(max_size=200), st.sampled_from([".netrc", ".npmrc", ".config/gh/hosts.yml"]))
def test_any_text_is_borne(value: str | bytes, path: str) -> None:
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    with contextlib.suppress(IngestError):
        Facts(login_files, document(data, path))
