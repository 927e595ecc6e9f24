/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <openssl/ecerr.h>
#include <openssl/err.h>

#include "bearer/jose/crypto.h"

static void say(int reason)
{
    ERR_raise(ERR_LIB_EC, reason);
}

static void crypto_tells_what_was_said(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        int said[3];
        bearer_crypto_said_t want;
    } cases[] = {
        {"nothing", {0}, BEARER_CRYPTO_SILENT},
        {"a refusal", {EC_R_POINT_IS_NOT_ON_CURVE}, BEARER_CRYPTO_REFUSED},
        {"memory", {ERR_R_MALLOC_FAILURE}, BEARER_CRYPTO_NO_MEMORY},
        {"memory and its echo",
         {ERR_R_MALLOC_FAILURE, ERR_R_EC_LIB},
         BEARER_CRYPTO_NO_MEMORY},
        {"memory after a refusal",
         {EC_R_POINT_IS_NOT_ON_CURVE, ERR_R_MALLOC_FAILURE, ERR_R_EC_LIB},
         BEARER_CRYPTO_NO_MEMORY},
        {"a refusal after its echo",
         {ERR_R_EC_LIB, EC_R_POINT_IS_NOT_ON_CURVE},
         BEARER_CRYPTO_REFUSED},
        {"only echoes",
         {ERR_R_EC_LIB, ERR_R_INTERNAL_ERROR},
         BEARER_CRYPTO_SILENT},
    };
    size_t i;
    int k;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* somebody else's, which is none of our business */
        say(i % 2 ? ERR_R_MALLOC_FAILURE : ERR_R_EC_LIB);
        bearer_crypto_begin();
        for (k = 0; k < 3 && cases[i].said[k]; k++)
            say(cases[i].said[k]);
        unit_expect(cases[i].name, bearer_crypto_end() == cases[i].want);
        unit_expect(cases[i].name, ERR_peek_error() == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crypto_tells_what_was_said),
    };

    return unit_run(tests);
}
