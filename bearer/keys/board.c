/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/board.h"

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MAGIC    UINT64_C(0x6265617265723031) /* "bearer01" */
#define LAYOUT   4
#define ID_WORDS 4

/* The whole block consists of these: everything that can change is atomic, so that
 * reading beside a writer is defined. */
typedef _Atomic uint64_t word_t;
typedef _Atomic uint32_t half_t;

/*
 * A slot:
 *
 *    0    32        40     48      56          64         72     80
 *   +----+---------+------+-------+-----------+----------+------+--------+--
 *   | id | current | last | asked | last_good | last_try | next | served |
 *   +----+---------+------+-------+-----------+----------+------+--------+--
 *    88         92      96        100      104       128     131264  262400
 *   +----------+-------+---------+--------+---------+-------+-------+
 *   | failures | epoch | claimed | unused | padding | doc 0 | doc 1 |
 *   +----------+-------+---------+--------+---------+-------+-------+
 *
 * current and last say whose turn it is among the documents. Kids come last.
 */
typedef struct slot_t {
    word_t id[ID_WORDS];
    bearer_document_turn_t turn;
    word_t asked;
    word_t last_good, last_try, next, served; /* bearer_schedule_t */
    half_t failures;
    half_t epoch;   /* the last configuration that claimed it */
    half_t claimed; /* 0: never used */
    half_t unused;
    word_t padding[3];
    bearer_document_t docs[2];
    word_t kids_of[ID_WORDS];
    bearer_kids_t kids;
} slot_t;

/*
 * The header:
 *
 *    0       8        12      16          24      48     56     64      8256
 *   +-------+--------+-------+-----------+-------+------+------+-------+---
 *   | magic | layout | slots | slot_size | lease | asks | free | seats | ...
 *   +-------+--------+-------+-----------+-------+------+------+-------+---
 */
typedef struct header_t {
    uint64_t magic;
    uint32_t layout;
    uint32_t slots;
    uint64_t slot_size;
    bearer_lease_t lease;
    word_t asks; /* all that were ever made, on all slots */
    word_t padding;
    bearer_seats_t seats;
} header_t;

/* A lock inside an atomic would be a lock of one process only. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics without locks");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "32-bit atomics without locks");
_Static_assert(sizeof(word_t) == 8 && sizeof(half_t) == 4, "bare atomics");
_Static_assert(sizeof(bearer_board_id_t) == ID_WORDS * 8, "id is 4 words");
_Static_assert(offsetof(slot_t, turn) == 32, "slot layout");
_Static_assert(offsetof(slot_t, last_good) == 56, "slot layout");
_Static_assert(offsetof(slot_t, failures) == 88, "slot layout");
_Static_assert(offsetof(slot_t, docs) == 128, "slot layout");
_Static_assert(sizeof(slot_t)
                   == 160 + 2 * sizeof(bearer_document_t)
                          + sizeof(bearer_kids_t),
               "slot layout");
_Static_assert(offsetof(header_t, lease) == 24, "header layout");
_Static_assert(offsetof(header_t, seats) == 64, "header layout");
_Static_assert(sizeof(header_t) == 64 + 8 * BEARER_SEATS_MOST, "header layout");

/* slots is the number that attach found good; the block is not asked again. */
struct bearer_board_t {
    header_t *header;
    slot_t *slots;
    int count;
    apr_pool_t *pool;
};

/* --- small things --------------------------------------------------------- */

static bearer_document_id_t words_of(const bearer_board_id_t *id)
{
    bearer_document_id_t out;

    memcpy(out.word, id->bytes, sizeof(out.word));
    return out;
}

/* no matter whose it is by now */
static slot_t *slot_at(const bearer_board_t *board,
                       const bearer_board_slot_t *slot)
{
    return slot->number >= 0 && slot->number < board->count
               ? &board->slots[slot->number]
               : NULL;
}

/* NULL unless the slot is there, in use, and this source's */
static slot_t *slot_of(const bearer_board_t *board,
                       const bearer_board_slot_t *slot)
{
    slot_t *at = slot_at(board, slot);

    if (!at || !atomic_load(&at->claimed)
        || !bearer_document_same(bearer_document_owner(at->id),
                                 words_of(&slot->id)))
        return NULL;
    return at;
}

