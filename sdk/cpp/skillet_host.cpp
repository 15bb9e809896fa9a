// What the host lends, by way of the C side.
#include "skillet_tree.hpp"

#include <cstdlib>
#include <memory>

namespace skillet {

/// An array that a C function made; its memory is given back at the end of the block.
template <class T>
using Array = std::unique_ptr<T[], decltype([](T *items) { std::free(items); })>;

static int size_of(std::string_view text) { return static_cast<int>(text.size()); }

namespace log {
void debug(std::string_view line) { skillet_debug("%.*s", size_of(line), line.data()); }
void info(std::string_view line) { skillet_info("%.*s", size_of(line), line.data()); }
void warn(std::string_view line) { skillet_warn("%.*s", size_of(line), line.data()); }
void error(std::string_view line) { skillet_log_error("%.*s", size_of(line), line.data()); }
} // namespace log

std::uint64_t clock::now_ms() { return skillet_now_ms(); }

std::vector<std::uint8_t> random::bytes(std::size_t length) {
    std::vector<std::uint8_t> bytes(length);
    skillet_random(bytes.data(), length);
    return bytes;
}

void progress::report(std::uint32_t done, std::uint32_t total, std::string_view note) {
    skillet_progress(done, total, lend(note));
}

static std::optional<std::string> take_optional(skillet_text text) {
    return text.data ? std::optional(take(text)) : std::nullopt;
}

namespace kv {

Result<std::optional<std::string>> get(const std::string &key) {
    skillet_text value;
    if (!skillet_kv_get(key.c_str(), &value)) return refused();
    return take_optional(value);
}

Result<void> set(const std::string &key, std::string_view value) {
    if (!skillet_kv_set(key.c_str(), lend(value))) return refused();
    return {};
}

Result<bool> compare_and_set(const std::string &key, const std::optional<std::string> &expected,
                             std::string_view value) {
    bool set;
    const skillet_text before = expected ? lend(*expected) : skillet_none;
    if (!skillet_kv_compare_and_set(key.c_str(), before, lend(value), &set)) return refused();
    return set;
}

Result<void> remove(const std::string &key) {
    if (!skillet_kv_delete(key.c_str())) return refused();
    return {};
}

Result<std::vector<std::string>> keys(const std::string &prefix, std::uint32_t limit) {
    skillet_texts found;
    if (!skillet_kv_keys(prefix.c_str(), limit, &found)) return refused();
    const Array<skillet_text> items(found.items);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < found.count; i++) keys.push_back(take(items[i]));
    return keys;
}

} // namespace kv

namespace settings {

std::optional<std::string> get(const std::string &key) { return take_optional(skillet_setting(key.c_str())); }

Result<std::string> require(const std::string &key) {
    skillet_text value;
    if (!skillet_require_setting(key.c_str(), &value)) return refused();
    return take(value);
}

} // namespace settings

namespace memory {

Result<std::vector<Fact>> search(std::string_view query, std::uint32_t limit) {
    skillet_facts found;
    if (!skillet_memory_search(lend(query), limit, &found)) return refused();
    const Array<skillet_fact> items(found.items);
    std::vector<Fact> facts;
    for (std::size_t i = 0; i < found.count; i++)
        facts.push_back({take(items[i].key), take(items[i].text), items[i].score, items[i].recorded_at_ms});
    return facts;
}

Result<void> remember(const std::string &key, std::string_view text) {
    if (!skillet_memory_remember(key.c_str(), lend(text))) return refused();
    return {};
}

} // namespace memory

namespace config {

Result<std::string> get(const std::string &key) {
    skillet_text value;
    if (!skillet_config_get(key.c_str(), &value)) return refused();
    return take(value);
}

Result<void> set(const std::string &key, std::string_view value) {
    if (!skillet_config_set(key.c_str(), lend(value))) return refused();
    return {};
}

} // namespace config

