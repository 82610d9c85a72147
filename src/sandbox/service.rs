//! The service behind the routes: one request type in, one answer out.
//!
//! It knows no HTTP and no format. The time is given to it, so a history can be replayed.

use std::collections::HashMap;
use std::time::Duration;

use super::bind::Members;
use super::directory::{Change, Directory, Record};
use super::operation::Operation;
use super::recorded;
use super::refusal::Refusal;
use super::status::{busy, idle};
use super::traffic::Traffic;
use crate::wire::{ActiveCall, Answer, Extension, ExtensionStatus};

/// Where the live calls come from.
#[derive(Debug)]
pub(super) enum Calls {
    /// The recorded ones, which never change.
    Recorded(Vec<ActiveCall>),
    /// Simulated ones.
    Living(Box<Traffic>),
}

/// The state of the service.
///
/// No `Debug`: a part of it is the licence.
pub(super) struct Service {
    directory: Directory,
    calls: Calls,
    license: Option<String>,
}

impl Service {
    /// A service that takes every licence, or only the one given.
    pub(super) fn new(directory: Directory, calls: Calls, license: Option<String>) -> Self {
        Self {
            directory,
            calls,
            license,
        }
    }

    /// Does what the members ask for, `elapsed` after the start. `None` is the service's null.
    pub(super) fn call(&mut self, members: &Members, elapsed: Duration) -> Result<Option<Answer>, Refusal> {
        if self.license.is_some() && members.license != self.license {
            return Err(Refusal::titled(401, "license rejected"));
        }
        if let Some(refusal) = recorded::thrown(members.customer) {
            return Err(refusal);
        }
        if members.customer == recorded::NULL_CUSTOMER {
            return Ok(None);
        }
        let answer = match members.operation() {
            Operation::Extensions => self.extensions(members),
            Operation::UnavailableExtensions => self.unavailable(members),
            Operation::FilteringData => self.filtering_data(members),
            Operation::OnlineAccounts => self.online_accounts(members, elapsed),
            Operation::ActiveCalls => self.active_calls(members, elapsed),
            Operation::Add => self.add(members)?,
            Operation::Update => self.update(members)?,
            Operation::Delete => self.delete(members),
        };
        Ok(Some(Answer {
            license: members.license.clone(),
            content_id: members.content,
            feature_name: members.feature.clone(),
            ..answer
        }))
    }

    fn extensions(&self, members: &Members) -> Answer {
        let rows = self
            .records(members)
            .map(|record| record.extension.clone())
            .collect();
        Answer {
            extensions: Some(rows),
            ..Answer::default()
        }
    }

    fn unavailable(&self, members: &Members) -> Answer {
        let rows = self.records(members).map(|record| Extension {
            i_c_ext: record.extension.i_c_ext,
            id: record.extension.id.clone(),
            ..Extension::default()
        });
        Answer {
            extensions: Some(rows.collect()),
            ..Answer::default()
        }
    }

    fn filtering_data(&self, members: &Members) -> Answer {
        let rows = self.records(members).map(|record| ExtensionStatus {
            site_name: Some(record.site.name.clone()),
            i_customer_site: record.site.id,
            ..idle(members.customer, record)
        });
        Answer {
            extension_statuses: Some(rows.collect()),
            ..Answer::default()
        }
    }

    fn online_accounts(&mut self, members: &Members, elapsed: Duration) -> Answer {
        if let Calls::Living(traffic) = &mut self.calls {
            traffic.advance(members.customer, elapsed);
        }
        let online = |record: &&Record| match &self.calls {
            Calls::Recorded(_) => true,
            Calls::Living(traffic) => traffic.registered(members.customer, record.extension.i_c_ext),
        };
        let rows = self
            .records(members)
            .filter(online)
            .map(|record| idle(members.customer, record));
        Answer {
            extension_statuses: Some(rows.collect()),
            ..Answer::default()
        }
    }

    fn active_calls(&mut self, members: &Members, elapsed: Duration) -> Answer {
        let customer = members.customer;
        if let Calls::Living(traffic) = &mut self.calls {
            traffic.advance(customer, elapsed);
        }
        let records: Vec<&Record> = self.records(members).collect();
        let (calls, parties) = match &self.calls {
            Calls::Recorded(calls) => (
                calls
                    .iter()
                    .filter(|call| call.i_customer == customer)
                    .cloned()
                    .collect(),
                false,
            ),
            Calls::Living(traffic) => (traffic.rows(customer, &records), true),
        };
        let mut legs: HashMap<i32, Vec<&ActiveCall>> = HashMap::new();
        for call in calls.iter().filter(|call| call.i_account != 0) {
            legs.entry(call.i_account).or_default().push(call);
        }
        let statuses = records
            .iter()
            .map(|record| {
                let legs = legs
                    .get(&record.extension.i_account)
                    .map_or(&[][..], Vec::as_slice);
                busy(idle(customer, record), record, legs, parties)
            })
            .collect();
        Answer {
            calls: Some(calls),
            extension_statuses: Some(statuses),
            ..Answer::default()
        }
    }

