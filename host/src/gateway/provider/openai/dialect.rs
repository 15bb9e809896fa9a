//! What a model takes of the format, learnt from its refusals: models that think know the bound of an answer by
//! another name, and choose their words themselves.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::ProviderError;

#[derive(Debug, Default)]
pub struct Dialect {
    /// `max_completion_tokens` in place of `max_tokens`.
    bounds_completion: AtomicBool,
    /// Neither `temperature` nor `top_p`.
    own_words: AtomicBool,
}

impl Dialect {
    /// The name of the bound of an answer.
    pub fn bound(&self) -> &'static str {
        if self.bounds_completion.load(Ordering::Relaxed) { "max_completion_tokens" } else { "max_tokens" }
    }

    pub fn takes(&self, option: &str) -> bool {
        !(matches!(option, "temperature" | "top_p") && self.own_words.load(Ordering::Relaxed))
    }

    /// Whether a refusal says something new, so that the question is worth asking again.
    pub fn learn(&self, refusal: &ProviderError) -> bool {
        let ProviderError::Status { status: 400 | 422, text, .. } = refusal else { return false };
        if text.contains("max_completion_tokens") {
            return !self.bounds_completion.swap(true, Ordering::Relaxed);
        }
        let unsupported = ["nsupported", "not support", "only the default", "deprecated"];
        if ["temperature", "top_p"].iter().any(|option| text.contains(option))
            && unsupported.iter().any(|word| text.contains(word))
        {
            return !self.own_words.swap(true, Ordering::Relaxed);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_teaches_once() {
        let refused = |status, text: &str| ProviderError::Status { status, text: text.into(), retry_after: None };
        let dialect = Dialect::default();
        assert!(dialect.bound() == "max_tokens" && dialect.takes("temperature"));
        let bound = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        assert!(!dialect.learn(&refused(500, bound)), "a fault of the server is no refusal");
        assert!(dialect.learn(&refused(400, bound)));
        assert!(!dialect.learn(&refused(400, bound)), "it was heeded, and something else is wrong");
        assert_eq!(dialect.bound(), "max_completion_tokens");
        assert!(!dialect.learn(&refused(400, "temperature must be between 0 and 2")));
        let words = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.";
        assert!(dialect.learn(&refused(400, words)));
        assert!(!dialect.takes("temperature") && !dialect.takes("top_p") && dialect.takes("seed"));
    }
}
