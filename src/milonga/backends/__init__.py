"""Systems that run pipelines elsewhere, one folder each."""
