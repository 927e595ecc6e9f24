/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/keyring.h"

#include <string.h>

#include <apr_allocator.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

/* What a set's allocator keeps for later: less than the copy of a document, which
 * is needed for parsing only. */
#define KEEP 65536

struct bearer_keyring_set_t {
    bearer_keyring_t *ring;
    apr_pool_t *pool; /* holds this, too */
    const bearer_jwks_t *keys;
    bearer_board_id_t id;
    apr_uint64_t version;
    int users;
    bool current; /* what its row gives out */
};

/* One slot of the board as this process knows it. */
typedef struct row_t {
    bearer_keyring_set_t *current; /* NULL: none yet */
    bool loading;                  /* somebody is reading and parsing */
    apr_uint64_t bad;              /* the version that was refused, 0: none */
    bearer_reason_t why;           /* of that refusal */
} row_t;

/* mutex guards all of it: rows, users, and the children of pool. */
struct bearer_keyring_t {
    bearer_board_t *board;
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *loaded;
    row_t *rows;
    int count;
    int alive;
};

static void lock(bearer_keyring_t *ring)
{
    (void)apr_thread_mutex_lock(ring->mutex);
}

static void unlock(bearer_keyring_t *ring)
{
    (void)apr_thread_mutex_unlock(ring->mutex);
}

/* a pool with an allocator of its own, so that one thread can fill it while
 * others make theirs; NULL if memory ran out */
