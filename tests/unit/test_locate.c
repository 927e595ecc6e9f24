/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_file_io.h>

#include "bearer/keys/locate.h"
#include "tests/unit/files.h"

/* How what is found gets onto the board, with schedules and several rounds:
 * test_refresh.c. */

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
#define KEY(kid)   "{" POINT ",\"kid\":\"" kid "\"}"
#define ONE(kid)   "{\"keys\":[" KEY(kid) "]}"
#define FOUND(uri) "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" uri "\"}"
#define PEM                                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/mYc4fPXF8AS0ZxwtiBRbTYoAM8z\n"       \
    "Vu/v/ItV40fk8G3JXuEnCrd21SldrmcUIy1Sw+cgCFZtsYyWg3nXS/6fJg==\n"           \
    "-----END PUBLIC KEY-----\n"

/* what a search asked for and told, each a line */
static char asked[2048], told_of[2048];
/* what one address says instead of 404 */
static const char *there, *says;
static const char *refuses; /* this one does not answer */

static void add(char *to, const char *first, const char *then)
{
    apr_size_t len = strlen(to);

    (void)apr_snprintf(to + len, sizeof(asked) - len, "%s%s", first, then);
}

static bearer_reason_t fetch(const bearer_fetch_request_t *request,
                             const bearer_http_response_t **out,
                             bearer_note_t *note BEARER_UNUSED,
                             apr_pool_t *pool)
{
    bearer_http_response_t *response = apr_pcalloc(pool, sizeof(*response));

    add(asked, request->url, request->etag ? " if\n" : "\n");
    if (refuses && !strcmp(request->url, refuses))
        return BEARER_FETCH_CONNECT;
    response->status = 404;
    if (there && !strcmp(request->url, there)) {
        response->status = 200;
        response->body = unit_str(says);
        response->etag = "\"new\"";
        response->cache_control = "max-age=120";
    }
    if (request->etag)
        response->status = 304;
    *out = response;
    return BEARER_OK;
}

static bearer_now_t now(void *baton BEARER_UNUSED)
{
    bearer_now_t at = {NOW, apr_time_from_sec(100000)};

    return at;
}

static void tell(const char *what, const bearer_outcome_t *one,
                 void *baton BEARER_UNUSED)
{
    add(told_of, what, " ");
    add(told_of, bearer_error_find(one->why)->slug, "\n");
}

static bearer_source_t source_of(bearer_source_kind_t kind,
                                 const char *location)
{
    bearer_source_t source = {
        .issuer = ISSUER, .kind = kind, .location = location};

    source.schedule.refresh = apr_time_from_sec(3600);
    return source;
}

static bearer_locate_found_t found;
static bearer_outcome_t told;

static bearer_reason_t search(bearer_source_kind_t kind, const char *location,
                              const bearer_locate_known_t *known,
                              apr_pool_t *pool)
{
    static const bearer_locate_known_t nothing;
    bearer_source_t source = source_of(kind, location);
    bearer_locate_env_t env = {.fetch = fetch, .now = now, .tell = tell};

    asked[0] = told_of[0] = '\0';
    return bearer_locate_keys(&source, known ? known : &nothing, &env, &found,
                              &told, pool);
}

/* --- addresses ---------------------------------------------------------- */

static void locate_takes_the_keys_of_an_address(void **state)
{
    there = KEYS;
    says = ONE("good");
    unit_expect_reason("keys", search(BEARER_SOURCE_URL, KEYS, NULL, *state),
                       "ok");
    assert_string_equal(told_of, "keys ok\n");
    assert_string_equal(told.tried, KEYS);
    assert_int_equal(told.status, 200);
    assert_int_equal(found.keys->count, 1);
    assert_int_equal(found.fresh, 120);
    assert_string_equal(found.etag, "\"new\"");
    assert_string_equal(found.published.data, says);
    /* nobody has to find this address again */
    assert_string_equal(found.document.data, found.rendered.data);
}

