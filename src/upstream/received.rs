//! The body of an answer until somebody has read it, and found whether it is one's own.

use bytes::Bytes;
use http::Response;

use super::Error;
use super::http::Origin;

/// A body that is still to be read.
#[derive(Debug)]
pub struct Received {
    body: Bytes,
    /// Where it came from; `None` if not by connections that are kept.
    origin: Option<Origin>,
}

impl Received {
    pub(super) fn of(answer: Response<Bytes>) -> Self {
        let (mut head, body) = answer.into_parts();
        let origin = head.extensions.remove();
        Self { body, origin }
    }

    /// How many bytes there are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Reads the body by `read`. If that finds that it answers another question, the connections are given up by which it
    /// came: what answers the next question on one of them is no better. If they have been given up meanwhile, whatever it
    /// says is not believed: not every answer names whom it is about.
    ///
    /// # Errors
    ///
    /// Those of `read`; [`Error::Distrusted`].
    pub fn read<T>(self, read: impl FnOnce(Bytes) -> Result<T, Error>) -> Result<T, Error> {
        let Self { body, origin } = self;
        let read = read(body);
        let Some(origin) = origin else {
            return read;
        };
        match read {
            Err(error) if error.kind().is_of_another_question() => {
                origin.give_up();
                Err(error)
            }
            _ if origin.is_given_up() => Err(Error::Distrusted),
            read => read,
        }
    }
}
