/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/kids.h"

#include "bearer/base/str.h"

/* how far another process's clock may be ahead of ours */
#define SLACK apr_time_from_sec(1)
/* a key's use is noted no more often */
#define USE_EVERY apr_time_from_sec(1)

_Static_assert(sizeof(bearer_kids_t)
                   == sizeof(bearer_kidasks_t)
                          + (apr_size_t)8 * BEARER_LIMIT_KIDS
                                * (3 + BEARER_KIDNAME_WORDS),
               "kids layout");

static const bearer_kidname_t nobody;

void bearer_kids_format(bearer_kids_t *kids)
{
    int i;

    bearer_kidasks_format(&kids->asks);
    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kidname_store(kids->good[i].name, &nobody);
        atomic_store(&kids->good[i].fetched, 0);
        atomic_store(&kids->good[i].next, 0);
        atomic_store(&kids->good[i].used, 0);
    }
}

void bearer_kids_use(bearer_kids_t *kids, bearer_str_t kid, apr_time_t now)
{
    bearer_kidname_t name;
    int i;

    if (!bearer_kidname_check(kid))
        return;
    name = bearer_kidname_make(kid);
    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        apr_time_t used;

        if (!bearer_kidname_is_at(kids->good[i].name, &name))
            continue;
        used = (apr_time_t)atomic_load(&kids->good[i].used);
        if (used <= 0 || used > now || now - used >= USE_EVERY)
            atomic_store(&kids->good[i].used, (uint64_t)now);
        return;
    }
}

/* --- the fetcher ------------------------------------------------------------ */

static bool is_free(const bearer_kids_good_t *good)
{
    return !atomic_load(&((bearer_kids_good_t *)good)->name[0]);
}

/* Unconfirmed for too long, or unused: a key that proved no token since it was fetched
 * goes when it would be confirmed, one that did so when it has not for long. */
static bool has_had_its_time(bearer_kids_good_t *good,
                             const bearer_kids_conf_t *conf, apr_time_t now)
{
    apr_time_t fetched = (apr_time_t)atomic_load(&good->fetched);
    apr_time_t used = (apr_time_t)atomic_load(&good->used);

    if (fetched > now + SLACK || now - fetched > conf->stale)
        return true;
    if ((apr_time_t)atomic_load(&good->next) > now)
        return false;
    return used <= 0 || used > now + SLACK || now - used > conf->stale;
}

/* the one that is due for the longest time, or NULL */
static bearer_kids_good_t *first_due(bearer_kids_t *kids, apr_time_t now)
{
    bearer_kids_good_t *found = NULL;
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kids_good_t *good = &kids->good[i];
        apr_time_t next = (apr_time_t)atomic_load(&good->next);

        if (is_free(good) || next > now)
            continue;
        if (!found || next < (apr_time_t)atomic_load(&found->next))
            found = good;
    }
    return found;
}

static bool choose_drop(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                        apr_time_t now, bearer_kids_job_t *job)
{
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kids_good_t *good = &kids->good[i];

        if (is_free(good) || !has_had_its_time(good, conf, now)
            || !bearer_kidname_read(good->name, job->kid))
            continue;
        job->work = BEARER_KIDS_DROP;
        return true;
    }
    return false;
}

/* what is to be done for good ones that are due since a tick */
static bool choose_good(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                        apr_time_t now, apr_time_t since,
                        bearer_kids_job_t *job)
{
    bearer_kids_good_t *good;

    if (choose_drop(kids, conf, now, job))
        return true;
    good = first_due(kids, since);
    if (!good || !bearer_kidname_read(good->name, job->kid))
        return false;
    job->work = BEARER_KIDS_CONFIRM;
    return true;
}

/* Good ones wait neither for the pause after a stranger's kid that failed, nor for long
 * behind kids that are wanted: a flood of strangers keeps no key in use that the issuer
 * has withdrawn, and lets none become stale. */
void bearer_kids_choose(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                        apr_time_t now, bool regular, bearer_kids_job_t *job)
{
    if (choose_good(kids, conf, now, now - conf->miss, job))
        return;
    job->work = BEARER_KIDS_ASK;
    if (bearer_kidasks_first(&kids->asks, conf->miss, now, false, job->kid))
        return;
    if (choose_good(kids, conf, now, now, job))
        return;
    job->work = BEARER_KIDS_ASK;
    if (regular
        && bearer_kidasks_first(&kids->asks, conf->miss, now, true, job->kid))
        return;
    job->work = BEARER_KIDS_NOTHING;
}

apr_time_t bearer_kids_due(bearer_kids_t *kids, const char *but,
                           apr_time_t latest)
{
    bearer_kidname_t name = bearer_kidname_make(bearer_str(but));
    apr_time_t next = latest;
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kids_good_t *good = &kids->good[i];
        apr_time_t due = (apr_time_t)atomic_load(&good->next);

        if (!is_free(good) && due < next
            && !bearer_kidname_is_at(good->name, &name))
            next = due;
    }
    return next;
}

