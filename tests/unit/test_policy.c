/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/judge/policy.h"
#include "bearer/text/json.h"

#include "jose.h"

static const bearer_str_t one_audience[] = {BEARER_LIT("api")};
/* it only matters here that there is one */
static const bearer_jwks_t secret = {0};

static bearer_algset_t set(const char *name)
{
    const bearer_alg_t *alg = bearer_alg_find(unit_str(name));

    if (!alg)
        fail_msg("no algorithm %s", name);
    return alg->bit;
}

/* --- check ------------------------------------------------------------------ */

static void policy_refuses_what_accepts_by_omission(void **state)
{
    bearer_issuer_t plain = {.iss = BEARER_LIT("https://a")};
    bearer_issuer_t own = {.iss = BEARER_LIT("https://b"),
                           .audiences = one_audience,
                           .audience_count = 1};
    bearer_issuer_t claim = {.iss = BEARER_LIT("https://c"),
                             .audience_claim = "azp"};
    bearer_issuer_t own_claim = {.iss = BEARER_LIT("https://d"),
                                 .audience_claim = "azp",
                                 .audiences = one_audience,
                                 .audience_count = 1};
    const bearer_issuer_t *by_claim[] = {&plain, &claim};
    const bearer_issuer_t *by_own_claim[] = {&plain, &own_claim};
    const bearer_issuer_t *only_plain[] = {&plain};
    const bearer_issuer_t *only_own[] = {&own};
    const bearer_issuer_t *both[] = {&own, &plain};
    const struct {
        const char *name;
        const bearer_issuer_t *const *issuers;
        int issuer_count, audience_count;
        bool any;
        const char *want;
    } cases[] = {
        {"no issuer", NULL, 0, 1, false, "policy_issuer"},
        {"no issuer, any audience", NULL, 0, 0, true, "policy_issuer"},
        {"no audience", only_plain, 1, 0, false, "policy_audience"},
        {"an audience", only_plain, 1, 1, false, "ok"},
        {"any, written out", only_plain, 1, 0, true, "ok"},
        {"the issuer's own", only_own, 1, 0, false, "ok"},
        {"one issuer without", both, 2, 0, false, "policy_audience"},
        {"one issuer without, any", both, 2, 0, true, "ok"},
        {"a claim, an audience", by_claim, 2, 1, false, "ok"},
        {"a claim, none", by_claim + 1, 1, 0, false, "policy_audience"},
        {"a claim, any", by_claim, 2, 0, true, "policy_any"},
        {"a claim, the issuer's own, any", by_own_claim, 2, 0, true, "ok"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_policy_t policy = {.issuers = cases[i].issuers,
                                  .issuer_count = cases[i].issuer_count,
                                  .audiences = one_audience,
                                  .audience_count = cases[i].audience_count,
                                  .any_audience = cases[i].any};
        bearer_note_t note = {""};

        bearer_policy_freeze(&policy, *state);
        unit_expect_reason(cases[i].name, bearer_policy_check(&policy, &note),
                           cases[i].want);
        unit_expect_reason(cases[i].name, bearer_policy_check(&policy, NULL),
                           cases[i].want);
        if (strcmp(cases[i].want, "policy_audience") == 0)
            unit_expect(cases[i].name,
                        strcmp(note.text, "issuer https://a") == 0
                            || strcmp(note.text, "issuer https://c") == 0);
    }
}

static void policy_refuses_an_issuer_without_algorithm(void **state)
{
    const struct {
        const char *name;
        bearer_algset_t place, own;
        bool secret;
        const char *want;
    } cases[] = {
        {"defaults", 0, 0, false, "ok"},
        {"defaults, secret", 0, 0, true, "ok"},
        {"public algorithm", set("RS256"), 0, false, "ok"},
        {"public algorithm, secret", set("RS256"), 0, true, "policy_alg"},
        {"HS256 without secret", set("HS256"), 0, false, "policy_alg"},
        {"HS256 with secret", set("HS256"), 0, true, "ok"},
        {"own HS256 without secret", 0, set("HS256"), false, "policy_alg"},
        {"own ES256 with secret", 0, set("ES256"), true, "policy_alg"},
        {"own rescues", set("HS256"), set("ES256"), false, "ok"},
        {"own spoils", set("ES256"), set("HS256"), false, "policy_alg"},
        {"mixed list", set("HS256") | set("ES256"), 0, true, "ok"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_issuer_t issuer = {.iss = BEARER_LIT("https://a"),
                                  .algs = cases[i].own,
                                  .secret = cases[i].secret ? &secret : NULL};
        const bearer_issuer_t *issuers[] = {&issuer};
        bearer_policy_t policy = {.issuers = issuers,
                                  .issuer_count = 1,
                                  .any_audience = true,
                                  .algs = cases[i].place};

        bearer_policy_freeze(&policy, *state);
        unit_expect_reason(cases[i].name, bearer_policy_check(&policy, NULL),
                           cases[i].want);
    }
}

/* --- algorithms ------------------------------------------------------------- */

/* algorithm confusion: whatever the lists say */
static void policy_never_mixes_secrets_and_public_keys(void **state)
{
    const bearer_algset_t all = bearer_alg_public | bearer_alg_secret;
    const struct {
        const char *name;
        bearer_algset_t place, own;
        bool secret;
        bearer_algset_t want;
    } cases[] = {
        {"defaults", 0, 0, false, bearer_alg_public},
        {"defaults, secret", 0, 0, true, bearer_alg_secret},
        {"all listed", all, 0, false, bearer_alg_public},
        {"all listed, secret", all, 0, true, bearer_alg_secret},
        {"own all", 0, all, false, bearer_alg_public},
        {"own all, secret", 0, all, true, bearer_alg_secret},
        {"place", set("RS256"), 0, false, set("RS256")},
        {"own wins", set("RS256"), set("ES256"), false, set("ES256")},
        {"no HS for public keys", set("HS256"), 0, false, 0},
        {"only HS for secrets", set("RS256"), 0, true, 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_issuer_t issuer = {.iss = BEARER_LIT("https://a"),
                                  .algs = cases[i].own,
                                  .secret = cases[i].secret ? &secret : NULL};
        const bearer_issuer_t *issuers[] = {&issuer};
        bearer_policy_t policy = {
            .issuers = issuers, .issuer_count = 1, .algs = cases[i].place};

        bearer_policy_freeze(&policy, *state);
        unit_expect(cases[i].name, policy.trusted[0].algs == cases[i].want);
    }
}

static void policy_allows_what_any_issuer_may_use(void **state)
{
    bearer_issuer_t keys = {.iss = BEARER_LIT("a"), .algs = set("ES256")};
    bearer_issuer_t shared = {.iss = BEARER_LIT("b"), .secret = &secret};
    const bearer_issuer_t *issuers[] = {&keys, &shared};
    bearer_policy_t policy = {.issuers = issuers, .issuer_count = 2};

    assert_int_equal(policy.allowed, 0);
    bearer_policy_freeze(&policy, *state);
    assert_int_equal(policy.allowed, set("ES256") | bearer_alg_secret);
    policy.issuer_count = 1;
    bearer_policy_freeze(&policy, *state);
    assert_int_equal(policy.allowed, set("ES256"));
    policy.issuer_count = 0;
    bearer_policy_freeze(&policy, *state);
    assert_int_equal(policy.allowed, 0);
}

/* --- issuers ---------------------------------------------------------------- */

static void policy_finds_exactly_one_issuer(void **state)
{
    static const struct {
        const char *iss;
        int want;
    } cases[] = {
        {"https://issuer.example", 0},
        {"https://issuer.example/", 1},
        {"https://issuer.example/a", 2},
        {"https://issuer.exampl", -1},
        {"https://issuer.example/a/", -1},
        {"https://issuer.example//", -1},
        {"https://issuer.example.evil", -1},
        {"https://Issuer.example", -1},
        {"HTTPS://issuer.example", -1},
        {"http://issuer.example", -1},
        {"https://issuer.example:443", -1},
        {" https://issuer.example", -1},
        {"https://issuer.example ", -1},
        {"issuer.example", -1},
        {"", -1},
    };
    bearer_issuer_t known[] = {{.iss = BEARER_LIT("https://issuer.example")},
                               {.iss = BEARER_LIT("https://issuer.example/")},
                               {.iss = BEARER_LIT("https://issuer.example/a")}};
    const bearer_issuer_t *issuers[] = {&known[0], &known[1], &known[2]};
    bearer_policy_t policy = {.issuers = issuers, .issuer_count = 3};
    apr_size_t i;

    assert_null(bearer_policy_find(&policy, known[0].iss, NULL));
    bearer_policy_freeze(&policy, *state);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_issuer_t *want =
            cases[i].want < 0 ? NULL : &known[cases[i].want];

        const bearer_trust_t *found =
            bearer_policy_find(&policy, unit_str(cases[i].iss), NULL);

        unit_expect(cases[i].iss, (found ? found->issuer : NULL) == want);
    }
}

static const bearer_value_t *claims_of(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *claims = NULL;

    unit_expect_reason(
        text, bearer_json_parse(jose_json(text, pool), &claims, NULL, pool),
        "ok");
    return claims;
}

enum { PLAIN, SOME, ANY, DOMAIN, NOBODY };

/* plain names first, then templates by their tenants and trust domains by sub; what a
 * stranger writes into iss or tid makes no other name of it */
static void policy_finds_tenants_and_trust_domains(void **state)
{
    static const struct {
        const char *claims;
        int want;
    } cases[] = {
        {"{'iss':'https://l/own/v2','tid':'own'}", PLAIN},
        {"{'iss':'https://l/own/v2','tid':'a'}", PLAIN},
        {"{'iss':'https://l/own/v2'}", PLAIN},
        {"{'iss':'https://l/a/v2','tid':'a'}", SOME},
        {"{'iss':'https://l/b/v2','tid':'b'}", SOME},
        {"{'iss':'https://l/c/v2','tid':'c'}", NOBODY},
        {"{'iss':'https://l/A/v2','tid':'A'}", NOBODY},
        {"{'iss':'https://l/a/v2','tid':'b'}", NOBODY},
        {"{'iss':'https://l/c/v2','tid':'a'}", NOBODY},
        {"{'iss':'https://l/a/v2'}", NOBODY},
        {"{'iss':'https://l/a/v2','tid':null}", NOBODY},
        {"{'iss':'https://l/1/v2','tid':1}", NOBODY},
        {"{'iss':'https://l/a/v2','tid':['a']}", NOBODY},
        {"{'iss':'https://l/a/v2','Tid':'a'}", NOBODY},
        {"{'iss':'https://l/{tid}/v2','tid':'{tid}'}", NOBODY},
        {"{'iss':'https://l/{tid}/v2','tid':'a'}", NOBODY},
        {"{'iss':'https://l/{tid}/v2'}", NOBODY},
        {"{'iss':'https://any/c/','tid':'c'}", ANY},
        {"{'iss':'https://any/{tid}/','tid':'{tid}'}", NOBODY},
        {"{'iss':'https://any/c','tid':'c'}", NOBODY},
        {"{'iss':'https://any/c/d/','tid':'c/d'}", NOBODY},
        {"{'iss':'https://any//','tid':''}", NOBODY},
        {"{'sub':'spiffe://td/web'}", DOMAIN},
        {"{'iss':'https://spire','sub':'spiffe://td/web'}", DOMAIN},
        {"{'iss':'spiffe://td','sub':'spiffe://td/web'}", DOMAIN},
        {"{'iss':'https://l/own/v2','sub':'spiffe://td/web'}", PLAIN},
        {"{'iss':'https://l/own/v2#x','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'#','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'https://alb','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'https://alb/','sub':'spiffe://td/web'}", DOMAIN},
        {"{'iss':'https://l/a/v2','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'https://l/c/v2','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'https://l/c','sub':'spiffe://td/web'}", DOMAIN},
        {"{'iss':'https://l/{tid}/v2','sub':'spiffe://td/web'}", NOBODY},
        {"{'iss':'https://alb'}", NOBODY},
        {"{'iss':'spiffe://td','sub':'alice'}", NOBODY},
        {"{'iss':'spiffe://td'}", NOBODY},
        {"{'sub':'spiffe://td'}", NOBODY},
        {"{'sub':'spiffe://td.evil/web'}", NOBODY},
        {"{'sub':'spiffe://td/../web'}", NOBODY},
        {"{'sub':['spiffe://td/web']}", NOBODY},
        {"{}", NOBODY},
    };
    static const bearer_str_t tenants[] = {BEARER_LIT("a"), BEARER_LIT("b")};
    bearer_issuer_t known[] = {
        {.iss = BEARER_LIT("https://l/own/v2")},
        {.iss = BEARER_LIT("https://l/{tid}/v2"),
         .named = BEARER_NAMED_BY_TENANT,
         .tenants = tenants,
         .tenant_count = 2},
        {.iss = BEARER_LIT("https://any/{tid}/"),
         .named = BEARER_NAMED_BY_TENANT},
        {.iss = BEARER_LIT("spiffe://td"), .named = BEARER_NAMED_BY_SUBJECT},
        {.iss = BEARER_LIT("https://alb"), .named = BEARER_NAMED_BY_HEADER}};
    /* in whatever order the lines come */
    const bearer_issuer_t *issuers[] = {&known[3], &known[4], &known[2],
                                        &known[1], &known[0]};
    bearer_policy_t policy = {.issuers = issuers, .issuer_count = 5};
    apr_size_t i;

    bearer_policy_freeze(&policy, *state);
    assert_true(policy.special);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_value_t *claims = claims_of(cases[i].claims, *state);
        const bearer_trust_t *found;
        bearer_str_t iss = {NULL, 0};

        (void)bearer_value_get_string(claims, "iss", &iss);
        found = bearer_policy_find(&policy, iss, claims);
        unit_expect(cases[i].claims,
                    found ? found->issuer == &known[cases[i].want % NOBODY]
                          : cases[i].want == NOBODY);
    }
    policy.issuers = issuers + 4;
    policy.issuer_count = 1;
    bearer_policy_freeze(&policy, *state);
    assert_false(policy.special);
    /* alone there is nobody to be taken for */
    policy.issuers = issuers;
    bearer_policy_freeze(&policy, *state);
    assert_ptr_equal(
        bearer_policy_find(&policy, unit_str("a#b"),
                           claims_of("{'sub':'spiffe://td/web'}", *state))
            ->issuer,
        &known[3]);
}

/* JWT-SVID 2.1 and 2.3 */
static void policy_knows_what_svids_may_be(void **state)
{
    bearer_issuer_t plain = {.iss = BEARER_LIT("https://a")};
    bearer_issuer_t domain = {.iss = BEARER_LIT("spiffe://td"),
                              .named = BEARER_NAMED_BY_SUBJECT};
    const bearer_issuer_t *issuers[] = {&plain, &domain};
    bearer_policy_t policy = {.issuers = issuers,
                              .issuer_count = 2,
                              .audiences = one_audience,
                              .audience_count = 1};
    static const struct {
        const char *typ;
        bool svid, others;
    } cases[] = {
        {NULL, true, true},      {"JWT", true, true},
        {"JOSE", true, false},   {"jose", true, false},
        {"at+jwt", false, true}, {"logout+jwt", false, false},
    };
    apr_size_t i;

    bearer_policy_freeze(&policy, *state);
    unit_expect_reason("an audience", bearer_policy_check(&policy, NULL), "ok");
    assert_true(policy.trusted[0].algs & set("EdDSA"));
    assert_int_equal(policy.trusted[1].algs & set("EdDSA"), 0);
    assert_true(policy.trusted[1].algs & set("ES256"));
    assert_true(policy.trusted[1].algs & set("PS512"));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t typ = unit_str(cases[i].typ);

        unit_expect(cases[i].typ,
                    bearer_policy_accepts_typ(&policy, &domain, typ)
                        == cases[i].svid);
        unit_expect(cases[i].typ,
                    bearer_policy_accepts_typ(&policy, &plain, typ)
                        == cases[i].others);
        unit_expect(cases[i].typ, bearer_policy_accepts_typ(&policy, NULL, typ)
                                      == (cases[i].svid || cases[i].others));
    }
    policy.typ = BEARER_TYP_AT_JWT;
    unit_expect("at+jwt", !bearer_policy_accepts_typ(&policy, &domain,
                                                     unit_str("at+jwt")));
    policy.any_audience = true;
    policy.audience_count = 0;
    bearer_policy_freeze(&policy, *state);
    unit_expect_reason("any", bearer_policy_check(&policy, NULL), "policy_any");
}

