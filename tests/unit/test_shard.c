/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the cache cannot reach: hashes that are equal. All else about a
 * shard: test_tokcache.c. */
#include "unit.h"

#include "bearer/gate/shard.h"

#define T   ((apr_time_t)1000000)
#define TTL ((apr_time_t)300)

static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};

static bearer_shard_t *shard_of(int entries, apr_pool_t *pool)
{
    bearer_shard_t *shard = NULL;

    assert_int_equal(bearer_shard_create(&shard, entries, 65536, TTL, pool),
                     APR_SUCCESS);
    return shard;
}

static void store(bearer_shard_t *shard, apr_uint64_t hash, const char *token,
                  apr_uint64_t version)
{
    _Alignas(8) char block[64];
    bearer_value_room_t room = {block, block + sizeof(block)};
    bearer_value_t *all = bearer_value_open(&room, BEARER_KIND_OBJECT);
    bearer_claims_t claims = {.all = all};
    bearer_proof_t proof = {.issuer = &issuer,
                            .key = {.version = version},
                            .claims = &claims,
                            .until = BEARER_PROOF_LASTS};

    bearer_value_close(&room, all);
    bearer_shard_store(shard, hash, unit_str(token), &proof, T);
}

static apr_uint64_t found(bearer_shard_t *shard, apr_uint64_t hash,
                          const char *token, apr_time_t now)
{
    bearer_shard_entry_t *entry = NULL;
    const bearer_proof_t *proof =
        bearer_shard_find(shard, hash, unit_str(token), now, &entry);
    apr_uint64_t version = proof ? proof->key.version : 0;

    bearer_shard_give(entry);
    return version;
}

/* somebody who makes two tokens with one hash gets each one's own proof */
static void shard_tells_tokens_apart_that_hash_alike(void **state)
{
    static const apr_uint64_t hashes[] = {0, 1, 0xffffffffffffffffu};
    apr_size_t i;

    for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        bearer_shard_t *shard = shard_of(8, *state);

        store(shard, hashes[i], "a.b.c", 1);
        assert_int_equal(found(shard, hashes[i], "a.b.d", T), 0);
        assert_int_equal(found(shard, hashes[i], "a.b.cc", T), 0);
        assert_int_equal(found(shard, hashes[i], "a.b.", T), 0);
        store(shard, hashes[i], "a.b.d", 2);
        assert_int_equal(found(shard, hashes[i], "a.b.c", T), 1);
        assert_int_equal(found(shard, hashes[i], "a.b.d", T), 2);
        /* one of them ends, in the middle of the chain */
        store(shard, hashes[i], "a.b.e", 3);
        assert_int_equal(found(shard, hashes[i], "a.b.d", T + TTL + 1), 0);
        assert_int_equal(found(shard, hashes[i], "a.b.c", T), 1);
        assert_int_equal(found(shard, hashes[i], "a.b.e", T), 3);
        bearer_shard_end(shard);
    }
}

/* the same bucket, and another hash */
static void shard_goes_by_the_whole_hash(void **state)
{
    bearer_shard_t *shard = shard_of(1, *state);

    store(shard, 1, "a.b.c", 1);
    assert_int_equal(found(shard, 2, "a.b.c", T), 0);
    assert_int_equal(found(shard, 1, "a.b.c", T), 1);
    bearer_shard_end(shard);
}

static void shard_adds_its_numbers(void **state)
{
    bearer_shard_t *shard = shard_of(8, *state);
    bearer_stats_cache_t sum = {10, 20, 30, 40, 50, 60};

    store(shard, 1, "a.b.c", 1);
    (void)found(shard, 1, "a.b.c", T);
    (void)found(shard, 1, "x", T);
    bearer_shard_add_stats(shard, &sum);
    assert_int_equal(sum.hits, 11);
    assert_int_equal(sum.misses, 21);
    assert_int_equal(sum.stores, 31);
    assert_int_equal(sum.evictions, 40);
    assert_int_equal(sum.entries, 51);
    assert_in_range(sum.bytes, 60 + bearer_shard_entry_size, 60 + 1024);
    bearer_shard_end(shard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(shard_tells_tokens_apart_that_hash_alike),
        unit_row(shard_goes_by_the_whole_hash),
        unit_row(shard_adds_its_numbers),
    };

    return unit_run(tests);
}
