/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard - a part of the cache of proofs: its memory, and which entries make room.
 *
 * Owns:     blocks in one region, an index of them, the order in which they go.
 * Does not: choose the shard or the hash (tokcache), or judge a proof (prove).
 * Memory:   one region that is asked for once; an entry stays readable until it is
 *           given back, also after the end of the shard
 * Threads:  any; one mutex, held for lookups and copies only
 */
#ifndef BEARER_SHARD_H
#define BEARER_SHARD_H

#include "bearer/gate/proof.h"
#include "bearer/report/stats.h"

typedef struct bearer_shard_t bearer_shard_t;

/** A proof in use: give it back with bearer_shard_give. */
typedef struct bearer_shard_entry_t bearer_shard_entry_t;

/** The smallest memory that an entry takes. */
extern const apr_size_t bearer_shard_entry_size;

/**
 * @param entries at most so many
 * @param bytes   the memory for them
 * @param ttl     a proof is found so long after it was stored
 * @return APR_SUCCESS, APR_ENOMEM, or what making a mutex returned
 */
apr_status_t bearer_shard_create(bearer_shard_t **out, int entries,
                                 apr_size_t bytes, apr_time_t ttl,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** Ends it, once, when no other call is under way or will come; readers of entries
 * go on, and the last one frees the memory. */
void bearer_shard_end(bearer_shard_t *shard);

/** The proof of exactly these bytes, if it is not over yet, or NULL.
 *
 * @param hash  chooses the bucket; all bytes are compared
 * @param now   tick
 * @param entry set if found; give it back */
const bearer_proof_t *bearer_shard_find(bearer_shard_t *shard,
                                        apr_uint64_t hash, bearer_str_t token,
                                        apr_time_t now,
                                        bearer_shard_entry_t **entry);

/** Gives an entry back, also after the end of the shard. NULL is allowed. */
void bearer_shard_give(bearer_shard_entry_t *entry);

/** Keeps a copy, which replaces an older one for the same bytes; see
 * bearer_tokcache_store. */
void bearer_shard_store(bearer_shard_t *shard, apr_uint64_t hash,
                        bearer_str_t token, const bearer_proof_t *proof,
                        apr_time_t now);

/** Adds this shard's numbers, all of one moment. */
void bearer_shard_add_stats(bearer_shard_t *shard, bearer_stats_cache_t *sum);

#endif
