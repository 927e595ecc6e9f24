/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/source.h"

/* --- one source on several lines --------------------------------------- */

static void source_takes_the_strictest_numbers(void **state BEARER_UNUSED)
{
    const bearer_source_t loose = {
        .timeout = 10, .connect = 9, .max_body = 8, .schedule = {7, 6, 5}};
    const bearer_source_t strict = {
        .timeout = 9, .connect = 8, .max_body = 7, .schedule = {6, 5, 4}};
    bearer_source_t source = strict;
    bearer_source_t mixed = loose;

    bearer_source_tighten(&source, &loose);
    assert_memory_equal(&source, &strict, sizeof(source));
    source = loose;
    bearer_source_tighten(&source, &strict);
    assert_true(source.tightened);
    source.tightened = false;
    assert_memory_equal(&source, &strict, sizeof(source));
    /* each by itself */
    mixed.schedule.stale = 1;
    source = strict;
    bearer_source_tighten(&source, &mixed);
    assert_true(source.tightened);
    assert_int_equal(source.schedule.stale, 1);
    assert_int_equal(source.schedule.refresh, 6);
    assert_int_equal(source.timeout, 9);
}

/* --- plain http ---------------------------------------------------------- */

static void source_may_use_http_where_it_was_written(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bool allowed;
        bearer_source_kind_t kind;
        const char *issuer, *location;
        bool want;
    } cases[] = {
        {"https issuer", true, BEARER_SOURCE_DISCOVERY, "https://a", NULL,
         false},
        {"http issuer", true, BEARER_SOURCE_DISCOVERY, "http://127.0.0.1", NULL,
         true},
        {"in capitals", true, BEARER_SOURCE_DISCOVERY, "HTTP://127.0.0.1", NULL,
         true},
        {"not allowed", false, BEARER_SOURCE_DISCOVERY, "http://127.0.0.1",
         NULL, false},
        {"http keys of an https issuer", true, BEARER_SOURCE_URL, "https://a",
         "http://127.0.0.1/k", true},
        {"http addresses of kids", true, BEARER_SOURCE_PER_KID, "https://a",
         "http://127.0.0.1/k/", true},
        {"https addresses of kids", true, BEARER_SOURCE_PER_KID,
         "http://127.0.0.1", "https://a/k/", false},
        {"https keys of an http issuer", true, BEARER_SOURCE_URL,
         "http://127.0.0.1", "https://a/k", false},
        {"http metadata of an https issuer", true, BEARER_SOURCE_DISCOVERY,
         "https://a", "http://127.0.0.1/m", true},
        {"https metadata of an http issuer", true, BEARER_SOURCE_DISCOVERY,
         "http://127.0.0.1", "https://a/m", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_source_t source = {.issuer = cases[i].issuer,
                                  .kind = cases[i].kind,
                                  .location = cases[i].location,
                                  .http_loopback = cases[i].allowed};

        bearer_source_narrow_http(&source);
        unit_expect(cases[i].name, source.http_loopback == cases[i].want);
    }
}

/* --- identity ----------------------------------------------------------- */

