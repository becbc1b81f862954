"""Where a pod fits and why not: the scheduler's filters, computed again, and the way out."""
