/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>

#include "bearer/base/log.h"
#include "bearer/keys/restore.h"
#include "tests/unit/files.h"
#include "tests/unit/slots.h"
#include "tests/unit/world.h"

#define ISSUER   "https://issuer.example/realm"
#define KEYS     "https://issuer.example/keys"
#define METADATA ISSUER "/.well-known/openid-configuration"
#define METADATA_1                                                             \
    "https://issuer.example/.well-known/oauth-authorization-server/realm"
#define METADATA_2                                                             \
    "https://issuer.example/.well-known/openid-configuration/realm"

/* RFC 7517 A.1 */
#define POINT                                                                  \
    "\"kty\":\"EC\",\"crv\":\"P-256\","                                        \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                   \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define KEY(kid)      "{" POINT ",\"kid\":\"" kid "\"}"
#define ONE(kid)      "{\"keys\":[" KEY(kid) "]}"
#define TWO(one, two) "{\"keys\":[" KEY(one) "," KEY(two) "]}"
#define BROKEN        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A=\",\"y\":\"AA\"}"
#define FOUND(uri)    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" uri "\"}"
#define HTML          "<!doctype html><title>log in</title>"
#define PEM                                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/mYc4fPXF8AS0ZxwtiBRbTYoAM8z\n"       \
    "Vu/v/ItV40fk8G3JXuEnCrd21SldrmcUIy1Sw+cgCFZtsYyWg3nXS/6fJg==\n"           \
    "-----END PUBLIC KEY-----\n"

/* what the fake network says at one address */
typedef struct answer_t {
    const char *url;
    bearer_reason_t why;
    bearer_http_response_t response;
} answer_t;

typedef struct line_t {
    bearer_level_t level;
    char id[16];
    char text[1024];
} line_t;

/* a board, a network, a clock and a log, all of them ours */
typedef struct world_t {
    bearer_source_t source;
    bearer_refresh_t *refresh;
    bearer_refresh_env_t env;
    bearer_outcome_t result;
    bearer_now_t now;
    answer_t answers[8];
    int answered;
    bearer_reason_t others; /* what comes from any other address; OK: a 404 */
    const char *asked[64];  /* addresses, in order */
    const char *etags[64];  /* what each was asked with */
    int asks;
    line_t lines[32];
    int written;
    int locks, locked;
    apr_uint32_t stop;
    int stop_after; /* fetches; 0: never */
    apr_pool_t *pool;
} world_t;

static world_t *world; /* a fetch has no baton */

static bearer_reason_t fetch(const bearer_fetch_request_t *request,
                             const bearer_http_response_t **out,
                             bearer_note_t *note, apr_pool_t *pool)
{
    static const bearer_http_response_t missing = {.status = 404};
    bearer_http_response_t *response;
    int i;

    assert_int_equal(world->locked, 0); /* nobody waits for the network */
    assert_ptr_equal(request->stop, &world->stop);
    assert_int_equal(request->max_body, world->source.max_body);
    assert_true(world->asks < 64);
    world->asked[world->asks] = apr_pstrdup(world->pool, request->url);
    world->etags[world->asks++] =
        request->etag ? apr_pstrdup(world->pool, request->etag) : NULL;
    if (world->stop_after && world->asks >= world->stop_after)
        world->stop = 1;
    *out = &missing;
    for (i = 0; i < world->answered; i++) {
        answer_t *answer = &world->answers[i];

        if (strcmp(answer->url, request->url) != 0)
            continue;
        bearer_note_set(note, answer->why ? "fake" : "");
        if (answer->why)
            return answer->why;
        response = apr_pmemdup(pool, &answer->response, sizeof(*response));
        if (request->etag && response->etag
            && !strcmp(request->etag, response->etag)) {
            response->status = 304;
            response->body.len = 0;
        }
        *out = response;
        return BEARER_OK;
    }
    return world->others;
}

static void lock(void *baton)
{
    world_t *w = baton;

    w->locks++;
    w->locked++;
}

static void unlock(void *baton)
{
    ((world_t *)baton)->locked--;
}

static bearer_now_t now(void *baton)
{
    return ((world_t *)baton)->now;
}

static double jitter(void *baton BEARER_UNUSED)
{
    return 0.0;
}

static void write_line(bearer_level_t level, const char *id, const char *text,
                       void *baton)
{
    world_t *w = baton;
    line_t *line = &w->lines[w->written++];

    assert_true(w->written <= 32);
    line->level = level;
    apr_cpystrn(line->id, id, sizeof(line->id));
    apr_cpystrn(line->text, text, sizeof(line->text));
}

/* a second process with the same board */
static void restart(world_t *w)
{
    w->refresh = bearer_refresh_create(&w->source, w->pool);
}

static world_t *create(bearer_source_kind_t kind, const char *location,
                       apr_pool_t *pool)
{
    world_t *w = apr_pcalloc(pool, sizeof(*w));

    world = w;
    w->pool = pool;
    w->now.wall = NOW;
    w->now.tick = apr_time_from_sec(1000);
    w->source.issuer = ISSUER;
    w->source.kind = kind;
    w->source.location = location;
    w->source.max_body = 262144;
    w->source.schedule = world_hourly;
    assert_int_equal(bearer_source_identify(&w->source), BEARER_OK);
    w->env.board = world_board(2, pool);
    assert_true(bearer_board_claim(w->env.board, &w->source.slot, 1));
    w->env.fetch = fetch;
    w->env.lock = lock;
    w->env.unlock = unlock;
    w->env.now = now;
    w->env.jitter = jitter;
    w->env.stop = &w->stop;
    w->env.baton = w;
    bearer_log_install(write_line, w);
    restart(w);
    return w;
}

static bearer_http_response_t *answer(world_t *w, const char *url, int status,
                                      const char *body)
{
    answer_t *found = NULL;
    int i;

    for (i = 0; i < w->answered; i++) {
        if (!strcmp(w->answers[i].url, url))
            found = &w->answers[i];
    }
    if (!found)
        found = &w->answers[w->answered++];
    assert_true(w->answered <= 8);
    memset(found, 0, sizeof(*found));
    found->url = url;
    found->response.status = status;
    found->response.body = unit_str(body);
    return &found->response;
}

static void fail_at(world_t *w, const char *url, bearer_reason_t why)
{
    bearer_http_response_t *response = answer(w, url, 0, "");
    int i;

    for (i = 0; i < w->answered; i++) {
        if (&w->answers[i].response == response)
            w->answers[i].why = why;
    }
}

static void advance(world_t *w, int seconds)
{
    w->now.tick += apr_time_from_sec(seconds);
    w->now.wall += seconds;
}

/* one round; the lines and the fetches of earlier ones are forgotten */
static const bearer_outcome_t *run(world_t *w)
{
    int locks = w->locks;

    w->written = 0;
    w->asks = 0;
    bearer_refresh_run(w->refresh, &w->env, &w->result, w->pool);
    assert_int_equal(w->locked, 0);
    assert_true(w->locks <= locks + 2);
    return &w->result;
}

/* a 304, or the same keys again */
static bool is_unchanged(const bearer_outcome_t *result)
{
    return !result->why && !result->changed;
}

static bool is_due(const world_t *w)
{
    return bearer_refresh_next(w->refresh, &w->env) <= w->now.tick;
}

static bearer_schedule_t schedule(const world_t *w)
{
    return bearer_board_schedule(w->env.board, &w->source.slot);
}

/* the document on the board, NULL: none */
static const char *posted(const world_t *w)
{
    bearer_str_t text;
    apr_uint64_t version;

    if (bearer_board_read(w->env.board, &w->source.slot, &text, &version,
                          w->pool))
        return NULL;
    return text.data;
}

static bool has(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

static bool line_has(const world_t *w, int i, const char *part)
{
    return i < w->written && has(w->lines[i].text, part);
}

/* the addresses asked for, in order, separated by spaces */
static const char *path_taken(const world_t *w)
{
    const char *path = "";
    int i;

    for (i = 0; i < w->asks; i++)
        path = apr_pstrcat(w->pool, path, i ? " " : "", w->asked[i], NULL);
    return path;
}

static const char *many_keys(int count, int kid_size, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, "{\"keys\":[");
    char *filler = apr_palloc(pool, (apr_size_t)kid_size + 1);
    int i;

    memset(filler, 'k', (apr_size_t)kid_size);
    filler[kid_size] = '\0';
    for (i = 0; i < count; i++)
        text = apr_psprintf(pool, "%s%s{" POINT ",\"kid\":\"%d%s\"}", text,
                            i ? "," : "", i, filler);
    return apr_pstrcat(pool, text, "]}", NULL);
}

/* --- documents ---------------------------------------------------------- */

static const struct bad_t {
    const char *name;
    int status;
    const char *body;
    const char *want;
} bad[] = {
    {"no keys in the array", 200, "{\"keys\":[]}", "jwks_none"},
    {"an empty object", 200, "{}", "jwks_form"},
    {"keys is an object", 200, "{\"keys\":{}}", "jwks_form"},
    {"an empty body", 200, "", "json_syntax"},
    {"HTML with 200", 200, HTML, "json_syntax"},
    {"cut off", 200, "{\"keys\":[" KEY("new"), "json_syntax"},
    {"keys twice", 200, "{\"keys\":[" KEY("new") "],\"keys\":[]}",
     "json_duplicate"},
    {"a kid twice in one key", 200,
     "{\"keys\":[{" POINT ",\"kid\":\"new\",\"kid\":\"b\"}]}",
     "json_duplicate"},
    {"nested deep", 200,
     "{\"keys\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]]]]}",
     "json_depth"},
    {"only a broken key", 200, "{\"keys\":[" BROKEN "]}", "jwks_empty"},
    {"only a secret", 200, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
     "jwks_empty"},
    {"good keys with 500", 500, ONE("new"), "http_status"},
    {"good keys with 404", 404, ONE("new"), "http_status"},
    {"good keys with 203", 203, ONE("new"), "http_status"},
    {"no content", 204, "", "http_status"},
    {"a redirect", 302, ONE("new"), "http_status"},
    {"a 304 that nobody asked for", 304, "", "http_status"},
};

