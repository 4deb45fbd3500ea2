"""Groups of tasks that share a pod: what it is told, and its template."""
