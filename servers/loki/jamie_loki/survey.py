"""What a Loki holds: which labels say who wrote a line, and how much there is to read."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError, Denied, TooMuch, Unreachable
from jamie_base.text import join_words
from jamie_base.together import together
from jamie_base.when import Window, span
from jamie_loki import logql
from jamie_loki.client import Limits, Loki
from jamie_loki.wording import size_of

SERVICE_LABELS = (
    "service_name", "service", "app", "app_kubernetes_io_name", "application", "app_name",
    "k8s_deployment_name", "container", "container_name", "k8s_container_name", "component",
    "workload", "job",
)  # fmt: skip
NAMESPACE_LABELS = ("namespace", "k8s_namespace_name", "kubernetes_namespace_name")


class Layout(msgspec.Struct, frozen=True):
    """Which label names the service and which the namespace; "" where there is none."""

    service: str
    namespace: str
    names: tuple[str, ...]

    def who(self, labels: Mapping[str, str]) -> tuple[str, str]:
        """Return namespace and service of a stream."""
        service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")

        return labels.get(self.namespace, ""), labels.get(self.service, "") or service

    @property
    def by(self) -> str:
        """Return the labels to group by, as LogQL writes them."""
        return ", ".join(name for name in (self.namespace, self.service) if name)

    @property
    def everything(self) -> str:
        """Return a selector for all streams that name their service."""
        return f'{{{self.service}=~".+"}}'


def layout_of(names: Sequence[str]) -> Layout:
    """Choose the labels that say who wrote a line, among those there are."""
    service = next((name for name in SERVICE_LABELS if name in names), names[0] if names else "")
    namespace = next((name for name in NAMESPACE_LABELS if name in names), "")

    return Layout(service, namespace, tuple(names))


async def refuse_the_vast(
    loki: Loki, limits: Limits, selectors: Sequence[str], window: Window
) -> None:
    """Refuse a question that would make Loki read more than the settings allow.

    Raises:
        TooMuch: With the size and the services that make it up.

    """
    if not limits.volume:
        return

    sizes = await together(*(partial(_volume, loki, selector, window) for selector in selectors))
    total = sum(sizes)
    if total <= loki.max_scan:
        return

    biggest = await _biggest(loki, selectors[0], window)
    raise TooMuch(
        f"{join_words(selectors)} holds about {size_of(total)} over {span(window.seconds)}, and a"
        f" question may read {size_of(loki.max_scan)} (--max-scan). Narrow the selector or shorten"
        f" the window.{biggest}"
    )


async def _volume(loki: Loki, selector: str, window: Window) -> int:
    try:
        return sum(size for _, size in await loki.volume(selector, window))
    except (Unreachable, Denied):
        raise
    except BackendError:
        # Not asked well, or switched off: the question itself will say what is wrong.
        return 0


async def _biggest(loki: Loki, selector: str, window: Window) -> str:
    label = layout_of(await loki.labels(window, selector)).service
    sizes = (await loki.volume(selector, window, label))[:3]
    words = [f"{logql.Matcher(label, '=', value)} ({size_of(size)})" for value, size in sizes]

    return f" The biggest: {', '.join(words)}." if words else ""
