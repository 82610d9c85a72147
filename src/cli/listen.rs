//! Takes a port, or says which one is taken.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Failure;

/// Listens on `address` for what `purpose` names.
pub(super) async fn listen(address: SocketAddr, purpose: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::failed(format_args!("cannot listen on {address} for {purpose}"), &error))
}

/// The address that a listener really has, which matters for port 0.
pub(super) fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener
        .local_addr()
        .map_err(|error| Failure::failed("a listener without an address", &error))
}
