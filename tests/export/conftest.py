from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.export.trackers import FAKES, Fake, FakeGitHub, served


@pytest.fixture(params=FAKES, ids=lambda fake: fake.__name__)
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    with served(request.param()) as made:
        yield made


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with served(FakeGitHub()) as made:
        assert isinstance(made, FakeGitHub)
        yield made
