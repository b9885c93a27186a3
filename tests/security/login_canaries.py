"""Files of a home folder that have a secret in every place where programs keep one, or people may put one by mistake."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import yaml


def logins(plant: Callable[..., str]) -> dict[str, str]:
    """Files by path. Where a canary stands in the place of a name only its shape can tell that it is a secret."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def token(issuer: str) -> str:
        """A JWT that is a canary as a whole, with others in its claims."""
        act = {"sub": shaped(), "act": {"client_id": shaped()}}
        claims = {
            "iss": issuer,
            "sub": shaped(),
            "aud": [shaped()],
            "scope": f"a {shaped()}",
            "act": act,
            "name": shaped(),
            "exp": 1_800_000_000,
        }
        claims |= {"email": f"{shaped()}@acme.example", "oid": shaped(), "appid": shaped(), "azp": shaped()}
        parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims))
        return ".".join([*parts, plant()])

    def login(issuer: str = "https://issuer.acme.example") -> dict[str, object]:
        """In the words of all clients at once."""
        spoken: dict[str, object] = {
            "access_token": token(issuer),
            "refresh_token": plant(),
            "id_token": token(issuer),
            "clientSecret": plant(),
        }
        spoken |= {
            "inner": {
                "accessToken": plant(),
                "refreshToken": plant(),
                "scope": f"x {shaped()}",
                "serverUrl": f"https://u:{plant()}@a.b/?key={plant()}",
            }
        }
        spoken |= {
            "other": {"oauth_token": plant(), "user": shaped()},
            "type": "oauth",
            "access": plant(),
            "password": plant(),
            "key": plant(),
        }
        return {shaped(): spoken, "OPENAI_API_KEY": plant("sk" + "-proj-", 60), "note": shaped(), "scopes": [shaped()]}

    pair = base64.b64encode(f"ana:{plant()}".encode()).decode()
    entry = {"secret": plant(), "home_account_id": shaped(), "client_id": shaped(), "target": shaped(), "environment": shaped()}
    microsoft = {
        "AccessToken": {shaped(): {**entry, "secret": token("https://sts.windows.net/x/")}},
        "RefreshToken": {shaped(): entry, "b": {"secret": plant()}},
        "IdToken": {shaped(): {"secret": token("https://sts.windows.net/x/")}},
        "Account": {shaped(): {"username": shaped()}},
    }
    profile = f"[{shaped()}]\naws_access_key_id = {shaped()}\naws_secret_access_key = {plant('', 40)}\naws_session_token={plant('', 200)}\n"
    role = f"[profile {shaped()}]\nrole_arn = arn:aws:iam::111122223333:role/{shaped()}\nsource_profile = {shaped()}\n"
    sso = {
        "accessToken": plant(),
        "refreshToken": plant(),
        "clientSecret": plant(),
        "startUrl": f"https://{shaped()}.example/?token={plant()}",
    }
    session = {"Credentials": {"AccessKeyId": shaped(), "SecretAccessKey": plant("", 40), "SessionToken": plant("", 200)}}
    digest = "0123456789abcdef" * 2
    return {
        "shop/ana/.claude/.credentials.json": json.dumps(login()),
        "shop/ana/.codex/auth.json": json.dumps(login("https://auth.openai.com")),
        "shop/ana/.gemini/oauth_creds.json": json.dumps(login("https://accounts.google.com")),
        "shop/ana/.gemini/mcp-oauth-tokens.json": json.dumps([login()]),
        "shop/ana/.local/share/opencode/auth.json": json.dumps(login(shaped())),
        "shop/ana/.config/github-copilot/apps.json": json.dumps({f"github.com:{shaped()}": {"oauth_token": plant(), "user": shaped()}}),
        f"shop/ana/.mcp-auth/mcp-remote-0.1.37/{digest}_tokens.json": json.dumps(login()),
        f"shop/ana/.mcp-auth/mcp-remote-0.1.37/{digest}_client_info.json": json.dumps({"client_id": shaped(), "client_secret": plant()}),
        "shop/ana/.aws/sso/cache/a.json": json.dumps(sso),
        "shop/ana/.aws/cli/cache/a.json": json.dumps(session),
        "shop/ana/.aws/credentials": profile,
        "shop/ana/.aws/config": role,
        "shop/ana/.azure/msal_token_cache.json": json.dumps(microsoft),
        "shop/ana/.config/gh/hosts.yml": yaml.safe_dump(
            {"github.com": {"oauth_token": plant(), "users": {shaped(): {"oauth_token": shaped()}}}}
        ),
        "shop/ana/.docker/config.json": json.dumps(
            {"auths": {shaped(): {"auth": pair, "identitytoken": plant()}}, "HttpHeaders": {"X-Auth": plant()}}
        ),
        "shop/ana/.netrc": f"machine {shaped()} login {shaped()} password {plant()}\nmachine b\npassword\n{plant()}\n",
        "shop/ana/.npmrc": f"//r.example/:_authToken={plant()}\n_auth={pair}\n//{shaped()}/:_password={plant()}\n# {plant()}\n",
    }
