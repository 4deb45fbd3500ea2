"""From the nodes of a Workflow to the tasks of the pipeline."""
