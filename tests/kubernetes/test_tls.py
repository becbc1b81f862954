"""TLS to an API server, against a real one on loopback that wants our certificate."""

import base64
import datetime
import json
import ssl
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSAttribute, TLSListener, TLSStream
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kubernetes.conftest import Connect, text_of
from tests.kubernetes.wire import Json, kubeconfig, save

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


class Pair(NamedTuple):
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        signed = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.pem = self._signed(signed)

    def issue(self, name: str, passphrase: bytes = b"") -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "loopback":
            names.append(x509.IPAddress(ip_address("127.0.0.1")))
        signed = self._builder(subject, key).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        encryption = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        form = serialization.PrivateFormat.PKCS8
        return Pair(
            self._signed(signed),
            key.private_bytes(serialization.Encoding.PEM, form, encryption),
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


AUTHORITY = Authority()


@asynccontextmanager
async def api_server(folder: Path, name: str = "loopback") -> AsyncGenerator[tuple[str, list[str]]]:
    """Serve an empty list to whoever has a certificate of ours; yield the URL and who came."""
    own = AUTHORITY.issue(name)
    (folder / "server.pem").write_bytes(own.certificate + own.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=AUTHORITY.pem.decode())
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    came: list[str] = []

    async def handle(stream: TLSStream) -> None:
        async with stream:
            await stream.receive()
            peer = stream.extra(TLSAttribute.peer_certificate_binary, None)
            came.append(name_in(peer) if peer else "nobody")
            body = json.dumps({"metadata": {}, "items": []}).encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            )
            await stream.send(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)

    plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = plain.extra(anyio.abc.SocketAttribute.local_port)
    async with (
        TLSListener(plain, context, standard_compatible=False) as listener,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listener.serve, handle)
        yield f"https://127.0.0.1:{port}", came
        group.cancel_scope.cancel()


def name_in(der: bytes) -> str:
    subject = x509.load_der_x509_certificate(der).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def trusting(url: str, user: Json, **cluster: Any) -> Json:
    config = kubeconfig(url, **user)
    config["clusters"][0]["cluster"] |= cluster

    return config


CA = {"certificate-authority-data": encoded(AUTHORITY.pem)}
ME = AUTHORITY.issue("me")
INLINE = {
    "client-certificate-data": encoded(ME.certificate),
    "client-key-data": encoded(ME.key),
}


async def test_a_client_certificate_in_the_kubeconfig_is_who_we_are(
    connect: Connect, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    client = await connect()
    async with api_server(tmp_path) as (url, came):
        save(config, trusting(url, INLINE, **CA))
        answer = text_of(await client.call_tool("k8s_events", {}))

    assert answer.startswith("No warning events in lab")
    assert came == ["me"]
    assert list(scratch.iterdir()) == []


async def test_certificate_files_are_read_again_when_they_are_rotated(
    connect: Connect, config: Path, tmp_path: Path
) -> None:
    put(tmp_path, "ca.pem", AUTHORITY.pem)
    put_pair(tmp_path, AUTHORITY.issue("old"))
    files = {"client-certificate": "client.pem", "client-key": "client.key"}
    client = await connect()
    async with api_server(tmp_path) as (url, came):
        save(config, trusting(url, files, **{"certificate-authority": "ca.pem"}))
        await client.call_tool("k8s_events", {})
        put_pair(tmp_path, AUTHORITY.issue("new"))
        await client.call_tool("k8s_events", {})

    assert came == ["old", "new"]


async def test_a_plugin_may_issue_a_certificate(
    connect: Connect, config: Path, tmp_path: Path
) -> None:
    version = "client.authentication.k8s.io/v1"
    issued = AUTHORITY.issue("from-plugin")
    printed = {
        "apiVersion": version,
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": issued.certificate.decode(),
            "clientKeyData": issued.key.decode(),
        },
    }
    put(tmp_path, "printed.json", json.dumps(printed).encode())
    plugin = {"command": "cat", "args": [str(tmp_path / "printed.json")], "apiVersion": version}
    client = await connect()
    async with api_server(tmp_path) as (url, came):
        save(config, trusting(url, {"exec": plugin}, **CA))
        await client.call_tool("k8s_events", {})

    assert came == ["from-plugin"]


async def test_a_server_we_do_not_trust_is_refused_and_how_to_mend_it_is_said(
    connect: Connect, config: Path, tmp_path: Path
) -> None:
    other = encoded(Authority().pem)
    client = await connect()
    async with api_server(tmp_path) as (url, came):
        save(config, trusting(url, INLINE, **{"certificate-authority-data": other}))
        answer = text_of(await client.call_tool("k8s_events", {}))

    assert "its certificate is not trusted" in answer
    assert "certificate-authority" in answer
    assert came == []


async def test_a_certificate_for_another_name_needs_tls_server_name(
    connect: Connect, config: Path, tmp_path: Path
) -> None:
    client = await connect()
    async with api_server(tmp_path, "api.example.net") as (url, came):
        save(config, trusting(url, INLINE, **CA))
        refused = text_of(await client.call_tool("k8s_events", {}))
        save(config, trusting(url, INLINE, **CA, **{"tls-server-name": "api.example.net"}))
        answered = text_of(await client.call_tool("k8s_events", {}))

    assert "its certificate is not trusted" in refused
    assert answered.startswith("No warning events")
    assert came == ["me"]


async def test_verification_can_be_switched_off_in_the_kubeconfig(
    connect: Connect, config: Path, tmp_path: Path
) -> None:
    client = await connect()
    async with api_server(tmp_path) as (url, came):
        save(config, trusting(url, {}, **{"insecure-skip-tls-verify": True}))
        await client.call_tool("k8s_events", {})

    assert came == ["nobody"]


LOCKED = AUTHORITY.issue("me", passphrase=b"secret")
BROKEN: list[tuple[Json, Json, str]] = [
    ({"client-certificate": "gone.pem", "client-key": "gone.key"}, CA, "gone.pem"),
    ({**INLINE, "client-key-data": "%%%"}, CA, "client-key-data in the kubeconfig is not base64"),
    ({**INLINE, "client-key-data": encoded(LOCKED.key)}, CA, "needs a passphrase"),
    (
        {**INLINE, "client-key-data": encoded(AUTHORITY.issue("x").key)},
        CA,
        "The client certificate and key do not work together",
    ),
    (INLINE, {"certificate-authority-data": encoded(b"no pem")}, "holds no certificate"),
    (INLINE, {"certificate-authority": "gone-ca.pem"}, "gone-ca.pem"),
    (INLINE, {**CA, "proxy-url": "gopher://x"}, "proxy-url of context 'lab' cannot be used"),
    (
        INLINE,
        {**CA, "proxy-url": "http://bob:hunter2@127.0.0.1:9"},
        "at https://127.0.0.1:1 (by proxy 127.0.0.1:9) does not answer",
    ),
]


@pytest.mark.parametrize(("user", "cluster", "words"), BROKEN)
async def test_what_is_wrong_with_certificates_is_said(
    connect: Connect, config: Path, user: Json, cluster: Json, words: str
) -> None:
    save(config, trusting("https://127.0.0.1:1", user, **cluster))

    answer = text_of(await (await connect()).call_tool("k8s_events", {}))

    assert answer.startswith("error: ")
    assert words in answer


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


def put_pair(folder: Path, pair: Pair) -> None:
    put(folder, "client.pem", pair.certificate)
    put(folder, "client.key", pair.key)
