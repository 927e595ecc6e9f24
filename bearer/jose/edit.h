/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit - a key set with one key more, or one less.
 *
 * Owns:     a PEM key that is given the kid it was found under; sets made of other sets.
 * Does not: decide which (keys/refresh), or check keys (jwk).
 * Memory:   a new set and its new key belong to the pool; the other keys are those of the old set, which must live as long
 * Threads:  any
 */
#ifndef BEARER_EDIT_H
#define BEARER_EDIT_H

#include "bearer/jose/jwks.h"

/**
 * A set with the key of a PEM text (bearer_pem_parse) under this kid, instead of the one
 * that had that kid. What the text calls the key does not count: the kid is the address
 * that it was found at.
 *
 * @param set NULL: none yet
 * @param kid as bearer_kidname_check has it, so that it needs no escapes in JSON
 * @return BEARER_OK, BEARER_NO_MEMORY, and what bearer_pem_parse returns
 */
bearer_reason_t bearer_edit_put(const bearer_jwks_t *set, bearer_str_t kid,
                                bearer_str_t pem, const bearer_jwks_t **out,
                                bearer_note_t *note,
                                apr_pool_t *pool) BEARER_MUST_USE;

/** A set without the keys of this kid; it may be empty. */
const bearer_jwks_t *bearer_edit_drop(const bearer_jwks_t *set,
                                      bearer_str_t kid, apr_pool_t *pool);

#endif
