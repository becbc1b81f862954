"""What a cluster lets us do: the Kubernetes part of `jamie://status`."""

from collections.abc import Sequence
from functools import partial

import anyio
import msgspec
from msgspec.structs import replace

from jamie_base.errors import BackendError, Denied, Unreachable
from jamie_base.status import Gap, SourceStatus
from jamie_base.together import together
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.bounds import listed

AUTHORISE = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
SPACES_ASKED = 10
"""Allowed namespaces that are asked about one by one; of more the first."""

METRICS = "/apis/metrics.k8s.io/v1beta1"


class _Need(msgspec.Struct, frozen=True):
    """A permission, and the tools that lack something without it."""

    tools: str
    resource: str
    group: str = ""
    verb: str = "list"
    subresource: str = ""

    def __str__(self) -> str:
        name = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        group = f".{self.group}" if "." in self.group else ""
        return f"{self.verb} {name}{group}"


NEEDS = (
    _Need("k8s_overview, k8s_pods, k8s_logs", "pods"),
    _Need("k8s_logs", "pods", verb="get", subresource="log"),
    _Need("k8s_overview, k8s_events, k8s_changes", "events"),
    _Need("k8s_overview", "nodes"),
    _Need("k8s_overview", "deployments", "apps"),
    _Need("k8s_overview", "statefulsets", "apps"),
    _Need("k8s_overview", "daemonsets", "apps"),
    _Need("k8s_overview", "jobs", "batch"),
    _Need("k8s_overview, k8s_pods", "namespaces", verb="get"),
    _Need("k8s_overview, k8s_nodes, k8s_top", "nodes", "metrics.k8s.io"),
    _Need("k8s_pods, k8s_top", "pods", "metrics.k8s.io"),
    _Need("k8s_workloads", "cronjobs", "batch"),
    _Need("k8s_workloads", "horizontalpodautoscalers", "autoscaling"),
    _Need("k8s_rollout, k8s_changes", "replicasets", "apps"),
    _Need("k8s_rollout, k8s_changes", "controllerrevisions", "apps"),
    _Need("k8s_rollout fingerprints, k8s_changes", "configmaps"),
    _Need("k8s_rollout fingerprints and Helm releases, k8s_changes", "secrets"),
    _Need("k8s_services", "services"),
    _Need("k8s_services", "endpointslices", "discovery.k8s.io"),
    _Need("k8s_services", "ingresses", "networking.k8s.io"),
    _Need("k8s_access", "clusterrolebindings", "rbac.authorization.k8s.io"),
    _Need("k8s_access", "clusterroles", "rbac.authorization.k8s.io"),
    _Need("k8s_access", "rolebindings", "rbac.authorization.k8s.io"),
    _Need("k8s_access", "roles", "rbac.authorization.k8s.io"),
)


class _Attributes(msgspec.Struct, frozen=True):
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str


class _AccessSpec(msgspec.Struct, frozen=True, rename="camel"):
    resource_attributes: _Attributes


class _Question(msgspec.Struct, frozen=True, rename="camel"):
    spec: _AccessSpec
    api_version: str = "authorization.k8s.io/v1"
    kind: str = "SelfSubjectAccessReview"


class _Allowed(msgspec.Struct, frozen=True):
    allowed: bool = False


class _Answer(msgspec.Struct, frozen=True):
    status: _Allowed = _Allowed()


