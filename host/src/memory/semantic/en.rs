//! What English predicates say, without their subject, times and adverbs.

use std::sync::LazyLock;

use super::{
    rule::{
        Rule,
        Says::{Ended, Is, No, Value, Was, Yes},
        table,
    },
    value::Takes::{Any, Company, Name, Place, Thing, Trade},
};

pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    table(&[
        ("name", Value, Name, r"(?i)^(?:'s )?(?:full |first |real )?name is (?P<value>.+)$"),
        ("name", Value, Name, r"(?i)^(?:am|is) (?:called|named) (?P<value>.+)$"),
        (
            "home",
            Value,
            Place,
            r"(?i)^(?:lives?|(?:am |is |are )?living|(?:have|has) (?:lived|been living)|resides?) (?:back )?in (?P<value>.+?)(?: with .+)?$",
        ),
        ("home", Value, Place, r"(?i)^(?:am|is|are) (?:based|living|located) in (?P<value>.+)$"),
        (
            "home",
            Value,
            Place,
            r"(?i)^(?:have |has )?(?:just |recently )?(?:moved|relocated)(?: back| over| house)?(?: from .+?)? to (?P<value>.+?)(?: (?:for|because|with) .+)?$",
        ),
        (
            "home",
            Ended,
            Place,
            r"(?i)^(?:(?:do|does) not live|no longer lives?|(?:am|is) no longer living|lived) in (?P<value>.+?)(?: any ?more)?$",
        ),
        ("home", Ended, Place, r"(?i)^(?:have |has )?moved (?:out of|away from) (?P<value>.+)$"),
        ("from", Value, Place, r"(?i)^(?:am|is|come|comes) (?:originally )?from (?P<value>.+)$"),
        ("from", Value, Place, r"(?i)^(?:was|were) born (?:and raised )?in (?P<value>\p{L}.+)$"),
        (
            "employer",
            Value,
            Company,
            r"(?i)^(?:am|is|works? as|working as) an? [a-z ]{3,40} (?:at|for) (?P<value>(?-i:\p{Lu}).+)$",
        ),
        ("employer", Value, Company, r"(?i)^(?:works?|(?:am |is )?working) (?:at|for) (?P<value>.+?)(?: as an? .+)?$"),
        (
            "employer",
            Value,
            Company,
            r"(?i)^(?:have |has )?(?:joined|started (?:working )?(?:at|with|for)|(?:got|found|have|has) a (?:new )?job (?:at|with)) (?P<value>(?-i:\p{Lu}).+)$",
        ),
        (
            "employer",
            Ended,
            Any,
            r"(?i)^(?:have |has )?(?:quit|left|lost|resigned from) my job$|^(?:have |has |am |was |got )?(?:been )?(?:retired|laid off|unemployed|fired)$|^(?:have )?retired$",
        ),
        (
            "employer",
            Ended,
            Company,
            r"(?i)^(?:(?:do|does) not work|no longer works?|worked) (?:at|for) (?P<value>.+?)(?: any ?more)?$",
        ),
        ("employer", Ended, Company, r"(?i)^(?:have |has )?(?:left|quit|resigned from) (?P<value>(?-i:\p{Lu}).+)$"),
        ("job", Value, Any, r"(?i)^(?:works?|(?:am |is )?working) as an? (?P<value>.{1,60}?)(?: (?:at|for) .+)?$"),
        ("job", Value, Trade, r"(?i)^(?:am|is|became|have become) an? (?P<value>.+?)(?: (?:at|for|in|with) .+)?$"),
        ("job", Is("retired"), Any, r"(?i)^(?:am|is|have|has) retired$"),
        ("job", Ended, Trade, r"(?i)^(?:am|is) (?:no longer|not) an? (?P<value>.+?)(?: any ?more)?$"),
        ("birthday", Value, Any, r"(?i)^(?:'s )?birthday is (?:on )?(?P<value>.{3,30})$"),
        ("birthday", Value, Any, r"(?i)^(?:was|were) born on (?P<value>.{3,30})$"),
        ("age", Value, Any, r"(?i)^(?:am|turned) (?P<value>[1-9]\d{0,2})(?: years old)?$"),
        ("marital", Is("married"), Any, r"(?i)^(?:am married|(?:have )?(?:got|gotten) married)\b.*$"),
        ("marital", Is("divorced"), Any, r"(?i)^(?:am divorced|(?:have )?(?:got|gotten) divorced)\b.*$"),
        ("marital", Is("single"), Any, r"(?i)^am single(?: again)?$"),
        ("marital", Is("engaged"), Any, r"(?i)^(?:am|got) engaged$"),
        ("marital", Ended, Any, r"(?i)^am (?:not|no longer) (?P<value>single|married|engaged)(?: any ?more)?$"),
        (
            "diet",
            Value,
            Any,
            r"(?i)^(?:am|is|went|have gone|turned|became|have become) (?:an? )?(?P<value>vegetarian|vegan|pescatarian|flexitarian|on a keto diet|keto|paleo)$",
        ),
        (
            "diet",
            Ended,
            Any,
            r"(?i)^(?:(?:am|is) (?:not|no longer)|no longer am) (?:an? )?(?P<value>vegetarian|vegan|pescatarian)(?: any ?more)?$",
        ),
        ("diet", Ended, Any, r"(?i)^(?:eats?|started eating) meat(?: again)?$"),
        ("allergy:{value}", Yes, Thing, r"(?i)^(?:am|is) (?:severely |very |highly )?allergic to (?P<value>.+)$"),
        ("allergy:{value}", Yes, Thing, r"(?i)^(?:have|has) an? (?P<value>.+) allergy$"),
        (
            "allergy:{value}",
            Ended,
            Thing,
            r"(?i)^(?:am|is) (?:not|no longer) allergic to (?P<value>.+?)(?: any ?more)?$",
        ),
        (
            "taste:{value}",
            Yes,
            Thing,
            r"(?i)^(?:really |absolutely |truly )?(?:love|like|enjoy|prefer|adore) (?:eating |drinking |having )?(?:to )?(?P<value>.+?)(?: (?:over|to|more than|best|a lot|very much|so much) ?.*)?$",
        ),
        (
            "taste:{value}",
            Yes,
            Thing,
            r"(?i)^(?:have )?(?:started |began )?(?:eat|drink|smoke|eating|drinking|smoking) (?P<value>.+?) again$",
        ),
        (
            "taste:{value}",
            Yes,
            Thing,
            r"(?i)^(?:have )?(?:started|begun) (?:liking|eating|drinking|smoking) (?P<value>.+?)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"(?i)^(?:do not|no longer|never|can not) (?:really |even )?(?:like|love|enjoy|eat|drink|stand|touch|want to eat) (?P<value>.+?)(?: at all| any ?more| any longer)*$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"(?i)^(?:hate|dislike|despise|avoid|detest) (?:eating |drinking )?(?P<value>.+)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"(?i)^(?:have )?(?:stopped|quit|gave up|given up|cut out) (?:eating |drinking )?(?P<value>.+)$",
        ),
        ("taste:{value}", Was, Thing, r"(?i)^(?:eat|drink|smoke) (?P<value>.+)$"),
        ("speaks:{value}", Yes, Name, r"(?i)^speaks? (?:fluent |some |a little )?(?P<value>(?-i:\p{Lu})\p{L}+)$"),
        ("learning:{value}", Yes, Thing, r"(?i)^am learning (?:how )?(?:to )?(?P<value>.+)$"),
        (
            "away",
            Is("on leave"),
            Any,
            r"(?i)^am on (?:vacation|holiday|holidays|sick leave|parental leave|maternity leave|paternity leave|a business trip|sabbatical)\b.*$",
        ),
        (
            "pet:{value}",
            Yes,
            Name,
            r"(?i)^have an? (?:[a-z]+ )?(?:dog|cat|parrot|rabbit|hamster|horse|puppy|kitten) (?:named|called) (?P<value>.+)$",
        ),
        (
            "{thing}",
            Value,
            Any,
            r"(?i)^have (?P<value>\d|one|two|three|four|five|no) (?P<thing>kids|children|cats|dogs|siblings|brothers|sisters)$",
        ),
        ("car", Value, Thing, r"(?i)^drive (?:an? )?(?P<value>(?-i:\p{Lu}).+)$"),
    ])
});

