"""The areas of a diagnosis: what each asks of the cluster."""
