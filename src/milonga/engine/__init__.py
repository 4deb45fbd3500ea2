"""The embedded back end: runs a Graph from any source on one machine, without a server."""