static apr_pool_t *create_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return NULL;
    if (apr_pool_create_ex(&pool, parent, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_allocator_max_free_set(allocator, KEEP);
    return pool;
}

apr_status_t bearer_keyring_create(bearer_keyring_t **out,
                                   bearer_board_t *board, apr_pool_t *pool)
{
    bearer_keyring_t *ring = apr_pcalloc(pool, sizeof(*ring));
    apr_status_t rv;

    ring->board = board;
    ring->count = bearer_board_slots(board);
    ring->rows =
        apr_pcalloc(pool, (apr_size_t)ring->count * sizeof(*ring->rows));
    rv = apr_thread_mutex_create(&ring->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv != APR_SUCCESS)
        return rv;
    rv = apr_thread_cond_create(&ring->loaded, pool);
    if (rv != APR_SUCCESS)
        return rv;
    /* not pool itself: the process's threads make pools in that as they like */
    ring->pool = create_pool(pool);
    if (!ring->pool)
        return APR_ENOMEM;
    *out = ring;
    return APR_SUCCESS;
}

/* --- under the mutex ------------------------------------------------------ */

static bearer_keyring_set_t *create_set(bearer_keyring_t *ring,
                                        const bearer_board_id_t *id)
{
    apr_pool_t *pool = create_pool(ring->pool);
    bearer_keyring_set_t *set;

    if (!pool)
        return NULL;
    set = apr_pcalloc(pool, sizeof(*set));
    set->ring = ring;
    set->pool = pool;
    set->id = *id;
    ring->alive++;
    return set;
}

static void drop_unused(bearer_keyring_set_t *set)
{
    if (set->current || set->users > 0)
        return;
    set->ring->alive--;
    apr_pool_destroy(set->pool);
}

static void make_current(row_t *row, bearer_keyring_set_t *set)
{
    bearer_keyring_set_t *before = row->current;

    set->current = true;
    row->current = set;
    if (before) {
        before->current = false;
        drop_unused(before);
    }
}

static bearer_reason_t lend(bearer_keyring_set_t *from,
                            bearer_keyring_set_t **set)
{
    from->users++;
    *set = from;
    return BEARER_OK;
}

/* the current set, if it is this source's */
static bearer_keyring_set_t *current_of(const row_t *row,
                                        const bearer_board_id_t *id)
{
    bearer_keyring_set_t *set = row->current;

    if (set && memcmp(set->id.bytes, id->bytes, sizeof(id->bytes)) == 0)
        return set;
    return NULL;
}

/* --- not under the mutex -------------------------------------------------- */

/* Reads and parses the current document. The set's version is that of the
 * document which was read, or stays as it was if none could be. */
static bearer_reason_t load(bearer_keyring_set_t *set,
                            const bearer_board_t *board,
                            const bearer_board_slot_t *slot)
{
    bearer_reason_t why;
    bearer_str_t text;
    apr_pool_t *tmp;

    if (apr_pool_create(&tmp, set->pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    why = bearer_board_read(board, slot, &text, &set->version, tmp);
    if (!why)
        why = bearer_jwks_parse_rendered(text, &set->keys, NULL, set->pool);
    apr_pool_destroy(tmp);
    return why;
}

/* --- taking --------------------------------------------------------------- */

/* What a refusal leaves: the set that was there. The refusal is remembered with its
 * version, or each request would read and parse the same document again. */
static bearer_reason_t refuse(row_t *row, bearer_keyring_set_t *fresh,
                              bearer_reason_t why, bearer_keyring_set_t **set)
{
    bearer_keyring_set_t *have = current_of(row, &fresh->id);
    apr_uint64_t version = fresh->version;

    drop_unused(fresh);
    /* the slot was given away: these keys are no longer renewed */
    if (why == BEARER_KEYS_UNAVAILABLE)
        return why;
    if (why != BEARER_NO_MEMORY) {
        row->bad = version;
        row->why = why;
    }
    return have ? lend(have, set) : why;
}

/* Called with the mutex held, and lets it go in between. */
static bearer_reason_t reload(bearer_keyring_t *ring,
                              const bearer_board_slot_t *slot,
                              apr_uint64_t version, bearer_keyring_set_t **set)
{
    row_t *row = &ring->rows[slot->number];
    bearer_keyring_set_t *have = current_of(row, &slot->id);
    bearer_keyring_set_t *fresh = create_set(ring, &slot->id);
    bearer_reason_t why;

    if (!fresh)
        return have ? lend(have, set) : BEARER_NO_MEMORY;
    fresh->version = version;
    row->loading = true;
    unlock(ring);
    why = load(fresh, ring->board, slot);
    lock(ring);
    row->loading = false;
    (void)apr_thread_cond_broadcast(ring->loaded);
    if (why)
        return refuse(row, fresh, why, set);
    make_current(row, fresh);
    return lend(fresh, set);
}

/* Called with the mutex held. */
static bearer_reason_t take(bearer_keyring_t *ring,
                            const bearer_board_slot_t *slot,
                            bearer_keyring_set_t **set)
{
    row_t *row = &ring->rows[slot->number];

    for (;;) {
        apr_uint64_t version = bearer_board_version(ring->board, slot);
        bearer_keyring_set_t *have = current_of(row, &slot->id);

        if (version == 0)
            return BEARER_KEYS_UNAVAILABLE;
        if (have
            && (have->version == version || row->bad == version
                || row->loading))
            return lend(have, set);
        if (row->bad == version)
            return row->why;
        if (!row->loading)
            return reload(ring, slot, version, set);
        (void)apr_thread_cond_wait(ring->loaded, ring->mutex);
    }
}

bearer_reason_t bearer_keyring_take(bearer_keyring_t *ring,
                                    const bearer_board_slot_t *slot,
                                    bearer_keyring_set_t **set)
{
    bearer_reason_t why;

    if (slot->number < 0 || slot->number >= ring->count)
        return BEARER_KEYS_UNAVAILABLE;
    lock(ring);
    why = take(ring, slot, set);
    unlock(ring);
    return why;
}

void bearer_keyring_give(bearer_keyring_set_t *set)
{
    bearer_keyring_t *ring;

    if (!set)
        return;
    ring = set->ring;
    lock(ring);
    set->users--;
    drop_unused(set);
    unlock(ring);
}

const bearer_jwks_t *bearer_keyring_keys(const bearer_keyring_set_t *set)
{
    return set->keys;
}

apr_uint64_t bearer_keyring_version(const bearer_keyring_set_t *set)
{
    return set->version;
}

int bearer_keyring_alive(bearer_keyring_t *ring)
{
    int alive;

    lock(ring);
    alive = ring->alive;
    unlock(ring);
    return alive;
}
