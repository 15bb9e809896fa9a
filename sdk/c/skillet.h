/* Write Skillet skills in C. A skill is one function, `skillet_run`, that the author writes:
 *
 *     #include "skillet.h"
 *
 *     skillet_result skillet_run(const skillet_call *call) {
 *         const char *name = json_string(json_get(call->input, "name"));
 *         if (!name) return skillet_fail(SKILLET_INVALID_INPUT, "the name is missing");
 *         json *output = json_object();
 *         json_set_text(output, "text", skillet_format("Hello, %s!", name));
 *         return skillet_ok(output);
 *     }
 *
 * The host runs it in a fresh instance for each call and throws the memory away afterwards: nothing
 * in a global survives, and nothing has to be freed. */
#ifndef SKILLET_H
#define SKILLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skillet_text.h"

#include "skillet_json.h"

#include "skillet_host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One run of a skill. The host fills in every field. */
typedef struct skillet_call {
    const char *id;        /* UUIDv7 of this run; the same on every retry of it */
    uint32_t attempt;      /* 1 on the first attempt */
    const json *input;     /* already checked against the manifest's `input_schema` */
    const char *locale;    /* IETF language tag of the user, such as zh-CN */
    const char *time_zone; /* IANA zone of the user, such as Asia/Shanghai */
    uint64_t deadline_ms;  /* milliseconds left, when the run began, until the host stops it */
} skillet_call;

/* Whether replies should be in Chinese: the locale is `zh` or a variety of it. */
bool skillet_is_chinese(const skillet_call *call);

/* What a run gave, or why it gave nothing. Made by the functions below. */
typedef struct skillet_result {
    skillet_kind kind;
    skillet_text text;
} skillet_result;

/* The skill itself. The author writes it. */
skillet_result skillet_run(const skillet_call *call);

/* The output; it must satisfy the manifest's `output_schema`. Takes the tree over. */
skillet_result skillet_ok(json *output);

/* A failure, its text as by printf. The text goes back to whoever asked, a model or a person. */
skillet_result skillet_fail(skillet_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The failure that the last error of an interface amounts to: denied stays denied, what a retry may
 * mend is unavailable. */
skillet_result skillet_give_up(void);

#ifndef __cplusplus
/* Calls an interface, and gives up if that did not work: SKILLET_TRY(skillet_kv_set("k", value)); */
#define SKILLET_TRY(attempt)                      \
    do {                                          \
        if (!(attempt)) return skillet_give_up(); \
    } while (0)
#endif

/* Ends the run at once. C cannot unwind: the text goes out as a line of log of level error, then the
 * run traps, and the host shows that line as the reason. `abort`, `exit` and a failed `assert` end
 * the same way. */
void skillet_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif
#endif
