from __future__ import annotations

import pytest

from graphinv.ingest.support import packages
from graphinv.ingest.support.launch import launch
from graphinv.ingest.support.launchers import Launch
from graphinv.ingest.support.words import Word, split

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "ab" * 32


def started(line: str | list[str]) -> Launch:
    return launch(split(line, ("command",)) if isinstance(line, str) else [Word(text, ("args", index)) for index, text in enumerate(line)])


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("line", "purl", "version", "pinned", "origin"),
    [
        ("npx acme-mcp", "pkg:npm/acme-mcp", None, False, "registry"),
        ("npx -y @acme/files@1.2.3 /srv", "pkg:npm/%40acme/files@1.2.3", "1.2.3", True, "registry"),
        ("npx -y @acme/files@latest", "pkg:npm/%40acme/files", "latest", False, "registry"),
        ("npx -y @acme/files@^1.2.0", "pkg:npm/%40acme/files", "^1.2.0", False, "registry"),
        ("npx -y acme@1.2", "pkg:npm/acme", "1.2", False, "registry"),
        ("npx acme@1.2.3-beta.1", "pkg:npm/acme@1.2.3-beta.1", "1.2.3-beta.1", True, "registry"),
        ("npx -y -p @acme/files@2.0.0 files-mcp --root /srv", "pkg:npm/%40acme/files@2.0.0", "2.0.0", True, "registry"),
        ("npx --package=@acme/files files-mcp", "pkg:npm/%40acme/files", None, False, "registry"),
        (
            "npx -y https://pkg.example.com/acme/files.tgz",
            "pkg:generic/files.tgz?download_url=https%3A%2F%2Fpkg.example.com%2Facme%2Ffiles.tgz",
            None,
            False,
            "third_party",
        ),
        ("npx -y git+https://github.com/Acme/Files.git#main", "pkg:github/acme/files", "main", False, "third_party"),
        (f"npx -y github:acme/files#{COMMIT}", f"pkg:github/acme/files@{COMMIT}", COMMIT, True, "third_party"),
        ("npx -y acme/files", "pkg:github/acme/files", None, False, "third_party"),
        ("/opt/homebrew/bin/npx -y acme@1.0.0", "pkg:npm/acme@1.0.0", "1.0.0", True, "registry"),
        (["C:\\Program Files\\nodejs\\npx.cmd", "-y", "acme"], "pkg:npm/acme", None, False, "registry"),
        ("bunx acme@1.0.0", "pkg:npm/acme@1.0.0", "1.0.0", True, "registry"),
        ("bun x acme", "pkg:npm/acme", None, False, "registry"),
        ("pnpm dlx acme", "pkg:npm/acme", None, False, "registry"),
        ("yarn dlx acme@3.0.0", "pkg:npm/acme@3.0.0", "3.0.0", True, "registry"),
        ("npm exec -y -- acme@3.0.0", "pkg:npm/acme@3.0.0", "3.0.0", True, "registry"),
        ("uvx Acme_Server", "pkg:pypi/acme-server", None, False, "registry"),
        ("uvx acme==1.2.3", "pkg:pypi/acme@1.2.3", "1.2.3", True, "registry"),
        ("uvx acme[all]==1.2.3", "pkg:pypi/acme@1.2.3", "1.2.3", True, "registry"),
        ("uvx acme@1.2.3", "pkg:pypi/acme@1.2.3", "1.2.3", True, "registry"),
        ("uvx acme@latest", "pkg:pypi/acme", "latest", False, "registry"),
        ("uvx acme==1.*", "pkg:pypi/acme", "1.*", False, "registry"),
        (["uvx", "acme>=1.2"], "pkg:pypi/acme", ">=1.2", False, "registry"),
        ("uvx --from acme-tools==2.0 acme-mcp", "pkg:pypi/acme-tools@2.0", "2.0", True, "registry"),
        (f"uvx --from git+https://github.com/acme/tools@{COMMIT} x", f"pkg:github/acme/tools@{COMMIT}", COMMIT, True, "third_party"),
        ("uvx --from git+https://github.com/acme/tools@v1.0 x", "pkg:github/acme/tools", "v1.0", False, "third_party"),
        (
            ["uvx", "--from", "tools @ git+https://git.acme.corp/a/tools@main", "x"],
            "pkg:generic/tools?vcs_url=git%2Bhttps%3A%2F%2Fgit.acme.corp%2Fa%2Ftools",
            "main",
            False,
            "internal",
        ),
        ("uv tool run acme", "pkg:pypi/acme", None, False, "registry"),
        ("uv run --with acme-mcp==1.0 acme-mcp", "pkg:pypi/acme-mcp@1.0", "1.0", True, "registry"),
        ("pipx run acme", "pkg:pypi/acme", None, False, "registry"),
        ("pipx run --spec acme==1.0 acme-mcp", "pkg:pypi/acme@1.0", "1.0", True, "registry"),
        ("python3 -m pipx run acme", "pkg:pypi/acme", None, False, "registry"),
        ("deno run -A npm:@acme/files@1.0.0", "pkg:npm/%40acme/files@1.0.0", "1.0.0", True, "registry"),
        ("deno run --allow-net jsr:@acme/files", "pkg:jsr/%40acme/files", None, False, "registry"),
        ("go run github.com/acme/files@v1.2.3", "pkg:golang/github.com/acme/files@v1.2.3", "v1.2.3", True, "registry"),
        ("dnx Acme.Mcp@1.0.0 --yes", "pkg:nuget/Acme.Mcp@1.0.0", "1.0.0", True, "registry"),
        ("docker run -i --rm mcp/files", "pkg:docker/mcp/files", None, False, "registry"),
        ("docker run -i ghcr.io/acme/files:v1", "pkg:docker/acme/files@v1?repository_url=ghcr.io", "v1", False, "registry"),
        (["docker", "run", "acme/files:${TAG}"], "pkg:docker/acme/files", "${TAG}", False, "registry"),
        ("C:\\nodejs\\npx.cmd -y acme", "pkg:npm/acme", None, False, "registry"),
        (f"podman run acme/files@{DIGEST}", f"pkg:docker/acme/files@sha256%3A{'ab' * 32}", DIGEST, True, "registry"),
        ("docker run registry.acme.corp:5000/files", "pkg:docker/files?repository_url=registry.acme.corp%3A5000", None, False, "internal"),
        (["cmd", "/c", "npx", "-y", "acme"], "pkg:npm/acme", None, False, "registry"),
        (["cmd.exe", "/c", "npx -y acme@1.0.0"], "pkg:npm/acme@1.0.0", "1.0.0", True, "registry"),
        (["wsl.exe", "-d", "Ubuntu", "bash", "-c", "cd /srv && npx -y acme"], "pkg:npm/acme", None, False, "registry"),
        (["sh", "-c", "source .env; exec uvx acme==1.0"], "pkg:pypi/acme@1.0", "1.0", True, "registry"),
        (["bash", "-lc", "A=1 B=2 npx acme"], "pkg:npm/acme", None, False, "registry"),
        ("env A=1 npx acme", "pkg:npm/acme", None, False, "registry"),
        ("op run --env-file=.env.op -- npx -y acme", "pkg:npm/acme", None, False, "registry"),
        ("timeout 30 sudo -E npx acme", "pkg:npm/acme", None, False, "registry"),
        ("opentelemetry-instrument --service_name desk npx acme", "pkg:npm/acme", None, False, "registry"),
        ("node ./node_modules/@acme/files/dist/index.js", "pkg:npm/%40acme/files", None, False, "registry"),
    ],
)
def test_finds_the_package_below_all_layers(line: str | list[str], purl: str, version: str | None, pinned: bool, origin: str) -> None:
    package = started(line).package
    assert package is not None
    assert package.purl == purl
    assert (package.version, package.pinned, package.origin) == (version, pinned, origin)


