"""The key under which secret values are fingerprinted. It lies beside the store, readable by its owner alone."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from graphinv.model.errors import StoreError

KEY_FILE_VARIABLE = "GRAPHINV_KEY_FILE"
"""Names a key file to use instead: for stores that shall agree on fingerprints."""
_OTHERS = stat.S_IWGRP | stat.S_IRWXO
"""What a key file must not grant: with the key, values can be guessed from their fingerprints. A group may share one."""


def key_path(store_url: str) -> Path:
    """Where the key of a store lies: ``<store>.key`` beside an embedded one, in the user's data folder for a server."""
    override = os.environ.get(KEY_FILE_VARIABLE)
    if override:
        return Path(override)
    if "://" not in store_url:
        return Path(f"{store_url}.key")
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "graphinv" / f"{hashlib.sha256(store_url.encode()).hexdigest()[:16]}.key"


def store_key(store_url: str) -> bytes:
    """The store's key, made on first use (mode 0600).

    Raises:
        StoreError: it cannot be read or made, is no key, or is not its owner's alone.
    """
    path = key_path(store_url)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise StoreError(f"the fingerprint key {path} cannot be used: {error.strerror}") from None
    except ValueError:
        raise StoreError(f"the fingerprint key {path} cannot be used: it does not hold hex digits alone") from None
    if len(key) < 16:
        raise StoreError(f"the fingerprint key {path} is too short; remove it only together with its store")
    if mode & _OTHERS:
        raise StoreError(
            f"the fingerprint key {path} is open to others (mode {mode:04o}): run `chmod 600 {path}`, or mount it with mode 0400"
        )
    return key


def known_key(store_url: str) -> bytes | None:
    """The store's key where there is one that can be used; none is made."""
    try:
        return store_key(store_url) if key_path(store_url).exists() else None
    except (StoreError, OSError):
        return None


def _make(path: Path) -> None:
    """A new key at ``path``: whole or not at all, and never in the place of one that is there."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


@dataclass(frozen=True)
class Fingerprinter:
    """Secret value → its fingerprint: HMAC-SHA256 under ``key``, 32 hex digits. ``id`` tells keys apart without telling them."""

    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """What this key makes of nothing."""
        return self("")

    def __call__(self, value: str) -> str:
        return hmac.new(self.key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