static void source_is_told_from_others(void **state BEARER_UNUSED)
{
    static const struct {
        const char *issuer;
        bearer_source_kind_t kind;
        const char *location;
    } cases[] = {
        {"https://a", BEARER_SOURCE_DISCOVERY, NULL},
        {"https://a/", BEARER_SOURCE_DISCOVERY, NULL},
        {"https://a", BEARER_SOURCE_DISCOVERY, "https://a/k"},
        {"https://a", BEARER_SOURCE_URL, "https://a/k"},
        {"https://a", BEARER_SOURCE_FILE, "https://a/k"},
        {"https://a", BEARER_SOURCE_SECRET, "https://a/k"},
        {"https://a", BEARER_SOURCE_PER_KID, "https://a/k"},
        {"https://a", BEARER_SOURCE_URL, "https://a/"},
        {"https://b", BEARER_SOURCE_URL, "https://a/k"},
        {"https://aa", BEARER_SOURCE_URL, "b"},
        {"https://a", BEARER_SOURCE_URL, "ab"},
        {"https://", BEARER_SOURCE_URL, "aab"},
        /* the same bytes in a row, except for their lengths */
        {"https://a\x01"
         "b",
         BEARER_SOURCE_URL, "c"},
        {"https://a", BEARER_SOURCE_URL,
         "b\x01"
         "c"},
    };
    enum { COUNT = sizeof(cases) / sizeof(cases[0]) };
    bearer_source_t sources[COUNT];
    bearer_board_id_t trusting[10];
    bearer_source_t again;
    int i, j;

    memset(sources, 0, sizeof(sources));
    for (i = 0; i < COUNT; i++) {
        sources[i].issuer = cases[i].issuer;
        sources[i].kind = cases[i].kind;
        sources[i].location = cases[i].location;
        assert_int_equal(bearer_source_identify(&sources[i]), BEARER_OK);
        for (j = 0; j < i; j++)
            assert_memory_not_equal(&sources[i].slot.id, &sources[j].slot.id,
                                    sizeof(sources[i].slot.id));
    }
    for (i = 0; i < 10; i++) {
        again = sources[3];
        again.http_loopback = i == 0;
        again.proxies.https = i == 1 ? "a" : NULL;
        again.ca = i == 2 ? "a" : NULL;
        again.proxies.http = i == 3 ? "a" : NULL;
        again.proxies.except = i == 4 ? "a" : NULL;
        again.address = i == 5 ? "a" : NULL;
        again.credentials.token = i == 6 ? "a" : NULL;
        again.credentials.header = i == 7 ? "a" : NULL;
        again.credentials.cert = i == 8 ? "a" : NULL;
        again.credentials.key = i == 9 ? "a" : NULL;
        assert_int_equal(bearer_source_identify(&again), BEARER_OK);
        trusting[i] = again.slot.id;
        assert_memory_not_equal(&again.slot.id, &sources[3].slot.id,
                                sizeof(again.slot.id));
        for (j = 0; j < i; j++)
            assert_memory_not_equal(&again.slot.id, &trusting[j],
                                    sizeof(again.slot.id));
    }
    again = sources[3];
    again.schedule.refresh = 7;
    again.timeout = 8;
    again.slot.number = 9;
    assert_int_equal(bearer_source_identify(&again), BEARER_OK);
    assert_memory_equal(&again.slot.id, &sources[3].slot.id,
                        sizeof(again.slot.id));
}

/* the key store names its files by it: keys that an older version stored are found */
static void source_keeps_its_identity(void **state BEARER_UNUSED)
{
    static const unsigned char before[] = {
        0xcf, 0x08, 0x90, 0xcf, 0x4e, 0xca, 0x1e, 0x68, 0x0b, 0xa9, 0x49,
        0x6a, 0x47, 0xd7, 0x85, 0x61, 0xf4, 0x38, 0x7f, 0x41, 0x62, 0x19,
        0x5c, 0x63, 0x7d, 0xb0, 0xd5, 0xdb, 0x5d, 0xee, 0xed, 0x31};
    bearer_source_t source = {.issuer = "https://a",
                              .kind = BEARER_SOURCE_URL,
                              .location = "https://a/k",
                              .ca = "/ca.pem"};

    assert_int_equal(bearer_source_identify(&source), BEARER_OK);
    assert_memory_equal(source.slot.id.bytes, before, sizeof(before));
}

/* --- home --------------------------------------------------------------- */

