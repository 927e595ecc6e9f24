/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokcache - tokens that have been proven already.
 *
 * Owns:     what was proven for exactly these bytes, bounded in number and size.
 * Does not: judge what depends on time or place: exp, aud, typ and the rest are
 *           judged again on every hit (gate), and nothing refused is kept.
 * Memory:   the entries lie in memory that is asked for once, as many bytes as
 *           are allowed; neither a hit nor a new entry allocates anything
 * Threads:  any; shards with a mutex each, none held while anything is verified
 */
#ifndef BEARER_TOKCACHE_H
#define BEARER_TOKCACHE_H

#include "bearer/gate/shard.h"

/** The cache of one process. */
typedef struct bearer_tokcache_t bearer_tokcache_t;

/** A found proof; give it back with bearer_tokcache_give. */
typedef bearer_shard_entry_t bearer_tokcache_entry_t;

/** Bounds. */
typedef struct bearer_tokcache_conf_t {
    int entries;            /**< at most so many tokens, at least 1 */
    apr_size_t bytes;       /**< the memory for them */
    apr_time_t ttl;         /**< how long a proof is used after it was stored */
    unsigned char seed[16]; /**< secret and random: hash flooding */
} bearer_tokcache_conf_t;

/** @return APR_SUCCESS, APR_ENOMEM, or what making a mutex returned */
apr_status_t bearer_tokcache_create(bearer_tokcache_t **out,
                                    const bearer_tokcache_conf_t *conf,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Finds what was proven for exactly these bytes: a keyed hash chooses the bucket,
 * all bytes are compared. A proof older than ttl, or over, is gone. The twin of an ES
 * signature (bearer/jose/jws.h) is other bytes, and has to be proven for itself.
 *
 * @param now   tick
 * @param entry set if found; give it back
 * @return the proof, constant, or NULL
 */
const bearer_proof_t *bearer_tokcache_find(bearer_tokcache_t *cache,
                                           bearer_str_t token, apr_time_t now,
                                           bearer_tokcache_entry_t **entry);

/** Gives an entry back, also after the end of the cache's pool. NULL is
 * allowed. */
void bearer_tokcache_give(bearer_tokcache_entry_t *entry);

/**
 * Keeps a copy of a proof, which replaces an older one for the same bytes. Tokens
 * that were not used for the longest time make room (CLOCK). While tokens that are
 * not too old have to make room, a token is kept only when it is stored for the
 * second time within about as many others as the cache holds: when there are more
 * tokens than fit, they do not push each other out for nothing. A token too large
 * for the bounds is not kept, nor is a proof that depended on anything but the
 * token.
 */
void bearer_tokcache_store(bearer_tokcache_t *cache, bearer_str_t token,
                           const bearer_proof_t *proof, apr_time_t now);

/** Sums over the shards; the numbers of each are of one moment. */
bearer_stats_cache_t bearer_tokcache_stats(bearer_tokcache_t *cache);

#endif