static void expect_kept(const world_t *w, const char *name, const char *want,
                        const char *before)
{
    const char *after = posted(w);

    unit_expect_reason(name, w->result.why, want);
    unit_expect(name, w->result.why && !w->result.changed);
    unit_expect(name, before ? after && !strcmp(before, after) : !after);
    unit_expect(name, schedule(w).failures == 1);
    unit_expect(name, w->written == 1);
    unit_expect(name, !strcmp(w->lines[0].id, "MAB0201"));
    unit_expect(name, w->lines[0].level == BEARER_LEVEL_WARNING);
    unit_expect(name, line_has(w, 0, want));
    unit_expect(name, line_has(w, 0, ISSUER));
    unit_expect(name, line_has(w, 0, KEYS));
    unit_expect(name, line_has(w, 0, "next try in 1 s"));
    unit_expect(name, line_has(w, 0,
                               before ? "the keys in use are 3000 s old"
                                      : "there are no keys"));
    unit_expect(name, !strcmp(w->result.tried, KEYS));
}

static void refresh_never_replaces_good_keys_by_a_bad_document(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
        const char *before;

        (void)answer(w, KEYS, 200, ONE("good"));
        unit_expect_reason(bad[i].name, run(w)->why, "ok");
        before = posted(w);
        unit_expect(bad[i].name, has(before, "good"));
        advance(w, 3000);
        (void)answer(w, KEYS, bad[i].status, bad[i].body);
        (void)run(w);
        expect_kept(w, bad[i].name, bad[i].want, before);
        unit_expect(bad[i].name, w->result.status == bad[i].status);
        unit_expect(bad[i].name,
                    schedule(w).last_good == apr_time_from_sec(1000));
    }
}

static void refresh_posts_nothing_of_a_bad_document(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

        (void)answer(w, KEYS, bad[i].status, bad[i].body);
        (void)run(w);
        expect_kept(w, bad[i].name, bad[i].want, NULL);
        unit_expect(bad[i].name, schedule(w).last_good == 0);
    }
}

static void refresh_keeps_good_keys_when_the_fetch_fails(void **state)
{
    static const bearer_reason_t reasons[] = {
        BEARER_FETCH_RESOLVE,  BEARER_FETCH_CONNECT,    BEARER_FETCH_TLS,
        BEARER_FETCH_PROXY,    BEARER_FETCH_TIMEOUT,    BEARER_FETCH_IO,
        BEARER_HTTP_FORM,      BEARER_HTTP_HEADER_SIZE, BEARER_HTTP_BODY_SIZE,
        BEARER_HTTP_TRUNCATED, BEARER_HTTP_ENCODING,    BEARER_URL_FORM};
    apr_size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
        const char *slug = bearer_error_find(reasons[i])->slug;
        const char *before;

        (void)answer(w, KEYS, 200, ONE("good"));
        (void)run(w);
        before = posted(w);
        advance(w, 3000);
        fail_at(w, KEYS, reasons[i]);
        (void)run(w);
        expect_kept(w, slug, slug, before);
        unit_expect(slug, w->result.status == 0);
        unit_expect(slug, line_has(w, 0, "(fake)"));
    }
}

static void refresh_keeps_good_keys_when_the_new_ones_are_too_many(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    const char *before;

    (void)answer(w, KEYS, 200, ONE("good"));
    (void)run(w);
    before = posted(w);
    advance(w, 3000);
    (void)answer(w, KEYS, 200, many_keys(200, 900, *state));
    (void)run(w);
    expect_kept(w, "200 keys of 1 kB", "jwks_size", before);
    assert_true(line_has(w, 0, "200 keys, "));
}

static void refresh_shows_where_a_redirect_leads_and_does_not_go(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    answer(w, KEYS, 302, "")->location = "https://evil.example/\r\nX: \"";
    unit_expect_reason("redirect", run(w)->why, "http_status");
    assert_string_equal(path_taken(w), KEYS);
    assert_string_equal(
        w->result.note.text,
        "status 302, not followed to https://evil.example/\\x0d\\x0aX: \\x22");
}

/* the page shows it to people who have no business with the issuer's secrets */
static void refresh_shows_no_secret_of_a_redirect(void **state)
{
    static const struct {
        const char *location, *want;
    } cases[] = {
        {"https://i/x?sig=hush", "https://i/x"},
        {"https://i/x#hush", "https://i/x"},
        {"https://u:hush@i/x", "i/x"},
        {"//u:hush@i", "i"},
        {"https://u@hush@i/a@b", "i/a@b"},
        {"https://i?u//hush@j", "https://i"},
        {"/x?hush", "/x"},
        {"/a@b", "/a@b"},
        {"?hush", ""},
        {"", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

        answer(w, KEYS, 302, "")->location = cases[i].location;
        unit_expect_reason(cases[i].location, run(w)->why, "http_status");
        assert_string_equal(w->result.note.text,
                            apr_psprintf(*state,
                                         "status 302, not followed to %s",
                                         cases[i].want));
    }
}

static void refresh_serves_the_good_keys_of_a_document(void **state)
{
    static const struct {
        const char *name, *body;
        int keys, skipped;
        const char *reason;
        bearer_level_t level;
    } cases[] = {
        {"one key", ONE("a"), 1, 0, NULL, BEARER_LEVEL_INFO},
        {"broken beside good", "{\"keys\":[" BROKEN "," KEY("a") "]}", 1, 1,
         "jwk_member", BEARER_LEVEL_WARNING},
        {"a key that is no object", "{\"keys\":[7," KEY("a") "]}", 1, 1,
         "jwk_form", BEARER_LEVEL_WARNING},
        {"a key for encryption",
         "{\"keys\":[" KEY("a") ",{" POINT ",\"use\":\"enc\"}]}", 1, 1,
         "jwk_use", BEARER_LEVEL_DEBUG},
        {"a secret beside a key",
         "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}," KEY("a") "]}", 1, 1,
         "jwk_oct_published", BEARER_LEVEL_WARNING},
        {"one kid for two keys",
         "{\"keys\":[" KEY("a") ",{" POINT
                                ",\"kid\":\"a\",\"alg\":\"ES256\"}]}",
         2, 0, NULL, BEARER_LEVEL_INFO},
        {"no kid, no alg", "{\"keys\":[{" POINT "}]}", 1, 0, NULL,
         BEARER_LEVEL_INFO},
        {"x5c and other members",
         "{\"keys\":[{" POINT
         ",\"x5c\":[\"MIIB\"],\"x5t\":\"AA\",\"issuer\":\"x\"}]}",
         1, 0, NULL, BEARER_LEVEL_INFO},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
        const char *name = cases[i].name;
        int skipped = cases[i].reason != NULL;

        (void)answer(w, KEYS, 200, cases[i].body);
        unit_expect_reason(name, run(w)->why, "ok");
        unit_expect(name, w->result.changed);
        unit_expect(name, w->result.keys == cases[i].keys);
        unit_expect(name, w->result.skipped == cases[i].skipped);
        unit_expect(name, posted(w) != NULL);
        unit_expect(name, w->written == 1 + skipped);
        unit_expect(name, line_has(w, skipped, "keys loaded: "));
        unit_expect(name, w->lines[skipped].level == BEARER_LEVEL_INFO);
        unit_expect(name, !w->lines[skipped].id[0]);
        if (!skipped)
            continue;
        unit_expect(name, line_has(w, 0, cases[i].reason));
        unit_expect(name, w->lines[0].level == cases[i].level);
        unit_expect(
            name,
            !strcmp(w->lines[0].id,
                    cases[i].level == BEARER_LEVEL_WARNING ? "MAB0202" : ""));
    }
}

static void refresh_takes_a_hundred_keys(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, many_keys(100, 10, *state));
    unit_expect_reason("100 keys", run(w)->why, "ok");
    assert_int_equal(w->result.keys, 100);
    assert_true(has(posted(w), "\"99kkkkkkkkkk\""));
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "keys loaded: 100 ("));
}

static void refresh_tells_once_of_a_key_that_cannot_be_used(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    /* the usable keys stay as they are, so nothing is posted */
    (void)answer(w, KEYS, 200, "{\"keys\":[" KEY("a") "," BROKEN "]}");
    (void)run(w);
    assert_true(is_unchanged(&w->result));
    assert_int_equal(w->result.skipped, 1);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "1 of 2 keys not used, the first: jwk_member"));
    (void)run(w);
    assert_int_equal(w->written, 0);
    (void)answer(w, KEYS, 200,
                 "{\"keys\":[" KEY("a") "," BROKEN "," BROKEN "]}");
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "2 of 3 keys not used"));
    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    assert_int_equal(w->written, 0);
    assert_int_equal(w->result.skipped, 0);
}

/* --- freshness, ETag, rotation ------------------------------------------ */

static void refresh_comes_back_when_the_answer_says(void **state)
{
    static const struct {
        const char *name, *cache_control, *age, *expires, *date;
        int fresh;
    } cases[] = {
        {"nothing said", NULL, NULL, NULL, NULL, 3600},
        {"max-age", "public, max-age=600", NULL, NULL, NULL, 600},
        {"max-age less age", "max-age=600", "100", NULL, NULL, 500},
        {"no-store", "no-store", NULL, NULL, NULL, 60},
        {"a year", "max-age=31536000", NULL, NULL, NULL, 3600},
        {"expires", NULL, NULL, "Fri, 15 Jan 2027 08:10:00 GMT",
         "Fri, 15 Jan 2027 08:00:00 GMT", 600},
        {"expires by our clock", NULL, NULL, "Fri, 15 Jan 2027 08:10:00 GMT",
         NULL, 600},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
        bearer_http_response_t *response = answer(w, KEYS, 200, ONE("a"));
        apr_time_t least =
            w->now.tick + apr_time_from_sec(cases[i].fresh) * 79 / 100;
        apr_time_t most = w->now.tick + apr_time_from_sec(cases[i].fresh);

        response->cache_control = cases[i].cache_control;
        response->age = cases[i].age;
        response->expires = cases[i].expires;
        response->date = cases[i].date;
        unit_expect(cases[i].name, is_due(w));
        (void)run(w);
        unit_expect(cases[i].name, schedule(w).next >= least);
        unit_expect(cases[i].name, schedule(w).next <= most);
        unit_expect(cases[i].name, w->result.next == schedule(w).next);
        unit_expect(cases[i].name, !is_due(w));
        w->now.tick = most;
        unit_expect(cases[i].name, is_due(w));
    }
}

