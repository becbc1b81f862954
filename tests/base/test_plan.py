"""Plans, and in what one differs from the same one made later."""

from jamie_base.plan import Binding, Plan, differences


def plan(**touched: object) -> Plan:
    return Plan("do it", Binding("cm/x", "uid", 1, touched, b""))


def test_what_differs_is_told_in_short() -> None:
    before = plan(big="a" * 9_000, same=1, gone=2)
    after = plan(big="b" * 9_000, same=1)
    said = differences(before, after)

    assert len(said) < 450
    assert said.startswith("big: was 'aaa")
    assert said.endswith("gone: was 2, is (none)")


def test_many_differences_are_counted() -> None:
    before = plan(**{f"f{number:02d}": 1 for number in range(30)})
    after = plan(**{f"f{number:02d}": 2 for number in range(30)})

    assert differences(before, after).endswith("f09: was 1, is 2; and 20 more fields")


def test_another_object_is_named() -> None:
    before = Plan("do it", Binding("cm/x", "one", 1, {}, b""))
    after = Plan("do it", Binding("cm/x", "two", 1, {}, b""))

    assert differences(before, after) == "It is another object of that name"
