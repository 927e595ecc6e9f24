/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome - what a look for keys came to: one address, or a whole round.
 *
 * Owns:     the record that log, status page and command show, and which of two failures tells more.
 * Does not: fetch (locate), decide when (schedule), or write lines (journal).
 * Memory:   tried points to the caller's text; the rest is in the record
 * Threads:  any
 */
#ifndef BEARER_OUTCOME_H
#define BEARER_OUTCOME_H

#include "bearer/base/error.h"

/** What one attempt, or the round that it decided, came to. */
typedef struct bearer_outcome_t {
    bearer_reason_t why; /**< BEARER_OK: keys are good as of now */
    bearer_note_t note;
    const char *tried; /**< the address or file */
    int status;        /**< HTTP status, 0: none */
    /* of a round: */
    bool changed; /**< the keys are other ones than before */
    int keys, skipped;
    apr_time_t next; /**< tick of the next regular attempt */
} bearer_outcome_t;

/** Whether nobody answered, or could be asked: it would be the same with other
 * addresses of the host. */
bool bearer_outcome_is_network(bearer_reason_t why);

/** Takes the other one if it says more about why there are no keys. */
void bearer_outcome_keep(bearer_outcome_t *told, const bearer_outcome_t *other);

#endif
