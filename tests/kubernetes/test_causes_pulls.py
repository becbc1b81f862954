"""Why images do not come, as k8s_diagnose tells it: texts of real registries and runtimes."""

import base64
import json

import httpx
import pytest

from jamie_kubernetes.facts.images import ImageName, image_named, serves, what_is_wrong
from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import IMAGE, held, judged, said, specified, the_finding
from tests.kubernetes.wire import Api, Json, ago, event, pod

NOT_FOUND = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:no"'
    ': failed to resolve reference "docker.io/library/nginx:no": docker.io/library/nginx:no: not'
    " found"
)
DENIED = (
    'failed to pull and unpack image "docker.io/acme/web:1": failed to resolve reference'
    ' "docker.io/acme/web:1": pull access denied, repository does not exist or may require'
    " authorization: server message: insufficient_scope: authorization failed"
)
ECR = (
    "failed to resolve reference: unexpected status from HEAD request to https://1.dkr.ecr.eu-west-1"
    ".amazonaws.com/v2/web/manifests/1: 403 Forbidden"
)
GAR = (
    "failed to authorize: failed to fetch oauth token: unexpected status from GET request to"
    " https://europe-docker.pkg.dev/v2/token: 403 Forbidden"
)
CRIO_ARCH = (
    "choosing image instance: no image found in manifest list for architecture arm64, variant"
    ' "v8", OS linux'
)
TIMED_OUT = (
    'Get "https://hub.example.net/v2/": net/http: request canceled while waiting for'
    " connection (Client.Timeout exceeded while awaiting headers)"
)
TEXTS = [
    (NOT_FOUND, "image-not-found"),
    ("Error response from daemon: manifest for nginx:no not found: manifest unknown: manifest"
     " unknown", "image-not-found"),
    ("reading manifest no in docker.io/library/nginx: manifest unknown", "image-not-found"),
    ("name unknown: The repository with name 'web' does not exist in the registry",
     "image-not-found"),
    (ECR, "image-unauthorised"),
    (GAR, "image-unauthorised"),
    ("Error response from daemon: Get https://1.dkr.ecr.amazonaws.com/v2/web: no basic auth"
     " credentials", "image-unauthorised"),
    ("unable to retrieve auth token: invalid username/password: unauthorized: authentication"
     " required", "image-unauthorised"),
    ("Requesting bearer token: invalid status code from registry 403 (Forbidden)",
     "image-unauthorised"),
    ("denied: denied", "image-unauthorised"),
    ("toomanyrequests: You have reached your pull rate limit.", "image-rate-limited"),
    ("pull QPS exceeded", "image-rate-limited"),
    ("no match for platform in manifest: not found", "wrong-architecture"),
    (CRIO_ARCH, "wrong-architecture"),
    ("dial tcp: lookup registry.example.net on 10.0.0.10:53: no such host", "registry-unreachable"),
    ("dial tcp 10.0.0.1:443: i/o timeout", "registry-unreachable"),
    (TIMED_OUT, "registry-unreachable"),
    ("dial tcp 10.0.0.1:5000: connect: connection refused", "registry-unreachable"),
    ("unexpected status from HEAD request to https://r/v2/: 503 Service Unavailable",
     "registry-unreachable"),
    ("x509: certificate has expired or is not yet valid", "registry-tls"),
    ("http: server gave HTTP response to HTTPS client", "registry-tls"),
    ("failed to unpack image on snapshotter overlayfs: failed to extract layer sha256:1: failed to"
     " get reader from content store: content digest sha256:2: not found", "image-pull-failed"),
    ("failed to register layer: write /usr/lib/x: no space left on device", "image-disk-full"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), TEXTS)
def test_the_words_of_a_registry_tell_why(text: str, code: str) -> None:
    found = judged(held("ErrImagePull", text))

    assert (found.cause, found.said) == (code, (f"ErrImagePull: {text}",))