/* a SPIFFE bundle says how soon it wants to be looked at again; a longer time than
 * its headers allow does not count, and for others it means nothing */
static void locate_heeds_a_bundles_hint(void **state)
{
    static const struct {
        const char *hint;
        bool svid;
        int fresh;
    } cases[] = {{"60", true, 60},
                 {"61", true, 61},
                 {"1", true, 60},
                 {"600", true, 120},
                 {"60", false, 120}};
    bearer_locate_env_t env = {.fetch = fetch, .now = now, .tell = tell};
    bearer_locate_known_t nothing = {NULL};
    size_t i;

    there = KEYS;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_source_t source = source_of(BEARER_SOURCE_URL, KEYS);

        source.svid = cases[i].svid;
        says = apr_pstrcat(*state, "{\"keys\":[{" POINT ",\"use\":\"",
                           cases[i].svid ? "jwt-svid" : "sig",
                           "\"}],\"spiffe_refresh_hint\":", cases[i].hint, "}",
                           NULL);
        asked[0] = told_of[0] = '\0';
        unit_expect_reason(
            says,
            bearer_locate_keys(&source, &nothing, &env, &found, &told, *state),
            "ok");
        assert_int_equal(found.fresh, cases[i].fresh);
        /* the board's keys need no rule of their own */
        assert_null(strstr(found.document.data, "use"));
    }
}

static void locate_asks_with_the_etag_of_the_same_address_only(void **state)
{
    bearer_locate_known_t known = {.address = KEYS, .etag = "\"old\""};

    there = NULL;
    unit_expect_reason("304", search(BEARER_SOURCE_URL, KEYS, &known, *state),
                       "ok");
    assert_string_equal(asked, KEYS " if\n");
    assert_null(found.keys);
    assert_string_equal(found.etag, "\"old\"");
    known.address = METADATA;
    unit_expect_reason("404", search(BEARER_SOURCE_URL, KEYS, &known, *state),
                       "http_status");
    assert_string_equal(asked, KEYS "\n");
}

static void locate_tells_each_step_of_a_discovery(void **state)
{
    there = METADATA_2;
    says = FOUND(KEYS);
    unit_expect_reason("no keys",
                       search(BEARER_SOURCE_DISCOVERY, NULL, NULL, *state),
                       "http_status");
    assert_string_equal(told_of, "metadata http_status\nmetadata "
                                 "http_status\nmetadata ok\nkeys "
                                 "http_status\n");
    assert_string_equal(told.tried, KEYS);
    assert_int_equal(found.found, apr_time_from_sec(100000));
    refuses = METADATA;
    unit_expect_reason("down",
                       search(BEARER_SOURCE_DISCOVERY, NULL, NULL, *state),
                       "fetch_connect");
    assert_string_equal(told_of, "metadata fetch_connect\n");
    refuses = NULL;
}

static void locate_comes_back_to_a_known_address(void **state)
{
    bearer_locate_known_t known = {.address = KEYS,
                                   .found = apr_time_from_sec(90000)};

    there = KEYS;
    says = ONE("good");
    unit_expect_reason(
        "known", search(BEARER_SOURCE_DISCOVERY, NULL, &known, *state), "ok");
    assert_string_equal(asked, KEYS "\n");
    assert_false(found.doubted);
    assert_non_null(strstr(found.document.data,
                           ",\"jwks_uri\":\"" KEYS "\",\"found\":90000}"));
    /* doubtful, but better than nothing when there is no metadata */
    known.doubted = true;
    unit_expect_reason(
        "doubted", search(BEARER_SOURCE_DISCOVERY, NULL, &known, *state), "ok");
    assert_string_equal(asked, METADATA "\n" METADATA_1 "\n" METADATA_2
                                        "\n" KEYS "\n");
    unit_expect_reason("metadata", found.metadata.why, "http_status");
    known.doubted = false;
    there = NULL;
    (void)!search(BEARER_SOURCE_DISCOVERY, NULL, &known, *state);
    assert_true(found.doubted);
}

