/* SPDX-License-Identifier: Apache-2.0 */
/* One JWK, and the same bytes as PEM and as a secret. A key that is accepted is
 * public, strong enough, fits an algorithm, and reads back the same. */
#include "fuzz.h"

#include "bearer/jose/pem.h"
#include "bearer/text/json.h"

static void check_key(const bearer_jwk_t *key, apr_pool_t *pool)
{
    static const char *const secret[] = {"d",  "p",  "q", "dp",
                                         "dq", "qi", "k", "oth"};
    const bearer_jwk_t *again = NULL;
    const bearer_value_t *json = NULL;
    bearer_note_t note = {""};
    size_t i;

    fuzz_check(!bearer_json_parse(key->json, &json, &note, pool));

    fuzz_check(key->algs && !(key->algs & bearer_alg_secret));
    fuzz_check(key->kty != BEARER_KTY_OCT);
    fuzz_check(key->kty != BEARER_KTY_RSA
               || (key->bits >= BEARER_LIMIT_RSA_MIN
                   && key->bits <= BEARER_LIMIT_RSA_MAX));
    for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        fuzz_check(!bearer_value_get(json, secret[i]));
    fuzz_check(bearer_jwk_parse(json, &again, &note, pool) == BEARER_OK);
    fuzz_check(fuzz_same(again->json, key->json));
    fuzz_check(again->algs == key->algs && again->kty == key->kty
               && again->bits == key->bits && fuzz_same(again->kid, key->kid)
               && !again->kid.data == !key->kid.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    const bearer_jwk_t *key = NULL;
    const bearer_value_t *json = NULL;
    bearer_note_t note = {""};

    if (bearer_json_parse(text, &json, &note, pool) == BEARER_OK) {
        if (bearer_jwk_parse(json, &key, &note, pool) == BEARER_OK)
            check_key(key, pool);
    }
    else if (bearer_pem_parse(text, &key, &note, pool) == BEARER_OK) {
        check_key(key, pool);
    }
    fuzz_check_note(&note);
    if (bearer_jwk_parse_secret(text, &key, &note, pool) == BEARER_OK)
        fuzz_check(text.len >= 32 && key->algs
                   && !(key->algs & bearer_alg_public));
    apr_pool_destroy(pool);
    return 0;
}
