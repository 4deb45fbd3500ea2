"""Tasks that share a pod: what that pod has noted of them, as tasks of the run."""
