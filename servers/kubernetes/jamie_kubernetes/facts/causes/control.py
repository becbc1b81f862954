"""What guards and extends the API server, judged: webhooks, aggregated APIs, CRDs, leases."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds, age, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.control import (
    ApiService,
    Definition,
    Lease,
    Space,
    Webhook,
    WebhookConfiguration,
)
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.bundles import BundleCause, BundleTrouble, bundle_trouble
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word

_REMAINING = re.compile(r"\b([\w.-]{1,120}) has \d+ resource instances")
_HOLDING = re.compile(
    r"\b([\w.-]{1,120}/[\w.-]{1,63}|kubernetes|foregroundDeletion) in \d+ resource"
)
_SILENT = re.compile(r"\b([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})/(v\d\w{0,20})(?=: )")
"""An API group and version of which discovery failed."""

NAMES_TOLD = 3

STUCK_NS = 120 * 1_000_000_000
SLOW_SECONDS = 15
"""From when on a webhook's patience delays every request it may hold up."""


class ControlCause(StrEnum):
    """Causes around the API server."""

    WEBHOOK_SERVICE_MISSING = "webhook-service-missing"
    WEBHOOK_NO_ENDPOINTS = "webhook-no-endpoints"
    WEBHOOK_SLOW = "webhook-slow"
    API_SERVICE_UNAVAILABLE = "apiservice-unavailable"
    CONVERSION_BROKEN = "crd-conversion-broken"
    DEFINITION_REFUSED = "crd-not-accepted"
    NAMESPACE_STUCK = "namespace-stuck"
    LEADER_LOST = "leader-lost"
    NOT_READY = "api-server-not-ready"
    DEPRECATED = "deprecated-api-used"


class Reached(msgspec.Struct, frozen=True):
    """What is known of a Service: whether it is there, and how many endpoints are ready.

    None: not allowed to look.
    """

    exists: bool | None = None
    ready: int | None = None


def webhook_findings(
    kind: str, one: WebhookConfiguration, hook: Webhook, reached: Reached, now_ns: Nanoseconds
) -> Iterator[Finding]:
    """Judge one webhook of a configuration; `kind` is `validating` or `mutating`."""
    closed = hook.failure_policy == "Fail"
    holds = "every request it matches is refused" if closed else "it is skipped (policy Ignore)"
    harm = Harm.BROKEN if closed else Harm.RISK
    about = f"{kind} webhook"
    if trouble := bundle_trouble(one.metadata, hook.client_config.ca_bundle, now_ns):
        yield _untrusted(f"webhook/{one.metadata.name}", about, trouble, harm, holds)

    service = hook.client_config.service
    if service is None:
        return

    where = key_of(service.namespace, f"svc/{service.name}")
    cause, why = _unreached(reached, where)
    if cause:
        yield _webhook(one, cause, harm, f"{about}: {why}; {holds}", where)
    elif closed and hook.timeout_seconds > SLOW_SECONDS:
        slow = f"{about}: may hold up each request for {hook.timeout_seconds} s"
        yield _webhook(one, ControlCause.WEBHOOK_SLOW, Harm.RISK, slow, where)


def _untrusted(owner: str, about: str, trouble: BundleTrouble, harm: Harm, meaning: str) -> Finding:
    """Tell of a server that the API server does not trust, or soon will not."""
    soon = trouble.cause is BundleCause.EXPIRING
    return Finding(
        cause=trouble.cause,
        namespace="",
        owner=owner,
        severity=Harm.RISK if soon else harm,
        summary=f"{about}: {trouble.why}; {'from then on ' if soon else ''}{meaning}",
        next=trouble.next,
        follows=trouble.follows,
        leads=not soon,
    )


def _unreached(reached: Reached, where: str) -> tuple[ControlCause | None, str]:
    if reached.exists is False:
        return ControlCause.WEBHOOK_SERVICE_MISSING, f"its Service {where} does not exist"
    if reached.ready == 0:
        return ControlCause.WEBHOOK_NO_ENDPOINTS, f"no ready endpoint behind its Service {where}"

    return None, ""


