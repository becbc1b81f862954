from pathlib import Path

import pytest

from jamie_lab.paths import Folders, make
from jamie_lab.scenario import scenario
from jamie_lab.timeline import Scene
from jamie_lab.world import (
    Condition,
    Container,
    ContainerState,
    ContainerStatus,
    Controller,
    Metadata,
    Node,
    NodeStatus,
    Pod,
    PodSpec,
    PodStatus,
    Reason,
    ReplicasSpec,
    ReplicasStatus,
    World,
)

LOADED_AT = 1_800_000_000.0


@pytest.fixture
def place(tmp_path: Path) -> Folders:
    place = Folders(state=tmp_path / "state", cache=tmp_path / "cache")
    make(place)

    return place


@pytest.fixture
def scene() -> Scene:
    """The incident, loaded at a fixed moment."""
    return Scene(scenario("auth-timeouts"), LOADED_AT)


@pytest.fixture
def world() -> World:
    """One node with a healthy cart and two frontends, of which the first crash-loops."""
    node = Node(
        Metadata("node-1"),
        status=NodeStatus(
            allocatable={"cpu": "8", "memory": "32Gi"},
            capacity={"cpu": "8", "memory": "32Gi"},
            conditions=[Condition("Ready", "True")],
        ),
    )
    crashing = ContainerStatus(
        "frontend",
        restart_count=8,
        state=ContainerState(waiting=Reason("CrashLoopBackOff")),
        last_state=ContainerState(terminated=Reason("Error", 1)),
    )
    deployment = Controller(
        Metadata("frontend", namespace="shop"),
        ReplicasSpec(4),
        ReplicasStatus(replicas=4, ready_replicas=2, available_replicas=2),
    )

    return World(
        nodes=[node],
        pods=[
            _pod("cart", "cart-1", _running("cart")),
            _pod("frontend", "frontend-1", crashing),
            _pod("frontend", "frontend-2", crashing),
            _pod("frontend", "frontend-3", _running("frontend")),
            _pod("frontend", "frontend-4", _running("frontend")),
        ],
        deployments=[deployment],
    )


def _running(container: str) -> ContainerStatus:
    return ContainerStatus(container, ready=True, state=ContainerState(running={}))


def _pod(app: str, name: str, status: ContainerStatus) -> Pod:
    return Pod(
        Metadata(name, uid=f"uid-{name}", namespace="shop", labels={"app": app}),
        PodSpec([Container(app, f"registry.example/{app}:1")], node_name="node-1"),
        PodStatus(
            phase="Running",
            pod_ip="10.0.0.7",
            conditions=[Condition("Ready", str(status.ready))],
            container_statuses=[status],
        ),
    )
