/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/perkid.h"

#include "bearer/base/str.h"
#include "bearer/jose/edit.h"

bool bearer_perkid_open(bearer_perkid_t *round, const bearer_source_t *source,
                        bearer_board_t *board, bearer_str_t posted,
                        apr_pool_t *pool)
{
    round->source = source;
    round->numbers = bearer_source_kids(source);
    round->kids = bearer_board_kids(board, &source->slot);
    if (!posted.data
        || bearer_jwks_parse_rendered(posted, &round->keys, NULL, pool))
        round->keys = NULL;
    return round->kids != NULL;
}

void bearer_perkid_sync(bearer_perkid_t *round, apr_time_t fetched,
                        apr_time_t now, apr_pool_t *pool)
{
    int i, count = round->keys ? round->keys->count : 0;
    bearer_str_t *names =
        apr_palloc(pool, ((apr_size_t)count + 1) * sizeof(*names));

    for (i = 0; i < count; i++)
        names[i] = round->keys->keys[i]->kid;
    bearer_kids_sync(round->kids, names, count, fetched, now);
}

bearer_kids_work_t bearer_perkid_choose(bearer_perkid_t *round,
                                        bearer_journal_t *journal, bool regular,
                                        apr_time_t now)
{
    bearer_kids_job_t *job = &round->job;
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        bearer_kids_choose(round->kids, &round->numbers, now, regular, job);
        if (job->work != BEARER_KIDS_ASK)
            return job->work;
        if (bearer_kids_has_room(round->kids, &round->numbers, now,
                                 round->victim)) {
            journal->full = false;
            return job->work;
        }
        bearer_kidasks_settle(&round->kids->asks, job->kid, round->numbers.miss,
                              now, false);
        bearer_journal_full(journal, round->source, job->kid);
    }
    return BEARER_KIDS_NOTHING;
}

/* when there is something to do again */
static apr_time_t next(const bearer_perkid_t *round, apr_time_t now)
{
    return bearer_kids_next(round->kids, &round->numbers, now,
                            now + round->source->schedule.refresh);
}

void bearer_perkid_idle(const bearer_perkid_t *round, bearer_schedule_t *state,
                        apr_time_t now)
{
    state->last_try = now;
    if (!round->keys || !round->keys->count)
        state->last_good = now;
    state->next = next(round, now);
}

bool bearer_perkid_drop(const bearer_perkid_t *round,
                        bearer_locate_found_t *found, apr_pool_t *pool)
{
    if (!round->keys)
        return false;
    found->keys =
        bearer_edit_drop(round->keys, bearer_str(round->job.kid), pool);
    found->rendered = bearer_jwks_render(found->keys, pool);
    found->document = found->rendered;
    return found->rendered.data != NULL;
}

void bearer_perkid_keep(const bearer_perkid_t *round,
                        const bearer_locate_found_t *found,
                        bearer_schedule_t *state, apr_time_t now)
{
    const char *kid = round->job.kid;

    if (!round->kids)
        return;
    if (found->keys)
        bearer_kids_drop(round->kids, found->missing ? kid : round->victim);
    if (!found->missing)
        bearer_kids_keep(round->kids, kid, now, state->next);
    state->next = next(round, now);
}

void bearer_perkid_settle(const bearer_perkid_t *round,
                          const bearer_locate_found_t *found, apr_time_t now)
{
    if (round->kids)
        bearer_kidasks_settle(&round->kids->asks, round->job.kid,
                              round->numbers.miss, now, found->missing);
}

apr_time_t bearer_perkid_resume(const bearer_perkid_t *round, apr_time_t pause)
{
    return round->kids ? bearer_kids_due(round->kids, round->job.kid, pause)
                       : pause;
}

void bearer_perkid_fail(const bearer_perkid_t *round, apr_time_t now,
                        apr_time_t next_try)
{
    if (round->kids)
        bearer_kids_fail(round->kids, round->job.kid, &round->numbers, now,
                         next_try);
}

bool bearer_perkid_is_asked(const bearer_source_t *source,
                            const bearer_board_t *board, apr_time_t now)
{
    bearer_kids_t *kids;

    if (source->kind != BEARER_SOURCE_PER_KID)
        return false;
    kids = bearer_board_kids(board, &source->slot);
    return kids
           && bearer_kidasks_first(&kids->asks, source->schedule.miss, now,
                                   false, NULL);
}
