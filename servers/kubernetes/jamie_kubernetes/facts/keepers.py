"""Who keeps an object as it is, and will take a change by hand back."""

from jamie_base.text import shorten
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at

_TOOLS = (
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("configmanagement.gke.io/managed", "Config Sync"),
    ("fleet.cattle.io/bundle-id", "Fleet"),
)
"""The labels and annotations by which tools know what is theirs."""


def keeper_line(one: Object) -> tuple[str, ...]:
    """Say who will revert a change of this object; nothing where nobody will."""
    notes = {**mapping_at(one, "metadata", "labels"), **mapping_at(one, "metadata", "annotations")}
    for key, tool in _TOOLS:
        if key in notes:
            return (_reverts(f"{tool} ({shorten(str(notes[key]), 80)})"),)
    if notes.get("app.kubernetes.io/managed-by") == "Helm":
        release = notes.get("meta.helm.sh/release-name", "")
        return (f"Helm owns it (release {release}): its next upgrade will revert this.",)

    return _controlled(one)


def _reverts(who: str) -> str:
    return f"{who} owns it: this will be reverted at its next sync, change it there."


def _controlled(one: Object) -> tuple[str, ...]:
    owners = list_at(one, "metadata", "ownerReferences")
    owner = next((ref for ref in owners if ref.get("controller")), None)
    if owner is None:
        return ()

    what = f"{text_at(owner, 'kind')} {text_at(owner, 'name')}"
    return (f"{what} controls it: this may be reverted, change that instead.",)
