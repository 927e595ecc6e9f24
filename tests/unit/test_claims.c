/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_tables.h>

#include "bearer/judge/claims.h"
#include "bearer/text/write.h"

#include "jose.h"

static const bearer_str_t ours[] = {BEARER_LIT("https://api"),
                                    BEARER_LIT("other")};
static const bearer_str_t issuers_own[] = {BEARER_LIT("special")};

static const bearer_claims_t *parse(const char *text, apr_pool_t *pool)
{
    const bearer_claims_t *claims = NULL;
    bearer_note_t note;

    unit_expect_reason(
        text, bearer_claims_parse(jose_json(text, pool), &claims, &note, pool),
        "ok");
    return claims;
}

static bearer_issuer_t issuer(void)
{
    bearer_issuer_t made = {.iss = BEARER_LIT("https://i")};

    return made;
}

/* a place with two audiences and nothing else */
static bearer_policy_t place(void)
{
    bearer_policy_t policy = {.audiences = ours, .audience_count = 2};

    return policy;
}

static const bearer_path_t *path(const char *text, apr_pool_t *pool)
{
    const bearer_path_t *made = NULL;

    unit_expect_reason(text, bearer_path_parse(text, &made, NULL, pool), "ok");
    return made;
}

/* what a place says about claims at NOW */
static bearer_reason_t check(const char *text, const bearer_policy_t *policy,
                             const bearer_issuer_t *from, apr_pool_t *pool)
{
    bearer_note_t note;

    return bearer_claims_check(parse(text, pool), policy, from, NOW, &note);
}

/* good except for one member, written "'name':value" */
static const char *with(const char *member, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "{'iss':'https://i','aud':'https://api'", member,
                       "}", NULL);
}

/* --- parsing ---------------------------------------------------------------- */

static void claims_must_be_strict_json(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"an object", "{}", "ok"},
        {"nothing", "", "payload_json"},
        {"an array", "[]", "payload_json"},
        {"a string", "'x'", "payload_json"},
        {"cut off", "{'iss':", "payload_json"},
        {"more after", "{}{}", "payload_json"},
        {"exp twice", "{'exp':1,'exp':9999999999}", "payload_json"},
        {"iss twice, once escaped", "{'iss':'a','\\u0069ss':'b'}",
         "payload_json"},
        {"NUL in the subject", "{'sub':'admin\\u0000x'}", "payload_json"},
        {"number over double", "{'exp':1e400}", "ok"},
        {"number over 64 bits", "{'x':18446744073709551615}", "ok"},
        {"a leading zero", "{'x':018446744073709551615}", "payload_json"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_claims_t *claims = NULL;
        bearer_reason_t why = bearer_claims_parse(
            jose_json(cases[i].text, *state), &claims, NULL, *state);

        unit_expect_reason(cases[i].name, why, cases[i].want);
        unit_expect(cases[i].name, !why == !!claims);
    }
}

static void claims_may_nest_only_so_deep(void **state)
{
    char text[2 * BEARER_LIMIT_JSON_DEPTH + 16] = "{\"a\":";
    apr_size_t deep = BEARER_LIMIT_JSON_DEPTH;
    const bearer_claims_t *claims;

    memset(text + 5, '[', deep);
    memset(text + 5 + deep, ']', deep);
    text[5 + 2 * deep] = '}';
    unit_expect_reason(
        "33 deep", bearer_claims_parse(unit_str(text), &claims, NULL, *state),
        "payload_json");
}

/* --- times ------------------------------------------------------------------ */

