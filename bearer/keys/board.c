/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/board.h"

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MAGIC          UINT64_C(0x6265617265723031) /* "bearer01" */
#define LAYOUT         2
#define ID_WORDS       4
#define DOCUMENT_WORDS (BEARER_LIMIT_DOCUMENT / 8)
/* How often a reader begins again because the writer overtook it. Posts are
 * seconds apart; the bound is for memory that somebody else scribbles on. */
#define READ_TRIES 1000

/* The whole block consists of these: everything that can change is atomic, the
 * bytes of documents too, so that a reader beside a writer is defined. */
typedef _Atomic uint64_t word_t;
typedef _Atomic uint32_t half_t;

/*
 * A document:
 *
 *    0        32        40       48    56       64
 *   +--------+---------+--------+-----+--------+--------------- -+
 *   | id     | version | length | sum | unused | text, 128 KiB   |
 *   +--------+---------+--------+-----+--------+--------------- -+
 *
 * sum is over everything else, with text filled up with zeros to a word.
 */
typedef struct document_t {
    word_t id[ID_WORDS]; /* whose keys these are: a slot can change hands */
    word_t version;      /* what `current` was set to when this was posted */
    word_t length;
    word_t sum;
    word_t unused;
    word_t text[DOCUMENT_WORDS];
} document_t;

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
 * current is the version of the document in use, which lies at
 * doc[current & 1]; 0 when there is none. last is the version given out last;
 * it stays when the slot is emptied, so that no version comes twice.
 */
typedef struct slot_t {
    word_t id[ID_WORDS];
    word_t current;
    word_t last;
    word_t asked;
    word_t last_good, last_try, next, served; /* bearer_schedule_t */
    half_t failures;
    half_t epoch;   /* the last configuration that claimed it */
    half_t claimed; /* 0: never used */
    half_t unused;
    word_t padding[3];
    document_t docs[2];
} slot_t;

/*
 * The header:
 *
 *    0       8        12      16          24      28       32      40       48
 *   +-------+--------+-------+-----------+-------+--------+-------+--------+
 *   | magic | layout | slots | slot_size | epoch | unused | lease | holder |
 *   +-------+--------+-------+-----------+-------+--------+-------+--------+
 *    48     64                      8256
 *   +------+-----------------------+--------+--------+--
 *   | free | waiters, 1024 x until | slot 0 | slot 1 |
 *   +------+-----------------------+--------+--------+--
 *
 * epoch is the newest that wanted the lease. The lease is one word, so that one
 * compare-and-swap takes, renews or steals it:
 *
 *    63         32    31      30       20 19       0
 *   +-------------+---------+-----------+----------+
 *   | generation  | is held | epoch     | renewed  |
 *   +-------------+---------+-----------+----------+
 *
 * The generation grows by one each time the lease is taken, and stays when it is
 * given back. Of the holder's epoch the last 11 bits are enough to see that it is
 * not the newest one: 2048 configurations do not come and go within one lease,
 * and a holder of any older one is refused by the epoch above when it renews. Of
 * the tick, 20 bits in units of 4 ms are enough (see has_lapsed).
 *
 * holder is who took it: the generation and, below it, the pid. It is written
 * after the lease; until then nobody knows whose that generation is, and it can
 * only lapse.
 */
typedef struct header_t {
    uint64_t magic;
    uint32_t layout;
    uint32_t slots;
    uint64_t slot_size;
    half_t epoch;
    half_t unused;
    word_t lease;
    word_t holder;
    word_t padding[2];
    word_t waiters[BEARER_BOARD_WAITERS]; /* until, or 0 */
} header_t;

