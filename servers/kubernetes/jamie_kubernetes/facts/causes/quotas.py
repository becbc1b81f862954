"""Quotas and LimitRanges that will refuse the next pod."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.controllers import Controller, Template, TemplateContainer
from jamie_kubernetes.client.limits import LimitItem, LimitRange, Quota
from jamie_kubernetes.facts.causes.refusals import AdmissionCause
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import JOBS, Kind

FULL = 0.95
RESOURCES_SHOWN = 4
_EPSILON = 1e-9
_STATED = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "cpu", "memory")


def full_quota(one: Quota) -> Finding | None:
    """Return what a quota has no room for; none of a resource that is forbidden on purpose."""
    shares = {
        name: known(one.status.used.get(name, "0")) / known(hard)
        for name, hard in one.status.hard.items()
        if known(hard) > 0
    }
    full = sorted((name for name in shares if shares[name] >= FULL), key=lambda name: -shares[name])
    if not full:
        return None

    used = [
        f"{word(name)} {one.status.used[name]} of {one.status.hard[name]} ({shares[name]:.0%})"
        for name in full[:RESOURCES_SHOWN]
    ]
    gone = any(shares[name] >= 1 for name in full)
    return Finding(
        cause=AdmissionCause.QUOTA_FULL,
        namespace=one.metadata.namespace,
        owner=f"quota/{one.metadata.name}",
        severity=Harm.RISK,
        summary=f"{'has no room left' if gone else 'is nearly used up'}: {', '.join(used)}",
        evidence=("what comes next is refused, a rollout's surge pod too",),
        next=f"raise quota/{one.metadata.name}, or remove what is not needed",
    )


@dataclass
class Bounds:
    """What bounds the pods of one namespace."""

    quotas: list[Quota] = field(default_factory=list[Quota])
    ranges: list[LimitRange] = field(default_factory=list[LimitRange])


def refused_ahead(kind: Kind, one: Controller, bounds: Bounds) -> Finding | None:
    """Tell whether a workload's next pod would be refused; those that run stay until they end."""
    ended = kind == JOBS and (one.condition("Complete") or one.condition("Failed"))
    if one.metadata.deletion_timestamp or not one.spec.replicas or ended:
        return None

    template = one.spec.template
    broken = [*dict.fromkeys(_broken(template, bounds.ranges))]
    unstated = [*dict.fromkeys(_unstated(template, bounds))]
    if not broken and not unstated:
        return None

    return Finding(
        cause=AdmissionCause.LIMITS_AHEAD if broken else AdmissionCause.QUOTA_UNSTATED,
        namespace=one.metadata.namespace,
        owner=f"{kind.short}/{one.metadata.name}",
        severity=Harm.RISK,
        summary=f"its next pod will be refused: {'; '.join([*broken, *unstated][:3])}",
        next="state requests and limits within the bounds in the pod template: k8s_get"
        " what=limitranges output=yaml",
    )


def _broken(template: Template, ranges: Sequence[LimitRange]) -> Iterator[str]:
    for one in ranges:
        for item in one.spec.limits:
            if item.type == "Container":
                for container in template.spec.containers:
                    yield from _out_of(item, container, f"limitrange/{one.metadata.name}")


def _out_of(item: LimitItem, container: TemplateContainer, by: str) -> Iterator[str]:
    for resource in {**item.min, **item.max}:
        request, limit = _effective(item, container, resource)
        name = f"container {container.name}"
        low, high = item.min.get(resource), item.max.get(resource)
        if low and request is not None and known(request) < known(low) - _EPSILON:
            yield f"{name} requests {request} {resource}, {by} wants at least {low}"
        if high and limit is None:
            yield f"{name} has no {resource} limit, {by} wants one up to {high}"
        if high and limit is not None and known(limit) > known(high) + _EPSILON:
            yield f"{name} has a {resource} limit of {limit}, {by} allows {high}"
        if request and limit and known(request) > known(limit) + _EPSILON:
            yield f"{name} requests {request} {resource}, over its limit {limit}"


def _effective(
    item: LimitItem, container: TemplateContainer, resource: str
) -> tuple[str | None, str | None]:
    """Return request and limit as they are once the LimitRange's defaults are in."""
    limit = container.resources.limits.get(resource)
    request = container.resources.requests.get(resource) or limit
    default = item.default.get(resource) or item.max.get(resource)
    limit = limit or default
    return request or item.default_request.get(resource) or limit, limit


def _unstated(template: Template, bounds: Bounds) -> Iterator[str]:
    items = [each for one in bounds.ranges for each in one.spec.limits if each.type == "Container"]
    given = {f"limits.{name}" for each in items for name in (*each.default, *each.max)}
    given |= {
        f"requests.{name}"
        for each in items
        for name in (*each.default_request, *each.default, *each.max)
    }
    for quota in (one for one in bounds.quotas if not one.scoped):
        for name in quota.status.hard:
            full = f"requests.{name}" if name in ("cpu", "memory") else name
            if name in _STATED and full not in given:
                for container in template.spec.containers:
                    if not _states(container, full):
                        yield (
                            f"container {container.name} has no {full}, quota/"
                            f"{quota.metadata.name} wants it"
                        )


def _states(container: TemplateContainer, name: str) -> bool:
    side, _, resource = name.partition(".")
    limits = container.resources.limits
    asked = container.resources.requests
    return bool(limits.get(resource) or (side == "requests" and asked.get(resource)))
