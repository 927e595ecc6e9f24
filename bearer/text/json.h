/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - JSON from strangers.
 *
 * Owns:     depth, size, duplicate names; typed getters that refuse politely.
 * Does not: know what any member means.
 * Memory:   documents are adopted by a pool and constant; texts point into them.
 *           What is judged often is read into a value (one block), the rest by
 *           jansson
 * Threads:  any, on different documents; many readers on one
 */
#ifndef BEARER_JSON_H
#define BEARER_JSON_H

#include <jansson.h>

#include "bearer/base/error.h"
#include "bearer/text/value.h"

/** Seeds the hashing of names (hash flooding): once, before threads start. */
void bearer_json_seed(void);

/** What a typed getter found. */
typedef enum bearer_json_got_t {
    BEARER_JSON_ABSENT, /**< no such member */
    BEARER_JSON_WRONG,  /**< a member of another type or an unusable value */
    BEARER_JSON_GOT     /**< the output is set */
} bearer_json_got_t;

/**
 * Parses one JSON object: nothing behind it, UTF-8 only, no member twice at any
 * depth (parser differentials, RFC 8725 2.4), no NUL in strings, nesting of at
 * most BEARER_LIMIT_JSON_DEPTH. The nesting is checked before the parser runs.
 *
 * @param note says where and what; never shows the text
 * @param out  set on BEARER_OK only; lives as long as the pool
 * @return BEARER_OK, BEARER_JSON_SYNTAX, BEARER_JSON_DUPLICATE,
 *         BEARER_JSON_DEPTH, BEARER_NO_MEMORY
 */
bearer_reason_t bearer_json_parse(bearer_str_t text, const json_t **out,
                                  bearer_note_t *note,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/** The same, into one block of the pool, and faster where the text is plain
 * (plain). Both read the same of the same text. */
bearer_reason_t bearer_json_read(bearer_str_t text, const bearer_value_t **out,
                                 bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** Gives a document that the caller made (one reference) to the pool. NULL
 * stays NULL. */
json_t *bearer_json_adopt(json_t *json, apr_pool_t *pool);

/** A member that must be a string; out points into the document. */
bearer_json_got_t bearer_json_string(const json_t *object, const char *name,
                                     bearer_str_t *out);

/**
 * A member that must be a NumericDate (RFC 7519 2): an integer or a real that
 * is finite and within +-10^15 seconds; fractions are cut towards minus
 * infinity. Strings, null, booleans, 1e300 are BEARER_JSON_WRONG.
 */
bearer_json_got_t bearer_json_seconds(const json_t *object, const char *name,
                                      apr_int64_t *out);

/** The same two for what bearer_json_read made. */
bearer_json_got_t bearer_json_get_string(const bearer_value_t *object,
                                         const char *name, bearer_str_t *out);
bearer_json_got_t bearer_json_get_seconds(const bearer_value_t *object,
                                          const char *name, apr_int64_t *out);

/** Whether a value is a string equal to text, byte for byte. */
bool bearer_json_equals(const json_t *value, bearer_str_t text);

/** The fewest digits, of 15, 16 and 17, with which every real in a value reads
 * back equal: for JSON_REAL_PRECISION, so that 0.1 is not written as
 * 0.10000000000000001. */
int bearer_json_precision(const json_t *value);

/** Compact JSON text of a value (members in document order; reals with
 * bearer_json_precision). Holds no control character. */
bearer_str_t bearer_json_render(const json_t *value, apr_pool_t *pool);

/** The same text of what bearer_json_read made; data is NULL if there is no
 * memory. */
bearer_str_t bearer_json_write(const bearer_value_t *value, apr_pool_t *pool);

/** The JSON text of a number or a boolean, without bearer_json_write's copies.
 *
 * @param buffer at least 64 bytes, in which the text stands
 * @return data is NULL for all else, or if there is no memory */
bearer_str_t bearer_json_scalar(const bearer_value_t *value, char *buffer,
                                apr_size_t size);

#endif
