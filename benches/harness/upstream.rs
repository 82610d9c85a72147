//! The upstream's end of a connection: HTTP/1.1 at next to no cost.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Result;

/// Enough of the published page for the service to be known by it.
pub(crate) const PAGE: &[u8] = b"<pre>POST /csv/reply/CustomerExtension HTTP/1.1</pre>";

/// Whether a request is for the published page.
pub(crate) fn asks_for_page(head: &[u8]) -> bool {
    head.starts_with(b"GET /csv/metadata")
}

/// A connection of the gateway's HTTP client, which asks with `GET` and waits for each answer.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    head: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(socket: TcpStream) -> Result<Self> {
        socket.set_nodelay(true)?;
        let head = Vec::new();
        Ok(Self { socket, head })
    }

    /// The head of the next request; `None` at the end.
    pub(crate) async fn request(&mut self) -> Result<Option<&[u8]>> {
        self.head.clear();
        while !self.head.ends_with(b"\r\n\r\n") {
            if self.socket.read_buf(&mut self.head).await? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(&self.head))
    }

    /// Answers with a body of CSV.
    pub(crate) async fn answer(&mut self, body: &[u8]) -> Result<()> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Ok(self.socket.write_all(&[head.as_bytes(), body].concat()).await?)
    }
}
