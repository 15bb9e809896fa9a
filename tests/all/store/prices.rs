//! Prices that the owner has set.

use skillet::store::PriceRow;

use crate::harness::db::{TestDb, both};

both!(prices_are_replaced_as_a_set);

async fn prices_are_replaced_as_a_set(db: TestDb) {
    assert!(db.prices().await.unwrap().is_empty());
    let price =
        |model: &str, input: i64| PriceRow { model: model.into(), input, cache_read: 1, cache_write: 2, output: 3 };
    let both = [price("a", 10), price("b", 20)];
    db.set_prices(&db.clock, &both).await.unwrap();
    assert_eq!(db.prices().await.unwrap(), both);
    db.set_prices(&db.clock, &[price("b", 30)]).await.unwrap();
    assert_eq!(db.prices().await.unwrap(), [price("b", 30)]);
    assert!(db.set_prices(&db.clock, &[price("c", -1)]).await.is_err(), "a price is not negative");
    assert_eq!(db.prices().await.unwrap(), [price("b", 30)], "what was there stays");
}
