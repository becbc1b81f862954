"""What is in reach and what is not, told from settings and paths alone."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.errors import BackendError
from jamie_base.flags import BadSettings, parse
from jamie_kubernetes.client.address import NAMESPACES, Address, address_of
from jamie_kubernetes.client.bounds import Kinds, OffLimits, Spaces
from jamie_kubernetes.client.discovery import ApiKinds
from jamie_kubernetes.client.fence import Fence, leave
from jamie_kubernetes.kinds import EVENTS, ApiKind, Kind
from jamie_kubernetes.settings import Settings

PODS = ("", "pods")
CERTIFICATE = Kind("Certificate", "certificates", "/apis/cert-manager.io/v1", shorts=("certs",))
KNOWN = ApiKinds(
    [
        ApiKind(CERTIFICATE, "cert-manager.io", "v1", "certificate", ("cert", "certs")),
        ApiKind(EVENTS, "", "v1", "event", ("ev",)),
    ],
    [],
    0.0,
)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/v1/pods", Address(PODS)),
        ("/api/v1/pods?watch=1", Address(PODS)),
        ("/api/v1/watch/pods", Address(PODS)),
        ("/api/v1/namespaces", Address(NAMESPACES)),
        ("/api/v1/namespaces/shop", Address(NAMESPACES, name="shop")),
        (
            "/api/v1/namespaces/shop/finalize",
            Address(NAMESPACES, name="shop", below=("finalize",)),
        ),
        ("/api/v1/namespaces/shop/pods", Address(PODS, "shop")),
        ("/api/v1/watch/namespaces/shop/pods/web", Address(PODS, "shop", "web")),
        ("/api/v1/namespaces/shop/pods/web/log", Address(PODS, "shop", "web", ("log",))),
        ("/api/v1/namespaces/status/pods", Address(PODS, "status")),
        ("/api/v1//namespaces//shop/pods/", Address(PODS, "shop")),
        ("/api/v1/namespaces/sh%6Fp/p%6Fds", Address(PODS, "shop")),
        ("/api/v1/namespaces/a%2Fb/pods", Address(PODS, "a/b")),
        ("/api/v1/nodes/n1/proxy/pods", Address(("", "nodes"), "", "n1", ("proxy", "pods"))),
        ("/apis/apps/v1/namespaces/shop/deployments", Address(("apps", "deployments"), "shop")),
        ("/apis/apps/v1/deployments", Address(("apps", "deployments"))),
        ("/apis/x.io/v1/namespaces/shop/status", Address(("x.io", "status"), "shop")),
        ("/api", None),
        ("/api/v1", None),
        ("/apis/apps", None),
        ("/apis/apps/v1", None),
        ("/version", None),
        ("/readyz", None),
        ("/openapi/v3/api/v1", None),
    ],
)
def test_a_path_says_what_it_is_about(path: str, address: Address | None) -> None:
    assert address_of(path) == address


@given(st.text())
def test_any_path_is_read(path: str) -> None:
    address_of(f"/api/v1/{path}")


@pytest.mark.parametrize(
    ("allowed", "denied", "reached", "kept_out"),
    [
        ([], [], ["shop", "kube-system"], []),
        (["shop"], [], ["shop"], ["shopping", "sho", "auth", ""]),
        (["team-*"], [], ["team-a", "team-"], ["team", "my-team-a"]),
        (["team-?", "ap[ip]"], [], ["team-a", "api", "app"], ["team-ab", "apx"]),
        ([], ["kube-*"], ["shop"], ["kube-system", "kube-public"]),
        (["team-*"], ["team-secret"], ["team-a"], ["team-secret", "shop"]),
        (["[!k]*"], [], ["shop"], ["kube-system"]),
    ],
)
def test_what_is_denied_wins_over_what_is_allowed(
    allowed: list[str], denied: list[str], reached: list[str], kept_out: list[str]
) -> None:
    spaces = Spaces(allowed, denied)

    assert [one for one in [*reached, *kept_out] if spaces.reachable(one)] == reached


def settings(**limits: Any) -> Settings:
    return Settings(kubeconfig="/none", **limits)


def checked(path: str, method: str = "GET", body: str = "", **limits: Any) -> str:
    """Let a request come to the fence; return why it may not pass."""
    request = httpx.Request(method, f"https://cluster/k8s/c-1{path}", content=body or None)
    try:
        Fence(settings(**limits)).check(request, "/k8s/c-1")
    except OffLimits as exc:
        return str(exc)

    return ""


SHOP: dict[str, Any] = {"allow_namespace": ["shop", "team-*"]}
NO_VAULT: dict[str, Any] = {"deny_namespace": ["vault"]}


@pytest.mark.parametrize("limits", [SHOP, NO_VAULT])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/vault"),
        ("DELETE", "/api/v1/namespaces/vault"),
        ("PATCH", "/api/v1/namespaces/vault/status"),
        ("GET", "/api/v1/namespaces/vault/pods"),
        ("GET", "/api/v1/namespaces/shop/../vault/pods"),
        ("GET", "/api/v1/namespaces/%76ault/pods/x"),
        ("GET", "/api/v1/watch/namespaces/vault/pods"),
        ("GET", "/api/v1/namespaces/vault/pods/web/log"),
        ("POST", "/api/v1/namespaces/vault/pods/web/exec"),
        ("POST", "/api/v1/namespaces/vault/pods/web/eviction"),
        ("PATCH", "/apis/apps/v1/namespaces/vault/deployments/web/scale"),
        ("POST", "/apis/batch/v1/namespaces/vault/jobs"),
        ("GET", "/apis/metrics.k8s.io/v1beta1/namespaces/vault/pods"),
        ("GET", "/apis/any.example.org/v1/namespaces/vault/things"),
        ("POST", "/api/v1/namespaces/vault/serviceaccounts/default/token"),
        ("POST", "/apis/authorization.k8s.io/v1/namespaces/vault/localsubjectaccessreviews"),
    ],
)
def test_nothing_of_a_namespace_out_of_reach_passes(
    limits: dict[str, Any], method: str, path: str
) -> None:
    assert checked(path, method, **limits).startswith("Namespace 'vault' is off limits here: --")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            '{"spec":{"resourceAttributes":{"namespace":"vault","verb":"get"}}}',
        ),
        (
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            '{"spec":{"resourceAttributes":{"namespace":"vault"},"user":"ann"}}',
        ),
        (
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            '{"spec":{"namespace":"vault"}}',
        ),
        ("/api/v1/namespaces", '{"metadata":{"name":"vault"}}'),
    ],
)
def test_what_is_asked_or_made_in_a_body_is_checked_too(path: str, body: str) -> None:
    assert checked(path, "POST", body, **NO_VAULT) == (
        "Namespace 'vault' is off limits here: --deny-namespace vault."
    )
    assert not checked(path, "POST", body.replace("vault", "shop"), **NO_VAULT)


def test_a_namespace_whose_name_only_the_server_will_know_is_not_made() -> None:
    made = '{"metadata":{"generateName":"va"}}'

    assert "without a name" in checked("/api/v1/namespaces", "POST", made, **NO_VAULT)
    assert "without a name" in checked("/api/v1/namespaces", "POST", "", **NO_VAULT)


@pytest.mark.parametrize(
    "path", ["/api/v1/pods", "/api/v1/watch/events", "/api/v1/namespaces/../pods"]
)
def test_a_list_of_all_namespaces_passes_only_with_leave(path: str) -> None:
    assert "of all namespaces at once are off limits here: namespaces: only shop" in checked(
        path, **SHOP
    )
    with leave("list"):
        assert not checked(path, **SHOP)
    assert not checked(path)


def test_what_a_kubelet_tells_of_all_namespaces_is_off_limits() -> None:
    assert "What nodes answer themselves" in checked("/api/v1/nodes/n1/proxy/pods", **NO_VAULT)
    assert not checked("/api/v1/nodes/n1", **NO_VAULT)


@pytest.mark.parametrize(
    ("limits", "path", "said"),
    [
        ({"deny_kind": ["secret"]}, "/api/v1/namespaces/a/secrets/db", "--deny-kind secret"),
        ({"deny_kind": ["secrets"]}, "/api/v1/secrets", "--deny-kind secrets"),
        (
            {"deny_kind": ["deploy"]},
            "/apis/apps/v1/namespaces/a/deployments/web/scale",
            "--deny-kind deploy",
        ),
        ({"deny_kind": ["po"]}, "/api/v1/namespaces/a/pods/web/log", "--deny-kind po"),
        ({"deny_kind": ["po"]}, "/apis/metrics.k8s.io/v1beta1/pods", "--deny-kind po"),
        ({"deny_kind": ["node"]}, "/api/v1/nodes/n1", "--deny-kind node"),
        ({"allow_kind": ["po", "svc"]}, "/api/v1/secrets", "--allow-kind allows only po and svc"),
        ({"allow_kind": ["po"], "deny_kind": ["pods"]}, "/api/v1/pods", "--deny-kind pods"),
    ],
)
def test_a_kind_out_of_reach_is_refused_below_it_and_in_its_other_forms(
    limits: dict[str, Any], path: str, said: str
) -> None:
    for method in ("GET", "PATCH", "POST", "DELETE"):
        assert checked(path, method, **limits).endswith(f" are off limits here: {said}.")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/pods",
        "/apis/metrics.k8s.io/v1beta1/pods",
        "/apis",
        "/version",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    ],
)
def test_with_allowed_kinds_discovery_and_questions_about_rights_still_pass(path: str) -> None:
    assert not checked(path, allow_kind=["pods"])


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("certs", ("cert-manager.io", "certificates")),
        ("Certificate", ("cert-manager.io", "certificates")),
        ("certificates.v1.cert-manager.io", ("cert-manager.io", "certificates")),
        ("widgets.example.org", ("example.org", "widgets")),
        ("widgets.v1beta1.example.org", ("example.org", "widgets")),
    ],
)
def test_kinds_that_only_the_cluster_knows_are_settled_before_use(
    name: str, resource: tuple[str, str]
) -> None:
    kinds = Kinds([], [name])
    assert kinds.unsettled
    with pytest.raises(BackendError, match="not settled"):
        checked("/api/v1/pods", deny_kind=[name])

    kinds.settle(KNOWN, "lab")

    assert kinds.why_not(resource) == f"--deny-kind {name}"
    assert not kinds.unsettled


def test_both_forms_of_events_are_one_kind() -> None:
    kinds = Kinds([], ["ev"])
    kinds.settle(KNOWN, "lab")

    assert kinds.why_not(("events.k8s.io", "events")) == "--deny-kind ev"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("certz", "--deny-kind names 'certz', and 'lab' has no such kind.* Did you mean 'cert'"),
        ("secretz", "has no such kind"),
        ("certificates.cert-manger.io", "Did you mean 'certificates.cert-manager.io'"),
        ("issuers.cert-manager.io", "has no such kind"),
    ],
)
def test_a_kind_nobody_knows_stops_everything(name: str, said: str) -> None:
    kinds = Kinds([], [name])

    with pytest.raises(BackendError, match=said):
        kinds.settle(KNOWN, "lab")
    assert kinds.unsettled


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--allow-namespace="],
            "--allow-namespace (JAMIE_KUBERNETES_ALLOW_NAMESPACE) = '': it is empty",
        ),
        (["--deny-namespace= , "], "it is empty; leave it out for no limit"),
        (["--deny-kind=[]"], "it is empty"),
        (["--allow-namespace=Shop"], "'Shop' is neither a namespace nor a pattern of one"),
        (["--allow-namespace=team-[a"], "'team-[a' is neither"),
        (["--deny-namespace=a/b"], "'a/b' is neither"),
        (["--deny-namespace=shop,-x"], "'-x' is neither"),
        (["--deny-kind=pods/log"], "'pods/log' is no name of a kind"),
        (["--allow-kind=*"], "'*' is no name of a kind"),
        (["--impersonate"], "over stdio there is none but you"),
        (["--impersonate", "--transport=http"], "--impersonate needs --tokens"),
    ],
)
def test_limits_that_say_nothing_stop_the_start(flags: list[str], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse(Settings, flags)

    assert said in " ".join(caught.value.problems)


def test_limits_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_KUBERNETES_ALLOW_NAMESPACE", "shop, team-*")
    monkeypatch.setenv("JAMIE_KUBERNETES_DENY_KIND", '["secrets"]')

    found = parse(Settings, [])

    assert (found.allow_namespace, found.deny_kind) == (("shop", "team-*"), ("secrets",))


def test_limits_are_told_in_a_line_each() -> None:
    many = [f"team-{one}" for one in range(10)]

    assert Fence(settings(allow_namespace=many, deny_namespace=["team-3"])).words == (
        "namespaces: only team-0, team-1, team-2, team-3, team-4, team-5, team-6, team-7 and 2 more"
        " (--allow-namespace) without team-3 (--deny-namespace)",
    )
    assert Fence(settings(deny_kind=["secrets"])).words == (
        "kinds: all without secrets (--deny-kind)",
    )
    assert Fence(settings()).words == ()
