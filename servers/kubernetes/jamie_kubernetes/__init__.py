"""MCP server for Kubernetes: what runs, what is sick and why, in short true answers."""

import jamie_base  # noqa: F401  # pyright: ignore[reportUnusedImport]  # first: it tunes the process
