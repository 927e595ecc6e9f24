/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round - what the last round of a source came to, where all processes see it.
 *
 * Owns:     the record in shared memory, how it is written and read without a lock.
 * Does not: map memory, choose a record (stats), or run rounds (refresh).
 * Memory:   works on the record it is given; zeroes are a record of nobody
 * Threads:  any may read; rounds of one record are noted one after the other
 */
#ifndef BEARER_ROUND_H
#define BEARER_ROUND_H

#include "bearer/keys/board.h"
#include "bearer/keys/outcome.h"
#include "bearer/report/word.h"

#define BEARER_ROUND_WORDS (BEARER_LIMIT_NOTE / 8)

/** The record; for round.c alone. */
typedef struct bearer_round_t {
    bearer_word_t owner; /**< the first bytes of the source's identity */
    bearer_word_t tick;
    /** The reason, and the HTTP status 32 bits higher. */
    bearer_word_t what;
    bearer_word_t good, failed;
    bearer_word_t turn; /**< odd: it is being written */
    bearer_word_t note[BEARER_ROUND_WORDS];
    bearer_word_t padding[4];
} bearer_round_t;

/** What the last round of a source came to; all zero: there was none. */
typedef struct bearer_round_result_t {
    apr_time_t tick;           /**< when it ended, 0: never */
    bearer_reason_t why;       /**< BEARER_OK: the keys are good */
    int status;                /**< HTTP status, 0: none */
    apr_uint64_t good, failed; /**< rounds that ended so */
    bearer_note_t note;        /**< the particulars; may be empty */
} bearer_round_result_t;

/** Notes a round's end; a record that went to another source begins anew. */
void bearer_round_note(bearer_round_t *round, const bearer_board_id_t *id,
                       const bearer_outcome_t *outcome, apr_time_t now);

/** All zero if the record is another source's. The note is whole and as bearer_note_set writes it, whatever stands in the block,
 * or empty. While a round is being noted it may be missing, and the rest may be a moment
 * apart. */
bearer_round_result_t bearer_round_read(const bearer_round_t *round,
                                        const bearer_board_id_t *id);

/** The same in another record, which nobody else writes to. */
void bearer_round_copy(const bearer_round_t *from, bearer_round_t *to);

#endif
