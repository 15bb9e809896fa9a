// Does one thing of every kind, as asked: every SDK has this skill, and the host tests them alike.
#include "skillet.hpp"

#include <exception>
#include <iterator>
#include <vector>

using skillet::Call, skillet::Json, skillet::Result;

namespace {

std::string text_of(const Call &call, std::string_view key) { return call.input[key].text().value_or(""); }
std::int64_t number_of(const Call &call, std::string_view key) { return call.input[key].integer().value_or(0); }

Result<Json> echo(const Call &call) { return Json::object({{"text", call.input["text"]}}); }

Result<Json> describe(const Call &call) {
    return Json::object({{"id", call.id},
                         {"attempt", call.attempt},
                         {"locale", call.locale},
                         {"time_zone", call.time_zone},
                         {"deadline_ms", call.deadline_ms}});
}

Result<Json> fail(const Call &call) {
    const auto kind = text_of(call, "kind");
    const auto text = text_of(call, "text");
    if (kind == "invalid-input") return skillet::invalid_input(text);
    if (kind == "unavailable") return skillet::unavailable(text);
    if (kind == "denied") return skillet::denied(text);
    return skillet::failed(text);
}

Result<Json> panic(const Call &call) { skillet::panic(text_of(call, "text")); }

Result<Json> quit(const Call &) { std::terminate(); }

Result<Json> kv_set(const Call &call) {
    SKILLET_TRY(skillet::kv::set(text_of(call, "key"), text_of(call, "value")));
    return Json::object();
}

Result<Json> kv_get(const Call &call) {
    return Json::object({{"value", SKILLET_TRY(skillet::kv::get(text_of(call, "key")))}});
}

Result<Json> kv_swap(const Call &call) {
    const auto expected = call.input["expected"].text();
    const bool set = SKILLET_TRY(skillet::kv::compare_and_set(text_of(call, "key"), expected, text_of(call, "value")));
    return Json::object({{"set", set}});
}

Result<Json> kv_delete(const Call &call) {
    SKILLET_TRY(skillet::kv::remove(text_of(call, "key")));
    return Json::object();
}

Result<Json> kv_list(const Call &call) {
    auto keys = Json::array();
    for (const auto &key : SKILLET_TRY(skillet::kv::keys(text_of(call, "prefix"), 100))) keys.push(key);
    return Json::object({{"keys", keys}});
}

Result<Json> http(const Call &call) {
    const auto response = SKILLET_TRY(skillet::http::fetch(
        {.url = text_of(call, "url"), .headers = {{"x-conformance", "yes"}}, .timeout_ms = 5'000}));
    return Json::object({{"status", response.status}, {"body", response.body}});
}

Result<Json> log(const Call &call) {
    const auto level = text_of(call, "level");
    const auto text = text_of(call, "text");
    if (level == "debug")
        skillet::log::debug(text);
    else if (level == "info")
        skillet::log::info(text);
    else if (level == "warn")
        skillet::log::warn(text);
    else
        skillet::log::error(text);
    return Json::object();
}

Result<Json> progress(const Call &call) {
    const auto done = static_cast<std::uint32_t>(number_of(call, "done"));
    const auto total = static_cast<std::uint32_t>(number_of(call, "total"));
    skillet::progress::report(done, total, text_of(call, "note"));
    return Json::object();
}

Result<Json> tell_time(const Call &) { return Json::object({{"now_ms", skillet::clock::now_ms()}}); }

Result<Json> random_hex(const Call &call) {
    std::string hex;
    for (const auto byte : skillet::random::bytes(static_cast<std::size_t>(number_of(call, "length")))) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return Json::object({{"hex", hex}});
}

Result<Json> settings(const Call &call) {
    return Json::object({{"value", skillet::settings::get(text_of(call, "key"))}});
}

Result<Json> remember(const Call &call) {
    SKILLET_TRY(skillet::memory::remember(text_of(call, "key"), text_of(call, "text")));
    return Json::object();
}

Result<Json> search(const Call &call) {
    auto keys = Json::array();
    for (const auto &fact : SKILLET_TRY(skillet::memory::search(text_of(call, "query"), 10))) keys.push(fact.key);
    return Json::object({{"keys", keys}});
}

Result<Json> ask(const Call &call) {
    const auto answer = SKILLET_TRY(skillet::llm::complete(
        {.instructions = "Answer.", .prompt = text_of(call, "prompt"), .output_schema = {}, .max_output_tokens = 64}));
    return Json::object({{"text", answer.text}});
}

Result<Json> send(const Call &call) {
    return Json::object({{"id", SKILLET_TRY(skillet::messages::send(text_of(call, "text")))}});
}

Result<Json> schedule(const Call &call) {
    const skillet::jobs::NewJob job{.kind = "reminder",
                                    .run_at_ms = static_cast<std::uint64_t>(number_of(call, "at_ms")),
                                    .payload = Json::object({{"text", text_of(call, "text")}})};
    return Json::object({{"id", SKILLET_TRY(skillet::jobs::schedule(job))}});
}

Result<Json> call_skill(const Call &call) {
    return Json::object({{"output", SKILLET_TRY(skillet::skills::call(text_of(call, "skill"), call.input["input"]))}});
}

Result<Json> config(const Call &call) {
    return Json::object({{"value", SKILLET_TRY(skillet::config::get(text_of(call, "key")))}});
}

Result<Json> spin(const Call &) {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

Result<Json> fill(const Call &) {
    std::vector<std::string> pieces;
    for (;;) pieces.emplace_back(std::size_t{1} << 20, 'x');
}

constexpr struct {
    std::string_view name;
    Result<Json> (*run)(const Call &call);
} deeds[] = {
    {"echo", echo},        {"call", describe},     {"fail", fail},         {"panic", panic},
    {"quit", quit},
    {"kv_set", kv_set},    {"kv_get", kv_get},     {"kv_swap", kv_swap},   {"kv_delete", kv_delete},
    {"kv_list", kv_list},  {"http", http},         {"log", log},           {"progress", progress},
    {"clock", tell_time},  {"random", random_hex}, {"settings", settings}, {"remember", remember},
    {"search", search},    {"llm", ask},           {"send", send},         {"schedule", schedule},
    {"skill", call_skill}, {"config", config},     {"spin", spin},         {"fill", fill},
};

} // namespace

Result<Json> skillet::run(const Call &call) {
    const auto what = text_of(call, "do");
    for (const auto &deed : deeds)
        if (deed.name == what) return deed.run(call);
    return skillet::invalid_input("unknown `do`");
}