static void refresh_notes_the_time_only_when_keys_are_the_same(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    apr_uint64_t version;

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    version = bearer_board_version(w->env.board, &w->source.slot);
    advance(w, 3000);
    (void)answer(w, KEYS, 200, "{ \"keys\" : [ " KEY("a") " ] }");
    (void)run(w);
    assert_true(is_unchanged(&w->result));
    assert_int_equal(w->result.keys, 1);
    assert_int_equal(bearer_board_version(w->env.board, &w->source.slot),
                     version);
    assert_int_equal(schedule(w).last_good, apr_time_from_sec(4000));
    assert_int_equal(w->written, 0);
}

static void refresh_replaces_keys_that_changed(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    apr_uint64_t version;

    (void)answer(w, KEYS, 200, ONE("old"));
    (void)run(w);
    version = bearer_board_version(w->env.board, &w->source.slot);
    (void)answer(w, KEYS, 200, TWO("old", "new"));
    (void)run(w);
    assert_true(w->result.changed);
    assert_true(has(posted(w), "old") && has(posted(w), "new"));
    assert_true(bearer_board_version(w->env.board, &w->source.slot) != version);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "keys changed: 2 (old, new)"));
    assert_true(line_has(w, 0, "from " KEYS));
    assert_true(line_has(w, 0, "next refresh in "));
    (void)answer(w, KEYS, 200, ONE("new"));
    (void)run(w);
    assert_true(w->result.changed);
    assert_false(has(posted(w), "old"));
}

static void refresh_asks_with_the_etag_and_takes_a_304(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    bearer_http_response_t *response = answer(w, KEYS, 200, TWO("a", "b"));

    response->etag = "\"1\"";
    response->cache_control = "max-age=600";
    (void)run(w);
    assert_null(w->etags[0]);
    assert_true(w->result.changed);
    advance(w, 570);
    (void)run(w);
    assert_string_equal(w->etags[0], "\"1\"");
    assert_int_equal(w->asks, 1);
    assert_int_equal(w->result.why, BEARER_OK);
    assert_int_equal(w->result.status, 304);
    assert_true(is_unchanged(&w->result));
    assert_int_equal(w->result.keys, 2);
    assert_int_equal(schedule(w).last_good, apr_time_from_sec(1570));
    assert_true(schedule(w).next <= apr_time_from_sec(1570 + 600));
    assert_int_equal(w->written, 0);
    /* and again, although a 304 may come without an ETag */
    advance(w, 570);
    (void)run(w);
    assert_int_equal(w->result.status, 304);
    response->etag = "\"2\"";
    response->body = unit_str(ONE("c"));
    (void)run(w);
    assert_string_equal(w->etags[0], "\"1\"");
    assert_true(w->result.changed);
    (void)run(w);
    assert_string_equal(w->etags[0], "\"2\"");
}

static void refresh_forgets_an_etag_it_cannot_use(void **state)
{
    static const struct {
        const char *name, *etag;
        bool kept;
    } cases[] = {
        {"strong", "\"1\"", true},
        {"weak", "W/\"1\"", true},
        {"none", NULL, false},
        {"empty", "", false},
        {"line break", "\"1\"\r\nX: y", false},
        {"eight bits", "\"\xc3\xa4\"", false},
        {"DEL", "\"\x7f\"", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

        answer(w, KEYS, 200, ONE("a"))->etag = cases[i].etag;
        (void)run(w);
        (void)run(w);
        unit_expect(cases[i].name, (w->etags[0] != NULL) == cases[i].kept);
        unit_expect_reason(cases[i].name, w->result.why, "ok");
    }
}

static void refresh_does_not_remember_a_long_etag(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    char etag[300];

    memset(etag, 'e', sizeof(etag) - 1);
    etag[sizeof(etag) - 1] = '\0';
    answer(w, KEYS, 200, ONE("a"))->etag = etag;
    (void)run(w);
    (void)run(w);
    assert_null(w->etags[0]);
}

static void refresh_asks_for_all_when_the_board_lost_its_document(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    answer(w, KEYS, 200, ONE("a"))->etag = "\"1\"";
    (void)run(w);
    w->env.board = world_board(2, w->pool);
    assert_true(bearer_board_claim(w->env.board, &w->source.slot, 2));
    (void)run(w);
    assert_null(w->etags[0]);
    assert_int_equal(w->result.why, BEARER_OK);
    assert_true(has(posted(w), "\"a\""));
}

static void refresh_does_not_trust_an_etag_over_anothers_keys(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    bearer_refresh_t *first = w->refresh;

    answer(w, KEYS, 200, ONE("a"))->etag = "\"1\"";
    (void)run(w);
    restart(w);
    answer(w, KEYS, 200, ONE("b"))->etag = "\"2\"";
    (void)run(w);
    assert_null(w->etags[0]);
    /* the first fetcher leads again and the issuer went back to its old keys:
     * a 304 would keep the wrong ones */
    w->refresh = first;
    answer(w, KEYS, 200, ONE("a"))->etag = "\"1\"";
    (void)run(w);
    assert_null(w->etags[0]);
    assert_true(w->result.changed);
    assert_true(has(posted(w), "\"a\""));
}

static void refresh_takes_an_ask_and_serves_it(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    advance(w, 100);
    assert_false(is_due(w));
    assert_true(bearer_board_ask(w->env.board, &w->source.slot,
                                 &w->source.schedule, w->now.tick));
    assert_true(is_due(w));
    advance(w, 1);
    (void)run(w);
    assert_false(is_due(w));
    assert_int_equal(schedule(w).served, apr_time_from_sec(1100));
    /* a failed round has served its ask as well */
    advance(w, 100);
    assert_true(bearer_board_ask(w->env.board, &w->source.slot,
                                 &w->source.schedule, w->now.tick));
    fail_at(w, KEYS, BEARER_FETCH_TIMEOUT);
    (void)run(w);
    assert_int_equal(schedule(w).served, apr_time_from_sec(1201));
}

/* --- failures ----------------------------------------------------------- */

static void refresh_logs_changes_of_state_and_not_attempts(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    apr_time_t pause = 0;
    int i, lines = 0;

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    for (i = 0; i < 12; i++) {
        apr_time_t last = pause;

        w->now.tick = schedule(w).next;
        (void)run(w);
        lines += w->written;
        pause = schedule(w).next - w->now.tick;
        assert_true(pause >= last && pause <= apr_time_from_sec(300));
    }
    assert_int_equal(lines, 1);
    assert_int_equal(schedule(w).failures, 12);
    assert_true(pause >= apr_time_from_sec(150));

    fail_at(w, KEYS, BEARER_FETCH_TIMEOUT);
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "fetch_timeout"));
    (void)answer(w, KEYS, 500, "");
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "status 500"));
    (void)answer(w, KEYS, 502, "");
    (void)run(w);
    assert_int_equal(w->written, 1);
    (void)run(w);
    assert_int_equal(w->written, 0);

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_int_equal(w->lines[0].level, BEARER_LEVEL_NOTICE);
    assert_string_equal(w->lines[0].id, "");
    assert_true(
        line_has(w, 0, "refreshed again after 16 failures, keys unchanged: 1"));
    (void)run(w);
    assert_int_equal(w->written, 0);

    /* the same reason after a good round is a change again */
    (void)answer(w, KEYS, 502, "");
    (void)run(w);
    assert_int_equal(w->written, 1);
    (void)answer(w, KEYS, 200, ONE("b"));
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "after 1 failures, keys changed: 1 (b)"));
}

static void refresh_says_when_the_keys_get_too_old(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    advance(w, 3600);
    (void)run(w);
    assert_true(line_has(w, 0, "the keys in use are 3600 s old"));
    advance(w, 86400);
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(
        line_has(w, 0, "the keys are no longer used, they are 90000 s old"));
    advance(w, 300);
    (void)run(w);
    assert_int_equal(w->written, 0);
}

static void refresh_logs_a_recovery_of_another_process(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    (void)run(w);
    restart(w);
    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "after 1 failures, keys loaded: 1 (a)"));
}

static void refresh_is_silent_when_a_new_process_finds_the_same(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    restart(w);
    (void)run(w);
    assert_true(is_unchanged(&w->result));
    assert_int_equal(w->written, 0);
}

static void refresh_notes_nothing_when_it_is_stopped(void **state)
{
    static const struct {
        const char *name;
        bearer_source_kind_t kind;
        int stop_after;
        int asks;
    } cases[] = {
        {"before the first fetch", BEARER_SOURCE_URL, 0, 0},
        {"within the fetch", BEARER_SOURCE_URL, 1, 1},
        {"between two forms", BEARER_SOURCE_DISCOVERY, 1, 1},
        {"between metadata and keys", BEARER_SOURCE_DISCOVERY, 3, 3},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool url = cases[i].kind == BEARER_SOURCE_URL;
        world_t *w = create(cases[i].kind, url ? KEYS : NULL, *state);

        w->stop_after = cases[i].stop_after;
        w->stop = !w->stop_after;
        if (url)
            fail_at(w, KEYS, BEARER_FETCH_STOPPED);
        (void)answer(w, METADATA_2, 200, FOUND(KEYS));
        unit_expect_reason(cases[i].name, run(w)->why, "fetch_stopped");
        unit_expect(cases[i].name, w->asks == cases[i].asks);
        unit_expect(cases[i].name, w->written == 0);
        unit_expect(cases[i].name, schedule(w).last_try == 0);
        unit_expect(cases[i].name, schedule(w).failures == 0);
        unit_expect(cases[i].name, w->locks == 0);
        w->stop = 0;
        unit_expect(cases[i].name, is_due(w));
    }
}

static void refresh_leaves_a_slot_that_was_given_away(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    bearer_board_id_t other[2];
    int i;

    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    memset(other, 7, sizeof(other));
    other[1].bytes[0] = 8;
    for (i = 0; i < 2; i++)
        assert_true(unit_claim(w->env.board, &other[i], 2) >= 0);
    advance(w, 3600);
    unit_expect_reason("foreign slot", run(w)->why, "board_broken");
    assert_null(posted(w));
    assert_int_equal(
        bearer_board_schedule(w->env.board,
                              unit_slot(w->source.slot.number, &other[0]))
                .last_try
            + bearer_board_schedule(w->env.board,
                                    unit_slot(w->source.slot.number, &other[1]))
                  .last_try,
        0);
    /* and does not come back at once */
    assert_false(is_due(w));
    advance(w, 301);
    assert_true(is_due(w));
}

static void refresh_runs_without_locks(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    w->env.lock = NULL;
    w->env.unlock = NULL;
    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    assert_true(w->result.changed);
    assert_int_equal(w->locks, 0);
}

/* --- discovery ---------------------------------------------------------- */

