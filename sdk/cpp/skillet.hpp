// Write Skillet skills in C++. A skill is one function, `skillet::run`, that the author writes:
//
//     #include "skillet.hpp"
//
//     skillet::Result<skillet::Json> skillet::run(const skillet::Call &call) {
//         auto name = call.input["name"].text();
//         if (!name) return skillet::invalid_input("the name is missing");
//         return skillet::Json::object({{"text", "Hello, " + *name + "!"}});
//     }
//
// The host runs it in a fresh instance for each call: nothing in a global survives.
//
// There are no exceptions: the host's engine has none. What can go wrong gives a `Result`, which
// SKILLET_TRY opens or hands on.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "skillet.h"

namespace skillet {

/// Why there is no value. What `run` returns goes back to whoever asked, a model or a person.
struct Failure {
    /// SKILLET_INVALID_INPUT, SKILLET_UNAVAILABLE, SKILLET_DENIED or SKILLET_FAILED.
    skillet_kind kind = SKILLET_FAILED;
    std::string text;
    /// Which error of an interface it was, for whoever treats some of them otherwise.
    skillet_code code = SKILLET_ERROR_NONE;
};

template <class T>
using Result = std::expected<T, Failure>;

/// Failures, ready to return from any function that gives a `Result`.
std::unexpected<Failure> invalid_input(std::string text);
std::unexpected<Failure> unavailable(std::string text);
std::unexpected<Failure> denied(std::string text);
std::unexpected<Failure> failed(std::string text);

/// The value of a `Result`; if there is none, the function that this stands in returns the failure:
/// `auto value = SKILLET_TRY(skillet::kv::get("key"));`
#define SKILLET_TRY(attempt)                                                 \
    __extension__({                                                          \
        auto skillet_outcome = (attempt);                                    \
        if (!skillet_outcome)                                                \
            return std::unexpected(std::move(skillet_outcome).error());      \
        *std::move(skillet_outcome);                                         \
    })

/// Ends the run at once: the text goes out as a line of log of level error, then the run traps, and
/// the host shows that line as the reason. So does what would throw (`vector::at`, `stoi`, memory
/// that is used up), `std::terminate`, `abort`, `exit` and a failed `assert`.
[[noreturn]] void panic(std::string_view text);

} // namespace skillet

#include "skillet_json.hpp"

#include "skillet_host.hpp"

namespace skillet {

/// One run of a skill. The host fills in every field.
struct Call {
    std::string id;            ///< UUIDv7 of this run; the same on every retry of it
    std::uint32_t attempt = 1; ///< 1 on the first attempt
    Json input;                ///< already checked against the manifest's `input_schema`
    std::string locale;        ///< IETF language tag of the user, such as zh-CN
    std::string time_zone;     ///< IANA zone of the user, such as Asia/Shanghai
    std::uint64_t deadline_ms = 0; ///< milliseconds left, when the run began, until the host stops it

    /// Whether replies should be in Chinese: the locale is `zh` or a variety of it.
    bool is_chinese() const;
};

/// The skill itself. The author writes it. The output must satisfy the manifest's `output_schema`.
Result<Json> run(const Call &call);

} // namespace skillet
