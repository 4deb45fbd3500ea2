"""Fields and their types: structural schemas, from the user's definitions or from a table of ours, and one checker."""
