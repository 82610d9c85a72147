//! The reference: a tonic handler that passes the upstream's body through in a bytes field, and nothing else.

use bytes::Bytes;
use portico::proto::v1::ListExtensionsRequest;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::harness::{Result, bare, process};

/// The argument that makes this binary the reference; the base URL of the upstream follows it.
pub(crate) const ROLE: &str = "bare-role";

/// The answer: the upstream's body as it came.
#[derive(Clone, PartialEq, prost::Message)]
struct PassedThrough {
    #[prost(bytes = "bytes", tag = "1")]
    body: Bytes,
}

#[derive(Clone)]
struct Upstream {
    http: reqwest::Client,
    base: String,
}

/// Serves until killed.
pub(crate) async fn run(base: &str) -> Result<()> {
    let upstream = Upstream {
        http: reqwest::Client::builder().no_proxy().build()?,
        base: base.to_owned(),
    };
    bare::serve(process::listen().await?, move |request| {
        let upstream = upstream.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<PassedThrough, ListExtensionsRequest>::default());
            let handler = service_fn(|request| list(upstream.clone(), request));
            Ok(grpc.unary(handler, request).await)
        })
    })
    .await
}

async fn list(
    upstream: Upstream,
    request: Request<ListExtensionsRequest>,
) -> std::result::Result<Response<PassedThrough>, Status> {
    let i_customer = request.into_inner().i_customer;
    let url = format!("{}GetCustomerExtensions/bench/{i_customer}.csv", upstream.base);
    let asked = upstream.http.get(url).header("accept", "text/csv").send();
    let passed = async { asked.await?.bytes().await };
    match passed.await {
        Ok(body) => Ok(Response::new(PassedThrough { body })),
        Err(_) => Err(Status::unavailable("no answer")),
    }
}
