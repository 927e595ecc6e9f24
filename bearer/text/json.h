/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - JSON text from strangers into a value.
 *
 * Owns:     RFC 8259's grammar; depth, duplicate names, numbers of any size.
 * Does not: know what any member means (value has the getters), write (write).
 * Memory:   a value is one block of the pool
 * Threads:  any, on different documents
 */
#ifndef BEARER_JSON_H
#define BEARER_JSON_H

#include "bearer/base/error.h"
#include "bearer/text/value.h"

/**
 * Reads one JSON object: nothing after it, UTF-8 only, no member twice at any
 * depth (parser differentials, RFC 8725 2.4), no NUL in strings, nesting of at
 * most BEARER_LIMIT_JSON_DEPTH. An integer of 64 bits is an integer; a number
 * with a fraction or an exponent is the nearest double; what is too large for
 * either is kept as its text (numeral), up to BEARER_LIMIT_NUMBER bytes of it.
 *
 * @param note says where and what; never shows the text
 * @param out  set on BEARER_OK only; lives as long as the pool
 * @return BEARER_OK, BEARER_JSON_SYNTAX, BEARER_JSON_DUPLICATE,
 *         BEARER_JSON_DEPTH
 */
bearer_reason_t bearer_json_parse(bearer_str_t text, const bearer_value_t **out,
                                  bearer_note_t *note,
                                  apr_pool_t *pool) BEARER_MUST_USE;

#endif
