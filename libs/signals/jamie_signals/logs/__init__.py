"""What log lines say: levels, fields, patterns, traces, kinds of trouble, and since when."""

from jamie_signals.logs.categories import CATEGORIES, Category, category_named, category_of
from jamie_signals.logs.fields import Parsed, parse
from jamie_signals.logs.groups import Entry, ErrorGroup, Trouble, group_errors, troubles
from jamie_signals.logs.levels import Level, level_named, level_of
from jamie_signals.logs.masks import mask
from jamie_signals.logs.mining import Miner, Pattern
from jamie_signals.logs.onsets import Onset, onset, onset_of_counts
from jamie_signals.logs.stacks import Fold, Stack, fold, stack_in

__all__ = [
    "CATEGORIES",
    "Category",
    "Entry",
    "ErrorGroup",
    "Fold",
    "Level",
    "Miner",
    "Onset",
    "Parsed",
    "Pattern",
    "Stack",
    "Trouble",
    "category_named",
    "category_of",
    "fold",
    "group_errors",
    "level_named",
    "level_of",
    "mask",
    "onset",
    "onset_of_counts",
    "parse",
    "stack_in",
    "troubles",
]
