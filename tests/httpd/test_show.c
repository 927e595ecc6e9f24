/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of all this: the dump of places, the status page. */
#include "tests/httpd/inside.h"

#include <unistd.h>

#include <apr_file_io.h>
#include <apr_portable.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "bearer/text/json.h"
#include "httpd/conf/dump.h"
#include "httpd/conf/model.h"
#include "httpd/status/page.h"

/* --- the dump ---------------------------------------------------------------------------- */

/* what a call writes to the standard output */
static const char *dumped(void (*print)(apr_pool_t *pconf, server_rec *s),
                          server_rec *s, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    char name[] = "/tmp/inside-XXXXXX", *text = apr_pcalloc(pool, 65536);
    int own = dup(STDOUT_FILENO), fd = -1;
    apr_size_t len = 65535;
    apr_off_t start = 0;

    (void)fflush(stdout);
    assert_int_equal(apr_file_mktemp(&file, name, 0, pool), APR_SUCCESS);
    assert_int_equal(apr_os_file_get(&fd, file), APR_SUCCESS);
    (void)dup2(fd, STDOUT_FILENO);
    print(pool, s);
    (void)dup2(own, STDOUT_FILENO);
    (void)close(own);
    (void)apr_file_seek(file, APR_SET, &start);
    (void)apr_file_read(file, text, &len);
    (void)apr_file_close(file);
    return text;
}

static void expect_line(const char *text, const char *name, const char *value,
                        apr_pool_t *pool)
{
    const char *line = apr_psprintf(pool, "\n  %-12s %s\n", name, value);

    if (!strstr(text, line))
        fail_msg("no \"%s %s\" in:\n%s", name, value, text);
}

static void show_dump(void **state)
{
    request_rec *r = inside_request("/", *state);
    const char *text, *all;

    assert_string_equal(dumped(mab_dump_places, r->server, *state), "");
    *(const char **)apr_array_push(ap_server_config_defines) = "DUMP_BEARER";
    text = dumped(mab_dump_places, r->server, *state);
    (void)apr_array_pop(ap_server_config_defines);
    assert_int_equal(strncmp(text, "Places with AuthType Bearer: 18\n", 32), 0);
    all = strstr(text, "<Location \"/all\">");
    assert_non_null(all);
    expect_line(all, "server", "localhost", *state);
    expect_line(all, "issuer", "https://i.example", *state);
    expect_line(all, "", "keys from https://i.example/jwks", *state);
    expect_line(all, "", "audience any", *state);
    expect_line(all, "check",
                "leeway=60s type=any max-age=3600s max-life=86400s "
                "require=jti,scope",
                *state);
    expect_line(all, "source", "cookie:tok query:tok header:X-Token", *state);
    expect_line(all, "user", "sub email", *state);
    expect_line(all, "claim", "sub header:X-User", *state);
    expect_line(all, "claim", "groups env:GROUPS join:,", *state);
    expect_line(all, "optional", "On", *state);
    expect_line(all, "forward", "Off foreign=Off", *state);
    expect_line(all, "errors", "off detail=Off unavailable=401", *state);
    expect_line(all, "cross-origin", "off", *state);
    expect_line(text, "source", "header:Authorization:Bearer", *state);
    expect_line(text, "source",
                "header:Authorization:Bearer basic websocket cookie:tok",
                *state);
    expect_line(text, "claim", "none", *state);
    expect_line(text, "cross-origin",
                "https://app.example https://other.example", *state);
    expect_line(text, "resource", "off", *state);
}

/* the same for programs: each place, each source once */
static void show_model(void **state)
{
    request_rec *r = inside_request("/", *state);
    const bearer_value_t *json, *places, *place, *settings = NULL;
    bearer_str_t where;
    const char *text;
    int count = 0;

    assert_string_equal(dumped(mab_model_print, r->server, *state), "");
    *(const char **)apr_array_push(ap_server_config_defines) =
        "DUMP_BEARER_JSON";
    text = dumped(mab_model_print, r->server, *state);
    (void)apr_array_pop(ap_server_config_defines);
    assert_null(strstr(text, "a secret for tests"));
    assert_int_equal(bearer_json_parse(unit_str(text), &json, NULL, *state),
                     BEARER_OK);
    places = bearer_value_get(json, "places");
    for (place = bearer_value_first(places); place;
         place = bearer_value_next(places, place), count++) {
        assert_int_equal(bearer_value_get_string(place, "where", &where),
                         BEARER_VALUE_GOT);
        if (strstr(where.data, "<Location \"/all\">"))
            settings = bearer_value_get(place, "settings");
    }
    assert_int_equal(count, 18);
    assert_non_null(settings);
    assert_true(bearer_value_is(
        bearer_value_get(bearer_value_get(settings, "AuthBearerOptional"),
                         "optional"),
        BEARER_KIND_TRUE));
}

