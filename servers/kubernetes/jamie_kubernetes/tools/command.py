"""Running a command in a container: agreed to like a write, its output quoted as data."""

import time
from functools import partial
from typing import Annotated

import anyio
import msgspec
from pydantic import BeforeValidator, Field

from jamie_base.errors import (
    Denied,
    InvalidArgument,
    NotConfirmed,
    NotFound,
    NotReached,
    TimedOut,
    Unreachable,
)
from jamie_base.plan import Binding, Outcome, Plan, Quote
from jamie_base.redact import Redactor
from jamie_base.text import join_words, shorten
from jamie_base.together import together
from jamie_base.toolset import VEILED
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.executing import Output, Ran
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.client.rbac import SELF_ACCESS, AccessReview, Attributes, Question, Reviewed
from jamie_kubernetes.client.sending import Object, text_at
from jamie_kubernetes.facts.commands import Place, checked, place_in, shown
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.standing import condition_is
from jamie_kubernetes.kinds import PODS
from jamie_kubernetes.tools.aftermath import SPARE_SECONDS
from jamie_kubernetes.tools.changing import unknown
from jamie_kubernetes.tools.targets import RUNS_PODS, Target, find, selector_of
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools

STDOUT_BYTES = 3_600
STDERR_BYTES = 1_200
COMMAND_CELLS = 400
LONGEST_SECONDS = 300
VERBS = ("create", "get")

FOR_GOOD = "What a command does cannot be undone."

PodName = Annotated[str, Field(description="pod/web-0, or deploy/web: one.", max_length=300)]


def _arguments(value: object) -> object:
    """Take one word for a command; a line is not split, for there is no shell to say how."""
    if not isinstance(value, str):
        return value
    if value.split() != [value]:
        raise ValueError('give a list of arguments, such as ["ls", "-l"]; there is no shell')

    return [value]


Command = Annotated[
    list[str],
    VEILED,
    BeforeValidator(_arguments),
    Field(description="Arguments, no shell: [ls, -l]."),
]
ContainerName = Annotated[str, Field(description="If several.", max_length=63)]
Seconds = Annotated[int, Field(description="Wait at most.")]


class Execution(msgspec.Struct, frozen=True, tag="exec"):
    """A command to be run: where exactly, and for how long it is listened to."""

    pod: Target
    uid: str
    place: Place
    command: tuple[str, ...]
    seconds: int


async def execute(cluster: Cluster, plan: Plan) -> Outcome:
    """Run the command that was agreed to, in the very container it was planned for.

    Raises:
        NotConfirmed: The pod is another, or the container was restarted.
        BackendError: It was not started.

    """
    wanted = msgspec.json.decode(plan.binding.body, type=Execution)
    whole = await _looked(cluster, wanted.pod)
    if text_at(whole, "metadata", "uid") != wanted.uid:
        raise NotConfirmed(f"{wanted.pod.full} is another pod of that name now; nothing was run.")

    left = anyio.current_effective_deadline() - anyio.current_time() - SPARE_SECONDS
    seconds = max(min(float(wanted.seconds), left), 1.0)
    began = time.monotonic()
    path = wanted.pod.kind.path(wanted.pod.namespace, wanted.pod.name, "exec")
    try:
        ran = await cluster.execute(path, wanted.place.name, wanted.command, seconds)
    except NotReached:
        raise
    except (TimedOut, Unreachable) as exc:
        raise unknown(plan.summary, exc) from exc

    return _outcome(wanted, ran, time.monotonic() - began)


@tools.writes(execute, flag="exec")
async def k8s_exec(
    cluster: Backend,
    marks: Marks,
    name: PodName,
    command: Command,
    container: ContainerName = "",
    seconds: Seconds = 20,
    namespace: Home = "",
) -> Plan:
    """Run a command in a container, after its user agreed."""
    argv = checked(command)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidArgument(f"seconds is from 1 to {LONGEST_SECONDS}, not {seconds}.")

    pod = await _pod(cluster, await find(cluster, name, namespace, (PODS, *RUNS_PODS)))
    whole = await _looked(cluster, pod)
    place = place_in(whole, container, pod.full)
    await _check_allowed(cluster, pod)
    most = max(1, min(seconds, int(cluster.deadline - SPARE_SECONDS)))
    wanted = Execution(pod, text_at(whole, "metadata", "uid"), place, tuple(argv), most)

    return _plan(cluster, marks, wanted)


