"""Bicep's expressions, read from the text as it stands."""

from __future__ import annotations

import re

from graphinv.ingest.support.arm import ir
from graphinv.ingest.support.arm.reading import Masking
from graphinv.ingest.support.secret_shapes import hide

MAX_DEPTH = 100
_SPACES = re.compile(r"(?:[ \t]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+")
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|#(?:disable|restore)[^\n]*)+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"[0-9]{1,18}")
_LOOP = re.compile(r"\[\s*for\b")
_LAMBDA = re.compile(r"(?:([A-Za-z_]\w*+)|\(\s*+((?:[A-Za-z_]\w*+\s*+,?+\s*+)*+)\))\s*+=>")
_NESTED = re.compile(r"resource\s+[A-Za-z_]\w*\s+'")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_OPERATORS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("??", "coalesce"),),
    (("||", "or"),),
    (("&&", "and"),),
    (("==", "equals"), ("!=", "differs"), ("=~", "alike"), ("!~", "unlike")),
    (("<=", "lessOrEquals"), (">=", "greaterOrEquals"), ("<", "less"), (">", "greater")),
    (("+", "add"), ("-", "sub")),
    (("*", "mul"), ("/", "div"), ("%", "mod")),
)
"""Operators with the functions that they stand for, those that bind least first."""
_ON_NEXT_LINE = ("??", "||", "&&", "==", "!=", "<=", ">=")
_SPACE_NAMES = ("az", "sys")


class Unreadable(ValueError):
    """The text is not what is read."""


def within_loop(text: str, at: int) -> bool:
    """Whether a loop begins at ``at``."""
    return _LOOP.match(text, at) is not None


