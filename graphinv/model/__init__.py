"""The vocabulary of graphinv: kinds, facts, the estate, results, errors. Imports pydantic and nothing else of ours."""
