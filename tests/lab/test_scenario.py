import re
from string import Template

import msgspec
import pytest

from jamie_lab.errors import BadScenario
from jamie_lab.lines import voices
from jamie_lab.quantities import number
from jamie_lab.scenario import Scenario, decode, names, scenario
from jamie_lab.timeline import Scene

FACTS = {"time", "pod", "namespace", "workload", "node"}


class _Secret(msgspec.Struct):
    """Any manifest; only a Secret has `stringData`."""

    metadata: dict[str, str]
    stringData: dict[str, str] = {}  # noqa: N815  # as Kubernetes spells it


every_scenario = pytest.mark.parametrize("name", names())


def test_the_shop_has_45_pods_in_six_namespaces_on_three_nodes() -> None:
    for name in ("healthy", "auth-timeouts"):
        shop = scenario(name)
        nodes = sum(group.count for group in shop.nodes)
        pods = dict.fromkeys(shop.namespaces, 0)
        for workload in shop.workloads:
            pods[workload.namespace] += workload.pods(nodes)

        assert (nodes, len(pods), sum(pods.values())) == (3, 6, 45)
        assert all(pods.values())


@every_scenario
def test_every_placeholder_of_every_line_has_a_value(name: str) -> None:
    known = scenario(name)
    unknown = {
        placeholder
        for workload in known.workloads
        for voice in voices(Scene(known, 0), workload)
        for text in (voice.line.text, *voice.line.metadata.values())
        for placeholder in Template(text).get_identifiers()
        if placeholder not in FACTS | set(known.fields)
    }

    assert unknown == set()


@every_scenario
def test_status_codes_are_shares_of_one(name: str) -> None:
    known = scenario(name)
    behaviours = [
        http
        for workload in known.workloads
        for http in (workload.http, *(change.http for change in workload.changes))
        if http
    ]

    assert behaviours
    assert all(sum(http.codes.values()) == pytest.approx(1) for http in behaviours)


@every_scenario
def test_pods_fit_on_the_nodes(name: str) -> None:
    known = scenario(name)
    nodes = sum(group.count for group in known.nodes)
    for resource in ("cpu", "memory"):
        have = sum(group.count * number(getattr(group, resource)) for group in known.nodes)
        wanted = sum(
            workload.pods(nodes) * number(workload.requests.get(resource, "0"))
            for workload in known.workloads
        )

        assert wanted < 0.8 * have


@every_scenario
def test_secrets_that_workloads_read_exist(name: str) -> None:
    known = scenario(name)
    secrets = {
        (secret.metadata["namespace"], secret.metadata["name"], key)
        for secret in msgspec.convert(known.objects, list[_Secret])
        for key in secret.stringData
    }
    read = {
        (workload.namespace, secret, key)
        for workload in known.workloads
        for secret, key in workload.secret_env.values()
    }

    assert read <= secrets


@every_scenario
def test_changes_lie_within_the_history(name: str) -> None:
    known = scenario(name)
    minutes = [change.minutes_ago for one in known.workloads for change in one.changes]

    assert all(0 < one < known.history_minutes for one in minutes)


def test_nothing_changes_in_healthy_and_the_incident_begins_20_minutes_ago() -> None:
    onset = {
        workload.name: max(change.minutes_ago for change in workload.changes)
        for workload in scenario("auth-timeouts").workloads
        if workload.changes
    }

    assert not any(workload.changes for workload in scenario("healthy").workloads)
    assert onset == {"auth-service": 20, "frontend": 20, "payment-service": 20}


def test_the_incident_plants_secrets_and_an_injection_for_others_to_find() -> None:
    lines = [
        line.text
        for workload in scenario("auth-timeouts").workloads
        for change in workload.changes
        for line in change.logs
    ]

    for planted in (r"password=hunter2-", r"Bearer eyJ", r"://shop:\S+@", r"Ignore previous instr"):
        assert any(re.search(planted, line) for line in lines), planted


@every_scenario
def test_alert_rules_wait_a_time_that_can_be_read(name: str) -> None:
    rules = [rule for group in scenario(name).rules for rule in group.rules]

    assert rules
    assert all(rule.for_seconds > 0 for rule in rules)


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadScenario, match=r"'nonsense'.*auth-timeouts, healthy"):
        scenario("nonsense")


def test_a_change_to_an_unknown_workload_is_refused_by_name() -> None:
    content: dict[str, object] = {
        "name": "x",
        "description": "x",
        "extends": "healthy",
        "changes": {"shop/no-such": []},
    }

    with pytest.raises(BadScenario, match="shop/no-such"):
        decode(content)


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="nodez"):
        decode({**msgspec.to_builtins(_empty()), "nodez": []})


def _empty() -> Scenario:
    return Scenario(name="x", description="x", namespaces=[], nodes=[], workloads=[])
