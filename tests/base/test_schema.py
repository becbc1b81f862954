"""Schemas every host accepts."""

from typing import Literal

from pydantic import BaseModel

from jamie_base.schema import flat


class Matcher(BaseModel):
    label: str
    operator: Literal["=", "!="] = "="


class Tree(BaseModel):
    title: str
    children: list["Tree"] = []


class Arguments(BaseModel):
    matchers: list[Matcher]
    since: str | None = None
    either: int | str = 1


def test_a_flat_schema_has_no_references_titles_or_null_arms() -> None:
    schema = flat(Arguments.model_json_schema())

    assert schema == {
        "type": "object",
        "properties": {
            "matchers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "label": {"type": "string"},
                        "operator": {"type": "string", "enum": ["=", "!="], "default": "="},
                    },
                    "required": ["label"],
                },
            },
            "since": {"type": "string"},
            "either": {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": 1},
        },
        "required": ["matchers"],
    }


def test_a_property_may_be_called_title() -> None:
    assert "title" in flat(Tree.model_json_schema())["properties"]


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = flat(Tree.model_json_schema())

    assert "$ref" not in repr(schema)
    assert "$defs" not in repr(schema)
