from hypothesis import given
from hypothesis import strategies as st

from jamie_lab.ages import as_told, backdated
from jamie_lab.timeline import Scene

NOW = 1_800_000_000
DAY = 86_400


def _time(seconds: int) -> bytes:
    """Encode a protobuf Time as it lies in a stored object."""
    varint = bytearray()
    while seconds > 0x7F:
        varint.append(seconds & 0x7F | 0x80)
        seconds >>= 7
    varint.append(seconds)

    return b"\x08" + bytes(varint)


@given(st.integers(0, 3000), st.integers(1, 400 * DAY))
def test_a_recent_time_is_replaced_in_place(late: int, age: int) -> None:
    before = b"k8s\x00B\x06" + _time(NOW + late) + b"\x10\x00tail"
    after = backdated(before, NOW, NOW - age)

    assert after == b"k8s\x00B\x06" + _time(NOW - age) + b"\x10\x00tail"


def test_custom_resources_are_as_old_in_their_own_way() -> None:
    before = (
        b'{"metadata":{"creationTimestamp":"2027-01-15T08:00:05Z"},"at":"2027-01-01T00:00:00Z"}'
    )
    after = backdated(before, NOW, NOW - DAY)

    assert after == before.replace(b"15T08:00:05", b"14T08:00:00")


def test_older_times_stay() -> None:
    value = b"k8s\x00" + _time(NOW - 5) + _time(NOW - DAY)

    assert backdated(value, NOW, NOW - 60 * DAY) == value


def test_pods_are_as_old_as_their_workload_and_the_rest_as_the_cluster(scene: Scene) -> None:
    told = as_told(scene)

    def days(key: str) -> float:
        return (scene.loaded_at - told(key)) / DAY

    assert days("/registry/pods/auth/auth-service-7c9d694457-x2t8z") == 3
    assert days("/registry/replicasets/data/postgres-5") == 41
    assert days("/registry/pods/shop/stranger-1") == 60
    assert days("/registry/namespaces/shop") == 60
    assert days("/registry/deployments/auth/auth-service") == 60
