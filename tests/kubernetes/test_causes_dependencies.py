"""What pods cannot reach: found among the Services there are, and told with what is wrong there."""

import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import backing_off, crashing, findings, ran
from tests.kubernetes.test_diagnose_networking import guard
from tests.kubernetes.wire import Api, Json, ago, container, meta, node, pod, waiting

DISK = "FATAL: could not write lock file: No space left on device"


def service(name: str = "db", ip: str = "10.96.0.7", **selector: str) -> Json:
    chosen = selector or {"app": "db"}
    spec = {"clusterIP": ip, "selector": chosen, "ports": [{"port": 5432, "targetPort": 5432}]}
    return {"metadata": meta(name, "shop"), "spec": spec}


def database(*, crashes: bool = False) -> Json:
    main = backing_off(ran(1)) if crashes else container()
    labels = {"app": "db"}
    metadata = meta("db-0", "shop", "StatefulSet/db", labels=labels)
    return pod("db-0", owner="StatefulSet/db", containers=[main], metadata=metadata)


def served(api: Api, one: Json) -> None:
    """A Service with the database as its ready endpoint."""
    name = one["metadata"]["name"]
    labels = {"kubernetes.io/service-name": name}
    api.objects["services"] = [one]
    api.objects["endpointslices"] = [
        {
            "metadata": meta(f"{name}-1", "shop", labels=labels),
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": "", "port": 5432}],
        }
    ]


def complaining(api: Api, text: str) -> None:
    """A Deployment whose container ends with these words."""
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"].append(crashing(ran(1), owner="ReplicaSet/web-66d7", name="web-66d7-a"))
    api.logs["web-66d7-a"] = text


REFUSED = "Error: dial tcp {}:5432: connect: connection refused"


@pytest.mark.parametrize(
    "host", ["db", "db.shop", "db.shop.svc", "db.shop.svc.cluster.local", "10.96.0.7", "db-0.db"]
)
async def test_who_cannot_reach_what_crashes_is_told_with_it(
    connect: Connect, api: Api, host: str
) -> None:
    complaining(api, REFUSED.format(host))
    api.objects["pods"].append(database(crashes=True))
    api.objects["services"] = [service()]
    api.logs["db-0"] = DISK

    (found,) = await findings(connect)

    assert (found["owner"], found["cause"]) == ("sts/db", "disk-full")
    assert "shop/deploy/web" in found["affects"]


async def test_who_silently_waits_for_a_service_is_told_with_it(connect: Connect, api: Api) -> None:
    running = {"running": {"startedAt": ago(minutes=20)}}
    waits = container(state=waiting("PodInitializing"), ready=False)
    loop = ["sh", "-c", "until nc -z db 5432; do sleep 2; done"]
    one = pod(
        "web-66d7-a",
        owner="ReplicaSet/web-66d7",
        containers=[waits],
        inits=[container("wait", running, ready=False)],
        phase="Pending",
    )
    one["spec"]["initContainers"] = [{"name": "wait", "command": loop}]
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [one]
    api.objects["services"] = [service()]

    (found,) = await findings(connect)

    assert (found["owner"], found["cause"]) == ("svc/db", "service-selects-nothing")
    assert found["affects"] == ["shop/deploy/web"]


async def test_a_service_that_selects_no_pod_comes_before_who_misses_it(
    connect: Connect, api: Api
) -> None:
    complaining(api, REFUSED.format("db"))
    api.objects["pods"].append(database())
    api.objects["services"] = [service(app="postgres")]

    found = await findings(connect, object="svc/db", namespace="shop")

    assert [one["cause"] for one in found] == ["service-selects-nothing"]
    assert found[0]["affects"] == ["shop/deploy/web"]


async def test_a_port_that_the_service_does_not_have_is_named(connect: Connect, api: Api) -> None:
    complaining(api, "dial tcp db:5433: i/o timeout")
    api.objects["pods"].append(database())
    served(api, service())

    (found,) = await findings(connect)

    assert (
        "svc/db in shop has 1 of 1 pods ready, and no port 5433: it has 5432" in found["evidence"]
    )


