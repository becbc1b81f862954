"""What changed, told from objects as they are; no I/O."""
