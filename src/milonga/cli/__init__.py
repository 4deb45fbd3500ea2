"""The command line. One file a verb; stdout is data, everything else goes to stderr."""