@pytest.mark.parametrize(
    ("line", "detail", "entry", "local"),
    [
        ("node dist/index.js", "local script", "dist/index.js", True),
        ("npx -y tsx@4.19.2 src/index.ts --port 3", "local script", "src/index.ts", True),
        ("npx tsx watch src/index.ts", "local script", "src/index.ts", True),
        ("npx ts-node --esm ./src/index.ts", "local script", "src/index.ts", True),
        ("bunx nodemon src/index.js", "local script", "src/index.js", True),
        ("pnpm exec tsx src/index.ts", "local script", "src/index.ts", True),
        ("fastmcp run src/server.py:app --transport stdio", "local script", "src/server.py", True),
        ("mcp dev server.py", "local script", "server.py", True),
        ("mcp list", "executable", None, False),
        ("uvx fastmcp run server.py", "local script", "server.py", True),
        ("uvx --from mcp[cli] mcp run --transport sse server.py", "local script", "server.py", True),
        ("uv run fastmcp run server.py:mcp", "local script", "server.py", True),
        ("node --env-file .env ./dist/index.js --port 1", "local script", "dist/index.js", True),
        ("node /opt/acme/dist/index.js", "local script", None, True),
        ("/usr/local/bin/python3.11 -u server.py", "local script", "server.py", True),
        (["python", "${workspaceFolder}/tools/server.py"], "local script", "tools/server.py", True),
        ("python -m acme_server --port 1", "python module", None, False),
        ("python -c 'import x'", "inline code", None, False),
        ("uv run python server.py", "local script", "server.py", True),
        ("uv --directory /srv/acme run server.py", "local script", "server.py", True),
        ("uv run --with mcp[cli] mcp run server.py", "local script", "server.py", True),
        ("uv run acme-server", "local project", None, True),
        ("./scripts/start.sh --x", "local script", "scripts/start.sh", True),
        (["bash", "scripts/start.sh"], "local script", "scripts/start.sh", True),
        ("deno run -A ./main.ts", "local script", "main.ts", True),
        ("npx -y ./local-package", "local package", "local-package", True),
        ("npx -y .", "local package", ".", True),
        ("uvx --from /opt/acme server", "local package", None, True),
        ("pnpm dev mcp", "project script", None, True),
        ("java -jar build/server.jar", "local archive", "build/server.jar", True),
        ("docker mcp gateway run", "docker mcp gateway", None, False),
        ("docker exec -i box server", "running container", None, False),
        ("acme-server mcp", "executable", None, False),
        ("/opt/acme/bin/server", "local executable", None, True),
        ("npx", "npx package", None, False),
        ("bash -c", "executable", None, False),
    ],
)
def test_tells_what_is_no_package(line: str | list[str], detail: str, entry: str | None, local: bool) -> None:
    found = started(line)
    assert found.package is None
    assert (found.detail, found.entry, found.local) == (detail, entry, local)


