"""Kubernetes with the Argo Workflows controller, and a bucket."""
