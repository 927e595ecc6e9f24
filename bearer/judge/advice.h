/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advice - what to write instead of a "Require claim" line that is not understood.
 *
 * Owns:     the notes about what people write, each with the line that they mean.
 * Does not: understand lines (match).
 * Memory:   what it needs lives in the pool that is given
 * Threads:  any
 */
#ifndef BEARER_ADVICE_H
#define BEARER_ADVICE_H

#include "bearer/base/error.h"

/** Of a path with an operator in it ("role=guest"). */
void bearer_advice_path(bearer_note_t *note, const char *path);

/** Of a word after a path that begins like an operator and is none (">=3",
 * "=guest"), with the word after it, or NULL ("=", "guest"). */
void bearer_advice_operator(bearer_note_t *note, const char *path,
                            const char *word, const char *next,
                            apr_pool_t *pool);

/** Of a claim that is named by a URL. */
void bearer_advice_url(bearer_note_t *note, const char *url, apr_pool_t *pool);

/** Of a word after one with a colon that has none ("cognito:groups admin"). */
void bearer_advice_colon(bearer_note_t *note, const char *first,
                         const char *word, apr_pool_t *pool);

#endif
