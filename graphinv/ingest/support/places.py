"""Environments by their names, and what a file's path says about what is in it: tests, examples and documentation are not what runs in
production."""

from __future__ import annotations

import re

ENVIRONMENTS = {
    "prod": "prod",
    "production": "prod",
    "prd": "prod",
    "live": "prod",
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "preprod": "staging",
    "uat": "staging",
    "dev": "dev",
    "development": "dev",
    "sandbox": "dev",
    "test": "test",
    "testing": "test",
    "qa": "test",
}
"""What people call an environment in a tag or label, and which it is."""
_TEST = frozenset({"test", "tests", "testing", "__tests__", "test_data", "testdata", "e2e", "spec", "specs", "__mocks__", "fixtures"})
_EXAMPLE = frozenset({"example", "examples", "sample", "samples", "docs", "doc", "demo", "demos", "tutorial", "tutorials", "cookbook"})
_TEST_FILE = re.compile(r"(?:test_.*|.*_test|conftest)\.py|.*[._-](?:test|spec)\.[cm]?[jt]sx?", re.DOTALL)


_NOBODYS = re.compile(r"\.(?:example|sample|template|tmpl|tpl|dist)s?(?:\.|$)", re.IGNORECASE)


def is_to_copy(name: str) -> bool:
    """Whether a file's name says that it is there to be copied and filled in.

    >>> is_to_copy("config.example.json"), is_to_copy("mcp.json.sample"), is_to_copy("example.json")
    (True, True, False)
    """
    return _NOBODYS.search(name) is not None


def environment_of(path: str) -> str | None:
    """``test`` for what lies under a folder of tests or is a test file, ``dev`` under examples, samples and documentation, else None.

    >>> environment_of("shop/tests/agents.py"), environment_of("examples/crew.py"), environment_of("shop/agents.py")
    ('test', 'dev', None)
    """
    *folders, name = path.lower().split("/")
    if _TEST_FILE.fullmatch(name) or not _TEST.isdisjoint(folders):
        return "test"
    return None if _EXAMPLE.isdisjoint(folders) else "dev"
