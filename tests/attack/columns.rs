//! An answer in which one column has another name: an error of the operations that take it, and of no other.

use portico::upstream::Transport;
use tonic::Code;

use crate::each::{RPCS, changes, reads};
use crate::support::{Answer, Gateway, Upstream, reason, row};

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
    let answers = || {
        columns
            .iter()
            .flat_map(|(column, ..)| vec![renamed(column); RPCS])
    };
    let of_reads = Upstream::answering(answers()).await;
    let of_changes = Upstream::without_lists(answers()).await;
    let reading = Gateway::serving(&of_reads.url, Transport::Routes).await;
    let changing = Gateway::serving(&of_changes.url, Transport::Routes).await;
    for (column, takers, expected) in columns {
        let heard = reads(&reading).await.into_iter().chain(changes(&changing).await);
        for (rpc, heard) in heard {
            let heard = heard.map(|status| (status.code(), reason(&status)));
            let expected = takers.contains(&rpc).then(|| expected.clone());
            assert_eq!(heard, expected, "{rpc} without {column}");
        }
    }
}
