"""What the last words of a container make of a clue, and what to do about each complaint."""

from collections.abc import Sequence

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.facts.causes.cases import Altered, Case, Clue, Finish, Looked
from jamie_kubernetes.facts.causes.complaints import Complaint, Telling, telling
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.loglines import Filter, Found, Raw, entries
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest

_REMEDIES = {
    ContainerCause.ARCHITECTURE: "build the image for the nodes' architecture",
    ContainerCause.READ_ONLY: "mount an emptyDir there, or drop readOnlyRootFilesystem",
    ContainerCause.PORT_IN_USE: "two processes or containers of the pod want one port: change one",
    ContainerCause.DENIED: "correct runAsUser/fsGroup or the rights in the image; below port 1024"
    " listen at a higher port",
    ContainerCause.FORBIDDEN: "grant it: a Role and RoleBinding for that service account; see"
    " k8s_access",
    ContainerCause.ENVIRONMENT: "set it in env or envFrom of the container",
    ContainerCause.CONFIG: "correct its configuration: args, or the ConfigMap it reads",
    ContainerCause.FILE: "correct the path, the mount that should bring it, or the image",
    ContainerCause.UNREACHABLE: "look whether it runs and listens: k8s_services",
    ContainerCause.UNRESOLVED: "correct the name, or create the Service: k8s_services; else DNS",
    ContainerCause.CREDENTIALS: "correct the password or key in the Secret it reads",
    ContainerCause.TLS: "renew the certificate, or give the container the CA",
    ContainerCause.SCHEMA: "run the migrations of this version, or go back to the one before",
    ContainerCause.HEAP: "raise its heap setting with limits.memory, or find the leak",
    ContainerCause.DISK: "free or enlarge the volume it writes to",
    ContainerCause.LEADER: "look at the API server's health: k8s_overview",
}

SECRETS_TOLD = 3
LATELY_NS = 24 * 3600 * 1_000_000_000
"""How long ago a change may be to be why credentials are rejected."""


def with_last_words(case: Case, container: str, message: str = "") -> Finish:
    """Make the last words of a container part of a clue; `message` is what it left beside them."""

    def finish(found: Clue, looked: Looked) -> Clue:
        told = telling(looked.entries or from_text(message))
        if told is None:
            why = looked.silent or "it wrote nothing"
            return replace(found, evidence=(*found.evidence, f"no log line: {why}"))

        return _complaining(case, container, found, told)

    return finish


def remark(found: Clue, looked: Looked) -> Clue:
    """Quote the telling line of a container beside a clue that stands without it."""
    told = telling(looked.entries)
    if told is None:
        return found

    words = f": {told.complaint.words}" if told.complaint else ""
    needs = (told.complaint.needs if told.complaint else ()) or found.needs
    return replace(found, what=f"{found.what}{words}", said=(*found.said, told.text), needs=needs)


def from_text(text: str) -> Sequence[Found]:
    """Read a message as if it were a log."""
    return entries("", [Raw(0, line) for line in text.splitlines()], Filter())


def _complaining(case: Case, container: str, found: Clue, told: Telling) -> Clue:
    said = (*found.said, told.text)
    complaint = told.complaint
    if complaint is None:
        return replace(found, said=said)

    variables = _variable_words(case, container, complaint)
    if not _explains(complaint, found):
        what = f"{found.what}; its log: {complaint.words}"
        return replace(found, what=what, said=said, needs=complaint.needs)

    # What an init container failed of is told by its words; that it failed, by the code.
    code = found.code if found.code is ContainerCause.INIT else complaint.cause
    return replace(
        found,
        code=code,
        what=f"{found.what}: {complaint.words}",
        evidence=(*found.evidence, *variables),
        said=said,
        next=_remedy(case, container, complaint) or found.next,
        confidence="likely",
        needs=complaint.needs,
        seeks=_sought(case, container, complaint),
        finish=_with_change(case),
    )


def _sought(case: Case, container: str, complaint: Complaint) -> tuple[Altered, ...]:
    """Seek when the credentials that are rejected were changed."""
    rejected = complaint.cause is ContainerCause.CREDENTIALS
    names = _secrets(case, container)[:SECRETS_TOLD] if rejected else []
    return (Altered(tuple(names)),) if names else ()


def _with_change(case: Case) -> Finish:
    def finish(found: Clue, looked: Looked) -> Clue:
        if not looked.changed or case.now_ns - looked.changed_ns > LATELY_NS:
            return found

        by = f" by {word(looked.changed_by)}" if looked.changed_by else ""
        when = f"secret/{looked.changed} was changed{case.ago(looked.changed_ns)}{by}"
        return replace(found, evidence=(*found.evidence, when))

    return finish


def _secrets(case: Case, container: str) -> list[str]:
    """Name the Secrets that a container takes its environment from."""
    specified = case.container(container)
    sources = [
        *(one.value_from.secret_key_ref for one in specified.env if one.value_from),
        *(one.secret_ref for one in specified.env_from),
    ]
    return [*dict.fromkeys(one.name for one in sources if one and one.name)]


def _remedy(case: Case, container: str, complaint: Complaint) -> str:
    """Say what to do about a complaint; of credentials, where they come from."""
    if complaint.remedy or complaint.cause is not ContainerCause.CREDENTIALS:
        return complaint.remedy or _REMEDIES.get(complaint.cause, "")

    names = [f"secret/{name}" for name in _secrets(case, container)]
    if not names:
        return _REMEDIES[complaint.cause]

    return f"correct the password or key in {join_words(names[:SECRETS_TOLD])}, which it reads"


def _explains(complaint: Complaint, found: Clue) -> bool:
    """Tell whether a complaint may be why a container ended as it did.

    A program that was killed may have complained of anything before.
    """
    if found.code in (ContainerCause.APP_ERROR, ContainerCause.INIT):
        return True
    if found.code is ContainerCause.SIGNAL:
        return complaint.cause in (ContainerCause.HEAP, ContainerCause.APP_PANIC)

    unstarted = (ContainerCause.BAD_COMMAND, ContainerCause.NOT_EXECUTABLE)
    return found.code in unstarted and complaint.cause is ContainerCause.ARCHITECTURE


def _variable_words(case: Case, container: str, complaint: Complaint) -> tuple[str, ...]:
    names = [one.name for one in case.container(container).env]
    if not complaint.variable or not names:
        return ()
    if complaint.variable in names:
        return (f"env {complaint.variable} is in its specification, perhaps empty",)

    near = nearest(complaint.variable, names, n=1)
    return (f"its env has {join_words(near)}",) if near else ()
