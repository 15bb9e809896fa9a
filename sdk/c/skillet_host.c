/* log, clock, random, progress, kv, settings, memory, config. */
#include "skillet_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void log_line(skillet_skill_log_level_t level, const char *format, va_list list) {
    skillet_text line = skillet_format_list(format, list);
    skill_world_string_t lent = skillet_lend(line);
    skillet_skill_log_write(level, &lent);
    skillet_free(line);
}

#define LOG(name, level)                   \
    void name(const char *format, ...) {   \
        va_list list;                      \
        va_start(list, format);            \
        log_line((level), format, list);   \
        va_end(list);                      \
    }

LOG(skillet_debug, SKILLET_SKILL_LOG_LEVEL_DEBUG)
LOG(skillet_info, SKILLET_SKILL_LOG_LEVEL_INFO)
LOG(skillet_warn, SKILLET_SKILL_LOG_LEVEL_WARN)
LOG(skillet_log_error, SKILLET_SKILL_LOG_LEVEL_ERROR)

/* Longest text of a panic, in bytes: there may be no memory for more. */
enum { MAX_PANIC = 1000 };

void skillet_panic(const char *format, ...) {
    static char text[MAX_PANIC];
    static bool again;
    va_list list;
    va_start(list, format);
    if (!again) {
        again = true;
        int length = vsnprintf(text, sizeof text, format, list);
        skill_world_string_t lent = skillet_lend((skillet_text){text, length < 0 ? 0 : strlen(text)});
        skillet_skill_log_write(SKILLET_SKILL_LOG_LEVEL_ERROR, &lent);
    }
    __builtin_trap();
}

uint64_t skillet_now_ms(void) {
    return skillet_skill_clock_now_ms();
}

/* The most that the host gives at once. */
enum { RANDOM_BYTES = 1024 };

void skillet_random(void *to, size_t length) {
    for (char *at = to; length;) {
        skill_world_list_u8_t bytes;
        size_t wanted = length < RANDOM_BYTES ? length : RANDOM_BYTES;
        skillet_skill_random_bytes((uint32_t)wanted, &bytes);
        memcpy(at, bytes.ptr, wanted);
        skill_world_list_u8_free(&bytes);
        at += wanted;
        length -= wanted;
    }
}

void skillet_progress(uint32_t done, uint32_t total, skillet_text note) {
    skill_world_string_t lent = skillet_lend(note);
    skillet_skill_progress_report(done, total, &lent);
}

static bool kv_error(skillet_skill_kv_error_t *error) {
    switch (error->tag) {
    case SKILLET_SKILL_KV_ERROR_TOO_LARGE:
        return skillet_refuse(SKILLET_ERROR_TOO_LARGE, SKILLET_FAILED, "the key or the value is too large to keep",
                              NULL);
    case SKILLET_SKILL_KV_ERROR_QUOTA_EXCEEDED:
        return skillet_refuse(SKILLET_ERROR_QUOTA_EXCEEDED, SKILLET_FAILED,
                              "this skill's storage for this user is full", NULL);
    default:
        return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                              "the store is unavailable: ", &error->val.unavailable);
    }
}

bool skillet_kv_get(const char *key, skillet_text *value) {
    skill_world_string_t name = skillet_lend_string(key);
    skill_world_option_list_u8_t found;
    skillet_skill_kv_error_t error;
    if (!skillet_skill_kv_get(&name, &found, &error)) return kv_error(&error);
    *value = found.is_some ? skillet_take_bytes(&found.val) : skillet_none;
    return true;
}

bool skillet_kv_set(const char *key, skillet_text value) {
    skill_world_string_t name = skillet_lend_string(key);
    skill_world_list_u8_t bytes = skillet_lend_bytes(value);
    skillet_skill_kv_error_t error;
    return skillet_skill_kv_set(&name, &bytes, &error) || kv_error(&error);
}

bool skillet_kv_compare_and_set(const char *key, skillet_text expected, skillet_text value, bool *set) {
    skill_world_string_t name = skillet_lend_string(key);
    skill_world_list_u8_t before = skillet_lend_bytes(expected), after = skillet_lend_bytes(value);
    skillet_skill_kv_error_t error;
    return skillet_skill_kv_compare_and_set(&name, expected.data ? &before : NULL, &after, set, &error) ||
           kv_error(&error);
}

