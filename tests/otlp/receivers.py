"""Receivers of OTLP on loopback that decode what they get with the protocol's own classes."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)


@dataclass
class Inbox:
    """What has arrived, and how the next messages are answered."""

    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refuse_after: int | None = None  # so many messages are taken, then all are refused
    status: int = 503
    rejected: int = 0
    hang: bool = False
    hanging: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def take(self, request: ExportMetricsServiceRequest, headers: dict[str, str]) -> int:
        """Return the status of an answer."""
        self.headers.append(headers)
        if self.hang:
            self.hanging.set()
            self.let_go.wait(60)
        if self.refuse_after is not None:
            if self.refuse_after <= 0:
                return self.status
            self.refuse_after -= 1
        self.requests.append(request)
        return 200

    def answer(self) -> ExportMetricsServiceResponse:
        if not self.rejected:
            return ExportMetricsServiceResponse()
        partial = ExportMetricsPartialSuccess(rejected_data_points=self.rejected, error_message="out of bounds")
        return ExportMetricsServiceResponse(partial_success=partial)

    def empty(self) -> list[ExportMetricsServiceRequest]:
        """Return what has arrived, and forget it."""
        found, self.requests = self.requests, []
        return found


class HttpReceiver:
    """OTLP over HTTP."""

    def __init__(self) -> None:
        self.inbox = inbox = Inbox()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                status = 404
                if self.path == "/v1/metrics" and self.headers["content-type"] == "application/x-protobuf":
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    status = inbox.take(ExportMetricsServiceRequest.FromString(body), headers)
                answer = inbox.answer().SerializeToString() if status == 200 else b"no"
                try:
                    self.send_response(status)
                    if 300 <= status < 400:
                        self.send_header("location", "/elsewhere")
                    self.send_header("content-type", "application/x-protobuf")
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True  # nobody waits any more

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self.inbox.let_go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class GrpcReceiver(MetricsServiceServicer):
    """OTLP over gRPC, as a receiver comes: with its limit of 4 MB a message."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self._server = grpc.server(ThreadPoolExecutor(2))
        add_MetricsServiceServicer_to_server(self, self._server)
        self.url = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Export(self, request, context):  # noqa: N802 - the protocol's name
        headers = {key.lower(): str(value) for key, value in context.invocation_metadata()}
        if self.inbox.take(request, headers) != 200:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
        return self.inbox.answer()

    def close(self) -> None:
        self.inbox.let_go.set()
        self._server.stop(0).wait()


RECEIVERS = {"http/protobuf": HttpReceiver, "grpc": GrpcReceiver}
