//! How often a password or a code may be tried.

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, QuantaInstant},
};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

use super::super::error::{Kind, Problem, Result};

/// Tries a minute from one address, and from all together: a botnet guesses no faster than that.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const FROM_ALL: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// Counts tries at the log-in and at the set-up.
#[derive(Debug)]
pub struct Attempts {
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    all: DefaultDirectRateLimiter,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            by_address: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS)),
            all: RateLimiter::direct(Quota::per_minute(FROM_ALL)),
        }
    }
}

impl Attempts {
    /// Counts a try; refuses it when there were too many.
    pub fn count(&self, peer: Option<SocketAddr>) -> Result<()> {
        self.by_address.retain_recent();
        self.by_address.check_key(&network(peer)).map_err(|until| too_many(&until))?;
        self.all.check().map_err(|until| too_many(&until))
    }
}

/// One person holds a whole /64 of IPv6.
fn network(peer: Option<SocketAddr>) -> IpAddr {
    match peer.map(|peer| peer.ip().to_canonical()) {
        Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Some(address) => address,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn too_many(until: &NotUntil<QuantaInstant>) -> Problem {
    let seconds = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
    Problem::new(Kind::TooManyAttempts, format!("Try again in {seconds} s.")).with("retry_after_s", seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_runs_out_of_tries_and_others_do_not() {
        let attempts = Attempts::default();
        let [one, other] = ["10.0.0.1:1", "10.0.0.2:1"].map(|peer| Some(peer.parse().unwrap()));
        let refused = (0..20).filter(|_| attempts.count(one).is_err()).count();
        assert_eq!(refused, 10);
        assert!(attempts.count(other).is_ok());
    }
}
