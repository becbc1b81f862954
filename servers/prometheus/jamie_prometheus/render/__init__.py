"""Data to a few lines of text; pure functions."""