static bearer_document_pair_t pair_of(slot_t *at)
{
    bearer_document_pair_t pair = {&at->turn, at->docs};

    return pair;
}

/* --- the schedule in a slot ----------------------------------------------- */

/* next is stored last: a writer that is cut off before that leaves the old one,
 * which is due, so at worst something is fetched once too often */
static void store_numbers(slot_t *at, const bearer_schedule_t *schedule)
{
    atomic_store(&at->last_good, (uint64_t)schedule->last_good);
    atomic_store(&at->failures, schedule->failures);
    atomic_store(&at->served, (uint64_t)schedule->served);
    atomic_store(&at->last_try, (uint64_t)schedule->last_try);
    atomic_store(&at->next, (uint64_t)schedule->next);
}

static bearer_schedule_t load_numbers(slot_t *at)
{
    bearer_schedule_t schedule;

    schedule.last_good = (apr_int64_t)atomic_load(&at->last_good);
    schedule.failures = atomic_load(&at->failures);
    schedule.served = (apr_int64_t)atomic_load(&at->served);
    schedule.last_try = (apr_int64_t)atomic_load(&at->last_try);
    schedule.next = (apr_int64_t)atomic_load(&at->next);
    schedule.unused = 0;
    return schedule;
}

/* A claim stores the new id and then zeroes the numbers. Looking at the id once
 * more after our stores means that no mix of the two leaves our numbers to another
 * source, whose keys would then count as just fetched. */
static void note(slot_t *at, bearer_document_id_t id,
                 const bearer_schedule_t *schedule)
{
    static const bearer_schedule_t never;

    store_numbers(at, schedule);
    if (!bearer_document_same(bearer_document_owner(at->id), id))
        store_numbers(at, &never);
}

/* --- the block ------------------------------------------------------------ */

apr_size_t bearer_board_size(int slots)
{
    return sizeof(header_t)
           + (slots > 0 ? (apr_size_t)slots : 0) * sizeof(slot_t);
}

/* leaves the text alone: touching it would make a large board resident */
static void format_slot(slot_t *at)
{
    static const bearer_schedule_t never;
    static const bearer_document_id_t nobody;

    bearer_document_own(at->id, nobody);
    atomic_store(&at->turn.current, 0);
    atomic_store(&at->turn.last, 0);
    atomic_store(&at->asked, 0);
    store_numbers(at, &never);
    atomic_store(&at->epoch, 0);
    atomic_store(&at->claimed, 0);
    bearer_document_own(at->kids_of, nobody);
}

void bearer_board_format(void *block, apr_size_t size, int slots)
{
    header_t *header = block;
    slot_t *first = (slot_t *)(header + 1);
    int i;

    if (slots < 0 || size < bearer_board_size(slots))
        return;
    header->magic = MAGIC;
    header->layout = LAYOUT;
    header->slots = (uint32_t)slots;
    header->slot_size = sizeof(slot_t);
    bearer_lease_format(&header->lease);
    atomic_store(&header->asks, 0);
    bearer_seats_format(&header->seats);
    for (i = 0; i < slots; i++)
        format_slot(&first[i]);
}

bearer_reason_t bearer_board_attach(void *block, apr_size_t size,
                                    bearer_board_t **out, apr_pool_t *pool)
{
    header_t *header = block;
    bearer_board_t *board;

    if (!block || size < sizeof(*header)
        || (uintptr_t)block % _Alignof(header_t) != 0)
        return BEARER_BOARD_BROKEN;
    if (header->magic != MAGIC || header->layout != LAYOUT
        || header->slot_size != sizeof(slot_t))
        return BEARER_BOARD_BROKEN;
    if (header->slots > INT_MAX
        || header->slots > (size - sizeof(*header)) / sizeof(slot_t))
        return BEARER_BOARD_BROKEN;

    board = apr_palloc(pool, sizeof(*board));
    board->header = header;
    board->slots = (slot_t *)(header + 1);
    board->count = (int)header->slots;
    board->pool = pool;
    *out = board;
    return BEARER_OK;
}

