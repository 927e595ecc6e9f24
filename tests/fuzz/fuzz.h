/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz - what every fuzz target starts with.
 *
 * Owns:     a pool for each input, cutting inputs into lines, what must always hold.
 * Does not: hold targets, or mutate (mutate.c).
 * Memory:   each input gets a new pool, which gives its memory back, so
 *           that AddressSanitizer sees what outlives it
 * Threads:  one
 */
#ifndef BEARER_TESTS_FUZZ_H
#define BEARER_TESTS_FUZZ_H

#include <signal.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <jansson.h>

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** The time of all inputs: 2027-01-15T08:00:00Z. */
#define NOW ((apr_int64_t)1800000000)

/** What libFuzzer and standalone.c call for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Stops and says where a promise was broken (abort does not compile here). */
#define fuzz_check(condition)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__,       \
                          __LINE__, #condition);                               \
            (void)raise(SIGABRT);                                              \
        }                                                                      \
    } while (0)

/** A pool whose memory goes back to malloc with it. Hashing is not seeded at
 * random: an input must do the same each time. */
static inline apr_pool_t *fuzz_pool(void)
{
    static bool ready;
    apr_allocator_t *allocator = NULL;
    apr_pool_t *pool = NULL;

    if (!ready) {
        fuzz_check(apr_initialize() == APR_SUCCESS);
        json_object_seed(1);
        ready = true;
    }
    fuzz_check(apr_allocator_create(&allocator) == APR_SUCCESS);
    apr_allocator_max_free_set(allocator, 1);
    fuzz_check(apr_pool_create_ex(&pool, NULL, NULL, allocator) == APR_SUCCESS);
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

/** The input as a text. */
static inline bearer_str_t fuzz_text(const uint8_t *data, size_t size)
{
    bearer_str_t text = {(const char *)data, size};

    return text;
}

/** Cuts off the next line, copied to exactly its size (NULs stay); the last one is
 * all that is left. Empty when nothing is left. */
static inline bearer_str_t fuzz_line(bearer_str_t *rest, apr_pool_t *pool)
{
    const char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
    bearer_str_t line = {NULL,
                         end ? (apr_size_t)(end - rest->data) : rest->len};

    line.data = apr_pstrmemdup(pool, rest->len ? rest->data : "", line.len);
    rest->data += end ? line.len + 1 : line.len;
    rest->len -= end ? line.len + 1 : line.len;
    return line;
}

/** The same as a terminated text, NULL where the line is "-". */
static inline const char *fuzz_word(bearer_str_t *rest, apr_pool_t *pool)
{
    bearer_str_t line = fuzz_line(rest, pool);

    return line.len == 1 && line.data[0] == '-' ? NULL : line.data;
}

/** Whether two texts are the same bytes. */
static inline bool fuzz_same(bearer_str_t a, bearer_str_t b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

/** A note never holds what could forge a log line or leave its quotes. */
static inline void fuzz_check_note(const bearer_note_t *note)
{
    const char *end = memchr(note->text, '\0', sizeof(note->text));
    const char *at;

    fuzz_check(end);
    for (at = note->text; at < end; at++)
        fuzz_check(*at >= ' ' && *at <= '~' && *at != '"');
}

#endif
