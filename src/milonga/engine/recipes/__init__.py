"""Expressions that say where a value comes from, and their evaluation: see `evaluator`."""
