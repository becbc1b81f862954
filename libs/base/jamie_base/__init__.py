"""What every Jamie MCP server shares: serving tools safely and reaching a backend."""
