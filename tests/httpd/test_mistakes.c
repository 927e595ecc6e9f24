/* SPDX-License-Identifier: Apache-2.0 */
/* What directives and the checks of a whole configuration say. It runs last: each row
 * is read as a configuration of its own, and the one of inside.conf is forgotten. */
#include "tests/httpd/inside.h"

#include <apr_file_io.h>
#include <http_config.h>
#include <http_core.h>

#include "httpd/conf/check.h"

/* --- reading ------------------------------------------------------------------------- */

static const char *walk(const char *text, apr_pool_t *pool)
{
    request_rec *r = inside_request("/", pool);
    cmd_parms *cmd = inside_command("", "", pool);
    const char *error;

    cmd->path = NULL;
    cmd->override = RSRC_CONF | ACCESS_CONF | OR_ALL;
    ap_conftree = inside_read(text, cmd);
    error = ap_walk_config(ap_conftree, cmd, r->server->lookup_defaults);
    if (!error)
        return NULL;
    /* httpd puts the directive before what its own setters say */
    return apr_pstrcat(pool, cmd->err_directive->directive, ": ", error, NULL);
}

/* what is said of it, "" if nothing is wrong */
static const char *read_all(const char *text, apr_pool_t *pool)
{
    request_rec *r = inside_request("/", pool);
    const char *said;
    int rv;

    /* httpd keeps the sections for as long as it runs */
    assert_int_equal(apr_pool_create(&pool, r->server->process->pool), 0);
    mab_conf_begin(pool);
    said = walk(text, pool);
    if (said)
        return said;
    inside_listen(r);
    rv = mab_check_all(pool, pool, r->server);
    said = inside_heard(pool);
    return rv == OK ? "" : said;
}

static const char *in_place(const char *lines, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       "<Location \"/m\">\nAuthType Bearer\nAuthName m\n"
                       "Require valid-user\n",
                       lines, "\n</Location>\n", NULL);
}

#define ISSUER   "AuthBearerIssuer https://i.example"
#define AUDIENCE "AuthBearerAudience api\n"
#define GOOD     ISSUER "\n" AUDIENCE

static void write_file(const char *name, const char *text, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    apr_size_t len = strlen(text);

    assert_int_equal(apr_file_open(&file, ap_server_root_relative(pool, name),
                                   APR_WRITE | APR_CREATE | APR_TRUNCATE,
                                   APR_FPROT_UREAD | APR_FPROT_UWRITE, pool),
                     APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, text, len, NULL), APR_SUCCESS);
    (void)apr_file_close(file);
}

static void write_files(apr_pool_t *pool)
{
    write_file("keys.json",
               "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
               "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
               "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}",
               pool);
    write_file("nokeys.json", "{\"keys\":[]}", pool);
    write_file("text", "neither JSON nor PEM", pool);
    write_file("short", "a short secret", pool);
    write_file("short512", "a secret of 32 bytes and not mor", pool);
    write_file("open", "a secret that everybody can read, of many bytes", pool);
    assert_int_equal(
        apr_file_perms_set(ap_server_root_relative(pool, "open"), 0x644),
        APR_SUCCESS);
}

/* --- what is right --------------------------------------------------------------------- */

