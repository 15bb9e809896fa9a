/// One run of a skill. The host fills in every field.
///
/// ```
/// use skillet_sdk::Call;
///
/// let call = Call::new(3).in_locale("zh-CN");
/// assert_eq!(call.input, 3);
/// assert!(call.is_chinese());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call<I> {
    /// `UUIDv7` of this run; the same on every retry of it. A good idempotency key.
    pub id: String,
    /// 1 on the first attempt.
    pub attempt: u32,
    /// The arguments, already checked against the manifest's `input_schema`.
    pub input: I,
    /// IETF language tag of the user, for example `zh-CN`.
    pub locale: String,
    /// IANA zone of the user, for example `Asia/Shanghai`.
    pub time_zone: String,
    /// Milliseconds that were left, when the run began, until the host stops it.
    pub deadline_ms: u64,
}

impl<I> Call<I> {
    /// A call for tests: first attempt, English, UTC, ten seconds.
    ///
    /// ```
    /// let call = skillet_sdk::Call::new("input");
    /// assert_eq!((call.attempt, call.locale.as_str()), (1, "en"));
    /// ```
    pub fn new(input: I) -> Self {
        Self {
            id: "00000000-0000-7000-8000-000000000000".into(),
            attempt: 1,
            input,
            locale: "en".into(),
            time_zone: "UTC".into(),
            deadline_ms: 10_000,
        }
    }

    /// The same call by a user of another language.
    ///
    /// ```
    /// let call = skillet_sdk::Call::new(()).in_locale("de");
    /// assert_eq!(call.locale, "de");
    /// ```
    pub fn in_locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = locale.into();
        self
    }

    /// Whether replies should be in Chinese: the locale is `zh` or a variety of it.
    ///
    /// ```
    /// # use skillet_sdk::Call;
    /// assert!(Call::new(()).in_locale("zh-Hant-TW").is_chinese());
    /// assert!(!Call::new(()).in_locale("en-GB").is_chinese());
    /// ```
    pub fn is_chinese(&self) -> bool {
        let language = self.locale.split(['-', '_']).next().unwrap_or_default();
        language.eq_ignore_ascii_case("zh")
    }

    /// The same call with its input replaced by what `f` makes of it.
    ///
    /// ```
    /// # use skillet_sdk::Call;
    /// assert_eq!(Call::new("5").map(str::len).input, 1);
    /// ```
    pub fn map<J>(self, f: impl FnOnce(I) -> J) -> Call<J> {
        Call {
            id: self.id,
            attempt: self.attempt,
            input: f(self.input),
            locale: self.locale,
            time_zone: self.time_zone,
            deadline_ms: self.deadline_ms,
        }
    }
}
