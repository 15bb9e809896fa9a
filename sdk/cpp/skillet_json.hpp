// JSON as a value. Part of skillet.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skillet {

class Json {
public:
    using Array = std::vector<Json>;
    using Member = std::pair<std::string, Json>;
    using Object = std::vector<Member>;

    Json() = default; ///< null
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(double value) : value_(value) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char *value) : value_(std::string(value)) {}
    template <std::integral T>
    Json(T value) : value_(static_cast<std::int64_t>(value)) {}
    /// null if there is none
    template <class T>
    Json(std::optional<T> value) {
        if (value) *this = Json(*std::move(value));
    }

    static Json array(std::vector<Json> items = {});
    static Json object(std::initializer_list<Member> members = {});

    /// Reads JSON (RFC 8259), nested 128 deep at most; what is not JSON is `failed`.
    static Result<Json> parse(std::string_view text);
    std::string write() const;

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }

    /// The value, if it is of that kind.
    std::optional<std::string> text() const;
    std::optional<bool> boolean() const;
    std::optional<double> number() const;
    /// A whole number that fits; also 2.0 and 2e3.
    std::optional<std::int64_t> integer() const;

    /// The values of an array, the members of an object; none of anything else.
    const Array &items() const;
    const Object &members() const;

    /// A member of an object; null if it is not there, so that questions may be nested.
    const Json &operator[](std::string_view key) const;

    /// Puts a member in, in place of what is there. null becomes an object first.
    Json &set(std::string key, Json value);
    /// Puts a value at the end. null becomes an array first.
    Json &push(Json value);

    bool operator==(const Json &other) const = default;

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;

    static Json from_tree(const json *tree);
    json *to_tree() const;
    friend struct Tree;
};

} // namespace skillet
