/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/shard.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_thread_mutex.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"

/* Blocks begin at lines of the processor's cache: readers of two entries, which
 * count themselves in them, do not get in each other's way. */
#define LINE ((apr_size_t)64)

/* How many blocks are searched for room, and in how many of those recent use
 * counts: other threads wait for the lock, and a large cache has many blocks. */
#define LOOKS_MOST 1024
#define LOOKS_KIND 256

/* in entry_t.readers: the cache has ended; the last reader cleans up */
#define ORPHAN 0x80000000u

typedef bearer_shard_entry_t entry_t;
typedef bearer_shard_t shard_t;

/* The memory of a shard: blocks, one after the other, without a gap. */
typedef struct region_t {
    /* after the end: entries that are still being read, plus one for the thread
     * that counts them */
    atomic_uint orphans;
    _Alignas(64) char blocks[];
} region_t;

typedef enum state_t {
    STATE_FREE,
    STATE_IN, /* it can be found */
    STATE_OUT /* it cannot, but somebody may still be reading it */
} state_t;

/* The beginning of a block. A free block has no more than that. */
typedef struct block_t {
    apr_size_t size; /* of all of it; lines */
    state_t state;
} block_t;

/* After it: the claims (one block, bearer_value_t), token, kid and typ. */
struct bearer_shard_entry_t {
    block_t block;
    bool used; /* found since the hand last went by */
    atomic_uint readers;
    apr_uint64_t hash;
    region_t *region;
    entry_t *chain; /* in its bucket */
    bearer_str_t token;
    bearer_proof_t proof; /* with the end that it has here */
    bearer_claims_t claims;
    _Alignas(8) char rest[];
};

/* All that can change is under the lock, except the readers of an entry. */
struct bearer_shard_t {
    apr_thread_mutex_t *lock;
    region_t *region;
    apr_size_t size; /* of its blocks */
    apr_size_t hand; /* where the next block is looked for */
    int entries, max_entries;
    apr_size_t bytes; /* of the entries that can be found */
    apr_uint64_t hits, misses, stores, evictions;
    apr_time_t ttl;
    bool full; /* something had to make room for the last entry */
    apr_size_t bucket_mask;
    apr_uint32_t *seen; /* of tokens that were not let in, by bucket */
    entry_t *buckets[];
};

const apr_size_t bearer_shard_entry_size = sizeof(entry_t);

_Static_assert(sizeof(block_t) <= 64, "any gap can be a block");

static apr_size_t index_of(const shard_t *shard, apr_uint64_t hash)
{
    return (apr_size_t)(hash >> 8) & shard->bucket_mask;
}

static entry_t **bucket_of(shard_t *shard, apr_uint64_t hash)
{
    return &shard->buckets[index_of(shard, hash)];
}

/* --- an entry -------------------------------------------------------------- */

/* copies bytes to *at and moves *at past them; NULL stays NULL */
static bearer_str_t put(char **at, bearer_str_t text)
{
    bearer_str_t copy = {NULL, 0};

    if (!text.data)
        return copy;
    copy.data = *at;
    copy.len = text.len;
    memcpy(*at, text.data, text.len);
    *at += text.len;
    return copy;
}

/* Whether nothing but the token was used to prove it, and no sum can overflow. What
 * was proven with more than the token is true of one request only (a stolen token
 * that is bound). */
static bool is_sane(bearer_str_t token, const bearer_proof_t *proof)
{
    return !proof->depends && token.len > 0 && token.len <= BEARER_LIMIT_TOKEN
           && proof->key.kid.len <= BEARER_LIMIT_TOKEN
           && proof->key.typ.len <= BEARER_LIMIT_TOKEN;
}

static apr_size_t size_of(bearer_str_t token, const bearer_proof_t *proof)
{
    apr_size_t size = sizeof(entry_t) + bearer_value_size(proof->claims->all)
                      + token.len + proof->key.kid.len + proof->key.typ.len;

    return (size + LINE - 1) & ~(LINE - 1);
}

/* the claims of the entry, whose block was copied to another address */
static void put_claims(entry_t *entry, char **at, const bearer_claims_t *claims)
{
    bearer_str_t block = {(const char *)claims->all,
                          bearer_value_size(claims->all)};

    entry->claims = *claims;
    entry->claims.all =
        (const bearer_value_t *)(const void *)put(at, block).data;
    if (claims->iss.data)
        entry->claims.iss.data =
            (const char *)entry->claims.all + (claims->iss.data - block.data);
}

/* all except the size and what links it */
static void fill(entry_t *entry, bearer_str_t token,
                 const bearer_proof_t *proof)
{
    char *at = entry->rest;

    atomic_init(&entry->readers, 0);
    entry->used = false;
    put_claims(entry, &at, proof->claims);
    entry->token = put(&at, token);
    entry->proof = *proof;
    entry->proof.key.kid = put(&at, proof->key.kid);
    entry->proof.key.typ = put(&at, proof->key.typ);
    entry->proof.claims = &entry->claims;
}

