/* SPDX-License-Identifier: Apache-2.0 */
/*
 * b64url - one JOSE part into bytes, only its canonical spelling.
 *
 * Owns:     the strict base64url alphabet (RFC 7515 2: no padding, no white space).
 * Does not: accept what lenient decoders do: the same bytes have one spelling.
 * Memory:   the caller's buffer or pool; output is never longer than the input
 * Threads:  any
 */
#ifndef BEARER_B64URL_H
#define BEARER_B64URL_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** Bytes that an encoded text of this length decodes to (floor of 3/4). */
apr_size_t bearer_b64url_decoded_size(apr_size_t encoded_len);

/**
 * Decodes base64url into a buffer of the caller. RFC 7515 2, RFC 4648 3.5: no
 * padding, and the unused bits of the last character are zero, so that the same
 * bytes have no second spelling (cache and deny-list evasion; of signatures see
 * bearer/jose/jws.h). What passes here cannot
 * trip the live assertions of Debian's cjose ("A=" aborts the process).
 *
 * @param in   may be empty: gives 0 bytes
 * @param out  at least bearer_b64url_decoded_size(in.len) bytes
 * @param len  set on BEARER_OK only
 * @return BEARER_OK, BEARER_B64_ALPHABET, BEARER_B64_LENGTH (length mod 4 is 1),
 *         BEARER_B64_CANONICAL
 */
bearer_reason_t bearer_b64url_decode(bearer_str_t in, unsigned char *out,
                                     apr_size_t *len) BEARER_MUST_USE;

/** The same into memory of the pool, with a NUL after the bytes. */
bearer_reason_t bearer_b64url_parse(bearer_str_t in, bearer_str_t *out,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/** Encodes bytes as base64url without padding; NUL-terminated. */
bearer_str_t bearer_b64url_render(bearer_str_t bytes, apr_pool_t *pool);

#endif
