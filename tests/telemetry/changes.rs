//! Changes: what each outcome is counted as.

use std::collections::BTreeMap;
use std::time::Duration;

use portico::proto::v1::AddExtensionRequest;
use portico::sandbox::{Fault, Operation, Trouble, When};
use tonic::{Code, Request};

use super::page::Page;
use crate::support::{Gateway, RunningSandbox, Setup};

const ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

fn add(id: &str, request_id: &str) -> Request<AddExtensionRequest> {
    let mut request = Request::new(AddExtensionRequest {
        i_customer: 1,
        name: "Sales".to_owned(),
        id: id.to_owned(),
        i_account: 0,
        request_id: request_id.to_owned(),
    });
    request.set_timeout(Duration::from_secs(1));
    request
}

#[tokio::test]
async fn each_outcome_of_a_change_is_counted_once() {
    let sandbox = RunningSandbox::recorded().await;
    let gateway = Gateway::serving(&sandbox.url, Setup::default()).await;
    let mut client = gateway.client().await;
    let drops = |when| vec![Fault::new(Trouble::Drop { when }).on(Operation::Add)];
    for (faults, id, request_id, code, outcome) in [
        (vec![], "901", ID, Code::Ok, "ok"),
        (vec![], "901", ID, Code::Ok, "deduplicated"),
        (vec![], "901", "", Code::AlreadyExists, "refused"),
        (drops(When::After), "902", "", Code::Ok, "settled"),
        (drops(When::Before), "903", "", Code::Unknown, "unknown"),
    ] {
        let before = Page::of(&gateway).await;
        sandbox.handle.set_faults(faults);
        let answer = client.add_extension(add(id, request_id)).await;
        let found = answer.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(found, code, "{outcome}");
        let since = Page::of(&gateway)
            .await
            .since(&before, &["portico_changes_total"]);
        let series = format!("portico_changes_total{{operation=\"AddExtension\",outcome=\"{outcome}\"}}");
        assert_eq!(since, BTreeMap::from([(series, 1)]), "{outcome}");
    }
    let page = Page::of(&gateway).await;
    assert_eq!(
        page.count("portico_changes_total"),
        4 * 5,
        "all are there from the start"
    );
}
