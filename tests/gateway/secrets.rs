//! The licence and what the upstream says stay inside: no status, no log line and no span tells them.
//!
//! Each test runs on one thread, so everything that the gateway does is captured.

use portico::proto::v1::customer_extension_service_client::CustomerExtensionServiceClient;
use portico::proto::v1::{AddExtensionRequest, ListExtensionsRequest, ReplyRequest};
use portico::upstream::{Client, License, Transport, client, http};
use tonic::transport::Channel;

use crate::support::{
    Answer, Gateway, Log, RunningSandbox, Setup, TRANSPORTS, Upstream, listener, row, single,
};

pub(crate) const LICENSE: &str = "CANARY-LICENCE-7f3a";
pub(crate) const TOLD: &str = "UPSTREAM-SECRET-TEXT";

fn setup(transport: Transport) -> Setup {
    Setup {
        license: LICENSE,
        client: client::Params {
            http: http::Params {
                max_body: 4096,
                ..http::Params::default()
            },
            timeout: std::time::Duration::from_millis(500),
            ..single()
        },
        ..Setup::from(transport)
    }
}

/// Fails if a secret is in `text`, and says in which line.
fn assert_silent(what: &str, text: &str) {
    for secret in [LICENSE, TOLD, "CANARY%2DLICENCE", "7f3a"] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in {what}");
    }
}

/// A read, a change and a reply; the statuses of those that failed, with the bytes of their details.
async fn call_each(client: &mut CustomerExtensionServiceClient<Channel>, i_customer: i64) -> String {
    let list = ListExtensionsRequest {
        i_customer,
        product_ids: vec![],
    };
    let add = AddExtensionRequest {
        i_customer,
        name: "Sales".into(),
        id: "1".into(),
        i_account: 0,
        request_id: String::new(),
    };
    let reply = ReplyRequest {
        i_customer,
        ..ReplyRequest::default()
    };
    let answers = [
        client.list_extensions(list).await.map(drop),
        client.add_extension(add).await.map(drop),
        client.reply(reply).await.map(drop),
    ];
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    let told = failed.map(|status| {
        let details = String::from_utf8_lossy(status.details());
        format!(
            "{status:?} {} {details} {:?}",
            status.message(),
            status.metadata()
        )
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Answers that hold the canary wherever an upstream can put it.
pub(crate) fn indiscreet() -> Vec<Answer> {
    let csv = "Content-Type: text/csv\r\n";
    let table = format!("ResponseStatus\n\"{{ErrorCode:{TOLD},Message:{TOLD},Errors:[]}}\"\n");
    let page = format!("<html>{TOLD} {LICENSE}</html>");
    let mut answers: Vec<_> = [400, 401, 403, 404, 405, 409, 418, 429, 500, 501, 502, 503, 504]
        .into_iter()
        .flat_map(|status| [Answer::new(status, csv, &table), Answer::new(status, "", &page)])
        .collect();
    answers.extend([
        Answer::new(
            302,
            &format!("Location: http://127.0.0.1/{TOLD}/{LICENSE}\r\n"),
            "",
        ),
        Answer::new(
            200,
            &format!("Content-Type: text/{TOLD}\r\nX-{TOLD}: {LICENSE}\r\n"),
            &page,
        ),
        Answer::Bytes(format!("HTTP/1.1 503 {TOLD}\r\nConnection: close\r\n\r\n").into_bytes()),
        Answer::Bytes(format!("{TOLD}\r\n\r\n").into_bytes()),
        Answer::csv(format!("{TOLD},{TOLD}\na,b\n")),
        Answer::csv(format!("{TOLD}\n{TOLD}\n")),
        Answer::csv(format!("License,License\n{TOLD},{TOLD}\n")),
        Answer::csv(format!("License\n{LICENSE}\n{TOLD}\n")),
        Answer::csv(row(&format!(",[{{i_c_ext:{TOLD}}}],,False,,{LICENSE},0,"))),
        Answer::csv(row(&format!(",{TOLD},,False,,{LICENSE},0,"))),
        Answer::csv(row(&format!(",[],,{TOLD},,{LICENSE},0,"))),
        Answer::csv(row(&format!(",[],,False,,{LICENSE},{TOLD},"))),
        Answer::csv(row(&format!(
            "[{{CLI:1,Connect_time:{TOLD}}}],,,False,,{LICENSE},0,"
        ))),
        Answer::csv(row(&format!(
            ",,\"{{i_c_ext:1,id:1,name:{TOLD}\",False,,{LICENSE},0,"
        ))),
        Answer::csv(row(&format!(",[],,False,,{LICENSE},0,{}", TOLD.repeat(300)))),
        Answer::announcing(
            9999,
            200,
            csv,
            row(&format!(",[],,False,,{LICENSE},0,{TOLD}")).as_bytes(),
        ),
        Answer::close(),
    ]);
    answers
}

#[tokio::test]
async fn nothing_of_an_indiscreet_upstream_gets_out() {
    for transport in TRANSPORTS {
        let log = Log::capture();
        let answers: Vec<_> = indiscreet()
            .into_iter()
            .flat_map(|answer| vec![answer; 3])
            .collect();
        let calls = answers.len();
        let upstream = Upstream::answering(answers).await;
        let gateway = Gateway::serving(&upstream.url, setup(transport)).await;
        let mut client = gateway.client().await;
        while upstream.asked().len() < calls {
            let statuses = call_each(&mut client, 1).await;
            assert_silent("a status", &statuses);
        }
        assert_silent("a page of the operator's port", &gateway.page("/readyz").await.1);
        let text = log.text();
        assert!(
            text.contains("the call to the upstream failed"),
            "failures are logged"
        );
        assert!(text.contains("url.template"), "spans are captured");
        assert_silent("the log", &text);
    }
}

#[tokio::test]
async fn nothing_gets_out_when_all_is_well() {
    for transport in TRANSPORTS {
        let log = Log::capture();
        let sandbox = RunningSandbox::recorded().await;
        let gateway = Gateway::serving(&sandbox.url, setup(transport)).await;
        assert_eq!(call_each(&mut gateway.client().await, 1).await, "");
        assert_silent("the log", &log.text());
    }
}

#[tokio::test]
async fn nothing_gets_out_when_the_upstream_is_down_or_silent() {
    for transport in TRANSPORTS {
        let log = Log::capture();
        let (closed, url) = listener().await;
        drop(closed);
        let gateway = Gateway::start(&url, setup(transport)).await;
        let statuses = call_each(&mut gateway.client().await, 1).await;
        assert_silent("a status", &statuses);

        let upstream = Upstream::answering(vec![Answer::Hang; 3]).await;
        let gateway = Gateway::serving(&upstream.url, setup(transport)).await;
        let statuses = call_each(&mut gateway.client().await, 1).await;
        assert_silent("a status", &statuses);
        assert_silent("the log", &log.text());
    }
}

#[test]
fn debug_hides_the_licence() {
    for transport in TRANSPORTS {
        let license = License::parse("main", LICENSE, transport).expect("a licence");
        assert_silent("Debug of the licence", &format!("{license:?}"));
        let base = "http://upstream".parse().expect("a URL");
        let client = Client::new(base, transport, &client::Params::default()).expect("a client");
        assert_silent("Debug of the client", &format!("{client:?}"));
    }
}
