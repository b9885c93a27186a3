"""The demo's files: marks become values, always the same ones, and nothing outside the target is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from detect_secrets.core import scan as detect_secrets_scan
from detect_secrets.settings import transient_settings

from graphinv.model.errors import GraphinvError
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.demo import MARK, SHAPES, fake, materialise

DEMO = bundled("data") / "demo"

TYPED_DETECTORS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)


def tree(top: Path) -> dict[str, bytes]:
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def hits(top: Path) -> list[tuple[str, int, str]]:
    """(path, line, detector) of everything that looks like a secret."""

    def found() -> Iterator[tuple[str, int, str]]:
        with transient_settings({"plugins_used": [{"name": name} for name in TYPED_DETECTORS]}):
            for path in sorted(tree(top)):
                for secret in detect_secrets_scan.scan_file(str(top / path)):
                    yield path, secret.line_number, secret.type

    return list(found())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("made") / "demo"
    materialise(DEMO, target)
    return target


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    source = tmp_path / "templates"
    (source / "team").mkdir(parents=True)
    (source / "team" / ".env").write_text("KEY=@@FAKE:one:hex32@@\n")
    (source / "plain.txt").write_text("nothing here\n")
    return source


def test_every_mark_becomes_a_value(made: Path) -> None:
    assert set(tree(made)) == set(tree(DEMO)) | {".materialised"}
    assert sum(len(MARK.findall(data)) for data in tree(DEMO).values()) >= 10
    assert not [path for path, data in tree(made).items() if b"@@" in data]


def test_the_same_tree_every_time(made: Path, tmp_path: Path) -> None:
    materialise(DEMO, tmp_path / "again")
    assert tree(tmp_path / "again") == tree(made)


def test_what_is_right_is_not_written_again(templates: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    materialise(templates, target)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in target.rglob("*") if path.is_file()}
    materialise(templates, target)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in target.rglob("*") if path.is_file()} == before


def test_a_changed_copy_is_put_right_and_what_is_gone_goes(templates: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    materialise(templates, target)
    first = tree(target)
    (target / "plain.txt").write_text("changed")
    (target / "old" / "deep").mkdir(parents=True)
    (target / "old" / "deep" / ".env").write_text("left over")
    materialise(templates, target)
    assert tree(target) == first
    assert not (target / "old").exists()


def test_one_name_is_one_value_in_all_files(made: Path) -> None:
    token = fake("github-machine-user", "github")
    assert {path for path, data in tree(made).items() if token.encode() in data} == {
        "labs/price-scout/.mcp.json",
        "platform/storefront/.env",
    }


def test_shapes_give_what_they_say() -> None:
    for shape, template in SHAPES.items():
        value = fake("x", shape)
        length = len(re.sub(r"<\w\d+>", "", template)) + sum(int(number) for number in re.findall(r"<\w(\d+)>", template))
        assert len(value) == length
        assert "<" not in value
        assert value != fake("y", shape)


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(GraphinvError, match="no shape 'cube'"):
        fake("x", "cube")


@pytest.mark.parametrize("text", ["@@FAKE:one:cube@@", "@@FAKE:one@@", "@@FAKE:One:hex32@@"])
def test_a_mark_that_is_not_understood_stops_it(templates: Path, tmp_path: Path, text: str) -> None:
    (templates / "team" / "bad.env").write_text(f"KEY={text}\n")
    with pytest.raises(GraphinvError):
        materialise(templates, tmp_path / "demo")


def test_a_folder_of_somebody_else_is_left_alone(templates: Path, tmp_path: Path) -> None:
    target = tmp_path / "work"
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(GraphinvError, match="not the demo"):
        materialise(templates, target)
    assert tree(target) == {"thesis.txt": b"mine"}


def test_no_link_leads_out_of_the_target(templates: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    materialise(templates, target)
    (target / "team" / ".env").unlink()
    (target / "team" / ".env").symlink_to(outside / "kept.txt")
    materialise(templates, target)
    assert (outside / "kept.txt").read_text() == "kept"
    assert not (target / "team" / ".env").is_symlink()
    (target / "team" / ".env").unlink()
    (target / "team").rmdir()
    (target / "team").symlink_to(outside)
    with pytest.raises(GraphinvError, match="leads out of itself"):
        materialise(templates, target)
    assert tree(outside) == {"kept.txt": b"kept"}


def test_not_into_its_own_templates(templates: Path) -> None:
    with pytest.raises(GraphinvError, match="inside its own templates"):
        materialise(templates, templates / "copy")


def test_no_scanner_objects_to_the_repository_and_every_value_is_seen(made: Path) -> None:
    assert hits(DEMO) == []
    assert {detector for _, _, detector in hits(made)} >= {"GitHub Token", "Basic Auth Credentials", "Stripe Access Key"}


def test_no_address_is_real() -> None:
    reserved = re.compile(rb"@[\w-]+(?:\.[\w-]+)*\.example\b")
    for path, data in tree(DEMO).items():
        for address in re.findall(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", MARK.sub(b"", data)):
            package = re.search(rb"@\d", address)
            assert package or reserved.search(address), f"{path}: {address!r}"
