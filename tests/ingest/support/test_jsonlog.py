from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest.support import jsonlog
from tests.ingest.reading import document


def test_what_is_no_json_is_passed_over_without_counting_the_lines_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    class Decoder(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            try:
                return super().raw_decode(s, idx)
            except json.JSONDecodeError as error:
                counted.append(error.lineno)
                raise

    monkeypatch.setattr(jsonlog, "_DECODER", Decoder())
    log = jsonlog.JsonLog(document("{\n" * 5 + '{"a": {"b": 1}}\n', "a.log"))
    assert list(log.objects()) == [(6, {"a": {"b": 1}})]
    assert (log.bad, log.skipped) == (1, 5)
    assert counted == [1] * 5
