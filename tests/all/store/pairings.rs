//! Strangers: what they ask, and what the owner says.

use chrono::Duration;
use futures_util::future::join_all;
use skillet::{
    ids::{PairingId, UserId},
    store::{Admission, ChatKind, Db, Pairing, PairingStatus, Role},
};

use crate::harness::db::{TestDb, both, notice};

both!(
    a_request_is_taken_once,
    at_most_so_many_wait,
    of_many_who_ask_at_once_no_more_wait,
    a_request_that_has_run_out_is_made_anew,
    who_was_turned_away_is_not_heard_again,
    who_is_admitted_is_linked_and_told_once,
    of_two_decisions_at_once_one_holds,
    the_owner_is_linked_to_one_chat,
    a_name_that_is_taken_is_told_apart,
    two_strangers_of_one_name_admitted_at_once_are_two_people,
    who_was_unlinked_asks_again,
    a_group_is_nobodys_phone,
    a_group_that_is_brought_along_is_a_person_of_its_own,
    a_chosen_name_takes_nobodys_place,
    a_group_that_moves_takes_along_what_was_said_of_it,
);

/// A stranger in a chat, as they ask at this moment.
fn stranger(db: &TestDb, chat_id: i64, name: &str) -> Pairing {
    Pairing {
        id: PairingId::new(&db.clock),
        chat_id,
        kind: ChatKind::Private,
        name: name.into(),
        locale: "zh".into(),
        code: format!("code {chat_id}"),
        status: PairingStatus::Pending,
        decided_by: None,
        decided_at: None,
        created_at: db.clock.now(),
        expires_at: db.clock.now() + Duration::hours(1),
    }
}

/// An update that asks; the notices have its key, one to the stranger and one to the owner.
async fn request(db: &TestDb, update: i64, pairing: &Pairing, most: i64) -> bool {
    db.updates_come(&[update]).await;
    let key = format!("update {update}");
    let said =
        [notice(&format!("ask:{key}"), pairing.chat_id, "Wait."), notice(&format!("owner:{key}"), 1, "Somebody asks.")];
    db.request_pairing(&db.clock, &key, (pairing, most), &said).await.unwrap()
}

/// A request of this chat that is open.
async fn asked(db: &TestDb, chat_id: i64, name: &str) -> PairingId {
    let pairing = stranger(db, chat_id, name);
    assert!(request(db, 1000 + chat_id, &pairing, 10).await);
    pairing.id
}

async fn approve(db: &Db, on: &TestDb, id: PairingId, admission: &Admission) -> Option<UserId> {
    let said = notice(&format!("paired:{id}"), 7, "Welcome.");
    db.approve_pairing(&on.clock, (id, "ada"), admission, &said).await.unwrap()
}

async fn admit(db: &TestDb, id: PairingId, name: &str) -> Option<UserId> {
    approve(db, db, id, &Admission::Member(name.into())).await
}

async fn said(db: &TestDb) -> Vec<String> {
    db.rows("SELECT key FROM outbox ORDER BY id").await
}

async fn a_request_is_taken_once(db: TestDb) {
    let bo = stranger(&db, 7, "博");
    let said_to = [notice("ask", 7, "Wait.")];
    assert!(!db.request_pairing(&db.clock, "update 1", (&bo, 10), &said_to).await.unwrap(), "it never came");
    assert!(request(&db, 1, &bo, 10).await);
    assert_eq!(said(&db).await, ["ask:update 1", "owner:update 1"]);
    assert!(db.waiting_updates(&[], 10).await.unwrap().is_empty());
    let found = db.pairing(bo.id).await.unwrap().unwrap();
    assert_eq!((found.chat_id, found.kind, found.status), (7, ChatKind::Private, PairingStatus::Pending));
    assert_eq!((found.name.as_str(), found.locale.as_str(), found.code.as_str()), ("博", "zh", "code 7"));
    assert_eq!((found.created_at, found.expires_at, found.decided_by), (bo.created_at, bo.expires_at, None));
    assert!(db.pairing(PairingId::new(&db.clock)).await.unwrap().is_none());

    db.tick();
    assert!(!request(&db, 2, &stranger(&db, 7, "again"), 10).await, "theirs is still open");
    assert!(!request(&db, 1, &stranger(&db, 8, "another"), 10).await, "this update was worked on");
    assert!(db.waiting_updates(&[], 10).await.unwrap().is_empty(), "what is refused is over, too");
    assert_eq!(said(&db).await.len(), 2, "and nothing is said");

    let cy = stranger(&db, 9, "cy");
    assert!(request(&db, 3, &cy, 10).await);
    let ids: Vec<PairingId> = db.pairings(10).await.unwrap().iter().map(|pairing| pairing.id).collect();
    assert_eq!(ids, [cy.id, bo.id], "the newest comes first");
    assert_eq!(db.pairings(1).await.unwrap().len(), 1);
}

