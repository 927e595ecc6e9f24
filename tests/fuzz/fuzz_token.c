/* SPDX-License-Identifier: Apache-2.0 */
/* Up to six spots where a token may be, a line each ("-": not there): two headers with
 * a scheme, two values, Basic, and base64url. */
#include "fuzz.h"

#include "bearer/base/str.h"
#include "bearer/judge/token.h"

#define SPOTS 6

static const bearer_token_spot_t kinds[SPOTS] = {
    {NULL, "Bearer", BEARER_TOKEN_PLAIN, 0},
    {NULL, "Token", BEARER_TOKEN_PLAIN, 1},
    {NULL, NULL, BEARER_TOKEN_PLAIN, 2},
    {NULL, NULL, BEARER_TOKEN_PLAIN, 2},
    {NULL, "Basic", BEARER_TOKEN_BASIC, 3},
    {NULL, NULL, BEARER_TOKEN_CODED, 4},
};

/* each spot that is used says the same when it is asked alone */
static void check_alone(const bearer_token_spot_t *spots,
                        const bearer_token_found_t *found, apr_pool_t *pool)
{
    bool named = false;
    int i, used = 0;

    for (i = 0; i < SPOTS; i++) {
        bearer_token_found_t one;

        if (!spots[i].value || !*spots[i].value)
            continue;
        used++;
        fuzz_check(!bearer_token_find(&spots[i], 1, &one, pool));
        fuzz_check(bearer_str_equal(one.token, found->token));
        named |= one.user.data != NULL;
    }
    fuzz_check(used && named == (found->user.data != NULL));
    /* one source has one */
    fuzz_check(!spots[2].value || !*spots[2].value || !spots[3].value
               || !*spots[3].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_token_spot_t spots[SPOTS];
    bearer_token_found_t found;
    apr_size_t i;

    memcpy(spots, kinds, sizeof(spots));
    for (i = 0; i < SPOTS; i++)
        spots[i].value = fuzz_word(&rest, pool);
    if (bearer_token_find(spots, SPOTS, &found, pool) == BEARER_OK) {
        fuzz_check(found.token.len);
        check_alone(spots, &found, pool);
        /* made of what a b64token may hold */
        for (i = 0; !bearer_token_check(found.token) && i < found.token.len;
             i++)
            fuzz_check(found.token.data[i] > ' ' && found.token.data[i] < 0x7f
                       && !strchr("\"\\,;:()<>@[]?{}%", found.token.data[i]));
    }
    apr_pool_destroy(pool);
    return 0;
}
