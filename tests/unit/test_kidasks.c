/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/kidasks.h"
#include "tests/unit/walk.h"

#define SEC  ((apr_time_t)1000000)
#define T    (1000 * SEC)
#define MISS (60 * SEC)

/* in memory that held rubbish before it was formatted */
static bearer_kidasks_t *new_asks(apr_pool_t *pool)
{
    bearer_kidasks_t *asks = apr_palloc(pool, sizeof(*asks));

    memset(asks, 0x5a, sizeof(*asks));
    bearer_kidasks_format(asks);
    return asks;
}

static bool want(bearer_kidasks_t *asks, const char *kid, apr_time_t now)
{
    return bearer_kidasks_make(asks, unit_str(kid), MISS, now);
}

static bearer_kidasks_state_t find(bearer_kidasks_t *asks, const char *kid,
                                   apr_time_t now)
{
    return bearer_kidasks_find(asks, unit_str(kid), MISS, 5 * SEC, now);
}

static void kidasks_are_asked_for_once(void **state)
{
    bearer_kidasks_t *asks = new_asks(*state);

    assert_int_equal(find(asks, "one", T), BEARER_KIDASKS_UNKNOWN);
    assert_true(want(asks, "one", T));
    assert_false(want(asks, "one", T));
    assert_false(want(asks, "one", T + 59 * SEC));
    assert_int_equal(find(asks, "one", T), BEARER_KIDASKS_COMING);
    /* one wait for each ask */
    assert_int_equal(find(asks, "one", T + 5 * SEC), BEARER_KIDASKS_UNSURE);
    /* nobody answered for so long: asked again */
    assert_int_equal(find(asks, "one", T + 60 * SEC), BEARER_KIDASKS_UNKNOWN);
    assert_true(want(asks, "one", T + 60 * SEC));
    /* what is no name is not asked for at all */
    assert_false(want(asks, "../one", T));
    assert_int_equal(find(asks, "../one", T), BEARER_KIDASKS_UNKNOWN);
}

/* strangers write what they like: eight fetches in a minute are all they get */
static void kidasks_are_asked_for_within_a_budget(void **state)
{
    bearer_kidasks_t *asks = new_asks(*state);
    int i, asked = 0;

    for (i = 0; i < 1000; i++)
        asked += want(asks, apr_psprintf(*state, "kid-%d", i), T + i);
    assert_int_equal(asked, BEARER_LIMIT_KIDS_WANTED);
    /* settling one frees nothing: it was fetched */
    for (i = 0; i < 1000; i++)
        bearer_kidasks_settle(asks, apr_psprintf(*state, "kid-%d", i), MISS,
                              T + 1000, i % 2);
    assert_false(want(asks, "real", T + 59 * SEC));
    assert_int_equal(find(asks, "real", T + 59 * SEC), BEARER_KIDASKS_UNKNOWN);
    assert_true(want(asks, "real", T + 61 * SEC));
}

static void kidasks_are_answered(void **state)
{
    bearer_kidasks_t *asks = new_asks(*state);

    assert_true(want(asks, "none", T));
    assert_true(want(asks, "there", T));
    assert_true(want(asks, "slow", T));
    bearer_kidasks_settle(asks, "none", MISS, T + SEC, true);
    bearer_kidasks_settle(asks, "there", MISS, T + SEC, false);
    bearer_kidasks_fail(asks, "slow", MISS, T + SEC);
    assert_int_equal(find(asks, "none", T + SEC), BEARER_KIDASKS_MISSING);
    assert_int_equal(find(asks, "none", T + 59 * SEC), BEARER_KIDASKS_MISSING);
    assert_int_equal(find(asks, "none", T + 60 * SEC), BEARER_KIDASKS_UNKNOWN);
    assert_int_equal(find(asks, "there", T + SEC), BEARER_KIDASKS_UNSURE);
    assert_int_equal(find(asks, "slow", T + SEC), BEARER_KIDASKS_UNSURE);
    /* an answer after all */
    bearer_kidasks_settle(asks, "slow", MISS, T + 9 * SEC, true);
    assert_int_equal(find(asks, "slow", T + 9 * SEC), BEARER_KIDASKS_MISSING);
}

static void *APR_THREAD_FUNC ask_in_step(apr_thread_t *thread BEARER_UNUSED,
                                         void *baton)
{
    walker_t *own = baton;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        char kid[32];

        apr_snprintf(kid, sizeof(kid), "kid-%d", i);
        step(own);
        own->got[i] = want(own->shared, kid, T + i * 61 * SEC);
    }
    return NULL;
}

/* a new key: all requests bring its kid at once, and it takes one place of eight */
static void kidasks_are_asked_for_once_by_all(void **state)
{
    walker_t *walkers = walk(new_asks(*state), ask_in_step, *state);
    int i, k;

    for (i = 0; i < ROUNDS; i++) {
        int made = 0;

        for (k = 0; k < THREADS; k++)
            made += walkers[k].got[i];
        unit_expect("round", made == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(kidasks_are_asked_for_once),
        unit_row(kidasks_are_asked_for_within_a_budget),
        unit_row(kidasks_are_answered),
        unit_row(kidasks_are_asked_for_once_by_all),
    };

    return unit_run(tests);
}
