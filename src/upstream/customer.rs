//! Whose rows an answer holds: the customers that they name, compared with the one that was asked for.
//!
//! An answer belongs to a request by nothing but its place on the connection. Should something on the way answer once too
//! often, each later answer is the one to another's request, and sound in all else. The rows of calls and of extensions'
//! states give it away: in every recorded answer they name the customer that was asked for. 0 is no name: it is what a null
//! row has, and a member that a host leaves out.
//!
//! Nothing else in an answer names a customer. The rows of extensions do not; `i_customer_site` is a site of the customer's;
//! and the echo of the licence is the same for all that a gateway asks. So a wrong list of extensions is not known for one.

use super::Error;
use super::value::Id;
use crate::wire::{ActiveCall, Answer, ExtensionStatus};

/// Checks all rows of an answer to a question about this customer.
///
/// # Errors
///
/// [`Error::WrongCustomer`].
pub fn check(i_customer: Id, answer: &Answer) -> Result<(), Error> {
    let calls = answer.calls.as_deref().unwrap_or_default();
    calls.iter().try_for_each(|call| check_call(i_customer, call))?;
    let statuses = answer.extension_statuses.as_deref().unwrap_or_default();
    statuses
        .iter()
        .try_for_each(|status| check_status(i_customer, status))
}

/// Checks the row of a call.
///
/// # Errors
///
/// [`Error::WrongCustomer`].
pub fn check_call(i_customer: Id, call: &ActiveCall) -> Result<(), Error> {
    check_name(i_customer, call.i_customer, "ICustomer")
}

/// Checks the row of an extension's state.
///
/// # Errors
///
/// [`Error::WrongCustomer`].
pub fn check_status(i_customer: Id, status: &ExtensionStatus) -> Result<(), Error> {
    check_name(i_customer, status.i_customer, "i_customer")
}

fn check_name(i_customer: Id, named: i32, member: &'static str) -> Result<(), Error> {
    if named == 0 || named == i_customer.get() {
        Ok(())
    } else {
        Err(Error::WrongCustomer { member })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(of_call: i32, of_status: i32) -> Answer {
        let call = |i_customer| ActiveCall {
            i_customer,
            ..ActiveCall::default()
        };
        let status = |i_customer| ExtensionStatus {
            i_customer,
            ..ExtensionStatus::default()
        };
        Answer {
            calls: Some(vec![call(2), call(of_call)]),
            extension_statuses: Some(vec![status(2), status(of_status)]),
            ..Answer::default()
        }
    }

    fn check_for_2(answer: &Answer) -> Result<(), Error> {
        check(Id::parse(2).unwrap(), answer)
    }

    #[test]
    fn rows_name_the_customer_or_nobody() {
        check_for_2(&answer(2, 2)).unwrap();
        check_for_2(&answer(0, 0)).unwrap();
        check_for_2(&Answer::default()).unwrap();
    }

    #[test]
    fn one_row_of_another_is_enough_and_its_customer_is_not_told() {
        for (of_call, of_status, named) in [
            (66, 2, "ICustomer"),
            (-2, 2, "ICustomer"),
            (66, 66, "ICustomer"),
            (2, 66, "i_customer"),
            (0, i32::MIN, "i_customer"),
        ] {
            let error = check_for_2(&answer(of_call, of_status)).unwrap_err();
            assert!(
                matches!(error, Error::WrongCustomer { member } if member == named),
                "{error:?}"
            );
            let told = format!("{error} {error:?}");
            assert!(!told.contains(|c: char| c.is_ascii_digit()), "{told}");
        }
    }
}