/* so many fewer look at it after the end */
static void let_orphans_go(region_t *region, unsigned int count)
{
    if (atomic_fetch_sub_explicit(&region->orphans, count, memory_order_acq_rel)
        == count)
        free(region);
}

/* --- a shard, locked ------------------------------------------------------- */

static block_t *block_at(const shard_t *shard, apr_size_t at)
{
    return (block_t *)(void *)(shard->region->blocks + at);
}

/* All the bytes decide, and they are compared only if the hashes are equal: the
 * time of the comparison gives nothing away. */
static entry_t *find_in(shard_t *shard, apr_uint64_t hash, bearer_str_t token)
{
    entry_t *entry = *bucket_of(shard, hash);

    for (; entry; entry = entry->chain) {
        if (entry->hash == hash && bearer_str_equal(entry->token, token))
            return entry;
    }
    return NULL;
}

static void put_in(shard_t *shard, entry_t *entry)
{
    entry_t **bucket = bucket_of(shard, entry->hash);

    entry->chain = *bucket;
    *bucket = entry;
    entry->block.state = STATE_IN;
    shard->entries++;
    shard->bytes += entry->block.size;
}

/* its memory becomes free when the hand comes by and nobody reads it any more */
static void take_out(shard_t *shard, entry_t *entry)
{
    entry_t **link = bucket_of(shard, entry->hash);

    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    entry->block.state = STATE_OUT;
    shard->entries--;
    shard->bytes -= entry->block.size;
}

/* A token that came once may never come again, and what it would push out may
 * be in use: while the shard is full, only those are let in that were seen
 * lately. Each bucket remembers one. */
static bool is_wanted(shard_t *shard, apr_uint64_t hash)
{
    apr_uint32_t *seen = &shard->seen[index_of(shard, hash)];
    apr_uint32_t mark = (apr_uint32_t)(hash >> 32);

    if (!shard->full || *seen == mark)
        return true;
    *seen = mark;
    return false;
}

static bool is_old(const entry_t *entry, apr_time_t now)
{
    return now > entry->proof.until;
}

/* Whether nobody reads it. Acquire: writing over it comes after all that its
 * readers have read. */
static bool is_unread(const entry_t *entry)
{
    return atomic_load_explicit(&entry->readers, memory_order_acquire) == 0;
}

/* whether the block can be emptied; an entry that was used lately goes only if we
 * are not kind */
static bool is_empty(shard_t *shard, block_t *block, apr_time_t now, bool kind)
{
    entry_t *entry = (entry_t *)(void *)block;

    if (block->state == STATE_FREE)
        return true;
    if (!is_unread(entry))
        return false;
    if (block->state == STATE_OUT)
        return true;
    if (is_old(entry, now)) {
        take_out(shard, entry);
        return true;
    }
    if (entry->used && kind) {
        entry->used = false;
        return false;
    }
    take_out(shard, entry);
    shard->evictions++;
    shard->full = true;
    return true;
}

/* joins the blocks from start to end into one of this size, and another of what is
 * left */
static entry_t *carve(shard_t *shard, apr_size_t start, apr_size_t end,
                      apr_size_t size)
{
    block_t *block = block_at(shard, start);

    block->size = size;
    shard->hand = start + size;
    if (shard->hand < end) {
        block_t *left = block_at(shard, shard->hand);

        left->size = end - shard->hand;
        left->state = STATE_FREE;
    }
    return (entry_t *)(void *)block;
}

/*
 * CLOCK, in the order of addresses: the hand goes round until adjacent blocks are
 * free and together large enough. An entry that was found since it last went by is
 * passed over once, one that is being read always.
 */
static entry_t *make_room(shard_t *shard, apr_size_t size, apr_time_t now)
{
    apr_size_t at = shard->hand, start = at;
    int looks;

    shard->full = false;
    for (looks = 0; looks < LOOKS_MOST; looks++) {
        block_t *block;

        if (at == shard->size)
            at = start = 0;
        block = block_at(shard, at);
        at += block->size;
        if (!is_empty(shard, block, now, looks < LOOKS_KIND)) {
            start = at;
            continue;
        }
        block->state = STATE_FREE;
        if (at - start >= size && shard->entries < shard->max_entries)
            return carve(shard, start, at, size);
    }
    shard->hand = at;
    return NULL;
}

/* --- the shard -------------------------------------------------------------- */

/* one free block; its pages cost nothing until they are used */
static region_t *make_region(apr_size_t size)
{
    region_t *region = aligned_alloc(LINE, sizeof(*region) + size);
    block_t *block;

    if (!region)
        return NULL;
    block = (block_t *)(void *)region->blocks;
    atomic_init(&region->orphans, 1);
    if (size) {
        block->size = size;
        block->state = STATE_FREE;
    }
    return region;
}

