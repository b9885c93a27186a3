"""Files under a root. Every tree is untrusted: links are not followed out of it, special files not opened, sizes bounded."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from graphinv.ingest import HEAD_BYTES, PACKED
from graphinv.model.errors import IngestError, UsageError
from graphinv.model.facts import Problem

VENDORED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "node_modules",
        "bower_components",
        "site-packages",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".terraform",
        ".graphinv",
        "vendor",
        ".next",
        ".gradle",
    }
)
"""Folders that hold what others wrote or what a build made; passed over unless asked for, and counted."""

MAX_DEPTH = 100
_GZIP = b"\x1f\x8b\x08"
MAX_RATIO = 200
"""A packed file that unpacks to more than so many times its size, and to much, is made to fill the memory; texts come to a tenth of it."""
ALWAYS_UNPACKED = 16 * 1024 * 1024
"""Bytes that any packed file may unpack to."""


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: ``path`` relative to its root in POSIX form, ``size`` in bytes, ``head`` its first bytes.

    Of one that is ``packed`` with gzip, ``size`` is that of the file and ``head`` the first bytes of what is in it.
    """

    path: str
    real: str
    size: int
    head: bytes = field(repr=False)
    packed: bool = False

    @property
    def inner(self) -> str:
        """``path`` as it would be unpacked."""
        return self.path[: -len(PACKED)] if self.packed else self.path


@dataclass
class Walk:
    """What a walk passed over, filled while it runs."""

    files: int = 0
    vendored: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Root:
    """A PATH given by the user. ``name`` goes into ids and sources; ``path`` never does.

    ``only`` is set for a single file; ``own_file`` says that it is a root of its own (a file of facts), not a part of its folder.
    """

    name: str
    path: Path
    only: str | None = None
    own_file: bool = False


def plain_name(name: str) -> str:
    """A file name as text that can be stored: what is not UTF-8 in it becomes U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def root_of(path: str | os.PathLike[str], names: frozenset[str] = frozenset()) -> Root:
    """The root that a PATH argument means.

    Its name is that of the repository's remote (``owner/repo``) where the folder is the top of a git checkout that has one, else the
    folder's own; a name that is already among ``names`` is made longer by the folder above, until it differs.

    Raises:
        UsageError: there is nothing at ``path``.
    """
    given = Path(path)
    try:
        real = given.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"{plain_name(str(given))}: there is no such file or folder") from None
    if not real.is_dir() and (real.suffix in (".jsonl", ".csv") or ".facts." in real.name):
        return Root(_distinct(plain_name(real.name), real.parent, names), real.parent, only=plain_name(real.name), own_file=True)
    if not real.is_dir():
        top = real.parent.parent if real.parent.name.startswith(".") else real.parent
        name = _distinct(plain_name(top.name) or "root", top.parent, names)
        return Root(name, top, only=plain_name(real.relative_to(top).as_posix()))
    return Root(_distinct(_remote_name(real) or plain_name(real.name) or "root", real.parent, names), real)


def _distinct(name: str, above: Path, names: frozenset[str]) -> str:
    """``name``, made longer by the folders from ``above`` upwards until it is not among ``names``."""
    while name in names and above != above.parent:
        name = f"{plain_name(above.name)}/{name}"
        above = above.parent
    return name


def _remote_name(top: Path) -> str | None:
    """``owner/repo`` of the remote ``origin``, read from the checkout's configuration; None where there is none."""
    config = top / ".git" / "config"
    try:
        if not config.is_file() or config.stat().st_size > 1_000_000:
            return None
        lines = config.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    inside = False
    for line in lines:
        text = line.strip()
        if text.startswith("["):
            inside = text.replace(" ", "") == '[remote"origin"]'
        elif inside and text.startswith("url"):
            address = text.partition("=")[2].strip().removesuffix("/").removesuffix(".git")
            parts = [part for part in address.replace(":", "/").split("/") if part]
            return "/".join(parts[-2:]) if len(parts) >= 2 else None
    return None


def walk(root: Root, record: Walk, *, vendored: bool = False) -> Iterator[Found]:
    """Regular files below ``root`` in the order of their paths; what cannot be looked at becomes a problem in ``record``."""
    if root.only is not None:
        given = root.path / root.only
        found = _look(root.path, str(given), root.only, record, link=given.is_symlink())
        if found:
            yield found
        return
    pending = [("", str(root.path))]
    while pending:
        folder, real = pending.pop()
        try:
            entries = sorted(os.scandir(real), key=lambda entry: entry.name)
        except OSError as error:
            record.problems.append(Problem(folder or ".", "", f"the folder cannot be listed ({error.strerror})", ingestor="walk"))
            continue
        folders = []
        for entry in entries:
            path = f"{folder}/{plain_name(entry.name)}" if folder else plain_name(entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.name in VENDORED and not vendored:
                    record.vendored += 1
                elif path.count("/") >= MAX_DEPTH:
                    record.problems.append(Problem(path, "", f"lies deeper than {MAX_DEPTH} folders; not read", ingestor="walk"))
                else:
                    folders.append((path, entry.path))
                continue
            found = _look(root.path, entry.path, path, record, link=entry.is_symlink())
            if found:
                yield found
        pending.extend(reversed(folders))


def _look(top: Path, real: str, path: str, record: Walk, *, link: bool) -> Found | None:
    """The file at ``real`` if it is a regular one that lies under ``top``, with its first bytes."""
    try:
        if link:
            target = _end(real)
            if target is None or not target.is_relative_to(top):
                where = "to nothing" if target is None else "out of the root; not followed"
                record.problems.append(Problem(path, "", f"is a link {where}", "note", ingestor="walk"))
                return None
            if target.is_dir():
                return None  # a folder inside the root is walked where it really is
            real = str(target)
        handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        try:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                return None
            head = os.read(handle, HEAD_BYTES)
        finally:
            os.close(handle)
    except OSError as error:
        record.problems.append(Problem(path, "", f"cannot be opened ({error.strerror})", ingestor="walk"))
        return None
    record.files += 1
    packed = path.lower().endswith(PACKED) and head.startswith(_GZIP)
    return Found(path, real, state.st_size, _beginning(head) if packed else head, packed)


def _beginning(head: bytes) -> bytes:
    """The first bytes of what is packed, from the first bytes of the file; none where that is not what it seems."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""


def _end(link: str) -> Path | None:
    """Where a link leads; None where nothing is there, or it goes in a circle.

    Raises:
        OSError: it cannot be followed for another reason.
    """
    try:
        return Path(link).resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError, RuntimeError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise


def load(found: Found, limit: int, start: int = 0) -> bytes:
    """Bytes of a file from ``start`` on: all of them, or ``limit`` + 1 when there are more; unpacked where it is packed.

    Raises:
        IngestError: it is packed, and broken or made to fill the memory.
        OSError: it cannot be read (any more).
    """
    if found.packed:
        return _unpacked(found, limit)
    with open(found.real, "rb") as file:
        file.seek(start)
        return file.read(limit + 1)


def _unpacked(found: Found, limit: int) -> bytes:
    most = min(limit, max(ALWAYS_UNPACKED, found.size * MAX_RATIO))
    try:
        with gzip.open(found.real) as file:
            data = file.read(most + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise IngestError("is packed with gzip, and broken or cut off", document=found.path) from None
    if most < limit and len(data) > most:
        raise IngestError(f"unpacks to more than {MAX_RATIO} times its size; it is not read", document=found.path)
    return data
