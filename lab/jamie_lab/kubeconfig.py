"""Kubeconfig files: one for people, and one for each component that calls the API server."""

import base64
from pathlib import Path

import yaml

from jamie_lab.paths import Folders

CONTEXT = "lab"


def kubeconfigs(place: Folders, port: int) -> None:
    """Write the admin's kubeconfig (self-contained) and those of the components."""
    users = {
        place.kubeconfig: "admin",
        place.config / "controller-manager.kubeconfig": "controller-manager",
        place.config / "scheduler.kubeconfig": "scheduler",
    }
    for file, user in users.items():
        _write(file, _kubeconfig(place.certificates, user, f"https://127.0.0.1:{port}"))


def _kubeconfig(certificates: Path, user: str, url: str) -> dict[str, object]:
    cluster = {"server": url, "certificate-authority-data": _embed(certificates / "ca.crt")}
    credentials = {
        "client-certificate-data": _embed(certificates / f"{user}.crt"),
        "client-key-data": _embed(certificates / f"{user}.key"),
    }
    context = {"cluster": CONTEXT, "user": user, "namespace": "default"}

    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": CONTEXT, "context": context}],
    }


def _embed(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _write(file: Path, content: dict[str, object]) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
