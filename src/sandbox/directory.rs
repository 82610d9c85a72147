//! The customers' extensions and the changes made to them.
//!
//! Ids are given in order and never twice. The directory holds a bounded number of records, so a loop of additions ends
//! in an error and does not fill the memory.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use crate::wire::Extension;

/// The first id of an added extension, unless a record at the start has this id or a higher one.
const FIRST_ADDED: i32 = 5001;

/// The number of records beyond which nothing is added.
const CAPACITY: usize = 100_000;

/// An extension and what else is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) extension: Extension,
    pub(super) site: Site,
    pub(super) email: Option<String>,
    pub(super) profile_url: Option<String>,
    /// The product's id; a record without one matches every filter by product.
    pub(super) product: Option<i32>,
}

/// A customer's site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) id: i32,
    pub(super) name: String,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            id: 1,
            name: "HQ".to_owned(),
        }
    }
}

/// What a request may change about an extension.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) account: i32,
}

/// The extensions by customer, each customer's in the order they were added.
#[derive(Debug)]
pub(super) struct Directory {
    customers: BTreeMap<i32, Vec<Record>>,
    records: usize,
    next: i32,
}

impl Directory {
    pub(super) fn new(customers: BTreeMap<i32, Vec<Record>>) -> Self {
        let ids = customers
            .values()
            .flatten()
            .map(|record| record.extension.i_c_ext);
        let next = ids
            .max()
            .map_or(FIRST_ADDED, |last| FIRST_ADDED.max(last.saturating_add(1)));
        let records = customers.values().map(Vec::len).sum();
        Self {
            customers,
            records,
            next,
        }
    }

    /// The customer's records; an unknown customer has none.
    pub(super) fn of(&self, customer: i32) -> &[Record] {
        self.customers.get(&customer).map_or(&[], Vec::as_slice)
    }

    /// Adds an extension and returns it as stored.
    ///
    /// # Errors
    ///
    /// 409 if the customer has an extension of that number, 503 if there is no room.
    pub(super) fn add(&mut self, customer: i32, change: &Change<'_>) -> Result<Extension, Refusal> {
        if self.records >= CAPACITY {
            return Err(Refusal::new(503, "Full", "the sandbox holds no more extensions"));
        }
        self.refuse_taken(customer, change.id, None)?;
        let extension = Extension {
            i_c_ext: self.next,
            id: change.id.map(str::to_owned),
            name: change.name.map(str::to_owned),
            i_account: change.account,
            ..Extension::default()
        };
        self.next = self.next.saturating_add(1);
        self.records += 1;
        let record = Record {
            extension: extension.clone(),
            ..Record::default()
        };
        self.customers.entry(customer).or_default().push(record);
        Ok(extension)
    }

    /// Changes an extension and returns it as stored.
    ///
    /// # Errors
    ///
    /// 404 if the customer has no such record, 409 if another of its extensions has that number.
    pub(super) fn update(
        &mut self,
        customer: i32,
        i_c_ext: i32,
        change: &Change<'_>,
    ) -> Result<Extension, Refusal> {
        let missing = || Refusal::titled(404, format!("no extension {i_c_ext}"));
        let position = self.position(customer, i_c_ext).ok_or_else(missing)?;
        self.refuse_taken(customer, change.id, Some(i_c_ext))?;
        let records = self.customers.get_mut(&customer).ok_or_else(missing)?;
        let extension = &mut records[position].extension;
        extension.name = change.name.map(str::to_owned).or_else(|| extension.name.take());
        extension.id = change.id.map(str::to_owned).or_else(|| extension.id.take());
        if extension.i_account != change.account {
            extension.i_account = change.account;
            (extension.account_id, extension.first_name, extension.last_name) = (None, None, None);
        }
        Ok(extension.clone())
    }

    /// Deletes an extension; `false` if the customer has no such record.
    pub(super) fn delete(&mut self, customer: i32, i_c_ext: i32) -> bool {
        let Some(position) = self.position(customer, i_c_ext) else {
            return false;
        };
        if let Some(records) = self.customers.get_mut(&customer) {
            records.remove(position);
            self.records -= 1;
        }
        true
    }

    fn position(&self, customer: i32, i_c_ext: i32) -> Option<usize> {
        self.of(customer)
            .iter()
            .position(|record| record.extension.i_c_ext == i_c_ext)
    }

    fn refuse_taken(&self, customer: i32, id: Option<&str>, except: Option<i32>) -> Result<(), Refusal> {
        let others = self
            .of(customer)
            .iter()
            .filter(|record| Some(record.extension.i_c_ext) != except);
        if id.is_some()
            && others
                .map(|record| record.extension.id.as_deref())
                .any(|taken| taken == id)
        {
            return Err(Refusal::titled(409, "extension id in use"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &'static str) -> Change<'static> {
        Change {
            name: Some("Desk"),
            id: Some(id),
            account: 7,
        }
    }

    #[test]
    fn an_id_is_never_given_twice() {
        let mut directory = Directory::new(BTreeMap::new());
        let first = directory
            .add(1, &named("201"))
            .expect("the number is free")
            .i_c_ext;
        assert!(directory.delete(1, first));
        assert!(!directory.delete(1, first));
        assert_eq!(
            directory
                .add(1, &named("201"))
                .expect("the number is free")
                .i_c_ext,
            first + 1
        );
    }

    #[test]
    fn a_number_is_taken_within_a_customer_only() {
        let mut directory = Directory::new(BTreeMap::new());
        let first = directory
            .add(1, &named("201"))
            .expect("the number is free")
            .i_c_ext;
        assert_eq!(
            directory
                .add(1, &named("201"))
                .expect_err("the number is taken")
                .status,
            409
        );
        assert!(directory.add(2, &named("201")).is_ok());
        assert!(
            directory.update(1, first, &named("201")).is_ok(),
            "its own number is not taken"
        );
    }

    #[test]
    fn a_record_is_reached_through_its_customer_only() {
        let mut directory = Directory::new(BTreeMap::new());
        let first = directory
            .add(1, &named("201"))
            .expect("the number is free")
            .i_c_ext;
        assert!(!directory.delete(2, first));
        assert_eq!(
            directory
                .update(2, first, &named("9"))
                .expect_err("not there")
                .status,
            404
        );
    }
}
