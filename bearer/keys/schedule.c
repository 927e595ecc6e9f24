/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/schedule.h"

/* How much of the freshness passes before the next attempt. */
#define SHARE_LEAST  0.80
#define SHARE_SPREAD 0.15

/* a caller's random number, made harmless; NaN fails both comparisons */
static double unit_interval(double jitter)
{
    if (jitter > 0.0 && jitter < 1.0)
        return jitter;
    return jitter >= 1.0 ? 1.0 : 0.0;
}

/*
 * Whether a tick lies so far ahead that it cannot be from this machine's life (the
 * numbers come from shared memory or a disk). A little ahead is normal: another
 * process looked at the clock after we did.
 */
static bool is_alien(apr_int64_t tick, apr_time_t now, apr_time_t slack)
{
    return tick > now && tick - now > slack;
}

/* seconds of freshness in microseconds, within the administrator's ceiling */
static apr_time_t lifetime(const bearer_schedule_conf_t *conf,
                           apr_int64_t fresh)
{
    if (fresh >= apr_time_sec(conf->refresh))
        return conf->refresh;
    /* an answer that is stale at once must not make us ask in a loop */
    if (fresh < 1)
        fresh = 1;
    return apr_time_from_sec(fresh) < conf->refresh ? apr_time_from_sec(fresh)
                                                    : conf->refresh;
}

void bearer_schedule_succeed(bearer_schedule_t *state,
                             const bearer_schedule_conf_t *conf, apr_time_t now,
                             apr_int64_t fresh, double jitter)
{
    double share = SHARE_LEAST + SHARE_SPREAD * unit_interval(jitter);

    state->last_good = now;
    state->last_try = now;
    state->failures = 0;
    state->next = now + (apr_time_t)((double)lifetime(conf, fresh) * share);
}

void bearer_schedule_fail(bearer_schedule_t *state,
                          const bearer_schedule_conf_t *conf, apr_time_t now,
                          double jitter)
{
    apr_time_t most = BEARER_SCHEDULE_BACKOFF_MOST;
    apr_time_t pause = BEARER_SCHEDULE_BACKOFF_LEAST;
    apr_uint32_t i;

    if (most > conf->refresh)
        most = conf->refresh;
    for (i = 0; i < state->failures && pause < most; i++)
        pause *= 2;
    if (pause > most)
        pause = most;
    if (state->failures < APR_UINT32_MAX)
        state->failures++;
    state->last_try = now;
    state->next =
        now + (apr_time_t)((double)pause * (1.0 - unit_interval(jitter) / 2.0));
}

static bool is_due(const bearer_schedule_t *state,
                   const bearer_schedule_conf_t *conf, apr_time_t now,
                   apr_time_t asked)
{
    if (state->last_try <= 0 || state->next <= now)
        return true;
    /* only this number, since every attempt sets it: a foreign number that a
     * failure leaves as it is would switch off the back-off */
    if (is_alien(state->next, now, conf->refresh))
        return true;
    /* unequal, not greater: mends whatever was in served */
    return asked != 0 && asked != state->served;
}

apr_time_t bearer_schedule_next(const bearer_schedule_t *state,
                                const bearer_schedule_conf_t *conf,
                                apr_time_t now, apr_time_t asked)
{
    return is_due(state, conf, now, asked) ? now : state->next;
}

void bearer_schedule_begin(bearer_schedule_t *state, apr_time_t asked)
{
    if (asked != 0)
        state->served = asked;
}

bool bearer_schedule_usable(const bearer_schedule_t *state,
                            const bearer_schedule_conf_t *conf, apr_time_t now)
{
    if (state->last_good <= 0)
        return false;
    if (state->last_good > now)
        return !is_alien(state->last_good, now, conf->refresh);
    return now - state->last_good <= conf->stale;
}

bool bearer_schedule_may_ask(const bearer_schedule_conf_t *conf,
                             apr_time_t asked, apr_time_t now)
{
    if (asked <= 0 || is_alien(asked, now, conf->miss))
        return true;
    return now - asked >= conf->miss;
}
