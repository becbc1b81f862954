"""Settings from the environment."""

import pytest

from jamie_kubernetes.settings import Settings


@pytest.mark.parametrize("written", ["lab,prod", " lab , prod ", '["lab", "prod"]'])
def test_contexts_are_written_as_people_write_lists(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("JAMIE_KUBERNETES_CONTEXTS", written)

    assert Settings().contexts == ("lab", "prod")


@pytest.mark.parametrize("written", ["[ab]-team,kube-*", '["[ab]-team", "kube-*"]'])
def test_a_pattern_may_begin_with_a_bracket(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("JAMIE_KUBERNETES_DENY_NAMESPACE", written)

    assert Settings().deny_namespace == ("[ab]-team", "kube-*")


def test_our_own_variable_wins_over_kubectl_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/theirs")
    monkeypatch.setenv("JAMIE_KUBERNETES_KUBECONFIG", "/ours")

    assert Settings().kubeconfig == "/ours"
