/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/kidasks.h"

#include "bearer/base/str.h"

/* states of a cell; 0 is none */
#define WRITING    1u /* its name is not there yet */
#define WANTED     2u
#define MISSING    3u
#define ANSWERED   4u

#define STATE_BITS 4
#define HASH_BITS  16
#define TIME_SHIFT (STATE_BITS + HASH_BITS)
#define STATE_MASK ((UINT64_C(1) << STATE_BITS) - 1)
#define HASH_MASK  (((UINT64_C(1) << HASH_BITS) - 1) << STATE_BITS)
#define TIME_MASK  ((UINT64_C(1) << (64 - TIME_SHIFT)) - 1)

/* how far another process's clock may be ahead of ours */
#define SLACK apr_time_from_sec(1)

_Static_assert(sizeof(bearer_kidasks_t)
                   == (apr_size_t)8 * BEARER_LIMIT_KIDS_WANTED
                          * (2 + BEARER_KIDNAME_WORDS),
               "asks layout");

/* FNV-1a, folded: it only spreads kids over cells, and tells two that come at the same
 * moment apart. Who finds two of one hash gains nothing. */
static uint64_t hash_of(const bearer_kidname_t *name)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    int i;

    for (i = 0; i < BEARER_KIDNAME_WORDS; i++) {
        sum = (sum ^ name->word[i]) * UINT64_C(0x100000001b3);
        sum ^= sum >> 32;
    }
    return (sum ^ (sum >> 16)) & (HASH_MASK >> STATE_BITS);
}

/* --- cells ------------------------------------------------------------------ */

static uint64_t make_claim(apr_time_t now, uint64_t hash)
{
    uint64_t ms = (uint64_t)(now / 1000) & TIME_MASK;

    return ms << TIME_SHIFT | hash << STATE_BITS | WRITING;
}

static uint64_t state_of(uint64_t claim)
{
    return claim & STATE_MASK;
}

static uint64_t with_state(uint64_t claim, uint64_t state)
{
    return (claim & ~STATE_MASK) | state;
}

static apr_time_t asked_at(uint64_t claim)
{
    return (apr_time_t)(claim >> TIME_SHIFT) * 1000;
}

/* a cell whose time is over, or from the future, is free */
static bool is_live(uint64_t claim, apr_time_t miss, apr_time_t now)
{
    apr_time_t asked = asked_at(claim);

    return state_of(claim) >= WRITING && state_of(claim) <= ANSWERED
           && asked <= now + SLACK && now - asked < miss;
}

/* of a name that is just being written, only the hash is known; being wrong about it
 * costs one look more */
static bool is_for(bearer_kidasks_cell_t *cell, uint64_t claim,
                   const bearer_kidname_t *name, uint64_t hash)
{
    if (((claim & HASH_MASK) >> STATE_BITS) != hash)
        return false;
    return state_of(claim) == WRITING || bearer_kidname_is_at(cell->name, name);
}

void bearer_kidasks_format(bearer_kidasks_t *asks)
{
    static const bearer_kidname_t none;
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        atomic_store(&asks->cells[i].claim, 0);
        atomic_store(&asks->cells[i].tried, 0);
        bearer_kidname_store(asks->cells[i].name, &none);
    }
}

/* --- requests --------------------------------------------------------------- */

/* the live cell of a name, or NULL */
static bearer_kidasks_cell_t *find_cell(bearer_kidasks_t *asks,
                                        const bearer_kidname_t *name,
                                        apr_time_t miss, apr_time_t now,
                                        uint64_t *claim)
{
    uint64_t hash = hash_of(name);
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        bearer_kidasks_cell_t *cell = &asks->cells[i];

        *claim = atomic_load(&cell->claim);
        if (is_live(*claim, miss, now) && is_for(cell, *claim, name, hash))
            return cell;
    }
    return NULL;
}

bearer_kidasks_state_t bearer_kidasks_find(bearer_kidasks_t *asks,
                                           bearer_str_t kid, apr_time_t miss,
                                           apr_time_t wait, apr_time_t now)
{
    bearer_kidasks_cell_t *cell;
    uint64_t claim;
    bearer_kidname_t name;

    if (!bearer_kidname_check(kid))
        return BEARER_KIDASKS_UNKNOWN;
    name = bearer_kidname_make(kid);
    cell = find_cell(asks, &name, miss, now, &claim);
    if (!cell)
        return BEARER_KIDASKS_UNKNOWN;
    if (state_of(claim) == MISSING)
        return BEARER_KIDASKS_MISSING;
    /* one wait for each ask: a fetcher that hangs costs some threads this much once */
    if (state_of(claim) != ANSWERED && !atomic_load(&cell->tried)
        && now - asked_at(claim) < wait)
        return BEARER_KIDASKS_COMING;
    return BEARER_KIDASKS_UNSURE;
}

