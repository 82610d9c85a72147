//! An answer in which one column has another name: an error of the operations that take it, and of no other.

use portico::proto::v1::{
    AddExtensionGetIdentityRequest, AddExtensionRequest, DeleteExtensionRequest, GetFilteringDataRequest,
    ListActiveCallsRequest, ListExtensionsRequest, ListOnlineAccountsRequest,
    ListUnavailableExtensionsRequest, ReplyRequest, UpdateExtensionRequest,
};
use portico::upstream::Transport;
use tonic::{Code, Status};

use crate::support::{Answer, Gateway, Upstream, reason, row};

/// How many RPCs there are.
const RPCS: usize = 10;

/// A sound answer to every operation, but for one bit in the name of `column`.
fn renamed(column: &str) -> Answer {
    let body = row("[],[],{i_c_ext:5001},True,[],LIC,1,wallboard");
    let (header, cells) = body.split_once('\n').expect("a header");
    let flip = |name: &str| String::from_utf8([&[name.as_bytes()[0] ^ 1], &name.as_bytes()[1..]].concat());
    let names: Vec<_> = header
        .split(',')
        .map(|name| {
            if name == column {
                flip(name).expect("ASCII")
            } else {
                name.to_owned()
            }
        })
        .collect();
    assert_ne!(names.join(","), header, "{column} is a column");
    Answer::csv(format!("{}\n{cells}", names.join(",")))
}

/// What each RPC hears, one after another.
async fn each(gateway: &Gateway) -> [(&'static str, Option<Status>); RPCS] {
    let mut client = gateway.client().await;
    let i_customer = 1;
    let (i_c_ext, i_account) = (5001, 0);
    let product_ids = Vec::new;
    let (name, id) = (|| "Sales".to_owned(), || "201".to_owned());
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
    let add = AddExtensionRequest {
        i_customer,
        name: name(),
        id: id(),
        i_account,
    };
    let identity = AddExtensionGetIdentityRequest {
        i_customer,
        name: name(),
        id: id(),
        i_account,
    };
    let update = UpdateExtensionRequest {
        i_customer,
        i_c_ext,
        name: name(),
        id: id(),
        i_account,
    };
    let delete = DeleteExtensionRequest { i_customer, i_c_ext };
    let reply = ReplyRequest {
        i_customer,
        ..ReplyRequest::default()
    };
    [
        ("list", client.list_extensions(list).await.err()),
        ("taken", client.list_unavailable_extensions(taken).await.err()),
        ("calls", client.list_active_calls(calls).await.err()),
        ("filtering", client.get_filtering_data(filtering).await.err()),
        ("online", client.list_online_accounts(online).await.err()),
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

/// Reads used to be empty, and a deletion that was made to be `NOT_FOUND`.
#[tokio::test]
async fn a_column_that_is_not_there_is_not_an_empty_one() {
    let missing = (Code::Internal, "UPSTREAM_COLUMN_MISSING".to_owned());
    let unknown = (Code::Unknown, "OUTCOME_UNKNOWN".to_owned());
    let columns: [(&str, &[&str], _); 8] = [
        ("lstportaActiveCalls", &["calls"], &missing),
        (
            "ExtensionLst",
            &["list", "taken", "filtering", "online"],
            &missing,
        ),
        ("Extension", &["add", "identity", "update"], &unknown),
        ("ExtensionDeleted", &["delete"], &unknown),
        (
            "ExtensionsActiveCalls",
            &["calls", "filtering", "online"],
            &missing,
        ),
        ("License", &[], &missing),
        ("ContentId", &[], &missing),
        ("FeatureName", &[], &missing),
    ];
    let answers = columns
        .iter()
        .flat_map(|(column, ..)| vec![renamed(column); RPCS]);
    let upstream = Upstream::answering(answers).await;
    let gateway = Gateway::serving(&upstream.url, Transport::Routes).await;
    for (column, takers, expected) in columns {
        for (rpc, heard) in each(&gateway).await {
            let heard = heard.map(|status| (status.code(), reason(&status)));
            let expected = takers.contains(&rpc).then(|| expected.clone());
            assert_eq!(heard, expected, "{rpc} without {column}");
        }
    }
}
