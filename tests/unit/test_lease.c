/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bearer/keys/lease.h"
#include "tests/unit/walk.h"

#define SEC ((apr_time_t)1000000)
#define T   ((apr_time_t)(1000 * SEC))

/* with the lease's grain of 4 ms */
#define LAPSED (BEARER_LEASE_LASTS + 10000)

/* in memory that holds rubbish before it is formatted */
static bearer_lease_t *new_lease(apr_pool_t *pool)
{
    bearer_lease_t *lease = apr_palloc(pool, sizeof(*lease));

    memset(lease, 0x5a, sizeof(*lease));
    bearer_lease_format(lease);
    return lease;
}

static bool all_but_9(apr_uint32_t pid)
{
    return pid != 9;
}

static void lease_has_one_holder(void **state)
{
    static const struct {
        const char *name;
        apr_uint32_t epoch, pid;
        apr_time_t at;
        bool (*alive)(apr_uint32_t pid);
        bool want;
        apr_uint32_t leader;
    } steps[] = {
        {"first", 1, 5, 0, NULL, true, 5},
        {"renewed", 1, 5, 1 * SEC, NULL, true, 5},
        {"held", 1, 6, 1 * SEC, NULL, false, 5},
        {"held and alive", 1, 6, 1 * SEC, all_but_9, false, 5},
        {"held to the end", 1, 6, 1 * SEC + BEARER_LEASE_LASTS, NULL, false, 5},
        {"lapsed", 1, 6, 1 * SEC + LAPSED, NULL, true, 6},
        {"the former one comes late", 1, 5, 5 * SEC, NULL, false, 6},
        {"its clock was read earlier", 1, 5, 2 * SEC, NULL, false, 6},
        {"its own lapsed lease", 1, 6, 60 * SEC, NULL, true, 6},
        {"a newer epoch", 2, 7, 60 * SEC, NULL, true, 7},
        {"the older one has lost", 1, 6, 60 * SEC, NULL, false, 7},
        {"even when it lapsed", 1, 6, 90 * SEC, NULL, false, 7},
        {"and to a dead process", 1, 6, 90 * SEC, all_but_9, false, 7},
        {"a peer when it lapsed", 2, 9, 90 * SEC, NULL, true, 9},
        {"assumed alive", 2, 7, 90 * SEC, NULL, false, 9},
        {"known to be dead", 2, 7, 90 * SEC, all_but_9, true, 7},
        {"the dead do not come back", 2, 9, 90 * SEC, all_but_9, false, 7},
        {"a far newer epoch", 2051, 3, 90 * SEC, NULL, true, 3},
        {"one whose last 11 bits are the same", 3, 7, 900 * SEC, NULL, false,
         3},
        {"the largest pid", 5000, 0xffffffffu, 90 * SEC, NULL, true,
         0xffffffffu},
        {"the last epoch", 0xffffffffu, 1, 90 * SEC, NULL, true, 1},
        {"is last", 5000, 2, 900 * SEC, NULL, false, 1},
    };
    bearer_lease_t *lease = new_lease(*state);
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        unit_expect(steps[i].name,
                    (bearer_lease_take(lease, steps[i].epoch, steps[i].pid,
                                       T + steps[i].at, steps[i].alive)
                     != 0)
                        == steps[i].want);
        unit_expect(steps[i].name,
                    bearer_lease_holder(lease) == steps[i].leader);
    }
}

static void lease_is_taken_back(void **state)
{
    bearer_lease_t *lease = new_lease(*state);

    bearer_lease_resign(lease, 0);
    bearer_lease_resign(lease, 5);
    assert_int_equal(bearer_lease_holder(lease), 0);
    assert_true(bearer_lease_take(lease, 1, 5, T, NULL));
    bearer_lease_resign(lease, 6);
    assert_int_equal(bearer_lease_holder(lease), 5);
    bearer_lease_resign(lease, 5);
    assert_int_equal(bearer_lease_holder(lease), 0);
    assert_true(bearer_lease_take(lease, 1, 6, T, NULL));
}

/* What began under a lease that was another's meanwhile must be distinguished from
 * what begins now, although it is the same process. */
static void lease_that_comes_back_is_another(void **state)
{
    bearer_lease_t *lease = new_lease(*state);
    apr_uint32_t first = bearer_lease_take(lease, 1, 5, T, NULL);
    apr_uint32_t second, third;

    assert_int_not_equal(first, 0);
    assert_false(bearer_lease_holds(lease, 0));
    assert_true(bearer_lease_holds(lease, first));
    assert_int_equal(bearer_lease_take(lease, 1, 5, T + SEC, NULL), first);
    assert_true(bearer_lease_holds(lease, first));
    /* 5 is stopped, 6 takes over and dies, 5 goes on */
    second = bearer_lease_take(lease, 1, 6, T + SEC + LAPSED, NULL);
    assert_int_not_equal(second, 0);
    assert_false(bearer_lease_holds(lease, first));
    assert_true(bearer_lease_holds(lease, second));
    third = bearer_lease_take(lease, 1, 5, T + 60 * SEC, NULL);
    assert_int_not_equal(third, 0);
    assert_int_equal(bearer_lease_holder(lease), 5);
    assert_false(bearer_lease_holds(lease, first));
    assert_false(bearer_lease_holds(lease, second));
    assert_true(bearer_lease_holds(lease, third));
    /* given back and taken again by the same one */
    bearer_lease_resign(lease, 5);
    assert_false(bearer_lease_holds(lease, third));
    assert_int_not_equal(bearer_lease_take(lease, 1, 5, T + 60 * SEC, NULL),
                         third);
    assert_false(bearer_lease_holds(lease, third));
    assert_false(bearer_lease_holds(lease, 0));
}

