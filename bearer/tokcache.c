/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/tokcache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_siphash.h>
#include <apr_thread_mutex.h>

#include "bearer/limits.h"

/* As many shards as have this much each: in smaller ones, chance alone would
 * fill one while the next is half empty. */
#define SHARDS_MAX    16
#define SHARD_ENTRIES 64
#define SHARD_BYTES   ((apr_size_t)1048576)

#define KEY_WORDS     (BEARER_LIMIT_TOKEN / 8)

typedef bearer_tokcache_entry_t entry_t;

/* One block; text holds token, kid and typ, one behind the other. */
struct bearer_tokcache_entry_t {
    atomic_uint refs; /* one for the shard while it is in, one per reader */
    bool used;        /* found since the hand went by */
    apr_uint64_t hash;
    apr_size_t token_len;
    apr_time_t made;
    apr_size_t cost;
    entry_t *chain;       /* in its bucket, or among those taken out */
    entry_t *next, *prev; /* round the clock */
    bearer_proof_t proof;
    bearer_claims_t claims;
    char text[];
};

/* All that can change is under the lock. */
typedef struct shard_t {
    apr_thread_mutex_t *lock;
    entry_t *hand; /* where the clock stands; NULL: empty */
    int entries, max_entries;
    apr_size_t bytes, max_bytes;
    apr_uint64_t hits, misses, stores, evictions;
    apr_size_t bucket_mask;
    entry_t *buckets[];
} shard_t;

struct bearer_tokcache_t {
    apr_time_t ttl;
    unsigned char seed[16];
    apr_uint64_t key[KEY_WORDS];
    unsigned int shard_count; /* a power of two */
    shard_t *shards[SHARDS_MAX];
};

_Static_assert(APR_SIPHASH_KSIZE == 16, "the seed is a SipHash key");
_Static_assert(BEARER_LIMIT_TOKEN % 8 == 0, "a key word for each token word");

/* --- the hash ------------------------------------------------------------- */

/* One word of NH: the halves of the sum times each other. That the lower half
 * may carry into the upper one costs no more than a factor of two. */
static apr_uint64_t times(apr_uint64_t word, apr_uint64_t key)
{
    apr_uint64_t sum = word + key;

    return (sum & 0xffffffffu) * (sum >> 32);
}

/* NH, the first layer of UMAC (RFC 4418 5.2), on 64 bits at a time: whoever does
 * not know the key makes two texts of one length collide with a probability of
 * at most 2^-31. SipHash over all bytes would cost more than all else. */
static apr_uint64_t squeeze(const bearer_tokcache_t *cache, bearer_str_t token)
{
    apr_size_t most = BEARER_LIMIT_TOKEN; /* longer ones are not kept */
    apr_size_t len = token.len < most ? token.len : most;
    apr_uint64_t word, sum = 0;
    apr_size_t i;

    for (i = 0; i < len / 8; i++) {
        memcpy(&word, token.data + 8 * i, 8);
        sum += times(word, cache->key[i]);
    }
    if (len % 8) {
        word = 0;
        memcpy(&word, token.data + 8 * i, len % 8);
        sum += times(word, cache->key[i]);
    }
    return sum;
}

/* Hash flooding: where a token lies cannot be foretold without the seed. The
 * hash only chooses the place; equal is what has equal bytes. */
static apr_uint64_t hash_of(const bearer_tokcache_t *cache, bearer_str_t token)
{
    apr_uint64_t both[2] = {squeeze(cache, token), token.len};

    return apr_siphash24(both, sizeof(both), cache->seed);
}

/* 8 bytes here and 16 in hash_of: one key never meets the same text twice */
static void make_key(bearer_tokcache_t *cache)
{
    apr_uint64_t i;

    for (i = 0; i < KEY_WORDS; i++)
        cache->key[i] = apr_siphash24(&i, sizeof(i), cache->seed);
}

static shard_t *shard_of(const bearer_tokcache_t *cache, apr_uint64_t hash)
{
    return cache->shards[hash & (cache->shard_count - 1)];
}

static entry_t **bucket_of(shard_t *shard, apr_uint64_t hash)
{
    return &shard->buckets[(hash >> 8) & shard->bucket_mask];
}

/* --- what an entry costs --------------------------------------------------- */

/* What malloc takes for a block of this size. */
static apr_size_t block(apr_size_t size)
{
    apr_size_t taken = (size + 23) & ~(apr_size_t)15;

    return taken < 32 ? 32 : taken;
}

static apr_size_t weigh(const json_t *value);

/* the table of pointers doubles from 8 on */
static apr_size_t weigh_array(const json_t *array)
{
    apr_size_t room = 8, sum = block(40);
    apr_size_t i;

    while (room < json_array_size(array))
        room *= 2;
    for (i = 0; i < json_array_size(array); i++)
        sum += weigh(json_array_get(array, i));
    return sum + block(room * 8);
}