async fn at_most_so_many_wait(db: TestDb) {
    let one = stranger(&db, 1, "one");
    assert!(request(&db, 1, &one, 2).await);
    assert!(request(&db, 2, &stranger(&db, 2, "two"), 2).await);
    assert!(!request(&db, 3, &stranger(&db, 3, "three"), 2).await);
    assert_eq!(said(&db).await.len(), 4);
    assert!(db.deny_pairing(&db.clock, one.id, "ada").await.unwrap());
    assert!(request(&db, 4, &stranger(&db, 3, "three"), 2).await, "one was decided");
    assert!(!request(&db, 5, &stranger(&db, 4, "four"), 2).await);
    db.clock.advance(Duration::hours(2));
    assert!(request(&db, 6, &stranger(&db, 4, "four"), 2).await, "the others have run out");
}

/// A crowd of accounts writes in the same moment.
async fn of_many_who_ask_at_once_no_more_wait(db: TestDb) {
    let others = [db.another().await, db.another().await];
    let crowd: Vec<i64> = (1..=24).collect();
    db.updates_come(&crowd).await;
    let asking = crowd.iter().map(|chat| {
        let (host, pairing) = (&others[usize::try_from(*chat).unwrap() % 2], stranger(&db, *chat, "somebody"));
        let db = &db;
        async move {
            let said = [notice(&format!("ask:{chat}"), *chat, "Wait.")];
            host.request_pairing(&db.clock, &format!("update {chat}"), (&pairing, 3), &said).await.unwrap()
        }
    });
    let taken = join_all(asking).await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 3);
    assert_eq!(said(&db).await.len(), 3);
    assert!(db.waiting_updates(&[], 10).await.unwrap().is_empty());
}

async fn a_request_that_has_run_out_is_made_anew(db: TestDb) {
    let first = stranger(&db, 7, "bo");
    assert!(request(&db, 1, &first, 1).await);
    db.clock.advance(Duration::hours(1));
    assert_eq!(admit(&db, first.id, "bo").await, None);
    assert!(!db.deny_pairing(&db.clock, first.id, "ada").await.unwrap());
    let mut second = stranger(&db, 7, "Bo");
    second.code = "another".into();
    assert!(request(&db, 2, &second, 1).await);
    assert!(db.pairing(first.id).await.unwrap().is_none(), "a button under the first does nothing");
    let found = db.pairing(second.id).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.code.as_str(), found.expires_at), ("Bo", "another", second.expires_at));
    assert_eq!(said(&db).await.len(), 4);
    assert!(admit(&db, second.id, "bo").await.is_some());
}

async fn who_was_turned_away_is_not_heard_again(db: TestDb) {
    let id = asked(&db, 7, "eve").await;
    assert!(db.deny_pairing(&db.clock, id, "ada").await.unwrap());
    assert!(!db.deny_pairing(&db.clock, id, "ada").await.unwrap());
    assert_eq!(admit(&db, id, "eve").await, None);
    let found = db.pairing(id).await.unwrap().unwrap();
    assert_eq!((found.status, found.decided_by.as_deref()), (PairingStatus::Denied, Some("ada")));
    assert_eq!(found.decided_at, Some(db.clock.now()));
    let before = said(&db).await;
    assert!(!request(&db, 1, &stranger(&db, 7, "eve"), 10).await);
    db.clock.advance(Duration::days(30));
    assert!(!request(&db, 2, &stranger(&db, 7, "eve"), 10).await);
    assert_eq!(said(&db).await, before);
    assert!(db.waiting_updates(&[], 10).await.unwrap().is_empty());
    assert!(db.users().await.unwrap().is_empty());
}

