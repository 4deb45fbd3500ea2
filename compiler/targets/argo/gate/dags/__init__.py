"""Tasks of a DAG: who waits for whom, and which of them run at all."""
