//! Turns: accepted once, one at a time in a conversation, ended once.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use skillet::{
    ids::{ConversationId, HostId, TurnId, UserId},
    store::{Accepted, Channel, ChatAddress, Db, Ending, Incoming, JobStatus, NewJob, StoreError, Turn, TurnStatus},
};
use std::collections::HashSet;
use std::sync::Mutex;

use super::erasure::erasure;
use crate::harness::db::{TestDb, both, ending, incoming};

both!(
    a_turn_knows_the_one_before_it,
    a_key_is_one_turn,
    a_key_that_comes_in_twice_at_once_is_one_turn,
    a_conversation_goes_in_order,
    one_turn_runs_in_a_conversation,
    no_waiting_turn_is_overlooked_in_a_race,
    two_hosts_share_the_work,
    a_turn_ends_once,
    a_turn_that_ends_twice_at_once_ends_once,
    only_who_runs_a_turn_ends_it,
    a_failed_turn_is_told,
    what_a_turn_leaves_behind_is_written_with_it,
    only_a_message_from_telegram_is_answered_there,
    what_else_is_known_of_a_message_is_kept,
    what_is_open_is_asked_to_stop_once,
    a_host_hands_its_turns_back,
    a_turn_begins_anew_when_something_was_forgotten,
    a_turn_that_nobody_keeps_expires,
    a_turn_that_runs_too_long_is_not_kept,
    one_turn_is_leased_by_its_id,
    the_list_goes_back_in_time,
);

async fn a_key_is_one_turn(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let first = db.accept(&db.clock, &incoming(ada, talk, "web:1", "hello")).await.unwrap();
    let Accepted::New(turn) = first else { panic!("{first:?}") };
    let again = db.accept(&db.clock, &incoming(ada, talk, "web:1", "another text")).await.unwrap();
    assert_eq!(again, Accepted::Known(turn));
    let messages = db.messages(talk, 10).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].content, "hello");
    assert_eq!(db.known_turn("web:1").await.unwrap(), Some((turn, talk)));
    assert_eq!(db.known_turn("web:2").await.unwrap(), None);
    assert!(matches!(db.accept(&db.clock, &incoming(ada, talk, "web:2", "hello")).await.unwrap(), Accepted::New(_)));

    let turn = db.turn(turn).await.unwrap().unwrap();
    assert_eq!((turn.status, turn.attempt, turn.locale.as_str()), (TurnStatus::Received, 0, "en"));
    assert_eq!((turn.user_id, turn.conversation_id, turn.created_at), (ada, talk, db.clock.now()));
    assert!(db.turn(TurnId::new(&db.clock)).await.unwrap().is_none());
}

async fn a_key_that_comes_in_twice_at_once_is_one_turn(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let message = incoming(ada, db.talk(ada).await, "telegram:7", "hello");
    let hosts: [&Db; 2] = [&db, &other];
    let accepted = join_all((0..8).map(|n| hosts[n % 2].accept(&db.clock, &message))).await;
    let accepted: Vec<Accepted> = accepted.into_iter().map(Result::unwrap).collect();
    assert_eq!(accepted.iter().filter(|one| matches!(one, Accepted::New(_))).count(), 1);
    assert!(accepted.iter().all(|one| one.turn() == accepted[0].turn()));
    assert_eq!(db.messages(message.conversation, 10).await.unwrap().len(), 1);
    assert_eq!(db.open_turns().await.unwrap(), 1);
}

/// Telegram hands over a batch at once: its messages are closer together than the time in an id tells.
async fn a_conversation_goes_in_order(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let talk = db.talk(ada).await;
    let mut sent = Vec::new();
    for n in 0..8 {
        db.clock.advance(Duration::microseconds(1));
        sent.push(db.accept(&db.clock, &incoming(ada, talk, &n.to_string(), "hello")).await.unwrap().turn());
    }
    let mut run = Vec::new();
    while let Some(turn) = db.lease_turn(&db.clock, host).await.unwrap() {
        run.push(turn.id);
        assert!(db.end_turn(&db.clock, &turn, host, &ending("hi")).await.unwrap());
    }
    assert_eq!(run, sent);
}

