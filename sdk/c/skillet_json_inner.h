/* How the tree is made. Not for skills. */
#ifndef SKILLET_JSON_INNER_H
#define SKILLET_JSON_INNER_H

#include "skillet.h"

struct json {
    json_kind kind;
    bool truth;
    size_t length;
    skillet_text key;  /* of a member; never shared between values */
    skillet_text text; /* of a text; of a number, as it was written, so that no digit is lost */
    json *first, *last, *next;
};

json *json_new(json_kind kind);
void json_attach(json *parent, json *value);

#endif
