/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/report/report.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "tests/unit/reports.h"

/* --- gathering ------------------------------------------------------------------- */

static void report_tells_what_can_be_judged(void **state)
{
    world_t *world = make(*state);
    const bearer_report_t *report = bearer_report_create(&world->conf, *state);
    static const struct {
        const char *name, *kind;
        bool usable;
        int keys; /* -1: none that can be read */
        apr_uint32_t failures;
        const char *last;
    } cases[] = {
        {"good", "url", true, 2, 0, "ok"},
        {"failing", "discovery", false, -1, 3, "http_status"},
        {"a file that was not read for long", "file", false, 2, 0, "ok"},
        {"a secret", "secret", true, -1, 0, "ok"},
    };
    int i;

    assert_int_equal(report->leader, 42);
    assert_int_equal(report->source_count, 4);
    for (i = 0; i < 4; i++) {
        const bearer_report_source_t *one = &report->sources[i];

        unit_expect(cases[i].name, one->usable == cases[i].usable);
        unit_expect(cases[i].name,
                    (one->keys ? one->keys->count : -1) == cases[i].keys);
        unit_expect(cases[i].name, one->schedule.failures == cases[i].failures);
        unit_expect_reason(cases[i].name, one->last.why, cases[i].last);
        assert_string_equal(bearer_source_kind(one->source), cases[i].kind);
    }
    assert_string_equal(
        bearer_alg_kty_name(report->sources[0].keys->keys[0]->kty), "EC");
}

static void report_knows_keys_that_are_too_old(void **state)
{
    world_t *world = make(*state);
    const bearer_report_t *report;

    world->conf.now.tick = T + 86400 * SEC;
    report = bearer_report_create(&world->conf, *state);
    assert_false(report->sources[GOOD].usable);
    assert_non_null(report->sources[GOOD].keys);
}

static void report_sorts_verdicts_into_four(void **state)
{
    world_t *world = make(*state);
    bearer_report_totals_t totals;

    count_some(world);
    totals = bearer_report_totals(
        &bearer_report_create(&world->conf, *state)->stats->sum);
    assert_int_equal(totals.accepted, 2);
    assert_int_equal(totals.refused, 3);
    assert_int_equal(totals.without, 1);
    assert_int_equal(totals.denied, 1);
}

/* --- JSON -------------------------------------------------------------------------- */

static const bearer_value_t *at(const bearer_value_t *document_read,
                                const char *path, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, path), *step;
    const bearer_value_t *value = document_read;

    while ((step = apr_strtok(rest, *path == '/' ? "/" : ".", &rest)))
        value = bearer_value_is(value, BEARER_KIND_ARRAY)
                    ? bearer_value_at(value, (apr_size_t)apr_atoi64(step))
                    : bearer_value_get(value, step);
    return value;
}

static void report_renders_json(void **state)
{
    world_t *world = make(*state);
    const bearer_value_t *found;
    bearer_str_t text;
    static const struct {
        const char *path, *want; /* NULL: not there */
    } cases[] = {
        {"time", "1800000000"},
        {"fetcher", "42"},
        {"/issuers/0/issuer", "\"https://a.example/\\\"x\\\"\\\\\""},
        {"/issuers/0/keys/0/kid", "\"k\\\"<1>\""},
        {"/issuers/0/keys/0/crv", "\"P-256\""},
        {"/issuers/0/keys/0/algs", "[\"ES256\"]"},
        {"/issuers/0/keys/1/kid", "null"},
        {"/issuers/0/keys/1/bits", "2048"},
        {"/issuers/0/keys_age", "90"},
        {"/issuers/0/last_try_age", "80"},
        {"/issuers/0/next_in", "600"},
        {"/issuers/0/last",
         "{\"age\":80,\"reason\":\"ok\",\"sentence\":null,\"note\":null,"
         "\"status\":200}"},
        {"/issuers/0/refreshes_good", "1"},
        {"/issuers/1/issuer", "\"https://b.example/\\\\xff\""},
        {"/issuers/0/location", "\"https://a.example/jwks\""},
        {"/issuers/1/location", "null"},
        {"/issuers/1/keys", "[]"},
        {"/issuers/1/keys_age", "null"},
        {"/issuers/1/failures_in_a_row", "3"},
        {"/issuers/1/last/reason", "\"http_status\""},
        {"/issuers/1/last/status", "503"},
        {"/issuers/1/last/note", "\"status 503\""},
        {"/issuers/1/refreshes_failed", "1"},
        {"/issuers/2/last", "null"},
        {"/issuers/3", "{\"issuer\":\"https://d.example\","
                       "\"kind\":\"secret\",\"usable\":true}"},
        {"sum.accepted", "2"},
        {"sum.verdicts", "{\"ok\":2,\"token_missing\":1,\"sig_wrong\":2,"
                         "\"expired\":1,\"insufficient_scope\":1}"},
        {"sum.cache_hits", "5"},
        {"sum.cache_bytes", "1000"},
        {"sum.wait_microseconds", "2500000"},
        {"sum.wait_seconds", NULL},
        {"sum.verify.RS256.count", "2"},
        {"sum.verify.RS256.microseconds", "103"},
        {"/sum/verify/RS256/buckets/2", "1"},
        {"/sum/verify/RS256/buckets/7", "1"},
        {"sum.verify.ES256", NULL},
        {"/bucket_ends_microseconds/2", "4"},
        {"/bucket_ends_microseconds/23", "null"},
        {"/bucket_ends_microseconds/24", NULL},
        {"/processes/0/pid", "11"},
        {"/processes/0/age", "30"},
        {"/processes/0/accepted", "2"},
        {"/processes/1/pid", "null"},
        {"/processes/1/age", "null"},
        {"/processes/2", NULL},
    };
    size_t i;

    count_some(world);
    text =
        bearer_report_json(bearer_report_create(&world->conf, *state), *state);
    unit_expect_reason("parse", bearer_json_parse(text, &found, NULL, *state),
                       "ok");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_value_t *value = at(found, cases[i].path, *state);
        bearer_str_t got = {"(nothing)", 9};

        if (value)
            got = bearer_write_json(value, *state);
        if (!cases[i].want)
            unit_expect(cases[i].path, !value);
        else if (strcmp(got.data, cases[i].want) != 0)
            fail_msg("%s: expected %s, got %s", cases[i].path, cases[i].want,
                     got.data);
    }
}

static void report_renders_nothing_at_all(void **state)
{
    world_t *world = make(*state);
    const bearer_value_t *found;
    bearer_str_t text;

    world->conf.source_count = 0;
    text =
        bearer_report_json(bearer_report_create(&world->conf, *state), *state);
    unit_expect_reason("parse", bearer_json_parse(text, &found, NULL, *state),
                       "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(report_tells_what_can_be_judged),
        unit_row(report_knows_keys_that_are_too_old),
        unit_row(report_sorts_verdicts_into_four),
        unit_row(report_renders_json),
        unit_row(report_renders_nothing_at_all),
    };

    return unit_run(tests);
}
