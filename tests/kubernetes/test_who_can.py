"""k8s_access, seen the way a model sees it."""

import json

import httpx
import pytest

from tests.kubernetes.conftest import Ask, Connect, Mode, text_of
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, meta


@pytest.fixture
def reviewing(api: Api) -> list[Json]:
    """Let the API server judge: listing is allowed everywhere, deleting in `default`."""
    asked: list[Json] = []

    def review(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        asked.append(body)
        if body["kind"] == "SelfSubjectReview":
            return httpx.Response(201, json={"status": {"userInfo": {"username": "alice"}}})
        if body["kind"] == "SelfSubjectRulesReview":
            rules = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]
            rules.append({**rules[0], "resources": ["secrets"], "resourceNames": ["db"]})
            return httpx.Response(201, json={"status": {"resourceRules": rules}})
        if body["kind"] == "SubjectAccessReview":
            return httpx.Response(403, json={"message": "not you"})
        wanted = body["spec"].get("resourceAttributes") or body["spec"]["nonResourceAttributes"]
        allowed = (wanted.get("namespace", ""), wanted["verb"]) in (
            ("", "list"),
            ("default", "delete"),
        )
        return httpx.Response(201, json={"status": {"allowed": allowed, "reason": "RBAC: so"}})

    offer(api)
    api.reviews = review

    return asked


def bind(api: Api) -> None:
    """Bind `reader` in shop to a Role, and `ops` everywhere to a ClusterRole."""
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    pods = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}
    account = {"kind": "ServiceAccount", "name": "reader", "namespace": "shop"}
    api.objects["clusterroles"] = [{"metadata": meta("admin"), "rules": [everything]}]
    api.objects["roles"] = [{"metadata": meta("pods", "shop"), "rules": [pods]}]
    api.objects["clusterrolebindings"] = [
        {
            "metadata": meta("ops"),
            "roleRef": {"kind": "ClusterRole", "name": "admin"},
            "subjects": [{"kind": "Group", "name": "ops"}],
        }
    ]
    api.objects["rolebindings"] = [
        {
            "metadata": meta("readers", "shop"),
            "roleRef": {"kind": "Role", "name": "pods"},
            "subjects": [account],
        }
    ]
    api.objects["serviceaccounts"] = [{"metadata": meta("reader", "shop")}]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_can_i_is_what_the_api_server_says(
    connect: Connect, api: Api, reviewing: list[Json], mode: Mode
) -> None:
    client = await connect(mode)
    result = await client.call_tool("k8s_access", {"verb": "list", "what": "po"})

    assert text_of(result).startswith("Yes: we may list pods.\n")
    assert "RBAC: so" in text_of(result)
    assert reviewing[0]["spec"]["resourceAttributes"] == {"verb": "list", "resource": "pods"}