static void claims_times(void **state)
{
    static const struct {
        const char *name, *member;
        apr_int64_t leeway;
        const char *want;
    } cases[] = {
        {"no exp", "", 0, "exp_missing"},
        {"exp in a second", ",'exp':1800000001", 0, "ok"},
        {"exp now", ",'exp':1800000000", 0, "expired"},
        {"exp a second ago", ",'exp':1799999999", 0, "expired"},
        {"exp at the edge of leeway", ",'exp':1799999971", 30, "ok"},
        {"exp beyond leeway", ",'exp':1799999970", 30, "expired"},
        {"exp 0", ",'exp':0", 30, "expired"},
        {"exp -1", ",'exp':-1", 30, "expired"},
        {"exp 1.5", ",'exp':1.5", 30, "expired"},
        {"exp -0.5", ",'exp':-0.5", 30, "expired"},
        {"exp as real", ",'exp':1800000001.0", 0, "ok"},
        {"exp with exponent", ",'exp':1.9e9", 0, "ok"},
        {"exp a fraction from now", ",'exp':1800000000.9", 0, "expired"},
        {"exp in ten years", ",'exp':2115619200", 0, "ok"},
        {"exp at the ceiling", ",'exp':2116224000", 0, "ok"},
        {"exp beyond the ceiling", ",'exp':2116224001", 0, "exp_far"},
        {"exp beyond it, with leeway", ",'exp':2116224001", 30, "exp_far"},
        {"exp in milliseconds", ",'exp':1800000000000", 0, "exp_far"},
        {"exp greatest", ",'exp':1000000000000000", 0, "exp_far"},
        {"exp least", ",'exp':-1000000000000000", 0, "expired"},
        {"exp too great", ",'exp':1000000000000001", 0, "exp_invalid"},
        {"exp too small", ",'exp':-1000000000000001", 0, "exp_invalid"},
        {"exp 1e300", ",'exp':1e300", 0, "exp_invalid"},
        {"exp -1e300", ",'exp':-1e300", 0, "exp_invalid"},
        {"exp greatest integer", ",'exp':9223372036854775807", 0,
         "exp_invalid"},
        {"exp over 64 bits", ",'exp':18446744073709551615", 0, "exp_invalid"},
        {"exp 2^64 + an hour from now", ",'exp':18446744075509555216", 0,
         "exp_invalid"},
        {"exp over double", ",'exp':1e400", 0, "exp_invalid"},
        {"exp under double", ",'exp':-1e400", 0, "exp_invalid"},
        {"exp string", ",'exp':'1900000000'", 0, "exp_invalid"},
        {"exp short string", ",'exp':'123'", 0, "exp_invalid"},
        {"exp true", ",'exp':true", 0, "exp_invalid"},
        {"exp null", ",'exp':null", 0, "exp_missing"},
        {"exp array", ",'exp':[]", 0, "exp_invalid"},
        {"exp in an array", ",'exp':[1900000000]", 0, "exp_invalid"},
        {"exp object", ",'exp':{}", 0, "exp_invalid"},
        {"exp in capitals", ",'EXP':1900000000", 0, "exp_missing"},

        {"nbf now", ",'exp':1900000000,'nbf':1800000000", 0, "ok"},
        {"nbf in a second", ",'exp':1900000000,'nbf':1800000001", 0, "not_yet"},
        {"nbf at the edge", ",'exp':1900000000,'nbf':1800000030", 30, "ok"},
        {"nbf beyond it", ",'exp':1900000000,'nbf':1800000031", 30, "not_yet"},
        {"nbf -1", ",'exp':1900000000,'nbf':-1", 0, "ok"},
        {"nbf 0", ",'exp':1900000000,'nbf':0", 0, "ok"},
        {"nbf 1.5", ",'exp':1900000000,'nbf':1.5", 0, "ok"},
        {"nbf 1e300", ",'exp':1900000000,'nbf':1e300", 0, "nbf_invalid"},
        {"nbf string", ",'exp':1900000000,'nbf':'123'", 0, "nbf_invalid"},
        {"nbf true", ",'exp':1900000000,'nbf':true", 0, "nbf_invalid"},
        {"nbf null", ",'exp':1900000000,'nbf':null", 0, "ok"},
        {"nbf array", ",'exp':1900000000,'nbf':[]", 0, "nbf_invalid"},

        {"iat now", ",'exp':1900000000,'iat':1800000000", 0, "ok"},
        {"iat in a second", ",'exp':1900000000,'iat':1800000001", 0,
         "iat_future"},
        {"iat at the edge", ",'exp':1900000000,'iat':1800000030", 30, "ok"},
        {"iat beyond it", ",'exp':1900000000,'iat':1800000031", 30,
         "iat_future"},
        {"iat long ago", ",'exp':1900000000,'iat':0", 0, "ok"},
        {"iat -1", ",'exp':1900000000,'iat':-1", 0, "ok"},
        {"iat 1.5", ",'exp':1900000000,'iat':1.5", 0, "ok"},
        {"iat 1e300", ",'exp':1900000000,'iat':1e300", 0, "iat_invalid"},
        {"iat string", ",'exp':1900000000,'iat':'123'", 0, "iat_invalid"},
        {"iat true", ",'exp':1900000000,'iat':true", 0, "iat_invalid"},
        {"iat null", ",'exp':1900000000,'iat':null", 0, "ok"},
        {"nbf false", ",'exp':1900000000,'nbf':false", 0, "nbf_invalid"},
        {"iat false", ",'exp':1900000000,'iat':false", 0, "iat_invalid"},
        {"iat array", ",'exp':1900000000,'iat':[]", 0, "iat_invalid"},
    };
    bearer_issuer_t from = issuer();
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_policy_t policy = place();

        policy.leeway = cases[i].leeway;
        unit_expect_reason(
            cases[i].name,
            check(with(cases[i].member, *state), &policy, &from, *state),
            cases[i].want);
    }
}

