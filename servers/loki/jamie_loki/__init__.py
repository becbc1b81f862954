"""MCP server for Loki: log lines, patterns and errors in short true answers."""
