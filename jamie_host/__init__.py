"""A thin MCP host: connects to MCP servers and lets a language model choose their tools."""
