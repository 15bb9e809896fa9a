//! What texts mean: vectors of an embedder, one byte a dimension, compared one by one with all of a person.

mod local;

pub use local::{LocalEmbedder, PackageError};

use futures_util::future::BoxFuture;
use std::fmt::Debug;

use super::Memory;
use crate::store::{NewVector, StoreError, Unembedded};

/// Texts that are embedded at once.
const BATCH: i64 = 32;

/// Characters of a text that say what it is about.
const MAX_CHARS: usize = 2_000;

/// Bytes of a vector before its dimensions: the scale.
const SCALE_BYTES: usize = 4;

/// Dimensions that are compared at once.
const LANES: usize = 16;

/// What a text is embedded for; some embedders tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Query,
    Passage,
}

/// Why a text has no vector now.
#[derive(Debug, thiserror::Error)]
#[error("no vector was made: {0}")]
pub struct EmbedError(pub String);

/// What turns texts into vectors.
pub trait Embedder: Debug + Send + Sync {
    /// A vector for each text, in their order and all of one length. Their length does not matter, only their
    /// direction does.
    fn embed<'a>(&'a self, texts: &'a [String], purpose: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>, EmbedError>>;

    /// The name that vectors are kept under; those of another name are made again.
    fn model(&self) -> &str;

    /// The cosine that a question and a text which bears on it have at least. Where all of memory is below, as it is
    /// for "good morning", nothing means what was asked.
    fn nearest_from(&self) -> f64 {
        0.0
    }
}

impl Memory {
    /// Makes the vectors that are missing; how many those were. Without an embedder that is none.
    pub async fn embed_missing(&self) -> Result<usize, StoreError> {
        let Some(embedder) = &self.embedder else { return Ok(0) };
        // Whoever is at it goes on until none is missing: a second one would make the same.
        let Ok(_alone) = self.embedding.try_lock() else { return Ok(0) };
        let mut made = 0;
        loop {
            let rows = self.db.unembedded(embedder.model(), BATCH).await?;
            if rows.is_empty() {
                return Ok(made);
            }
            let texts: Vec<String> = rows.iter().map(passage).collect();
            let vectors = match embedder.embed(&texts, Purpose::Passage).await {
                Ok(vectors) if vectors.len() == rows.len() => vectors,
                Ok(_) => return Ok(made),
                Err(error) => {
                    // The next turn tries again; words are found all the same.
                    tracing::warn!(error = &error as &dyn std::error::Error, "memory goes without new vectors");
                    return Ok(made);
                }
            };
            made += rows.len();
            let new = rows.iter().zip(&vectors).map(|(row, vector)| NewVector {
                row: row.id,
                user: row.user_id,
                forgettings: row.forgettings,
                dims: i64::try_from(vector.len()).unwrap_or(i64::MAX),
                data: pack(vector),
            });
            self.db.keep_vectors(embedder.model(), &new.collect::<Vec<_>>()).await?;
        }
    }
}

fn passage(row: &Unembedded) -> String {
    let text: String = row.text.chars().take(MAX_CHARS).collect();
    match &row.speaker {
        Some(speaker) => format!("{speaker}: {text}"),
        None => text,
    }
}

/// A vector of length 1 as it is kept: the scale, then a signed byte for each dimension.
pub fn pack(vector: &[f32]) -> Vec<u8> {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs())).max(f32::MIN_POSITIVE);
    let mut data = Vec::with_capacity(SCALE_BYTES + vector.len());
    data.extend((largest / length(vector) / 127.0).to_le_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "from -127 to 127")]
    data.extend(vector.iter().flat_map(|x| ((x / largest * 127.0).round() as i8).to_le_bytes()));
    data
}

/// A vector of the same direction and of length 1.
pub fn unit(vector: &[f32]) -> Vec<f32> {
    let length = length(vector);
    vector.iter().map(|x| x / length).collect()
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE)
}

/// The cosine between a kept vector and a query's, which is of length 1; 0 where they do not fit together.
pub fn cosine(data: &[u8], query: &[f32]) -> f64 {
    let Some((scale, bytes)) = data.split_first_chunk::<SCALE_BYTES>() else { return 0.0 };
    if bytes.len() != query.len() {
        return 0.0;
    }
    // Sums side by side: one after the other they wait for each other.
    let mut sums = [0.0_f32; LANES];
    let (bytes, last_bytes) = bytes.as_chunks::<LANES>();
    let (numbers, last_numbers) = query.as_chunks::<LANES>();
    for (bytes, numbers) in bytes.iter().zip(numbers) {
        for ((sum, byte), x) in sums.iter_mut().zip(bytes).zip(numbers) {
            *sum += f32::from(byte.cast_signed()) * x;
        }
    }
    let last: f32 = last_bytes.iter().zip(last_numbers).map(|(byte, x)| f32::from(byte.cast_signed()) * x).sum();
    f64::from((sums.iter().sum::<f32>() + last) * f32::from_le_bytes(*scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_vector_has_its_direction() {
        let vector: Vec<f32> = (0..384_u16).map(|n| (f32::from(n) * 0.7).sin() * 3.0).collect();
        let (kept, query) = (pack(&vector), unit(&vector));
        assert_eq!(kept.len(), 4 + 384);
        assert!((cosine(&kept, &query) - 1.0).abs() < 1e-3, "{}", cosine(&kept, &query));
        let against: Vec<f32> = query.iter().map(|x| -x).collect();
        assert!((cosine(&kept, &against) + 1.0).abs() < 1e-3);
        assert!(cosine(&kept, &query[1..]).abs() < f64::EPSILON, "another length is another embedder's");
        assert!(cosine(&[], &query).abs() < f64::EPSILON);
        assert!(cosine(&pack(&[0.0, 0.0]), &[1.0, 0.0]).abs() < f64::EPSILON);
    }
}
