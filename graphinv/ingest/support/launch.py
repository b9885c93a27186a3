"""What a command line starts: through shells, wrappers and launchers down to a package, an image, a file or a remote server."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from graphinv.ingest.support import packages
from graphinv.ingest.support.launchers import (
    NPM_BINS,
    NPM_RUNS,
    READERS,
    SCRIPT,
    Launch,
    executable,
    installed,
    npx,
    option_words,
    script_words,
)
from graphinv.ingest.support.sandboxes import Sandbox, bubblewrap, firejail, sandbox_exec, sandbox_runtime
from graphinv.ingest.support.words import Word, assignment, commands, names, program, split, take_options

MAX_LAYERS = 12

_SHELLS = names("sh bash zsh dash ash fish ksh powershell pwsh")
_SETUP = names("cd pushd popd source . export set unset echo ulimit umask nvm fnm mkdir true test [ if fi then eval printf sleep")
_WRAPPERS: dict[str, frozenset[str]] = {
    "sudo": names("-u -g -h -p -C -D"),
    "nohup": frozenset(),
    "time": frozenset(),
    "exec": frozenset(["-a"]),
    "command": frozenset(),
    "nice": names("-n --adjustment"),
    "stdbuf": names("-i -o -e"),
    "arch": frozenset(),
    "caffeinate": names("-t -w"),
    "xvfb-run": names("-n -s --server-args --server-num"),
    "dotenv": names("-e -f -c -p --file"),
    "opentelemetry-instrument": names("--service_name --traces_exporter --metrics_exporter --logs_exporter --exporter_otlp_endpoint"),
    "ddtrace-run": frozenset(),
}
_RUNNERS: dict[str, tuple[str, ...]] = {
    "op": ("run",),
    "doppler": ("run",),
    "infisical": ("run",),
    "dotenvx": ("run",),
    "aws-vault": ("exec",),
    "poetry": ("run",),
    "pdm": ("run",),
    "hatch": ("run",),
    "rye": ("run",),
    "pipenv": ("run",),
    "conda": ("run",),
    "mamba": ("run",),
    "micromamba": ("run",),
    "pixi": ("run",),
    "mise": ("exec", "x"),
    "direnv": ("exec",),
    "volta": ("run",),
    "asdf": ("exec",),
    "bundle": ("exec",),
    "flatpak": ("run",),
}
_RUNNER_VALUED = names("-n --name -p --prefix --env-file -f --project --config -c --env --path -e --node --cwd -C --directory")
_PROXIES = names(
    """mcp-remote @geelen/mcp-remote supergateway mcp-proxy @modelcontextprotocol/mcp-remote mcp-remote-client mcp-http-bridge
    @pyroprompts/mcp-stdio-to-streamable-http-adapter mcp-streamablehttp-client mcp-bridge mcp-superassistant-proxy"""
)


def launch(words: Sequence[Word]) -> Launch:
    """What the command line ``words`` starts; O(words), at most 12 layers of wrappers deep."""
    found = Launch()
    left = list(words)
    for _ in range(MAX_LAYERS):
        if not left:
            break
        left = _layer(found, left)
    _proxy(found)
    return found


def _layer(found: Launch, words: list[Word]) -> list[Word]:
    """Take one layer off ``words`` and give what is below it, or note in ``found`` what they start and give nothing."""
    while len(words) > 1 and (variable := assignment(words[0])):
        found.variables.append((variable[0], variable[1], words[0]))
        words = words[1:]
    name, rest = program(words[0].text), words[1:]
    wrapper = _wrapper(found, name, rest)
    if wrapper is not None:
        return wrapper
    first = rest[0].text if rest else ""
    reader = READERS.get(name) or READERS.get(re.sub(r"[0-9.]+$", "", name))
    if (name, first) in NPM_RUNS:
        return npx(found, name, rest[1:])
    if (name, first) in NPM_BINS:
        return installed(found, rest[1:])
    return reader(found, name, rest) if reader else executable(found, words[0], rest)


def _wrapper(found: Launch, name: str, rest: list[Word]) -> list[Word] | None:
    """What a shell or wrapper runs; None where ``name`` is neither."""
    if name in _SHELLS:
        return _shell(found, rest)
    if name in _CARRIERS:
        return _CARRIERS[name](found, rest)
    if name in _WRAPPERS:
        options, rest = take_options(rest, _WRAPPERS[name])
        option_words(found, options, "e", "f", "file")
        return rest
    if name in _RUNNERS and any(word.text in _RUNNERS[name] for word in rest):
        return _runner(found, name, rest)
    return None


def _cmd(found: Launch, rest: list[Word]) -> list[Word]:
    """``cmd /c npx -y x`` and ``cmd /c "npx -y x"``."""
    while rest and rest[0].text.lower() in ("/c", "/k", "/s", "/d", "/q"):
        rest = rest[1:]
    if len(rest) == 1 and " " in rest[0].text and not packages.is_local_path(rest[0].text):
        return split(rest[0].text, rest[0].where)
    return rest


def _wsl(found: Launch, rest: list[Word]) -> list[Word]:
    options, rest = take_options(rest, names("-d --distribution -u --user --cd --shell-type --distribution-id"))
    found.labels.append("wsl=true")
    return [*(option.value for option in options if option.name in ("e", "exec") and option.value), *rest]


def _env(found: Launch, rest: list[Word]) -> list[Word]:
    options, rest = take_options(rest, names("-u --unset -C --chdir -S --split-string"))
    return [*script_words(options, "S", "split-string"), *rest]


def _timeout(found: Launch, rest: list[Word]) -> list[Word]:
    return take_options(rest, names("-s -k --signal --kill-after"))[1][1:]


def _runner(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``op run --env-file=x -- npx y``, ``poetry run python x.py``: what the runner runs."""
    texts = [word.text for word in rest]
    if "--" in texts:
        end = texts.index("--")
        options, _ = take_options([word for word in rest[:end] if word.text not in _RUNNERS[name]], _RUNNER_VALUED)
        rest = rest[end + 1 :]
    else:
        start = next(index for index, text in enumerate(texts) if text in _RUNNERS[name])
        options, rest = take_options(rest[start + 1 :], _RUNNER_VALUED)
    option_words(found, options, "env-file", "f")
    found.labels.append(f"runner={name}")
    return rest