class Expressions:
    """A place in a text, and what is read there. ``key`` is what the next constant stands under, ``kind`` the type of resource around."""

    def __init__(self, text: str, masking: Masking) -> None:
        self.text = text
        self.masking = masking
        self.at = 0
        self.depth = 0
        self.key = ""
        self.within = ""
        self.kind = ""
        self.sensitive = False
        self._counted = (0, 1)

    # ---- the text -----------------------------------------------------------------------------------------------------------

    def line(self, at: int) -> int:
        before, line = self._counted if self._counted[0] <= at else (0, 1)
        self._counted = (at, line + self.text.count("\n", before, at))
        return self._counted[1]

    def spaces(self) -> None:
        """Past blanks and comments of this line."""
        if match := _SPACES.match(self.text, self.at):
            self.at = match.end()

    def blank(self) -> None:
        """Past blanks, ends of lines and comments."""
        if match := _BLANK.match(self.text, self.at):
            self.at = match.end()

    def peeks(self, sign: str) -> bool:
        self.spaces()
        return self.text.startswith(sign, self.at)

    def takes(self, sign: str) -> bool:
        if self.peeks(sign):
            self.at += len(sign)
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise Unreadable

    def word(self) -> str:
        self.spaces()
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise Unreadable
        self.at = match.end()
        return match[0]

    def takes_word(self, word: str) -> bool:
        self.spaces()
        match = _WORD.match(self.text, self.at)
        if match and match[0] == word:
            self.at = match.end()
            return True
        return False

    def plain(self) -> str:
        """A text without anything filled in."""
        found = self.string()
        if not isinstance(found, ir.Literal):
            raise Unreadable
        return str(found.value)

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def expression(self) -> ir.Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable
        try:
            found = self.operation(0)
            start = self.at
            self.blank()
            if self.text.startswith("?", self.at) and self.text[self.at : self.at + 2] not in ("??", "?."):
                self.at += 1
                self.blank()
                yes = self.expression()
                self.blank()
                self.expect(":")
                self.blank()
                return ir.Call("if", (found, yes, self.expression()))
            self.at = start
            return found
        finally:
            self.depth -= 1

    def operation(self, level: int) -> ir.Expr:
        if level == len(_OPERATORS):
            return self.unary()
        found = self.operation(level + 1)
        while (operator := self.operator(level)) is not None:
            self.blank()
            other = self.operation(level + 1)
            negated = {"differs": "equals", "unlike": "alike"}.get(operator)
            found = ir.Call("not", (ir.Call(negated, (found, other)),)) if negated else ir.Call(operator, (found, other))
        return found

    def operator(self, level: int) -> str | None:
        """The function of the operator of ``level`` that comes next, which is taken; some may stand on the next line."""
        start = self.at
        self.blank()
        same_line = "\n" not in self.text[start : self.at]
        for sign, name in _OPERATORS[level]:
            if self.text.startswith(sign, self.at) and (same_line or sign in _ON_NEXT_LINE) and not self.text.startswith("=>", self.at):
                self.at += len(sign)
                return name
        self.at = start
        return None

    def unary(self) -> ir.Expr:
        self.spaces()
        negations = minuses = 0
        while self.text[self.at : self.at + 1] in ("!", "-") and self.at < len(self.text):
            negations += self.text[self.at] == "!"
            minuses += self.text[self.at] == "-"
            self.at += 1
            self.spaces()
        found = self.postfix()
        if minuses % 2:
            found = ir.Call("sub", (ir.Literal(0), found))
        return ir.Call("not", (found,)) if negations % 2 else found

    def postfix(self) -> ir.Expr:
        found = self.primary()
        while True:
            if self.text.startswith("::", self.at):
                self.at += 2
                self.word()
                found = ir.Call("unknown", (ir.Literal("::"),))
            elif self.text.startswith(".", self.at) and not self.text.startswith("...", self.at):
                self.at += 2 if self.text.startswith(".?", self.at) else 1
                name = self.word()
                found = self.method(found, name) if self.text.startswith("(", self.at) else ir.Member(found, name)
            elif self.text.startswith("[", self.at):
                self.at += 2 if self.text.startswith("[?", self.at) else 1
                self.blank()
                key = self.expression()
                self.blank()
                self.expect("]")
                found = ir.Index(found, key)
            elif self.text.startswith("!", self.at) and not self.text.startswith(("!=", "!~"), self.at):
                self.at += 1
            else:
                return found

    def method(self, of: ir.Expr, name: str) -> ir.Expr:
        arguments = self.arguments()
        return ir.Call(name, arguments if isinstance(of, ir.Name) and of.name in _SPACE_NAMES else (of, *arguments))

    def arguments(self) -> tuple[ir.Expr, ...]:
        self.expect("(")
        found: list[ir.Expr] = []
        self.blank()
        while not self.takes(")"):
            found.append(self.expression())
            self.blank()
            self.takes(",")
            self.blank()
        return tuple(found)

    def primary(self) -> ir.Expr:
        self.spaces()
        if match := _LAMBDA.match(self.text, self.at):
            self.at = match.end()
            names = (match[1],) if match[1] else tuple(_WORD.findall(match[2] or ""))
            self.blank()
            return ir.Lambda(names, self.expression())
        one = self.text[self.at : self.at + 1]
        if one in ("'", "$"):
            return self.string()
        if one == "{":
            return self.object()
        if one == "[":
            return self.array()
        if one == "(":
            self.at += 1
            self.blank()
            found = self.expression()
            self.blank()
            self.expect(")")
            return found
        if match := _NUMBER.match(self.text, self.at):
            self.at = match.end()
            return ir.Literal(int(match[0]))
        name = self.word()
        if name in ("true", "false", "null"):
            return ir.Literal({"true": True, "false": False, "null": None}[name])
        return ir.Call(name, self.arguments()) if self.text.startswith("(", self.at) else ir.Name(name)

    def string(self) -> ir.Expr:
        """A text, with what is filled into it."""
        self.spaces()
        match = re.compile(r"(\$*)(''')\n?").match(self.text, self.at)
        if match is not None:
            return self.long_string(match)
        self.expect("'")
        parts: list[ir.Expr] = []
        piece = ""
        while True:
            one = self.text[self.at : self.at + 1]
            if one in ("", "\n"):
                raise Unreadable
            if one == "'":
                self.at += 1
                return self.joined([*parts, self.constant(piece, part=bool(parts))] if piece or not parts else parts)
            if self.text.startswith("${", self.at):
                parts += [self.constant(piece, part=True)] if piece else []
                piece = ""
                self.at += 2
                self.blank()
                parts.append(self.filled())
            elif match := _ESCAPE.match(self.text, self.at):
                number = int(match[1], 16) if match[1] else 0
                piece += (
                    (chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd")
                    if match[1]
                    else _ESCAPES.get(match[2], match[2])
                )
                self.at = match.end()
            else:
                stop = re.compile(r"[^'$\\\n]+|\$").match(self.text, self.at)
                piece += stop[0] if stop else one
                self.at = stop.end() if stop else self.at + 1

    def long_string(self, match: re.Match[str]) -> ir.Expr:
        self.at = match.end()
        end = self.text.find("'''", self.at)
        if end < 0:
            raise Unreadable
        body = self.text[self.at : end]
        self.at = end + 3
        while self.text.startswith("'", self.at):
            body, self.at = body + "'", self.at + 1
        if match[1]:
            # What is filled in stands between more signs than can be told apart here: its places stay open.
            body = re.sub(re.escape(match[1]) + r"\{[^{}\n]{1,500}\}", "", body)
        return self.constant(body)

    def filled(self) -> ir.Expr:
        key, self.key = self.key, ""
        found = self.expression()
        self.key = key
        self.blank()
        self.expect("}")
        return found

    def joined(self, parts: list[ir.Expr]) -> ir.Expr:
        return parts[0] if len(parts) == 1 and isinstance(parts[0], ir.Literal) else ir.Call("concat", tuple(parts))

    def constant(self, text: str, *, part: bool = False) -> ir.Expr:
        return ir.Literal(self.masking.text(text, self.key, self.line(self.at), sensitive=self.sensitive, part=part))

    def array(self) -> ir.Expr:
        if within_loop(self.text, self.at):
            self.at += 1
            loop, test = self.loop_head()
            self.blank()
            body = self.expression()
            self.blank()
            self.expect("]")
            return ir.Each(ir.Loop(loop.names, loop.of, test), body)
        self.expect("[")
        items: list[ir.Expr] = []
        self.blank()
        while not self.takes("]"):
            items.append(self.spread() if self.text.startswith("...", self.at) else self.expression())
            self.blank()
            self.takes(",")
            self.blank()
        return ir.Array(tuple(items))

    def spread(self) -> ir.Expr:
        self.at += 3
        return ir.Spread(self.expression())

    def loop_head(self) -> tuple[ir.Loop, ir.Expr | None]:
        """``for x in y:`` with the condition that may follow, up to the body."""
        self.blank()
        if not self.takes_word("for"):
            raise Unreadable
        names: tuple[str, ...]
        if self.takes("("):
            first = self.word()
            self.expect(",")
            names = (first, self.word())
            self.expect(")")
        else:
            names = (self.word(),)
        if not self.takes_word("in"):
            raise Unreadable
        of = self.expression()
        self.expect(":")
        self.blank()
        test = None
        if self.takes_word("if"):
            self.expect("(")
            self.blank()
            test = self.expression()
            self.blank()
            self.expect(")")
        return ir.Loop(names, of), test

    def object(self, nested: list[tuple[str, int]] | None = None) -> ir.Object:
        """``{…}``; where ``nested`` is given, places of the resources that stand in it are added to it."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable
        self.expect("{")
        pairs: list[tuple[ir.Expr, ir.Expr]] = []
        around, before, key_before, secret = self.within, self.kind, self.key, self.sensitive
        self.within = around if self.masking.lists(around) else key_before
        called = ""
        self.blank()
        while not self.takes("}"):
            if self.text.startswith("...", self.at):
                pairs.append((self.spread(), ir.NOTHING))
            elif self.text.startswith("@", self.at):
                self.at += 1
                self.postfix()
            elif _NESTED.match(self.text, self.at):
                if nested is not None:
                    nested.append(("resource", self.at))
                self.skip_resource()
            else:
                key = self.string() if self.peeks("'") else ir.Literal(hide(self.word()))
                name = str(key.value) if isinstance(key, ir.Literal) else ""
                self.expect(":")
                self.blank()
                self.key = (called or key_before) if name == "value" else name
                self.sensitive = secret or self.masking.holds(self.kind, name, self.within)
                value = self.expression()
                called = str(value.value) if name == "name" and isinstance(value, ir.Literal) else called
                pairs.append((key, value))
            self.blank()
            self.takes(",")
            self.blank()
        self.within, self.kind, self.key, self.sensitive = around, before, key_before, secret
        self.depth -= 1
        return ir.Object(tuple(pairs))

    def skip_resource(self) -> None:
        """Past a resource that stands in another one."""
        self.word()
        self.word()
        self.spaces()
        self.plain()
        self.takes_word("existing")
        self.expect("=")
        self.blank()
        if self.peeks("[") and within_loop(self.text, self.at):
            self.at += 1
            self.loop_head()
            self.blank()
            self.object()
            self.blank()
            self.expect("]")
            return
        if self.takes_word("if"):
            self.expect("(")
            self.blank()
            self.expression()
            self.blank()
            self.expect(")")
        self.blank()
        self.object()