apr_status_t bearer_shard_create(bearer_shard_t **out, int entries,
                                 apr_size_t bytes, apr_time_t ttl,
                                 apr_pool_t *pool)
{
    apr_size_t buckets = 1;
    apr_thread_mutex_t *lock;
    apr_status_t rv;
    shard_t *shard;

    while (buckets < (apr_size_t)entries)
        buckets *= 2;
    rv = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv)
        return rv;
    shard = apr_pcalloc(pool, sizeof(*shard) + buckets * sizeof(entry_t *));
    shard->lock = lock;
    shard->max_entries = entries;
    shard->ttl = ttl;
    shard->size = bytes & ~(LINE - 1);
    shard->bucket_mask = buckets - 1;
    shard->seen = apr_pcalloc(pool, buckets * sizeof(*shard->seen));
    shard->region = make_region(shard->size);
    if (!shard->region)
        return APR_ENOMEM;
    *out = shard;
    return APR_SUCCESS;
}

void bearer_shard_end(bearer_shard_t *shard)
{
    region_t *region = shard->region;
    unsigned int done = 1; /* ourselves */
    apr_size_t at, size;

    for (at = 0; at < shard->size; at += size) {
        entry_t *entry = (entry_t *)(void *)block_at(shard, at);

        size = entry->block.size;
        if (entry->block.state == STATE_FREE)
            continue;
        atomic_fetch_add_explicit(&region->orphans, 1, memory_order_relaxed);
        if (!atomic_fetch_or_explicit(&entry->readers, ORPHAN,
                                      memory_order_acq_rel))
            done++;
    }
    let_orphans_go(region, done);
}

const bearer_proof_t *bearer_shard_find(bearer_shard_t *shard,
                                        apr_uint64_t hash, bearer_str_t token,
                                        apr_time_t now,
                                        bearer_shard_entry_t **entry)
{
    entry_t *found;

    apr_thread_mutex_lock(shard->lock);
    found = find_in(shard, hash, token);
    if (found && is_old(found, now)) {
        take_out(shard, found);
        /* verified again, it is as welcome as before */
        shard->seen[index_of(shard, hash)] = (apr_uint32_t)(hash >> 32);
        found = NULL;
    }
    if (found) {
        found->used = true;
        atomic_fetch_add_explicit(&found->readers, 1, memory_order_relaxed);
        shard->hits++;
    }
    else {
        shard->misses++;
    }
    apr_thread_mutex_unlock(shard->lock);
    if (!found)
        return NULL;
    *entry = found;
    return &found->proof;
}

void bearer_shard_give(bearer_shard_entry_t *entry)
{
    region_t *region;

    if (!entry)
        return;
    region = entry->region;
    /* release: reading is over; from here on it may be another's */
    if (atomic_fetch_sub_explicit(&entry->readers, 1, memory_order_acq_rel)
        == (ORPHAN | 1))
        let_orphans_go(region, 1);
}

/* a block for it: what was proven again gets the block that it had */
static entry_t *find_room(shard_t *shard, apr_uint64_t hash, bearer_str_t token,
                          apr_size_t size, apr_time_t now)
{
    entry_t *old = find_in(shard, hash, token);

    if (old)
        take_out(shard, old);
    if (old && is_unread(old) && old->block.size == size)
        return old;
    return is_wanted(shard, hash) ? make_room(shard, size, now) : NULL;
}

void bearer_shard_store(bearer_shard_t *shard, apr_uint64_t hash,
                        bearer_str_t token, const bearer_proof_t *proof,
                        apr_time_t now)
{
    entry_t *entry;
    apr_size_t size;

    if (!is_sane(token, proof))
        return;
    size = size_of(token, proof);
    if (size > shard->size)
        return;

    apr_thread_mutex_lock(shard->lock);
    entry = find_room(shard, hash, token, size, now);
    if (entry) {
        fill(entry, token, proof);
        if (proof->until - now > shard->ttl)
            entry->proof.until = now + shard->ttl;
        entry->region = shard->region;
        entry->hash = hash;
        put_in(shard, entry);
        shard->stores++;
    }
    apr_thread_mutex_unlock(shard->lock);
}

void bearer_shard_add_stats(bearer_shard_t *shard, bearer_stats_cache_t *sum)
{
    apr_thread_mutex_lock(shard->lock);
    sum->hits += shard->hits;
    sum->misses += shard->misses;
    sum->stores += shard->stores;
    sum->evictions += shard->evictions;
    sum->entries += shard->entries;
    sum->bytes += shard->bytes;
    apr_thread_mutex_unlock(shard->lock);
}