static void claims_age_and_life(void **state)
{
    static const struct {
        const char *name, *member;
        apr_int64_t leeway, max_age, max_life;
        const char *want;
    } cases[] = {
        {"no iat, max-age", ",'exp':1800000001", 0, 60, 0, "iat_missing"},
        {"iat null, max-age", ",'exp':1800000001,'iat':null", 0, 60, 0,
         "iat_missing"},
        {"no iat, max-life", ",'exp':1800000001", 0, 0, 60, "iat_missing"},
        {"no iat, neither", ",'exp':1800000001", 0, 0, 0, "ok"},
        {"as old as may be", ",'exp':1800000001,'iat':1799999940", 0, 60, 0,
         "ok"},
        {"a second older", ",'exp':1800000001,'iat':1799999939", 0, 60, 0,
         "too_old"},
        {"older, with leeway", ",'exp':1800000001,'iat':1799999910", 30, 60, 0,
         "ok"},
        {"beyond leeway", ",'exp':1800000001,'iat':1799999909", 30, 60, 0,
         "too_old"},
        {"iat from the least time", ",'exp':1800000001,'iat':-1000000000000000",
         0, 60, 0, "too_old"},
        {"lives as long as may be", ",'exp':1800000060,'iat':1800000000", 0, 0,
         60, "ok"},
        {"lives a second longer", ",'exp':1800000061,'iat':1800000000", 0, 0,
         60, "too_long"},
        {"no leeway for a life", ",'exp':1800000061,'iat':1800000000", 30, 0,
         60, "too_long"},
        {"greatest life", ",'exp':2116224000,'iat':-1000000000000000", 0, 0, 60,
         "too_long"},
    };
    bearer_issuer_t from = issuer();
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_policy_t policy = place();

        policy.leeway = cases[i].leeway;
        policy.max_age = cases[i].max_age;
        policy.max_life = cases[i].max_life;
        unit_expect_reason(
            cases[i].name,
            check(with(cases[i].member, *state), &policy, &from, *state),
            cases[i].want);
    }
}

static void claims_notes_tell_times(void **state)
{
    static const struct {
        const char *member, *want;
    } cases[] = {
        {",'exp':1799999983", "exp 17 s ago"},
        {",'exp':1900000000,'nbf':1800000009", "nbf in 9 s"},
        {",'exp':1900000000,'iat':1800000008", "iat in 8 s"},
        {",'exp':1800000000000", "exp in 1798200000000 s"},
        {",'exp':1900000000,'nbf':1800000000000",
         "nbf in 1798200000000 s: is it in milliseconds instead of seconds?"},
        {",'exp':1900000000,'iat':1800000000000",
         "iat in 1798200000000 s: is it in milliseconds instead of seconds?"},
        {",'exp':1900000000,'iat':1799999000", "iat 1000 s ago"},
        {",'exp':1800000500,'iat':1799999990", "lives 510 s"},
    };
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_size_t i;

    policy.max_age = 100;
    policy.max_life = 500;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};
        bearer_reason_t why =
            bearer_claims_check(parse(with(cases[i].member, *state), *state),
                                &policy, &from, NOW, &note);

        unit_expect(cases[i].member, why != BEARER_OK);
        assert_string_equal(note.text, cases[i].want);
    }
}

/* --- issuer ----------------------------------------------------------------- */

static void claims_iss(void **state)
{
    static const struct {
        const char *name, *iss, *want;
    } cases[] = {
        {"ours", "'https://i'", "ok"},
        {"longer", "'https://issuer'", "iss_unknown"},
        {"prefix", "'https://'", "iss_unknown"},
        {"slash after", "'https://i/'", "iss_unknown"},
        {"case", "'https://I'", "iss_unknown"},
        {"blank after", "'https://i '", "iss_unknown"},
        {"empty", "''", "iss_unknown"},
        {"null", "null", "iss_missing"},
        {"number", "1", "iss_missing"},
        {"array", "['https://i']", "iss_missing"},
        {"object", "{'iss':'https://i'}", "iss_missing"},
    };
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect_reason(
            cases[i].name,
            check(apr_pstrcat(*state, "{'exp':1900000000,'aud':'other','iss':",
                              cases[i].iss, "}", NULL),
                  &policy, &from, *state),
            cases[i].want);
    unit_expect_reason(
        "absent",
        check("{'exp':1900000000,'aud':'other'}", &policy, &from, *state),
        "iss_missing");
}

/* who vouches, for whoever tells users of several issuers apart */
static void claims_say_who_vouches(void **state)
{
    bearer_issuer_t plain = issuer();
    bearer_issuer_t tenants = {.iss = BEARER_LIT("https://l/{tid}"),
                               .named = BEARER_NAMED_BY_TENANT};
    bearer_issuer_t domain = {.iss = BEARER_LIT("spiffe://td"),
                              .named = BEARER_NAMED_BY_SUBJECT};
    const bearer_claims_t *of_a =
        parse("{'iss':'https://l/a','tid':'a'}", *state);
    const bearer_claims_t *svid =
        parse("{'iss':'https://i','sub':'spiffe://td/a'}", *state);

    assert_string_equal(bearer_claims_vouched(of_a, &plain).data, "https://i");
    assert_string_equal(bearer_claims_vouched(of_a, &tenants).data,
                        "https://l/a");
    assert_string_equal(bearer_claims_vouched(NULL, &tenants).data,
                        "https://l/{tid}");
    assert_string_equal(bearer_claims_vouched(svid, &domain).data,
                        "spiffe://td");
}

/* --- audience --------------------------------------------------------------- */

