//! How fast a large answer is decoded, against `serde_json` on the same rows as JSON into the same type.
//!
//! The bar: no fewer rows per second than `serde_json`. Bytes are those of each format's own text.
//!
//! The group `cells` is about the table alone: how fast the cells of the same answer are found, checked and their quotes
//! taken off, against `csv_core::Reader`, which copies them and checks nothing. The group `write` is the way back. ADR 1
//! has the figures.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use csv_core::{ReadRecordResult, Reader};
use portico::codec::csv::{self, Style};
use portico::wire::{Answer, ExtensionStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;

const ROWS: u64 = 5_000;

/// One row as busy as a real one: some texts null, some empty, a few that need quotes.
fn status(n: u32) -> ExtensionStatus {
    let id = i32::try_from(n).unwrap_or_default();
    let text = |text: String| Some(text);
    let in_call = n.is_multiple_of(5);
    ExtensionStatus {
        i_c_ext: 1_000 + id,
        id: text(format!("{}", 100 + n)),
        name: text(if n.is_multiple_of(10) {
            format!("Desk \"{n}\", 2nd floor")
        } else {
            format!("Extension {n}")
        }),
        i_account: 70_000 + id,
        account_id: text(format!("4420712{n:05}")),
        first_name: text(["Anna", "José", "Mary Ann", "Wei"][n as usize % 4].to_owned()),
        last_name: text(["Smith", "Núñez", "O'Brien", "Zhang"][n as usize % 4].to_owned()),
        call_count: i32::from(in_call),
        active_call: in_call,
        net_throughput: f64::from(n % 7) * 12.5,
        note: n.is_multiple_of(3).then(String::new),
        site_name: text("Head office".to_owned()),
        i_customer_site: 3,
        call_i_account: if in_call { 70_000 + id } else { 0 },
        email: text(format!("user{n}@example.com")),
        cld: in_call.then(|| format!("+4420799{n:05}")),
        cli: in_call.then(|| format!("0044123{n:05}")),
        default_valid_identity: text(format!("4420712{n:05}")),
        call_to_join: false,
        account_to_join: None,
        i_customer: 1,
        not_in_group: n.is_multiple_of(2),
        profile_url: text(format!("https://portal.example.com/profile/{n}")),
    }
}

/// Decodes both until the allocator keeps freed memory: before that, the side that is measured first pays for new pages.
fn settle(csv: &[u8], json: &[u8]) {
    for _ in 0..100 {
        black_box(csv::one_from_slice::<Answer>(black_box(csv))).expect("the CSV");
        black_box(serde_json::from_slice::<Answer>(black_box(json))).expect("the JSON");
    }
}

/// An answer whose large cell is read as far as its text.
#[derive(Deserialize)]
struct Cells {
    #[serde(rename = "ExtensionsActiveCalls")]
    _statuses: IgnoredAny,
}

/// How many cells csv-core finds in `body`, having copied their texts.
fn cells_of_csv_core(body: &[u8]) -> usize {
    // Our scanner borrows text from the body, so it has to check this, too.
    std::str::from_utf8(body).expect("UTF-8");
    let mut text = vec![0; body.len()];
    let mut ends = [0; 16];
    let (mut length, mut cells) = (0, 0);
    let mut reader = Reader::new();
    let mut rest = body;
    loop {
        let (result, read, written, found) = reader.read_record(rest, &mut text[length..], &mut ends);
        if result == ReadRecordResult::End {
            black_box(text);
            return cells;
        }
        rest = &rest[read..];
        length += written;
        cells += found;
    }
}

fn answer() -> Answer {
    let statuses = (0..)
        .map(status)
        .take(usize::try_from(ROWS).unwrap_or_default())
        .collect();
    Answer {
        extension_statuses: Some(statuses),
        ..Answer::default()
    }
}

fn cells(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cells");
    for (name, style) in [("V3", Style::V3), ("V5", Style::V5)] {
        let body = csv::one_to_vec(&answer(), style).expect("an answer as CSV");
        assert_eq!(cells_of_csv_core(&body), 16, "a header and a row of eight");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("ours", name), &body, |bencher, body| {
            bencher.iter(|| csv::one_from_slice::<Cells>(black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("csv-core", name), &body, |bencher, body| {
            bencher.iter(|| cells_of_csv_core(black_box(body)));
        });
    }
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let answer = answer();
    let csv = csv::one_to_vec(&answer, Style::V3).expect("an answer as CSV");
    let json = serde_json::to_vec(&answer).expect("an answer as JSON");
    assert_eq!(csv::one_from_slice::<Answer>(&csv).expect("the CSV"), answer);
    assert_eq!(serde_json::from_slice::<Answer>(&json).expect("the JSON"), answer);

    settle(&csv, &json);
    let rows = |text: &[u8]| Throughput::ElementsAndBytes {
        elements: ROWS,
        bytes: text.len() as u64,
    };
    let mut group = criterion.benchmark_group("decode");
    group
        .throughput(rows(&csv))
        .bench_function("csv and jsv", |bencher| {
            bencher.iter(|| csv::one_from_slice::<Answer>(black_box(&csv)));
        });
    group
        .throughput(rows(&json))
        .bench_function("serde_json", |bencher| {
            bencher.iter(|| serde_json::from_slice::<Answer>(black_box(&json)));
        });
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let answer = answer();
    let mut group = criterion.benchmark_group("write");
    for (name, style) in [("V3", Style::V3), ("V5", Style::V5)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| csv::one_to_vec(black_box(&answer), style));
        });
    }
    group.finish();
}

criterion_group!(benches, decode, cells, write);
criterion_main!(benches);
