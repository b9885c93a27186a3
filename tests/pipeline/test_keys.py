"""The fingerprint key: private, made once and whole, and a clear error where it cannot be used."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from graphinv.model.errors import StoreError
from graphinv.pipeline.keys import KEY_FILE_VARIABLE, Fingerprinter, key_path, known_key, store_key


@pytest.fixture(autouse=True)
def _no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)


def test_it_is_made_once_beside_the_store_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = store_key(str(tmp_path / "deep" / "graph"))
    finally:
        os.umask(before)
    path = tmp_path / "deep" / "graph.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(key) == 32
    assert store_key(str(tmp_path / "deep" / "graph")) == key
    assert [entry.name for entry in path.parent.iterdir()] == ["graph.key"]


def test_two_stores_have_two_keys_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert store_key(one) != store_key(two)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "team" / "shared.key"))
    assert store_key(one) == store_key(two) == store_key("bolt://graph.example.test")
    assert (tmp_path / "team" / "shared.key").stat().st_mode & 0o777 == 0o600


def test_a_server_has_its_key_in_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = key_path("bolt://graph.example.test:7687")
    assert path.parent == tmp_path / "graphinv"
    assert "example" not in path.name
    assert path != key_path("bolt://other.example.test:7687")


def test_many_at_once_agree(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(store_key(str(tmp_path / "graph")))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 12
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not a key at all\n", "hex digits"), (b"\xff\xfe\x80", "hex digits"), (b"", "too short"), (b"abcd\n", "too short")],
)
def test_what_is_no_key_is_refused_without_being_quoted(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "graph.key"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said) as error:
        store_key(str(tmp_path / "graph"))
    assert str(path) in str(error.value)
    assert "not a key" not in str(error.value)
    assert path.read_bytes() == content


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "graph.key").mkdir()
    with pytest.raises(StoreError, match="cannot be used: Is a directory"):
        store_key(str(tmp_path / "graph"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/graph.key cannot be used: (Not a directory|File exists)"):
        store_key(str(tmp_path / "file" / "graph"))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620])
def test_a_key_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    store_key(str(tmp_path / "graph"))
    path = tmp_path / "graph.key"
    path.chmod(mode)
    with pytest.raises(StoreError, match=rf"graph\.key is open to others \(mode {mode:04o}\): run `chmod 600 "):
        store_key(str(tmp_path / "graph"))
    assert known_key(str(tmp_path / "graph")) is None


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440])
def test_a_key_may_be_its_owners_or_a_groups_to_read(tmp_path: Path, mode: int) -> None:
    key = store_key(str(tmp_path / "graph"))
    (tmp_path / "graph.key").chmod(mode)
    assert store_key(str(tmp_path / "graph")) == known_key(str(tmp_path / "graph")) == key


def test_a_key_that_is_not_there_is_not_made_for_those_who_only_look(tmp_path: Path) -> None:
    assert known_key(str(tmp_path / "graph")) is None
    assert not list(tmp_path.iterdir())


def test_a_permission_that_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_key(str(tmp_path / "graph"))

    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(StoreError, match=r"graph\.key cannot be used: Permission denied"):
        store_key(str(tmp_path / "graph"))


def test_fingerprints_are_keyed_and_tell_values_apart() -> None:
    one, two = Fingerprinter(b"a" * 32), Fingerprinter(b"b" * 32)
    assert one("value") == one("value") != two("value")
    assert one("value") != one("valuf")
    assert len(one("\ud800")) == 32
    assert set(one("value")) <= set("0123456789abcdef")
