/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/lease.h"

/*
 * The lease is one word, so that one compare-and-swap takes, renews or steals it:
 *
 *    63         32    31      30       20 19       0
 *   +-------------+---------+-----------+----------+
 *   | generation  | is held | epoch     | renewed  |
 *   +-------------+---------+-----------+----------+
 *
 * The generation grows by one each time the lease is taken, and stays when it is
 * given back. The last 11 bits of the holder's epoch are enough to see that it is
 * not the newest one: 2048 configurations do not come and go within one lease, and
 * a holder of any older one is refused because of the epoch above when it renews.
 * Of the tick, 20 bits in units of 4 ms are enough (see has_lapsed).
 *
 * holder is who took it: the generation and, below it, the pid. It is written
 * after the lease; until then nobody knows whose that generation is, and it can
 * only lapse.
 */

#define LEASE_TICK  4096        /* microseconds */
#define LEASE_TICKS 0xfffffu    /* 20 bits of time */
#define LEASE_EPOCH 0x7ff00000u /* 11 bits of epoch */
#define LEASE_HELD  0x80000000u
#define LEASE_LASTS                                                            \
    ((uint32_t)((BEARER_LEASE_LASTS + LEASE_TICK - 1) / LEASE_TICK))

void bearer_lease_format(bearer_lease_t *lease)
{
    atomic_store(&lease->epoch, 0);
    atomic_store(&lease->word, 0);
    atomic_store(&lease->holder, 0);
}

/* what a holder of this epoch writes into the lower half */
static uint32_t lease_terms(uint32_t epoch, apr_time_t now)
{
    uint32_t ticks = (uint32_t)((uint64_t)now / LEASE_TICK) & LEASE_TICKS;

    return LEASE_HELD | ((epoch << 20) & LEASE_EPOCH) | ticks;
}

static uint64_t join(uint32_t generation, uint32_t lower)
{
    return (uint64_t)generation << 32 | lower;
}

static uint32_t generation_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

/* 0 is no generation */
static uint32_t next_generation(uint64_t held)
{
    uint32_t next = generation_of(held) + 1;

    return next ? next : 1;
}

/* who has this lease; 0: nobody, or the holder is not written yet */
static uint32_t holder_of(const bearer_lease_t *lease, uint64_t held)
{
    uint64_t holder = atomic_load(&lease->holder);

    if (!(held & LEASE_HELD) || generation_of(holder) != generation_of(held))
        return 0;
    return (uint32_t)holder;
}

/* Says who took this generation, unless a later one was taken meanwhile: a process
 * that was stopped in between must not write over its successor. */
static void sign(bearer_lease_t *lease, uint32_t generation, uint32_t pid)
{
    uint64_t holder = atomic_load(&lease->holder);

    while ((int32_t)(generation - generation_of(holder)) > 0) {
        if (atomic_compare_exchange_weak(&lease->holder, &holder,
                                         join(generation, pid)))
            return;
    }
}

/*
 * The time in a lease goes round in 71 minutes. It holds for LEASE_LASTS after it
 * was renewed, and as long before, since its holder may have looked at the clock
 * after us; at all other times it has lapsed. So a forgotten one that comes round
 * again delays us for seconds, not for half a turn.
 */
static bool has_lapsed(uint64_t held, uint32_t terms)
{
    uint32_t age = (terms - (uint32_t)held) & LEASE_TICKS;

    return age > LEASE_LASTS && age < LEASE_TICKS + 1 - LEASE_LASTS;
}

/* whether a process of the newest epoch may take this lease from another */
static bool can_take(uint64_t held, uint32_t terms, uint32_t holder,
                     bool (*alive)(apr_uint32_t pid))
{
    if (!(held & LEASE_HELD))
        return true;
    if (((held ^ terms) & LEASE_EPOCH) != 0 || has_lapsed(held, terms))
        return true;
    return holder && alive && !alive(holder);
}

/* notes an epoch; false if there was a newer one */
static bool is_newest(bearer_lease_t *lease, uint32_t epoch)
{
    uint32_t newest = atomic_load(&lease->epoch);

    while (newest < epoch) {
        if (atomic_compare_exchange_weak(&lease->epoch, &newest, epoch))
            return true;
    }
    return newest == epoch;
}

apr_uint32_t bearer_lease_take(bearer_lease_t *lease, apr_uint32_t epoch,
                               apr_uint32_t pid, apr_time_t now,
                               bool (*alive)(apr_uint32_t pid))
{
    uint32_t terms = lease_terms(epoch, now);
    uint64_t held = atomic_load(&lease->word);

    /* both again after each lost race: a process of a newer epoch first says so
     * and then takes the lease, so it is never taken back from it */
    while (is_newest(lease, epoch)) {
        uint32_t generation = generation_of(held);
        uint32_t holder = holder_of(lease, held);

        if (holder != pid) {
            if (!can_take(held, terms, holder, alive))
                return 0;
            generation = next_generation(held);
        }
        if (atomic_compare_exchange_weak(&lease->word, &held,
                                         join(generation, terms))) {
            sign(lease, generation, pid);
            return generation;
        }
    }
    return 0;
}

bool bearer_lease_holds(const bearer_lease_t *lease, apr_uint32_t generation)
{
    uint64_t held = atomic_load(&lease->word);

    return (held & LEASE_HELD) && generation
           && generation_of(held) == generation;
}

apr_uint32_t bearer_lease_holder(const bearer_lease_t *lease)
{
    return holder_of(lease, atomic_load(&lease->word));
}

void bearer_lease_resign(bearer_lease_t *lease, apr_uint32_t pid)
{
    uint64_t held = atomic_load(&lease->word);

    while (pid && holder_of(lease, held) == pid) {
        if (atomic_compare_exchange_weak(&lease->word, &held,
                                         join(generation_of(held), 0)))
            return;
    }
}
