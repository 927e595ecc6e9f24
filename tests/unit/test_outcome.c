/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/keys/outcome.h"

/* from what tells least to what tells most */
static const bearer_outcome_t rising[] = {
    {.why = BEARER_OK},
    {.why = BEARER_HTTP_STATUS, .status = 404},
    {.why = BEARER_HTTP_STATUS, .status = 503},
    {.why = BEARER_JSON_SYNTAX},
    {.why = BEARER_FETCH_CONNECT},
    {.why = BEARER_DISCOVERY_ISSUER},
    {.why = BEARER_FETCH_STOPPED},
};
#define COUNT ((int)(sizeof(rising) / sizeof(rising[0])))

static void outcome_keeps_what_tells_more(void **state)
{
    int i, k;

    for (i = 0; i < COUNT; i++) {
        for (k = 0; k < COUNT; k++) {
            bearer_outcome_t told = rising[i];

            bearer_outcome_keep(&told, &rising[k]);
            unit_expect(apr_psprintf(*state, "%d, %d", i, k),
                        told.why == rising[i > k ? i : k].why
                            && told.status == rising[i > k ? i : k].status);
        }
    }
}

static void outcome_keeps_the_first_of_its_kind(void **state BEARER_UNUSED)
{
    bearer_outcome_t told = {.why = BEARER_HTTP_STATUS, .status = 404};
    bearer_outcome_t other = told;

    told.tried = "https://a";
    other.tried = "https://b";
    bearer_outcome_keep(&told, &other);
    assert_string_equal(told.tried, "https://a");
}

static void outcome_knows_what_nobody_answered(void **state)
{
    static const struct {
        bearer_reason_t why;
        bool want;
    } cases[] = {
        {BEARER_OK, false},           {BEARER_FETCH_RESOLVE, true},
        {BEARER_FETCH_CONNECT, true}, {BEARER_FETCH_TLS, true},
        {BEARER_FETCH_PROXY, true},   {BEARER_FETCH_TIMEOUT, true},
        {BEARER_FETCH_IO, true},      {BEARER_FETCH_STOPPED, true},
        {BEARER_HTTP_STATUS, false},  {BEARER_JWKS_EMPTY, false},
        {BEARER_FILE_READ, false},    {BEARER_FETCH_CREDENTIALS, true},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(apr_psprintf(*state, "%d", (int)i),
                    bearer_outcome_is_network(cases[i].why) == cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(outcome_keeps_what_tells_more),
        unit_row(outcome_keeps_the_first_of_its_kind),
        unit_row(outcome_knows_what_nobody_answered),
    };

    return unit_run(tests);
}
