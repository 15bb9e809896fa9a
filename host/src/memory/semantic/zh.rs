//! What Chinese predicates say, without their subject, times and adverbs.

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
        (
            "name",
            Value,
            Name,
            r"^(?:的?名字(?:是|叫)?|名?叫做?|改名?叫|改名为|的?名字改成了?)(?P<value>[\p{Han}A-Za-z· ]{1,24})$",
        ),
        (
            "home",
            Value,
            Place,
            r"^(?:是|就)?(?:住在|居住在|定居在?|常住|家在|住)(?P<value>[\p{Han}A-Za-z· ]{2,24}?)(?:这边|那边|呢|啦|这里)?$",
        ),
        (
            "home",
            Value,
            Place,
            r"^(?:从[\p{Han}A-Za-z]+)?(?:全?家)?(?:搬家?|迁|移居|移民)(?:到|去|来|回)?了?(?P<value>[\p{Han}A-Za-z· ]{2,24}?)(?:住|生活|这边|那边|来|去|定居)?(?:了|啦)?$",
        ),
        ("home", Value, Place, r"^(?:人)?在(?P<value>[\p{Han}A-Za-z· ]{2,24}?)(?:生活|定居|安家)$"),
        ("home", Ended, Place, r"^(?:不再?|没)(?:住在?|在)(?P<value>[\p{Han}A-Za-z· ]{2,24}?)(?:住)?了?$"),
        ("home", Ended, Place, r"^(?:离开|搬离|搬出)了?(?P<value>[\p{Han}A-Za-z· ]{2,24}?)了?$"),
        (
            "from",
            Value,
            Place,
            r"^(?:来自|的?老家(?:在|是)|的?家乡(?:在|是)|出生(?:在|于))(?P<value>[\p{Han}A-Za-z· ]{2,24})$",
        ),
        ("from", Value, Place, r"^是(?P<value>[\p{Han}]{2,5})人$"),
        ("job", Value, Trade, r"^在[\p{Han}A-Za-z]{1,10}(?:当|做)(?P<value>[\p{Han}]{2,8})$"),
        (
            "employer",
            Value,
            Company,
            r"^在(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:上班|工作|任职|就职|实习|打工|打工)$",
        ),
        (
            "employer",
            Value,
            Company,
            r"^(?:入职|加入|跳槽到?|跳槽去|跳到|换到|被挖到)了?(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:上班|工作)?了?$",
        ),
        ("employer", Value, Company, r"^在(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:当|做)\p{Han}{2,8}$"),
        ("employer", Value, Company, r"^(?:去|到|进)了?(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:上班|工作|任职)了?$"),
        ("employer", Ended, Company, r"^(?:不再?在|没在)(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:上班|工作|做|干)?$"),
        ("employer", Ended, Company, r"^从(?P<value>[\p{Han}A-Za-z0-9· ]{2,24}?)(?:辞职|离职|离开)了?$"),
        ("employer", Ended, Any, r"^(?:把工作辞|辞职|离职|失业|被裁|被裁员|退休)了?$"),
        (
            "job",
            Value,
            Trade,
            r"^(?:是|当|做|的?(?:职业|工作)是|成为|转行做|转岗做|升职?[成为]+|改行做)了?(?:一?[名位个])?(?P<value>[\p{Han}A-Za-z]{2,12})$",
        ),
        ("job", Value, Any, r"^的?(?:职业|工作)是(?P<value>[^，。]{2,30})$"),
        ("job", Ended, Trade, r"^不再?是(?P<value>[\p{Han}]{2,12})$"),
        (
            "birthday",
            Value,
            Any,
            r"^(?:的|过)?生日(?:就?是|在|：)?(?P<value>[0-9零〇一二三四五六七八九十]+[月/.-][0-9一二三四五六七八九十]+[日号]?|农历.{2,10}|[0-9]{4}年.{3,10})$",
        ),
        (
            "birthday",
            Value,
            Any,
            r"^(?:出生于|生于|是)(?P<value>[^是]{0,5}[0-9一二三四五六七八九十]+月[0-9一二三四五六七八九十]+[日号])(?:出?生的?)$",
        ),
        ("age", Value, Any, r"^(?:今年)?(?P<value>[0-9]{1,3}|[一二三四五六七八九十]{1,3})岁$"),
        ("marital", Is("married"), Any, r"^(?:已经?|刚)?(?:结婚了?|已婚|领证了)$"),
        ("marital", Is("divorced"), Any, r"^(?:已经?|刚)?(?:离婚了?|离异)$"),
        ("marital", Is("single"), Any, r"^(?:是|又|恢复)?单身(?:的|了|狗)?$"),
        ("marital", Ended, Any, r"^(?:不再?(?:是)?(?P<value>单身)|脱单|有(?:男|女)朋友)$"),
        ("marital", Is("engaged"), Any, r"^订婚了?$"),
        ("diet", Is("vegan"), Any, r"^(?:是|改|开始)?(?:一?个)?(?:纯素食?(?:者|主义者)?|吃纯素|吃全素)$"),
        ("diet", Is("vegetarian"), Any, r"^(?:是|改|开始)?(?:一?[个名])?(?:素食者|素食主义者|吃素|改吃素)(?:的)?$"),
        ("diet", Ended, Any, r"^(?:不再?(?:是)?(?:吃素|素食者|素食主义者)了?|又?(?:开始|重新)吃肉了?|又吃肉了?)$"),
        (
            "allergy:{value}",
            Ended,
            Thing,
            r"^(?:不再对(?P<value>[^，。]{1,20}?)过敏|对(?P<value2>[^，。]{1,20}?)(?:不|不再|没有?)过敏)$",
        ),
        ("allergy:{value}", Yes, Thing, r"^(?:也|都)?对(?P<value>[^，。]{1,20}?)(?:也|都|严重|会)*过敏$"),
        (
            "taste:{value}",
            Yes,
            Thing,
            r"^(?:最|更|比较|很|非常|超级?|挺|蛮|真的|特别|好)*(?:喜欢|爱|偏好|偏爱|热爱)(?:上了)?(?:吃|喝|看|听|用|玩|打|抽)?(?P<value>[\p{Han}A-Za-z0-9 ]{1,12}?)$",
        ),
        (
            "taste:{value}",
            Yes,
            Thing,
            r"^(?:又|重新|开始|能|可以|敢|会)+(?:吃|喝|抽|喜欢)(?:上)?(?P<value>[\p{Han}A-Za-z ]{1,12}?)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"^(?:不太?|不怎么|最不|不再)(?:喜欢|爱)(?:吃|喝|看|听|用|玩|打|抽)?(?P<value>[\p{Han}A-Za-z0-9 ]{1,12}?)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"^(?:最|很|特别|非常|超级?)*(?:讨厌|受不了|恨|厌恶)(?:吃|喝|看|听)?(?P<value>[\p{Han}A-Za-z0-9 ]{1,12}?)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"^(?:从来|再也|以后|从小)*(?:不|不能|不再|没法|不敢|没再)(?:怎么|太)?(?:吃|喝|抽|碰)(?P<value>[\p{Han}A-Za-z0-9 ]{1,12}?)$",
        ),
        (
            "taste:{value}",
            No,
            Thing,
            r"^戒(?:掉)?了?(?P<value>[\p{Han}]{1,6}?)(?:[0-9一二两三四五六七八九十半几]+[个多]?[年月天周])?$",
        ),
        ("taste:{value}", Was, Thing, r"^(?:吃|喝|抽|玩)(?P<value>[\p{Han}A-Za-z]{1,8}?)$"),
        (
            "pet:{value}",
            Yes,
            Name,
            r"^(?:养了?|有)(?:一?[只条个])?\p{Han}{0,4}(?:猫|狗|兔子|仓鼠|鹦鹉)[，,]?(?:名字?)?叫(?P<value>.{1,8})$",
        ),
        ("{thing}", Value, Any, r"^有(?P<value>[0-9一二两三四五六]+)[个只条](?P<thing>孩子|小孩|兄弟姐妹|猫|狗)$"),
        ("speaks:{value}", Yes, Thing, r"^会说(?P<value>\p{Han}{1,6}[语话文])$"),
        ("learning:{value}", Yes, Thing, r"^(?:正?在|开始)学(?:习)?(?P<value>[\p{Han}A-Za-z]{1,10})$"),
        ("away", Is("on leave"), Any, r"^(?:正?在|去)?(?:休假|度假|休产假|休陪产假|出差|住院)$"),
        (
            "{thing}",
            Value,
            Any,
            r"^的?(?P<thing>手机号|手机号码|电话|电话号码|邮箱|住址|地址|身高|血型|鞋码|时区|母语|国籍|微信号?)(?:就?是|换成了?|改成了?|变成了?|换了?是)(?P<value>.{1,60})$",
        ),
        ("{thing}", Value, Any, r"^(?P<thing>最喜欢的\p{Han}{1,6}?)(?:就?是|变成了?|换成了?)(?P<value>.{1,30})$"),
        (
            "agenda:{value}",
            Yes,
            Any,
            r"^的?(?P<value>\p{Han}{0,4}(?:考试|面试|航班|婚礼|手术|答辩|体检|比赛|演讲|截止日期|签证))(?:是|在|定在|安排在).{2,20}$",
        ),
    ])
});