async fn one_turn_runs_in_a_conversation(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let talk = db.talk(ada).await;
    let first = db.accept(&db.clock, &incoming(ada, talk, "1", "hello")).await.unwrap().turn();
    db.tick();
    let second = db.accept(&db.clock, &incoming(ada, talk, "2", "and?")).await.unwrap().turn();
    db.tick();
    let elsewhere = db.waiting_turn(ada).await;

    let one = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    assert_eq!((one.id, one.status, one.attempt), (first, TurnStatus::Running, 1));
    assert_eq!(one.started_at, Some(db.clock.now()));
    let two = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    assert_eq!(two.id, elsewhere, "another conversation does not wait");
    assert!(db.lease_turn(&db.clock, host).await.unwrap().is_none(), "the first is still running");
    assert_eq!(db.open_turns().await.unwrap(), 3);
    assert!(db.end_turn(&db.clock, &one, host, &ending("hi")).await.unwrap());
    assert_eq!(db.lease_turn(&db.clock, host).await.unwrap().unwrap().id, second);
    assert_eq!(db.open_turns().await.unwrap(), 2);
}

/// "Nothing to do" sends a worker to sleep, so it must be true.
async fn no_waiting_turn_is_overlooked_in_a_race(db: TestDb) {
    let (ada, other, host) = (db.person("ada").await, db.another().await, db.host());
    let hosts: [&Db; 2] = [&db, &other];
    for _ in 0..5 {
        for _ in 0..8 {
            db.waiting_turn(ada).await;
        }
        let leased = join_all((0..8).map(|n| hosts[n % 2].lease_turn(&db.clock, host))).await;
        let leased: HashSet<TurnId> = leased.into_iter().filter_map(|turn| Some(turn.unwrap()?.id)).collect();
        assert_eq!(leased.len(), 8);
    }
}

/// Works off what waits; says when two turns of one conversation run at once.
async fn work(
    db: &Db,
    clock: &skillet::clock::Clock,
    busy: &Mutex<HashSet<ConversationId>>,
    done: &Mutex<Vec<TurnId>>,
) {
    let host = HostId::new(clock);
    while db.open_turns().await.unwrap() > 0 {
        let Some(turn) = db.lease_turn(clock, host).await.unwrap() else { continue };
        assert!(busy.lock().unwrap().insert(turn.conversation_id), "two turns of one conversation at once");
        // The next worker may lease as soon as the turn has ended.
        db.messages(turn.conversation_id, 5).await.unwrap();
        done.lock().unwrap().push(turn.id);
        busy.lock().unwrap().remove(&turn.conversation_id);
        assert!(db.end_turn(clock, &turn, host, &ending("hi")).await.unwrap());
    }
}

async fn two_hosts_share_the_work(db: TestDb) {
    let (ada, other) = (db.person("ada").await, db.another().await);
    let mut talks: Vec<Vec<TurnId>> = Vec::new();
    for talk in 0..5 {
        let conversation = db.talk(ada).await;
        let mut turns = Vec::new();
        for n in 0..3 {
            db.clock.advance(Duration::microseconds(10));
            let message = incoming(ada, conversation, &format!("{talk} {n}"), "hello");
            turns.push(db.accept(&db.clock, &message).await.unwrap().turn());
        }
        talks.push(turns);
    }
    let (busy, done) = (Mutex::default(), Mutex::default());
    let hosts: [&Db; 2] = [&db, &other];
    join_all((0..6).map(|n| work(hosts[n % 2], &db.clock, &busy, &done))).await;
    let done = done.into_inner().unwrap();
    assert_eq!(done.len(), 15, "each turn ran once");
    for turns in talks {
        let order: Vec<TurnId> = done.iter().copied().filter(|turn| turns.contains(turn)).collect();
        assert_eq!(order, turns);
    }
}