bool skillet_kv_delete(const char *key) {
    skill_world_string_t name = skillet_lend_string(key);
    skillet_skill_kv_error_t error;
    return skillet_skill_kv_delete(&name, &error) || kv_error(&error);
}

bool skillet_kv_keys(const char *prefix, uint32_t limit, skillet_texts *keys) {
    skill_world_string_t start = skillet_lend_string(prefix);
    skill_world_list_string_t found;
    skillet_skill_kv_error_t error;
    if (!skillet_skill_kv_list_keys(&start, limit, &found, &error)) return kv_error(&error);
    keys->items = skillet_alloc(found.len * sizeof *keys->items);
    keys->count = found.len;
    for (size_t i = 0; i < found.len; i++) keys->items[i] = skillet_take(&found.ptr[i]);
    if (found.len) free(found.ptr);
    return true;
}

skillet_text skillet_setting(const char *key) {
    skill_world_string_t name = skillet_lend_string(key), value;
    return skillet_skill_settings_get(&name, &value) ? skillet_take(&value) : skillet_none;
}

bool skillet_require_setting(const char *key, skillet_text *value) {
    *value = skillet_setting(key);
    if (value->data) return true;
    skillet_text why =
        skillet_format("the setting `%s` of this skill is empty; the owner can fill it in on the skill's page", key);
    return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, why.data, NULL);
}

static bool memory_error(skillet_skill_memory_error_t *error) {
    if (error->tag == SKILLET_SKILL_MEMORY_ERROR_DENIED)
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                          "memory is unavailable: ", &error->val.unavailable);
}

bool skillet_memory_search(skillet_text query, uint32_t limit, skillet_facts *facts) {
    skill_world_string_t lent = skillet_lend(query);
    skillet_skill_memory_list_fact_t found;
    skillet_skill_memory_error_t error;
    if (!skillet_skill_memory_search(&lent, limit, &found, &error)) return memory_error(&error);
    facts->items = skillet_alloc(found.len * sizeof *facts->items);
    facts->count = found.len;
    for (size_t i = 0; i < found.len; i++) {
        skillet_skill_memory_fact_t *fact = &found.ptr[i];
        facts->items[i] =
            (skillet_fact){skillet_take(&fact->key), skillet_take(&fact->text), fact->score, fact->recorded_at_ms};
    }
    if (found.len) free(found.ptr);
    return true;
}

bool skillet_memory_remember(const char *key, skillet_text text) {
    skill_world_string_t name = skillet_lend_string(key), lent = skillet_lend(text);
    skillet_skill_memory_error_t error;
    return skillet_skill_memory_remember(&name, &lent, &error) || memory_error(&error);
}

static bool config_error(skillet_skill_config_error_t *error) {
    switch (error->tag) {
    case SKILLET_SKILL_CONFIG_ERROR_DENIED:
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    case SKILLET_SKILL_CONFIG_ERROR_UNKNOWN:
        return skillet_refuse(SKILLET_ERROR_UNKNOWN, SKILLET_INVALID_INPUT, "", &error->val.unknown);
    case SKILLET_SKILL_CONFIG_ERROR_INVALID:
        return skillet_refuse(SKILLET_ERROR_INVALID, SKILLET_INVALID_INPUT, "", &error->val.invalid);
    default:
        return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                              "the settings are unavailable: ", &error->val.unavailable);
    }
}

bool skillet_config_get(const char *key, skillet_text *value) {
    skill_world_string_t name = skillet_lend_string(key), found;
    skillet_skill_config_error_t error;
    if (!skillet_skill_config_get(&name, &found, &error)) return config_error(&error);
    *value = skillet_take(&found);
    return true;
}

bool skillet_config_set(const char *key, skillet_text value) {
    skill_world_string_t name = skillet_lend_string(key), lent = skillet_lend(value);
    skillet_skill_config_error_t error;
    return skillet_skill_config_set(&name, &lent, &error) || config_error(&error);
}
