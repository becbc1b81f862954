"""An API server that deletes and applies, too: finalizers, preconditions, field owners."""

import base64
import copy
import json
import re
from collections.abc import Callable

import httpx

from tests.kubernetes.wire import RESOURCES, Json, ago, status
from tests.kubernetes.writable import WritableApi, merged

_OBJECT = re.compile(r"(/api/v1|/apis/[\w.-]+/\w+)(?:/namespaces/([^/]+))?/([a-z]+)/([^/]+)")

_LIST = re.compile(r"(/api/v1|/apis/[\w.-]+/\w+)(?:/namespaces/([^/]+))?/([a-z]+)")
_EVICTION = re.compile(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/eviction")


class MutableApi(WritableApi):
    """Deletes what it holds; an object with finalizers stays, marked. Makes what is applied.

    `deleted` holds the options of the deletions that were meant, `claims` who owns which fields of
    which object, such as {"web": {"spec.replicas": '"scaler" using apps/v1'}}. Pods can be evicted:
    `evicted` names those that were, `held` those whose budget says no, and how often.
    """

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[Json] = []
        self.claims: dict[str, dict[str, str]] = {}
        self.evicted: list[str] = []
        self.held: dict[str, int] = {}
        self.after_making: Callable[[Json], None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if eviction := _EVICTION.fullmatch(request.url.path):
            self.requests.append(request)
            return self._evict(request, eviction[1], eviction[2])

        made = _LIST.fullmatch(request.url.path)
        if request.method == "POST" and made and RESOURCES.get(made[3]) == made[1]:
            self.requests.append(request)
            return self._make(request, made[3], made[2] or "")

        found = _OBJECT.fullmatch(request.url.path)
        applies = request.headers.get("content-type") == "application/apply-patch+yaml"
        if not (request.method == "DELETE" or applies) or not found or found[3] not in RESOURCES:
            return super().__call__(request)

        self.requests.append(request)
        if found[3] in self.denied:
            verb = "patch" if applies else "delete"
            return status(403, f'{found[3]} is forbidden: User "reader" cannot {verb}', "Forbidden")
        if applies:
            return self._apply(request, found[3], found[2] or "", found[4])

        return self._delete(found[3], found[2] or "", found[4], json.loads(request.content))

    def _make(self, request: httpx.Request, plural: str, space: str) -> httpx.Response:
        dry = request.url.params.get("dryRun") == "All"
        if plural in self.denied:
            return status(403, f'{plural} is forbidden: User "reader" cannot create', "Forbidden")
        if dry and self.rehearsal:
            return self.rehearsal
        one: Json = json.loads(request.content)
        name = one["metadata"]["name"]
        if self._there(plural, space, name):
            return status(409, f'{plural} "{name}" already exists', "AlreadyExists")
        one["metadata"] |= {
            "namespace": space,
            "uid": f"uid-{space}-{name}",
            "resourceVersion": "1",
        }
        if not dry:
            self.sent.append(one)
            refusal = self.refusal() if self.refusals else None
            if refusal:
                return refusal
            self.objects[plural].append(one)
            self.after_making(one)

        return httpx.Response(201, json=one)

    def _evict(self, request: httpx.Request, space: str, name: str) -> httpx.Response:
        dry = request.url.params.get("dryRun") == "All"
        if "pods" in self.denied or "evictions" in self.denied:
            return status(403, 'pods is forbidden: User "reader" cannot create', "Forbidden")
        there = self._there("pods", space, name)
        if not there:
            return status(404, f'pods "{name}" not found', "NotFound")
        uid = json.loads(request.content)["deleteOptions"]["preconditions"]["uid"]
        if there["metadata"]["uid"] != uid:
            return status(409, "the UID in the precondition does not match", "Conflict")
        if self.held.get(name, 0) > 0:
            self.held[name] -= 0 if dry else 1
            causes = [{"reason": "DisruptionBudget", "message": "The budget web needs 2 pods"}]
            body = {"message": "Cannot evict pod", "details": {"causes": causes}}
            return httpx.Response(429, json=body, headers={"retry-after": "10"})
        if not dry:
            self.evicted.append(name)
            self._gone("pods", there)

        return httpx.Response(201, json={"kind": "Status", "status": "Success"})

    def _apply(self, request: httpx.Request, plural: str, space: str, name: str) -> httpx.Response:
        assert "force" not in request.url.params
        dry = request.url.params.get("dryRun") == "All"
        body: Json = json.loads(request.content)
        if dry and self.rehearsal:
            return self.rehearsal
        if not dry:
            self.sent.append(body)
            if self.refusals and (refusal := self.refusal()):
                return refusal

        spaces = [one["metadata"]["name"] for one in self.objects["namespaces"]]
        if space and space not in spaces:
            return status(404, f'namespaces "{space}" not found', "NotFound")
        there = self._there(plural, space, name)
        if claims := self._claimed(name, body, there):
            return claims
        wanted = {key: body["metadata"].get(key) for key in ("uid", "resourceVersion")}
        ours = {key: there["metadata"].get(key) if there else None for key in wanted}
        if wanted != ours:
            return status(409, "the object has been modified; please apply", "Conflict")

        changed = merged(copy.deepcopy(there) or _new(space, name), body)
        _store_secret(changed)
        _manage(changed, body, request.url.params["fieldManager"])
        if not dry:
            if there:
                self.objects[plural].remove(there)
            self.objects[plural].append(self.stored(changed))
        elif self.after_rehearsal:
            self.after_rehearsal()

        return httpx.Response(200 if there else 201, json=changed)

    def _claimed(self, name: str, body: Json, there: Json) -> httpx.Response | None:
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {owner}",
                "field": f".{f}",
            }
            for f, owner in self.claims.get(name, {}).items()
            if _at(body, f) not in (None, _at(there, f))
        ]
        if not causes:
            return None

        said = f"Apply failed with {len(causes)} conflicts"
        return httpx.Response(
            409,
            json={
                "kind": "Status",
                "message": said,
                "reason": "Conflict",
                "details": {"causes": causes},
            },
        )

    def _there(self, plural: str, space: str, name: str) -> Json:
        nothing: Json = {}
        found = (
            one
            for one in self.objects[plural]
            if one["metadata"]["name"] == name and one["metadata"].get("namespace", "") == space
        )
        return next(found, nothing)

    def _delete(self, plural: str, space: str, name: str, options: Json) -> httpx.Response:
        # As the real one does: options in a body are all there is, the query is not looked at.
        dry = options.get("dryRun") == ["All"]
        if dry and self.rehearsal:
            return self.rehearsal
        if not dry:
            self.deleted.append(options)
            if self.refusals and (refusal := self.refusal()):
                return refusal

        there = self._there(plural, space, name)
        if not there:
            return status(404, f'{plural} "{name}" not found', "NotFound")

        wanted = options.get("preconditions", {})
        if any(there["metadata"].get(key) != value for key, value in wanted.items()):
            return status(409, "the UID or resourceVersion in the precondition differs", "Conflict")
        if not dry:
            self._gone(plural, there)

        return httpx.Response(200, json={"kind": "Status", "status": "Success"})

    def _gone(self, plural: str, one: Json) -> None:
        if one["metadata"].get("finalizers"):
            one["metadata"]["deletionTimestamp"] = ago(seconds=0)
        else:
            self.objects[plural].remove(one)


def _new(space: str, name: str) -> Json:
    about = {"name": name, "uid": f"uid-{space}-{name}", "resourceVersion": "0", "generation": 0}
    return {"metadata": {**about, **({"namespace": space} if space else {})}}


def _store_secret(one: Json) -> None:
    """Keep what is given as text as the server keeps it: encoded, among the data."""
    given: Json = one.pop("stringData", {})
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in given.items()}
    if encoded:
        one["data"] = {**one.get("data", {}), **encoded}


def _manage(one: Json, body: Json, manager: str) -> None:
    """Note who applied which fields."""
    others = [
        each
        for each in one["metadata"].get("managedFields", [])
        if (each["manager"], each["operation"]) != (manager, "Apply")
    ]
    fields = {f"f:{key}": value for key, value in body.items() if key != "metadata"}
    ours = {"manager": manager, "operation": "Apply", "fieldsV1": fields}
    one["metadata"]["managedFields"] = [*others, ours]


def _at(one: Json, path: str) -> object:
    *front, last = path.split(".")
    for step in front:
        one = one.get(step) or {}
    return one.get(last)
