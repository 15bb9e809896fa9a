/* Checksums of a text's bytes, in lower-case hexadecimal digits. */
#ifndef HASH_H
#define HASH_H

#include "skillet.h"

skillet_text md5(skillet_text text);
skillet_text sha1(skillet_text text);
skillet_text sha256(skillet_text text);
skillet_text crc32(skillet_text text);

#endif
