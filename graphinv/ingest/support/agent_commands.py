"""Command lines that start a coding agent, found in shell scripts. Nothing is run; the text is only split into words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graphinv.ingest.support.words import names

MAX_SCRIPT = 200_000
MAX_WORDS = 5_000
MAX_INNER = 3
"""Levels of ``sh -c '…'`` and ``$(…)`` that are looked into."""

MAX_GIVEN = 20
"""Places of one simple command at which another may begin."""

EXPRESSION = "__EXPRESSION__"
"""Stands for ``${{ … }}`` in a script while it is split."""

FILLED = re.compile(r"\$\{\{((?:[^$}]|\$(?!\{\{)|\}(?!\})){0,2000})\}\}")
"""An expression of GitHub's (``${{ … }}``); its first group is what stands in it. Nothing is searched twice for its end."""
_HEREDOC = re.compile(r"<<-?\s*['\"]?([A-Za-z_]\w*)")
_COMMENT = re.compile(r"(?m)^[ \t]*#.*$|(?<=\s)#(?=\s).*$")
_OPENED = re.compile(r"(?:[A-Za-z_]\w*=)?(?:\$\(|`)(?=.)")
"""A word that begins what is run for its output: ``x=$(claude …)``."""
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]{0,2000}\)){1,20000})\)|`([^`]{1,20000})`")
_WRAPPERS = names(
    """
    sudo env exec nohup time command then do else if elif while until ! { ( builtin nice stdbuf xvfb-run unbuffer script eval timeout
    gtimeout dotenvx doppler op run with-retry retry
    """
)
_RUNNERS = names("npx bunx pnpx uvx dlx x exec pipx bun pnpm yarn npm uv tool python python3 -m run")
_SHELLS = names("sh bash zsh dash")
_CONTAINERS = names("docker podman nerdctl")
"""Programs that start an image, which may itself begin with a shell: ``docker run image -lc '…'``."""
_SCRIPT_FLAGS = ("-c", "-lc", "-ec", "-euc")
_LOOKERS = names(
    "shellcheck shfmt bashate chmod chown ls stat test [ [[ diff grep rg wc echo printf git sha256sum md5sum touch file mkdir du"
)
"""Programs that neither run the scripts they are given nor hand them on: what is copied or printed may be run under another name."""
_BY_PATH = re.compile(r"/(?:[\w.-]+/){0,20}bin/(?P<name>[\w-]+)")
_PACKAGES = {
    "@anthropic-ai/claude-code": "claude",
    "@anthropic/claude-code": "claude",
    "@openai/codex": "codex",
    "@google/gemini-cli": "gemini",
    "@github/copilot": "copilot",
    "opencode-ai": "opencode",
    "@qwen-code/qwen-code": "qwen",
    "@sourcegraph/amp": "amp",
    "@augmentcode/auggie": "auggie",
    "@factory/cli": "droid",
    "@charmland/crush": "crush",
    "@continuedev/cli": "cn",
    "aider-chat": "aider",
    "openhands-ai": "openhands",
}
_INSTALLS = re.compile(
    r"(?m)^.{0,300}?\b(?:(?:npm|pnpm|yarn|bun|pip3?|pipx|uv)\b.{0,80}?\s(?:install|i|add)\s.{0,300}?(?<![\w@/-])(?:"
    + "|".join(map(re.escape, _PACKAGES))
    + r")(?:[@=\s\"']|$)|git\s+clone\s.{0,300}?/(?:claude-code|codex|gemini-cli|qwen-code|opencode|aider|openhands)\b)"
)


def _flag(*flags: str) -> Callable[[list[str]], bool]:
    return lambda words: any(word.partition("=")[0] in flags for word in words)


def _verb(*verbs: str) -> Callable[[list[str]], bool]:
    return lambda words: any(word in verbs for word in words[:3])


def _prompted(*flags: str, no: str = "") -> Callable[[list[str]], bool]:
    """Started with one of ``flags``, or with a text that is no sub-command of ``no``."""
    subcommands = frozenset(
        f"help version update upgrade login logout auth mcp config doctor install plugin completion status {no}".split()
    )

    def starts(words: list[str]) -> bool:
        if not words or words[0] in subcommands or any(word in ("--version", "-v", "--help", "-h", "-V") for word in words):
            return False
        first = words[0]
        return _flag(*flags)(words) or (not first.startswith("-") and (" " in first or first.startswith(("$", "/", EXPRESSION))))

    return starts


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is an agent: ``client`` whose names its tools have, and when a call of it starts the agent.

    ``unasked`` are the options (or parts of one) that let it act without asking; ``always`` says that it does so anyway.
    """

    client: str
    starts: Callable[[list[str]], bool]
    unasked: tuple[str, ...] = ()
    always: bool = False


PROGRAMS: dict[str, Program] = {
    "claude": Program(
        "claude-code",
        _prompted(
            "-p", "--print", "--prompt", "--dangerously-skip-permissions", "--allowedTools", no="setup-token migrate-installer agents"
        ),
        ("--dangerously-skip-permissions",),
    ),
    "codex": Program(
        "codex",
        lambda words: (
            _verb("exec", "e", "review", "cloud")(words) or _prompted("--full-auto", "-q", no="app-server proto debug apply")(words)
        ),
        ("--dangerously-bypass-approvals-and-sandbox", "--yolo"),
        always=True,
    ),
    "gemini": Program(
        "gemini-cli", _prompted("-p", "--prompt", "-y", "--yolo", "--prompt-interactive", no="extensions hooks skills"), ("-y", "--yolo")
    ),
    "qwen": Program("qwen-code", _prompted("-p", "--prompt", "-y", "--yolo", no="extensions"), ("-y", "--yolo")),
    "opencode": Program("opencode", _verb("run", "github"), always=True),
    "cursor-agent": Program("cursor", _prompted("-p", "--print", "-f", "--force", no="ls resume"), ("-f", "--force", "--yolo")),
    "copilot": Program(
        "copilot-cli",
        _prompted("-p", "--prompt", "--prompt-file", "--allow-all-tools", "--yolo"),
        ("--allow-all-tools", "--allow-all", "--yolo"),
    ),
    "aider": Program("aider", _flag("--message", "-m", "--message-file", "-f", "--yes", "--yes-always"), ("--yes", "--yes-always")),
    "goose": Program("goose", _verb("run"), always=True),
    "amp": Program("amp", _flag("-x", "--execute", "--dangerously-allow-all"), ("--dangerously-allow-all",)),
    "droid": Program("droid", _verb("exec"), ("--skip-permissions-unsafe",)),
    "auggie": Program("auggie", _flag("-p", "--print", "-i", "--instruction", "--quiet"), always=True),
    "crush": Program("crush", _verb("run"), always=True),
    "cn": Program("continue", _flag("-p", "--print", "--prompt", "--auto"), ("--auto",)),
    "q": Program("amazon-q", lambda words: _verb("chat")(words) and _flag("--no-interactive")(words), ("--trust-all-tools", "-a")),
    "kiro-cli": Program("kiro", lambda words: _verb("chat")(words) and _flag("--no-interactive")(words), ("--trust-all-tools", "-a")),
    "openhands": Program("openhands", _flag("-t", "--task", "-f", "--file", "--headless"), always=True),
    "sweagent": Program("swe-agent", _verb("run", "run-batch"), always=True),
}
"""Program → the agent that it is. ``gh agent-task create`` is found apart, since it only asks for one that runs elsewhere."""


@dataclass(frozen=True, slots=True)
class Command:
    """A call that starts an agent: ``program`` of :data:`PROGRAMS` (or ``gh agent-task``) and the ``words`` after it."""

    program: str
    words: tuple[str, ...]


def agent_commands(script: str) -> list[Command]:
    """Calls in ``script`` that start an agent, in order. O(length), over the first 200,000 characters.

    >>> [found.program for found in agent_commands("git pull; npx -y @openai/codex@latest exec 'fix it' # claude -p")]
    ['codex']
    """
    if not any(name in script for name in _NAMES):
        return []
    text = FILLED.sub(EXPRESSION, script[:MAX_SCRIPT])
    return list(_find(_COMMENT.sub("", _without_heredocs(text)), 0))


def run_words(script: str) -> Iterator[str]:
    """The words of ``script`` but for those of commands that only look at files. O(length), over the first 200,000 characters.

    >>> list(run_words("chmod +x a.sh && ./a.sh; shellcheck b.sh  # or c.sh"))
    ['./a.sh']
    """
    for words in _simple_commands(_COMMENT.sub("", FILLED.sub(EXPRESSION, script[:MAX_SCRIPT]))):
        first = next((word for word in words if _base(word) not in _WRAPPERS and not _ASSIGNED.fullmatch(word)), "")
        if _base(first) not in _LOOKERS:
            yield from words


def installs_agent(script: str) -> bool:
    """Whether ``script`` installs the package of an agent, or clones a repository that is called like one.

    >>> installs_agent("npm i -g @openai/codex@latest"), installs_agent("npx @openai/codex --version")
    (True, False)
    """
    return _INSTALLS.search(_COMMENT.sub("", script[:MAX_SCRIPT])) is not None


def _without_heredocs(text: str) -> str:
    if "<<" not in text:
        return text
    kept: list[str] = []
    end = ""
    for line in text.split("\n"):
        if end:
            end = "" if line.strip() == end else end
            continue
        kept.append(line)
        found = _HEREDOC.search(line)
        end = found[1] if found else ""
    return "\n".join(kept)


_NAMES = (*PROGRAMS, *_PACKAGES, "agent-task")


def _find(text: str, level: int) -> Iterator[Command]:
    for words in _simple_commands(text):
        yield from _started(words)
        if level < MAX_INNER:
            for index, word in enumerate(words):
                if _base(word) in _SHELLS and any(flag in _SCRIPT_FLAGS for flag in words[index + 1 : index + 4]):
                    yield from _find(next((inner for inner in words[index + 1 :] if not inner.startswith("-")), ""), level + 1)
                elif index > 1 and words[index - 1] in _SCRIPT_FLAGS and _base(words[0]) in _CONTAINERS and re.search(r"\s", word):
                    yield from _find(word, level + 1)
                elif "$(" in word or "`" in word:
                    for match in _SUBSTITUTION.finditer(word):
                        yield from _find(match[1] or match[2], level + 1)


