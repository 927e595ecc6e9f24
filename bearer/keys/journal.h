/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal - one line in the log for each change in a source's state.
 *
 * Owns:     the words of these lines, and what was said last, so that nothing is said twice.
 * Does not: fetch, decide (refresh), or know where lines go (log).
 * Memory:   what was said last is a small struct of the caller's
 * Threads:  one at a time for one source
 */
#ifndef BEARER_JOURNAL_H
#define BEARER_JOURNAL_H

#include "bearer/keys/keystore.h"
#include "bearer/keys/locate.h"

/** What was said last of a source; all zero: nothing yet. */
typedef struct bearer_journal_t {
    bearer_outcome_t failure; /**< why is BEARER_OK since the last good round */
    bool usable;              /**< whether there were keys to serve with then */
    int skipped;              /**< keys that cannot be used, */
    bearer_reason_t skipped_why;  /**< the first of them */
    bearer_reason_t metadata_why; /**< of metadata, while the keys are good */
    apr_status_t stored;          /**< what the store said */
    bool full;                    /**< a kid was refused for want of room */
} bearer_journal_t;

/** A good round. */
typedef struct bearer_journal_good_t {
    const bearer_outcome_t *outcome;
    const bearer_locate_found_t *found;
    bool first;            /**< there were no keys before */
    apr_uint32_t failures; /**< in a row before it */
    apr_time_t now;        /**< tick */
} bearer_journal_good_t;

/** Keys loaded or changed, or refreshed again after failures; other keys that
 * cannot be used (MAB0202); metadata that is gone while keys still come
 * (MAB0203). Nothing if none of this is news. */
void bearer_journal_good(bearer_journal_t *journal,
                         const bearer_source_t *source,
                         const bearer_journal_good_t *round, apr_pool_t *tmp);

/** The first failure after a success, another than last time, or keys that have
 * just become too old (MAB0201).
 *
 * @param state the schedule with this failure in it
 * @param now   tick
 */
void bearer_journal_failure(bearer_journal_t *journal,
                            const bearer_source_t *source,
                            const bearer_outcome_t *told,
                            const bearer_schedule_t *state, apr_time_t now,
                            apr_pool_t *tmp);

/** A kid for whose key there is no room (MAB0218); once, until full is false again. */
void bearer_journal_full(bearer_journal_t *journal,
                         const bearer_source_t *source, const char *kid);

/** A key that nobody needs any more, or that nobody confirmed. */
void bearer_journal_dropped(const bearer_source_t *source, const char *kid,
                            int left);

/** A store that cannot be written: when that begins, changes (MAB0204), and ends. */
void bearer_journal_stored(bearer_journal_t *journal,
                           const bearer_source_t *source, apr_status_t rv,
                           const char *path);

/** Keys that came from the store, or why they did not (MAB0205).
 *
 * @param found what was read, if told is good
 * @param told  tried is the file
 */
void bearer_journal_restored(const bearer_source_t *source,
                             const bearer_keystore_found_t *found,
                             const bearer_outcome_t *told, apr_pool_t *tmp);

#endif
