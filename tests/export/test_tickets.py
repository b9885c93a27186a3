from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given

from graphinv.export import findings_csv, github_issues, jira, servicenow
from graphinv.export.support.escape import code_span, markdown
from graphinv.model.results import Finding
from tests import strategies
from tests.export.findings import EMPTY, analysis, attack, finding, ownerless, score

Table = Callable[[Iterable[Finding]], str]
EVERY: list[Table] = [findings_csv.findings_csv, jira.jira_csv, servicenow.servicenow_csv]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def cells(table: Table, *findings: Finding) -> dict[str, str]:
    header, row = rows(table(findings))
    return dict(zip(header, row, strict=True))


@pytest.mark.parametrize("table", EVERY)
def test_one_row_a_finding_the_worst_first(table: Table) -> None:
    header, *found = rows(table([ownerless(), finding("low", "x"), finding("critical", "y"), finding()]))
    assert [len(row) for row in found] == [len(header)] * 4
    severity = next(number for number, name in enumerate(header) if name.lower().removeprefix("u_") == "severity")
    assert [row[severity] for row in found] == ["critical", "high", "medium", "low"]


@pytest.mark.parametrize("table", EVERY)
def test_an_empty_list_is_a_header(table: Table) -> None:
    assert len(rows(table([]))) == 1


