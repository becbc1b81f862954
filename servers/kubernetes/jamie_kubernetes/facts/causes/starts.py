"""What a container runtime says when it cannot create or start a container: a table.

containerd with runc, CRI-O with runc or crun and Docker wrap the same few errors of the kernel in
different words; the innermost words are the ones to look for.
"""

import re
from typing import NamedTuple

import msgspec

from jamie_kubernetes.facts.causes.container_causes import ContainerCause

MOST_CHARACTERS = 2_000

_EXECUTABLE = re.compile(
    r"exec:? ?[`\"'\\]*([\w./@+-]{1,120})[`\"'\\]*:|executable file [`'\"]([\w./@+-]{1,120})"
    r"|stat ([\w./@+-]{1,120}): no such file|open [`'\"]([\w./@+-]{1,120})[`'\"]?: No such"
)
_MOUNTED = re.compile(r"(?:to rootfs )?at \\?\"?(/[\w./@+-]{1,200})")
_DIRECTORY = re.compile(r"chdir to cwd \(\\?\"([\w./@+-]{1,200})")
_USER = re.compile(
    r"(?:find user|resolve user|user) ['\"\\]*([\w.-]{1,64})['\"\\]*: (?:no|unknown|invalid)"
)
_CLASS = re.compile(r"no runtime for \\?\"([\w.-]{1,80})|RuntimeClass \\?\"([\w.-]{1,80})")


class Obstacle(msgspec.Struct, frozen=True):
    """Why a container does not start, in our words, and what to change."""

    cause: ContainerCause
    words: str
    remedy: str


def obstacle_in(text: str) -> Obstacle | None:
    """Recognise what keeps a container from being created or started."""
    short = text[:MOST_CHARACTERS]
    rows = zip(_PATTERNS, _ROWS, strict=True)
    return next((_obstacle(row, short) for pattern, row in rows if pattern.search(short)), None)


class _Row(NamedTuple):
    pattern: str
    cause: ContainerCause
    words: str
    remedy: str
    named: re.Pattern[str] | None


def _obstacle(row: _Row, text: str) -> Obstacle:
    found = row.named.search(text) if row.named else None
    name = next((one for one in found.groups() if one), "") if found else ""
    spaced = f" {name}" if name else ""
    return Obstacle(row.cause, row.words.replace("{}", spaced), row.remedy)


_C = ContainerCause
_ROWS = tuple(_Row(*row) for row in (
    (r"exec format error|exec user process caused.{0,20}exec format",
     _C.ARCHITECTURE, "its program{} is built for another CPU architecture than its node's",
     "build the image for the nodes' architecture, or pin the pods to fitting nodes with"
     " nodeSelector kubernetes.io/arch", _EXECUTABLE),
    (r"OOM-killed|memory limit too low|oom killed",
     _C.OOM, "its memory limit is too low to even start it", "raise limits.memory", None),
    (r"not a directory.{0,80}Are you trying to mount|Are you trying to mount a directory"
     r"|error mounting .{0,400}(?:not a directory|no such file|is a directory)"
     r"|subPath|volume-subpaths",
     _C.BAD_MOUNT, "a mount{} does not fit: a file over a directory, or a subPath not there",
     "correct mountPath and subPath: the key or file of that name must exist in the volume",
     _MOUNTED),
    (r"seccomp|apparmor|SELinux|selinux",
     _C.SECURITY, "the node does not have the seccomp, AppArmor or SELinux profile it asks for",
     "install the profile on the nodes, or ask for RuntimeDefault", None),
    (r"not a device node|stat \\?\"?/dev/|nvidia|libcuda|nvml|/dev/(?:dri|kfd|nvidia)"
     r"|CDI device|device plugin|unresolvable CDI",
     _C.DEVICE, "a device it asks for cannot be given to it",
     "look at the device plugin and driver on its node", None),
    (r"cgroup|setenv|sysctl|mount propagation|shared (?:or slave )?mount|rlimit",
     _C.START, "the runtime cannot apply its settings", "correct what the message names", None),
    (r"stat .{0,4}/var/lib/kubelet/pods/.{0,200}/volumes/",
     _C.MOUNT, "a volume of it is mounted on the node, but does not answer any more",
     "look at the volume's server; make the pod anew to mount it again", None),
    (r"executable file .{0,140}not found|no such file or directory: unknown$"
     r"|(?:exec|stat|open)\b.{0,160}no such file|no command specified|no such file or directory"
     r"|fork/exec .{0,140}no such file|not found in \$PATH|exec: .{0,140}: not found",
     _C.BAD_COMMAND, "its command{} does not exist in the image",
     "correct command/args, or the image's entrypoint (also the interpreter after #!)",
     _EXECUTABLE),
    (r"chdir to cwd",
     _C.BAD_COMMAND, "its working directory{} cannot be used",
     "correct workingDir, or the rights of that directory in the image", _DIRECTORY),
    (r"permission denied|is a directory|not executable",
     _C.NOT_EXECUTABLE, "its command{} may not be executed",
     "make it executable in the image (chmod +x), or correct command", _EXECUTABLE),
    (r"no matching entries in passwd|unable to find user|no users found|resolve user",
     _C.START, "the user{} it should run as does not exist in the image",
     "set securityContext.runAsUser to a number, or add the user to the image", _USER),
    (r"name .{0,300}is (?:reserved|already in use)|name is reserved",
     _C.RUNTIME, "the runtime still holds an earlier try of this container",
     "restart containerd or CRI-O on its node if it stays; slow disks or CPU bring it about", None),
    (r"context deadline exceeded|DeadlineExceeded|operation timed out|timed out",
     _C.RUNTIME, "the node's container runtime does not answer in time",
     "look at disk and CPU of its node; drain it if it stays", None),
    (r"invalid argument", _C.START, "the runtime cannot apply its settings",
     "correct what the message names", None),
    (r"no space left on device",
     _C.IMAGE_DISK, "its node has no disk space left", "free disk space on its node", None),
))  # fmt: skip
_PATTERNS = tuple(re.compile(row.pattern, re.IGNORECASE) for row in _ROWS)
