"""The docstring below each setting, for `--help`.

pydantic can read them while it makes a class, but looks through the source of every module for
that, which would be a thirtieth of a server's start.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise

from pydantic import BaseModel


def describe(model: type[BaseModel]) -> None:
    """Give every field of a model that has no description the docstring that stands below it."""
    for name, text in _documented(model):
        field = model.model_fields[name]
        field.description = field.description or text


def _documented(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for base in model.__mro__:
        if issubclass(base, BaseModel):
            yield from _docs(base)


def _docs(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield fields and docstrings; none where the source is not installed with the program."""
    try:
        source = inspect.getsource(model)
    except OSError:
        return

    for made in ast.parse(textwrap.dedent(source)).body:
        for field, below in pairwise(made.body if isinstance(made, ast.ClassDef) else ()):
            if text := _doc(below):
                yield from ((name, text) for name in _named(field) if name in model.model_fields)


def _named(statement: ast.stmt) -> tuple[str, ...]:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case _:
            return ()


def _doc(statement: ast.stmt) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
        case _:
            return ""
