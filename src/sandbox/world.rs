//! A generated world: customers with sites, products, accounts and extensions, and the traffic between them.
//!
//! The same settings make the same world. The texts are like real ones: names in many scripts, notes with quotes,
//! commas, braces and line breaks, a voicemail that has the number `*98` and no account.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::names::{DEPARTMENTS, FIRST_NAMES, LAST_NAMES, NOTES, PRODUCTS, SITES};
use super::directory::{Directory, Record, Site};
use super::traffic::{self, Traffic};
use crate::wire::Extension;

mod names;

/// The size of the world and how busy it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Decides everything that is drawn.
    pub seed: u64,
    /// The wall clock's time at the start; `None` = the present. If it is set, even the times in the answers are the
    /// same in every run.
    pub start: Option<SystemTime>,
    /// The customers, numbered from 1.
    pub customers: u16,
    /// The extensions of each; the last is the voicemail, unless it is the only one.
    pub extensions: u16,
    /// The calls.
    pub traffic: traffic::Params,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            seed: 1,
            start: None,
            customers: 5,
            extensions: 20,
            traffic: traffic::Params::default(),
        }
    }
}

/// The first ids of generated extensions and accounts.
const FIRST_EXTENSION: i32 = 1001;
const FIRST_ACCOUNT: i32 = 7001;

/// Makes the world.
pub(super) fn populate(params: &Params) -> (Directory, Traffic) {
    let start = params.start.unwrap_or_else(SystemTime::now);
    let mut customers = BTreeMap::new();
    let mut traffic = Traffic::new(start.duration_since(UNIX_EPOCH).unwrap_or_default());
    for customer in 1..=params.customers {
        // Each customer has streams of its own, so that one more customer changes nothing for the others.
        let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
        rng.set_stream(2 * u64::from(customer));
        let first = i32::from(customer - 1) * i32::from(params.extensions);
        let records: Vec<Record> = (0..params.extensions)
            .map(|index| {
                let is_voicemail = index > 0 && index == params.extensions - 1;
                let ordinal = first + i32::from(index);
                if is_voicemail {
                    voicemail(ordinal)
                } else {
                    desk(&mut rng, customer, index, ordinal)
                }
            })
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
        rng.set_stream(2 * u64::from(customer) + 1);
        traffic.connect(customer.into(), &records, &params.traffic, rng);
        customers.insert(customer.into(), records);
    }
    (Directory::new(customers), traffic)
}

fn desk(rng: &mut ChaCha8Rng, customer: u16, index: u16, ordinal: i32) -> Record {
    let (first, last) = (pick(rng, &FIRST_NAMES), pick(rng, &LAST_NAMES));
    let (product, product_name) = pick(rng, &PRODUCTS);
    let (site, site_name) = pick(rng, &SITES);
    let id = 101 + u32::from(index);
    let account_id = format!("1555{customer:03}{id:04}");
    let name = if rng.random_bool(0.3) {
        pick(rng, &DEPARTMENTS).to_owned()
    } else {
        format!("{first} {last}")
    };
    let i_c_ext = FIRST_EXTENSION + ordinal;
    Record {
        extension: Extension {
            i_c_ext,
            id: Some(id.to_string()),
            name: Some(name),
            i_account: FIRST_ACCOUNT + ordinal,
            phone_number: Some(account_id.clone()),
            account_id: Some(account_id),
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            note: pick(rng, &NOTES).map(str::to_owned),
            product_name: Some(product_name.to_owned()),
        },
        site: Site {
            id: site,
            name: site_name.to_owned(),
        },
        email: Some(format!("ext{id}@customer{customer}.example.com")),
        profile_url: Some(format!("https://portal.example.com/p/{i_c_ext}?a=1&b={{x}}")),
        product: Some(product),
    }
}

fn voicemail(ordinal: i32) -> Record {
    let extension = Extension {
        i_c_ext: FIRST_EXTENSION + ordinal,
        id: Some("*98".to_owned()),
        name: Some("Voice \"mail\", {all}".to_owned()),
        note: Some(String::new()),
        ..Extension::default()
    };
    Record {
        extension,
        ..Record::default()
    }
}

fn pick<T: Copy, const N: usize>(rng: &mut ChaCha8Rng, choices: &[T; N]) -> T {
    choices[rng.random_range(0..N)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extensions(params: &Params, customer: i32) -> Vec<Record> {
        populate(params).0.of(customer).to_vec()
    }

    #[test]
    fn the_same_seed_makes_the_same_world_whatever_its_size() {
        let params = Params::default();
        let larger = Params {
            customers: 9,
            ..params.clone()
        };
        let other = Params {
            seed: 2,
            ..params.clone()
        };
        assert_eq!(extensions(&params, 2), extensions(&larger, 2));
        assert_ne!(extensions(&params, 2), extensions(&other, 2));
    }

    #[test]
    fn ids_are_unique_and_every_customer_has_a_voicemail() {
        let params = Params::default();
        let (directory, _) = populate(&params);
        let mut ids = std::collections::BTreeSet::new();
        for customer in 1..=5 {
            let records = directory.of(customer);
            assert_eq!(records.len(), 20);
            assert_eq!(records[19].extension.id.as_deref(), Some("*98"));
            ids.extend(records.iter().map(|record| record.extension.i_c_ext));
        }
        assert_eq!(ids.len(), 100);
    }
}
