"""What is wrong with the CA certificates by which the API server trusts its webhooks and APIs."""

from enum import StrEnum

import msgspec

from jamie_base.when import Nanoseconds, age, nanoseconds
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.network import NotedMeta
from jamie_kubernetes.facts.certificates import Certificate, certificates_in
from jamie_kubernetes.facts.standing import word

FILLED_NS = 120 * 1_000_000_000
"""How long whoever fills a bundle in may take."""

_SECOND = 1_000_000_000
_OF_CERTIFICATE = "cert-manager.io/inject-ca-from"
_INJECTED = (
    _OF_CERTIFICATE,
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
)


class BundleCause(StrEnum):
    """Why the API server does not trust, or soon will not, who answers for it."""

    INVALID = "ca-bundle-invalid"
    EXPIRING = "ca-bundle-expiring"


class BundleTrouble(msgspec.Struct, frozen=True):
    """What is wrong with a bundle, what to do, and whose finding would explain it."""

    cause: BundleCause
    why: str
    next: str
    follows: tuple[str, ...] = ()


def bundle_trouble(about: NotedMeta, bundle: str, now_ns: Nanoseconds) -> BundleTrouble | None:
    """Judge the `caBundle` of an object; None for one that is good for a while."""
    cause, why = _judged(about, bundle, now_ns)
    if cause is None:
        return None

    namespace, _, name = about.annotations.get(_OF_CERTIFICATE, "").partition("/")
    if name:
        call = f"k8s_diagnose object=certificate/{word(name)} namespace={word(namespace)}"
        step = f"cert-manager's cainjector should fill it in from that certificate: {call}"
        return BundleTrouble(cause, why, step, (key_of(namespace, f"Certificate/{name}"),))

    step = "put the CA certificate that signed its server's into caBundle"
    maker = _injected(about)
    asked = f": whoever acts on its annotation {maker} should" if maker else ""
    return BundleTrouble(cause, why, step + asked)


def _judged(about: NotedMeta, bundle: str, now_ns: Nanoseconds) -> tuple[BundleCause | None, str]:
    if not bundle:
        # Without one the system's certificates count, which some servers do have.
        late = now_ns - about.created_ns > FILLED_NS
        return _EMPTY if late and _injected(about) else _FINE

    known = [*certificates_in(bundle)]
    if not known:
        return BundleCause.INVALID, "its caBundle holds no certificate"

    begun = [one for one in known if nanoseconds(one.begins) <= now_ns]
    if not begun:
        early = min(nanoseconds(one.begins) for one in known) - now_ns
        return BundleCause.INVALID, f"its caBundle becomes valid only in {age(early / _SECOND)}"

    return _by_end(max(begun, key=lambda one: one.ends), now_ns)


_FINE = (None, "")
_EMPTY = (BundleCause.INVALID, "its caBundle was not filled in")


def _injected(about: NotedMeta) -> str:
    """Return the annotation by which somebody should fill it in."""
    return next((note for note in _INJECTED if note in about.annotations), "")


def _by_end(last: Certificate, now_ns: Nanoseconds) -> tuple[BundleCause | None, str]:
    left = last.left_ns(now_ns)
    if left <= 0:
        return BundleCause.INVALID, f"its caBundle expired {age(-left / _SECOND)} ago"
    if last.is_due(now_ns):
        return BundleCause.EXPIRING, f"its caBundle expires in {age(left / _SECOND)}"

    return _FINE
