import ssl
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from jamie_lab.certificates import IDENTITIES, certificates
from jamie_lab.kubeconfig import kubeconfigs
from jamie_lab.paths import Folders


def test_the_server_answers_to_every_name_it_is_called(tmp_path: Path) -> None:
    certificates(tmp_path)
    server = _certificate(tmp_path / "server.crt")
    found = server.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(found, x509.SubjectAlternativeName)
    names = found.get_values_for_type(x509.DNSName)
    addresses = [str(one) for one in found.get_values_for_type(x509.IPAddress)]

    assert {"localhost", "kubernetes.default.svc"} <= set(names)
    assert addresses == ["127.0.0.1", "10.96.0.1"]


def test_the_administrator_is_a_master(tmp_path: Path) -> None:
    certificates(tmp_path)
    subject = _certificate(tmp_path / "admin.crt").subject

    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:masters"


def test_every_certificate_is_signed_by_the_labs_authority(tmp_path: Path) -> None:
    certificates(tmp_path)
    authority = _certificate(tmp_path / "ca.crt")
    for name in IDENTITIES:
        _certificate(tmp_path / f"{name}.crt").verify_directly_issued_by(authority)


def test_keys_are_private_and_load_with_their_certificates(tmp_path: Path) -> None:
    certificates(tmp_path)
    for name in IDENTITIES:
        key = tmp_path / f"{name}.key"
        ssl.create_default_context().load_cert_chain(tmp_path / f"{name}.crt", key)

        assert key.stat().st_mode & 0o077 == 0


def test_certificates_are_made_once(tmp_path: Path) -> None:
    certificates(tmp_path)
    first = (tmp_path / "ca.crt").read_bytes()
    certificates(tmp_path)

    assert (tmp_path / "ca.crt").read_bytes() == first


def test_the_kubeconfig_is_private_and_self_contained(place: Folders) -> None:
    certificates(place.certificates)
    kubeconfigs(place, 6443)
    config = yaml.safe_load(place.kubeconfig.read_text())

    assert place.kubeconfig.stat().st_mode & 0o077 == 0
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert "client-key-data" in config["users"][0]["user"]
    assert str(place.certificates) not in place.kubeconfig.read_text()


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())
