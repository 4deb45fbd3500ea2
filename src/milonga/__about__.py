"""The one place that names the version; the changelog must agree (a test checks it)."""

__version__ = "0.1.0"