@pytest.mark.parametrize(("text", "code"), TEXTS[:3])
def test_older_kubelets_say_it_in_an_event_only(text: str, code: str) -> None:
    events = [
        said("Failed", f'Failed to pull image "{IMAGE}": {text}', count=4),
        said("Failed", "Error: ErrImagePull", count=4, lastTimestamp=ago(seconds=5)),
    ]
    one = held("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')

    found = judged(one, events)

    assert found.cause == code
    assert found.evidence[1].startswith("event Failed x8, ")


def test_an_image_that_is_named_like_an_error_is_none() -> None:
    one = held("ImagePullBackOff", 'Back-off pulling image "r.example.net/x509:404"')

    assert judged(one).cause == "image-pull-failed"


def test_the_image_of_a_volume_is_not_the_container_s() -> None:
    model = "registry.example.net/models/bert:9"
    text = f'Back-off pulling image "{model}": ErrImagePull: rpc error: {model}: not found'
    one = held("ImagePullBackOff", text)
    one["spec"]["volumes"] = [{"name": "model", "image": {"reference": model}}]

    found = judged(one)

    assert found.cause == "image-not-found"
    assert found.summary == (
        f"container app, volume model: image {model} does not exist: registry.example.net has no"
        " tag 9 of models/bert"
    )
    assert found.next == "correct image.reference of volume model"


def test_a_kubelet_that_misses_a_pull_secret_names_it() -> None:
    text = (
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not"
        " succeed."
    )
    one = held("ErrImagePull", "authorization failed: no basic auth credentials")

    found = judged(one, [said("FailedToRetrieveImagePullSecret", text)])

    assert found.cause == "pull-secret-missing"
    assert found.summary.endswith("; its imagePullSecret regcred does not exist")


async def test_a_missing_tag_finds_the_revision_before_and_tags_in_use(
    connect: Connect, api: Api
) -> None:
    image = "registry.example.net/shop/web:{}"
    broken = held("ErrImagePull", NOT_FOUND, image=image.format("1.4.3"))
    broken["metadata"] = pod("web-66d7-a", owner="ReplicaSet/web-66d7")["metadata"]
    other = specified(pod("old-0"), image=image.format("1.4.2"))
    template = {"spec": {"containers": [{"name": "app", "image": image.format("1.3.9")}]}}
    deployment = [{"kind": "Deployment", "name": "web", "uid": "1", "controller": True}]
    api.objects["replicasets"] = [
        {
            "metadata": {"name": "web-5c4", "namespace": "shop", "ownerReferences": deployment},
            "spec": {"template": template},
            "status": {"readyReplicas": 2},
        }
    ]

    found = await the_finding(connect, api, broken, other)

    assert found["summary"].endswith(
        "does not exist: registry.example.net has no tag 1.4.3 of shop/web"
    )
    assert f"the revision before ran {image.format('1.3.9')}" in found["evidence"]
    assert image.format("1.4.2") in found["evidence"][-1]
    assert found["next"] == f"set the image to {image.format('1.3.9')}"


async def test_an_official_image_that_is_denied_does_not_exist(connect: Connect, api: Api) -> None:
    one = held("ErrImagePull", DENIED, image="ngnix:1.25")
    other = specified(pod("ok-0"), image="nginx:1.25")

    found = await the_finding(connect, api, one, other)

    assert (found["cause"], found["next"]) == ("image-not-found", "set the image to nginx:1.25")


def logins(name: str, *registries: str, type_: str = "kubernetes.io/dockerconfigjson") -> Json:
    config = {"auths": {one: {"auth": "c2VjcmV0"} for one in registries}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(config).encode()).decode()}
    return {"metadata": {"name": name, "namespace": "shop"}, "type": type_, "data": data}


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (logins("regcred", "https://index.docker.io/v1/"),
         "imagePullSecret regcred has no login for registry.example.net (it has:"
         " https://index.docker.io/v1/)"),
        (logins("regcred", "registry.example.net"),
         "imagePullSecret regcred has a login for registry.example.net: it is refused"),
        (logins("regcred", "registry.example.net", type_="Opaque"),
         "imagePullSecret regcred has type Opaque, not kubernetes.io/dockerconfigjson"),
    ],
)  # fmt: skip
async def test_a_pull_secret_is_looked_into_as_far_as_whom_it_is_for(
    connect: Connect, api: Api, secret: Json, words: str
) -> None:
    one = held("ErrImagePull", "401 Unauthorized")
    one["spec"]["imagePullSecrets"] = [{"name": "regcred"}]
    api.objects["secrets"] = [secret]

    found = await the_finding(connect, api, one)

    assert found["cause"] == "image-unauthorised"
    assert words in found["evidence"]
    assert "c2VjcmV0" not in str(found)


