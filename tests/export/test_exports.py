from __future__ import annotations

import gzip
import json
import re

import pytest

from graphinv.export import export, exports
from graphinv.export.support.escape import no_html, sarif_text, uri_path, wiki
from graphinv.model.errors import NotFound
from graphinv.model.text import plain
from tests.export.findings import EMPTY, RULES, analysis


def test_finds_every_export_by_name() -> None:
    assert list(exports()) == [
        "authzen", "cedar", "csv", "facts", "facts-csv", "github-issues", "jira", "json", "ocsf", "opa", "sarif", "servicenow",
    ]  # fmt: skip
    with pytest.raises(NotFound, match="no export is called 'pdf'; there are authzen, cedar, csv, facts"):
        export("pdf")


@pytest.mark.parametrize("name", list(exports()))
def test_every_export_says_what_it_is_and_renders(name: str) -> None:
    found = export(name)
    assert found.TITLE
    assert re.fullmatch(r"(\.[a-z]+)+", found.SUFFIX)
    rendered = found.render(analysis(), EMPTY, RULES)
    texts = rendered if isinstance(rendered, dict) else {f"x{found.SUFFIX}": rendered}
    assert all(file.endswith(found.SUFFIX) for file in texts)
    for made in texts.values():
        text = made if isinstance(made, str) else gzip.decompress(made).decode()
        assert not {"\x1b", "\u202e"} & set(text)


def test_json_is_the_documented_one() -> None:
    data = json.loads(export("json").render(analysis(), EMPTY, RULES))  # type: ignore[arg-type]
    assert (list(data), data["generation"]) == (["generation", "at", "findings", "fixed", "scores", "rules"], 3)
    assert [one["severity"] for one in data["findings"]] == ["critical", "high", "medium"]
    assert data["findings"][1]["subject"] == ["Agent", "billing-bot"]
    assert data["findings"][1]["path"][0]["from"] == ["Agent", "billing-bot"]
    assert data["findings"][2]["target"] is None


def test_plain_text_stays_and_what_is_not_seen_shows() -> None:
    assert plain("Zahlung für 日本 🙂") == "Zahlung für 日本 🙂"
    assert plain("a\x1b[0m\u202e\u200b\u2028\x9b\n") == "a\\x1b[0m\\u202e\\u200b\\u2028\\x9b\\n"
    assert (plain("abcdef", 4), plain("abcd", 4)) == ("abc…", "abcd")


def test_markup_is_text() -> None:
    assert no_html("a<b>&lt;&#60; R&D; AT&T") == "a&lt;b>&amp;lt;&amp;#60; R&amp;D; AT&T"
    assert wiki("-a- b-c *d* h~2~") == "\\-a\\- b-c \\*d\\* h\\~2\\~"
    assert sarif_text("a\\[b]{c}") == "a\\\\\\[b\\]{{c}}"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b.json", "a/b.json"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x", "x"),
        ("javascript:x", "javascript%3Ax"),
        ("é/ä b?#", "%C3%A9/%C3%A4%20b%3F%23"),
        ("..", ""),
    ],
)
def test_places_are_relative_and_stay_inside(path: str, uri: str) -> None:
    assert uri_path(path) == uri
