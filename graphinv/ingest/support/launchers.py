"""Launchers: how ``npx``, ``uvx``, ``docker run`` and their relatives say what they start."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from graphinv.ingest.support import packages
from graphinv.ingest.support.containers import Container, run
from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.sandboxes import Sandbox
from graphinv.ingest.support.secret_words import looks_secret_name
from graphinv.ingest.support.words import Option, Word, names, program, split, take_options

_NPM_VALUED = names(
    "-p --package --registry --cache --userconfig --node-options --prefix -w --workspace -c --call --node-arg -n --loglevel --cwd"
)
_UVX_VALUED = names(
    """--from --with --spec -p --python --index --index-url -i --extra-index-url --default-index --env-file --directory --project
    --cache-dir --refresh-package --with-requirements --with-editable -c --constraints --overrides -P --upgrade-package
    --config-file --pip-args --link-mode --prerelease --resolution --exclude-newer -f --find-links --index-strategy
    --keyring-provider --fetch-python --color --python-preference --build-constraints"""
)
_UV_RUN_VALUED = _UVX_VALUED | names("--extra --group --only-group --no-group --no-extra --package -m --module -w")
_NODE_VALUED = names(
    "-r --require --import --loader --experimental-loader --env-file -C --conditions --max-old-space-size --tsconfig --cwd --config"
)
_DENO_VALUED = names("--config -c --import-map --lock --location --seed --unstable --cert --env-file")
_PYTHON_VALUED = names("-W -X")
_GO_VALUED = names("-C -tags -ldflags -gcflags -mod -modfile -overlay -exec -p -o -buildmode -pgo")
_DOTNET_VALUED = names(
    "--project -p --framework -f --configuration -c --launch-profile -lp --runtime -r --arch -a --os --verbosity -v --file"
)
_FOLDER_OPTIONS = names("--cwd --prefix --dir -C --directory")
NPM_RUNS = {("npm", "exec"), ("npm", "x"), ("pnpm", "dlx"), ("yarn", "dlx"), ("bun", "x")}
"""What fetches a package, in whatever version is asked for, and runs it."""
NPM_BINS = {("pnpm", "exec"), ("yarn", "exec")}
"""What runs a command of a package that is installed, in the version that the lock file says."""
SCRIPT = re.compile(
    r".+\.(?:py|js|mjs|cjs|ts|mts|tsx|jsx|sh|bash|zsh|bat|cmd|ps1|rb|jar|php|pl|lua|exe|dll|csproj|go|rs)", re.IGNORECASE | re.DOTALL
)
_INTERPRETERS = {"tsx": "tsx", "ts-node": "ts-node", "nodemon": "node"}
"""Packages of the registry that run a file that they are given, by the program that reads its words in the same way."""
_SERVING = ("fastmcp", "mcp")
"""Programs that run the server in a file."""
_OBJECT = re.compile(r":\w+$")
_INSTALLED = re.compile(r"(?:^|.*[/\\])node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)(?:[/\\].*)?", re.DOTALL)
_BASE = re.compile(
    r"(?:\$\{(?:workspaceFolder|workspaceRoot|CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_ROOT|__dirname|PWD)(?::[^}]*)?\}|\$PWD)(?:[/\\]|$)"
)


@dataclass
class Launch:
    """What is started.

    ``detail`` says how, in words; ``package`` what it comes from; ``entry`` the file of the tree that runs, or the folder of its package;
    ``local`` that it is a path on the machine; ``proxied`` the address of the remote server that it only stands for; ``arguments`` the
    words that may hold credentials; ``variables`` what the line sets or passes on: (name, value or None, word); ``packages`` what it
    needs besides.
    """

    detail: str = "executable"
    package: Package | None = None
    entry: str | None = None
    local: bool = False
    proxied: Word | None = None
    arguments: list[Word] = field(default_factory=list)
    variables: list[tuple[str, Word | None, Word]] = field(default_factory=list)
    env_files: list[Word] = field(default_factory=list)
    headers: list[Word] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    container: Container | None = None
    sandbox: Sandbox | None = None
    labels: list[str] = field(default_factory=list)


def script_words(options: list[Option], *wanted: str) -> list[Word]:
    """The words of the scripts that the options ``wanted`` give."""
    return [word for option in options if option.name in wanted and option.value for word in split(option.value.text, option.value.where)]


def option_words(found: Launch, options: list[Option], *files: str) -> None:
    """Take ``options`` as words that may hold credentials, those of ``files`` as files of variables."""
    for option in options:
        if option.value is None:
            continue
        if option.name in files:
            found.env_files.append(option.value)
        else:
            found.arguments += [Word("--" + option.name, option.value.where), option.value]


# Each reader takes what is found so far, the program and the words after it, and gives what is left to look at.


def npx(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``npx -y name@version …`` and its relatives. What follows an option that asks for a credential is one, and no package."""
    asking = {word.text for word in rest if word.text.startswith("--") and looks_secret_name(word.text.strip("-"))}
    options, left = take_options(rest, _NPM_VALUED | asking)
    option_words(found, [option for option in options if option.name not in ("p", "package", "c", "call")])
    wanted = [option.value for option in options if option.name in ("p", "package") and option.value]
    called = script_words(options, "c", "call")
    left = left or called
    if not wanted and not left:
        found.detail = f"{name} package"
        return []
    interpreter = _interpreter(left)
    if interpreter:
        found.packages += [package for spec in wanted or left[:1] if (package := packages.npm(spec.text))]
        return interpreter
    specs = wanted or left[:1]
    return _packaged(found, f"{name} package", specs, left[1:], packages.npm)


