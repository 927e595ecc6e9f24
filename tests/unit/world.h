/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world - what tests of keys and verdicts are built on.
 *
 * Owns:     a board in memory of its own, how often keys are fetched, a place with an
 *           issuer of published keys and one with a shared secret.
 * Does not: hold test cases, sign tokens (mint), or move the clock.
 * Memory:   everything lives in the pool given
 * Threads:  one
 */
#ifndef BEARER_TESTS_WORLD_H
#define BEARER_TESTS_WORLD_H

#include "tests/unit/unit.h"

#include "bearer/judge/policy.h"
#include "bearer/keys/board.h"

/** The shared secret of the place. */
#define WORLD_SECRET "0123456789abcdef0123456789abcdef"

/** Good claims of either issuer, except for what follows; written with ' for ". */
#define WORLD_BY_I                                                             \
    "{'iss':'https://i','aud':'api','exp':1900000000,'sub':'alice'"
#define WORLD_BY_S                                                             \
    "{'iss':'https://s','aud':'api','exp':1900000000,'sub':'alice'"

/** Keys are fetched once an hour, asked for once a minute, and good for a day. */
static const bearer_schedule_conf_t world_hourly = {
    .refresh = apr_time_from_sec(3600),
    .miss = apr_time_from_sec(60),
    .stale = apr_time_from_sec(86400)};

/** A board in this block, whatever was there before. */
static inline bearer_board_t *world_board_in(void *block, int slots,
                                             apr_pool_t *pool)
{
    apr_size_t size = bearer_board_size(slots);
    bearer_board_t *board = NULL;

    bearer_board_format(block, size, slots);
    assert_int_equal(bearer_board_attach(block, size, &board, pool), BEARER_OK);
    return board;
}

/** A board in memory that held rubbish. */
static inline bearer_board_t *world_board(int slots, apr_pool_t *pool)
{
    apr_size_t size = bearer_board_size(slots);
    void *block = apr_palloc(pool, size);

    memset(block, 0x5a, size);
    return world_board_in(block, slots, pool);
}

/** A place for the audience "api" that takes its users from "sub". */
typedef struct world_place_t {
    bearer_issuer_t keys, secret; /**< https://i, https://s */
    const bearer_issuer_t *issuers[2];
    const bearer_path_t *user[1];
    bearer_policy_t policy;
} world_place_t;

/** @param source of the published keys, or NULL where nobody looks for them */
static inline void world_make_place(world_place_t *place,
                                    const bearer_source_t *source,
                                    apr_pool_t *pool)
{
    static const bearer_str_t audience[] = {BEARER_LIT("api")};
    const bearer_jwk_t *key = NULL;

    assert_int_equal(
        bearer_jwk_parse_secret(unit_str(WORLD_SECRET), &key, NULL, pool),
        BEARER_OK);
    assert_int_equal(bearer_path_parse("sub", &place->user[0], NULL, pool),
                     BEARER_OK);
    place->keys.iss = unit_str("https://i");
    place->keys.source = source;
    place->secret.iss = unit_str("https://s");
    place->secret.secret = bearer_jwks_create(key, pool);
    place->issuers[0] = &place->keys;
    place->issuers[1] = &place->secret;
    place->policy.issuers = place->issuers;
    place->policy.issuer_count = 2;
    place->policy.audiences = audience;
    place->policy.audience_count = 1;
    place->policy.user = place->user;
    place->policy.user_count = 1;
    bearer_policy_freeze(&place->policy, pool);
}

#endif
