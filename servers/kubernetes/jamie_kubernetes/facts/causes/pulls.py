"""Why an image does not come."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from jamie_base.when import age
from jamie_kubernetes.client.objects import ContainerStatus
from jamie_kubernetes.facts.causes.cases import (
    Case,
    Clue,
    Image,
    PullLogins,
    event_words,
    events_call,
)
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.substitutes import secret_gone, with_images, with_logins
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.images import ImageName, image_named, what_is_wrong

REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
SLOW_NS = 600 * 1_000_000_000

_C = ContainerCause
_ROWS: tuple[tuple[ContainerCause, str], ...] = (
    (_C.IMAGE_NEVER, r"ErrImageNeverPull|pull policy of Never"),
    (_C.IMAGE_NAME, r"InvalidImageName|couldn.t parse image|invalid reference format"),
    (_C.IMAGE_RATE, r"toomanyrequests|too many requests|\b429\b|pull rate limit|rate.?limit"
     r"|pull QPS exceeded"),
    (_C.ARCHITECTURE, r"no match for platform|no matching manifest for|no image found in .{0,40}for"
     r" (?:architecture|platform)|does not match the (?:specified|expected) platform"
     r"|choosing (?:an )?image .{0,40}architecture"),
    (_C.IMAGE_REJECTED, r"SignatureValidation|signature|cosign|source image rejected|policy\.json"
     r"|unexpected commit digest|digest mismatch|unsupported media type|no longer supported"
     r"|invalid tar header|schema ?1\b"),
    (_C.REGISTRY_TLS, r"x509:|certificate|server gave HTTP response to HTTPS client"
     r"|first record does not look like a TLS handshake|remote error: tls|tls: failed"),
    (_C.IMAGE_DISK, r"no space left on device|disk quota exceeded|DiskPressure"),
    (_C.REGISTRY, r"no such host|server misbehaving|name resolution|i/o timeout"
     r"|connection refused|connection reset|no route to host|network is unreachable"
     r"|handshake timeout|Client\.Timeout|context deadline exceeded|DeadlineExceeded|proxyconnect"
     r"|\bEOF\b|\b50[0234]\b|Bad Gateway|Service Unavailable|RegistryUnavailable|dial tcp"
     r"|context canceled|Internal Server Error"),
    (_C.IMAGE_DENIED, r"pull access denied|may require authorization|may require 'docker login'"
     r"|unauthori[sz]ed|authentication required|\b401\b|\b403\b|Forbidden|no basic auth"
     r"|\bdenied\b|authorization failed|invalid username/password|not authori[sz]ed"
     r"|insufficient_scope|oauth token|token has expired|ExpiredToken|no credential"
     r"|failed to authorize"),
    (_C.IMAGE_FAILED, r"failed to extract layer|on snapshotter|content digest"),
    (_C.IMAGE_NOT_FOUND, r"not found|manifest unknown|NotFound|\b404\b|name unknown|NAME_UNKNOWN"
     r"|does not exist|unknown manifest|no such manifest|MANIFEST_UNKNOWN|tag .{0,80}missing"),
)  # fmt: skip
_TABLE = tuple((cause, re.compile(pattern, re.IGNORECASE)) for cause, pattern in _ROWS)

_REACH = (
    (re.compile(r"lookup [\w.-]+|no such host|server misbehaving|name resolution"),
     "its name does not resolve on the node", "correct the registry's name, or the node's DNS"),
    (re.compile(r"connection refused"), "it refuses connections",
     "start the registry, or correct its port"),
    (re.compile(r"proxyconnect"), "the node's proxy does not answer",
     "correct the runtime's HTTPS_PROXY/NO_PROXY on the node"),
    (re.compile(r"\b50[0234]\b|Bad Gateway|Unavailable|Internal Server Error"),
     "it answers with a server error", "look at the registry itself; the pull is tried again"),
    (re.compile(r"timeout|Timeout|deadline|Deadline|canceled"), "it does not answer in time",
     "check the way from the node to the registry: firewall, proxy, NAT"),
)  # fmt: skip
_CLOUDS = re.compile(r"\.amazonaws\.com|gcr\.io|\.pkg\.dev|\.azurecr\.io")
_IMAGE = re.compile(r'image "([\w./:@+-]{1,300})"')
_UNPACKED = re.compile(r"failed to extract layer|on snapshotter|content digest")
_UNRETRIEVED = re.compile(r"image pull secrets \(([\w.-]{1,253}(?:, [\w.-]{1,253}){0,9})\)")
_NO_REPOSITORY = re.compile(r"name unknown|NAME_UNKNOWN|repository .{0,120}(?:not found|not exist)")


def clue(case: Case, status: ContainerStatus) -> Clue:
    """Tell why a container's image does not come."""
    volume, image = _wanted(case, status)
    texts = _texts(case, status, image)
    code, text = _classified(texts)
    called = case.called(status.name) + (f", volume {volume}" if volume else "")
    found = Clue(
        code,
        _words(case, called, image, code, text),
        evidence=(*_container_words(case, status), *event_words(case, *_failures(case))),
        said=(text,) if text else (),
        next=_next(case, status.name, image, code, text, volume=volume),
        confidence="certain" if code is not ContainerCause.IMAGE_FAILED else "possible",
        since_ns=case.group.since_ns,
        follows=case.node_key if code is ContainerCause.IMAGE_DISK else (),
    )
    return found if volume else _seeking(case, status.name, image, text, found)


