//! How near rows are to a question in what they mean.

/// Rows with their nearness, 0 to 1. There are as many as a person has, and few of them are asked for.
#[derive(Debug, Default)]
pub struct Near(Vec<(i64, f64)>);

impl Near {
    /// Of rows that grow.
    pub fn new(rows: Vec<(i64, f64)>) -> Self {
        debug_assert!(rows.is_sorted_by_key(|(row, _)| *row));
        Self(rows)
    }

    /// 0 for a row that is not near.
    pub fn of(&self, row: i64) -> f64 {
        self.0.binary_search_by_key(&row, |(row, _)| *row).map_or(0.0, |at| self.0[at].1)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (i64, f64)> {
        self.0.iter().copied()
    }
}
