/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is made of, as tests have it. */
#ifndef REPORTS_H
#define REPORTS_H

#include "bearer/report/report.h"
#include "tests/unit/fixtures.h"
#include "tests/unit/unit.h"
#include "tests/unit/rounds.h"
#include "tests/unit/world.h"

#define SEC ((apr_time_t)1000000)
#define T   (100000 * SEC)

/** A world with four sources: good, failing, a file, a secret. */
typedef struct world_t {
    bearer_board_t *board;
    bearer_stats_t *stats;
    bearer_source_t sources[4];
    const bearer_source_t *list[4];
    bearer_report_conf_t conf;
} world_t;

enum { GOOD, FAILING, OWN_FILE, SECRET };

static const char document[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\\\"<1>\","
    "\"x\":\"" FIX_P256_X "\",\"y\":\"" FIX_P256_Y "\"},"
    "{\"kty\":\"RSA\",\"n\":\"" FIX_RSA_N "\",\"e\":\"AQAB\"}]}";

static inline bool alive(apr_uint32_t pid)
{
    return pid <= 100;
}

static inline void fill_source(world_t *world, int i, const char *issuer,
                               bearer_source_kind_t kind, const char *location)
{
    bearer_source_t *source = &world->sources[i];

    source->issuer = issuer;
    source->kind = kind;
    source->location = location;
    source->schedule = world_hourly;
    source->slot.id.bytes[0] = (unsigned char)(i + 1);
    source->slot.number = -1;
    if (kind != BEARER_SOURCE_SECRET)
        assert_true(bearer_board_claim(world->board, &source->slot, 1));
    world->list[i] = source;
}

static inline void post(world_t *world, int i,
                        const bearer_schedule_t *schedule)
{
    const bearer_source_t *source = &world->sources[i];

    unit_expect_reason("post",
                       bearer_board_post(world->board, &source->slot,
                                         unit_str(document), schedule),
                       "ok");
}

static inline world_t *make(apr_pool_t *pool)
{
    static const bearer_schedule_t good = {
        T - 90 * SEC, T - 80 * SEC, T + 600 * SEC, 0, 0, 0};
    static const bearer_schedule_t bad = {0, T - 2 * SEC, T + 4 * SEC, 0, 3, 0};
    static const bearer_schedule_t old = {T - 90000 * SEC, T, T, 0, 0, 0};
    bearer_stats_shape_t shape = {2, 8};
    world_t *world = apr_pcalloc(pool, sizeof(*world));
    void *block = apr_pcalloc(pool, bearer_stats_size(shape));

    world->board = world_board(4, pool);
    bearer_stats_format(block, shape);
    assert_int_equal(bearer_stats_attach(block, bearer_stats_size(shape),
                                         &world->stats, pool),
                     0);
    fill_source(world, GOOD, "https://a.example/\"x\"\\", BEARER_SOURCE_URL,
                "https://a.example/jwks?code=SEKRIT");
    fill_source(world, FAILING, "https://b.example/\xff",
                BEARER_SOURCE_DISCOVERY, NULL);
    fill_source(world, OWN_FILE, "https://c.example", BEARER_SOURCE_FILE,
                "/etc/keys");
    fill_source(world, SECRET, "https://d.example", BEARER_SOURCE_SECRET, NULL);
    post(world, GOOD, &good);
    post(world, OWN_FILE, &old);
    bearer_board_note(world->board, &world->sources[FAILING].slot, &bad);
    bearer_stats_note(world->stats, &world->sources[GOOD].slot,
                      unit_round(BEARER_OK, 200), T - 80 * SEC);
    bearer_stats_note(world->stats, &world->sources[FAILING].slot,
                      unit_round_of(BEARER_HTTP_STATUS, 503, "status 503"),
                      T - 2 * SEC);
    assert_true(
        bearer_lease_take(bearer_board_lease(world->board), 1, 42, T, alive));
    world->conf.board = world->board;
    world->conf.stats = world->stats;
    world->conf.sources = world->list;
    world->conf.source_count = 4;
    world->conf.now.wall = NOW;
    world->conf.now.tick = T;
    world->conf.alive = alive;
    return world;
}

static inline void count_some(world_t *world)
{
    bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};

    assert_true(bearer_stats_claim(world->stats, 11, T - 30 * SEC, alive));
    bearer_stats_verdict(world->stats, BEARER_OK);
    bearer_stats_verdict(world->stats, BEARER_OK);
    bearer_stats_verdict(world->stats, BEARER_SCOPE_SHORT);
    bearer_stats_verdict(world->stats, BEARER_TOKEN_MISSING);
    bearer_stats_verdict(world->stats, BEARER_EXPIRED);
    bearer_stats_verdict(world->stats, BEARER_SIG_WRONG);
    bearer_stats_verdict(world->stats, BEARER_SIG_WRONG);
    bearer_stats_verify(world->stats, bearer_alg_row(0), 100);
    bearer_stats_verify(world->stats, bearer_alg_row(0), 3);
    bearer_stats_admit(world->stats, 1500000);
    bearer_stats_wait(world->stats, 2500000);
    bearer_stats_cache(world->stats, &cache);
}

#endif
