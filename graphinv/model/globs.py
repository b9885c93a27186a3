"""Globs in scopes, statements and filters, whoever wrote them."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def glob_form(glob: str) -> re.Pattern[str]:
    """What a text has to match whole that ``glob`` means: ``*`` is any text, ``?`` one character, and nothing else is special.

    >>> bool(glob_form("postgres://*/[ab]").match("postgres://db:5432/[ab]"))
    True
    """
    # fnmatch's translation neither goes back between stars nor stops at line ends; [ is quoted, since its character classes are not ours.
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))
