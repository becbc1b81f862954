"""Findings put together: causes before their consequences, one an owner."""

from typing import Any

from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.facts.findings import (
    AFFECTED_KEPT,
    ALIKE_TOLD,
    Harm,
    condensed,
    merged,
    rank,
    trimmed,
)


def finding(owner: str, cause: str = "broken", **more: Any) -> Finding:
    given: dict[str, Any] = {"severity": Harm.BROKEN, "summary": f"{cause} it is", **more}
    return Finding(cause=cause, namespace="shop", owner=owner, **given)


def test_the_worst_comes_first_then_the_surest_then_the_largest() -> None:
    down = finding("deploy/d", severity=Harm.DOWN)
    sure = finding("deploy/c", count=1)
    large = finding("deploy/b", count=9)
    unsure = finding("deploy/a", count=99, confidence="possible")

    assert [one.owner for one in merged([unsure, sure, large, down])] == [
        "deploy/d",
        "deploy/b",
        "deploy/c",
        "deploy/a",
    ]


def test_what_follows_from_another_is_told_with_it_and_makes_it_as_bad() -> None:
    claim = finding("pvc/data", "pvc-pending", severity=Harm.DEGRADED)
    pods = finding("sts/db", "unschedulable", severity=Harm.DOWN, follows=("shop/pvc/data",))
    service = finding("svc/db", "no-endpoints", follows=("shop/sts/db",))

    (one,) = merged([service, pods, claim])

    assert one.cause == "pvc-pending"
    assert one.severity == Harm.DOWN
    assert one.affects == ("shop/sts/db", "shop/svc/db")


def test_what_follows_from_something_healthy_stands_alone() -> None:
    service = finding("svc/db", "no-endpoints", follows=("shop/sts/db",))

    assert merged([service]) == [service]


def test_a_risk_explains_no_trouble() -> None:
    cordon = finding("node/n1", "node-cordoned", severity=Harm.RISK)
    pods = finding("deploy/web", "evicted", follows=("shop/node/n1",))
    late = finding("deploy/api", "rollout-slow", severity=Harm.RISK, follows=("shop/node/n1",))

    trouble, risk = merged([cordon, pods, late])

    assert (trouble.cause, risk.cause) == ("evicted", "node-cordoned")
    assert risk.affects == ("shop/deploy/api",)


def test_a_general_cause_gives_way_to_a_special_one_of_the_same_owner() -> None:
    general = finding(
        "deploy/web", "rollout-stuck", severity=Harm.DOWN, follows=("shop/deploy/web",)
    )
    special = finding("deploy/web", "image-not-found", count=2)

    (one,) = merged([general, special])

    assert (one.cause, one.severity, one.count, one.also) == ("image-not-found", Harm.DOWN, 2, ())


def test_a_general_cause_alone_is_told() -> None:
    general = finding("deploy/web", "rollout-stuck", follows=("shop/deploy/web",))

    assert [one.cause for one in merged([general])] == ["rollout-stuck"]


def test_a_second_cause_of_an_owner_is_told_beside_the_first() -> None:
    first = finding("deploy/web", "crash", severity=Harm.DOWN)
    second = finding("deploy/web", "image-not-found")

    (one,) = merged([second, first])

    assert (one.cause, one.also) == ("crash", ("image-not-found it is",))


def test_an_owner_with_a_cause_of_its_own_is_told_and_hit_by_another_s() -> None:
    service = finding("svc/web", "no-endpoints", severity=Harm.DOWN)
    hit = finding("ing/web", "backend-down", severity=Harm.DOWN, follows=("shop/svc/web",))
    own = finding("ing/web", "no-class", severity=Harm.DOWN)

    first, ingress = merged([service, hit, own])

    assert (first.owner, first.affects) == ("svc/web", ("shop/ing/web",))
    assert (ingress.owner, ingress.cause) == ("ing/web", "no-class")