/* --- types ------------------------------------------------------------------ */

static void policy_accepts_types_of_access_tokens(void **state BEARER_UNUSED)
{
    static const struct {
        const char *typ;
        bool jwt, at_jwt;
    } cases[] = {
        {NULL, true, false},
        {"JWT", true, false},
        {"jwt", true, false},
        {"application/jwt", true, false},
        {"APPLICATION/JWT", true, false},
        {"at+jwt", true, true},
        {"AT+JWT", true, true},
        {"application/at+jwt", true, true},
        {"", false, false},
        {"JWS", false, false},
        {"JW", false, false},
        {"JWTT", false, false},
        {"JWT ", false, false},
        {"at+jwt;v=1", false, false},
        {"at-jwt", false, false},
        {"application/", false, false},
        {"application/application/jwt", false, false},
        {"text/jwt", false, false},
        {"logout+jwt", false, false},
        {"dpop+jwt", false, false},
        {"secevent+jwt", false, false},
        {"JOSE", false, false},
    };
    bearer_policy_t policy = {.typ = BEARER_TYP_ANY};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].typ ? cases[i].typ : "absent";
        bearer_str_t typ = unit_str(cases[i].typ);

        policy.typ = BEARER_TYP_ANY;
        unit_expect(name, bearer_policy_accepts_typ(&policy, NULL, typ));
        policy.typ = BEARER_TYP_JWT;
        unit_expect(name, bearer_policy_accepts_typ(&policy, NULL, typ)
                              == cases[i].jwt);
        policy.typ = BEARER_TYP_AT_JWT;
        unit_expect(name, bearer_policy_accepts_typ(&policy, NULL, typ)
                              == cases[i].at_jwt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(policy_refuses_what_accepts_by_omission),
        unit_row(policy_refuses_an_issuer_without_algorithm),
        unit_row(policy_never_mixes_secrets_and_public_keys),
        unit_row(policy_allows_what_any_issuer_may_use),
        unit_row(policy_finds_exactly_one_issuer),
        unit_row(policy_finds_tenants_and_trust_domains),
        unit_row(policy_knows_what_svids_may_be),
        unit_row(policy_accepts_types_of_access_tokens),
    };

    return unit_run(tests);
}
