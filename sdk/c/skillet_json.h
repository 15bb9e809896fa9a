/* JSON as a tree. Part of skillet.h.
 *
 * Whatever is asked of a value that is missing or of another kind gives the fallback, so questions
 * may be nested: json_integer(json_get(json_get(input, "page"), "number"), 1). */
#ifndef SKILLET_JSON_H
#define SKILLET_JSON_H

#include "skillet_text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct json json;

typedef enum json_kind {
    JSON_MISSING, /* the kind of NULL */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
} json_kind;

/* Reading. */

json_kind json_is(const json *value);

/* A member of an object; NULL if it is not there. Of two with the same key it is the last. */
const json *json_get(const json *object, const char *key);

/* The values of an array or object, in order: NULL after the last.
 * for (const json *item = json_first(list); item; item = json_next(item)) … */
const json *json_first(const json *value);
const json *json_next(const json *item);

/* The key of a member. */
skillet_text json_key(const json *member);

/* How many values an array or object has. */
size_t json_length(const json *value);

/* The text; `skillet_none` if it is none. */
skillet_text json_text(const json *value);

/* The text as a C string; NULL if it is no text, or has a NUL inside. */
const char *json_string(const json *value);

bool json_bool(const json *value, bool fallback);
double json_number(const json *value, double fallback);

/* A whole number that fits; also 2.0 and 2e3. */
int64_t json_integer(const json *value, int64_t fallback);

/* Building. */

json *json_null(void);
json *json_of_bool(bool value);
json *json_of_integer(int64_t value);
json *json_of_number(double value); /* null if it is infinite or not a number */
json *json_of_text(skillet_text text);
json *json_array(void);
json *json_object(void);

/* Puts a value at the end, or under a key in place of what is there. The value belongs to the tree
 * from then on; a part of another tree is put in as `json_copy` of it. NULL becomes null. */
void json_push(json *array, json *value);
void json_set(json *object, const char *key, json *value);
json *json_copy(const json *value);

/* The same for the usual kinds. `skillet_none` and NULL become null. */
void json_set_text(json *object, const char *key, skillet_text text);
void json_set_string(json *object, const char *key, const char *string);
void json_set_integer(json *object, const char *key, int64_t value);
void json_set_bool(json *object, const char *key, bool value);

/* Gives a whole tree back before the run ends. Never needed. */
void json_free(json *value);

/* Text. */

/* Reads JSON (RFC 8259), nested 128 deep at most. If it is not JSON, `skillet_last_error` says where
 * and the failure is `failed`. */
bool json_parse(skillet_text text, json **value);

skillet_text json_write(const json *value);

#ifdef __cplusplus
}
#endif
#endif