def _plan(cluster: Cluster, marks: Redactor, wanted: Execution) -> Plan:
    pod, place = wanted.pod, wanted.place
    # Joined, because `--password` tells of the next argument what that alone would not.
    words = shorten(marks.text(shown(wanted.command)), COMMAND_CELLS, middle=True)
    where = f"{pod.full}, container {place.name}"
    binding = Binding(
        target=pod.full,
        uid=wanted.uid,
        generation=0,
        touched={"container": place.instance},
        body=msgspec.json.encode(wanted, order="deterministic"),
    )
    return Plan(
        summary=f"run `{words}` in {where} (context {cluster.access.context})",
        binding=binding,
        impact=(
            "It may do whatever the container's user may, and cannot be rehearsed.",
            f"It is listened to for {wanted.seconds} s at most; what runs longer goes on.",
        ),
        undo=FOR_GOOD,
    )


async def _pod(cluster: Cluster, target: Target) -> Target:
    """Return the pod that is meant: of a workload one that is ready, the first by name."""
    if target.kind == PODS:
        return target
    if target.kind not in RUNS_PODS:
        raise InvalidArgument(f"{target.full} has no pods to run a command in.")

    listing = Listing(PODS, target.namespace, await selector_of(cluster, target))
    pods = await cluster.all(listing, Pod)
    ready = sorted(
        one.metadata.name
        for one in pods
        if owner_of(one.metadata) == target.owner and condition_is(one, "Ready", "True")
    )
    if not ready:
        raise NotFound(f"{target.full} has no pod that is ready; name one of its pods.")

    return Target(PODS, target.namespace, ready[0])


async def _looked(cluster: Cluster, pod: Target) -> Object:
    return await cluster.get(pod.path, Object)


async def _check_allowed(cluster: Cluster, pod: Target) -> None:
    """Ask beforehand: an exec request cannot be rehearsed.

    Raises:
        Denied: We may not run commands there.

    """
    # A WebSocket begins with a GET; newer servers ask for create as well.
    allowed = await together(*(partial(_may, cluster, pod, verb) for verb in VERBS))
    missing = [verb for verb, may in zip(VERBS, allowed, strict=True) if not may]
    if missing:
        raise Denied(
            f"Our credentials may not run commands in {pod.full}: they lack"
            f" {join_words(missing)} on pods/exec."
        )


async def _may(cluster: Cluster, pod: Target, verb: str) -> bool:
    wish = Attributes(verb, "", "pods", "exec", pod.namespace, pod.name)
    question = AccessReview("SelfSubjectAccessReview", Question(resource_attributes=wish))

    return (await cluster.review(SELF_ACCESS, question, Reviewed)).status.allowed


def _outcome(wanted: Execution, ran: Ran, seconds: float) -> Outcome:
    program = shorten(wanted.command[0], 60)
    took = f"after {seconds:.1f} s"
    where = f"{wanted.pod.full}, container {wanted.place.name}"
    said = (
        *_quoted("stdout", where, ran.out, STDOUT_BYTES),
        *_quoted("stderr", where, ran.err, STDERR_BYTES),
    )
    if ran.exit_code is None:
        summary = f"{program} in {where}: {ran.why}, {took}"
        return Outcome(summary, verified=False, said=said)

    silent = () if said else ("it said nothing",)
    summary = f"{program} ended in {where} with exit code {ran.exit_code}, {took}"
    return Outcome(summary, verified=True, details=silent, said=said)


def _quoted(which: str, where: str, output: Output, limit: int) -> tuple[Quote, ...]:
    text = bytes(output.kept).decode(errors="replace")
    if not text.strip():
        return ()
    if not output.whole:
        lost = output.size - len(output.kept)
        text = f"{text.rpartition(chr(10))[0]}\n... ({lost:,} bytes more were not kept)"

    return (Quote(f"{which} of {where}", text, limit),)
