"""Registries: the distribution protocol over HTTP, with the credentials that docker has."""