static void claims_aud(void **state)
{
    static const struct {
        const char *name, *aud, *named, *any, *own;
    } cases[] = {
        /* at a place with names, with any, and for an issuer with its own */
        {"absent", "", "aud_missing", "ok", "aud_missing"},
        {"null", ",'aud':null", "aud_missing", "ok", "aud_missing"},
        {"string", ",'aud':'https://api'", "ok", "ok", "aud_wrong"},
        {"second of ours", ",'aud':'other'", "ok", "ok", "aud_wrong"},
        {"the issuer's own", ",'aud':'special'", "aud_wrong", "ok", "ok"},
        {"another", ",'aud':'evil'", "aud_wrong", "ok", "aud_wrong"},
        {"empty", ",'aud':''", "aud_wrong", "ok", "aud_wrong"},
        {"the word any", ",'aud':'any'", "aud_wrong", "ok", "aud_wrong"},
        {"star", ",'aud':'*'", "aud_wrong", "ok", "aud_wrong"},
        {"prefix", ",'aud':'https://ap'", "aud_wrong", "ok", "aud_wrong"},
        {"longer", ",'aud':'https://api.evil'", "aud_wrong", "ok", "aud_wrong"},
        {"suffix", ",'aud':'api'", "aud_wrong", "ok", "aud_wrong"},
        {"slash after", ",'aud':'https://api/'", "aud_wrong", "ok",
         "aud_wrong"},
        {"case", ",'aud':'https://API'", "aud_wrong", "ok", "aud_wrong"},
        {"two words", ",'aud':'https://api other'", "aud_wrong", "ok",
         "aud_wrong"},
        {"array", ",'aud':['https://api']", "ok", "ok", "aud_wrong"},
        {"last of an array", ",'aud':['a','b','other']", "ok", "ok",
         "aud_wrong"},
        {"own in an array", ",'aud':['a','special']", "aud_wrong", "ok", "ok"},
        {"array of others", ",'aud':['a','b']", "aud_wrong", "ok", "aud_wrong"},
        {"empty array", ",'aud':[]", "aud_wrong", "ok", "aud_wrong"},
        {"array in array", ",'aud':[['https://api']]", "aud_invalid",
         "aud_invalid", "aud_invalid"},
        {"ours, then an array", ",'aud':['https://api',['x']]", "aud_invalid",
         "aud_invalid", "aud_invalid"},
        {"ours, then null", ",'aud':['https://api',null]", "aud_invalid",
         "aud_invalid", "aud_invalid"},
        {"number in array", ",'aud':[1]", "aud_invalid", "aud_invalid",
         "aud_invalid"},
        {"number", ",'aud':1", "aud_invalid", "aud_invalid", "aud_invalid"},
        {"true", ",'aud':true", "aud_invalid", "aud_invalid", "aud_invalid"},
        {"object", ",'aud':{'x':1}", "aud_invalid", "aud_invalid",
         "aud_invalid"},
        {"object with ours", ",'aud':{'https://api':'https://api'}",
         "aud_invalid", "aud_invalid", "aud_invalid"},
    };
    bearer_issuer_t from = issuer();
    bearer_issuer_t strict = issuer();
    bearer_policy_t named = place();
    bearer_policy_t any = {.any_audience = true};
    apr_size_t i;

    strict.audiences = issuers_own;
    strict.audience_count = 1;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text =
            apr_pstrcat(*state, "{'iss':'https://i','exp':1900000000",
                        cases[i].aud, "}", NULL);

        unit_expect_reason(cases[i].name, check(text, &named, &from, *state),
                           cases[i].named);
        unit_expect_reason(cases[i].name, check(text, &any, &from, *state),
                           cases[i].any);
        unit_expect_reason(cases[i].name, check(text, &named, &strict, *state),
                           cases[i].own);
        /* the place's "any" does not apply to an issuer with its own list */
        unit_expect_reason(cases[i].name, check(text, &any, &strict, *state),
                           cases[i].own);
    }
}

static void claims_aud_may_be_long(void **state)
{
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_array_header_t *words = apr_array_make(*state, 10000, sizeof(char *));
    const char *head = "{'iss':'https://i','exp':1900000000,'aud':[";
    const char *text;
    int i;

    for (i = 0; i < 10000; i++)
        APR_ARRAY_PUSH(words, const char *) = apr_psprintf(*state, "'a%d'", i);
    text = apr_pstrcat(*state, head, apr_array_pstrcat(*state, words, ','),
                       "]}", NULL);
    unit_expect_reason("10 000 others", check(text, &policy, &from, *state),
                       "aud_wrong");
    APR_ARRAY_PUSH(words, const char *) = "'other'";
    text = apr_pstrcat(*state, head, apr_array_pstrcat(*state, words, ','),
                       "]}", NULL);
    unit_expect_reason("ours after", check(text, &policy, &from, *state), "ok");
}

/* --- the rest of the check -------------------------------------------------- */

