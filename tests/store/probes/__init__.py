"""Probes of the query language: what every store answers, what none does, where engines differ. docs/dialect.md is made of them."""