/* the table of bucket heads, 16 bytes each, doubles from 8 on; a member has a
 * node of 56 bytes and its name */
static apr_size_t weigh_object(const json_t *object)
{
    json_t *walked = (json_t *)object; /* iterating changes nothing */
    apr_size_t room = 8, sum = block(72);
    void *iter;

    while (room < json_object_size(object))
        room *= 2;
    for (iter = json_object_iter(walked); iter;
         iter = json_object_iter_next(walked, iter)) {
        sum += block(56 + strlen(json_object_iter_key(iter)) + 1);
        sum += weigh(json_object_iter_value(iter));
    }
    return sum + block(room * 16);
}

/* What jansson keeps for a value, on a machine of 64 bits. The recursion is as
 * deep as bearer_json_parse allows, BEARER_LIMIT_JSON_DEPTH. */
static apr_size_t weigh(const json_t *value)
{
    if (json_is_object(value))
        return weigh_object(value);
    if (json_is_array(value))
        return weigh_array(value);
    if (json_is_string(value))
        return block(32) + block(json_string_length(value) + 3);
    if (json_is_number(value))
        return block(24);
    return 0; /* true, false and null exist once */
}

/* --- an entry -------------------------------------------------------------- */

static void let_go(entry_t *entry)
{
    /* acquire and release: whoever frees comes after all that others read */
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
        return;
    json_decref((json_t *)entry->claims.json);
    free(entry);
}

/* outside the lock: the last reader of a large document frees all of it */
static void let_all_go(entry_t *gone)
{
    while (gone) {
        entry_t *next = gone->chain;

        let_go(gone);
        gone = next;
    }
}

/* copies a text to *at and moves *at behind it; NULL stays NULL */
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

/* whether its place depends on all of it, and no sum can overflow */
static bool is_sane(bearer_str_t token, const bearer_proof_t *proof)
{
    return token.len > 0 && token.len <= BEARER_LIMIT_TOKEN
           && proof->kid.len <= BEARER_LIMIT_TOKEN
           && proof->typ.len <= BEARER_LIMIT_TOKEN;
}

/* NULL if there is no memory; without hash and time */
static entry_t *make_entry(bearer_str_t token, const bearer_proof_t *proof,
                           apr_size_t size)
{
    entry_t *entry = malloc(size);
    char *at;

    if (!entry)
        return NULL;
    memset(entry, 0, sizeof(*entry));
    at = entry->text;
    atomic_init(&entry->refs, 1);
    entry->token_len = put(&at, token).len;
    entry->claims = *proof->claims;
    json_incref((json_t *)entry->claims.json);
    entry->proof = *proof;
    entry->proof.kid = put(&at, proof->kid);
    entry->proof.typ = put(&at, proof->typ);
    entry->proof.claims = &entry->claims;
    return entry;
}

/* --- a shard, locked ------------------------------------------------------- */

/* The whole bytes decide, and only behind an equal hash: there is nothing to
 * learn from the time that the comparison takes. */
static entry_t *find_in(shard_t *shard, apr_uint64_t hash, bearer_str_t token)
{
    entry_t *entry = *bucket_of(shard, hash);

    for (; entry; entry = entry->chain) {
        if (entry->hash == hash && entry->token_len == token.len
            && memcmp(entry->text, token.data, token.len) == 0)
            return entry;
    }
    return NULL;
}

/* the hand comes to a new entry last */
static void put_in(shard_t *shard, entry_t *entry)
{
    entry_t **bucket = bucket_of(shard, entry->hash);
    entry_t *hand = shard->hand ? shard->hand : entry;

    entry->chain = *bucket;
    *bucket = entry;
    shard->hand = hand;
    entry->next = hand;
    entry->prev = hand == entry ? entry : hand->prev;
    entry->prev->next = entry;
    hand->prev = entry;
    shard->entries++;
    shard->bytes += entry->cost;
}

/* moves an entry to a list for let_all_go */
static void take_out(shard_t *shard, entry_t *entry, entry_t **gone)
{
    entry_t **link = bucket_of(shard, entry->hash);

    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    if (shard->hand == entry)
        shard->hand = entry->next == entry ? NULL : entry->next;
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    shard->entries--;
    shard->bytes -= entry->cost;
    entry->chain = *gone;
    *gone = entry;
}

/* CLOCK: who was found since the hand went by last is passed over once */
static void make_room(shard_t *shard, apr_size_t cost, entry_t **gone)
{
    while (shard->hand
           && (shard->entries >= shard->max_entries
               || shard->bytes + cost > shard->max_bytes)) {
        while (shard->hand->used) {
            shard->hand->used = false;
            shard->hand = shard->hand->next;
        }
        take_out(shard, shard->hand, gone);
        shard->evictions++;
    }
}

/* --- the cache ------------------------------------------------------------- */

