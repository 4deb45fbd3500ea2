"""Runs on a Kubernetes with Argo Workflows: ours, and the same shape as the plainest Workflow written by hand."""
