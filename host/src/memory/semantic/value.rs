//! What a value may be: a place is no programming language, a name is no mood.

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    Place,
    Company,
    Name,
    Thing,
    Trade,
    Any,
}

/// The value as it is kept, or `None` when it is not one that the rule can mean.
pub fn value(takes: Takes, text: &str) -> Option<String> {
    let text = text.trim().trim_matches(|c: char| c.is_whitespace() || ".。!！,，~".contains(c));
    let text = text.strip_suffix('了').filter(|left| !left.is_empty()).unwrap_or(text);
    let lower = text.to_lowercase();
    let first = lower.split(' ').next().unwrap_or_default();
    let words = lower.split(' ').count();
    if text.is_empty() || has(POINTERS, &lower) || has(POINTING, first) {
        return None;
    }
    let starts = |list: &str| list.split('|').any(|one| lower.starts_with(one));
    let ends = |list: &str| list.split('|').any(|one| lower.ends_with(one));
    let han = text.chars().next().is_some_and(|c| !c.is_ascii());
    let good = match takes {
        Takes::Place if han => !starts(NO_PLACE_ZH) && !ends(NO_PLACE_END_ZH) && text.chars().count() <= 16,
        Takes::Place => {
            let large = text.starts_with(char::is_uppercase);
            words <= 5 && !has(NO_PLACE_EN, first) && !has(TECHNOLOGY, &lower) && (large || words <= 2)
        }
        Takes::Company if han => {
            !starts(NO_COMPANY_ZH) && !ends(NO_COMPANY_END_ZH) && !is_city(text) && text.chars().count() <= 16
        }
        Takes::Company => words <= 5 && !has(NO_COMPANY_EN, first),
        Takes::Name if han => {
            text.chars().count() <= 6 && !starts(NO_NAME_START_ZH) && !text.chars().any(|c| NO_NAME_ZH.contains(c))
        }
        Takes::Name => {
            words <= 3 && !has(NO_NAME_EN, first) && text.chars().all(|c| c.is_alphabetic() || " .'-’·".contains(c))
        }
        Takes::Thing if han => text.chars().count() <= 12 && !starts(NO_THING_ZH) && !text.contains('的'),
        Takes::Thing => words <= 5 && !has(NO_THING_EN, first),
        Takes::Trade if han => text.chars().count() <= 10 && ends(TRADES_ZH) && !text.contains('的'),
        Takes::Trade => words <= 4 && is_trade(&lower),
        Takes::Any => text.chars().count() <= 200,
    };
    good.then(|| text.to_owned())
}

/// Whether a word is in a list.
fn has(list: &str, word: &str) -> bool {
    list.split('|').any(|one| one == word)
}

/// Words that point at something said before and mean nothing later.
const POINTERS: &str = "这个|那个|它|他|她|你|你们|我|这样|那样|这里|那里|这儿|那儿|一个人|家";
const POINTING: &str = "it|that|this|these|those|them|you|your|him|her|his|their|there|here|how|when|what|where|everything|nothing|\
    something|anything|me|myself";
const NO_PLACE_EN: &str = "a|an|my|our|fear|peace|hope|denial|pain|luxury|poverty|harmony|the|tears|next|new|another|bed|work|one|two|\
    constant|total";
const TECHNOLOGY: &str = "linux|windows|mac|macos|ios|android|chrome|firefox|safari|python|rust|go|golang|java|javascript|typescript|\
    react|vue|vim|neovim|emacs|github|gitlab|slack|teams|notion|obsidian|postgres|postgresql|mysql|sqlite|aws|\
    azure|gcp|docker|kubernetes|telegram|signal|whatsapp|wechat|iphone|kotlin|swift|zed|vscode|management|sales|\
    marketing|engineering";
const NO_PLACE_ZH: &str = "院|校|得|不|过|在家|酒店|宾馆|旅馆|朋友|家里|一个|一家|一间|这|那|新房|新家|新公司|新办公|新的|另|楼|隔壁|哪|几|了|公司|单位|宿舍|父母|爸妈|他|她|\
    你|地下|同一|客厅|卧室|很|太远|太近|最";
