"""The way into a cluster: contexts, in-cluster, and files that change."""

from pathlib import Path

import pytest
from mcp import Client

from jamie_base.errors import BackendError
from jamie_kubernetes.client.access import Door, context_names
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import Ask, Connect, text_of
from tests.kubernetes.wire import Api, Json, kubeconfig, pod, save


def two_contexts() -> Json:
    config = kubeconfig("http://cluster")
    config["contexts"].append({"name": "prod", "context": {"cluster": "prod", "user": "me"}})
    config["clusters"].append({"name": "prod", "cluster": {"server": "http://prod"}})

    return config


def settings(path: Path, **more: object) -> Settings:
    return Settings.model_validate({"kubeconfig": str(path), "in_cluster": "no", **more})


async def chooser_of(client: Client) -> str:
    (tool, *_) = (await client.list_tools()).tools
    return str(tool.input_schema["properties"].get("context", {}).get("description", ""))


async def test_with_one_context_there_is_nothing_to_choose(connect: Connect) -> None:
    assert await chooser_of(await connect()) == ""


async def test_with_several_contexts_a_call_may_choose(
    connect: Connect, config: Path, api: Api
) -> None:
    save(config, two_contexts())
    client = await connect()

    await client.call_tool("k8s_events", {"context": "prod"})

    assert "One of lab, prod; lab by default." in await chooser_of(client)
    assert {one.url.host for one in api.requests} == {"prod"}


@pytest.mark.parametrize(
    ("may", "budget"), [({}, 12_500), ({"write": True, "exec": True}, 19_400)], ids=["reads", "all"]
)
async def test_to_choose_among_three_contexts_costs_every_tool_little(
    connect: Connect, config: Path, may: dict[str, bool], budget: int
) -> None:
    three = two_contexts()
    three["contexts"].append({"name": "prod-eu-west-1", "context": {"cluster": "prod"}})
    save(config, three)
    client = await connect(**may)

    listed = (await client.list_tools()).tools

    assert all("context" in one.input_schema["properties"] for one in listed)
    assert (
        sum(len(one.model_dump_json(by_alias=True, exclude_none=True)) for one in listed) <= budget
    )
    told = "One of lab, prod, prod-eu-west-1; lab by default. Several: a,b or *."
    assert sum(told in str(one.input_schema) for one in listed) == 1
    assert told in str(client.instructions)


async def test_the_operator_may_pin_the_contexts(connect: Connect, config: Path) -> None:
    save(config, two_contexts())

    assert await chooser_of(await connect(contexts=["lab"])) == ""


async def test_an_unknown_context_offers_the_nearest(connect: Connect, config: Path) -> None:
    save(config, two_contexts())

    result = await (await connect()).call_tool("k8s_pods", {"context": "prd"})

    assert text_of(result) == (
        "error: There is no context 'prd'; there are lab, prod. Did you mean 'prod'?"
    )


async def test_a_missing_kubeconfig_lists_tools_and_says_so_when_called(
    connect: Connect, tmp_path: Path
) -> None:
    config = tmp_path / "none"
    client = await connect(kubeconfig=str(config), in_cluster="no")

    assert (await client.list_tools()).tools
    assert text_of(await client.call_tool("k8s_overview", {})) == (
        f"error: There is no kubeconfig at {str(config)!r}; set --kubeconfig or KUBECONFIG to the"
        " file (a host that starts this server may not pass KUBECONFIG on)."
    )


async def test_a_broken_kubeconfig_lists_tools_and_works_once_mended(
    connect: Connect, config: Path, api: Api
) -> None:
    save(config, "{")
    client = await connect()
    before = text_of(await client.call_tool("k8s_events", {}))

    save(config, kubeconfig())
    after = text_of(await client.call_tool("k8s_events", {}))

    assert "is not YAML" in before
    assert after.startswith("No warning events in lab")


async def test_a_changed_kubeconfig_is_read_again(ask: Ask, config: Path, api: Api) -> None:
    await ask("k8s_events")
    save(config, kubeconfig("http://elsewhere"))
    await ask("k8s_events")

    assert [one.url.host for one in api.requests] == ["cluster", "elsewhere"]


