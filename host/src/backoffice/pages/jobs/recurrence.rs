//! A recurrence in plain words.

use super::super::super::locale::Locale;

/// Days of the week as cron numbers them; 7 is Sunday again.
const DAYS: [&str; 8] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What a cron expression says, where that is said in a few words.
pub fn words(locale: Locale, cron: &str) -> Option<String> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let &[minute, hour, day, month, week] = fields.as_slice() else { return None };
    let text = |key: &str| locale.text(&format!("recurrence.{key}")).into_owned();
    let daily = [day, month, week] == ["*"; 3];
    if daily && hour == "*" {
        return match minute {
            "*" => Some(text("minute")),
            _ if minute.starts_with("*/") => Some(text("minutes").replace("%{it}", number(&minute[2..], 59)?.as_str())),
            _ => Some(text("hour").replace("%{it}", &format!("{:0>2}", number(minute, 59)?))),
        };
    }
    let time = format!("{:0>2}:{:0>2}", number(hour, 23)?, number(minute, 59)?);
    let said = match (day, month, week) {
        ("*", "*", "*") => text("day"),
        ("*", "*", "1-5") => text("weekdays"),
        ("*", "*", days) => text("week").replace("%{day}", &week_days(locale, days)?),
        (day, "*", "*") => text("month").replace("%{day}", &number(day, 31)?),
        (day, month, "*") => text("year").replace("%{month}", &number(month, 12)?).replace("%{day}", &number(day, 31)?),
        _ => return None,
    };
    Some(said.replace("%{time}", &time))
}

/// A plain number, without zeros before it.
fn number(field: &str, most: u32) -> Option<String> {
    let digits = field.bytes().all(|byte| byte.is_ascii_digit());
    field.parse::<u32>().ok().filter(|number| digits && *number <= most).map(|number| number.to_string())
}

/// The days of a list such as `1,3` or `mon,wed`.
fn week_days(locale: Locale, field: &str) -> Option<String> {
    let names: Option<Vec<String>> = field
        .split(',')
        .map(|day| {
            let word = day.to_lowercase();
            let known = match word.parse::<usize>() {
                Ok(number) => DAYS.get(number).copied(),
                Err(_) => DAYS.into_iter().find(|known| *known == word),
            };
            known.map(|day| locale.text(&format!("weekday.{day}")).into_owned())
        })
        .collect();
    Some(names?.join(&locale.text("recurrence.list")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_schedules_have_words_and_others_do_not() {
        for (cron, en, zh) in [
            ("* * * * *", "every minute", "每分钟"),
            ("*/15 * * * *", "every 15 minutes", "每 15 分钟"),
            ("5 * * * *", "every hour at :05", "每小时的第 05 分"),
            ("0 8 * * *", "every day at 08:00", "每天 08:00"),
            ("30 7 * * 1-5", "on weekdays at 07:30", "工作日 07:30"),
            ("0 9 * * 1,Wed,7", "every Monday, Wednesday, Sunday at 09:00", "每周一、周三、周日 09:00"),
            ("0 9 31 * *", "on day 31 of the month at 09:00", "每月 31 日 09:00"),
            ("0 9 24 12 *", "every year on 12-24 at 09:00", "每年 12 月 24 日 09:00"),
        ] {
            assert_eq!(words(Locale::En, cron).as_deref(), Some(en));
            assert_eq!(words(Locale::Zh, cron).as_deref(), Some(zh));
        }
        for cron in ["0 8-18 * * *", "0 8 * * 1-3", "0 8 L * *", "0 8 1 * 1", "+5 8 * * *", "x"] {
            assert_eq!(words(Locale::En, cron), None, "{cron}");
        }
    }
}
