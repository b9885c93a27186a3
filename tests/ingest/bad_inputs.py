"""Bad inputs that every reader of a text format must bear, and how they are given to it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from graphinv.ingest import HEAD_BYTES, facts_of
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, check_edge, check_node
from tests.ingest.reading import document

FRONT = "---\nname: a\ndescription: b\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(12))
EVERYWHERE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t\n",
    "null": b"null",
    "list": b"[1, 2]",
    "text": b'"x"',
    "truncated front matter": b"---\nname: a\ndescri",
    "deep": b"[" * 100_000,
    "deep in front matter": FRONT.encode() + b"tools: " + b"[" * 100_000 + b"\n---\n",
    "bomb in front matter": f"{FRONT}{BOMB}tools: *m\n---\n".encode(),
    "latin-1": "---\nname: é\n---\n".encode("latin-1"),
    "nul": b"a\0b",
    "odd names": b'---\nname: "a\\n\\e[31m<b>`) RETURN 1//"\ndescription: b\n---\n',
}
ANY_BYTES = st.one_of(
    st.binary(max_size=400), st.text(max_size=200).map(lambda text: f"---\nname: a\n{text}\n---\n".encode("utf-8", "replace"))
)


def read(reader: ModuleType, path: str, data: bytes) -> list[Fact]:
    """The facts, all of them fit for the vocabulary; none when it is an IngestError that names the document. Whether the document is
    theirs, readers tell as well."""
    ingestor: Any = reader
    assert isinstance(ingestor.detect(path, data[:HEAD_BYTES]), bool)
    try:
        facts: list[Fact] = list(facts_of(ingestor, document(data, path)))
    except IngestError as error:
        if error.document != path:
            raise
        return []
    for fact in facts:
        if isinstance(fact, NodeFact):
            check_node(fact)
        elif isinstance(fact, EdgeFact):
            check_edge(fact)
    return facts
