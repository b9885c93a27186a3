"""Command lines as words that know where in their document they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Where = tuple[str | int, ...]
"""Pointer below the entry that the command line belongs to."""

MAX_WORDS = 2000
MAX_LINE = 100_000
"""Characters of a command line that are split as a shell would."""
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line and its pointer."""

    text: str
    where: Where


@dataclass(frozen=True, slots=True)
class Option:
    """One option taken off a command line: its name without dashes, and its value where it has one."""

    name: str
    value: Word | None


def names(text: str) -> frozenset[str]:
    """The blank-separated names in ``text``, as a set."""
    return frozenset(text.split())


def split(text: str, where: Where) -> list[Word]:
    """``text`` as a shell would split it; quotes that are never closed do not matter, and a Windows path keeps its backslashes."""
    text = text[:MAX_LINE]
    text = text.replace("\\", "\\\\") if re.match(r"[\"']?[A-Za-z]:\\", text) else text
    try:
        parts = shlex.split(text, posix=True)
    except ValueError:
        parts = text.split()
    return [Word(part, where) for part in parts[:MAX_WORDS]]


def commands(text: str, where: Where) -> list[list[Word]]:
    """The simple commands of a shell script, each as words; separators are ``;``, ``&``, ``|`` and line ends."""
    found: list[list[Word]] = [[]]
    text = text[:MAX_LINE]
    try:
        lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        lexer.commenters = ""
        for count, part in enumerate(lexer):
            if count >= MAX_WORDS:
                break
            if part and set(part) <= set(";&|"):
                found.append([])
            else:
                found[-1].append(Word(part, where))
    except ValueError:
        return [[Word(part, where) for part in text.split()[:MAX_WORDS]]]
    return [command for command in found if command]


def assignment(word: Word) -> tuple[str, Word] | None:
    """``NAME=value`` as its parts."""
    match = _ASSIGNMENT.fullmatch(word.text)
    return (match[1], Word(match[2], word.where)) if match else None


def take_options(words: Sequence[Word], valued: frozenset[str]) -> tuple[list[Option], list[Word]]:
    """The options that ``words`` start with, and the rest from the first word that is none (``--`` ends them too).

    ``valued`` names the options, with their dashes, that take the next word as their value.
    """
    options: list[Option] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word.text == "--":
            return options, list(words[position + 1 :])
        if not word.text.startswith("-") or word.text == "-":
            break
        name, equals, value = word.text.partition("=")
        position += 1
        if equals:
            options.append(Option(name.lstrip("-"), Word(value, word.where)))
        elif name in valued and position < len(words):
            options.append(Option(name.lstrip("-"), words[position]))
            position += 1
        else:
            options.append(Option(name.lstrip("-"), None))
    return options, list(words[position:])


def pairs(words: Iterable[Word]) -> Iterator[tuple[str, Word]]:
    """Each word with the name it stands under: ``--key value``, ``--key=value``, ``KEY=value``; ``""`` where it has none."""
    name = ""
    for word in words:
        text = word.text
        if text.startswith("-") and len(text) > 1:
            key, equals, value = text.partition("=")
            name = "" if equals else key.lstrip("-")
            if equals:
                yield key.lstrip("-"), Word(value, word.where)
            continue
        parts = assignment(word) if not name else None
        yield parts or (name, word)
        name = ""


def program(text: str) -> str:
    """The bare name of a program: ``/opt/homebrew/bin/npx`` and ``npx.cmd`` are ``npx``."""
    name = re.split(r"[/\\]", text.strip().strip("'\""))[-1].lower()
    return re.sub(r"\.(?:exe|cmd|bat|com)$", "", name)
