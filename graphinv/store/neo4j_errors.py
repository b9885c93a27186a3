"""What a Neo4j server and its driver complain of, in our words: the place, and what to do. Nothing secret is in them."""

from __future__ import annotations

from neo4j.exceptions import AuthError, ClientError, IncompleteCommit, Neo4jError

from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, ReadOnly, StoreError
from graphinv.store.dialect import shortened


def trouble(url: str, error: Exception, doing: str = "") -> GraphinvError:
    """What went wrong between us and the server at ``url`` while ``doing`` something, such as "cannot write to "."""
    if isinstance(error, IncompleteCommit):
        return StoreError(f"the connection to {url} broke as it committed; run the same command again, which completes it")
    if isinstance(error, AuthError):
        return StoreError(f"{url} refuses this user and password (NEO4J_USER, NEO4J_PASSWORD)")
    if not isinstance(error, Neo4jError):
        return StoreError(
            f"{doing or 'cannot read '}{url}: the server cannot be reached ({type(error).__name__}); see `graphinv neo4j status`, "
            "and run the same command again"
        )
    code = error.code or ""
    instead = "; " + _REMEDIES[code] if code in _REMEDIES else ""
    if lacks_memory(error):
        return StoreError(
            f"{doing or 'cannot read '}{url}: the server has too little memory for the transaction; raise server.memory.heap.max_size "
            "and dbms.memory.transaction.total.max in its neo4j.conf, and run the same command again"
        )
    if isinstance(error, ClientError) and "Security" in code and not instead:
        return StoreError(f"{doing or 'cannot use '}{url}: this user may not ({code})")
    return StoreError(f"{doing or 'cannot read '}{url}: {_reason(error)}{instead}")


_RESTART = "its log says why (a full disk, say); when that is mended, restart the server and run the same command again"
_REMEDIES = {
    "Neo.ClientError.Security.CredentialsExpired": "the user's password must be changed first (ALTER CURRENT USER SET PASSWORD)",
    "Neo.ClientError.Security.AuthenticationRateLimit": "wait some seconds, then give the right NEO4J_USER and NEO4J_PASSWORD",
    "Neo.ClientError.Database.DatabaseNotFound": "NEO4J_DATABASE names the database",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase": "it is set to be read only (server.databases.read_only and the like)",
    "Neo.ClientError.Statement.AccessMode": "only reading is allowed here",
    "Neo.TransientError.General.DatabaseUnavailable": "run the same command again in a moment; if it stays so, the server's log says why",
    "Neo.DatabaseError.Transaction.TransactionLogError": _RESTART,
    "Neo.DatabaseError.Transaction.TransactionStartFailed": _RESTART,
    "Neo.DatabaseError.Transaction.TransactionCommitFailed": _RESTART,
}
"""What to do, by the server's code for what is wrong."""


def lacks_memory(error: Neo4jError) -> bool:
    """Whether the server has not the memory that was asked for."""
    return "MemoryPool" in (error.code or "") or "OutOfMemory" in (error.code or "")


def _reason(error: Neo4jError) -> str:
    """The first line of what the server says."""
    return next(iter(str(error.message or "").splitlines()), str(error.code))[:300]


def query_error(error: Neo4jError, cypher: str, timeout: float) -> GraphinvError:
    """What is wrong with a user's query that had ``timeout`` seconds."""
    code, reason = error.code or "", _reason(error)
    if "AccessMode" in code or "Forbidden" in code or "writing in read access mode" in reason.lower():
        return ReadOnly(f"the query tries to write; only reading is allowed here: {shortened(cypher)}")
    if "TransactionTimedOut" in code or "Terminated" in code:
        return QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}")
    if lacks_memory(error):
        return QueryLimit(f"the query holds too much at once; narrow it down: {shortened(cypher)}")
    return QueryError(f"the query is wrong ({reason}): {shortened(cypher)}")
