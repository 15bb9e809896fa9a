use super::{WEDNESDAY, at, check};

#[test]
fn lengths_of_time() {
    let cases = [
        ("remind me in 10 minutes to check the oven", "2026-12-02 10:10 | check the oven"),
        ("remind me in an hour to call mum", "2026-12-02 11:00 | call mum"),
        ("remind me in half an hour to call mum", "2026-12-02 10:30 | call mum"),
        ("remind me in 2 hours and 30 minutes to leave", "2026-12-02 12:30 | leave"),
        ("remind me in an hour and a half to leave", "2026-12-02 11:30 | leave"),
        ("remind me in one and a half hours to leave", "2026-12-02 11:30 | leave"),
        ("remind me in 1.5 hours to leave", "2026-12-02 11:30 | leave"),
        ("remind me in a quarter of an hour to leave", "2026-12-02 10:15 | leave"),
        ("remind me in 1h30m to leave", "2026-12-02 11:30 | leave"),
        ("remind me in forty-five minutes to leave", "2026-12-02 10:45 | leave"),
        ("remind me in 90 min to leave", "2026-12-02 11:30 | leave"),
        ("remind me in a couple of hours to leave", "2026-12-02 12:00 | leave"),
        ("remind me to stretch in 20 minutes", "2026-12-02 10:20 | stretch"),
        ("remind me to stretch 20 minutes from now", "2026-12-02 10:20 | stretch"),
        ("remind me in 3 days to water the ficus", "2026-12-05 10:00 | water the ficus"),
        ("remind me in a week to water the ficus", "2026-12-09 10:00 | water the ficus"),
        ("remind me in two months to renew it", "2027-02-02 10:00 | renew it"),
        ("remind me in 3 days at 9am to call", "2026-12-05 09:00 | call"),
        ("in 10 minutes remind me to check the oven", "2026-12-02 10:10 | check the oven"),
        ("in 10 minutes, remind me that the tea is ready", "2026-12-02 10:10 | the tea is ready"),
        ("remind me in 10 minutes: tea", "2026-12-02 10:10 | tea"),
    ];
    check(&at("Europe/Berlin", WEDNESDAY), &cases);
}

#[test]
fn times_of_day() {
    let cases = [
        ("remind me at 5pm to call mum", "2026-12-02 17:00 | call mum"),
        ("remind me at 5 pm to call mum", "2026-12-02 17:00 | call mum"),
        ("remind me at 5 p.m. to call mum", "2026-12-02 17:00 | call mum"),
        ("remind me at 17:30 to call mum", "2026-12-02 17:30 | call mum"),
        ("remind me to call mum at 5:45pm", "2026-12-02 17:45 | call mum"),
        ("remind me at noon to eat", "2026-12-02 12:00 | eat"),
        ("remind me at midnight to sleep", "2026-12-03 00:00 | sleep"),
        ("remind me at half past 5 in the afternoon to leave", "2026-12-02 17:30 | leave"),
        ("remind me at quarter to 6 this evening to leave", "2026-12-02 17:45 | leave"),
        ("remind me at 5 to call mum", "2026-12-02 17:00 | call mum"),
        ("remind me at 11 to call mum", "half | call mum"),
        ("remind me at five thirty to call mum", "2026-12-02 17:30 | call mum"),
        ("remind me at 5 o'clock to call mum", "2026-12-02 17:00 | call mum"),
        ("remind me at 9am to call mum", "passed 12-03 09:00 | call mum"),
        ("remind me at 08:30 to call mum", "passed 12-03 08:30 | call mum"),
        ("remind me at 25:00 to call mum", "time none | call mum"),
        ("remind me to call mum", "time | call mum"),
    ];
    check(&at("Europe/Berlin", WEDNESDAY), &cases);
    let evening = [
        ("remind me at 5pm to call mum", "passed 12-03 17:00 | call mum"),
        ("remind me at 5 to call mum", "half on 12-03 passed | call mum"),
        ("remind me tonight at 9 to lock the door", "2026-12-02 21:00 | lock the door"),
        ("remind me at 2 at night to look", "2026-12-03 02:00 | look"),
        ("remind me in the morning to look", "time on 12-03 | look"),
    ];
    check(&at("Europe/Berlin", "2026-12-02 18:00"), &evening);
    let small_hours = [("remind me at 2 at night to look", "2026-12-02 02:00 | look")];
    check(&at("Europe/Berlin", "2026-12-02 00:30"), &small_hours);
}