/* A lock inside an atomic would be a lock of one process only. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics without locks");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "32-bit atomics without locks");
_Static_assert(sizeof(word_t) == 8 && sizeof(half_t) == 4, "bare atomics");
_Static_assert(BEARER_LIMIT_DOCUMENT % 8 == 0, "documents are whole words");
_Static_assert(sizeof(bearer_board_id_t) == ID_WORDS * 8, "id is 4 words");
_Static_assert(offsetof(document_t, version) == 32, "document layout");
_Static_assert(offsetof(document_t, text) == 64, "document layout");
_Static_assert(sizeof(document_t) == 64 + BEARER_LIMIT_DOCUMENT,
               "document layout");
_Static_assert(offsetof(slot_t, current) == 32, "slot layout");
_Static_assert(offsetof(slot_t, last_good) == 56, "slot layout");
_Static_assert(offsetof(slot_t, failures) == 88, "slot layout");
_Static_assert(offsetof(slot_t, docs) == 128, "slot layout");
_Static_assert(sizeof(slot_t) == 128 + 2 * sizeof(document_t), "slot layout");
_Static_assert(offsetof(header_t, lease) == 32, "header layout");
_Static_assert(offsetof(header_t, waiters) == 64, "header layout");
_Static_assert(sizeof(header_t) == 64 + 8 * BEARER_BOARD_WAITERS,
               "header layout");

/* slots is what attach found good; the block is not asked again. */
struct bearer_board_t {
    header_t *header;
    slot_t *slots;
    int count;
    apr_pool_t *pool;
};

/* An id as the words of the block. */
typedef struct id_words_t {
    uint64_t word[ID_WORDS];
} id_words_t;

/* A document on its way, without its text. */
typedef struct head_t {
    id_words_t id;
    uint64_t version;
    uint64_t length;
} head_t;

/* --- small things --------------------------------------------------------- */

static id_words_t words_of(const bearer_board_id_t *id)
{
    id_words_t out;

    memcpy(out.word, id->bytes, sizeof(out.word));
    return out;
}

static void store_id(word_t *at, id_words_t id)
{
    int i;

    for (i = 0; i < ID_WORDS; i++)
        atomic_store(&at[i], id.word[i]);
}

static id_words_t load_id(word_t *at)
{
    id_words_t id;
    int i;

    for (i = 0; i < ID_WORDS; i++)
        id.word[i] = atomic_load(&at[i]);
    return id;
}

static bool same_id(id_words_t a, id_words_t b)
{
    return memcmp(a.word, b.word, sizeof(a.word)) == 0;
}

static slot_t *slot_at(const bearer_board_t *board, int slot)
{
    return slot >= 0 && slot < board->count ? &board->slots[slot] : NULL;
}

/* NULL unless the slot is there, in use and this source's */
static slot_t *slot_of(const bearer_board_t *board, int slot,
                       const bearer_board_id_t *id)
{
    slot_t *at = slot_at(board, slot);

    if (!at || !atomic_load(&at->claimed)
        || !same_id(load_id(at->id), words_of(id)))
        return NULL;
    return at;
}

/* --- documents ------------------------------------------------------------ */

/* FNV-1a on words, with a fold: multiplying alone never moves a high bit down,
 * and two flips would cancel. Each step is a bijection, so a document that
 * differs in one word only is always noticed. */
static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x100000001b3);
    return sum ^ (sum >> 32);
}

static uint64_t mix_head(const head_t *head)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    int i;

    for (i = 0; i < ID_WORDS; i++)
        sum = mix(sum, head->id.word[i]);
    return mix(mix(sum, head->version), head->length);
}

static apr_size_t words_in(uint64_t length)
{
    return (apr_size_t)((length + 7) / 8);
}

/*
 * Writes the document that is not current. The stores are releases: they come
 * after the moment in which the other document became current, so a reader that
 * meets one of them here finds the counter moved when it looks again.
 */
