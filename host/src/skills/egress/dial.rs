//! From a granted name to a connection: one lookup, and only addresses that may be dialled.

use futures_util::future::BoxFuture;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect, retry,
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use super::{
    address::{Reach, reach},
    answer::{MAX_HEADER_BYTES, MAX_HEADERS},
    lines::LINES,
};

/// Finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Until TCP and TLS stand. Shorter than most calls have, so that a dead server is told from a slow one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a connection is kept that nobody uses.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 16;

/// A name that leads to where this skill may not go.
#[derive(Debug, thiserror::Error)]
#[error("{}", refused(.name, *.reach))]
pub struct Forbidden {
    name: String,
    reach: Reach,
}

/// The words of a refusal, with the remedy if there is one. The address is left out: it would tell
/// a guest about the owner's network.
pub fn refused(host: &str, reach: Reach) -> String {
    match reach {
        Reach::Public | Reach::Private => format!(
            "`{host}` has an address that is not public; if it is to be reached, the owner of this host lists it in \
             `skills.private_hosts` of the settings"
        ),
        Reach::Never => format!("`{host}` has an address that no skill may reach"),
    }
}

/// The lookup of the operating system.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    })
}

/// A client that dials what is public, or with `private` also what is not.
///
/// The client asks its resolver once for a connection and dials what it answers, so that the address
/// that was checked is the one that is used. It does not ask about addresses in URLs.
pub fn client(lookup: Lookup, private: bool, roots: &[reqwest::Certificate]) -> reqwest::Result<Client> {
    let mut builder = Client::builder()
        .dns_resolver(Arc::new(Resolver { lookup, private }))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .user_agent(concat!("skillet/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(LINES)
        .tcp_nodelay(true)
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEADER_BYTES);
    if !roots.is_empty() {
        builder = builder.tls_certs_only(roots.iter().cloned());
    }
    builder.build()
}

struct Resolver {
    lookup: Lookup,
    private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, private) = (self.lookup.clone(), self.private);
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let addresses = if is_localhost(&name) {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            } else {
                lookup(name.clone()).await?
            };
            // One bad address refuses them all: a server that names such a one means no good.
            for address in &addresses {
                match reach(*address) {
                    Reach::Public => {}
                    Reach::Private if private => {}
                    reach => return Err(Forbidden { name, reach }.into()),
                }
            }
            if addresses.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            let addresses = addresses.into_iter().take(MAX_ADDRESSES).map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Names that are this machine by definition, whatever a resolver says.
pub fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}