const NO_PLACE_END_ZH: &str =
    "办公室|房间|座位|桌|群|服务器|平台|系统|仓库|分支|楼|层|库|目录|文件夹|组|部门|旁边|附近|习惯";
const NO_COMPANY_EN: &str = "home|night|a|an|my|our|least|all|free|fun|once|first|last|times|nights|food|money|someone|somebody|being|\
    now|about|dawn";
const NO_COMPANY_ZH: &str =
    "家里|家附近|外地|努力|认真|好好|一个|一家|一所|这|那|晚上|周末|夜里|国外|市|办公室|公司|单位|地铁|路上|网上";
const NO_COMPANY_END_ZH: &str = "市|省|县|区|国|城|州";
const CITIES_ZH: &str = "北京|上海|广州|深圳|杭州|南京|苏州|成都|重庆|武汉|西安|天津|长沙|青岛|厦门|宁波|无锡|合肥|郑州|大连|沈阳|\
    济南|福州|昆明|珠海|东莞|佛山|香港|澳门|台北|东京|大阪|首尔|新加坡|柏林|慕尼黑|汉堡|伦敦|巴黎|纽约|硅谷|\
    旧金山|西雅图|洛杉矶|悉尼|墨尔本|多伦多|温哥华|苏黎世|维也纳|马德里|罗马|米兰|阿姆斯特丹|莫斯科|曼谷|迪拜|\
    海外";
const NO_NAME_EN: &str = "a|an|the|back|later|now|tomorrow|tonight|again|maybe|crazy|anytime|soon|today|please|first|when|if|asap|old|\
    lazy|after|before|on|at|in|to|not|so|very|really|pretty|going|doing|working|out|up|down|for|with|from|about|\
    always|never|sick|pregnant|angry|happy|sad|tired|ill|fine|ok|okay|good|great|nice|my|our|coming|visiting|\
    crying";
const NO_NAME_START_ZH: &str = "一下|一声|几|今天|明天";
const NO_NAME_ZH: &str = "早晚起床别不来去做吃时了的是在有这那你我他她它们着过会能要让帮说看给把";
const NO_THING_EN: &str = "the|a|an|my|our|that|being|having|to|going|seeing|about|much|well|when";
const NO_THING_ZH: &str = "一门|一些|一种|你|他|她|它|这|那|上|过|到|完|了|得|一个|一下|饭|早饭|午饭|晚饭|早餐|午餐|晚餐|药|东西|我|什么|饱|起|不|在|\
    和";
const TRADES_ZH: &str = "师|医生|护士|员|律师|会计|学生|研究生|博士|博士后|博士生|教授|司机|作家|记者|警察|经理|销售|翻译|科学家|\
    学家|顾问|创业者|自由职业|自由职业者|妈妈|主妇|军人|农民|工人|歌手|画家|编辑|主播|客服|总监|主管|程序猿|\
    设计|运营|产品|秘书|助理|导演|商人|店长|校长|院长";
const TRADES_EN: &str = "teacher|doctor|nurse|engineer|developer|programmer|designer|lawyer|student|writer|author|journalist|\
    accountant|architect|artist|baker|barista|biologist|bartender|carpenter|chef|chemist|coach|consultant|cook|\
    dentist|director|driver|economist|editor|electrician|entrepreneur|farmer|firefighter|freelancer|researcher|\
    scientist|manager|mechanic|midwife|musician|paramedic|pharmacist|photographer|physicist|pilot|plumber|\
    police officer|postdoc|professor|psychologist|recruiter|salesperson|secretary|singer|soldier|surgeon|\
    therapist|translator|veterinarian|vet|waiter|waitress|analyst|administrator|librarian|judge|founder|\
    technician|tutor|actor|actress|pensioner|retiree|mathematician|historian|statistician";

fn is_trade(lower: &str) -> bool {
    TRADES_EN.split('|').any(|trade| lower == trade || lower.ends_with(&format!(" {trade}")))
}

fn is_city(text: &str) -> bool {
    has(CITIES_ZH, text)
}
