/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/document.h"

#include <stddef.h>
#include <string.h>

/* How often a reader begins again when the writer has overtaken it. Posts are
 * seconds apart; the bound is for memory that somebody else scribbles on. */
#define READ_TRIES 1000

#define ID_WORDS   4

_Static_assert(BEARER_LIMIT_DOCUMENT % 8 == 0, "documents are whole words");
_Static_assert(offsetof(bearer_document_t, version) == 32, "document layout");
_Static_assert(offsetof(bearer_document_t, text) == 64, "document layout");
_Static_assert(sizeof(bearer_document_t) == 64 + BEARER_LIMIT_DOCUMENT,
               "document layout");

/* A document that is being copied, without its text. */
typedef struct head_t {
    bearer_document_id_t id;
    uint64_t version;
    uint64_t length;
} head_t;

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
static void fill(bearer_document_t *doc, const head_t *head, const char *text)
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
static head_t load_head(bearer_document_t *doc)
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
static bool load_text(bearer_document_t *doc, const head_t *head,
                      uint64_t *into)
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

/* the next version lies in the other document; 0 means none and is left out */
static uint64_t next_version(uint64_t version)
{
    return version == UINT64_MAX ? 2 : version + 1;
}

void bearer_document_put(bearer_document_pair_t pair, bearer_document_id_t id,
                         uint64_t version, bearer_str_t text)
{
    uint64_t current = atomic_load(&pair.turn->current);
    head_t head = {id, version, text.len};

    if (!version)
        head.version =
            next_version(current ? current : atomic_load(&pair.turn->last));
    atomic_store(&pair.turn->last, head.version);
    fill(&pair.halves[head.version & 1], &head, text.data);
    atomic_store(&pair.turn->current, head.version);
}

/* Where a text is copied to; grows, so that trying again costs no memory. */
typedef struct copy_t {
    uint64_t *words;
    apr_size_t room;
} copy_t;

/*
 * One attempt to copy the document that is current.
 *
 * @return BEARER_OK with head and copy set, or what is wrong with it: which is true
 *         only if the counter did not move meanwhile
 */
static bearer_reason_t read_once(bearer_document_t *halves, uint64_t version,
                                 head_t *head, copy_t *copy, apr_pool_t *pool)
{
    bearer_document_t *doc = &halves[version & 1];
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

bearer_reason_t bearer_document_read(bearer_document_pair_t pair,
                                     bearer_document_id_t id,
                                     bearer_str_t *text, apr_uint64_t *version,
                                     apr_pool_t *pool)
{
    copy_t copy = {NULL, 0};
    bearer_reason_t why;
    head_t head;
    int tries;

    for (tries = 0; tries < READ_TRIES; tries++) {
        uint64_t current = atomic_load(&pair.turn->current);

        if (current == 0)
            return BEARER_KEYS_UNAVAILABLE;
        why = read_once(pair.halves, current, &head, &copy, pool);
        /* the writer works on this document only after the other one has become
         * current: unmoved means whole */
        if (atomic_load(&pair.turn->current) != current)
            continue;
        if (why)
            return why;
        /* one issuer's keys for another's: the slot changed hands */
        if (memcmp(head.id.word, id.word, sizeof(id.word)) != 0)
            return BEARER_KEYS_UNAVAILABLE;
        text->data = (const char *)copy.words;
        text->len = (apr_size_t)head.length;
        *version = current;
        return BEARER_OK;
    }
    return BEARER_BOARD_BROKEN;
}
