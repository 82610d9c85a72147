//! Every RPC that is one call, with a request that is sound.

use portico::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest, GetFilteringDataRequest,
    ListActiveCallsRequest, ListExtensionsRequest, ListOnlineAccountsRequest,
    ListUnavailableExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use tonic::Status;

use crate::support::Gateway;

/// How many RPCs there are of either kind.
pub(crate) const RPCS: usize = 5;

/// What each read hears, one after another.
pub(crate) async fn reads(gateway: &Gateway) -> [(&'static str, Option<Status>); RPCS] {
    let mut client = gateway.client().await;
    let i_customer = 1;
    let product_ids = Vec::new;
    let list = ListExtensionsRequest {
        i_customer,
        product_ids: product_ids(),
    };
    let calls = ListActiveCallsRequest {
        i_customer,
        product_ids: product_ids(),
    };
    let taken = ListUnavailableExtensionsRequest { i_customer };
    let filtering = GetFilteringDataRequest { i_customer };
    let online = ListOnlineAccountsRequest { i_customer };
    [
        ("list", client.list_extensions(list).await.err()),
        ("taken", client.list_unavailable_extensions(taken).await.err()),
        ("calls", client.list_active_calls(calls).await.err()),
        ("filtering", client.get_filtering_data(filtering).await.err()),
        ("online", client.list_online_accounts(online).await.err()),
    ]
}

/// What each change hears, one after another.
pub(crate) async fn changes(gateway: &Gateway) -> [(&'static str, Option<Status>); RPCS] {
    let mut client = gateway.client().await;
    let i_customer = 1;
    let (i_c_ext, i_account) = (5001, 0);
    let (name, id) = (|| "Sales".to_owned(), || "201".to_owned());
    let add = AddExtensionRequest {
        i_customer,
        name: name(),
        id: id(),
        i_account,
        request_id: String::new(),
    };
    let identity = AddExtensionGetIdentityRequest {
        i_customer,
        name: name(),
        id: id(),
        i_account,
        request_id: String::new(),
    };
    let update = UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name: name(),
        id: id(),
        i_account: Some(i_account),
        request_id: String::new(),
    };
    let delete = DeleteExtensionRequest {
        i_customer,
        i_c_ext,
        request_id: String::new(),
    };
    let reply = ReplyRequest {
        i_customer,
        content_id: 1,
        ..ReplyRequest::default()
    };
    [
        ("add", client.add_extension(add).await.err()),
        (
            "identity",
            client.add_extension_get_identity(identity).await.err(),
        ),
        ("update", client.update_extension(update).await.err()),
        ("delete", client.delete_extension(delete).await.err()),
        ("reply", client.reply(reply).await.err()),
    ]
}
