/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/report.h"

#include <string.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"
#include "bearer/text/utf8.h"
#include "bearer/text/write.h"

/* --- gathering --------------------------------------------------------------- */

static void read_kids(const bearer_report_conf_t *conf,
                      bearer_report_source_t *out)
{
    const bearer_source_t *source = out->source;
    bearer_kids_conf_t numbers = bearer_source_kids(source);
    bearer_kids_t *kids = bearer_board_kids(conf->board, &source->slot);

    out->per_kid = source->kind == BEARER_SOURCE_PER_KID;
    if (out->per_kid && kids)
        out->kids = bearer_kids_count(kids, &numbers, conf->now.tick);
    if (out->per_kid)
        out->usable = bearer_schedule_usable(&out->schedule, &source->schedule,
                                             conf->now.tick);
}

/* false: memory ran out */
static bool read_source(const bearer_report_conf_t *conf,
                        bearer_report_source_t *out, apr_pool_t *pool)
{
    const bearer_source_t *source = out->source;
    apr_uint64_t version;
    bearer_reason_t why;
    bearer_str_t text;

    if (source->kind == BEARER_SOURCE_SECRET) {
        out->usable = true;
        return true;
    }
    out->schedule = bearer_board_schedule(conf->board, &source->slot);
    out->last = bearer_stats_result(conf->stats, &source->slot);
    read_kids(conf, out);
    why = bearer_board_read(conf->board, &source->slot, &text, &version, pool);
    if (!why)
        why = bearer_jwks_parse_rendered(text, &out->keys, NULL, pool);
    if (why)
        return why != BEARER_NO_MEMORY;
    /* as the gate judges it */
    out->usable =
        bearer_source_is_usable(source, &out->schedule, conf->now.tick);
    return true;
}

const bearer_report_t *bearer_report_create(const bearer_report_conf_t *conf,
                                            apr_pool_t *pool)
{
    bearer_report_t *report = apr_pcalloc(pool, sizeof(*report));
    apr_size_t count = (apr_size_t)conf->source_count;
    bearer_report_source_t *sources =
        apr_pcalloc(pool, (count + 1) * sizeof(*sources));
    int i;

    for (i = 0; i < conf->source_count; i++) {
        sources[i].source = conf->sources[i];
        if (!read_source(conf, &sources[i], pool))
            return NULL;
    }
    report->now = conf->now;
    report->leader = bearer_lease_holder(bearer_board_lease(conf->board));
    report->sources = sources;
    report->source_count = conf->source_count;
    report->stats = bearer_stats_snapshot(conf->stats, conf->alive, pool);
    return report;
}

bool bearer_report_counts(bearer_reason_t why)
{
    return bearer_error_find(why)->status != 0;
}

bearer_report_totals_t bearer_report_totals(const bearer_counts_t *counts)
{
    bearer_report_totals_t out = {0, 0, 0, 0};
    int i;

    out.accepted = counts->verdicts[BEARER_OK];
    out.without = counts->verdicts[BEARER_TOKEN_MISSING];
    out.denied = counts->verdicts[BEARER_SCOPE_SHORT];
    for (i = BEARER_OK + 1; i < BEARER_REASON_COUNT; i++)
        out.refused += counts->verdicts[i];
    out.refused -= out.without + out.denied;
    return out;
}

const char *bearer_report_text(const char *text, bearer_note_t *room)
{
    if (bearer_utf8_check(bearer_str(text)))
        return text;
    bearer_note_set(room, "%.200s", text);
    return room->text;
}

static apr_int64_t seconds(apr_time_t micros)
{
    return micros / APR_USEC_PER_SEC;
}

/* --- JSON ---------------------------------------------------------------------- */

static void write_text(bearer_write_t *out, const char *name, const char *text)
{
    bearer_note_t room;

    bearer_write_text(out, name, text ? bearer_report_text(text, &room) : NULL);
}

static void write_number(bearer_write_t *out, const char *name,
                         apr_uint64_t value)
{
    bearer_write_integer(out, name, (apr_int64_t)value);
}

/* 0 means none */
static void write_some(bearer_write_t *out, const char *name, apr_int64_t value)
{
    if (value)
        bearer_write_integer(out, name, value);
    else
        bearer_write_null(out, name);
}

/* how long ago, or null for never */
static void write_age(bearer_write_t *out, const char *name,
                      const bearer_now_t *now, apr_int64_t tick)
{
    if (tick)
        bearer_write_integer(out, name, seconds(now->tick - tick));
    else
        bearer_write_null(out, name);
}

static void write_latency(bearer_write_t *out, const char *name,
                          const bearer_counts_latency_t *latency)
{
    int i;

    bearer_write_open(out, name, '{');
    write_number(out, "count", bearer_counts_all(latency));
    write_number(out, "microseconds", latency->micros);
    bearer_write_open(out, "buckets", '[');
    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++)
        write_number(out, NULL, latency->buckets[i]);
    bearer_write_close(out);
    bearer_write_close(out);
}

/* "wait_seconds" are whole microseconds here */
static const char *name_of(const bearer_counts_row_t *row)
{
    return row->unit && strcmp(row->unit, "seconds") == 0 ? "wait_microseconds"
                                                          : row->name;
}

static void write_verdicts(bearer_write_t *out, const bearer_counts_t *counts)
{
    int i;

    bearer_write_open(out, "verdicts", '{');
    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        if (counts->verdicts[i])
            write_number(out, bearer_error_find((bearer_reason_t)i)->slug,
                         counts->verdicts[i]);
    }
    bearer_write_close(out);
}