def _wanted(case: Case, status: ContainerStatus) -> tuple[str, str]:
    """Return the image that does not come, and the volume that it is of, if it is of one."""
    own, spoken = case.container(status.name).image, _named(case, status)
    mounted = {one.image.reference: one.name for one in case.pod.spec.volumes if one.image}
    volume = mounted.get(spoken, "") if spoken != own else ""
    return volume, spoken if volume else own or spoken


def slow_clue(case: Case) -> Clue | None:
    """Tell of a pod whose image takes long to come."""
    started = [saying for one in case.pulls for saying in one.says]
    done = sum(one.count for one in case.pulled)
    if not started or sum(one.count for one in started) <= done:
        return None

    latest = max(started, key=lambda one: one.last_ns)
    waits = case.now_ns - latest.last_ns
    return Clue(
        ContainerCause.IMAGE_SLOW,
        f"its image is being pulled for {age(waits / 1_000_000_000)} on node {case.node}",
        evidence=event_words(case, *case.pulls[:1]),
        said=(latest.text,),
        next="a large image or a slow registry: use a smaller one, a mirror, or pull it beforehand",
        confidence="likely",
        since_ns=latest.last_ns,
        harm=None if waits > SLOW_NS else Harm.DEGRADED,
    )


def _named(case: Case, status: ContainerStatus) -> str:
    """Return the image that the kubelet speaks of."""
    waiting = status.state.waiting
    said = [waiting.message] if waiting else []
    found = (_IMAGE.search(text) for text in (*said, *(one.text for one in case.says("Failed"))))
    return next((one[1] for one in found if one), "")


def _texts(case: Case, status: ContainerStatus, image: str) -> list[str]:
    waiting = status.state.waiting
    said = [one.text for one in case.says("Failed", "InspectFailed", "ErrImageNeverPull")]
    about = [text for text in said if not image or image in text or len(case.statuses) == 1]
    own = [f"{waiting.reason}: {waiting.message}"] if waiting else []

    return [*own, *(text for text in about if not text.startswith("Error: "))]


def _classified(texts: Sequence[str]) -> tuple[ContainerCause, str]:
    for text in texts:
        # What is pulled may be named like an error: `error-pages:404`.
        bare = re.sub(r'(?:image|reference|image ref) \\?"[^"]{1,300}"', "image", text)
        for code, pattern in _TABLE:
            if pattern.search(bare):
                return code, text

    return ContainerCause.IMAGE_FAILED, texts[0] if texts else ""


def _words(case: Case, called: str, image: str, code: ContainerCause, text: str) -> str:
    name = image_named(image)
    its = f"{called}: image {image}" if image else f"{called}: its image"
    match code:
        case ContainerCause.IMAGE_NOT_FOUND:
            missing = f": {name.host} has no {_missing_part(name, text)}" if image else ""
            return f"{its} does not exist{missing}"
        case ContainerCause.IMAGE_DENIED:
            return f"{its} may not be pulled: {name.host} wants other credentials"
        case ContainerCause.IMAGE_RATE:
            own = "pull QPS exceeded" in text
            by = "the kubelet's own limit (registryPullQPS)" if own else f"{name.host}'s rate limit"
            return f"{its} is held back by {by}"
        case ContainerCause.ARCHITECTURE:
            return f"{its} has no version for the architecture of node {case.node}"
        case ContainerCause.REGISTRY:
            return f"{its}: the registry {name.host} cannot be reached: {_reach(text)[0]}"
        case ContainerCause.REGISTRY_TLS:
            return f"{its}: the node does not trust the registry {name.host}: {_tls(text)}"
        case ContainerCause.IMAGE_DISK:
            return f"{its} does not fit: no disk space left on node {case.node}"
        case ContainerCause.IMAGE_NAME:
            why = what_is_wrong(image)
            return f"{its} is no valid name{f': {why}' if why else ''}"
        case ContainerCause.IMAGE_NEVER:
            return f"{its} is not on node {case.node}, and imagePullPolicy is Never"
        case ContainerCause.IMAGE_REJECTED:
            return f"{its} is refused by the node: its signature, digest or format is not accepted"
        case _ if _UNPACKED.search(text):
            return f"{its} comes, but cannot be unpacked on node {case.node}"
        case _:
            return f"{its} cannot be pulled"


