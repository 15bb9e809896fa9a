//! What models cost. Money is counted in whole micro-dollars, prices in micro-dollars for a million
//! tokens of each class.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use super::Tokens;
use crate::{config::ListedPrice, store::PriceRow};

/// Prices that ship with the host.
const BUNDLED: &str = include_str!("../../prices.toml");

static BUNDLED_PRICES: LazyLock<BTreeMap<String, Price>> = LazyLock::new(|| {
    let listed: BTreeMap<String, ListedPrice> = toml::from_str(BUNDLED).expect("the bundled prices are tested");
    listed.into_iter().filter_map(|(model, listed)| Some((model, Price::listed(&listed)?))).collect()
});

/// Micro-dollars for a million tokens of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Input that no cache of the provider had.
    pub input: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub output: i64,
}

impl Price {
    /// `None` for a price that is out of bounds.
    pub fn listed(listed: &ListedPrice) -> Option<Self> {
        let [input, cache_read, cache_write, output] = listed.micros()?;
        Some(Self { input, cache_read, cache_write, output })
    }

    /// What these tokens cost, rounded up.
    pub fn cost(&self, tokens: &Tokens) -> i64 {
        let classes = [
            (tokens.fresh(), self.input),
            (tokens.cached, self.cache_read),
            (tokens.cache_write, self.cache_write),
            (tokens.output, self.output),
        ];
        let total: i128 = classes.into_iter().map(|(count, price)| i128::from(count) * i128::from(price)).sum();
        i64::try_from((total + 999_999) / 1_000_000).unwrap_or(i64::MAX)
    }

    /// What a call costs at most: all of its input at the dearest class.
    pub fn bound(&self, input: i64, output: i64) -> i64 {
        let dearest = self.input.max(self.cache_write);
        Self { input: dearest, ..*self }.cost(&Tokens { input, output, ..Tokens::default() })
    }
}

/// Where a price is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// Set on the page or by the interface.
    Owner,
    /// Set in the settings file.
    File,
    /// Came with the host.
    Bundled,
}

impl PriceSource {
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::File => "file",
            Self::Bundled => "bundled",
        }
    }
}

/// Prices by model: those that the owner set, then those of the settings file, then the bundled ones.
#[derive(Debug, Default)]
pub struct Prices {
    file: BTreeMap<String, Price>,
    /// Read from the database; held only to look and to replace.
    owner: RwLock<BTreeMap<String, Price>>,
}

impl Prices {
    pub fn new(file: &BTreeMap<String, ListedPrice>) -> Self {
        let price = |(model, listed): (&String, &ListedPrice)| Some((model.clone(), Price::listed(listed)?));
        Self { file: file.iter().filter_map(price).collect(), owner: RwLock::default() }
    }

    /// Takes over what the owner has set.
    pub fn replace(&self, rows: Vec<PriceRow>) {
        let price = |row: &PriceRow| Price {
            input: row.input,
            cache_read: row.cache_read,
            cache_write: row.cache_write,
            output: row.output,
        };
        let prices = rows.into_iter().map(|row| (row.model.clone(), price(&row))).collect();
        *self.owner.write().unwrap_or_else(PoisonError::into_inner) = prices;
    }

    /// The price of a model, if there is one anywhere.
    pub fn of(&self, model: &str) -> Option<Price> {
        self.found(model).map(|(price, _)| price)
    }

    /// The price of a model, and where it is from.
    pub fn found(&self, model: &str) -> Option<(Price, PriceSource)> {
        let owner = self.owner.read().unwrap_or_else(PoisonError::into_inner);
        let lists =
            [(&*owner, PriceSource::Owner), (&self.file, PriceSource::File), (&*BUNDLED_PRICES, PriceSource::Bundled)];
        names(model)
            .into_iter()
            .find_map(|name| lists.iter().find_map(|(list, source)| Some((*list.get(name)?, *source))))
    }
}

/// Names that a model may be listed under: as it is, without its vendor, without its date.
fn names(model: &str) -> Vec<&str> {
    let bare = model.rsplit_once('/').map_or(model, |(_, name)| name);
    let mut names = vec![model, bare];
    // "-2024-08-06" and "-20250929" behind a name are dates.
    for (digits, length) in [("-0000-00-00", 11), ("-00000000", 9)] {
        if let Some((name, end)) = bare.len().checked_sub(length).and_then(|at| bare.split_at_checked(at)) {
            let dated = end.chars().zip(digits.chars()).all(|(is, like)| match like {
                '0' => is.is_ascii_digit(),
                mark => is == mark,
            });
            if dated {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_by_their_names() {
        let prices = Prices::default();
        let mini = prices.of("gpt-4o-mini").unwrap();
        assert_eq!(mini, Price { input: 150_000, cache_read: 75_000, cache_write: 150_000, output: 600_000 });
        for name in ["openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18"] {
            assert_eq!(prices.of(name), Some(mini), "{name}");
        }
        assert!(prices.of("claude-sonnet-4-5-20250929").is_some_and(|price| price.cache_write == 3_750_000));
        assert_eq!(prices.of("a-model-of-our-own"), None);
        assert_eq!(prices.of(""), None);
    }

    #[test]
    fn the_owner_goes_before_the_file_and_the_file_before_the_bundle() {
        let listed = |input: i64| Price { input, ..Price::default() };
        let mut prices = Prices::default();
        prices.file.insert("gpt-4o".to_owned(), listed(7));
        assert_eq!(prices.of("gpt-4o"), Some(listed(7)));
        let row = PriceRow { model: "gpt-4o".into(), input: 9, cache_read: 0, cache_write: 0, output: 0 };
        prices.replace(vec![row]);
        assert_eq!(prices.of("gpt-4o"), Some(listed(9)));
    }

    #[test]
    fn each_class_has_its_price_and_parts_are_rounded_up() {
        let price = Price { input: 3_000_000, cache_read: 300_000, cache_write: 3_750_000, output: 15_000_000 };
        let tokens = Tokens { input: 1_000, cached: 600, cache_write: 300, output: 10 };
        // 100 fresh, 600 read, 300 written: 300 + 180 + 1125, and 150 for the output.
        assert_eq!(price.cost(&tokens), 1_755);
        assert_eq!(price.cost(&Tokens { input: 1, ..Tokens::default() }), 3);
        assert_eq!(Price { input: 1, ..Price::default() }.cost(&Tokens { input: 1, ..Tokens::default() }), 1);
        assert!(price.bound(1_000, 10) >= price.cost(&tokens));
        assert_eq!(Price::default().cost(&tokens), 0);
    }
}
