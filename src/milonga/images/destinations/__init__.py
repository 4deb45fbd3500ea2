"""Where images go: OCI layouts, archives, registries."""
