"""Setting what is set most: images, labels, annotations."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_base.text import join_words
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.limits import Templated
from jamie_kubernetes.client.sending import MERGE, STRATEGIC, Object, Sending, mapping_at
from jamie_kubernetes.facts.given import entries, images
from jamie_kubernetes.facts.manifests import refuse_marks
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    JOBS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    ROLLED,
    Kind,
)
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.change import Job
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.targets import Target
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools
from jamie_kubernetes.tools.weighing import replacing_lines

_TEMPLATE = ("spec", "template", "spec")
_POD_SPECS: dict[Kind, tuple[str, ...]] = {
    PODS: ("spec",),
    CRON_JOBS: ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys((*ROLLED, REPLICA_SETS, REPLICATION_CONTROLLERS, JOBS), _TEMPLATE),
}

Anything = Annotated[str, Field(description="deploy/web, node/n1, any kind.", max_length=300)]
_LISTED = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
"""One may be given as it is."""

Images = Annotated[
    list[str],
    _LISTED,
    Field(description="app=repo/app:2, or the image of the only container.", max_length=20),
]
Labels = Annotated[list[str], _LISTED, Field(description="tier=web; tier- removes.", max_length=40)]
Notes = Annotated[list[str], _LISTED, Field(description="Annotations, as labels.", max_length=40)]


@tools.writes(carry_out, look_after)
async def k8s_set(
    cluster: Backend,
    marks: Marks,
    name: Anything,
    image: Images = [],  # noqa: B006  # never changed; a schema needs the default itself
    label: Labels = [],  # noqa: B006  # never changed
    annotation: Notes = [],  # noqa: B006  # never changed
    namespace: Home = "",
) -> Plan:
    """Set images, labels or annotations of an object, after its user agreed."""
    if not (image or label or annotation):
        raise InvalidArgument("Nothing to set: give image, label or annotation.")

    refuse_marks([*image, *label, *annotation], "What is to be set")
    target = await object_named(cluster, name, namespace)
    patch: Object = {**_notes(label, annotation), **await _images(cluster, target, image)}
    given = {"image": image, "labels": label, "annotations": annotation}
    what = join_words([word for word, values in given.items() if values])
    job = Job(
        target,
        Sending("PATCH", target.path, patch, STRATEGIC if image else MERGE),
        summary=f"set {what} of {target.full}",
        done=f"{target.full} has the new {what}",
        watch="rollout" if image and target.kind in ROLLED else "fields",
    )
    return await drafted(cluster, marks, job, await _impact(cluster, target, image))


def _notes(labels: list[str], annotations: list[str]) -> Object:
    changed: Object = {
        **({"labels": entries(labels, "label")} if labels else {}),
        **({"annotations": entries(annotations, "annotation")} if annotations else {}),
    }
    return {"metadata": changed} if changed else {}


async def _images(cluster: Cluster, target: Target, given: list[str]) -> Object:
    if not given:
        return {}

    path = _POD_SPECS.get(target.kind)
    if path is None:
        raise InvalidArgument(f"{target.full} runs no containers, so it has no image.")

    patch: Object = images(given, mapping_at(await cluster.get(target.path, Object), *path))
    for step in reversed(path):
        patch = {step: patch}

    return patch


async def _impact(cluster: Cluster, target: Target, given: list[str]) -> list[str]:
    if not given:
        return []
    if target.kind in ROLLED:
        workload = await cluster.get(target.path, Templated)
        return await replacing_lines(cluster, target, workload)
    if target.kind == PODS:
        return ["The container restarts with the new image; its owner's other pods keep the old."]

    return ["Pods that run already keep the old image; new ones get the new one."]
