"""Where base images come from: registries, OCI layouts and archives of docker."""
