"""Logins of a home folder in which nothing has the type that it should have."""

from __future__ import annotations

from graphinv.ingest.login_files import KEPT

LOGINS_IN = (*{one.read: one.path for one in KEPT}.values(), ".config/gh/hosts.yml", ".aws/credentials", ".aws/config")
"""One file for each way to read it."""
LOGINS: dict[str, bytes] = {
    "login-types": b'{"access_token": [], "accessToken": {"refresh_token": 7}, "tokens": [7, {"access": {}}], "expires_at": {},  '
    b'"scope": 7, "auths": [7], "AccessToken": {"a": 7, "b": {"secret": []}}, "RefreshToken": [1], "serverUrl": 7, "expires_in": true}',
    "login-times": b'{"access_token": "aB3dEf6hIj9kLm2n", "expires_at": 1e308, "issued_at": -1, "expires_in": 99999999999999999999}',
    "login-claims": b'{"access_token": "eyJhbGciOiJub25lIn0.eyJhY3QiOnsiYWN0IjpbXX0sImF1ZCI6e30sInNjb3BlIjo3LCJleHAiOiJzb29uIn0.x"}',
}