static void claims_required(void **state)
{
    static const struct {
        const char *name, *member, *want;
    } cases[] = {
        {"both", ",'jti':'x','client_id':'y'", "ok"},
        {"empty ones", ",'jti':'','client_id':0", "ok"},
        {"false is there", ",'jti':false,'client_id':[]", "ok"},
        {"second missing", ",'jti':'x'", "claim_missing"},
        {"second null", ",'jti':'x','client_id':null", "claim_missing"},
        {"case", ",'jti':'x','Client_id':'y'", "claim_missing"},
        {"nested", ",'jti':'x','a':{'client_id':'y'}", "claim_missing"},
    };
    static const char *const names[] = {"jti", "client_id"};
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_size_t i;

    policy.required = names;
    policy.required_count = 2;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};
        const char *text = with(
            apr_pstrcat(*state, ",'exp':1900000000", cases[i].member, NULL),
            *state);
        bearer_reason_t why = bearer_claims_check(parse(text, *state), &policy,
                                                  &from, NOW, &note);

        unit_expect_reason(cases[i].name, why, cases[i].want);
        assert_string_equal(note.text, why ? "client_id" : "");
    }
}

static void claims_bound_tokens_are_refused(void **state)
{
    static const char *const members[] = {
        ",'cnf':{'jkt':'x'}", ",'cnf':{'x5t#S256':'x'}",
        ",'cnf':{}",          ",'cnf':[null]",
        ",'cnf':false",       ",'cnf':''",
    };
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_size_t i;

    unit_expect_reason("null binds to nothing",
                       check(with(",'exp':1900000000,'cnf':null", *state),
                             &policy, &from, *state),
                       "ok");
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        unit_expect_reason(members[i],
                           check(with(apr_pstrcat(*state, ",'exp':1900000000",
                                                  members[i], NULL),
                                      *state),
                                 &policy, &from, *state),
                           "cnf_bound");
    unit_expect_reason("another claim of that kind",
                       check(with(",'exp':1900000000,'Cnf':1", *state), &policy,
                             &from, *state),
                       "ok");
}

/* each row puts right what the row above was refused for */
static void claims_are_checked_in_order(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{'cnf':1}", "iss_missing"},
        {"{'iss':'x','cnf':1}", "iss_unknown"},
        {"{'iss':'https://i','nbf':'','cnf':1}", "exp_missing"},
        {"{'iss':'https://i','exp':'','nbf':'','cnf':1}", "exp_invalid"},
        {"{'iss':'https://i','exp':1,'nbf':'','cnf':1}", "expired"},
        {"{'iss':'https://i','exp':1800000000000,'nbf':'','cnf':1}", "exp_far"},
        {"{'iss':'https://i','exp':1800000100,'nbf':'','iat':'','cnf':1}",
         "nbf_invalid"},
        {"{'iss':'https://i','exp':1800000100,'nbf':1800000001,'iat':''}",
         "not_yet"},
        {"{'iss':'https://i','exp':1800000100,'iat':'','aud':1,'cnf':1}",
         "iat_invalid"},
        {"{'iss':'https://i','exp':1800000100,'aud':1,'cnf':1}", "iat_missing"},
        {"{'iss':'https://i','exp':1800000100,'iat':1800000001,'aud':1}",
         "iat_future"},
        {"{'iss':'https://i','exp':1800000100,'iat':1,'aud':1,'cnf':1}",
         "too_old"},
        {"{'iss':'https://i','exp':1800000100,'iat':1799999999,'aud':1}",
         "too_long"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'aud':1,"
         "'cnf':1}",
         "aud_invalid"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'cnf':1}",
         "aud_missing"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'aud':'x',"
         "'cnf':1}",
         "aud_wrong"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'aud':'other',"
         "'cnf':1}",
         "claim_missing"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'aud':'other',"
         "'jti':1,'cnf':1}",
         "cnf_bound"},
        {"{'iss':'https://i','exp':1800000050,'iat':1799999999,'aud':'other',"
         "'jti':1}",
         "ok"},
    };
    static const char *const names[] = {"jti"};
    bearer_issuer_t from = issuer();
    bearer_policy_t policy = place();
    apr_size_t i;

    policy.max_age = 60;
    policy.max_life = 60;
    policy.required = names;
    policy.required_count = 1;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect_reason(cases[i].text,
                           check(cases[i].text, &policy, &from, *state),
                           cases[i].want);
}

/* --- the subject ------------------------------------------------------------ */

