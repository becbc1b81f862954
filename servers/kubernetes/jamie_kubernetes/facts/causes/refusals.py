"""What refuses a pod, told from the words of the API server.

Only words that can be checked are taken over from a message: names, quantities, the API's own
terms. What a webhook or policy says in its own words is quoted elsewhere.
"""

import re
from collections.abc import Callable
from enum import StrEnum

import msgspec

from jamie_kubernetes.facts.standing import word


class AdmissionCause(StrEnum):
    """Why pods are refused, or will be."""

    QUOTA = "quota-exceeded"
    QUOTA_UNSTATED = "quota-needs-requests"
    QUOTA_FULL = "quota-full"
    LIMIT_RANGE = "limit-range"
    LIMITS_AHEAD = "limit-range-ahead"
    POD_SECURITY = "pod-security"
    SECURITY_CONSTRAINT = "security-constraint"
    WEBHOOK_DENIED = "webhook-denied"
    WEBHOOK_DOWN = "webhook-unreachable"
    POLICY = "admission-policy"
    NO_SERVICE_ACCOUNT = "service-account-missing"
    NO_PRIORITY_CLASS = "priority-class-missing"
    NO_RUNTIME_CLASS = "runtime-class-missing"
    FORBIDDEN = "rbac-forbidden"
    INVALID = "pod-invalid"
    NAME_TAKEN = "name-taken"
    NAMESPACE_ENDS = "namespace-terminating"
    REFUSED = "create-refused"


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not made: in our words, by what (`quota/small`), and what helps.

    `wide` says that what refuses stands outside the namespace; `ns/` is the namespace itself.
    `counted` is what a quota has no room for, as `requests.cpu`.
    """

    cause: AdmissionCause
    why: str
    next: str = ""
    culprit: str = ""
    wide: bool = False
    counted: tuple[str, ...] = ()


def refusal_of(message: str) -> Refusal:
    """Read why the API server refused."""
    for pattern, read in _READINGS:
        if found := pattern.search(message):
            return read(found)

    return Refusal(
        AdmissionCause.REFUSED,
        "the API server refuses its pods",
        "do as its words below ask; a server-side dry run of such a pod repeats them",
    )


_Found = re.Match[str]

_UNREACHABLE = (
    ("no endpoints available", "has no endpoint: no pod of its Service is ready"),
    ("not found", "leads to a Service that does not exist"),
    ("connection refused", "refuses connections"),
    ("deadline exceeded", "does not answer in time"),
    ("Client.Timeout", "does not answer in time"),
    ("i/o timeout", "does not answer in time"),
    ("certificate has expired", "has an expired certificate"),
    ("certificate is valid for", "has a certificate for another name than its Service's"),
    ("certificate is not valid for any names", "has a certificate without its Service's name"),
    ("x509", "has a certificate that its caBundle does not vouch for"),
    ("no such host", "has a host name that does not resolve"),
    ("no route to host", "cannot be reached from the control plane"),
)

_SECURITY_RULES = (
    "privileged",
    "allowPrivilegeEscalation != false",
    "runAsNonRoot != true",
    "runAsUser=0",
    "unrestricted capabilities",
    "non-default capabilities",
    "seccompProfile",
    "host namespaces",
    "hostPath volumes",
    "hostPort",
    "host probes or lifecycle hooks",
    "hostProcess",
    "restricted volume types",
    "procMount",
    "seLinuxOptions",
    "forbidden sysctls",
    "forbidden AppArmor profile",
)
_QUANTITY = re.compile(r"[\w.+-]{1,24}")
_STATED = re.compile(r"(?:requests|limits)\.[\w./-]{1,40}")
_BOUND = re.compile(
    r"(?:(?P<end>minimum|maximum) )?(?P<what>[\w./-]{1,40}) (?:usage|limit|max limit to request"
    r" ratio) per (?P<per>Container|Pod|PersistentVolumeClaim) is (?P<bound>[\w.]{1,24}), but"
    r" (?:no |provided )?(?:request|limit|ratio)(?: is (?P<given>\d[\w.]{0,23}))?"
)


def _quota(found: _Found) -> Refusal:
    name = word(found["name"])
    asked, used, hard = (_amounts(found[key]) for key in ("asked", "used", "hard"))
    each = [
        f"{word(key)} asks {_quantity(asked[key])}, used {_quantity(used.get(key, '?'))}"
        f" of {_quantity(hard.get(key, '?'))}"
        for key in asked
    ]
    return Refusal(
        AdmissionCause.QUOTA,
        f"quota {name} has no room: {'; '.join(each[:3])}",
        f"raise quota/{name}, or lower the requests or the replicas of what uses it",
        f"quota/{name}",
        counted=tuple(asked),
    )


def _unstated(found: _Found) -> Refusal:
    name = word(found["name"])
    missing = dict.fromkeys(_STATED.findall(found["what"]))
    return Refusal(
        AdmissionCause.QUOTA_UNSTATED,
        f"quota {name} wants every container to state {', '.join(missing) or 'its requests'}",
        "set these requests and limits in the pod template, or a LimitRange with defaults",
        f"quota/{name}",
    )


def _limit_range(found: _Found) -> Refusal:
    broken = [
        f"{one['end'] or 'largest ratio of'} {one['what']} per {one['per']} is {one['bound']},"
        f" it has {one['given'] or 'none'}"
        for one in _BOUND.finditer(found.string)
    ]
    return Refusal(
        AdmissionCause.LIMIT_RANGE,
        f"a LimitRange of the namespace refuses it: {'; '.join(broken[:3]) or 'out of its bounds'}",
        "change the container's requests and limits, or the LimitRange:"
        " k8s_get what=limitranges output=yaml",
    )


def _over_limit(found: _Found) -> Refusal:
    given, limit = _quantity(found["given"]), _quantity(found["limit"])
    return Refusal(
        AdmissionCause.INVALID,
        f"{_field(found)}: the request {given} is over the {word(found['what'])} limit {limit}",
        "state the limit in the pod template: a LimitRange's default may be what is too small",
    )


def _pod_security(found: _Found) -> Refusal:
    level = word(found["level"].partition(":")[0])
    rules = [rule for rule in _SECURITY_RULES if rule in found["rules"]]
    return Refusal(
        AdmissionCause.POD_SECURITY,
        f"PodSecurity {level} of the namespace forbids it:"
        f" {', '.join(rules[:5]) or 'see its words below'}",
        "fix the securityContext in the pod template, or relax the namespace's label"
        " pod-security.kubernetes.io/enforce",
        "ns/",
        wide=True,
    )


def _constraint(_: _Found) -> Refusal:
    return Refusal(
        AdmissionCause.SECURITY_CONSTRAINT,
        "no security context constraint admits its service account's pods",
        "grant its service account a fitting one (oc adm policy add-scc-to-user), or fix the"
        " securityContext",
    )


def _denied(found: _Found) -> Refusal:
    name = word(found["name"])
    return Refusal(
        AdmissionCause.WEBHOOK_DENIED,
        f"admission webhook {name} denies it",
        "do as its words below ask, or exempt the namespace in its webhook configuration",
        f"webhook/{name}",
        wide=True,
    )


def _down(found: _Found) -> Refusal:
    name, words = word(found["name"]), found["words"]
    how = next((said for sign, said in _UNREACHABLE if sign in words), "cannot be called")
    renew = "renew its certificate, and caBundle in its configuration to match"
    return Refusal(
        AdmissionCause.WEBHOOK_DOWN,
        f"admission webhook {name} {how}",
        f"{renew if 'certificate' in how else 'bring its backend back'}; until then failurePolicy:"
        " Ignore in its configuration lets pods through",
        f"webhook/{name}",
        wide=True,
    )


def _policy(found: _Found) -> Refusal:
    name, binding = word(found["name"]), word(found["binding"])
    return Refusal(
        AdmissionCause.POLICY,
        f"{word(found['kind'])} {name} (binding {binding}) denies it",
        "do as its words below ask, or exempt the namespace in its binding",
        f"policy/{name}",
        wide=True,
    )


def _missing(cause: AdmissionCause, kind: str, field: str) -> "_Reading":
    def read(found: _Found) -> Refusal:
        name = word(found["name"])
        return Refusal(
            cause,
            f"its {kind} {name} does not exist",
            f"create {kind.lower()}/{name}, or correct {field} in the pod template",
            f"{kind.lower()}/{name}",
            wide=kind != "ServiceAccount",
        )

    return read


def _ending(found: _Found) -> Refusal:
    name = word(found["name"])
    return Refusal(
        AdmissionCause.NAMESPACE_ENDS,
        f"namespace {name} is being deleted: nothing new is made in it",
        f"k8s_get what=ns/{name} output=yaml shows what holds it; deploy elsewhere meanwhile",
        f"ns/{name}",
        wide=True,
    )


def _forbidden(found: _Found) -> Refusal:
    who, verb, what = word(found["who"]), word(found["verb"]), word(found["what"])
    return Refusal(
        AdmissionCause.FORBIDDEN,
        f"{who} may not {verb} {what}",
        f"grant it; k8s_access shows what {who} may, and by which role",
    )


def _taken(found: _Found) -> Refusal:
    leaving = ", which is still being deleted" if found["leaving"] else ""
    taken = f"{word(found['what']).removesuffix('s')}/{word(found['name'])}"
    return Refusal(
        AdmissionCause.NAME_TAKEN,
        f"{taken} is in its way, made by somebody else{leaving}",
        f"see whose it is: k8s_get what={taken}; then remove or rename it",
    )


def _invalid(found: _Found) -> Refusal:
    return Refusal(
        AdmissionCause.INVALID,
        f"its pods would not be valid: {_field(found)}: {found['what']}",
        "correct this field in the pod template; a webhook or LimitRange may have changed it",
    )


def _field(found: _Found) -> str:
    # Without blanks it is no sentence, whoever wrote it.
    return found["field"][:100]


def _amounts(text: str) -> dict[str, str]:
    """Read `pods=1,requests.cpu=2`."""
    pairs = (part.partition("=") for part in text.rstrip(".").split(","))
    return {key.strip(): value for key, _, value in pairs}


def _quantity(text: str) -> str:
    return text if _QUANTITY.fullmatch(text) else "?"


_Reading = Callable[[_Found], Refusal]

_LOOKS: tuple[tuple[str, _Reading], ...] = (
    (r'admission webhook "(?P<name>[^"]+)" denied the request', _denied),
    (r'failed calling webhook "(?P<name>[^"]+)": (?P<words>[\s\S]*)', _down),
    (
        r"(?P<kind>\w+AdmissionPolicy) '(?P<name>[^']+)' with binding '(?P<binding>[^']+)'"
        r" denied request",
        _policy,
    ),
    (
        r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+?), used: (?P<used>.+?),"
        r" limited: (?P<hard>\S+)",
        _quota,
    ),
    (r"failed quota: (?P<name>[^:]+): must specify (?P<what>.+)", _unstated),
    (r'violates PodSecurity "(?P<level>[^"]+)": (?P<rules>.+)', _pod_security),
    (r"unable to validate against any (?:security context constraint|pod security)", _constraint),
    (
        r"looking up service account [^/\s]+/(?P<name>[^:\s]+): serviceaccount \S+ not found",
        _missing(AdmissionCause.NO_SERVICE_ACCOUNT, "ServiceAccount", "serviceAccountName"),
    ),
    (
        r"no PriorityClass with name (?P<name>\S+) was found",
        _missing(AdmissionCause.NO_PRIORITY_CLASS, "PriorityClass", "priorityClassName"),
    ),
    (
        r'RuntimeClass "?(?P<name>[^"\s]+)"? not found',
        _missing(AdmissionCause.NO_RUNTIME_CLASS, "RuntimeClass", "runtimeClassName"),
    ),
    (r"new content in namespace (?P<name>\S+) because it is being terminated", _ending),
    (
        r'User "(?P<who>[^"]+)" cannot (?P<verb>\w+) resource "(?P<what>[^"]+)"',
        _forbidden,
    ),
    (
        r'(?P<leaving>object is being deleted: )?(?P<what>[a-z]+) "(?P<name>[^"]+)" already exists',
        _taken,
    ),
    (
        r'is invalid: .*?(?P<field>[\w\[\].]+requests): Invalid value: "?(?P<given>[\w.]+)"?:'
        r" must be less than or equal to (?P<what>\S+) limit of (?P<limit>[\w.]+)",
        _over_limit,
    ),
    (
        r"is invalid: \[?(?P<field>[\w\[\]./-]+): (?P<what>Required value|Invalid value|Not found"
        r"|Unsupported value|Duplicate value|Too long|Too many|Forbidden)",
        _invalid,
    ),
    (
        r"is forbidden: \[?(?:(?:minimum|maximum) \S+ (?:usage|limit) per"
        r"|\S+ max limit to request ratio per)",
        _limit_range,
    ),
)
"""What messages look like, the special before the general."""

_READINGS = tuple((re.compile(look), read) for look, read in _LOOKS)
