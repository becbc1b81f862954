"""An API server that deletes, too: finalizers, preconditions, options in the body."""

import json
import re

import httpx

from tests.kubernetes.wire import RESOURCES, Json, ago, status
from tests.kubernetes.writable import WritableApi

_OBJECT = re.compile(r"(/api/v1|/apis/[\w.-]+/\w+)(?:/namespaces/([^/]+))?/([a-z]+)/([^/]+)")


class MutableApi(WritableApi):
    """Deletes what it holds; an object with finalizers stays, marked.

    `deleted` holds the options of the deletions that were meant.
    """

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[Json] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = _OBJECT.fullmatch(request.url.path)
        if request.method != "DELETE" or found is None or found[3] not in RESOURCES:
            return super().__call__(request)

        self.requests.append(request)
        if found[3] in self.denied:
            return status(403, f'{found[3]} is forbidden: User "reader" cannot delete', "Forbidden")

        return self._delete(found[3], found[2] or "", found[4], json.loads(request.content))

    def _delete(self, plural: str, space: str, name: str, options: Json) -> httpx.Response:
        # As the real one does: options in a body are all there is, the query is not looked at.
        dry = options.get("dryRun") == ["All"]
        if dry and self.rehearsal:
            return self.rehearsal
        if not dry:
            self.deleted.append(options)
            if self.refusals and (refusal := self.refusal()):
                return refusal

        there = [
            one
            for one in self.objects[plural]
            if one["metadata"]["name"] == name and one["metadata"].get("namespace", "") == space
        ]
        if not there:
            return status(404, f'{plural} "{name}" not found', "NotFound")

        wanted = options.get("preconditions", {})
        if any(there[0]["metadata"].get(key) != value for key, value in wanted.items()):
            return status(409, "the UID or resourceVersion in the precondition differs", "Conflict")
        if not dry:
            self._gone(plural, there[0])

        return httpx.Response(200, json={"kind": "Status", "status": "Success"})

    def _gone(self, plural: str, one: Json) -> None:
        if one["metadata"].get("finalizers"):
            one["metadata"]["deletionTimestamp"] = ago(seconds=0)
        else:
            self.objects[plural].remove(one)
