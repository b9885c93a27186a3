"""Everything graphinv raises on purpose.

GraphinvError
├── UsageError            the command or call was wrong: exit code 2
├── InputError            something given could not be used: exit code 2
│   ├── IngestError       one document could not be read; the scan goes on without it
│   └── FactError         one fact breaks the vocabulary
├── StoreError            the store could not be opened, read or written
│   ├── StoreLocked       another process is writing to it
│   ├── QueryError        a Cypher query is wrong
│   │   └── ReadOnly      it tried to write
│   └── QueryLimit        it ran into its time or row limit
├── TrackerError          a ticket tracker or decision point could not be reached, or did not do what it was asked to
└── NotFound              a subject, target, rule or query of that name does not exist
    ├── Ambiguous         more than one does
    └── NotAnalyzed       results are asked for, and there are none yet
"""

from __future__ import annotations


class GraphinvError(Exception):
    """Base of all errors that graphinv raises on purpose."""


class UsageError(GraphinvError):
    """The command or call cannot be carried out as it was given."""


class InputError(GraphinvError):
    """Something that was given to graphinv could not be used.

    ``document`` and ``where`` name the place (a path relative to its root, and ``L12`` or a JSON pointer); ``remedy`` says what to do.
    The message never quotes a value from the document, since any value may be a secret.
    """

    def __init__(self, message: str, *, document: str = "", where: str = "", remedy: str = "") -> None:
        self.message = message
        self.document = document
        self.where = where
        self.remedy = remedy
        super().__init__(message)

    def __str__(self) -> str:
        place = f"{self.document}#{self.where}" if self.where else self.document
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class IngestError(InputError):
    """A document could not be read. The one exception that ``read`` of an ingestor may raise."""


class FactError(InputError):
    """A fact breaks the vocabulary: unknown kind, unknown property, wrong type, ends that do not fit."""


class StoreError(GraphinvError):
    """The store could not be opened, read or written."""


class StoreLocked(StoreError):
    """Another process is writing to the store."""


class QueryError(StoreError):
    """A Cypher query is wrong; the message quotes the query."""


class ReadOnly(QueryError):
    """A query tried to write."""


class QueryLimit(StoreError):
    """A query ran into its time or row limit."""


class TrackerError(GraphinvError):
    """A ticket tracker or decision point could not be reached, or did not do what it was asked to; the message holds no credential."""


class NotFound(GraphinvError):
    """Nothing of that name exists."""


class Ambiguous(NotFound):
    """More than one thing has that name."""


class NotAnalyzed(NotFound):
    """Results are asked for of a store that was not analyzed yet."""

    def __init__(self) -> None:
        super().__init__("the store was not analyzed yet; run `graphinv analyze`")
