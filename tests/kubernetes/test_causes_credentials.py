"""Credentials that are rejected: which Secrets they come from, and whether one changed lately."""

import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import crashing, ran, the_finding
from tests.kubernetes.wire import Api, Json, ago, meta


@pytest.mark.parametrize(("hours", "told"), [(2, True), (48, False)])
async def test_rejected_credentials_tell_that_their_secret_changed_lately(
    connect: Connect, api: Api, hours: int, *, told: bool
) -> None:
    entry: Json = {"manager": "rotator", "operation": "Update", "time": ago(hours=hours)}
    entry["fieldsV1"] = {"f:data": {"f:pass": {}}}
    api.objects["secrets"] = [{"metadata": meta("db", "shop", managedFields=[entry])}]
    env = [{"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pass"}}}]
    one = crashing(ran(1), env=env, envFrom=[{"secretRef": {"name": "mail"}}])

    found = await the_finding(connect, api, one, log="FATAL: password authentication failed")

    assert ("secret/db was changed 2h ago by rotator" in found["evidence"]) is told


async def test_rejected_credentials_name_the_secrets_they_come_from(
    connect: Connect, api: Api
) -> None:
    env = [{"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pass"}}}]
    one = crashing(ran(1), env=env, envFrom=[{"secretRef": {"name": "mail"}}])

    found = await the_finding(connect, api, one, log="FATAL: password authentication failed")

    assert found["cause"] == "credentials-rejected"
    assert (
        found["next"] == "correct the password or key in secret/db and secret/mail, which it reads"
    )