def harmless(text: str) -> None:
    for row in rows(text):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert not re.search('(?<=;)"*[=+@-]', cell), "where a semicolon ends a cell"
            assert all(unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"} or character == "\n" for character in cell)


@pytest.mark.parametrize("table", EVERY)
def test_the_text_of_strangers_is_text(table: Table) -> None:
    text = table([attack()])
    assert len(rows(text)) == 2
    harmless(text)


@pytest.mark.parametrize("name", ["a;=1+1", 'a;"=1+1"', "a;@SUM(1)", "a;-1", "a;\uff1d1"])
@pytest.mark.parametrize("table", EVERY)
def test_a_semicolon_begins_no_formula(table: Table, name: str) -> None:
    """Spreadsheets of many countries end a cell there, whatever stands in quotes."""
    text = table([finding(name=name)])
    assert name.replace(";", ";'") in {cell.replace("Agent:", "") for cell in rows(text)[1]}
    harmless(text)


@given(strategies.texts(), strategies.texts())
def test_any_text_is_harmless(name: str, other: str) -> None:
    one = finding("low", name, other, title=other, why=name, owners=(other,), remediation=name, frameworks=(other,), sources=(name,))
    for table in EVERY:
        harmless(table([one]))


@pytest.mark.parametrize("table", [jira.jira_csv, servicenow.servicenow_csv])
def test_no_tag_begins_in_a_ticket(table: Table) -> None:
    text = table([attack()])
    assert "<" not in text
    assert "&lt;img src=x" in text.replace("\\", "")
    assert "&amp;lt;b" in text


def test_tickets_of_what_is_fixed_are_closed() -> None:
    days = {"first_seen": "2026-07-01T00:00:00Z", "last_seen": "2026-07-02T00:00:00Z", "fixed_at": "2026-07-03T00:00:00Z"}
    done = finding("low", "mended", **days)
    whole = analysis().model_copy(update={"former": (done, finding("low", "set aside"))})
    for export, column, open_, closed in ((jira, "Status", "To Do", "Done"), (servicenow, "state", "1", "6")):
        header, *found = rows(export.render(whole, EMPTY, {}))
        assert [row[header.index(column)] for row in found] == [open_, open_, open_, closed]
        assert found[-1][-3:] == list(days.values())
    assert cells(servicenow.servicenow_csv, done)["close_notes"] == "graphinv no longer finds it since 2026-07-03T00:00:00Z"
    header, *found = rows(findings_csv.render(whole, EMPTY, {}))
    assert [row[header.index("fixed_at")] for row in found] == ["", "", "", days["fixed_at"]]


def test_jira_fields() -> None:
    header, row = rows(jira.jira_csv([finding()], {score().subject: score()}))
    assert header.count("Labels") == 3
    assert [cell for name, cell in zip(header, row, strict=True) if name == "Labels"] == ["graphinv", "GI-SEC-001", "severity-high"]
    found = dict(zip(header, row, strict=True))
    assert found["External Issue ID"] == found["Finding Key"] == finding().key
    assert found["Summary"] == "Static long-lived secret: Agent:billing-bot to Secret:stripe-key"
    assert (found["Issue Type"], found["Priority"], found["Assignee"]) == ("Task", "High", "ana@acme.example")
    assert (found["Severity"], found["Confidence"], found["Risk"]) == ("high", "0.9", "56.0")
    assert found["Owner"] == "ana@acme.example; @acme/pay"
    assert found["Path"] == "billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json#L12)"
    assert found["Remediation"] == "Replace it by a short-lived one."
    assert "h3. Path\n# billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json\\#L12)\n" in found["Description"]


def test_jira_limits() -> None:
    found = cells(jira.jira_csv, finding("low", "x" * 300, why="y" * 40_000, sources=tuple(f"acme/{n}" for n in range(9000))))
    assert len(found["Summary"]) <= 255
    assert len(found["Description"]) <= 32_767
    assert found["Description"].endswith("…")


def test_jira_markup_of_strangers_is_escaped() -> None:
    description = cells(jira.jira_csv, attack())["Description"]
    for markup in ("{", "}", "[", "]", "!", "|"):
        assert not re.search(r"(?<!\\)" + re.escape(markup), description), markup
    ours = ("*Why:*", "*Severity:*", "*Subject:*", "*Target:*", "*Owner:*", "*Remediation:*", "*Frameworks:*", "h3. ", "# ", "* ")
    assert all(line.startswith(ours) for line in description.splitlines() if line)


def test_nobody_is_assigned_where_nobody_is_known() -> None:
    found = cells(jira.jira_csv, ownerless())
    assert (found["Assignee"], found["Owner"], found["Target"], found["Path"], found["Risk"]) == ("", "", "", "", "")
    assert "*Owner:* nobody known" in found["Description"]
    assert cells(jira.jira_csv, finding(owners=("@acme/pay",)))["Assignee"] == ""


def test_servicenow_fields() -> None:
    (header, row) = rows(servicenow.servicenow_csv([finding()], {score().subject: score()}))
    found = dict(zip(header, row, strict=True))
    assert found["correlation_id"] == finding().key
    assert found["correlation_display"] == "graphinv"
    assert (found["impact"], found["urgency"], found["category"]) == ("1", "2", "Security")
    assert found["assignment_group"] == "ana@acme.example"
    assert found["u_path"] == "billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json#L12)"
    assert "Hop 1: billing-bot holds stripe-key" in found["description"]
    assert (found["u_risk"], found["u_severity"]) == ("56.0", "high")


def test_servicenow_limits_and_journal_codes() -> None:
    found = cells(servicenow.servicenow_csv, finding("low", "x" * 300, why="y" * 5000))
    assert len(found["short_description"]) <= 160
    assert len(found["description"]) <= 4000
    assert "[code]" not in servicenow.servicenow_csv([attack(), finding("low", "[CODE]<b>")]).lower()


def test_findings_table_fields() -> None:
    found = cells(findings_csv.findings_csv, finding())
    assert found["key"] == finding().key
    assert (found["subject_kind"], found["subject"], found["target_kind"], found["target"]) == (
        "Agent",
        "billing-bot",
        "Secret",
        "stripe-key",
    )
    assert found["owners"] == "ana@acme.example; @acme/pay"
    assert found["path"] == "billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json#L12)"


def test_github_issues_are_what_its_interface_takes() -> None:
    done = finding("low", "mended", fixed_at="2026-07-03T00:00:00Z")
    made = json.loads(github_issues.render(analysis().model_copy(update={"former": (done,)}), EMPTY, {}))
    assert [one["state"] for one in made] == ["open", "open", "open", "closed"]
    nasty, plain_one, *_ = made
    assert set(plain_one) == {"title", "body", "labels", "state"}
    assert plain_one["title"] == "Static long-lived secret: Agent:billing-bot to Secret:stripe-key"
    assert plain_one["labels"] == ["graphinv", "graphinv-high"]
    assert "1. billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json\\#&#8203;L12)" in plain_one["body"]
    assert "**Owner:** `ana@acme.example, @acme/pay`" in plain_one["body"]
    assert f"graphinv findings {finding().key}" in plain_one["body"]
    assert len(nasty["title"]) <= 255


@given(strategies.texts(), strategies.texts())
def test_markdown_of_strangers_begins_nothing(name: str, other: str) -> None:
    one = finding("low", name, other, title=other, why=name, owners=(other,), remediation=name, frameworks=(other,), sources=(name, other))
    [made] = json.loads(github_issues.render(analysis().model_copy(update={"findings": (one,)}), EMPTY, {}))
    start, *lines, end = made["body"].splitlines()
    assert start == github_issues.FRAME.start
    assert f"graphinv:1 {one.key} " in str(github_issues.FRAME.mark(made["body"]))
    assert end.startswith("<!-- graphinv:1 ")
    for line in filter(None, lines):
        assert re.match(r"(\*\*[A-Z][A-Za-z ]+:\*\* |### [A-Z]|- `|1\. )", line), line
        prose = re.sub(r"\\[!-/:-@\[-`{-~]|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)  # without what is escaped, and code
        assert not re.search(r"[\\<>\[\]!|$~_`]|@(?!&#8203;)|://", prose), line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1. x", "&#8203;1. x"),
        ("- x", "&#8203;- x"),
        ("+ x", "&#8203;+ x"),
        ("=== x", "&#8203;=== x"),
        ("# x", "\\#&#8203; x"),
        ("GH-1 acme/shop#2 @acme/team", "GH-&#8203;1 acme/shop\\#&#8203;2 @&#8203;acme/team"),
        ("http://e.example www.e.example", "http:&#8203;//e.example www&#8203;.e.example"),
        ("`x` \\ $y$ <!-- z --> &lt;", "\\`x\\` \\\\ \\$y\\$ \\<\\!-- z --\\> \\&lt;"),
    ],
)
def test_markdown_is_text(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_span_of_code_ends_where_it_should() -> None:
    assert [code_span(text) for text in ("", "a", "a`b", "``", " a", "a\nb")] == ["", "`a`", "``a`b``", "``` `` ```", "`  a `", "`a\\nb`"]


@pytest.mark.parametrize("module", [findings_csv, jira, servicenow])
def test_an_analysis_brings_its_scores(module: object) -> None:
    assert "56.0" in getattr(module, "render")(analysis(), EMPTY, {})  # noqa: B009 - any of three modules