static void fill(document_t *doc, const head_t *head, const char *text)
{
    uint64_t sum = mix_head(head);
    apr_size_t left = (apr_size_t)head->length;
    apr_size_t i;
    int k;

    for (k = 0; k < ID_WORDS; k++)
        atomic_store_explicit(&doc->id[k], head->id.word[k],
                              memory_order_release);
    atomic_store_explicit(&doc->version, head->version, memory_order_release);
    atomic_store_explicit(&doc->length, head->length, memory_order_release);
    for (i = 0; left > 0; i++) {
        apr_size_t part = left < 8 ? left : 8;
        uint64_t word = 0;

        memcpy(&word, text + 8 * i, part);
        left -= part;
        sum = mix(sum, word);
        atomic_store_explicit(&doc->text[i], word, memory_order_release);
    }
    atomic_store_explicit(&doc->sum, sum, memory_order_release);
}

/* The loads are acquires: whoever sees something that a later post wrote here
 * (see fill) will see that the counter moved. */
static head_t load_head(document_t *doc)
{
    head_t head;
    int i;

    for (i = 0; i < ID_WORDS; i++)
        head.id.word[i] =
            atomic_load_explicit(&doc->id[i], memory_order_acquire);
    head.version = atomic_load_explicit(&doc->version, memory_order_acquire);
    head.length = atomic_load_explicit(&doc->length, memory_order_acquire);
    return head;
}

/* copies the text; false if it is not what head and sum say */
static bool load_text(document_t *doc, const head_t *head, uint64_t *into)
{
    uint64_t sum = mix_head(head);
    apr_size_t count = words_in(head->length);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        into[i] = atomic_load_explicit(&doc->text[i], memory_order_acquire);
        sum = mix(sum, into[i]);
    }
    return sum == atomic_load_explicit(&doc->sum, memory_order_acquire);
}

/* --- the schedule in a slot ----------------------------------------------- */

/* next is stored last: a writer cut off before leaves the old one, which is
 * due, and so at worst something is fetched once too often */
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
 * more behind our stores means that no mix of the two leaves our numbers to
 * another source, whose keys would then count as just fetched. */