def _shell(found: Launch, rest: list[Word]) -> list[Word]:
    """What a shell runs: the script after ``-c``, or the file it is given."""
    index = next((index for index, word in enumerate(rest) if re.fullmatch(r"-[a-z]*c|-Command|--command|/c", word.text)), None)
    before = [word for word in rest[:index] if not word.text.startswith("-")]
    if index is None or (before and SCRIPT.fullmatch(before[0].text)):
        files = [word for word in rest if word.text.lower() not in ("-file", "bypass", "-executionpolicy")]
        return take_options(files, names("-o -O"))[1]
    script = rest[index + 1 :]
    if not script:
        return []
    lines = commands(script[0].text, script[0].where)
    main: list[Word] = []
    for line in lines:
        bare = list(line)
        while bare and assignment(bare[0]):
            bare = bare[1:]
        if bare and program(bare[0].text) in _SETUP:
            found.arguments += [] if bare[0].text == "export" else line
            found.variables += [(pair[0], pair[1], word) for word in bare[1:] if bare[0].text == "export" and (pair := assignment(word))]
        elif not main:
            main = line
        else:
            found.arguments += line
    return [*main, *script[1:]]


def _proxy(found: Launch) -> None:
    """Where the package only passes on to a remote server: its address and headers."""
    name = found.package.name if found.package else next((label[8:] for label in found.labels if label.startswith("program=")), "")
    if name not in _PROXIES:
        return
    previous = ""
    rest: list[Word] = []
    for word in found.arguments:
        flag = previous.lstrip("-").lower()
        if found.proxied is None and re.match(r"(?i)https?://|\$\{", word.text) and flag not in ("header", "h", "resource", "oauth2bearer"):
            found.proxied = word
        elif previous.startswith("-") and flag in ("header", "headers", "h"):
            found.headers.append(word)
            rest.pop()
        elif re.match(r"--?headers?=", word.text):
            found.headers.append(Word(word.text.partition("=")[2], word.where))
        else:
            rest.append(word)
        previous = word.text
    found.arguments = rest


def _bwrap(found: Launch, rest: list[Word]) -> list[Word]:
    found.sandbox, variables, rest = bubblewrap(rest)
    found.variables += [(name, value, value) for name, value in variables]
    return rest


def _boxed(start: Callable[[Sequence[Word]], tuple[Sandbox, list[Word]]]) -> Callable[[Launch, list[Word]], list[Word]]:
    """A carrier that starts what it is given in a sandbox."""

    def carry(found: Launch, rest: list[Word]) -> list[Word]:
        found.sandbox, rest = start(rest)
        return rest

    return carry


_CARRIERS: dict[str, Callable[[Launch, list[Word]], list[Word]]] = {
    "cmd": _cmd,
    "wsl": _wsl,
    "env": _env,
    "timeout": _timeout,
    "gtimeout": _timeout,
    "bwrap": _bwrap,
    "firejail": _boxed(firejail),
    "sandbox-exec": _boxed(sandbox_exec),
    "srt": _boxed(sandbox_runtime),
}
