"""A part of a pipeline in one pod: its tasks run as processes of it.

They have the same recipes, inputs and results as in pods of their own. It loads nothing but Python's standard library.
"""
