/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/tokcache.h"

#include <string.h>

#include <apr_siphash.h>

/* As many shards as can have this much each: if they were smaller, chance alone
 * would fill one while the next is half empty. */
#define SHARDS_MAX    16
#define SHARD_ENTRIES 64
#define SHARD_BYTES   ((apr_size_t)524288)

/* So much of a token's end is enough to tell it from others: 192 bits of its
 * signature, or more than half of an HMAC's 256. */
#define HASHED ((apr_size_t)32)

struct bearer_tokcache_t {
    unsigned char seed[16];
    unsigned int shard_count; /* a power of two */
    bearer_shard_t *shards[SHARDS_MAX];
};

_Static_assert(APR_SIPHASH_KSIZE == 16, "the seed is a SipHash key");

/* --- the hash ------------------------------------------------------------- */

/*
 * Hash flooding: where a token lies cannot be foretold without the seed. The end
 * of a token is its signature, and only tokens whose signature was proven are
 * kept: no stranger can make two of them that end alike. The hash only chooses the
 * bucket; only equal bytes are equal.
 */
static apr_uint64_t hash_of(const bearer_tokcache_t *cache, bearer_str_t token)
{
    apr_size_t len = token.len < HASHED ? token.len : HASHED;

    return apr_siphash24(token.data + token.len - len, len, cache->seed);
}

static bearer_shard_t *shard_of(const bearer_tokcache_t *cache,
                                apr_uint64_t hash)
{
    return cache->shards[hash & (cache->shard_count - 1)];
}

/* --- the cache ------------------------------------------------------------- */

static apr_status_t end(void *data)
{
    bearer_tokcache_t *cache = data;
    unsigned int i;

    for (i = 0; i < cache->shard_count && cache->shards[i]; i++)
        bearer_shard_end(cache->shards[i]);
    return APR_SUCCESS;
}

static unsigned int count_shards(apr_size_t entries, apr_size_t bytes)
{
    unsigned int count = 1;

    while (count < SHARDS_MAX && entries / (2 * count) >= SHARD_ENTRIES
           && bytes / (2 * count) >= SHARD_BYTES)
        count *= 2;
    return count;
}

/* as many as were asked for; no index for more than the bytes can hold */
static apr_size_t count_entries(const bearer_tokcache_conf_t *conf)
{
    apr_size_t wanted = conf->entries > 0 ? (apr_size_t)conf->entries : 1;
    apr_size_t fit = conf->bytes / bearer_shard_entry_size + 1;

    return wanted < fit ? wanted : fit;
}

apr_status_t bearer_tokcache_create(bearer_tokcache_t **out,
                                    const bearer_tokcache_conf_t *conf,
                                    apr_pool_t *pool)
{
    bearer_tokcache_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_size_t entries = count_entries(conf);
    apr_status_t rv;
    unsigned int i;

    memcpy(cache->seed, conf->seed, sizeof(cache->seed));
    cache->shard_count = count_shards(entries, conf->bytes);
    apr_pool_cleanup_register(pool, cache, end, apr_pool_cleanup_null);
    for (i = 0; i < cache->shard_count; i++) {
        apr_size_t share =
            entries / cache->shard_count + (i < entries % cache->shard_count);

        rv = bearer_shard_create(&cache->shards[i], (int)share,
                                 conf->bytes / cache->shard_count, conf->ttl,
                                 pool);
        if (rv)
            return rv;
    }
    *out = cache;
    return APR_SUCCESS;
}

const bearer_proof_t *bearer_tokcache_find(bearer_tokcache_t *cache,
                                           bearer_str_t token, apr_time_t now,
                                           bearer_tokcache_entry_t **entry)
{
    apr_uint64_t hash = hash_of(cache, token);

    return bearer_shard_find(shard_of(cache, hash), hash, token, now, entry);
}

void bearer_tokcache_give(bearer_tokcache_entry_t *entry)
{
    bearer_shard_give(entry);
}

void bearer_tokcache_store(bearer_tokcache_t *cache, bearer_str_t token,
                           const bearer_proof_t *proof, apr_time_t now)
{
    apr_uint64_t hash = hash_of(cache, token);

    bearer_shard_store(shard_of(cache, hash), hash, token, proof, now);
}

bearer_stats_cache_t bearer_tokcache_stats(bearer_tokcache_t *cache)
{
    bearer_stats_cache_t sum = {0, 0, 0, 0, 0, 0};
    unsigned int i;

    for (i = 0; i < cache->shard_count; i++)
        bearer_shard_add_stats(cache->shards[i], &sum);
    return sum;
}
