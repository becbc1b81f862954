"""Prometheus, Alertmanager and Loki: their configurations and command lines."""

from pathlib import Path

import msgspec
import yaml

from jamie_lab.builds import program
from jamie_lab.checks import answers
from jamie_lab.kube import Manifest
from jamie_lab.paths import Folders
from jamie_lab.ports import Ports
from jamie_lab.processes import Service
from jamie_lab.scenario import Scenario

SCRAPE_SECONDS = 15
LOOPBACK = "127.0.0.1"


def prometheus(place: Folders, ports: Ports) -> Service:
    """Describe Prometheus; what it scrapes, the player tells it by HTTP service discovery."""
    address = f"{LOOPBACK}:{ports['prometheus']}"
    command = [
        str(program(place, "prometheus")),
        f"--config.file={place.config / 'prometheus.yaml'}",
        f"--storage.tsdb.path={place.data / 'prometheus'}",
        "--storage.tsdb.retention.time=15d",
        f"--web.listen-address={address}",
        "--web.enable-remote-write-receiver",
        "--web.enable-otlp-receiver",
        "--web.enable-lifecycle",
        "--enable-feature=exemplar-storage,native-histograms,search-api,query-cost",
        # Alerts keep the age the back-filled ALERTS_FOR_STATE gives them.
        "--rules.alert.for-grace-period=1s",
        "--log.level=warn",
    ]

    return Service("prometheus", command, answers(f"http://{address}/-/ready"))


def configure_rules(place: Folders, scenario: Scenario | None) -> None:
    """Write the alert rules of a scenario, or none yet."""
    groups: object = msgspec.to_builtins(scenario.rules) if scenario else []
    _write(place.config / "rules.yaml", {"groups": groups})


def configure_prometheus(place: Folders, ports: Ports) -> None:
    """Write prometheus.yaml."""
    discovery = f"http://{LOOPBACK}:{ports['player']}/targets"
    alertmanager = {"static_configs": [{"targets": [f"{LOOPBACK}:{ports['alertmanager']}"]}]}
    interval = f"{SCRAPE_SECONDS}s"
    scrapes: list[Manifest] = [
        {
            "job_name": "lab",
            "honor_labels": True,
            "http_sd_configs": [{"url": discovery, "refresh_interval": "10s"}],
        },
        {
            "job_name": "prometheus",
            "static_configs": [{"targets": [f"{LOOPBACK}:{ports['prometheus']}"]}],
        },
    ]
    config: Manifest = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "storage": {"tsdb": {"out_of_order_time_window": "2h"}},
        "rule_files": ["rules.yaml"],
        "scrape_configs": scrapes,
        "alerting": {"alertmanagers": [alertmanager]},
    }
    _write(place.config / "prometheus.yaml", config)


def alertmanager(place: Folders, ports: Ports, binary: Path) -> Service:
    """Describe Alertmanager, alone and with nobody to notify."""
    address = f"{LOOPBACK}:{ports['alertmanager']}"
    route = {"receiver": "on-call", "group_by": ["alertname", "namespace"]}
    config = place.config / "alertmanager.yaml"
    _write(config, {"route": route, "receivers": [{"name": "on-call"}]})
    command = [
        str(binary),
        f"--config.file={config}",
        f"--storage.path={place.data / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]

    return Service("alertmanager", command, answers(f"http://{address}/-/ready"))


def loki(place: Folders, ports: Ports) -> Service:
    """Describe Loki as a single binary that takes back-dated lines."""
    config = place.config / "loki.yaml"
    _write(config, _loki_configuration(place.data / "loki", ports))
    command = [str(program(place, "loki")), f"-config.file={config}", "-log.level=warn"]

    return Service("loki", command, answers(f"http://{LOOPBACK}:{ports['loki']}/ready"))


def _loki_configuration(data: Path, ports: Ports) -> Manifest:
    folders = {"chunks_directory": str(data / "chunks"), "rules_directory": str(data / "rules")}
    ring = {"kvstore": {"store": "inmemory"}}
    schema = {
        "from": "2024-01-01",
        "store": "tsdb",
        "object_store": "filesystem",
        "schema": "v13",
        "index": {"prefix": "index_", "period": "24h"},
    }

    return {
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        "server": {
            "http_listen_address": LOOPBACK,
            "http_listen_port": ports["loki"],
            "grpc_listen_address": LOOPBACK,
            "grpc_listen_port": ports["loki-grpc"],
            "log_level": "warn",
        },
        "common": {
            "path_prefix": str(data),
            "instance_addr": LOOPBACK,
            "replication_factor": 1,
            "ring": ring,
            "storage": {"filesystem": folders},
        },
        "schema_config": {"configs": [schema]},
        "ingester": {"lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"}},
        "pattern_ingester": {"enabled": True},
        "limits_config": _loki_limits(),
    }


def _loki_limits() -> Manifest:
    return {
        "volume_enabled": True,
        "allow_structured_metadata": True,
        "discover_log_levels": True,
        "reject_old_samples": False,
        "ingestion_rate_mb": 64,
        "ingestion_burst_size_mb": 128,
        "per_stream_rate_limit": "32MB",
        "per_stream_rate_limit_burst": "64MB",
        "max_global_streams_per_user": 20_000,
        # The recent hour was never cached, and repeated questions must see new lines.
        "query_timeout": "1m",
    }


def _write(file: Path, content: Manifest) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
