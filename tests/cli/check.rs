//! `portico check`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use portico::sandbox::{self, Fault, Sandbox, Trouble};
use tokio::task::JoinSet;

use crate::support::{portico, stderr, stdout};

/// A sandbox that takes the licence `right`; it runs on its own threads while the test blocks.
async fn sandbox() -> (String, JoinSet<()>) {
    sandbox_with(Vec::new()).await
}

async fn sandbox_with(faults: Vec<Fault>) -> (String, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let params = sandbox::Params {
        license: Some("right".to_owned()),
        faults,
        ..sandbox::Params::default()
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(sandbox::run(
        listener,
        Sandbox::new(params),
        std::future::pending(),
    ));
    (url, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_told_in_words() {
    let (url, _tasks) = sandbox().await;
    let arguments = ["check", "--upstream-url", &url];
    let output = portico(&[&arguments[..], &["--customer", "1"]].concat())
        .env("PORTICO_LICENSE", "right")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let expected = format!(
        "ok      the configuration is sound\n\
         ok      the upstream at {url} answers\n\
         ok      the licence is taken: the customer has 3 extensions\n"
    );
    assert_eq!(stdout(&output), expected);

    let output = portico(&[&arguments[..], &["--license", "wrong"]].concat()).output();
    let output = output.expect("the binary runs");
    assert_eq!(
        output.status.code(),
        Some(0),
        "without a customer the licence is not tried"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_is_refused_fails_the_last_step() {
    let (url, _tasks) = sandbox().await;
    for transport in ["routes", "reply"] {
        let output = portico(&["check", "--upstream-url", &url, "--license=wrong", "--customer=1"])
            .env("PORTICO_UPSTREAM_TRANSPORT", transport)
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(1));
        let text = stdout(&output);
        let last = text.lines().last().expect("a line");
        assert_eq!(
            last,
            "FAILED  the upstream refuses the licence: the upstream answered 401 Unauthorized"
        );
        assert!(!text.contains("wrong"));
    }
}

#[test]
fn nothing_at_the_url_fails_the_second_step() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let output = portico(&["check", "--upstream-url", &url, "--license", "CANARY"]).output();
    let output = output.expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.contains(&format!("FAILED  the upstream at {url} does not answer")),
        "{text}"
    );
    assert!(!text.contains("CANARY") && stderr(&output).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_the_services_page_fails_the_second_step() {
    let maintenance = Trouble::Status {
        status: 503,
        form: None,
        retry_after: None,
    };
    for (trouble, failed, why) in [
        (
            maintenance,
            "the upstream at {url} fails",
            "the upstream answered 503 Service Unavailable",
        ),
        (
            Trouble::Html,
            "what answers at {url} is not the service",
            "the answer (200 OK) is not the page of the service",
        ),
    ] {
        let (url, _tasks) = sandbox_with(vec![Fault::new(trouble)]).await;
        let output = portico(&["check", "--upstream-url", &url, "--license=right", "--customer=1"]).output();
        let output = output.expect("the binary runs");
        assert_eq!(output.status.code(), Some(1));
        let expected = format!(
            "ok      the configuration is sound\nFAILED  {}: {why}\n",
            failed.replace("{url}", &url)
        );
        assert_eq!(stdout(&output), expected);
    }
}

#[test]
fn another_protocol_at_the_url_is_told_as_such() {
    let (url, text) = check_against_ssh(|stream| {
        // Not before the request is there: a greeting that overtakes it may end the connection before it is sent.
        stream.read_exact(&mut [0; 1]).expect("a request");
    });
    let expected = format!("FAILED  what answers at {url} is no web service");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn a_server_that_speaks_first_fails_the_second_step() {
    let (url, text) = check_against_ssh(|_| {});
    let failed = [
        format!("FAILED  what answers at {url} is no web service"),
        // The greeting was there before the request was handed to the connection.
        format!("FAILED  the upstream at {url} does not answer"),
    ];
    assert!(failed.iter().any(|line| text.contains(line)), "{text}");
}

/// The URL and what `check` prints of a server that greets as SSH does, once `wait` has returned.
fn check_against_ssh(wait: fn(&mut TcpStream)) -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        wait(&mut stream);
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").expect("a greeting");
        // Until the other side has gone.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let output = portico(&["check", "--upstream-url", &url, "--license", "CANARY"]).output();
    let output = output.expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    other.join().expect("the server ends");
    (url, stdout(&output))
}

#[test]
fn a_customer_that_is_none_is_refused() {
    let arguments = [
        "check",
        "--upstream-url=http://porta",
        "--license=x",
        "--customer=0",
    ];
    crate::support::assert_failed(portico(&arguments), 2, "--customer: must be from 1 to 2147483647");
}