apr_time_t bearer_kids_next(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                            apr_time_t now, apr_time_t latest)
{
    if (bearer_kidasks_first(&kids->asks, conf->miss, now, true, NULL))
        return now;
    return bearer_kids_due(kids, "", latest);
}

static bearer_kidname_t name_of(const char *kid)
{
    return bearer_kidname_make(bearer_str(kid));
}

static bearer_kids_good_t *find_good(bearer_kids_t *kids,
                                     const bearer_kidname_t *name)
{
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        if (bearer_kidname_is_at(kids->good[i].name, name))
            return &kids->good[i];
    }
    return NULL;
}

void bearer_kids_fail(bearer_kids_t *kids, const char *kid,
                      const bearer_kids_conf_t *conf, apr_time_t now,
                      apr_time_t next)
{
    bearer_kidname_t name = name_of(kid);
    bearer_kids_good_t *good = find_good(kids, &name);

    if (good)
        atomic_store(&good->next, (uint64_t)next);
    bearer_kidasks_fail(&kids->asks, kid, conf->miss, now);
}

/* a new entry, not yet used */
static bearer_kids_good_t *add_good(bearer_kids_t *kids,
                                    const bearer_kidname_t *name)
{
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kids_good_t *good = &kids->good[i];

        if (!is_free(good))
            continue;
        atomic_store(&good->used, 0);
        bearer_kidname_store(good->name, name);
        return good;
    }
    return NULL;
}

void bearer_kids_keep(bearer_kids_t *kids, const char *kid, apr_time_t fetched,
                      apr_time_t next)
{
    bearer_kidname_t name = name_of(kid);
    bearer_kids_good_t *good = find_good(kids, &name);

    if (!good)
        good = add_good(kids, &name);
    if (!good)
        return;
    atomic_store(&good->fetched, (uint64_t)fetched);
    atomic_store(&good->next, (uint64_t)next);
}

static void clear(bearer_kids_good_t *good)
{
    bearer_kidname_store(good->name, &nobody);
}

void bearer_kids_drop(bearer_kids_t *kids, const char *kid)
{
    bearer_kidname_t name = name_of(kid);
    bearer_kids_good_t *good = *kid ? find_good(kids, &name) : NULL;

    if (good)
        clear(good);
}

/* whether it is one of the list's; what is no name, or there twice, is not */
static bool is_listed(bearer_kids_good_t *good, const bearer_str_t *names,
                      int count)
{
    char text[BEARER_KIDNAME_ROOM];
    int i;

    if (!bearer_kidname_read(good->name, text))
        return false;
    for (i = 0; i < count; i++) {
        if (bearer_str_is(names[i], text))
            return true;
    }
    return false;
}

void bearer_kids_sync(bearer_kids_t *kids, const bearer_str_t *names, int count,
                      apr_time_t fetched, apr_time_t now)
{
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        if (!is_free(&kids->good[i])
            && !is_listed(&kids->good[i], names, count))
            clear(&kids->good[i]);
    }
    for (i = 0; i < count; i++) {
        bearer_kids_good_t *good;
        bearer_kidname_t name;

        if (!bearer_kidname_check(names[i]))
            continue;
        name = bearer_kidname_make(names[i]);
        if (find_good(kids, &name))
            continue;
        good = add_good(kids, &name);
        if (!good)
            return;
        atomic_store(&good->fetched, (uint64_t)fetched);
        atomic_store(&good->next, (uint64_t)now);
        atomic_store(&good->used, (uint64_t)now);
    }
}

bool bearer_kids_has_room(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                          apr_time_t now, char *victim)
{
    bearer_kids_good_t *oldest = NULL;
    int i;

    *victim = '\0';
    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        bearer_kids_good_t *good = &kids->good[i];
        apr_time_t fetched = (apr_time_t)atomic_load(&good->fetched);

        if (is_free(good))
            return true;
        if (atomic_load(&good->used) || now - fetched < conf->miss)
            continue;
        if (!oldest || fetched < (apr_time_t)atomic_load(&oldest->fetched))
            oldest = good;
    }
    return oldest && bearer_kidname_read(oldest->name, victim);
}

bearer_kids_counts_t bearer_kids_count(bearer_kids_t *kids,
                                       const bearer_kids_conf_t *conf,
                                       apr_time_t now)
{
    bearer_kids_counts_t counts = {0, 0, 0};
    int i;

    bearer_kidasks_count(&kids->asks, conf->miss, now, &counts.asked,
                         &counts.missing);
    for (i = 0; i < BEARER_LIMIT_KIDS; i++)
        counts.good += !is_free(&kids->good[i]);
    return counts;
}
