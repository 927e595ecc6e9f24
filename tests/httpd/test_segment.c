/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that all processes share: across restarts, when it grows, and when it is
 * not what it should be. */
#include "tests/httpd/inside.h"

#include <string.h>

#include "httpd/process/child.h"
#include "httpd/process/segment.h"
#include "httpd/process/shared.h"
#include "tests/unit/rounds.h"

/* --- a table of numbers ------------------------------------------------------------------- */

#define MAGIC UINT64_C(0x6e756d6265727330)

typedef struct numbers_t {
    apr_uint64_t magic, count;
    apr_uint64_t number[];
} numbers_t;

/* what the configuration of the moment says, and what happened */
static struct {
    apr_uint64_t need;
    bool bad_format, never_enough;
    int formatted, copied;
    apr_size_t size; /* as attach was told */
} world;

static apr_uint64_t count_of(const void *old)
{
    const numbers_t *have = old;

    return have && have->count > world.need ? have->count : world.need;
}

static apr_size_t size_of(const void *old)
{
    return sizeof(numbers_t) + count_of(old) * sizeof(apr_uint64_t);
}

static void format(void *block, apr_size_t size, const void *old)
{
    numbers_t *numbers = block;
    const char *byte = block;

    assert_true(size >= size_of(old));
    while (size--)
        assert_int_equal(*byte++, 0);
    world.formatted++;
    numbers->magic = world.bad_format ? 0 : MAGIC;
    numbers->count = count_of(old);
}

static bearer_reason_t attach(void *block, apr_size_t size, void **out,
                              apr_pool_t *pool BEARER_UNUSED)
{
    const numbers_t *numbers = block;

    world.size = size;
    if (size < sizeof(*numbers) || numbers->magic != MAGIC
        || numbers->count > (size - sizeof(*numbers)) / sizeof(apr_uint64_t))
        return BEARER_BOARD_BROKEN;
    *out = block;
    return BEARER_OK;
}

static bool claim(void *handle)
{
    return !world.never_enough && ((numbers_t *)handle)->count >= world.need;
}

static void copy(const void *from, void *to)
{
    const numbers_t *old = from;
    numbers_t *fresh = to;

    assert_true(fresh->count >= old->count);
    memcpy(fresh->number, old->number, old->count * sizeof(apr_uint64_t));
    world.copied++;
}

static const mab_region_t one = {"one", size_of, format, attach, claim, copy};
static const mab_region_t two = {"two", size_of, format, attach, claim, copy};

/* a server whose process pool remembers nothing; it is never destroyed, as what
 * is opened stays so */
static server_rec *fresh_server(apr_pool_t *pool)
{
    server_rec *real = inside_request("/", pool)->server;
    server_rec *s = apr_pmemdup(real->process->pool, real, sizeof(*s));

    s->process =
        apr_pmemdup(real->process->pool, real->process, sizeof(*real->process));
    assert_int_equal(apr_pool_create(&s->process->pool, real->process->pool),
                     APR_SUCCESS);
    memset(&world, 0, sizeof(world));
    return s;
}

/* as a start or restart of a configuration that needs so much */
static numbers_t *open_region(const mab_region_t *region, apr_uint64_t need,
                              server_rec *s)
{
    void *out = NULL;
    apr_pool_t *pconf;

    world.need = need;
    assert_int_equal(apr_pool_create(&pconf, s->process->pool), APR_SUCCESS);
    assert_int_equal(mab_segment_open(region, &out, s, pconf), APR_SUCCESS);
    apr_pool_destroy(pconf);
    return out;
}

/* --- regions ----------------------------------------------------------------------------------- */

static void segment_regions_are_aligned_and_apart(void **state)
{
    server_rec *s = fresh_server(*state);
    apr_uint64_t need;

    for (need = 1; need < 600; need += 61) {
        numbers_t *a = open_region(&one, need, s);
        const char *end = (const char *)a + world.size;
        const numbers_t *b = open_region(&two, need, s);

        assert_int_equal((uintptr_t)a % MAB_SEGMENT_ALIGN, 0);
        assert_int_equal((uintptr_t)b % MAB_SEGMENT_ALIGN, 0);
        assert_true((const char *)b >= end
                    || (const char *)b + world.size <= (const char *)a);
        /* up to its last byte */
        memset(a->number, 0xff, a->count * sizeof(apr_uint64_t));
        assert_int_equal(b->number[0], 0);
        assert_int_equal(b->magic, MAGIC);
    }
}

static void segment_survives_a_restart(void **state)
{
    server_rec *s = fresh_server(*state);
    numbers_t *first = open_region(&one, 10, s);

    first->number[9] = 7;
    assert_ptr_equal(open_region(&one, 10, s), first);
    /* nor does a smaller configuration cost anything */
    assert_ptr_equal(open_region(&one, 3, s), first);
    assert_int_equal(first->number[9], 7);
    assert_int_equal(world.formatted, 1);
    assert_int_equal(world.copied, 0);
}

static void segment_moves_when_it_is_too_small(void **state)
{
    server_rec *s = fresh_server(*state);
    numbers_t *numbers = open_region(&one, 10, s);

    numbers->number[9] = 7;
    open_region(&two, 5, s)->number[4] = 5;
    numbers = open_region(&one, 5000, s);
    assert_int_equal(numbers->count, 5000);
    assert_int_equal(numbers->number[9], 7);
    assert_int_equal(numbers->number[4999], 0);
    assert_int_equal(world.copied, 1);
    assert_ptr_equal(open_region(&one, 10, s), numbers);
    /* one that moves takes no other with it */
    assert_int_equal(open_region(&two, 5, s)->number[4], 5);
    assert_int_equal(world.formatted, 3);
}

