from __future__ import annotations

import pytest

from graphinv.model.errors import GraphinvError
from graphinv.pipeline.bundled import bundled, texts


@pytest.mark.parametrize("folder", ["app", "data", "queries"])
def test_what_ships_beside_the_code_is_found(folder: str) -> None:
    assert bundled(folder).is_dir()


def test_a_missing_folder_says_what_to_do() -> None:
    with pytest.raises(GraphinvError, match=r"lacks its folder nothing/; install it again"):
        bundled("nothing")


def test_texts_come_by_relative_path_in_order() -> None:
    rules = texts("queries/rules", ".cypher")
    assert list(rules) == sorted(rules)
    assert "GI-OWN-001.cypher" in rules
    assert rules["GI-OWN-001.cypher"].startswith("//")
    assert all("/" in name for name in texts("queries/explore", ".cypher"))
