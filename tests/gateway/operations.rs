//! Every unary RPC against the recorded server, over both transports, field by field.

use portico::proto::v1::active_calls_response::Event;
use portico::proto::v1::snapshot::Reason;
use portico::proto::v1::{
    ActiveCall, ActiveCallsRequest, AddExtensionGetIdentityRequest, AddExtensionRequest,
    DeleteExtensionRequest, Extension, Freshness, GetFilteringDataRequest, ListActiveCallsRequest,
    ListExtensionsRequest, ListOnlineAccountsRequest, ListUnavailableExtensionsRequest, ReplyRequest,
    UpdateExtensionRequest,
};
use tonic::Code;

use crate::recorded::{busy_statuses, calls, extensions, sited_statuses, statuses};
use crate::support::{Gateway, RunningSandbox, TRANSPORTS, reason};

/// Takes the keys out of the calls; fails unless each call has one and they differ.
fn without_keys(mut calls: Vec<ActiveCall>) -> Vec<ActiveCall> {
    let mut keys: Vec<_> = calls
        .iter_mut()
        .map(|call| std::mem::take(&mut call.key))
        .collect();
    assert!(keys.iter().all(|key| key.len() == 32), "{keys:?}");
    keys.dedup();
    assert_eq!(keys.len(), calls.len());
    calls
}

#[tokio::test]
async fn extensions_arrive_with_every_field() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        for product_ids in [vec![], vec!["11".to_owned(), "12".to_owned()]] {
            let request = ListExtensionsRequest {
                i_customer: 1,
                product_ids,
            };
            let answer = client.list_extensions(request).await.expect("an answer");
            assert_eq!(answer.into_inner().extensions, extensions(), "{transport:?}");
        }
        assert_eq!(sandbox.seen()[1].members["IProducts"], "11,12");
    }
}

#[tokio::test]
async fn a_customer_without_extensions_is_an_empty_list() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let request = ListExtensionsRequest {
            i_customer: 2,
            product_ids: vec![],
        };
        let answer = client.list_extensions(request).await.expect("an answer");
        assert_eq!(answer.into_inner().extensions, []);
    }
}

#[tokio::test]
async fn active_calls_arrive_with_times_keys_and_statuses() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let request = ListActiveCallsRequest {
            i_customer: 1,
            product_ids: vec!["11".to_owned()],
        };
        let first = client
            .list_active_calls(request.clone())
            .await
            .expect("an answer")
            .into_inner();
        let again = client
            .list_active_calls(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(first.calls, again.calls, "a leg keeps its key");
        assert_eq!(without_keys(first.calls), calls(), "{transport:?}");
        assert_eq!(first.extension_statuses, busy_statuses());
        assert!(first.observed_at.expect("a time").seconds > 1_700_000_000);

        let request = ListActiveCallsRequest {
            i_customer: 2,
            product_ids: vec![],
        };
        let none = client
            .list_active_calls(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!((none.calls, none.extension_statuses), (vec![], vec![]));
    }
}

#[tokio::test]
async fn unavailable_numbers_filtering_data_and_online_accounts_arrive() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;

        let request = ListUnavailableExtensionsRequest { i_customer: 1 };
        let answer = client
            .list_unavailable_extensions(request)
            .await
            .expect("an answer");
        let taken: Vec<_> = answer.into_inner().extensions;
        let numbers = extensions().into_iter().map(|extension| Extension {
            i_c_ext: extension.i_c_ext,
            id: extension.id,
            ..Extension::default()
        });
        assert_eq!(taken, numbers.collect::<Vec<_>>());

        let request = GetFilteringDataRequest { i_customer: 1 };
        let answer = client
            .get_filtering_data(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.extension_statuses, sited_statuses(), "{transport:?}");
        assert_eq!(answer.extensions, []);

        let request = ListOnlineAccountsRequest { i_customer: 1 };
        let answer = client
            .list_online_accounts(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.extension_statuses, statuses(), "{transport:?}");
        assert_eq!(answer.extensions, []);
    }
}

