//! An upstream that costs next to nothing: one fixed answer to every request.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portico::codec::csv::{Style, one_to_vec};
use portico::wire::{Answer, Extension};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Outcome;

/// Serves until killed, and prints the port first.
pub(crate) async fn run() -> Outcome<()> {
    let body = Bytes::from(body()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        connections.spawn(async move {
            let answer = service_fn(async |_| {
                let mut response = Response::new(Full::new(body.clone()));
                let csv = HeaderValue::from_static("text/csv");
                response.headers_mut().insert(header::CONTENT_TYPE, csv);
                Ok::<_, std::convert::Infallible>(response)
            });
            // A client that goes away is the end of its connection and nothing else.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

/// A list of 20 extensions, as the service writes it.
fn body() -> Outcome<Vec<u8>> {
    let extension = |n: i32| {
        let text = |text: String| Some(text);
        Extension {
            i_c_ext: 1000 + n,
            id: text(format!("{}", 100 + n)),
            name: text(format!("Extension {n}")),
            i_account: 7000 + n,
            account_id: text(format!("1555010{n:04}")),
            first_name: text("Ada".to_owned()),
            last_name: text(format!("Lovelace-{n}")),
            note: text("2nd floor, \"east\" wing".to_owned()),
            product_name: text("PBX Gold".to_owned()),
            phone_number: text(format!("+1 555 010 {n:04}")),
        }
    };
    let answer = Answer {
        extensions: Some((1..=20).map(extension).collect()),
        license: Some("bench".to_owned()),
        ..Answer::default()
    };
    Ok(one_to_vec(&answer, Style::V3)?)
}
