"""A run of a CronJob by hand: the Job that `kubectl create job --from` makes, and what it means."""

import re
from collections.abc import Iterable

from jamie_base.text import count, join_words
from jamie_kubernetes.client.controllers import CronJob
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at

MANUAL = {"cronjob.kubernetes.io/instantiate": "manual"}

_LONGEST_NAME = 63
_NUMBER = re.compile(r"\d{1,5}")


def run_name(cron: str, jobs: Iterable[str]) -> str:
    """Return the name of the next run by hand: `backup-manual-3`."""
    prefix = f"{cron[: _LONGEST_NAME - len('-manual-99999')]}-manual-"
    numbers = [
        int(rest)
        for one in jobs
        if one.startswith(prefix) and _NUMBER.fullmatch(rest := one.removeprefix(prefix))
    ]
    return f"{prefix}{max(numbers, default=0) + 1}"


def run_of(cron: Object, name: str) -> Object:
    """Return the Job of a run by hand."""
    template = mapping_at(cron, "spec", "jobTemplate")
    labels = mapping_at(template, "metadata", "labels")
    owner: Object = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": text_at(cron, "metadata", "name"),
        "uid": text_at(cron, "metadata", "uid"),
        "controller": True,
    }
    about: Object = {
        "name": name,
        "namespace": text_at(cron, "metadata", "namespace"),
        "annotations": {**mapping_at(template, "metadata", "annotations"), **MANUAL},
        "ownerReferences": [owner],
        **({"labels": labels} if labels else {}),
    }
    spec = mapping_at(template, "spec")
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": about, "spec": spec}


def is_run_of(job: Object, uid: str) -> bool:
    """Tell whether a Job is a run by hand of the CronJob with this uid."""
    notes = mapping_at(job, "metadata", "annotations")
    owners = list_at(job, "metadata", "ownerReferences")

    return MANUAL.items() <= notes.items() and any(one.get("uid") == uid for one in owners)


def run_lines(cron: CronJob) -> list[str]:
    """Say how a run by hand and the schedule get on with each other."""
    active = [one.name for one in cron.status.active]
    running = f"{count('run', len(active))} of it {'is' if len(active) == 1 else 'are'} active"
    named = f"{running} ({join_words(active[:3])}): this one runs beside."
    policy = cron.spec.concurrency_policy
    later = {
        "Forbid": "concurrencyPolicy Forbid: while it runs, scheduled runs are skipped.",
        "Replace": "concurrencyPolicy Replace: the next scheduled run stops it if it still runs.",
    }
    return [
        *([named] if active else []),
        *(["It is suspended: this run starts all the same."] if cron.spec.suspend else []),
        *([later[policy]] if policy in later and not cron.spec.suspend else []),
    ]