/* --- who we are ----------------------------------------------------------- */

#define ELSEWHERE "https://elsewhere.example/keys"

static char
    identified[2048]; /* each URL that learned who we are, or where to */

static bearer_reason_t fetch_as(const bearer_fetch_request_t *request,
                                const bearer_http_response_t **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    bearer_http_response_t *refused = apr_pcalloc(pool, sizeof(*refused));

    if (request->headers && request->address)
        add(identified, request->url, "\n");
    else if (request->headers || request->address || request->pair)
        add(identified, "half ", "\n");
    else if (!strcmp(request->url, ELSEWHERE)) {
        refused->status = 401;
        *out = refused;
        return BEARER_OK;
    }
    return fetch(request, out, note, pool);
}

static bearer_reason_t search_as(const bearer_source_t *source,
                                 apr_pool_t *pool)
{
    static const bearer_locate_known_t nothing;
    bearer_locate_env_t env = {.fetch = fetch_as, .now = now, .tell = tell};

    asked[0] = told_of[0] = identified[0] = '\0';
    return bearer_locate_keys(source, &nothing, &env, &found, &told, pool);
}

static void locate_says_who_we_are_at_home_only(void **state)
{
    const char *token = files_temporary(*state);
    bearer_source_t source = source_of(BEARER_SOURCE_DISCOVERY, NULL);

    files_put(token, "s3cret\n", *state);
    source.credentials.token = token;
    source.address = "127.0.0.1:1";
    there = METADATA;
    says = FOUND(KEYS);
    unit_expect_reason("home", search_as(&source, *state), "http_status");
    assert_string_equal(identified, METADATA "\n" KEYS "\n");
    /* metadata that was taken over gets our token nowhere (stolen credentials) */
    says = FOUND(ELSEWHERE);
    unit_expect_reason("elsewhere", search_as(&source, *state), "http_status");
    assert_string_equal(identified, METADATA "\n");
    assert_non_null(strstr(asked, METADATA));
    assert_string_equal(told.tried, ELSEWHERE);
    assert_string_equal(told.note.text,
                        "status 401; token=, header= and cert= are sent to "
                        "https://issuer.example only: if this address is "
                        "right, give it as keys=");
    /* what was written as keys= is home */
    source = source_of(BEARER_SOURCE_URL, ELSEWHERE);
    source.credentials.token = token;
    source.address = "127.0.0.1:1";
    there = ELSEWHERE;
    says = ONE("a");
    unit_expect_reason("keys=", search_as(&source, *state), "ok");
    assert_string_equal(identified, ELSEWHERE "\n");
    assert_int_equal(apr_file_remove(token, *state), APR_SUCCESS);
}

static void locate_reads_who_we_are_each_time(void **state)
{
    const char *token = files_temporary(*state);
    bearer_source_t source = source_of(BEARER_SOURCE_DISCOVERY, NULL);

    files_put(token, "s3cret\n", *state);
    source.credentials.token = token;
    source.address = "127.0.0.1:1";
    there = NULL;
    (void)search_as(&source, *state);
    assert_string_equal(identified,
                        METADATA "\n" METADATA_1 "\n" METADATA_2 "\n");
    /* gone: nobody is asked without it, and it is not tried three times */
    assert_int_equal(apr_file_remove(token, *state), APR_SUCCESS);
    unit_expect_reason("gone", search_as(&source, *state), "fetch_credentials");
    assert_string_equal(asked, "");
    assert_string_equal(told_of, "metadata fetch_credentials\n");
    files_put(token, "new", *state);
    assert_int_equal(chmod(token, 0600), 0);
    (void)search_as(&source, *state);
    assert_non_null(strstr(identified, METADATA));
    assert_int_equal(apr_file_remove(token, *state), APR_SUCCESS);
}

static void locate_finds_no_secret(void **state)
{
    unit_expect_reason("secret",
                       search(BEARER_SOURCE_SECRET, "/s", NULL, *state), "ok");
    assert_null(found.keys);
    assert_string_equal(asked, "");
}

