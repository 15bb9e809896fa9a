/* What the host lends. Part of skillet.h. An interface that is not called is not in the component.
 *
 * Functions that return bool return false when the host refuses: `skillet_last_error` says why, and
 * SKILLET_TRY ends the run with the fitting failure. Strings of the host's are UTF-8; keys, names and
 * addresses are C strings. Times are milliseconds since 1970-01-01 UTC. */
#ifndef SKILLET_HOST_H
#define SKILLET_HOST_H

#include "skillet_json.h"
#include "skillet_text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum skillet_code {
    SKILLET_ERROR_NONE,
    SKILLET_ERROR_DENIED,
    SKILLET_ERROR_INVALID,
    SKILLET_ERROR_UNKNOWN,         /* config: no such key */
    SKILLET_ERROR_TOO_LARGE,       /* kv: key or value; http: response */
    SKILLET_ERROR_QUOTA_EXCEEDED,  /* kv: this skill's share for this user is full */
    SKILLET_ERROR_BUDGET_EXCEEDED, /* llm */
    SKILLET_ERROR_TIMEOUT,         /* http */
    SKILLET_ERROR_UNREACHABLE,     /* http */
    SKILLET_ERROR_STATUS,          /* http: `skillet_http_ok` of a response that is not 2xx */
    SKILLET_ERROR_UNAVAILABLE,
    SKILLET_ERROR_NOT_JSON,
    SKILLET_ERROR_FAILED, /* skills: the other skill says so */
} skillet_code;

typedef struct skillet_error {
    skillet_code code;
    skillet_kind kind; /* the failure it amounts to */
    skillet_text text;
} skillet_error;

/* Of the last function that returned false. */
const skillet_error *skillet_last_error(void);

/* log: lines that the owner reads beside the call. Needs no grant. */
void skillet_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void skillet_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void skillet_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void skillet_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* clock, random, progress. Need no grant. */
uint64_t skillet_now_ms(void);
void skillet_random(void *to, size_t length);
void skillet_progress(uint32_t done, uint32_t total, skillet_text note);

/* kv: bytes kept for this skill and this user. What is not there is `skillet_none`. */
bool skillet_kv_get(const char *key, skillet_text *value);
bool skillet_kv_set(const char *key, skillet_text value);
/* Sets only if the present value is `expected` (`skillet_none`: if there is none). */
bool skillet_kv_compare_and_set(const char *key, skillet_text expected, skillet_text value, bool *set);
bool skillet_kv_delete(const char *key);

typedef struct skillet_texts {
    skillet_text *items;
    size_t count;
} skillet_texts;

/* The keys that start with `prefix`, sorted, at most `limit` of them. */
bool skillet_kv_keys(const char *prefix, uint32_t limit, skillet_texts *keys);

/* settings: what the owner set for this skill; `skillet_none` if nothing. */
skillet_text skillet_setting(const char *key);
/* The same for a setting that the skill cannot do without: false if it is empty. */
bool skillet_require_setting(const char *key, skillet_text *value);

/* memory: what the agent knows about the user. */
typedef struct skillet_fact {
    skillet_text key;
    skillet_text text;
    float score; /* higher is nearer to the query; only comparable within one answer */
    uint64_t recorded_at_ms;
} skillet_fact;

typedef struct skillet_facts {
    skillet_fact *items;
    size_t count;
} skillet_facts;

/* The facts nearest to the query, best first. */
bool skillet_memory_search(skillet_text query, uint32_t limit, skillet_facts *facts);
/* Keeps a fact, in place of what was under the key. Key "": the host derives it from the text. */
bool skillet_memory_remember(const char *key, skillet_text text);

/* config: the agent's own settings, only those that the owner opened to skills. */
bool skillet_config_get(const char *key, skillet_text *value);
bool skillet_config_set(const char *key, skillet_text value);

/* llm: a language model. */
typedef enum skillet_tier { SKILLET_SMALL, SKILLET_LARGE } skillet_tier;

typedef struct skillet_question {
    skillet_tier tier;
    const char *instructions; /* NULL: none. The same text from call to call is cached */
    skillet_text prompt;
    const json *output_schema;  /* NULL: none. With it the answer's text is JSON that satisfies it */
    uint32_t max_output_tokens; /* 0: 512 */
} skillet_question;

typedef struct skillet_answer {
    skillet_text text;
    uint32_t input_tokens;
    uint32_t output_tokens;
} skillet_answer;

bool skillet_llm_complete(const skillet_question *question, skillet_answer *answer);

/* messages: queues one and gives its id (NULL: not wanted). Chat NULL: the conversation that the call
 * came from; "me": the person's own Telegram chat; else a paired person or group, or a chat id. */
bool skillet_messages_send(const char *chat, skillet_text text, skillet_text *id);

/* jobs: work done later. */
typedef struct skillet_new_job {
    const char *kind;            /* "reminder", "skill_call" or "daily_digest" */
    uint64_t run_at_ms;
    const char *recurrence;      /* NULL: once; else cron, five fields, in the user's time zone */
    const json *payload;         /* {"text"} of a reminder, {"skill", "input"} of a skill_call */
    const char *idempotency_key; /* NULL: none. The same key again gives the job that is there */
} skillet_new_job;

typedef enum skillet_job_state {
    SKILLET_JOB_WAITING,
    SKILLET_JOB_RUNNING,
    SKILLET_JOB_DONE,
    SKILLET_JOB_FAILED,
    SKILLET_JOB_CANCELLED,
} skillet_job_state;

typedef struct skillet_job {
    const char *id;
    const char *kind;
    skillet_job_state state;
    uint64_t run_at_ms;     /* when it runs next, or ran last */
    const char *recurrence; /* NULL: once */
    json *payload;
} skillet_job;

typedef struct skillet_jobs {
    skillet_job *items;
    size_t count;
} skillet_jobs;

bool skillet_jobs_schedule(const skillet_new_job *job, skillet_text *id);
/* Those still to run, the next one first; then those that ended in the last day, newest first. */
bool skillet_jobs_list(uint32_t limit, skillet_jobs *jobs);
/* `moved` is false when the job is not waiting any more. */
bool skillet_jobs_reschedule(const char *id, uint64_t run_at_ms, bool *moved);
/* `cancelled` is true when the job was still to run and now is not. */
bool skillet_jobs_cancel(const char *id, bool *cancelled);

/* http: requests to hosts that the owner granted. */
typedef struct skillet_header {
    const char *name;
    const char *value;
} skillet_header;

typedef struct skillet_request {
    const char *method; /* NULL: GET */
    const char *url;
    const skillet_header *headers;
    size_t header_count;
    skillet_text body;
    uint32_t timeout_ms; /* for the whole response; 0: ten seconds */
} skillet_request;

typedef struct skillet_response {
    uint16_t status;
    skillet_header *headers;
    size_t header_count;
    skillet_text body; /* decompressed; not UTF-8 unless the server says so */
} skillet_response;

/* A status such as 404 is a response, not an error: see `skillet_http_ok`. */
bool skillet_http_fetch(const skillet_request *request, skillet_response *response);
/* Whether the status is 2xx. If not, it is the last error. */
bool skillet_http_ok(const skillet_response *response);
/* The first header of that name in whatever case; NULL if there is none. */
const char *skillet_http_header(const skillet_response *response, const char *name);

/* skills: runs another skill for the same person. What it uses counts against this call. */
bool skillet_skills_call(const char *skill, const json *input, json **output);

#ifdef __cplusplus
}
#endif
#endif
