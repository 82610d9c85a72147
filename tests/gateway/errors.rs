//! The errors that the recorded server throws come back as the table says, whatever their bodies look like.

use std::time::Duration;

use portico::proto::v1::{
    AddExtensionRequest, DeleteExtensionRequest, ListExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use portico::sandbox::{self, ErrorForm};
use tonic::Code;

use crate::support::{Gateway, RunningSandbox, Setup, TRANSPORTS, reason, retry_delay};

/// The customers that exist to be refused, and what a read for them is answered with.
const THROWN: [(i64, Code, &str); 11] = [
    (90400, Code::InvalidArgument, "UPSTREAM_REFUSED"),
    (90401, Code::Internal, "UPSTREAM_LICENSE_REJECTED"),
    (90403, Code::Internal, "UPSTREAM_LICENSE_REJECTED"),
    (90499, Code::Internal, "UPSTREAM_LICENSE_REJECTED"),
    (90404, Code::NotFound, "NOT_FOUND"),
    (90409, Code::Aborted, "CONFLICT"),
    (90498, Code::Internal, "UPSTREAM_FAILED"),
    (90500, Code::Internal, "UPSTREAM_FAILED"),
    (90501, Code::Unimplemented, "UPSTREAM_NO_OPERATION"),
    (90503, Code::Unavailable, "UPSTREAM_UNAVAILABLE"),
    (90204, Code::Internal, "UPSTREAM_EMPTY_ANSWER"),
];

/// The answer to an add instead, where it differs.
fn of_add(i_customer: i64, code: Code, reason: &'static str) -> (Code, &'static str) {
    match i_customer {
        90409 => (Code::AlreadyExists, "ALREADY_EXISTS"),
        other => of_change(other, code, reason),
    }
}

/// The answer to any change instead, where it differs: an empty answer does not tell whether the change was made.
fn of_change(i_customer: i64, code: Code, reason: &'static str) -> (Code, &'static str) {
    match i_customer {
        90204 => (Code::Unknown, "OUTCOME_UNKNOWN"),
        _ => (code, reason),
    }
}

#[tokio::test]
async fn each_recorded_error_has_its_status_in_both_forms_and_over_both_transports() {
    for error_form in [ErrorForm::Row, ErrorForm::Table] {
        for transport in TRANSPORTS {
            let params = sandbox::Params {
                error_form,
                ..sandbox::Params::default()
            };
            let sandbox = RunningSandbox::with(params).await;
            let setup = Setup {
                // An update whose answer is none is looked for until then.
                default_deadline: Duration::from_secs(1),
                ..Setup::from(transport)
            };
            let gateway = Gateway::serving(&sandbox.url, setup).await;
            let mut client = gateway.client().await;
            for (i_customer, code, why) in THROWN {
                let before = sandbox.changes();
                let list = ListExtensionsRequest {
                    i_customer,
                    product_ids: vec![],
                };
                let status = client.list_extensions(list).await.expect_err("an error");
                assert_eq!(
                    (status.code(), &*reason(&status)),
                    (code, why),
                    "{i_customer} {error_form:?}"
                );
                let wait = (i_customer == 90503).then_some(Duration::from_secs(1));
                assert_eq!(retry_delay(&status), wait, "{i_customer}");

                let (name, id) = ("Sales".to_owned(), "201".to_owned());
                let add = AddExtensionRequest {
                    i_customer,
                    name: name.clone(),
                    id: id.clone(),
                    i_account: 0,
                    request_id: String::new(),
                };
                let status = client.add_extension(add).await.expect_err("an error");
                let expected = of_add(i_customer, code, why);
                assert_eq!((status.code(), &*reason(&status)), expected, "add, {i_customer}");

                let update = UpdateExtensionRequest {
                    i_customer,
                    i_c_ext: 1,
                    name,
                    id,
                    i_account: Some(0),
                    request_id: String::new(),
                };
                let status = client.update_extension(update).await.expect_err("an error");
                let expected = of_change(i_customer, code, why);
                assert_eq!(
                    (status.code(), &*reason(&status)),
                    expected,
                    "update, {i_customer}"
                );

                let delete = DeleteExtensionRequest {
                    i_customer,
                    i_c_ext: 1,
                    request_id: String::new(),
                };
                let status = client.delete_extension(delete).await.expect_err("an error");
                assert_eq!(
                    (status.code(), &*reason(&status)),
                    expected,
                    "delete, {i_customer}"
                );

                let reply = ReplyRequest {
                    i_customer,
                    ..ReplyRequest::default()
                };
                let status = client.reply(reply).await.expect_err("an error");
                assert_eq!(
                    (status.code(), &*reason(&status)),
                    expected,
                    "reply, {i_customer}"
                );
                // Where the list before a change shows that the upstream takes nothing, nothing is sent.
                let sent = match i_customer {
                    90401 | 90403 | 90499 | 90503 => 1,
                    _ => 3,
                };
                assert_eq!(
                    sandbox.changes() - before,
                    sent,
                    "{i_customer}: each is sent once"
                );
            }
        }
    }
}
