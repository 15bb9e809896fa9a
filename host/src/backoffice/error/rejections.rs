//! What axum could not read of a request.

use axum::{
    extract::rejection::{BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection},
    http::StatusCode,
};

use super::{Kind, Problem};

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let kind = match &rejection {
            JsonRejection::JsonDataError(_) => Kind::InvalidBody,
            JsonRejection::JsonSyntaxError(_) => Kind::InvalidJson,
            JsonRejection::MissingJsonContentType(_) => Kind::UnsupportedMedia,
            other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            _ => Kind::InvalidJson,
        };
        Self::new(kind, rejection.body_text())
    }
}

impl From<FormRejection> for Problem {
    fn from(rejection: FormRejection) -> Self {
        let large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(if large { Kind::TooLarge } else { Kind::InvalidForm }, rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(if large { Kind::TooLarge } else { Kind::InvalidForm }, rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(Kind::InvalidQuery, rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Kind::NotFound, rejection.body_text())
    }
}
