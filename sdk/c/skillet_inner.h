/* Between the SDK's own files and the generated bindings. Not for skills. */
#ifndef SKILLET_INNER_H
#define SKILLET_INNER_H

#include "skill_world.h"
#include "skillet.h"

/* What the host reads during a call. It must be UTF-8, or the call traps. */
skill_world_string_t skillet_lend(skillet_text text);
skill_world_string_t skillet_lend_string(const char *string);

/* Bytes as they are. */
skill_world_list_u8_t skillet_lend_bytes(skillet_text text);

/* What the host wrote, now ours and ended by a NUL. The host's own copy is given back. */
skillet_text skillet_take(skill_world_string_t *string);
skillet_text skillet_take_bytes(skill_world_list_u8_t *bytes);

/* Notes the last error; always false. `about` goes before the host's text, or stands alone if that
 * is NULL. */
bool skillet_refuse(skillet_code code, skillet_kind kind, const char *about, skill_world_string_t *text);

#endif
