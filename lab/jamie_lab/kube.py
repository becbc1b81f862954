"""The slice of the Kubernetes API the lab itself needs, over httpx with the admin certificate."""

import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import anyio
import httpx
import msgspec

from jamie_lab.errors import LabError
from jamie_lab.paths import Folders
from jamie_lab.waiting import until

Manifest = dict[str, object]
Item = TypeVar("Item")

CALLS_AT_ONCE = 32
PAGE = 1000
ESTABLISH_SECONDS = 30.0
PLURALS = {
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "ClusterLogs": "clusterlogs",
    "Logs": "logs",
}
CLUSTER_KINDS = {
    "Namespace",
    "Node",
    "APIService",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "PriorityClass",
    "StorageClass",
    "IngressClass",
    "Stage",
    "Metric",
    "ClusterLogs",
    "ClusterExec",
    "ClusterResourceUsage",
}


class Kube:
    """A connection to the lab's API server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self._limit = anyio.CapacityLimiter(CALLS_AT_ONCE)

    async def apply(self, manifest: Manifest) -> None:
        """Create or change one object by server-side apply, as kubectl would."""
        parameters = {"fieldManager": "kubectl", "force": "true"}
        content_type = "application/apply-patch+yaml"
        await self._patch(object_path(manifest), manifest, content_type, parameters)

    async def apply_all(self, manifests: Iterable[Manifest]) -> None:
        """Apply objects that do not depend on each other, many at once."""
        async with anyio.create_task_group() as tasks:
            for manifest in manifests:
                tasks.start_soon(self.apply, manifest)

    async def patch_status(self, path: str, status: Manifest) -> None:
        """Replace fields of an object's status by a merge patch."""
        await self._patch(f"{path}/status", {"status": status}, "application/merge-patch+json", {})

    async def create(self, path: str, manifest: Manifest) -> None:
        """Create one object in a collection."""
        async with self._limit:
            _check(await self.http.post(path, content=msgspec.json.encode(manifest)))

    async def replace(self, path: str, manifest: Manifest) -> None:
        """Replace a part of one object as a merge patch."""
        await self._patch(path, manifest, "application/merge-patch+json", {})

    async def delete_all(self, path: str) -> None:
        """Delete a whole collection."""
        async with self._limit:
            _check(await self.http.delete(path))

    async def list(self, path: str, kind: type[Item]) -> list[Item]:
        """List a collection, page by page, as Structs of the wanted kind."""
        decoder = msgspec.json.Decoder(kind)
        items: list[Item] = []
        cursor = ""
        while True:
            parameters = {"limit": str(PAGE)} | ({"continue": cursor} if cursor else {})
            async with self._limit:
                reply = _check(await self.http.get(path, params=parameters))
            page = msgspec.json.decode(reply.content, type=_Page)
            items.extend(decoder.decode(raw) for raw in page.items)
            cursor = page.metadata.continue_
            if not cursor:
                return items

    async def established(self, definitions: Iterable[Manifest]) -> None:
        """Wait until the API server serves what custom resource definitions define."""
        for definition in definitions:
            path = object_path(definition)
            if not await until(partial(self._is_established, path), ESTABLISH_SECONDS):
                raise LabError(f"The API server does not serve {path} yet.")

    async def _is_established(self, path: str) -> bool:
        reply = _check(await self.http.get(path))
        conditions = msgspec.json.decode(reply.content, type=_Conditional).status.conditions

        return any(one.type == "Established" and one.status == "True" for one in conditions or [])

    async def _patch(
        self, path: str, body: Manifest, content_type: str, parameters: dict[str, str]
    ) -> None:
        async with self._limit:
            reply = await self.http.patch(
                path,
                params=parameters,
                content=msgspec.json.encode(body),
                headers={"Content-Type": content_type},
            )
        _check(reply)


@asynccontextmanager
async def connect(place: Folders, url: str) -> AsyncGenerator[Kube]:
    """Open a connection as the lab's administrator."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    async with httpx.AsyncClient(
        base_url=url, verify=tls(place), headers=headers, timeout=30, trust_env=False
    ) as http:
        yield Kube(http)


def tls(place: Folders) -> ssl.SSLContext:
    """Trust the lab's authority, and show the administrator's certificate."""
    context = ssl.create_default_context(cafile=str(place.certificates / "ca.crt"))
    context.load_cert_chain(place.certificates / "admin.crt", place.certificates / "admin.key")

    return context


def object_path(manifest: Manifest) -> str:
    """Return the path of the object a manifest describes."""
    identity = msgspec.convert(manifest, _Identity)
    group = identity.api_version
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    plural = PLURALS.get(identity.kind, f"{identity.kind.lower()}s")
    if identity.kind in CLUSTER_KINDS:
        return f"{root}/{plural}/{identity.metadata.name}"

    namespace = identity.metadata.namespace or "default"

    return f"{root}/namespaces/{namespace}/{plural}/{identity.metadata.name}"


def _check(reply: httpx.Response) -> httpx.Response:
    if reply.is_success:
        return reply

    request = reply.request
    raise LabError(f"{request.method} {request.url.path}: {reply.status_code} {reply.text[:500]}")


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    namespace: str = ""


class _Identity(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    metadata: _Metadata


class _ListMetadata(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMetadata
    items: list[msgspec.Raw] = []


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str


class _Conditions(msgspec.Struct, frozen=True):
    conditions: list[_Condition] | None = None


class _Conditional(msgspec.Struct, frozen=True):
    status: _Conditions = _Conditions()
