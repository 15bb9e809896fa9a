//! How domain types travel as columns: ids as UUIDs, states as their words.

use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};
use uuid::Uuid;

use crate::ids::{
    ApprovalId, BudgetId, CallId, ConversationId, CounterId, EpisodeId, FactId, FileId, FoldingId, HostId, JobId,
    MessageId, ModelCallId, OutboxId, PairingId, RungChangeId, TokenId, TurnId, UserId, WorkflowId,
};

macro_rules! uuid_columns {
    ($($name:ident)*) => {$(
        impl<DB: Database> Type<DB> for $name
        where
            Uuid: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <Uuid as Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <Uuid as Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: Database> Encode<'q, DB> for $name
        where
            Uuid: Encode<'q, DB>,
        {
            fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                self.0.encode_by_ref(buffer)
            }
        }

        impl<'r, DB: Database> Decode<'r, DB> for $name
        where
            Uuid: Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
                Uuid::decode(value).map(Self)
            }
        }
    )*};
}

uuid_columns! {
    UserId ConversationId MessageId TurnId FactId EpisodeId CallId ModelCallId JobId TokenId HostId OutboxId
    PairingId FileId FoldingId ApprovalId WorkflowId BudgetId CounterId RungChangeId
}

/// An enum whose variants are kept as words. `word` and `from_word` are made from one list.
macro_rules! word_column {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            /// The word in tables, in JSON and in addresses.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The value that a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            str: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <str as sqlx::Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <str as sqlx::Type<DB>>::compatible(ty)
            }
        }

        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            &'static str: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut DB::ArgumentBuffer,
            ) -> std::result::Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                self.word().encode_by_ref(buffer)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            String: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> std::result::Result<Self, sqlx::error::BoxDynError> {
                let word = String::decode(value)?;
                Self::from_word(&word).ok_or_else(|| format!("unknown state \"{word}\"").into())
            }
        }
    };
}
pub(super) use word_column;