NAMED: list[tuple[Json, str]] = [
    ({"current-context": "nope"}, "has no context 'nope'; it has 'lab'."),
    ({"current-context": "lap"}, "has no context 'lap'; it has 'lab'. Did you mean 'lab'?"),
    ({"current-context": ""}, "has no current-context; set --context to one of 'lab'."),
    ({"clusters": []}, "has no cluster 'lab' (named by context 'lab'); it has none."),
    ({"users": []}, "has no user 'me' (named by context 'lab'); it has none."),
    ({"clusters": [{"name": "lab", "cluster": {}}]}, "cluster 'lab' has no server."),
]


@pytest.mark.parametrize(("change", "words"), NAMED)
async def test_what_a_kubeconfig_names_and_does_not_have_is_said(
    connect: Connect, config: Path, change: Json, words: str
) -> None:
    save(config, {**kubeconfig(), **change})

    answer = text_of(await (await connect()).call_tool("k8s_events", {}))

    assert answer.startswith(f"error: kubeconfig {config}")
    assert answer.endswith(words)


def test_without_a_current_context_no_other_is_taken_silently(config: Path) -> None:
    save(config, {**two_contexts(), "current-context": ""})

    assert context_names(settings(config)) == ["", "lab", "prod"]


def test_the_namespace_is_ours_then_the_contexts_then_default(config: Path) -> None:
    shop = kubeconfig()
    shop["contexts"][0]["context"]["namespace"] = "shop"

    assert Door(settings(config)).access().namespace == "default"
    save(config, shop)
    assert Door(settings(config)).access().namespace == "shop"
    assert Door(settings(config, namespace="mine")).access().namespace == "mine"


def service_account(folder: Path) -> Path:
    folder.mkdir()
    for name, content in {"token": "sa-token", "namespace": "agents\n"}.items():
        (folder / name).write_text(content)

    return folder


def test_without_a_kubeconfig_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    folder = service_account(tmp_path / "account")
    chosen = settings(
        tmp_path / "none",
        in_cluster="auto",
        in_cluster_url="https://10.96.0.1:443",
        service_account=folder,
    )

    access = Door(chosen).access()

    assert (access.context, access.url) == ("in-cluster", "https://10.96.0.1:443")
    assert access.namespace == "agents"
    assert access.user.token_file == str(folder / "token")


def test_a_kubeconfig_wins_over_the_service_account(tmp_path: Path, config: Path) -> None:
    folder = service_account(tmp_path / "account")
    both = {"in_cluster_url": "https://10.96.0.1", "service_account": folder}

    assert Door(settings(config, in_cluster="auto", **both)).access().context == "lab"
    assert Door(settings(config, in_cluster="yes", **both)).access().context == "in-cluster"


def test_a_pod_without_a_token_says_what_is_missing(tmp_path: Path) -> None:
    chosen = settings(tmp_path, in_cluster="yes", service_account=tmp_path, in_cluster_url="")

    with pytest.raises(BackendError, match="automountServiceAccountToken"):
        Door(chosen).access()


async def test_the_service_account_is_who_the_api_server_sees(
    connect: Connect, tmp_path: Path, api: Api
) -> None:
    folder = service_account(tmp_path / "account")
    client = await connect(
        kubeconfig=str(tmp_path / "none"),
        in_cluster_url="http://cluster",
        service_account=folder,
    )
    api.objects["pods"] = [pod("agent-0", "agents")]

    await client.call_tool("k8s_pods", {})
    (folder / "token").write_text("rotated")
    await client.call_tool("k8s_pods", {})

    assert [one.headers["authorization"] for one in api.requests] == [
        "Bearer sa-token",
        "Bearer rotated",
    ]


def test_kubernetes_variables_of_a_service_named_like_us_are_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JAMIE_KUBERNETES_SERVICE_HOST", "10.96.3.4")
    monkeypatch.setenv("JAMIE_KUBERNETES_SERVICE_PORT", "8000")
    monkeypatch.setenv("JAMIE_KUBERNETES_PORT", "tcp://10.96.3.4:8000")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")

    chosen = Settings()

    assert (chosen.in_cluster_url, chosen.port) == ("https://[fd00::1]:6443", 8000)


def test_the_kubeconfig_variable_is_a_path_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/a:/b")

    assert Settings().kubeconfig_files == [Path("/a"), Path("/b")]
    assert Settings(kubeconfig="/c").kubeconfig_files == [Path("/c")]