/* --- the page ------------------------------------------------------------------------------- */

static void show_nothing_without_shared_memory(void **state)
{
    request_rec *r = inside_request("/status", *state);

    r->handler = "bearer-status";
    assert_int_equal(ap_run_handler(r), HTTP_SERVICE_UNAVAILABLE);
    inside_set_method(r, "POST");
    assert_int_equal(ap_run_handler(r), HTTP_METHOD_NOT_ALLOWED);
}

/* the same with the shared memory of a start, in each of its forms */
static void show_page_of_this_server(void **state)
{
    static const struct {
        const char *args, *type, *has;
    } rows[] = {
        {NULL, "text/html; charset=utf-8", "<h1>"},
        {"json", "application/json", "\"issuer\""},
        {"json=", "application/json", "\"issuer\""},
        {"jsonx", "text/html; charset=utf-8", "<h1>"},
        {"openmetrics",
         "application/openmetrics-text; version=1.0.0; charset=utf-8",
         "# EOF\n"},
    };
    size_t i;

    inside_open();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/status", *state);
        const char *body;

        r->handler = "bearer-status";
        r->args = (char *)rows[i].args;
        assert_int_equal(ap_run_handler(r), OK);
        body = inside_body(r);
        unit_expect(rows[i].type, strcmp(r->content_type, rows[i].type) == 0);
        unit_expect(rows[i].type, strstr(body, rows[i].has));
        unit_expect(rows[i].type, strstr(body, "https://i.example"));
        unit_expect(rows[i].type, !strstr(body, "a secret for tests"));
    }
}

/* mod_status' page, for people and for programs */
static void show_section_of_mod_status(void **state)
{
    request_rec *r = inside_request("/server-status", *state);
    const char *body;

    (void)ap_run_status_hook(r, 0);
    body = inside_body(r);
    assert_non_null(strstr(body, "<h2>Bearer tokens</h2>"));
    assert_non_null(strstr(body, "<dt>https://i.example</dt><dd>no keys yet"));
    r = inside_request("/server-status", *state);
    (void)ap_run_status_hook(r, AP_STATUS_SHORT);
    body = inside_body(r);
    assert_int_equal(strncmp(body, "BearerAccepted: 0\n", 18), 0);
    assert_null(strchr(body, '<'));
}

static bearer_report_t *make_report(apr_pool_t *pool)
{
    bearer_report_t *report = apr_pcalloc(pool, sizeof(*report));
    bearer_report_source_t *sources = apr_pcalloc(pool, 3 * sizeof(*sources));
    bearer_source_t *source = apr_pcalloc(pool, 3 * sizeof(*source));
    int i;

    for (i = 0; i < 3; i++) {
        source[i].issuer = "https://<b>&\"'";
        source[i].location = "https://i.example/<script>?code=SEKRIT";
        sources[i].source = &source[i];
    }
    source[0].kind = BEARER_SOURCE_URL;
    source[1].kind = BEARER_SOURCE_FILE;
    source[2].kind = BEARER_SOURCE_SECRET;
    report->sources = sources;
    report->source_count = 3;
    report->now.wall = NOW;
    report->now.tick = apr_time_from_sec(100000);
    report->stats = apr_pcalloc(pool, sizeof(*report->stats));
    return report;
}

#define THIN "\xe2\x80\xaf" /* a space that does not break */

