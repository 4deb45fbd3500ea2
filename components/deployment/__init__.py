"""Deployment: everything that a cluster, or the local server, needs to serve one compiled model."""

from milonga.components.deployment.component import deploy

__all__ = ["deploy"]