async fn a_turn_ends_once(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let turn = db.waiting_turn(ada).await;
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let now = db.tick();
    assert!(db.end_turn(&db.clock, &leased, host, &ending("hi")).await.unwrap());
    assert!(!db.end_turn(&db.clock, &leased, host, &ending("hi again")).await.unwrap());
    assert_eq!(db.turn_messages(turn).await.unwrap().len(), 2);

    let ended = db.turn(turn).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.finished_at, ended.error), (TurnStatus::Done, Some(now), None));
    assert_eq!((ended.route.as_deref(), ended.route_reason.as_deref()), (Some("direct"), Some("a test")));
    assert_eq!((ended.tier.as_deref(), ended.rung.as_deref()), (Some("none"), Some("template")));
    assert_eq!(ended.trace.0, json!([{ "step": "route", "ms": 1 }]));
    assert_eq!(db.conversation(ended.conversation_id).await.unwrap().unwrap().updated_at, now);
}

async fn a_turn_that_ends_twice_at_once_ends_once(db: TestDb) {
    let (ada, host, other) = (db.person("ada").await, db.host(), db.another().await);
    let turn = db.waiting_turn(ada).await;
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let hosts: [&Db; 2] = [&db, &other];
    let reply = ending("hi");
    let ended = join_all((0..6).map(|n| hosts[n % 2].end_turn(&db.clock, &leased, host, &reply))).await;
    assert_eq!(ended.into_iter().filter(|ended| *ended.as_ref().unwrap()).count(), 1);
    assert_eq!(db.turn_messages(turn).await.unwrap().len(), 2);
}

async fn only_who_runs_a_turn_ends_it(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let id = db.waiting_turn(ada).await;
    let waiting = db.turn(id).await.unwrap().unwrap();
    assert!(!db.end_turn(&db.clock, &waiting, host, &ending("too early")).await.unwrap());
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    assert!(!db.end_turn(&db.clock, &leased, db.host(), &ending("of another host")).await.unwrap());
    assert_eq!(db.turn_messages(id).await.unwrap().len(), 1);
}

async fn a_failed_turn_is_told(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let turn = db.waiting_turn(ada).await;
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let mut failure = ending("Something went wrong.");
    failure.error = Some("the provider is away".into());
    db.tick();
    assert!(db.end_turn(&db.clock, &leased, host, &failure).await.unwrap());
    let ended = db.turn(turn).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.error.as_deref()), (TurnStatus::Failed, Some("the provider is away")));
    assert_eq!(db.turn_messages(turn).await.unwrap()[1].content, "Something went wrong.");
    assert_eq!(db.open_turns().await.unwrap(), 0);
}

async fn what_a_turn_leaves_behind_is_written_with_it(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    db.waiting_turn(ada).await;
    let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    let mut end = ending("hi");
    end.jobs = vec![NewJob {
        payload: json!({ "turn": leased.id }),
        user: Some(ada),
        idempotency_key: Some(format!("summarise:{}", leased.id)),
        ..NewJob::once("summarise", db.clock.now(), "turn")
    }];
    assert!(!db.end_turn(&db.clock, &leased, db.host(), &end).await.unwrap());
    assert!(db.jobs(None, 10).await.unwrap().is_empty(), "who may not end it leaves nothing");
    assert!(db.end_turn(&db.clock, &leased, host, &end).await.unwrap());
    let jobs = db.jobs(Some(JobStatus::Queued), 10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].kind.as_str(), jobs[0].user_id), ("summarise", Some(ada)));
}

/// What came in on a page is answered there, also in a conversation that takes place on Telegram.
async fn only_a_message_from_telegram_is_answered_there(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let chat = db.chat_with(ada, 7).await;
    let mut written = Vec::new();
    for (key, channel) in [("1", Channel::Web), ("2", Channel::Telegram)] {
        let reply = (channel == Channel::Telegram).then_some((ChatAddress { chat_id: 7, thread_id: 0 }, None));
        let message = Incoming { channel, reply, ..incoming(ada, chat.conversation_id, key, "hello") };
        db.accept(&db.clock, &message).await.unwrap();
        let leased = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
        written.push(db.rows("SELECT status FROM outbox ORDER BY id").await);
        assert!(db.end_turn(&db.clock, &leased, host, &ending(key)).await.unwrap());
        written.push(db.rows("SELECT status FROM outbox ORDER BY id").await);
    }
    assert_eq!(written, [vec![], vec!["sent"], vec!["sent", "draft"], vec!["sent", "pending"]]);
    let out = db.outgoing(10).await.unwrap();
    assert_eq!(out.len(), 1);
    let out = db.begin_send(out[0].id, host).await.unwrap().unwrap();
    assert_eq!((out.chat_id, out.reply_to, out.text.as_str()), (7, None, "2"));
}

