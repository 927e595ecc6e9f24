/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/journal.h"

#include <apr_strings.h>

#include "bearer/base/log.h"
#include "bearer/text/url.h"

/* of where keys come from, for "%.*s" */
static int width(const char *where)
{
    apr_size_t len = bearer_url_shown(where).len;

    return len < 256 ? (int)len : 256;
}

static apr_int64_t seconds_until(apr_time_t then, apr_time_t now)
{
    return then > now ? apr_time_sec(then - now + APR_USEC_PER_SEC - 1) : 0;
}

/* --- good rounds ---------------------------------------------------------- */

static void tell_skipped(bearer_journal_t *journal,
                         const bearer_source_t *source,
                         const bearer_journal_good_t *round, apr_pool_t *tmp)
{
    const bearer_jwks_t *keys = round->found->keys;
    bearer_level_t level;
    bool changed;

    if (!keys)
        return;
    changed = round->outcome->changed || keys->skipped != journal->skipped
              || keys->why != journal->skipped_why;
    journal->skipped = keys->skipped;
    journal->skipped_why = keys->why;
    if (!changed || !keys->skipped)
        return;
    level = bearer_error_find(keys->why)->level;
    bearer_log_write(level, level <= BEARER_LEVEL_WARNING ? "MAB0202" : "",
                     "issuer %.256s: %d of %d keys not used, the first: %s; "
                     "from %.*s",
                     source->issuer, keys->skipped, keys->skipped + keys->count,
                     bearer_error_text(keys->why, &keys->skipped_note, tmp),
                     width(round->outcome->tried), round->outcome->tried);
}

/* good keys, but by an address whose metadata is no longer there */
static void tell_metadata(bearer_journal_t *journal,
                          const bearer_source_t *source,
                          const bearer_journal_good_t *round, apr_pool_t *tmp)
{
    const bearer_outcome_t *metadata = &round->found->metadata;
    bool changed = metadata->why != journal->metadata_why;

    journal->metadata_why = metadata->why;
    if (!changed || !metadata->why)
        return;
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0203",
                     "issuer %.256s: metadata not found: %s; tried %.*s; "
                     "keys still come from %.*s",
                     source->issuer,
                     bearer_error_text(metadata->why, &metadata->note, tmp),
                     width(metadata->tried), metadata->tried,
                     width(round->outcome->tried), round->outcome->tried);
}

/* " (a, b)", or nothing */
static const char *kids_of(const bearer_jwks_t *keys, apr_pool_t *tmp)
{
    if (!keys || !keys->count)
        return "";
    return apr_psprintf(tmp, " (%s)", bearer_jwks_kids(keys, tmp));
}

static void tell_withdrawn(const bearer_source_t *source,
                           const bearer_journal_good_t *round)
{
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0209",
                     "issuer %.256s: its keys are gone: it has published none "
                     "for signatures, twice in a row, so its tokens are "
                     "refused; from %.*s; next refresh in "
                     "%" APR_INT64_T_FMT " s",
                     source->issuer, width(round->outcome->tried),
                     round->outcome->tried,
                     seconds_until(round->outcome->next, round->now));
}

void bearer_journal_good(bearer_journal_t *journal,
                         const bearer_source_t *source,
                         const bearer_journal_good_t *round, apr_pool_t *tmp)
{
    const bearer_outcome_t *outcome = round->outcome;
    const bearer_jwks_t *keys = round->found->keys;
    apr_uint32_t failures = round->failures;
    const char *again = "", *what = "unchanged";

    tell_metadata(journal, source, round, tmp);
    tell_skipped(journal, source, round, tmp);
    journal->failure.why = BEARER_OK;
    if (!outcome->changed && !failures)
        return;
    /* where each kid has an address, the last one may just be no longer needed */
    if (outcome->changed && keys && !keys->count
        && source->kind != BEARER_SOURCE_PER_KID) {
        tell_withdrawn(source, round);
        return;
    }
    if (failures)
        again = apr_psprintf(tmp, "refreshed again after %u failures, ",
                             (unsigned)failures);
    if (outcome->changed)
        what = round->first ? "loaded" : "changed";
    bearer_log_write(failures ? BEARER_LEVEL_NOTICE : BEARER_LEVEL_INFO, "",
                     "issuer %.256s: %skeys %s: %d%s; from %.*s; next "
                     "refresh in %" APR_INT64_T_FMT " s",
                     source->issuer, again, what, outcome->keys,
                     kids_of(keys, tmp), width(outcome->tried), outcome->tried,
                     seconds_until(outcome->next, round->now));
}

