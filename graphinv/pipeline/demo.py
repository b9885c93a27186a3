"""The bundled estate as it is scanned: a copy of ``data/demo`` in which made-up values stand for its secrets.

The repository holds no value that looks like a secret. Where a file of the demo needs one it says ``@@FAKE:name:shape@@``; here the marks
become values of that shape, the same for the same name and shape wherever they occur.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from graphinv.model.errors import GraphinvError

MARK = re.compile(rb"@@FAKE:([a-z0-9-]+):([a-z0-9-]+)@@")
_LOOSE_MARK = re.compile(rb"@@FAKE")

SHAPES: dict[str, str] = {
    "aws-id": "AKIABTX3GSDSQ<b7>",
    "aws-secret": "<w40>",
    "github": "ghp_<w36>",
    "google": "AIza<w35>",
    "hex32": "<x32>",
    "hex40": "<x40>",
    "password": "<w24>",
    "slack": "xoxb-<d12>-<d13>-<w24>",
    "stripe": "rk_live_<w32>",
    "token": "<w43>",
    "uuid": "<x8>-<x4>-<x4>-<x4>-<x12>",
}
"""Shape → template: ``<w36>`` stands for 36 letters and digits, ``<x32>`` hex digits, ``<d12>`` digits, ``<b16>`` base32 capitals. An
access key's id tells its account: this one tells 111122223333."""

_ALPHABETS = {
    "w": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "x": "0123456789abcdef",
    "d": "0123456789",
    "b": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
}
_FIELD = re.compile(r"<([wxdb])(\d+)>")

_OURS = ".materialised"
"""File that marks a folder as one that :func:`materialise` made and may tidy."""
_OURS_TEXT = b"Made by graphinv from data/demo. The credentials in here are invented; changes are lost.\n"


def fake(name: str, shape: str) -> str:
    """The invented value of that name and shape; the same on every machine.

    Raises:
        GraphinvError: there is no such shape.

    >>> fake("a", "hex32") == fake("a", "hex32") != fake("b", "hex32")
    True
    """
    template = SHAPES.get(shape)
    if template is None:
        raise GraphinvError(f"the demo has no shape {shape!r}: one of {', '.join(SHAPES)}")
    # Half a kilobyte of digest is more than any shape uses up.
    stream = int.from_bytes(b"".join(hashlib.sha256(f"graphinv demo\0{shape}\0{name}\0{part}".encode()).digest() for part in range(16)))

    def fill(field: re.Match[str]) -> str:
        nonlocal stream
        alphabet = _ALPHABETS[field[1]]
        letters = []
        for _ in range(int(field[2])):
            stream, index = divmod(stream, len(alphabet))
            letters.append(alphabet[index])
        return "".join(letters)

    return _FIELD.sub(fill, template)


def materialise(source: Path, target: Path) -> None:
    """Copy the tree ``source`` to ``target`` with every mark replaced by its value.

    Files that are already as they should be are not written; files that the source no longer has are removed. The same source gives the
    same tree, whatever was there.

    Args:
        source: folder of the templates; links in it are passed over.
        target: folder to fill; made where missing. Nothing outside it is written or removed.

    Raises:
        GraphinvError: ``target`` holds something else, lies inside ``source`` or leads out of itself; or a mark is not understood.
        OSError: something cannot be read or written.
    """
    source = source.resolve(strict=True)
    target.mkdir(parents=True, exist_ok=True)
    target = target.resolve(strict=True)
    if target.is_relative_to(source) or source.is_relative_to(target):
        raise GraphinvError("the demo cannot be made inside its own templates")
    if not (target / _OURS).is_file() and any(target.iterdir()):
        raise GraphinvError(f"{target} holds something that is not the demo; name another folder or remove it")
    wanted = {Path(_OURS): _OURS_TEXT} | {path.relative_to(source): _filled(path, source) for path in _files(source)}
    for path, data in wanted.items():
        _write(target, path, data)
    for found in list(_files(target, links=True)):
        if found.relative_to(target) not in wanted:
            found.unlink()
    for folder, _, _ in os.walk(target, topdown=False):
        if Path(folder) != target and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _files(top: Path, *, links: bool = False) -> list[Path]:
    """Regular files below ``top`` in order, with ``links`` the symbolic links too; no link is followed."""
    found = []
    for folder, folders, files in os.walk(top):
        for name in [*folders, *files]:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) or (links and stat.S_ISLNK(mode)):
                found.append(path)
    return sorted(found)


def _filled(path: Path, top: Path) -> bytes:
    """Content of a template with its marks replaced."""
    data = MARK.sub(lambda mark: fake(mark[1].decode(), mark[2].decode()).encode(), path.read_bytes())
    if _LOOSE_MARK.search(data):
        raise GraphinvError(f"data/demo/{path.relative_to(top).as_posix()} has a mark that is not @@FAKE:name:shape@@")
    return data


def _write(target: Path, path: Path, data: bytes) -> None:
    """Bring one file to ``data`` without going through a link; whole or not at all."""
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.parent.resolve(strict=True).is_relative_to(target):
        raise GraphinvError(f"{target} leads out of itself at {path.parent.as_posix()}; remove that link")
    if place.is_file() and not place.is_symlink() and place.read_bytes() == data:
        return
    draft = place.with_name(f"{place.name}.new")
    draft.unlink(missing_ok=True)
    draft.write_bytes(data)
    draft.replace(place)
