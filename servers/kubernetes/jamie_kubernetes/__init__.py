"""MCP server for Kubernetes: what runs, what is sick and why, in short true answers."""
