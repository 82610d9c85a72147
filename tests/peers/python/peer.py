"""A Python gRPC client against a running demo: what a caller in another language gets.

The environment says where it is: PORTICO_GRPC, PORTICO_SANDBOX and PORTICO_TRANSPORT (`routes` or `reply`). The stubs
are generated from the contract beforehand and found on PYTHONPATH.
"""

import json
import os
import time
import unittest
import urllib.request

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2 as details
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from porta.customerextension.v1 import customer_extension_pb2 as pb
from porta.customerextension.v1 import customer_extension_pb2_grpc as pb_grpc

GRPC = os.environ["PORTICO_GRPC"]
SANDBOX = os.environ["PORTICO_SANDBOX"]
TRANSPORT = os.environ["PORTICO_TRANSPORT"]
SERVICE = "porta.customerextension.v1.CustomerExtensionService"
TIMEOUT = 10

# Texts that every transport carries, whatever a URL library thinks of them.
CARRIED = ["*98", "%2e%2e", "a%2Fb", "a?b", "a#b", "a+b", "100%", "a;b", "..x", "x..", "a,b", "😀", "שלום", "x.json"]
# Texts that only a form carries.
FORM_ONLY = [".", "..", "a/b", "a\\b", "line\nbreak"]


def control(method, path, body=None):
    """The sandbox's control endpoint."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{SANDBOX}/_sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return json.loads(response.read() or b"null")


class Peer(unittest.TestCase):
    """A channel, a stub, and no faults left behind."""

    def setUp(self):
        self.channel = grpc.insecure_channel(GRPC)
        self.stub = pb_grpc.CustomerExtensionServiceStub(self.channel)
        self.addCleanup(self.channel.close)
        self.addCleanup(control, "DELETE", "faults")

    def faults(self, *faults):
        control("PUT", "faults", {"faults": list(faults)})

    def refused(self, code, reason, call, *args, **kwargs):
        """The details of the error that the call must end with, by their type."""
        kwargs.setdefault("timeout", TIMEOUT)
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        found = {}
        for detail in rpc_status.from_call(caught.exception).details:
            for kind in (details.ErrorInfo, details.BadRequest, details.RetryInfo):
                if detail.Is(kind.DESCRIPTOR):
                    found[kind] = kind()
                    detail.Unpack(found[kind])
        self.assertEqual(found[details.ErrorInfo].domain, "portico")
        self.assertEqual(found[details.ErrorInfo].reason, reason)
        return found

    def add(self, customer, name, number):
        request = pb.AddExtensionRequest(i_customer=customer, name=name, id=number)
        return self.stub.AddExtension(request, timeout=TIMEOUT).extension

    def delete(self, customer, i_c_ext):
        request = pb.DeleteExtensionRequest(i_customer=customer, i_c_ext=i_c_ext)
        return self.stub.DeleteExtension(request, timeout=TIMEOUT)

    def extensions(self, customer):
        request = pb.ListExtensionsRequest(i_customer=customer)
        return {e.i_c_ext: e for e in self.stub.ListExtensions(request, timeout=TIMEOUT).extensions}


class Reflection(Peer):
    def test_it_describes_every_service(self):
        database = ProtoReflectionDescriptorDatabase(self.channel)
        services = set(database.get_services())
        self.assertLessEqual({SERVICE, "grpc.health.v1.Health"}, services)
        service = DescriptorPool(database).FindServiceByName(SERVICE)
        contract = pb.DESCRIPTOR.services_by_name["CustomerExtensionService"]
        self.assertEqual({m.name for m in service.methods}, {m.name for m in contract.methods})


class Health(Peer):
    def setUp(self):
        super().setUp()
        self.health = health_pb2_grpc.HealthStub(self.channel)

    def test_every_name_serves(self):
        for name in ("", SERVICE, "liveness"):
            with self.subTest(name):
                answer = self.health.Check(health_pb2.HealthCheckRequest(service=name), timeout=TIMEOUT)
                self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)

    def test_an_unknown_name_is_not_found(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=TIMEOUT)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_watch_tells_the_state_at_once(self):
        for name in ("", SERVICE, "liveness"):
            with self.subTest(name):
                watch = self.health.Watch(health_pb2.HealthCheckRequest(service=name), timeout=TIMEOUT)
                self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVING)
                watch.cancel()


class Reads(Peer):
    def test_extensions(self):
        extensions = self.extensions(1)
        self.assertGreaterEqual(len(extensions), 20)
        first = min(extensions.values(), key=lambda e: e.i_c_ext)
        self.assertTrue(first.id and first.name)

    def test_extensions_of_a_product(self):
        request = pb.ListExtensionsRequest(i_customer=1, product_ids=["11", "12"])
        some = self.stub.ListExtensions(request, timeout=TIMEOUT).extensions
        self.assertTrue(0 < len(some) <= len(self.extensions(1)))

    def test_unavailable_extensions(self):
        request = pb.ListUnavailableExtensionsRequest(i_customer=1)
        self.assertTrue(self.stub.ListUnavailableExtensions(request, timeout=TIMEOUT).extensions)

    def test_filtering_data(self):
        answer = self.stub.GetFilteringData(pb.GetFilteringDataRequest(i_customer=1), timeout=TIMEOUT)
        self.assertTrue(any(status.site_name for status in answer.extension_statuses))

    def test_online_accounts(self):
        request = pb.ListOnlineAccountsRequest(i_customer=1)
        self.assertTrue(self.stub.ListOnlineAccounts(request, timeout=TIMEOUT).extension_statuses)

    def test_active_calls(self):
        answer = self.stub.ListActiveCalls(pb.ListActiveCallsRequest(i_customer=1), timeout=TIMEOUT)
        self.assertLess(abs(answer.observed_at.ToSeconds() - time.time()), 60)
        keys = [call.key for call in answer.calls]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertTrue(all(keys))

    def test_reply(self):
        answer = self.stub.Reply(pb.ReplyRequest(i_customer=1), timeout=TIMEOUT)
        self.assertEqual({e.i_c_ext for e in answer.extensions}, set(self.extensions(1)))


class Changes(Peer):
    def test_an_extension_is_added_updated_and_deleted(self):
        added = self.add(2, "Front desk", "9001")
        self.assertEqual((added.name, added.id), ("Front desk", "9001"))
        update = pb.UpdateExtensionRequest(i_customer=2, i_c_ext=added.i_c_ext, name="Lobby", id="9002")
        updated = self.stub.UpdateExtension(update, timeout=TIMEOUT).extension
        self.assertEqual((updated.i_c_ext, updated.name, updated.id), (added.i_c_ext, "Lobby", "9002"))
        self.assertEqual(self.extensions(2)[added.i_c_ext].name, "Lobby")
        self.delete(2, added.i_c_ext)
        self.assertNotIn(added.i_c_ext, self.extensions(2))
        request = pb.DeleteExtensionRequest(i_customer=2, i_c_ext=added.i_c_ext)
        self.refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", self.stub.DeleteExtension, request)

    def test_an_add_yields_the_identity(self):
        request = pb.AddExtensionGetIdentityRequest(i_customer=2, name="Gate", id="9003")
        added = self.stub.AddExtensionGetIdentity(request, timeout=TIMEOUT).extension
        self.assertIn(added.i_c_ext, self.extensions(2))
        self.delete(2, added.i_c_ext)

    def test_a_number_that_is_taken_already_exists(self):
        added = self.add(2, "Once", "9004")
        request = pb.AddExtensionRequest(i_customer=2, name="Twice", id="9004")
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS", self.stub.AddExtension, request)
        self.delete(2, added.i_c_ext)

    def test_a_change_whose_answer_is_lost_is_done_if_it_is_seen_to_be(self):
        self.faults({"kind": "drop", "when": "after", "operation": "Add", "count": 1})
        added = self.add(2, "Lost", "9005")
        (found,) = [e for e in self.extensions(2).values() if e.id == "9005"]
        self.assertEqual(found.i_c_ext, added.i_c_ext)
        self.delete(2, added.i_c_ext)

    def test_a_change_that_is_not_seen_has_an_unknown_outcome(self):
        self.faults({"kind": "drop", "when": "before", "operation": "Add", "count": 1})
        request = pb.AddExtensionRequest(i_customer=2, name="Lost", id="9006")
        found = self.refused(
            grpc.StatusCode.UNKNOWN, "OUTCOME_UNKNOWN", self.stub.AddExtension, request, timeout=1
        )
        self.assertEqual(found[details.ErrorInfo].metadata["seen"], "absent")

    def test_a_change_with_an_id_is_made_once(self):
        request = pb.AddExtensionRequest(
            i_customer=2, name="Once", id="9007", request_id="0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b60"
        )
        added = [self.stub.AddExtension(request, timeout=TIMEOUT).extension for _ in range(2)]
        self.assertEqual(added[0], added[1])
        self.delete(2, added[0].i_c_ext)


class Texts(Peer):
    """Names arrive as they were sent, or are refused before anything is sent."""

    def carried(self, text):
        added = self.add(3, text, "9100")
        try:
            self.assertEqual(added.name, text)
            sent = [seen["members"].get("Name") for seen in control("GET", "stats")["recent"]]
            self.assertIn(text, sent)
        finally:
            self.delete(3, added.i_c_ext)

    def test_what_every_transport_carries(self):
        for text in CARRIED:
            with self.subTest(text):
                self.carried(text)

    def test_what_only_a_form_carries(self):
        for text in FORM_ONLY:
            with self.subTest(text):
                if TRANSPORT == "reply":
                    self.carried(text)
                    continue
                before = control("GET", "stats")["requests"]
                request = pb.AddExtensionRequest(i_customer=3, name=text, id="9100")
                found = self.refused(
                    grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", self.stub.AddExtension, request
                )
                (violation,) = found[details.BadRequest].field_violations
                self.assertEqual(violation.field, "name")
                self.assertIn("reply", violation.description)
                self.assertEqual(control("GET", "stats")["requests"], before)


class Errors(Peer):
    def test_every_bad_field_is_named_at_once(self):
        request = pb.UpdateExtensionRequest(i_customer=0, i_c_ext=2**31, name="", id="x" * 251, i_account=-1)
        found = self.refused(
            grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", self.stub.UpdateExtension, request
        )
        fields = [violation.field for violation in found[details.BadRequest].field_violations]
        self.assertEqual(fields, ["i_customer", "i_c_ext", "name", "id", "i_account"])

    def test_a_bad_item_is_named_by_its_index(self):
        request = pb.ListExtensionsRequest(i_customer=1, product_ids=["11", "a,b"])
        found = self.refused(
            grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", self.stub.ListExtensions, request
        )
        (violation,) = found[details.BadRequest].field_violations
        self.assertEqual(violation.field, "product_ids[1]")

    def test_the_wait_that_the_upstream_asks_for_is_passed_on(self):
        self.faults({"kind": "status", "status": 429, "retry_after": 7})
        request = pb.ListExtensionsRequest(i_customer=1)
        found = self.refused(
            grpc.StatusCode.RESOURCE_EXHAUSTED, "UPSTREAM_RATE_LIMITED", self.stub.ListExtensions, request
        )
        self.assertEqual(found[details.RetryInfo].retry_delay.ToSeconds(), 7)

    def test_each_refusal_of_the_upstream_has_its_code(self):
        for customer, code, reason in [
            (90400, grpc.StatusCode.INVALID_ARGUMENT, "UPSTREAM_REFUSED"),
            (90401, grpc.StatusCode.INTERNAL, "UPSTREAM_LICENSE_REJECTED"),
            (90404, grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
            (90409, grpc.StatusCode.ABORTED, "CONFLICT"),
            (90500, grpc.StatusCode.INTERNAL, "UPSTREAM_FAILED"),
            (90501, grpc.StatusCode.UNIMPLEMENTED, "UPSTREAM_NO_OPERATION"),
            (90503, grpc.StatusCode.UNAVAILABLE, "ATTEMPTS_EXHAUSTED"),
            (90204, grpc.StatusCode.INTERNAL, "UPSTREAM_EMPTY_ANSWER"),
        ]:
            with self.subTest(customer):
                request = pb.ListExtensionsRequest(i_customer=customer)
                self.refused(code, reason, self.stub.ListExtensions, request)

    def test_what_is_no_answer_is_an_error(self):
        for fault, reason in [
            ({"kind": "html"}, "UPSTREAM_NOT_CSV"),
            ({"kind": "empty"}, "UPSTREAM_EMPTY_ANSWER"),
            ({"kind": "cut_body"}, "UPSTREAM_UNDECODABLE"),
        ]:
            with self.subTest(reason):
                self.faults(fault)
                request = pb.ListExtensionsRequest(i_customer=1)
                self.refused(grpc.StatusCode.INTERNAL, reason, self.stub.ListExtensions, request)

    def test_the_deadline_of_the_caller_holds(self):
        self.faults({"kind": "latency", "fixed_ms": 3000})
        started = time.monotonic()
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.ListExtensions(pb.ListExtensionsRequest(i_customer=1), timeout=0.3)
        # Two timers race: the client's own, and the gateway's, whose status is CANCELLED.
        ended = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
        self.assertIn(caught.exception.code(), ended)
        self.assertLess(time.monotonic() - started, 2)


class Watch(Peer):
    """The stream of live calls; its rules are tested where time can be paused, here is what a peer sees."""

    def first(self, **request):
        watch = self.stub.ActiveCalls(pb.ActiveCallsRequest(i_customer=1, **request), timeout=TIMEOUT)
        self.addCleanup(watch.cancel)
        return next(watch)

    def test_it_begins_with_the_state(self):
        event = self.first()
        self.assertEqual(event.WhichOneof("event"), "snapshot")
        self.assertEqual(event.freshness, pb.FRESHNESS_LIVE)
        keys = [call.key for call in event.snapshot.calls]
        self.assertEqual(len(keys), len(set(keys)))

    def test_it_goes_on_where_the_token_was_given(self):
        token = self.first().resume_token
        self.assertIn(self.first(resume_token=token).WhichOneof("event"), ("delta", "bookmark"))

    def test_a_bad_field_is_refused_as_in_every_rpc(self):
        watch = self.stub.ActiveCalls(pb.ActiveCallsRequest(), timeout=TIMEOUT)
        found = self.refused(
            grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", lambda timeout: next(watch)
        )
        (violation,) = found[details.BadRequest].field_violations
        self.assertEqual(violation.field, "i_customer")


if __name__ == "__main__":
    unittest.main()