#[tokio::test]
async fn an_extension_is_added_updated_and_deleted() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;

        let request = AddExtensionRequest {
            i_customer: 3,
            name: "Sales".into(),
            id: "201".into(),
            i_account: 7001,
            request_id: String::new(),
        };
        let added = client
            .add_extension(request.clone())
            .await
            .expect("an answer")
            .into_inner();
        let expected = Extension {
            i_c_ext: 5001,
            id: "201".into(),
            name: "Sales".into(),
            i_account: 7001,
            ..Extension::default()
        };
        assert_eq!(added.extension, Some(expected.clone()), "{transport:?}");
        let again = client
            .add_extension(request)
            .await
            .expect_err("it is there already");
        assert_eq!(
            (again.code(), &*reason(&again)),
            (Code::AlreadyExists, "ALREADY_EXISTS")
        );

        let request = AddExtensionGetIdentityRequest {
            i_customer: 3,
            name: "Desk".into(),
            id: "202".into(),
            i_account: 0,
            request_id: String::new(),
        };
        let desk = client
            .add_extension_get_identity(request)
            .await
            .expect("an answer")
            .into_inner();
        let desk = desk.extension.expect("an extension");
        assert_eq!(
            (desk.i_c_ext, &*desk.id, &*desk.name, desk.i_account),
            (5002, "202", "Desk", 0)
        );

        let request = UpdateExtensionRequest {
            i_customer: 3,
            i_c_ext: 5001,
            name: "Sales Team".into(),
            id: "201".into(),
            i_account: Some(7009),
            request_id: String::new(),
        };
        let updated = client
            .update_extension(request.clone())
            .await
            .expect("an answer")
            .into_inner();
        let expected = Extension {
            name: "Sales Team".into(),
            i_account: 7009,
            ..expected
        };
        assert_eq!(updated.extension, Some(expected));
        let request = UpdateExtensionRequest {
            i_c_ext: 99999,
            id: "299".into(),
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

        let request = DeleteExtensionRequest {
            i_customer: 3,
            i_c_ext: 5002,
            request_id: String::new(),
        };
        client
            .delete_extension(request.clone())
            .await
            .expect("it is deleted");
        let again = client.delete_extension(request).await.expect_err("it is gone");
        assert_eq!((again.code(), &*reason(&again)), (Code::NotFound, "NOT_FOUND"));
        assert_eq!(sandbox.changes(), 7, "each was sent once");
    }
}

#[tokio::test]
async fn reply_answers_every_column() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let customer = ReplyRequest {
            i_customer: 1,
            ..ReplyRequest::default()
        };

        let listed = client
            .reply(customer.clone())
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(listed.extensions, extensions());
        assert_eq!(
            (listed.calls, listed.extension, listed.extension_deleted),
            (vec![], None, false)
        );

        let request = ReplyRequest {
            get_active_calls: true,
            ..customer
        };
        let active = client.reply(request).await.expect("an answer").into_inner();
        assert_eq!(without_keys(active.calls), calls());
        assert_eq!(active.extension_statuses, busy_statuses());

        let request = ReplyRequest {
            i_customer: 4,
            name: "..".into(),
            id: "a/b".into(),
            content_id: -7,
            feature_name: "wall, board".into(),
            ..ReplyRequest::default()
        };
        let added = client.reply(request).await.expect("an answer").into_inner();
        let extension = added.extension.expect("an extension");
        assert_eq!(
            (extension.i_c_ext, &*extension.id, &*extension.name),
            (5001, "a/b", "..")
        );
        assert_eq!((added.content_id, &*added.feature_name), (-7, "wall, board"));

        let request = ReplyRequest {
            i_customer: 4,
            extension_record_id: 5001,
            ..ReplyRequest::default()
        };
        let deleted = client.reply(request).await.expect("an answer").into_inner();
        assert!(deleted.extension_deleted);
    }
}

#[tokio::test]
async fn the_watch_begins_with_the_state_that_one_poll_shows() {
    for transport in TRANSPORTS {
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, transport).await;
        let mut client = gateway.client().await;
        let polled = client.list_active_calls(list_calls()).await.expect("an answer");

        let request = ActiveCallsRequest {
            i_customer: 1,
            ..ActiveCallsRequest::default()
        };
        let mut events = client.active_calls(request).await.expect("a stream").into_inner();
        let first = events.message().await.expect("no error").expect("an event");
        let Some(Event::Snapshot(snapshot)) = first.event else {
            panic!("no snapshot: {first:?}");
        };
        assert_eq!(snapshot.calls, polled.into_inner().calls);
        assert_eq!((snapshot.reason(), snapshot.more), (Reason::Initial, false));
        assert_eq!(first.freshness, i32::from(Freshness::Live));
    }
}

fn list_calls() -> ListActiveCallsRequest {
    ListActiveCallsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}