async fn who_is_admitted_is_linked_and_told_once(db: TestDb) {
    let id = asked(&db, 7, "bo").await;
    assert!(db.user_on_telegram(7).await.unwrap().is_none());
    let bo = admit(&db, id, "博").await.unwrap();
    let user = db.user_on_telegram(7).await.unwrap().unwrap();
    assert_eq!((user.id, user.name.as_str(), user.role, user.created_at), (bo, "博", Role::Member, db.clock.now()));
    let found = db.pairing(id).await.unwrap().unwrap();
    assert_eq!((found.status, found.decided_by.as_deref()), (PairingStatus::Approved, Some("ada")));
    assert_eq!(said(&db).await.last(), Some(&format!("paired:{id}")));

    let before = said(&db).await;
    assert_eq!(admit(&db, id, "another").await, None);
    assert!(!db.deny_pairing(&db.clock, id, "ada").await.unwrap());
    assert_eq!(admit(&db, PairingId::new(&db.clock), "another").await, None);
    assert_eq!(said(&db).await, before);
    assert_eq!(db.users().await.unwrap().len(), 1);
}

/// The owner presses the button on Telegram and on the page.
async fn of_two_decisions_at_once_one_holds(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    let id = asked(&db, 7, "bo").await;
    let bo = Admission::Member("bo".into());
    let (admitted, denied) = tokio::join!(
        join_all((0..4).map(|n| approve(hosts[n % 2], &db, id, &bo))),
        other.deny_pairing(&db.clock, id, "ada")
    );
    let admitted = admitted.into_iter().flatten().count();
    assert_eq!(admitted + usize::from(denied.unwrap()), 1);
    assert_eq!(db.user_on_telegram(7).await.unwrap().is_some(), admitted == 1);
}

async fn the_owner_is_linked_to_one_chat(db: TestDb) {
    let owner = db.create_owner(&db.clock, "ada", "hash").await.unwrap();
    for chat in [7, 8] {
        let id = asked(&db, chat, "Ada's phone").await;
        assert_eq!(approve(&db, &db, id, &Admission::Owner(owner)).await, Some(owner));
        let linked = db.user_on_telegram(chat).await.unwrap().unwrap();
        assert_eq!((linked.id, linked.role, linked.name.as_str()), (owner, Role::Owner, "ada"));
    }
    assert!(db.user_on_telegram(7).await.unwrap().is_none(), "an earlier phone is not the owner's any more");
    assert_eq!(db.users().await.unwrap().len(), 1);
}

/// People call themselves what they like: a name must not lead to what somebody else said.
async fn a_name_that_is_taken_is_told_apart(db: TestDb) {
    let owner = db.create_owner(&db.clock, "ada", "hash").await.unwrap();
    let cy = db.person("cy").await;
    for (chat, name) in [(7, "ada"), (8, "cy"), (9, "bo"), (10, "bo")] {
        let id = asked(&db, chat, name).await;
        admit(&db, id, name).await.unwrap();
    }
    let mut names = Vec::new();
    for chat in 7..=10 {
        let user = db.user_on_telegram(chat).await.unwrap().unwrap();
        assert!(user.id != owner && user.id != cy && user.role == Role::Member);
        names.push(user.name);
    }
    assert_eq!(names, ["ada (7)", "cy (8)", "bo", "bo (10)"]);
    assert_eq!(db.user(owner).await.unwrap().unwrap().telegram_user_id, None);
    assert_eq!(db.user(cy).await.unwrap().unwrap().telegram_user_id, None);
}

async fn two_strangers_of_one_name_admitted_at_once_are_two_people(db: TestDb) {
    let other = db.another().await;
    let hosts: [&Db; 2] = [&db, &other];
    let bo = Admission::Member("bo".into());
    let mut asking = Vec::new();
    for chat in 1..=6 {
        asking.push(asked(&db, chat, "bo").await);
    }
    let admitted = join_all(asking.iter().enumerate().map(|(n, id)| approve(hosts[n % 2], &db, *id, &bo))).await;
    for (chat, user) in (1..).zip(admitted) {
        let linked = db.user_on_telegram(chat).await.unwrap().unwrap();
        assert_eq!(Some(linked.id), user);
    }
    assert_eq!(db.users().await.unwrap().len(), 6);
}