/* The lease's clock goes round: a lease that is renewed must never be lost by that,
 * and one that is not must not be kept for long. */
static void lease_lasts_as_long_as_it_should(void **state)
{
    bearer_lease_t *lease = new_lease(*state);
    apr_uint64_t rng = 424242;
    apr_time_t now = 1;
    int i;

    for (i = 0; i < 20000; i++) {
        apr_time_t gap = (apr_time_t)draw(&rng, BEARER_LEASE_LASTS + 1);
        apr_uint32_t pid = 10 + (apr_uint32_t)(i % 2), other = 21 - pid;

        assert_true(bearer_lease_take(lease, 1, pid, now, NULL));
        assert_false(bearer_lease_take(lease, 1, other, now + gap, NULL));
        /* one that is forgotten for days, hours or seconds */
        gap = LAPSED
              + (apr_time_t)draw(&rng, i % 3   ? 8000 * SEC
                                       : i % 2 ? 8 * SEC
                                               : 864000 * SEC);
        now += gap;
        if (!bearer_lease_take(lease, 1, other, now, NULL)) {
            now += 2 * LAPSED;
            assert_true(bearer_lease_take(lease, 1, other, now, NULL));
        }
        now++;
    }
}

static void *APR_THREAD_FUNC lead_in_step(apr_thread_t *thread BEARER_UNUSED,
                                          void *baton)
{
    walker_t *own = baton;
    apr_time_t now = T;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        now += i % 3 ? 1 * SEC : LAPSED;
        step(own);
        own->got[i] =
            bearer_lease_take(own->shared, 1, (apr_uint32_t)own->number + 1,
                              now, NULL)
            != 0;
        step(own);
    }
    return NULL;
}

static void lease_is_of_one_of_many_threads(void **state)
{
    walker_t *walkers = walk(new_lease(*state), lead_in_step, *state);
    int i, last = -1, before;

    for (i = 0; i < ROUNDS; i++) {
        const char *row = apr_psprintf(*state, "round %d", i);

        before = last;
        unit_expect(row, winners(walkers, i, &last) == 1);
        /* the holder keeps it as long as it renews in time */
        if (i % 3)
            unit_expect(row, last == before);
    }
}

static void *APR_THREAD_FUNC lead_in_epochs(apr_thread_t *thread BEARER_UNUSED,
                                            void *baton)
{
    walker_t *own = baton;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_uint32_t pid = (apr_uint32_t)own->number + 1;

        step(own);
        /* each thread is a configuration of its own, some older, some newer */
        (void)bearer_lease_take(own->shared, (apr_uint32_t)i + pid, pid, T,
                                NULL);
        step(own);
        own->got[i] = (int)bearer_lease_holder(own->shared);
    }
    return NULL;
}

static void lease_is_of_the_newest_epoch(void **state)
{
    walker_t *walkers = walk(new_lease(*state), lead_in_epochs, *state);
    int i, k;

    for (i = 0; i + 1 < ROUNDS; i++) {
        for (k = 0; k < THREADS; k++)
            unit_expect(apr_psprintf(*state, "round %d", i),
                        walkers[k].got[i] == THREADS);
    }
}

static bool is_there(apr_uint32_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static void lease_of_the_dead_is_given_away(void **state BEARER_UNUSED)
{
    bearer_lease_t *lease = mmap(NULL, sizeof(*lease), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    apr_uint32_t self = (apr_uint32_t)getpid();
    int i;

    assert_ptr_not_equal(lease, MAP_FAILED);
    bearer_lease_format(lease);
    for (i = 0; i < 10; i++) {
        pid_t parent = getpid();
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
            if (!bearer_lease_take(lease, 1, (apr_uint32_t)getpid(), T,
                                   is_there))
                _exit(1);
            while (getppid() == parent)
                apr_sleep(1000);
            _exit(1);
        }
        while (bearer_lease_holder(lease) != (apr_uint32_t)pid)
            apr_sleep(200);
        assert_false(bearer_lease_take(lease, 1, self, T, is_there));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_false(bearer_lease_take(lease, 1, self, T, NULL));
        assert_true(bearer_lease_take(lease, 1, self, T, is_there));
        bearer_lease_resign(lease, self);
    }
    munmap(lease, sizeof(*lease));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(lease_has_one_holder),
        unit_row(lease_is_taken_back),
        unit_row(lease_that_comes_back_is_another),
        unit_row(lease_lasts_as_long_as_it_should),
        unit_row(lease_is_of_one_of_many_threads),
        unit_row(lease_is_of_the_newest_epoch),
        unit_row(lease_of_the_dead_is_given_away),
    };

    return unit_run(tests);
}
