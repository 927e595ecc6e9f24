/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/report/counts.h"
#include "tests/unit/counters.h"

static void counts_estimate_quantiles_from_above(void **state)
{
    static const struct {
        const char *name;
        int fast, slow, endless; /* 5 us, 100 us, 10 s */
        double share;
        apr_uint64_t want;
    } cases[] = {
        {"nothing", 0, 0, 0, 0.5, 0},
        {"all alike", 10, 0, 0, 0.99, 8},
        {"half", 5, 5, 0, 0.5, 8},
        {"over half", 5, 5, 0, 0.51, 128},
        {"one slow of a hundred", 99, 1, 0, 0.99, 8},
        {"the slowest", 99, 1, 0, 1, 128},
        {"the fastest", 1, 99, 0, 0, 8},
        {"off the scale", 1, 0, 9, 0.5, APR_UINT64_MAX},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_stats_t *stats = make(*state);
        int k;

        for (k = 0; k < cases[i].fast; k++)
            bearer_stats_admit(stats, 5);
        for (k = 0; k < cases[i].slow; k++)
            bearer_stats_admit(stats, 100);
        for (k = 0; k < cases[i].endless; k++)
            bearer_stats_admit(stats, 10000000);
        unit_expect(
            cases[i].name,
            bearer_counts_quantile(&sum(stats, *state)->admit, cases[i].share)
                == cases[i].want);
    }
}

static void counts_rows_name_each_number_once(void **state)
{
    bearer_stats_t *stats = make(*state);
    bearer_stats_cache_t cache = {1, 2, 3, 4, 5, 6};
    static const struct {
        const char *name;
        apr_uint64_t want;
    } cases[] = {
        {"cache_hits", 1},      {"cache_misses", 2},  {"cache_stores", 3},
        {"cache_evictions", 4}, {"waits", 1},         {"wait_seconds", 7},
        {"waits_refused", 1},   {"cache_entries", 5}, {"cache_bytes", 6},
    };
    int i;

    assert_true(bearer_stats_claim(stats, 1, T, alive));
    bearer_stats_cache(stats, &cache);
    bearer_stats_wait(stats, 7);
    bearer_stats_wait(stats, -1);
    for (i = 0; bearer_counts_row(i); i++) {
        assert_true(i < (int)(sizeof(cases) / sizeof(cases[0])));
        assert_string_equal(bearer_counts_row(i)->name, cases[i].name);
        unit_expect(cases[i].name, bearer_counts_value(sum(stats, *state),
                                                       bearer_counts_row(i))
                                       == cases[i].want);
    }
    assert_int_equal(i, sizeof(cases) / sizeof(cases[0]));
    assert_null(bearer_counts_row(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(counts_estimate_quantiles_from_above),
        unit_row(counts_rows_name_each_number_once),
    };

    return unit_run(tests);
}
