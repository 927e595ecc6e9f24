/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <unistd.h>

#include <apr_file_io.h>

#include "bearer/base/log.h"
#include "bearer/keys/restore.h"
#include "tests/unit/world.h"

/* What rounds then make of what was restored: test_refresh.c. */

#define ISSUER "https://issuer.example/realm"
/* RFC 7517 A.1 */
#define ONE(kid)                                                               \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                            \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                   \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","                   \
    "\"kid\":\"" kid "\"}]}"
/* of what is on disk, in seconds */
#define AGE 7200

/* a board, a clock and a log, all of them ours */
typedef struct cold_t {
    bearer_source_t source;
    bearer_refresh_env_t env;
    bearer_keystore_t store;
    int locks, lines;
    const char *last; /* the id of the last line */
    apr_pool_t *pool;
} cold_t;

static void lock(void *baton)
{
    ((cold_t *)baton)->locks++;
}

static void unlock(void *baton)
{
    ((cold_t *)baton)->locks += 100;
}

static bearer_now_t now(void *baton BEARER_UNUSED)
{
    bearer_now_t at = {.wall = NOW, .tick = apr_time_from_sec(200000)};

    return at;
}

static void write_line(bearer_level_t level BEARER_UNUSED, const char *id,
                       const char *text BEARER_UNUSED, void *baton)
{
    cold_t *cold = baton;

    cold->lines++;
    cold->last = apr_pstrdup(cold->pool, id);
}

static apr_status_t remove_path(void *path)
{
    return remove(path) ? APR_EGENERAL : APR_SUCCESS;
}

static cold_t *create(apr_pool_t *pool)
{
    cold_t *cold = apr_pcalloc(pool, sizeof(*cold));
    char *directory = apr_pstrdup(pool, "/tmp/bearer-restore-XXXXXX");

    cold->pool = pool;
    cold->source.issuer = ISSUER;
    cold->source.kind = BEARER_SOURCE_URL;
    cold->source.location = "https://issuer.example/keys";
    cold->source.schedule = world_hourly;
    assert_int_equal(bearer_source_identify(&cold->source), BEARER_OK);
    assert_non_null(mkdtemp(directory));
    apr_pool_cleanup_register(pool, directory, remove_path,
                              apr_pool_cleanup_null);
    cold->store.directory = directory;
    cold->store.owner = geteuid();
    cold->store.key = (const unsigned char *)"0123456789abcdef0123456789abcdef";
    cold->env.store = &cold->store;
    cold->env.board = world_board(2, pool);
    assert_true(bearer_board_claim(cold->env.board, &cold->source.slot, 1));
    cold->env.lock = lock;
    cold->env.unlock = unlock;
    cold->env.now = now;
    cold->env.baton = cold;
    bearer_log_install(write_line, cold);
    return cold;
}

static void keep(cold_t *cold, const char *keys)
{
    const char *path =
        bearer_keystore_path(&cold->store, &cold->source.slot.id, cold->pool);

    apr_pool_cleanup_register(cold->pool, path, remove_path,
                              apr_pool_cleanup_null);
    assert_int_equal(bearer_keystore_write(&cold->store, &cold->source.slot.id,
                                           ISSUER, unit_str(keys), NOW - AGE,
                                           cold->pool),
                     APR_SUCCESS);
}

static bool restored(cold_t *cold)
{
    return bearer_restore_keys(&cold->source, &cold->env, cold->pool);
}

/* the board's document has it */
static bool has(const cold_t *cold, const char *part)
{
    bearer_str_t text;
    apr_uint64_t version;

    return !bearer_board_read(cold->env.board, &cold->source.slot, &text,
                              &version, cold->pool)
           && strstr(text.data, part);
}

static bearer_schedule_t schedule(const cold_t *cold)
{
    return bearer_board_schedule(cold->env.board, &cold->source.slot);
}

static void restore_keys_are_as_old_as_they_were(void **state)
{
    cold_t *cold = create(*state);
    apr_time_t tick = now(NULL).tick;

    keep(cold, ONE("a"));
    assert_true(restored(cold));
    assert_true(has(cold, "\"kid\":\"a\""));
    assert_int_equal(cold->locks, 101);
    assert_int_equal(cold->lines, 1);
    assert_true(schedule(cold).last_good == tick - apr_time_from_sec(AGE));
    /* the network knows better: at once */
    assert_true(schedule(cold).next == tick);
}

static void restore_replaces_no_document(void **state)
{
    cold_t *cold = create(*state);
    bearer_schedule_t old = {.last_good = 5, .last_try = 5, .next = 5};

    keep(cold, ONE("old"));
    assert_int_equal(bearer_board_post(cold->env.board, &cold->source.slot,
                                       unit_str(ONE("new")), &old),
                     BEARER_OK);
    assert_false(restored(cold));
    assert_true(has(cold, "new"));
    assert_true(schedule(cold).last_good == 5);
    assert_int_equal(cold->lines, 0);
}

/* another process posts while we read the file */
static void lock_and_post(void *baton)
{
    cold_t *cold = baton;
    bearer_schedule_t state = {.last_good = 5, .last_try = 5, .next = 5};

    lock(baton);
    assert_int_equal(bearer_board_post(cold->env.board, &cold->source.slot,
                                       unit_str(ONE("new")), &state),
                     BEARER_OK);
}

static void restore_comes_second_to_a_fetcher(void **state)
{
    cold_t *cold = create(*state);

    keep(cold, ONE("old"));
    cold->env.lock = lock_and_post;
    assert_false(restored(cold));
    assert_int_equal(cold->locks, 101);
    assert_true(has(cold, "new"));
    assert_true(schedule(cold).last_good == 5);
    assert_int_equal(cold->lines, 0);
}

static void restore_needs_a_store_and_a_file(void **state)
{
    cold_t *cold = create(*state);

    assert_false(restored(cold));
    cold->env.store = NULL;
    assert_false(restored(cold));
    assert_false(has(cold, ""));
    assert_true(schedule(cold).last_good == 0);
    assert_int_equal(cold->lines, 0);
}

static void restore_believes_no_file_of_another_key(void **state)
{
    cold_t *cold = create(*state);

    keep(cold, ONE("a"));
    cold->store.key = (const unsigned char *)"another key another key another ";
    assert_false(restored(cold));
    assert_false(has(cold, ""));
    assert_int_equal(cold->lines, 1);
    assert_string_equal(cold->last, "MAB0205");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(restore_keys_are_as_old_as_they_were),
        unit_row(restore_replaces_no_document),
        unit_row(restore_comes_second_to_a_fetcher),
        unit_row(restore_needs_a_store_and_a_file),
        unit_row(restore_believes_no_file_of_another_key),
    };

    return unit_run(tests);
}