int bearer_board_slots(const bearer_board_t *board)
{
    return board->count;
}

bearer_lease_t *bearer_board_lease(const bearer_board_t *board)
{
    return &board->header->lease;
}

bearer_seats_t *bearer_board_seats(const bearer_board_t *board)
{
    return &board->header->seats;
}

/* --- slots ---------------------------------------------------------------- */

/* the slot that already is this source's, or -1 */
static int find_own(const bearer_board_t *board, bearer_document_id_t id)
{
    int i;

    for (i = 0; i < board->count; i++) {
        slot_t *at = &board->slots[i];

        if (atomic_load(&at->claimed)
            && bearer_document_same(bearer_document_owner(at->id), id))
            return i;
    }
    return -1;
}

/* a slot never used, or that of the oldest epoch before this one, or -1 */
static int find_free(const bearer_board_t *board, uint32_t epoch)
{
    uint32_t oldest = epoch;
    int found = -1;
    int i;

    for (i = 0; i < board->count; i++) {
        slot_t *at = &board->slots[i];

        if (!atomic_load(&at->claimed))
            return i;
        if (atomic_load(&at->epoch) < oldest) {
            oldest = atomic_load(&at->epoch);
            found = i;
        }
    }
    return found;
}

/* The id is stored before the numbers: see note. */
static void hand_over(slot_t *at, bearer_document_id_t id)
{
    static const bearer_schedule_t never;

    bearer_document_own(at->id, id);
    atomic_store(&at->turn.current, 0);
    atomic_store(&at->asked, 0);
    store_numbers(at, &never);
}

bool bearer_board_claim(bearer_board_t *board, bearer_board_slot_t *slot,
                        apr_uint32_t epoch)
{
    bearer_document_id_t words = words_of(&slot->id);
    slot_t *at;

    slot->number = find_own(board, words);
    if (slot->number < 0) {
        slot->number = find_free(board, epoch);
        if (slot->number < 0)
            return false;
        hand_over(&board->slots[slot->number], words);
    }
    at = &board->slots[slot->number];
    if (!atomic_load(&at->claimed) || atomic_load(&at->epoch) < epoch)
        atomic_store(&at->epoch, epoch);
    atomic_store(&at->claimed, 1);
    return true;
}

/* a document that fails its checks is not copied, nor is its schedule, so that it
 * is fetched at once */
static void copy_document(const bearer_board_t *from, int number, slot_t *to,
                          apr_pool_t *tmp)
{
    bearer_board_slot_t slot = {.number = number};
    bearer_schedule_t schedule;
    bearer_str_t text;
    bearer_document_id_t id = bearer_document_owner(to->id);
    apr_uint64_t version;

    memcpy(slot.id.bytes, id.word, sizeof(slot.id.bytes));
    schedule = bearer_board_schedule(from, &slot);
    switch (bearer_board_read(from, &slot, &text, &version, tmp)) {
    case BEARER_OK:
        bearer_document_put(pair_of(to), id, version, text);
        store_numbers(to, &schedule);
        break;
    case BEARER_KEYS_UNAVAILABLE:
        store_numbers(to, &schedule);
        break;
    default:
        break;
    }
}

void bearer_board_copy(const bearer_board_t *from, bearer_board_t *to)
{
    apr_pool_t *tmp;
    int i;

    if (apr_pool_create(&tmp, to->pool) != APR_SUCCESS)
        return;
    for (i = 0; i < from->count && i < to->count; i++) {
        slot_t *old = &from->slots[i];
        slot_t *at = &to->slots[i];

        if (!atomic_load(&old->claimed))
            continue;
        bearer_document_own(at->id, bearer_document_owner(old->id));
        atomic_store(&at->epoch, atomic_load(&old->epoch));
        atomic_store(&at->asked, atomic_load(&old->asked));
        copy_document(from, i, at, tmp);
        atomic_store(&at->claimed, 1);
        apr_pool_clear(tmp);
    }
    apr_pool_destroy(tmp);
}

/* --- posting and reading -------------------------------------------------- */

