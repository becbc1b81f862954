"""The built-in brain: answers a few questions well, offline, without a language model."""
