//! A bare tonic server: what anybody would write, with tonic's default settings.

use std::convert::Infallible;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::Result;

/// Serves the one RPC that `answer` answers.
pub(crate) async fn serve<A>(listener: TcpListener, answer: A) -> Result<()>
where
    A: Fn(http::Request<Body>) -> BoxFuture<http::Response<Body>, Infallible>,
    A: Clone + Send + Sync + 'static,
{
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let router = Server::builder().add_service(Handler(answer));
    Ok(router.serve_with_incoming(incoming).await?)
}

/// What generated code would be.
#[derive(Clone)]
struct Handler<A>(A);

impl<A> NamedService for Handler<A> {
    const NAME: &'static str = "porta.customerextension.v1.CustomerExtensionService";
}

impl<A> Service<http::Request<Body>> for Handler<A>
where
    A: Fn(http::Request<Body>) -> BoxFuture<http::Response<Body>, Infallible>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        (self.0)(request)
    }
}
