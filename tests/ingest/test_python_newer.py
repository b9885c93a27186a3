"""Source for newer versions of Python than the one that reads it."""

from __future__ import annotations

import ast
import json
import sys

import pytest

from graphinv.ingest.support.python.newer import older
from tests.ingest.python_linked import linked

NEWER = [
    ("type Names = list[str]", "Names = list[str]"),
    ("type Pair[\n    A,\n    B = int,\n] = tuple[A, B]\n", "\n\n\nPair = tuple[A, B]\n"),
    ("def first[T: (int, str)](of: list[T]) -> T: ...", "def first(of: list[T]) -> T: ..."),
    ("@mark\nasync def all_of[\n    T,\n](of: T): ...", "@mark\n\n\nasync def all_of(of: T): ..."),
    ("class Box[T]:\n    x = 1", "class Box:\n    x = 1"),
    ("class Box[T, *Ts, **P](Base[T]): ...", "class Box(Base[T]): ..."),
    ('x = f"{d["k"]} and {d["m"]:>{w}}"', "x = f\"{d['k']} and {d['m']:>{w}}\""),
    ('x = f"{a["k"] + \'b\'}!"', 'x = f"{...}!"'),
    ("x = f\"{'\\n'.join(y)}\"", 'x = f"{...}"'),
    ('x = f"{\n  a\n}"\ny = 1', 'x = f"{...}" \\\n \\\n\ny = 1'),
    ('x = t"Hi {name}"', 'x = f"Hi {name}"'),
    ("try: ...\nexcept OSError, ValueError:\n    pass", "try: ...\nexcept (OSError, ValueError):\n    pass"),
]


@pytest.mark.parametrize(("text", "same"), NEWER)
def test_what_is_newer_becomes_what_means_the_same(text: str, same: str) -> None:
    made = older(text)
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(same))
    assert made.count("\n") >= text.count("\n"), "lines stay where they are"


@pytest.mark.parametrize(
    "text",
    [
        'x = \'it\' "s"  # isn\'t f"{a["k"]}"\n',
        'x = f"{d[\'k\']!r:>{w}} {{not}} {x:#x} {"a" if b else "c"!s}"\n'.replace('"a" if b else "c"', "'a' if b else 'c'"),
        'x = rf"\\d{{2}}{n}\\{n}" + f"\\N{BULLET} {n}" + b"\\xff{"\n',
        'x = f"""{d["k"]}\n{\n  y\n}""" + r"\\\\"\n',
        "type = 1\ntype(x)\nclass A(B[T]): ...\ntry: ...\nexcept (A, B): ...\n",
        '"""type X = 1 in a text, and f"{x["y"]}\\""""\n',
    ],
)
def test_what_is_no_newer_stays_as_it_is(text: str) -> None:
    assert ast.dump(ast.parse(older(text))) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "f'{",
        "f'{'",
        "f'" + "{f'" * 5_000,
        'f"""{' + "\n" * 5_000,
        "def f[" + "[" * 20_000,
        "type " * 20_000,
        "class A[T" + "\n" * 20_000,
        "except " + "a," * 20_000,
        "f'" + "{" * 20_000,
        "f'{x:" + "{y:" * 5_000,
        "rb'" * 20_000,
        "'" + "\\" * 20_001,
    ],
)
def test_nonsense_ends(text: str) -> None:
    assert isinstance(older(text), str)


def test_agents_of_a_program_for_a_newer_python() -> None:
    text = """\
from google.adk.agents import Agent

type Name = str

def made[T](name: T) -> Agent:
    return Agent(name=name, instruction=f"{d["k"]}")

desk = Agent(name="desk", sub_agents=[made("clerk")])
"""
    found = linked({"desk.py": text})
    assert found.drawn("DELEGATES_TO") == {("google-adk:shop/desk#desk", "google-adk:shop/desk#clerk")}
    assert not found.problems
    assert found.nodes["Agent", "google-adk:shop/desk#desk"]["sources"] == ["shop/desk.py#L8"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="only newer versions read what is newer")
@pytest.mark.parametrize(("text", "same"), NEWER[6:7])
def test_this_version_agrees(text: str, same: str) -> None:
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(same))


def test_a_cell_of_a_notebook_in_newer_syntax() -> None:
    cells = ["from agents import Agent", "names = {'desk': 'Desk'}\nhelper = Agent(name=f'{names['desk']}', tools=[])"]
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": [cell]} for cell in cells]})
    facts = linked({"demo.ipynb": notebook})
    assert [id_ for kind, id_ in facts.nodes if kind == "Agent"]
