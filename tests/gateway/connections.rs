//! Connections to the upstream: TLS, other protocols, and using them again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portico::proto::v1::ListExtensionsRequest;
use portico::upstream::{Transport, client, http};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, pki_types::PrivateKeyDer};
use tonic::Code;

use crate::support::{Answer, Gateway, Setup, listener, reason, single};

const ONE_EXTENSION: &str = "ExtensionLst,License\n\"[{i_c_ext:7,id:101,name:Desk}]\",LIC\n";

fn list() -> ListExtensionsRequest {
    ListExtensionsRequest {
        i_customer: 1,
        product_ids: vec![],
    }
}

fn trusting(ca_file: PathBuf) -> Setup {
    Setup {
        client: client::Params {
            http: http::Params {
                ca_file: Some(ca_file),
                ..http::Params::default()
            },
            ..single()
        },
        ..Setup::default()
    }
}

/// What a read hears that gets no answer.
async fn refused(gateway: &Gateway) -> (Code, String) {
    let answer = gateway.client().await.list_extensions(list()).await;
    let status = answer.expect_err("no answer");
    (status.code(), reason(&status))
}

fn unreachable() -> (Code, String) {
    (Code::Unavailable, "UPSTREAM_UNREACHABLE".to_owned())
}

/// Who may ask an upstream behind TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    Any,
    /// Those with a certificate of the upstream's own authority: not the gateway.
    Known,
}

/// An upstream behind TLS that answers everything with one extension, and a file with who vouches for it.
async fn tls_upstream(clients: Clients) -> (String, PathBuf, JoinSet<()>) {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &ca).expect("a certificate");

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        Clients::Any => builder.with_no_client_auth(),
        Clients::Known => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone()).expect("an authority");
            let known = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(known.expect("a verifier"))
        }
    };
    let config = builder
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .expect("a certificate with its key");
    let (listener, _) = listener().await;
    let port = listener.local_addr().expect("an address").port();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve_tls(listener, TlsAcceptor::from(Arc::new(config))));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("upstream-ca-{port}.pem"));
    std::fs::write(&file, ca.pem()).expect("the file is written");
    (format!("https://localhost:{port}"), file, tasks)
}

async fn serve_tls(listener: TcpListener, tls: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(mut stream) = tls.accept(stream).await else {
            continue;
        };
        let mut request = vec![0; 4096];
        let _ = stream.read(&mut request).await;
        if let Answer::Bytes(bytes) = Answer::csv(ONE_EXTENSION) {
            let _ = stream.write_all(&bytes).await;
        }
        let _ = stream.shutdown().await;
    }
}

#[tokio::test]
async fn https_is_trusted_through_the_given_authorities_only() {
    let (url, ca_file, _tasks) = tls_upstream(Clients::Any).await;
    let gateway = Gateway::start(&url, trusting(ca_file)).await;
    let answer = gateway
        .client()
        .await
        .list_extensions(list())
        .await
        .expect("an answer");
    assert_eq!(answer.into_inner().extensions[0].id, "101");

    let gateway = Gateway::start(&url, Transport::Routes).await;
    assert_eq!(refused(&gateway).await, unreachable(), "nobody vouches for it");
}

#[tokio::test]
async fn tls_that_ends_after_the_handshake_is_a_broken_connection_and_not_another_protocol() {
    let (url, ca_file, _tasks) = tls_upstream(Clients::Known).await;
    let gateway = Gateway::start(&url, trusting(ca_file)).await;
    assert_eq!(refused(&gateway).await, unreachable());
}

/// Answers each request on each connection, and counts the connections.
async fn keep_alive(listener: TcpListener, answer: &'static [u8], count: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        count.fetch_add(1, Ordering::Relaxed);
        connections.spawn(async move {
            let mut request = Vec::new();
            while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                if request.ends_with(b"\r\n\r\n") {
                    request.clear();
                    let _ = stream.write_all(answer).await;
                }
            }
        });
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer_whose_body_nobody_reads() {
    // As of a host that hides its pages.
    const REFUSAL: &[u8] =
        b"HTTP/1.1 404 Not Found\r\nX-Powered-By: ServiceStack/3.960\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n404";
    let (listener, url) = listener().await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    tasks.spawn(keep_alive(listener, REFUSAL, Arc::clone(&count)));
    let gateway = Gateway::serving(&url, Transport::Routes).await;
    for _ in 0..3 {
        assert_eq!(refused(&gateway).await.0, Code::Unimplemented);
    }
    assert_eq!(
        count.load(Ordering::Relaxed),
        1,
        "the probe's and the calls' alike"
    );
}

#[tokio::test]
async fn a_server_that_speaks_first_does_not_speak_http() {
    let (listener, url) = listener().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
            open.push(stream);
        }
    });
    let gateway = Gateway::start(&url, Transport::Routes).await;
    assert_eq!(
        refused(&gateway).await,
        (Code::Internal, "UPSTREAM_NOT_HTTP".to_owned())
    );
}
