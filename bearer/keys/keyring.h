/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring - this process's parsed view of the board.
 *
 * Owns:     parsed key sets, replaced as a whole, never edited; counts of their readers.
 * Does not: fetch, post or choose keys.
 * Memory:   each set lives in a pool of its own below the ring's pool and is destroyed after its last reader
 * Threads:  any; counts and swaps are under one short mutex, parsing is not
 */
#ifndef BEARER_KEYRING_H
#define BEARER_KEYRING_H

#include "bearer/jose/jwks.h"
#include "bearer/keys/board.h"

/** The ring: one row for each slot of the board. */
typedef struct bearer_keyring_t bearer_keyring_t;

/** A key set in use: give it back with bearer_keyring_give. */
typedef struct bearer_keyring_set_t bearer_keyring_set_t;

/**
 * Makes an empty ring.
 *
 * @param board must outlive the ring
 * @param pool  parent of all sets; only the ring may make pools in it from now
 *              on while threads run (it gets an allocator of its own)
 * @return APR_SUCCESS, or what making the mutex returned
 */
apr_status_t bearer_keyring_create(bearer_keyring_t **out,
                                   bearer_board_t *board,
                                   apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Takes the newest key set of a source. If the board has a newer document, one
 * caller parses it while the others go on with the present set; a caller waits for
 * the parsing only if there is no set at all. A document that cannot be parsed
 * leaves the present set in use.
 *
 * @param set set on BEARER_OK only
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there never was a document,
 *         BEARER_BOARD_BROKEN, BEARER_JWKS_*
 */
bearer_reason_t bearer_keyring_take(bearer_keyring_t *ring,
                                    const bearer_board_slot_t *slot,
                                    bearer_keyring_set_t **set) BEARER_MUST_USE;

/** Gives a set back; once for each take. NULL is allowed. */
void bearer_keyring_give(bearer_keyring_set_t *set);

/** The keys of a set that is taken. */
const bearer_jwks_t *bearer_keyring_keys(const bearer_keyring_set_t *set);

/** The board's document counter that the set was made from. */
apr_uint64_t bearer_keyring_version(const bearer_keyring_set_t *set);

/** How many sets are alive (in use or current): for tests only. */
int bearer_keyring_alive(bearer_keyring_t *ring);

#endif
