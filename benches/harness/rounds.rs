//! Rounds in which the sides take turns, and what is made of them.

use super::Result;

/// In each round each side takes one turn. Returns the results of the turns, by side.
pub(crate) async fn alternate<S, T, const SIDES: usize>(
    sides: &mut [S; SIDES],
    rounds: usize,
    mut turn: impl AsyncFnMut(&mut S) -> Result<T>,
) -> Result<[Vec<T>; SIDES]> {
    let mut taken = [const { Vec::new() }; SIDES];
    for _ in 0..rounds {
        for (side, taken) in sides.iter_mut().zip(&mut taken) {
            taken.push(turn(side).await?);
        }
    }
    Ok(taken)
}

/// The least value that `share` of the values do not exceed; not a number if there are none.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list"
)]
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let position = (values.len() as f64 * share).ceil() as usize;
    values
        .get(position.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The value in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}
