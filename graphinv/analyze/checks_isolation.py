"""Rules about what keeps tools and their surroundings apart: who may call a server, and what code that is executed comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from graphinv.analyze.labels import affirmed
from graphinv.analyze.rows import Params, Row, about, active, agents_of, enforced, hop_of, once, steps_up, usable
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


# --------------------------------------------------------------------------------------------------------------------------------
# Who may call


def open_server(engine: Engine, params: Params) -> Iterator[Row]:
    """Servers that ask nobody for a proof, and those that use the tokens of their callers, which were issued for somebody else."""
    estate, at = engine.estate, micros(engine.at)
    for server in estate.of_kind("ToolServer"):
        if not active(server):
            continue
        ways = [edge for edge in estate.incoming.get(server.key, ()) if _connects(estate, edge, at)]
        agents = sorted({edge.source[1] for edge in ways if edge.source[0] == "Agent"})
        url, auth = server.props.get("url"), server.props.get("auth")
        asks_nobody = auth == "none" or (auth is None and url is not None)
        if asks_nobody and not (ways and all(enforced(estate, edge) for edge in ways)):
            unknown = {"unknown": True} if auth is None else {}
            yield about(server.key) | unknown | {"reason": "it asks nobody for a proof", "agents": agents, "modifiers": _within(server)}
        held = _held(estate, server.key, at)
        theirs = sorted({edge.source[1] for edge in ways if held & _foreign(estate, server, edge.source, at)})
        if theirs:
            reason = "it uses the tokens of its callers, which were issued for somebody else"
            notes = [_STARTED] if server.props.get("transport") == "stdio" else []
            yield about(server.key) | {"reason": reason, "agents": theirs, "modifiers": notes}


_STARTED = "-4 only its host can start it"


def _within(server: NodeRecord) -> list[str]:
    """What lowers it that a server is known not to be reached from elsewhere."""
    if server.props.get("transport") == "stdio":
        return [_STARTED]
    url = server.props.get("url")
    loopback = url is not None and _loopback(url)
    return ["-3 only its host can reach it, as long as it checks against DNS rebinding"] if loopback else []


def _loopback(url: str) -> bool:
    """Whether an address leads to the host itself.

    >>> _loopback("http://localhost:80/mcp"), _loopback("https://[::1]"), _loopback("http://localhost:80@host.example/")
    (True, True, False)
    >>> _loopback("http://mcp.localhost./"), _loopback("http://[::ffff:127.0.0.1]/"), _loopback("http://localhost.host.example/")
    (True, True, False)
    """
    try:
        host = (urlsplit(url).hostname or "").removesuffix(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        address = ip_address(host)
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback
    except ValueError:
        return False


def _connects(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether an actor in service connects by it."""
    return edge.kind == "CONNECTS_TO" and in_force(edge, at) and edge.source not in estate.out_of_service


def _held(estate: Estate, holder: NodeKey, at: int) -> set[NodeKey]:
    """Secrets that something holds and that still open something."""
    held = (edge.target for edge in estate.outgoing.get(holder, ()) if edge.kind == "HOLDS" and in_force(edge, at))
    return {key for key in held if usable(estate.nodes[key].props, at)}


def _foreign(estate: Estate, server: NodeRecord, caller: NodeKey, at: int) -> set[NodeKey]:
    """Secrets that a caller holds and that are known to be for somebody else than the server."""
    own = {server.id, *_addresses(server.props.get("url"))}
    held = _held(estate, caller, at) if caller[0] == "Agent" else set()
    audiences = ((key, estate.nodes[key].props.get("audience")) for key in held)
    return {key for key, meant in audiences if meant is not None and own.isdisjoint((*meant, *(one.rstrip("/") for one in meant)))}


def _addresses(url: str | None) -> Iterator[str]:
    """What tokens for a server at ``url`` may name: the address, or its host's."""
    if url is not None:
        yield url.rstrip("/")
        yield "/".join(url.split("/", 3)[:3])


# --------------------------------------------------------------------------------------------------------------------------------
# What code comes to


