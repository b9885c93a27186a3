"""Imported by the process from which those that read are forked (:mod:`graphinv.pipeline.pool`): all that reading needs."""

from graphinv.ingest import ingestors
from graphinv.ingest.support.python.frameworks import frameworks as python_frameworks
from graphinv.ingest.support.secret_shapes import hide
from graphinv.pipeline import documents

__all__ = ["documents"]

ingestors()
python_frameworks()
hide("a" * 20)  # compiles its patterns
