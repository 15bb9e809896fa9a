/* The component's export, results and failures. */
#include "skillet_inner.h"

#include <stdlib.h>
#include <string.h>

static skillet_error last_error;

const skillet_error *skillet_last_error(void) {
    return &last_error;
}

bool skillet_refuse(skillet_code code, skillet_kind kind, const char *about, skill_world_string_t *text) {
    last_error.code = code;
    last_error.kind = kind;
    if (!text) {
        last_error.text = skillet_str(about);
        return false;
    }
    skillet_text why = skillet_take(text);
    last_error.text = *about ? skillet_format("%s%s", about, why.data) : why;
    return false;
}

skillet_result skillet_ok(json *output) {
    skillet_result result = {SKILLET_OUTPUT, json_write(output)};
    json_free(output);
    return result;
}

skillet_result skillet_fail(skillet_kind kind, const char *format, ...) {
    va_list list;
    va_start(list, format);
    skillet_result result = {kind, skillet_format_list(format, list)};
    va_end(list);
    return result;
}

skillet_result skillet_give_up(void) {
    return skillet_fail(last_error.kind ? last_error.kind : SKILLET_FAILED, "%s",
                        last_error.text.data ? last_error.text.data : "the skill gave up");
}

bool skillet_is_chinese(const skillet_call *call) {
    const char *tag = call->locale;
    return (tag[0] | 32) == 'z' && (tag[1] | 32) == 'h' && strchr("-_", tag[2]);
}

skill_world_string_t skillet_lend(skillet_text text) {
    text = skillet_utf8(text);
    return (skill_world_string_t){(uint8_t *)text.data, text.length};
}

skill_world_string_t skillet_lend_string(const char *string) {
    return skillet_lend(skillet_str(string));
}

skill_world_list_u8_t skillet_lend_bytes(skillet_text text) {
    return (skill_world_list_u8_t){(uint8_t *)text.data, text.length};
}

skillet_text skillet_take(skill_world_string_t *string) {
    skillet_text text = skillet_copy(string->ptr, string->len);
    skill_world_string_free(string);
    return text;
}

skillet_text skillet_take_bytes(skill_world_list_u8_t *bytes) {
    skillet_text text = skillet_copy(bytes->ptr, bytes->len);
    skill_world_list_u8_free(bytes);
    return text;
}

/* The bindings' own one calls `abort`, which tries to log. While the host writes into the component,
 * nothing may be called in the host. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)old_size;
    if (!size) return (void *)align;
    void *memory = realloc(old, size);
    if (!memory) __builtin_trap();
    return memory;
}

static skillet_result run(const skillet_call *call, skillet_text input) {
    json *tree;
    if (!json_parse(input, &tree))
        return skillet_fail(SKILLET_INVALID_INPUT, "the input does not parse: %s", last_error.text.data);
    skillet_call parsed = *call;
    parsed.input = tree;
    return skillet_run(&parsed);
}

bool exports_skillet_skill_skill_run(exports_skillet_skill_skill_call_t *raw,
                                     exports_skillet_skill_skill_json_t *output,
                                     exports_skillet_skill_skill_failure_t *failure) {
    skillet_call call = {
        .id = skillet_take(&raw->id).data,
        .attempt = raw->attempt,
        .locale = skillet_take(&raw->locale).data,
        .time_zone = skillet_take(&raw->time_zone).data,
        .deadline_ms = raw->deadline_ms,
    };
    skillet_result result = run(&call, (skillet_text){(char *)raw->input.ptr, raw->input.len});
    skill_world_string_t text = skillet_lend(result.text);
    if (result.kind == SKILLET_OUTPUT) {
        *output = text;
        return true;
    }
    /* The four cases of the contract are in the order of `skillet_kind`, and each holds a text. */
    failure->tag = (uint8_t)(result.kind - SKILLET_INVALID_INPUT);
    failure->val.failed = text;
    return false;
}
