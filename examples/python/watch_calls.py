"""Watches a customer's live calls through Portico, and survives everything that can happen to a stream.

    pip install grpcio==1.85.1 grpcio-tools==1.85.1
    python watch_calls.py --customer 1 [--gateway 127.0.0.1:50051] [--events N]

Prints a line for each change. The rules it follows are in docs/watch.md.
"""

import argparse
import asyncio
import importlib
import pathlib
import random
import sys
import tempfile

import grpc
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
NAME = "porta/customerextension/v1/customer_extension"
FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
}


def load_contract():
    """Compiles the proto; a real project does this when it is built."""
    out = tempfile.mkdtemp()
    files = [f"{NAME}.proto", "google/rpc/status.proto"]
    if protoc.main(["", f"-I{PROTO}", f"-I{protoc_include()}", f"--python_out={out}", f"--grpc_python_out={out}", *files]):
        sys.exit("the proto does not compile")
    sys.path.insert(0, out)
    module = NAME.replace("/", ".")
    return importlib.import_module(module + "_pb2"), importlib.import_module(module + "_pb2_grpc")


def protoc_include():
    import grpc_tools

    return pathlib.Path(grpc_tools.__file__).parent / "_proto"


pb, rpc = load_contract()


class Broken(Exception):
    """The stream does not follow the rules: start anew, without a token."""


class Calls:
    """The current calls by key, as of `version`."""

    def __init__(self):
        self.calls = {}
        self.parts = None  # the calls of a snapshot whose last part has not come yet
        self.version = 0
        self.token = b""
        self.heartbeat = 15.0

    def apply(self, event):
        """Applies one event and gives the lines that tell of it."""
        kind = event.WhichOneof("event")
        lines = getattr(self, f"_{kind}")(event) if kind else []
        self.version = event.version
        if event.resume_token:  # empty in all parts of a snapshot but the last
            self.token = event.resume_token
        return lines

    def _snapshot(self, event):
        parts = self.parts if self.parts is not None else {}
        parts.update((call.key, call) for call in event.snapshot.calls)
        if event.snapshot.more:
            self.parts = parts
            return []
        before, self.calls, self.parts = self.calls, parts, None
        reason = pb.Snapshot.Reason.Name(event.snapshot.reason)
        return (
            [f"= {len(self.calls)} calls ({reason})"]
            + [line("+", call) for key, call in self.calls.items() if key not in before]
            + [line("-", call) for key, call in before.items() if key not in self.calls]
        )

    def _delta(self, event):
        delta = event.delta
        if delta.from_version != self.version:
            raise Broken(f"a delta from {delta.from_version} at version {self.version}")
        lines = []
        for sign, calls in (("+", delta.started), ("~", delta.updated)):
            for call in calls:
                self.calls[call.key] = call
                lines.append(line(sign, call))
        for call in delta.ended:
            self.calls.pop(call.key, None)
            lines.append(line("-", call))
        return lines

    def _bookmark(self, event):
        self.heartbeat = event.bookmark.next_within.ToMilliseconds() / 1000
        return []

    def _feed_state(self, event):
        return [f"! {pb.Freshness.Name(event.freshness)}"]

    def _goodbye(self, event):
        return [f"! goodbye: {pb.Goodbye.Reason.Name(event.goodbye.reason)}"]


def line(sign, call):
    since = call.connect_time.ToJsonString() if call.HasField("connect_time") else "ringing"
    return f"{sign} {call.extension_number:>6}  {call.cli} -> {call.cld}  {since}"


async def watch(gateway, customer, calls):
    """Yields lines as long as the stream lasts; returns after how long to connect again."""
    options = [("grpc.http2.lookahead_bytes", 65536), ("grpc.keepalive_time_ms", 30000)]
    async with grpc.aio.insecure_channel(gateway, options) as channel:
        request = pb.ActiveCallsRequest(i_customer=customer, resume_token=calls.token)
        request.heartbeat.FromSeconds(5)
        calls.heartbeat, calls.parts = 5.0, None
        stream = rpc.CustomerExtensionServiceStub(channel).ActiveCalls(request)
        while True:
            # A connection can be dead without an error: this much silence says so.
            event = await asyncio.wait_for(stream.read(), 2.5 * calls.heartbeat + 5)
            if event is grpc.aio.EOF:
                return
            for text in calls.apply(event):
                yield text
            if event.HasField("goodbye"):
                await asyncio.sleep(event.goodbye.reconnect_after.ToMilliseconds() / 1000)
                return


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", default="127.0.0.1:50051")
    parser.add_argument("--customer", type=int, required=True)
    parser.add_argument("--events", type=int, default=0, help="end after so many lines; 0 = never")
    arguments = parser.parse_args()

    calls, failures, printed = Calls(), 0, 0
    while True:
        try:
            async for text in watch(arguments.gateway, arguments.customer, calls):
                print(text, flush=True)
                failures, printed = 0, printed + 1
                if printed == arguments.events:
                    return
        except grpc.aio.AioRpcError as error:
            if error.code() in FINAL:
                sys.exit(f"{error.code().name}: {error.details()}")
            print(f"! away: {error.code().name}", flush=True)
        except asyncio.TimeoutError:
            print("! away: silence", flush=True)
        except Broken as error:
            print(f"! {error}", flush=True)
            calls.token = b""
        # What is known stays known, and is shown as old: never an empty table for "don't know".
        failures += 1
        await asyncio.sleep(random.uniform(0, min(30, 0.5 * 2 ** min(failures, 6))))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
