//! Extensions.

use crate::{proto::v1, wire};

/// The extension in the contract's words.
#[must_use]
pub fn to_extension(extension: wire::Extension) -> v1::Extension {
    let wire::Extension {
        i_c_ext,
        id,
        name,
        i_account,
        account_id,
        first_name,
        last_name,
        note,
        product_name,
        phone_number,
    } = extension;
    v1::Extension {
        i_c_ext: i_c_ext.into(),
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        i_account: i_account.into(),
        account_id: account_id.unwrap_or_default(),
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.unwrap_or_default(),
        note: note.unwrap_or_default(),
        product_name: product_name.unwrap_or_default(),
        phone_number: phone_number.unwrap_or_default(),
    }
}
