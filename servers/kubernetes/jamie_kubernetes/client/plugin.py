"""Credential plugins: a command of the kubeconfig that prints who we are.

It runs beside the event loop with a deadline and without a terminal, and its children end with it.
"""

import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from datetime import datetime
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
import msgspec
from anyio.abc import ByteReceiveStream, Process

from jamie_base.errors import UNREADABLE, BackendError, TimedOut
from jamie_base.secret_words import names_secret
from jamie_kubernetes.client.kubeconfig import ClusterEntry, Exec
from jamie_kubernetes.client.tls import Certificate

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")

EXTENSION = "client.authentication.k8s.io/exec"

OUTPUT_BYTES = 1024 * 1024
WORDS_BYTES = 600


class Issued(msgspec.Struct, frozen=True, rename="camel"):
    """What a plugin printed: a token, or a certificate with its key, and until when they hold."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None

    @property
    def certificate(self) -> Certificate | None:
        """Return the client certificate, if it issued one."""
        if not (self.client_certificate_data and self.client_key_data):
            return None

        return Certificate(self.client_certificate_data.encode(), self.client_key_data.encode())


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    status: Issued = Issued()


async def run_plugin(plugin: Exec, cluster: ClusterEntry, seconds: float) -> Issued:
    """Run the plugin and read the credentials it prints.

    Raises:
        TimedOut: It took longer than `seconds`.
        BackendError: It is missing, failed, or printed something else.

    """
    command = _found(plugin)
    printed = bytearray()
    said = bytearray()
    with anyio.move_on_after(seconds):
        code = await _run(
            [command, *(plugin.args or ())], _environment(plugin, cluster), printed, said
        )
        if code:
            raise BackendError(
                f"Credential plugin {plugin.command!r} failed with exit code {code}:"
                f" {_words(plugin, said) or 'it said nothing'}."
            )

        return _read(plugin, bytes(printed))

    words = f"; it said: {_words(plugin, said)}" if said else ""
    raise TimedOut(
        f"Credential plugin {plugin.command!r} gave no answer within {seconds:g} s and was stopped"
        f"{words}. Does it wait for a login? Run it in a"
        " terminal once, or raise --plugin-timeout."
    )


def _found(plugin: Exec) -> str:
    if plugin.api_version not in VERSIONS:
        raise BackendError(
            f"Credential plugin {plugin.command!r} speaks {plugin.api_version!r};"
            f" this server knows {' and '.join(VERSIONS)}."
        )
    if plugin.interactive_mode == "Always":
        raise BackendError(
            f"Credential plugin {plugin.command!r} insists on a terminal (interactiveMode: Always)"
            " and a server has none."
        )
    if command := shutil.which(plugin.command):
        return command

    hint = f" {plugin.install_hint.strip()}" if plugin.install_hint else ""
    raise BackendError(
        f"Credential plugin {plugin.command!r} is not on this PATH"
        f" ({os.environ.get('PATH', '')!r}).{hint}"
    )


def _environment(plugin: Exec, cluster: ClusterEntry) -> dict[str, str]:
    # What this process was started with goes on to the plugin, which finds its own settings there.
    return {
        **os.environ,
        **{one.name: one.value for one in plugin.env or ()},
        "KUBERNETES_EXEC_INFO": json.dumps(_exec_info(plugin, cluster)),
    }


def _exec_info(plugin: Exec, cluster: ClusterEntry) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        entry = msgspec.to_builtins(cluster)
        own = [one.extension for one in cluster.extensions or () if one.name == EXTENSION]
        entry.pop("extensions", None)
        entry.pop("certificate-authority", None)
        spec["cluster"] = {**entry, **({"config": own[0]} if own else {})}

    return {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}


async def _run(
    command: list[str], environment: dict[str, str], printed: bytearray, said: bytearray
) -> int:
    try:
        process = await anyio.open_process(
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as exc:
        raise BackendError(f"Cannot start {command[0]!r}: {exc.strerror or exc}.") from exc

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_collect, process.stdout, printed)
            group.start_soon(_collect, process.stderr, said)

        return await process.wait()
    finally:
        await _end(process)


async def _collect(stream: ByteReceiveStream | None, into: bytearray) -> None:
    """Read to the end, so that the plugin never blocks, and keep the beginning."""
    if stream is None:
        return

    async for part in stream:
        into += part[: OUTPUT_BYTES - len(into)]


async def _end(process: Process) -> None:
    """End the plugin and the children it may have left behind."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)

    with anyio.CancelScope(shield=True):
        await process.aclose()


def _read(plugin: Exec, printed: bytes) -> Issued:
    try:
        answer = msgspec.json.decode(printed, type=_Answer)
    except UNREADABLE as exc:
        # What it printed is not quoted: it may be the credential in another form.
        raise BackendError(
            f"Credential plugin {plugin.command!r} printed no ExecCredential ({exc})."
        ) from exc

    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        raise BackendError(
            f"Credential plugin {plugin.command!r} printed {answer.kind} {answer.api_version},"
            f" and the kubeconfig asks for ExecCredential {plugin.api_version}."
        )
    if not (answer.status.token or answer.status.certificate):
        raise BackendError(
            f"Credential plugin {plugin.command!r} printed neither a token nor a client"
            " certificate with its key."
        )

    return answer.status


def _words(plugin: Exec, said: bytearray) -> str:
    words = " ".join(bytes(said[-4 * WORDS_BYTES :]).decode(errors="replace").split())
    for one in plugin.env or ():
        # A plugin that complains may quote what it was given, where nothing tells it is a secret.
        if names_secret(one.name) and one.value:
            words = words.replace(one.value, f"${one.name}")

    return words[-WORDS_BYTES:].rstrip(".")