async fn who_was_unlinked_asks_again(db: TestDb) {
    let first = asked(&db, 7, "bo").await;
    db.person("bo").await;
    let bo = admit(&db, first, "bo").await.unwrap();
    db.link_telegram(bo, None).await.unwrap();
    let again = stranger(&db, 7, "bo");
    assert!(request(&db, 1, &again, 10).await);
    let open = db.pairing(again.id).await.unwrap().unwrap();
    assert_eq!((open.decided_by, open.decided_at), (None, None));
    assert_eq!(admit(&db, again.id, "bo").await, Some(bo), "who was behind this chat under this name is found again");

    let cy = stranger(&db, 7, "cy");
    assert!(request(&db, 2, &cy, 10).await);
    let cy = admit(&db, cy.id, "cy").await.unwrap();
    assert_eq!(db.user_on_telegram(7).await.unwrap().unwrap().id, cy, "a chat is of one person");
    assert_eq!(db.user(bo).await.unwrap().unwrap().telegram_user_id, None);
}

/// Everybody in it would be the owner.
async fn a_group_is_nobodys_phone(db: TestDb) {
    let owner = db.create_owner(&db.clock, "ada", "hash").await.unwrap();
    let group = Pairing { kind: ChatKind::Group, ..stranger(&db, -7, "Team") };
    assert!(request(&db, 1, &group, 10).await);
    assert_eq!(approve(&db, &db, group.id, &Admission::Owner(owner)).await, None);
    assert!(db.user_on_telegram(-7).await.unwrap().is_none());
    assert_eq!(db.pairing(group.id).await.unwrap().unwrap().status, PairingStatus::Pending);
    let user = admit(&db, group.id, "Team").await.unwrap();
    assert_eq!(db.user(user).await.unwrap().unwrap().role, Role::Member);
}

async fn a_group_that_is_brought_along_is_a_person_of_its_own(db: TestDb) {
    db.create_owner(&db.clock, "ada", "hash").await.unwrap();
    let team = db.admit_group(&db.clock, -7, "Team").await.unwrap();
    let user = db.user_on_telegram(-7).await.unwrap().unwrap();
    assert_eq!((user.id, user.name.as_str(), user.role), (team, "Team (-7)", Role::Member));
    assert_eq!(db.admit_group(&db.clock, -7, "Another title").await.unwrap(), team);
    assert_ne!(db.admit_group(&db.clock, -8, "Team").await.unwrap(), team);
    db.link_telegram(team, None).await.unwrap();
    assert_eq!(db.admit_group(&db.clock, -7, "Team").await.unwrap(), team, "it is found again");
}

/// People call themselves what they like, also what the host would call somebody else.
async fn a_chosen_name_takes_nobodys_place(db: TestDb) {
    let owner = db.create_owner(&db.clock, "Team (-9)", "hash").await.unwrap();
    let eve = asked(&db, 7, "Team (-7)").await;
    let eve = admit(&db, eve, "Team (-7)").await.unwrap();
    for chat in [-7, -9] {
        let group = db.admit_group(&db.clock, chat, "Team").await.unwrap();
        assert!(group != eve && group != owner);
        assert_eq!(db.user_on_telegram(chat).await.unwrap().unwrap().id, group);
    }
    assert_eq!(db.user_on_telegram(7).await.unwrap().unwrap().id, eve);
    // Two names that the host would give to the one behind chat 8 are taken.
    for (chat, name) in [(10, "bo"), (11, "bo (8)")] {
        let id = asked(&db, chat, name).await;
        admit(&db, id, name).await.unwrap();
    }
    let bo = asked(&db, 8, "bo").await;
    let bo = admit(&db, bo, "bo").await.unwrap();
    assert_eq!(db.user_on_telegram(8).await.unwrap().unwrap().id, bo);
    assert_eq!(db.users().await.unwrap().len(), 7);
}

async fn a_group_that_moves_takes_along_what_was_said_of_it(db: TestDb) {
    let id = asked(&db, -7, "Den").await;
    assert!(db.deny_pairing(&db.clock, id, "ada").await.unwrap());
    let other = asked(&db, -8, "Crowd").await;
    db.move_chat(-7, -1007).await.unwrap();
    assert_eq!(db.pairing(id).await.unwrap().unwrap().chat_id, -1007);
    assert!(!request(&db, 1, &stranger(&db, -1007, "Den"), 10).await, "it was turned away");
    // It has asked under its new id already.
    let again = asked(&db, -1008, "Crowd").await;
    db.move_chat(-8, -1008).await.unwrap();
    assert_eq!(db.pairing(again).await.unwrap().unwrap().chat_id, -1008);
    assert_eq!(db.pairing(other).await.unwrap().unwrap().chat_id, -8);
}
