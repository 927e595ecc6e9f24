/* SPDX-License-Identifier: Apache-2.0 */
/* What a proof holds, and for which policies it is good. Keys that come, go and are
 * waited for: test_gate.c. */
#include "unit.h"

#include "bearer/gate/prove.h"

#include "mint.h"
#include "world.h"

#define SECRET      WORLD_SECRET
#define CLAIMS(iss) "{'iss':'" iss "','sub':'alice'}"

/* a process with one place and a board whose keys are good */
typedef struct world_t {
    apr_pool_t *pool;
    bearer_now_t now;
    bearer_prove_conf_t conf;
    bearer_prover_t *prover;
    bearer_source_t source;
    world_place_t place;
    bearer_proof_t proof;
} world_t;

static apr_time_t tick(void *baton)
{
    return ((world_t *)baton)->now.tick;
}

static void never_pause(void *baton BEARER_UNUSED,
                        apr_interval_time_t time BEARER_UNUSED)
{
    fail_msg("a request waits");
}

static void post(world_t *world, const char *keys)
{
    bearer_schedule_t state = {.last_try = world->now.tick,
                               .last_good = world->now.tick};

    unit_expect_reason("post",
                       bearer_board_post(world->conf.board, &world->source.slot,
                                         mint_set(keys, world->pool), &state),
                       "ok");
}

static void make_board(world_t *world)
{
    world->conf.board = world_board(1, world->pool);
    world->source.slot.id.bytes[0] = 7;
    assert_true(bearer_board_claim(world->conf.board, &world->source.slot, 1));
    assert_int_equal(bearer_keyring_create(&world->conf.ring, world->conf.board,
                                           world->pool),
                     APR_SUCCESS);
}

static world_t *create(apr_pool_t *pool)
{
    world_t *world = apr_pcalloc(pool, sizeof(*world));

    world->pool = pool;
    world->now.wall = NOW;
    world->now.tick = apr_time_from_sec(1000000);
    world->source.schedule = world_hourly;
    make_board(world);
    world_make_place(&world->place, &world->source, pool);
    world->conf.tick = tick;
    world->conf.pause = never_pause;
    world->conf.baton = world;
    world->prover = bearer_prove_create(&world->conf, pool);
    post(world, mint_key(1, "one", pool));
    return world;
}

static void prove(world_t *world, const char *token, const char *want)
{
    bearer_presented_t presented = {.token = unit_str(token)};
    bearer_now_t now = world->now;
    bearer_note_t note = {""};

    bearer_policy_freeze(&world->place.policy, world->pool);
    memset(&world->proof, 0xff, sizeof(world->proof));
    unit_expect_reason(want,
                       bearer_prove_token(world->prover, &presented,
                                          &world->place.policy, &now,
                                          &world->proof, &note, world->pool),
                       want);
    /* nobody waited */
    assert_int_equal(now.tick, world->now.tick);
    assert_int_equal(now.wall, world->now.wall);
    assert_int_equal(world->proof.depends, 0);
}

static const char *signed_token(world_t *world)
{
    return mint_token("{'alg':'EdDSA','kid':'one','typ':'at+jwt'}",
                      CLAIMS("https://i"), 1, world->pool);
}

static void prove_says_how_and_by_what(void **state)
{
    world_t *world = create(*state);
    bearer_proof_t *proof = &world->proof;

    prove(world, signed_token(world), "ok");
    assert_ptr_equal(proof->issuer, &world->place.keys);
    assert_int_equal(proof->how, BEARER_PROVEN_BY_KEY);
    assert_string_equal(proof->key.alg->name, "EdDSA");
    assert_string_equal(proof->key.kid.data, "one");
    assert_string_equal(proof->key.typ.data, "at+jwt");
    assert_int_equal(
        proof->key.version,
        bearer_board_version(world->conf.board, &world->source.slot));
    assert_string_equal(proof->claims->iss.data, "https://i");
    assert_true(proof->until == BEARER_PROOF_LASTS);

    prove(world,
          mint_secret_token("{'alg':'HS256'}", CLAIMS("https://s"), SECRET,
                            *state),
          "ok");
    assert_ptr_equal(proof->issuer, &world->place.secret);
    assert_int_equal(proof->how, BEARER_PROVEN_BY_SECRET);
    assert_int_equal(proof->key.version, 0);
    assert_null(proof->key.kid.data);
}

/* a refusal may name issuer and key; unproven claims are given to nobody */
static void prove_marks_nothing_else(void **state)
{
    static const struct {
        const char *header, *claims, *want;
        unsigned char seed;
        bool alg, issuer;
    } cases[] = {
        {"{'alg':'none'}", "{}", "alg_unknown", 1, false, false},
        {"{'alg':'EdDSA','kid':'one'}", "{}", "iss_missing", 1, true, false},
        {"{'alg':'EdDSA','kid':'one'}", CLAIMS("https://x"), "iss_unknown", 1,
         true, false},
        {"{'alg':'EdDSA','kid':'one'}", CLAIMS("https://i"), "sig_wrong", 2,
         true, true},
    };
    world_t *world = create(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_proof_t *proof = &world->proof;

        prove(
            world,
            mint_token(cases[i].header, cases[i].claims, cases[i].seed, *state),
            cases[i].want);
        unit_expect(cases[i].want, proof->how == BEARER_PROVEN_NOT);
        unit_expect(cases[i].want, !proof->claims);
        unit_expect(cases[i].want, !proof->key.alg == !cases[i].alg);
        unit_expect(cases[i].want, !proof->issuer == !cases[i].issuer);
    }
}

static const bearer_issuer_t *again(world_t *world)
{
    bearer_policy_freeze(&world->place.policy, world->pool);
    return bearer_prove_again(world->prover, &world->proof,
                              &world->place.policy, world->now.tick);
}

/* cache poisoning: for each of these places the proof is not good */
static void prove_again_wants_the_same_keys_and_rules(void **state)
{
    world_t *world = create(*state);
    bearer_issuer_t twin = world->place.keys;
    bearer_source_t other = world->source;
    bearer_policy_t policy = world->place.policy;

    prove(world, signed_token(world), "ok");
    assert_ptr_equal(again(world), &world->place.keys);
    world->place.issuers[0] = &twin;
    assert_ptr_equal(again(world), &twin);
    other.slot.id.bytes[5] ^= 1;
    twin.source = &other;
    assert_null(again(world));
    twin = world->place.keys;
    twin.secret = world->place.secret.secret;
    assert_null(again(world));
    twin = world->place.keys;
    twin.algs = bearer_alg_find(unit_str("ES256"))->bit;
    assert_null(again(world));
    twin = world->place.keys;
    world->place.policy.issuer_count = 0;
    assert_null(again(world));
    world->place.policy = policy;
    world->proof.key.typ = unit_str("logout+jwt");
    assert_null(again(world));
    world->proof.key.typ = unit_str("at+jwt");
    assert_ptr_equal(again(world), &twin);
    /* what does not say how it was proven was not */
    world->proof.how = BEARER_PROVEN_NOT;
    assert_null(again(world));
    world->proof.how = BEARER_PROVEN_BY_KEY;
    world->now.tick += world->source.schedule.stale + 1;
    assert_null(again(world));
    post(world, mint_key(1, "one", *state));
    /* confirmed, but another set */
    assert_null(again(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(prove_says_how_and_by_what),
        unit_row(prove_marks_nothing_else),
        unit_row(prove_again_wants_the_same_keys_and_rules),
    };

    return unit_run(tests);
}
