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
    found: dict[Use, ConfigUse] = {}
    failed: dict[str, BackendError] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def read(one: Use) -> None:
        path = _KINDS[one.kind].path(namespace, one.name)
        async with limiter:
            try:
                contents = await cluster.get(path, Contents)
            except NotFound:
                found[one] = fingerprinted(one, None, marks, starts)
            except BackendError as exc:
                if isinstance(exc, Unauthorised):
                    raise
                failed.setdefault(one.kind, exc)
            else:
                found[one] = fingerprinted(one, contents, marks, starts)

    await together(*(partial(read, one) for one in [*uses][:MOST]))
    configs = [
        msgspec.structs.replace(found[one], only_in=number, missing=False) if number else found[one]
        for one, number in uses.items()
        if one in found
    ]
    return Looked(tuple(configs), tuple(_gaps(failed, len(uses) - MOST)))


def _gaps(failed: Mapping[str, BackendError], left: int) -> Iterator[Gap]:
    for kind, exc in sorted(failed.items()):
        yield Gap(f"{kind}s the pods use", _why(exc))
    if left > 0:
        more = count("ConfigMap or Secret", left, "ConfigMaps and Secrets")
        yield Gap(f"{more} more", f"only {MOST} are looked at")


def _why(error: BackendError) -> str:
    return "not allowed to read, so no fingerprints" if isinstance(error, Denied) else str(error)
