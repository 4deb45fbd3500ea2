"""Every performance claim of milonga, measured beside its peers: `python -m benchmarks`."""
