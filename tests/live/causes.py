"""Causes played on the lab: what is made, what is played on it, and what a diagnosis must find.

The table is `tests/live/cause_table.py`. Each area of it is staged in a namespace of its own, all
of it at once, and diagnosed as a whole.
"""

import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import anyio
import httpx
from mcp import Client

from jamie_lab.ages import age
from jamie_lab.kwok import API as KWOK
from jamie_lab.paths import folders
from jamie_lab.ports import ports
from jamie_lab.waiting import until
from tests.kubernetes.child import data_of
from tests.kubernetes.wire import Json, ago, renewed
from tests.live.space import space

How = Literal["real", "played", "elsewhere"]
"""Brought about by real controllers; patched or staged; not to be had here."""

MERGE = {"Content-Type": "application/merge-patch+json"}


class Said(NamedTuple):
    """An event to post; without `about` (`Kind/name`) it is about the pods."""

    reason: str
    message: str
    type: Literal["Warning", "Normal"] = "Warning"
    times: int = 3
    about: str = ""


class Made(NamedTuple):
    """An object to make: its collection, as `apps/v1/deployments` or `v1/pods`, and its body.

    `status` is patched at its /status; of a workload `pods` is, on each of its pods once they are
    scheduled (or at once, where `scheduled` is False). Cluster-scoped kinds say so. `log` is what
    the pods' containers said, in this run and the one before; `events` are posted next. What stands
    in `then` is patched into the object in the end, once it has a pod if it runs any. With `by` it
    is applied by the server, for this manager.
    """

    collection: str
    body: Json
    status: Json | None = None
    pods: Json | None = None
    scheduled: bool = True
    namespaced: bool = True
    events: Sequence[Said] = ()
    log: str = ""
    then: Json | None = None
    by: str = ""

    @property
    def name(self) -> str:
        return self.body["metadata"]["name"]


class Cause(NamedTuple):
    """A row of the table.

    `code` and `owner` are what a diagnosis must say of `made` (no code: it must say nothing of it);
    `checklist` is what the checklist calls it; `why` tells why it cannot be had on the lab and
    which test shows it instead.
    """

    code: str
    checklist: str
    owner: str = ""
    how: How = "real"
    made: Sequence[Made] = ()
    why: str = ""


@contextmanager
def staged(
    kube: httpx.Client, namespace: str, causes: Iterable[Cause], **labels: str
) -> Generator[None]:
    """Make everything the causes need in a namespace, play on it, and take it away again."""
    objects = [made for cause in causes for made in cause.made]
    with space(kube, namespace, **labels), tempfile.TemporaryDirectory() as logs:
        try:
            for made in objects:
                reply = make(kube, namespace, made)
                assert reply.is_success, f"{made.name}: {reply.text}"
            anyio.run(partial(play, kube, namespace, objects, Path(logs)))
            yield
        finally:
            for made in (one for one in objects if not one.namespaced):
                kube.delete(f"{collection(made, namespace)}/{made.name}")


@contextmanager
def defined(kube: httpx.Client, *definitions: Made) -> Generator[None]:
    """Let the API server offer kinds of its own, once it does."""

    async def offered() -> None:
        async def established() -> bool:
            return all(map(is_established, definitions))

        assert await until(established)

    def is_established(one: Made) -> bool:
        found = kube.get(f"{collection(one, '')}/{one.name}").json()
        said: list[Json] = found.get("status", {}).get("conditions") or []
        return any((each["type"], each["status"]) == ("Established", "True") for each in said)

    try:
        for one in definitions:
            kube.post(collection(one, ""), json=one.body).raise_for_status()
        anyio.run(offered)
        yield
    finally:
        for one in definitions:
            kube.delete(f"{collection(one, '')}/{one.name}")


def make(kube: httpx.Client, namespace: str, made: Made) -> httpx.Response:
    where = collection(made, namespace)
    if not made.by:
        return kube.post(where, json=renewed(made.body))

    return kube.patch(
        f"{where}/{made.name}",
        json=renewed(made.body),
        headers={"Content-Type": "application/apply-patch+yaml"},
        params={"fieldManager": made.by},
    )


def collection(made: Made, namespace: str) -> str:
    version, _, plural = made.collection.rpartition("/")
    root = "/api/v1" if version == "v1" else f"/apis/{version}"

    return f"{root}/namespaces/{namespace}/{plural}" if made.namespaced else f"{root}/{plural}"


async def play(kube: httpx.Client, namespace: str, objects: Iterable[Made], logs: Path) -> None:
    for made in objects:
        if made.status is not None:
            patch(kube, f"{collection(made, namespace)}/{made.name}/status", made.status)
        if made.pods is not None:
            await play_pods(kube, namespace, made)
        if made.log:
            give_logs(kube, namespace, made, logs / f"{made.name}.log")
        for said in made.events:
            post_events(kube, namespace, made, said)
        if made.then is not None:
            await await_pods(kube, namespace, made)
            change(kube, f"{collection(made, namespace)}/{made.name}", made.then)


async def await_pods(kube: httpx.Client, namespace: str, made: Made) -> None:
    """Wait for the first pod of what runs any."""

    async def there() -> bool:
        return bool(pods_of(kube, namespace, made))

    if "template" in made.body["spec"]:
        assert await until(there), f"the pods of {made.name} did not come"


