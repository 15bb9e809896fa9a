//! From a text to the numbers of its pieces: the likeliest cut, as `SentencePiece` makes it.

use super::{
    normalizer::Normalizer,
    protobuf::{Field, fields},
    vocabulary::Vocabulary,
};

/// Numbers of the pieces that stand for what is not known, the beginning and the end of a text.
const UNKNOWN: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;

/// How much less a character that no piece has is worth than the least likely piece.
const UNKNOWN_PENALTY: f32 = 10.0;

pub(super) struct Tokenizer {
    vocabulary: Vocabulary,
    normalizer: Normalizer,
    unknown_score: f32,
    pieces: usize,
}

impl Tokenizer {
    /// From the model file of `SentencePiece`: field 1 are the pieces (1 text, 2 score), field 3 has the
    /// table of the normalizer (2). `None`: it is not such a file.
    pub fn new(model: &[u8]) -> Option<Self> {
        let (mut pieces, mut charsmap) = (Vec::new(), None);
        for field in fields(model) {
            match field? {
                Field::Bytes(1, piece) => pieces.push(parse_piece(piece)?),
                Field::Bytes(3, spec) => charsmap = parse_charsmap(spec),
                _ => {}
            }
        }
        let vocabulary = Vocabulary::new(&pieces);
        let unknown_score = vocabulary.lowest_score() - UNKNOWN_PENALTY;
        let normalizer = Normalizer::new(charsmap?)?;
        (pieces.len() > END as usize).then_some(Self { vocabulary, normalizer, unknown_score, pieces: pieces.len() })
    }

    /// How many pieces there are; their numbers are smaller.
    pub fn pieces(&self) -> usize {
        self.pieces
    }

    /// The pieces of at most `max_chars` characters of a text, between a beginning and an end. A text
    /// without any is one unknown piece.
    pub fn encode(&self, text: &str, max_chars: usize) -> Vec<u32> {
        let text = self.normalizer.normalize(text, max_chars);
        let mut ids = vec![END];
        self.cut_backwards(&text, &mut ids);
        if ids.len() == 1 {
            ids.push(UNKNOWN);
        }
        ids.push(BEGIN);
        ids.reverse();
        ids
    }

    /// Pushes the pieces of the likeliest cut, the last piece first.
    fn cut_backwards(&self, text: &str, ids: &mut Vec<u32>) {
        let mut best = vec![Cut { score: f64::MIN, start: 0, id: UNKNOWN }; text.len() + 1];
        best[0].score = 0.0;
        for (start, c) in text.char_indices() {
            let base = best[start].score;
            let mut offer = |id, length: usize, score: f32| {
                let cut = Cut { score: base + f64::from(score), start, id };
                let place = &mut best[start + length];
                if cut.score > place.score {
                    *place = cut;
                }
            };
            let mut has_single = false;
            self.vocabulary.prefixes(&text.as_bytes()[start..], |piece| {
                has_single |= piece.length == c.len_utf8();
                offer(piece.id, piece.length, piece.score);
            });
            if !has_single {
                offer(UNKNOWN, c.len_utf8(), self.unknown_score);
            }
        }
        let mut end = text.len();
        while end > 0 {
            ids.push(best[end].id);
            end = best[end].start;
        }
    }
}

/// A piece and its score. `None`: it is not one.
fn parse_piece(message: &[u8]) -> Option<(&str, f32)> {
    let (mut piece, mut score) = ("", 0.0);
    for field in fields(message) {
        match field? {
            Field::Bytes(1, text) => piece = std::str::from_utf8(text).ok()?,
            Field::Fixed32(2, bytes) => score = f32::from_le_bytes(bytes),
            _ => {}
        }
    }
    Some((piece, score))
}

/// The table of the normalizer, if the specification has one.
fn parse_charsmap(specification: &[u8]) -> Option<&[u8]> {
    fields(specification).find_map(|field| match field {
        Some(Field::Bytes(2, charsmap)) => Some(charsmap),
        _ => None,
    })
}

/// The best way to a place of the text: the piece that ends there.
#[derive(Clone, Copy)]
struct Cut {
    score: f64,
    start: usize,
    id: u32,
}