/* what is not taken, or was taken for this name by somebody else just now; *made says
 * which */
static bool take_cell(bearer_kidasks_cell_t *cell, const bearer_kidname_t *name,
                      apr_time_t miss, apr_time_t now, bool *made)
{
    uint64_t hash = hash_of(name);
    uint64_t mine = make_claim(now, hash);
    uint64_t claim = atomic_load(&cell->claim);

    *made = false;
    if (is_live(claim, miss, now))
        return is_for(cell, claim, name, hash);
    if (!atomic_compare_exchange_strong(&cell->claim, &claim, mine))
        return is_live(claim, miss, now) && is_for(cell, claim, name, hash);
    *made = true;
    atomic_store(&cell->tried, 0);
    bearer_kidname_store(cell->name, name);
    /* if it is no longer ours, we slept for longer than a cell lasts */
    (void)atomic_compare_exchange_strong(&cell->claim, &mine,
                                         with_state(mine, WANTED));
    return true;
}

bool bearer_kidasks_make(bearer_kidasks_t *asks, bearer_str_t kid,
                         apr_time_t miss, apr_time_t now)
{
    uint64_t first, claim;
    bool made = false;
    bearer_kidname_t name;
    uint64_t i;

    if (!bearer_kidname_check(kid))
        return false;
    name = bearer_kidname_make(kid);
    if (find_cell(asks, &name, miss, now, &claim))
        return false;
    /* all who want one kid at the same moment begin at the same cell, so that they
     * take one and not all of them */
    first = hash_of(&name);
    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        if (take_cell(&asks->cells[(first + i) % BEARER_LIMIT_KIDS_WANTED],
                      &name, miss, now, &made))
            break;
    }
    return made;
}

/* --- the fetcher ------------------------------------------------------------ */

/* the cell that was asked for first, among those that were tried or were not */
static bearer_kidasks_cell_t *first_cell(bearer_kidasks_t *asks,
                                         apr_time_t miss, apr_time_t now,
                                         bool tried)
{
    bearer_kidasks_cell_t *found = NULL;
    apr_time_t earliest = 0;
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        bearer_kidasks_cell_t *cell = &asks->cells[i];
        uint64_t claim = atomic_load(&cell->claim);

        if (state_of(claim) != WANTED || !is_live(claim, miss, now)
            || (atomic_load(&cell->tried) != 0) != tried)
            continue;
        if (found && asked_at(claim) >= earliest)
            continue;
        found = cell;
        earliest = asked_at(claim);
    }
    return found;
}

bool bearer_kidasks_first(bearer_kidasks_t *asks, apr_time_t miss,
                          apr_time_t now, bool tried, char *kid)
{
    bearer_kidasks_cell_t *cell = first_cell(asks, miss, now, tried);

    if (!cell || !kid)
        return cell != NULL;
    if (bearer_kidname_read(cell->name, kid))
        return true;
    /* what is no name is nobody's */
    atomic_store(&cell->claim, 0);
    return false;
}

void bearer_kidasks_settle(bearer_kidasks_t *asks, const char *kid,
                           apr_time_t miss, apr_time_t now, bool missing)
{
    bearer_kidname_t name = bearer_kidname_make(bearer_str(kid));
    uint64_t hash = hash_of(&name);
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        bearer_kidasks_cell_t *cell = &asks->cells[i];
        uint64_t claim = atomic_load(&cell->claim);

        if (state_of(claim) != WANTED || !is_live(claim, miss, now)
            || !is_for(cell, claim, &name, hash))
            continue;
        /* fails if the cell is another kid's by now */
        (void)atomic_compare_exchange_strong(
            &cell->claim, &claim,
            with_state(claim, missing ? MISSING : ANSWERED));
    }
}

void bearer_kidasks_fail(bearer_kidasks_t *asks, const char *kid,
                         apr_time_t miss, apr_time_t now)
{
    bearer_kidname_t name = bearer_kidname_make(bearer_str(kid));
    uint64_t claim;
    bearer_kidasks_cell_t *cell = find_cell(asks, &name, miss, now, &claim);

    if (cell && state_of(claim) == WANTED)
        atomic_store(&cell->tried, (uint64_t)now);
}

void bearer_kidasks_count(bearer_kidasks_t *asks, apr_time_t miss,
                          apr_time_t now, int *asked, int *missing)
{
    int i;

    *asked = 0;
    *missing = 0;
    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        uint64_t claim = atomic_load(&asks->cells[i].claim);

        if (!is_live(claim, miss, now))
            continue;
        (*asked)++;
        *missing += state_of(claim) == MISSING;
    }
}
