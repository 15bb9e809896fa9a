// The skill's entry, failures, and what ends a run for good.
#include <cstdarg>

#include "skillet_tree.hpp"

namespace skillet {

static std::unexpected<Failure> failure(skillet_kind kind, std::string text) {
    return std::unexpected(Failure{kind, std::move(text)});
}

std::unexpected<Failure> invalid_input(std::string text) { return failure(SKILLET_INVALID_INPUT, std::move(text)); }
std::unexpected<Failure> unavailable(std::string text) { return failure(SKILLET_UNAVAILABLE, std::move(text)); }
std::unexpected<Failure> denied(std::string text) { return failure(SKILLET_DENIED, std::move(text)); }
std::unexpected<Failure> failed(std::string text) { return failure(SKILLET_FAILED, std::move(text)); }

void panic(std::string_view text) { skillet_panic("%.*s", static_cast<int>(text.size()), text.data()); }

bool Call::is_chinese() const {
    skillet_call call{};
    call.locale = locale.c_str();
    return skillet_is_chinese(&call);
}

} // namespace skillet

extern "C" skillet_result skillet_run(const skillet_call *raw) {
    const skillet::Call call{raw->id,     raw->attempt,   skillet::Tree::read(raw->input),
                             raw->locale, raw->time_zone, raw->deadline_ms};
    const auto output = skillet::run(call);
    if (!output) return skillet_fail(output.error().kind, "%s", output.error().text.c_str());
    return skillet_ok(skillet::Tree::write(*output).release());
}

// What the standard library calls where it would throw. It is meant to be replaced by programs.
#if _LIBCPP_VERSION >= 200000
#define VERBOSE_ABORT_NOEXCEPT noexcept
#else
#define VERBOSE_ABORT_NOEXCEPT
#endif
[[noreturn]] void std::__libcpp_verbose_abort(const char *format, ...) VERBOSE_ABORT_NOEXCEPT {
    std::va_list list;
    va_start(list, format);
    skillet_panic("%s", skillet_format_list(format, list).data);
}