static void refresh_tries_the_forms_of_the_metadata_address(void **state)
{
    static const struct {
        const char *name;
        int status[3];
        const char *body[3];
        const char *want;
        int asks;  /* with that for the keys */
        int tried; /* the form that is reported; 3: the keys */
    } cases[] = {
        {"form 0", {200, 404, 404}, {FOUND(KEYS), "", ""}, "ok", 2, 3},
        {"form 1", {404, 200, 404}, {"", FOUND(KEYS), ""}, "ok", 3, 3},
        {"form 2", {404, 404, 200}, {"", "", FOUND(KEYS)}, "ok", 4, 3},
        {"after HTML", {200, 200, 404}, {HTML, FOUND(KEYS), ""}, "ok", 3, 3},
        {"after 500", {500, 200, 404}, {"", FOUND(KEYS), ""}, "ok", 3, 3},
        {"after another issuer's",
         {200, 200, 404},
         {"{\"issuer\":\"x\"}", FOUND(KEYS), ""},
         "ok",
         3,
         3},
        {"none", {404, 404, 404}, {"", "", ""}, "http_status", 3, 0},
        {"500 tells more than 404",
         {404, 500, 404},
         {"", "", ""},
         "http_status",
         3,
         1},
        {"HTML everywhere",
         {200, 200, 200},
         {HTML, HTML, HTML},
         "json_syntax",
         3,
         0},
        {"HTML tells more than 500",
         {500, 500, 200},
         {"", "", HTML},
         "json_syntax",
         3,
         2},
        {"a wrong issuer tells more than HTML",
         {200, 200, 404},
         {HTML,
          "{\"issuer\":\"https://issuer.example/realm/\",\"jwks_uri\":"
          "\"" KEYS "\"}",
          ""},
         "discovery_issuer",
         3,
         1},
        {"http jwks_uri",
         {200, 404, 404},
         {FOUND("http://issuer.example/keys"), "", ""},
         "discovery_uri",
         3,
         0},
        {"ftp jwks_uri",
         {200, 404, 404},
         {FOUND("ftp://issuer.example/keys"), "", ""},
         "discovery_uri",
         3,
         0},
        {"http loopback jwks_uri",
         {200, 404, 404},
         {FOUND("http://127.0.0.1/keys"), "", ""},
         "discovery_uri",
         3,
         0},
        {"no jwks_uri",
         {200, 404, 404},
         {"{\"issuer\":\"" ISSUER "\"}", "", ""},
         "discovery_uri",
         3,
         0},
        {"issuer twice",
         {200, 404, 404},
         {"{\"issuer\":\"x\",\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" KEYS
          "\"}",
          "", ""},
         "json_duplicate",
         3,
         0},
        {"a redirect", {302, 302, 302}, {"", "", ""}, "http_status", 3, 0},
    };
    static const char *const addresses[] = {METADATA, METADATA_1, METADATA_2,
                                            KEYS};
    apr_size_t i;
    int form;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_DISCOVERY, NULL, *state);
        const char *name = cases[i].name;
        const char *tried = addresses[cases[i].tried];

        for (form = 0; form < 3; form++)
            (void)answer(w, addresses[form], cases[i].status[form],
                         cases[i].body[form]);
        (void)answer(w, KEYS, 200, ONE("a"));
        unit_expect_reason(name, run(w)->why, cases[i].want);
        unit_expect(name, w->asks == cases[i].asks);
        unit_expect(name, !strcmp(w->result.tried, tried));
        unit_expect(name, w->written == 1 && line_has(w, 0, tried));
        unit_expect(name, (posted(w) != NULL) == !w->result.why);
        for (form = 0; form < w->asks && form < 3; form++)
            unit_expect(name, !strcmp(w->asked[form], addresses[form])
                                  || !strcmp(w->asked[form], KEYS));
    }
}

static void refresh_ends_discovery_when_the_network_fails(void **state)
{
    world_t *w = create(BEARER_SOURCE_DISCOVERY, NULL, *state);

    fail_at(w, METADATA, BEARER_FETCH_TIMEOUT);
    (void)answer(w, METADATA_1, 200, FOUND(KEYS));
    unit_expect_reason("timeout", run(w)->why, "fetch_timeout");
    assert_string_equal(path_taken(w), METADATA);
    /* a bad answer is an answer: the next form is tried */
    fail_at(w, METADATA, BEARER_HTTP_BODY_SIZE);
    (void)answer(w, KEYS, 200, ONE("a"));
    unit_expect_reason("body size", run(w)->why, "ok");
    assert_string_equal(path_taken(w), METADATA " " METADATA_1 " " KEYS);
}

static world_t *discovered(apr_pool_t *pool)
{
    world_t *w = create(BEARER_SOURCE_DISCOVERY, NULL, pool);

    (void)answer(w, METADATA, 200, FOUND(KEYS));
    answer(w, KEYS, 200, ONE("a"))->etag = "\"1\"";
    unit_expect_reason("first", run(w)->why, "ok");
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    return w;
}

#define MOVED "https://issuer.example/moved"

static void refresh_remembers_what_discovery_found(void **state)
{
    world_t *w = discovered(*state);

    advance(w, 3000);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
    assert_string_equal(w->etags[0], "\"1\"");
    assert_int_equal(w->result.status, 304);
}

static void refresh_looks_metadata_up_again_after_a_day(void **state)
{
    world_t *w = discovered(*state);

    advance(w, 86399);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
    advance(w, 1);
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    assert_string_equal(w->etags[1], "\"1\"");
    advance(w, 3000);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
}

static void refresh_begins_where_another_process_found_the_keys(void **state)
{
    world_t *w = discovered(*state);

    restart(w);
    advance(w, 10);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
    /* its ETag is not known here */
    assert_null(w->etags[0]);
    assert_true(is_unchanged(&w->result));
    /* a day counts from the discovery, whoever made it */
    restart(w);
    advance(w, 86400 - 10);
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    restart(w);
    advance(w, 10);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
    /* the address is as good as one found here: no better */
    (void)answer(w, KEYS, 404, "");
    (void)answer(w, METADATA, 200, FOUND(MOVED));
    (void)answer(w, MOVED, 200, ONE("b"));
    restart(w);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS " " METADATA " " MOVED);
    restart(w);
    (void)run(w);
    assert_string_equal(path_taken(w), MOVED);
}

static void refresh_does_not_believe_any_address_on_the_board(void **state)
{
    static const struct {
        const char *name, *more, *path;
    } cases[] = {
        {"none", "}", METADATA " " KEYS},
        {"no time", ",\"jwks_uri\":\"" MOVED "\"}", METADATA " " KEYS},
        {"no address", ",\"found\":1000}", METADATA " " KEYS},
        {"no text", ",\"jwks_uri\":1,\"found\":1000}", METADATA " " KEYS},
        {"the future", ",\"jwks_uri\":\"" MOVED "\",\"found\":1001}",
         METADATA " " KEYS},
        {"before the start", ",\"jwks_uri\":\"" MOVED "\",\"found\":-1}",
         METADATA " " KEYS},
        {"good", ",\"jwks_uri\":\"" MOVED "\",\"found\":1000}", MOVED},
    };
    static const bearer_schedule_t never;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_DISCOVERY, NULL, *state);
        bearer_str_t text;

        text.data = apr_pstrcat(w->pool, "{\"keys\":[" KEY("a") "]",
                                cases[i].more, NULL);
        text.len = strlen(text.data);
        assert_int_equal(
            bearer_board_post(w->env.board, &w->source.slot, text, &never),
            BEARER_OK);
        (void)answer(w, METADATA, 200, FOUND(KEYS));
        (void)answer(w, KEYS, 200, ONE("a"));
        (void)answer(w, MOVED, 200, ONE("a"));
        unit_expect_reason(cases[i].name, run(w)->why, "ok");
        unit_expect(cases[i].name, !strcmp(path_taken(w), cases[i].path));
    }
}

static bool is_follower(void *baton BEARER_UNUSED)
{
    return false;
}

static void refresh_posts_nothing_when_another_leads(void **state)
{
    world_t *w = discovered(*state);
    const char *before = posted(w);
    bearer_schedule_t then = schedule(w);
    bearer_schedule_t after;

    (void)bearer_board_ask(w->env.board, &w->source.slot, &w->source.schedule,
                           w->now.tick);
    w->env.leads = is_follower;
    (void)answer(w, KEYS, 200, ONE("older"));
    advance(w, 10);
    unit_expect_reason("good", run(w)->why, "fetch_stopped");
    assert_string_equal(posted(w), before);
    fail_at(w, KEYS, BEARER_FETCH_TIMEOUT);
    unit_expect_reason("bad", run(w)->why, "fetch_stopped");
    after = schedule(w);
    assert_memory_equal(&then, &after, sizeof(then));
    assert_int_equal(w->written, 0);
    /* the ask is still there for the one that leads */
    assert_true(is_due(w));
}