/* the members of an object that is open */
static void write_counts(bearer_write_t *out, const bearer_counts_t *counts)
{
    bearer_report_totals_t totals = bearer_report_totals(counts);
    const bearer_counts_row_t *row;
    const bearer_alg_t *alg;
    int i;

    write_number(out, "accepted", totals.accepted);
    write_number(out, "refused", totals.refused);
    write_number(out, "without_token", totals.without);
    write_number(out, "denied", totals.denied);
    write_verdicts(out, counts);
    for (i = 0, row = bearer_counts_row(0); row; row = bearer_counts_row(++i))
        write_number(out, name_of(row), bearer_counts_value(counts, row));
    write_latency(out, "admit", &counts->admit);
    bearer_write_open(out, "verify", '{');
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i)) {
        if (bearer_counts_all(&counts->verify[i]))
            write_latency(out, alg->name, &counts->verify[i]);
    }
    bearer_write_close(out);
}

static void write_key(bearer_write_t *out, const bearer_jwk_t *key)
{
    const bearer_alg_t *alg;
    int i;

    bearer_write_open(out, NULL, '{');
    if (key->kid.data)
        bearer_write_string(out, "kid", key->kid);
    else
        bearer_write_null(out, "kid");
    bearer_write_text(out, "kty", bearer_alg_kty_name(key->kty));
    if (key->curve != BEARER_CURVE_NONE)
        bearer_write_text(out, "crv", bearer_alg_curve_name(key->curve));
    bearer_write_integer(out, "bits", key->bits);
    bearer_write_open(out, "algs", '[');
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i)) {
        if (key->algs & alg->bit)
            bearer_write_text(out, NULL, alg->name);
    }
    bearer_write_close(out);
    bearer_write_close(out);
}

static void write_result(bearer_write_t *out, const bearer_round_result_t *last,
                         const bearer_now_t *now)
{
    const bearer_reason_info_t *info = bearer_error_find(last->why);

    if (!last->tick) {
        bearer_write_null(out, "last");
        return;
    }
    bearer_write_open(out, "last", '{');
    write_age(out, "age", now, last->tick);
    bearer_write_text(out, "reason", info->slug);
    bearer_write_text(out, "sentence", last->why ? info->sentence : NULL);
    bearer_write_text(out, "note", *last->note.text ? last->note.text : NULL);
    write_some(out, "status", last->status);
    bearer_write_close(out);
}

/* what a secret has not */
static void write_fetched(bearer_write_t *out,
                          const bearer_report_source_t *one,
                          const bearer_now_t *now)
{
    bearer_note_t room;
    int i;

    if (one->source->location)
        bearer_write_string(
            out, "location",
            bearer_url_shown(bearer_report_text(one->source->location, &room)));
    else
        bearer_write_null(out, "location");
    bearer_write_integer(out, "slot", one->source->slot.number);
    bearer_write_open(out, "keys", '[');
    for (i = 0; one->keys && i < one->keys->count; i++)
        write_key(out, one->keys->keys[i]);
    bearer_write_close(out);
    write_age(out, "keys_age", now, one->schedule.last_good);
    write_age(out, "last_try_age", now, one->schedule.last_try);
    if (one->schedule.next)
        bearer_write_integer(out, "next_in",
                             seconds(one->schedule.next - now->tick));
    else
        bearer_write_null(out, "next_in");
    write_number(out, "failures_in_a_row", one->schedule.failures);
    write_result(out, &one->last, now);
    write_number(out, "refreshes_good", one->last.good);
    write_number(out, "refreshes_failed", one->last.failed);
    if (!one->per_kid)
        return;
    bearer_write_integer(out, "kids_asked", one->kids.asked);
    bearer_write_integer(out, "kids_missing", one->kids.missing);
}

static void write_source(bearer_write_t *out, const bearer_report_source_t *one,
                         const bearer_now_t *now)
{
    const bearer_source_t *source = one->source;

    bearer_write_open(out, NULL, '{');
    write_text(out, "issuer", source->issuer);
    bearer_write_text(out, "kind", bearer_source_kind(source));
    bearer_write_boolean(out, "usable", one->usable);
    if (source->kind != BEARER_SOURCE_SECRET)
        write_fetched(out, one, now);
    bearer_write_close(out);
}

static void write_processes(bearer_write_t *out, const bearer_report_t *report)
{
    int i;

    bearer_write_open(out, "processes", '[');
    for (i = 0; i < report->stats->process_count; i++) {
        const bearer_stats_process_t *process = &report->stats->processes[i];

        bearer_write_open(out, NULL, '{');
        write_counts(out, &process->counts);
        write_some(out, "pid", process->pid);
        write_age(out, "age", &report->now, process->since);
        bearer_write_close(out);
    }
    bearer_write_close(out);
}

bearer_str_t bearer_report_json(const bearer_report_t *report, apr_pool_t *pool)
{
    bearer_write_t out;
    int i;

    bearer_write_begin(&out, BEARER_WRITE_COMPACT, pool);
    bearer_write_open(&out, NULL, '{');
    bearer_write_integer(&out, "time", report->now.wall);
    write_some(&out, "fetcher", report->leader);
    bearer_write_open(&out, "issuers", '[');
    for (i = 0; i < report->source_count; i++)
        write_source(&out, &report->sources[i], &report->now);
    bearer_write_close(&out);
    bearer_write_open(&out, "bucket_ends_microseconds", '[');
    for (i = 0; i < BEARER_COUNTS_BUCKETS - 1; i++)
        bearer_write_integer(&out, NULL, (apr_int64_t)1 << i);
    bearer_write_null(&out, NULL);
    bearer_write_close(&out);
    bearer_write_open(&out, "sum", '{');
    write_counts(&out, &report->stats->sum);
    bearer_write_close(&out);
    write_processes(&out, report);
    bearer_write_close(&out);
    return bearer_write_end(&out);
}
