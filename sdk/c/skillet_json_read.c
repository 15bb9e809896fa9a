/* Reads JSON (RFC 8259). */
#include "skillet_inner.h"
#include "skillet_json_inner.h"

#include <string.h>

/* As deep as the host itself reads. */
enum { MAX_DEPTH = 128 };

typedef struct reader {
    const char *at, *end, *start;
    int depth;
    const char *wrong; /* what was expected, once something was not there */
} reader;

static json *read_value(reader *r);

static json *expected(reader *r, const char *what) {
    if (!r->wrong) r->wrong = what;
    return NULL;
}

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool eat(reader *r, char byte) {
    skip_space(r);
    if (r->at == r->end || *r->at != byte) return false;
    r->at++;
    return true;
}

static json *read_word(reader *r, const char *word, json *value) {
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length)) return expected(r, "a value");
    r->at += length;
    return value;
}

static bool digits(reader *r) {
    const char *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > from;
}

static json *read_number(reader *r) {
    const char *from = r->at;
    if (*r->at == '-') r->at++;
    bool zero = r->at < r->end && *r->at == '0';
    const char *whole = r->at;
    if (!digits(r) || (zero && r->at - whole > 1)) return expected(r, "a number");
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!digits(r)) return expected(r, "digits after the point");
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        if (!digits(r)) return expected(r, "digits of the exponent");
    }
    json *value = json_new(JSON_NUMBER);
    value->text = skillet_copy(from, (size_t)(r->at - from));
    return value;
}

/* Four hexadecimal digits; -1 if they are not there. */
static int32_t unit(const char *at, const char *end) {
    int32_t code = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        static const char DIGITS[] = "0123456789abcdef";
        char byte = at[i] >= 'A' && at[i] <= 'F' ? (char)(at[i] | 32) : at[i];
        const char *digit = byte ? strchr(DIGITS, byte) : NULL;
        if (!digit) return -1;
        code = code * 16 + (int32_t)(digit - DIGITS);
    }
    return code;
}

static void append_character(skillet_buffer *to, uint32_t code) {
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char LEADS[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(LEADS[length] | code);
    skillet_append(to, bytes, length);
}

/* After \u. Half a pair alone is no character: U+FFFD. */
static bool read_unicode(reader *r, skillet_buffer *to) {
    int32_t code = unit(r->at, r->end);
    if (code < 0) return false;
    r->at += 4;
    if (code >= 0xD800 && code < 0xE000) {
        int32_t low = -1;
        if (code < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') low = unit(r->at + 2, r->end);
        if (low >= 0xDC00 && low < 0xE000) {
            r->at += 6;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else {
            code = 0xFFFD;
        }
    }
    append_character(to, (uint32_t)code);
    return true;
}

static bool read_escape(reader *r, skillet_buffer *to) {
    static const char NAMES[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return false;
    char name = *r->at++;
    if (name == 'u') return read_unicode(r, to);
    const char *known = name ? strchr(NAMES, name) : NULL;
    if (!known) return false;
    skillet_append_byte(to, MEANT[known - NAMES]);
    return true;
}

/* After the opening quote. */
static bool read_text(reader *r, skillet_text *text) {
    skillet_buffer buffer = {0};
    for (;;) {
        const char *from = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20) r->at++;
        skillet_append(&buffer, from, (size_t)(r->at - from));
        if (r->at == r->end || (unsigned char)*r->at < 0x20) return expected(r, "the end of a text"), false;
        if (*r->at++ == '"') break;
        if (!read_escape(r, &buffer)) return expected(r, "an escape that JSON knows"), false;
    }
    *text = skillet_utf8(skillet_finish(&buffer));
    return true;
}

static json *read_array(reader *r) {
    json *array = json_array();
    if (eat(r, ']')) return array;
    do {
        json *item = read_value(r);
        if (!item) return NULL;
        json_attach(array, item);
    } while (eat(r, ','));
    return eat(r, ']') ? array : expected(r, "`,` or `]`");
}

static json *read_object(reader *r) {
    json *object = json_object();
    if (eat(r, '}')) return object;
    do {
        skillet_text key;
        if (!eat(r, '"')) return expected(r, "a key");
        if (!read_text(r, &key)) return NULL;
        if (!eat(r, ':')) return expected(r, "`:`");
        json *member = read_value(r);
        if (!member) return NULL;
        member->key = key;
        json_attach(object, member);
    } while (eat(r, ','));
    return eat(r, '}') ? object : expected(r, "`,` or `}`");
}

static json *read_nested(reader *r, char opening) {
    r->at++;
    if (++r->depth > MAX_DEPTH) return expected(r, "less nesting");
    json *value = opening == '[' ? read_array(r) : read_object(r);
    r->depth--;
    return value;
}

static json *read_value(reader *r) {
    skip_space(r);
    if (r->at == r->end) return expected(r, "a value");
    switch (*r->at) {
    case '{':
    case '[': return read_nested(r, *r->at);
    case 't': return read_word(r, "true", json_of_bool(true));
    case 'f': return read_word(r, "false", json_of_bool(false));
    case 'n': return read_word(r, "null", json_null());
    case '"': {
        json *value = json_new(JSON_TEXT);
        r->at++;
        return read_text(r, &value->text) ? value : NULL;
    }
    default: return *r->at == '-' || (*r->at >= '0' && *r->at <= '9') ? read_number(r) : expected(r, "a value");
    }
}

bool json_parse(skillet_text text, json **value) {
    reader r = {.at = text.data, .end = text.data + text.length, .start = text.data};
    json *tree = read_value(&r);
    skip_space(&r);
    if (tree && r.at == r.end) {
        *value = tree;
        return true;
    }
    skillet_text why = skillet_format("this is not JSON: byte %zu should be %s", (size_t)(r.at - r.start) + 1,
                                      tree ? "the end" : r.wrong);
    return skillet_refuse(SKILLET_ERROR_NOT_JSON, SKILLET_FAILED, why.data, NULL);
}
