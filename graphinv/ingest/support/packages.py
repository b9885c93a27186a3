"""Package specifiers as launchers take them (``name@1.2.3``, ``name==1.2.3``, ``git+https://…@ref``, image references) → package URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from graphinv.ingest.support.urls import is_internal

_EXACT_NPM = re.compile(r"=?v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?")
_EXACT_PYPI = re.compile(r"v?\d+(?:\.\d+)*(?:(?:a|b|rc|\.?post|\.?dev|[-+])[0-9A-Za-z.+-]*)?")
_COMMIT = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{7,64}")
_NPM_NAME = re.compile(r"(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_PYPI_SPEC = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:(===?|@|[<>=!~]=?)\s*(.*))?")
_GITHUB_SHORT = re.compile(r"(?:github:)?([A-Za-z0-9-]+/[A-Za-z0-9._-]+)(?:#(.*))?")
_LOCAL = re.compile(r"\.{1,2}(?:[/\\]|$)|[/\\~]|[A-Za-z]:[/\\]|file:|\$\{|\$[A-Za-z]|%[A-Za-z]+%")
_IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/:-]*")
_MAX_SPEC = 300


@dataclass(frozen=True, slots=True)
class Package:
    """What a launcher was asked to start.

    ``purl`` carries the version only where exactly one can be meant; ``version`` is what was asked for, in its own words; ``origin`` is
    ``registry``, ``third_party`` (fetched from a host outside) or ``internal``.
    """

    purl: str
    name: str
    version: str | None
    pinned: bool
    origin: str


def is_local_path(text: str) -> bool:
    """Whether ``text`` names a file or folder here, rather than a package."""
    return _LOCAL.match(text) is not None


def npm(spec: str) -> Package | None:
    """What ``npx`` and its relatives start for ``spec``; None for a local path and for what is no specifier."""
    spec = spec.strip()
    if len(spec) > _MAX_SPEC or is_local_path(spec):
        return None
    if "://" in spec:
        return remote(spec)
    _, alias, target = spec.partition("@npm:")
    spec = target if alias else spec.removeprefix("npm:")
    at = spec.find("@", 1)
    name, version = (spec[:at], spec[at + 1 :]) if at > 0 else (spec, "")
    if _NPM_NAME.fullmatch(name):
        return _of("npm", name, version, _EXACT_NPM, version.lstrip("=v"))
    short = _GITHUB_SHORT.fullmatch(spec)
    return _hosted("github.com", short[1], short[2] or "") if short else None


def jsr(spec: str) -> Package | None:
    """What deno starts for ``jsr:@scope/name@version``."""
    spec = spec.removeprefix("jsr:").lstrip("/")
    at = spec.find("@", 1)
    name, version = (spec[:at], spec[at + 1 :]) if at > 0 else (spec, "")
    version = version.split("/")[0]
    return _of("jsr", name, version, _EXACT_NPM, version) if _NPM_NAME.fullmatch(name) and len(spec) <= _MAX_SPEC else None


def pypi(spec: str) -> Package | None:
    """What ``uvx``, ``pipx run`` and ``uv run --with`` start for ``spec``; None as :func:`npm`."""
    spec = spec.strip()
    if len(spec) > _MAX_SPEC or is_local_path(spec):
        return None
    before, at, address = spec.partition("@")
    if at and "://" in address and "://" not in before:
        spec = address.strip()
    if "://" in spec:
        return remote(spec)
    match = _PYPI_SPEC.fullmatch(spec.split(";")[0].strip())
    if match is None:
        return None
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    operator, version = match[2] or "", (match[3] or "").strip()
    exact = version if operator in ("==", "===", "@") and "*" not in version else ""
    asked = version if operator in ("==", "===", "@", "") else operator + version
    return _of("pypi", name, asked, _EXACT_PYPI, exact)


def remote(address: str) -> Package | None:
    """What is fetched from ``address``: a git repository (``git+https://host/owner/repo@ref``, ``…#ref``) or an archive."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return None
    path = parts.path
    if not host or len(address) > _MAX_SPEC:
        return None
    if parts.scheme.startswith("git") or path.endswith(".git"):
        base, _, reference = path.partition("@")
        if not reference and parts.fragment and "=" not in parts.fragment:
            reference = parts.fragment
        return _hosted(host, base.strip("/").removesuffix(".git"), reference)
    where = f"{parts.scheme}://{host}{path}".rstrip("/")
    name = path.rstrip("/").rsplit("/", 1)[-1] or host
    origin = "internal" if is_internal(host) else "third_party"
    version = re.search(r"@(v?\d+\.\d+\.\d+[^/]*)", path)
    purl = f"pkg:generic/{quote(name, safe='')}?download_url={quote(where, safe='')}"
    return Package(purl, name, version[1] if version else None, version is not None, origin)


def image(reference: str) -> Package | None:
    """The container image that ``reference`` means: ``[host/]path[:tag][@digest]``."""
    reference = reference.strip()
    rest, _, digest = reference.partition("@")
    variable = re.search(r":(\$[^/]*)$", rest)
    rest = rest[: variable.start()] if variable else rest
    if len(reference) > _MAX_SPEC or not _IMAGE.fullmatch(rest):
        return None
    first, slash, below = rest.partition("/")
    host, path = (first, below) if slash and ("." in first or ":" in first or first == "localhost") else ("", rest)
    path, _, tag = path.partition(":")
    pinned = re.fullmatch(r"sha256:[0-9a-f]{64}", digest) is not None
    version = digest if pinned else tag
    purl = "pkg:docker/" + "/".join(quote(part.lower(), safe="") for part in path.removeprefix("library/").split("/"))
    purl += f"@{quote(version, safe='')}" if version and version != "latest" else ""
    purl += f"?repository_url={quote(host, safe='')}" if host and host not in ("docker.io", "index.docker.io") else ""
    origin = "internal" if host and is_internal(host.partition(":")[0]) else "registry"
    return Package(purl, path, variable[1] if variable else version or None, pinned, origin)


def go(spec: str) -> Package | None:
    """What ``go run module@version`` starts; None for a local path."""
    name, _, version = spec.partition("@")
    if len(spec) > _MAX_SPEC or is_local_path(spec) or "." not in name.split("/")[0] or not re.fullmatch(r"[A-Za-z0-9._~/-]+", name):
        return None
    return _of("golang", name.lower(), version, _EXACT_NPM, version)


def nuget(spec: str) -> Package | None:
    """What ``dnx Name@version`` starts."""
    name, _, version = spec.partition("@")
    named = len(spec) <= _MAX_SPEC and re.fullmatch(r"[A-Za-z0-9._-]+", name)
    return _of("nuget", name, version, _EXACT_NPM, version) if named else None


def _of(kind: str, name: str, asked: str, pattern: re.Pattern[str], exact: str) -> Package:
    pinned = pattern.fullmatch(exact) is not None if exact else False
    purl = f"pkg:{kind}/" + "/".join(quote(part, safe="") for part in name.split("/"))
    purl += f"@{quote(exact, safe='')}" if pinned else ""
    return Package(purl, name, (exact if pinned else asked) or None, pinned, "registry")


def _hosted(host: str, path: str, reference: str) -> Package | None:
    """A git repository at ``host``; only a commit is pinned, tags and branches move."""
    if not path or not re.fullmatch(r"[A-Za-z0-9._~/-]+", path):
        return None
    reference = reference.partition("&")[0].removeprefix("semver:")
    pinned = _COMMIT.fullmatch(reference) is not None
    kind = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}.get(host.lower())
    if kind:
        purl = f"pkg:{kind}/{path.lower()}" + (f"@{quote(reference, safe='')}" if pinned else "")
    else:
        where = quote(f"git+https://{host.lower()}/{path}" + (f"@{reference}" if pinned else ""), safe="")
        purl = f"pkg:generic/{quote(path.rsplit('/', 1)[-1], safe='')}?vcs_url={where}"
    return Package(purl, path, reference or None, pinned, "internal" if is_internal(host) else "third_party")