#[test]
fn days() {
    let cases = [
        ("remind me tomorrow 3pm to call mum", "2026-12-03 15:00 | call mum"),
        ("remind me tomorrow at noon to eat", "2026-12-03 12:00 | eat"),
        ("remind me tomorrow morning at 9 to call", "2026-12-03 09:00 | call"),
        ("remind me tonight at 9 to lock the door", "2026-12-02 21:00 | lock the door"),
        ("remind me the day after tomorrow at 8am to run", "2026-12-04 08:00 | run"),
        ("remind me next Friday noon to call Dr Wang", "2026-12-11 12:00 | call Dr Wang"),
        ("remind me on Friday at 10am to call", "2026-12-04 10:00 | call"),
        ("remind me on Friday at 10 to call", "half on 12-04 | call"),
        ("remind me this Friday at noon to call", "2026-12-04 12:00 | call"),
        ("remind me Friday next week at noon to call", "2026-12-11 12:00 | call"),
        ("remind me on Wednesday at 9am to call", "2026-12-09 09:00 | call"),
        ("remind me on Wednesday at 3pm to call", "2026-12-02 15:00 | call"),
        ("remind me this evening to call", "time on 12-02 | call"),
        ("remind me on 5 December at 9:00 to pay", "half on 12-05 | pay"),
        ("remind me on 5 December at 09:00 to pay", "2026-12-05 09:00 | pay"),
        ("remind me Dec 5th 9am to pay", "2026-12-05 09:00 | pay"),
        ("remind me on the 5th of December at 9am to pay", "2026-12-05 09:00 | pay"),
        ("remind me on December 5, 2027 at 9am to pay", "2027-12-05 09:00 | pay"),
        ("remind me 2026-12-05 09:00 to pay", "2026-12-05 09:00 | pay"),
        ("remind me 2026-12-05 10:00 to pay", "2026-12-05 10:00 | pay"),
        ("remind me 2026-12-05T10:00 to pay", "2026-12-05 10:00 | pay"),
        ("remind me on the 15th at 9am to pay", "2026-12-15 09:00 | pay"),
        ("remind me on the 1st at 9am to pay", "2027-01-01 09:00 | pay"),
        ("remind me on 1 March at 9am to pay", "2027-03-01 09:00 | pay"),
        ("remind me on the 3rd of next month at 9am to pay", "2027-01-03 09:00 | pay"),
        ("remind me on 25/12 at 9am to call", "2026-12-25 09:00 | call"),
        ("remind me on 12/5 at 9am to call", "day | call"),
        ("remind me on 31 February at 9am to pay", "day none | pay"),
        ("remind me on 29 February at 9am to pay", "2028-02-29 09:00 | pay"),
        ("remind me on 2027-02-29 at 9am to pay", "day none | pay"),
        ("remind me tomorrow to call", "time on 12-03 | call"),
        ("remind me next week to call", "day | call"),
        ("remind me on 2040-01-01 at 9am to call", "day far | call"),
        ("remind me in 9999 years to call", "day far | call"),
        ("remind me on 1 December 2026 at 9am to pay", "passed 12-08 09:00 | pay"),
        ("remind me on Monday this week at 9am to pay", "passed 12-07 09:00 | pay"),
        ("remind me tomorrow at midnight to sleep", "2026-12-04 00:00 | sleep"),
    ];
    check(&at("Europe/Berlin", WEDNESDAY), &cases);
}

