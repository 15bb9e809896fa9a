/* llm, messages, jobs, http, skills: what reaches beyond this call. */
#include "skillet_inner.h"

#include <stdlib.h>
#include <strings.h>

/* Enough for a page of text. */
enum { DEFAULT_OUTPUT_TOKENS = 512 };

static bool llm_error(skillet_skill_llm_error_t *error) {
    switch (error->tag) {
    /* A budget that is spent is the owner's no: a retry would not help. */
    case SKILLET_SKILL_LLM_ERROR_BUDGET_EXCEEDED:
        return skillet_refuse(SKILLET_ERROR_BUDGET_EXCEEDED, SKILLET_DENIED, "", &error->val.budget_exceeded);
    case SKILLET_SKILL_LLM_ERROR_DENIED:
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    default:
        return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                              "the model is unavailable: ", &error->val.unavailable);
    }
}

bool skillet_llm_complete(const skillet_question *question, skillet_answer *answer) {
    skillet_skill_llm_request_t request = {
        .tier = question->tier == SKILLET_LARGE ? SKILLET_SKILL_LLM_TIER_LARGE : SKILLET_SKILL_LLM_TIER_SMALL,
        .instructions = skillet_lend_string(question->instructions),
        .prompt = skillet_lend(question->prompt),
        .max_output_tokens = question->max_output_tokens ? question->max_output_tokens : DEFAULT_OUTPUT_TOKENS,
    };
    request.output_schema.is_some = question->output_schema != NULL;
    if (question->output_schema) request.output_schema.val = skillet_lend(json_write(question->output_schema));
    skillet_skill_llm_answer_t found;
    skillet_skill_llm_error_t error;
    if (!skillet_skill_llm_complete(&request, &found, &error)) return llm_error(&error);
    *answer = (skillet_answer){skillet_take(&found.text), found.input_tokens, found.output_tokens};
    return true;
}

static bool messages_error(skillet_skill_messages_error_t *error) {
    if (error->tag == SKILLET_SKILL_MESSAGES_ERROR_DENIED)
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                          "the outbox is unavailable: ", &error->val.unavailable);
}

bool skillet_messages_send(const char *chat, skillet_text text, skillet_text *id) {
    skill_world_string_t to = skillet_lend_string(chat), lent = skillet_lend(text), sent;
    skillet_skill_messages_error_t error;
    if (!skillet_skill_messages_send(chat ? &to : NULL, &lent, &sent, &error)) return messages_error(&error);
    skillet_text name = skillet_take(&sent);
    if (id) *id = name;
    return true;
}

static bool jobs_error(skillet_skill_jobs_error_t *error) {
    switch (error->tag) {
    case SKILLET_SKILL_JOBS_ERROR_INVALID:
        return skillet_refuse(SKILLET_ERROR_INVALID, SKILLET_INVALID_INPUT, "", &error->val.invalid);
    case SKILLET_SKILL_JOBS_ERROR_DENIED:
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    default:
        return skillet_refuse(SKILLET_ERROR_UNAVAILABLE, SKILLET_UNAVAILABLE,
                              "the scheduler is unavailable: ", &error->val.unavailable);
    }
}

static skill_world_option_string_t option(const char *string) {
    return (skill_world_option_string_t){string != NULL, skillet_lend_string(string)};
}

bool skillet_jobs_schedule(const skillet_new_job *job, skillet_text *id) {
    skillet_skill_jobs_new_job_t request = {
        .kind = skillet_lend_string(job->kind),
        .run_at_ms = job->run_at_ms,
        .recurrence = option(job->recurrence),
        .payload = skillet_lend(json_write(job->payload)),
        .idempotency_key = option(job->idempotency_key),
    };
    skill_world_string_t made;
    skillet_skill_jobs_error_t error;
    if (!skillet_skill_jobs_schedule(&request, &made, &error)) return jobs_error(&error);
    skillet_text name = skillet_take(&made);
    if (id) *id = name;
    return true;
}

static skillet_job take_job(skillet_skill_jobs_job_t *raw) {
    skillet_job job = {
        .id = skillet_take(&raw->id).data,
        .kind = skillet_take(&raw->kind).data,
        .state = (skillet_job_state)raw->state,
        .run_at_ms = raw->run_at_ms,
        .recurrence = raw->recurrence.is_some ? skillet_take(&raw->recurrence.val).data : NULL,
    };
    /* The host gives nothing but JSON. */
    if (!json_parse(skillet_take(&raw->payload), &job.payload)) job.payload = json_null();
    return job;
}

bool skillet_jobs_list(uint32_t limit, skillet_jobs *jobs) {
    skillet_skill_jobs_list_job_t found;
    skillet_skill_jobs_error_t error;
    if (!skillet_skill_jobs_list(limit, &found, &error)) return jobs_error(&error);
    jobs->items = skillet_alloc(found.len * sizeof *jobs->items);
    jobs->count = found.len;
    for (size_t i = 0; i < found.len; i++) jobs->items[i] = take_job(&found.ptr[i]);
    if (found.len) free(found.ptr);
    return true;
}