async def test_what_is_allowed_in_our_namespace_only_is_said(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    bind(api)

    answer = await ask("k8s_access", verb="delete", what="pods")

    assert answer.startswith("In part: we may delete pods in namespace default only.")


async def test_a_refusal_names_roles_that_would_allow_it(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    bind(api)

    answer = await ask("k8s_access", verb="create", what="pods", namespace="shop")

    assert answer.startswith("No: we may not create pods in namespace shop.")
    assert "(create pods in namespace shop is allowed by ClusterRole admin)" in answer


async def test_without_a_verb_the_usual_ones_are_judged(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    answer = await ask("k8s_access", what="pods/log")

    assert answer.startswith("In part: we may list pods/log; ")
    assert "may not get, watch, create" in answer


async def test_all_that_we_may_do(ask: Ask, api: Api, reviewing: list[Json]) -> None:
    answer = await ask("k8s_access")

    assert answer.startswith("alice may, in namespace default:")
    assert "get, list: pods\nget, list: secrets (only db)" in answer


async def test_who_can_and_why(ask: Ask, api: Api, reviewing: list[Json]) -> None:
    bind(api)

    answer = await ask("k8s_access", verb="list", what="pods", who="anyone", namespace="shop")

    assert answer.startswith("Who can list pods in namespace shop, by RBAC: 2.")
    assert "group ops          everywhere  ClusterRoleBinding ops -> ClusterRole admin" in answer
    assert "sa/reader in shop  in shop     RoleBinding readers -> Role pods" in answer
    assert "system:masters always may" in answer


async def test_somebody_else_is_judged_by_rbac_where_we_may_not_ask(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    bind(api)
    reader = {"who": "sa/reader", "namespace": "shop", "what": "pods"}

    may = await ask("k8s_access", verb="list", **reader)
    may_not = await ask("k8s_access", verb="delete", **reader)
    group = await ask("k8s_access", verb="delete", what="nodes", who="group/ops")
    rules = await ask("k8s_access", who="sa/reader", namespace="shop")

    assert may.startswith("Yes: system:serviceaccount:shop:reader may list pods")
    assert "RoleBinding readers -> Role pods" in may
    assert may_not.startswith("No: ")
    assert group.startswith("Yes: group/ops may delete nodes")
    assert "list: pods by RoleBinding readers -> Role pods in shop" in rules


async def test_what_may_not_be_read_is_a_named_gap(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    bind(api)
    api.denied = {"clusterroles", "clusterrolebindings"}

    answer = await ask("k8s_access", verb="list", what="pods", who="anyone", namespace="shop")

    assert "RoleBinding readers -> Role pods" in answer
    assert "Missing: clusterroles, clusterrolebindings: not allowed to list" in answer


async def test_nobody_and_nothing_are_claimed_only_of_what_could_be_read(
    ask: Ask, api: Api, reviewing: list[Json]
) -> None:
    bind(api)
    api.objects["rolebindings"][0]["roleRef"] = {"kind": "ClusterRole", "name": "admin"}
    api.denied = {"clusterroles", "clusterrolebindings"}
    reader = {"who": "sa/reader", "namespace": "shop"}

    anyone = await ask("k8s_access", verb="delete", what="nodes", who="anyone")
    rules = await ask("k8s_access", **reader)
    ruling = await ask("k8s_access", verb="delete", what="pods", **reader)

    assert "by RBAC: nobody that could be read." in anyone
    assert "may do nothing in namespace shop by RBAC that could be read." in rules
    assert "ClusterRole admin in shop: what it grants may not be read" in rules
    assert "no such role" not in rules
    assert "(what could not be read may allow more)" in ruling


async def test_a_tool_says_what_it_lacks(ask: Ask, api: Api, reviewing: list[Json]) -> None:
    answer = await ask("k8s_access", what="k8s_access")

    assert "k8s_access lacks nothing that we know of." in answer
    assert "Did you mean 'k8s_pods'" in await ask("k8s_access", what="k8s_podz")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"verb": "get"}, "needs what it is about"),
        ({"verb": "gett", "what": "pods"}, "Did you mean 'get'?"),
        ({"verb": "get", "what": "pds"}, "has no kind 'pds'"),
        ({"verb": "get", "what": "pods/x/lg"}, "have no subresource 'lg'. Did you mean 'log'?"),
        ({"verb": "get", "what": "a/b/c/d"}, "is no resource"),
        ({"what": "pods", "who": "anyone"}, "needs one verb and what"),
        ({"what": "pods", "who": "ann"}, "is nobody we can look up"),
        ({"what": "pods", "who": "team/ann"}, "is none of sa, user and group"),
        ({"what": "pods", "who": "sa/redaer"}, "There is no sa/redaer"),
        ({"what": "pods", "namespace": "shpo"}, "Did you mean 'shop'?"),
    ],
)
async def test_bad_input_is_refused_in_words(
    ask: Ask, api: Api, reviewing: list[Json], arguments: Json, words: str
) -> None:
    bind(api)
    answer = await ask("k8s_access", **arguments)

    assert answer.startswith("error: ")
    assert words in answer
