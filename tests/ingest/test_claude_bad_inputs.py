"""What every reader of text formats must bear: the same bad inputs, any bytes, planted secrets."""

from __future__ import annotations

import json
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import claude_agents, claude_plugins, claude_settings, claude_skills, codeowners, env_file
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, FRONT, read
from tests.ingest.reading import fake

READERS: list[tuple[ModuleType, str]] = [
    (claude_agents, ".claude/agents/a.md"),
    (claude_settings, ".claude/settings.json"),
    (claude_plugins, ".claude-plugin/plugin.json"),
    (claude_plugins, ".claude-plugin/marketplace.json"),
    (claude_plugins, "hooks/hooks.json"),
    (claude_skills, ".claude/skills/a/SKILL.md"),
    (env_file, ".env"),
    (codeowners, "CODEOWNERS"),
]
BAD: dict[str, bytes] = {
    **EVERYWHERE,
    "truncated": b'{"permissions": {"allow": ["Ba',
    "deep mapping": b'{"hooks":' * 5_000 + b"1" + b"}" * 5_000,
    "tag": FRONT.encode() + b"tools: !!python/object/apply:os.system ['true']\n---\n",
    "itself": FRONT.encode() + b"tools: &x [*x]\n---\n",
    "utf-16": '{"name": "a"}'.encode("utf-16"),
    "wrong types": json.dumps(
        dict.fromkeys(("name", "permissions", "hooks", "env", "plugins", "mcpServers", "enabledPlugins", "sandbox"), 7)
    ).encode(),
    "wrong lists": json.dumps({key: [None, 7, {}, []] for key in ("name", "hooks", "plugins", "enabledMcpjsonServers")}).encode(),
    "long line": b"A=" + b"x" * 1_000_000,
    "many quotes": b'A="\n' * 20_000,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("reader", "path"), READERS)
def test_a_bad_document_gives_facts_or_one_error(reader: ModuleType, path: str, name: str) -> None:
    read(reader, path, BAD[name])


@pytest.mark.parametrize(("reader", "path"), READERS)
@settings(max_examples=60)
@given(data=ANY_BYTES)
def test_any_bytes_give_facts_or_an_error(reader: ModuleType, path: str, data: bytes) -> None:
    read(reader, path, data)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from(["Bash(x)", "mcp__a__b", "${X_TOKEN}", "*"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["command", "url", "hooks", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = """
name version permissions hooks env plugins mcpServers enabledPlugins sandbox model tools disallowedTools skills memory enabledMcpjsonServers
apiKeyHelper statusLine permissionMode allowed-tools
"""
KEYS = st.sampled_from(NAMES.split())


@pytest.mark.parametrize(("reader", "path"), READERS[:6])
@settings(max_examples=60)
@given(value=st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_settings_give_facts_or_an_error(reader: ModuleType, path: str, value: dict[str, object]) -> None:
    text = json.dumps(value)
    read(reader, path, f"---\n{text}\n---\n".encode() if path.endswith(".md") else text.encode())


def test_no_planted_secret_comes_out() -> None:
    planted = [fake(f"canary {index}", prefix) for index, prefix in enumerate(["", "gh" + "p_", "", "sk" + "-ant-api03-", "", ""])]
    a, b, c, d, e, f = planted
    texts = {
        ".claude/agents/a.md": f"{FRONT}tools: Bash(curl -H 'Authorization: Bearer {a}'), mcp__x__{b}\nmodel: {d}\n"
        f"hooks:\n  Stop:\n    - command: run --token {c}\nmcpServers:\n  - s:\n      command: x\n      env: {{A_TOKEN: {e}}}\n---\n{f}\n",
        ".claude/settings.json": json.dumps(
            {
                "env": {"A_TOKEN": a, "B": b},
                "hooks": {"Stop": [{"hooks": [{"type": "http", "url": f"https://u:{c}@h.example/x?token={e}"}]}]},
                "apiKeyHelper": f"echo {d}",
                "permissions": {"allow": [f"Bash(TOKEN={f} x)"]},
            }
        ),
        ".claude-plugin/plugin.json": json.dumps({"name": b, "version": d, "mcpServers": {"s": {"command": "x", "env": {"A_TOKEN": a}}}}),
        ".claude/skills/a/SKILL.md": f"---\nname: {b}\nallowed-tools: Bash(A_TOKEN={a})\n---\n{c}\n",
        ".env": f"A_TOKEN={a}\nB={b}\nURL=https://x:{c}@h/\nexport K='{d}'\nQ_SECRET=\"{e}\nA_PASSWORD={f}",
        "CODEOWNERS": f"* @{b} {d}@acme.example # {a}\n",
    }
    for reader, path in READERS:
        if path in texts:
            shown = repr(read(reader, path, texts[path].encode()))
            assert shown != "[]"
            assert [value[:4] for value in planted if value in shown] == []
