//! Tables, their changes, and the net of these.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::proto::v1;
use crate::watch::history::row::StatusRow;

type Rows = BTreeMap<i64, u8>;

fn row(i_c_ext: i64, note: u8) -> Arc<StatusRow> {
    Arc::new(StatusRow::new(&v1::ExtensionStatus {
        i_c_ext,
        note: note.to_string(),
        ..v1::ExtensionStatus::default()
    }))
}

fn table(rows: &Rows) -> Table<StatusRow> {
    Table::new(rows.iter().map(|(id, note)| row(*id, *note)).collect())
}

/// Changes by key, as the contents before and after.
fn by_key(changes: &[Change<StatusRow>]) -> BTreeMap<i64, (Option<u128>, Option<u128>)> {
    let content = |row: &Option<Arc<StatusRow>>| row.as_ref().map(|row| row.content());
    let entries = changes.iter().map(|change| {
        (
            *change.key().unwrap(),
            (content(&change.before), content(&change.after)),
        )
    });
    let by_key: BTreeMap<_, _> = entries.collect();
    assert_eq!(by_key.len(), changes.len(), "one change a row");
    by_key
}

fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::btree_map(0..6_i64, 0..3_u8, 0..6)
}

#[test]
fn of_rows_with_one_key_the_first_is_kept() {
    let table = Table::new(vec![row(1, 0), row(2, 0), row(1, 9), row(3, 0)]);
    let ids: Vec<_> = table.rows().iter().map(|row| *row.key()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(table.get(&1).unwrap().content(), row(1, 0).content());
    assert_eq!(table.get(&3).unwrap().content(), row(3, 0).content());
}

#[test]
fn changes_are_told_in_the_order_of_the_new_rows_and_what_is_gone_last() {
    let changes = Table::new(vec![row(1, 0), row(2, 0), row(3, 0)]).changes_to(&Table::new(vec![
        row(4, 0),
        row(3, 1),
        row(2, 0),
    ]));
    let ids: Vec<_> = changes.iter().map(|change| *change.key().unwrap()).collect();
    assert_eq!(ids, [4, 3, 1]);
}

proptest! {
    #[test]
    fn the_net_of_all_changes_is_the_change_from_first_to_last(states in prop::collection::vec(rows(), 1..8)) {
        let tables: Vec<_> = states.iter().map(table).collect();
        let steps: Vec<_> = tables.windows(2).map(|pair| pair[0].changes_to(&pair[1])).collect();
        let net = fold(steps.iter().flatten());
        let direct = tables[0].changes_to(tables.last().unwrap());
        prop_assert_eq!(by_key(&net), by_key(&direct));
    }

    #[test]
    fn there_is_a_change_only_where_the_content_differs(before in rows(), after in rows()) {
        let changes = table(&before).changes_to(&table(&after));
        prop_assert_eq!(changes.is_empty(), before == after);
        prop_assert_eq!(table(&before).content() == table(&after).content(), before == after);
    }

    #[test]
    fn changes_lead_to_the_table_that_they_were_made_for(before in rows(), after in rows()) {
        let (before, after) = (table(&before), table(&after));
        let led_to = before.with(&before.changes_to(&after));
        prop_assert_eq!(led_to.rows().len(), after.rows().len());
        prop_assert!(led_to.changes_to(&after).is_empty());
    }
}
