/* Texts, and room to build them in. Part of skillet.h. */
#ifndef SKILLET_TEXT_H
#define SKILLET_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a run ends. */
typedef enum skillet_kind {
    SKILLET_OUTPUT,
    SKILLET_INVALID_INPUT, /* the arguments make no sense; the text says what would be right */
    SKILLET_UNAVAILABLE,   /* something needed is away for now; the same call may work later */
    SKILLET_DENIED,        /* the owner has not granted something; the text says what to grant */
    SKILLET_FAILED,        /* anything else */
} skillet_kind;

/* Bytes and their number. What the SDK returns has a NUL after its last byte, so `data` is a C
 * string too, unless it has a NUL inside. No text at all is `data == NULL`; an empty one is not. */
typedef struct skillet_text {
    const char *data;
    size_t length;
} skillet_text;

/* No text at all. */
extern const skillet_text skillet_none;

/* The text of a C string. It is not copied, and lives as long as that does. */
skillet_text skillet_str(const char *string);

/* A copy of `length` bytes. */
skillet_text skillet_copy(const void *data, size_t length);

/* A text as by printf. */
skillet_text skillet_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
skillet_text skillet_format_list(const char *format, va_list list);

/* The same without spaces, tabs and line ends around it; it points into `text`. */
skillet_text skillet_trim(skillet_text text);

/* Whether both have the same bytes. */
bool skillet_equal(skillet_text text, const char *string);

/* The same text if it is UTF-8, else a copy with U+FFFD in place of what is not. Whatever goes to
 * the host passes through this. */
skillet_text skillet_utf8(skillet_text text);

/* Memory. It never returns NULL: without memory the run ends. */
void *skillet_alloc(size_t size);

/* Gives a text of the SDK's back before the run ends, for loops that make many. Never needed. */
void skillet_free(skillet_text text);

/* A text that grows. Begin with `skillet_buffer buffer = {0};` */
typedef struct skillet_buffer {
    char *data;
    size_t length;
    size_t capacity;
} skillet_buffer;

void skillet_append(skillet_buffer *buffer, const void *data, size_t length);
void skillet_append_string(skillet_buffer *buffer, const char *string);
void skillet_append_byte(skillet_buffer *buffer, char byte);

/* What has been put in. The buffer's memory becomes the text's. */
skillet_text skillet_finish(skillet_buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif
