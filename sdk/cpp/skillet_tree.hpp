// Between the C++ and the C side. Not for skills.
#pragma once

#include <memory>

#include "skillet.hpp"

namespace skillet {

struct Tree {
    struct Free {
        void operator()(json *tree) const { json_free(tree); }
    };
    using Owned = std::unique_ptr<json, Free>;

    static Json read(const json *tree) { return Json::from_tree(tree); }
    static Owned write(const Json &value) { return Owned(value.to_tree()); }
};

/// A text to lend to a C function.
inline skillet_text lend(std::string_view text) {
    // An empty view may have no address, which C takes for no text at all.
    return {text.data() ? text.data() : "", text.size()};
}

/// A text that a C function made; its memory is given back.
inline std::string take(skillet_text text) {
    std::string copy(text.data ? text.data : "", text.length);
    skillet_free(text);
    return copy;
}

/// The last error of the C side.
inline std::unexpected<Failure> refused() {
    const skillet_error *error = skillet_last_error();
    return std::unexpected(Failure{error->kind, std::string(error->text.data, error->text.length), error->code});
}

} // namespace skillet
