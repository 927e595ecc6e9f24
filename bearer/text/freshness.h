/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness - HTTP cache headers into how long an answer is good.
 *
 * Owns:     Cache-Control, Expires, Date, Age (RFC 9111 4.2).
 * Does not: decide when to fetch (schedule).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_FRESHNESS_H
#define BEARER_FRESHNESS_H

#include "bearer/base/base.h"

/** The header values of one answer; NULL when absent. */
typedef struct bearer_freshness_t {
    const char *cache_control;
    const char *expires;
    const char *date;
    const char *age;
} bearer_freshness_t;

/** Least time between two regular fetches, seconds: a no-store issuer must not
 * be asked for every request. */
#define BEARER_FRESHNESS_LEAST 60

/**
 * Seconds for which an answer may be used without asking again: Cache-Control
 * max-age less Age, else Expires less Date and Age (only less now if Date is
 * absent), within [BEARER_FRESHNESS_LEAST, refresh]; no-store, no-cache and
 * nonsense give the least, no header at all gives refresh.
 *
 * @param now     wall seconds, only for Expires without Date
 * @param refresh seconds, the administrator's ceiling; below the least it wins
 */
apr_int64_t bearer_freshness_seconds(const bearer_freshness_t *headers,
                                     apr_int64_t now, apr_int64_t refresh);

#endif