class _WhoAmI(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = "authentication.k8s.io/v1"
    kind: str = "SelfSubjectReview"


class _UserInfo(msgspec.Struct, frozen=True):
    username: str = ""
    groups: tuple[str, ...] = ()


class _Myself(msgspec.Struct, frozen=True, rename="camel"):
    user_info: _UserInfo = _UserInfo()


class _Me(msgspec.Struct, frozen=True):
    status: _Myself = _Myself()


async def probe(cluster: Cluster) -> SourceStatus:
    """Tell the state of one cluster; one that is down is a state, not an error."""
    down = SourceStatus(cluster.name, "Kubernetes", "", False, limits=cluster.fence.words)
    try:
        access = cluster.access
    except BackendError as exc:
        return replace(down, error=str(exc), fix="Mend the kubeconfig.")

    down = replace(down, name=access.context, url=access.url)
    try:
        version = await cluster.version()
        gaps = await missing(cluster)
    except BackendError as exc:
        return replace(down, error=str(exc), fix=_fix(exc))

    who = await identity(cluster)
    found = replace(down, reachable=True, version=version, identity=who, missing=gaps)
    ahead = round(cluster.clock_ahead, 1)
    return replace(found, clock_ahead=ahead) if ahead else found


async def identity(cluster: Cluster) -> str:
    """Say who we are to the cluster; nothing where it cannot tell."""
    try:
        me = (await cluster.review(WHO_AM_I, _WhoAmI(), _Me)).status.user_info
    except BackendError:
        # Servers before 1.28 have no such question.
        return ""

    groups = [group for group in me.groups if group != "system:authenticated"]
    return f"{me.username} ({', '.join(groups)})" if groups else me.username


async def missing(cluster: Cluster) -> tuple[Gap, ...]:
    """Name what the tools need and we may not do.

    Raises:
        BackendError: The limits of this server name a kind that the cluster does not have.

    """
    await cluster.settle()
    answers: dict[str, Gap | None] = {}

    async def ask(need: _Need) -> None:
        answers[f"{need} {need.group}"] = await _gap(cluster, need)

    async with anyio.create_task_group() as group:
        for need in NEEDS:
            group.start_soon(ask, need)

    found = [answers[f"{need} {need.group}"] for need in NEEDS]
    return (*(gap for gap in found if gap), *await _metrics_gap(cluster))


async def _gap(cluster: Cluster, need: _Need) -> Gap | None:
    if why := cluster.fence.kinds.why_not((need.group, need.resource)):
        return Gap(need.tools, f"{need}: off limits here ({why})")

    try:
        if await _may(cluster, need, ""):
            return None
        spaces, everywhere = await _spaces(cluster, need)
        answers = await together(*(partial(_may, cluster, need, one) for one in spaces))
    except BackendError as exc:
        return Gap(need.tools, f"{need}: cannot tell ({exc})")

    able = [one for one, allowed in zip(spaces, answers, strict=True) if allowed]
    if not able:
        return Gap(need.tools, f"may not {need}; grant it with a Role or ClusterRole")
    if everywhere and able == spaces:
        return None

    where = (
        f"namespace {able[0]!r}" if len(able) == 1 else f"{len(able)} namespaces: {listed(able)}"
    )
    return Gap(need.tools, f"may {need} in {where} only")


async def _spaces(cluster: Cluster, need: _Need) -> tuple[list[str], bool]:
    """Return the namespaces to ask about, and whether there are no others in reach."""
    if need.resource in ("nodes", "namespaces"):
        return [], False

    allowed = await cluster.allowed_namespaces()
    if not allowed:
        return [cluster.namespace], False

    return allowed[:SPACES_ASKED], len(allowed) <= SPACES_ASKED


async def _may(cluster: Cluster, need: _Need, namespace: str) -> bool:
    wanted = _Attributes(need.verb, need.group, need.resource, need.subresource, namespace)
    answer = await cluster.review(AUTHORISE, _Question(_AccessSpec(wanted)), _Answer)

    return answer.status.allowed


async def _metrics_gap(cluster: Cluster) -> Sequence[Gap]:
    try:
        await cluster.get(METRICS, msgspec.Raw)
    except BackendError as exc:
        why = "metrics API: " + ("not allowed" if isinstance(exc, Denied) else "not installed")
        if isinstance(exc, Unreachable):
            why = "metrics API: installed but not answering"
        return [Gap("k8s_overview, k8s_pods usage=true", why)]

    return []


def _fix(error: BackendError) -> str:
    if isinstance(error, Denied):
        return "Log in again, or check the user of this context in the kubeconfig."

    return "Check with: kubectl get --raw /version"
