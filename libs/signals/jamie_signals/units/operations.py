"""What PromQL's functions and operators make of units."""

import msgspec

from jamie_signals.units.kinds import Unit, quotient, rate_of


class Guess(msgspec.Struct, frozen=True):
    """What is known of a sub-expression: its unit, its value if a number, what it observes."""

    unit: Unit | None = None
    number: float | None = None
    observed: Unit | None = None
    processor: bool = False


_COUNTING = frozenset(
    {"count", "count_values", "count_over_time", "changes", "resets", "group", "present_over_time"}
)
_RATES = frozenset({"rate", "irate", "deriv"})
_LIKE_LAST = frozenset(
    {"topk", "bottomk", "quantile", "limitk", "limit_ratio", "quantile_over_time"}
)
_LIKE_FIRST = frozenset(
    {
        "sum",
        "avg",
        "min",
        "max",
        "stddev",
        "increase",
        "delta",
        "idelta",
        "abs",
        "ceil",
        "floor",
        "round",
        "clamp",
        "clamp_min",
        "clamp_max",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "last_over_time",
        "first_over_time",
        "stddev_over_time",
        "mad_over_time",
        "sort",
        "sort_desc",
        "sort_by_label",
        "sort_by_label_desc",
        "scalar",
        "vector",
        "label_replace",
        "label_join",
        "predict_linear",
        "double_exponential_smoothing",
        "holt_winters",
    }
)
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">"})


def applied(name: str, arguments: list[Guess]) -> Guess:
    """Say what a function or aggregation makes of its arguments."""
    if name in _COUNTING:
        return Guess(unit=Unit.COUNT)
    if name in ("time", "timestamp"):
        return Guess(unit=Unit.TIMESTAMP)
    if name == "histogram_fraction":
        return Guess(unit=Unit.RATIO)
    if not arguments:
        return Guess()
    if name in ("histogram_quantile", "histogram_avg", "histogram_stddev"):
        return Guess(unit=arguments[-1].observed)
    if name in _RATES:
        return _rated(arguments[0])
    if name in _LIKE_LAST:
        return arguments[-1]

    return arguments[0] if name in _LIKE_FIRST else Guess()


def _rated(counter: Guess) -> Guess:
    unit = Unit.CORES if counter.processor else rate_of(counter.unit)
    return Guess(unit=unit, observed=counter.observed)


def combined(operator: str, left: Guess, right: Guess, *, flagged: bool) -> Guess:
    """Say what a binary operator makes of its sides."""
    if flagged or operator in ("^", "%", "atan2"):
        return Guess()
    if operator in ("and", "unless") or operator in _COMPARISONS:
        return right if left.number is not None else left
    if operator == "or":
        return left if right.number is not None or left.unit == right.unit else Guess()
    if operator in ("+", "-"):
        return _sum(operator, left, right)
    if operator == "/":
        return _divided(left, right)

    return _multiplied(left, right)


def _sum(operator: str, left: Guess, right: Guess) -> Guess:
    if left.unit is Unit.TIMESTAMP and right.unit is Unit.TIMESTAMP:
        return Guess(unit=Unit.SECONDS if operator == "-" else None)
    if left.number == 1 and right.unit in (Unit.RATIO, Unit.CORES):
        return Guess(unit=Unit.RATIO)
    if left.number == 100 and right.unit is Unit.PERCENT:
        return Guess(unit=Unit.PERCENT)
    if left.number is not None or right.number is not None:
        return Guess(unit=left.unit or right.unit)

    return Guess(unit=left.unit if left.unit == right.unit else None)


def _divided(left: Guess, right: Guess) -> Guess:
    if right.number is not None:
        return left if right.number == 1 else Guess()

    return Guess(unit=quotient(left.unit, right.unit))


def _multiplied(left: Guess, right: Guess) -> Guess:
    """Only a share times 100 keeps a meaning that the text proves."""
    known, factor = (left, right.number) if left.number is None else (right, left.number)
    if factor == 100 and known.unit in (Unit.RATIO, Unit.CORES):
        return Guess(unit=Unit.PERCENT)

    return known if factor == 1 else Guess()
