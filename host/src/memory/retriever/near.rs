//! How near a person's rows are to a question in what they mean: its vectors beside each of theirs.

use std::time::Duration;
use unicode_segmentation::UnicodeSegmentation;

use super::{Ask, Library};
use crate::{
    memory::{
        embed::{Purpose, cosine, unit},
        score::Near,
        segment::query_words,
    },
    store::StoreError,
};

/// How long the vectors of a question are waited for: words are enough.
const EMBED_WITHIN: Duration = Duration::from_secs(2);

/// Sentences of a text that are looked for by themselves too, the last ones, and the words that one has at least:
/// "oh yes!" is about nothing.
const SENTENCES: usize = 6;
const SENTENCE_WORDS: usize = 3;

/// Where nearness begins, between the farthest of a person's rows and their mean: a row that is as far as most says
/// nothing about the question.
const NEAR_FROM: f64 = 0.5;

/// Vectors that are looked through at once, about a megabyte.
const VECTORS_AT_ONCE: usize = 2_048;

/// How near the rows are in what they mean, up to 1 for the nearest, without those that are far; nothing without an
/// embedder, and nothing where no row is near at all.
pub async fn rows(library: &Library<'_>, ask: &Ask<'_>) -> Result<Near, StoreError> {
    let Some(embedder) = library.embedder else { return Ok(Near::default()) };
    let asked = asked(ask.text);
    let queries = match tokio::time::timeout(EMBED_WITHIN, embedder.embed(&asked, Purpose::Query)).await {
        Ok(Ok(vectors)) if vectors.len() == asked.len() => vectors,
        Ok(Ok(_)) | Err(_) => return Ok(Near::default()),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "memory is searched by words alone");
            return Ok(Near::default());
        }
    };
    let queries: Vec<Vec<f32>> = queries.iter().map(|query| unit(query)).collect();
    let dims = i64::try_from(queries[0].len()).unwrap_or(i64::MAX);
    let (mut rows, mut cosines, mut after) = (Vec::new(), vec![Vec::new(); queries.len()], i64::MIN);
    loop {
        let vectors = library.db.vectors(ask.user, embedder.model(), dims, after, VECTORS_AT_ONCE).await?;
        let known = rows.len();
        for (row, data) in vectors.iter() {
            rows.push(row);
            for (cosines, query) in cosines.iter_mut().zip(&queries) {
                cosines.push(cosine(data, query));
            }
        }
        match rows.last() {
            Some(row) if rows.len() - known == VECTORS_AT_ONCE => after = *row,
            _ => break,
        }
    }
    let most = cosines.iter().flatten().copied().fold(f64::MIN, f64::max);
    if most < embedder.nearest_from() {
        return Ok(Near::default());
    }
    let near = rows.into_iter().zip(nearness(&together(&cosines)));
    Ok(Near::new(near.filter(|(_, near)| *near > 0.0).collect()))
}

/// A text, and its sentences where it has several: one of them may be what is asked and the others chat, which the
/// vector of the whole is mostly about.
fn asked(text: &str) -> Vec<String> {
    let sentences: Vec<&str> = text.unicode_sentences().collect();
    let mut asked = vec![text.to_owned()];
    if sentences.len() > 1 {
        let telling = sentences.iter().rev().filter(|sentence| query_words(sentence).len() >= SENTENCE_WORDS);
        asked.extend(telling.take(SENTENCES).map(|sentence| sentence.trim().to_owned()));
    }
    asked
}

/// The cosines with a text and with each of its sentences as one figure for each row: how the row stands to the whole,
/// and to the sentence that it is nearest to.
fn together(cosines: &[Vec<f64>]) -> Vec<f64> {
    let standing: Vec<Vec<f64>> = cosines.iter().map(|cosines| standing(cosines)).collect();
    let Some((whole, sentences)) = standing.split_first() else { return Vec::new() };
    let nearest = |at: usize| sentences.iter().map(|sentence| sentence[at]).reduce(f64::max).unwrap_or(0.0);
    whole.iter().enumerate().map(|(at, whole)| whole + nearest(at)).collect()
}

/// Cosines by how far each is above the mean, in standard deviations: those of a short text are all higher than those
/// of a long one, and only what stands out says something.
fn standing(cosines: &[f64]) -> Vec<f64> {
    let mean = mean(cosines);
    let squares: Vec<f64> = cosines.iter().map(|one| (one - mean).powi(2)).collect();
    // What is less is rounding.
    let deviation = self::mean(&squares).sqrt().max(f32::EPSILON.into());
    cosines.iter().map(|one| (one - mean) / deviation).collect()
}

/// Figures as shares of the way to the largest, from where nearness begins.
fn nearness(figures: &[f64]) -> Vec<f64> {
    let least = figures.iter().copied().fold(f64::MAX, f64::min);
    let most = figures.iter().copied().fold(f64::MIN, f64::max);
    let from = least + NEAR_FROM * (mean(figures) - least);
    // Where all are alike, as one row alone is, each is the nearest.
    figures.iter().map(|one| if *one < most { (one - from) / (most - from) } else { 1.0 }).collect()
}

#[expect(clippy::cast_precision_loss, reason = "rows of a person are far below 2^52")]
fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_text_is_asked_by_sentences_too() {
        let check = |text: &str, sentences: &[&str]| {
            let asked = asked(text);
            assert_eq!(asked[0], text);
            assert_eq!(asked[1..], *sentences, "{text}");
        };
        check("What is my dentist called?", &[]);
        check(
            "Such lovely weather today! Oh yes. What is my old dentist called?",
            &["What is my old dentist called?", "Such lovely weather today!"],
        );
        check(
            "今天天气真好，我去散步了。嗯！我的牙医叫什么名字？",
            &["我的牙医叫什么名字？", "今天天气真好，我去散步了。"],
        );
        assert_eq!(asked(&"The boat is green and old. ".repeat(20)).len(), 1 + SENTENCES);
    }

    #[test]
    fn the_sentence_that_a_row_is_nearest_to_counts_beside_the_whole() {
        // Four rows; the whole is a little nearer to the first, one sentence is much nearer to the second.
        let whole = vec![0.5, 0.4, 0.3, 0.2];
        let alone = nearness(&together(std::slice::from_ref(&whole)));
        assert!((alone[0] - 1.0).abs() < 1e-9 && alone[1] < 0.8 && alone[3] < 0.0, "{alone:?}");
        // That all rows are near to another sentence says nothing about any.
        let with = nearness(&together(&[whole, vec![0.1, 0.9, 0.1, 0.1], vec![0.95; 4]]));
        assert!((with[1] - 1.0).abs() < 1e-9 && with[0] < 0.9 && with[0] > with[2], "{with:?}");
        for alike in [vec![vec![0.3]], vec![vec![0.3; 3], vec![0.1; 3]]] {
            let near = nearness(&together(&alike));
            assert!(near.iter().all(|one| (one - 1.0).abs() < 1e-9), "where all are alike, each is the nearest");
        }
    }
}
