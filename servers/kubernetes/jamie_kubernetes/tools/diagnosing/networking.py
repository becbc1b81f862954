"""What keeps pods from each other: NetworkPolicies and the cluster's DNS."""

from collections.abc import Mapping
from functools import partial

from jamie_base.together import together
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.control import Space
from jamie_kubernetes.client.network import Ingress, NetService
from jamie_kubernetes.client.policies import ConfigMap, NetworkPolicy
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.causes.dns import corefile_finding, dns_finding
from jamie_kubernetes.facts.causes.networking import Net, policy_findings
from jamie_kubernetes.facts.neighbours import SYSTEM, Neighbours, neighbours
from jamie_kubernetes.facts.routes import IngressTally
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import (
    CONFIG_MAPS,
    INGRESSES,
    NAMESPACES,
    NETWORK_POLICIES,
    PODS,
    SERVICES,
)
from jamie_kubernetes.tools.diagnosing.round import Report, Round


async def examine(round_: Round, report: Report) -> None:
    """Report policies that cut pods off, and a DNS that does not answer."""
    await together(partial(_policies, round_, report), partial(_dns, round_, report))


async def _policies(round_: Round, report: Report) -> None:
    policies = await round_.listed(NETWORK_POLICIES, NetworkPolicy)
    survey = await round_.pods() if policies else None
    if not policies or survey is None:
        return

    spaces = await _spaces(round_)
    pods = neighbours(survey.labels, spaces)
    if round_.namespace and round_.namespace != SYSTEM:
        pods += await _servers(round_, spaces)

    net = Net(
        policies=policies,
        pods=pods,
        services=await round_.listed(SERVICES, NetService) or (),
        routed=await _routed(round_),
        whole=not round_.namespace and not round_.parts.narrowed,
        now_ns=round_.now_ns,
    )
    for finding in policy_findings(net):
        report(finding)


async def _spaces(round_: Round) -> Mapping[str, Mapping[str, str]] | None:
    found = await round_.listed(NAMESPACES, Space)
    return {one.metadata.name: one.metadata.labels for one in found} if found else None


async def _routed(round_: Round) -> frozenset[str]:
    tally = IngressTally()
    tally.add(await round_.listed(INGRESSES, Ingress) or ())
    return frozenset(key_of(edge.to[0], f"svc/{edge.to[1]}") for edge in tally.edges)


async def _servers(
    round_: Round, spaces: Mapping[str, Mapping[str, str]] | None
) -> list[Neighbours]:
    """Return the pods of the cluster's DNS, which are not in the namespace we look at."""

    async def read() -> PodSurvey:
        start = partial(PodSurvey, round_.now_ns)
        return await round_.cluster.fold(Listing(PODS, SYSTEM), SurveyedPod, start)

    async def ask() -> PodSurvey | None:
        return (await round_.parts.ask(f"pods of {SYSTEM}", read)).value

    survey = await round_.once("system pods", ask)
    return [one for one in neighbours(survey.labels if survey else {}, spaces) if one.is_dns]


async def _dns(round_: Round, report: Report) -> None:
    survey = None if round_.namespace else await round_.pods()
    servers = [one for one in neighbours(survey.labels if survey else {}, None) if one.is_dns]
    if finding := dns_finding(servers):
        report(finding)
    if not servers:
        return

    config = await round_.one(CONFIG_MAPS, SYSTEM, "coredns", ConfigMap)
    corefile = config.data.get("Corefile", "") if config else ""
    if finding := corefile_finding(corefile, "cm/coredns"):
        report(finding)