def change(kube: httpx.Client, path: str, body: Json) -> None:
    reply = kube.patch(path, json=renewed(body), headers=MERGE)
    assert reply.is_success, f"{path}: {reply.text}"


def _stored(key: str) -> tuple[str, str, str]:
    """Read kind, namespace and name of where etcd keeps an object: by its own names for kinds."""
    parts = [part for part in key.split("/")[2:] if part != "specs"]
    kind, space, name, *_ = (parts[1:] if "." in parts[0] else parts) + ["", "", ""]

    return {"ingress": "ingresses"}.get(kind, kind), space, name


async def aged(namespace: str, since: float, hours: Mapping[str, float]) -> None:
    """Make what is in a namespace, and was made since a moment, older by so many hours.

    `hours` are by plural, or by `plural/name` as it begins; what is not named stays young.
    """
    etcd = f"http://127.0.0.1:{ports(folders())['etcd']}"

    def older(key: str) -> float:
        kind, _, name = _stored(key)
        fits = [by for by in hours if f"{kind}/{name}".startswith(by)]
        return hours[max(fits, key=len)] if fits else 0.0

    def chosen(key: str) -> bool:
        return _stored(key)[1] == namespace and older(key) > 0

    def moment(key: str) -> float:
        return since - older(key) * 3600

    await age(etcd, since, moment, chosen)


async def play_pods(kube: httpx.Client, namespace: str, made: Made) -> None:
    """Patch the status of every pod of a workload, or of the pod itself, as soon as it is there."""

    async def ready() -> bool:
        found = pods_of(kube, namespace, made)
        return len(found) >= made.body["spec"].get("replicas", 1) and all(
            one["status"].get("podIP") or not made.scheduled for one in found
        )

    assert await until(ready), f"the pods of {made.name} did not come"
    for one in pods_of(kube, namespace, made):
        name = one["metadata"]["name"]
        patch(kube, f"/api/v1/namespaces/{namespace}/pods/{name}/status", made.pods or {})


def give_logs(kube: httpx.Client, namespace: str, made: Made, file: Path) -> None:
    """Let kwok answer with a text when the logs of a pod's containers are asked for."""
    # As container runtimes write it.
    lines = [f"{ago(minutes=1)} stdout F {line}\n" for line in made.log.splitlines()]
    file.write_text("".join(lines))
    logs = {"logsFile": str(file), "previousLogsFile": str(file)}
    for one in pods_of(kube, namespace, made):
        body = {
            "apiVersion": KWOK,
            "kind": "Logs",
            "metadata": {"name": one["metadata"]["name"]},
            "spec": {"logs": [logs]},
        }
        path = f"/apis/{KWOK}/namespaces/{namespace}/logs"
        kube.post(path, json=body).raise_for_status()


def post_events(kube: httpx.Client, namespace: str, made: Made, said: Said) -> None:
    """Say an event about an object, or about every pod that was made."""
    pods = [f"Pod/{one['metadata']['name']}" for one in pods_of(kube, namespace, made)]
    for about in [said.about] if said.about else pods:
        kind, _, name = about.partition("/")
        home = "" if kind == "Node" else namespace
        body = {
            "metadata": {"generateName": f"{name}."},
            "involvedObject": {"kind": kind, "name": name, "namespace": home},
            "type": said.type,
            "reason": said.reason,
            "message": said.message,
            "count": said.times,
            "firstTimestamp": ago(minutes=10),
            "lastTimestamp": ago(seconds=0),
        }
        reply = kube.post(f"/api/v1/namespaces/{home or 'default'}/events", json=body)
        assert reply.is_success, f"{about}: {reply.text}"


def codes(causes: Iterable[Cause]) -> dict[str, str]:
    """What a diagnosis has to find of what was made: the cause of each owner that has one."""
    return {one.owner: one.code for one in causes if one.code and one.how != "elsewhere"}


async def found_in(client: Client, namespace: str, causes: Iterable[Cause]) -> dict[str, str]:
    """Diagnose a namespace until everything is found, and nothing else, or time is up."""
    expected = codes(causes)
    found: dict[str, str] = {}

    async def noticed() -> bool:
        seen = {one["owner"]: one["cause"] for one in await findings_in(client, namespace)}
        found.clear()
        found.update(seen)
        return found == expected

    await until(noticed, poll=1)
    return found


async def findings_in(client: Client, namespace: str) -> list[Json]:
    """Diagnose a namespace, page by page, and return all that was found."""
    found: list[Json] = []
    cursor = ""
    while True:
        data = await data_of(client, "k8s_diagnose", namespace=namespace, cursor=cursor)
        found += data["findings"]
        cursor = data.get("cursor", "")
        if not cursor:
            return found


def pods_of(kube: httpx.Client, namespace: str, made: Made) -> list[Json]:
    """The pods whose names begin with the workload's, or the pod of that name."""
    if made.collection == "v1/pods":
        one = kube.get(f"/api/v1/namespaces/{namespace}/pods/{made.name}")
        return [one.json()] if one.is_success else []

    found: list[Json] = (
        kube.get(f"/api/v1/namespaces/{namespace}/pods").raise_for_status().json()["items"]
    )
    return [
        one
        for one in found
        if one["metadata"]["name"] == made.name
        or one["metadata"]["name"].startswith(f"{made.name}-")
    ]


def patch(kube: httpx.Client, path: str, status: Json) -> None:
    change(kube, path, {"status": status})
