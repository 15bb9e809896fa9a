//! A form works only with the token that its page was given: the session's, or before the log-in
//! that of a cookie.

use axum::{
    Form,
    extract::{FromRequest, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::Arc;

use super::{
    super::{
        Backoffice,
        error::{Kind, Problem, Result},
        token::{new_secret, same_secret},
    },
    cookie,
};

const COOKIE: &str = "skillet_form";

/// Length of a secret as text; a shorter cookie is not ours.
const SECRET_CHARS: usize = 64;

/// The token that forms of this request's page carry, and must carry.
#[derive(Clone, Debug)]
pub struct FormToken(pub String);

impl FormToken {
    pub fn check(&self, given: &str) -> Result<()> {
        if same_secret(&self.0, given) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Csrf,
            "The page was open for too long, or the form is not from here. Load the page again.",
        ))
    }
}

/// Gives pages before the log-in a token, by a cookie of its own: strangers leave nothing in the database.
pub async fn form_token(State(backoffice): State<Arc<Backoffice>>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers(), COOKIE).filter(|known| known.len() == SECRET_CHARS).map(str::to_owned);
    let token = known.clone().unwrap_or_else(new_secret);
    request.extensions_mut().insert(FormToken(token.clone()));
    let mut response = next.run(request).await;
    if known.is_none() {
        let secure = if backoffice.config.http.secure_cookies { "; Secure" } else { "" };
        let line = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}");
        let value = HeaderValue::from_str(&line).expect("hex and constants are a header value");
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A form whose token was checked.
pub struct CsrfForm<T>(pub T);

#[derive(Deserialize)]
struct Carried<T> {
    #[serde(default)]
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for CsrfForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let token = request.extensions().get::<FormToken>().cloned();
        let token = token.ok_or_else(|| Problem::new(Kind::Csrf, "This page takes no forms."))?;
        let Form(carried) = Form::<Carried<T>>::from_request(request, state).await?;
        token.check(&carried.csrf)?;
        Ok(Self(carried.form))
    }
}