def _webhook(
    one: WebhookConfiguration, cause: ControlCause, harm: Harm, summary: str, where: str
) -> Finding:
    namespace, _, name = where.partition("/")
    return Finding(
        cause=cause,
        namespace="",
        owner=f"webhook/{one.metadata.name}",
        severity=harm,
        summary=summary,
        next=f"k8s_diagnose object={name} namespace={namespace}; or delete the configuration",
        follows=(where,) if cause is ControlCause.WEBHOOK_NO_ENDPOINTS else (),
    )


def api_service_findings(one: ApiService, now_ns: Nanoseconds) -> Iterator[Finding]:
    """Judge an aggregated API."""
    api = f"{one.spec.group}/{one.spec.version}"
    if trouble := bundle_trouble(one.metadata, one.spec.ca_bundle, now_ns):
        owner, about = f"apiservice/{one.metadata.name}", f"the API {api}"
        yield _untrusted(owner, about, trouble, Harm.BROKEN, "the API server cannot ask it")

    broken = _is(one.status.conditions, "Available", "False")
    service = one.spec.service
    if not broken or service is None:
        return

    where = key_of(service.namespace, f"svc/{service.name}")
    yield Finding(
        cause=ControlCause.API_SERVICE_UNAVAILABLE,
        namespace="",
        owner=f"apiservice/{one.metadata.name}",
        severity=Harm.BROKEN,
        summary=f"the API {api} does not answer ({word(broken.reason)}); it is served by {where}",
        said=(broken.message,) if broken.message else (),
        evidence=("what lists all kinds, such as deleting a namespace, waits for it",),
        next=f"k8s_diagnose object=svc/{service.name} namespace={service.namespace}",
        since_ns=_since(broken),
        follows=(where,),
    )


def definition_findings(
    one: Definition, reached: Reached, now_ns: Nanoseconds
) -> Iterator[Finding]:
    """Judge a CRD: whether its names are accepted, and whether its conversion can work."""
    owner = f"crd/{one.metadata.name}"
    for kind in ("NamesAccepted", "Established"):
        if bad := _is(one.status.conditions, kind, "False"):
            yield Finding(
                cause=ControlCause.DEFINITION_REFUSED,
                namespace="",
                owner=owner,
                severity=Harm.BROKEN,
                summary=f"{kind}=False ({word(bad.reason)}): its kind cannot be used",
                said=(bad.message,) if bad.message else (),
                next=f"k8s_get what={owner} fields=status.conditions",
                since_ns=_since(bad),
            )
            return

    webhook = one.spec.conversion.webhook
    if webhook is None:
        return
    if trouble := bundle_trouble(one.metadata, webhook.client_config.ca_bundle, now_ns):
        stuck = "its objects cannot be converted between versions"
        yield _untrusted(owner, "conversion webhook", trouble, Harm.BROKEN, stuck)

    service = webhook.client_config.service
    if service is None:
        return

    where = key_of(service.namespace, f"svc/{service.name}")
    cause, why = _unreached(reached, where)
    if cause:
        yield Finding(
            cause=ControlCause.CONVERSION_BROKEN,
            namespace="",
            owner=owner,
            severity=Harm.BROKEN,
            summary=f"its objects cannot be converted between versions: {why}",
            next=f"k8s_diagnose object=svc/{service.name} namespace={service.namespace}",
            follows=(where,) if reached.exists else (),
        )