def _missing_part(name: ImageName, text: str) -> str:
    if _NO_REPOSITORY.search(text) or not (name.tag or name.digest):
        return f"repository {name.repository}"

    return f"digest {name.digest}" if name.digest else f"tag {name.tag} of {name.repository}"


def _reach(text: str) -> tuple[str, str]:
    row = next((row for row in _REACH if row[0].search(text)), None)
    return row[1:] if row else ("no connection", "check the way from the node to the registry")


def _tls(text: str) -> str:
    if "HTTP response" in text or "does not look like a TLS" in text:
        return "it speaks HTTP, not HTTPS"
    if "expired" in text:
        return "its certificate has expired"

    return "its certificate is not signed by a known authority"


def _next(
    case: Case, container: str, image: str, code: ContainerCause, text: str, *, volume: str
) -> str:
    owner = f"{case.group.owner} namespace={case.group.namespace}"
    match code:
        case ContainerCause.IMAGE_NOT_FOUND | ContainerCause.IMAGE_NAME if volume:
            return f"correct image.reference of volume {volume}"
        case ContainerCause.IMAGE_NOT_FOUND | ContainerCause.IMAGE_NAME:
            before = f", or k8s_rollout name={owner}" if case.owner else ""
            return f"correct the image of {container}: k8s_set{before}"
        case ContainerCause.IMAGE_DENIED:
            host = image_named(image).host
            cloud = ", or the nodes' cloud role the right to pull" if _CLOUDS.search(host) else ""
            return f"give the pods an imagePullSecret with a login for {host}{cloud}"
        case ContainerCause.IMAGE_RATE:
            return "pull with a login (imagePullSecrets) or through a mirror of your own"
        case ContainerCause.ARCHITECTURE:
            return "push a multi-architecture image, or nodeSelector kubernetes.io/arch"
        case ContainerCause.REGISTRY:
            return _reach(text)[1]
        case ContainerCause.REGISTRY_TLS:
            return "give the container runtime of the nodes the registry's CA, or renew it"
        case ContainerCause.IMAGE_DISK:
            return f"k8s_nodes node={case.node}: free disk space, or drain it"
        case ContainerCause.IMAGE_NEVER:
            return "set imagePullPolicy IfNotPresent, or load the image onto the nodes"
        case ContainerCause.IMAGE_REJECTED:
            return "sign the image, or correct the nodes' signature policy"
        case _:
            return events_call(case)


def _container_words(case: Case, status: ContainerStatus) -> tuple[str, ...]:
    waiting = status.state.waiting
    reason = waiting.reason if waiting else "waits"
    return (f"{case.called(status.name)}: {reason}",)


def _failures(case: Case) -> list[Happening]:
    return case.happened("Failed", "InspectFailed", "ErrImageNeverPull")[:1]


def _unretrieved(case: Case) -> list[str]:
    """Return the pull secrets that the kubelet could not find."""
    said = case.says("FailedToRetrieveImagePullSecret")
    found = _UNRETRIEVED.search(said[0].text) if said else None
    return found[1].split(", ") if found else []


def _seeking(case: Case, container: str, image: str, text: str, found: Clue) -> Clue:
    """Add what could be looked up to a clue: images like this, or logins."""
    if found.code is ContainerCause.IMAGE_NOT_FOUND:
        return replace(found, seeks=(Image(image, container),), finish=with_images(image))
    if found.code is ContainerCause.IMAGE_DENIED:
        if missing := _unretrieved(case):
            return secret_gone(found, missing, image_named(image))
        names = tuple(one.called for one in case.pod.spec.image_pull_secrets)
        seeks = (PullLogins(names), Image(image, container))
        return replace(found, seeks=seeks, finish=with_logins(image, text, known=case.whole))

    return found