#[test]
fn forms_of_sentences() {
    let cases = [
        ("remind me to call Dr Wang tomorrow at 3pm", "2026-12-03 15:00 | call Dr Wang"),
        ("remind me tomorrow at 3pm to call Dr Wang", "2026-12-03 15:00 | call Dr Wang"),
        ("tomorrow at 3pm remind me to call Dr Wang", "2026-12-03 15:00 | call Dr Wang"),
        ("Tomorrow at 3pm, please remind me to call Dr Wang.", "2026-12-03 15:00 | call Dr Wang"),
        ("set a reminder for tomorrow 3pm: call Dr Wang", "2026-12-03 15:00 | call Dr Wang"),
        ("set a reminder to call Dr Wang tomorrow at 3pm", "2026-12-03 15:00 | call Dr Wang"),
        ("please create a reminder: call Dr Wang, tomorrow at 3pm", "2026-12-03 15:00 | call Dr Wang"),
        ("set a daily reminder at 08:00 to drink water", "0 8 * * * from 12-03 08:00 | drink water"),
        ("set a 3pm reminder to call", "2026-12-02 15:00 | call"),
        ("Can you remind me to call Dr Wang tomorrow at 3pm?", "2026-12-03 15:00 | call Dr Wang"),
        ("could you please remind me at 3pm to call Dr Wang, thanks", "2026-12-02 15:00 | call Dr Wang"),
        ("I need you to remind me to call at 3pm", "2026-12-02 15:00 | call"),
        ("don't let me forget to call Ada at 3pm", "2026-12-02 15:00 | call Ada"),
        ("remind me about the meeting tomorrow at 3pm", "2026-12-03 15:00 | the meeting"),
        ("remind me tomorrow to call mum at 3pm", "2026-12-03 15:00 | call mum"),
        ("remind me at 5pm to buy tickets for Friday", "2026-12-02 17:00 | buy tickets for Friday"),
        (
            "remind me tomorrow at 3pm to call about the Friday meeting",
            "2026-12-03 15:00 | call about the Friday meeting",
        ),
        (
            "remind me to book a table for Friday at 7 tomorrow at 3pm",
            "2026-12-03 15:00 | book a table for Friday at 7",
        ),
        ("remind me to call Ada on Friday about the flat", "time on 12-04 | call Ada about the flat"),
        ("remind me to submit the form before 5pm", "time | submit the form before 5pm"),
        ("remind me to move the stand-up from Monday to Friday", "time | move the stand-up from Monday to Friday"),
        ("remind me to watch the sun tomorrow at 7am", "2026-12-03 07:00 | watch the sun"),
        ("remind me to look at the sun", "time | look at the sun"),
        ("remind me", "time |"),
        ("remind me tomorrow at 3pm", "2026-12-03 15:00 |"),
        ("set a reminder", "time |"),
        ("remind me to email a.b@example.org at 3pm", "2026-12-02 15:00 | email a.b@example.org"),
        ("remind me at 8 to take pills every day", "0 8 * * * from 12-03 08:00 | take pills"),
    ];
    check(&at("Europe/Berlin", WEDNESDAY), &cases);
}