static void refresh_follows_keys_that_moved_in_the_same_round(void **state)
{
    static const struct {
        const char *name;
        int status;
        const char *body;
    } cases[] = {
        {"gone", 404, ""},
        {"HTML", 200, HTML},
        {"empty", 200, "{\"keys\":[]}"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = discovered(*state);

        (void)answer(w, KEYS, cases[i].status, cases[i].body);
        (void)answer(w, METADATA, 200, FOUND(MOVED));
        answer(w, MOVED, 200, ONE("b"))->etag = "\"1\"";
        unit_expect_reason(cases[i].name, run(w)->why, "ok");
        unit_expect(cases[i].name,
                    !strcmp(path_taken(w), KEYS " " METADATA " " MOVED));
        /* an ETag belongs to its address */
        unit_expect(cases[i].name, w->etags[2] == NULL);
        unit_expect(cases[i].name, has(posted(w), "\"b\""));
        unit_expect(cases[i].name, w->written == 1);
        (void)run(w);
        unit_expect(cases[i].name, !strcmp(path_taken(w), MOVED));
        unit_expect(cases[i].name, w->etags[0] != NULL);
    }
}

static void refresh_asks_once_at_an_address_that_did_not_move(void **state)
{
    world_t *w = discovered(*state);

    (void)answer(w, KEYS, 500, "");
    unit_expect_reason("500", run(w)->why, "http_status");
    assert_string_equal(path_taken(w), KEYS " " METADATA);
    assert_string_equal(w->result.tried, KEYS);
    assert_true(line_has(w, 0, "status 500"));
    /* from now on the metadata is asked first, until keys come again */
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    (void)answer(w, KEYS, 200, ONE("a"));
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
}

static void refresh_rediscovers_after_a_network_failure_next_time(void **state)
{
    world_t *w = discovered(*state);

    fail_at(w, KEYS, BEARER_FETCH_RESOLVE);
    (void)answer(w, METADATA, 200, FOUND(MOVED));
    (void)answer(w, MOVED, 200, ONE("b"));
    unit_expect_reason("resolve", run(w)->why, "fetch_resolve");
    assert_string_equal(path_taken(w), KEYS);
    unit_expect_reason("next", run(w)->why, "ok");
    assert_string_equal(path_taken(w), METADATA " " MOVED);
}

static void refresh_uses_the_remembered_address_without_metadata(void **state)
{
    world_t *w = discovered(*state);

    advance(w, 90000);
    fail_at(w, METADATA, BEARER_FETCH_TIMEOUT);
    (void)answer(w, KEYS, 200, ONE("b"));
    unit_expect_reason("no metadata", run(w)->why, "ok");
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    assert_true(w->result.changed);
    assert_int_equal(w->written, 2);
    assert_string_equal(w->lines[0].id, "MAB0203");
    assert_true(line_has(w, 0, "metadata not found: fetch_timeout"));
    assert_true(line_has(w, 0, METADATA));
    assert_true(line_has(w, 0, KEYS));
    /* reported once, and looked for in each round */
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    assert_int_equal(w->written, 0);
    /* the metadata decides as soon as it is there */
    (void)answer(w, METADATA, 200, FOUND(MOVED));
    (void)answer(w, MOVED, 200, ONE("c"));
    (void)run(w);
    assert_string_equal(path_taken(w), METADATA " " MOVED);
    (void)run(w);
    assert_string_equal(path_taken(w), MOVED);
    assert_int_equal(w->written, 0);
}

static void refresh_stops_doubting_an_address_that_works_again(void **state)
{
    world_t *w = discovered(*state);

    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    fail_at(w, METADATA, BEARER_FETCH_CONNECT);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
    (void)answer(w, KEYS, 200, ONE("a"));
    unit_expect_reason("no metadata", run(w)->why, "ok");
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    (void)run(w);
    assert_string_equal(path_taken(w), KEYS);
}

static void refresh_tells_the_most_of_two_failures(void **state)
{
    world_t *w = discovered(*state);

    /* keys 404, and the metadata now is somebody else's */
    (void)answer(w, KEYS, 404, "");
    (void)answer(w, METADATA, 200,
                 "{\"issuer\":\"https://other.example\",\"jwks_uri\":\"" KEYS
                 "\"}");
    unit_expect_reason("mix-up", run(w)->why, "discovery_issuer");
    assert_string_equal(w->result.tried, METADATA);
    assert_true(has(posted(w), "\"a\""));
    /* an empty set tells more than metadata that timed out */
    w = discovered(*state);
    (void)answer(w, KEYS, 200, "{\"keys\":[]}");
    fail_at(w, METADATA, BEARER_FETCH_TIMEOUT);
    unit_expect_reason("empty", run(w)->why, "jwks_none");
    assert_string_equal(path_taken(w), KEYS " " METADATA);
    /* and in the rounds that begin with the metadata too */
    unit_expect_reason("empty again", run(w)->why, "jwks_none");
    assert_string_equal(path_taken(w), METADATA " " KEYS);
    assert_int_equal(w->written, 0);
}

/* --- keys that are taken back --------------------------------------------- */

#define NOTHING "{\"keys\":[]}"

/* revocation: an issuer that says twice that it has no key is believed */
static void refresh_drops_keys_that_are_withdrawn(void **state)
{
    static const char *const empty[] = {
        NOTHING,
        "{\"keys\":[{" POINT ",\"use\":\"enc\"}]}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

        (void)answer(w, KEYS, 200, ONE("a"));
        unit_expect_reason("good", run(w)->why, "ok");
        advance(w, 100);
        (void)answer(w, KEYS, 200, empty[i]);
        unit_expect_reason("once", run(w)->why, "jwks_none");
        unit_expect("once", has(posted(w), "\"a\""));
        unit_expect("once", schedule(w).failures == 1);
        unit_expect("once", line_has(w, 0, "the keys in use are 100 s old"));
        /* again and again, but not for long enough */
        advance(w, 59);
        unit_expect_reason("soon", run(w)->why, "jwks_none");
        unit_expect("soon", has(posted(w), "\"a\""));
        advance(w, 1);
        unit_expect_reason("twice", run(w)->why, "ok");
        unit_expect("twice", w->result.changed && w->result.keys == 0);
        assert_string_equal(posted(w), NOTHING);
        unit_expect("twice", schedule(w).failures == 0);
        unit_expect("twice", w->written == 1);
        unit_expect("twice", w->lines[0].level == BEARER_LEVEL_WARNING);
        assert_string_equal(w->lines[0].id, "MAB0209");
        assert_string_equal(
            w->lines[0].text,
            "issuer " ISSUER ": its keys are gone: it has published none for "
            "signatures, twice in a row, so its tokens are refused; "
            "from " KEYS "; next refresh in 2880 s");
        /* nothing new, also for another fetcher */
        restart(w);
        unit_expect("confirmed", is_unchanged(run(w)) && !w->written);
        (void)answer(w, KEYS, 200, ONE("b"));
        unit_expect_reason("new", run(w)->why, "ok");
        unit_expect("new", has(posted(w), "\"b\""));
        unit_expect("new", line_has(w, 0, "keys changed: 1 (b)"));
    }
}

/* an outage in which the issuer answers, but has nothing: its keys stay */
static void refresh_keeps_keys_when_an_empty_answer_is_not_confirmed(
    void **state)
{
    static const struct {
        const char *name;
        int status;
        const char *body;
    } between[] = {
        {"good keys", 200, ONE("a")},
        {"an error", 500, NOTHING},
        {"a page", 200, HTML},
        {"a broken key", 200, "{\"keys\":[{}]}"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

        (void)answer(w, KEYS, 200, ONE("a"));
        (void)run(w);
        (void)answer(w, KEYS, 200, NOTHING);
        unit_expect_reason("once", run(w)->why, "jwks_none");
        advance(w, 60);
        (void)answer(w, KEYS, between[i].status, between[i].body);
        (void)run(w);
        (void)answer(w, KEYS, 200, NOTHING);
        advance(w, 60);
        unit_expect_reason(between[i].name, run(w)->why, "jwks_none");
        unit_expect(between[i].name, has(posted(w), "\"a\""));
    }
}

/* a server that stops says nothing, and where there were no keys none are gone */
static void refresh_withdraws_only_what_was_there(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)answer(w, KEYS, 200, NOTHING);
    unit_expect_reason("first", run(w)->why, "jwks_none");
    advance(w, 3600);
    unit_expect_reason("second", run(w)->why, "jwks_none");
    assert_null(posted(w));
    assert_int_equal(schedule(w).last_good, 0);
    (void)answer(w, KEYS, 200, ONE("a"));
    unit_expect_reason("keys", run(w)->why, "ok");
    (void)answer(w, KEYS, 200, NOTHING);
    unit_expect_reason("once", run(w)->why, "jwks_none");
    advance(w, 60);
    w->stop = 1;
    unit_expect_reason("stopped", run(w)->why, "fetch_stopped");
    w->stop = 0;
    unit_expect_reason("twice", run(w)->why, "ok");
    assert_string_equal(posted(w), NOTHING);
}

/* --- files and secrets -------------------------------------------------- */

static void refresh_reads_a_key_file_again_when_it_changed(void **state)
{
    const char *path = files_temporary(*state);
    world_t *w = create(BEARER_SOURCE_FILE, path, *state);
    apr_time_t good;

    files_put(path, PEM, *state);
    assert_true(is_due(w));
    unit_expect_reason("PEM", run(w)->why, "ok");
    assert_true(w->result.changed);
    assert_string_equal(w->result.tried, path);
    assert_int_equal(w->written, 1);
    assert_true(line_has(w, 0, "keys loaded: 1"));
    assert_true(line_has(w, 0, path));
    assert_int_equal(w->asks, 0);

    advance(w, 4);
    assert_false(is_due(w));
    advance(w, 6);
    assert_true(is_due(w));
    files_put(path, PEM, *state); /* touched, not changed */
    (void)run(w);
    assert_true(is_unchanged(&w->result));
    assert_int_equal(w->written, 0);

    files_put(path, KEY("single"), *state);
    (void)run(w);
    assert_true(w->result.changed);
    assert_true(has(posted(w), "single"));
    files_put(path, TWO("a", "b"), *state);
    (void)run(w);
    assert_true(line_has(w, 0, "keys changed: 2 (a, b)"));
    /* same size, at once after */
    files_put(path, TWO("a", "c"), *state);
    (void)run(w);
    assert_true(line_has(w, 0, "keys changed: 2 (a, c)"));

    /* a file that is there makes its keys good for longer than stale */
    advance(w, 200000);
    (void)run(w);
    good = schedule(w).last_good;
    assert_int_equal(good, w->now.tick);
    assert_int_equal(w->written, 0);
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
}

static void refresh_keeps_the_keys_of_a_file_gone_bad(void **state)
{
    const char *path = files_temporary(*state);
    char *large = apr_palloc(*state, BEARER_LIMIT_KEY_FILE + 2);
    const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"empty", "", "file_size"},
        {"too large", large, "file_size"},
        {"not JSON", "keys", "json_syntax"},
        {"cut off", "{\"keys\":[", "json_syntax"},
        {"no key", "{\"keys\":[]}", "jwks_none"},
        {"no set and no key", "{}", "jwks_form"},
        {"cut PEM", "-----BEGIN PUBLIC KEY-----\nMFkw", "pem_form"},
        {"a broken key", BROKEN, "jwk_member"},
        {"member twice", "{\"kty\":\"EC\",\"kty\":\"EC\"}", "json_duplicate"},
        {"too many", many_keys(200, 900, *state), "jwks_size"},
        {"no file", NULL, "file_read"},
    };
    apr_size_t i;

    memset(large, ' ', BEARER_LIMIT_KEY_FILE + 1);
    large[BEARER_LIMIT_KEY_FILE + 1] = '\0';
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_FILE, path, *state);
        const char *name = cases[i].name;

        files_put(path, ONE("good"), *state);
        unit_expect_reason(name, run(w)->why, "ok");
        advance(w, 10);
        if (cases[i].text)
            files_put(path, cases[i].text, *state);
        else
            assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
        unit_expect_reason(name, run(w)->why, cases[i].want);
        unit_expect(name, has(posted(w), "good"));
        unit_expect(name, w->written == 1);
        unit_expect(name, line_has(w, 0, cases[i].want));
        unit_expect(name, line_has(w, 0, path));
        unit_expect(name, line_has(w, 0, "the keys in use are 10 s old"));
        advance(w, 10);
        unit_expect(name, is_due(w));
        (void)run(w);
        unit_expect(name, w->written == 0);
        files_put(path, ONE("good"), *state);
        unit_expect_reason(name, run(w)->why, "ok");
        unit_expect(name, line_has(w, 0, "refreshed again after 2 failures"));
    }
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
}

