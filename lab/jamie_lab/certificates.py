"""The lab's certificates: one authority, and what the control plane needs signed by it."""

import datetime as dt
import ipaddress
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1")
LIFETIME = dt.timedelta(days=365)


class Identity(msgspec.Struct, frozen=True):
    """Whom a certificate names, and whether it serves or calls."""

    name: str
    group: str = ""
    serves: bool = False


IDENTITIES = {
    "server": Identity("kube-apiserver", serves=True),
    "admin": Identity("lab-admin", group="system:masters"),
    "controller-manager": Identity("system:kube-controller-manager"),
    "scheduler": Identity("system:kube-scheduler"),
    "front-proxy": Identity("front-proxy-client"),
}


def certificates(folder: Path) -> None:
    """Write ca.crt, one pair per identity and the service-account keys, unless they are there."""
    if (folder / "complete").exists():
        return

    key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(key)
    _write(folder / "ca.crt", authority.public_bytes(serialization.Encoding.PEM))
    _write(folder / "ca.key", _private(key))
    for file, identity in IDENTITIES.items():
        _issue(folder / file, identity, authority, key)
    _service_account(folder)
    (folder / "complete").touch()


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jamie-lab")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

    return (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _issue(
    base: Path, identity: Identity, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_subject(identity), authority.subject, key.public_key())
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if identity.serves:
        purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = builder.add_extension(_alternatives(), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    certificate = (
        builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(identifier, critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write(base.with_suffix(".crt"), certificate.public_bytes(serialization.Encoding.PEM))
    _write(base.with_suffix(".key"), _private(key))


def _subject(identity: Identity) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COMMON_NAME, identity.name)]
    if identity.group:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity.group))

    return x509.Name(names)


def _alternatives() -> x509.SubjectAlternativeName:
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in SERVER_ADDRESSES]

    return x509.SubjectAlternativeName([*map(x509.DNSName, SERVER_NAMES), *addresses])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # An hour back, for clocks that disagree.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _service_account(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(folder / "service-account.key", _private(key))
    _write(folder / "service-account.pub", public)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_bytes(content)
