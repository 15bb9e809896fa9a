/* Does one thing of every kind, as asked: every SDK has this skill, and the host tests them alike. */
#include "skillet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *text_of(const skillet_call *call, const char *key) {
    const char *string = json_string(json_get(call->input, key));
    return string ? string : "";
}

static skillet_text field(const skillet_call *call, const char *key) {
    return json_text(json_get(call->input, key));
}

static int64_t number_of(const skillet_call *call, const char *key) {
    return json_integer(json_get(call->input, key), 0);
}

static skillet_result one_text(const char *key, skillet_text value) {
    json *output = json_object();
    json_set_text(output, key, value);
    return skillet_ok(output);
}

static skillet_result nothing(void) {
    return skillet_ok(json_object());
}

static skillet_result echo(const skillet_call *call) {
    return one_text("text", field(call, "text"));
}

static skillet_result describe(const skillet_call *call) {
    json *output = json_object();
    json_set_string(output, "id", call->id);
    json_set_integer(output, "attempt", call->attempt);
    json_set_string(output, "locale", call->locale);
    json_set_string(output, "time_zone", call->time_zone);
    json_set_integer(output, "deadline_ms", (int64_t)call->deadline_ms);
    return skillet_ok(output);
}

static skillet_result fail(const skillet_call *call) {
    static const char *const KINDS[] = {"", "invalid-input", "unavailable", "denied", "failed"};
    int kind = SKILLET_FAILED;
    while (kind > SKILLET_INVALID_INPUT && !skillet_equal(field(call, "kind"), KINDS[kind])) kind--;
    return skillet_fail((skillet_kind)kind, "%s", text_of(call, "text"));
}

static skillet_result panic(const skillet_call *call) {
    skillet_panic("%s", text_of(call, "text"));
}

static skillet_result quit(const skillet_call *call) {
    (void)call;
    _exit(3);
}

static skillet_result kv_set(const skillet_call *call) {
    SKILLET_TRY(skillet_kv_set(text_of(call, "key"), field(call, "value")));
    return nothing();
}

static skillet_result kv_get(const skillet_call *call) {
    skillet_text value;
    SKILLET_TRY(skillet_kv_get(text_of(call, "key"), &value));
    return one_text("value", value);
}

static skillet_result kv_swap(const skillet_call *call) {
    bool set;
    SKILLET_TRY(skillet_kv_compare_and_set(text_of(call, "key"), field(call, "expected"), field(call, "value"), &set));
    json *output = json_object();
    json_set_bool(output, "set", set);
    return skillet_ok(output);
}

static skillet_result kv_delete(const skillet_call *call) {
    SKILLET_TRY(skillet_kv_delete(text_of(call, "key")));
    return nothing();
}

static skillet_result kv_list(const skillet_call *call) {
    skillet_texts keys;
    SKILLET_TRY(skillet_kv_keys(text_of(call, "prefix"), 100, &keys));
    json *output = json_object(), *list = json_array();
    for (size_t i = 0; i < keys.count; i++) json_push(list, json_of_text(keys.items[i]));
    json_set(output, "keys", list);
    return skillet_ok(output);
}

static skillet_result http(const skillet_call *call) {
    const skillet_header headers[] = {{"x-conformance", "yes"}};
    skillet_response response;
    SKILLET_TRY(skillet_http_fetch(
        &(skillet_request){.url = text_of(call, "url"), .headers = headers, .header_count = 1, .timeout_ms = 5000},
        &response));
    json *output = json_object();
    json_set_integer(output, "status", response.status);
    json_set_text(output, "body", response.body);
    return skillet_ok(output);
}

static skillet_result write_log(const skillet_call *call) {
    skillet_text level = field(call, "level");
    const char *text = text_of(call, "text");
    if (skillet_equal(level, "debug"))
        skillet_debug("%s", text);
    else if (skillet_equal(level, "info"))
        skillet_info("%s", text);
    else if (skillet_equal(level, "warn"))
        skillet_warn("%s", text);
    else
        skillet_log_error("%s", text);
    return nothing();
}

static skillet_result progress(const skillet_call *call) {
    skillet_progress((uint32_t)number_of(call, "done"), (uint32_t)number_of(call, "total"), field(call, "note"));
    return nothing();
}

