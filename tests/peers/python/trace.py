"""A Python caller's trace: what a collector and the upstream are told of it.

`trace.py call` makes a call as a part of a trace of its own, and prints the trace, the caller's span and what the upstream was
told. `trace.py check CALL SPANS` compares that with the spans that a collector has written down.

PORTICO_GRPC and PORTICO_SANDBOX say where the demo is; the stubs are found on PYTHONPATH.
"""

import json
import os
import re
import secrets
import sys
import urllib.request


def call():
    import grpc
    from porta.customerextension.v1 import customer_extension_pb2 as pb
    from porta.customerextension.v1 import customer_extension_pb2_grpc as pb_grpc

    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    with grpc.insecure_channel(os.environ["PORTICO_GRPC"]) as channel:
        stub = pb_grpc.CustomerExtensionServiceStub(channel)
        parent = [("traceparent", f"00-{trace}-{span}-01")]
        stub.ListExtensions(pb.ListExtensionsRequest(i_customer=1), timeout=10, metadata=parent)
    with urllib.request.urlopen(f"http://{os.environ['PORTICO_SANDBOX']}/_sandbox/stats", timeout=10) as answer:
        recent = json.loads(answer.read())["recent"]
    told = [seen["traceparent"] for seen in recent if trace in seen.get("traceparent", "")]
    print(json.dumps({"trace": trace, "span": span, "told": told}))


def check(call_path, spans_path):
    with open(call_path) as file:
        called = json.load(file)
    spans = {}
    for text in open(spans_path).read().split("Span #")[1:]:
        fields = dict(re.findall(r"^ +([A-Za-z ]+?) *: (.*)$", text, re.MULTILINE))
        if fields["Trace ID"] == called["trace"]:
            spans[fields["Kind"].strip()] = fields
    assert set(spans) == {"SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"}, spans
    server, client = spans["SPAN_KIND_SERVER"], spans["SPAN_KIND_CLIENT"]
    assert server["Parent ID"] == called["span"], (server, called)
    assert server["Name"].endswith("CustomerExtensionService/ListExtensions"), server
    assert client["Parent ID"] == server["ID"], (client, server)
    assert called["told"] == [f"00-{called['trace']}-{client['ID']}-01"], (called, client)
    print("caller, RPC, attempt and upstream are one trace")


if __name__ == "__main__":
    {"call": call, "check": check}[sys.argv[1]](*sys.argv[2:])
