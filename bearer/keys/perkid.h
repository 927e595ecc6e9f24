/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perkid - one round for a source that has an address for each kid.
 *
 * Owns:     which of its keys a round is for, and what the answer makes of set, kids and schedule.
 * Does not: fetch (locate), post or lock (refresh), keep kids (kids), or look at a clock.
 * Memory:   sets live in the pool of the round
 * Threads:  one round of one source at a time; by the fetcher only
 */
#ifndef BEARER_PERKID_H
#define BEARER_PERKID_H

#include "bearer/keys/journal.h"
#include "bearer/keys/locate.h"

/** One round. */
typedef struct bearer_perkid_t {
    const bearer_source_t *source;
    bearer_kids_t *kids; /**< NULL: the source has one address for all */
    bearer_kids_conf_t numbers;
    const bearer_jwks_t *keys; /**< of the board's document; NULL: none */
    bearer_kids_job_t job;
    char victim[BEARER_KIDNAME_ROOM]; /**< makes room; "": there is some */
} bearer_perkid_t;

/** @param posted the board's document; data is NULL: there is none
 * @return false if the slot is another source's */
bool bearer_perkid_open(bearer_perkid_t *round, const bearer_source_t *source,
                        bearer_board_t *board, bearer_str_t posted,
                        apr_pool_t *pool) BEARER_MUST_USE;

/** Makes the good kids those of the document: what another fetcher left, or the
 * store. The fetcher only, under the lock.
 *
 * @param fetched tick for those that have none of their own */
void bearer_perkid_sync(bearer_perkid_t *round, apr_time_t fetched,
                        apr_time_t now, apr_pool_t *pool);

/** Chooses what the round is for (round->job). A kid for which there is no room is
 * refused, and nothing is fetched for it: good keys are not forgotten because strangers
 * know others. */
bearer_kids_work_t bearer_perkid_choose(bearer_perkid_t *round,
                                        bearer_journal_t *journal, bool regular,
                                        apr_time_t now);

/** Notes in the schedule that there was nothing to do: where no key is in use, none can
 * be out of date. */
void bearer_perkid_idle(const bearer_perkid_t *round, bearer_schedule_t *state,
                        apr_time_t now);

/** A set without the key that the job drops. @return false: nothing to post */
bool bearer_perkid_drop(const bearer_perkid_t *round,
                        bearer_locate_found_t *found, apr_pool_t *pool);

/* For a source that has one address for all keys, the following do nothing. */

/** Notes an answer in the kids, before its keys are posted, and when the next round is
 * due in the schedule, where bearer_schedule_succeed has put when this kid is. */
void bearer_perkid_keep(const bearer_perkid_t *round,
                        const bearer_locate_found_t *found,
                        bearer_schedule_t *state, apr_time_t now);

/** Answers whoever wants the kid: after its keys are posted, since they look at their
 * cell and then at the board. */
void bearer_perkid_settle(const bearer_perkid_t *round,
                          const bearer_locate_found_t *found, apr_time_t now);

/** When the next round is due after a failure that calls for a pause until then: not
 * later than for a good kid, which a stranger's that fails does not hold up. */
apr_time_t bearer_perkid_resume(const bearer_perkid_t *round, apr_time_t pause);

/** Notes a failure, after which this kid is tried again at next_try. */
void bearer_perkid_fail(const bearer_perkid_t *round, apr_time_t now,
                        apr_time_t next_try);

/** Whether a kid waits that was never tried. */
bool bearer_perkid_is_asked(const bearer_source_t *source,
                            const bearer_board_t *board, apr_time_t now);

#endif