static skillet_result tell_time(const skillet_call *call) {
    (void)call;
    json *output = json_object();
    json_set_integer(output, "now_ms", (int64_t)skillet_now_ms());
    return skillet_ok(output);
}

static skillet_result random_hex(const skillet_call *call) {
    size_t length = (size_t)number_of(call, "length");
    unsigned char *bytes = skillet_alloc(length);
    skillet_random(bytes, length);
    skillet_buffer hex = {0};
    for (size_t i = 0; i < length; i++) skillet_append_string(&hex, skillet_format("%02x", bytes[i]).data);
    return one_text("hex", skillet_finish(&hex));
}

static skillet_result settings(const skillet_call *call) {
    return one_text("value", skillet_setting(text_of(call, "key")));
}

static skillet_result remember(const skillet_call *call) {
    SKILLET_TRY(skillet_memory_remember(text_of(call, "key"), field(call, "text")));
    return nothing();
}

static skillet_result search(const skillet_call *call) {
    skillet_facts facts;
    SKILLET_TRY(skillet_memory_search(field(call, "query"), 10, &facts));
    json *output = json_object(), *keys = json_array();
    for (size_t i = 0; i < facts.count; i++) json_push(keys, json_of_text(facts.items[i].key));
    json_set(output, "keys", keys);
    return skillet_ok(output);
}

static skillet_result ask(const skillet_call *call) {
    skillet_answer answer;
    SKILLET_TRY(skillet_llm_complete(
        &(skillet_question){
            .tier = SKILLET_SMALL, .instructions = "Answer.", .prompt = field(call, "prompt"), .max_output_tokens = 64},
        &answer));
    return one_text("text", answer.text);
}

static skillet_result send(const skillet_call *call) {
    skillet_text id;
    SKILLET_TRY(skillet_messages_send(NULL, field(call, "text"), &id));
    return one_text("id", id);
}

static skillet_result schedule(const skillet_call *call) {
    json *payload = json_object();
    json_set_text(payload, "text", field(call, "text"));
    skillet_text id;
    SKILLET_TRY(skillet_jobs_schedule(
        &(skillet_new_job){.kind = "reminder", .run_at_ms = (uint64_t)number_of(call, "at_ms"), .payload = payload},
        &id));
    return one_text("id", id);
}

static skillet_result call_skill(const skillet_call *call) {
    json *answer;
    SKILLET_TRY(skillet_skills_call(text_of(call, "skill"), json_get(call->input, "input"), &answer));
    json *output = json_object();
    json_set(output, "output", answer);
    return skillet_ok(output);
}

static skillet_result config(const skillet_call *call) {
    skillet_text value;
    SKILLET_TRY(skillet_config_get(text_of(call, "key"), &value));
    return one_text("value", value);
}

static skillet_result spin(const skillet_call *call) {
    (void)call;
    for (volatile unsigned turns = 0;;) turns++;
}

static skillet_result fill(const skillet_call *call) {
    (void)call;
    enum { PIECE = 1 << 20 };
    for (;;) memset(skillet_alloc(PIECE), 1, PIECE);
}

static const struct {
    const char *name;
    skillet_result (*run)(const skillet_call *call);
} DEEDS[] = {
    {"echo", echo},         {"call", describe},       {"fail", fail},         {"panic", panic},
    {"quit", quit},
    {"kv_set", kv_set},     {"kv_get", kv_get},       {"kv_swap", kv_swap},   {"kv_delete", kv_delete},
    {"kv_list", kv_list},   {"http", http},           {"log", write_log},     {"progress", progress},
    {"clock", tell_time},   {"random", random_hex},   {"settings", settings}, {"remember", remember},
    {"search", search},     {"llm", ask},             {"send", send},         {"schedule", schedule},
    {"skill", call_skill},  {"config", config},       {"spin", spin},         {"fill", fill},
};

skillet_result skillet_run(const skillet_call *call) {
    for (size_t i = 0; i < sizeof DEEDS / sizeof *DEEDS; i++)
        if (skillet_equal(field(call, "do"), DEEDS[i].name)) return DEEDS[i].run(call);
    return skillet_fail(SKILLET_INVALID_INPUT, "unknown `do`");
}
