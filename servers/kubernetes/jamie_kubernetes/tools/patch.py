"""Patching: any field of any object."""

from typing import Annotated, Literal, cast

from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_base.toolset import VEILED
from jamie_kubernetes.client.sending import MERGE, OPERATIONS, STRATEGIC, Object, Sending, part
from jamie_kubernetes.facts.manifests import from_text, refuse_marks
from jamie_kubernetes.kinds import ROLLED
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.change import Job
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.setting import Anything
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools

MEDIA = {"merge": MERGE, "strategic": STRATEGIC, "json": OPERATIONS}

PatchText = Annotated[
    str,
    VEILED,
    Field(description="JSON or YAML: {spec: {suspend: true}}.", min_length=2, max_length=100_000),
]
PatchKind = Annotated[
    Literal["merge", "strategic", "json"],
    Field(description="merge replaces lists; strategic merges them by name; json: operations."),
]


@tools.writes(carry_out, look_after)
async def k8s_patch(
    cluster: Backend,
    marks: Marks,
    name: Anything,
    patch: PatchText,
    type: PatchKind = "merge",  # noqa: A002  # kubectl's word
    namespace: Home = "",
) -> Plan:
    """Patch any object, after its user agreed; shows the fields that would change."""
    content = _content(patch, type)
    target = await object_named(cluster, name, namespace)
    job = Job(
        target,
        Sending("PATCH", target.path, content, MEDIA[type]),
        summary=f"patch {target.full}",
        done=f"{target.full} was patched",
        watch="rollout" if target.kind in ROLLED else "fields",
    )
    return await drafted(cluster, marks, job, weighs=True)


def _content(text: str, kind: str) -> Object | list[Object]:
    content = from_text(text, "The patch")
    refuse_marks(content, "The patch")
    wanted = list if kind == "json" else dict
    if not isinstance(content, wanted) or not content:
        shape = "a list of operations" if kind == "json" else "an object, not empty"
        raise InvalidArgument(f"A {kind} patch is {shape}.")
    if isinstance(content, list):
        return [_operation(one) for one in cast("list[object]", content)]

    _guard(cast("Object", content))
    return cast("Object", content)


def _operation(one: object) -> Object:
    if not isinstance(one, dict) or not {"op", "path"} <= one.keys():
        raise InvalidArgument("Each operation has op and path, such as replace and /spec/paused.")

    return cast("Object", one)


def _guard(content: Object) -> None:
    if part(content, "status") is not None:
        raise InvalidArgument("The status is the controllers' to write; patch the spec.")
