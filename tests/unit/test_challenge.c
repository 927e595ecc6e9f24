/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <jansson.h>

#include "bearer/judge/challenge.h"

static void challenge_renders_parameters_in_order(void **state)
{
    static const struct {
        bearer_challenge_t challenge;
        const char *want;
    } cases[] = {
        {{NULL}, "Bearer"},
        {{.realm = "r"}, "Bearer realm=\"r\""},
        {{.realm = ""}, "Bearer realm=\"\""},
        {{.error = "invalid_token"}, "Bearer error=\"invalid_token\""},
        {{.scope = "a b"}, "Bearer scope=\"a b\""},
        {{.resource_metadata = "https://a/b?c=d"},
         "Bearer resource_metadata=\"https://a/b?c=d\""},
        {{.error = "insufficient_scope", .scope = "a b"},
         "Bearer error=\"insufficient_scope\", scope=\"a b\""},
        {{.realm = "r",
          .error = "invalid_token",
          .description = "the token has expired",
          .scope = "a",
          .resource_metadata = "https://a"},
         "Bearer realm=\"r\", error=\"invalid_token\", "
         "error_description=\"the token has expired\", scope=\"a\", "
         "resource_metadata=\"https://a\""},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(
            bearer_challenge_render(&cases[i].challenge, *state),
            cases[i].want);
}

static void challenge_quotes_a_realm(void **state)
{
    static const struct {
        const char *realm, *want;
    } cases[] = {
        {"two words", "Bearer realm=\"two words\""},
        {"a\"b", "Bearer realm=\"a\\\"b\""},
        {"a\\", "Bearer realm=\"a\\\\\""},
        {"\"\\\"", "Bearer realm=\"\\\"\\\\\\\"\""},
        {"a\r\nSet-Cookie: x", "Bearer realm=\"a??Set-Cookie: x\""},
        {"a\tb\x7f\x01", "Bearer realm=\"a?b??\""},
        {"caf\xc3\xa9", "Bearer realm=\"caf\xc3\xa9\""},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_challenge_t challenge = {.realm = cases[i].realm};

        assert_string_equal(bearer_challenge_render(&challenge, *state),
                            cases[i].want);
        assert_string_equal(bearer_challenge_basic(cases[i].realm, *state),
                            apr_pstrcat(*state, "Basic ",
                                        cases[i].want + strlen("Bearer "),
                                        ", charset=\"UTF-8\"", NULL));
    }
}

/* RFC 6750 3: %x20-21 / %x23-5B / %x5D-7E */
static void challenge_replaces_what_may_not_stand(void **state)
{
    bearer_challenge_t challenge = {.scope = "a\"b\\c\r\nd\te\x7f\xc3\xa9"};

    assert_string_equal(bearer_challenge_render(&challenge, *state),
                        "Bearer scope=\"a'b'c??d?e???\"");
    challenge.scope = NULL;
    challenge.description = "a\"b\\c\r\nd\te\x7f\xc3\xa9";
    assert_string_equal(bearer_challenge_render(&challenge, *state),
                        "Bearer error_description=\"a'b'c??d?e???\"");
    challenge.description = NULL;
    challenge.resource_metadata = "https://a/\"\r\nb";
    assert_string_equal(bearer_challenge_render(&challenge, *state),
                        "Bearer resource_metadata=\"https://a/'??b\"");
}

/* clients search the whole value for a name with its sign */
static void challenge_descriptions_look_like_no_parameter(void **state)
{
    static const char *const names[] = {
        "scope=", "error=", "resource_metadata=", "realm=", "="};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bearer_challenge_t challenge = {
            .description = apr_pstrcat(*state, "x ", names[i], "evil", NULL)};
        const char *value = bearer_challenge_render(&challenge, *state);
        const char *text = strstr(value, "=\"");

        assert_non_null(text);
        unit_expect(names[i], !strstr(text + 2, "="));
        unit_expect(names[i], !strstr(value, "scope="));
        unit_expect(names[i], !strstr(value, "error="));
        unit_expect(names[i], !strstr(value, "resource_metadata="));
    }
}

static void challenge_leaves_its_input_alone(void **state)
{
    char scope[] = "a\"b", description[] = "a=\"";
    bearer_challenge_t challenge = {.scope = scope, .description = description};

    (void)bearer_challenge_render(&challenge, *state);
    assert_string_equal(scope, "a\"b");
    assert_string_equal(description, "a=\"");
}

/* every sentence of the catalogue is in a challenge as it is, except for quotes */
static void challenge_shows_the_catalogue(void **state)
{
    int i;

    for (i = 1; i < BEARER_REASON_COUNT; i++) {
        const bearer_reason_info_t *info = bearer_error_find(i);
        bearer_challenge_t challenge = {.description = info->sentence};
        const char *value = bearer_challenge_render(&challenge, *state);

        /* a sentence may be a question */
        unit_expect(info->slug,
                    !strchr(value, '?') == !strchr(info->sentence, '?'));
        unit_expect(info->slug, strlen(value)
                                    == strlen("Bearer error_description=\"\"")
                                           + strlen(info->sentence));
    }
}

/* --- the body --------------------------------------------------------------- */

static void challenge_body_is_json(void **state)
{
    static const struct {
        const char *message, *want;
    } cases[] = {
        {"the token has expired", NULL},
        {"", NULL},
        {"not of the form \"Bearer <token>\"", NULL},
        {"a back\\slash", NULL},
        {"percent %s %n", NULL},
        {"caf\xc3\xa9", NULL},
        {"two\nlines\t.\x01", "two lines . "},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *want = cases[i].want ? cases[i].want : cases[i].message;
        const char *body = bearer_challenge_body("invalid_token", 401,
                                                 cases[i].message, *state);
        json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);

        unit_expect(cases[i].message, json != NULL);
        assert_int_equal(json_object_size(json), 3);
        assert_string_equal(json_string_value(json_object_get(json, "code")),
                            "invalid_token");
        assert_int_equal(json_integer_value(json_object_get(json, "status")),
                         401);
        assert_string_equal(json_string_value(json_object_get(json, "message")),
                            want);
        json_decref(json);
    }
}

static void challenge_body_has_one_form(void **state)
{
    assert_string_equal(
        bearer_challenge_body("invalid_token", 401, "no", *state),
        "{\"code\": \"invalid_token\", \"status\": 401, "
        "\"message\": \"no\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(challenge_renders_parameters_in_order),
        unit_row(challenge_quotes_a_realm),
        unit_row(challenge_replaces_what_may_not_stand),
        unit_row(challenge_descriptions_look_like_no_parameter),
        unit_row(challenge_leaves_its_input_alone),
        unit_row(challenge_shows_the_catalogue),
        unit_row(challenge_body_is_json),
        unit_row(challenge_body_has_one_form),
    };

    return unit_run(tests);
}
