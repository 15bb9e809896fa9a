//! People.

use futures_util::future::join_all;
use skillet::{
    ids::UserId,
    store::{Role, StoreError},
};

use crate::harness::db::{TestDb, both};

both!(
    a_name_is_one_person,
    a_new_name_in_many_places_at_once_is_one_person,
    there_is_one_owner,
    a_member_may_become_the_owner,
    who_speaks_before_there_is_an_owner_becomes_the_owner,
    nobody_on_telegram_becomes_the_owner,
    of_two_first_owners_one_wins,
    a_chat_is_of_one_person,
    a_person_chooses_language_and_zone,
    a_person_may_have_a_floor,
);

async fn a_name_is_one_person(db: TestDb) {
    let ada = db.user_named(&db.clock, "ada").await.unwrap();
    db.tick();
    let bo = db.user_named(&db.clock, "博").await.unwrap();
    assert_eq!(db.user_named(&db.clock, "ada").await.unwrap().id, ada.id);
    assert_eq!((ada.role, ada.telegram_user_id, ada.locale, ada.time_zone), (Role::Member, None, None, None));
    assert_eq!(db.user(bo.id).await.unwrap().unwrap().name, "博");
    assert!(db.user(UserId::new(&db.clock)).await.unwrap().is_none());
    let names: Vec<String> = db.users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["ada", "博"], "the first to come is the first in the list");
}

async fn a_new_name_in_many_places_at_once_is_one_person(db: TestDb) {
    let found = join_all((0..8).map(|_| db.user_named(&db.clock, "ada"))).await;
    let first = found[0].as_ref().unwrap().id;
    assert!(found.iter().all(|user| user.as_ref().unwrap().id == first));
    assert_eq!(db.users().await.unwrap().len(), 1);
}

async fn there_is_one_owner(db: TestDb) {
    assert!(db.owner().await.unwrap().is_none());
    assert!(db.owner_password().await.unwrap().is_none());
    db.person("bo").await;
    let owner = db.create_owner(&db.clock, "ada", "hash 1").await.unwrap();
    assert_eq!(db.owner().await.unwrap().unwrap().id, owner);
    assert_eq!(db.owner().await.unwrap().unwrap().role, Role::Owner);
    assert!(matches!(db.create_owner(&db.clock, "eve", "hash 2").await, Err(StoreError::Taken(_))));
    assert_eq!(db.owner_password().await.unwrap().as_deref(), Some("hash 1"));
    db.set_owner_password("hash 3").await.unwrap();
    assert_eq!(db.owner_password().await.unwrap().as_deref(), Some("hash 3"));
    assert_eq!(db.user_named(&db.clock, "ada").await.unwrap().id, owner, "the owner is found by name like anybody");
}

/// Whoever tried `skillet chat` before setting a password has a name already.
async fn a_member_may_become_the_owner(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    assert_eq!(db.create_owner(&db.clock, "ada", "hash 1").await.unwrap(), ada);
    assert_eq!(db.owner().await.unwrap().unwrap().id, ada);
    for name in ["ada", "bo"] {
        assert!(matches!(db.create_owner(&db.clock, name, "hash 2").await, Err(StoreError::Taken(_))));
    }
    assert_eq!(db.user(bo).await.unwrap().unwrap().role, Role::Member);
    assert_eq!(db.owner_password().await.unwrap().as_deref(), Some("hash 1"));
}

async fn who_speaks_before_there_is_an_owner_becomes_the_owner(db: TestDb) {
    let first = db.owner_or_first(&db.clock).await.unwrap();
    assert_eq!(first.role, Role::Member);
    assert_eq!(db.owner_or_first(&db.clock).await.unwrap().id, first.id);
    assert_eq!(db.create_owner(&db.clock, "ada", "hash 1").await.unwrap(), first.id, "with all that was said");
    let owner = db.owner_or_first(&db.clock).await.unwrap();
    assert_eq!((owner.id, owner.name.as_str(), owner.role), (first.id, "ada", Role::Owner));
}

/// Whoever is behind the chat would be the owner there.
async fn nobody_on_telegram_becomes_the_owner(db: TestDb) {
    let (first, ada) = (db.owner_or_first(&db.clock).await.unwrap().id, db.person("ada").await);
    db.link_telegram(first, Some(7)).await.unwrap();
    db.link_telegram(ada, Some(8)).await.unwrap();
    let refused = db.create_owner(&db.clock, "ada", "hash 1").await.unwrap_err();
    assert!(refused.to_string().contains("of this name"), "{refused}");
    let refused = db.create_owner(&db.clock, "owner", "hash 1").await.unwrap_err();
    assert!(refused.to_string().contains("of this name"), "{refused}");
    assert!(db.owner().await.unwrap().is_none() && db.owner_password().await.unwrap().is_none());
    let owner = db.create_owner(&db.clock, "cy", "hash 1").await.unwrap();
    assert!(owner != first && owner != ada);
    for id in [first, ada] {
        assert_eq!(db.user(id).await.unwrap().unwrap().role, Role::Member);
    }
    assert_eq!(db.user(first).await.unwrap().unwrap().name, "owner");
}

async fn of_two_first_owners_one_wins(db: TestDb) {
    let other = db.another().await;
    let (one, two) =
        tokio::join!(db.create_owner(&db.clock, "ada", "hash 1"), other.create_owner(&db.clock, "eve", "hash 2"));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(matches!(one.and(two), Err(StoreError::Taken(_))));
}

async fn a_chat_is_of_one_person(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    assert!(db.user_on_telegram(7).await.unwrap().is_none());
    db.link_telegram(ada, Some(7)).await.unwrap();
    db.link_telegram(ada, Some(7)).await.unwrap();
    let found = db.user_on_telegram(7).await.unwrap().unwrap();
    assert_eq!((found.id, found.telegram_user_id), (ada, Some(7)));
    assert!(matches!(db.link_telegram(bo, Some(7)).await, Err(StoreError::Taken(_))));
    db.link_telegram(bo, Some(-8)).await.unwrap();
    assert_eq!(db.user_on_telegram(-8).await.unwrap().unwrap().id, bo);
    db.link_telegram(ada, None).await.unwrap();
    assert!(db.user_on_telegram(7).await.unwrap().is_none());
    db.link_telegram(bo, Some(7)).await.unwrap();
    assert_eq!(db.user_on_telegram(7).await.unwrap().unwrap().id, bo);
    assert!(db.user_on_telegram(-8).await.unwrap().is_none());
}

async fn a_person_chooses_language_and_zone(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let place = async |id| {
        let user = db.user(id).await.unwrap().unwrap();
        (user.locale, user.time_zone)
    };
    db.set_user_place(ada, Some("zh"), Some("Asia/Taipei")).await.unwrap();
    assert_eq!(place(ada).await, (Some("zh".into()), Some("Asia/Taipei".into())));
    assert_eq!(place(bo).await, (None, None));
    db.set_user_place(ada, None, Some("Europe/Berlin")).await.unwrap();
    assert_eq!(place(ada).await, (None, Some("Europe/Berlin".into())));
}

async fn a_person_may_have_a_floor(db: TestDb) {
    let (ada, bo) = (db.person("ada").await, db.person("bo").await);
    let floor = async |id| db.user(id).await.unwrap().unwrap().tier_floor;
    db.set_tier_floor(ada, Some("large")).await.unwrap();
    assert_eq!((floor(ada).await.as_deref(), floor(bo).await), (Some("large"), None));
    assert!(db.set_tier_floor(ada, Some("huge")).await.is_err());
    db.set_tier_floor(ada, None).await.unwrap();
    assert_eq!(floor(ada).await, None);
}
