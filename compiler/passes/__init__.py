"""Graph → Graph. Each pass is one function in one file; a target names the passes that it needs."""
