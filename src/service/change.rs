//! What the four changes have in common: made once for an id, if the caller gives one.

use super::error::Error;
use crate::caller::Caller;
use crate::dispatch::{Change, Changed, Dispatcher, RequestId};

/// Makes the change.
pub(super) async fn make(
    dispatcher: &Dispatcher,
    caller: &Caller,
    (change, id): (Change, Option<RequestId>),
) -> Result<Changed, Error> {
    let made = match id {
        None => dispatcher.change(caller, change).await,
        Some(id) => dispatcher
            .change_once(caller, change, id)
            .await
            .map_err(Error::RequestId)?,
    };
    Ok(made?)
}
