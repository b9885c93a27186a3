"""Running the command line inside the test, as a shell would see it."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from graphinv.cli import main

CASES = Path(__file__).parents[1] / "cases" / "reach"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON text and nothing else."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def graphinv(*arguments: str | Path, stdin: str = "", code: int = 0) -> Ran:
    """Run ``graphinv`` with ``arguments``; it must end with ``code``."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["graphinv", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            ended = stop.code or 0
    ran = Ran(int(ended), out.getvalue(), err.getvalue())
    assert ran.code == code, (argv, ran.code, ran.out[-2000:], ran.err)
    return ran


def refused(*arguments: str | Path, stdin: str = "") -> str:
    """Run it; it must end with 2, print nothing, and say why in one line, which is returned."""
    ran = graphinv(*arguments, stdin=stdin, code=2)
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("graphinv: ")
    return line.removeprefix("graphinv: ")


def process_environment(**more: str) -> dict[str, str]:
    """Environment for a real process: ours, without stores and keys of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHINV_")}
    return {**clean, "COLUMNS": "200", **more}
