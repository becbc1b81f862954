"""Whom selectors mean: those of workloads, budgets and policies, and those of Services."""

from collections.abc import Mapping, Sequence

from jamie_kubernetes.client.objects import LabelSelector


def selects(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector picks pods with these labels; an empty one picks all."""
    if selector is None:
        return False

    plain = selector.match_labels.items() <= labels.items()
    return plain and all(
        _expressed(one.operator, labels.get(one.key), one.values)
        for one in selector.match_expressions
    )


def sends_to(selector: Mapping[str, str], labels: Mapping[str, object]) -> bool:
    """Tell whether a Service sends to pods with these labels; without a selector to none."""
    return bool(selector) and selector.items() <= labels.items()


def _expressed(operator: str, value: str | None, values: Sequence[str]) -> bool:
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
