"""Secrets copied to where nothing tells that they are any."""

import base64

from jamie_base.redact import Redactor
from jamie_kubernetes.facts.copies import Wary
from tests.kubernetes.wire import Json

REDACTOR = Redactor(b"key")
CANARY = "correct horse battery"


def test_what_a_secret_holds_is_hidden_wherever_it_was_copied() -> None:
    coded = base64.b64encode(CANARY.encode()).decode()
    wary = Wary(REDACTOR, "Secret", {"data": {"motd": coded}, "metadata": {"name": "plain"}})
    shown = wary.fields({"metadata": {"name": "plain", "annotations": {"a": coded, "b": CANARY}}})

    mark = REDACTOR.value(CANARY)
    assert shown == {"metadata": {"name": "plain", "annotations": {"a": mark, "b": mark}}}
    assert wary.value(coded) == mark


def test_a_variable_that_is_a_secret_is_hidden_wherever_it_was_copied() -> None:
    env = [{"name": "DB_PASSWORD", "value": CANARY}, {"name": "MODE", "value": "fast"}]
    wary = Wary(REDACTOR, "Pod", {"spec": {"containers": [{"env": env}]}})
    found: Json = wary.fields({"labels": [CANARY, "fast", 3, None, True]})

    assert found == {"labels": [REDACTOR.value(CANARY), "fast", 3, None, True]}


def test_short_values_are_no_reason_to_hide_others() -> None:
    wary = Wary(REDACTOR, "Pod", {"env": [{"name": "PASSWORD", "value": "no1"}]})

    assert wary.fields({"x": "no1"}) == {"x": "no1"}
