/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - what can be said of sources, keys and numbers at this moment.
 *
 * Owns:     gathering it from board and stats; its text for programs, JSON.
 * Does not: write OpenMetrics (metrics), answer requests or make pages
 *           (httpd/status/status). Never shows a token, a claim's value or a secret.
 * Memory:   a report and all it points at are the pool's
 * Threads:  any; a report is one thread's
 */
#ifndef BEARER_REPORT_H
#define BEARER_REPORT_H

#include "bearer/base/clock.h"
#include "bearer/keys/refresh.h"
#include "bearer/report/stats.h"

/** What a report is made of. */
typedef struct bearer_report_conf_t {
    const bearer_board_t *board;
    const bearer_stats_t *stats;
    const bearer_source_t *const *sources; /**< including secrets */
    int source_count;
    bearer_now_t now;
    bool (*alive)(apr_uint32_t pid);
} bearer_report_conf_t;

/** One source. Of a shared secret, only that it is there. */
typedef struct bearer_report_source_t {
    const bearer_source_t *source;
    const bearer_jwks_t *keys; /**< NULL: none that can be read */
    bool usable;               /**< there are keys, and they are not too old */
    bool per_kid;              /**< an address for each: none is wanted before a
                                    token comes, and then kids counts them */
    bearer_kids_counts_t kids;
    bearer_schedule_t schedule;
    bearer_round_result_t last;
} bearer_report_source_t;

/** This moment. */
typedef struct bearer_report_t {
    bearer_now_t now;
    apr_uint32_t leader; /**< the fetcher's pid, 0: none */
    const bearer_report_source_t *sources;
    int source_count;
    const bearer_stats_snapshot_t *stats;
} bearer_report_t;

/** What became of all requests, in four numbers. */
typedef struct bearer_report_totals_t {
    apr_uint64_t accepted; /**< good tokens, including those denied later */
    apr_uint64_t refused;  /**< something was sent, and it was not good */
    apr_uint64_t without;  /**< nothing was sent */
    apr_uint64_t denied;   /**< a good token, but Require said no */
} bearer_report_totals_t;

/** @return NULL if memory ran out */
const bearer_report_t *bearer_report_create(const bearer_report_conf_t *conf,
                                            apr_pool_t *pool);

bearer_report_totals_t bearer_report_totals(const bearer_counts_t *counts);

/** Whether refused requests are counted under this reason. */
bool bearer_report_counts(bearer_reason_t why);

/** Everything as one JSON object, per process and summed. */
bearer_str_t bearer_report_json(const bearer_report_t *report,
                                apr_pool_t *pool);

/** A configured name may be any bytes: one that is not UTF-8 is made ASCII, cut where
 * it does not fit, in room. */
const char *bearer_report_text(const char *text, bearer_note_t *room);

#endif
