"""Credentials whose text tells what they are: well-known prefixes and forms.

The patterns are those of detect-secrets (https://github.com/Yelp/detect-secrets, Apache-2.0) for its typed detectors, whose expressions are
used alone: neither its entropy and keyword detectors nor anything of it that asks a service. What it lacks stands in the table here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphinv.ingest.support.jwt import Claims, claims_of

MAX_LENGTH = 20_000
"""Characters of one value that are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A credential found in a text at ``start``…``end``; what its own text tells of it, of a JWT by its ``claims``."""

    type: str
    start: int
    end: int
    lifetime: str | None = None
    claims: Claims | None = None


# type, lifetime, prefix and body. Possessive, so that no text takes more than linear time.
_OWN: tuple[tuple[str, str | None, str], ...] = (
    ("anthropic_api_key", "static", r"sk-ant-(?:api|admin)[0-9]{2}-[\w-]{16,}+"),
    ("anthropic_oauth_token", None, r"sk-ant-o[ar]t[0-9]{2}-[\w-]{16,}+"),
    ("anthropic_api_key", "static", r"sk-ant-[\w-]{16,}+"),
    ("openrouter_api_key", "static", r"sk-or-(?:v1-)?[\w-]{16,}+"),
    ("langfuse_secret_key", "static", r"sk-lf-[\w-]{16,}+"),
    ("openai_api_key", "static", r"sk-(?:proj|svcacct|admin|None)-[\w-]{16,}+"),
    ("openai_api_key", "static", r"sk-[A-Za-z0-9]{32,}+"),
    ("api_key", "static", r"sk-(?=[\w-]{0,200}[0-9])[\w-]{20,}+"),
    ("github_fine_grained_token", "static", r"github_pat_[A-Za-z0-9_]{22,}+"),
    ("github_token", "static", r"ghp_[A-Za-z0-9]{36,}+"),
    ("github_oauth_token", "static", r"gho_[A-Za-z0-9]{36,}+"),
    ("github_user_token", "ephemeral", r"ghu_[A-Za-z0-9]{36,}+"),
    ("github_app_token", "ephemeral", r"ghs_[A-Za-z0-9]{36,}+"),
    ("github_refresh_token", None, r"ghr_[A-Za-z0-9]{36,}+"),
    ("slack_token", "static", r"xox[bps]-[A-Za-z0-9-]{10,}+"),
    ("slack_token", None, r"xox[aeor](?:\.xox[bp])?-[A-Za-z0-9-]{10,}+"),
    ("slack_app_token", "static", r"xapp-[A-Za-z0-9-]{10,}+"),
    ("google_api_key", "static", r"AIza[\w-]{35}"),
    ("google_oauth_token", "ephemeral", r"ya29\.[\w-]{20,}+"),
    ("google_oauth_client_secret", "static", r"GOCSPX-[\w-]{28}"),
    ("google_refresh_token", None, r"1//0[\w-]{30,}+"),
    ("aws_session_key_id", "ephemeral", r"ASIA[A-Z0-9]{16}"),
    ("aws_access_key_id", "static", r"A(?:KIA|BIA|CCA)[A-Z0-9]{16}"),
    ("npm_token", "static", r"npm_[A-Za-z0-9]{36}"),
    ("huggingface_token", "static", r"hf_[A-Za-z0-9]{30,}+"),
    ("digitalocean_token", "static", r"do[opr]_v1_[a-f0-9]{64}"),
    ("shopify_token", "static", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("stripe_secret_key", "static", r"[sr]k_live_[A-Za-z0-9]{20,}+"),
    ("stripe_test_key", "static", r"[sr]k_test_[A-Za-z0-9]{20,}+"),
    ("stripe_webhook_secret", "static", r"whsec_[A-Za-z0-9+/=]{24,}+"),
    ("linear_api_key", "static", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}+"),
    ("notion_token", "static", r"ntn_[A-Za-z0-9]{40,}+"),
    ("notion_token", "static", r"secret_[A-Za-z0-9]{43}"),
    ("figma_token", "static", r"fig[dor]_[\w-]{30,}+"),
    ("perplexity_api_key", "static", r"pplx-[A-Za-z0-9]{32,}+"),
    ("groq_api_key", "static", r"gsk_[A-Za-z0-9]{40,}+"),
    ("xai_api_key", "static", r"xai-[A-Za-z0-9]{40,}+"),
    ("replicate_token", "static", r"r8_[A-Za-z0-9]{30,}+"),
    ("tavily_api_key", "static", r"tvly-[\w-]{16,}+"),
    ("context7_api_key", "static", r"ctx7sk-[\w-]{16,}+"),
    ("firecrawl_api_key", "static", r"fc-[a-f0-9]{32}"),
    ("langsmith_api_key", "static", r"lsv2_(?:pt|sk)_[a-f0-9_]{32,}+"),
    ("sentry_token", "static", r"sntry[su]_[\w+/=-]{32,}+"),
    ("airtable_token", "static", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("atlassian_api_token", "static", r"ATATT3[\w=-]{100,}+"),
    ("databricks_token", "static", r"dapi[a-f0-9]{32}(?:-[0-9])?"),
    ("supabase_token", "static", r"sbp_(?:oauth_)?[a-f0-9]{40}"),
    ("supabase_secret_key", "static", r"sb_secret_[\w-]{20,}+"),
    ("hashicorp_vault_token", None, r"hv[sbr]\.[\w-]{24,}+"),
    ("terraform_cloud_token", "static", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}+"),
    ("grafana_token", "static", r"gl(?:c|sa)_[A-Za-z0-9+/=_]{32,}+"),
    ("docker_token", "static", r"dckr_(?:pat|oat)_[\w-]{20,}+"),
    ("postman_api_key", "static", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("newrelic_api_key", "static", r"NRAK-[A-Z0-9]{27}"),
    ("hubspot_token", "static", r"pat-(?:na|eu)[0-9]-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}"),
    ("sendgrid_api_key", "static", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("onepassword_token", "static", r"ops_eyJ[\w-]{100,}+"),
    ("age_secret_key", "static", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
)
# What stands before is looked at after a match: a look-behind would keep the engine from searching for the literal that most begin with.
_BOUNDED = r"(?:{})(?![A-Za-z0-9_])"
# A cheap sieve before the long list: nearly every text falls through it.
_RUN = re.compile(r"[A-Za-z0-9_+/=-]{16}")
_JWT = re.compile(r"(?<![\w.-])eyJ[\w-]{5,8192}\.eyJ[\w-]{5,8192}\.[\w-]{0,4096}(?![\w-])")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----")


def literal_of(body: str) -> str:
    """The longest text that stands in every match of ``body``, a pattern of the table above; found without a search for the pattern.

    >>> literal_of(r"do[opr]_v1_[a-f0-9]{64}")
    '_v1_'
    """
    plain = body
    while (shorter := re.sub(r"\([^()]*\)[?*]?", " ", plain)) != plain:  # groups, from the inside
        plain = shorter
    plain = re.sub(r"\[[^\]]*\](?:\{[^}]*\}|[?*+])*\+?|\\\w|\{[^}]*\}", " ", plain).replace("\\.", ".")
    return max(plain.split(), key=len, default="")


@cache
def _patterns() -> tuple[tuple[str, str | None, str, re.Pattern[str]], ...]:
    from detect_secrets.plugins import (
        azure_storage_key,
        discord,
        gitlab_token,
        mailchimp,
        pypi_token,
        slack,
        square_oauth,
        telegram_token,
    )

    own = [(kind, lifetime, literal_of(body), re.compile(_BOUNDED.format(body))) for kind, lifetime, body in _OWN]
    borrowed: tuple[tuple[str, str | None, Any], ...] = (
        ("azure_storage_key", "static", azure_storage_key.AzureStorageKeyDetector.denylist),
        ("discord_bot_token", "static", discord.DiscordBotTokenDetector.denylist),
        ("gitlab_token", "static", gitlab_token.GitLabTokenDetector.denylist),
        ("mailchimp_api_key", "static", mailchimp.MailchimpDetector.denylist),
        ("pypi_token", "static", pypi_token.PypiTokenDetector.denylist),
        ("slack_webhook", "static", slack.SlackDetector.denylist[1:]),
        ("square_oauth_secret", "static", square_oauth.SquareOAuthDetector.denylist),
        ("telegram_bot_token", "static", telegram_token.TelegramBotTokenDetector.denylist),
    )
    bounded = [
        (kind, lifetime, "", re.compile(_BOUNDED.format(rule.pattern), rule.flags)) for kind, lifetime, rules in borrowed for rule in rules
    ]
    return (*own, *bounded)


def shapes(text: str) -> Iterator[Shape]:
    """Credentials in ``text`` by their form alone, none overlapping another, in the order of the text; O(length).

    Placeholders in the form of a credential are among them: the caller tells them apart.
    """
    text = text[:MAX_LENGTH]
    if not _RUN.search(text) and "PRIVATE KEY" not in text:
        return
    found = [*_keys(text), *_jwts(text)]
    for kind, lifetime, literal, pattern in _patterns():
        if literal not in text:
            continue
        found += [Shape(kind, match.start(), match.end(), lifetime) for match in pattern.finditer(text) if _begins(text, match.start())]
    # The rules stand from the particular to the general: of two that overlap, the earlier one.
    taken: list[Shape] = []
    for shape in found:
        if all(shape.end <= other.start or shape.start >= other.end for other in taken):
            taken.append(shape)
    yield from sorted(taken, key=lambda shape: shape.start)


def hide(text: str) -> str:
    """``text`` with everything in the shape of a credential replaced by ``***``, placeholders too; O(length)."""
    for shape in reversed(list(shapes(text))):
        if not shape.type.endswith("_key_id"):  # the id of a key is how its issuer names it
            text = f"{text[: shape.start]}***{text[shape.end :]}"
    return text


def _begins(text: str, start: int) -> bool:
    """Whether a word can begin at ``start``."""
    before = text[start - 1 : start] if start else ""
    return not (before.isascii() and before.isalnum())


def _keys(text: str) -> Iterator[Shape]:
    end = 0
    for match in _PEM.finditer(text):
        if match.start() < end:
            continue
        close = text.find(f"-----END {match[1]}-----", match.end())
        end = close + len(match[1]) + 14 if close >= 0 else len(text)
        yield Shape("private_key", match.start(), end, "static")


def _jwts(text: str) -> Iterator[Shape]:
    for match in _JWT.finditer(text):
        claims = claims_of(match[0])
        if claims is not None:
            yield Shape("jwt", match.start(), match.end(), "ephemeral" if claims.expires_at else "static", claims)
