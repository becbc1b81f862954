"""Data as a few lines of text; pure functions, one module a tool."""

from jamie_loki.render.answer import answer
from jamie_loki.render.errors import errors
from jamie_loki.render.labels import labels

__all__ = ["answer", "errors", "labels"]