async fn what_else_is_known_of_a_message_is_kept(db: TestDb) {
    let ada = db.person("ada").await;
    let talk = db.talk(ada).await;
    let meta = json!({ "from": "博" });
    db.accept(&db.clock, &Incoming { meta: meta.clone(), ..incoming(ada, talk, "1", "hello") }).await.unwrap();
    assert_eq!(db.messages(talk, 10).await.unwrap()[0].meta.0, meta);
}

async fn what_is_open_is_asked_to_stop_once(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let talk = db.talk(ada).await;
    let mut turns = Vec::new();
    for key in ["1", "2", "3"] {
        turns.push(db.accept(&db.clock, &incoming(ada, talk, key, "hello")).await.unwrap().turn());
        db.tick();
    }
    let elsewhere = db.waiting_turn(ada).await;
    let first = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    assert!(db.end_turn(&db.clock, &first, host, &ending("hi")).await.unwrap());
    let second = db.lease_this_turn(&db.clock, host, turns[1]).await.unwrap().unwrap();
    assert!(!db.is_stopped(second.id).await.unwrap());

    let stopped: HashSet<TurnId> = db.stop_turns(&db.clock, talk).await.unwrap().into_iter().collect();
    assert_eq!(stopped, HashSet::from([turns[1], turns[2]]), "what runs and what waits");
    assert!(db.stop_turns(&db.clock, talk).await.unwrap().is_empty());
    let later = db.accept(&db.clock, &incoming(ada, talk, "4", "go on")).await.unwrap().turn();
    for (turn, stopped) in [(turns[0], false), (turns[1], true), (turns[2], true), (elsewhere, false), (later, false)] {
        assert_eq!(db.is_stopped(turn).await.unwrap(), stopped);
    }
    assert!(!db.is_stopped(TurnId::new(&db.clock)).await.unwrap());
    assert!(db.end_turn(&db.clock, &second, host, &ending("so far")).await.unwrap(), "it ends like any other");
}

/// Accepts and leases one turn.
async fn running(db: &TestDb, user: UserId, host: HostId) -> Turn {
    db.waiting_turn(user).await;
    db.lease_turn(&db.clock, host).await.unwrap().unwrap()
}

async fn a_host_hands_its_turns_back(db: TestDb) {
    let (ada, leaving, staying) = (db.person("ada").await, db.host(), db.host());
    let first = running(&db, ada, leaving).await;
    let kept = running(&db, ada, staying).await;
    assert_eq!(db.hand_back_turns(leaving).await.unwrap(), 1);
    assert_eq!(db.hand_back_turns(leaving).await.unwrap(), 0);
    let again = db.lease_turn(&db.clock, staying).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempt), (first.id, 2));
    assert!(!db.end_turn(&db.clock, &first, leaving, &ending("late")).await.unwrap());
    assert!(!db.end_turn(&db.clock, &first, staying, &ending("the first attempt is over")).await.unwrap());
    assert!(db.end_turn(&db.clock, &again, staying, &ending("hi")).await.unwrap());
    assert!(db.end_turn(&db.clock, &kept, staying, &ending("hi")).await.unwrap());
}

async fn a_turn_begins_anew_when_something_was_forgotten(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let turn = running(&db, ada, host).await;
    let read = Ending { forgettings: Some(db.forgettings(ada).await.unwrap()), ..ending("it is Zebra-77") };
    db.erase(&db.clock, &erasure(ada, &["Zebra-77"])).await.unwrap();
    assert!(matches!(db.end_turn(&db.clock, &turn, host, &read).await, Err(StoreError::Forgotten)));
    assert_eq!(db.turn_messages(turn.id).await.unwrap().len(), 1, "nothing was said");
    db.hand_back_turn(&Turn { attempt: 2, ..turn.clone() }, host).await.unwrap();
    assert!(db.lease_turn(&db.clock, host).await.unwrap().is_none(), "another attempt is not this one's to hand back");
    db.hand_back_turn(&turn, host).await.unwrap();
    let again = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempt), (turn.id, 2));
    let read = Ending { forgettings: Some(db.forgettings(ada).await.unwrap()), ..ending("I do not know") };
    assert!(db.end_turn(&db.clock, &again, host, &read).await.unwrap());
}

