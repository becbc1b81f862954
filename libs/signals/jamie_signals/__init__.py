"""What metrics and logs mean: series, units, log patterns, levels, error categories. No I/O."""