async def test_what_is_well_is_asked_for_a_policy_in_between(connect: Connect, api: Api) -> None:
    complaining(api, "dial tcp db:5432: i/o timeout")
    api.objects["pods"].append(database())
    served(api, service())

    (found,) = await findings(connect)

    assert "svc/db in shop has 1 of 1 pods ready" in found["evidence"]
    assert found["next"] == "k8s_graph object=deploy/web namespace=shop to=shop/svc/db:5432"


async def test_a_policy_that_cuts_pods_off_comes_before_what_they_complain_of(
    connect: Connect, api: Api
) -> None:
    complaining(api, "dial tcp: lookup db on 10.96.0.10:53: i/o timeout")
    dns = meta("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"})
    api.objects["pods"] += [database(), pod("coredns-1", "kube-system", metadata=dns)]
    served(api, service())
    guard(api, {"policyTypes": ["Egress"]})

    (found,) = await findings(connect)

    assert (found["owner"], found["cause"]) == ("netpol/guard-0", "netpol-blocks-dns")
    assert "shop/deploy/web" in found["affects"]
    assert found["severity"] == 0


async def test_a_name_that_no_service_has_gets_the_nearest(connect: Connect, api: Api) -> None:
    complaining(api, 'nginx: [emerg] host not found in upstream "backend-api"')
    api.objects["pods"].append(database())
    served(api, service("backend-apis"))

    (found,) = await findings(connect)

    assert found["cause"] == "dependency-unresolved"
    assert "no svc/backend-api in shop; there is svc/backend-apis" in found["evidence"]


async def test_a_host_of_the_internet_is_no_service(connect: Connect, api: Api) -> None:
    complaining(api, "dial tcp api.stripe.example.com:443: i/o timeout")
    api.objects["pods"].append(database())
    served(api, service())

    (found,) = await findings(connect)

    assert not any("svc/" in line for line in found["evidence"])


async def test_a_service_of_another_namespace_is_named_as_it_has_to_be_called(
    connect: Connect, api: Api
) -> None:
    complaining(api, "dial tcp: lookup db on 10.96.0.10:53: no such host")
    other = service()
    other["metadata"] = meta("db", "data")
    api.objects["services"] = [service("cache", "10.96.0.8"), other]

    web = next(one for one in await findings(connect) if one["owner"] == "deploy/web")

    assert "namespace data has svc/db" in web["evidence"]
    assert web["next"] == "use the name db.data"


async def test_a_name_that_does_not_resolve_though_its_service_is_well_leads_to_dns(
    connect: Connect, api: Api
) -> None:
    complaining(api, "Error: getaddrinfo EAI_AGAIN db.shop.svc.cluster.local")
    api.objects["pods"].append(database())
    served(api, service())

    (found,) = await findings(connect)

    assert found["cause"] == "dependency-unresolved"
    assert found["next"] == (
        "svc/db is there: look at the DNS that does not answer for it: k8s_diagnose"
        " object=svc/kube-dns namespace=kube-system"
    )


async def test_names_that_do_not_resolve_are_told_with_a_dns_that_is_down(
    connect: Connect, api: Api
) -> None:
    complaining(api, "Error: getaddrinfo EAI_AGAIN db.shop.svc.cluster.local")
    down = crashing(ran(1), owner="ReplicaSet/coredns-66d7", name="coredns-66d7-a")
    down["metadata"]["namespace"] = "kube-system"
    down["metadata"]["labels"]["k8s-app"] = "kube-dns"
    api.objects["pods"] += [database(), down]
    served(api, service())

    (found,) = await findings(connect)

    assert (found["namespace"], found["owner"]) == ("kube-system", "deploy/coredns")
    assert "shop/deploy/web" in found["affects"]


@pytest.mark.parametrize(
    ("host", "call"),
    [
        ("pg.data.svc.cluster.local", "k8s_diagnose object=svc/pg namespace=data"),
        ("pg.team-data", "k8s_diagnose object=svc/pg namespace=team-data"),
        ("pg.com", "look whether it runs and listens: k8s_services"),
    ],
)
async def test_what_is_in_a_namespace_that_was_not_looked_at_is_asked_for_there(
    connect: Connect, api: Api, host: str, call: str
) -> None:
    complaining(api, REFUSED.format(host))

    (found,) = await findings(connect)

    assert found["next"] == call
