// What the host lends, a namespace for each interface. Part of skillet.hpp. An interface that is not
// called is not in the component. Times are milliseconds since 1970-01-01 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skillet {

/// Lines that the owner reads beside the call. Needs no grant.
namespace log {
void debug(std::string_view line);
void info(std::string_view line);
void warn(std::string_view line);
void error(std::string_view line);
} // namespace log

/// Needs no grant.
namespace clock {
std::uint64_t now_ms();
}

/// Fit for tokens and keys. Needs no grant.
namespace random {
std::vector<std::uint8_t> bytes(std::size_t length);
}

/// Shown to the person who waits. Needs no grant.
namespace progress {
void report(std::uint32_t done, std::uint32_t total, std::string_view note);
}

/// Bytes kept for this skill and this user.
namespace kv {
Result<std::optional<std::string>> get(const std::string &key);
Result<void> set(const std::string &key, std::string_view value);
/// Sets only if the present value is `expected`; whether it did.
Result<bool> compare_and_set(const std::string &key, const std::optional<std::string> &expected,
                             std::string_view value);
Result<void> remove(const std::string &key);
/// The keys that start with `prefix`, sorted, at most `limit` of them.
Result<std::vector<std::string>> keys(const std::string &prefix, std::uint32_t limit);
} // namespace kv

/// What the owner set for this skill.
namespace settings {
std::optional<std::string> get(const std::string &key);
/// For a setting that the skill cannot do without: denied if it is empty.
Result<std::string> require(const std::string &key);
} // namespace settings

/// What the agent knows about the user.
namespace memory {
struct Fact {
    std::string key;
    std::string text;
    float score; ///< higher is nearer to the query; only comparable within one answer
    std::uint64_t recorded_at_ms;
};
/// The facts nearest to the query, best first.
Result<std::vector<Fact>> search(std::string_view query, std::uint32_t limit);
/// Keeps a fact, in place of what was under the key. Key "": the host derives it from the text.
Result<void> remember(const std::string &key, std::string_view text);
} // namespace memory

/// The agent's own settings, only those that the owner opened to skills.
namespace config {
Result<std::string> get(const std::string &key);
Result<void> set(const std::string &key, std::string_view value);
} // namespace config

/// A language model.
namespace llm {
struct Question {
    skillet_tier tier = SKILLET_SMALL;
    std::string instructions; ///< the same text from call to call is cached
    std::string prompt;
    std::optional<Json> output_schema; ///< with it the answer's text is JSON that satisfies it
    std::uint32_t max_output_tokens = 512;
};
struct Answer {
    std::string text;
    std::uint32_t input_tokens;
    std::uint32_t output_tokens;
};
Result<Answer> complete(const Question &question);
} // namespace llm

namespace messages {
/// Queues a message to the conversation that the call came from; gives its id.
Result<std::string> send(std::string_view text);
/// To "me" (the person's own Telegram chat), a paired person or group, or a chat id.
Result<std::string> send_to(const std::string &chat, std::string_view text);
} // namespace messages

/// Work done later.
namespace jobs {
struct NewJob {
    std::string kind; ///< "reminder", "skill_call" or "daily_digest"
    std::uint64_t run_at_ms;
    Json payload; ///< {"text"} of a reminder, {"skill", "input"} of a skill_call
    std::optional<std::string> recurrence = {};      ///< cron, five fields, in the user's time zone
    std::optional<std::string> idempotency_key = {}; ///< the same key again gives the job that is there
};
struct Job {
    std::string id;
    std::string kind;
    skillet_job_state state;
    std::uint64_t run_at_ms; ///< when it runs next, or ran last
    std::optional<std::string> recurrence;
    Json payload;
};
/// Gives the job's id.
Result<std::string> schedule(const NewJob &job);
/// Those still to run, the next one first; then those that ended in the last day, newest first.
Result<std::vector<Job>> list(std::uint32_t limit);
/// False when the job is not waiting any more.
Result<bool> reschedule(const std::string &id, std::uint64_t run_at_ms);
/// True when the job was still to run and now is not.
Result<bool> cancel(const std::string &id);
} // namespace jobs

/// Requests to hosts that the owner granted.
namespace http {
using Headers = std::vector<std::pair<std::string, std::string>>;
struct Request {
    std::string method = "GET";
    std::string url;
    Headers headers = {};
    std::string body = {};
    std::uint32_t timeout_ms = 10'000; ///< for the whole response
};
struct Response {
    std::uint16_t status;
    Headers headers;
    std::string body; ///< decompressed

    /// The first header of that name, in whatever case.
    std::optional<std::string> header(const std::string &name) const;
    /// A failure unless the status is 2xx: unavailable if a retry may mend it.
    Result<void> ok() const;
};
/// A status such as 404 is a response, not a failure: see `Response::ok`.
Result<Response> fetch(const Request &request);
} // namespace http

namespace skills {
/// Runs another skill for the same person. What it uses counts against this call.
Result<Json> call(const std::string &skill, const Json &input);
} // namespace skills

} // namespace skillet
