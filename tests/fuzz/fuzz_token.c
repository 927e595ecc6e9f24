/* SPDX-License-Identifier: Apache-2.0 */
/* Up to four spots where a token may be, a line each ("-": not there), the
 * first two with a scheme. */
#include "fuzz.h"

#include "bearer/judge/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_token_spot_t spots[4];
    bearer_str_t token = {NULL, 0};
    int used = 0;
    int its = -1;
    int i;

    for (i = 0; i < 4; i++) {
        spots[i].value = fuzz_word(&rest, pool);
        spots[i].scheme = i == 0 ? "Bearer" : i == 1 ? "Token" : NULL;
        used += spots[i].value && *spots[i].value;
    }
    if (bearer_token_find(spots, 4, &token) == BEARER_OK) {
        fuzz_check(used == 1 && token.len);
        for (i = 0; i < 4; i++) {
            const char *value = spots[i].value;

            if (value && token.data >= value
                && token.data + token.len <= value + strlen(value))
                its = i;
        }
        /* it is a piece of the one spot, and made of what a b64token may
         * hold */
        fuzz_check(its >= 0);
        for (i = 0; !bearer_token_check(token) && i < (int)token.len; i++)
            fuzz_check(token.data[i] > ' ' && token.data[i] < 0x7f
                       && !strchr("\"\\,;:()<>@[]?{}%", token.data[i]));
    }
    apr_pool_destroy(pool);
    return 0;
}
