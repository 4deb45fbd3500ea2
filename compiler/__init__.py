"""From the author's function to a file that a back end takes: trace → Graph → rules → target."""
