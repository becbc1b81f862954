"""MCP server for Prometheus: queries, ranges and alerts in short true answers."""

import jamie_base  # noqa: F401  # first: it tunes the process before the SDK is loaded
