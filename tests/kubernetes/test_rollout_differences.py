"""What k8s_rollout says differs between revisions, and of the configuration that pods use."""

from typing import Any

from mcp import Client

from tests.kubernetes.conftest import WITH_DATA, Ask, Connect
from tests.kubernetes.rolled import (
    config_map,
    deployment,
    managed,
    pods_of,
    secret,
    started,
    template,
    using,
    web_pod,
)
from tests.kubernetes.wire import Api, Json

CANARIES = ("hunter2-old-Zq81", "hunter2-new-Xw77", "arg-Rt55-older", "arg-Yk21-newer")


async def data_of(connect: Connect, **arguments: Any) -> Json:
    client: Client = await connect()
    result = await client.call_tool("k8s_rollout", arguments, meta=WITH_DATA)
    assert result.structured_content is not None, result.content
    return result.structured_content


async def test_revisions_are_compared_field_by_field(ask: Ask, api: Api) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10}
    before = template(
        env=[
            {"name": "LOG", "value": "info"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
            {"name": "GONE", "value": "1"},
        ],
        command=["serve"],
        args=["--plain", "--level=info", "--last"],
        livenessProbe=probe,
        resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "500m"}},
        ports=[{"containerPort": 80, "protocol": "TCP"}],
        volumeMounts=[{"name": "cfg", "mountPath": "/etc/x"}],
        spec={
            "volumes": [{"name": "cfg", "configMap": {"name": "a", "defaultMode": 420}}],
            "tolerations": [{"key": "x", "operator": "Exists"}],
        },
    )
    after = template(
        env=[
            {"name": "LOG", "value": "debug"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pass2"}}},
        ],
        command=["serve"],
        args=["--plain", "--level=debug", "--last"],
        livenessProbe={**probe, "periodSeconds": 5},
        readinessProbe=probe,
        resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        ports=[{"containerPort": 81, "protocol": "TCP"}],
        volumeMounts=[{"name": "cfg", "mountPath": "/etc/x", "readOnly": True}],
        envFrom=[{"configMapRef": {"name": "more"}}],
        spec={
            "volumes": [{"name": "cfg", "configMap": {"name": "b", "defaultMode": 256}}],
            "tolerations": [{"key": "y", "operator": "Exists"}],
            "initContainers": [{"name": "wait", "image": "busybox:1"}],
        },
        metadata={"annotations": {"checksum/config": "abc"}},
    )
    deployment(api, before, after)

    answer = await ask("k8s_rollout", name="web")

    assert difference_in(answer) == [
        "initContainers[wait]: (none) -> image=busybox:1",
        "containers[app].args[1]: --level=info -> --level=debug",
        "containers[app].env[GONE]: 1 -> (none)",
        "containers[app].env[KEY]: from secret/db key password -> from secret/db key pass2",
        "containers[app].env[LOG]: info -> debug",
        "containers[app].envFrom: (none) -> cm/more",
        "containers[app].resources.limits.cpu: 500m -> 1",
        "containers[app].resources.limits.memory: (none) -> 1Gi",
        "containers[app].readinessProbe: (none) ->"
        " httpGet.path=/healthz httpGet.port=8080 periodSeconds=10",
        "containers[app].livenessProbe.periodSeconds: 10 -> 5",
        "containers[app].ports[80/TCP]: 80/TCP -> (none)",
        "containers[app].ports[81/TCP]: (none) -> 81/TCP",
        "containers[app].volumeMounts[/etc/x]: volume cfg -> volume cfg read-only",
        "tolerations: key=x operator=Exists -> key=y operator=Exists",
        "volumes[cfg]: cm/a -> cm/b mode 400",
        "annotations[checksum/config]: (none) -> abc",
    ]


def difference_in(answer: str) -> list[str]:
    """The lines below the title of a difference."""
    lines = answer.partition("\nRevision ")[2].splitlines()[1:]
    end = next(at for at, line in enumerate(lines) if not line.startswith("  "))
    return [line.removeprefix("  ") for line in lines[:end]]


async def test_a_long_value_is_shown_where_it_differs(ask: Ask, api: Api) -> None:
    script = "echo start; " * 20 + "run --fast; " + "echo end; " * 20
    deployment(
        api,
        template(command=["sh", "-c", script]),
        template(command=["sh", "-c", script.replace("--fast", "--slow")]),
    )

    (line,) = difference_in(await ask("k8s_rollout", name="web"))

    assert line.startswith("containers[app].command[2]: …")
    assert "run --fast; " in line.partition(" -> ")[0]
    assert "run --slow; " in line.partition(" -> ")[2]


async def test_secrets_in_a_difference_are_marks(ask: Ask, connect: Connect, api: Api) -> None:
    old, new, arg, other = CANARIES

    def one(password: str, argument: str) -> Json:
        return template(
            env=[{"name": "DB_PASSWORD", "value": password}],
            args=["--token", argument, f"--api-key={argument}"],
            volumeMounts=[{"name": "x", "mountPath": "/x"}],
            spec={
                "volumes": [
                    {"name": "x", "csi": {"driver": "d", "volumeAttributes": {"token": argument}}}
                ]
            },
            metadata={"annotations": {"note": f"https://me:{password}@example.net/"}},
        )

    deployment(api, one(old, arg), one(new, other))

    answer = await ask("k8s_rollout", name="web")
    data = str(await data_of(connect, name="web"))

    for canary in CANARIES:
        assert canary not in answer
        assert canary not in data
    lines = difference_in(answer)
    assert len(lines) == 4, lines
    assert all(line.count("[redacted:") in (2, 4) for line in lines), lines


async def test_configuration_newer_than_the_pods_is_said_where_they_cannot_see_it(
    ask: Ask, api: Api
) -> None:
    deployment(api, using())
    lately = managed("kubectl-edit", {"f:data": {"f:A": {}}}, minutes=5)
    api.objects["configmaps"] = [
        config_map(name, {"A": name}, lately) for name in ("env", "files", "part")
    ]
    api.objects["secrets"] = [
        secret("db", {"password": CANARIES[0], "user": "me"}),
        secret("registry", {".dockerconfigjson": "{}"}),
    ]
    young = web_pod("web-h1-new", 1, containers=[started(minutes=1)])
    restarted = web_pod("web-h1-back", 1, containers=[started(minutes=2)])
    api.objects["pods"] = [*pods_of(1), young, restarted]

    answer = await ask("k8s_rollout", name="web")
    lines = {line.split(":")[0].strip(): line for line in answer.splitlines()}

    stale = "STALE: 2 of 4 pods started before and keep the old"
    for name in ("cm/env", "cm/part"):
        assert lines[name].endswith(stale), lines[name]
        assert "changed 5m ago by kubectl-edit" in lines[name]
    assert "mounted, content" in lines["cm/files"]
    assert "STALE" not in lines["cm/files"]
    assert "(password = [redacted:" in lines["secret/db"]
    assert "user" not in lines["secret/db"]
    assert "to pull images" in lines["secret/registry"]
    assert CANARIES[0] not in answer


async def test_labels_that_changed_make_nothing_stale(ask: Ask, api: Api) -> None:
    deployment(api, using())
    labelled = managed("labeller", {"f:metadata": {"f:labels": {"f:x": {}}}}, minutes=5)
    written = managed("kubectl", {"f:data": {"f:A": {}}}, days=9)
    scaled = managed("status", {"f:data": {}}, "status", minutes=1)
    api.objects["configmaps"] = [config_map("env", {"A": "1"}, labelled, written, scaled)]
    api.objects["pods"] = pods_of(1)

    answer = await ask("k8s_rollout", name="web")

    assert "changed 9d ago by kubectl" in answer
    assert "STALE" not in answer


async def test_equal_content_has_equal_fingerprints_and_missing_is_said(
    connect: Connect, api: Api
) -> None:
    deployment(api, using())
    api.objects["configmaps"] = [
        config_map("env", {"A": "1"}),
        config_map("files", {"A": "1"}),
    ]
    data = await data_of(connect, name="web")

    found = {one["name"]: one for one in data["configs"]}
    assert found["cm/env"]["mark"] == found["cm/files"]["mark"]
    assert found["cm/part"]["missing"]
    assert "missing" not in found["secret/registry"]
