"""Whom an init container waits for, read from its command."""

import pytest

from jamie_kubernetes.client.whole_pods import WholeContainer
from jamie_kubernetes.facts.causes.waits import awaited


@pytest.mark.parametrize(
    ("command", "hosts"),
    [
        ("until nc -z db 5432; do sleep 2; done", ["db:5432"]),
        ("while ! nc -z -w 3 db.data.svc 5432; do sleep 2; done", ["db.data.svc:5432"]),
        ("until nslookup db.$(cat /var/run/ns).svc.cluster.local; do sleep 2; done", ["db"]),
        ("until pg_isready -h db -p 5432 -U app; do sleep 1; done", ["db:5432"]),
        ("until redis-cli --host=cache ping; do sleep 1; done", ["cache"]),
        ("./wait-for-it.sh -t 0 db:5432", ["db:5432"]),
        ("dockerize -wait tcp://queue:5672 -wait http://api:80/health", ["queue:5672", "api:80"]),
        ("until curl -sf http://vault.vault.svc:8200/v1/sys/health; do :; done",
         ["vault.vault.svc:8200"]),
        ("until cat < /dev/null > /dev/tcp/kafka/9092; do :; done", ["kafka:9092"]),
        ("curl http://localhost:8080/ready", []),
        ("python manage.py migrate", []),
        ("echo host unreachable; sleep 5", []),
    ],
)  # fmt: skip
def test_a_command_tells_whom_it_waits_for(command: str, hosts: list[str]) -> None:
    assert [*awaited(WholeContainer(name="wait", command=("sh", "-c", command)))] == hosts
