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
    if tool := _tool(one):
        return (f"{tool} owns it: this will be reverted at its next sync, change it there.",)
    if release := _release(one):
        return (f"Helm owns it (release {release}): its next upgrade will revert this.",)

    what = controller_of(one)
    return (f"{what} controls it: this may be reverted, change that instead.",) if what else ()


def maker_line(one: Object) -> tuple[str, ...]:
    """Say who will make this object again once it is gone; nothing where nobody will."""
    if tool := _tool(one):
        return (f"{tool} owns it and will make it again at its next sync; remove it there.",)
    if release := _release(one):
        return (f"Helm owns it (release {release}): its next upgrade will make it again.",)

    what = controller_of(one)
    if what.startswith("Node "):
        return (
            f"A static pod of {what}: its kubelet shows it again at once and keeps it running.",
        )

    return (f"{what} controls it and will make a new one.",) if what else ()


def controller_of(one: Object) -> str:
    """Return who controls an object: `ReplicaSet web-7d9f`; empty where nobody does."""
    owners = list_at(one, "metadata", "ownerReferences")
    owner = next((ref for ref in owners if ref.get("controller")), None)

    return f"{text_at(owner, 'kind')} {text_at(owner, 'name')}" if owner else ""


def _tool(one: Object) -> str:
    notes = _notes(one)
    found = next(((key, tool) for key, tool in _TOOLS if key in notes), None)

    return f"{found[1]} ({shorten(str(notes[found[0]]), 80)})" if found else ""


def _release(one: Object) -> str:
    notes = _notes(one)
    if notes.get("app.kubernetes.io/managed-by") != "Helm":
        return ""

    return str(notes.get("meta.helm.sh/release-name", "unknown"))


def _notes(one: Object) -> Object:
    return {**mapping_at(one, "metadata", "labels"), **mapping_at(one, "metadata", "annotations")}
