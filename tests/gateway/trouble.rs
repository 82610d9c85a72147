//! Each row of the status table that no recording shows, from a scripted upstream.
//!
//! A read and a change meet the same trouble. Both are sent once; the outcome of a change that may have happened is
//! unknown.

mod rows;

use std::time::Duration;

use portico::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest, GetFilteringDataRequest,
    ListExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use portico::upstream::stack::retry::Params as RetryParams;
use portico::upstream::{Transport, client, http};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use self::rows::{Row, UNKNOWN, rows};
use crate::support::{
    Answer, Gateway, Setup, TRANSPORTS, Upstream, listener, reason, retry_delay, row, single, soon,
};

fn setup(transport: Transport, timeout: Duration) -> Setup {
    Setup {
        client: client::Params {
            timeout,
            http: http::Params {
                max_body: 4096,
                ..http::Params::default()
            },
            ..single()
        },
        ..Setup::from(transport)
    }
}

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

/// Another read than the one by which changes are settled.
fn filtering() -> GetFilteringDataRequest {
    GetFilteringDataRequest { i_customer: 1 }
}

/// The status of each changing RPC, from an upstream that always answers the same.
async fn changes(gateway: &Gateway) -> Vec<(&'static str, Status)> {
    let mut client = gateway.client().await;
    let (name, id) = ("Sales".to_owned(), "201".to_owned());
    let add = AddExtensionRequest {
        i_customer: 1,
        name: name.clone(),
        id: id.clone(),
        i_account: 0,
        request_id: String::new(),
    };
    let identity = AddExtensionGetIdentityRequest {
        i_customer: 1,
        name: name.clone(),
        id: id.clone(),
        i_account: 0,
        request_id: String::new(),
    };
    let update = UpdateExtensionRequest {
        i_customer: 1,
        i_c_ext: 1,
        name,
        id,
        i_account: Some(0),
        request_id: String::new(),
    };
    let delete = DeleteExtensionRequest {
        i_customer: 1,
        i_c_ext: 1,
        request_id: String::new(),
    };
    let reply = ReplyRequest {
        i_customer: 1,
        content_id: 1,
        ..ReplyRequest::default()
    };
    vec![
        (
            "add",
            client.add_extension(add).await.map(drop).expect_err("no add"),
        ),
        (
            "identity",
            client
                .add_extension_get_identity(identity)
                .await
                .map(drop)
                .expect_err("no add"),
        ),
        (
            "update",
            client
                .update_extension(update)
                .await
                .map(drop)
                .expect_err("no update"),
        ),
        (
            "delete",
            client
                .delete_extension(delete)
                .await
                .map(drop)
                .expect_err("no delete"),
        ),
        (
            "reply",
            client.reply(reply).await.map(drop).expect_err("no reply"),
        ),
    ]
}

/// Sends a read and each change to an upstream with each of these troubles, one after another.
async fn meet(transport: Transport, timeout: Duration, rows: Vec<Row>) {
    let answers = rows.iter().flat_map(|(_, answer, ..)| vec![answer.clone(); 6]);
    let upstream = Upstream::without_lists(answers).await;
    let gateway = Gateway::serving(&upstream.url, setup(transport, timeout)).await;
    let mut client = gateway.client().await;
    for ((name, _, read, change), sent) in rows.into_iter().zip((6..).step_by(6)) {
        let status = client
            .get_filtering_data(filtering())
            .await
            .expect_err("an error");
        assert_eq!(
            (status.code(), &*reason(&status)),
            read,
            "{name} over {transport:?}"
        );
        let passing = matches!(read.0, Code::Unavailable | Code::ResourceExhausted);
        assert_eq!(
            retry_delay(&status),
            passing.then_some(Duration::from_secs(1)),
            "{name}"
        );
        for (rpc, status) in changes(&gateway).await {
            assert_eq!(
                (status.code(), &*reason(&status)),
                change,
                "{rpc}, {name} over {transport:?}"
            );
        }
        assert_eq!(
            upstream.asked().len(),
            sent,
            "{name} over {transport:?}: each is sent once"
        );
    }
}

#[tokio::test]
async fn each_trouble_has_its_status_and_nothing_is_sent_twice() {
    for transport in TRANSPORTS {
        let silent = |row: &Row| matches!(row.1, Answer::Hang);
        let (silent, answered) = rows().into_iter().partition(silent);
        meet(transport, Duration::from_secs(30), answered).await;
        meet(transport, Duration::from_millis(50), silent).await;
    }
}

#[tokio::test]
async fn a_status_that_decides_does_not_wait_for_its_body() {
    let csv = "Content-Type: text/csv\r\n";
    let stalled = |status: &str, headers: &str| {
        Answer::Stall(
            format!("HTTP/1.1 {status}\r\nContent-Length: 100000\r\n{headers}\r\nnot all").into_bytes(),
        )
    };
    let rows = [
        ("404 Not Found", "", Code::Unimplemented),
        ("404 Not Found", csv, Code::NotFound),
        ("401 Unauthorized", csv, Code::Internal),
        ("503 Unavailable", "", Code::Unavailable),
    ];
    let answers = rows.map(|(status, headers, _)| stalled(status, headers));
    let upstream = Upstream::answering(answers).await;
    // Longer than a test waits for anything.
    let timeout = Duration::from_secs(3600);
    let gateway = Gateway::serving(&upstream.url, setup(Transport::Routes, timeout)).await;
    let mut client = gateway.client().await;
    for (status, _, code) in rows {
        let heard = soon("the status", client.list_extensions(list())).await;
        assert_eq!(heard.expect_err("an error").code(), code, "{status}");
    }
}

