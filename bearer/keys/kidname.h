/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kidname - a key id that may become part of an address, as it lies in shared memory.
 *
 * Owns:     which kids may be the last segment of an address; their form as whole words.
 * Does not: know what a kid is for (kidasks, kids).
 * Memory:   words of the caller's, in shared memory; allocates nothing
 * Threads:  any; a name that is written while it is read is checked, not trusted
 */
#ifndef BEARER_KIDNAME_H
#define BEARER_KIDNAME_H

#include <stdatomic.h>
#include <stdint.h>

#include "bearer/base/base.h"
#include "bearer/base/limits.h"

/** A kid as whole words, filled up with zeros. */
#define BEARER_KIDNAME_WORDS (BEARER_LIMIT_KID_NAME / 8)
/** The room of its text, with a NUL. */
#define BEARER_KIDNAME_ROOM (BEARER_LIMIT_KID_NAME + 1)

typedef struct bearer_kidname_t {
    uint64_t word[BEARER_KIDNAME_WORDS];
} bearer_kidname_t;

/** Whether a kid may become the last segment of an address: 1 to
 * BEARER_LIMIT_KID_NAME of A-Z a-z 0-9 . _ -, neither beginning with a dot nor with
 * two in a row, so that it can only be one segment of a path (path traversal, SSRF). */
bool bearer_kidname_check(bearer_str_t kid);

/** @param kid passes bearer_kidname_check, or is empty, which is no name */
bearer_kidname_t bearer_kidname_make(bearer_str_t kid);

void bearer_kidname_store(_Atomic uint64_t *at, const bearer_kidname_t *name);

bool bearer_kidname_is_at(_Atomic uint64_t *at, const bearer_kidname_t *name);

/** Shared memory is believed as little as a token: what is there becomes part of an
 * address.
 *
 * @param out BEARER_KIDNAME_ROOM bytes
 * @return false if it is no name */
bool bearer_kidname_read(_Atomic uint64_t *at, char *out);

#endif
