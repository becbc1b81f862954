"""Which class serves an Ingress, and what comes of having none, or one that nobody serves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial

from jamie_base.text import join_words
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.network import Ingress, IngressClass
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.telling import NAMES_SHOWN, ago, named
from jamie_kubernetes.facts.findings import Harm, finding_about
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest

ADDRESS_NS = 600 * 1_000_000_000
"""How long an address may take."""

LEGACY_CLASS = "kubernetes.io/ingress.class"

_STRICT = ("k8s.io/ingress-nginx", "nginx.org/ingress-controller")
"""Controllers that pass over an Ingress without a class, unless a flag tells them otherwise."""

_HARM = {
    (True, False): Harm.RISK,
    (True, True): Harm.DEGRADED,
    (False, False): Harm.BROKEN,
    (False, True): Harm.DOWN,
}
"""How bad it is to have no class, by whether somebody may serve it yet, and has had the time."""

ingress_finding = partial(finding_about, "ing")


class IngressCause(StrEnum):
    """Why an Ingress does not do what it is for."""

    NO_CLASS = "ingress-class-missing"
    CLASSLESS = "ingress-without-class"
    NO_BACKEND = "ingress-backend-missing"
    NO_PORT = "ingress-backend-port-missing"
    WRONG_TYPE = "ingress-backend-wrong-type"
    DOWN = "ingress-backend-down"
    NO_SECRET = "ingress-tls-secret-missing"
    WRONG_SECRET = "ingress-tls-secret-wrong-type"
    EXPIRED = "ingress-certificate-expired"
    EXPIRING = "ingress-certificate-expiring"
    WRONG_HOST = "ingress-certificate-wrong-host"
    COLLIDES = "ingress-host-collision"
    NO_ADDRESS = "ingress-without-address"


class Classes:
    """The IngressClasses of a cluster; `any_served`: somebody serves Ingresses without a class."""

    def __init__(self, found: Sequence[IngressClass], ingresses: Sequence[Ingress]) -> None:
        self.by_name = {one.metadata.name: one for one in found}
        self._default = next((one.metadata.name for one in found if one.is_default), "")
        self.any_served = any(is_served(one) and not self.of(one) for one in ingresses)

    def of(self, one: Ingress) -> str:
        """Return the class of an Ingress; empty where it has none."""
        legacy = one.metadata.annotations.get(LEGACY_CLASS, "")
        return one.spec.ingress_class_name or legacy or self._default

    @property
    def lenient(self) -> list[str]:
        """Return the classes whose controller may serve Ingresses without a class, too."""
        return sorted(
            name for name, one in self.by_name.items() if one.spec.controller not in _STRICT
        )

    def controller(self, one: Ingress) -> str:
        """Return who serves an Ingress, as far as that is known."""
        known = self.by_name.get(self.of(one))
        return known.spec.controller if known else ""


def class_causes(one: Ingress, classes: Classes, around: Around) -> Iterator[Finding]:
    """Yield what is wrong with the class of an Ingress."""
    asked = one.spec.ingress_class_name
    if asked and asked not in classes.by_name:
        yield _unknown(one, classes)
    elif not classes.of(one) and not is_served(one):
        yield from _classless(one, classes, around)


def is_served(one: Ingress) -> bool:
    """Tell whether a controller gave an Ingress an address."""
    return bool(one.status.load_balancer.ingress)


def addressless(
    ingresses: Sequence[Ingress], classes: Classes, around: Around
) -> Iterator[Finding]:
    """Yield Ingresses that got no address though others of their class did, or classes without."""
    by_class: dict[str, list[Ingress]] = defaultdict(list)
    for one in ingresses:
        if (name := classes.of(one)) in classes.by_name and not one.metadata.deletion_timestamp:
            by_class[name].append(one)

    for name, found in by_class.items():
        without = [
            one
            for one in found
            if not is_served(one) and around.is_past(one.metadata.created_ns, ADDRESS_NS)
        ]
        if len(without) == len(found):
            yield _unserved(name, found, classes)
        else:
            yield from (_addressless(one, name) for one in without)


def _unknown(one: Ingress, classes: Classes) -> Finding:
    asked, known = one.spec.ingress_class_name, sorted(classes.by_name)
    near = nearest(asked, known, n=1)
    are = "are" if len(known) > 1 else "is"
    offered = f"there {are} {named(known)}" if known else "there is none at all"
    return ingress_finding(
        one,
        IngressCause.NO_CLASS,
        Harm.DEGRADED if is_served(one) else Harm.DOWN,
        f"its class {word(asked)} does not exist, so no controller takes it up; {offered}",
        f"correct spec.ingressClassName{f': {near[0]}?' if near else ''}, or make the class",
    )


def _classless(one: Ingress, classes: Classes, around: Around) -> Iterator[Finding]:
    """Yield an Ingress without class and address, as sure as one can be from outside.

    Who serves it is the controllers' choice; that it got no address in a while tells more.
    """
    made = one.metadata.created_ns
    waited = around.is_past(made, ADDRESS_NS)
    if classes.any_served and not waited:
        return

    maybe = bool(classes.any_served or classes.lenient or not classes.by_name)
    known = sorted(classes.by_name)
    yield ingress_finding(
        one,
        IngressCause.CLASSLESS,
        _HARM[maybe, waited],
        f"it names no class and there is no default one{_who(classes)}",
        f"set spec.ingressClassName to {join_words(known[:NAMES_SHOWN], 'or')}"
        if known
        else "see which controller should serve it, and name its class in spec.ingressClassName",
        evidence=(f"it has no address, made {ago(made, around.now_ns)}",),
        confidence="likely" if waited else "possible",
    )


def _who(classes: Classes) -> str:
    """Say who may serve an Ingress without a class."""
    if classes.any_served:
        return ": others like it are served, this one is not"
    if not classes.by_name:
        return ", in fact none at all: only a controller that takes up any Ingress serves it"
    if classes.lenient:
        return f": the controller of {named(classes.lenient)} may take it up, or pass it over"

    return ", so no controller takes it up"


def _addressless(one: Ingress, name: str) -> Finding:
    return ingress_finding(
        one,
        IngressCause.NO_ADDRESS,
        Harm.BROKEN,
        f"it has no address, others of class {word(name)} have: its controller refuses it or did"
        " not notice",
        f"look at its events and the controller's log: k8s_events object=ing/{one.metadata.name}"
        f" namespace={one.metadata.namespace}",
        confidence="likely",
        since_ns=one.metadata.created_ns,
    )


def _unserved(name: str, found: Sequence[Ingress], classes: Classes) -> Finding:
    controller = classes.by_name[name].spec.controller
    return Finding(
        cause=IngressCause.NO_ADDRESS,
        namespace="",
        owner=f"ingressclass/{name}",
        severity=Harm.RISK,
        summary=f"no Ingress of this class has an address: does its controller"
        f" ({word(controller)}) run?",
        confidence="possible",
        next="look for its pods; some controllers publish no address and are well",
        affects=tuple(
            key_of(one.metadata.namespace, f"ing/{one.metadata.name}") for one in found[:6]
        ),
    )
