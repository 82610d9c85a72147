"""Traffic and trouble for a demo, and what a Prometheus that scrapes it makes of them.

PORTICO_GRPC, PORTICO_ADMIN, PORTICO_SANDBOX and PROMETHEUS say where they are; the stubs are found on PYTHONPATH.
"""

import concurrent.futures
import contextlib
import json
import math
import os
import pathlib
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import grpc
from porta.customerextension.v1 import customer_extension_pb2 as pb
from porta.customerextension.v1 import customer_extension_pb2_grpc as pb_grpc

ROOT = pathlib.Path(__file__).resolve().parents[3]
SANDBOX, PROMETHEUS = os.environ["PORTICO_SANDBOX"], os.environ["PROMETHEUS"]

# What the outage must raise, if only its time is not yet up.
RAISED = {
    "PorticoBreakerOpen",
    "PorticoCallsFail",
    "PorticoChangesUnknown",
    "PorticoFeedsNotLive",
    "PorticoLicenseRefused",
    "PorticoNotUnderstood",
    "PorticoSheds",
    "PorticoSpansDropped",
    "PorticoUpstreamFails",
    "PorticoUpstreamNotReady",
}


def eventually(what, is_so, seconds=60):
    """Waits until something is so, and says what it was if it never is."""
    end = time.monotonic() + seconds
    while not (result := is_so()):
        assert time.monotonic() < end, what()
        time.sleep(0.2)
    return result


def faults(*faults):
    body = json.dumps({"faults": faults}).encode()
    request = urllib.request.Request(f"http://{SANDBOX}/_sandbox/faults", data=body, method="PUT")
    urllib.request.urlopen(request, timeout=5).close()


def prometheus(path, **query):
    url = f"http://{PROMETHEUS}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def is_up(url):
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
        return True
    return False


def watch(stub, i_customer):
    """Reads a watch, again and again, until the channel is closed."""
    # A call on a closed channel is an error of its value.
    with contextlib.suppress(ValueError):
        while True:
            with contextlib.suppress(grpc.RpcError):
                for _ in stub.ActiveCalls(pb.ActiveCallsRequest(i_customer=i_customer)):
                    pass
            time.sleep(0.2)


def call(stub, number):
    """One call of many kinds. It may fail."""
    with contextlib.suppress(grpc.RpcError):
        match number % 8:
            case 0:
                stub.AddExtension(pb.AddExtensionRequest(i_customer=2, name="x", id=str(10_000 + number)), timeout=1)
            case 1:
                stub.ListUnavailableExtensions(pb.ListUnavailableExtensionsRequest(i_customer=2), timeout=1)
            case 2:
                # The sandbox refuses the licence for this one.
                stub.ListExtensions(pb.ListExtensionsRequest(i_customer=90401), timeout=1)
            case 3:
                stub.ListExtensions(pb.ListExtensionsRequest(i_customer=0), timeout=1)
            case _:
                stub.ListExtensions(pb.ListExtensionsRequest(i_customer=1), timeout=1)


def traffic(stub, pool, seconds):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        list(pool.map(lambda n: call(stub, n), range(number, number + 24)))
        number += 24
        time.sleep(0.05)


def raised():
    groups = prometheus("rules", type="alert")["groups"]
    return {rule["name"] for group in groups for rule in group["rules"] if rule["state"] != "inactive"}


def is_shown(target):
    """Whether a query of the dashboard finds something."""
    query = target["expr"].replace("$__rate_interval", "30s").replace("$job", ".*").replace("$instance", ".*")
    result = prometheus("query", query=query)["result"]
    return any(not math.isnan(float(series["value"][1])) for series in result)


def main():
    for url in (f"http://{os.environ['PORTICO_ADMIN']}/readyz", f"http://{PROMETHEUS}/-/ready"):
        eventually(lambda url=url: f"{url} does not answer", lambda url=url: is_up(url))
    pool = concurrent.futures.ThreadPoolExecutor(24)
    with grpc.insecure_channel(os.environ["PORTICO_GRPC"]) as channel:
        stub = pb_grpc.CustomerExtensionServiceStub(channel)
        for i_customer in (1, 1, 2):
            threading.Thread(target=watch, args=(stub, i_customer), daemon=True).start()
        traffic(stub, pool, 3)
        # Slow enough that the gateway is full, and that reads find others in flight.
        faults({"kind": "latency", "fixed_ms": 100})
        traffic(stub, pool, 2)
        # Some answers fail, some are no answers, and those to changes are lost.
        faults(
            {"kind": "drop", "when": "before", "operation": "Add"},
            {"kind": "status", "status": 503, "share": 0.2},
            {"kind": "html", "share": 0.2},
        )
        traffic(stub, pool, 4)
        faults({"kind": "status", "status": 503})
        traffic(stub, pool, 2)
        eventually(lambda: f"not raised: {sorted(RAISED - raised())}", lambda: RAISED <= raised() or call(stub, 4))
        print(f"raised: {', '.join(sorted(raised()))}")
        faults()
        dashboard = json.loads((ROOT / "ops/dashboard.json").read_text())
        targets = [
            (panel["title"], target) for panel in dashboard["panels"] for target in panel.get("targets", [])
        ]
        empty = [f"{title}: {target['expr']}" for title, target in targets if not is_shown(target)]
        assert not empty, "\n".join(["panels that show nothing:", *empty])
        print(f"{len(targets)} queries of the dashboard, none empty")
        calm = {"PorticoBreakerOpen", "PorticoFeedsNotLive", "PorticoUpstreamNotReady"}
        eventually(lambda: f"still raised: {sorted(calm & raised())}", lambda: not calm & raised())
        print("the upstream is back, and so is its gateway")


if __name__ == "__main__":
    main()
