"""Serve the metrics of a scene on loopback, one path per target, and tell Prometheus of them."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec

from jamie_lab.exposition import exposition
from jamie_lab.series import Target
from jamie_lab.targets import discovery

METRICS = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"

Answer = tuple[int, str, bytes]


class Exporter:
    """Answers scrapes from the targets it was last shown."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._targets: dict[str, Target] = {}

    def show(self, targets: list[Target]) -> None:
        """Answer from these targets from now on."""
        self._targets = {target.path: target for target in targets}

    def answer(self, path: str) -> Answer:
        """Return status, content type and body for a path."""
        if path == "/healthz":
            return 200, "text/plain", b"ok"
        if path == "/targets":
            host, port = self._address
            groups = discovery(list(self._targets.values()), f"{host}:{port}")
            return 200, JSON, msgspec.json.encode(groups)

        target = self._targets.get(path)
        if target is None:
            return 404, "text/plain", b"no such target"
        if not target.up:
            return 503, "text/plain", b"connection refused"

        return 200, METRICS, exposition(target, time.time())

    @contextmanager
    def serving(self) -> Generator[None]:
        """Serve until the block ends."""
        server = ThreadingHTTPServer(self._address, self._handler())
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, content_type, body = exporter.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited
                """Keep quiet: a scrape is no news."""

        return Handler