static void mistakes_are_none(void **state)
{
    static const char *const rows[] = {
        GOOD,
        ISSUER " audience=urn:a,urn:b",
        ISSUER "\nAuthBearerAudience any",
        AUDIENCE ISSUER " keys=file:keys.json",
        AUDIENCE ISSUER " keys=https://k.example/jwks alg=RS256,ES256",
        AUDIENCE ISSUER " secret=file:secret alg=HS256,HS512",
        GOOD "AuthBearerIssuer https://b.example",
        GOOD "AuthBearerAlgorithms RS256 PS384 ES512 EdDSA",
        GOOD "AuthBearerCheck leeway=1m type=at+jwt max-age=1h max-life=1d "
             "require=jti,client_id",
        GOOD "AuthBearerCheck max-age=off max-life=off",
        GOOD "AuthBearerSource header header:X-T header:X-U:Key cookie:t "
             "query:q",
        GOOD "AuthBearerUser email sub",
        GOOD "AuthBearerUser \"expr=%{claim:a}-%{claim:b}\"",
        GOOD "AuthBearerUser \"expr=%{env:CN}\"",
        GOOD "AuthBearerClaim sub env:SUB\n"
             "AuthBearerClaim * header:X-Claims base64url\n"
             "AuthBearerClaim a.b header:X-A json\n"
             "AuthBearerClaim groups env:GROUPS join:;",
        GOOD "AuthBearerForward Off\nAuthBearerOptional On\n"
             "AuthBearerErrors off detail=Off unavailable=401",
        GOOD "AuthBearerCrossOrigin https://a.example https://b.example:8443",
        GOOD "AuthBearerCrossOrigin *",
        GOOD "AuthBearerCrossOrigin off",
        GOOD "AuthBearerCrossOrigin * headers=requested expose=X-A,X-B",
        GOOD "AuthBearerResource https://localhost/m name=\"N\" scopes=a,b",
    };
    size_t i;

    write_files(*state);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *said = read_all(in_place(rows[i], *state), *state);

        if (*said)
            fail_msg("%s\nsaid: %s", rows[i], said);
    }
}

static void mistakes_are_none_of_a_server(void **state)
{
    static const char *const rows[] = {
        "",
        "AuthBearerFetch timeout=5s connect=2s refresh=1h miss=60s stale=24h "
        "max-size=256k proxy=none http=Off\n",
        "AuthBearerFetch proxy=env\n",
        "AuthBearerFetch proxy=http://p.example:3128\n",
        "AuthBearerCache off\n",
        "AuthBearerCache 5000 ttl=60s\n",
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *said = read_all(
            apr_pstrcat(*state, rows[i], in_place(GOOD, *state), NULL), *state);

        if (*said)
            fail_msg("%s\nsaid: %s", rows[i], said);
    }
}

/* --- what is wrong ----------------------------------------------------------------------- */

typedef struct row_t {
    const char *lines, *directive, *words;
} row_t;

static void expect_said(const char *text, const row_t *row, apr_pool_t *pool)
{
    const char *said = read_all(text, pool);

    if (!strstr(said, row->directive) || !strstr(said, row->words))
        fail_msg("%s\nsaid: %s\nnot %s … %s", text, *said ? said : "nothing",
                 row->directive, row->words);
}

