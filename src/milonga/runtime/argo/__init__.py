"""What the compiler and the program in a pod have agreed on, where Argo runs the pipeline."""
