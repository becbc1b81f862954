"""Whether nodes have the CSI drivers of the volumes that their pods wait for."""

from collections import defaultdict

from jamie_base.errors import BackendError, NotFound
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.storage import Claim, CsiNode, PersistentVolume
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.causes.persistent import DriverWant, driver_findings
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import CLAIMS, CSI_NODES, VOLUMES
from jamie_kubernetes.tools.diagnosing.round import Round

WANTS_LOOKED_INTO = 40


async def missing_drivers(round_: Round, survey: PodSurvey) -> list[Finding]:
    """Find nodes without a driver that a pod waits for there."""
    wants = await _wants(round_, survey)
    nodes = await _csi_nodes(round_) if wants else None
    return driver_findings(wants, nodes) if nodes else []


async def _wants(round_: Round, survey: PodSurvey) -> list[DriverWant]:
    """Return the drivers of the volumes that placed pods wait for, with node, claim and owner."""
    waits = {
        (one.group.namespace, name)
        for one in survey.sick()
        if one.placed and one.group.severity == Severity.PENDING
        for name in one.group.names
    }
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (space, claim), users in survey.users.items() if waits else ():
        for one in users:
            if (space, one.pod) in waits:
                found[space, claim, one.node].append(one.owner)

    wants: list[DriverWant] = []
    for (space, claim, node), owners in list(found.items())[:WANTS_LOOKED_INTO]:
        if driver := await _driver(round_, space, claim):
            keys = tuple(key_of(space, one) for one in dict.fromkeys(owners))
            wants.append(DriverWant(node, driver, space, claim, keys))

    return wants


async def _driver(round_: Round, namespace: str, name: str) -> str:
    claim = await round_.one(CLAIMS, namespace, name, Claim)
    bound = claim.spec.volume_name if claim else ""
    volume = await round_.one(VOLUMES, "", bound, PersistentVolume) if bound else None
    return volume.spec.csi.driver if volume and volume.spec.csi else ""


async def _csi_nodes(round_: Round) -> list[CsiNode]:
    try:
        return await round_.cluster.all(Listing(CSI_NODES), CsiNode)
    except Unauthorised:
        raise
    except NotFound:
        return []
    except BackendError as exc:
        round_.unread(CSI_NODES.plural, exc)
        return []
