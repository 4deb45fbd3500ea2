"""Vertex AI Pipelines, through its REST API and google-auth (extra `vertex`)."""
