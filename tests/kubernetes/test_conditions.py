"""Conditions on fields."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.errors import InvalidArgument
from jamie_base.redact import Redactor
from jamie_kubernetes.facts.conditions import all_hold, read_conditions
from jamie_kubernetes.facts.veil import Veil
from tests.kubernetes.wire import Json, ago

NOW = time.time_ns()


def pod() -> Json:
    container = {
        "image": "registry/web:1",
        "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
    }
    return {
        "metadata": {"name": "web-0", "creationTimestamp": ago(hours=3), "labels": {"a.b/c": "d"}},
        "spec": {"replicas": 3, "paused": False, "containers": [container, {"image": "envoy"}]},
        "status": {"phase": "Running", "startTime": ago(minutes=30)},
    }


def holds(text: str) -> bool:
    conditions = read_conditions(text, NOW, secret=False)
    return all_hold(conditions, pod(), Veil(Redactor(b"k"), secret=False), NOW)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("status.phase=Running", True),
        ("status.phase==Running", True),
        ("status.phase = 'Running'", True),
        ("status.phase!=Running", False),
        ("status.phase=running", False),
        ("status.gone!=x", True),
        ("status.gone=x", False),
        ("spec.replicas>2", True),
        ("spec.replicas>=3", True),
        ("spec.replicas<3", False),
        ("spec.replicas=3", True),
        ("spec.replicas>2, status.phase=Failed", False),
        ("spec.replicas>2 and status.phase=Running", True),
        ("spec.paused=false", True),
        ("spec.containers[*].image~WEB", True),
        ("spec.containers[*].image~nginx|envoy", True),
        ("spec.containers[*].image!~envoy", False),
        ("spec.containers[*].resources.limits.cpu<1", True),
        ("spec.containers[*].resources.limits.cpu=0.5", True),
        ("spec.containers[*].resources.limits.memory>=1024Mi", True),
        ("spec.containers[*].resources.limits.memory>1Gi", False),
        ("age<1d", True),
        ("age<1h", False),
        ("age>=2h and age<4h", True),
        ("status.startTime<1h", True),
        ("status.startTime>now-1h", True),
        ("status.startTime>now-10m", False),
        ("metadata.creationTimestamp<2030-01-01", True),
        ('metadata.labels["a.b/c"]=d', True),
        ("metadata.labels.a.b/c=d", True),
        ("spec.replicas exists", True),
        ("spec.replicas", True),
        ("!spec.replicas", False),
        ("spec.gone missing", True),
        ("spec.gone not exists", True),
        ("status.phase>3", False),
        ("", True),
    ],
)
def test_a_condition_holds_or_not(text: str, wanted: bool) -> None:
    assert holds(text) is wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spec.replicas>", "no value"),
        ("=3", "is not a condition"),
        ("age=3", "compared with a length of time"),
        ("age<yesterday", "compared with a length of time"),
        ("a b c", "is not a condition"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        read_conditions(text, NOW, secret=False)


@pytest.mark.parametrize(
    "text",
    ["data.a=x", "data.*~x", "stringData.a>x", "metadata.*=x", "*.a=x", "data~x", '"data"=x'],
)
def test_the_values_of_secrets_are_not_compared(text: str) -> None:
    with pytest.raises(InvalidArgument, match="Values of Secrets are not compared"):
        read_conditions(text, NOW, secret=True)


@pytest.mark.parametrize(
    "text", ["data.a exists", "type=Opaque", "metadata.name~db", "age<1h", "metadata.labels.a=b"]
)
def test_everything_else_of_secrets_is(text: str) -> None:
    assert read_conditions(text, NOW, secret=True)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidArgument):
        holds(text)
