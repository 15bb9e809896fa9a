// Greets somebody by name, and counts how often.
#include "skillet.hpp"

#include <cstdlib>

using skillet::Call, skillet::Json, skillet::Result;

static std::string trimmed(const std::string &text) {
    const char *spaces = " \t\r\n";
    const auto first = text.find_first_not_of(spaces);
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

/// Two greetings at the same time must not be counted as one.
static Result<long> count_up() {
    for (;;) {
        const auto before = SKILLET_TRY(skillet::kv::get("count"));
        const long count = (before ? std::strtol(before->c_str(), nullptr, 10) : 0) + 1;
        if (SKILLET_TRY(skillet::kv::compare_and_set("count", before, std::to_string(count)))) return count;
    }
}

Result<Json> skillet::run(const Call &call) {
    const auto name = trimmed(call.input["name"].text().value_or(""));
    if (name.empty()) return skillet::invalid_input("the name is empty");

    const long count = SKILLET_TRY(count_up());
    const auto times = std::to_string(count);
    const auto text = call.is_chinese() ? "你好，" + name + "！这是第 " + times + " 次。"
                                        : "Hello, " + name + "! This is time " + times + ".";
    return Json::object({{"text", text}, {"count", count}});
}
