"""The ConfigMaps and Secrets pods use: their fingerprints, and which pods have an older content."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.errors import BackendError, Denied, NotFound
from jamie_base.redact import Redactor
from jamie_base.text import count
from jamie_base.together import together
from jamie_kubernetes.answers import Gap
from jamie_kubernetes.answers_rollout import ConfigUse
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.managed import Contents
from jamie_kubernetes.facts.fingerprints import fingerprinted
from jamie_kubernetes.facts.rollouts import Starts
from jamie_kubernetes.facts.uses import Use
from jamie_kubernetes.kinds import CONFIG_MAPS, SECRETS

AT_ONCE = 8
MOST = 24
_KINDS = {"ConfigMap": CONFIG_MAPS, "Secret": SECRETS}


class Looked(msgspec.Struct, frozen=True):
    """What could be seen of the configuration, and what could not."""

    configs: tuple[ConfigUse, ...] = ()
    gaps: tuple[Gap, ...] = ()


async def look_at(
    cluster: Cluster,
    marks: Redactor,
    namespace: str,
    uses: Mapping[Use, int],
    starts: Sequence[Starts] | None,
) -> Looked:
    """Read the objects and give their fingerprints; kinds that may not be read are gaps.

    `uses` tells for each whether the pods use it (0) or only that revision did.
    """
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def read(one: Use) -> ConfigUse | BackendError:
        async with limiter:
            return await _read(cluster, marks, namespace, one, starts)

    asked = [*uses][:MOST]
    read_in_turn = await together(*(partial(read, one) for one in asked))
    found = dict(zip(asked, read_in_turn, strict=True))
    configs = [
        msgspec.structs.replace(each, only_in=uses[one], missing=False) if uses[one] else each
        for one, each in found.items()
        if isinstance(each, ConfigUse)
    ]
    failed = {one.kind: each for one, each in found.items() if isinstance(each, BackendError)}
    return Looked(tuple(configs), tuple(_gaps(failed, len(uses) - MOST)))


async def _read(
    cluster: Cluster, marks: Redactor, namespace: str, one: Use, starts: Sequence[Starts] | None
) -> ConfigUse | BackendError:
    try:
        contents = await cluster.get(_KINDS[one.kind].path(namespace, one.name), Contents)
    except NotFound:
        return fingerprinted(one, None, marks, starts)
    except Unauthorised:
        raise
    except BackendError as exc:
        return exc

    return fingerprinted(one, contents, marks, starts)


def _gaps(failed: Mapping[str, BackendError], left: int) -> Iterator[Gap]:
    for kind, exc in sorted(failed.items()):
        yield Gap(f"{kind}s the pods use", _why(exc))
    if left > 0:
        more = count("ConfigMap or Secret", left, "ConfigMaps and Secrets")
        yield Gap(f"{more} more", f"only {MOST} are looked at")


def _why(error: BackendError) -> str:
    return "not allowed to read, so no fingerprints" if isinstance(error, Denied) else str(error)
