"""Results as one text, which the store's own record holds.

Findings share most of what they say: the hops of their paths, what their rule says, whose things they are about. Each such value is written
once, and findings name its place in a list of hops, of texts, or of lists of texts. The text is JSON by lines, compressed: the results
without their findings, then a line for every :data:`_FINDINGS` of them with the values that they are the first to name.
"""

from __future__ import annotations

import base64
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import islice
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from graphinv.model.errors import StoreError
from graphinv.model.results import Analysis, Finding, Hop

_FORM = "2:"
"""How the text begins; what an older version wrote is one JSON object, compressed."""
_FINDINGS = 5_000
_QUICKLY = 3
_SHARED = {"path": "hops", "why": "texts", "remediation": "texts"} | dict.fromkeys(
    ("subject", "target", "frameworks", "owners", "sources", "severity_parts"), "lists"
)
"""Fields whose values are shared, and among what."""
_OWN = {one.name: one.default for one in fields(Finding)}
"""Fields with what they are where nothing is said."""


def packed(analysis: Analysis) -> str:
    """Results as one text; what it takes to make it grows with what is distinct in them."""
    found = io.BytesIO()
    with gzip.GzipFile(fileobj=found, mode="wb", compresslevel=_QUICKLY, mtime=0) as file:
        file.writelines(line + b"\n" for line in lines(analysis))
    return _FORM + base64.b64encode(found.getbuffer()).decode()


def lines(analysis: Analysis) -> Iterator[bytes]:
    """The lines of the text."""
    yield analysis.model_dump_json(by_alias=True, exclude={"findings", "former"}).encode()
    places: dict[str, dict[Any, int]] = {"hops": {}, "lists": {}, "texts": {}}
    for name, findings in (("findings", analysis.findings), ("former", analysis.former)):
        remaining = iter(findings)
        while some := list(islice(remaining, _FINDINGS)):
            before = {kind: len(known) for kind, known in places.items()}
            rows = [_row(finding, places) for finding in some]
            yield to_json({name: rows} | {kind: list(islice(known, before[kind], None)) for kind, known in places.items()})


def _row(finding: Finding, places: dict[str, dict[Any, int]]) -> dict[str, Any]:
    row = {name: value for name, default in _OWN.items() if (value := getattr(finding, name)) != default}
    for name in _SHARED.keys() & row.keys():
        known = places[_SHARED[name]]
        if name == "path":
            row[name] = [known.setdefault(hop, len(known)) for hop in finding.path]
        else:
            row[name] = known.setdefault(row[name], len(known))
    return row


def unpacked(text: str | None, url: str) -> Analysis | None:
    """The results in ``text``.

    Raises:
        StoreError: they cannot be read; names the store at ``url``.
    """
    if text is None:
        return None
    try:
        if not text.startswith(_FORM):
            return Analysis.model_validate_json(zlib.decompress(base64.b64decode(text)))
        with gzip.GzipFile(fileobj=io.BytesIO(base64.b64decode(text.removeprefix(_FORM)))) as file:
            return read(file)
    except (ValueError, TypeError, LookupError, EOFError, OSError, zlib.error) as error:
        raise StoreError(f"the results in {url} cannot be read; run `graphinv analyze` again") from error


def read(lines: Iterable[bytes], keep: Callable[[Finding], bool] = lambda _: True) -> Analysis:
    """The results in such lines; of the open findings those to ``keep``.

    Raises:
        ValueError, TypeError, LookupError: they are none.
    """
    remaining = iter(lines)
    head = from_json(next(remaining, b""))
    hops: list[Hop] = []
    known: dict[str, list[Any]] = {"hops": hops, "lists": [], "texts": []}
    found: dict[str, list[Finding]] = {"findings": [], "former": []}
    read_hops = TypeAdapter(list[Hop])
    for line in remaining:
        part = from_json(line)
        hops += read_hops.validate_python(part["hops"])
        known["lists"] += map(tuple, part["lists"])
        known["texts"] += part["texts"]
        found["findings"] += filter(keep, (_finding(row, known) for row in part.get("findings", ())))
        found["former"] += (_finding(row, known) for row in part.get("former", ()))
    return Analysis.model_validate(head | {name: tuple(findings) for name, findings in found.items()})


def _finding(row: dict[str, Any], known: dict[str, list[Any]]) -> Finding:
    for name in _SHARED.keys() & row.keys():
        values = known[_SHARED[name]]
        row[name] = tuple(values[place] for place in row[name]) if name == "path" else values[row[name]]
    return Finding(**row)
