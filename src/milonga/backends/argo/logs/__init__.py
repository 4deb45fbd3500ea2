"""What the pods of a run have written, and go on writing."""
