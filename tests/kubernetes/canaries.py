"""Secrets no answer, log line or file may show: made, planted everywhere, and looked for."""

import base64
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.kubernetes.wire import Json

_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_LEGIBLE = re.compile(r"[\x20-\x7e]{10,}")

FRAGMENT = 10
"""How many letters in a row of a canary give it away."""


class Canaries:
    """Unique secrets, one for each place they are planted in."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """Return the canary of a place, always the same."""
        # Letters and digits that no pattern takes for an id, a digest or a word.
        return self.planted.setdefault(place, f"Kn{secrets.token_hex(14)}Zq")

    def in_base64(self, place: str) -> str:
        return base64.b64encode(self(place).encode()).decode()

    def leaks(self, text: str) -> list[str]:
        """Name the places whose canary, or a good part of it, stands in a text in any form."""
        unpacked = "\n".join(_unpacked(text))
        return [place for place, canary in self.planted.items() if _stands_in(canary, unpacked)]

    def leaks_of_files(self, paths: Iterable[Path]) -> dict[str, list[str]]:
        """Name the files that hold canaries, and whose."""
        found = {str(path): self.leaks(path.read_text(errors="replace")) for path in paths}

        return {path: places for path, places in found.items() if places}


def _stands_in(canary: str, text: str) -> bool:
    return any(fragment in text for fragment in _fragments(canary))


def _fragments(canary: str) -> Iterator[str]:
    for start in range(len(canary) - FRAGMENT + 1):
        yield canary[start : start + FRAGMENT]


def _unpacked(text: str, depth: int = 3) -> Iterator[str]:
    """Yield a text, and what is packed in it as base64, also base64 in base64."""
    yield text
    for packed in _BASE64.findall(text) if depth else ():
        # A canary may begin anywhere in it: wherever four letters are three bytes.
        for shift in range(4):
            body = packed[shift:].rstrip("=")
            inner = base64.b64decode(body[: len(body) // 4 * 4], b"+/").decode(errors="replace")
            if _LEGIBLE.search(inner):
                yield from _unpacked(inner, depth - 1)


def planted(canary: Canaries) -> list[tuple[str, Json]]:
    """Return objects with canaries where people put secrets, each with its collection."""
    return [
        *(("v1/secrets", one) for one in _secrets(canary)),
        ("v1/configmaps", _config(canary)),
        ("apps/v1/deployments", _deployment(canary)),
        ("v1/services", _service(canary)),
    ]


def _secrets(canary: Canaries) -> list[Json]:
    auth = base64.b64encode(f"bob:{canary('docker auth')}".encode()).decode()
    docker = {"auths": {"registry.example.net": {"auth": auth, "password": canary("docker")}}}
    applied = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain"},
        "stringData": {"motd": canary("applied stringData")},
        "data": {"blob": canary.in_base64("applied data")},
    }
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied),
        "example.net/copy": f"motd is {canary('Secret data')}",
    }
    body = canary.in_base64("TLS key") * 3
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    return [
        {
            "metadata": {"name": "plain", "annotations": notes, "labels": {"app": "web"}},
            "data": {
                "motd": canary.in_base64("Secret data"),
                "x.y": canary.in_base64("Secret data, odd key"),
            },
            "type": "Opaque",
        },
        {
            "metadata": {"name": "docker"},
            "data": {".dockerconfigjson": _packed(json.dumps(docker))},
            "type": "kubernetes.io/dockerconfigjson",
        },
        {
            "metadata": {"name": "tls"},
            "data": {"tls.crt": _packed(canary("TLS certificate")), "tls.key": _packed(key)},
            "type": "kubernetes.io/tls",
        },
        {
            "metadata": {"name": "sh.helm.release.v1.web.v1", "labels": {"owner": "helm"}},
            "data": {"release": _packed(_packed(f'{{"config": "{canary("Helm release")}"}}'))},
            "type": "helm.sh/release.v1",
        },
    ]


def _config(canary: Canaries) -> Json:
    return {
        "metadata": {"name": "settings"},
        "data": {
            "DB_PASSWORD": canary("ConfigMap value"),
            "app.properties": f"user=bob\njdbc.password={canary('ConfigMap properties')}\n",
            "config.yaml": f"auth:\n  clientSecret: {canary('ConfigMap YAML')}\n",
            "config.json": json.dumps({"token": canary("ConfigMap JSON")}),
            "dsn": f"postgres://bob:{canary('ConfigMap URL')}@db:5432/x",
            "id_rsa": "\n".join(_key(canary("ConfigMap key"))),
            "ci": f"ghp_{canary('ConfigMap CI token')}",
            "session": f"eyJhbGciOiJIUzI1NiJ9.eyJ{canary('ConfigMap JWT')}.{canary('signature')}",
        },
    }


def _deployment(canary: Canaries) -> Json:
    container = {
        "name": "app",
        "image": "example.net/token-signer:1.2",
        "command": ["app", f"--token={canary('command flag')}"],
        "args": ["--password", canary("argument"), f"--dsn={_dsn(canary('argument URL'))}"],
        "env": [
            {"name": "DB_PASSWORD", "value": canary("env")},
            {"name": "DATABASE_URL", "value": _dsn(canary("env URL"))},
            {"name": "HEADERS", "value": f"Authorization: Bearer {canary('env header')}"},
        ],
    }
    template = {
        "metadata": {
            "labels": {"app": "web"},
            "annotations": {"example.net/api-key": canary("pod annotation")},
        },
        "spec": {"containers": [container]},
    }
    applied = {
        "kind": "Deployment",
        "spec": {"template": {"spec": {"containers": [{"env": [
            {"name": "DB_PASSWORD", "value": canary("applied env")}
        ]}]}}},
    }  # fmt: skip
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied),
        "example.net/webhook": f"https://bob:{canary('annotation URL')}@hook.example.net/",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": notes, "labels": {"app": "web"}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
        },
    }


def _service(canary: Canaries) -> Json:
    notes = {"example.net/auth": f"Basic {_packed('bob:' + canary('Basic header'))}"}
    return {
        "metadata": {"name": "web", "annotations": notes},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }


def happening(canary: Canaries) -> str:
    """Return the words of an event that hold canaries."""
    return (
        f"MountVolume failed: mount -o username=bob,password={canary('event password')} //nas/x;"
        f" GET https://bob:{canary('event URL')}@nas/x: 401; Authorization: Bearer"
        f" {canary('event header')}; " + "and so on, " * 12 + f"token={canary('event tail')}"
    )


def sick(canary: Canaries) -> Json:
    """Return the status of a pod whose words hold canaries."""
    waiting = f"container has bad config: DB_PASSWORD={canary('waiting message')} is no number"
    last = f"panic: dial postgres://bob:{canary('termination message')}@db:5432/x: refused"
    state = {
        "name": "app",
        "image": "example.net/token-signer:1.2",
        "imageID": "",
        "ready": False,
        "restartCount": 7,
        "state": {"waiting": {"reason": "CreateContainerConfigError", "message": waiting}},
        "lastState": {"terminated": {"exitCode": 2, "reason": "Error", "message": last}},
    }
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "ContainersNotReady",
        "message": f"probe failed: token={canary('condition message')}",
    }
    return {
        "phase": "Pending",
        "message": f"secret={canary('status message')}",
        "conditions": [condition],
        "containerStatuses": [state],
    }


def said(canary: Canaries) -> list[str]:
    """Return log lines that hold canaries."""
    return [
        f"INFO connecting with password={canary('log password')}",
        f'{{"level":"error","msg":"login failed","token":"{canary("log JSON")}"}}',
        f"ERROR GET /x Authorization: Bearer {canary('log header')}",
        f"WARN retry {_dsn(canary('log URL'))}",
        "DEBUG " + "x" * 400 + f" api_key={canary('log tail')}",
        *_key(canary("log key")),
        f"INFO session eyJhbGciOiJIUzI1NiJ9.eyJ{canary('log JWT')}.{canary('log signature')}",
    ]


def _key(body: str) -> list[str]:
    return ["-----BEGIN RSA PRIVATE KEY-----", body * 2, body * 2, "-----END RSA PRIVATE KEY-----"]


def custom(canary: Canaries) -> Json:
    """Return the spec and status of a custom resource with canaries."""
    return {
        "spec": {
            "auth": {"password": canary("CRD password"), "user": "bob"},
            "apiToken": canary("CRD token"),
            "dsn": _dsn(canary("CRD URL")),
            "env": [{"name": "API_KEY", "value": canary("CRD env")}],
        },
        "status": {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "False",
                    "reason": "LoginFailed",
                    "message": f"login with password={canary('CRD condition')} failed",
                    "lastTransitionTime": "2024-01-01T00:00:00Z",
                }
            ]
        },
    }


def kubeconfig(canary: Canaries, config: Json) -> Json:
    """Return a kubeconfig with contexts more that hold canaries and lead nowhere."""
    server = config["clusters"][0]["cluster"]
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", 'echo "cannot log in with $CLOUD_SECRET" >&2; exit 1'],
        "env": [{"name": "CLOUD_SECRET", "value": canary("exec env")}],
        "interactiveMode": "Never",
    }
    oidc = {"id-token": canary("id token"), "refresh-token": canary("refresh token")}
    users: Json = {
        "token": {"token": canary("kubeconfig token")},
        "basic": {"username": "bob", "password": canary("kubeconfig password")},
        "plugin": {"exec": plugin},
        "oidc": {"auth-provider": {"name": "oidc", "config": oidc}},
        "nobody": {},
    }
    nowhere: Json = {
        "userinfo": {**server, "server": f"https://bob:{canary('server URL')}@127.0.0.1:9"},
        "proxied": {**server, "proxy-url": f"http://bob:{canary('proxy URL')}@127.0.0.1:9"},
    }
    pairs = [(config["clusters"][0]["name"], user) for user in users if user != "nobody"]
    pairs += [(cluster, "nobody") for cluster in nowhere]
    return {
        **config,
        "users": [*config["users"], *({"name": name, "user": users[name]} for name in users)],
        "clusters": [
            *config["clusters"],
            *({"name": name, "cluster": cluster} for name, cluster in nowhere.items()),
        ],
        "contexts": [
            *config["contexts"],
            *(
                {"name": f"{cluster}-{user}", "context": {"cluster": cluster, "user": user}}
                for cluster, user in pairs
            ),
        ],
    }


def _dsn(password: str) -> str:
    return f"postgres://bob:{password}@db:5432/x"


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
