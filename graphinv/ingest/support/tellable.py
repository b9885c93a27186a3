"""What documents write that may be shown: texts that hold no credential, and packages whose names hold none."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.secrets import redact, url_parts


def tellable(text: str) -> bool:
    """Whether ``text`` may be shown: it holds no credential, and nothing made by a machine to be guessed by nobody."""
    parts = url_parts(f"https://x/{text}")
    return redact(text) == text and (parts is None or "{secret}" not in parts.url)


def _scrambled(name: str) -> bool:
    """Whether a run of letters and digits changes its case more often than words do: no author names a package so.

    >>> _scrambled("ModelContextProtocol"), _scrambled("aQx" * 8)
    (False, True)
    """
    for run in re.findall(r"[A-Za-z0-9]{20,}", name):
        classes = ["digit" if one.isdigit() else "upper" if one.isupper() else "lower" for one in run]
        if sum(one != other for one, other in pairwise(classes)) > len(run) / 3:
            return True
    return False


def tellable_package(package: Package | None) -> Package | None:
    """``package`` unless a credential stands where its name should; without its version where one stands there."""
    if package is None or _scrambled(package.name) or not tellable(package.purl) or not tellable(package.name):
        return None
    return package if package.pinned or tellable(package.version or "") else replace(package, version=None)
