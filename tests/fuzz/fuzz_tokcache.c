/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of what a cache is asked to do, two bytes each, against a model: it
 * may forget, but what it finds is the last that was stored, and not too old. */
#include "fuzz.h"

#include "bearer/tokcache.h"

#define TOKENS 16
#define SECOND ((apr_time_t)1000000)
#define TTL    (8 * SECOND)

typedef struct model_t {
    apr_uint64_t version;
    apr_time_t stored;
} model_t;

static void store(bearer_tokcache_t *cache, bearer_str_t token,
                  apr_uint64_t version, apr_time_t now)
{
    static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};
    bearer_claims_t claims = {0};
    bearer_proof_t proof = {.issuer = &issuer,
                            .version = version,
                            .alg = 1,
                            .kid = BEARER_LIT("kid"),
                            .claims = &claims};
    json_t *json = json_pack("{s:I}", "v", (json_int_t)version);

    claims.json = json;
    bearer_tokcache_store(cache, token, &proof, now);
    json_decref(json);
}

static void find(bearer_tokcache_t *cache, bearer_str_t token,
                 const model_t *model, apr_time_t now)
{
    bearer_tokcache_entry_t *entry = NULL;
    const bearer_proof_t *proof =
        bearer_tokcache_find(cache, token, now, &entry);

    if (!proof)
        return;
    fuzz_check(proof->version == model->version);
    fuzz_check(now - model->stored <= TTL);
    fuzz_check(json_integer_value(json_object_get(proof->claims->json, "v"))
               == (json_int_t)model->version);
    fuzz_check(fuzz_same(proof->kid, (bearer_str_t)BEARER_LIT("kid")));
    bearer_tokcache_give(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_tokcache_conf_t conf = {4, 65536, TTL, "0123456789abcde"};
    bearer_tokcache_t *cache = NULL;
    model_t model[TOKENS] = {{0, 0}};
    apr_time_t now = SECOND;
    apr_uint64_t version = 0;
    size_t i;

    if (size > 2) {
        conf.entries = 1 + data[0];
        conf.bytes = (apr_size_t)data[1] * 256;
    }
    fuzz_check(bearer_tokcache_create(&cache, &conf, pool) == APR_SUCCESS);
    for (i = 2; i + 1 < size; i += 2) {
        int n = data[i] % TOKENS;
        bearer_str_t token;

        token.data = apr_psprintf(pool, "e30.%0*d.sig", 1 + n * 8, n);
        token.len = strlen(token.data);
        now += data[i + 1] % 32 * (SECOND / 4);
        switch (data[i + 1] >> 6) {
        case 0:
            store(cache, token, ++version, now);
            model[n].version = version;
            model[n].stored = now;
            break;
        case 1:
            bearer_tokcache_drop(cache, token);
            model[n].version = 0;
            break;
        default:
            find(cache, token, &model[n], now);
        }
        fuzz_check(bearer_tokcache_stats(cache).entries <= conf.entries);
        fuzz_check(bearer_tokcache_stats(cache).bytes <= conf.bytes);
    }
    apr_pool_destroy(pool);
    return 0;
}
