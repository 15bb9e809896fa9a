#include "skillet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const skillet_text skillet_none = {NULL, 0};

void *skillet_alloc(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) skillet_panic("out of memory: %zu bytes were asked for", size);
    return memory;
}

void skillet_free(skillet_text text) {
    free((void *)text.data);
}

skillet_text skillet_str(const char *string) {
    return (skillet_text){string, string ? strlen(string) : 0};
}

skillet_text skillet_copy(const void *data, size_t length) {
    char *copy = skillet_alloc(length + 1);
    if (length) memcpy(copy, data, length);
    copy[length] = 0;
    return (skillet_text){copy, length};
}

skillet_text skillet_format_list(const char *format, va_list list) {
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    if (length < 0) length = 0;
    char *data = skillet_alloc((size_t)length + 1);
    data[0] = 0;
    vsnprintf(data, (size_t)length + 1, format, again);
    va_end(again);
    return (skillet_text){data, (size_t)length};
}

skillet_text skillet_format(const char *format, ...) {
    va_list list;
    va_start(list, format);
    skillet_text text = skillet_format_list(format, list);
    va_end(list);
    return text;
}

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

skillet_text skillet_trim(skillet_text text) {
    while (text.length && is_space(text.data[0])) text.data++, text.length--;
    while (text.length && is_space(text.data[text.length - 1])) text.length--;
    return text;
}

bool skillet_equal(skillet_text text, const char *string) {
    return text.data && strlen(string) == text.length && !memcmp(text.data, string, text.length);
}

void skillet_append(skillet_buffer *buffer, const void *data, size_t length) {
    /* One byte more, for the NUL. */
    if (buffer->length + length + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity * 2 + length + 32;
        char *grown = realloc(buffer->data, capacity);
        if (!grown) skillet_panic("out of memory: %zu bytes were asked for", capacity);
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    if (length) memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

void skillet_append_string(skillet_buffer *buffer, const char *string) {
    skillet_append(buffer, string, strlen(string));
}

void skillet_append_byte(skillet_buffer *buffer, char byte) {
    skillet_append(buffer, &byte, 1);
}

skillet_text skillet_finish(skillet_buffer *buffer) {
    skillet_append(buffer, "", 0);
    buffer->data[buffer->length] = 0;
    skillet_text text = {buffer->data, buffer->length};
    *buffer = (skillet_buffer){0};
    return text;
}

/* The length of the character that begins at `at`; 0 if there is none (RFC 3629, section 4). */
static size_t character(const unsigned char *at, size_t left) {
    unsigned char first = at[0], low = 0x80, high = 0xBF;
    if (first < 0x80) return 1;
    size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (!length || left < length) return 0;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return length;
}

/* How many bytes at the start are UTF-8. */
static size_t sound(const char *data, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t step = character((const unsigned char *)data + at, length - at);
        if (!step) break;
        at += step;
    }
    return at;
}

skillet_text skillet_utf8(skillet_text text) {
    size_t good = sound(text.data, text.length);
    if (good == text.length) return text;
    skillet_buffer clean = {0};
    size_t at = 0;
    while (at < text.length) {
        good = sound(text.data + at, text.length - at);
        skillet_append(&clean, text.data + at, good);
        at += good;
        if (at == text.length) break;
        skillet_append_string(&clean, "\xEF\xBF\xBD");
        at++;
    }
    return skillet_finish(&clean);
}
