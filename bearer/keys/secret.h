/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - a shared secret from its file.
 *
 * Owns:     that the file is read once, and that its text is gone afterwards.
 * Does not: know what a secret must be (jwk), or which files may be read (file).
 * Memory:   the key lives in the pool
 * Threads:  any
 */
#ifndef BEARER_SECRET_H
#define BEARER_SECRET_H

#include "bearer/jose/jwks.h"

/**
 * Reads the file of a shared secret now, for what judges tokens
 * (bearer_issuer_t.secret): it is on no board, and no round reads it again.
 *
 * @param pipe it may be one: where somebody waits, never in a server
 * @param out  a set of one key; set on BEARER_OK only
 * @return BEARER_OK, BEARER_NO_MEMORY, what bearer_file_read and
 *         bearer_jwk_parse_secret return
 */
bearer_reason_t bearer_secret_read(const char *path, bool pipe,
                                   const bearer_jwks_t **out,
                                   bearer_note_t *note,
                                   apr_pool_t *pool) BEARER_MUST_USE;

#endif