static void claims_subject(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"first path", "{'sub':'alice','act':{'name':'bob'}}", "alice"},
        {"second path", "{'act':{'name':'bob'}}", "bob"},
        {"not ASCII", "{'sub':'\xc3\xa4'}", "\xc3\xa4"},
        {"a space inside", "{'sub':'a b'}", "a b"},
        {"absent", "{}", NULL},
        {"empty", "{'sub':''}", NULL},
        {"a space", "{'sub':' '}", NULL},
        {"spaces", "{'sub':'    '}", NULL},
        {"tab", "{'sub':'\\t'}", NULL},
        {"line feed inside", "{'sub':'a\\nb'}", NULL},
        {"carriage return after", "{'sub':'a\\r'}", NULL},
        {"escape in front", "{'sub':'\\u001ba'}", NULL},
        {"delete", "{'sub':'a\\u007f'}", NULL},
        {"a space after", "{'sub':'admin '}", NULL},
        {"a space in front", "{'sub':' admin'}", NULL},
        {"a no-break space after", "{'sub':'admin\\u00a0'}", NULL},
        {"nothing wide after", "{'sub':'admin\\u200b'}", NULL},
        {"byte order mark in front", "{'sub':'\\ufeffadmin'}", NULL},
        {"invisible alone", "{'sub':'\\u200b\\u2060'}", NULL},
        {"blank after, second path used",
         "{'sub':'admin ','act':{'name':'bob'}}", "bob"},
        {"number", "{'sub':1}", NULL},
        {"null", "{'sub':null}", NULL},
        {"true", "{'sub':true}", NULL},
        {"array", "{'sub':['alice']}", NULL},
        {"object", "{'sub':{'name':'alice'}}", NULL},
        {"second path not an object", "{'act':'bob'}", NULL},
        {"empty, second path used", "{'sub':'','act':{'name':'bob'}}", "bob"},
        {"blank, second path used", "{'sub':' ','act':{'name':'bob'}}", "bob"},
        {"number, second path used", "{'sub':1,'act':{'name':'bob'}}", "bob"},
        {"control, second path used", "{'sub':'\\n','act':{'name':'b'}}", "b"},
    };
    const bearer_path_t *paths[] = {path("sub", *state),
                                    path("act.name", *state)};
    bearer_policy_t policy = {.user = paths, .user_count = 2};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_claims_t *claims = parse(cases[i].text, *state);
        bearer_str_t got = {"before", 6};
        bearer_note_t note = {""};
        bearer_reason_t why =
            bearer_claims_subject(claims, &policy, &got, &note);

        unit_expect_reason(cases[i].name, why,
                           cases[i].want ? "ok" : "subject_missing");
        assert_string_equal(got.data, cases[i].want ? cases[i].want : "before");
        assert_int_equal(got.len, strlen(got.data));
    }
}

static void claims_notes_tell_who_is_nobody(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{}", "sub is absent, act.name is absent"},
        {"{'sub':1}", "sub is a number, act.name is absent"},
        {"{'sub':1e400,'act':{'name':true}}",
         "sub is a number, act.name is a boolean"},
        {"{'sub':null,'act':{'name':''}}", "sub is null, act.name is empty"},
        {"{'sub':['alice'],'act':{'name':{}}}",
         "sub is an array, act.name is an object"},
        {"{'sub':'secret '}", "sub is a text with a control character or a "
                              "blank at an end, act.name is absent"},
    };
    const bearer_path_t *paths[] = {path("sub", *state),
                                    path("act.name", *state)};
    bearer_policy_t policy = {.user = paths, .user_count = 2};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_note_t note = {""};
        bearer_str_t got;

        unit_expect_reason(cases[i].text,
                           bearer_claims_subject(parse(cases[i].text, *state),
                                                 &policy, &got, &note),
                           "subject_missing");
        assert_string_equal(note.text, cases[i].want);
    }
}

/* --- text ------------------------------------------------------------------- */

