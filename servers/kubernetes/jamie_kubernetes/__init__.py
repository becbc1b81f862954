"""MCP server for Kubernetes: what runs, what is sick and why, in short true answers."""

import jamie_base as jamie_base  # first: it tunes the process before the SDK is loaded