static void source_is_at_home_at_one_origin(void **state)
{
    static const struct {
        const char *issuer, *keys, *address;
        bool want;
    } cases[] = {
        {"https://a/realm", NULL, "https://a/.well-known/x", true},
        {"https://a/realm", NULL, "https://a:443/keys", true},
        {"https://a/realm", NULL, "https://b/keys", false},
        {"https://a/realm", NULL, "https://a.b/keys", false},
        {"https://a/realm", NULL, "https://a:8443/keys", false},
        {"https://a/realm", NULL, "http://a/keys", false},
        {"https://a/realm", NULL, "nonsense", false},
        /* what was written is keys=, whatever the issuer is called */
        {"https://a", "https://k/keys", "https://k/keys", true},
        {"https://a", "https://k/keys", "https://a/keys", false},
        {"kubernetes/serviceaccount", "https://k/keys", "https://k/x", true},
        {"kubernetes/serviceaccount", NULL, "https://k/x", false},
        /* so is metadata= */
        {"https://a/{tid}", "+https://m/x", "https://m/keys", true},
        {"https://a/{tid}", "+https://m/x", "https://a/keys", false},
        {"http://127.0.0.1:1", NULL, "http://127.0.0.1:1/k", true},
        {"http://127.0.0.1:1", NULL, "http://127.0.0.1:2/k", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_source_t source = {
            .issuer = cases[i].issuer,
            .kind = cases[i].keys ? BEARER_SOURCE_URL : BEARER_SOURCE_DISCOVERY,
            .location = cases[i].keys};
        const char *origin = NULL;

        if (cases[i].keys && *cases[i].keys == '+') {
            source.kind = BEARER_SOURCE_DISCOVERY;
            source.location++;
        }

        unit_expect(
            cases[i].address,
            bearer_source_is_home(&source, cases[i].address, &origin, *state)
                == cases[i].want);
        unit_expect(cases[i].address, !cases[i].want || origin);
    }
}

/* keys that count for SVIDs only never serve a line that does not say so */
static void source_of_svids_is_another(void **state BEARER_UNUSED)
{
    bearer_source_t source = {.issuer = "https://a",
                              .kind = BEARER_SOURCE_URL,
                              .location = "https://a/k"};
    bearer_source_t svid = source;

    svid.svid = true;
    assert_int_equal(bearer_source_identify(&source), BEARER_OK);
    assert_int_equal(bearer_source_identify(&svid), BEARER_OK);
    assert_false(bearer_source_is_same(&source, &svid));
}

static void source_says_which_documents_it_reads(void **state BEARER_UNUSED)
{
    static const struct {
        bearer_source_kind_t kind;
        bool any, file;
    } cases[] = {
        {BEARER_SOURCE_DISCOVERY, false, false},
        {BEARER_SOURCE_URL, true, false},
        {BEARER_SOURCE_FILE, true, true},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_source_t source = {.kind = cases[i].kind};

        assert_int_equal(bearer_source_form(&source).any, cases[i].any);
        assert_int_equal(bearer_source_form(&source).file, cases[i].file);
        assert_false(bearer_source_form(&source).svid);
        source.svid = true;
        assert_true(bearer_source_form(&source).svid);
    }
}

/* --- kinds --------------------------------------------------------------- */

static void source_is_of_a_kind(void **state BEARER_UNUSED)
{
    static const struct {
        bearer_source_kind_t kind;
        const char *name;
        bool fetched;
        int refresh; /* seconds, of 3600 */
    } cases[] = {
        {BEARER_SOURCE_DISCOVERY, "discovery", true, 3600},
        {BEARER_SOURCE_URL, "url", true, 3600},
        {BEARER_SOURCE_FILE, "file", false, 10},
        {BEARER_SOURCE_SECRET, "secret", false, 3600},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_source_t source = {.kind = cases[i].kind};

        source.schedule.refresh = apr_time_from_sec(3600);
        assert_string_equal(bearer_source_kind(&source), cases[i].name);
        unit_expect(cases[i].name,
                    bearer_source_is_fetched(&source) == cases[i].fetched);
        unit_expect(cases[i].name, bearer_source_schedule(&source).refresh
                                       == apr_time_from_sec(cases[i].refresh));
        source.schedule.refresh = apr_time_from_sec(5);
        unit_expect(cases[i].name, bearer_source_schedule(&source).refresh
                                       == apr_time_from_sec(5));
    }
}

static void source_is_the_same_by_identity(void **state BEARER_UNUSED)
{
    bearer_source_t a = {.timeout = 1}, b = {.timeout = 2};

    assert_true(bearer_source_is_same(&a, &b));
    b.slot.id.bytes[31] = 1;
    assert_false(bearer_source_is_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(source_of_svids_is_another),
        unit_row(source_says_which_documents_it_reads),
        unit_row(source_is_told_from_others),
        unit_row(source_keeps_its_identity),
        unit_row(source_is_at_home_at_one_origin),
        unit_row(source_may_use_http_where_it_was_written),
        unit_row(source_takes_the_strictest_numbers),
        unit_row(source_is_of_a_kind),
        unit_row(source_is_the_same_by_identity),
    };

    return unit_run(tests);
}
