"""The instructions of a Dockerfile, and where files of the source end up in the image."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.words import MAX_WORDS, Word, split
from graphinv.model.errors import IngestError

MAX_INSTRUCTIONS = 5_000
MAX_BROUGHT = 200
"""More paths of the source than this are taken for all of it."""

_INSTRUCTION = re.compile(r"[ \t]*([A-Za-z]{2,20})[ \t]+(.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_]\w{0,60})[\"']?")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`\s*$", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z_][\w.-]{0,199})=(\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|[^\s\"']*+)")
_FLAG = re.compile(r"--[a-z-]+(?:=\S*)?\s+")
_FLAGS = re.compile(rf"\s*(?:{_FLAG.pattern})*")
_MOUNT = re.compile(r"--mount=(\S+)")
_OPEN = re.compile(r"[*?\[$]")
"""What leaves the rest of a path open: a pattern, a variable."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction in capitals, what follows it on its line and those that continue it, and where it starts."""

    name: str
    text: str
    line: int


@dataclass
class Stage:
    """One ``FROM`` and what follows it. ``variables`` are (name, value, line)."""

    base: str
    line: int
    name: str = ""
    folder: str = "/"
    copies: list[tuple[str, str]] = field(default_factory=list)
    """(path in the source, path in the image), in order."""
    variables: list[tuple[str, str, int]] = field(default_factory=list)
    entrypoint: Instruction | None = None
    command: Instruction | None = None
    user: str = ""

    def source_of(self, path: str) -> str:
        """The path in the source of a file of the image; itself where nothing copied it. O(copies)."""
        inside = posixpath.normpath(posixpath.join(self.folder, path))
        for source, target in reversed(self.copies):
            if inside == target:
                return source
            below = target.rstrip("/") + "/"
            if inside.startswith(below):
                return posixpath.normpath(posixpath.join(source, inside.removeprefix(below)))
        return path.lstrip("/")

    def words(self) -> list[Word]:
        """The command line that a container of it runs."""
        return [Word(text, ()) for one in (self.entrypoint, self.command) if one for text in arguments(one.text)]


def instructions(text: str, path: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile; the lines of here-documents belong to theirs. O(length).

    Raises:
        IngestError: more than 5,000 of them.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    escape = "`" if lines and _ESCAPE.match(lines[0].strip()) else "\\"
    index = count = 0
    while index < len(lines):
        start = index
        parts: list[str] = []
        while index < len(lines):
            line = lines[index].strip()
            index += 1
            if line.startswith("#") or (not line and parts):
                continue
            parts.append(line.removesuffix(escape))
            if not line.endswith(escape):
                break
        whole = " ".join(parts)
        match = _INSTRUCTION.fullmatch(whole)
        if match is None:
            continue
        for word in _HEREDOC.findall(whole) if match[1].upper() in ("RUN", "COPY", "ADD") else ():
            end = next((at for at in range(index, min(len(lines), index + 2_000)) if lines[at].strip() == word), None)
            if end is not None:
                whole += "\n" + "\n".join(lines[index:end])
                index = end + 1
        count += 1
        if count > MAX_INSTRUCTIONS:
            raise IngestError(f"holds more than {MAX_INSTRUCTIONS:,} instructions", document=path, where=f"L{start + 1}")
        yield Instruction(match[1].upper(), whole[match.start(2) :], start + 1)


def stages(found: list[Instruction]) -> list[Stage]:
    """The stages of a build, in order; a stage that is based on another has what that one has."""
    made: list[Stage] = []
    for one in found:
        if one.name == "FROM":
            words = _FLAG.sub("", one.text).split()
            stage = Stage(words[0] if words else "", one.line, words[2] if len(words) > 2 and words[1].upper() == "AS" else "")
            below = next((other for other in made if other.name and other.name.lower() == stage.base.lower()), None)
            if below is not None:
                stage.base, stage.folder, stage.user = below.base, below.folder, below.user
                stage.copies, stage.variables = list(below.copies), list(below.variables)
                stage.entrypoint, stage.command = below.entrypoint, below.command
            made.append(stage)
        elif made:
            _apply(made[-1], one, made)
    return made


def brought(found: list[Instruction]) -> list[str]:
    """Files and folders of the source that any stage copies or mounts, without what patterns leave open; ``.`` is all of it. O(length)."""
    paths: set[str] = set()
    for one in found:
        if one.name in ("COPY", "ADD") and "--from=" not in " ".join(_FLAG.findall(one.text)):
            paths.update(word for word in arguments(_FLAG.sub("", one.text))[:-1] if "://" not in word and not word.startswith("<<"))
        elif one.name == "RUN" and (flags := _FLAGS.match(one.text)) is not None:
            for mount in _MOUNT.findall(flags[0]):
                options = dict(option.partition("=")[::2] for option in mount.split(","))
                if options.get("type", "bind") == "bind" and "from" not in options:
                    paths.add(options.get("source") or options.get("src") or ".")
    named = {posixpath.normpath(_stated(path).lstrip("/") or ".") for path in paths}
    return sorted(named) if len(named) <= MAX_BROUGHT else ["."]


def _stated(path: str) -> str:
    """``path``, or the folder above what is open in it."""
    start = _OPEN.search(path)
    return path[: start.start()].rpartition("/")[0] if start else path


def _apply(stage: Stage, one: Instruction, made: list[Stage]) -> None:
    if one.name == "WORKDIR":
        stage.folder = posixpath.normpath(posixpath.join(stage.folder, one.text.strip().strip("\"'")))
    elif one.name in ("COPY", "ADD"):
        _copy(stage, one, made)
    elif one.name == "ENV":
        stage.variables += [(name, value, one.line) for name, value in pairs(one.text)]
    elif one.name == "ENTRYPOINT":
        stage.entrypoint, stage.command = one, None
    elif one.name == "CMD":
        stage.command = one
    elif one.name == "USER":
        stage.user = one.text.strip()


def _copy(stage: Stage, one: Instruction, made: list[Stage]) -> None:
    flags = " ".join(_FLAG.findall(one.text))
    origin = re.search(r"--from=(\S+)", flags)
    words = arguments(_FLAG.sub("", one.text))
    if len(words) < 2:
        return
    target = words[-1]
    inside = posixpath.normpath(posixpath.join(stage.folder, target))
    other = next((each for each in made if origin and each.name == origin[1]), None)
    if origin and other is None:
        return  # from another image
    for source in words[:-1]:
        path = other.source_of(source) if other else posixpath.normpath(source.lstrip("/") or ".")
        last = posixpath.basename(path)
        # A file that is copied into a folder keeps its name; of a folder, what is in it is copied.
        file = "." in last and last not in (".", "..")
        keeps = file and (target.endswith("/") or target == "." or len(words) > 2)
        stage.copies.append((path, posixpath.join(inside, last) if keeps else inside))


def pairs(text: str) -> list[tuple[str, str]]:
    """``ENV`` and ``ARG``: ``A=1 B="2"``, or the old ``A value``."""
    if "=" not in text.partition(" ")[0]:
        name, _, value = text.strip().partition(" ")
        return [(name, value.strip())] if re.fullmatch(r"[A-Za-z_]\w{0,199}", name) and value else []
    return [(match[1], match[2].strip("\"'")) for match in _PAIR.finditer(text)]


def arguments(text: str) -> list[str]:
    """The words of a command in either form: a JSON list, or a line for the shell."""
    text = text.strip()
    if text.startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, list):
            return [word for word in value if isinstance(word, str)][:MAX_WORDS]
    return [word.text for word in split(text, ())]
