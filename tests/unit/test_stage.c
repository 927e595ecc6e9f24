/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/judge/stage.h"

/* --- the table ----------------------------------------------------------- */

static void stage_finds_who_refuses(void **state BEARER_UNUSED)
{
    static const struct {
        bearer_reason_t why;
        const char *name;
    } rows[] = {
        {BEARER_TOKEN_MISSING, "token"},
        {BEARER_TOKEN_TWICE, "token"},
        {BEARER_JWS_PARTS, "form"},
        {BEARER_ALG_FORBIDDEN, "algorithm"},
        {BEARER_ISS_UNKNOWN, "issuer"},
        {BEARER_KEYS_UNAVAILABLE, "keys"},
        {BEARER_KEY_UNKNOWN, "key"},
        {BEARER_SIG_WRONG, "signature"},
        {BEARER_EXPIRED, "expiry"},
        {BEARER_AUD_WRONG, "audience"},
        {BEARER_TOO_LONG, "issued"},
        {BEARER_CNF_BOUND, "binding"},
        {BEARER_SUBJECT_MISSING, "subject"},
        {BEARER_USER_WRONG, "subject"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *slug = bearer_error_find(rows[i].why)->slug;
        bearer_stage_t stage = bearer_stage_of(rows[i].why);

        unit_expect(slug, stage < BEARER_STAGE_COUNT);
        assert_string_equal(bearer_stage_find(stage)->name, rows[i].name);
    }
}

static void stage_leaves_out_what_is_not_a_tokens(void **state BEARER_UNUSED)
{
    static const bearer_reason_t others[] = {
        BEARER_OK,          BEARER_SCOPE_SHORT, BEARER_NO_MEMORY,
        BEARER_POLICY_ALG,  BEARER_JWKS_EMPTY,  BEARER_FETCH_TIMEOUT,
        BEARER_JSON_SYNTAX, BEARER_REASON_COUNT};
    apr_size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(bearer_stage_of(others[i]), BEARER_STAGE_COUNT);
}

/* a reason that no stage knows would look like a token that passed */
static void stage_knows_every_reason_of_tokens_once(void **state BEARER_UNUSED)
{
    int seen[BEARER_REASON_COUNT] = {0};
    int stage, i;

    for (stage = 0; stage < BEARER_STAGE_COUNT; stage++) {
        const bearer_stage_info_t *info = bearer_stage_find(stage);

        unit_expect(info->name, *info->name && *info->what);
        unit_expect(info->name, info->reasons[0] != BEARER_OK);
        for (i = 0; info->reasons[i]; i++)
            seen[info->reasons[i]]++;
    }
    for (i = 1; i < BEARER_REASON_COUNT; i++) {
        const bearer_reason_info_t *info = bearer_error_find(i);
        bool of_tokens =
            info->status == 401 || info->status == 400 || info->status == 503;

        unit_expect(info->slug, seen[i] == (of_tokens ? 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(stage_finds_who_refuses),
        unit_row(stage_leaves_out_what_is_not_a_tokens),
        unit_row(stage_knows_every_reason_of_tokens_once),
    };

    return unit_run(tests);
}
