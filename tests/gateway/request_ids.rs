//! Changes with an id: each is made once, however often it is asked for.

use std::time::Duration;

use portico::proto::v1::{AddExtensionRequest, DeleteExtensionRequest, Extension};
use portico::sandbox::{Fault, Operation, Trouble, When};
use portico::upstream::Transport;
use tonic::{Code, Status};

use crate::support::{Gateway, RunningSandbox, Setup, reason, single, violated_fields};

const ID: &str = "0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b60";
const OTHER: &str = "0197d0a4-6f3a-7c1e-9d3b-2f1a5c8e7b61";

fn add(number: &str, request_id: &str) -> AddExtensionRequest {
    AddExtensionRequest {
        i_customer: 3,
        name: "Sales".to_owned(),
        id: number.to_owned(),
        i_account: 0,
        request_id: request_id.to_owned(),
    }
}

fn delete(i_c_ext: i64, request_id: &str) -> DeleteExtensionRequest {
    DeleteExtensionRequest {
        i_customer: 3,
        i_c_ext,
        request_id: request_id.to_owned(),
    }
}

async fn start() -> (RunningSandbox, Gateway) {
    let sandbox = RunningSandbox::recorded().await;
    let setup = Setup {
        client: single(),
        default_deadline: Duration::from_millis(500),
        ..Setup::from(Transport::Routes)
    };
    let gateway = Gateway::serving(&sandbox.url, setup).await;
    (sandbox, gateway)
}

async fn added(gateway: &Gateway, request: AddExtensionRequest) -> Result<Option<Extension>, Status> {
    let answer = gateway.client().await.add_extension(request).await;
    answer.map(|answer| answer.into_inner().extension)
}

#[tokio::test]
async fn whoever_asks_at_the_same_time_or_later_gets_the_one_record() {
    let (sandbox, gateway) = start().await;
    let asked = [1, 2, 3].map(|_| added(&gateway, add("201", ID)));
    let [one, two, three] = asked;
    let (one, two, three) = tokio::join!(one, two, three);
    let record = one.expect("it is added");
    assert_eq!(record.as_ref().map(|record| record.i_c_ext), Some(5001));
    assert_eq!(two.expect("it is the same"), record);
    assert_eq!(three.expect("it is the same"), record);
    let later = added(&gateway, add("201", ID)).await;
    assert_eq!(later.expect("it is recorded"), record);
    assert_eq!(sandbox.changes(), 1);
    // Without it, it is another change.
    let again = added(&gateway, add("201", "")).await.expect_err("it is there");
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(sandbox.changes(), 2);
}

#[tokio::test]
async fn a_deletion_that_is_asked_for_again_is_done_and_not_missing() {
    let (sandbox, gateway) = start().await;
    added(&gateway, add("201", "")).await.expect("it is added");
    let mut client = gateway.client().await;
    for _ in 0..2 {
        let deleted = client.delete_extension(delete(5001, ID)).await;
        deleted.expect("it is deleted");
    }
    assert_eq!(sandbox.changes(), 2);
    let another = client.delete_extension(delete(5001, OTHER)).await;
    assert_eq!(another.expect_err("it is gone").code(), Code::NotFound);
}

#[tokio::test]
async fn an_id_of_another_change_is_refused_and_nothing_is_sent() {
    let (sandbox, gateway) = start().await;
    added(&gateway, add("201", ID)).await.expect("it is added");
    let status = added(&gateway, add("202", ID)).await.expect_err("other fields");
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    assert_eq!(violated_fields(&status), ["request_id"]);
    let status = added(&gateway, add("203", "1")).await.expect_err("no UUID");
    assert_eq!(violated_fields(&status), ["request_id"]);
    assert_eq!(sandbox.changes(), 1);
}

#[tokio::test]
async fn after_an_unknown_outcome_it_is_looked_for_and_never_sent_again() {
    let (sandbox, gateway) = start().await;
    let lost = |when| vec![Fault::new(Trouble::Drop { when }).on(Operation::Add)];
    sandbox.handle.set_faults(lost(When::Before));
    let status = added(&gateway, add("201", ID)).await.expect_err("it is lost");
    assert_eq!(reason(&status), "OUTCOME_UNKNOWN");
    sandbox.handle.set_faults(Vec::new());
    let asked = sandbox.calls();
    let status = added(&gateway, add("201", ID))
        .await
        .expect_err("it is still not there");
    assert_eq!(reason(&status), "OUTCOME_UNKNOWN");
    assert_eq!((sandbox.changes(), sandbox.calls() - asked), (1, 1), "a list");

    // It is made late.
    let late = format!("{}/AddCustomerExtension/LIC/3/Sales/201/0.csv", sandbox.url);
    reqwest::get(late).await.expect("the sandbox answers");
    let record = added(&gateway, add("201", ID)).await.expect("it is seen");
    assert_eq!(record.map(|record| record.i_c_ext), Some(5001));
    added(&gateway, add("201", ID)).await.expect("it is recorded");
    assert_eq!(sandbox.changes(), 2);
}

#[tokio::test]
async fn a_record_that_another_add_was_told_is_not_ones_own() {
    let (sandbox, gateway) = start().await;
    let when = When::Before;
    sandbox
        .handle
        .set_faults(vec![Fault::new(Trouble::Drop { when }).on(Operation::Add)]);
    let status = added(&gateway, add("201", ID)).await.expect_err("it is lost");
    assert_eq!(reason(&status), "OUTCOME_UNKNOWN");
    sandbox.handle.set_faults(Vec::new());
    added(&gateway, add("201", OTHER)).await.expect("it is added");
    let status = added(&gateway, add("201", ID))
        .await
        .expect_err("that is the other's");
    assert_eq!(reason(&status), "OUTCOME_UNKNOWN");
}

#[tokio::test]
async fn what_was_refused_stays_so_and_what_was_not_sent_is_made() {
    let (sandbox, gateway) = start().await;
    added(&gateway, add("201", "")).await.expect("it is added");
    for _ in 0..2 {
        let status = added(&gateway, add("201", ID)).await.expect_err("it is there");
        assert_eq!(status.code(), Code::AlreadyExists);
    }
    assert_eq!(sandbox.changes(), 2);
    let down = Trouble::Status {
        status: 503,
        form: None,
        retry_after: None,
    };
    sandbox.handle.set_faults(vec![Fault::new(down)]);
    let status = added(&gateway, add("202", OTHER))
        .await
        .expect_err("nothing is taken");
    assert_eq!(status.code(), Code::Unavailable);
    sandbox.handle.set_faults(Vec::new());
    added(&gateway, add("202", OTHER)).await.expect("it is made");
}