/* by something that scribbled on it, or by another version of the module */
static void segment_refuses_what_is_damaged(void **state)
{
    static const struct {
        const char *label;
        apr_uint64_t magic, count;
    } rows[] = {
        {"no magic", 0, 10},
        {"another table's", UINT64_C(0x6265617265723031), 10},
        {"more than there is", MAGIC, 4711},
        {"so much that it wraps", MAGIC, UINT64_C(0x2000000000000001)},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        server_rec *s = fresh_server(*state);
        numbers_t *numbers = open_region(&one, 10, s);

        numbers->number[0] = 7;
        numbers->magic = rows[i].magic;
        numbers->count = rows[i].count;
        numbers = open_region(&one, 10, s);
        unit_expect(rows[i].label, numbers->magic == MAGIC);
        unit_expect(rows[i].label, numbers->count == 10);
        unit_expect(rows[i].label, numbers->number[0] == 0);
        unit_expect(rows[i].label, world.copied == 0);
        /* and the sound one is kept from now on */
        unit_expect(rows[i].label, open_region(&one, 10, s) == numbers);
    }
}

static apr_size_t too_much(const void *old BEARER_UNUSED)
{
    return APR_SIZE_MAX / 4;
}

static void segment_failure_leaves_the_old_one(void **state)
{
    static const mab_region_t huge = {"one",  too_much, format,
                                      attach, claim,    copy};
    static const struct {
        const char *label;
        const mab_region_t *region;
        bool bad_format, never_enough;
        apr_status_t rv; /* 0: any but success */
    } rows[] = {
        {"its layout is refused", &one, true, false, APR_EGENERAL},
        {"it is never enough", &one, false, true, APR_ENOMEM},
        {"there is no such memory", &huge, false, false, 0},
    };
    server_rec *s = fresh_server(*state);
    numbers_t *first = open_region(&one, 10, s);
    size_t i;

    first->number[9] = 7;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *out = NULL;
        apr_status_t rv;

        world.need = 20;
        world.bad_format = rows[i].bad_format;
        world.never_enough = rows[i].never_enough;
        rv = mab_segment_open(rows[i].region, &out, s, *state);
        unit_expect(rows[i].label,
                    rows[i].rv ? rv == rows[i].rv : rv != APR_SUCCESS);
        unit_expect(rows[i].label, out == NULL);
        world.bad_format = world.never_enough = false;
        unit_expect(rows[i].label, open_region(&one, 10, s) == first);
        unit_expect(rows[i].label, first->number[9] == 7);
    }
}

/* --- the table of the module ------------------------------------------------------------------- */

static void add_issuers(int count, apr_pool_t *pool)
{
    apr_array_header_t *issuers = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < count; i++) {
        mab_issuer_line_t *line =
            apr_pmemdup(pool, APR_ARRAY_IDX(issuers, 0, mab_issuer_line_t *),
                        sizeof(*line));

        memset(&line->source.slot.id, i + 1, sizeof(line->source.slot.id));
        APR_ARRAY_PUSH(issuers, mab_issuer_line_t *) = line;
    }
}

static const mab_shared_t *open_all(server_rec *s)
{
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, s->process->pool), APR_SUCCESS);
    assert_int_equal(mab_shared_open(pool, pool, s), OK);
    return mab_shared_get();
}

static void expect_known(const mab_shared_t *shared, apr_pool_t *pool)
{
    const bearer_source_t *source = shared->sources[0];
    apr_uint64_t version;
    bearer_str_t text;

    assert_int_equal(
        bearer_board_read(shared->board, &source->slot, &text, &version, pool),
        BEARER_OK);
    assert_string_equal(text.data, "keys");
    assert_int_equal(bearer_stats_result(shared->stats, &source->slot).failed,
                     1);
    assert_int_equal(bearer_stats_snapshot(shared->stats, mab_child_alive, pool)
                         ->sum.verdicts[BEARER_TOKEN_MISSING],
                     1);
}

static void segment_keeps_keys_and_counts(void **state)
{
    static const bearer_schedule_t schedule;
    static const bearer_str_t keys = BEARER_LIT("keys");
    server_rec *s = fresh_server(*state);
    const mab_shared_t *shared = open_all(s);
    const bearer_source_t *source = shared->sources[0];
    apr_uint32_t epoch = shared->epoch;
    int before = mab_conf_registry()->issuers->nelts;
    int slots = bearer_board_slots(shared->board);

    assert_int_equal(
        bearer_board_post(shared->board, &source->slot, keys, &schedule),
        BEARER_OK);
    bearer_stats_note(shared->stats, &source->slot,
                      unit_round(BEARER_FETCH_TIMEOUT, 0), 1);
    bearer_stats_verdict(shared->stats, BEARER_TOKEN_MISSING);

    expect_known(open_all(s), *state);
    assert_int_equal(shared->epoch, epoch + 1);
    assert_int_equal(bearer_board_slots(shared->board), slots);
    /* more issuers than there is room for */
    add_issuers(slots, *state);
    expect_known(open_all(s), *state);
    assert_true(bearer_board_slots(shared->board) > slots);
    assert_int_equal(bearer_stats_shape(shared->stats).results,
                     bearer_board_slots(shared->board));
    mab_conf_registry()->issuers->nelts = before;
    /* and fewer again */
    slots = bearer_board_slots(shared->board);
    expect_known(open_all(s), *state);
    assert_int_equal(bearer_board_slots(shared->board), slots);
}

int inside_segment(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(segment_regions_are_aligned_and_apart),
        unit_row(segment_survives_a_restart),
        unit_row(segment_moves_when_it_is_too_small),
        unit_row(segment_refuses_what_is_damaged),
        unit_row(segment_failure_leaves_the_old_one),
        unit_row(segment_keeps_keys_and_counts),
    };

    return unit_run(tests);
}
