"""What of an object may be seen."""

import base64
import json
import sys

import pytest

from jamie_base.redact import Redactor
from jamie_kubernetes.facts.paths import Found, read_path
from jamie_kubernetes.facts.veil import Veil
from tests.kubernetes.wire import Json

REDACTOR = Redactor(b"key")
CANARY = "correct horse battery"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret() -> Json:
    applied = json.dumps({"kind": "Secret", "data": {"old": encoded("an older " + CANARY)}})
    return {
        "kind": "Secret",
        "metadata": {"name": "db", "annotations": {"applied": applied, "copy": f"<{CANARY}>"}},
        "data": {"a": encoded(CANARY), "b": encoded(CANARY), "raw": "/w=="},
        "stringData": {"c": CANARY},
        "type": "Opaque",
    }


def test_a_secret_keeps_its_keys_and_loses_its_values() -> None:
    shown = Veil(REDACTOR, secret=True).whole(secret())

    text = json.dumps(shown)
    assert CANARY not in text
    assert encoded(CANARY) not in text
    assert encoded("an older " + CANARY) not in text
    assert '"type": "Opaque"' in text
    mark = REDACTOR.value(CANARY)
    assert shown["data"] == {"a": mark, "b": mark, "raw": REDACTOR.value("/w==")}
    assert shown["stringData"] == {"c": mark}


def test_the_kind_in_the_object_is_enough() -> None:
    assert CANARY not in json.dumps(Veil(REDACTOR, secret=False).whole(secret()))


def test_data_that_is_no_map_is_hidden_too() -> None:
    shown = Veil(REDACTOR, secret=True).whole({"data": CANARY, "stringData": None})

    assert shown == {"data": REDACTOR.value(CANARY), "stringData": {}}


@pytest.mark.parametrize(
    ("path", "is_secret"),
    [
        ("spec.env[*].value", True),
        ("spec.env[name=DB_PASSWORD].value", True),
        ("spec.env[0].value", True),
        ("spec.args[1]", True),
        ("spec.args[*]", True),
        ("spec.args", True),
        ("spec", True),
        ("data.API_TOKEN", True),
        ("data.*", True),
        ("data", True),
        ("data.url", True),
        ("spec.env[*].name", False),
        ("data.mode", False),
    ],
)
def test_a_value_is_a_secret_by_what_names_it(path: str, is_secret: bool) -> None:
    args = ["--token", "hunter2hunter2", "--url", "http://x"]
    one: Json = {
        "spec": {"env": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}], "args": args},
        "data": {
            "API_TOKEN": "hunter2hunter2",
            "mode": "fast",
            "url": "https://me:hunter2hunter2@host/",
        },
    }

    shown = [*Veil(REDACTOR, secret=False).follow(one, read_path(path))]

    # The answer as a whole is redacted once more, which finds a flag and its value.
    text = REDACTOR.text(json.dumps(shown))
    assert "hunter2" not in text
    assert ("[redacted:" in text) is is_secret


def test_a_path_cannot_ask_for_a_secret_by_its_value() -> None:
    one: Json = {"env": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}]}
    veil = Veil(REDACTOR, secret=False)

    assert [*veil.follow(one, read_path("env[value=hunter2hunter2].name"))] == []
    assert [*veil.follow(one, read_path("env[name=DB_PASSWORD].name"))] == ["DB_PASSWORD"]


def test_a_column_can_name_a_secret() -> None:
    veil = Veil(REDACTOR, secret=False)

    assert veil.cell("Password", "hunter2") == REDACTOR.value("hunter2")
    assert veil.cell("Size", "3") == "3"


def test_long_texts_are_not_remembered() -> None:
    veil, text = Veil(REDACTOR, secret=False), "the contents of a file " * 100
    before = sys.getrefcount(text)

    assert veil.see(Found(text)) == text
    assert sys.getrefcount(text) == before