/* numbers of every size, keys of every type, and what the last rounds came to */
static void show_page_of_a_busy_server(void **state)
{
    static const char *const wanted[] = {
        "1" THIN "234" THIN "567",
        "9" THIN "530 KiB",
        "1" THIN "907 MiB",
        "500 B",
        "999 \xc2\xb5s",
        "1.5 ms",
        "2.5 s",
        "&gt; 4.1 s",
        "59 s",
        "1 min 1 s",
        "2 h 3 min",
        "1 d 3 h ago",
        "in 10 s (backing off)",
        "HTTP status 503",
        "good (",
        "none since the server was started",
        ">due<",
        "Keys are fetched by process 4711.",
        "k&lt;id\\x1b[31m\\x0a\\xe2\\x80\\xae<",
        "(none)",
        "Ed25519",
        "RS256",
        "33 %",
        "discovery",
        "<p class=bad>usable, but its refreshes fail",
        "<tr><td>4712</td>",
    };
    request_rec *r = inside_request("/status", *state);
    bearer_report_t *report = make_report(*state);
    bearer_report_source_t *sources = apr_pmemdup(
        *state, report->sources, 3 * sizeof(bearer_report_source_t));
    bearer_stats_snapshot_t *stats = apr_pcalloc(*state, sizeof(*stats));
    bearer_stats_process_t *some = apr_pcalloc(*state, 4 * sizeof(*some));
    bearer_source_t *found =
        apr_pmemdup(*state, sources[1].source, sizeof(bearer_source_t));
    const apr_time_t now = report->now.tick;
    bearer_jwk_t one = {.kid = BEARER_LIT("k<id\x1b[31m\n\xe2\x80\xae"),
                        .kty = bearer_alg_find(unit_str("EdDSA"))->kty,
                        .curve = BEARER_CURVE_ED25519,
                        .bits = 256,
                        .algs = bearer_alg_find(unit_str("EdDSA"))->bit};
    bearer_jwk_t two = {.kty = bearer_alg_find(unit_str("RS256"))->kty,
                        .bits = 2048,
                        .algs = bearer_alg_find(unit_str("RS256"))->bit};
    const bearer_jwk_t *both[] = {&one, &two};
    bearer_jwks_t keys = {.keys = both, .count = 2};
    const char *page;
    size_t i;

    sources[0].keys = &keys;
    sources[0].usable = true;
    sources[0].schedule.failures = 3;
    sources[0].schedule.last_good = now - apr_time_from_sec(97500);
    sources[0].schedule.next = now + apr_time_from_sec(10);
    sources[0].last.tick = now - apr_time_from_sec(59);
    sources[0].last.why = BEARER_HTTP_STATUS;
    sources[0].last.status = 503;
    found->location = NULL;
    sources[1].source = sources[2].source = found;
    sources[1].last.tick = now - apr_time_from_sec(61);
    report->sources = sources;
    report->leader = 4711;
    stats->sum.verdicts[BEARER_OK] = 1234567;
    stats->sum.verdicts[BEARER_EXPIRED] = 1;
    stats->sum.cache_hits = 1;
    stats->sum.cache_misses = 2;
    stats->sum.cache_bytes = 1999999999;
    stats->sum.waits = 2;
    stats->sum.wait_micros = 5000000;
    stats->sum.admit.buckets[0] = 1;
    stats->sum.admit.buckets[BEARER_COUNTS_BUCKETS - 1] = 1;
    stats->sum.admit.micros = 3000;
    stats->sum.verify[0].buckets[9] = 1;
    stats->sum.verify[0].micros = 999;
    some[0].pid = 4711;
    some[0].since = now - apr_time_from_sec(7380);
    some[0].counts.cache_bytes = 9530 * 1024;
    some[1].pid = 0;
    some[2].pid = 4712;
    some[2].since = now;
    some[2].counts.cache_bytes = 500;
    stats->processes = some;
    stats->process_count = 3;
    report->stats = stats;
    mab_page_put(r, report);
    page = inside_body(r);
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!strstr(page, wanted[i]))
            fail_msg("no \"%s\" in:\n%s", wanted[i], strstr(page, "</style>"));
    }
    /* what a query may hold */
    assert_null(strstr(page, "SEKRIT"));
    /* those that have ended are in the sum only */
    assert_null(strstr(page, "<tr><td>0</td>"));
}

