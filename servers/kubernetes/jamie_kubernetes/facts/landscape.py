"""What bears labels: the pods that run, and the templates that more would be made from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.facts.bearers import Bearers
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import DAEMON_SETS, JOBS, Kind


class Mould(msgspec.Struct, frozen=True):
    """A template of pods: whose, and whether none are wanted of it now."""

    owner: str
    rests: bool


class Landscape:
    """Finds pods and templates of a namespace by their labels; each namespace is indexed once."""

    def __init__(
        self,
        survey: PodSurvey | None,
        controllers: Iterable[tuple[Kind, Controller]],
        crons: Iterable[CronJob] = (),
    ) -> None:
        self._survey = survey
        self._moulds: dict[str, list[tuple[Mapping[str, str], Mould]]] = defaultdict(list)
        self._pods: dict[str, Bearers[LabelSet]] = {}
        self._templates: dict[str, Bearers[Mould]] = {}
        for kind, one in controllers:
            mould = Mould(f"{kind.short}/{one.metadata.name}", _rests(kind, one))
            self._add(one.metadata.namespace, one.spec.template.metadata.labels, mould)
        for one in crons:
            mould = Mould(f"cronjob/{one.metadata.name}", rests=True)
            labels = one.spec.job_template.spec.template.metadata.labels
            self._add(one.metadata.namespace, labels, mould)

    def pods(self, namespace: str) -> Bearers[LabelSet]:
        """Return the living pods of a namespace."""
        if namespace not in self._pods:
            sets = self._survey.labels.get(namespace, {}) if self._survey else {}
            self._pods[namespace] = Bearers(sets.items())

        return self._pods[namespace]

    def templates(self, namespace: str) -> Bearers[Mould]:
        """Return the templates of a namespace."""
        if namespace not in self._templates:
            moulds = self._moulds.get(namespace, [])
            self._templates[namespace] = Bearers(
                (labels.items(), mould) for labels, mould in moulds
            )

        return self._templates[namespace]

    def _add(self, namespace: str, labels: Mapping[str, str], mould: Mould) -> None:
        self._moulds[namespace].append((labels, mould))


def _rests(kind: Kind, one: Controller) -> bool:
    if kind == JOBS:
        return True
    if kind == DAEMON_SETS:
        return not one.status.desired_number_scheduled

    return not one.spec.replicas
