"""What names of variables and words in values tell: whether a name asks for a credential, whether a value only stands for one."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --------------------------------------------------------------------------------------------------------------------------------
# Names

_SECRET_WORDS = {
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "passcode": "password",
    "pwd": "password",
    "pass": "password",
    "pw": "password",
    "contraseña": "password",
    "kennwort": "password",
    "passwort": "password",
    "token": "token",
    "accesstoken": "token",
    "authtoken": "token",
    "bearer": "token",
    "pat": "token",
    "jwt": "token",
    "auth": "token",
    "authorization": "token",
    "apikey": "api_key",
    "appkey": "api_key",
    "secret": "secret",
    "secretkey": "secret",
    "clientsecret": "client_secret",
    "accesskey": "access_key",
    "privatekey": "private_key",
    "credential": "credential",
    "credentials": "credential",
    "creds": "credential",
    "cookie": "session",
}
_ENDINGS = ("password", "passwd", "token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "passphrase")
_KEY_BEFORE = {
    "api": "api_key",
    "app": "api_key",
    "application": "api_key",
    "functions": "api_key",
    "function": "api_key",
    "host": "api_key",
    "subscription": "api_key",
    "developer": "api_key",
    "integration": "api_key",
    "team": "api_key",
    "access": "access_key",
    "account": "access_key",
    "storage": "access_key",
    "shared": "access_key",
    "secret": "secret",
    "private": "private_key",
    "ssh": "private_key",
    "encryption": "encryption_key",
    "encrypt": "encryption_key",
    "signing": "signing_key",
    "auth": "token",
    "master": "secret",
    "service": "secret",
    "role": "secret",
    "session": "session",
    "admin": "secret",
}
# The last word says what the value is: a limit, a place, the name of something that holds the secret.
_NOT_LAST = _set(
    """
    limit limits count budget usage max min size length len ttl expiry expires expiration lifetime age timeout interval days hours
    minutes seconds url uri endpoint host hostname port server path file filename dir directory folder location bucket id ids name
    names type types kind env var variable header headers prefix suffix field fields format regex pattern provider providers method
    methods mode strategy enabled disabled required enable policy policies algorithm alg hash digest fingerprint version issuer
    region audience scope scopes domain realm user username email arn ref reference resolver store manager helper command cmd tokens
    keys per cost price rate model encoding tokenizer index schema table column class status state action permission permissions
    rotation label title description text message hint example url2 redirect callback template storage source backend service set
    flow app mount volume re regexp rx matcher
    """
)
_NOT_ANYWHERE = _set(
    """
    public publishable pub max min num count limit anon csrf hashed encrypted masked redacted sha md5
    """
)
# What such a key opens is a place in a table or a store, and no door.
_NOT_KEYS = _set(
    """
    object s 3 i n sort partition primary foreign cache context row map dedup idempotency translation group item config state label
    metadata field column index shortcut hot arrow message routing lookup
    """
)
_CONNECTION = _set(
    """
    database db postgres postgresql pg mysql mariadb mongo mongodb redis amqp rabbitmq sqlalchemy mssql clickhouse neo4j cassandra
    kafka celery broker dsn connection smtp
    """
)


def words(name: str) -> list[str]:
    """The words of a name in snake, kebab, dot or camel case, in lower case.

    >>> words("awsSecretAccessKey"), words("X-API-Key")
    (['aws', 'secret', 'access', 'key'], ['x', 'api', 'key'])
    """
    return [word.lower() for word in _WORDS.findall(name[:200])]


@lru_cache(maxsize=8192)
def secret_kind(name: str) -> str | None:
    """What kind of credential a name asks for (``password``, ``token``, ``api_key`` …); None when it does not ask for one.

    >>> secret_kind("STRIPE_API_KEY"), secret_kind("MAX_TOKENS"), secret_kind("secretName"), secret_kind("PASSWORD_FILE")
    ('api_key', None, None, None)
    """
    parts = words(name)
    while parts and parts[-1].isdigit():
        parts.pop()
    if not parts or _NOT_ANYWHERE.intersection(parts):
        return None
    if parts[-2:] == ["secret", "id"]:
        return "secret"
    if parts[-1] in _NOT_LAST:
        return None
    if parts[-2:] == ["client", "secret"]:
        return "client_secret"
    if parts[-1] == "key":
        before = parts[-2] if len(parts) > 1 else ""
        return None if before in _NOT_KEYS else _KEY_BEFORE.get(before, "key")
    return _kind_of_words(parts)


def _kind_of_words(parts: list[str]) -> str | None:
    if parts[0] == "pass" and len(parts) > 2:  # the verb: pass_final_result
        parts = parts[1:]
    kind = next((_SECRET_WORDS[word] for word in reversed(parts) if word in _SECRET_WORDS), None)
    if kind is None and any(second == "key" and first in _KEY_BEFORE for first, second in pairwise(parts)):
        kind = "api_key"
    if kind is None:
        kind = next((_SECRET_WORDS[ending] for ending in _ENDINGS if parts[-1].endswith(ending)), None)
    return kind


def looks_secret_name(name: str) -> bool:
    """Whether a name asks for a credential. A name alone never makes a secret: the value has to be one as well."""
    return secret_kind(name) is not None


def looks_connection_name(name: str) -> bool:
    """Whether a name asks for a connection string, which as a rule carries a password: ``DATABASE_URL``, ``SENTRY_DSN``."""
    parts = words(name)
    return bool(parts) and (
        parts[-1] == "dsn" or (parts[-1] in ("url", "uri", "string", "connection") and bool(_CONNECTION.intersection(parts)))
    )


# --------------------------------------------------------------------------------------------------------------------------------
# Values

_STAND_INS = re.compile(
    r"""your | placeholder | change.?(?:me|this|it) | replace | redacted | insert | example | sample | dummy
    | (?<![a-z0-9])x{3,}(?![a-z0-9]) | x{5,}
    | put.?here | fill.?in | goes.?here
    | \.\.\. | … | \*\*\* | ••• | ^[<‹«\[{(%].*[>›»\]})%]$ | <[^<>]{1,80}> | ‹[^‹›]{1,80}› | «[^«»]{1,80}»
    | ^(?:__\w{2,}__|@@\w{2,}@@|%[sdvq])$
    | secret.?here | key.?here | token.?here | password.?here | ^enter[_\s-] | not.?set | not.?a.?real | to.?be.?(?:set|filled|defined)""",
    re.IGNORECASE | re.VERBOSE,
)
_FOREIGN = re.compile(
    r"您的|你的|请|替换|填写|密钥|在此|此处|ここに|あなたの|入力|여기|당신의|입력|ваш|твой|вставьте|замените|ключ|"
    r"aquí|clé|cl[eé]_|clave|schlüssel|chave|chiave|klucz|sleutel|nyckel|ersetz|remplac|reemplaz|substitu|sostitu|inserisci|insira|coloque|introduce|"
    r"einf[uü]gen|eintragen",
    re.IGNORECASE,
)
_POSSESSIVE = _set(
    """
    my ta ton tes votre vos tu su tus sus mi mis dein deine deinen ihr ihre ihren mein meine il tuo la tua tuoi mio seu sua seus teu
    meu minha jouw uw mijn twoj din ditt mon ma
    """
)
_NOTHING = _set(
    """
    none null nil undefined empty unset na n/a tbd todo fixme xxx foo bar baz foobar test testing tests demo fake mock secret
    password passwd pass pwd token key apikey api_key api-key credentials credential bearer basic value string text hidden masked
    removed any default optional required disabled enabled true false yes no on off auto abc abc123 abcdef abcdefg letmein test123
    test1234 dev local localhost user username
    """
)
_TESTS = _set(
    """
    test tests testing fake mock stub demo foo bar baz todo tbd fixme unused invalid bogus
    """
)
_ALL_WORDS = re.compile(r"[A-Za-z]+(?:[_\s.-]+[A-Za-z]+)*")
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
# Keys that are made to be shown to everybody.
_PUBLISHABLE = re.compile(r"pk_(?:live|test)_|pk-lf-|sb_publishable_|pk\.eyJ|phc_")
_NUMBER = re.compile(r"[-+]?[\d.,_:]+%?")
_WORD_PART = re.compile(r"[A-Za-z]{0,15}[0-9]{0,2}[A-Za-z]{0,3}")
_CAMEL = re.compile(r"[A-Za-z][a-z]{2,}(?:[A-Z][a-z]{2,})+")
"""A name of several words: ``NextContinuationToken``."""
_LOOKAROUND = re.compile(r"\(\?(?:[:=!>]|<[=!])")
"""Groups of regular expressions that no credential has."""
_REPEATED = re.compile(r"(?:\[\^?(?:[A-Za-z0-9]-[A-Za-z0-9]|\\[dswDSW])[^\]\s]{0,20}\]|\\[dswDSW])(?:[+*?]|\{\d)")
"""A class of letters that may stand several times: ``[A-Za-z0-9]{36,}``, ``\\d+``."""
_SEQUENCE = "0123456789abcdefghijklmnopqrstuvwxyz"


def is_placeholder(value: str) -> bool:
    """Whether a value only stands where a credential belongs: ``YOUR_TOKEN``, ``<token>``, ``xxxx``, ``TU_API_KEY``, ``sk-...``.

    >>> [is_placeholder(value) for value in ("YOUR_KEY", "‹clé›", "sk-...", "您的密钥", "aB3dE5gH7jK9mN1pQ")]
    [True, True, True, True, False]
    """
    text = value.strip().strip("\"'`").strip()[:4096]
    lowered = text.lower()
    if not text or lowered in _NOTHING or _STAND_INS.search(text) or _FOREIGN.search(text):
        return True
    if _is_filler(lowered):
        return True
    parts = words(text)
    if _ALL_WORDS.fullmatch(text):
        return len(parts) > 1 and bool(_POSSESSIVE.intersection(parts) or _TESTS.intersection(parts))
    return len(text) < 24 and bool(_TESTS.intersection(parts)) and entropy(text) < 3.6


def _is_filler(text: str) -> bool:
    """Repeated characters and plain sequences, with or without a prefix such as ``ghp_``; also ``abc123def456``."""
    body = re.split(r"[_-]", text)[-1] or text
    if len(body) >= 4 and set(body) <= set("x*.#-_0?•"):
        return True
    if len(text) >= 4 and len(set(text)) <= 2:
        return True
    if len(body) >= 6 and (body in _SEQUENCE * 2 or body in _SEQUENCE[::-1] * 2 or body in "1234567890" * 10):
        return True
    letters, digits = ("".join(filter(test, body)) for test in (str.isalpha, str.isdigit))
    return len(letters) >= 6 and len(letters + digits) == len(body) and letters in _SEQUENCE and digits in "1234567890" * 2


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values()) if text else 0.0


def plausible_secret(value: str, kind: str) -> bool:
    """Whether ``value`` can be the credential that a name of ``kind`` (:func:`secret_kind`) asks for.

    It cannot when it is a placeholder, a number, a path, an address, the name of a variable or plain words. Passwords may be simple,
    anything else has to look made by a machine.
    """
    text = value.strip()
    if is_placeholder(text) or _PUBLISHABLE.match(text) or _NUMBER.fullmatch(text) or _ENV_NAME.fullmatch(text) or is_place(text):
        return False
    if _LOOKAROUND.search(text) or (kind != "password" and (_CAMEL.fullmatch(text) or _REPEATED.search(text))):
        return False
    if kind == "password":
        return 4 <= len(text) <= 256 and len(text.split()) <= 4
    if len(text) < 8 or any(character.isspace() for character in text) or len(set(text)) < 5:
        return False
    classes = sum(bool(re.search(pattern, text)) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
    if kind == "key":
        return (
            len(text) >= 20 and classes >= 2 and entropy(text) > 3 and len(re.findall("[0-9]", text)) > 2 and not re.search("[/.:]", text)
        )
    in_words = all(_WORD_PART.fullmatch(part) for part in re.split(r"[-_.:/+]", text))
    return not in_words and (classes >= 2 or len(text) >= 20)


def is_place(text: str) -> bool:
    """Whether ``text`` is a path, an address or a file's name."""
    if re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|~/|\.{1,2}[/\\]|[A-Za-z]:[\\/]|\\\\|arn:|file:|//)", text):
        return True
    if text.startswith("/"):
        return all(len(segment) <= 24 for segment in text.split("/"))
    return bool(
        re.fullmatch(r"[\w./-]{1,120}\.(?:json|ya?ml|toml|pem|key|crt|txt|env|py|js|ts|sh|com|io|dev|net|org|local|internal)", text)
    )
