"""The bucket of a namespace: where it is, and what is read from it."""
