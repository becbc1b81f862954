"""What guards and extends the API server, and the control plane itself."""

import re
from collections.abc import Sequence
from functools import partial

from jamie_base.errors import BackendError, Denied, NotFound, Unreachable
from jamie_base.together import together
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.control import (
    ApiService,
    Definition,
    Lease,
    ServiceReference,
    Space,
    Webhook,
    WebhookConfiguration,
)
from jamie_kubernetes.client.network import EndpointSlice, NetService
from jamie_kubernetes.facts.causes.control import (
    Reached,
    api_service_findings,
    definition_findings,
    deprecation_finding,
    lease_finding,
    namespace_finding,
    readiness_finding,
    webhook_findings,
)
from jamie_kubernetes.facts.causes.leases import forgotten, forgotten_finding, held_by_pods
from jamie_kubernetes.facts.endpoints import SERVICE_LABEL, EndpointTally
from jamie_kubernetes.kinds import (
    API_SERVICES,
    DEFINITIONS,
    ENDPOINT_SLICES,
    LEASES,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    PODS,
    SERVICES,
    VALIDATING_WEBHOOKS,
)
from jamie_kubernetes.tools.diagnosing.reading import quietly
from jamie_kubernetes.tools.diagnosing.round import Report, Round

SYSTEM = "kube-system"
NODE_LEASES = "kube-node-lease"
METRICS_BYTES = 24 * 1024 * 1024
"""How much of the API server's metrics is read, to find which deprecated APIs are used."""

_DEPRECATED = re.compile(rb"apiserver_requested_deprecated_apis\{([^}]*)\} 1\b")
_LABEL = re.compile(rb'(\w+)="([^"]*)"')


async def examine(round_: Round, report: Report) -> None:
    """Report what keeps the API server from its work."""
    looks = (_webhooks, _apis, _definitions, _spaces, _holders)
    works = [partial(work, round_, report) for work in looks]
    wide = [partial(work, round_, report) for work in (_leaders, _readiness, _deprecations)]

    await together(*works, *(() if round_.namespace else wide))


async def _webhooks(round_: Round, report: Report) -> None:
    for kind, word in ((VALIDATING_WEBHOOKS, "validating"), (MUTATING_WEBHOOKS, "mutating")):
        for one in await round_.listed(kind, WebhookConfiguration) or ():
            for hook in one.webhooks:
                await _webhook(round_, report, word, one, hook)


async def _webhook(
    round_: Round, report: Report, word: str, one: WebhookConfiguration, hook: Webhook
) -> None:
    reached = await _reached(round_, hook.client_config.service)
    for finding in webhook_findings(word, one, hook, reached, round_.now_ns):
        report(finding)


async def _apis(round_: Round, report: Report) -> None:
    for one in await round_.listed(API_SERVICES, ApiService) or ():
        for finding in api_service_findings(one, round_.now_ns):
            report(finding)


async def _definitions(round_: Round, report: Report) -> None:
    for one in await round_.listed(DEFINITIONS, Definition) or ():
        webhook = one.spec.conversion.webhook
        reached = await _reached(round_, webhook.client_config.service if webhook else None)
        for finding in definition_findings(one, reached, round_.now_ns):
            report(finding)


async def _spaces(round_: Round, report: Report) -> None:
    for one in await round_.listed(NAMESPACES, Space) or ():
        if finding := namespace_finding(one, round_.now_ns):
            report(finding)


async def _leaders(round_: Round, report: Report) -> None:
    async def read() -> list[Lease]:
        try:
            return await round_.cluster.all(Listing(LEASES, SYSTEM), Lease)
        except NotFound:
            return []

    for one in (await round_.parts.ask("leases", read)).value or ():
        if finding := lease_finding(one, round_.now_ns):
            report(finding)


async def _holders(round_: Round, report: Report) -> None:
    """Look at the leases of controllers that run as pods; those of nodes are the nodes' matter."""
    where = Listing(LEASES, round_.namespace, fields=f"metadata.namespace!={NODE_LEASES}")
    held = held_by_pods(await quietly(round_, where, Lease))
    stale = forgotten(held, round_.now_ns)
    survey = await round_.pods() if stale else None
    if survey is None:
        return

    for one in stale:
        space = one.lease.metadata.namespace
        ready, _ = survey.living(space, one.owner)
        there = await round_.exists(PODS, space, one.pod) if ready else None
        if told := forgotten_finding(one, ready, round_.now_ns, there=there):
            report(told)


async def _readiness(round_: Round, report: Report) -> None:
    try:
        await round_.cluster.text("/readyz")
    except (Denied, NotFound, Unreachable) as exc:
        if isinstance(exc, Unauthorised):
            raise
    except BackendError as exc:
        report(readiness_finding(str(exc)))


async def _deprecations(round_: Round, report: Report) -> None:
    """Look for deprecated APIs in use; an API server that hides its metrics tells nothing."""
    used: set[tuple[str, str]] = set()
    try:
        async with round_.cluster.lines("/metrics", (), limit=METRICS_BYTES) as lines:
            async for line in lines:
                # Without a release that drops it, an API is deprecated and here to stay.
                if (found := _DEPRECATED.match(line)) and (api := _api(found[1]))[1]:
                    used.add(api)
        version = await round_.cluster.version()
    except Unauthorised:
        raise
    except BackendError:
        return

    if finding := deprecation_finding(_gone_first(used), version):
        report(finding)


def _api(labels: bytes) -> tuple[str, str]:
    known = {key.decode(): value.decode() for key, value in _LABEL.findall(labels)}
    group = f".{known['group']}" if known.get("group") else ""
    return f"{known.get('resource')}.{known.get('version')}{group}", known.get(
        "removed_release", ""
    )


def _gone_first(used: set[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Order by the release that will not have it, as numbers; those that stay last."""
    return sorted(
        used, key=lambda one: ([int(n) for n in re.findall(r"\d+", one[1])] or [999], one)
    )


async def _reached(round_: Round, service: ServiceReference | None) -> Reached:
    if service is None:
        return Reached()

    async def endpoints() -> int | None:
        chosen = Listing(ENDPOINT_SLICES, service.namespace, f"{SERVICE_LABEL}={service.name}")
        try:
            tally = await round_.cluster.fold(chosen, EndpointSlice, EndpointTally)
        except Unauthorised:
            raise
        except BackendError:
            return None

        found = tally.of((service.namespace, service.name))
        return found.ready if found else 0

    one = await round_.one(SERVICES, service.namespace, service.name, NetService)
    if one is None:
        return Reached(await round_.exists(SERVICES, service.namespace, service.name))
    if one.spec.type == "ExternalName":
        return Reached(exists=True)

    ready = await round_.once(("endpoints", service.namespace, service.name), endpoints)
    return Reached(exists=True, ready=ready)