static void note(slot_t *at, id_words_t id, const bearer_schedule_t *schedule)
{
    static const bearer_schedule_t never;

    store_numbers(at, schedule);
    if (!same_id(load_id(at->id), id))
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
    static const id_words_t nobody;

    store_id(at->id, nobody);
    atomic_store(&at->current, 0);
    atomic_store(&at->last, 0);
    atomic_store(&at->asked, 0);
    store_numbers(at, &never);
    atomic_store(&at->epoch, 0);
    atomic_store(&at->claimed, 0);
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
    atomic_store(&header->epoch, 0);
    atomic_store(&header->lease, 0);
    atomic_store(&header->holder, 0);
    for (i = 0; i < BEARER_BOARD_WAITERS; i++)
        atomic_store(&header->waiters[i], 0);
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

/* --- slots ---------------------------------------------------------------- */

/* the slot that is this source's already, or -1 */
static int find_own(const bearer_board_t *board, id_words_t id)
{
    int i;

    for (i = 0; i < board->count; i++) {
        slot_t *at = &board->slots[i];

        if (atomic_load(&at->claimed) && same_id(load_id(at->id), id))
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

/* The id goes before the numbers: see note. */
static void hand_over(slot_t *at, id_words_t id)
{
    static const bearer_schedule_t never;

    store_id(at->id, id);
    atomic_store(&at->current, 0);
    atomic_store(&at->asked, 0);
    store_numbers(at, &never);
}

int bearer_board_claim(bearer_board_t *board, const bearer_board_id_t *id,
                       apr_uint32_t epoch)
{
    id_words_t words = words_of(id);
    int slot = find_own(board, words);
    slot_t *at;

    if (slot < 0) {
        slot = find_free(board, epoch);
        if (slot < 0)
            return -1;
        hand_over(&board->slots[slot], words);
    }
    at = &board->slots[slot];
    if (!atomic_load(&at->claimed) || atomic_load(&at->epoch) < epoch)
        atomic_store(&at->epoch, epoch);
    atomic_store(&at->claimed, 1);
    return slot;
}

/* a document that fails its checks is left behind, and its schedule with it, so
 * that it is fetched at once */
static void copy_document(const bearer_board_t *from, int slot, slot_t *to,
                          apr_pool_t *tmp)
{
    bearer_schedule_t schedule;
    bearer_board_id_t id;
    bearer_str_t text;
    head_t head;

    head.id = load_id(to->id);
    memcpy(id.bytes, head.id.word, sizeof(id.bytes));
    schedule = bearer_board_schedule(from, slot, &id);
    switch (bearer_board_read(from, slot, &id, &text, &head.version, tmp)) {
    case BEARER_OK:
        head.length = text.len;
        fill(&to->docs[head.version & 1], &head, text.data);
        atomic_store(&to->last, head.version);
        atomic_store(&to->current, head.version);
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
        store_id(at->id, load_id(old->id));
        atomic_store(&at->epoch, atomic_load(&old->epoch));
        atomic_store(&at->asked, atomic_load(&old->asked));
        copy_document(from, i, at, tmp);
        atomic_store(&at->claimed, 1);
        apr_pool_clear(tmp);
    }
    apr_pool_destroy(tmp);
}

/* --- posting and reading -------------------------------------------------- */

/* the next version lies in the other document; 0 means none and is left out */
static uint64_t next_version(uint64_t version)
{
    return version == UINT64_MAX ? 2 : version + 1;
}

bearer_reason_t bearer_board_post(bearer_board_t *board, int slot,
                                  const bearer_board_id_t *id,
                                  bearer_str_t text,
                                  const bearer_schedule_t *schedule)
{
    slot_t *at = slot_of(board, slot, id);
    uint64_t current;
    head_t head;

    if (text.len > BEARER_LIMIT_DOCUMENT)
        return BEARER_JWKS_SIZE;
    if (!at)
        return BEARER_BOARD_BROKEN;

    current = atomic_load(&at->current);
    head.id = words_of(id);
    head.version = next_version(current ? current : atomic_load(&at->last));
    head.length = text.len;
    atomic_store(&at->last, head.version);
    fill(&at->docs[head.version & 1], &head, text.data);
    /* should the slot have been given away meanwhile, then the id in the
     * document keeps the new owner from taking it for its own */
    atomic_store(&at->current, head.version);
    /* after the document: a writer cut off here leaves a slot that is due */
    note(at, head.id, schedule);
    return BEARER_OK;
}

void bearer_board_note(bearer_board_t *board, int slot,
                       const bearer_board_id_t *id,
                       const bearer_schedule_t *schedule)
{
    slot_t *at = slot_of(board, slot, id);

    if (at)
        note(at, words_of(id), schedule);
}

bearer_schedule_t bearer_board_schedule(const bearer_board_t *board, int slot,
                                        const bearer_board_id_t *id)
{
    static const bearer_schedule_t never;
    slot_t *at = slot_of(board, slot, id);

    return at ? load_numbers(at) : never;
}

apr_uint64_t bearer_board_version(const bearer_board_t *board, int slot)
{
    slot_t *at = slot_at(board, slot);

    return at ? atomic_load(&at->current) : 0;
}

/* Where a text is copied to; grows, so that trying again costs no memory. */
typedef struct copy_t {
    uint64_t *words;
    apr_size_t room;
} copy_t;

/*
 * One attempt to copy the document that is current.
 *
 * @return BEARER_OK with head and copy set, or what is wrong with it: which is
 *         only true if the counter did not move meanwhile
 */
static bearer_reason_t read_once(slot_t *at, uint64_t version, head_t *head,
                                 copy_t *copy, apr_pool_t *pool)
{
    document_t *doc = &at->docs[version & 1];
    apr_size_t count;

    *head = load_head(doc);
    if (head->version != version || head->length > BEARER_LIMIT_DOCUMENT)
        return BEARER_BOARD_BROKEN;
    /* one word more than needed, for the NUL */
    count = words_in(head->length) + 1;
    if (!copy->words || copy->room < count) {
        copy->words = apr_palloc(pool, count * sizeof(*copy->words));
        copy->room = count;
    }
    if (!load_text(doc, head, copy->words))
        return BEARER_BOARD_BROKEN;
    ((char *)copy->words)[head->length] = '\0';
    return BEARER_OK;
}

bearer_reason_t bearer_board_read(const bearer_board_t *board, int slot,
                                  const bearer_board_id_t *id,
                                  bearer_str_t *text, apr_uint64_t *version,
                                  apr_pool_t *pool)
{
    slot_t *at = slot_of(board, slot, id);
    copy_t copy = {NULL, 0};
    bearer_reason_t why;
    head_t head;
    int tries;

    if (!at)
        return BEARER_KEYS_UNAVAILABLE;
    for (tries = 0; tries < READ_TRIES; tries++) {
        uint64_t current = atomic_load(&at->current);

        if (current == 0)
            return BEARER_KEYS_UNAVAILABLE;
        why = read_once(at, current, &head, &copy, pool);
        /* the writer works on this document only after the other one became
         * current: unmoved means whole */
        if (atomic_load(&at->current) != current)
            continue;
        if (why)
            return why;
        /* one issuer's keys for another's: the slot changed hands */
        if (!same_id(head.id, words_of(id)))
            return BEARER_KEYS_UNAVAILABLE;
        text->data = (const char *)copy.words;
        text->len = (apr_size_t)head.length;
        *version = current;
        return BEARER_OK;
    }
    return BEARER_BOARD_BROKEN;
}

/* --- asks ----------------------------------------------------------------- */

bool bearer_board_ask(bearer_board_t *board, int slot,
                      const bearer_schedule_conf_t *conf, apr_time_t now)
{
    slot_t *at = slot_at(board, slot);
    uint64_t asked;

    if (!at)
        return false;
    asked = atomic_load(&at->asked);
    while (bearer_schedule_may_ask(conf, (apr_time_t)asked, now)) {
        if (atomic_compare_exchange_weak(&at->asked, &asked, (uint64_t)now))
            return true;
    }
    return false;
}

apr_time_t bearer_board_asked(const bearer_board_t *board, int slot)
{
    slot_t *at = slot_at(board, slot);

    return at ? (apr_time_t)atomic_load(&at->asked) : 0;
}

/* --- the lease ------------------------------------------------------------ */

#define LEASE_TICK  4096        /* microseconds */
#define LEASE_TICKS 0xfffffu    /* 20 bits of time */
#define LEASE_EPOCH 0x7ff00000u /* 11 bits of epoch */
#define LEASE_HELD  0x80000000u
#define LEASE_LASTS                                                            \
    ((uint32_t)((BEARER_BOARD_LEASE + LEASE_TICK - 1) / LEASE_TICK))

/* what a holder of this epoch writes into the lower half */
static uint32_t lease_terms(uint32_t epoch, apr_time_t now)
{
    uint32_t ticks = (uint32_t)((uint64_t)now / LEASE_TICK) & LEASE_TICKS;

    return LEASE_HELD | ((epoch << 20) & LEASE_EPOCH) | ticks;
}

static uint64_t join(uint32_t generation, uint32_t lower)
{
    return (uint64_t)generation << 32 | lower;
}

static uint32_t generation_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

/* 0 is no generation */
static uint32_t next_generation(uint64_t held)
{
    uint32_t next = generation_of(held) + 1;

    return next ? next : 1;
}

/* who has this lease; 0: nobody, or nobody says so yet */
static uint32_t holder_of(header_t *header, uint64_t held)
{
    uint64_t holder = atomic_load(&header->holder);

    if (!(held & LEASE_HELD) || generation_of(holder) != generation_of(held))
        return 0;
    return (uint32_t)holder;
}

/* Says who took this generation, unless a later one was taken meanwhile: who was
 * stopped in between must not write over its successor. */
static void sign(header_t *header, uint32_t generation, uint32_t pid)
{
    uint64_t holder = atomic_load(&header->holder);

    while ((int32_t)(generation - generation_of(holder)) > 0) {
        if (atomic_compare_exchange_weak(&header->holder, &holder,
                                         join(generation, pid)))
            return;
    }
}

/*
 * The time in a lease goes round in 71 minutes. It holds for LEASE_LASTS after
 * it was renewed, and as long before, since its holder may have looked at the
 * clock after us; all else is lapsed. So one that was forgotten and comes round
 * again delays us for seconds, not for half a turn.
 */
static bool has_lapsed(uint64_t held, uint32_t terms)
{
    uint32_t age = (terms - (uint32_t)held) & LEASE_TICKS;

    return age > LEASE_LASTS && age < LEASE_TICKS + 1 - LEASE_LASTS;
}

/* whether a process of the newest epoch may take this lease of another one */
static bool can_take(uint64_t held, uint32_t terms, uint32_t holder,
                     bool (*alive)(apr_uint32_t pid))
{
    if (!(held & LEASE_HELD))
        return true;
    if (((held ^ terms) & LEASE_EPOCH) != 0 || has_lapsed(held, terms))
        return true;
    return holder && alive && !alive(holder);
}

/* notes an epoch; false if a newer one was there */
static bool is_newest(header_t *header, uint32_t epoch)
{
    uint32_t newest = atomic_load(&header->epoch);

    while (newest < epoch) {
        if (atomic_compare_exchange_weak(&header->epoch, &newest, epoch))
            return true;
    }
    return newest == epoch;
}

apr_uint32_t bearer_board_lead(bearer_board_t *board, apr_uint32_t epoch,
                               apr_uint32_t pid, apr_time_t now,
                               bool (*alive)(apr_uint32_t pid))
{
    header_t *header = board->header;
    uint32_t terms = lease_terms(epoch, now);
    uint64_t held = atomic_load(&header->lease);

    /* both anew after each lost race: a process of a newer epoch first says so
     * and then takes the lease, so it is never taken back from it */
    while (is_newest(header, epoch)) {
        uint32_t generation = generation_of(held);
        uint32_t holder = holder_of(header, held);

        if (holder != pid) {
            if (!can_take(held, terms, holder, alive))
                return 0;
            generation = next_generation(held);
        }
        if (atomic_compare_exchange_weak(&header->lease, &held,
                                         join(generation, terms))) {
            sign(header, generation, pid);
            return generation;
        }
    }
    return 0;
}

bool bearer_board_leads(const bearer_board_t *board, apr_uint32_t generation)
{
    uint64_t held = atomic_load(&board->header->lease);

    return (held & LEASE_HELD) && generation
           && generation_of(held) == generation;
}

apr_uint32_t bearer_board_leader(const bearer_board_t *board)
{
    header_t *header = board->header;

    return holder_of(header, atomic_load(&header->lease));
}

void bearer_board_resign(bearer_board_t *board, apr_uint32_t pid)
{
    header_t *header = board->header;
    uint64_t held = atomic_load(&header->lease);

    while (pid && holder_of(header, held) == pid) {
        if (atomic_compare_exchange_weak(&header->lease, &held,
                                         join(generation_of(held), 0)))
            return;
    }
}

/* --- waiting requests ----------------------------------------------------- */

int bearer_board_wait(bearer_board_t *board, int limit, apr_time_t now,
                      apr_time_t until)
{
    int i;

    for (i = 0; i < limit && i < BEARER_BOARD_WAITERS; i++) {
        word_t *place = &board->header->waiters[i];
        uint64_t taken = atomic_load(place);

        while ((apr_time_t)taken <= now) {
            if (atomic_compare_exchange_weak(place, &taken, (uint64_t)until))
                return i;
        }
    }
    return -1;
}

void bearer_board_wait_end(bearer_board_t *board, int place, apr_time_t until)
{
    uint64_t mine = (uint64_t)until;

    if (place < 0 || place >= BEARER_BOARD_WAITERS)
        return;
    /* only if it is still ours: its time may have passed and another have it */
    (void)atomic_compare_exchange_strong(&board->header->waiters[place], &mine,
                                         0);
}
