"""Kubeflow Pipelines 2.x, through kfp's own client (extra `kfp`)."""