def test_a_proxy_stands_for_its_remote_server() -> None:
    found = started(["npx", "-y", "mcp-remote@0.1.0", "https://mcp.example.com/sse", "--header", "Authorization: Bearer ${X}", "--debug"])
    assert found.proxied == Word("https://mcp.example.com/sse", ("args", 3))
    assert texts(found.headers) == ["Authorization: Bearer ${X}"]
    assert found.package is not None
    assert found.package.purl == "pkg:npm/mcp-remote@0.1.0"


def test_an_address_among_other_arguments_is_no_proxy() -> None:
    assert started("npx acme-mcp https://api.example.com").proxied is None


def test_reads_docker_arguments() -> None:
    found = started(
        "docker run -i --rm -e TOKEN -eOTHER --env KEY=value --env-file .env --network host -v /var/run/docker.sock:/s "
        "--mount type=bind,src=/etc,dst=/e -v data:/d --mount type=volume,source=v,dst=/v --privileged acme/x --flag word"
    )
    assert [(name, value.text if value else None) for name, value, _ in found.variables] == [
        ("TOKEN", None),
        ("OTHER", None),
        ("KEY", "value"),
    ]
    assert texts(found.env_files) == [".env"]
    assert found.labels == ["mount=/var/run/docker.sock", "mount=/etc", "network=host", "privileged=true"]
    assert found.container is not None
    assert found.container.sandboxed is False
    assert texts(found.arguments) == ["--flag", "word"]


@pytest.mark.parametrize(
    ("line", "sandboxed"),
    [
        ("docker run x", True),
        ("docker run -v ./data:/data x", None),
        ("docker run -v $HOME:/h x", False),
        ("docker run --network=host x", False),
    ],
)
def test_tells_how_far_a_container_is_kept_apart(line: str, sandboxed: bool | None) -> None:
    container = started(line).container
    assert container is not None
    assert container.sandboxed is sandboxed


def test_variables_on_the_way_are_kept() -> None:
    found = started(["sh", "-c", "export A_TOKEN=x; B_KEY=y uvx acme --z"])
    assert {name: value.text for name, value, _ in found.variables if value} == {"A_TOKEN": "x", "B_KEY": "y"}


def test_endless_wrappers_end() -> None:
    assert started(["sudo"] * 1000 + ["npx", "acme"]).package is None
    assert started(["bash", "-c", "bash -c " * 500 + "x"]).package is None
    assert started([]).package is None
    assert started(["npx", "x" * 100_000]).package is None


@pytest.mark.parametrize("spec", ["", " ", "a b", "../x", "@", "@/", "git+https://", "http://[", "x" * 400, "\u202eevil", "a\nb"])
def test_what_is_no_specifier_is_no_package(spec: str) -> None:
    for reader in (packages.npm, packages.pypi, packages.jsr, packages.go, packages.image, packages.remote, packages.nuget):
        assert reader(spec) is None


def test_what_an_interpreter_of_the_registry_runs_is_started_and_the_interpreter_needed() -> None:
    found = started("npx -y tsx@4.19.2 src/index.ts --token x")
    assert (found.package, [package.purl for package in found.packages]) == (None, ["pkg:npm/tsx@4.19.2"])
    assert [word.text for word in found.arguments] == ["--token", "x"]
    found = started("uvx --from mcp==1.9.0 mcp run server.py --token x")
    assert (found.package, [package.purl for package in found.packages]) == (None, ["pkg:pypi/mcp@1.9.0"])
    assert [word.text for word in found.arguments] == ["--token", "x"]
    for line, purl in (("npx tsx --version", "pkg:npm/tsx"), ("uvx fastmcp version", "pkg:pypi/fastmcp")):
        package = started(line).package
        assert package is not None
        assert package.purl == purl


def test_commands_of_installed_packages_are_no_packages() -> None:
    for line in (["pnpm", "exec", "files-mcp", "/srv"], ["yarn", "exec", "files-mcp", "/srv"]):
        found = started(line)
        assert (found.package, found.detail, found.labels) == (None, "installed package", ["program=files-mcp"]), line
    assert started("pnpm dlx files-mcp").package is not None
