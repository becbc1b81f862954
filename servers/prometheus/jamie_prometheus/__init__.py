"""MCP server for Prometheus: queries, ranges and alerts in short true answers."""

import jamie_base as jamie_base  # first: it tunes the process before the SDK is loaded
