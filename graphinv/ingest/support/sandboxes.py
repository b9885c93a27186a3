"""What keeps a program from its surroundings: programs that start another one in a sandbox, and what clients say of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphinv.ingest import Document
from graphinv.ingest.support.containers import is_broad
from graphinv.ingest.support.words import Word, names
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

_BWRAP_ONE = names(
    """--chdir --unsetenv --lock-file --remount-ro --proc --dev --tmpfs --mqueue --dir --seccomp --add-seccomp-fd --hostname --uid --gid
    --cap-add --cap-drop --perms --size --args --argv0 --exec-label --file-label --block-fd --userns-block-fd --info-fd --json-status-fd
    --sync-fd --userns --userns2 --pidns --overlay-src --tmp-overlay --ro-overlay"""
)
_BWRAP_TWO = names(
    """--bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --bind-fd --ro-bind-fd --setenv --file --bind-data
    --ro-bind-data --symlink --chmod"""
)
_SYSTEM = re.compile(
    r"(?!.*/\.\.)/(?:usr|bin|sbin|lib\w*|opt|nix|dev|proc|sys|tmp|etc/(?:ssl|pki|ca-certificates|resolv\.conf|hosts|alternatives))(?:/.*)?"
)
"""Folders without which no program starts, and in which nothing is kept."""
_SHOWS = re.compile(r"--(?:dev-|ro-)?bind(?!-data)|--overlay(?:-src)?$")
"""Options of bubblewrap that let what it starts see a part of the machine."""
_OPENS = re.compile(r"\(\s*(?:allow\s[^()]*?(?:network|file-write|file\*|default)|import\b)")
"""What opens a profile of macOS, or may."""


@dataclass(frozen=True)
class Sandbox:
    """``by`` is the program, ``apart`` whether what runs in it is kept from its surroundings; None where a profile decides."""

    by: str
    apart: bool | None


def bubblewrap(words: Sequence[Word]) -> tuple[Sandbox, list[tuple[str, Word]], list[Word]]:
    """``bwrap --ro-bind /usr /usr --unshare-net -- npx x``: the sandbox, the variables it sets, and what is left to look at; O(words)."""
    network, broad, shown, written = True, False, False, False
    variables: list[tuple[str, Word]] = []
    place = 0
    while place < len(words) and words[place].text.startswith("--"):
        option = words[place].text
        if option == "--":
            place += 1
            break
        taken = 2 if option in _BWRAP_TWO else 3 if option == "--overlay" else 1 if option in _BWRAP_ONE else 0
        given = words[place + 1 : place + 1 + taken]
        if option in ("--unshare-net", "--unshare-all", "--share-net"):
            network = option == "--share-net"
        elif option == "--setenv" and len(given) == 2:
            variables.append((given[0].text, given[1]))
        elif option == "--args":  # options that stand elsewhere
            shown = written = True
        elif _SHOWS.match(option) and given and not _SYSTEM.fullmatch(given[0].text):
            shown, writable = True, not option.startswith(("--ro-", "--overlay-src"))
            written = written or writable
            broad = broad or (writable and is_broad(given[0].text))
        place += 1 + taken
    apart = False if broad else True if not shown or (not network and not written) else None
    return Sandbox("bwrap", apart), variables, list(words[place:])


def firejail(words: Sequence[Word]) -> tuple[Sandbox, list[Word]]:
    """``firejail --net=none --private npx x``: the sandbox and what is left to look at; O(words)."""
    place = next((index for index, word in enumerate(words) if not word.text.startswith("-")), len(words))
    options = {word.text for word in words[:place]}
    private = any(option.partition("=")[0] == "--private" for option in options)
    apart = True if {"--net=none", "--private"} <= options else False if "--noprofile" in options and not private else None
    return Sandbox("firejail", apart), list(words[place:])


def sandbox_exec(words: Sequence[Word]) -> tuple[Sandbox, list[Word]]:
    """``sandbox-exec -f x.sb npx x`` of macOS: the sandbox and what is left to look at; O(words)."""
    place, profile = 0, ""
    while place < len(words) and words[place].text in ("-f", "-n", "-p", "-D"):
        profile = words[place + 1].text if words[place].text == "-p" and place + 1 < len(words) else profile
        place += 2
    shut = "(deny default)" in profile and not _OPENS.search(profile)
    return Sandbox("sandbox-exec", True if shut else None), list(words[place:])


def sandbox_runtime(words: Sequence[Word]) -> tuple[Sandbox, list[Word]]:
    """``srt --settings x.json npx x``, Anthropic's sandbox runtime, whose settings decide: the sandbox and what is left to look at."""
    place = 0
    while place < len(words) and words[place].text.startswith("-"):
        place += 2 if words[place].text in ("--settings", "-s") else 1
    return Sandbox("srt", None), list(words[place:])


def commands_run(document: Document, line: int, agent: NodeKey, apart: bool | None) -> Iterator[Fact]:
    """Where the commands that ``agent`` executes run: in a sandbox of its client's, or on the machine itself where ``apart`` is False."""
    runtime: NodeKey = ("Runtime", f"commands:{agent[1]}")
    sources = [document.source(line)]
    kind = "host" if apart is False else "sandbox"
    props: Props = {"name": f"{kind} of {agent[1]}", "type": kind, "sources": sources}
    yield NodeFact(*runtime, props if apart is None else {**props, "sandboxed": apart})
    yield EdgeFact("RUNS_ON", agent, runtime, {"evidence": ["declared"], "sources": sources})
