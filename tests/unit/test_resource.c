/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/judge/resource.h"
#include "bearer/text/json.h"

/* RFC 9728 3.1: the well-known part goes between host and path */
static void resource_knows_where_its_metadata_is(void **state)
{
    static const struct {
        const char *url, *host, *path;
    } cases[] = {
        {"https://api.example", "api.example",
         "/.well-known/oauth-protected-resource"},
        {"https://api.example/", "api.example",
         "/.well-known/oauth-protected-resource"},
        {"https://API.example:8443/a/b/", "api.example",
         "/.well-known/oauth-protected-resource/a/b/"},
        {"http://127.0.0.1:8080/mcp", "127.0.0.1",
         "/.well-known/oauth-protected-resource/mcp"},
    };
    apr_pool_t *pool = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_resource_t resource = {0};
        bearer_note_t note;

        unit_expect_reason(
            cases[i].url,
            bearer_resource_parse(cases[i].url, &resource, &note, pool), "ok");
        assert_string_equal(resource.url, cases[i].url);
        assert_string_equal(resource.host, cases[i].host);
        assert_string_equal(resource.metadata_path, cases[i].path);
        /* the absolute address ends with the path and begins like the url */
        assert_non_null(strstr(resource.metadata_url, cases[i].path));
        assert_memory_equal(resource.metadata_url, cases[i].url, 8);
    }
}

static void resource_refuses_what_is_no_identifier(void **state)
{
    static const struct {
        const char *url, *want;
    } cases[] = {
        {"api.example", "url_form"},
        {"http://api.example", "url_scheme"},
        {"ftp://api.example", "url_scheme"},
        {"https://api.example/?a=b", "url_parts"},
        {"https://api.example/#a", "url_parts"},
        {"https://a@api.example/", "url_parts"},
    };
    apr_pool_t *pool = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_resource_t resource = {0};
        bearer_note_t note;

        unit_expect_reason(
            cases[i].url,
            bearer_resource_parse(cases[i].url, &resource, &note, pool),
            cases[i].want);
        assert_null(resource.url);
    }
}

static void resource_is_described_by_what_is_set(void **state)
{
    static const bearer_str_t issuers[] = {BEARER_LIT("https://i"),
                                           BEARER_LIT("https://j")};
    bearer_resource_t resource = {.url = "https://api.example",
                                  .scopes = "read  write",
                                  .name = "An \"API\"",
                                  .docs = "https://docs.example/"};
    apr_pool_t *pool = *state;

    assert_string_equal(
        bearer_resource_render(&resource, issuers, 2, true, pool),
        "{\"resource\":\"https://api.example\","
        "\"authorization_servers\":[\"https://i\",\"https://j\"],"
        "\"bearer_methods_supported\":[\"header\",\"query\"],"
        "\"scopes_supported\":[\"read\",\"write\"],"
        "\"resource_name\":\"An \\\"API\\\"\","
        "\"resource_documentation\":\"https://docs.example/\"}");
    resource.scopes = resource.name = resource.docs = NULL;
    assert_string_equal(
        bearer_resource_render(&resource, issuers, 1, false, pool),
        "{\"resource\":\"https://api.example\","
        "\"authorization_servers\":[\"https://i\"],"
        "\"bearer_methods_supported\":[\"header\"]}");
}

/* RFC 9728 3.2: a member without values is left out; a refresh token is for the
 * issuer */
static void resource_leaves_out_what_has_no_value(void **state)
{
    static const struct {
        const char *scopes, *want;
    } cases[] = {
        {NULL, NULL},
        {"", NULL},
        {"offline_access", NULL},
        {"a offline_access b", "[\"a\",\"b\"]"},
        {"offline_access.x Offline_access", "[\"offline_access.x\","
                                            "\"Offline_access\"]"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_resource_t resource = {.url = "https://a",
                                            .scopes = cases[i].scopes};
        const char *want =
            apr_pstrcat(*state,
                        "{\"resource\":\"https://a\","
                        "\"bearer_methods_supported\":[\"header\"]",
                        cases[i].want ? ",\"scopes_supported\":" : "",
                        cases[i].want ? cases[i].want : "", "}", NULL);

        assert_string_equal(
            bearer_resource_render(&resource, NULL, 0, false, *state), want);
    }
}

static void resource_is_not_described_in_part(void **state)
{
    static const bearer_str_t good[] = {BEARER_LIT("https://i")};
    static const bearer_str_t bad[] = {BEARER_LIT("https://\xff")};
    static const struct {
        const char *name;
        bearer_resource_t resource;
        const bearer_str_t *issuers;
    } cases[] = {
        {"issuer", {.url = "https://a"}, bad},
        {"url", {.url = "https://\xff"}, good},
        {"scopes", {.url = "https://a", .scopes = "a \xff"}, good},
        {"name", {.url = "https://a", .name = "\xff"}, good},
        {"docs", {.url = "https://a", .docs = "\xff"}, good},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].name, !bearer_resource_render(&cases[i].resource,
                                                           cases[i].issuers, 1,
                                                           false, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(resource_knows_where_its_metadata_is),
        unit_row(resource_refuses_what_is_no_identifier),
        unit_row(resource_is_described_by_what_is_set),
        unit_row(resource_leaves_out_what_has_no_value),
        unit_row(resource_is_not_described_in_part),
    };

    return unit_run(tests);
}
