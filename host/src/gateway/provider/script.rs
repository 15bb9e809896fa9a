//! A model whose answers are written down, for trying a skill by itself.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::ProviderError;
use crate::gateway::Answer;

/// The answers that are left, in order. The lock is held to take one.
#[derive(Debug)]
pub struct Script(Mutex<VecDeque<String>>);

impl Script {
    pub fn new(answers: Vec<String>) -> Self {
        Self(Mutex::new(answers.into()))
    }

    pub fn next(&self) -> Result<Answer, ProviderError> {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let text = text.ok_or_else(|| ProviderError::Broken("the test has no answer left".to_owned()))?;
        Ok(Answer { text, ..Answer::default() })
    }
}
