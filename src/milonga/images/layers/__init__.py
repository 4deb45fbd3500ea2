"""Layers: which files, where, and the one sequence of bytes that stands for them."""