def unconfined_code(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents whose tools execute what they are given where more than the code lies within its reach; told for each runtime."""
    estate, at = engine.estate, micros(engine.at)
    for agent in agents_of(engine):
        running: dict[NodeKey, tuple[Sequence[EdgeRecord], set[str]]] = {}
        alone: set[NodeKey] = set()
        for edge in estate.outgoing.get(agent.key, ()):
            for runner, way, tool, asked in _executed(engine, edge) if in_force(edge, at) else ():
                running.setdefault(runner, (way, set()))[1].add(tool)
                if not asked:
                    alone.add(runner)
        asks = agent.props.get("autonomy") in ("suggest", "approve_each")
        for runner, (way, tools) in sorted(running.items()):
            runs = [edge for edge in estate.outgoing.get(runner, ()) if edge.kind == "RUNS_ON" and in_force(edge, at)]
            if not runs:
                yield about(agent.key) | {"unknown": True}
            hops = [hop_of(estate, one, backwards=one.kind == "PROVIDES") for one in way]
            for edge in runs:
                reason = _not_apart(estate, edge, at)
                if reason is not None:
                    yield about(agent.key, edge.target) | {
                        "unknown": not reason,
                        "reason": reason,
                        "tools": sorted(tools),
                        "path": [*hops, hop_of(estate, edge)],
                        "modifiers": ["-2 each command is approved"] if asks or runner not in alone else [],
                    }


def _executed(engine: Engine, edge: EdgeRecord) -> Iterator[tuple[NodeKey, Sequence[EdgeRecord], str, bool]]:
    """What an edge of an agent lets it have executed: who runs it, by which edges the agent comes to that, the tool, and whether a point on
    the way asks about each call."""
    estate, (by_server, by_tool) = engine.estate, _providers(engine)
    if edge.kind == "CONNECTS_TO":
        asked = steps_up(estate, edge)
        offered = (one for one in by_server.get(edge.target, ()) if listed(edge, estate.nodes[one.target]))
        yield from ((edge.target, [edge], one.target[1], asked or steps_up(estate, one)) for one in offered)
    elif edge.kind == "USES" and _executes(estate.nodes[edge.target]):
        tool, asked = edge.target, steps_up(estate, edge)
        yield from ((one.source, [edge, one], tool[1], asked or steps_up(estate, one)) for one in by_tool.get(tool, ()))
        if tool not in by_tool:
            yield edge.source, [], tool[1], asked


def _executes(tool: NodeRecord) -> bool:
    """Whether a tool executes what it is given, and not at its provider."""
    return "execute" in (tool.props.get("effects") or ()) and active(tool) and not affirmed(tool.props, "sandboxed")


@once
def _providers(engine: Engine) -> tuple[Mapping[NodeKey, list[EdgeRecord]], Mapping[NodeKey, list[EdgeRecord]]]:
    """By server and by tool, how servers provide what executes; a tool whose servers are all switched off is provided by none."""
    estate, at = engine.estate, micros(engine.at)
    by_server, by_tool = defaultdict[NodeKey, list[EdgeRecord]](list), defaultdict[NodeKey, list[EdgeRecord]](list)
    for edge in estate.edges_of("PROVIDES"):
        if _executes(estate.nodes[edge.target]):
            stands = by_tool[edge.target]
            if in_force(edge, at) and edge.source not in estate.out_of_service:
                by_server[edge.source].append(edge)
                stands.append(edge)
    return by_server, by_tool


def _not_apart(estate: Estate, run: EdgeRecord, at: int) -> str | None:
    """Why what runs there is not kept apart; None where it is, and nothing where nobody states it."""
    host = estate.nodes[run.target]
    if run.props.get("isolated"):
        return None
    if host.props.get("sandboxed") is False:
        return "it is no sandbox"
    means = (edge for edge in estate.outgoing.get(host.key, ()) if edge.kind in ("HOLDS", "RUNS_AS") and in_force(edge, at))
    if any(edge.kind == "RUNS_AS" or usable(estate.nodes[edge.target].props, at) for edge in means):
        return "keys or an identity of the host are within its reach"
    return None if host.props.get("sandboxed") else ""