def _simple_commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a script. A script whose quotes do not close is split line by line, and such a line at blanks."""
    joined = re.sub(r"\\\n", " ", text)
    try:
        yield from _lexed(joined.replace("\n", " ; "))
        return
    except ValueError:
        pass
    for line in joined.split("\n"):
        try:
            found = list(_lexed(line))
        except ValueError:
            found = [line.split()[:MAX_WORDS]]
        yield from found


def _lexed(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    found: list[list[str]] = []
    for count, word in enumerate(lexer):
        if count >= MAX_WORDS:
            break
        if word and set(word) <= set(";&|"):
            found.append(words)
            words = []
        else:
            words.append(word)
    yield from (words for words in [*found, words] if words)


def _base(word: str) -> str:
    return word.lstrip("({").rpartition("/")[2].lower()


def _started(words: list[str]) -> Iterator[Command]:
    """The agent that one simple command starts, behind its wrappers, runners and assignments, or that it is given to start."""
    position = 0
    for _ in range(MAX_GIVEN):
        found, position = _first(words, position)
        if found is not None:
            yield found
        if position >= len(words):
            return


def _first(words: list[str], position: int) -> tuple[Command | None, int]:
    """The agent that the command from ``position`` on starts, and where the search goes on: behind the last word where it ends."""
    end = len(words)
    wrapped = False
    while position < end:
        word = words[position]
        if _OPENED.match(word):
            word = _OPENED.sub("", word, count=1)
        name = _package(word) or _base(word)
        if name in PROGRAMS:
            rest = [inner.rstrip(")") if inner.endswith(")") and "(" not in inner else inner for inner in words[position + 1 :]]
            return (Command(name, tuple(rest)) if PROGRAMS[name].starts(rest) else None), end
        if name == "gh" and words[position + 1 : position + 3] in (["agent-task", "create"], ["at", "create"]):
            return Command("gh agent-task", tuple(words[position + 3 :])), end
        if _ASSIGNED.fullmatch(word) or name in _WRAPPERS or name in _RUNNERS:
            wrapped = wrapped or name in _WRAPPERS or name in _RUNNERS
        elif not wrapped or not (word.startswith("-") or _ARGUMENT.fullmatch(word)):
            return _given(words, position)
        position += 1
    return None, end


def _given(words: list[str], position: int) -> tuple[Command | None, int]:
    """The agent that a program which is none is given to start: by its path; else where one may begin: behind ``--`` or ``$(``."""
    for index in range(position, len(words)):
        word = words[index]
        if word == "--":
            return None, index + 1
        if index > position and _OPENED.match(word):
            return None, index
        match = _BY_PATH.fullmatch(word)
        if match and match["name"] in PROGRAMS and PROGRAMS[match["name"]].starts(words[index + 1 :]):
            return Command(match["name"], tuple(words[index + 1 :])), len(words)
    return None, len(words)


_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_ARGUMENT = re.compile(r"[\d.]+[smhd]?|\w+=.*", re.DOTALL)


def _package(word: str) -> str:
    """The program of a package that is named with or without a version."""
    name = word.rpartition("@")[0] if "@" in word[1:] else word
    return _PACKAGES.get(name, "")