async fn a_turn_that_nobody_keeps_expires(db: TestDb) {
    let (ada, dead, alive) = (db.person("ada").await, db.host(), db.host());
    let lost = running(&db, ada, dead).await;
    let kept = running(&db, ada, alive).await;
    let now = db.tick();
    db.keep_turns(&db.clock, alive, now - Duration::hours(1)).await.unwrap();
    assert_eq!(db.expire_turns(now).await.unwrap(), 1);
    assert_eq!(db.turn(lost.id).await.unwrap().unwrap().status, TurnStatus::Received);
    assert_eq!(db.turn(kept.id).await.unwrap().unwrap().status, TurnStatus::Running);
    assert!(!db.end_turn(&db.clock, &lost, dead, &ending("late")).await.unwrap());
    assert_eq!(db.expire_turns(now).await.unwrap(), 0, "what was kept at this moment was not kept before it");
}

async fn a_turn_that_runs_too_long_is_not_kept(db: TestDb) {
    let (ada, stuck) = (db.person("ada").await, db.host());
    running(&db, ada, stuck).await;
    let begun_before = db.tick();
    db.keep_turns(&db.clock, stuck, begun_before).await.unwrap();
    assert_eq!(db.expire_turns(db.clock.now()).await.unwrap(), 1);
}

async fn one_turn_is_leased_by_its_id(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let done = db.answered_turn(ada).await;
    assert!(db.lease_this_turn(&db.clock, host, done.id).await.unwrap().is_none(), "it has ended");
    let busy = running(&db, ada, host).await;
    assert!(db.lease_this_turn(&db.clock, host, busy.id).await.unwrap().is_none(), "it runs");
    assert_eq!(db.hand_back_turns(host).await.unwrap(), 1);
    let leased = db.lease_this_turn(&db.clock, host, busy.id).await.unwrap().unwrap();
    assert_eq!((leased.id, leased.attempt), (busy.id, 2));
}

async fn the_list_goes_back_in_time(db: TestDb) {
    let ada = db.person("ada").await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push((db.answered_turn(ada).await.id, db.clock.now()));
        db.tick();
    }
    let page = async |before, limit| {
        let turns = db.turns(before, limit).await.unwrap();
        turns.into_iter().map(|turn| turn.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [made[2].0, made[1].0]);
    assert_eq!(page(Some(made[1].1), 2).await, [made[0].0]);
    let newest = &db.turns(None, 1).await.unwrap()[0];
    assert_eq!((newest.user_name.as_str(), newest.message.as_str()), ("ada", "hello"));
    assert_eq!(
        (newest.status, newest.route.as_deref(), newest.tier.as_deref()),
        (TurnStatus::Done, Some("direct"), Some("none"))
    );
    assert_eq!((newest.created_at, newest.finished_at), (made[2].1, Some(made[2].1)));
}

async fn a_turn_knows_the_one_before_it(db: TestDb) {
    let (ada, host) = (db.person("ada").await, db.host());
    let (talk, elsewhere) = (db.talk(ada).await, db.talk(ada).await);
    let mut turns = Vec::new();
    for (key, place) in [("1", talk), ("2", elsewhere), ("3", talk)] {
        db.accept(&db.clock, &incoming(ada, place, key, key)).await.unwrap();
        let turn = db.lease_turn(&db.clock, host).await.unwrap().unwrap();
        db.end_turn(&db.clock, &turn, host, &ending("hi")).await.unwrap();
        turns.push(turn.id);
        db.tick();
    }
    let before = async |turn| db.turn_before(talk, turn).await.unwrap().map(|turn| turn.id);
    assert_eq!((before(turns[2]).await, before(turns[0]).await), (Some(turns[0]), None));
}
