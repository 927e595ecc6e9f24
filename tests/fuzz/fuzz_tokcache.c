/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of what a cache is asked to do, two bytes each, against a model: it
 * may forget, but what it finds is the last that was stored, and not too old. */
#include "fuzz.h"

#include "bearer/gate/tokcache.h"

#define TOKENS 16
#define HELD   4
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
    bearer_proof_t proof = {
        .issuer = &issuer,
        .key = {.version = version, .kid = BEARER_LIT("kid")},
        .claims = &claims,
        .until = BEARER_PROOF_LASTS};
    _Alignas(8) char block[64];
    bearer_value_room_t room = {block, block + sizeof(block)};
    bearer_value_t *all = bearer_value_open(&room, BEARER_KIND_OBJECT);

    fuzz_check(bearer_value_put_string(&room, (bearer_str_t)BEARER_LIT("v"))
               && bearer_value_put_integer(&room, (apr_int64_t)version));
    bearer_value_close(&room, all);
    claims.all = all;
    bearer_tokcache_store(cache, token, &proof, now);
}

/* entries that are held while the cache goes on */
typedef struct held_t {
    bearer_tokcache_entry_t *entry;
    const bearer_proof_t *proof;
    apr_uint64_t version;
} held_t;

static void check_held(const held_t *held)
{
    if (!held->entry)
        return;
    fuzz_check(held->proof->key.version == held->version);
    fuzz_check(
        bearer_value_integer(bearer_value_get(held->proof->claims->all, "v"))
        == (apr_int64_t)held->version);
}

static void find(bearer_tokcache_t *cache, bearer_str_t token,
                 const model_t *model, apr_time_t now, held_t *held)
{
    bearer_tokcache_entry_t *entry = NULL;
    const bearer_proof_t *proof =
        bearer_tokcache_find(cache, token, now, &entry);

    if (!proof)
        return;
    fuzz_check(proof->key.version == model->version);
    fuzz_check(now - model->stored <= TTL);
    fuzz_check(fuzz_same(proof->key.kid, (bearer_str_t)BEARER_LIT("kid")));
    /* the one before is given back */
    check_held(held);
    bearer_tokcache_give(held->entry);
    held->entry = entry;
    held->proof = proof;
    held->version = model->version;
    check_held(held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_tokcache_conf_t conf = {4, 65536, TTL, "0123456789abcde"};
    bearer_tokcache_t *cache = NULL;
    model_t model[TOKENS] = {{0, 0}};
    held_t held[HELD] = {{NULL, NULL, 0}};
    bearer_tokcache_entry_t *none = NULL;
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
            fuzz_check(!bearer_tokcache_find(cache, token, INT64_MAX, &none));
            model[n].version = 0;
            break;
        default:
            find(cache, token, &model[n], now, &held[i / 2 % HELD]);
        }
        fuzz_check(bearer_tokcache_stats(cache).entries <= conf.entries);
        fuzz_check(bearer_tokcache_stats(cache).bytes <= conf.bytes);
    }
    /* the last readers outlive the cache */
    apr_pool_destroy(pool);
    for (i = 0; i < HELD; i++) {
        check_held(&held[i]);
        bearer_tokcache_give(held[i].entry);
    }
    return 0;
}
