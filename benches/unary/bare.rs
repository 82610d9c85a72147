//! The reference: a tonic handler that passes the upstream's body through in a bytes field, and nothing else.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use portico::proto::v1::ListExtensionsRequest;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

use super::Outcome;

/// The answer: the upstream's body as it came.
#[derive(Clone, PartialEq, prost::Message)]
struct PassedThrough {
    #[prost(bytes = "bytes", tag = "1")]
    body: Bytes,
}

#[derive(Clone)]
struct Bare {
    http: reqwest::Client,
    base: String,
}

type Answering<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl UnaryService<ListExtensionsRequest> for Bare {
    type Response = PassedThrough;
    type Future = Answering<Response<PassedThrough>, Status>;

    fn call(&mut self, request: Request<ListExtensionsRequest>) -> Self::Future {
        let i_customer = request.into_inner().i_customer;
        let url = format!("{}GetCustomerExtensions/bench/{i_customer}.csv", self.base);
        let asked = self.http.get(url).header("accept", "text/csv").send();
        Box::pin(async move {
            let passed = async { asked.await?.bytes().await };
            match passed.await {
                Ok(body) => Ok(Response::new(PassedThrough { body })),
                Err(_) => Err(Status::unavailable("no answer")),
            }
        })
    }
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let handler = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<PassedThrough, ListExtensionsRequest>::default());
            Ok(grpc.unary(handler, request).await)
        })
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "porta.customerextension.v1.CustomerExtensionService";
}

/// Serves until killed, and prints the port first.
pub(crate) async fn run(base: &str) -> Outcome<()> {
    let handler = Bare {
        http: reqwest::Client::builder().no_proxy().build()?,
        base: base.to_owned(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(handler)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
