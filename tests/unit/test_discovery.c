/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/keys/discovery.h"

#include "jose.h"

#define ISSUER "https://issuer.example/tenant"
#define URI    "https://keys.example/jwks?v=1"

static const struct {
    const char *name;
    const char *json;
    const char *want;
} documents[] = {
    {"minimal", "{'issuer':'" ISSUER "','jwks_uri':'" URI "'}", "ok"},
    {"other members",
     "{'a':[{'b':null}],'jwks_uri':'" URI "','issuer':'" ISSUER "','z':1e3}",
     "ok"},

    /* members that nobody asks for */
    {"numbers that nothing holds",
     "{'issuer':'" ISSUER "','x':[1e400,-18446744073709551616],'jwks_uri':'" URI
     "'}",
     "ok"},
    {"an issuer that nothing holds",
     "{'issuer':18446744073709551615,'jwks_uri':'" URI "'}",
     "discovery_issuer"},

    /* mix-up: every byte counts */
    {"another issuer", "{'issuer':'https://evil.example','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"a slash at the end", "{'issuer':'" ISSUER "/','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"a prefix", "{'issuer':'https://issuer.example','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"host in capitals",
     "{'issuer':'https://ISSUER.example/tenant','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"default port",
     "{'issuer':'https://issuer.example:443/tenant','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"a template",
     "{'issuer':'https://issuer.example/{tenantid}','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"no issuer", "{'jwks_uri':'" URI "'}", "discovery_issuer"},
    {"issuer null", "{'issuer':null,'jwks_uri':'" URI "'}", "discovery_issuer"},
    {"issuer in an array", "{'issuer':['" ISSUER "'],'jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"issuer empty", "{'issuer':'','jwks_uri':'" URI "'}", "discovery_issuer"},
    {"issuer wrong and no jwks_uri", "{'issuer':'x'}", "discovery_issuer"},

    /* what would be fetched next */
    {"no jwks_uri", "{'issuer':'" ISSUER "'}", "discovery_uri"},
    {"jwks_uri null", "{'issuer':'" ISSUER "','jwks_uri':null}",
     "discovery_uri"},
    {"jwks_uri in an array", "{'issuer':'" ISSUER "','jwks_uri':['" URI "']}",
     "discovery_uri"},
    {"jwks_uri empty", "{'issuer':'" ISSUER "','jwks_uri':''}",
     "discovery_uri"},
    {"jwks_uri relative", "{'issuer':'" ISSUER "','jwks_uri':'/jwks'}",
     "discovery_uri"},
    {"jwks_uri by http",
     "{'issuer':'" ISSUER "','jwks_uri':'http://keys.example/'}",
     "discovery_uri"},
    {"jwks_uri by http to the loopback",
     "{'issuer':'" ISSUER "','jwks_uri':'http://127.0.0.1/'}", "discovery_uri"},
    {"jwks_uri is a file",
     "{'issuer':'" ISSUER "','jwks_uri':'file:///etc/passwd'}",
     "discovery_uri"},
    {"jwks_uri with a user",
     "{'issuer':'" ISSUER "','jwks_uri':'https://u@keys.example/'}",
     "discovery_uri"},
    {"jwks_uri with a line break",
     "{'issuer':'" ISSUER "','jwks_uri':'https://keys.example/\\r\\nX: y'}",
     "discovery_uri"},

    {"a byte order mark",
     "\xef\xbb\xbf{'issuer':'" ISSUER "','jwks_uri':'" URI "'}", "ok"},
    {"another issuer behind a mark",
     "\xef\xbb\xbf{'issuer':'\xef\xbb\xbf" ISSUER "','jwks_uri':'" URI "'}",
     "discovery_issuer"},
    {"nothing", "", "json_syntax"},
    {"an error page", "<html>", "json_syntax"},
    {"an array", "['" ISSUER "']", "json_syntax"},
    {"NUL in the issuer", "{'issuer':'" ISSUER "\\u0000','jwks_uri':'" URI "'}",
     "json_syntax"},
    {"issuer twice",
     "{'issuer':'" ISSUER "','issuer':'x','jwks_uri':'" URI "'}",
     "json_duplicate"},
    {"deep", "{'a':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     "json_depth"},
};

static void discovery_wants_the_issuer_and_a_safe_uri(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        const char *uri = NULL;
        bearer_note_t note;

        unit_expect_reason(
            documents[i].name,
            bearer_discovery_parse(jose_json(documents[i].json, *state), ISSUER,
                                   false, &uri, &note, *state),
            documents[i].want);
        if (strcmp(documents[i].want, "ok") != 0)
            unit_expect(documents[i].name, uri == NULL);
        else
            assert_string_equal(uri, URI);
    }
}

static void discovery_allows_http_to_the_loopback_when_told(void **state)
{
    static const char *const near = "{'issuer':'http://127.0.0.1:8080',"
                                    "'jwks_uri':'http://127.0.0.1:8080/k'}";
    static const char *const far = "{'issuer':'http://127.0.0.1:8080',"
                                   "'jwks_uri':'http://keys.example/k'}";
    const char *uri = NULL;
    bearer_note_t note;

    unit_expect_reason("near",
                       bearer_discovery_parse(jose_json(near, *state),
                                              "http://127.0.0.1:8080", true,
                                              &uri, &note, *state),
                       "ok");
    assert_string_equal(uri, "http://127.0.0.1:8080/k");
    unit_expect_reason("far",
                       bearer_discovery_parse(jose_json(far, *state),
                                              "http://127.0.0.1:8080", true,
                                              &uri, &note, *state),
                       "discovery_uri");
}

static void discovery_note_shows_the_issuer_it_got(void **state)
{
    const char *uri;
    bearer_note_t note;

    unit_expect_reason(
        "evil",
        bearer_discovery_parse(
            jose_json("{'issuer':'https://e\\n','jwks_uri':'" URI "'}", *state),
            ISSUER, false, &uri, &note, *state),
        "discovery_issuer");
    assert_string_equal(note.text, "issuer https://e\\x0a");
}

/* Entra ID's document for all tenants has its own word for the placeholder */
static void discovery_of_a_template(void **state)
{
    static const struct {
        const char *name, *issuer, *want;
    } cases[] = {
        {"https://l/{tid}/v2.0", "https://l/{tenantid}/v2.0", "ok"},
        {"https://l/{tid}/v2.0", "https://l/{tid}/v2.0", "ok"},
        {"https://l/{tid}/v2.0", "https://l/{realm}/v2.0", "discovery_issuer"},
        {"https://l/{tid}/v2.0", "https://l/organizations/v2.0",
         "discovery_issuer"},
        {"https://l/{tid}/v2.0", "https://evil/{tenantid}/v2.0",
         "discovery_issuer"},
        {"https://l/{tid}/v2.0", "https://l/{tenantid}/v2.0/",
         "discovery_issuer"},
        {"https://l/a/v2.0", "https://l/{tenantid}/v2.0", "discovery_issuer"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *uri = NULL;
        const char *text = apr_pstrcat(*state, "{'issuer':'", cases[i].issuer,
                                       "','jwks_uri':'" URI "'}", NULL);

        unit_expect_reason(cases[i].issuer,
                           bearer_discovery_parse(jose_json(text, *state),
                                                  cases[i].name, false, &uri,
                                                  NULL, *state),
                           cases[i].want);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(discovery_wants_the_issuer_and_a_safe_uri),
        unit_row(discovery_allows_http_to_the_loopback_when_told),
        unit_row(discovery_of_a_template),
        unit_row(discovery_note_shows_the_issuer_it_got),
    };

    return unit_run(tests);
}
