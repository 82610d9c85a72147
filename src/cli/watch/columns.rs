//! Which columns fit, how wide they are, and what stands in them. Pure.

use super::text::fit;
use super::words::{self, Now, clock, talking_for, time_of_day};
use crate::proto::v1::ActiveCall;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Extension,
    Type,
    From,
    To,
    Name,
    Since,
    Duration,
}

/// The width between two columns.
const GAP: usize = 2;

/// All columns, in order, with their widths; a column of width 0 shares the width that is left.
const ALL: [(Column, usize); 7] = [
    (Column::Extension, 6),
    (Column::Type, 9),
    (Column::From, 0),
    (Column::To, 0),
    (Column::Name, 0),
    (Column::Since, 8),
    (Column::Duration, 8),
];

/// The columns that are left out when there is no room, in this order.
const DISPENSABLE: [Column; 4] = [Column::Name, Column::Since, Column::Type, Column::Extension];

/// The least width of a column that shares: a number of twelve digits.
const WANTED: usize = 12;

/// The columns for a table of `width`, with their widths.
pub(super) fn layout(width: usize) -> Vec<(Column, usize)> {
    let mut columns = ALL.to_vec();
    let mut dispensable = DISPENSABLE.into_iter();
    loop {
        let fixed: usize = columns.iter().map(|(_, width)| width).sum();
        let sharing = columns.iter().filter(|(_, width)| *width == 0).count();
        let left = width.saturating_sub(fixed + GAP * (columns.len() - 1));
        if left < sharing * WANTED
            && let Some(next) = dispensable.next()
        {
            columns.retain(|(column, _)| *column != next);
            continue;
        }
        // The remainder goes to the first ones.
        let (share, mut odd) = (left / sharing, left % sharing);
        for (_, width) in columns.iter_mut().filter(|(_, width)| *width == 0) {
            *width = share + usize::from(odd > 0);
            odd = odd.saturating_sub(1);
        }
        return columns;
    }
}

/// The headings.
pub(super) fn heading(columns: &[(Column, usize)]) -> String {
    join(columns, |column| {
        let heading = match column {
            Column::Extension => "EXT",
            Column::Type => "TYPE",
            Column::From => "FROM",
            Column::To => "TO",
            Column::Name => "NAME",
            Column::Since => "SINCE",
            Column::Duration => "DURATION",
        };
        heading.to_owned()
    })
}

/// The row of a call.
pub(super) fn row(call: &ActiveCall, columns: &[(Column, usize)], now: Now) -> String {
    join(columns, |column| match column {
        Column::Extension => call.extension_number.clone(),
        Column::Type => call.call_type.clone(),
        Column::From => call.cli.clone(),
        Column::To => call.cld.clone(),
        Column::Name => format!("{} {}", call.subscriber_first_name, call.subscriber_last_name),
        Column::Since => words::connected_at(call).map(time_of_day).unwrap_or_default(),
        Column::Duration => talking_for(call, now).map_or_else(|| "ringing".to_owned(), clock),
    })
}

fn join(columns: &[(Column, usize)], cell: impl Fn(Column) -> String) -> String {
    let cells: Vec<_> = columns
        .iter()
        .map(|(column, width)| fit(&cell(*column), *width))
        .collect();
    cells.join(&" ".repeat(GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fills_its_width_and_drops_columns_on_a_narrow_terminal() {
        let columns = |width| -> Vec<_> { layout(width).into_iter().map(|(column, _)| column).collect() };
        assert_eq!(columns(100).len(), 7);
        assert_eq!(
            columns(70),
            [
                Column::Extension,
                Column::Type,
                Column::From,
                Column::To,
                Column::Since,
                Column::Duration
            ]
        );
        assert_eq!(columns(30), [Column::From, Column::To, Column::Duration]);
        let call = ActiveCall {
            cli: "\u{1b}[31m15550000001".to_owned(),
            subscriber_first_name: "東京".to_owned(),
            ..ActiveCall::default()
        };
        for width in 12..200 {
            let row = row(&call, &layout(width), Now::read());
            let columns: usize = row
                .chars()
                .map(|char| unicode_width::UnicodeWidthChar::width(char).unwrap_or(0))
                .sum();
            assert_eq!(columns, width, "{row:?}");
            assert!(!row.contains('\u{1b}'));
        }
    }
}
