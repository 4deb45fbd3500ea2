"""Serves a compiled model on this machine with KServe's own model server, over the Open Inference Protocol v2."""
