"""graphinv: which AI agents do we run, what could each of them reach, by which path, and which hop would stop it."""

from importlib.metadata import version

__version__ = version("graphinv")
