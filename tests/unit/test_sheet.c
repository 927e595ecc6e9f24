/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/sheet.h"
#include "bearer/text/json.h"

static const bearer_source_t full = {
    .issuer = "https://i.example",
    .kind = BEARER_SOURCE_URL,
    .location = "https://i.example/\"keys\"",
    .http_loopback = true,
    .svid = true,
    .proxies = {"http://p.example:1", "http://p.example:2", "a,b"},
    .ca = "/etc/ca.pem",
    .address = "127.0.0.1:1",
    .credentials = {"/etc/token", "/etc/header", "/etc/cert", "/etc/key"},
    .timeout = 5000000,
    .connect = 2000000,
    .max_body = 262144,
    .schedule = {3600000000, 60000000, 86400000000},
    .tightened = true,
};

static const char *written(const bearer_source_t *source, apr_pool_t *pool)
{
    bearer_write_t json;

    bearer_write_begin(&json, BEARER_WRITE_ASCII, pool);
    bearer_write_open(&json, NULL, '{');
    bearer_sheet_write(&json, source);
    bearer_write_close(&json);
    return bearer_write_end(&json).data;
}

static bool is_read(const char *text, bearer_source_t *out, apr_pool_t *pool)
{
    const bearer_value_t *json;

    assert_int_equal(bearer_json_parse(unit_str(text), &json, NULL, pool), 0);
    return bearer_sheet_read(json, out, pool);
}

static void expect_same(bearer_source_t a, bearer_source_t b)
{
    assert_int_equal(bearer_source_identify(&a), BEARER_OK);
    assert_int_equal(bearer_source_identify(&b), BEARER_OK);
    assert_true(bearer_source_is_same(&a, &b));
    assert_int_equal(a.timeout, b.timeout);
    assert_int_equal(a.connect, b.connect);
    assert_int_equal(a.max_body, b.max_body);
    assert_int_equal(a.tightened, b.tightened);
    assert_memory_equal(&a.schedule, &b.schedule, sizeof(a.schedule));
}

static void sheet_is_read_as_it_was_written(void **state)
{
    bearer_source_t bare = {.issuer = "https://i.example"};
    bearer_source_t got;

    memset(&got, 0xff, sizeof(got));
    assert_true(is_read(written(&full, *state), &got, *state));
    expect_same(got, full);
    assert_null(got.tls);
    assert_true(is_read(written(&bare, *state), &got, *state));
    expect_same(got, bare);
    assert_null(got.location);
}

static void sheet_keeps_each_kind(void **state)
{
    bearer_source_t source = full, got;
    int kind;

    for (kind = 0; kind <= BEARER_SOURCE_PER_KID; kind++) {
        source.kind = (bearer_source_kind_t)kind;
        assert_true(is_read(written(&source, *state), &got, *state));
        assert_int_equal(got.kind, kind);
    }
}

/* each member in turn is missing, or of another type */
static void sheet_refuses_half_of_it(void **state)
{
    const char *text = written(&full, *state);
    const char *at = text, *end;
    bearer_source_t got;
    int members = 0;

    for (; at; at = end, members++) {
        const char *name = at + 1;

        end = strstr(name, ",\"");
        if (!end)
            break;
        assert_false(is_read(
            apr_psprintf(*state, "%.*s%s", (int)(name - text), text, end + 1),
            &got, *state));
        assert_false(is_read(apr_psprintf(*state, "%.*s[1]%s",
                                          (int)(strchr(name, ':') + 1 - text),
                                          text, end),
                             &got, *state));
    }
    assert_true(members > 12);
    assert_false(is_read("{}", &got, *state));
}

static void sheet_refuses_what_is_no_source(void **state)
{
    static const char *const kinds[] = {"", "files", "FILE", "discover"};
    bearer_source_t negative = full, got;
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *rest = strchr(written(&full, *state), ',');

        unit_expect(
            kinds[i],
            !is_read(apr_psprintf(*state, "{\"kind\":\"%s\"%s", kinds[i], rest),
                     &got, *state));
    }
    negative.schedule.stale = -1;
    assert_false(is_read(written(&negative, *state), &got, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(sheet_is_read_as_it_was_written),
        unit_row(sheet_keeps_each_kind),
        unit_row(sheet_refuses_half_of_it),
        unit_row(sheet_refuses_what_is_no_source),
    };

    return unit_run(tests);
}
