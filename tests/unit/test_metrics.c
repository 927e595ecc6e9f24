/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/report/metrics.h"
#include "tests/unit/reports.h"

static void metrics_tell_numbers_and_sources(void **state)
{
    world_t *world = make(*state);
    const char *text;
    static const struct {
        const char *line; /* only its beginning, if it must not be there */
        bool there;
    } cases[] = {
        {"# TYPE bearer_verdicts counter", true},
        {"bearer_verdicts_total{reason=\"ok\"} 2", true},
        {"bearer_verdicts_total{reason=\"not_yet\"} 0", true},
        {"bearer_verdicts_total{reason=\"fetch_tls\"}", false},
        {"bearer_cache_hits_total 5", true},
        {"# TYPE bearer_cache_bytes gauge", true},
        {"# UNIT bearer_cache_bytes bytes", true},
        {"bearer_cache_bytes 1000", true},
        {"bearer_wait_seconds_total 2.500000", true},
        {"# TYPE bearer_verify_seconds histogram", true},
        {"bearer_verify_seconds_bucket{alg=\"RS256\",le=\"0.000002\"} 0", true},
        {"bearer_verify_seconds_bucket{alg=\"RS256\",le=\"0.000004\"} 1", true},
        {"bearer_verify_seconds_bucket{alg=\"RS256\",le=\"0.000128\"} 2", true},
        {"bearer_verify_seconds_bucket{alg=\"RS256\",le=\"+Inf\"} 2", true},
        {"bearer_verify_seconds_count{alg=\"RS256\"} 2", true},
        {"bearer_verify_seconds_sum{alg=\"RS256\"} 0.000103", true},
        {"bearer_verify_seconds_count{alg=\"ES256\"}", false},
        {"bearer_admit_seconds_bucket{le=\"1.048576\"} 0", true},
        {"bearer_admit_seconds_bucket{le=\"2.097152\"} 1", true},
        {"bearer_admit_seconds_count 1", true},
        {"bearer_admit_seconds_sum 1.500000", true},
        {"bearer_issuer_usable{issuer=\"https://a.example/\\\"x\\\"\\\\\","
         "slot=\"0\"} 1",
         true},
        {"bearer_issuer_usable{issuer=\"https://b.example/\\\\xff\","
         "slot=\"1\"} 0",
         true},
        {"bearer_issuer_keys{issuer=\"https://c.example\",slot=\"2\"} 2", true},
        {"bearer_issuer_keys_age_seconds{issuer=\"https://b.example/\\\\xff\","
         "slot=\"1\"}",
         false},
        {"bearer_issuer_next_refresh_seconds{issuer=\"https://c.example\","
         "slot=\"2\"} 0",
         true},
        {"bearer_issuer_failures_in_a_row{issuer=\"https://b.example/\\\\xff\","
         "slot=\"1\"} 3",
         true},
        {"bearer_issuer_refreshes_failed_total{issuer="
         "\"https://b.example/\\\\xff\",slot=\"1\"} 1",
         true},
        {"bearer_issuer_usable{issuer=\"https://d.example\",slot=", false},
        {"bearer_processes 1", true},
        {"bearer_fetcher 1", true},
    };
    bearer_str_t out;
    size_t i;

    count_some(world);
    out = bearer_metrics_render(bearer_report_create(&world->conf, *state),
                                *state);
    text = apr_pstrcat(*state, "\n", apr_pstrmemdup(*state, out.data, out.len),
                       NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *line = apr_pstrcat(*state, "\n", cases[i].line,
                                       cases[i].there ? "\n" : "", NULL);

        unit_expect(cases[i].line,
                    (strstr(text, line) != NULL) == cases[i].there);
    }
    assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
    assert_null(strstr(text, "\n\n"));
}

static void metrics_of_no_source_are_whole(void **state)
{
    world_t *world = make(*state);
    bearer_str_t text;

    world->conf.source_count = 0;
    text = bearer_metrics_render(bearer_report_create(&world->conf, *state),
                                 *state);
    assert_memory_equal(text.data + text.len - 6, "# EOF\n", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(metrics_tell_numbers_and_sources),
        unit_row(metrics_of_no_source_are_whole),
    };

    return unit_run(tests);
}
