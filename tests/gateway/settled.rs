//! Changes whose answers are lost, from the caller's request to the upstream's sockets and back.

use std::time::Duration;

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{AddExtensionRequest, DeleteExtensionRequest, Extension, UpdateExtensionRequest};
use portico::sandbox::{Fault, Operation, Trouble, When};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::support::{Gateway, RunningSandbox, TRANSPORTS, reason};

type Client = CustomerExtensionServiceClient<Channel>;

/// Enough for a look.
const SHORT: Duration = Duration::from_millis(500);

fn in_short<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(SHORT);
    request
}

async fn add(
    client: &mut Client,
    within: impl Fn(AddExtensionRequest) -> Request<AddExtensionRequest>,
) -> Result<Extension, Status> {
    let request = AddExtensionRequest {
        i_customer: 1,
        name: "Sales".to_owned(),
        id: "901".to_owned(),
        i_account: 0,
        request_id: String::new(),
    };
    let added = client.add_extension(within(request)).await?.into_inner();
    Ok(added.extension.expect("an extension"))
}

/// Has each change lose the answer, on this side of the service's work.
fn drop_answers(sandbox: &RunningSandbox, when: When) {
    let faults = [Operation::Add, Operation::Update, Operation::Delete];
    let faults = faults.map(|operation| Fault::new(Trouble::Drop { when }).on(operation));
    sandbox.handle.set_faults(faults.to_vec());
}

#[tokio::test]
async fn a_change_that_was_made_is_ok_although_the_connection_broke() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        drop_answers(&sandbox, When::After);
        let added = add(&mut client, Request::new).await.expect("it was added");
        assert_eq!((&*added.id, &*added.name), ("901", "Sales"));

        let request = UpdateExtensionRequest {
            i_customer: 1,
            i_c_ext: added.i_c_ext,
            name: "Support".to_owned(),
            id: "902".to_owned(),
            i_account: None,
            request_id: String::new(),
        };
        let updated = client
            .update_extension(request)
            .await
            .expect("it was updated")
            .into_inner();
        let updated = updated.extension.expect("an extension");
        assert_eq!(
            (&*updated.id, &*updated.name, updated.i_c_ext),
            ("902", "Support", added.i_c_ext)
        );

        let request = DeleteExtensionRequest {
            i_customer: 1,
            i_c_ext: added.i_c_ext,
            request_id: String::new(),
        };
        client.delete_extension(request).await.expect("it was deleted");
        assert_eq!(sandbox.changes(), 3, "each was sent once");
    }
}

#[tokio::test]
async fn a_change_that_is_not_seen_is_unknown_with_what_was_seen_and_when() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let there = add(&mut client, Request::new).await.expect("it is added").i_c_ext;
        drop_answers(&sandbox, When::Before);

        let request = AddExtensionRequest {
            i_customer: 1,
            name: "Sales".to_owned(),
            id: "902".to_owned(),
            i_account: 0,
            request_id: String::new(),
        };
        let unknown = client.add_extension(in_short(request)).await.map(drop);
        assert_unknown(unknown, "absent");
        let request = UpdateExtensionRequest {
            i_customer: 1,
            i_c_ext: there,
            name: "Support".to_owned(),
            id: "901".to_owned(),
            i_account: Some(0),
            request_id: String::new(),
        };
        let unknown = client.update_extension(in_short(request)).await.map(drop);
        assert_unknown(unknown, "different");
        let request = DeleteExtensionRequest {
            i_customer: 1,
            i_c_ext: there,
            request_id: String::new(),
        };
        let unknown = client.delete_extension(in_short(request)).await.map(drop);
        assert_unknown(unknown, "present");
        assert_eq!(sandbox.changes(), 4, "each was sent once");
    }
}

fn assert_unknown(answer: Result<(), Status>, seen: &str) {
    let status = answer.expect_err("it is unknown");
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::Unknown, "OUTCOME_UNKNOWN")
    );
    let metadata = status.get_details_error_info().expect("an ErrorInfo").metadata;
    assert_eq!(metadata["seen"], seen);
    let at = &metadata["at"];
    assert!(
        at.len() == "2026-11-25T05:13:36.042Z".len() && at.ends_with('Z'),
        "{at}"
    );
}

#[tokio::test]
async fn an_update_without_an_account_keeps_it_and_one_of_no_record_is_not_sent() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let request = AddExtensionRequest {
            i_customer: 1,
            name: "Sales".to_owned(),
            id: "901".to_owned(),
            i_account: 7001,
            request_id: String::new(),
        };
        let added = client
            .add_extension(request)
            .await
            .expect("it is added")
            .into_inner();
        let request = UpdateExtensionRequest {
            i_customer: 1,
            i_c_ext: added.extension.expect("an extension").i_c_ext,
            name: "Support".to_owned(),
            id: "901".to_owned(),
            i_account: None,
            request_id: String::new(),
        };
        let updated = client
            .update_extension(request.clone())
            .await
            .expect("it is updated");
        let updated = updated.into_inner().extension.expect("an extension");
        assert_eq!((&*updated.name, updated.i_account), ("Support", 7001));
        let request = UpdateExtensionRequest {
            i_c_ext: 99_999,
            ..request
        };
        let missing = client
            .update_extension(request)
            .await
            .expect_err("no such record");
        assert_eq!(
            (missing.code(), &*reason(&missing)),
            (Code::NotFound, "NOT_FOUND")
        );
        assert_eq!(sandbox.changes(), 2);
    }
}