bool skillet_jobs_reschedule(const char *id, uint64_t run_at_ms, bool *moved) {
    skill_world_string_t name = skillet_lend_string(id);
    skillet_skill_jobs_error_t error;
    return skillet_skill_jobs_reschedule(&name, run_at_ms, moved, &error) || jobs_error(&error);
}

bool skillet_jobs_cancel(const char *id, bool *cancelled) {
    skill_world_string_t name = skillet_lend_string(id);
    skillet_skill_jobs_error_t error;
    return skillet_skill_jobs_cancel(&name, cancelled, &error) || jobs_error(&error);
}

/* Long enough for a slow interface, short enough for a person who waits. */
enum { DEFAULT_TIMEOUT_MS = 10000 };

static bool http_error(skillet_skill_http_error_t *error) {
    switch (error->tag) {
    case SKILLET_SKILL_HTTP_ERROR_DENIED:
        return skillet_refuse(SKILLET_ERROR_DENIED, SKILLET_DENIED, "", &error->val.denied);
    case SKILLET_SKILL_HTTP_ERROR_INVALID:
        return skillet_refuse(SKILLET_ERROR_INVALID, SKILLET_FAILED, "the request is invalid: ", &error->val.invalid);
    case SKILLET_SKILL_HTTP_ERROR_TIMEOUT:
        return skillet_refuse(SKILLET_ERROR_TIMEOUT, SKILLET_UNAVAILABLE, "the server did not answer in time", NULL);
    case SKILLET_SKILL_HTTP_ERROR_TOO_LARGE:
        return skillet_refuse(SKILLET_ERROR_TOO_LARGE, SKILLET_FAILED, "the response is too large", NULL);
    default:
        return skillet_refuse(SKILLET_ERROR_UNREACHABLE, SKILLET_UNAVAILABLE,
                              "the server cannot be reached: ", &error->val.unreachable);
    }
}

static skill_world_list_tuple2_string_string_t lend_headers(const skillet_request *request) {
    skill_world_list_tuple2_string_string_t lent = {
        skillet_alloc(request->header_count * sizeof *lent.ptr),
        request->header_count,
    };
    for (size_t i = 0; i < lent.len; i++) {
        lent.ptr[i].f0 = skillet_lend_string(request->headers[i].name);
        lent.ptr[i].f1 = skillet_lend_string(request->headers[i].value);
    }
    return lent;
}

bool skillet_http_fetch(const skillet_request *request, skillet_response *response) {
    skillet_skill_http_request_t lent = {
        .method = skillet_lend_string(request->method ? request->method : "GET"),
        .url = skillet_lend_string(request->url),
        .headers = lend_headers(request),
        .body = skillet_lend_bytes(request->body),
        .timeout_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS,
    };
    skillet_skill_http_response_t came;
    skillet_skill_http_error_t error;
    bool answered = skillet_skill_http_fetch(&lent, &came, &error);
    free(lent.headers.ptr);
    if (!answered) return http_error(&error);
    response->status = came.status;
    response->body = skillet_take_bytes(&came.body);
    response->header_count = came.headers.len;
    response->headers = skillet_alloc(came.headers.len * sizeof *response->headers);
    for (size_t i = 0; i < came.headers.len; i++)
        response->headers[i] =
            (skillet_header){skillet_take(&came.headers.ptr[i].f0).data, skillet_take(&came.headers.ptr[i].f1).data};
    if (came.headers.len) free(came.headers.ptr);
    return true;
}

bool skillet_http_ok(const skillet_response *response) {
    uint16_t status = response->status;
    if (status >= 200 && status < 300) return true;
    /* What a retry may mend is unavailable: too slow, too many requests, the server's own fault. */
    bool mends = status == 408 || status == 429 || status >= 500;
    skillet_text why = skillet_format("the server answered with status %u", status);
    return skillet_refuse(SKILLET_ERROR_STATUS, mends ? SKILLET_UNAVAILABLE : SKILLET_FAILED, why.data, NULL);
}

const char *skillet_http_header(const skillet_response *response, const char *name) {
    for (size_t i = 0; i < response->header_count; i++)
        if (!strcasecmp(response->headers[i].name, name)) return response->headers[i].value;
    return NULL;
}

static bool skills_error(skillet_skill_skills_failure_t *error) {
    static const skillet_code CODES[] = {SKILLET_ERROR_INVALID, SKILLET_ERROR_UNAVAILABLE, SKILLET_ERROR_DENIED,
                                         SKILLET_ERROR_FAILED};
    /* The cases are in the order of `skillet_kind`, and each holds a text. */
    return skillet_refuse(CODES[error->tag & 3], (skillet_kind)(SKILLET_INVALID_INPUT + (error->tag & 3)), "",
                          &error->val.failed);
}

bool skillet_skills_call(const char *skill, const json *input, json **output) {
    skill_world_string_t name = skillet_lend_string(skill), lent = skillet_lend(json_write(input)), came;
    skillet_skill_skills_failure_t error;
    if (!skillet_skill_skills_call(&name, &lent, &came, &error)) return skills_error(&error);
    return json_parse(skillet_take(&came), output);
}
