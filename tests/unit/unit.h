/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit - what every unit test starts with.
 *
 * Owns:     the pool fixture, a fixed time, comparison of reasons by slug.
 * Does not: hold test cases.
 * Memory:   each test has a pool of its own, destroyed after it
 * Threads:  one
 */
#ifndef BEARER_TESTS_UNIT_H
#define BEARER_TESTS_UNIT_H

/* cmocka wants these four first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** The time of all tests: 2027-01-15T08:00:00Z. */
#define NOW ((apr_int64_t)1800000000)

/** A bearer_str_t from a terminated text; NULL gives "absent". */
static inline bearer_str_t unit_str(const char *text)
{
    bearer_str_t str = {text, text ? strlen(text) : 0};

    return str;
}

static inline int unit_group_setup(void **state BEARER_UNUSED)
{
    return apr_initialize() == APR_SUCCESS ? 0 : -1;
}

static inline int unit_setup(void **state)
{
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return -1;
    *state = pool;
    return 0;
}

static inline int unit_teardown(void **state)
{
    apr_pool_destroy(*state);
    return 0;
}

/** Fails with the row's name unless the reason has this slug. */
#define unit_expect_reason(row, got, want_slug)                                \
    do {                                                                       \
        const char *got_slug_ = bearer_error_find(got)->slug;                  \
        if (strcmp(got_slug_, (want_slug)) != 0)                               \
            fail_msg("%s: expected %s, got %s", (row), (want_slug),            \
                     got_slug_);                                               \
    } while (0)

/** Fails with the row's name unless the condition holds. */
#define unit_expect(row, condition)                                            \
    do {                                                                       \
        if (!(condition))                                                      \
            fail_msg("%s: %s does not hold", (row), #condition);               \
    } while (0)

/** One row of a test list: a test with a pool of its own. */
#define unit_row(test)                                                         \
    cmocka_unit_test_setup_teardown(test, unit_setup, unit_teardown)

/** Runs a list of tests. */
#define unit_run(tests) cmocka_run_group_tests(tests, unit_group_setup, NULL)

#endif