/* slug, sentence and particulars; a status only where these do not have it */
static void show_why_a_refresh_failed(void **state)
{
    static const struct {
        bearer_reason_t why;
        int status;
        const char *note, *want;
    } rows[] = {
        {BEARER_FETCH_CONNECT, 0, "a<b: refused",
         "<dd>fetch_connect: no connection could be made (a&lt;b: refused) (5 "},
        {BEARER_FETCH_CONNECT, 0, "",
         "<dd>fetch_connect: no connection could be made (5 "},
        {BEARER_HTTP_STATUS, 503, "status 503", " (status 503) (5 "},
        {BEARER_HTTP_STATUS, 503, "", ", HTTP status 503 (5 "},
        {BEARER_JSON_SYNTAX, 200, "offset 7", " (offset 7), HTTP status 200 ("},
        {BEARER_OK, 200, "", "<dd>good, HTTP status 200 (5 "},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/status", *state);
        bearer_report_t *report = make_report(*state);
        bearer_report_source_t source = report->sources[0];

        source.last.tick = report->now.tick - apr_time_from_sec(5);
        source.last.why = rows[i].why;
        source.last.status = rows[i].status;
        bearer_note_set(&source.last.note, "%s", rows[i].note);
        report->sources = &source;
        report->source_count = 1;
        mab_page_put(r, report);
        unit_expect(rows[i].want, strstr(inside_body(r), rows[i].want));
    }
}

/* Random texts in all fields that others fill: what is markup of ours stays the same,
 * and of theirs there is none. */
static void show_page_escapes_any_text(void **state)
{
    static const char *const pieces[] = {"<",  ">",    "&",       "\"", "'",
                                         "</", "b",    "script>", "=",  "%s",
                                         "&#", "\x7f", "\xc3",    " ",  NULL};
    int i, plain = -1;

    for (i = 0; i < 300; i++) {
        apr_pool_t *pool;
        bearer_report_t *report;
        bearer_jwk_t one = {.kty = bearer_alg_find(unit_str("RS256"))->kty};
        const bearer_jwk_t *key = &one;
        bearer_jwks_t keys = {.keys = &key, .count = 1};
        bearer_report_source_t source;
        bearer_source_t from;
        request_rec *r;
        const char *at;
        int marks = 0;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        r = inside_request("/status", pool);
        report = make_report(pool);
        source = report->sources[0];
        from = *source.source;
        from.issuer = inside_random_text(pieces, 8, pool);
        from.location = inside_random_text(pieces, 8, pool);
        one.kid = unit_str(inside_random_text(pieces, 8, pool));
        source.keys = &keys;
        source.source = &from;
        source.last.tick = 1;
        source.last.why = BEARER_FETCH_IO;
        apr_cpystrn(source.last.note.text, inside_random_text(pieces, 8, pool),
                    sizeof(source.last.note.text));
        report->sources = &source;
        report->source_count = 1;
        mab_page_put(r, report);
        for (at = inside_body(r); *at; at++)
            marks += *at == '<' || *at == '>' || *at == '"';
        plain = plain < 0 ? marks : plain;
        assert_int_equal(marks, plain);
        apr_pool_destroy(pool);
    }
}

/* nothing of what others say is markup */
static void show_page_escapes(void **state)
{
    request_rec *r = inside_request("/status", *state);
    const char *page;

    mab_page_put(r, make_report(*state));
    page = inside_body(r);
    assert_non_null(strstr(page, "https://&lt;b&gt;&amp;"));
    assert_null(strstr(page, "<b>&"));
    assert_null(strstr(page, "<script"));
    assert_int_equal(strncmp(page, "<!DOCTYPE html>", 15), 0);
}

static void show_states(void **state)
{
    static const bearer_jwks_t keys;
    bearer_report_source_t one = make_report(*state)->sources[0];

    assert_string_equal(mab_page_state(&one), "no keys yet");
    one.keys = &keys;
    assert_string_equal(mab_page_state(&one), "its keys are too old");
    one.usable = true;
    assert_string_equal(mab_page_state(&one), "usable");
    one.schedule.failures = 1;
    assert_string_equal(mab_page_state(&one), "usable, but its refreshes fail");
    one = make_report(*state)->sources[2];
    assert_string_equal(mab_page_state(&one), "shared secret");
}

int inside_show(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(show_dump),
        unit_row(show_model),
        unit_row(show_nothing_without_shared_memory),
        unit_row(show_page_of_this_server),
        unit_row(show_section_of_mod_status),
        unit_row(show_page_of_a_busy_server),
        unit_row(show_why_a_refresh_failed),
        unit_row(show_page_escapes_any_text),
        unit_row(show_page_escapes),
        unit_row(show_states),
    };

    return unit_run(tests);
}
