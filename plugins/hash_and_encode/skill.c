/* Hashes a text, or encodes and decodes it. */
#include "code.h"
#include "hash.h"

#include <ctype.h>

typedef skillet_text change(skillet_text text);

typedef struct method {
    const char *name;  /* as it is compared: lower case, letters and digits only */
    const char *other; /* in Chinese */
    const char *label;
    change *forth;
    change *back; /* NULL: there is no way back */
} method;

static const method METHODS[] = {
    {"sha256", NULL, "SHA-256", sha256, NULL},
    {"sha1", NULL, "SHA-1", sha1, NULL},
    {"md5", NULL, "MD5", md5, NULL},
    {"crc32", NULL, "CRC-32", crc32, NULL},
    {"base64", NULL, "Base64", base64_encode, base64_decode},
    {"base64url", NULL, "Base64url", base64url_encode, base64_decode},
    {"hex", "十六进制", "Hex", hex_encode, hex_decode},
    {"url", "网址", "URL", url_encode, url_decode},
};

/* SHA-256, sha_256 and sha256 are the same. */
static skillet_text plain(skillet_text name) {
    skillet_buffer out = {0};
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.data[i];
        if (byte != '-' && byte != '_' && byte != ' ') skillet_append_byte(&out, (char)tolower((unsigned char)byte));
    }
    return skillet_finish(&out);
}

static const method *find(skillet_text name) {
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        const method *known = &METHODS[i];
        if (skillet_equal(name, known->name) || (known->other && skillet_equal(name, known->other))) return known;
    }
    return NULL;
}

static skillet_text label(const skillet_call *call, const method *by, bool back) {
    bool chinese = skillet_is_chinese(call);
    const char *what = !by->back ? "" : chinese ? (back ? " 解码" : " 编码") : (back ? " decoded" : " encoded");
    return skillet_format("%s%s%s", by->label, what, chinese ? "：" : ": ");
}

static skillet_result answer(skillet_text head, skillet_text value) {
    skillet_buffer text = {0};
    skillet_append(&text, head.data, head.length);
    skillet_append(&text, value.data, value.length);
    json *output = json_object();
    json_set_text(output, "value", value);
    json_set_text(output, "text", skillet_finish(&text));
    return skillet_ok(output);
}

skillet_result skillet_run(const skillet_call *call) {
    skillet_text text = json_text(json_get(call->input, "text"));
    const method *by = find(plain(json_text(json_get(call->input, "method"))));
    if (!by)
        return skillet_fail(SKILLET_INVALID_INPUT,
                            "the method is sha256, sha1, md5, crc32, base64, base64url, hex or url");

    skillet_text direction = plain(json_text(json_get(call->input, "direction")));
    bool back = skillet_equal(direction, "decode") || skillet_equal(direction, "解码");
    if (!back && direction.length && !skillet_equal(direction, "encode") && !skillet_equal(direction, "编码"))
        return skillet_fail(SKILLET_INVALID_INPUT, "the direction is encode or decode");
    if (back && !by->back) return skillet_fail(SKILLET_INVALID_INPUT, "there is no way back from %s", by->label);

    skillet_text value = back ? by->back(text) : by->forth(text);
    if (!value.data) return skillet_fail(SKILLET_INVALID_INPUT, "the text is not %s", by->label);
    if (skillet_utf8(value).data != value.data)
        return skillet_fail(SKILLET_INVALID_INPUT, "it decodes to %zu bytes that are not text", value.length);
    return answer(label(call, by, back), value);
}