static void claims_text_forms(void **state)
{
    static const struct {
        const char *value, *plain, *json, *join, *base64url;
    } cases[] = {
        {"'alice'", "alice", "'alice'", "alice", "YWxpY2U"},
        {"''", "", "''", "", ""},
        {"'a\\u0022b'", "a'b", "'a\\'b'", "a'b", "YSJi"},
        {"'\xc3\xa4'", "\xc3\xa4", "'\xc3\xa4'", "\xc3\xa4", "w6Q"},
        {"'a\\nb'", "a\nb", "'a\\nb'", NULL, "YQpi"},
        {"0", "0", "0", "0", "MA"},
        {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808",
         "-9223372036854775808", "LTkyMjMzNzIwMzY4NTQ3NzU4MDg"},
        {"0.1", "0.1", "0.1", "0.1", "MC4x"},
        {"18446744073709551615", "18446744073709551615", "18446744073709551615",
         "18446744073709551615", "MTg0NDY3NDQwNzM3MDk1NTE2MTU"},
        {"-1E+400", "-1E+400", "-1E+400", "-1E+400", "LTFFKzQwMA"},
        {"[1,1e400]", "[1,1e400]", "[1,1e400]", "1, 1e400", "WzEsMWU0MDBd"},
        {"true", "true", "true", "true", "dHJ1ZQ"},
        {"false", "false", "false", "false", "ZmFsc2U"},
        {"null", NULL, NULL, NULL, NULL},
        {"[]", "[]", "[]", "", "W10"},
        {"['a']", "['a']", "['a']", "a", "WyJhIl0"},
        {"['a','b']", "['a','b']", "['a','b']", "a, b", "WyJhIiwiYiJd"},
        {"['a',1,0.1,true]", "['a',1,0.1,true]", "['a',1,0.1,true]",
         "a, 1, 0.1, true", "WyJhIiwxLDAuMSx0cnVlXQ"},
        /* joined, a member with the separator in it would be two */
        {"['a, b','c']", "['a, b','c']", "['a, b','c']", NULL,
         "WyJhLCBiIiwiYyJd"},
        {"['a,b','c ']", "['a,b','c ']", "['a,b','c ']", NULL,
         "WyJhLGIiLCJjICJd"},
        {"['a,b','c']", "['a,b','c']", "['a,b','c']", NULL, "WyJhLGIiLCJjIl0"},
        {"['a',['b']]", "['a',['b']]", "['a',['b']]", NULL, "WyJhIixbImIiXV0"},
        {"['a',null]", "['a',null]", "['a',null]", NULL, "WyJhIixudWxsXQ"},
        {"[{'b':1}]", "[{'b':1}]", "[{'b':1}]", NULL, "W3siYiI6MX1d"},
        {"{'b':1,'a':2}", "{'b':1,'a':2}", "{'b':1,'a':2}", NULL,
         "eyJiIjoxLCJhIjoyfQ"},
        {"'a, b'", "a, b", "'a, b'", NULL, "YSwgYg"},
    };
    const bearer_path_t *at = path("x", *state);
    apr_size_t i;
    int form;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *wants[] = {
            [BEARER_FORM_PLAIN] = cases[i].plain,
            [BEARER_FORM_JSON] = cases[i].json,
            [BEARER_FORM_JOIN] = cases[i].join,
            [BEARER_FORM_BASE64URL] = cases[i].base64url,
        };
        const bearer_claims_t *claims = parse(
            apr_pstrcat(*state, "{'x':", cases[i].value, "}", NULL), *state);

        for (form = BEARER_FORM_PLAIN; form <= BEARER_FORM_BASE64URL; form++) {
            bearer_str_t want = {NULL, 0};
            bearer_str_t got = bearer_claims_text(
                claims, at, (bearer_form_t)form, ", ", *state);

            if (wants[form])
                want = jose_json(wants[form], *state);
            unit_expect(cases[i].value, !got.data == !want.data);
            if (!want.data)
                continue;
            assert_string_equal(got.data, want.data);
            assert_int_equal(got.len, want.len);
        }
    }
}

/* a program that cuts at the separators, and trims the pieces, gets the members */
static void claims_join_without_doubt(void **state)
{
    static const struct {
        const char *value, *join, *want;
    } cases[] = {
        {"['x','y']", ",", "x,y"},
        {"['x,admin','y']", ",", NULL},
        {"['x,admin,y']", ",", NULL},
        {"['x, admin']", ", ", NULL},
        {"['x',' admin']", ",", NULL},
        {"['x,admin']", ", ", NULL},
        {"['x,admin']", " , ", NULL},
        {"['x y','z']", ", ", "x y, z"},
        {"['x','y']", " ", "x y"},
        {"['x y','z']", " ", NULL},
        {"['x  y']", "  ", NULL},
        {"['x','admin\\u00a0']", ",", NULL},
        {"['x','admin\\n']", ",", NULL},
        {"['x','','y']", ",", "x,,y"},
        {"['x']", ",", "x"},
        {"[]", ",", ""},
        {"'x,admin'", ",", NULL},
        {"'x'", ",", "x"},
        {"{'a':'b'}", ",", NULL},
        {"[['x']]", ",", NULL},
        {"[null]", ",", NULL},
        /* numbers have separators, too */
        {"[1.5,2]", ".", NULL},
        {"[-5,2]", "-", NULL},
        {"[5,2]", "-", "5-2"},
        {"[true]", "u", NULL},
        /* and a separator may begin in the member before it */
        {"['xa','y']", "aa", NULL},
        {"['x','ay']", "aa", "xaaay"},
        {"['xab','y']", "aab", "xabaaby"},
    };
    const bearer_path_t *at = path("x", *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_claims_t *claims = parse(
            apr_pstrcat(*state, "{'x':", cases[i].value, "}", NULL), *state);
        bearer_str_t got = {NULL, 0};
        const char *flaw = bearer_claims_export(claims, at, BEARER_FORM_JOIN,
                                                cases[i].join, &got, *state);

        unit_expect(cases[i].value, !flaw == (cases[i].want != NULL));
        unit_expect(cases[i].value, !got.data == !cases[i].want);
        if (cases[i].want)
            assert_string_equal(got.data, cases[i].want);
    }
}

static void claims_export_without_flaws(void **state)
{
    static const struct {
        const char *value;
        bool plain, json, base64url;
    } cases[] = {
        {"'admin'", true, true, true},
        {"''", true, true, true},
        {"'a b'", true, true, true},
        {"'admin '", false, true, true},
        {"' admin'", false, true, true},
        {"'admin\\u200b'", false, true, true},
        {"'\\u2003'", false, true, true},
        {"'ad\\nmin'", false, true, true},
        {"'admin\\u007f'", false, true, true},
        {"[' a ']", true, true, true},
        {"null", true, true, true},
    };
    const bearer_path_t *at = path("x", *state);
    apr_size_t i;
    int form;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bool wants[] = {[BEARER_FORM_PLAIN] = cases[i].plain,
                              [BEARER_FORM_JSON] = cases[i].json,
                              [BEARER_FORM_BASE64URL] = cases[i].base64url,
                              [BEARER_FORM_JOIN] = false};
        const bearer_claims_t *claims = parse(
            apr_pstrcat(*state, "{'x':", cases[i].value, "}", NULL), *state);

        for (form = BEARER_FORM_PLAIN; form <= BEARER_FORM_BASE64URL; form++) {
            bearer_str_t got = {"before", 6};

            if (form == BEARER_FORM_JOIN)
                continue;
            unit_expect(cases[i].value,
                        !bearer_claims_export(claims, at, (bearer_form_t)form,
                                              NULL, &got, *state)
                            == wants[form]);
            if (!wants[form])
                assert_string_equal(got.data, "before");
        }
    }
}

