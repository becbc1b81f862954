"""MCP server for Prometheus: queries, ranges and alerts in short true answers."""