static void locate_recalls_an_address_that_may_be_believed(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{\"keys\":[],\"jwks_uri\":\"" KEYS "\",\"found\":5}", KEYS},
        {"{\"keys\":[]}", NULL},
        {"{\"keys\":[],\"jwks_uri\":\"" KEYS "\"}", NULL},
        {"{\"keys\":[],\"found\":5}", NULL},
        {"{\"keys\":[],\"jwks_uri\":7,\"found\":5}", NULL},
        {"{\"keys\":[],\"jwks_uri\":\"" KEYS "\",\"found\":-1}", NULL},
        {"{\"keys\":[],\"jwks_uri\":\"" KEYS "\",\"found\":8}", NULL},
        {"{\"keys\"", NULL},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_time_t when = 77;
        const char *got = bearer_locate_recall(
            unit_str(cases[i].text), apr_time_from_sec(7), &when, *state);

        unit_expect(cases[i].text,
                    cases[i].want ? got && !strcmp(got, cases[i].want) : !got);
        unit_expect(cases[i].text, when == (got ? apr_time_from_sec(5) : 77));
    }
}

/* --- files -------------------------------------------------------------- */

static bearer_reason_t read_file(const char *path, bearer_locate_found_t *out,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    bearer_source_t source = {.kind = BEARER_SOURCE_FILE, .location = path};

    return bearer_locate_file(&source, false, out, note, pool);
}

static void locate_takes_no_file_that_all_may_write(void **state)
{
    static const struct {
        mode_t mode;
        const char *want;
    } cases[] = {
        {0600, "ok"},
        {0644, "ok"},
        {0664, "ok"},
        {0666, "file_writable"},
        {0602, "file_writable"},
    };
    const char *path = files_temporary(*state);
    bearer_locate_found_t file = {NULL};
    bearer_note_t note = {""};
    apr_size_t i;

    files_put(path, ONE("good"), *state);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        unit_expect_reason(apr_psprintf(*state, "%o", (int)cases[i].mode),
                           read_file(path, &file, &note, *state),
                           cases[i].want);
    }
    assert_string_equal(note.text, "mode 602");
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
}

static void locate_does_not_hang_on_a_fifo_or_a_directory(void **state)
{
    const char *path = files_temporary(*state);
    bearer_locate_found_t file = {NULL};
    bearer_note_t note;

    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
    assert_int_equal(mkfifo(path, 0600), 0);
    unit_expect_reason("fifo", read_file(path, &file, &note, *state),
                       "file_read");
    assert_string_equal(note.text, "not a regular file");
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
    unit_expect_reason("directory", read_file("/tmp", &file, &note, *state),
                       "file_read");
    assert_null(file.keys);
}

static void locate_reads_a_file_for_the_start(void **state)
{
    const char *path = files_temporary(*state);
    bearer_locate_found_t file = {NULL};
    bearer_note_t note;

    files_put(path, PEM, *state);
    unit_expect_reason("PEM", read_file(path, &file, &note, *state), "ok");
    assert_int_equal(file.keys->count, 1);
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
    unit_expect_reason("gone", read_file(path, &file, &note, *state),
                       "file_read");
    assert_true(note.text[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(locate_takes_the_keys_of_an_address),
        unit_row(locate_heeds_a_bundles_hint),
        unit_row(locate_asks_with_the_etag_of_the_same_address_only),
        unit_row(locate_tells_each_step_of_a_discovery),
        unit_row(locate_comes_back_to_a_known_address),
        unit_row(locate_says_who_we_are_at_home_only),
        unit_row(locate_reads_who_we_are_each_time),
        unit_row(locate_finds_no_secret),
        unit_row(locate_recalls_an_address_that_may_be_believed),
        unit_row(locate_takes_no_file_that_all_may_write),
        unit_row(locate_does_not_hang_on_a_fifo_or_a_directory),
        unit_row(locate_reads_a_file_for_the_start),
    };

    return unit_run(tests);
}
