"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Machines that run tests are shared and slow at times: how long one example takes says nothing.
settings.register_profile("graphinv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("graphinv")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor fill the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHINV_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
