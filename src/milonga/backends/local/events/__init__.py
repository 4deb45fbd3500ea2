"""Events that start runs: files that arrive, requests over HTTP."""
