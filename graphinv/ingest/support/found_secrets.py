"""What other scanners found: the value is dropped here, its fingerprint is the one that our own readers give to the same text.

Where a report holds no value (redacted, or a digest alone) the secret is told by that and by its place; the pipeline puts it together with
what our own readers find on that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from graphinv.ingest import Document
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import Recognised, is_placeholder, looks_secret_name, recognise_all, secret_node
from graphinv.model.facts import Fact, NodeFact, Problem, Props, source_of

MAX_VALUE = 20_000
HASHED = "hashed-secret:"
"""Beginning of the ids of secrets whose value a report does not hold."""
_REDACTED = re.compile(r"(?i)redacted|.{0,12}(?:\*{3,}|\.{3}|…).{0,12}", re.DOTALL)
_LABEL = re.compile(r"[^\w .:/@()+-]")
_ASSIGNED = re.compile(r"[\"']?(?P<name>[\w.-]{2,80})[\"']?[ \t]*(?::=|=>|[:=])(?P<value>.*)", re.DOTALL)
_EXPRESSION = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*(?:\(.*)?", re.DOTALL)
_ARMOUR = "-----BEGIN"
_FIRST_LINE = re.compile(r"-----BEGIN [A-Z0-9 ]{1,60}-----")
_KEY = re.compile(r"[A-Za-z0-9+/]{32}")
_ADDRESS = re.compile(r"(?:jdbc:)?(?:https?://[^/?#\s]*@|(?!https?:)[A-Za-z][A-Za-z0-9+.-]*://)", re.IGNORECASE)
"""What is secret only where a password is in it: an address with a user, or one of a database; that of a webhook is a secret as a whole."""
_PROGRAMS = frozenset(
    {".c", ".cc", ".cpp", ".cs", ".dart", ".go", ".h", ".java", ".js", ".jsx", ".kt", ".mjs", ".php", ".py", ".rb", ".rs", ".scala"}
    | {".swift", ".ts", ".tsx"}
)
"""Files in which a bare word after an assignment is a name, and no text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of another scanner.

    ``value`` is for fingerprinting and nothing else; ``digest`` is what the report has in its place. ``path`` and ``line`` are where it
    lies, in the scanner's words.
    """

    tool: str
    rule: str
    path: str
    line: int | None = None
    value: str = field(default="", repr=False)
    digest: str = field(default="", repr=False)
    verified: bool | None = None
    props: Props = field(default_factory=dict)


def finding_facts(document: Document, line: int, finding: Finding) -> Iterator[NodeFact]:
    """(:Secret) for each credential in ``finding``, which stands on ``line`` of the report; nothing where it is a placeholder."""
    value = finding.value[:MAX_VALUE].strip()
    in_program = PurePosixPath(finding.path).suffix.lower() in _PROGRAMS
    cut = _FIRST_LINE.fullmatch(value) is not None and not in_program
    redacted = not value or cut or _REDACTED.fullmatch(value) is not None
    recognised = [] if redacted else _recognised(value, in_program)
    if not redacted and not recognised:
        return
    path = hide(finding.path)
    rule = _LABEL.sub("", hide(finding.rule))[:100]
    place = f"{path}:{finding.line}" if finding.line else path
    labels = [f"found_by={finding.tool}:{rule}", *([f"found_in={place}"] if path else [])]
    if finding.verified is not None:
        labels.append(f"verified={str(finding.verified).lower()}")
    sources = [document.source(line), *_place(document, path, finding.line)]
    said: Props = {**finding.props, "labels": labels, "sources": sources}
    if redacted:
        mark = finding.digest or f"{finding.tool}|{finding.rule}|{finding.path}|{finding.line}"
        yield NodeFact("Secret", f"{HASHED}{document.fingerprint(mark)}", said)
        return
    for found in recognised:
        node = secret_node(document, line, found)
        # What to call it is for the reader of the place to say, or, where there is none, for the pipeline.
        props = {name: known for name, known in node.props.items() if name != "name" and (name, known) != ("type", "")}
        yield replace(node, props={**props, **said})


def _recognised(value: str, in_program: bool) -> list[Recognised]:
    """The credentials in a value: those with a form of their own, else all of it, where it is no placeholder."""
    if value.startswith(_ARMOUR) and _KEY.search(value) is None:
        return []  # a program that takes keys apart
    name, value = _unassigned(value, in_program)
    if not value:
        return []
    found = [one for one in recognise_all(name, value) if one.end - one.start > len(value) / 2 or one.end == 0 or "://" in value]
    return found or ([] if is_placeholder(value) or _ADDRESS.match(value) else [Recognised("", "", value)])


def _unassigned(value: str, in_program: bool) -> tuple[str, str]:
    """Name and value where a rule took both (``TOKEN=…``); the value is empty where nothing is assigned, or a program's own name."""
    assigned = _ASSIGNED.fullmatch(value)
    if assigned is None or not looks_secret_name(assigned["name"]):
        return "", value
    rest = assigned["value"].lstrip(" \t")
    if rest.startswith(("\n", "\r")) or (in_program and _EXPRESSION.fullmatch(rest)):
        return "", ""
    return assigned["name"], rest.strip().strip("\"'")


def _place(document: Document, path: str, line: int | None) -> list[str]:
    """The place of the finding as a source, where the report names it relative to the root."""
    clean = path.replace("\\", "/").removeprefix("./")
    parts = PurePosixPath(clean).parts
    if not clean or clean.startswith("/") or ":" in parts[0] or ".." in parts:
        return []
    return [source_of(document.root, "/".join(parts), line)]


def left_out(document: Document, placeholders: int, denied: int, ingestor: str) -> Iterator[Fact]:
    """Notes on findings that are none: placeholders, and what people said is no secret."""
    if placeholders:
        yield Problem(
            document.path, "", f"{placeholders} of its findings are placeholders, or no values at all, and left out", "note", ingestor
        )
    if denied:
        yield Problem(document.path, "", f"{denied} of its findings were reviewed and are no secrets; left out", "note", ingestor)


def number(value: object) -> int | None:
    """A line number; None where it is none."""
    if isinstance(value, str) and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000_000 else None


def text(value: object) -> str:
    """A text; empty where it is none."""
    return value if isinstance(value, str) else ""