bearer_reason_t bearer_board_post(bearer_board_t *board,
                                  const bearer_board_slot_t *slot,
                                  bearer_str_t text,
                                  const bearer_schedule_t *schedule)
{
    slot_t *at = slot_of(board, slot);

    if (text.len > BEARER_LIMIT_DOCUMENT)
        return BEARER_JWKS_SIZE;
    if (!at)
        return BEARER_BOARD_BROKEN;
    /* if the slot has been given away meanwhile, the id in the document keeps
     * the new owner from taking it for its own */
    bearer_document_put(pair_of(at), words_of(&slot->id), 0, text);
    /* after the document: a writer that is cut off here leaves a slot that is
     * due */
    note(at, words_of(&slot->id), schedule);
    return BEARER_OK;
}

void bearer_board_note(bearer_board_t *board, const bearer_board_slot_t *slot,
                       const bearer_schedule_t *schedule)
{
    slot_t *at = slot_of(board, slot);

    if (at)
        note(at, words_of(&slot->id), schedule);
}

bearer_schedule_t bearer_board_schedule(const bearer_board_t *board,
                                        const bearer_board_slot_t *slot)
{
    static const bearer_schedule_t never;
    slot_t *at = slot_of(board, slot);

    return at ? load_numbers(at) : never;
}

apr_uint64_t bearer_board_version(const bearer_board_t *board,
                                  const bearer_board_slot_t *slot)
{
    slot_t *at = slot_at(board, slot);

    return at ? atomic_load(&at->turn.current) : 0;
}

bearer_reason_t bearer_board_read(const bearer_board_t *board,
                                  const bearer_board_slot_t *slot,
                                  bearer_str_t *text, apr_uint64_t *version,
                                  apr_pool_t *pool)
{
    slot_t *at = slot_of(board, slot);

    if (!at)
        return BEARER_KEYS_UNAVAILABLE;
    return bearer_document_read(pair_of(at), words_of(&slot->id), text, version,
                                pool);
}

/* --- kids ----------------------------------------------------------------- */

void bearer_board_open_kids(bearer_board_t *board,
                            const bearer_board_slot_t *slot)
{
    slot_t *at = slot_of(board, slot);

    if (!at || bearer_board_kids(board, slot))
        return;
    bearer_kids_format(&at->kids);
    bearer_document_own(at->kids_of, words_of(&slot->id));
}

bearer_kids_t *bearer_board_kids(const bearer_board_t *board,
                                 const bearer_board_slot_t *slot)
{
    slot_t *at = slot_of(board, slot);

    /* another source's kids, or whatever was in the block */
    if (!at
        || !bearer_document_same(bearer_document_owner(at->kids_of),
                                 words_of(&slot->id)))
        return NULL;
    return &at->kids;
}

bool bearer_board_want(bearer_board_t *board, const bearer_board_slot_t *slot,
                       bearer_str_t kid, apr_time_t miss, apr_time_t now)
{
    bearer_kids_t *kids = bearer_board_kids(board, slot);

    if (!kids || !bearer_kidasks_make(&kids->asks, kid, miss, now))
        return false;
    atomic_fetch_add(&board->header->asks, 1);
    return true;
}

/* --- asks ----------------------------------------------------------------- */

bool bearer_board_ask(bearer_board_t *board, const bearer_board_slot_t *slot,
                      const bearer_schedule_conf_t *conf, apr_time_t now)
{
    slot_t *at = slot_at(board, slot);
    uint64_t asked;

    if (!at)
        return false;
    asked = atomic_load(&at->asked);
    while (bearer_schedule_may_ask(conf, (apr_time_t)asked, now)) {
        if (atomic_compare_exchange_weak(&at->asked, &asked, (uint64_t)now)) {
            /* after the ask: whoever sees it counted finds it */
            atomic_fetch_add(&board->header->asks, 1);
            return true;
        }
    }
    return false;
}

apr_uint64_t bearer_board_asks(const bearer_board_t *board)
{
    return atomic_load(&board->header->asks);
}

apr_time_t bearer_board_asked(const bearer_board_t *board,
                              const bearer_board_slot_t *slot)
{
    slot_t *at = slot_at(board, slot);

    return at ? (apr_time_t)atomic_load(&at->asked) : 0;
}