/* --- failures ------------------------------------------------------------- */

/* false: that was said already */
static bool is_news(bearer_journal_t *journal, const bearer_outcome_t *told,
                    bool usable)
{
    bool same = journal->failure.why == told->why
                && journal->failure.status == told->status
                && journal->usable == usable;

    journal->failure = *told;
    journal->failure.tried = NULL;
    journal->usable = usable;
    return !same;
}

void bearer_journal_failure(bearer_journal_t *journal,
                            const bearer_source_t *source,
                            const bearer_outcome_t *told,
                            const bearer_schedule_t *state, apr_time_t now,
                            apr_pool_t *tmp)
{
    bool usable = bearer_source_is_usable(source, state, now);
    const char *age = "there are no keys";

    if (!is_news(journal, told, usable))
        return;
    if (state->last_good)
        age =
            apr_psprintf(tmp, "the keys %s %" APR_INT64_T_FMT " s old",
                         usable ? "in use are" : "are no longer used, they are",
                         (apr_int64_t)apr_time_sec(now - state->last_good));
    bearer_log_write(
        BEARER_LEVEL_WARNING, "MAB0201",
        "issuer %.256s: keys not refreshed: %s; tried %.*s; "
        "next try in %" APR_INT64_T_FMT " s; %s",
        source->issuer, bearer_error_text(told->why, &told->note, tmp),
        width(told->tried), told->tried, seconds_until(state->next, now), age);
}

/* --- an address for each kid -------------------------------------------- */

void bearer_journal_full(bearer_journal_t *journal,
                         const bearer_source_t *source, const char *kid)
{
    if (journal->full)
        return;
    journal->full = true;
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0218",
                     "issuer %.256s: no room for the key %.64s: the keys of %d "
                     "key ids are in use already; tokens with others are "
                     "answered 503 until one of these is no longer used",
                     source->issuer, kid, BEARER_LIMIT_KIDS);
}

void bearer_journal_dropped(const bearer_source_t *source, const char *kid,
                            int left)
{
    bearer_log_write(BEARER_LEVEL_INFO, "",
                     "issuer %.256s: key %.64s given up, as no token came with "
                     "it or nobody confirmed it; %d left",
                     source->issuer, kid, left);
}

/* --- the store ---------------------------------------------------------- */

void bearer_journal_stored(bearer_journal_t *journal,
                           const bearer_source_t *source, apr_status_t rv,
                           const char *path)
{
    char text[80];

    if (rv == journal->stored)
        return;
    journal->stored = rv;
    if (rv)
        bearer_log_write(
            BEARER_LEVEL_WARNING, "MAB0204",
            "issuer %.256s: keys not stored: %s; the file is %.256s",
            source->issuer, apr_strerror(rv, text, sizeof(text)), path);
    else
        bearer_log_write(BEARER_LEVEL_NOTICE, "",
                         "issuer %.256s: keys stored again in %.256s",
                         source->issuer, path);
}

void bearer_journal_restored(const bearer_source_t *source,
                             const bearer_keystore_found_t *found,
                             const bearer_outcome_t *told, apr_pool_t *tmp)
{
    bool old = told->why == BEARER_KEYSTORE_AGE;

    if (told->why)
        bearer_log_write(old ? BEARER_LEVEL_NOTICE : BEARER_LEVEL_WARNING,
                         old ? "" : "MAB0205",
                         "issuer %.256s: stored keys not used: %s; the file is "
                         "%.256s",
                         source->issuer,
                         bearer_error_text(told->why, &told->note, tmp),
                         told->tried);
    else
        bearer_log_write(BEARER_LEVEL_INFO, "",
                         "issuer %.256s: keys loaded from the store: %d%s, "
                         "%" APR_INT64_T_FMT " s old; from %.256s",
                         source->issuer, found->keys->count,
                         kids_of(found->keys, tmp), found->age, told->tried);
}
