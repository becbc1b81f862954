"""k8s_diagnose on pods that do not get the devices they claim."""

import httpx
import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.placing import homeless, host
from tests.kubernetes.test_diagnose_control import listed
from tests.kubernetes.wire import Api, Json, meta

ROOT = "/apis/resource.k8s.io/v1"
NO_DEVICE = "0/1 nodes are available: 1 cannot allocate all claims."
NO_CLASS = "0/1 nodes are available: request gpu: device class gpu.exmaple.com does not exist."


@pytest.fixture
def devices(api: Api) -> Api:
    """A cluster that knows devices, without any."""
    kinds = [
        resource("resourceclaims", "ResourceClaim"),
        resource("resourceclaimtemplates", "ResourceClaimTemplate"),
        resource("deviceclasses", "DeviceClass", namespaced=False),
        resource("resourceslices", "ResourceSlice", namespaced=False),
    ]
    offer(api, {"resource.k8s.io": {"v1": kinds}})
    listed(api, f"{ROOT}/deviceclasses", {"metadata": meta("gpu.example.com")})
    there(api, "deviceclasses/gpu.example.com", {"metadata": meta("gpu.example.com")})
    listed(api, f"{ROOT}/resourceslices")
    listed(api, f"{ROOT}/resourceclaims")
    api.objects["nodes"] = [host("node-1")]
    return api


def there(api: Api, path: str, one: Json) -> None:
    api.routes[f"{ROOT}/{path}"] = httpx.Response(200, json=one)


def claimed(api: Api, kind: str, said: str, **got: Json) -> None:
    """A pod whose claim, made from a template, is for a device of a class."""
    asks = {"requests": [{"name": "gpu", "exactly": {"deviceClassName": kind}}]}
    claim = {"metadata": meta("web-0-gpu", "shop"), "spec": {"devices": asks}, "status": got}
    there(api, "namespaces/shop/resourceclaims/web-0-gpu", claim)
    spec = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "one"}]}
    made = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-0-gpu"}]}
    api.objects["pods"] = [homeless(said=said, spec=spec, status=made)]


async def test_a_claim_that_no_node_can_meet_names_its_class(ask: Ask, devices: Api) -> None:
    claimed(devices, "gpu.example.com", NO_DEVICE)

    text = await ask("k8s_diagnose")

    assert (
        "1 pod unschedulable: resourceclaim/web-0-gpu gets no device of class gpu.example.com: no"
        " node offers a device for 2m (device-claim)"
    ) in text
    assert "next: see whether the driver of these devices runs on the nodes" in text


async def test_devices_that_others_have_are_counted(ask: Ask, devices: Api) -> None:
    claimed(devices, "gpu.example.com", NO_DEVICE)
    offers = {"driver": "gpu.example.com", "devices": [{"name": "gpu-0"}, {"name": "gpu-1"}]}
    listed(devices, f"{ROOT}/resourceslices", {"metadata": meta("s"), "spec": offers})
    got = {"devices": {"results": [{"device": "gpu-0"}, {"device": "gpu-1"}]}}
    other = {"metadata": meta("ai-gpu", "ai"), "status": {"allocation": got}}
    listed(devices, f"{ROOT}/resourceclaims", other)

    text = await ask("k8s_diagnose")

    assert "2 devices offered by gpu.example.com, 2 in use for 2m (device-claim)" in text


async def test_a_class_that_does_not_exist_offers_the_nearest(ask: Ask, devices: Api) -> None:
    claimed(devices, "gpu.exmaple.com", NO_CLASS)

    text = await ask("k8s_diagnose")

    assert (
        "DeviceClass gpu.exmaple.com, which resourceclaim/web-0-gpu asks for, does not exist;"
        " nearest: gpu.example.com for 2m (device-claim)"
    ) in text


async def test_a_template_that_does_not_exist_is_named(ask: Ask, devices: Api) -> None:
    waiting = homeless(spec={"resourceClaims": [{"name": "a", "resourceClaimTemplateName": "two"}]})
    waiting["status"]["conditions"] = []
    devices.objects["pods"] = [waiting]

    text = await ask("k8s_diagnose")

    assert "resourceclaimtemplate/two does not exist for 2m (device-claim)" in text


async def test_a_claim_is_not_why_a_pod_lacks_something_else(ask: Ask, devices: Api) -> None:
    claimed(devices, "gpu.example.com", "0/1 nodes are available: 1 Insufficient cpu.")

    assert "(insufficient-cpu" in await ask("k8s_diagnose")