/* whoever can write the file can sign tokens */
static void refresh_never_looks_for_a_secret(void **state)
{
    world_t *w = create(BEARER_SOURCE_SECRET, "/no/such/file", *state);

    assert_false(is_due(w));
    advance(w, 1000000);
    assert_false(is_due(w));
    assert_int_equal(run(w)->why, BEARER_OK);
    assert_int_equal(w->written, 0);
    assert_null(posted(w));
}

/* --- the store ---------------------------------------------------------- */

static apr_status_t remove_path(void *path)
{
    return remove(path) ? errno : APR_SUCCESS;
}

/* a directory for the store, removed with the pool */
static const char *open_store(world_t *w)
{
    bearer_keystore_t *store = apr_palloc(w->pool, sizeof(*store));
    char *directory = apr_pstrdup(w->pool, "/tmp/bearer-refresh-XXXXXX");
    const char *path;

    assert_non_null(mkdtemp(directory));
    apr_pool_cleanup_register(w->pool, directory, remove_path,
                              apr_pool_cleanup_null);
    store->directory = directory;
    store->owner = geteuid();
    store->key = (const unsigned char *)"0123456789abcdef0123456789abcdef";
    w->env.store = store;
    path = bearer_keystore_path(store, &w->source.slot.id, w->pool);
    apr_pool_cleanup_register(w->pool, path, remove_path,
                              apr_pool_cleanup_null);
    return path;
}

/* the store's document, NULL: none */
static const char *stored(const world_t *w)
{
    const char *path =
        bearer_keystore_path(w->env.store, &w->source.slot.id, w->pool);
    char *text = apr_pcalloc(w->pool, 8192);
    apr_size_t len = 8191;
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, w->pool))
        return NULL;
    (void)apr_file_read_full(file, text, len, &len);
    (void)apr_file_close(file);
    return text;
}

/* the machine restarts, and so does its clock; wall and disk stay */
static void reboot(world_t *w)
{
    w->env.board = world_board(2, w->pool);
    assert_true(bearer_board_claim(w->env.board, &w->source.slot, 1));
    w->now.tick = apr_time_from_sec(200000);
    w->written = 0;
    restart(w);
}

static bool restored(world_t *w)
{
    int locks = w->locks;
    bool got;

    w->written = 0;
    got = bearer_restore_keys(&w->source, &w->env, w->pool);
    assert_int_equal(w->locked, 0);
    assert_true(w->locks <= locks + 1);
    return got;
}

static bool usable(const world_t *w)
{
    bearer_schedule_t state = schedule(w);

    return bearer_schedule_usable(&state, &w->source.schedule, w->now.tick);
}

static bool leads_once(void *baton BEARER_UNUSED)
{
    static int asked;

    return asked++ == 0;
}

/* stopped between the board and the disk */
static void refresh_stores_nothing_when_another_leads(void **state)
{
    world_t *w = discovered(*state);

    (void)open_store(w);
    w->env.leads = leads_once;
    (void)answer(w, KEYS, 200, ONE("newer"));
    advance(w, 3600);
    unit_expect_reason("posted", run(w)->why, "ok");
    assert_null(stored(w));
}

static void refresh_stores_keys_after_each_good_round(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)open_store(w);
    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    (void)run(w);
    assert_null(stored(w));

    answer(w, KEYS, 200, ONE("a"))->etag = "\"1\"";
    assert_true(run(w)->changed);
    assert_true(has(stored(w), "\"issuer\":\"" ISSUER "\""));
    assert_true(has(stored(w), "\"fetched\":1800000000,"));
    assert_true(has(stored(w), "\"kid\":\"a\""));

    /* 304: the same keys, confirmed */
    advance(w, 3600);
    assert_true(is_unchanged(run(w)));
    assert_int_equal(w->result.status, 304);
    assert_true(has(stored(w), "\"fetched\":1800003600,"));
    assert_true(has(stored(w), "\"kid\":\"a\""));

    /* 200 with the same keys */
    answer(w, KEYS, 200, ONE("a"))->etag = "\"2\"";
    advance(w, 3600);
    assert_true(is_unchanged(run(w)));
    assert_int_equal(w->result.status, 200);
    assert_true(has(stored(w), "\"fetched\":1800007200,"));
    assert_true(has(stored(w), "\"kid\":\"a\""));
    assert_int_equal(w->written, 0);

    /* nothing bad gets there */
    (void)answer(w, KEYS, 200, HTML);
    advance(w, 3600);
    (void)run(w);
    assert_true(has(stored(w), "\"fetched\":1800007200,"));

    (void)answer(w, KEYS, 200, TWO("b", "c"));
    advance(w, 3600);
    assert_true(run(w)->changed);
    assert_true(has(stored(w), "\"kid\":\"b\""));
    assert_true(has(stored(w), "\"kid\":\"c\""));
    assert_false(has(stored(w), "\"kid\":\"a\""));
}

static void refresh_stores_only_what_is_fetched(void **state)
{
    const char *path = "/tmp/bearer-test-refresh-store.pem";
    world_t *w = create(BEARER_SOURCE_FILE, path, *state);

    files_put(path, PEM, *state);
    (void)open_store(w);
    unit_expect_reason("file", run(w)->why, "ok");
    assert_null(stored(w));
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
    reboot(w);
    assert_false(restored(w));
    assert_int_equal(w->written, 0);
}

static void refresh_does_not_store_for_a_slot_given_away(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    bearer_board_id_t other = {{1}};

    (void)open_store(w);
    (void)answer(w, KEYS, 200, ONE("a"));
    (void)unit_claim(w->env.board, &other, 9);
    other.bytes[0] = 2;
    (void)unit_claim(w->env.board, &other, 9);
    unit_expect_reason("given away", run(w)->why, "board_broken");
    assert_null(stored(w));
}

static void refresh_tells_once_that_the_store_cannot_be_written(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    const char *path = open_store(w);

    /* a directory where the file should be */
    assert_int_equal(mkdir(path, 0700), 0);
    (void)answer(w, KEYS, 200, ONE("a"));
    unit_expect_reason("first", run(w)->why, "ok");
    assert_true(has(posted(w), "\"kid\":\"a\""));
    assert_int_equal(schedule(w).failures, 0);
    assert_int_equal(w->written, 2);
    assert_string_equal(w->lines[1].id, "MAB0204");
    assert_int_equal(w->lines[1].level, BEARER_LEVEL_WARNING);
    assert_true(line_has(w, 1, ISSUER));
    assert_true(line_has(w, 1, path));
    assert_true(line_has(w, 1, "Is a directory"));

    advance(w, 3600);
    unit_expect_reason("the same", run(w)->why, "ok");
    assert_int_equal(w->written, 0);

    /* another failure is news */
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(w->env.store->directory), 0);
    unit_expect_reason("another", run(w)->why, "ok");
    assert_int_equal(w->written, 1);
    assert_string_equal(w->lines[0].id, "MAB0204");
    assert_true(line_has(w, 0, "No such file"));

    assert_int_equal(mkdir(w->env.store->directory, 0700), 0);
    unit_expect_reason("mended", run(w)->why, "ok");
    assert_int_equal(w->written, 1);
    assert_int_equal(w->lines[0].level, BEARER_LEVEL_NOTICE);
    assert_true(line_has(w, 0, "stored again"));
    assert_non_null(stored(w));
    (void)run(w);
    assert_int_equal(w->written, 0);
}

static void refresh_serves_stored_keys_while_the_issuer_is_down(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
    const char *path = open_store(w);

    (void)answer(w, KEYS, 200, TWO("a", "b"));
    (void)run(w);
    advance(w, 7200);
    reboot(w);
    assert_false(usable(w));
    assert_true(restored(w));
    assert_int_equal(w->locks, 2);
    assert_true(usable(w));
    assert_true(has(posted(w), "\"kid\":\"a\""));
    assert_int_equal(w->written, 1);
    assert_int_equal(w->lines[0].level, BEARER_LEVEL_INFO);
    assert_true(line_has(w, 0, ISSUER));
    assert_true(line_has(w, 0, path));
    assert_true(line_has(w, 0, "2 (a, b), 7200 s old"));

    /* as old as they were, and asked for at once */
    assert_true(schedule(w).last_good == w->now.tick - apr_time_from_sec(7200));
    assert_true(is_due(w));
    fail_at(w, KEYS, BEARER_FETCH_CONNECT);
    (void)run(w);
    assert_true(line_has(w, 0, "the keys in use are 7200 s old"));
    assert_true(usable(w));
    assert_false(is_due(w));

    /* no older than stale in all, whatever came between */
    advance(w, 86400 - 7200);
    assert_true(usable(w));
    advance(w, 1);
    assert_false(usable(w));
}

static void refresh_lets_the_network_replace_stored_keys(void **state)
{
    world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);

    (void)open_store(w);
    (void)answer(w, KEYS, 200, ONE("old"));
    (void)run(w);
    reboot(w);
    assert_true(restored(w));
    (void)answer(w, KEYS, 200, ONE("new"));
    assert_true(run(w)->changed);
    assert_null(w->etags[0]);
    assert_true(has(posted(w), "new") && !has(posted(w), "old"));
    assert_true(has(stored(w), "new") && !has(stored(w), "old"));
}

