/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease - the right to be the one fetcher among many processes.
 *
 * Owns:     who has it, in which generation, and when it is lost.
 * Does not: map memory (httpd), look at a clock, or fetch.
 * Memory:   one struct of fixed size in shared memory; allocates nothing
 * Threads:  any, of any process; lock-free
 */
#ifndef BEARER_LEASE_H
#define BEARER_LEASE_H

#include <stdatomic.h>
#include <stdint.h>

#include "bearer/base/base.h"

/** A lease; lies in shared memory and belongs to this unit alone. */
typedef struct bearer_lease_t {
    _Atomic uint32_t epoch; /**< the newest that wanted the lease */
    uint32_t unused;
    _Atomic uint64_t word;   /**< see lease.c */
    _Atomic uint64_t holder; /**< generation and, below it, the pid */
} bearer_lease_t;

/** The lease is lost after so long without renewal. */
#define BEARER_LEASE_LASTS apr_time_from_sec(3)

/** Makes a lease that nobody has. */
void bearer_lease_format(bearer_lease_t *lease);

/**
 * Takes or renews the lease: at most one process of the newest epoch holds it. A
 * holder of an older epoch, or one that has not renewed it within
 * BEARER_LEASE_LASTS, or whose process is known to be gone, loses it.
 *
 * @param epoch a configuration's number, rising
 * @param pid   never 0
 * @param now   tick
 * @param alive says whether a process is still there; may be NULL (assume yes)
 * @return the lease's generation while this process is the fetcher, never 0: the
 *         same as long as it renews, a new one each time it is taken, even by its
 *         former holder; 0: it is another's
 */
apr_uint32_t bearer_lease_take(bearer_lease_t *lease, apr_uint32_t epoch,
                               apr_uint32_t pid, apr_time_t now,
                               bool (*alive)(apr_uint32_t pid));

/** Whether it is still of this generation: nobody has taken it since, and nobody
 * gave it back. 0 never is. */
bool bearer_lease_holds(const bearer_lease_t *lease, apr_uint32_t generation);

/** The process that has it, 0: none (for status pages and tests). */
apr_uint32_t bearer_lease_holder(const bearer_lease_t *lease);

/** Gives it back (a child that ends orderly). */
void bearer_lease_resign(bearer_lease_t *lease, apr_uint32_t pid);

#endif
