"""The cluster's own DNS, judged: the pods that answer, and what they are told to answer."""

from collections.abc import Sequence
from enum import StrEnum

from jamie_base.text import join_words
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.neighbours import SYSTEM, Neighbours


class DnsCause(StrEnum):
    """Causes in the cluster's DNS."""

    DOWN = "dns-down"
    CONFIG = "dns-config"


def dns_finding(pods: Sequence[Neighbours]) -> Finding | None:
    """Judge the pods that answer names; None where one is ready, or none are known."""
    servers = [one for one in pods if one.is_dns]
    if not servers or any(one.ready for one in servers):
        return None

    worst = servers[0]
    return Finding(
        cause=DnsCause.DOWN,
        namespace=SYSTEM,
        owner=worst.owner,
        severity=Harm.DOWN,
        summary="no pod of the cluster's DNS is ready: names resolve nowhere in the cluster",
        evidence=("the cluster's DNS: names resolve nowhere in the cluster",),
        next=f"k8s_diagnose object={worst.owner} namespace={SYSTEM}",
        count=sum(one.total for one in servers),
        follows=(worst.key,),
    )


def corefile_finding(corefile: str, owner: str) -> Finding | None:
    """Judge CoreDNS' configuration: without these two it answers half of the names."""
    plugins = {line.split()[0] for line in corefile.splitlines() if line.strip()}
    missing = [
        f"{plugin!r} ({what} names do not resolve)"
        for plugin, what in (("kubernetes", "cluster"), ("forward", "outside"))
        if plugin not in plugins
    ]
    if not corefile.strip() or not missing or plugins & {"import", "proxy"}:
        return None

    return Finding(
        cause=DnsCause.CONFIG,
        namespace=SYSTEM,
        owner=owner,
        severity=Harm.BROKEN,
        summary=f"the Corefile has no plugin {join_words(missing)}",
        next=f"k8s_get what={owner} namespace={SYSTEM}",
    )