static void mistakes_of_directives(void **state)
{
    static const row_t rows[] = {
        {"AuthBearerIssuer", "AuthBearerIssuer", ""},
        {GOOD ISSUER, "AuthBearerIssuer", "twice"},
        {ISSUER " jwks=x", "AuthBearerIssuer", "there is no option jwks="},
        {ISSUER " word", "AuthBearerIssuer", "\"word\""},
        {ISSUER " alg=ES256 alg=RS256", "AuthBearerIssuer", "twice"},
        {ISSUER " alg=ES256,none", "AuthBearerIssuer", "none"},
        {ISSUER " secret=1234567890123456789012345678901234567890",
         "AuthBearerIssuer", "secret=file:"},
        {"AuthBearerAudience", "AuthBearerAudience", ""},
        {"AuthBearerAudience \"\"", "AuthBearerAudience", "empty"},
        {"AuthBearerAudience urn:a \"\"", "AuthBearerAudience", "empty"},
        {"AuthBearerCheck leeway=1s \"\"", "AuthBearerCheck", "empty"},
        {"AuthBearerAudience any urn:a", "AuthBearerAudience", "any"},
        {"AuthBearerAudience urn:a urn:a", "AuthBearerAudience", "twice"},
        {"AuthBearerAlgorithms none", "AuthBearerAlgorithms", "RS256"},
        {"AuthBearerAlgorithms rs256", "AuthBearerAlgorithms", "rs256"},
        {"AuthBearerAlgorithms ES256 ES256", "AuthBearerAlgorithms", "twice"},
        {"AuthBearerAlgorithms", "AuthBearerAlgorithms", ""},
        {"AuthBearerCheck", "AuthBearerCheck", ""},
        {"AuthBearerCheck strict", "AuthBearerCheck", "leeway="},
        {"AuthBearerCheck exp=off", "AuthBearerCheck", "exp="},
        {"AuthBearerCheck leeway=2d", "AuthBearerCheck", "allowed is"},
        {"AuthBearerCheck type=id", "AuthBearerCheck", "at+jwt"},
        {"AuthBearerCheck require=a,,b", "AuthBearerCheck", "empty"},
        {"AuthBearerSource body", "AuthBearerSource", "body"},
        {"AuthBearerSource cookie:a header cookie:a", "AuthBearerSource",
         "twice"},
        {"AuthBearerSource header header:authorization:Bearer",
         "AuthBearerSource", "one header"},
        {"AuthBearerSource header:X-A cookie:x-a header:x-a",
         "AuthBearerSource", "one header"},
        {"AuthBearerSource header header:Authorization:Token",
         "AuthBearerSource", "one header"},
        {"AuthBearerSource cookie", "AuthBearerSource", "cookie:<name>"},
        {"AuthBearerSource header:", "AuthBearerSource", ""},
        {"AuthBearerSource \"cookie:a b\"", "AuthBearerSource", ""},
        {"AuthBearerSource basic:", "AuthBearerSource", "basic:<user>"},
        {"AuthBearerSource basic:a:b", "AuthBearerSource", "no colon"},
        {"AuthBearerSource basic basic:a", "AuthBearerSource", "twice"},
        {"AuthBearerSource header:Authorization:Basic basic",
         "AuthBearerSource", "one header"},
        {"AuthBearerSource websocket:x", "AuthBearerSource", "alone"},
        {"AuthBearerSource header:Host", "AuthBearerSource", "something else"},
        {"AuthBearerSource header:Content_Length", "AuthBearerSource",
         "something else"},
        {"<Limit GET>\nAuthBearerOptional On\n</Limit>", "AuthBearerOptional",
         "all methods"},
        {"AuthBearerUser a..b", "AuthBearerUser", "claim path"},
        {"AuthBearerUser \"expr=%{\"", "AuthBearerUser", ""},
        {"AuthBearerUser \"expr=x\" sub", "AuthBearerUser", "expr="},
        {"AuthBearerUser \"expr=claim('sub')\"", "AuthBearerUser",
         "all tokens would be the same user; write a claim as %{claim:sub}"},
        {"AuthBearerUser \"expr=sub\"", "AuthBearerUser",
         "all tokens would be the same user; write \"expr=%{claim:sub}\""},
        {"AuthBearerClaim sub", "AuthBearerClaim", "env:<NAME>"},
        {"AuthBearerClaim sub cookie:x", "AuthBearerClaim", "env:<NAME>"},
        {"AuthBearerClaim sub env:PATH", "AuthBearerClaim", "allowed"},
        {"AuthBearerClaim sub env:lower", "AuthBearerClaim", "allowed"},
        {"AuthBearerClaim sub header:Host", "AuthBearerClaim", "allowed"},
        {"AuthBearerClaim sub \"header:a b\"", "AuthBearerClaim", "allowed"},
        {"AuthBearerClaim sub env:SUB xml", "AuthBearerClaim", "json"},
        {"AuthBearerClaim /a~2 env:SUB", "AuthBearerClaim", "claim path"},
        {"AuthBearerClaim a env:X\nAuthBearerClaim b env:X", "AuthBearerClaim",
         "two claims"},
        {"AuthBearerClaim a header:X-A\nAuthBearerClaim b header:x_a",
         "AuthBearerClaim", "two claims"},
        {"AuthBearerOptional a=b", "AuthBearerOptional",
         "no option a=; allowed is On or Off"},
        {"AuthBearerResource https://a.example?x", "AuthBearerResource",
         "is not a resource; allowed is"},
        {ISSUER " keys=file:", "AuthBearerIssuer", "does not name a file"},
        {ISSUER " audience=urn:a,any", "AuthBearerIssuer",
         "an audience of that name"},
        {"AuthBearerCheck max-age=0", "AuthBearerCheck", "off, or 1 to"},
        {"AuthBearerCheck max-life=0s", "AuthBearerCheck", "off, or 1 to"},
        {"AuthBearerUser email \"expr=%{claim:sub}\"", "AuthBearerUser",
         "expr= is given together"},
        {"AuthType Basic x", "AuthType", "how users show"},
        {"SetHandler a b", "SetHandler", "the handler of"},
        {"AuthBearerErrors xml", "AuthBearerErrors", "json"},
        {"AuthBearerErrors json detail=yes", "AuthBearerErrors", "On or Off"},
        {"AuthBearerErrors unavailable=500", "AuthBearerErrors", "503"},
        {"AuthBearerOptional maybe", "AuthBearerOptional", "On or Off"},
        {"AuthBearerForward maybe", "AuthBearerForward", "On or Off"},
        {"AuthBearerCrossOrigin http://a.example/path", "AuthBearerCrossOrigin",
         "allowed"},
        {"AuthBearerCrossOrigin * https://a.example", "AuthBearerCrossOrigin",
         ""},
        {"AuthBearerResource http://a.example", "AuthBearerResource", "https"},
        {"AuthBearerResource https://a.example/#f", "AuthBearerResource", ""},
        {"AuthBearerResource https://a.example color=red", "AuthBearerResource",
         "color="},
        {"AuthBearerFetch timeout=5s", "AuthBearerFetch", "not allowed"},
        {"AuthBearerCache off", "AuthBearerCache", "not allowed"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_said(in_place(rows[i].lines, *state), &rows[i], *state);
}

static void mistakes_of_a_server(void **state)
{
    static const row_t rows[] = {
        {"AuthBearerFetch retries=3", "AuthBearerFetch", "retries="},
        {"AuthBearerFetch timeout=0", "AuthBearerFetch", "allowed is"},
        {"AuthBearerFetch max-size=1g", "AuthBearerFetch", "allowed is"},
        {"AuthBearerFetch timeout=5s timeout=6s", "AuthBearerFetch", "twice"},
        {"AuthBearerFetch proxy=socks://x", "AuthBearerFetch",
         "http://host:port, env, or none"},
        {"AuthBearerCache off ttl=5m", "AuthBearerCache", "off alone"},
        {"AuthBearerCache many", "AuthBearerCache", ""},
        {"AuthBearerCache 100 ttl=x", "AuthBearerCache", "ttl"},
        {"AuthBearerKeyStore /a /b", "AuthBearerKeyStore", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_said(rows[i].lines, &rows[i], *state);
}

static const char *many(const char *line, const char *word, int count,
                        apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, count, sizeof(char *));
    int i;

    for (i = 0; i < count; i++)
        APR_ARRAY_PUSH(words, char *) = apr_psprintf(pool, "%s%d", word, i);
    return apr_pstrcat(pool, line, " ", apr_array_pstrcat(pool, words, ' '),
                       NULL);
}

/* httpd's own way of cutting lines gives no more than 64 words, without a word about
 * the others: all count, and too many are a mistake */
static void mistakes_of_long_lines(void **state)
{
    static const row_t words[] = {
        {ISSUER "\nAuthBearerAudience", "AuthBearerAudience", "a"},
        {GOOD "AuthBearerUser", "AuthBearerUser", "u"},
        {GOOD "AuthBearerSource", "AuthBearerSource", "cookie:c"},
        {GOOD "AuthBearerCrossOrigin", "AuthBearerCrossOrigin", "https://a:"},
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const row_t empty = {NULL, words[i].directive, "empty"};
        const char *line = many(words[i].lines, words[i].words, 400, *state);

        unit_expect(line, !*read_all(in_place(line, *state), *state));
        line = apr_pstrcat(*state, line, " \"\"", NULL);
        expect_said(in_place(line, *state), &empty, *state);
    }
    for (i = 0; i < 2; i++) {
        const row_t too_many = {NULL, words[i].directive, "too many words"};
        const char *line = many(words[i].lines, words[i].words, 1025, *state);

        expect_said(in_place(line, *state), &too_many, *state);
    }
}

/* what only the whole configuration shows; the server of inside.conf has an issuer
 * and an audience for all places, so that none is without */
static void mistakes_of_places(void **state)
{
    static const row_t rows[] = {
        {AUDIENCE "AuthBearerIssuer issuer", "AuthBearerIssuer", "https"},
        {AUDIENCE "AuthBearerIssuer http://i.example", "AuthBearerIssuer",
         "https"},
        {AUDIENCE "AuthBearerIssuer http://127.0.0.1/", "AuthBearerIssuer",
         "http=On"},
        {AUDIENCE ISSUER "/?a=b", "AuthBearerIssuer", "query"},
        {AUDIENCE "AuthBearerIssuer https://a@b.c/", "AuthBearerIssuer",
         "user"},
        {AUDIENCE ISSUER " keys=http://i.example/", "AuthBearerIssuer",
         "https"},
        {AUDIENCE ISSUER " keys=https://x/ secret=file:secret",
         "AuthBearerIssuer", "exclude"},
        {AUDIENCE ISSUER " keys=file:nowhere", "AuthBearerIssuer", "No such"},
        {AUDIENCE ISSUER " keys=file:text", "AuthBearerIssuer", "PEM"},
        {AUDIENCE ISSUER " keys=file:nokeys.json", "AuthBearerIssuer",
         "no key for signatures"},
        {AUDIENCE ISSUER " secret=file:nowhere", "AuthBearerIssuer", "nowhere"},
        {AUDIENCE ISSUER " secret=file:short", "AuthBearerIssuer", "32 bytes"},
        {AUDIENCE ISSUER " secret=file:short", "AuthBearerIssuer",
         "/short: 14 bytes"},
        {AUDIENCE ISSUER " secret=file:short512 alg=HS512", "AuthBearerIssuer",
         "HS512"},
        {AUDIENCE ISSUER " secret=file:open", "AuthBearerIssuer",
         "read or written by others"},
        {AUDIENCE ISSUER " secret=file:secret alg=RS256", "AuthBearer",
         "HS256"},
        {AUDIENCE ISSUER " alg=HS256", "AuthBearer", "secret="},
        {GOOD "AuthBearerAlgorithms HS256", "Auth", "secret="},
    };
    size_t i;

    write_files(*state);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_said(in_place(rows[i].lines, *state), &rows[i], *state);
}

/* no message has the secret itself, or more of a file than its name */
static void mistakes_tell_no_secret(void **state)
{
    static const char *const rows[] = {
        AUDIENCE ISSUER " secret=file:short",
        AUDIENCE ISSUER " secret=file:short512 alg=HS512",
        AUDIENCE ISSUER " secret=file:open",
        AUDIENCE ISSUER " keys=file:text",
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *said = read_all(in_place(rows[i], *state), *state);

        unit_expect(rows[i], *said);
        unit_expect(rows[i], !strstr(said, "a short secret"));
        unit_expect(rows[i], !strstr(said, "a secret of"));
        unit_expect(rows[i], !strstr(said, "everybody"));
        unit_expect(rows[i], !strstr(said, "neither JSON"));
    }
}

int inside_mistakes(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(mistakes_are_none),
        unit_row(mistakes_are_none_of_a_server),
        unit_row(mistakes_of_directives),
        unit_row(mistakes_of_long_lines),
        unit_row(mistakes_of_a_server),
        unit_row(mistakes_of_places),
        unit_row(mistakes_tell_no_secret),
    };

    return unit_run(tests);
}
