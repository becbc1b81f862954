"""MCP server for Loki: log lines, patterns and errors in short true answers."""

import jamie_base as jamie_base  # first: it tunes the process before the SDK is loaded
