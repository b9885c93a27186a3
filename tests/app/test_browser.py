"""The dashboard in a real headless Chromium, served by the real command."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURE = "[data-testid=stGraphVizChart] svg"
SECONDS = 60_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser. Where there is none the tests are skipped, unless GRAPHINV_REQUIRE_BROWSER=1 asks for one."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        reason = "there is no Chromium here: install chromium or name one in CHROMIUM"
        if os.environ.get("GRAPHINV_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(store: Path) -> Iterator[str]:
    """The address of ``graphinv app`` on ``store``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from graphinv.cli import main; main()",
        "app",
        "--store",
        str(store),
        "--port",
        str(port),
        "--no-browser",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, server)
            yield address
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.communicate(timeout=30)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            assert server.poll() is None, "the dashboard ended by itself"
            assert time.monotonic() < until, "the dashboard did not start"
            time.sleep(0.2)


class Watch:
    """Whatever a page complains of: errors on its console, exceptions, requests that leave this machine."""

    def __init__(self, page: Page, address: str) -> None:
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._look(request.url, address))

    def _look(self, url: str, address: str) -> None:
        if not url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:")):
            self.complaints.append(f"asked {url}")


def settled(page: Page) -> None:
    """Wait until the page is shown and nothing runs any more; no exception may be on it."""
    page.wait_for_selector("[data-testid=stDataFrame], [data-testid=stAlert]", timeout=SECONDS)
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=SECONDS)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def go(page: Page, view: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=view).click()
    expect(page.get_by_role("heading", name=view, exact=True)).to_be_visible(timeout=SECONDS)
    settled(page)


def at_rest(element: Locator) -> FloatRect:
    """Where ``element`` is once it has stopped moving: what stands above it may still be drawn."""
    until = time.monotonic() + SECONDS / 1000
    before = None
    while time.monotonic() < until:
        box = element.bounding_box()
        if box is not None and box == before:
            return box
        before = box
        element.page.wait_for_timeout(500)
    raise AssertionError("it never comes to rest")


@pytest.fixture(scope="module")
def company(store: Path) -> Iterator[str]:
    """The dashboard on the store of the small company."""
    with served(store) as address:
        yield address


def test_every_view_opens_without_complaint(chromium: Browser, company: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    watch = Watch(page, company)
    page.goto(company)
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible(timeout=SECONDS)
    settled(page)
    expect(page.locator("[data-testid=stMetric]").first).to_contain_text("3")
    expect(page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first).to_be_visible(timeout=SECONDS)
    expect(page.locator(f"{PICTURE} g.node")).to_have_count(3, timeout=SECONDS)
    go(page, "Agents")
    for tab in ("Findings", "Edges", "Properties", "Score"):
        page.get_by_role("tab", name=tab).click()
        settled(page)
    go(page, "Blast radius")
    expect(page.locator(f"{PICTURE} g.node").first).to_be_visible(timeout=SECONDS)
    for view in ("Findings", "Decisions", "Changes", "Queries", "Overview"):
        go(page, view)
    assert watch.complaints == []
    page.close()


def test_the_picture_shows_the_path_and_follows_the_lens(chromium: Browser, company: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(company)
    settled(page)
    go(page, "Blast radius")
    nodes, path = page.locator(f"{PICTURE} g.node"), page.locator(f"{PICTURE} g.edge.path")
    expect(nodes).to_have_count(6, timeout=SECONDS)
    expect(path).to_have_count(2)
    expect(path.first).to_contain_text("gate")
    expect(path.first).to_contain_text("deny")
    strokes = [one.get_attribute("stroke") for one in page.locator(f"{PICTURE} g.edge.path path").all()]
    assert strokes == ["#15803d", "#c81e1e"]
    numbers = page.locator("[data-testid=stCaptionContainer]").filter(has_text="On the way")
    expect(numbers).to_contain_text("2 targets (3 atoms), impact 81 under the posture lens")
    page.get_by_role("radio", name="ungoverned").click()
    expect(numbers).to_contain_text("1 target (2 atoms), impact 76 under the ungoverned lens", timeout=SECONDS)
    expect(path).to_have_count(3, timeout=SECONDS)
    settled(page)
    page.close()


def test_a_click_in_the_table_selects_the_target(chromium: Browser, company: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 2000})
    page.goto(company)
    settled(page)
    go(page, "Blast radius")
    box = at_rest(page.locator("[data-testid=stDataFrame]").last)
    page.mouse.click(box["x"] + 16, box["y"] + 33 * 2.5)
    expect(page.get_by_text("can read Resource Vault", exact=False)).to_be_visible(timeout=SECONDS)
    settled(page)
    page.close()


def test_a_name_that_nothing_has_is_no_clean_answer(chromium: Browser, company: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(company)
    settled(page)
    go(page, "Queries")
    question = page.get_by_role("combobox", name="Question")
    question.fill("Who can make an agent act")
    question.press("Enter")
    agent = page.get_by_role("combobox", name="agent (text)")
    agent.fill("read")
    page.get_by_role("option", name="Add: read").click()
    expect(page.get_by_text("no Agent is called 'read'; near to it: Reader")).to_be_visible(timeout=SECONDS)
    page.close()


def test_names_of_strangers_stay_text(chromium: Browser, hostile_store: Path) -> None:
    with served(hostile_store) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        watch = Watch(page, address)
        page.on("dialog", lambda dialog: watch.complaints.append(f"dialog {dialog.message}"))
        page.goto(address)
        settled(page)
        for view in ("Agents", "Findings", "Queries", "Blast radius", "Decisions", "Changes", "Overview"):
            go(page, view)
            main = page.locator("[data-testid=stMain]")
            assert page.get_by_test_id("stElementToolbar").get_by_role("button", name="Download as CSV").count() == 0, (
                "a formula would reach a spreadsheet"
            )
            assert main.locator("script, strong:text-is('bold'), a[href*='evil'], a[href*='javascript'], .katex, iframe").count() == 0
        go(page, "Blast radius")
        expect(page.locator(f"{PICTURE} g.node")).to_have_count(3, timeout=SECONDS)
        assert watch.complaints == []
        page.close()


def test_no_store_says_what_to_do(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "graph").write_bytes(b"something else")
    with served(tmp_path / "graph") as address:
        page = chromium.new_page()
        page.goto(address)
        expect(page.get_by_text("The store cannot be opened.")).to_be_visible(timeout=SECONDS)
        expect(page.get_by_text("graphinv demo")).to_be_visible()
        settled(page)
        page.close()