static void refresh_says_why_stored_keys_are_not_used(void **state)
{
    static const struct {
        const char *name;
        const char *text; /* NULL: the keys of before */
        int later;        /* seconds */
        apr_time_t tick;  /* 0: as it is */
        bearer_level_t level;
        const char *want;
    } cases[] = {
        {"another issuer",
         "{\"issuer\":\"https://other\",\"fetched\":1800000000,"
         "\"keys\":[" KEY("a") "]}",
         0, 0, BEARER_LEVEL_WARNING, "keystore_form"},
        {"no JSON", "{" HTML, 0, 0, BEARER_LEVEL_WARNING, "json_syntax"},
        {"not signed", HTML, 0, 0, BEARER_LEVEL_WARNING, "keystore_mac"},
        {"too old", NULL, 86400, 0, BEARER_LEVEL_NOTICE, "keystore_age"},
        {"from the future", NULL, -61, 0, BEARER_LEVEL_NOTICE, "keystore_age"},
        {"older than the clock", NULL, 1000, apr_time_from_sec(1000),
         BEARER_LEVEL_NOTICE, "keystore_age"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create(BEARER_SOURCE_URL, KEYS, *state);
        const char *path = open_store(w);
        const char *name = cases[i].name;

        (void)answer(w, KEYS, 200, ONE("a"));
        (void)run(w);
        if (cases[i].text) {
            bearer_str_t text = unit_str(cases[i].text);

            if (text.data[0] == '{')
                text = bearer_keystore_sign(w->env.store, &w->source.slot.id,
                                            text, w->pool);
            files_put(path, text.data, *state);
            assert_int_equal(chmod(path, 0600), 0);
        }
        advance(w, cases[i].later);
        reboot(w);
        if (cases[i].tick)
            w->now.tick = cases[i].tick;
        unit_expect(name, !restored(w));
        unit_expect(name, !posted(w) && !usable(w));
        unit_expect(name, w->written == 1);
        unit_expect(name, w->lines[0].level == cases[i].level);
        unit_expect(
            name,
            !strcmp(w->lines[0].id,
                    cases[i].level == BEARER_LEVEL_WARNING ? "MAB0205" : ""));
        unit_expect(name, line_has(w, 0, cases[i].want));
        unit_expect(name, line_has(w, 0, path));
        unit_expect(name, line_has(w, 0, ISSUER));
    }
}

/* --- a flood of unknown kids --------------------------------------------- */

#define BEAT apr_time_from_msec(100)

/* while time passes, a stranger asks at every moment, and at one of them the issuer
 * changes its keys */
static struct {
    apr_time_t rotates; /* tick; 0: it has */
    apr_time_t takes;   /* how long a fetch takes */
    bool fails;         /* until the issuer has other keys */
    apr_uint32_t fresh; /* bits: whether an answer is good for a short time */
} flood;

static void pass_one_beat(world_t *w)
{
    w->now.tick += BEAT;
    (void)bearer_board_ask(w->env.board, &w->source.slot, &w->source.schedule,
                           w->now.tick);
    if (!flood.rotates || w->now.tick < flood.rotates)
        return;
    flood.rotates = 0;
    (void)answer(w, KEYS, 200, ONE("new"));
}

/* what the issuer says when it is asked, which comes when it comes */
static bearer_reason_t fetch_slowly(const bearer_fetch_request_t *request,
                                    const bearer_http_response_t **out,
                                    bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why =
        flood.fails && flood.rotates ? BEARER_FETCH_TIMEOUT : BEARER_OK;
    apr_time_t until = world->now.tick + flood.takes;

    /* a regular round may be under way when somebody may ask again */
    world->answers[0].response.cache_control =
        flood.fresh & 1 ? "max-age=70" : NULL;
    flood.fresh >>= 1;
    if (!why)
        why = fetch(request, out, note, pool);
    while (world->now.tick < until)
        pass_one_beat(world);
    return why;
}

/* what a fetcher does at each beat, until the new key is on the board */
static apr_time_t find_the_new_key(world_t *w)
{
    while (!has(posted(w), "\"new\"")) {
        pass_one_beat(w);
        if (is_due(w))
            (void)run(w);
    }
    return w->now.tick;
}

/* The one ask in each miss is used up by strangers, and yet serves everybody: a
 * fetch brings all keys, no matter who asked for it. */
static void refresh_finds_a_rotated_key_under_a_flood(void **state)
{
    apr_time_t miss = apr_time_from_sec(60);
    apr_time_t longest = 0;
    apr_uint32_t rng = 4711;
    int i;

    for (i = 0; i < 2000; i++) {
        apr_time_t rotated, after;
        apr_pool_t *pool;
        world_t *w;

        rng = rng * 1664525 + 1013904223;
        assert_int_equal(apr_pool_create(&pool, *state), APR_SUCCESS);
        w = create(BEARER_SOURCE_URL, KEYS, pool);
        w->env.fetch = fetch_slowly;
        flood.fails = false;
        flood.takes = 0;
        flood.fresh = rng;
        (void)answer(w, KEYS, 200, ONE("old"));
        assert_true(run(w)->changed);
        /* at any moment, even in the middle of a fetch */
        rotated = w->now.tick + (rng >> 8) % 240000 * 1000;
        flood.rotates = rotated;
        flood.takes = (1 + (rng >> 16) % 500) * BEAT;
        flood.fails = i % 5 == 4;
        after = find_the_new_key(w) - rotated;
        unit_expect(apr_psprintf(*state, "rotation %d", i),
                    after <= miss + flood.takes + 2 * BEAT);
        longest = after > longest ? after : longest;
        apr_pool_destroy(pool);
    }
    /* the bound is no wider than it must be */
    assert_true(longest > miss);
}

/* --- an address for each kid -------------------------------------------- */

#define PREFIX "https://issuer.example/pem/"

static world_t *create_per_kid(apr_pool_t *pool)
{
    world_t *w = create(BEARER_SOURCE_PER_KID, PREFIX, pool);

    bearer_board_open_kids(w->env.board, &w->source.slot);
    return w;
}

static void want(world_t *w, const char *kid)
{
    (void)bearer_board_want(w->env.board, &w->source.slot, unit_str(kid),
                            w->source.schedule.miss, w->now.tick);
}

static void use(world_t *w, const char *kid)
{
    bearer_kids_use(bearer_board_kids(w->env.board, &w->source.slot),
                    unit_str(kid), w->now.tick);
}

static bearer_kidasks_state_t kid_state(const world_t *w, const char *kid)
{
    bearer_kids_t *kids = bearer_board_kids(w->env.board, &w->source.slot);

    return bearer_kidasks_find(&kids->asks, unit_str(kid),
                               w->source.schedule.miss, 5000000, w->now.tick);
}

/* runs all rounds that are due, at most ten; the addresses asked for */
static const char *run_due(world_t *w)
{
    const char *path = "";
    int i;

    for (i = 0; i < 10 && is_due(w); i++) {
        run(w);
        path = apr_pstrcat(w->pool, path, *path && w->asks ? " " : "",
                           path_taken(w), NULL);
    }
    assert_true(i < 10);
    return path;
}

static void refresh_fetches_a_kid_that_is_wanted(void **state)
{
    world_t *w = create_per_kid(*state);
    bearer_kids_counts_t counts;
    bearer_kids_conf_t numbers = bearer_source_kids(&w->source);

    /* nothing is asked for before a token comes */
    assert_string_equal(run_due(w), "");
    assert_null(posted(w));
    answer(w, PREFIX "one", 200, PEM);
    want(w, "one");
    assert_true(is_due(w));
    assert_string_equal(run_due(w), PREFIX "one");
    assert_true(has(posted(w), "\"kid\":\"one\""));
    assert_int_equal(w->result.keys, 1);
    assert_true(line_has(w, 0, "keys loaded: 1 (one); from " PREFIX "one"));
    assert_false(is_due(w));
    /* a second one is added */
    answer(w, PREFIX "two", 200, PEM);
    want(w, "two");
    assert_string_equal(run_due(w), PREFIX "two");
    assert_true(has(posted(w), "\"one\"") && has(posted(w), "\"two\""));
    counts = bearer_kids_count(bearer_board_kids(w->env.board, &w->source.slot),
                               &numbers, w->now.tick);
    assert_int_equal(counts.good, 2);
}

/* any stranger can write a kid: it costs one fetch, and the log says nothing */
static void refresh_believes_that_a_kid_is_missing(void **state)
{
    world_t *w = create_per_kid(*state);
    int i;

    run_due(w);
    want(w, "none");
    assert_string_equal(run_due(w), PREFIX "none");
    assert_int_equal(w->written, 0);
    assert_int_equal(w->result.why, BEARER_OK);
    assert_int_equal(kid_state(w, "none"), BEARER_KIDASKS_MISSING);
    assert_null(posted(w));
    want(w, "none");
    assert_string_equal(run_due(w), "");
    for (i = 0; i < 50; i++)
        want(w, apr_psprintf(*state, "stranger-%d", i));
    for (i = 0; is_due(w); i++)
        run(w);
    assert_int_equal(i, BEARER_LIMIT_KIDS_WANTED - 1);
    assert_int_equal(kid_state(w, "stranger-40"), BEARER_KIDASKS_UNKNOWN);
}

static void refresh_tries_a_kid_again_after_a_failure(void **state)
{
    static const struct {
        const char *name;
        bearer_reason_t why;
        int status;
        const char *body, *want;
    } cases[] = {
        {"nobody answers", BEARER_FETCH_TIMEOUT, 0, "", "fetch_timeout"},
        {"forbidden", BEARER_OK, 403, "", "http_status"},
        {"broken", BEARER_OK, 500, PEM, "http_status"},
        {"a redirect", BEARER_OK, 302, PEM, "http_status"},
        {"a 304 that nobody asked for", BEARER_OK, 304, "", "http_status"},
        {"HTML with 200", BEARER_OK, 200, HTML, "pem_form"},
        {"a set", BEARER_OK, 200, ONE("one"), "pem_form"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *w = create_per_kid(*state);

        run_due(w);
        answer(w, PREFIX "one", cases[i].status, cases[i].body);
        if (cases[i].why)
            fail_at(w, PREFIX "one", cases[i].why);
        want(w, "one");
        unit_expect(cases[i].name,
                    kid_state(w, "one") == BEARER_KIDASKS_UNSURE || is_due(w));
        unit_expect_reason(cases[i].name, run(w)->why, cases[i].want);
        unit_expect(cases[i].name,
                    kid_state(w, "one") == BEARER_KIDASKS_UNSURE);
        unit_expect(cases[i].name, !posted(w) && !is_due(w));
        /* the next pause is longer, and the answer good */
        advance(w, 2);
        unit_expect_reason(cases[i].name, run(w)->why, cases[i].want);
        answer(w, PREFIX "one", 200, PEM);
        advance(w, 3);
        unit_expect(cases[i].name, is_due(w));
        unit_expect_reason(cases[i].name, run(w)->why, "ok");
        unit_expect(cases[i].name, has(posted(w), "\"one\""));
    }
}

static void refresh_confirms_kids_that_are_used(void **state)
{
    world_t *w = create_per_kid(*state);

    answer(w, PREFIX "used", 200, PEM);
    answer(w, PREFIX "idle", 200, PEM);
    want(w, "used");
    want(w, "idle");
    run_due(w);
    use(w, "used");
    advance(w, 3600);
    /* a key that never proved a token is not asked for again */
    assert_string_equal(run_due(w), PREFIX "used");
    assert_true(has(posted(w), "\"used\"") && !has(posted(w), "\"idle\""));
    /* the issuer takes it back: it is gone at once, and nothing is in use */
    answer(w, PREFIX "used", 404, "");
    advance(w, 3600);
    assert_string_equal(run_due(w), PREFIX "used");
    assert_string_equal(posted(w), "{\"keys\":[]}");
    advance(w, 3600);
    assert_string_equal(run_due(w), "");
    /* and comes back */
    answer(w, PREFIX "used", 200, PEM);
    want(w, "used");
    assert_string_equal(run_due(w), PREFIX "used");
    assert_true(has(posted(w), "\"used\""));
}

/* A stranger's kid every two seconds, for which the server has no better answer than for
 * one that is down (S3 says 403). @return how often "one" was asked for */
static int flood_kids(world_t *w, int seconds)
{
    int asked = 0;
    int i, j;

    w->others = BEARER_FETCH_TIMEOUT;
    for (i = 0; i < seconds; i += 2) {
        want(w, apr_psprintf(w->pool, "stranger-%d", i));
        use(w, "one");
        for (j = 0; j < 10 && is_due(w); j++) {
            run(w);
            asked += !strcmp(path_taken(w), PREFIX "one");
        }
        assert_true(j < 10);
        advance(w, 2);
    }
    return asked;
}

/* a flood of strangers' kids that fail neither delays the confirmation of a key in use,
 * nor keeps one that the issuer takes back, nor lets the source become stale */
static void refresh_confirms_kids_under_a_flood(void **state)
{
    world_t *w = create_per_kid(*state);
    bearer_schedule_t schedule;

    w->source.schedule.miss = apr_time_from_sec(20);
    answer(w, PREFIX "one", 200, PEM);
    want(w, "one");
    run_due(w);
    assert_int_equal(flood_kids(w, 3598), 1);
    assert_int_equal(flood_kids(w, 3600), 1);
    schedule = bearer_board_schedule(w->env.board, &w->source.slot);
    assert_true(schedule.last_good > w->now.tick - w->source.schedule.refresh);
    assert_true(has(posted(w), "\"one\""));
    /* one that fails has its own pause, and is asked for again after it */
    fail_at(w, PREFIX "one", BEARER_FETCH_CONNECT);
    assert_true(flood_kids(w, 3600) > 1);
    assert_true(has(posted(w), "\"one\""));
    answer(w, PREFIX "one", 404, "");
    assert_int_equal(flood_kids(w, 600), 1);
    assert_string_equal(posted(w), "{\"keys\":[]}");
}

/* an outage: what is in use stays, but not longer than "stale" */
static void refresh_keeps_kids_through_an_outage(void **state)
{
    world_t *w = create_per_kid(*state);
    int hours;

    answer(w, PREFIX "one", 200, PEM);
    want(w, "one");
    run_due(w);
    fail_at(w, PREFIX "one", BEARER_FETCH_CONNECT);
    for (hours = 1; hours <= 23; hours++) {
        use(w, "one");
        advance(w, 3600);
        run_due(w);
        assert_true(has(posted(w), "\"one\""));
    }
    /* it is confirmed again */
    answer(w, PREFIX "one", 200, PEM);
    advance(w, 300);
    assert_string_equal(run_due(w), PREFIX "one");
    fail_at(w, PREFIX "one", BEARER_FETCH_CONNECT);
    for (hours = 1; hours <= 25; hours++) {
        use(w, "one");
        advance(w, 3600);
        run_due(w);
    }
    assert_string_equal(posted(w), "{\"keys\":[]}");
}

/* another fetcher: it has the document and the kids, and asks for nothing anew */
static void refresh_takes_over_kids(void **state)
{
    world_t *w = create_per_kid(*state);

    answer(w, PREFIX "one", 200, PEM);
    answer(w, PREFIX "two", 200, PEM);
    want(w, "one");
    run_due(w);
    restart(w);
    assert_string_equal(run_due(w), "");
    want(w, "two");
    assert_string_equal(run_due(w), PREFIX "two");
    assert_true(has(posted(w), "\"one\""));
    /* a board of another life: the document alone */
    bearer_kids_format(bearer_board_kids(w->env.board, &w->source.slot));
    advance(w, 3600);
    assert_string_equal(run_due(w), PREFIX "one " PREFIX "two");
}

/* known keys of others: new ones wait until one of ours is no longer needed */
static void refresh_refuses_kids_without_room(void **state)
{
    world_t *w = create_per_kid(*state);
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        const char *kid = apr_psprintf(*state, "kid-%d", i);

        w->answered = 0;
        answer(w, apr_pstrcat(*state, PREFIX, kid, NULL), 200, PEM);
        want(w, kid);
        run_due(w);
        use(w, kid);
        advance(w, 60);
    }
    answer(w, PREFIX "more", 200, PEM);
    want(w, "more");
    assert_string_equal(run_due(w), "");
    assert_int_equal(kid_state(w, "more"), BEARER_KIDASKS_UNSURE);
    assert_true(line_has(w, 0, "no room for the key more"));
    assert_false(has(posted(w), "more"));
    assert_true(has(posted(w), "kid-0\""));
}

/* the slot is another's: nothing is fetched, and nothing written into its kids */
static void refresh_leaves_the_kids_of_others(void **state)
{
    world_t *w = create_per_kid(*state);

    want(w, "one");
    w->source.slot.id.bytes[0] ^= 1;
    assert_null(bearer_board_kids(w->env.board, &w->source.slot));
    run(w);
    assert_string_equal(path_taken(w), "");
    assert_int_equal(w->result.why, BEARER_FETCH_STOPPED);
    assert_false(is_due(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(refresh_drops_keys_that_are_withdrawn),
        unit_row(refresh_keeps_keys_when_an_empty_answer_is_not_confirmed),
        unit_row(refresh_withdraws_only_what_was_there),
        unit_row(refresh_never_replaces_good_keys_by_a_bad_document),
        unit_row(refresh_posts_nothing_of_a_bad_document),
        unit_row(refresh_keeps_good_keys_when_the_fetch_fails),
        unit_row(refresh_keeps_good_keys_when_the_new_ones_are_too_many),
        unit_row(refresh_shows_where_a_redirect_leads_and_does_not_go),
        unit_row(refresh_shows_no_secret_of_a_redirect),
        unit_row(refresh_serves_the_good_keys_of_a_document),
        unit_row(refresh_takes_a_hundred_keys),
        unit_row(refresh_tells_once_of_a_key_that_cannot_be_used),
        unit_row(refresh_comes_back_when_the_answer_says),
        unit_row(refresh_notes_the_time_only_when_keys_are_the_same),
        unit_row(refresh_replaces_keys_that_changed),
        unit_row(refresh_asks_with_the_etag_and_takes_a_304),
        unit_row(refresh_forgets_an_etag_it_cannot_use),
        unit_row(refresh_does_not_remember_a_long_etag),
        unit_row(refresh_asks_for_all_when_the_board_lost_its_document),
        unit_row(refresh_does_not_trust_an_etag_over_anothers_keys),
        unit_row(refresh_takes_an_ask_and_serves_it),
        unit_row(refresh_logs_changes_of_state_and_not_attempts),
        unit_row(refresh_says_when_the_keys_get_too_old),
        unit_row(refresh_logs_a_recovery_of_another_process),
        unit_row(refresh_is_silent_when_a_new_process_finds_the_same),
        unit_row(refresh_notes_nothing_when_it_is_stopped),
        unit_row(refresh_leaves_a_slot_that_was_given_away),
        unit_row(refresh_runs_without_locks),
        unit_row(refresh_tries_the_forms_of_the_metadata_address),
        unit_row(refresh_ends_discovery_when_the_network_fails),
        unit_row(refresh_remembers_what_discovery_found),
        unit_row(refresh_looks_metadata_up_again_after_a_day),
        unit_row(refresh_begins_where_another_process_found_the_keys),
        unit_row(refresh_does_not_believe_any_address_on_the_board),
        unit_row(refresh_posts_nothing_when_another_leads),
        unit_row(refresh_stores_nothing_when_another_leads),
        unit_row(refresh_follows_keys_that_moved_in_the_same_round),
        unit_row(refresh_asks_once_at_an_address_that_did_not_move),
        unit_row(refresh_rediscovers_after_a_network_failure_next_time),
        unit_row(refresh_uses_the_remembered_address_without_metadata),
        unit_row(refresh_stops_doubting_an_address_that_works_again),
        unit_row(refresh_tells_the_most_of_two_failures),
        unit_row(refresh_reads_a_key_file_again_when_it_changed),
        unit_row(refresh_keeps_the_keys_of_a_file_gone_bad),
        unit_row(refresh_never_looks_for_a_secret),
        unit_row(refresh_stores_keys_after_each_good_round),
        unit_row(refresh_stores_only_what_is_fetched),
        unit_row(refresh_does_not_store_for_a_slot_given_away),
        unit_row(refresh_tells_once_that_the_store_cannot_be_written),
        unit_row(refresh_serves_stored_keys_while_the_issuer_is_down),
        unit_row(refresh_lets_the_network_replace_stored_keys),
        unit_row(refresh_says_why_stored_keys_are_not_used),
        unit_row(refresh_finds_a_rotated_key_under_a_flood),
        unit_row(refresh_fetches_a_kid_that_is_wanted),
        unit_row(refresh_believes_that_a_kid_is_missing),
        unit_row(refresh_tries_a_kid_again_after_a_failure),
        unit_row(refresh_confirms_kids_that_are_used),
        unit_row(refresh_confirms_kids_under_a_flood),
        unit_row(refresh_keeps_kids_through_an_outage),
        unit_row(refresh_takes_over_kids),
        unit_row(refresh_refuses_kids_without_room),
        unit_row(refresh_leaves_the_kids_of_others),
    };

    return unit_run(tests);
}
