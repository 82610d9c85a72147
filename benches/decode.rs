//! How fast a large answer is decoded, against `serde_json` on the same rows as JSON into the same type.
//!
//! The bar: no fewer rows per second than `serde_json`. Bytes are those of each format's own text.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portico::codec::csv::{self, Style};
use portico::wire::{Answer, ExtensionStatus};

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

/// Decodes both until the allocator keeps what is freed: until then whoever is measured first pays for fresh pages.
fn settle(csv: &[u8], json: &[u8]) {
    for _ in 0..100 {
        black_box(csv::one_from_slice::<Answer>(black_box(csv))).expect("the CSV");
        black_box(serde_json::from_slice::<Answer>(black_box(json))).expect("the JSON");
    }
}

fn decode(criterion: &mut Criterion) {
    let statuses = (0..)
        .map(status)
        .take(usize::try_from(ROWS).unwrap_or_default())
        .collect();
    let answer = Answer {
        extension_statuses: Some(statuses),
        ..Answer::default()
    };
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

criterion_group!(benches, decode);
criterion_main!(benches);
