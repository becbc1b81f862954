"""TLS to an API server: authorities and client certificates from files or from memory."""

import base64
import binascii
import ssl
import tempfile
from pathlib import Path
from typing import NoReturn

import msgspec

from jamie_base.errors import BackendError
from jamie_kubernetes.client.kubeconfig import ClusterEntry, User


class Certificate(msgspec.Struct, frozen=True):
    """A client certificate with its key, both PEM."""

    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Certificate(...)"


def tls_context(cluster: ClusterEntry, certificate: Certificate | None) -> ssl.SSLContext:
    """Return the context for connections to the cluster.

    Raises:
        BackendError: An authority or certificate is missing, is not PEM, or needs a passphrase.

    """
    context = _trusting(cluster)
    if certificate:
        _load(context, certificate)

    return context


def certificate_of(user: User) -> Certificate | None:
    """Read the client certificate of a kubeconfig user; data wins over files, as in kubectl.

    Raises:
        BackendError: A file is missing, or the data is not base64.

    """
    chain = _pem("client-certificate", user.client_certificate_data, user.client_certificate)
    key = _pem("client-key", user.client_key_data, user.client_key)

    return Certificate(chain, key) if chain and key else None


def _trusting(cluster: ClusterEntry) -> ssl.SSLContext:
    if cluster.insecure_skip_tls_verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    pem = _pem(
        "certificate-authority", cluster.certificate_authority_data, cluster.certificate_authority
    )
    try:
        return ssl.create_default_context(cadata=pem.decode("ascii") if pem else None)
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as exc:
        raise BackendError(
            f"The certificate-authority of {cluster.server} holds no certificate ({exc})."
        ) from exc


def _pem(what: str, data: str, path: str) -> bytes:
    try:
        if data:
            return base64.b64decode("".join(data.split()), validate=True)

        return Path(path).read_bytes() if path else b""
    except (binascii.Error, ValueError) as exc:
        raise BackendError(f"{what}-data in the kubeconfig is not base64.") from exc
    except OSError as exc:
        raise BackendError(f"Cannot read the {what} {path!r}: {exc.strerror or exc}.") from exc


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    # OpenSSL reads a chain only from a file: this one is ours alone (0600) and gone at once.
    with tempfile.TemporaryDirectory(prefix="jamie-") as folder:
        pem = Path(folder) / "client.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(certificate.chain.rstrip() + b"\n" + certificate.key)
        try:
            context.load_cert_chain(pem, password=_refuse_passphrase)
        except (OSError, ssl.SSLError) as exc:
            raise BackendError(
                f"The client certificate and key do not work together ({exc.args[-1]})."
            ) from exc


def _refuse_passphrase() -> NoReturn:
    # Without this OpenSSL would ask at the terminal and the server would hang.
    raise BackendError("The client key needs a passphrase, and nobody is there to type it.")
