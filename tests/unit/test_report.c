/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/report/report.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "tests/unit/fixtures.h"
#include "tests/unit/slots.h"
#include "tests/unit/world.h"

#define SEC ((apr_time_t)1000000)
#define T   (100000 * SEC)

/** A world with four sources: good, failing, a file, a secret. */
typedef struct world_t {
    bearer_board_t *board;
    bearer_stats_t *stats;
    bearer_source_t sources[4];
    const bearer_source_t *list[4];
    bearer_report_conf_t conf;
} world_t;

enum { GOOD, FAILING, OWN_FILE, SECRET };

static const char document[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\\\"<1>\","
    "\"x\":\"" FIX_P256_X "\",\"y\":\"" FIX_P256_Y "\"},"
    "{\"kty\":\"RSA\",\"n\":\"" FIX_RSA_N "\",\"e\":\"AQAB\"}]}";

static bool alive(apr_uint32_t pid)
{
    return pid <= 100;
}

static void fill_source(world_t *world, int i, const char *issuer,
                        bearer_source_kind_t kind, const char *location)
{
    bearer_source_t *source = &world->sources[i];

    source->issuer = issuer;
    source->kind = kind;
    source->location = location;
    source->schedule = world_hourly;
    source->slot.id.bytes[0] = (unsigned char)(i + 1);
    source->slot.number = -1;
    if (kind != BEARER_SOURCE_SECRET)
        assert_true(bearer_board_claim(world->board, &source->slot, 1));
    world->list[i] = source;
}

static void post(world_t *world, int i, const bearer_schedule_t *schedule)
{
    const bearer_source_t *source = &world->sources[i];

    unit_expect_reason("post",
                       bearer_board_post(world->board, &source->slot,
                                         unit_str(document), schedule),
                       "ok");
}

static world_t *make(apr_pool_t *pool)
{
    static const bearer_schedule_t good = {
        T - 90 * SEC, T - 80 * SEC, T + 600 * SEC, 0, 0, 0};
    static const bearer_schedule_t bad = {0, T - 2 * SEC, T + 4 * SEC, 0, 3, 0};
    static const bearer_schedule_t old = {T - 90000 * SEC, T, T, 0, 0, 0};
    bearer_stats_shape_t shape = {2, 8};
    world_t *world = apr_pcalloc(pool, sizeof(*world));
    void *block = apr_pcalloc(pool, bearer_stats_size(shape));

    world->board = world_board(4, pool);
    bearer_stats_format(block, shape);
    assert_int_equal(bearer_stats_attach(block, bearer_stats_size(shape),
                                         &world->stats, pool),
                     0);
    fill_source(world, GOOD, "https://a.example/\"x\"\\", BEARER_SOURCE_URL,
                "https://a.example/jwks");
    fill_source(world, FAILING, "https://b.example/\xff",
                BEARER_SOURCE_DISCOVERY, NULL);
    fill_source(world, OWN_FILE, "https://c.example", BEARER_SOURCE_FILE,
                "/etc/keys");
    fill_source(world, SECRET, "https://d.example", BEARER_SOURCE_SECRET, NULL);
    post(world, GOOD, &good);
    post(world, OWN_FILE, &old);
    bearer_board_note(world->board, &world->sources[FAILING].slot, &bad);
    bearer_stats_note(world->stats, &world->sources[GOOD].slot, BEARER_OK, 200,
                      T - 80 * SEC);
    bearer_stats_note(world->stats, &world->sources[FAILING].slot,
                      BEARER_HTTP_STATUS, 503, T - 2 * SEC);
    assert_true(
        bearer_lease_take(bearer_board_lease(world->board), 1, 42, T, alive));
    world->conf.board = world->board;
    world->conf.stats = world->stats;
    world->conf.sources = world->list;
    world->conf.source_count = 4;
    world->conf.now.wall = NOW;
    world->conf.now.tick = T;
    world->conf.alive = alive;
    return world;
}

static void count_some(world_t *world)
{
    bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};

    assert_true(bearer_stats_claim(world->stats, 11, T - 30 * SEC, alive));
    bearer_stats_verdict(world->stats, BEARER_OK);
    bearer_stats_verdict(world->stats, BEARER_OK);
    bearer_stats_verdict(world->stats, BEARER_SCOPE_SHORT);
    bearer_stats_verdict(world->stats, BEARER_TOKEN_MISSING);
    bearer_stats_verdict(world->stats, BEARER_EXPIRED);
    bearer_stats_verdict(world->stats, BEARER_SIG_WRONG);
    bearer_stats_verdict(world->stats, BEARER_SIG_WRONG);
    bearer_stats_verify(world->stats, bearer_alg_row(0), 100);
    bearer_stats_verify(world->stats, bearer_alg_row(0), 3);
    bearer_stats_admit(world->stats, 1500000);
    bearer_stats_wait(world->stats, 2500000);
    bearer_stats_cache(world->stats, &cache);
}

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
         "{\"age\":80,\"reason\":\"ok\",\"sentence\":null,\"status\":200}"},
        {"/issuers/0/refreshes_good", "1"},
        {"/issuers/1/issuer", "\"https://b.example/\\\\xff\""},
        {"/issuers/1/location", "null"},
        {"/issuers/1/keys", "[]"},
        {"/issuers/1/keys_age", "null"},
        {"/issuers/1/failures_in_a_row", "3"},
        {"/issuers/1/last/reason", "\"http_status\""},
        {"/issuers/1/last/status", "503"},
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

/* --- OpenMetrics --------------------------------------------------------------------- */

static void report_renders_openmetrics(void **state)
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
    out = bearer_report_openmetrics(bearer_report_create(&world->conf, *state),
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
    text = bearer_report_openmetrics(bearer_report_create(&world->conf, *state),
                                     *state);
    assert_memory_equal(text.data + text.len - 6, "# EOF\n", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(report_tells_what_can_be_judged),
        unit_row(report_knows_keys_that_are_too_old),
        unit_row(report_sorts_verdicts_into_four),
        unit_row(report_renders_json),
        unit_row(report_renders_openmetrics),
        unit_row(report_renders_nothing_at_all),
    };

    return unit_run(tests);
}
