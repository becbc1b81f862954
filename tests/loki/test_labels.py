import time

import httpx
from mcp.client import Client

from tests.asking import ask, data_of, refused
from tests.loki.conftest import Build
from tests.loki.pretend import SECOND, PretendedLoki


def fill(loki: PretendedLoki, services: int = 3) -> None:
    at = int((time.time() - 60) * SECOND)
    for number in range(services):
        stream = {"namespace": "shop", "service_name": f"service-{number}"}
        for line in range(number + 1):
            loki.write(at + line, "x", stream)


async def test_labels_come_with_their_number_of_values(loki: PretendedLoki, server: Build) -> None:
    fill(loki)

    async with Client(server()) as client:
        _, *rows = (await ask(client, "loki_labels")).splitlines()

    assert rows == [
        "namespace     1 value   shop",
        "service_name  3 values  service-0, service-1, service-2",
    ]


async def test_values_come_by_volume_the_biggest_first(loki: PretendedLoki, server: Build) -> None:
    fill(loki)

    async with Client(server()) as client:
        head, *rows = (await ask(client, "loki_labels", label="service_name")).splitlines()

    assert head.startswith("3 values of service_name, 600 B of logs, ")
    assert rows == ["300 B  service-2", "200 B  service-1", "100 B  service-0"]


async def test_values_go_on_with_a_cursor(loki: PretendedLoki, server: Build) -> None:
    fill(loki, services=5)

    async with Client(server()) as client:
        first = await data_of(client, "loki_labels", label="service_name", limit=3)
        second = await data_of(
            client, "loki_labels", label="service_name", limit=3, cursor=first["cursor"]
        )

    names = [row["name"] for page in (first, second) for row in page["rows"]]
    assert names == ["service-4", "service-3", "service-2", "service-1", "service-0"]


async def test_a_selector_narrows_labels_and_values(loki: PretendedLoki, server: Build) -> None:
    fill(loki)

    async with Client(server()) as client:
        text = await ask(
            client, "loki_labels", label="service_name", selector='{service_name="service-1"}'
        )

    assert text.splitlines()[1:] == ["200 B  service-1"]


async def test_an_unknown_label_names_the_nearest(loki: PretendedLoki, server: Build) -> None:
    fill(loki)

    async with Client(server()) as client:
        text = await ask(client, "loki_labels", label="namspace")

    assert text.endswith(
        "No stream in this window has the label 'namspace'. Did you mean namespace?"
    )


async def test_what_cannot_be_a_label_is_refused(loki: PretendedLoki, server: Build) -> None:
    async with Client(server()) as client:
        text = await refused(client, "loki_labels", label="../../admin")

    assert "'../../admin' cannot be a label's name" in text
    assert not loki.asked


async def test_without_the_volume_endpoint_values_come_by_name(
    loki: PretendedLoki, server: Build
) -> None:
    fill(loki)
    loki.refusals["/index/volume"] = httpx.Response(404, text="not found")

    async with Client(server()) as client:
        text = await ask(client, "loki_labels", label="service_name")

    assert text.splitlines()[1:] == [
        "-  service-0",
        "-  service-1",
        "-  service-2",
        "(this Loki tells no volumes: its volume endpoint is off)",
    ]


async def test_a_selector_that_matches_nothing_says_why(loki: PretendedLoki, server: Build) -> None:
    fill(loki)

    async with Client(server()) as client:
        text = await ask(client, "loki_labels", selector='{namespace="shopp"}')

    assert text.endswith('No stream has namespace="shopp"; nearest: shop.')
