//! 十分钟后, 一个半小时后, 过两天.

use super::text::Text;
use crate::{
    when::{Span, When},
    words,
};

pub fn at(text: &Text, at: usize) -> Option<(When, usize)> {
    let from = text.past(at, &["再过", "过", "隔", "等"]);
    let (span, end) = length(text, from)?;
    match text.after_one(text.spaces(end), &["以后", "之后", "过后", "后"]) {
        Some(after) => Some((span.into(), after)),
        None => (from > at || text.loose).then_some((span.into(), end)),
    }
}

/// A length of time: several units in a row add up.
pub fn length(text: &Text, at: usize) -> Option<(Span, usize)> {
    let (mut all, mut end) = one(text, at)?;
    while let Some((more, next)) = one(text, text.past(text.spaces(end), &["零", "又", "加"])) {
        all = Span {
            months: all.months + more.months,
            days: all.days + more.days,
            seconds: all.seconds.checked_add(more.seconds)?,
        };
        end = next;
    }
    Some((all, end))
}

/// The length of a unit in quarters of seconds, of days, or of months.
enum Unit {
    Seconds(u32),
    Days(u32),
    Months(u32),
}

fn unit(text: &Text, at: usize) -> Option<(Unit, usize)> {
    const UNITS: [(&str, Unit); 17] = [
        ("秒钟", Unit::Seconds(1)),
        ("秒", Unit::Seconds(1)),
        ("分钟", Unit::Seconds(60)),
        ("分", Unit::Seconds(60)),
        ("刻钟", Unit::Seconds(900)),
        ("刻", Unit::Seconds(900)),
        ("小时", Unit::Seconds(3_600)),
        ("钟头", Unit::Seconds(3_600)),
        ("min", Unit::Seconds(60)),
        ("h", Unit::Seconds(3_600)),
        ("天", Unit::Days(1)),
        ("日", Unit::Days(1)),
        ("星期", Unit::Days(7)),
        ("礼拜", Unit::Days(7)),
        ("周", Unit::Days(7)),
        ("月", Unit::Months(1)),
        ("年", Unit::Months(12)),
    ];
    UNITS.into_iter().find_map(|(word, unit)| Some((unit, text.after(at, word)?)))
}

/// One unit with how many of them there are: 半小时, 一个半小时, 两个月, 一小时半.
fn one(text: &Text, at: usize) -> Option<(Span, usize)> {
    let (mut halves, counted) = if text.at(at) == '半' {
        (1, at + 1)
    } else {
        let (number, end) = words::chinese(text.chars(), at)?;
        let decimal = (text.at(end) == '.' && text.at(end + 1) == '5').then_some(end + 2);
        (2 * number + u32::from(decimal.is_some()), decimal.unwrap_or(end))
    };
    let measured = text.past(text.spaces(counted), &["个"]);
    let after_half = text.past(measured, &["半"]);
    let (unit, mut end) = match unit(text, text.spaces(after_half)) {
        Some(found) if after_half > measured && halves > 1 => {
            halves += 1;
            found
        }
        _ => unit(text, measured)?,
    };
    // 十二月 and 五日 are dates; months are counted with 个 or 半.
    if matches!(unit, Unit::Months(1)) && measured == counted && halves > 1 {
        return None;
    }
    if text.at(end) == '半' && halves > 1 && !matches!(unit, Unit::Months(1)) {
        (halves, end) = (halves + 1, end + 1);
    }
    Some((span(halves, &unit)?, end))
}

fn span(halves: u32, unit: &Unit) -> Option<Span> {
    let none = Span::default();
    let whole = halves.is_multiple_of(2).then_some(halves / 2);
    Some(match unit {
        Unit::Seconds(seconds) => Span { seconds: halves.checked_mul(*seconds)? / 2, ..none },
        Unit::Days(1) if whole.is_none() => Span { seconds: halves.checked_mul(43_200)?, ..none },
        Unit::Days(days) => Span { days: whole? * days, ..none },
        Unit::Months(12) => Span { months: 6 * halves, ..none },
        Unit::Months(months) => Span { months: whole? * months, ..none },
    })
}
