"""Firestore behind a wire that fails as a test says: before a call has arrived, or after it was carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client

from tests.contract.conftest import PROJECT

COMMIT = "/google.firestore.v1.Firestore/Commit"
READ = "/google.firestore.v1.Firestore/BatchGetDocuments"


@dataclass(frozen=True)
class Fault:
    """`code` is the answer; `done` says whether the call was carried out nevertheless."""

    code: grpc.StatusCode
    done: bool = False


@dataclass
class Wire(grpc.GenericRpcHandler):
    """Passes calls on to `channel`; each takes the next of its method's faults, if there is any left."""

    channel: grpc.Channel
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_stream_rpc_method_handler(self._answer(details.method))

    def _answer(self, method: str) -> Callable[[bytes, grpc.ServicerContext], Iterator[bytes]]:
        def answer(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self.calls.append(method)
            fault = self.faults[method].pop(0) if self.faults.get(method) else None
            answers = self._passed_on(method, request, context) if fault is None or fault.done else []
            if fault is not None:
                context.abort(fault.code, "as the test says")
            yield from answers

        return answer

    def _passed_on(self, method: str, request: bytes, context: grpc.ServicerContext) -> list[bytes]:
        kept = ("authorization", "google-cloud-resource-prefix", "x-goog-request-params")
        metadata = [(name, value) for name, value in context.invocation_metadata() if name in kept]
        try:
            return list(self.channel.unary_stream(method)(request, metadata=metadata))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
            raise


@contextmanager
def lossy(firestore_host: str, faults: dict[str, list[Fault]]) -> Iterator[tuple[Client, Wire]]:
    with grpc.insecure_channel(firestore_host) as channel, pytest.MonkeyPatch.context() as patch:
        wire = Wire(channel, faults)
        server = grpc.server(ThreadPoolExecutor(4), handlers=[wire])
        patch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        client = Client(project=PROJECT, credentials=AnonymousCredentials())
        try:
            yield client, wire
        finally:
            client.close()
            server.stop(None).wait()
