"""Text of Go's template language → nodes. Nothing is carried out here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 60
MAX_TEXT = 1_000_000

_WORD = re.compile(r"(if|with|range|define|block|template|else|end|break|continue)(?!\w)\s*(.*)", re.DOTALL)
_STOP = re.compile(r"[\"`]|\}\}")
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`)|(?P<number>[-+]?(?:0x[0-9a-fA-F]{1,16}|[0-9]{1,18}(?:\.[0-9]{1,18})?))(?![\w.])"
    r"|(?P<path>[.$]?[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*|\$(?:\.[A-Za-z_]\w*)*|\.(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?|\.[A-Za-z_]\w*)"
    r"|(?P<mark>:=|=|\||\(|\)|,))"
)


class TemplateError(Exception):
    """What keeps a template from being filled in, in words."""


@dataclass(frozen=True, slots=True)
class Text:
    """What stands there as it is."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Const:
    """A text, number or word that stands for itself."""

    value: object


@dataclass(frozen=True, slots=True)
class Path:
    """``.a.b`` (start ``.``), ``$x.a`` (start ``$x``), or a function (start its name, no names)."""

    start: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Fields of what parentheses give."""

    inner: Pipe
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each a list of operands, joined by ``|``; ``variables`` are set to the result (``declares``: anew)."""

    commands: tuple[tuple[Const | Path | Chain, ...], ...]
    variables: tuple[str, ...] = ()
    declares: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What is written in its place: the result of a pipeline."""

    pipe: Pipe
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """``if``, ``with``, ``range``; ``define`` and ``block`` have a ``name``; ``template`` a name and no body."""

    word: str
    pipe: Pipe | None
    line: int
    name: str = ""
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Jump:
    """``break`` or ``continue``."""

    word: str


Node = Text | Action | Block | Jump


def parse(text: str) -> list[Node]:
    """Nodes of a template. O(length).

    Raises:
        TemplateError: it is none, or too long or nested too deep.
    """
    if len(text) > MAX_TEXT:
        raise TemplateError("it is too long")
    tree = _Tree()
    for piece, line in _pieces(text):
        keyword = None if isinstance(piece, Text) else _WORD.match(piece)
        if isinstance(piece, Text):
            tree.into.append(piece)
        elif keyword:
            tree.word(keyword[1], keyword[2], line)
        else:
            tree.into.append(Action(_pipe(_Tokens(piece, line)), line))
    if tree.open:
        raise TemplateError(f"line {tree.open[-1][0].line}: {tree.open[-1][0].word} without an end")
    return tree.top


class _Tree:
    """Nodes so far: ``into`` is where the next one goes, ``open`` the blocks around it, each with what its end leads back to."""

    def __init__(self) -> None:
        self.top: list[Node] = []
        self.into = self.top
        self.open: list[tuple[Block, list[Node]]] = []

    def word(self, word: str, rest: str, line: int) -> None:
        """Take in an action that begins with a keyword."""
        if word in ("if", "with", "range", "define", "block"):
            if len(self.open) >= MAX_DEPTH:
                raise TemplateError("it is nested too deep")
            block = _block(word, rest, line)
            self.into.append(block)
            self.open.append((block, self.into))
            self.into = block.body
        elif word == "else" and self.open:
            self.otherwise(rest, line)
        elif word == "end" and self.open:
            _, self.into = self.open.pop()
        elif word in ("break", "continue"):
            self.into.append(Jump(word))
        elif word == "template":
            self.into.append(_block(word, rest, line))
        else:
            raise TemplateError(f"line {line}: {word} without a beginning")

    def otherwise(self, rest: str, line: int) -> None:
        """``else``, or ``else if``: a block in the other branch, which ends with it."""
        block, back = self.open[-1]
        self.into = block.otherwise
        inner = _WORD.match(rest)
        if inner and inner[1] in ("if", "with"):
            nested = _block(inner[1], inner[2], line)
            self.into.append(nested)
            self.open[-1] = (nested, back)
            self.into = nested.body
        elif rest:
            raise TemplateError(f"line {line}: {rest[:20]!r} after else")


def _pieces(text: str) -> Iterator[tuple[Text | str, int]]:
    """Text, and what stands between braces, each with its line; without the white space that a ``-`` takes away."""
    at, line, trim = 0, 1, False
    while True:
        start = text.find("{{", at)
        plain = text[at : start if start >= 0 else len(text)]
        said = plain.lstrip() if trim else plain
        begins = line + plain.count("\n", 0, len(plain) - len(said))
        if start >= 0 and text[start + 2 : start + 3] == "-" and text[start + 3 : start + 4].isspace():
            said = said.rstrip()
        if said:
            yield Text(said, begins), begins
        if start < 0:
            return
        line += plain.count("\n")
        end = _end(text, start + 2, line)
        inner = text[start + 2 : end]
        trim = inner[-1:] == "-" and inner[-2:-1].isspace()
        inner = inner.removeprefix("-").removesuffix("-").strip() if not inner.strip("-").strip().startswith("/*") else ""
        if inner:
            yield inner, line
        line += text.count("\n", start, end)
        at = end + 2


def _end(text: str, at: int, line: int) -> int:
    """Where the action that begins before ``at`` ends; texts in it may hold braces."""
    comment = re.compile(r"-?\s*/\*").match(text, at)
    if comment:
        at = text.find("*/", comment.end())
        end = text.find("}}", at) if at >= 0 else -1
        if end < 0:
            raise TemplateError(f"line {line}: a comment that does not end")
        return end
    while stop := _STOP.search(text, at):
        if stop[0] == "}}":
            return stop.start()
        quoted = _QUOTED.match(text, stop.start())
        at = quoted.end() if quoted else stop.end()
    raise TemplateError(f"line {line}: braces that do not close")


def _block(word: str, rest: str, line: int) -> Block:
    if word in ("define", "block", "template"):
        tokens = _Tokens(rest, line)
        name = tokens.take("text")
        pipe = None if tokens.done else _pipe(tokens)
        return Block(word, pipe, line, _literal(name))
    return Block(word, _pipe(_Tokens(rest, line)), line)


class _Tokens:
    """What stands in one action."""

    def __init__(self, text: str, line: int) -> None:
        self.line = line
        self.found: list[tuple[str, str, bool]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.end() == at:
                raise TemplateError(f"line {line}: {text[at : at + 20]!r} is not understood")
            kind = str(match.lastgroup)
            self.found.append((kind, match[kind], match.start(kind) == at and at > 0))
            at = match.end()
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.found)

    def peek(self, ahead: int = 0) -> tuple[str, str, bool]:
        """Kind and text of a token, and whether it joins the one before it."""
        return self.found[self.at + ahead] if self.at + ahead < len(self.found) else ("", "", False)

    def take(self, kind: str) -> str:
        found, text, _ = self.peek()
        if found != kind:
            raise TemplateError(f"line {self.line}: {text or 'the end'!r} in the place of a {kind}")
        self.at += 1
        return text


def _pipe(tokens: _Tokens, depth: int = 0) -> Pipe:
    if depth > MAX_DEPTH:
        raise TemplateError(f"line {tokens.line}: nested too deep")
    variables: list[str] = []
    declares = False
    ahead = 0
    while tokens.peek(ahead)[0] == "path" and tokens.peek(ahead)[1].startswith("$"):
        mark = tokens.peek(ahead + 1)[1]
        if mark == ",":
            ahead += 2
            continue
        if mark in (":=", "="):
            variables = [tokens.found[tokens.at + index][1] for index in range(0, ahead + 1, 2)]
            declares = mark == ":="
            tokens.at += ahead + 2
        break
    commands: list[tuple[Const | Path | Chain, ...]] = []
    operands: list[Const | Path | Chain] = []
    while True:
        kind, text, _ = tokens.peek()
        if kind == "" or text in ("|", ")"):
            if operands:
                commands.append(tuple(operands))
            elif not commands or text == "|":  # one that ends with a bar is allowed
                raise TemplateError(f"line {tokens.line}: a command is missing")
            operands = []
            if text != "|":
                return Pipe(tuple(commands), tuple(variables), declares)
            tokens.at += 1
        else:
            operands.append(_operand(tokens, depth))


def _operand(tokens: _Tokens, depth: int) -> Const | Path | Chain:
    kind, text, _ = tokens.peek()
    tokens.at += 1
    if text == "(" and kind == "mark":
        return _chain(tokens, depth)
    if kind == "text":
        return Const(_literal(text))
    if kind == "number":
        return Const(int(text, 0) if "." not in text and not re.fullmatch(r"[-+]?0[0-9]+", text) else float(text))
    if kind != "path":
        raise TemplateError(f"line {tokens.line}: {text!r} is not understood")
    if text in _WORDS:
        return Const(_WORDS[text])
    start, *names = text.split(".")
    return Path(start or ".", tuple(filter(None, names)))


_WORDS = {"true": True, "false": False, "nil": None}


def _chain(tokens: _Tokens, depth: int) -> Chain:
    """What stands in parentheses, and its fields that follow them."""
    inner = _pipe(tokens, depth + 1)
    if tokens.peek()[1] != ")":
        raise TemplateError(f"line {tokens.line}: a parenthesis that does not close")
    tokens.at += 1
    kind, text, joined = tokens.peek()
    if kind == "path" and text.startswith(".") and len(text) > 1 and joined:
        tokens.at += 1
        return Chain(inner, tuple(text[1:].split(".")))
    return Chain(inner, ())


def _literal(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(json.loads(text.replace("\\'", "'"), strict=False))
    except ValueError:
        raise TemplateError(f"{text[:20]!r} is no text") from None
