"""What is known of the claims of a pod."""

from functools import partial

from jamie_base.together import together
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.client.storage import Claim, PersistentVolume, StorageClass
from jamie_kubernetes.facts.placing.volumes import Stored
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import CLAIMS, STORAGE_CLASSES, VOLUMES
from jamie_kubernetes.tools.diagnosing.round import Round


async def stored_of(round_: Round, survey: PodSurvey, pod: PlacingPod) -> tuple[Stored, ...]:
    """Return the claims of a pod that may be read, or that do not exist."""
    works = [partial(_stored, round_, survey, pod, name) for name in dict.fromkeys(pod.claims)]
    return tuple(one for one in await together(*works) if one is not None)


async def _stored(round_: Round, survey: PodSurvey, pod: PlacingPod, name: str) -> Stored | None:
    namespace = pod.metadata.namespace
    claim = await round_.one(CLAIMS, namespace, name, Claim)
    if claim is None:
        gone = await round_.exists(CLAIMS, namespace, name) is False
        return Stored(name, None) if gone else None

    used = survey.users.get((namespace, name), [])
    others = tuple(one.pod for one in used if one.node and one.pod != pod.metadata.name)
    if bound := claim.spec.volume_name:
        volume = await round_.one(VOLUMES, "", bound, PersistentVolume)
        return Stored(name, claim, volume, users=others)

    kind = await _class_of(round_, claim)
    pool = await round_.listed(VOLUMES, PersistentVolume) if kind and kind.waits else None
    return Stored(name, claim, None, kind, others, tuple(pool or ()))


async def _class_of(round_: Round, claim: Claim) -> StorageClass | None:
    classes = await round_.listed(STORAGE_CLASSES, StorageClass) or []
    named = claim.spec.storage_class_name
    return next((one for one in classes if one.metadata.name == named), None)