static void claims_text_of_all_and_of_none(void **state)
{
    const bearer_claims_t *claims = parse("{'b':0.1,'a':['x']}", *state);
    const bearer_path_t *none = path("b.c", *state);
    int form;

    assert_string_equal(
        bearer_claims_text(claims, NULL, BEARER_FORM_PLAIN, NULL, *state).data,
        "{\"b\":0.1,\"a\":[\"x\"]}");
    for (form = BEARER_FORM_PLAIN; form <= BEARER_FORM_BASE64URL; form++)
        assert_null(
            bearer_claims_text(claims, none, (bearer_form_t)form, ",", *state)
                .data);
}

/* as short as 15 digits can say it, and never another number */
static void claims_reals_are_short_and_exact(void **state)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"0.1", "0.1"},
        {"0.10", "0.1"},
        {"1e-1", "0.1"},
        {"1.0", "1.0"},
        {"-0.0", "-0.0"},
        {"2.675", "2.675"},
        {"1e2", "100.0"},
        {"1e300", "1e300"},
        {"123456789.123", "123456789.123"},
        {"1800000000.25", "1800000000.25"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1.7976931348623157e308", "1.7976931348623157e308"},
        {"2.2250738585072014e-308", "2.2250738585072014e-308"},
        {"9007199254740993.0", "9007199254740992.0"},
        /* all reals of one text have the digits of its longest */
        {"{'a':[0.5,0.30000000000000004],'b':0.25}",
         "{'a':[0.5,0.30000000000000004],'b':0.25}"},
    };
    const bearer_path_t *at = path("x", *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_claims_t *claims = parse(
            apr_pstrcat(*state, "{'x':", cases[i].value, "}", NULL), *state);
        bearer_str_t got =
            bearer_claims_text(claims, at, BEARER_FORM_PLAIN, NULL, *state);
        const bearer_claims_t *again =
            parse(apr_pstrcat(*state, "{'x':", got.data, "}", NULL), *state);

        assert_string_equal(got.data, jose_json(cases[i].want, *state).data);
        unit_expect(cases[i].value,
                    strcmp(bearer_write_json(claims->all, *state).data,
                           bearer_write_json(again->all, *state).data)
                        == 0);
    }
}

static void claims_lists(void **state)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"'a'", "a"},
        {"'a b'", "a b"},
        {"''", ""},
        {"1", "1"},
        {"0.1", "0.1"},
        {"false", "false"},
        {"{'a':1}", "{'a':1}"},
        {"null", NULL},
        {"[]", NULL},
        {"['a','b']", "a|b"},
        {"['a',1,0.1,true]", "a|1|0.1|true"},
        /* the text of something else never counts as a role */
        {"['a',['b'],{'c':1},null,'d']", "a|d"},
        {"[null,[],{}]", NULL},
    };
    const bearer_path_t *at = path("x", *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_claims_t *claims = parse(
            apr_pstrcat(*state, "{'x':", cases[i].value, "}", NULL), *state);
        const char *const *text = bearer_claims_list(claims, at, *state);
        const char *got = *text;

        for (; *text; text++) {
            if (got != *text)
                got = apr_pstrcat(*state, got, "|", *text, NULL);
        }
        unit_expect(cases[i].value, !got == !cases[i].want);
        if (got)
            assert_string_equal(got, jose_json(cases[i].want, *state).data);
    }
    assert_null(*bearer_claims_list(parse("{}", *state), at, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(claims_must_be_strict_json),
        unit_row(claims_may_nest_only_so_deep),
        unit_row(claims_times),
        unit_row(claims_age_and_life),
        unit_row(claims_notes_tell_times),
        unit_row(claims_iss),
        unit_row(claims_say_who_vouches),
        unit_row(claims_aud),
        unit_row(claims_aud_may_be_long),
        unit_row(claims_required),
        unit_row(claims_bound_tokens_are_refused),
        unit_row(claims_are_checked_in_order),
        unit_row(claims_subject),
        unit_row(claims_notes_tell_who_is_nobody),
        unit_row(claims_text_forms),
        unit_row(claims_join_without_doubt),
        unit_row(claims_export_without_flaws),
        unit_row(claims_text_of_all_and_of_none),
        unit_row(claims_reals_are_short_and_exact),
        unit_row(claims_lists),
    };

    return unit_run(tests);
}
