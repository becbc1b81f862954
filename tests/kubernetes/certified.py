"""Certificates as they lie in Secrets, made for a test."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kubernetes.wire import Json


def certificate(*hosts: str, life: timedelta = timedelta(days=90), **left: float) -> str:
    """A certificate for these hosts that has so long left, below zero too; PEM, base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    ends = datetime.now(UTC) + timedelta(**left)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - life)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, hosts)]), critical=False)
        .sign(key, hashes.SHA256())
    )

    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def tls_secret(name: str, pem: str) -> Json:
    """A Secret with a certificate, and something in place of the key."""
    key = base64.b64encode(b"-----BEGIN PRIVATE KEY-----").decode()
    return {
        "metadata": {"name": name},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": pem, "tls.key": key},
    }