Result<llm::Answer> llm::complete(const Question &question) {
    const Tree::Owned schema = question.output_schema ? Tree::write(*question.output_schema) : nullptr;
    const skillet_question raw{question.tier, question.instructions.c_str(), lend(question.prompt), schema.get(),
                               question.max_output_tokens};
    skillet_answer answer;
    if (!skillet_llm_complete(&raw, &answer)) return refused();
    return Answer{take(answer.text), answer.input_tokens, answer.output_tokens};
}

static Result<std::string> send_message(const char *chat, std::string_view text) {
    skillet_text id;
    if (!skillet_messages_send(chat, lend(text), &id)) return refused();
    return take(id);
}

Result<std::string> messages::send(std::string_view text) { return send_message(nullptr, text); }
Result<std::string> messages::send_to(const std::string &chat, std::string_view text) {
    return send_message(chat.c_str(), text);
}

namespace jobs {

static const char *optional_string(const std::optional<std::string> &text) { return text ? text->c_str() : nullptr; }

Result<std::string> schedule(const NewJob &job) {
    const Tree::Owned payload = Tree::write(job.payload);
    const skillet_new_job raw{job.kind.c_str(), job.run_at_ms, optional_string(job.recurrence), payload.get(),
                              optional_string(job.idempotency_key)};
    skillet_text id;
    if (!skillet_jobs_schedule(&raw, &id)) return refused();
    return take(id);
}

static std::string take_string(const char *string) { return take(skillet_str(string)); }

static Job take_job(const skillet_job &raw) {
    const Tree::Owned payload(raw.payload);
    auto recurrence = raw.recurrence ? std::optional(take_string(raw.recurrence)) : std::nullopt;
    return {take_string(raw.id), take_string(raw.kind), raw.state,
            raw.run_at_ms,       std::move(recurrence), Tree::read(raw.payload)};
}

Result<std::vector<Job>> list(std::uint32_t limit) {
    skillet_jobs found;
    if (!skillet_jobs_list(limit, &found)) return refused();
    const Array<skillet_job> items(found.items);
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < found.count; i++) jobs.push_back(take_job(items[i]));
    return jobs;
}

Result<bool> reschedule(const std::string &id, std::uint64_t run_at_ms) {
    bool moved;
    if (!skillet_jobs_reschedule(id.c_str(), run_at_ms, &moved)) return refused();
    return moved;
}

Result<bool> cancel(const std::string &id) {
    bool cancelled;
    if (!skillet_jobs_cancel(id.c_str(), &cancelled)) return refused();
    return cancelled;
}

} // namespace jobs

namespace http {

Result<Response> fetch(const Request &request) {
    std::vector<skillet_header> headers;
    for (const auto &[name, value] : request.headers) headers.push_back({name.c_str(), value.c_str()});
    const skillet_request raw{request.method.c_str(), request.url.c_str(), headers.data(), headers.size(),
                              lend(request.body),     request.timeout_ms};
    skillet_response came;
    if (!skillet_http_fetch(&raw, &came)) return refused();
    const Array<skillet_header> items(came.headers);
    Response response{came.status, {}, take(came.body)};
    for (std::size_t i = 0; i < came.header_count; i++)
        response.headers.emplace_back(take(skillet_str(items[i].name)), take(skillet_str(items[i].value)));
    return response;
}

std::optional<std::string> Response::header(const std::string &wanted) const {
    for (const auto &[name, value] : headers) {
        const skillet_header one{name.c_str(), value.c_str()};
        skillet_response raw{};
        raw.headers = const_cast<skillet_header *>(&one);
        raw.header_count = 1;
        if (skillet_http_header(&raw, wanted.c_str())) return value;
    }
    return std::nullopt;
}

Result<void> Response::ok() const {
    skillet_response raw{};
    raw.status = status;
    if (!skillet_http_ok(&raw)) return refused();
    return {};
}

} // namespace http

Result<Json> skills::call(const std::string &skill, const Json &input) {
    json *output;
    if (!skillet_skills_call(skill.c_str(), Tree::write(input).get(), &output)) return refused();
    const Tree::Owned owned(output);
    return Tree::read(output);
}

} // namespace skillet
