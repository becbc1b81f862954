from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import Level, Miner, Pattern, mask

words = st.sampled_from(
    ["opened", "closed", "session", "user", "joe", "42", "10.0.0.1", "<*>", "/a/b/c"]
)
line_lists = st.lists(st.lists(words, max_size=6).map(" ".join) | st.text(max_size=30), max_size=40)


def mined(lines: list[str]) -> Miner:
    miner = Miner()
    for line in lines:
        miner.add(line)

    return miner


def templates(*lines: str) -> list[tuple[str, int]]:
    return [(one.template, one.count) for one in mined([*lines]).patterns()]


def test_lines_that_differ_in_numbers_and_addresses_share_a_template() -> None:
    assert templates(
        "GET /orders/17 from 10.0.0.1:4711 took 12ms",
        "GET /orders/18 from 10.0.0.2:4712 took 3.5s",
    ) == [("GET /orders/<num> from <ip> took <dur>", 2)]


def test_paths_that_vary_share_a_template() -> None:
    assert templates("cannot read /etc/app/a.yaml", "cannot read /srv/conf/b.yaml") == [
        ("cannot read <path>", 2)
    ]


def test_opposite_events_stay_apart() -> None:
    assert templates("session opened for joe", "session closed for joe") == [
        ("session closed for joe", 1),
        ("session opened for joe", 1),
    ]


def test_a_word_that_varies_a_lot_is_a_value() -> None:
    lines = [f"session opened for user {name}" for name in ("ann", "bob", "cat", "dan", "eve")]

    assert templates(*lines) == [("session opened for user <*>", 5)]


def test_a_missing_value_does_not_make_another_event() -> None:
    lines = ["connection from 10.0.0.1 ()", "connection from 10.0.0.2 (host-17.example.org)"]

    assert len(templates(*lines)) == 1


def test_a_constant_word_with_digits_stays_readable() -> None:
    assert templates("x509: certificate 12345 expired", "x509: certificate 999 expired") == [
        ("x509: certificate <num> expired", 2)
    ]


def test_a_pattern_remembers_when_where_how_bad_and_one_example() -> None:
    miner = Miner()
    for at, source, level in [(30, "a", Level.WARN), (10, "b", Level.ERROR), (20, "a", Level.INFO)]:
        miner.add(f"took {at} ms", at=at, source=source, level=level)

    assert miner.patterns() == (
        Pattern(
            id=0, template="took <num> ms", count=3, first=10, last=30, example="took 30 ms",
            level=Level.ERROR, sources={"a": 2, "b": 1},
        ),
    )  # fmt: skip


def test_new_lines_beyond_the_limit_are_counted_together() -> None:
    miner = Miner(max_shapes=3)
    names = ["alpha", "beta gamma", "delta epsilon zeta", "eta theta iota kappa", "alpha"]
    shapes = [miner.add(name) for name in names]

    counts = {one.template: one.count for one in miner.patterns()}
    assert counts == {"alpha": 2, "beta gamma": 1, "<anything>": 2}
    assert shapes[2] == shapes[3]


@given(line_lists)
def test_every_line_has_one_pattern_and_the_counts_add_up(lines: list[str]) -> None:
    miner = Miner()
    shapes = [miner.add(line) for line in lines]
    held = Counter(miner.pattern_of(shape).id for shape in shapes)

    assert {one.id: one.count for one in miner.patterns()} == held
    assert sum(held.values()) == len(lines)


@given(line_lists, st.randoms())
def test_the_templates_do_not_depend_on_the_order_of_the_lines(
    lines: list[str], random: object
) -> None:
    assert templates(*lines) == templates(*sorted(lines))


@given(st.text())
def test_masking_never_fails(text: str) -> None:
    assert isinstance(mask(text), str)


def test_masks_name_the_kind_of_thing() -> None:
    line = (
        "2026-11-22T10:00:00.123Z joe@example.org 10.0.0.1:80 fe80::1 took 230ms id "
        "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d trace 4bf92f3577b34da6a3ce929d0e0e4736 "
        "at 0xdeadbeef https://x.org/a?b=1 used 12GiB of core.2275"
    )

    assert mask(line) == (
        "<time> <email> <ip> <ip> took <dur> id <uuid> trace <hex> at <hex> <url> used <num> "
        "of core.<num>"
    )
