// JSON values, by way of the reader and writer of the C side.
#include "skillet_tree.hpp"

#include <cmath>

namespace skillet {

Json Json::array(std::vector<Json> items) {
    Json value;
    value.value_ = std::move(items);
    return value;
}

Json Json::object(std::initializer_list<Member> members) {
    Json value;
    value.value_ = Object(members);
    return value;
}

Result<Json> Json::parse(std::string_view text) {
    json *tree;
    if (!json_parse(lend(text), &tree)) return refused();
    const Tree::Owned owned(tree);
    return from_tree(tree);
}

std::string Json::write() const { return take(json_write(Tree::write(*this).get())); }

std::optional<std::string> Json::text() const {
    const auto *text = std::get_if<std::string>(&value_);
    return text ? std::optional(*text) : std::nullopt;
}

std::optional<bool> Json::boolean() const {
    const auto *truth = std::get_if<bool>(&value_);
    return truth ? std::optional(*truth) : std::nullopt;
}

std::optional<double> Json::number() const {
    if (const auto *integer = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*integer);
    const auto *number = std::get_if<double>(&value_);
    return number ? std::optional(*number) : std::nullopt;
}

std::optional<std::int64_t> Json::integer() const {
    if (const auto *integer = std::get_if<std::int64_t>(&value_)) return *integer;
    const auto *number = std::get_if<double>(&value_);
    // Above this not every whole number is a double.
    constexpr double max_exact = 9007199254740992.0;
    if (!number || std::fabs(*number) > max_exact || *number != std::trunc(*number)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

const Json::Array &Json::items() const {
    static const Array none;
    const auto *array = std::get_if<Array>(&value_);
    return array ? *array : none;
}

const Json::Object &Json::members() const {
    static const Object none;
    const auto *object = std::get_if<Object>(&value_);
    return object ? *object : none;
}

const Json &Json::operator[](std::string_view key) const {
    static const Json null;
    const Json *found = &null;
    for (const auto &[name, value] : members())
        if (name == key) found = &value;
    return *found;
}

Json &Json::set(std::string key, Json value) {
    if (is_null()) value_ = Object();
    auto *object = std::get_if<Object>(&value_);
    if (!object) panic("Json::set: this is no object");
    for (auto &[name, present] : *object) {
        if (name != key) continue;
        present = std::move(value);
        return *this;
    }
    object->emplace_back(std::move(key), std::move(value));
    return *this;
}

Json &Json::push(Json value) {
    if (is_null()) value_ = Array();
    auto *array = std::get_if<Array>(&value_);
    if (!array) panic("Json::push: this is no array");
    array->push_back(std::move(value));
    return *this;
}

static std::string copied(skillet_text text) { return {text.data, text.length}; }

Json Json::from_tree(const json *tree) {
    switch (json_is(tree)) {
    case JSON_MISSING:
    case JSON_NULL: return {};
    case JSON_BOOL: return json_bool(tree, false);
    case JSON_TEXT: return copied(json_text(tree));
    case JSON_NUMBER: {
        // A number that is not whole, or too large, gives the fallback, whatever that is.
        const std::int64_t integer = json_integer(tree, 0);
        if (integer == json_integer(tree, 1)) return integer;
        return json_number(tree, 0);
    }
    case JSON_ARRAY: {
        Array items;
        for (const json *item = json_first(tree); item; item = json_next(item)) items.push_back(from_tree(item));
        return array(std::move(items));
    }
    case JSON_OBJECT: {
        Object members;
        for (const json *item = json_first(tree); item; item = json_next(item))
            members.emplace_back(copied(json_key(item)), from_tree(item));
        Json value;
        value.value_ = std::move(members);
        return value;
    }
    }
    return {};
}

json *Json::to_tree() const {
    if (const auto *truth = std::get_if<bool>(&value_)) return json_of_bool(*truth);
    if (const auto *integer = std::get_if<std::int64_t>(&value_)) return json_of_integer(*integer);
    if (const auto *number = std::get_if<double>(&value_)) return json_of_number(*number);
    if (const auto *text = std::get_if<std::string>(&value_)) return json_of_text(lend(*text));
    if (std::holds_alternative<Array>(value_)) {
        json *array = json_array();
        for (const Json &item : items()) json_push(array, item.to_tree());
        return array;
    }
    if (std::holds_alternative<Object>(value_)) {
        json *object = json_object();
        for (const auto &[key, value] : members()) json_set(object, key.c_str(), value.to_tree());
        return object;
    }
    return json_null();
}

} // namespace skillet
