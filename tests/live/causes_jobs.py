"""Causes of Jobs and CronJobs, as the lab's controllers bring them about."""

from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made, Said
from tests.live.causes_workloads import IMAGE, WAITING, cron, job

UNIT = "tests/kubernetes/test_causes_jobs.py"
FORGIVE_NOTHING: Json = {
    "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]
}
FAILED: Json = {
    "phase": "Failed",
    "containerStatuses": [
        {
            "name": "app",
            "image": IMAGE,
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {
                "terminated": {
                    "exitCode": 42,
                    "reason": "Error",
                    "startedAt": "2026-01-01T00:00:00Z",
                    "finishedAt": "2026-01-01T00:00:01Z",
                }
            },
        }
    ],
}

JOBS = (
    Cause(
        "job-deadline-exceeded",
        "Job deadline",
        "job/slow",
        made=[Made("batch/v1/jobs", job("slow", WAITING, activeDeadlineSeconds=1))],
    ),
    Cause(
        "job-pod-failure-policy",
        "Job pod failure policy",
        "job/picky",
        made=[
            Made(
                "batch/v1/jobs",
                job("picky", WAITING, podFailurePolicy=FORGIVE_NOTHING),
                pods=FAILED,
                scheduled=False,
            ),
        ],
    ),
    Cause(
        "job-backoff-limit",
        "Job backoff",
        how="elsewhere",
        why=f"why its pods failed is told first, this beside it: {UNIT}",
    ),
    Cause(
        "job-failed",
        "Job of which indexes failed",
        how="elsewhere",
        why=f"needs as many failures as indexes: {UNIT}",
    ),
    Cause(
        "job-indexes-failed",
        "Job that goes on, some of its indexes failed for good",
        how="elsewhere",
        why=f"why its pods failed is told first, this beside it: {UNIT}",
    ),
    Cause(
        "job-without-pod",
        "Job without a pod",
        how="elsewhere",
        why=f"the controllers make missing pods at once: {UNIT}",
    ),
    Cause(
        "job-suspended",
        "Job suspended",
        "job/held",
        made=[Made("batch/v1/jobs", job("held", suspend=True))],
    ),
    Cause(
        "cronjob-never-ran",
        "CronJob never",
        "cronjob/never",
        made=[Made("batch/v1/cronjobs", cron("never", "0 0 1 1 *", startingDeadlineSeconds=20))],
    ),
    Cause(
        "cronjob-late",
        "CronJob late",
        "cronjob/late",
        how="played",
        made=[
            Made(
                "batch/v1/cronjobs",
                cron("late", "0 0 1 * *", startingDeadlineSeconds=20),
                {"lastScheduleTime": "2020-01-01T00:00:00Z"},
            )
        ],
    ),
    Cause(
        "cronjob-too-many-missed",
        "CronJob too many missed",
        "cronjob/missed",
        how="played",
        made=[
            Made(
                "batch/v1/cronjobs",
                cron("missed", "0 0 1 * *", startingDeadlineSeconds=20),
                {"lastScheduleTime": "2020-01-01T00:00:00Z"},
                events=[
                    Said(
                        "TooManyMissedTimes",
                        "too many missed start times. Set or decrease"
                        " .spec.startingDeadlineSeconds or check clock skew",
                        about="CronJob/missed",
                    )
                ],
            )
        ],
    ),
    Cause(
        "cronjob-run-hangs",
        "CronJob concurrency skip",
        how="elsewhere",
        why=f"needs a run that is older than the one due next: {UNIT}",
    ),
    Cause(
        "cronjob-runs-pile-up",
        "CronJob runs pile up",
        how="elsewhere",
        why=f"needs as many minutes as runs: {UNIT}",
    ),
    Cause(
        "cronjob-runs-fail",
        "CronJob last runs failing",
        "cronjob/failing",
        made=[
            Made(
                "batch/v1/cronjobs",
                cron("failing", "0 0 1 1 *", WAITING, run={"activeDeadlineSeconds": 1}),
            )
        ],
    ),
    Cause(
        "cronjob-time-zone",
        "CronJob time zone",
        "cronjob/zoned",
        how="played",
        made=[
            Made(
                "batch/v1/cronjobs",
                cron("zoned", "0 3 * * *"),
                events=[
                    Said(
                        "UnknownTimeZone",
                        'invalid timeZone: "Europe/Lodnon": unknown time zone Europe/Lodnon',
                        about="CronJob/zoned",
                    )
                ],
            )
        ],
    ),
    Cause(
        "cronjob-bad-schedule",
        "CronJob with a bad schedule",
        "cronjob/garbled",
        how="played",
        made=[
            Made(
                "batch/v1/cronjobs",
                cron("garbled", "0 3 * * *"),
                events=[
                    Said(
                        "UnparseableSchedule",
                        "unparseable schedule: 0 3 * * x : failed to parse",
                        about="CronJob/garbled",
                    )
                ],
            )
        ],
    ),
    Cause(
        "cronjob-bad-schedule",
        "CronJob that is never due",
        "cronjob/february",
        made=[Made("batch/v1/cronjobs", cron("february", "0 0 31 2 *"))],
    ),
    Cause(
        "cronjob-never-due",
        "CronJob that is never due, once the controller's warning is gone",
        how="elsewhere",
        why=f"events last for hours: {UNIT}",
    ),
    Cause(
        "cronjob-deadline-too-short",
        "CronJob whose starting deadline is too short",
        "cronjob/hasty",
        made=[Made("batch/v1/cronjobs", cron("hasty", "0 3 * * *", startingDeadlineSeconds=5))],
    ),
    Cause("", "finished Job", "job/done", made=[Made("batch/v1/jobs", job("done"))]),
    Cause(
        "",
        "suspended CronJob",
        "cronjob/resting",
        made=[Made("batch/v1/cronjobs", cron("resting", "* * * * *", suspend=True))],
    ),
)
