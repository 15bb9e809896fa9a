//! How near a person's rows are to a question in what they mean: its vector beside each of theirs.

use std::{collections::HashMap, time::Duration};

use super::{Ask, Library};
use crate::{
    memory::embed::{Purpose, cosine},
    store::StoreError,
};

/// How long the vector of a question is waited for: words are enough.
const EMBED_WITHIN: Duration = Duration::from_secs(2);

/// Where nearness begins, between the farthest of a person's rows and their mean: a row that is as far as most says
/// nothing about the question.
const NEAR_FROM: f64 = 0.5;

/// Vectors that are looked through at once, about a megabyte.
const VECTORS_AT_ONCE: usize = 2_048;

/// How near the rows are in what they mean, up to 1 for the nearest, without those that are far; nothing without an
/// embedder, and nothing where no row is near at all.
pub async fn rows(library: &Library<'_>, ask: &Ask<'_>) -> Result<HashMap<i64, f64>, StoreError> {
    let Some(embedder) = library.embedder else { return Ok(HashMap::new()) };
    let text = [ask.text.to_owned()];
    let query = match tokio::time::timeout(EMBED_WITHIN, embedder.embed(&text, Purpose::Query)).await {
        Ok(Ok(mut vectors)) if vectors.len() == 1 => vectors.remove(0),
        Ok(Ok(_)) | Err(_) => return Ok(HashMap::new()),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "memory is searched by words alone");
            return Ok(HashMap::new());
        }
    };
    let dims = i64::try_from(query.len()).unwrap_or(i64::MAX);
    let (mut cosines, mut after): (Vec<(i64, f64)>, i64) = (Vec::new(), i64::MIN);
    loop {
        let vectors = library.db.vectors(ask.user, embedder.model(), dims, after, VECTORS_AT_ONCE).await?;
        let known = cosines.len();
        cosines.extend(vectors.iter().map(|(row, data)| (row, cosine(data, &query))));
        match cosines.last() {
            Some((row, _)) if cosines.len() - known == VECTORS_AT_ONCE => after = *row,
            _ => break,
        }
    }
    let (mut least, mut most, mut sum) = (f64::MAX, f64::MIN, 0.0);
    for (_, one) in &cosines {
        (least, most, sum) = (least.min(*one), most.max(*one), sum + one);
    }
    if most < embedder.nearest_from() {
        return Ok(HashMap::new());
    }
    #[expect(clippy::cast_precision_loss, reason = "rows of a person are far below 2^52")]
    let from = least + NEAR_FROM * (sum / cosines.len().max(1) as f64 - least);
    // Where all are alike, as one row alone is, each is the nearest.
    let near = |one: f64| if one < most { (one - from) / (most - from) } else { 1.0 };
    let near = cosines.into_iter().map(|(row, one)| (row, near(one)));
    Ok(near.filter(|(_, near)| *near > 0.0).collect())
}
