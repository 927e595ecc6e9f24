/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/seats.h"

void bearer_seats_format(bearer_seats_t *seats)
{
    int i;

    for (i = 0; i < BEARER_SEATS_MOST; i++)
        atomic_store(&seats->until[i], 0);
}

int bearer_seats_take(bearer_seats_t *seats, int limit, apr_time_t now,
                      apr_time_t until)
{
    int i;

    for (i = 0; i < limit && i < BEARER_SEATS_MOST; i++) {
        uint64_t taken = atomic_load(&seats->until[i]);

        while ((apr_time_t)taken <= now) {
            if (atomic_compare_exchange_weak(&seats->until[i], &taken,
                                             (uint64_t)until))
                return i;
        }
    }
    return -1;
}

void bearer_seats_leave(bearer_seats_t *seats, int seat, apr_time_t until)
{
    uint64_t mine = (uint64_t)until;

    if (seat < 0 || seat >= BEARER_SEATS_MOST)
        return;
    /* only if it is still ours: once its time is over, others may take it */
    (void)atomic_compare_exchange_strong(&seats->until[seat], &mine, 0);
}
