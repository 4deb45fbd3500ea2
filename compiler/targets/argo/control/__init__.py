"""Values that Argo itself must know: conditions, lengths of lists, settings of pods. Data never takes this way."""