#[test]
fn what_repeats() {
    let cases = [
        ("remind me every day at 8 to drink water", "0 8 * * * from 12-03 08:00 | drink water"),
        ("remind me every day at 8pm to drink water", "0 20 * * * from 12-02 20:00 | drink water"),
        ("every weekday 8:30 send me the news", "30 8 * * 1-5 from 12-03 08:30 | send me the news"),
        ("every weekday at 8:30 remind me of the stand-up", "30 8 * * 1-5 from 12-03 08:30 | the stand-up"),
        ("remind me every Monday and Thursday at 18:00 to run", "0 18 * * 1,4 from 12-03 18:00 | run"),
        ("remind me every Mon, Wed and Fri at 7am to run", "0 7 * * 1,3,5 from 12-04 07:00 | run"),
        ("remind me on Mondays at 9 to plan", "0 9 * * 1 from 12-07 09:00 | plan"),
        ("remind me Monday to Friday at 9 to plan", "0 9 * * 1-5 from 12-03 09:00 | plan"),
        ("remind me every Sunday at 18:00 to plan", "0 18 * * 0 from 12-06 18:00 | plan"),
        ("remind me at weekends at 10 to rest", "0 10 * * 0,6 from 12-05 10:00 | rest"),
        ("remind me every weekend at 10 to rest", "0 10 * * 0,6 from 12-05 10:00 | rest"),
        ("remind me every month on the 1st at 9 to pay", "0 9 1 * * from 01-01 09:00 | pay"),
        ("remind me on the 1st of every month at 9 to pay", "0 9 1 * * from 01-01 09:00 | pay"),
        ("remind me every month on the 31st at 9 to pay", "0 9 31 * * from 12-31 09:00 | pay"),
        ("remind me every year on 5 December at 9am to call", "0 9 5 12 * from 12-05 09:00 | call"),
        ("remind me every hour to stretch", "0 * * * * from 12-02 11:00 | stretch"),
        ("remind me every 30 minutes to stretch", "*/30 * * * * from 12-02 10:30 | stretch"),
        ("remind me every two hours to stretch", "0 */2 * * * from 12-02 12:00 | stretch"),
        ("remind me hourly to stretch", "0 * * * * from 12-02 11:00 | stretch"),
        ("remind me every 7 minutes to stretch", "recurrence | stretch"),
        ("remind me every 90 minutes to stretch", "recurrence | stretch"),
        ("remind me every other day at 9 to stretch", "recurrence | stretch"),
        ("remind me every 2 weeks to stretch", "recurrence | stretch"),
        ("remind me every day to stretch", "time | stretch"),
        ("remind me every morning at 8 to stretch", "0 8 * * * from 12-03 08:00 | stretch"),
        ("remind me every evening at 7 to stretch", "0 19 * * * from 12-02 19:00 | stretch"),
        ("remind me every week to plan", "day | plan"),
        ("remind me every week on Monday at 9 to plan", "0 9 * * 1 from 12-07 09:00 | plan"),
        ("remind me weekly on Monday at 9 to plan", "0 9 * * 1 from 12-07 09:00 | plan"),
        ("remind me every Friday at midnight to back up", "0 0 * * 6 from 12-05 00:00 | back up"),
        ("remind me every day at noon to eat", "0 12 * * * from 12-02 12:00 | eat"),
    ];
    check(&at("Europe/Berlin", WEDNESDAY), &cases);
}

#[test]
fn clocks_that_change_and_years_that_end() {
    // 02:30 does not exist on 29 March, and comes twice on 25 October.
    let spring = [
        ("remind me tomorrow at 02:30 to look", "2026-03-29 03:00 | look"),
        ("remind me tomorrow at 03:00 to look", "2026-03-29 03:00 | look"),
        ("remind me in 24 hours to look", "2026-03-29 13:00 | look"),
        ("remind me in a day to look", "2026-03-29 12:00 | look"),
        ("remind me every day at 02:30 to look", "30 2 * * * from 03-29 03:00 | look"),
    ];
    check(&at("Europe/Berlin", "2026-03-28 12:00"), &spring);
    let autumn = at("Europe/Berlin", "2026-10-24 12:00");
    let cases = [
        ("remind me tomorrow at 02:30 to look", "2026-10-25 02:30 | look"),
        ("remind me in 24 hours to look", "2026-10-25 11:00 | look"),
    ];
    check(&autumn, &cases);
    let first = crate::resolve::moment(autumn.timezone(), "2026-10-25T02:30:00".parse().unwrap()).unwrap();
    assert_eq!(first.to_rfc3339(), "2026-10-25T02:30:00+02:00");
    let silvester = [
        ("remind me tomorrow at 9am to sleep", "2027-01-01 09:00 | sleep"),
        ("remind me in 10 minutes to toast", "2027-01-01 00:05 | toast"),
        ("remind me on 31 December at 23:59 to toast", "2026-12-31 23:59 | toast"),
        ("remind me on 1 January at 9am to sleep", "2027-01-01 09:00 | sleep"),
        ("remind me next Friday at noon to eat", "2027-01-08 12:00 | eat"),
        ("remind me in two months to look", "2027-02-28 23:55 | look"),
        ("remind me at midnight to toast", "2027-01-01 00:00 | toast"),
    ];
    check(&at("Europe/Berlin", "2026-12-31 23:55"), &silvester);
}
