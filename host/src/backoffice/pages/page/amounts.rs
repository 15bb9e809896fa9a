//! Numbers, sizes and lengths of time as people read them.

use serde_json::Value;

use super::{super::super::assets, Page};
use crate::skills::seen;

#[expect(clippy::unused_self, reason = "templates call everything on the page")]
impl Page {
    /// Thousands apart.
    pub fn number(&self, number: impl Whole) -> String {
        let number = number.whole();
        let digits = number.unsigned_abs().to_string();
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
        format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
    }

    /// Micro-dollars as dollars, to the last of six digits.
    pub fn dollars(&self, micros: impl Whole) -> String {
        format!("${}", crate::gateway::dollars(i64::try_from(micros.whole()).unwrap_or(i64::MAX)))
    }

    /// A part of a whole in percent.
    pub fn percent(&self, part: impl Whole, whole: impl Whole) -> String {
        let (part, whole) = (part.whole(), whole.whole());
        if whole <= 0 { "–".to_owned() } else { format!("{} %", (part * 100 + whole / 2) / whole) }
    }

    /// A size in bytes.
    pub fn bytes(&self, bytes: impl Whole) -> String {
        let bytes = bytes.whole();
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
        let scaled = |unit: i128| bytes as f64 / unit as f64;
        match bytes {
            0..1_024 => format!("{bytes} B"),
            1_024..1_048_576 => format!("{:.1} KiB", scaled(1_024)),
            _ => format!("{:.1} MiB", scaled(1_048_576)),
        }
    }

    /// A duration in microseconds.
    pub fn micros(&self, micros: impl Whole) -> String {
        let micros = micros.whole();
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let millis = micros as f64 / 1_000.0;
        match micros {
            ..10_000 => format!("{millis:.2} ms"),
            10_000..1_000_000 => format!("{millis:.0} ms"),
            _ => format!("{:.2} s", millis / 1_000.0),
        }
    }

    /// JSON as people read it, with what hides made visible.
    pub fn pretty(&self, value: &Value) -> String {
        seen(&serde_json::to_string_pretty(value).unwrap_or_default())
    }

    /// The address of a static file.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// A whole number of any type, or a reference to one, as templates give them.
pub trait Whole {
    fn whole(&self) -> i128;
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl Whole for $number {
            fn whole(&self) -> i128 {
                i128::try_from(*self).unwrap_or(i128::MAX)
            }
        }
    )*};
}

whole!(i64 u64 usize i128);

impl<T: Whole + ?Sized> Whole for &T {
    fn whole(&self) -> i128 {
        (**self).whole()
    }
}
