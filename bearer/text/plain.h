/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain - JSON objects without anything special in them, read fast.
 *
 * Owns:     a small part of JSON's grammar in which nobody can differ: what
 *           access tokens are made of.
 * Does not: refuse. What it does not take is for json, which asks jansson, and
 *           only jansson says what is wrong with a document.
 * Memory:   the result lives in the pool
 * Threads:  any, on different documents
 */
#ifndef BEARER_PLAIN_H
#define BEARER_PLAIN_H

#include "bearer/text/value.h"

/**
 * Reads one object of at most BEARER_LIMIT_JSON_DEPTH levels, made of names in
 * ASCII and strings in UTF-8, both without escapes or control characters,
 * integers of at most 18 digits, arrays, objects, true, false and null; no name
 * twice in an object, and no object of more than 64 members.
 *
 * @return what json would make of it, or NULL: it is wrong, or not that plain
 */
const bearer_value_t *bearer_plain_parse(bearer_str_t text,
                                         apr_pool_t *pool) BEARER_MUST_USE;

#endif
