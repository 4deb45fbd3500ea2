"""Faults that are put into a run on purpose: for tests of the engine, and for users who want to see theirs survive."""
