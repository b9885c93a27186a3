"""CODEOWNERS of GitHub and GitLab: who owns what lies under a path.

Drawn, by the pipeline from the rules that are read here:
    (:Owner)-[:OWNS]->(whatever was stated in a file that the pattern matches, but for what everybody has)

The last rule that matches a file holds; in GitLab's sections, the last of each section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.owners import EMAIL, owner_of
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, NodeKey, OwnerRule, Problem

NAME = "codeowners"
TITLE = "Code owners"
FILES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")

MAX_RULES = 20_000
MAX_BYTES = 3 * 1024 * 1024
MAX_PATTERN = 1_000

_SECTION = re.compile(r"(\^)?\[([^\]]{1,200})\](?:\[([0-9]{1,4})\])?(?:[ \t]+(.*))?")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
# Where several of these exist, the one with the higher rank is the one that counts.
_PLACES = {".gitlab": 0, "docs": 1, "": 2, ".github": 3}


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``CODEOWNERS``."""
    return path.rpartition("/")[2] == "CODEOWNERS"


def read(document: Document) -> Iterator[Fact]:
    """Owners and rules of one file.

    Raises:
        IngestError: not text, or more than 20,000 rules.
    """
    last = document.folder.rpartition("/")[2]
    place = last if last in _PLACES else ""
    folder = document.folder.removesuffix(place).removesuffix("/")
    base = _PLACES[place] * 1_000_000
    gitlab = place == ".gitlab" or any(_is_section(line) for line in document.text().splitlines()[:20_000])
    section = ""
    defaults: tuple[NodeKey, ...] = ()
    seen: set[NodeKey] = set()
    rank = 0
    for number, raw in enumerate(document.text().replace("\r\n", "\n").split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        source = document.source(number)
        match = _SECTION.fullmatch(line) if gitlab and _is_section(line) else None
        if match:
            section = match[2].strip().lower()
            defaults, nodes, unknown = _owners(_words(match[4] or ""), source, gitlab)
        else:
            words = _words(line)
            if not words:
                continue
            owners, nodes, unknown = _owners(words[1:], source, gitlab)
            rank += 1
            if rank > MAX_RULES:
                raise IngestError(f"holds more than {MAX_RULES:,} rules", document=document.path, where=f"L{number}")
            excluded = words[0].startswith("!")
            pattern = words[0].removeprefix("!")
            if len(pattern) > MAX_PATTERN:
                message = f"a pattern of more than {MAX_PATTERN:,} characters is not read"
                yield Problem(document.path, f"L{number}", message, "warning", NAME)
                continue
            targets = () if excluded else owners or (defaults if len(words) == 1 else ())
            yield OwnerRule(_gitignore(pattern, gitlab), targets, folder, base + rank, source, section)
        for node in nodes:
            if node.key not in seen:
                seen.add(node.key)
                yield node
        if unknown:
            message = f"{unknown} of its owners are neither an e-mail address nor an @name"
            yield Problem(document.path, f"L{number}", message, "warning", NAME)


def _is_section(line: str) -> bool:
    match = _SECTION.fullmatch(line.strip())
    # "[ab].txt @x" is a pattern, "[Docs] @x" a section: what follows a section are owners.
    return bool(match) and all(word.startswith("@") or EMAIL.fullmatch(word) for word in _words((match[4] if match else "") or ""))


def _words(line: str) -> list[str]:
    """Words of a line up to a comment; a blank after a backslash does not end a word."""
    words = []
    for match in _WORD.finditer(line):
        if match[0].startswith("#"):
            break
        words.append(match[0])
    return words


def _gitignore(pattern: str, gitlab: bool) -> str:
    """The pattern in gitignore syntax, which is GitHub's own; one of GitLab's without a leading slash matches in any folder."""
    inner = "/" in pattern.rstrip("/")
    return f"**/{pattern}" if gitlab and inner and not pattern.startswith(("/", "**/")) else pattern


def _owners(words: list[str], source: str, gitlab: bool) -> tuple[tuple[NodeKey, ...], list[NodeFact], int]:
    """Keys and nodes of the owners, and how many words are none."""
    names = [name for name in (word.strip(",;") for word in words) if name]
    nodes = [owner for owner in (owner_of(name, source, forge="gitlab" if gitlab else "github") for name in names) if owner]
    return tuple(dict.fromkeys(node.key for node in nodes)), nodes, len(names) - len(nodes)
