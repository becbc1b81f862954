"""Real backends on one machine for live tests and benchmarks."""