/// What else is said of relatives: "my boss is Tom".
pub static OF_OTHERS: LazyLock<Vec<Rule>> =
    LazyLock::new(|| table(&[("name", Value, Name, r"^is (?P<value>\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)?)$")]));

/// Of `my …`: what is known to be somebody's own and to last.
pub static OWN: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    table(&[
        ("name", Value, Name, r"(?i)^(?:my|our) (?:full |first |real )?name is (?:now )?(?P<value>.+)$"),
        ("birthday", Value, Any, r"(?i)^my birthday is (?:on )?(?P<value>.{3,30})$"),
        ("employer", Value, Company, r"(?i)^my (?:new )?job is (?:at|with) (?P<value>.+)$"),
        ("job", Value, Any, r"(?i)^my (?:job|profession|occupation) is (?P<value>.{2,60})$"),
        ("from", Value, Place, r"(?i)^my home ?town is (?P<value>.+)$"),
        ("home", Value, Any, r"(?i)^my (?:new |home )?address is (?:now )?(?P<value>.{3,120})$"),
        (
            "phone",
            Value,
            Any,
            r"(?i)^my (?:new )?(?:phone|mobile|cell)(?: number)? (?:is|(?:has )?changed to) (?:now )?(?P<value>[+0-9][0-9 ()/-]{4,24})$",
        ),
        (
            "email",
            Value,
            Any,
            r"(?i)^my (?:new )?e-?mail(?: address)? (?:is|(?:has )?changed to) (?:now )?(?P<value>\S+@\S+)$",
        ),
        (
            "{thing}",
            Value,
            Any,
            r"(?i)^my (?:new )?(?P<thing>favou?rite [a-z]+(?: [a-z]+)?|nationality|blood type|shoe size|height|time ?zone|native language|mother tongue|employer|company) is (?:now )?(?P<value>.{1,60})$",
        ),
        (
            "agenda:{value}",
            Yes,
            Any,
            r"(?i)^my (?P<value>(?:[a-z]+ ){0,2}(?:exam|interview|flight|wedding|surgery|operation|appointment|trip|deadline|presentation|vacation|concert|defen[cs]e)) is (?:on |in |at )?.*(?:\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b).*$",
        ),
    ])
});