#[tokio::test]
async fn the_upstreams_own_wait_is_passed_on_within_bounds() {
    let waits = [
        ("7", 7),
        ("0", 0),
        ("86400", 300),
        ("18446744073709551615", 300),
        ("soon", 1),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1),
    ];
    for code in [429, 503] {
        let answers = waits.map(|(wait, _)| Answer::new(code, &format!("Retry-After: {wait}\r\n"), ""));
        let upstream = Upstream::answering(answers).await;
        let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
        let mut client = gateway.client().await;
        for (wait, seconds) in waits {
            let status = client.list_extensions(list()).await.expect_err("an error");
            assert_eq!(retry_delay(&status), Some(Duration::from_secs(seconds)), "{wait}");
        }
    }
}

#[tokio::test]
async fn a_change_that_finds_no_connection_did_not_happen() {
    for transport in TRANSPORTS {
        let (closed, url) = listener().await;
        drop(closed);
        let gateway = Gateway::start(&url, transport).await;
        let mut statuses = changes(&gateway).await;
        statuses.push((
            "list",
            gateway
                .client()
                .await
                .list_extensions(list())
                .await
                .expect_err("an error"),
        ));
        for (rpc, status) in statuses {
            let heard = (status.code(), reason(&status), retry_delay(&status));
            let unreachable = "UPSTREAM_UNREACHABLE".to_owned();
            assert_eq!(
                heard,
                (Code::Unavailable, unreachable, Some(Duration::from_secs(1))),
                "{rpc}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_without_what_the_operation_is_for_is_not_believed() {
    // Sound, with the licence's echo, but without the extension.
    let upstream = Upstream::without_lists(vec![Answer::csv(row(",,,False,,LIC,0,")); 5]).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    let mut client = gateway.client().await;
    let (name, id) = ("Sales".to_owned(), "201".to_owned());
    let add = AddExtensionRequest {
        i_customer: 1,
        name: name.clone(),
        id: id.clone(),
        i_account: 0,
        request_id: String::new(),
    };
    let status = client.add_extension(add).await.expect_err("no extension");
    assert_eq!((status.code(), &*reason(&status)), UNKNOWN);
    let update = UpdateExtensionRequest {
        i_customer: 1,
        i_c_ext: 1,
        name,
        id,
        i_account: Some(0),
        request_id: String::new(),
    };
    let status = client.update_extension(update).await.expect_err("no extension");
    assert_eq!((status.code(), &*reason(&status)), UNKNOWN);
    let delete = DeleteExtensionRequest {
        i_customer: 1,
        i_c_ext: 1,
        request_id: String::new(),
    };
    let status = client
        .delete_extension(delete)
        .await
        .expect_err("nothing deleted");
    assert_eq!((status.code(), &*reason(&status)), (Code::NotFound, "NOT_FOUND"));
    client
        .get_filtering_data(filtering())
        .await
        .expect("a list that is not there is an empty one");
    client
        .reply(ReplyRequest {
            i_customer: 1,
            content_id: 1,
            ..ReplyRequest::default()
        })
        .await
        .expect("an answer");
}

/// The reasons of what passes.
const MOMENTARY: [&str; 3] = ["UPSTREAM_UNAVAILABLE", "UPSTREAM_UNREACHABLE", "UPSTREAM_TIMEOUT"];

#[tokio::test]
async fn a_read_that_fails_for_the_moment_is_made_three_times_and_any_other_once() {
    let answered = || rows().into_iter().filter(|row| !matches!(row.1, Answer::Hang));
    let attempts = |read: (Code, &str)| if MOMENTARY.contains(&read.1) { 3 } else { 1 };
    let answers = answered().flat_map(|(_, answer, read, _)| vec![answer; attempts(read)]);
    let upstream = Upstream::answering(answers).await;
    let mut setup = setup(Transport::Routes, Duration::from_secs(30));
    // All rows fail within a second.
    setup.client.stack.retry = RetryParams {
        floor: 100,
        ..RetryParams::default()
    };
    let gateway = Gateway::serving(&upstream.url, setup).await;
    let mut client = gateway.client().await;
    let (mut sent, mut repeated) = (0, 0);
    for (name, _, read, _) in answered() {
        let status = client.list_extensions(list()).await.expect_err("an error");
        sent += attempts(read);
        assert_eq!(upstream.asked().len(), sent, "{name}");
        let info = status.get_details_error_info().expect("an ErrorInfo");
        if attempts(read) == 1 {
            assert_eq!((status.code(), &*info.reason), read, "{name}");
        } else {
            repeated += 1;
            assert_eq!(status.code(), Code::Unavailable, "{name}");
            assert_eq!(info.reason, "ATTEMPTS_EXHAUSTED", "{name}");
            assert_eq!(info.metadata["cause"], read.1, "{name}");
            let pushback = status.metadata().get("grpc-retry-pushback-ms");
            assert_eq!(pushback.expect("a word for retry policies"), "-1", "{name}");
        }
    }
    assert!(repeated >= 5, "{repeated}");
}
