"""Python packages in a layer: locked requirements, and milonga itself."""
