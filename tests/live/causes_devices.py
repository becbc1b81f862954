"""Pods that claim devices which are not to be had."""

from tests.live.causes import Made
from tests.live.placing import OWN, devices, pod, row

DEVICES = (
    row(
        "device-claim",
        "Pending: a device that nobody claimed",
        "deviceless",
        pod(
            "deviceless",
            resourceClaims=[{"name": "card", "resourceClaimName": "nobody-made-it"}],
        ),
    ),
    row(
        "device-claim",
        "Pending: devices of a class that does not exist",
        "classless",
        devices("classless", f"{OWN}.nobody.example.com"),
        pod("classless", resourceClaims=[{"name": "card", "resourceClaimName": "classless"}]),
    ),
    row(
        "device-claim",
        "Pending: devices that no node offers",
        "cardless",
        Made(
            "resource.k8s.io/v1/deviceclasses",
            {"metadata": {"name": f"{OWN}.example.com"}, "spec": {}},
            namespaced=False,
        ),
        devices("cardless", f"{OWN}.example.com"),
        pod("cardless", resourceClaims=[{"name": "card", "resourceClaimName": "cardless"}]),
    ),
)
