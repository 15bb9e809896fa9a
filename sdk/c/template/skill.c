/* Greets somebody by name, and counts how often. */
#include "skillet.h"

#include <stdlib.h>

/* How often this user was greeted before; `raw` is what is kept, for the exchange. */
static bool read_count(skillet_text *raw, long *count) {
    if (!skillet_kv_get("count", raw)) return false;
    *count = raw->data ? strtol(raw->data, NULL, 10) : 0;
    return true;
}

/* Two greetings at the same time must not be counted as one. */
static bool count_up(long *count) {
    bool set = false;
    while (!set) {
        skillet_text raw;
        if (!read_count(&raw, count)) return false;
        ++*count;
        if (!skillet_kv_compare_and_set("count", raw, skillet_format("%ld", *count), &set)) return false;
    }
    return true;
}

skillet_result skillet_run(const skillet_call *call) {
    skillet_text name = skillet_trim(json_text(json_get(call->input, "name")));
    if (!name.length) return skillet_fail(SKILLET_INVALID_INPUT, "the name is empty");

    long count;
    SKILLET_TRY(count_up(&count));

    const char *format = skillet_is_chinese(call) ? "你好，%.*s！这是第 %ld 次。" : "Hello, %.*s! This is time %ld.";
    json *output = json_object();
    json_set_text(output, "text", skillet_format(format, (int)name.length, name.data, count));
    json_set_integer(output, "count", count);
    return skillet_ok(output);
}