async def test_a_pull_secret_that_is_missing_or_may_not_be_read_is_said(
    connect: Connect, api: Api
) -> None:
    one = held("ErrImagePull", "401 Unauthorized")
    one["spec"]["imagePullSecrets"] = [{"name": "regcred"}]

    missing = await the_finding(connect, api, one)
    assert missing["cause"] == "pull-secret-missing"
    assert "imagePullSecret regcred does not exist" in missing["summary"]

    api.denied = {"secrets"}
    hidden = await the_finding(connect, api, one)
    assert "imagePullSecret regcred: not allowed to look into it" in hidden["evidence"]


@pytest.mark.parametrize(("minutes", "severity"), [(3, 2), (20, 0)])
async def test_an_image_that_is_pulled_for_long_says_for_how_long(
    connect: Connect, api: Api, minutes: int, severity: int
) -> None:
    one = held("ContainerCreating")
    at = ago(minutes=minutes)
    pulling = event("Pulling", "Pod/web-0", "Pulling image", type="Normal", lastTimestamp=at)

    found = await the_finding(connect, api, one, events=[pulling])

    assert (found["cause"], found["severity"]) == ("image-slow", severity)
    assert f"is being pulled for {minutes}m on node node-1" in found["summary"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nginx", ImageName("docker.io", "library/nginx")),
        ("acme/web:1", ImageName("docker.io", "acme/web", "1")),
        ("localhost:5000/web:1", ImageName("localhost:5000", "web", "1")),
        ("r.example.net/a/b/c@sha256:00", ImageName("r.example.net", "a/b/c", "", "sha256:00")),
        ("index.docker.io/library/redis:7", ImageName("docker.io", "library/redis", "7")),
    ],
)
def test_an_image_s_name_is_taken_apart_as_runtimes_do(text: str, name: ImageName) -> None:
    assert image_named(text) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://r.example.net/web:1", "an image has no scheme such as https://"),
        ("r.example.net/Web:1", "a repository is in small letters"),
        ("web:1:2", "it has two tags"),
        ("web:", "its tag or digest is empty"),
        ("web:$TAG", "a variable in it was not replaced"),
        ("web :1", "it has a blank in it"),
        ("web:1", ""),
    ],
)
def test_a_name_that_cannot_be_one_says_why(text: str, why: str) -> None:
    assert what_is_wrong(text) == why


@pytest.mark.parametrize(
    ("registry", "host", "answer"),
    [
        ("https://index.docker.io/v1/", "docker.io", True),
        ("registry.example.net", "registry.example.net", True),
        ("registry.example.net:5000", "registry.example.net", False),
        ("*.dkr.ecr.amazonaws.com", "1.dkr.ecr.amazonaws.com", True),
    ],
)
def test_a_login_serves_its_registry_only(registry: str, host: str, answer: bool) -> None:
    assert serves(registry, host) is answer


async def test_metadata_that_cannot_be_decoded_is_no_login(connect: Connect, api: Api) -> None:
    one = held("ErrImagePull", "401 Unauthorized")
    one["spec"]["imagePullSecrets"] = [{"name": "regcred"}]
    path = "/api/v1/namespaces/shop/secrets/regcred"
    body = {"metadata": {"name": "regcred"}, "data": {".dockerconfigjson": "%%%"}}
    api.routes[path] = httpx.Response(200, json=body)

    found = await the_finding(connect, api, one)

    assert "imagePullSecret regcred has no login" in str(found["evidence"])
