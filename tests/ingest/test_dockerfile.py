from __future__ import annotations

import pytest

from graphinv.ingest import dockerfile
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

TOKEN = fake("dockerfile", "gh" + "p_")


def read(text: str, path: str = "desk/Dockerfile") -> Facts:
    return Facts(dockerfile, document(text, path))


def labels(text: str) -> list[str]:
    return list(read(text).nodes["Runtime", "image:shop/desk/Dockerfile"]["labels"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('FROM python:3.12\nWORKDIR /srv\nCOPY app/ /srv/app/\nCMD ["python", "app/main.py"]\n', "entry=app/main.py"),
        ("FROM python:3.12\nCOPY src /code\nCMD python /code/main.py\n", "entry=src/main.py"),
        ("FROM python:3.12\nWORKDIR /srv\nCOPY main.py ./\nENTRYPOINT python \\\n  # how it starts\n  main.py\n", "entry=main.py"),
        ("FROM python:3.12\nCOPY . .\nCMD uvicorn desk.api:app --host 0.0.0.0\n", "module=desk.api"),
        ("FROM python:3.12\nCMD exec python -m desk.main\n", "module=desk.main"),
        (
            "FROM node AS build\nWORKDIR /b\nCOPY web .\nFROM node\nCOPY --from=build /b/server.js /s/\nCMD node /s/server.js\n",
            "entry=web/server.js",
        ),
        ("FROM python AS base\nWORKDIR /a\nCOPY x y\nCMD python y/m.py\nFROM base\nUSER app\n", "entry=x/m.py"),
    ],
)
def test_what_an_image_starts_is_told_as_a_file_of_the_source(text: str, expected: str) -> None:
    assert expected in labels(text)


@pytest.mark.parametrize(
    ("text", "brought"),
    [
        ("FROM python\nCOPY . .\n", ["."]),
        ("FROM python\nCOPY --chown=app:app ./desk/ shared/*.py /srv/\n", ["desk", "shared"]),
        ("FROM node AS build\nCOPY web .\nRUN npm run build\nFROM node\nCOPY --from=build /dist /srv\n", ["web"]),
        ("FROM python\nARG NAME\nCOPY agents/${NAME}/src /srv\n", ["agents"]),
        ("FROM python\nRUN --mount=type=bind,source=desk,target=/d --mount=type=cache,target=/c pip install /d\n", ["desk"]),
        ("FROM python\nRUN --mount=target=. pip install .\n", ["."]),
        ("FROM python\nCOPY --from=ghcr.io/acme/uv /uv /bin/\nADD https://example.com/x.tgz /x\n", []),
        ("FROM alpine\n", []),
    ],
)
def test_what_an_image_has_of_the_source_is_told(text: str, brought: list[str]) -> None:
    assert [label for label in labels(text) if label.startswith("copy=")] == [f"copy={path}" for path in brought]


def test_an_image_without_a_user_runs_as_root() -> None:
    assert "user=root" in labels("FROM python\n")
    assert "user=root" not in labels("FROM python\nUSER app\n")


def test_credentials_that_are_baked_in_are_found() -> None:
    facts = read(f"FROM python\nARG GITHUB_TOKEN\nENV A=1 GITHUB_TOKEN={TOKEN}\nENV OPENAI_API_KEY=$OPENAI_API_KEY\n")
    key = f"secret:{fingerprint(TOKEN)}"
    assert facts.targets("HOLDS", "image:shop/desk/Dockerfile") == {key}
    assert facts.nodes["Secret", key]["sources"] == ["shop/desk/Dockerfile#L3"]


def test_the_base_image_is_a_dependency() -> None:
    facts = read("# syntax=docker/dockerfile:1\nFROM --platform=linux/amd64 ghcr.io/acme/base:1.2 AS b\nFROM b\n")
    assert facts.targets("DEPENDS_ON", "image:shop/desk/Dockerfile") == {"pkg:docker/acme/base@1.2?repository_url=ghcr.io"}


def test_a_file_without_a_base_is_none() -> None:
    with pytest.raises(IngestError):
        read("RUN true\n")


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.prod", True),
        ("api.Dockerfile", True),
        ("Containerfile", True),
        ("Dockerfile.md", False),
        ("docker.py", False),
    ],
)
def test_which_files_are_taken(path: str, taken: bool) -> None:
    assert dockerfile.detect(path, b"FROM x") is taken
