/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document - a text in shared memory: one process writes it, all read it whole.
 *
 * Owns:     the two halves that take turns, versions, the checksum; that a torn copy is never taken for a text.
 * Does not: map memory, lock, or know what the text says.
 * Memory:   two structs of fixed size in shared memory; copies live in the pool
 * Threads:  many readers; the caller serialises writers
 */
#ifndef BEARER_DOCUMENT_H
#define BEARER_DOCUMENT_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "bearer/base/error.h"
#include "bearer/base/limits.h"

/* Everything that can change is atomic, the bytes of texts too, so that a reader
 * beside a writer is defined. */

/** Whose text it is: a document can change hands. */
typedef struct bearer_document_id_t {
    uint64_t word[4];
} bearer_document_id_t;

/** Words in shared memory that say whose something is. */
static inline void bearer_document_own(_Atomic uint64_t *at,
                                       bearer_document_id_t id)
{
    int i;

    for (i = 0; i < 4; i++)
        atomic_store(&at[i], id.word[i]);
}

static inline bearer_document_id_t bearer_document_owner(_Atomic uint64_t *at)
{
    bearer_document_id_t id;
    int i;

    for (i = 0; i < 4; i++)
        id.word[i] = atomic_load(&at[i]);
    return id;
}

static inline bool bearer_document_same(bearer_document_id_t a,
                                        bearer_document_id_t b)
{
    return memcmp(a.word, b.word, sizeof(a.word)) == 0;
}

/**
 * One of the two halves, each with room for a text:
 *
 *    0        32        40       48    56       64
 *   +--------+---------+--------+-----+--------+--------------- -+
 *   | id     | version | length | sum | unused | text, 128 KiB   |
 *   +--------+---------+--------+-----+--------+--------------- -+
 *
 * sum is over everything else, with text filled up with zeros to a word.
 */
typedef struct bearer_document_t {
    _Atomic uint64_t id[4];
    _Atomic uint64_t version; /**< what `current` was set to when it was put */
    _Atomic uint64_t length;
    _Atomic uint64_t sum;
    _Atomic uint64_t unused;
    _Atomic uint64_t text[BEARER_LIMIT_DOCUMENT / 8];
} bearer_document_t;

/** Whose turn it is. */
typedef struct bearer_document_turn_t {
    _Atomic uint64_t current; /**< the version in use, which lies in half
                                   current & 1; 0: none */
    _Atomic uint64_t last;    /**< given out last; stays when the document is
                                   emptied, so that no version comes twice */
} bearer_document_turn_t;

/** The two halves of one text, both in shared memory. */
typedef struct bearer_document_pair_t {
    bearer_document_turn_t *turn;
    bearer_document_t *halves; /**< two of them */
} bearer_document_pair_t;

/**
 * Puts a text in the half that is not current, and then makes it current: a writer
 * cut off anywhere leaves the previous text whole. Caller serialises.
 *
 * @param version must differ from that of any earlier text; 0: the next one
 * @param text    of at most BEARER_LIMIT_DOCUMENT bytes
 */
void bearer_document_put(bearer_document_pair_t pair, bearer_document_id_t id,
                         uint64_t version, bearer_str_t text);

/**
 * Copies the current text, and begins again when the writer has overtaken it.
 *
 * @param text    in the pool, NUL-terminated
 * @param version the one that belongs to the text
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there is none of this id,
 *         BEARER_BOARD_BROKEN if what is there fails its checks: random bytes are
 *         refused, never followed
 */
bearer_reason_t bearer_document_read(bearer_document_pair_t pair,
                                     bearer_document_id_t id,
                                     bearer_str_t *text, apr_uint64_t *version,
                                     apr_pool_t *pool) BEARER_MUST_USE;

#endif
