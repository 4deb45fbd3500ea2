"""What tasks and pipelines have made, read from the bucket."""