def test_a_lesser_cause_of_its_own_does_not_hide_a_worse_consequence() -> None:
    node = finding("node/n1", severity=Harm.DOWN)
    hit = finding("deploy/web", "lost", severity=Harm.DOWN, follows=("shop/node/n1",))
    own = finding("deploy/web", "selector-shared", severity=Harm.RISK)

    assert [one.owner for one in merged([node, hit, own])] == ["node/n1"]


def test_causes_that_follow_from_each_other_do_not_vanish() -> None:
    one = finding("deploy/a", follows=("shop/deploy/b",))
    other = finding("deploy/b", follows=("shop/deploy/a",))

    (told,) = merged([one, other])

    assert (told.owner, told.affects) == ("deploy/a", ("shop/deploy/b",))


def test_what_a_general_cause_knows_is_told_with_the_special_one() -> None:
    general = finding("deploy/web", "rollout-stuck", follows=("shop/deploy/web",), evidence=("a",))
    special = finding("deploy/web", "image-not-found", evidence=("b", "a"))

    (one,) = merged([general, special])

    assert (one.cause, one.evidence) == ("image-not-found", ("b", "a"))


def test_of_an_owner_s_causes_the_leading_one_is_told_first() -> None:
    crash = finding("sts/db", "app-error", severity=Harm.DOWN, evidence=("exit 1",))
    leading = finding("sts/db", "revision-stuck", leads=True, evidence=("new revision",))

    (one,) = merged([crash, leading])

    assert (one.cause, one.severity) == ("revision-stuck", Harm.DOWN)
    assert one.also == ("app-error it is",)
    assert one.evidence == ("new revision", "exit 1")


def test_whom_a_cause_hits_is_known_in_full_until_it_is_shown() -> None:
    node = finding("node/n1", "node-silent")
    hit = [finding(f"deploy/web-{number}", follows=("shop/node/n1",)) for number in range(30)]

    (one,) = merged([node, *hit])
    shown = trimmed(one)

    assert len(one.affects) == 30
    assert (len(shown.affects), shown.affected) == (AFFECTED_KEPT, 30)


def test_of_many_alike_a_few_are_told_in_full_and_the_rest_after_what_is_as_bad() -> None:
    alike = [finding(f"deploy/a{number}") for number in range(ALIKE_TOLD + 2)]
    other = finding("deploy/z", "other")

    told = sorted(condensed([*alike, other]), key=rank)

    assert [one.owner for one in told if not one.brief] == [
        "deploy/a0",
        "deploy/a1",
        "deploy/a2",
        "deploy/z",
    ]
    assert [one.owner for one in told if one.brief] == ["deploy/a3", "deploy/a4"]
    assert told[-1].brief


def test_of_causes_as_bad_that_with_the_most_consequences_comes_first() -> None:
    alone = finding("deploy/a", count=2)
    database = finding("sts/db", count=1)
    hit = [finding(f"deploy/{name}", follows=("shop/sts/db",)) for name in ("b", "c")]

    assert [one.owner for one in merged([alone, database, *hit])] == ["sts/db", "deploy/a"]


def test_what_is_explained_elsewhere_is_not_told_beside_what_is_not() -> None:
    node = finding("sts/db", "silent")
    lost = finding("ds/logs", "lost", follows=("shop/sts/db",), said=("its node is gone",))
    crash = finding("ds/logs", "crash", said=("FATAL: no disk",), count=2)

    first, second = sorted(merged([node, lost, crash]), key=lambda one: one.owner)

    assert (first.cause, first.said, first.also) == ("crash", ("FATAL: no disk",), ())
    assert (second.affects, second.said) == (("shop/ds/logs",), ("its node is gone",))


def test_what_the_next_cause_quotes_is_told_with_one_that_only_leads() -> None:
    over = finding("job/load", "failed", leads=True, said=("it failed",))
    crash = finding("job/load", "crash", said=("ERROR bad checksum",))

    (one,) = merged([crash, over])

    assert (one.cause, one.said) == ("failed", ("it failed", "ERROR bad checksum"))
