"""Why the volumes of a pod are not there."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.whole_pods import WholeVolume
from jamie_kubernetes.facts.causes import configuring
from jamie_kubernetes.facts.causes.cases import (
    Case,
    ClaimUsers,
    Clue,
    Finish,
    Looked,
    Thing,
    event_words,
    fresh,
)
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.sayings import Row, row_of, rows
from jamie_kubernetes.facts.event_index import Saying

REASONS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")

_VOLUME = re.compile(r"for volume \"([\w./~-]{1,253})\"")
_UNMOUNTED = re.compile(r"unmounted volumes=\[([\w. -]{1,253})\]")
_DRIVER = re.compile(r"driver name ([\w./-]{1,120}) not found")
_HOLDERS = re.compile(r"used by pod\(s\) ([\w.-]{1,253}(?:, [\w.-]{1,253}){0,4})")
_ACCOUNT = re.compile(r"serviceaccounts? \"([\w.-]{1,253})\" not found", re.IGNORECASE)
_CLAIM = re.compile(r"persistentvolumeclaim \"([\w.-]{1,253})\" not found", re.IGNORECASE)


_C = ContainerCause
_ROWS = rows(
    (r"Multi-Attach error|already exclusively attached|attached to another node",
     _C.MULTI_ATTACH, "is still attached to another node and may be at one only (ReadWriteOnce)",
     "let go of it: delete the pod that holds it; for one volume use strategy Recreate"),
    (r"driver name .{0,120}not found in the list of registered CSI|does not contain driver"
     r"|no volume plugin matched|CSINode .{0,120}not found",
     _C.CSI_DRIVER, "needs a CSI driver that does not run on node {node}",
     "look at the DaemonSet of the CSI driver on that node"),
    (r"hostPath type check failed",
     _C.HOST_PATH, "is a path of node {node} that is not there or of another kind",
     "create the path on the node, or set hostPath.type DirectoryOrCreate"),
    (r"failed to fetch token|serviceaccounts? .{0,120}not found",
     _C.TOKEN, "cannot get a token of the pod's service account", "create the service account"),
    (r"secretproviderclass.{0,200}not found",
     _C.MOUNT, "needs a SecretProviderClass that does not exist",
     "create the SecretProviderClass, or correct its name in the volume"),
    (r"secrets store objects",
     _C.MOUNT, "cannot get its secrets from the vault",
     "look at the vault, and at what its provider says"),
    (r"AttachVolume|attachdetach|external-attacher|to attach volume",
     _C.ATTACH, "cannot be attached to node {node}",
     "look at the CSI controller, and at what the cloud says"),
    (r"access denied|permission denied|not permitted|Unauthenticated|Unauthori[sz]ed"
     r"|PermissionDenied|AccessDenied|\b403\b",
     _C.MOUNT, "may not be mounted: access is denied", "correct its credentials or its export"),
    (r"wrong fs type|bad superblock|\bfsck\b|superblock|mount point busy|already mounted",
     _C.MOUNT, "cannot be mounted: its file system is not right",
     "check the volume's file system; it may need a repair"),
    (r"no such host|resolve|Connection refused|No route to host",
     _C.MOUNT, "cannot be mounted: its server is not reached",
     "correct its server's name, or the way from the node to it"),
    (r"timed out|timeout expired|DeadlineExceeded|deadline exceeded",
     _C.MOUNT_TIMEOUT, "is not mounted in time on node {node}",
     "look at the volume's server or CSI driver, and at the node's kubelet"),
    (r"", _C.MOUNT, "cannot be mounted on node {node}", "look at what the kubelet says"),
)  # fmt: skip
_VAGUE = (_C.MOUNT_TIMEOUT, _C.SYNC)


def clue(case: Case) -> Clue | None:
    """Tell which volume of a pod is not there, and why; None where none is said to be missing."""
    found = [_clue(case, one) for one in fresh(case.says(*REASONS))]
    # "Timed out" comes on top of what is really wrong.
    telling = [one for one in found if one.code not in _VAGUE]
    chosen = next(iter(telling or found), None)
    if chosen is None:
        return None

    words = event_words(case, *case.happened(*REASONS))
    return replace(chosen, evidence=(*chosen.evidence, *words[:2]))


def _clue(case: Case, saying: Saying) -> Clue:
    text = saying.text
    volumes = list(_volumes(case, text))
    named = volumes[0].name if len(volumes) == 1 else ""
    if claim := _CLAIM.search(text):
        return _no_claim(case, claim[1], text)
    if "kube-root-ca.crt" in text and "not found" in text:
        return _token(case, text)
    if known := configuring.volume_clue(case, named or _written(text), text):
        return known

    row = row_of(_ROWS, text)
    if row.cause is ContainerCause.TOKEN:
        return _token(case, text)

    return _row_clue(case, row, text, volumes)


def _row_clue(case: Case, row: Row, text: str, volumes: list[WholeVolume]) -> Clue:
    names = [name for one in volumes if (name := one.claim(case.pod.metadata.name))]
    what = _called(case, volumes) or f"volume {_written(text)}".rstrip()
    driver = _DRIVER.search(text)
    detail = f" ({driver[1]})" if driver else ""
    seeks = (ClaimUsers(names[0]),) if names and row.cause is ContainerCause.MULTI_ATTACH else ()

    return Clue(
        row.cause,
        f"{what} {row.words.format(node=case.node)}{detail}",
        evidence=_holders(text),
        said=(text,),
        next=row.remedy,
        follows=tuple(key_of(case.group.namespace, f"pvc/{name}") for name in names),
        seeks=seeks,
        finish=_with_users(case) if seeks else None,
    )


def _no_claim(case: Case, claim: str, text: str) -> Clue:
    return Clue(
        ContainerCause.CLAIM,
        f"its claim {claim} does not exist",
        said=(text,),
        next=f"create PersistentVolumeClaim {claim} in {case.group.namespace}, or correct its name",
        follows=(key_of(case.group.namespace, f"pvc/{claim}"),),
        seeks=(Thing("PersistentVolumeClaim", claim),),
        finish=_with_near,
    )


def _token(case: Case, text: str) -> Clue:
    account = _ACCOUNT.search(text)
    name = account[1] if account else case.pod.spec.service_account_name
    root = "kube-root-ca.crt" in text
    missing = "ConfigMap kube-root-ca.crt of its namespace is" if root else "it is"
    return Clue(
        ContainerCause.TOKEN,
        f"there is no token for its service account {name}: {missing} missing",
        said=(text,),
        next="look at the controller manager (root-ca-cert-publisher)"
        if root
        else f"create ServiceAccount {name} in {case.group.namespace}, or correct its name",
        seeks=() if root else (Thing("ServiceAccount", name),),
        finish=None if root else _with_near,
    )


def _with_near(found: Clue, looked: Looked) -> Clue:
    if not looked.near:
        return found

    return replace(
        found,
        evidence=(*found.evidence, f"there is {join_words(looked.near)}"),
        next=f"{found.next}; did you mean {looked.near[0]}?",
    )


def _with_users(case: Case) -> Finish:
    def finish(found: Clue, looked: Looked) -> Clue:
        users = [one for one in looked.users if one.node != case.node]
        words = tuple(
            f"pod {one.pod} on node {one.node} uses it" if one.pod else f"attached to {one.node}"
            for one in users[:3]
        )
        nodes = dict.fromkeys(f"node/{one.node}" for one in users if one.node)
        return replace(found, evidence=(*words, *found.evidence), follows=(*found.follows, *nodes))

    return finish


def _holders(text: str) -> tuple[str, ...]:
    found = _HOLDERS.search(text)
    return (f"used by {found[1]}",) if found else ()


def _volumes(case: Case, text: str) -> Iterable[WholeVolume]:
    """Return the pod's volumes that a message is about.

    It names a volume as the pod does, or as the cluster does: then it may be any of the claims.
    """
    unmounted = _UNMOUNTED.search(text)
    names = unmounted[1].split() if unmounted else [_written(text)]
    every, pod = case.pod.spec.volumes, case.pod.metadata.name
    return [one for one in every if one.name in names] or [one for one in every if one.claim(pod)]


def _written(text: str) -> str:
    found = _VOLUME.search(text)
    return found[1] if found else ""


def _called(case: Case, volumes: list[WholeVolume]) -> str:
    if len(volumes) != 1:
        return ""

    claim = volumes[0].claim(case.pod.metadata.name)
    return f"volume {volumes[0].name}{f' (pvc/{claim})' if claim else ''}"
