/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/judge/audience.h"
#include "bearer/text/json.h"

#include "jose.h"

static const bearer_str_t ours[] = {BEARER_LIT("https://api"),
                                    BEARER_LIT("other")};
static const bearer_str_t issuers_own[] = {BEARER_LIT("special")};

/* what a place with two audiences says */
static bearer_reason_t check(const char *text, const bearer_issuer_t *from,
                             bool any, bearer_note_t *note, apr_pool_t *pool)
{
    bearer_policy_t policy = {.audiences = ours, .audience_count = 2};
    const bearer_value_t *claims = NULL;

    policy.any_audience = any;
    policy.audience_count = any ? 0 : 2;
    unit_expect_reason(
        text, bearer_json_parse(jose_json(text, pool), &claims, NULL, pool),
        "ok");
    return bearer_audience_check(claims, &policy, from, note);
}

/* a claim named instead of aud is one string, and aud does not count */
static void audience_may_be_in_another_claim(void **state)
{
    static const struct {
        const char *name, *member, *want;
    } cases[] = {
        {"ours", ",'client_id':'https://api'", "ok"},
        {"ours, aud of another", ",'client_id':'other','aud':'evil'", "ok"},
        {"another", ",'client_id':'evil'", "aud_wrong"},
        {"another, aud is ours", ",'client_id':'evil','aud':'other'",
         "aud_wrong"},
        {"absent", "", "aud_missing"},
        {"absent, aud is ours", ",'aud':'other'", "aud_missing"},
        {"null", ",'client_id':null", "aud_missing"},
        {"empty", ",'client_id':''", "aud_wrong"},
        {"prefix", ",'client_id':'othe'", "aud_wrong"},
        {"array with ours", ",'client_id':['other']", "aud_invalid"},
        {"number", ",'client_id':1", "aud_invalid"},
        {"true", ",'client_id':true", "aud_invalid"},
        {"object", ",'client_id':{'other':'other'}", "aud_invalid"},
        {"case of the name", ",'Client_id':'other'", "aud_missing"},
    };
    bearer_issuer_t from = {.audience_claim = "client_id"};
    bearer_issuer_t own = {.audience_claim = "client_id",
                           .audiences = issuers_own,
                           .audience_count = 1};
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = apr_pstrcat(*state, "{'iss':'https://i'",
                                       cases[i].member, "}", NULL);

        unit_expect_reason(cases[i].name,
                           check(text, &from, false, &note, *state),
                           cases[i].want);
        /* an issuer's own list replaces the place's, and its "any" */
        unit_expect(cases[i].name,
                    check(text, &own, true, &note, *state) != BEARER_OK);
    }
    unit_expect_reason("the issuer's own",
                       check("{'client_id':'special','aud':'other'}", &own,
                             true, &note, *state),
                       "ok");
}

static void audience_notes_tell_both_sides(void **state)
{
    static const struct {
        const char *aud, *claim, *want;
    } cases[] = {
        {",'aud':'x'", NULL, "wanted https://api, other; the token's aud is x"},
        {",'aud':['x','y']", NULL,
         "wanted https://api, other; the token's aud is x, y"},
        {",'aud':[]", NULL,
         "wanted https://api, other; the token's aud is empty"},
        {",'aud':''", NULL,
         "wanted https://api, other; the token's aud is empty"},
        {",'aud':'a\\n; wanted x'", NULL,
         "wanted https://api, other; the token's aud is a\\x0a; wanted x"},
        {"", NULL, "aud is absent"},
        {",'aud':null", NULL, "aud is null"},
        {",'aud':7", NULL, "aud is a number"},
        {",'aud':['other',7]", NULL, "a member of aud is a number"},
        {",'azp':'x'", "azp",
         "wanted https://api, other; the token's azp is x"},
        {",'azp':['other']", "azp", "azp is an array"},
        {",'azp':18446744073709551615", "azp", "azp is a number"},
        {",'aud':'other'", "azp", "azp is absent"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_issuer_t from = {.audience_claim = cases[i].claim};
        bearer_note_t note = {""};
        const char *text =
            apr_pstrcat(*state, "{'iss':'https://i'", cases[i].aud, "}", NULL);

        unit_expect(cases[i].aud,
                    check(text, &from, false, &note, *state) != BEARER_OK);
        assert_string_equal(note.text, cases[i].want);
    }
}

/* of a resource's URL, scheme and host have no case; other audiences have */
static void audience_of_a_resource_has_no_case_in_its_host(void **state)
{
    static const bearer_str_t url[] = {BEARER_LIT("https://api.example/mcp")};
    static const struct {
        const char *aud;
        bool good;
    } cases[] = {
        {"'HTTPS://API.Example/mcp'", true},
        {"['x','https://API.EXAMPLE/mcp']", true},
        {"'https://api.example/MCP'", false},
        {"'https://api.example/mcp/'", false},
        {"'https://API.EXAMPLE'", false},
        {"'https://API.EXAMPLE.evil/mcp'", false},
        {"'http://API.EXAMPLE/mcp'", false},
    };
    static const bearer_issuer_t from,
        own = {.audiences = url, .audience_count = 1};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_policy_t policy = {.audiences = url, .audience_count = 1};
        const bearer_value_t *claims = NULL;
        bearer_note_t note;

        unit_expect_reason(
            cases[i].aud,
            bearer_json_parse(jose_json(apr_pstrcat(*state, "{'aud':",
                                                    cases[i].aud, "}", NULL),
                                        *state),
                              &claims, NULL, *state),
            "ok");
        unit_expect_reason(cases[i].aud,
                           bearer_audience_check(claims, &policy, &from, &note),
                           "aud_wrong");
        policy.audience_is_url = true;
        unit_expect_reason(cases[i].aud,
                           bearer_audience_check(claims, &policy, &from, &note),
                           cases[i].good ? "ok" : "aud_wrong");
        /* an issuer's own list is the administrator's, byte for byte */
        unit_expect_reason(cases[i].aud,
                           bearer_audience_check(claims, &policy, &own, &note),
                           "aud_wrong");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(audience_may_be_in_another_claim),
        unit_row(audience_notes_tell_both_sides),
        unit_row(audience_of_a_resource_has_no_case_in_its_host),
    };

    return unit_run(tests);
}
