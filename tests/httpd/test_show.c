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

#include "httpd/conf/dump.h"
#include "httpd/status/page.h"

/* --- the dump ---------------------------------------------------------------------------- */

/* what a call writes to the standard output */
static const char *dumped(server_rec *s, apr_pool_t *pool)
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
    mab_dump_places(pool, s);
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

    assert_string_equal(dumped(r->server, *state), "");
    *(const char **)apr_array_push(ap_server_config_defines) = "DUMP_BEARER";
    text = dumped(r->server, *state);
    (void)apr_array_pop(ap_server_config_defines);
    assert_int_equal(strncmp(text, "Places with AuthType Bearer: 13\n", 32), 0);
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
    expect_line(text, "claim", "none", *state);
    expect_line(text, "cross-origin",
                "https://app.example https://other.example", *state);
    expect_line(text, "resource", "off", *state);
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
        source[i].location = "https://i.example/<script>";
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
        unit_row(show_nothing_without_shared_memory),
        unit_row(show_page_of_this_server),
        unit_row(show_section_of_mod_status),
        unit_row(show_page_escapes),
        unit_row(show_states),
    };

    return unit_run(tests);
}
