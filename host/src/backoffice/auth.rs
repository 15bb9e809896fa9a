//! Who is there, and what they may do: the owner by a session, a program by a token.

mod attempts;
mod csrf;
mod known;
mod password;
mod sessions;

pub use attempts::Attempts;
pub use csrf::{CsrfForm, FormToken, form_token};
pub use known::{KnownTokens, known_tokens};
pub use password::{MIN_PASSWORD_CHARS, hash_password, verify_password};
pub use sessions::{log_in, log_out, session_layer};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::{convert::Infallible, net::SocketAddr, sync::Arc};
use tower_sessions::Session;

use super::{
    Backoffice,
    error::{Kind, Problem, Result},
    token::{Scope, hash_token, same_secret},
};
use crate::ids::{TokenId, UserId};

/// Who makes a request.
#[derive(Clone, Debug)]
pub enum Actor {
    Owner(UserId),
    Token { id: TokenId, name: String, scopes: Vec<String> },
}

impl Actor {
    /// How the audit log names them.
    pub fn name(&self) -> String {
        match self {
            Self::Owner(_) => "owner".to_owned(),
            Self::Token { name, .. } => format!("token {name}"),
        }
    }

    /// The token of the request, where it came in with one.
    pub fn token(&self) -> Option<TokenId> {
        match self {
            Self::Owner(_) => None,
            Self::Token { id, .. } => Some(*id),
        }
    }

    pub fn may(&self, scope: Scope) -> Result<()> {
        match self {
            Self::Token { scopes, .. } if !scope.is_in(scopes) => {
                let detail = format!("This needs a token with the scope `{0}` (or `admin`).", scope.word());
                Err(Problem::new(Kind::MissingScope, detail).with("scope", scope.word()))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(Kind::Unauthorized, NEEDED))
    }
}

const NEEDED: &str = "Send `Authorization: Bearer skt_…` with a token made by `skillet token create` or on the page \
                      Settings; what the pages ask for may come with their session instead.";

/// Where a request comes from; `None` when the server does not say.
pub struct Peer(pub Option<SocketAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0)))
    }
}

/// The guard of the API: a token with the scope, or the owner's session with its form token.
pub async fn api(
    State((backoffice, scope)): State<(Arc<Backoffice>, Scope)>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let actor = match bearer(request.headers()) {
        Some(secret) => by_token(&backoffice, secret).await?,
        None => by_session(&backoffice, &session, request.method(), request.headers()).await?,
    };
    actor.may(scope)?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// The guard of what only programs call: a token with the scope.
pub async fn program(
    State((backoffice, scope)): State<(Arc<Backoffice>, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let actor = token(&backoffice, request.headers(), scope).await?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// Who has the token that a request carries, if it has this scope.
pub async fn token(backoffice: &Backoffice, headers: &HeaderMap, scope: Scope) -> Result<Actor> {
    let secret = bearer(headers).ok_or_else(|| Problem::new(Kind::Unauthorized, NEEDED))?;
    let actor = by_token(backoffice, secret).await?;
    actor.may(scope)?;
    Ok(actor)
}

/// The guard of the pages: to the set-up while there is no owner, to the log-in without a session.
pub async fn page(
    State(backoffice): State<Arc<Backoffice>>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let Some((owner, token)) = sessions::owner(&backoffice, &session).await? else {
        return Ok(match backoffice.db.owner().await? {
            None => Redirect::to("/setup").into_response(),
            Some(_) if request.method() == Method::GET && request.uri().path() != "/" => {
                let next = request.uri().path().replace('%', "%25");
                Redirect::to(&format!("/login?next={next}")).into_response()
            }
            Some(_) => Redirect::to("/login").into_response(),
        });
    };
    request.extensions_mut().insert(Actor::Owner(owner));
    request.extensions_mut().insert(FormToken(token));
    Ok(next.run(request).await)
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}

async fn by_token(backoffice: &Backoffice, secret: &str) -> Result<Actor> {
    let hash = hash_token(secret);
    if let Some(actor) = backoffice.known_tokens.get(&hash) {
        return Ok(actor);
    }
    let looking = backoffice.known_tokens.begin();
    let token = backoffice.db.use_token(&backoffice.clock, &hash).await?;
    let token = token.ok_or_else(|| Problem::new(Kind::Unauthorized, "This token is unknown or was revoked."))?;
    let actor = Actor::Token { id: token.id, name: token.name, scopes: token.scopes.0 };
    backoffice.known_tokens.keep(looking, &hash, actor.clone());
    Ok(actor)
}

async fn by_session(backoffice: &Backoffice, session: &Session, method: &Method, headers: &HeaderMap) -> Result<Actor> {
    let Some((owner, token)) = sessions::owner(backoffice, session).await? else {
        return Err(Problem::new(Kind::Unauthorized, NEEDED));
    };
    let given = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if method.is_safe() || same_secret(given, &token) {
        return Ok(Actor::Owner(owner));
    }
    Err(Problem::new(Kind::Csrf, "With a session, send the page's token in the header `x-csrf-token`."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn cookies_and_tokens_are_read_from_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; skillet_lang=zh"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer skt_1 "));
        assert_eq!(cookie(&headers, "skillet_lang"), Some("zh"));
        assert_eq!(cookie(&headers, "lang"), None);
        assert_eq!(bearer(&headers), Some("skt_1"));
    }
}