def namespace_finding(one: Space, now_ns: Nanoseconds) -> Finding | None:
    """Judge a namespace that is being deleted; None for others, and for the first two minutes."""
    leaving = one.metadata.deletion_timestamp
    if leaving is None or now_ns - nanoseconds(leaving) < STUCK_NS:
        return None

    why = [each for each in one.status.conditions if each.status == "True"]
    reasons = ", ".join(dict.fromkeys(word(each.reason) for each in why)) or "no reason given"
    words = " ".join(each.message for each in why)
    left = [*dict.fromkeys(found[1] for found in _REMAINING.finditer(words))]
    holders = [*dict.fromkeys(found[1] for found in _HOLDING.finditer(words))]
    by = f"; finalizer {join_words(holders[:NAMES_TOLD])} holds it" if holders else ""
    what = f" ({join_words(left[:NAMES_TOLD])} left{by})" if left else ""
    silent = [*dict.fromkeys(found.groups() for found in _SILENT.finditer(words))]
    if silent and not left:
        apis = [f"{group}/{version}" for group, version in silent]
        what = f" ({join_words(apis[:NAMES_TOLD])} not to be asked what is left)"
    keys = tuple(f"apiservice/{version}.{group}" for group, version in silent)
    return Finding(
        cause=ControlCause.NAMESPACE_STUCK,
        namespace="",
        owner=f"ns/{one.metadata.name}",
        severity=Harm.DEGRADED,
        summary=f"its deletion does not end: {reasons}{what}",
        said=tuple(each.message for each in why[:2] if each.message),
        next=_release(one.metadata.name, left, keys),
        since_ns=nanoseconds(leaving),
        follows=keys,
    )


def _release(name: str, left: Sequence[str], silent: Sequence[str]) -> str:
    if left:
        return (
            f"k8s_get what={left[0]} namespace={name}: look at the controller of their finalizers;"
            " without one, remove the finalizer"
        )
    if silent:
        return f"k8s_diagnose object={silent[0]}; delete it if nobody serves that API any more"

    return "remove what holds it: the objects' finalizers, or the API that does not answer"


_LEADERS = {
    "kube-controller-manager": "nothing is rolled out, scaled, cleaned up or given endpoints",
    "kube-scheduler": "no new pod gets a node",
    "cloud-controller-manager": "no load balancers, no routes, no new nodes",
}


def lease_finding(one: Lease, now_ns: Nanoseconds) -> Finding | None:
    """Judge the lease of a control-plane component that only one copy of may lead."""
    renewed = one.spec.renew_time
    if one.metadata.name not in _LEADERS or renewed is None:
        return None

    late = (now_ns - nanoseconds(renewed)) / 1e9
    if late < max(4 * one.spec.lease_duration_seconds, 60):
        return None

    return Finding(
        cause=ControlCause.LEADER_LOST,
        namespace=one.metadata.namespace,
        owner=f"lease/{one.metadata.name}",
        severity=Harm.DOWN,
        summary=f"{one.metadata.name} has not renewed its lease for {age(late)}:"
        f" {_LEADERS[one.metadata.name]}",
        evidence=(f"last holder {one.spec.holder_identity[:80]}",),
        next=f"look at the pods or service of {one.metadata.name} on the control-plane nodes",
        since_ns=nanoseconds(renewed),
    )


def readiness_finding(reason: str) -> Finding:
    """Tell of an API server that says that it is not ready, with its failed checks."""
    return Finding(
        cause=ControlCause.NOT_READY,
        namespace="",
        owner="apiserver",
        severity=Harm.DOWN,
        summary="the API server is not ready",
        said=(reason,),
        next="look at etcd and the API server's log on the control-plane nodes",
    )


def deprecation_finding(used: Sequence[tuple[str, str]], version: str) -> Finding | None:
    """Tell which deprecated APIs clients asked for: pairs of API and the release without it."""
    if not used:
        return None

    shown = ", ".join(f"{api} (gone in {removed})" for api, removed in used[:6])
    more = f" and {len(used) - 6} more" if len(used) > 6 else ""
    return Finding(
        cause=ControlCause.DEPRECATED,
        namespace="",
        owner="apiserver",
        severity=Harm.RISK,
        summary=f"clients use {count('deprecated API', len(used))} on {version}: {shown}{more}",
        next="find the clients in the API server's audit log before the upgrade",
    )


def _is(conditions: Sequence[Condition], kind: str, status: str) -> Condition | None:
    return next((one for one in conditions if one.type == kind and one.status == status), None)


def _since(condition: Condition) -> Nanoseconds:
    at = condition.last_transition_time
    return instant(at)