    fn add(&mut self, members: &Members) -> Result<Answer, Refusal> {
        let extension = self.directory.add(members.customer, &change(members))?;
        Ok(Answer {
            extension: Some(extension),
            ..Answer::default()
        })
    }

    fn update(&mut self, members: &Members) -> Result<Answer, Refusal> {
        let extension = self
            .directory
            .update(members.customer, members.record, &change(members))?;
        Ok(Answer {
            extension: Some(extension),
            ..Answer::default()
        })
    }

    fn delete(&mut self, members: &Members) -> Answer {
        let extension_deleted = self.directory.delete(members.customer, members.record);
        Answer {
            extension_deleted,
            ..Answer::default()
        }
    }

    /// The customer's records that the filter by product leaves.
    fn records<'a>(&'a self, members: &'a Members) -> impl Iterator<Item = &'a Record> {
        let wanted: Option<Vec<i32>> = members
            .products
            .as_ref()
            .map(|list| list.split(',').filter_map(|id| id.trim().parse().ok()).collect());
        self.directory
            .of(members.customer)
            .iter()
            .filter(move |record| match (&wanted, record.product) {
                (Some(wanted), Some(product)) => wanted.contains(&product),
                _ => true,
            })
    }
}

fn change(members: &Members) -> Change<'_> {
    Change {
        name: members.name.as_deref(),
        id: members.id.as_deref(),
        account: members.account,
    }
}

#[cfg(test)]
mod tests {
    use super::super::world;
    use super::*;

    fn living() -> Service {
        let (directory, traffic) = world::populate(&world::Params::default());
        Service::new(directory, Calls::Living(Box::new(traffic)), None)
    }

    fn answer(service: &mut Service, members: &Members, second: u64) -> Answer {
        let answer = service
            .call(members, Duration::from_secs(second))
            .expect("nothing is refused");
        answer.expect("there is an answer")
    }

    #[test]
    fn the_statuses_of_a_living_world_follow_its_calls() {
        let mut service = living();
        let members = Members {
            customer: 1,
            active_calls: true,
            ..Members::default()
        };
        let mut seen = 0;
        for second in (0..3600).step_by(20) {
            let Answer {
                calls,
                extension_statuses,
                ..
            } = answer(&mut service, &members, second);
            let (calls, statuses) = calls.zip(extension_statuses).expect("both lists are there");
            for call in &calls {
                let status = statuses.iter().find(|status| status.i_account == call.i_account);
                let status = status.expect("the account has an extension");
                assert!(status.active_call);
                assert_eq!((status.call_count, status.call_i_account), (1, call.i_account));
                assert_eq!((&status.cli, &status.cld), (&call.cli, &call.cld));
            }
            let busy = statuses.iter().filter(|status| status.active_call).count();
            assert_eq!(busy, calls.len(), "a status without a call after {second} s");
            seen += busy;
        }
        assert!(seen > 0, "no call proves nothing");
    }

    #[test]
    fn a_deleted_extension_is_in_no_call() {
        let mut service = living();
        let active = Members {
            customer: 1,
            active_calls: true,
            ..Members::default()
        };
        let calls = answer(&mut service, &active, 600).calls.expect("a list of calls");
        let account = calls.first().expect("a call is up").i_account;
        let records = service.directory.of(1).iter().map(|record| &record.extension);
        let record = records
            .into_iter()
            .find(|extension| extension.i_account == account);
        let record = record.expect("the account has an extension").i_c_ext;
        let delete = Members {
            customer: 1,
            record,
            ..Members::default()
        };
        assert!(answer(&mut service, &delete, 600).extension_deleted);
        let left = answer(&mut service, &active, 600).calls.expect("a list of calls");
        assert!(left.len() < calls.len() && left.iter().all(|call| call.i_account != account));
    }

    #[test]
    fn phones_get_lost_and_come_back() {
        let mut service = living();
        let online = Members {
            customer: 1,
            sip_status: true,
            ..Members::default()
        };
        let counts: Vec<usize> = (0..36_000)
            .step_by(60)
            .map(|second| {
                answer(&mut service, &online, second)
                    .extension_statuses
                    .map_or(0, |rows| rows.len())
            })
            .collect();
        let phones = 19; // Every extension but the voicemail.
        assert!(
            counts.contains(&phones) && counts.iter().any(|count| *count < phones),
            "{counts:?}"
        );
        assert!(counts.iter().all(|count| *count <= phones), "{counts:?}");
    }
}
