/* Ways to write bytes in few characters, and back. */
#ifndef CODE_H
#define CODE_H

#include "skillet.h"

skillet_text base64_encode(skillet_text text);
skillet_text base64url_encode(skillet_text text); /* no padding */
skillet_text hex_encode(skillet_text text);       /* lower case */
skillet_text url_encode(skillet_text text);       /* all but A-Z a-z 0-9 - . _ ~ (RFC 3986) */

/* `skillet_none` if it is not that code. Spaces and line ends in it do not count, nor does missing
 * padding; base64 may have either alphabet, hex either case. */
skillet_text base64_decode(skillet_text text);
skillet_text hex_decode(skillet_text text);
skillet_text url_decode(skillet_text text); /* a plus stays a plus */

#endif
