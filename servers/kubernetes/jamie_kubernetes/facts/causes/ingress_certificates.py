"""Why the certificates of Ingresses are not what clients should get."""

from collections.abc import Iterator

from jamie_base.when import Nanoseconds, age
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.network import Ingress
from jamie_kubernetes.facts.causes.ingress_classes import IngressCause, ingress_finding
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.certificates import Certificate, is_for
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word

TLS_TYPE = "kubernetes.io/tls"
_SECOND = 1_000_000_000
_ISSUERS = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme")


def secrets_of(one: Ingress) -> list[str]:
    """Return the Secrets an Ingress takes its certificates from."""
    return [*dict.fromkeys(each.secret_name for each in one.spec.tls or () if each.secret_name)]


def secret_cause(one: Ingress, secret: str, kind: str) -> Finding | None:
    """Judge the Secret of a certificate by its type; an empty one: it does not exist."""
    if kind == TLS_TYPE:
        return None

    hosts = _hosts(one, secret)
    about = f" for {named(hosts)}" if hosts else ""
    if kind:
        return ingress_finding(
            one,
            IngressCause.WRONG_SECRET,
            Harm.BROKEN,
            f"its certificate{about} should be in secret/{secret}, which is of type {word(kind)},"
            f" not {TLS_TYPE}",
            f"make it anew: {_making(one, secret)}",
        )

    issued = _is_issued(one)
    maker = "; cert-manager should make it" if issued else ""
    return ingress_finding(
        one,
        IngressCause.NO_SECRET,
        Harm.BROKEN,
        f"secret/{secret} with its certificate{about} does not exist: clients get a wrong one"
        f"{maker}",
        _issuer_call(one, secret) if issued else f"create it: {_making(one, secret)}",
        follows=_issuer(one, secret),
    )


def certificate_causes(
    one: Ingress, secret: str, certificate: Certificate, now_ns: Nanoseconds
) -> Iterator[Finding]:
    """Yield what clients of an Ingress have against its certificate."""
    left = certificate.left_ns(now_ns)
    if left <= 0:
        when = f"expired {age(-left / _SECOND)} ago: clients refuse it"
        yield _worn(one, secret, IngressCause.EXPIRED, Harm.BROKEN, when)
    elif certificate.is_due(now_ns):
        when = f"expires in {age(left / _SECOND)} and was not renewed"
        yield _worn(one, secret, IngressCause.EXPIRING, Harm.RISK, when)

    others = [host for host in _hosts(one, secret) if not is_for(host, certificate.hosts)]
    # Without names of its own the common name may still do for some.
    if others and certificate.hosts:
        yield ingress_finding(
            one,
            IngressCause.WRONG_HOST,
            Harm.BROKEN,
            f"the certificate in secret/{secret} is not for {named(others)}, but for"
            f" {named([_host(host) for host in certificate.hosts])}: clients refuse it, or get a"
            " wrong one",
            "put a certificate with this host into the Secret, or correct the Ingress's tls",
            follows=_issuer(one, secret),
        )


def _host(name: str) -> str:
    # What a certificate is for, whoever made it may have written anything into it.
    wide = name.startswith("*.")
    return f"*.{word(name[2:])}" if wide else word(name)


def _worn(one: Ingress, secret: str, cause: IngressCause, harm: Harm, when: str) -> Finding:
    hosts = _hosts(one, secret)
    return ingress_finding(
        one,
        cause,
        harm,
        f"the certificate in secret/{secret}{f' for {named(hosts)}' if hosts else ''} {when}",
        _issuer_call(one, secret)
        if _is_issued(one)
        else f"renew it, then {_making(one, secret)} --dry-run=client -o yaml | kubectl apply -f -",
        follows=_issuer(one, secret),
    )


def _hosts(one: Ingress, secret: str) -> list[str]:
    return [
        host
        for each in one.spec.tls or ()
        if each.secret_name == secret
        for host in each.hosts or ()
    ]


def _making(one: Ingress, secret: str) -> str:
    return f"kubectl -n {one.metadata.namespace} create secret tls {secret} --cert=... --key=..."


def _is_issued(one: Ingress) -> bool:
    return any(note in one.metadata.annotations for note in _ISSUERS)


def _issuer(one: Ingress, secret: str) -> tuple[str, ...]:
    return (key_of(one.metadata.namespace, f"Certificate/{secret}"),)


def _issuer_call(one: Ingress, secret: str) -> str:
    return f"k8s_diagnose object=certificate/{secret} namespace={one.metadata.namespace}"
