/* Writes JSON without spaces. */
#include "skillet_json_inner.h"

#include <stdio.h>

static void write_text(skillet_buffer *to, skillet_text text) {
    static const char HEX[] = "0123456789abcdef";
    skillet_append_byte(to, '"');
    size_t from = 0;
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.data[at];
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        skillet_append(to, text.data + from, at - from);
        from = at + 1;
        if (byte >= 0x20) {
            skillet_append(to, (char[]){'\\', (char)byte}, 2);
        } else if (byte == '\n') {
            skillet_append(to, "\\n", 2);
        } else {
            skillet_append(to, (char[]){'\\', 'u', '0', '0', HEX[byte >> 4], HEX[byte & 15]}, 6);
        }
    }
    skillet_append(to, text.data + from, text.length - from);
    skillet_append_byte(to, '"');
}

static void write_value(skillet_buffer *to, const json *value);

static void write_items(skillet_buffer *to, const json *value, const char *brackets) {
    skillet_append_byte(to, brackets[0]);
    for (const json *item = value->first; item; item = item->next) {
        if (item != value->first) skillet_append_byte(to, ',');
        if (value->kind == JSON_OBJECT) {
            write_text(to, item->key);
            skillet_append_byte(to, ':');
        }
        write_value(to, item);
    }
    skillet_append_byte(to, brackets[1]);
}

static void write_value(skillet_buffer *to, const json *value) {
    switch (json_is(value)) {
    case JSON_MISSING:
    case JSON_NULL: skillet_append_string(to, "null"); break;
    case JSON_BOOL: skillet_append_string(to, value->truth ? "true" : "false"); break;
    case JSON_NUMBER: skillet_append(to, value->text.data, value->text.length); break;
    case JSON_TEXT: write_text(to, value->text); break;
    case JSON_ARRAY: write_items(to, value, "[]"); break;
    case JSON_OBJECT: write_items(to, value, "{}"); break;
    }
}

skillet_text json_write(const json *value) {
    skillet_buffer buffer = {0};
    write_value(&buffer, value);
    return skillet_finish(&buffer);
}
