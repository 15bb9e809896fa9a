#include "code.h"

#include <ctype.h>
#include <string.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Where the byte stands in the list; -1 if it is not there. */
static int place(const char *list, char byte) {
    const char *found = byte ? strchr(list, byte) : NULL;
    return found ? (int)(found - list) : -1;
}

static bool is_space(char byte) {
    return place(" \t\r\n", byte) >= 0;
}

static int hex_digit(char byte) {
    int digit = place("0123456789abcdef", byte);
    return digit >= 0 ? digit : place("0123456789ABCDEF", byte);
}

static void append_hex(skillet_buffer *to, const char *digits, uint8_t byte) {
    skillet_append_byte(to, digits[byte >> 4]);
    skillet_append_byte(to, digits[byte & 15]);
}

static skillet_text encode64(skillet_text text, const char *alphabet, bool padded) {
    const uint8_t *data = (const uint8_t *)text.data;
    skillet_buffer out = {0};
    for (size_t at = 0; at < text.length; at += 3) {
        size_t count = text.length - at < 3 ? text.length - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++) bits = bits << 8 | (i < count ? data[at + i] : 0);
        for (size_t i = 0; i <= count; i++) skillet_append_byte(&out, alphabet[bits >> (18 - 6 * i) & 63]);
        for (size_t i = count; padded && i < 3; i++) skillet_append_byte(&out, '=');
    }
    return skillet_finish(&out);
}

skillet_text base64_encode(skillet_text text) {
    return encode64(text, STANDARD, true);
}

skillet_text base64url_encode(skillet_text text) {
    return encode64(text, URL_SAFE, false);
}

skillet_text base64_decode(skillet_text text) {
    skillet_buffer out = {0};
    uint32_t bits = 0;
    size_t digits = 0, padding = 0;
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.data[at];
        if (is_space(byte)) continue;
        int digit = byte == '-' ? 62 : byte == '_' ? 63 : place(STANDARD, byte);
        if (byte == '=')
            padding++;
        else if (digit < 0 || padding)
            return skillet_none;
        else if (bits = bits << 6 | (uint32_t)digit, digits++ % 4)
            skillet_append_byte(&out, (char)(bits >> (6 - 2 * ((digits - 1) % 4))));
    }
    bool whole = digits % 4 != 1 && (!padding || (digits + padding) % 4 == 0) && padding <= 2;
    return whole ? skillet_finish(&out) : skillet_none;
}

skillet_text hex_encode(skillet_text text) {
    skillet_buffer out = {0};
    for (size_t at = 0; at < text.length; at++) append_hex(&out, "0123456789abcdef", (uint8_t)text.data[at]);
    return skillet_finish(&out);
}

skillet_text hex_decode(skillet_text text) {
    skillet_buffer out = {0};
    int high = -1;
    for (size_t at = 0; at < text.length; at++) {
        if (is_space(text.data[at])) continue;
        int digit = hex_digit(text.data[at]);
        if (digit < 0) return skillet_none;
        if (high >= 0) skillet_append_byte(&out, (char)(high << 4 | digit));
        high = high >= 0 ? -1 : digit;
    }
    return high < 0 ? skillet_finish(&out) : skillet_none;
}

static bool is_unreserved(char byte) {
    return isalnum((unsigned char)byte) || place("-._~", byte) >= 0;
}

skillet_text url_encode(skillet_text text) {
    skillet_buffer out = {0};
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.data[at];
        if (!is_unreserved(byte)) skillet_append_byte(&out, '%');
        if (is_unreserved(byte))
            skillet_append_byte(&out, byte);
        else
            append_hex(&out, "0123456789ABCDEF", (uint8_t)byte);
    }
    return skillet_finish(&out);
}

skillet_text url_decode(skillet_text text) {
    skillet_buffer out = {0};
    for (size_t at = 0; at < text.length; at++) {
        if (text.data[at] != '%') {
            skillet_append_byte(&out, text.data[at]);
            continue;
        }
        if (text.length - at < 3) return skillet_none;
        int high = hex_digit(text.data[at + 1]), low = hex_digit(text.data[at + 2]);
        if (high < 0 || low < 0) return skillet_none;
        skillet_append_byte(&out, (char)(high << 4 | low));
        at += 2;
    }
    return skillet_finish(&out);
}
