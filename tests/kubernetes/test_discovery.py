"""Which kinds a cluster has."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jamie_base.errors import Unreachable
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.settings import Settings
from tests.kubernetes.offers import offer, offer_old, resource
from tests.kubernetes.wire import Api

OFFERS: list[Callable[[Api], None]] = [offer, offer_old]


@pytest.fixture
def cluster(config: Path) -> Cluster:
    return Cluster(Settings(kubeconfig=str(config)))


@pytest.mark.parametrize("offered", OFFERS)
@pytest.mark.parametrize(
    ("name", "root", "plural"),
    [
        ("certs", "/apis/cert-manager.io/v1", "certificates"),
        ("Certificate", "/apis/cert-manager.io/v1", "certificates"),
        ("certificates.cert-manager.io", "/apis/cert-manager.io/v1", "certificates"),
        ("certificates.v1.cert-manager.io", "/apis/cert-manager.io/v1", "certificates"),
        ("orders", "/apis/cert-manager.io/v1alpha2", "orders"),
        ("services", "/api/v1", "services"),
        ("services.serving.knative.dev", "/apis/serving.knative.dev/v1", "services"),
        ("ksvc", "/apis/serving.knative.dev/v1", "services"),
        ("po", "/api/v1", "pods"),
    ],
)
async def test_a_kind_is_found_by_every_name_kubectl_takes(
    cluster: Cluster, api: Api, offered: Callable[[Api], None], name: str, root: str, plural: str
) -> None:
    offered(api)

    found = (await cluster.kinds()).named(name)

    assert (found[0].kind.root, found[0].kind.plural) == (root, plural)
    assert (await cluster.kinds()).named("pods")[0].subresources == ("log", "exec")
    assert (await cluster.kinds()).named("nothing") == []


async def test_it_is_asked_once_and_again_when_it_is_old(cluster: Cluster, api: Api) -> None:
    offer(api)
    await cluster.kinds()
    await cluster.kinds()
    assert len(api.requests) == 2

    await cluster.kinds(older_than=0)
    assert len(api.requests) == 4


async def test_what_cannot_be_read_again_is_as_old_as_it_says(cluster: Cluster, api: Api) -> None:
    offer(api)
    first = await cluster.kinds()
    api.routes["/api"] = httpx.Response(403, json={"message": "no"})

    again = await cluster.kinds(older_than=0)

    assert again is first
    assert "no" in again.stale
    assert again.seconds >= 0


async def test_what_was_never_read_is_an_error(cluster: Cluster, api: Api) -> None:
    api.routes["/api"] = httpx.Response(503, text="down")
    api.routes["/apis"] = httpx.Response(503, text="down")

    with pytest.raises(Unreachable):
        await cluster.kinds()


async def test_an_extension_that_is_down_is_named_and_hides_nothing(
    cluster: Cluster, api: Api
) -> None:
    offer_old(api)
    api.routes["/apis/cert-manager.io/v1"] = httpx.Response(404, text="gone")

    kinds = await cluster.kinds()

    assert kinds.silent == ("cert-manager.io/v1",)
    assert kinds.named("deploy")


async def test_hundreds_of_kinds_are_cheap(cluster: Cluster, api: Api) -> None:
    crds = {
        f"g{n}.example.com": {"v1": [resource(f"things{n}", f"Thing{n}", f"t{n}")]}
        for n in range(300)
    }
    offer(api, crds)
    started = time.perf_counter()

    kinds = await cluster.kinds()
    found = [kinds.named(f"t{n}")[0].full for n in range(300)]

    assert found[7] == "things7.g7.example.com"
    assert len(api.requests) == 2
    assert time.perf_counter() - started < 2