def _interpreter(words: list[Word]) -> list[Word]:
    """``tsx src/index.ts``, an interpreter of the registry and the file that it is to run; nothing where they are no such thing."""
    package = packages.npm(words[0].text) if words else None
    if package is None or package.name not in _INTERPRETERS or not any(SCRIPT.fullmatch(word.text) for word in words[1:]):
        return []
    return [Word(_INTERPRETERS[package.name], words[0].where), *words[1:]]


def installed(found: Launch, rest: list[Word]) -> list[Word]:
    """``pnpm exec server --flag``: which of the installed packages has that command is not said."""
    left = take_options(rest, _NPM_VALUED)[1]
    interpreter = _interpreter(left)
    if interpreter:
        return interpreter
    found.detail = "installed package"
    found.arguments += left[1:]
    found.labels += _built(left[0].text) if left else []
    return []


def _uvx(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    options, left = take_options(rest, _UVX_VALUED)
    option_words(found, [option for option in options if option.name not in ("from", "spec")], "env-file")
    wanted = [option.value for option in options if option.name in ("from", "spec") and option.value]
    found.packages += _needed(options)
    if not wanted and not left:
        found.detail = f"{name} package"
        return []
    if left and program(left[0].text) in _SERVING and _served(left[1:]) is not None:
        found.packages += [package for spec in wanted or left[:1] if (package := packages.pypi(spec.text))]
        return left
    _packaged(found, f"{name} package", wanted[:1] or left[:1], left[1:], packages.pypi)
    if wanted and left:  # which of the package's commands
        found.labels += _built(left[0].text)
        found.entry = None
    return []


def _packaged(found: Launch, detail: str, specs: list[Word], arguments: list[Word], reader: Callable[[str], Package | None]) -> list[Word]:
    """Note the package that ``specs`` name first; a local path is what is left."""
    found.detail = detail
    found.arguments = [*specs, *found.arguments, *arguments]
    found.package = reader(specs[0].text)
    found.packages += [package for spec in specs[1:] if (package := reader(spec.text))]
    if found.package is None:
        found.local = packages.is_local_path(specs[0].text)
        found.detail = "local package" if found.local else detail
        found.entry = _tree_path(specs[0].text) if found.local else None
    return []


def _needed(options: list[Option]) -> list[Package]:
    values = [option.value.text for option in options if option.name == "with" and option.value]
    return [package for value in values for spec in value.split(",") if (package := packages.pypi(spec))]


def _uv(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    options, left = take_options(rest, _UVX_VALUED)
    option_words(found, options, "env-file")
    if [word.text for word in left[:2]] == ["tool", "run"]:
        return _uvx(found, "uvx", left[2:])
    if not left or left[0].text != "run":
        found.arguments += left
        return []
    options, left = take_options(left[1:], _UV_RUN_VALUED)
    option_words(found, [option for option in options if option.name not in ("m", "module")], "env-file")
    found.packages += _needed(options)
    module = next((option.value for option in options if option.name in ("m", "module") and option.value), None)
    if module:
        return _module(found, module, left)
    return _uv_command(found, left) if left else []


def _uv_command(found: Launch, left: list[Word]) -> list[Word]:
    """What ``uv run`` runs: a program of a package it was given, an interpreter or a file, or else a program of the project here."""
    same = program(left[0].text).replace("_", "-")
    package = next((package for package in found.packages if package.name == same), None)
    if same in _SERVING and _served(left[1:]) is not None:
        return left
    if package:
        found.packages.remove(package)
        found.package, found.detail = package, "uv package"
        found.arguments += left[1:]
        return []
    if same in READERS or re.sub(r"[0-9.]+$", "", same) in READERS or SCRIPT.fullmatch(left[0].text):
        return left
    found.detail, found.local = "local project", True
    found.labels += _built(left[0].text)
    found.arguments += left[1:]
    return []


def _python(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    for index, word in enumerate(rest):
        if word.text in ("-m", "-um", "-Im") and index + 1 < len(rest):
            return _module(found, rest[index + 1], rest[index + 2 :])
        if word.text == "-c":
            found.detail, found.arguments = "inline code", [*found.arguments, *rest[index + 2 :]]
            return []
        if not word.text.startswith("-") and not (index and rest[index - 1].text in _PYTHON_VALUED):
            return _file(found, "local script", [word], rest[index + 1 :])
    return []


def _module(found: Launch, module: Word, rest: list[Word]) -> list[Word]:
    if module.text in ("pipx", "uv", "nodejs.npx"):
        return [Word(module.text.rpartition(".")[2], module.where), *rest]
    found.detail = "python module"
    found.arguments += rest
    if re.fullmatch(r"[A-Za-z_][\w.]{0,120}", module.text):
        found.labels.append(f"module={module.text}")
    return []


def _node(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    if name in ("bun", "tsx") and rest and rest[0].text in ("run", "watch"):
        rest = rest[1:]
    options, left = take_options(rest, _NODE_VALUED)
    if any(option.name in ("e", "eval", "p", "print") for option in options):
        found.detail = "inline code"
        return []
    option_words(found, options, "env-file")
    if name == "bun" and left and not SCRIPT.fullmatch(left[0].text) and not packages.is_local_path(left[0].text):
        _of_folder(found, name, rest)
        found.detail, found.local = "project script", True
        found.arguments += left
        return []
    return _file(found, "local script", left[:1], left[1:])


def _fastmcp(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``fastmcp run server.py:mcp``, ``mcp dev server.py``: a file with a server, and which of those in it."""
    place = _served(rest)
    if place is None:
        found.arguments += rest
        found.labels.append(f"program={name}")
        return []
    file = Word(_OBJECT.sub("", rest[place].text), rest[place].where)
    return _file(found, "local script", [file], [*rest[1:place], *rest[place + 1 :]])


def _served(words: list[Word]) -> int | None:
    """Place of the file that is to be served among the words after ``fastmcp``; None where that is not what they say."""
    if not words or words[0].text not in ("run", "dev"):
        return None
    return next((place for place, word in enumerate(words) if place and _OBJECT.sub("", word.text).endswith(".py")), None)


def _deno(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    left = take_options(rest[1:] if rest and rest[0].text in ("run", "task", "serve") else rest, _DENO_VALUED)[1]
    spec = left[0].text if left else ""
    if spec.startswith(("npm:", "jsr:")) or "://" in spec:
        reader = packages.jsr if spec.startswith("jsr:") else packages.npm
        return _packaged(found, "deno package", left[:1], left[1:], reader)
    return _file(found, "local script", left[:1], left[1:])


def _project(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``npm run x``, ``pnpm dev``, ``make x``: a task of the project here."""
    found.detail, found.local = "project script", True
    _of_folder(found, name, rest)
    found.arguments += rest
    return []


def _of_folder(found: Launch, name: str, rest: list[Word]) -> None:
    """The folder whose package a script belongs to."""
    if name in ("npm", "pnpm", "yarn", "bun"):
        texts = [word.text for word in rest]
        folder = _tree_path(next((after for option, after in pairwise(texts) if option in _FOLDER_OPTIONS), "."))
        found.labels += [f"project={folder}"] if folder else []


def _go(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``go run [flags] ./cmd/x`` of the tree, ``go run example.com/x@v1.0.0`` of anywhere."""
    if not rest or rest[0].text != "run":
        return _project(found, name, rest)
    options, left = take_options(rest[1:], _GO_VALUED)
    if not left:
        return _project(found, name, rest)
    found.package = packages.go(left[0].text)
    found.arguments += [*(option.value for option in options if option.value), *left[1:]]
    if found.package is not None:
        found.detail = "go package"
        return []
    found.detail, found.local = "project script", True
    found.entry = _tree_path(left[0].text)
    return []


def _dotnet(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    """``dotnet run --project X -- …``, ``dotnet run file.cs``, ``dotnet bin/X.dll``."""
    texts = [word.text for word in rest]
    if texts[:1] == ["exec"]:
        rest, texts = rest[1:], texts[1:]
    if texts and texts[0].lower().endswith((".dll", ".cs")):
        found.labels += _built(texts[0])
        return _file(found, "local script", rest[:1], rest[1:])
    found.detail, found.local = "project script", True
    found.arguments += rest
    if texts[:1] == ["run"]:
        options, left = take_options(rest[1:], _DOTNET_VALUED)
        named = next((option.value.text for option in options if option.name in ("project", "p", "file") and option.value), None)
        script = left[0].text if left and left[0].text.endswith(".cs") else "."
        found.entry = _tree_path(named or script)
    return []


def _built(path: str) -> list[str]:
    """``program=<name>`` for a path of what may have been built from the tree."""
    name = re.sub(r"\.(?:exe|dll)$", "", re.split(r"[/\\]", path)[-1], flags=re.IGNORECASE)
    return [f"program={name}"] if re.fullmatch(r"[\w.@+-]{1,60}", name) else []


def _dnx(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    options, left = take_options(rest, names("--version --source --add-source --configfile -v --verbosity"))
    options += take_options(left[1:], frozenset(["--version"]))[0]
    version = next((option.value.text for option in options if option.name == "version" and option.value), "")
    found.detail = "dnx package"
    found.arguments += left[1:]
    if left:
        found.package = packages.nuget(f"{left[0].text}@{version}" if version and "@" not in left[0].text else left[0].text)
    return []


def _java(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    index = next((index for index, word in enumerate(rest) if word.text == "-jar"), None)
    found.arguments += rest if index is None else rest[:index]
    return [] if index is None else _file(found, "local archive", rest[index + 1 : index + 2], rest[index + 2 :])


def _docker(found: Launch, name: str, rest: list[Word]) -> list[Word]:
    _, left = take_options(rest, names("-H --host --context -c --config -l --log-level"))
    texts = [word.text for word in left]
    if texts[:1] == ["container"]:
        left, texts = left[1:], texts[1:]
    if texts[:1] == ["run"]:
        container = found.container = run(left[1:])
        found.detail = "container image"
        found.arguments += container.arguments
        found.arguments += [word for option, value in container.other for word in (Word("--" + option, value.where), value)]
        found.variables += container.variables
        found.env_files += container.env_files
        found.labels += container.labels()
        found.package = packages.image(container.image.text) if container.image else None
        return []
    found.arguments += left
    if texts[:2] == ["mcp", "gateway"]:
        found.detail = f"{name} mcp gateway"
    elif texts[:1] == ["exec"]:
        found.detail = "running container"
    elif texts[:1] == ["compose"]:
        found.detail, found.local = "compose service", True
    return []


def _file(found: Launch, detail: str, files: list[Word], arguments: list[Word]) -> list[Word]:
    """A file that an interpreter runs: one of an installed package, or one of the machine."""
    found.detail = detail
    found.arguments += arguments
    if not files:
        return []
    text = files[0].text
    installed = _INSTALLED.fullmatch(text)
    if installed:
        found.package, found.detail = packages.npm(installed[1].replace("\\", "/")), "installed package"
        return []
    found.local = True
    found.entry = entry_path(text)
    return []


def executable(found: Launch, command: Word, rest: list[Word]) -> list[Word]:
    """Any other program: a path of the machine, or a name on its search path."""
    text = command.text
    if packages.is_local_path(text) or SCRIPT.fullmatch(text) or "/" in text or "\\" in text:
        built = not SCRIPT.fullmatch(text) or text.lower().endswith(".exe")
        found.labels += _built(text) if built else []
        return _file(found, "local executable" if not SCRIPT.fullmatch(text) else "local script", [command], rest)
    found.arguments += rest
    if re.fullmatch(r"[\w.@+-]{1,60}", text):
        found.labels.append(f"program={text}")
    return []


def entry_path(text: str) -> str | None:
    """A file of the tree that is run, as a path relative to the project's folder; None for a path of the machine."""
    path = _tree_path(text)
    return path if path and SCRIPT.fullmatch(path) else None


def _tree_path(text: str) -> str | None:
    """A path of the tree, relative to the project's folder (``.``); None for one of the machine."""
    path = _BASE.sub("./", text.strip().removeprefix("file:"), count=1).replace("\\", "/")
    if not re.fullmatch(r"[\w./@+ -]{1,300}", path) or path.startswith("/"):
        return None
    return posixpath.normpath(path)


_Reader = Callable[[Launch, str, list[Word]], list[Word]]
READERS: dict[str, _Reader] = {
    **dict.fromkeys(_SERVING, _fastmcp),
    **dict.fromkeys(("npx", "bunx", "pnpx"), npx),
    **dict.fromkeys(("npm", "pnpm", "yarn", "make", "just", "task", "cargo", "turbo", "nx", "gradle", "mvn"), _project),
    **dict.fromkeys(("node", "nodejs", "bun", "tsx", "ts-node"), _node),
    **dict.fromkeys(("python", "pythonw", "py", "pypy"), _python),
    **dict.fromkeys(("docker", "podman", "nerdctl"), _docker),
    "uvx": _uvx,
    "uv": _uv,
    "pipx": lambda found, name, rest: _uvx(found, name, rest[1:] if rest and rest[0].text == "run" else rest),
    "deno": _deno,
    "dotnet": _dotnet,
    "go": _go,
    "dnx": _dnx,
    "java": _java,
}
