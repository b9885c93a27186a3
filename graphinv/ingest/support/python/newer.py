"""Source that is written for a newer Python than the one that reads it, as source that this one can parse.

What is newer since 3.11: ``type X = …``, parameters of types (``def f[T](x)``, ``class A[T]``), quotes, backslashes and line breaks inside
the fields of f-strings, template strings (``t"…"``), ``except A, B:``. Lines stay where they are; only what nobody asks for is dropped.
"""

from __future__ import annotations

import re

MAX_PARAMETERS = 5_000
"""Characters of one list of type parameters."""
MAX_NESTING = 5
"""F-strings inside fields of f-strings."""

_TYPED = re.compile(
    r"(?m)^(?:(?P<kept>[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+\w+)[ \t]*(?=\[)|(?P<indent>[ \t]*)type[ \t]+(?P<alias>\w+)[ \t]*(?=[=\[]))"
)
_EXCEPT = re.compile(r"(?m)^([ \t]*except[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:")
_START = re.compile(r"#[^\n]*|(?<!\w)(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"\"\"|'''|\"|')")
_NAMED = re.compile(r"\\N\{[^{}\n]{0,100}\}")
_INSIDE = re.compile(r"(?<!\w)(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"\"\"|'''|\"|')|[{}\[\]()]|![rsa](?=[:}])|:|\n|\\|#")


def older(source: str) -> str:
    """``source`` without what only newer versions of Python read. O(length).

    >>> older("type A[T] = list[T]"), older("def f[T](x: T): ...")
    ('A = list[T]', 'def f(x: T): ...')
    """
    text = _bare(_strings(source))
    return _EXCEPT.sub(lambda match: f"{match[1]}({match[2]}):", text)


def _bare(text: str) -> str:
    """``text`` without parameters of types. Their line breaks come before what they belong to."""
    found: list[str] = []
    position = 0
    for match in _TYPED.finditer(text):
        if match.start() < position:
            continue
        end = _closed(text, match.end()) if text[match.end() : match.end() + 1] == "[" else match.end()
        kept = match["kept"] if match["kept"] is not None else f"{match['indent']}{match['alias']} "
        found += [text[position : match.start()], "\n" * text.count("\n", match.end(), end), kept]
        position = end + (match["kept"] is None and text[end : end + 1] == " ")
    return "".join([*found, text[position:]])


def _closed(text: str, start: int) -> int:
    """Behind the bracket that closes the one at ``start``; ``start`` itself where none does."""
    depth = 0
    for position in range(start, min(len(text), start + MAX_PARAMETERS)):
        depth += {"[": 1, "]": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return start


def _strings(source: str) -> str:
    """``source`` with f-strings whose fields an older version reads, too."""
    found: list[str] = []
    position = 0
    while match := _START.search(source, position):
        found.append(source[position : match.start()])
        if match["quote"] is None:
            found.append(match[0])
            position = match.end()
            continue
        position, text = _string(source, match, 0)
        found.append(text)
    return "".join([*found, source[position:]])


def _string(source: str, match: re.Match[str], level: int) -> tuple[int, str]:
    """Where the string that ``match`` begins ends, and its text as an older version reads it."""
    prefix, quote = match["prefix"].lower(), match["quote"]
    filled = level < MAX_NESTING and ("f" in prefix or "t" in prefix)
    found = [match["prefix"].replace("t", "f").replace("T", "f") + quote if filled else match[0]]
    position, breaks = match.end(), 0
    while position < len(source):
        character = source[position]
        if source.startswith(quote, position):
            return position + len(quote), "".join(found) + quote + " \\\n" * breaks
        if character == "\n" and len(quote) == 1:
            break
        if character == "\\":
            named = _NAMED.match(source, position) if "r" not in prefix else None
            # A backslash keeps no field from beginning: the brace after it is looked at.
            step = len(named[0]) if named else 1 if filled and source[position + 1 : position + 2] == "{" else 2
            found.append(source[position : position + step])
            position += step
        elif character == "{" and filled and source[position + 1 : position + 2] != "{":
            end, field = _field(source, position, quote, level)
            lost = source.count("\n", position, end) - field.count("\n")
            found.append(field if len(quote) == 1 else field + "\n" * lost)
            breaks += lost if len(quote) == 1 else 0
            position = end
        else:
            step = 2 if character == "{" and filled else 1
            found.append(source[position : position + step])
            position += step
    return position, "".join(found)


def _field(source: str, start: int, quote: str, level: int) -> tuple[int, str]:
    """Where the field of an f-string that begins at ``start`` ends, and what stands for it: itself where its quotes can be others."""
    position, depth, newer, format = start + 1, 0, False, False
    while match := _INSIDE.search(source, position):
        mark, position = match[0], match.end()
        if match["quote"] is not None and not format:
            position = _string(source, match, level + 1)[0]
            newer = newer or match["quote"].startswith(quote) or "\\" in source[match.end() : position]
        elif match["quote"] is not None and mark.endswith(quote):
            break  # it never ends
        elif mark in ("(", "[", "{"):
            depth += 1
        elif mark == "}" and depth == 0:
            text = source[start:position]
            other = "'" if quote[0] == '"' else '"'
            whole = other in text or "\\" in text or "#" in text or (len(quote) == 1 and "\n" in text)
            return position, text if not newer else "{...}" if whole else text.replace(quote[0], other)
        elif mark in (")", "]", "}"):
            depth -= 1
        elif mark == ":" and depth == 0:
            format = True
        elif mark in ("\\", "\n", "#") and not format:
            newer = newer or mark != "\n" or len(quote) == 1
    return len(source), "{...}"
