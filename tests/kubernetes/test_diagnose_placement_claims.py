"""k8s_diagnose on pods without a node: their volumes and devices."""

import pytest

from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.client.storage import Claim, ClaimStatus, NotedMeta
from jamie_kubernetes.facts.causes.placement import Unplaced, placement_finding
from jamie_kubernetes.facts.placing.verdicts import Verdict
from jamie_kubernetes.facts.placing.volumes import Stored
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.placing import ZONE, claim, homeless, host, mounting, seated
from tests.kubernetes.wire import Api, ago, meta

CLAIM = Claim(NotedMeta("data"), status=ClaimStatus("Pending"))


async def test_claims_for_which_no_node_will_do(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1")]
    api.denied = {"storageclasses"}
    going = {"deletionTimestamp": ago(minutes=9), "finalizers": ["x"]}
    api.objects["persistentvolumeclaims"] = [
        claim("shared", accessModes=["ReadWriteOncePod"]),
        claim("going", metadata=going),
    ]
    api.objects["pods"] = [
        homeless("a", spec=mounting("nope")),
        homeless("b", spec=mounting("shared")),
        seated("holder", "node-1", spec=mounting("shared")),
        homeless("c", spec=mounting("going")),
    ]

    text = await ask("k8s_diagnose")

    assert "shop/pod/a: 1 pod unschedulable: pvc/nope does not exist" in text
    assert "(claim-missing)" in text
    assert "pvc/shared is ReadWriteOncePod and in use by holder for 2m (claim-in-use)" in text
    assert "shop/pvc/going: is being deleted and does not go: held by x" in text
    assert "hits: shop/pod/c" in text


async def test_a_volume_in_another_zone(ask: Ask, api: Api) -> None:
    zone = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["b"]}]}
    api.objects["nodes"] = [host("node-1", labels={ZONE: "a"})]
    api.objects["persistentvolumeclaims"] = [claim("data", volumeName="pv-1")]
    api.objects["persistentvolumes"] = [
        {
            "metadata": meta("pv-1"),
            "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [zone]}}},
        }
    ]
    api.objects["pods"] = [homeless(spec=mounting("data"))]

    text = await ask("k8s_diagnose")

    assert f"no node reaches its volume pv-1 ({ZONE}=b)" in text
    assert "(volume-out-of-reach)" in text
    assert f"next: add a node at {ZONE}=b, where its volume is" in text


async def test_a_local_volume_that_nobody_made(ask: Ask, api: Api) -> None:
    api.denied = {"events"}
    api.objects["nodes"] = [host("node-1")]
    api.objects["storageclasses"] = [
        {
            "metadata": meta("local"),
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    ]
    api.objects["persistentvolumeclaims"] = [claim("data", "Pending", storageClassName="local")]
    api.objects["pods"] = [homeless(spec=mounting("data"))]

    text = await ask("k8s_diagnose", object="po/web-0", namespace="shop")

    assert "no-volume-to-bind" in text or "pvc/data" in text


async def test_more_volumes_than_a_node_takes(ask: Ask, api: Api) -> None:
    driver = "ebs.csi.aws.com"
    api.objects["nodes"] = [host("node-1")]
    api.objects["persistentvolumeclaims"] = [claim("data", volumeName="pv-1")]
    api.objects["persistentvolumes"] = [
        {"metadata": meta("pv-1"), "spec": {"csi": {"driver": driver}}}
    ]
    api.objects["csinodes"] = [
        {
            "metadata": meta("node-1"),
            "spec": {"drivers": [{"name": driver, "allocatable": {"count": 1}}]},
        }
    ]
    api.objects["volumeattachments"] = [
        {
            "metadata": meta("va-1"),
            "spec": {"attacher": driver, "nodeName": "node-1", "source": {}},
        }
    ]
    api.objects["pods"] = [homeless(spec=mounting("data"))]

    text = await ask("k8s_diagnose")

    assert "no node takes another volume of ebs.csi.aws.com" in text
    assert "(too-many-volumes)" in text


async def test_a_device_claim_that_does_not_exist(ask: Ask, api: Api) -> None:
    kinds = [resource("resourceclaims", "ResourceClaim")]
    offer(api, {"resource.k8s.io": {"v1": kinds}})
    waiting = homeless(spec={"resourceClaims": [{"name": "card", "resourceClaimName": "gpu"}]})
    waiting["status"]["conditions"] = []
    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [waiting]

    text = await ask("k8s_diagnose")

    assert "1 pod unschedulable: resourceclaim/gpu does not exist for 2m (device-claim)" in text


@pytest.mark.parametrize(
    ("why", "stored", "code", "says"),
    [
        ("unbound", CLAIM, "claim-unbound", "pvc/data is Pending"),
        ("deleting", CLAIM, "claim-deleting", "pvc/data is being deleted"),
    ],
)
def test_what_a_claim_explains_follows_from_it(
    why: str, stored: Claim, code: str, says: str
) -> None:
    group = PodGroup("shop", "sts/db", "Pending", "0/1", 1, ("db-0",), "db-0", (), 0, 0, 0)
    case = Unplaced(group, 0, Verdict(), hindrance=(why, Stored("data", stored)))

    found = placement_finding(case)

    assert (found.cause, found.follows) == (code, ("shop/pvc/data",))
    assert found.summary == f"1 pod unschedulable: {says}"
