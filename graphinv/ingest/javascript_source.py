"""JavaScript and TypeScript source: agents of Mastra, LangGraph.js, Genkit, the OpenAI and Claude agent SDKs, the Vercel AI SDK
and others, MCP servers.

The documents of a root are understood together: see :mod:`graphinv.ingest.support.javascript`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.frameworks import frameworks
from graphinv.ingest.support.javascript.frameworks.plain import FRAMEWORKS
from graphinv.ingest.support.javascript.modules import SUFFIXES, read_config
from graphinv.ingest.support.javascript.parsing import is_bundle
from graphinv.ingest.support.javascript.parts import NOTHING, Outline
from graphinv.ingest.support.javascript.parts import outline as outlined
from graphinv.ingest.support.javascript.parts import parts as independent
from graphinv.ingest.support.javascript.program import INGESTOR, Program
from graphinv.ingest.support.javascript.skim import skim_module
from graphinv.ingest.support.javascript.summary import read_module
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

NAME = INGESTOR
TITLE = "JavaScript and TypeScript source"
FILES: tuple[str, ...] = ("*.ts", "*.tsx", "*.mts", "*.cts", "*.js", "*.jsx", "*.mjs", "*.cjs", "package.json", "tsconfig.json")

_PACKAGES = b"|".join(re.escape(package).encode() for one in FRAMEWORKS if not one.MARKS for package in one.PACKAGES)
_OTHERS = b"|".join(mark for one in FRAMEWORKS for mark in one.MARKS)
_MARKS = re.compile(
    rb"""["'](?:@mastra/|@langchain/|langchain["'/]|@openai/agents|ai["'/]|ai/|@ai-sdk/|@anthropic-ai/claude-|@modelcontextprotocol/"""
    rb"""|@llamaindex/|llamaindex["'/]|fastmcp["']|mcp-handler["']|@vercel/mcp-adapter["']|deepagents["']|@aws-cdk/aws-bedrock"""
    rb"""|@cdklabs/generative-ai-|@cloudflare/(?:ai-chat|think)["'/]|genkit["'/]|@genkit-ai/|@anthropic-ai/sdk["'/]|@google/genai["'/]|(?:openai|groq-sdk|ollama)["'/]|@mistralai/|(?:%s)["'/])|\bfrom\s*["']agents["'/]|\bCfnAgent\b|%s"""
    % (_PACKAGES, _OTHERS)
)
_HINTS = re.compile(rb"[a-z]Agents?\b|\bagents?\b|[a-z]Tools?\b|\btools?\b|\bmcp\b|[wW]orkflow", re.IGNORECASE)
_EFFECTS = re.compile(
    rb"""["'](?:node:)?(?:child_process|fs|fs/promises|fs-extra|execa|axios|got|pg|mysql2?|better-sqlite3|sqlite3?|mongodb|mongoose|redis"""
    rb"""|ioredis|stripe|nodemailer|resend|postgres|@aws-sdk/|@prisma/client|@octokit/|octokit|@slack/|twilio|@sendgrid/|@supabase/"""
    rb"""|googleapis|@google-cloud/|node-fetch|undici|playwright|puppeteer|@notionhq/|@linear/|firebase-admin|@neondatabase/|knex)|\bfetch\(|\bprocess\.env\b"""
)
_IMPORT = re.compile(rb"\bimport\b|\brequire\(")
MAX_HELPER = 60_000
"""Bytes of a document that has to do with agents only through those that import it."""


def detect(path: str, head: bytes) -> bool:
    """Whether it has a suffix of one of the languages, or says where modules are."""
    lowered = path.lower()
    name = lowered.rpartition("/")[2]
    if name == "package.json" or (name.startswith("tsconfig") and name.endswith(".json")):
        return True
    if not lowered.endswith(SUFFIXES) or lowered.endswith((".d.ts", ".d.mts", ".d.cts", ".min.js")):
        return False
    return "/node_modules/" not in f"/{lowered}"


def summarise(document: Document) -> ir.Module | ir.Config:
    """What the meaning of a root's documents needs of this one. A document that has nothing to do with agents is no error, whatever is
    wrong with it.

    Raises:
        IngestError: it has to do with agents and is no text, or nested without end.
    """
    if (document.path or document.root).lower().endswith(".json"):
        return _config(document)
    document = replace(document, data=_plain(document))
    if not is_bundle(document.data) and _MARKS.search(document.data):
        return read_module(document, marked=True)
    return _helper(document)


def outline(document: Document) -> Outline | ir.Config:
    """What of the summary says which documents belong together.

    Raises:
        IngestError: as :func:`summarise`, which may also raise where this does not.
    """
    if (document.path or document.root).lower().endswith(".json"):
        return _config(document)
    data = _plain(document)
    if is_bundle(data):
        return NOTHING
    return outlined(data, _MARKS.search(data) is not None)


def _plain(document: Document) -> bytes:
    """The document in UTF-8; nothing of it where it says that it is UTF-16 and is not."""
    if document.data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return document.data
    try:
        return document.text().encode()
    except IngestError:
        return b""


def parts(outlines: Mapping[str, Outline | ir.Config]) -> list[list[str]]:
    """Paths of documents that have to be linked together; what is in different parts can be linked apart, with the same result."""
    return independent(outlines)


def _config(document: Document) -> ir.Config:
    try:
        return read_config(document)
    except IngestError:
        return ir.Config(document.path, "", "", (), (), "", (), "", "")


def _helper(document: Document) -> ir.Module:
    """A document that can matter only through those that import it."""
    data = document.data
    try:
        if is_bundle(data):
            return ir.Module(document.path, {}, {}, (), frozenset(), marked=False)
        if len(data) <= MAX_HELPER and (_EFFECTS.search(data) or (_IMPORT.search(data) and _HINTS.search(data))):
            return read_module(document, marked=False)
    except IngestError:
        return ir.Module(document.path, {}, {}, (), frozenset(), marked=False)
    return skim_module(document)


def link(root: str, summaries: Mapping[str, ir.Module | ir.Config]) -> Iterator[Fact]:
    """The facts of all documents of a root."""
    modules = {path: one for path, one in sorted(summaries.items()) if isinstance(one, ir.Module)}
    configs = {path: one for path, one in sorted(summaries.items()) if isinstance(one, ir.Config)}
    used = {package for module in modules.values() if module.marked for package in module.packages}
    asked = [
        one for one in frameworks() if any(name == package or name.startswith(f"{package}/") for package in one.PACKAGES for name in used)
    ]
    if not asked:
        return
    program = Program(root, modules, configs)
    for framework in asked:
        framework.declare(program)
    for framework in asked:
        yield from framework.facts(program)
    yield from program.nodes()
    yield from program.rest()
