"""Suites of others, run against the product's own code."""