static apr_status_t empty(void *data)
{
    bearer_tokcache_t *cache = data;
    entry_t *gone = NULL;
    unsigned int i;

    for (i = 0; i < cache->shard_count; i++) {
        while (cache->shards[i]->hand)
            take_out(cache->shards[i], cache->shards[i]->hand, &gone);
    }
    let_all_go(gone);
    return APR_SUCCESS;
}

static apr_status_t make_shard(shard_t **out, int entries, apr_size_t bytes,
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
    shard->max_bytes = bytes;
    shard->bucket_mask = buckets - 1;
    *out = shard;
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

/* so many as were asked for; no index for more than the bytes can hold */
static apr_size_t count_entries(const bearer_tokcache_conf_t *conf)
{
    apr_size_t wanted = conf->entries > 0 ? (apr_size_t)conf->entries : 1;
    apr_size_t fit = conf->bytes / sizeof(entry_t) + 1;

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

    cache->ttl = conf->ttl;
    memcpy(cache->seed, conf->seed, sizeof(cache->seed));
    make_key(cache);
    cache->shard_count = count_shards(entries, conf->bytes);
    for (i = 0; i < cache->shard_count; i++) {
        apr_size_t share =
            entries / cache->shard_count + (i < entries % cache->shard_count);

        rv = make_shard(&cache->shards[i], (int)share,
                        conf->bytes / cache->shard_count, pool);
        if (rv)
            return rv;
    }
    apr_pool_cleanup_register(pool, cache, empty, apr_pool_cleanup_null);
    *out = cache;
    return APR_SUCCESS;
}

const bearer_proof_t *bearer_tokcache_find(bearer_tokcache_t *cache,
                                           bearer_str_t token, apr_time_t now,
                                           bearer_tokcache_entry_t **entry)
{
    apr_uint64_t hash = hash_of(cache, token);
    shard_t *shard = shard_of(cache, hash);
    entry_t *gone = NULL;
    entry_t *found;

    apr_thread_mutex_lock(shard->lock);
    found = find_in(shard, hash, token);
    if (found && now - found->made > cache->ttl) {
        take_out(shard, found, &gone);
        found = NULL;
    }
    if (found) {
        found->used = true;
        atomic_fetch_add_explicit(&found->refs, 1, memory_order_relaxed);
        shard->hits++;
    }
    else {
        shard->misses++;
    }
    apr_thread_mutex_unlock(shard->lock);
    let_all_go(gone);
    if (!found)
        return NULL;
    *entry = found;
    return &found->proof;
}

void bearer_tokcache_give(bearer_tokcache_entry_t *entry)
{
    if (entry)
        let_go(entry);
}

void bearer_tokcache_store(bearer_tokcache_t *cache, bearer_str_t token,
                           const bearer_proof_t *proof, apr_time_t now)
{
    entry_t *entry, *old, *gone = NULL;
    apr_size_t size, cost;
    apr_uint64_t hash;
    shard_t *shard;

    if (!is_sane(token, proof))
        return;
    hash = hash_of(cache, token);
    shard = shard_of(cache, hash);
    size = sizeof(*entry) + token.len + proof->kid.len + proof->typ.len;
    cost = block(size) + sizeof(entry_t *) + weigh(proof->claims->json);
    if (cost > shard->max_bytes)
        return;
    entry = make_entry(token, proof, size);
    if (!entry)
        return; /* an older proof stays in */
    entry->hash = hash;
    entry->made = now;
    entry->cost = cost;

    apr_thread_mutex_lock(shard->lock);
    old = find_in(shard, hash, token);
    if (old)
        take_out(shard, old, &gone);
    make_room(shard, cost, &gone);
    put_in(shard, entry);
    shard->stores++;
    apr_thread_mutex_unlock(shard->lock);
    let_all_go(gone);
}

void bearer_tokcache_drop(bearer_tokcache_t *cache, bearer_str_t token)
{
    apr_uint64_t hash = hash_of(cache, token);
    shard_t *shard = shard_of(cache, hash);
    entry_t *gone = NULL;
    entry_t *found;

    apr_thread_mutex_lock(shard->lock);
    found = find_in(shard, hash, token);
    if (found)
        take_out(shard, found, &gone);
    apr_thread_mutex_unlock(shard->lock);
    let_all_go(gone);
}

bearer_tokcache_stats_t bearer_tokcache_stats(bearer_tokcache_t *cache)
{
    bearer_tokcache_stats_t sum = {0, 0, 0, 0, 0, 0};
    unsigned int i;

    for (i = 0; i < cache->shard_count; i++) {
        shard_t *shard = cache->shards[i];

        apr_thread_mutex_lock(shard->lock);
        sum.hits += shard->hits;
        sum.misses += shard->misses;
        sum.stores += shard->stores;
        sum.evictions += shard->evictions;
        sum.entries += shard->entries;
        sum.bytes += shard->bytes;
        apr_thread_mutex_unlock(shard->lock);
    }
    return sum;
}
