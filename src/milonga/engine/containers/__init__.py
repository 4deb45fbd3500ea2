"""Containers on this machine: the engine that runs them, images, and the process that sees them to their end."""
