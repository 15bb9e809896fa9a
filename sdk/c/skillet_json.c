/* The JSON tree: asking it, building it. */
#include "skillet_json_inner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json *json_new(json_kind kind) {
    json *value = skillet_alloc(sizeof *value);
    *value = (json){.kind = kind};
    return value;
}

void json_attach(json *parent, json *value) {
    if (parent->last)
        parent->last->next = value;
    else
        parent->first = value;
    parent->last = value;
    parent->length++;
}

json_kind json_is(const json *value) {
    return value ? value->kind : JSON_MISSING;
}

const json *json_get(const json *object, const char *key) {
    const json *found = NULL;
    if (json_is(object) != JSON_OBJECT) return NULL;
    for (const json *member = object->first; member; member = member->next)
        if (skillet_equal(member->key, key)) found = member;
    return found;
}

const json *json_first(const json *value) {
    return value ? value->first : NULL;
}

const json *json_next(const json *item) {
    return item ? item->next : NULL;
}

skillet_text json_key(const json *member) {
    return member ? member->key : skillet_none;
}

size_t json_length(const json *value) {
    return value ? value->length : 0;
}

skillet_text json_text(const json *value) {
    return json_is(value) == JSON_TEXT ? value->text : skillet_none;
}

const char *json_string(const json *value) {
    skillet_text text = json_text(value);
    return text.data && !memchr(text.data, 0, text.length) ? text.data : NULL;
}

bool json_bool(const json *value, bool fallback) {
    return json_is(value) == JSON_BOOL ? value->truth : fallback;
}

double json_number(const json *value, double fallback) {
    return json_is(value) == JSON_NUMBER ? strtod(value->text.data, NULL) : fallback;
}

/* Above this not every whole number is a double. */
static const double MAX_EXACT = 9007199254740992.0;

int64_t json_integer(const json *value, int64_t fallback) {
    if (json_is(value) != JSON_NUMBER) return fallback;
    char *end;
    errno = 0;
    long long integer = strtoll(value->text.data, &end, 10);
    if (!*end) return errno ? fallback : integer;
    double number = strtod(value->text.data, NULL);
    return fabs(number) <= MAX_EXACT && number == trunc(number) ? (int64_t)number : fallback;
}

json *json_null(void) {
    return json_new(JSON_NULL);
}

json *json_of_bool(bool truth) {
    json *value = json_new(JSON_BOOL);
    value->truth = truth;
    return value;
}

json *json_of_integer(int64_t integer) {
    json *value = json_new(JSON_NUMBER);
    value->text = skillet_format("%lld", (long long)integer);
    return value;
}

json *json_of_number(double number) {
    if (!isfinite(number)) return json_null();
    json *value = json_new(JSON_NUMBER);
    /* 15 digits read better, 17 are always enough. */
    value->text = skillet_format("%.15g", number);
    if (strtod(value->text.data, NULL) != number) value->text = skillet_format("%.17g", number);
    return value;
}

json *json_of_text(skillet_text text) {
    if (!text.data) return json_null();
    json *value = json_new(JSON_TEXT);
    value->text = skillet_utf8(skillet_copy(text.data, text.length));
    return value;
}

json *json_array(void) {
    return json_new(JSON_ARRAY);
}

json *json_object(void) {
    return json_new(JSON_OBJECT);
}

void json_push(json *array, json *value) {
    if (json_is(array) != JSON_ARRAY) skillet_panic("json_push: this is no array");
    json_attach(array, value ? value : json_null());
}

static void forget(json *object, const char *key) {
    json *before = NULL;
    for (json *member = object->first; member; before = member, member = member->next) {
        if (!skillet_equal(member->key, key)) continue;
        if (before)
            before->next = member->next;
        else
            object->first = member->next;
        if (object->last == member) object->last = before;
        object->length--;
        member->next = NULL;
        json_free(member);
        return;
    }
}

void json_set(json *object, const char *key, json *value) {
    if (json_is(object) != JSON_OBJECT) skillet_panic("json_set: this is no object");
    forget(object, key);
    if (!value) value = json_null();
    value->key = skillet_utf8(skillet_copy(key, strlen(key)));
    json_attach(object, value);
}

json *json_copy(const json *value) {
    json *copy = json_new(value ? value->kind : JSON_NULL);
    if (!value) return copy;
    copy->truth = value->truth;
    if (value->text.data) copy->text = skillet_copy(value->text.data, value->text.length);
    for (const json *item = value->first; item; item = item->next) {
        json *child = json_copy(item);
        if (item->key.data) child->key = skillet_copy(item->key.data, item->key.length);
        json_attach(copy, child);
    }
    return copy;
}

void json_set_text(json *object, const char *key, skillet_text text) {
    json_set(object, key, json_of_text(text));
}

void json_set_string(json *object, const char *key, const char *string) {
    json_set_text(object, key, skillet_str(string));
}

void json_set_integer(json *object, const char *key, int64_t value) {
    json_set(object, key, json_of_integer(value));
}

void json_set_bool(json *object, const char *key, bool value) {
    json_set(object, key, json_of_bool(value));
}

void json_free(json *value) {
    if (!value) return;
    for (json *item = value->first; item;) {
        json *next = item->next;
        json_free(item);
        item = next;
    }
    skillet_free(value->key);
    skillet_free(value->text);
    free(value);
}
