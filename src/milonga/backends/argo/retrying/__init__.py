"""A failed run, again: what has finished well is kept."""
