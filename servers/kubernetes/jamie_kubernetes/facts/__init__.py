"""What objects mean: counted, grouped and judged; no I/O."""
