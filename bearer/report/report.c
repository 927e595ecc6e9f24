/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/report.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/utf8.h"
#include "bearer/text/write.h"

/* --- gathering --------------------------------------------------------------- */

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
    why = bearer_board_read(conf->board, &source->slot, &text, &version, pool);
    if (!why)
        why = bearer_jwks_parse(text, &out->keys, NULL, pool);
    if (why)
        return why != BEARER_NO_MEMORY;
    /* as the gate judges it */
    out->usable = bearer_schedule_usable(&out->schedule, &source->schedule,
                                         conf->now.tick);
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

bearer_report_totals_t bearer_report_totals(const bearer_stats_counts_t *counts)
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

static apr_int64_t seconds(apr_time_t micros)
{
    return micros / APR_USEC_PER_SEC;
}

/* --- JSON ---------------------------------------------------------------------- */

/* A configured name may be any bytes; what is not UTF-8 becomes ASCII. */
static const char *utf8_text(const char *text, bearer_note_t *room)
{
    bearer_str_t whole = bearer_str(text);

    if (bearer_utf8_check(whole))
        return text;
    bearer_note_set(room, "%.200s", text);
    return room->text;
}

static void write_text(bearer_write_t *out, const char *name, const char *text)
{
    bearer_note_t room;

    bearer_write_text(out, name, text ? utf8_text(text, &room) : NULL);
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
                          const bearer_stats_latency_t *latency)
{
    int i;

    bearer_write_open(out, name, '{');
    write_number(out, "count", bearer_stats_count(latency));
    write_number(out, "microseconds", latency->micros);
    bearer_write_open(out, "buckets", '[');
    for (i = 0; i < BEARER_STATS_BUCKETS; i++)
        write_number(out, NULL, latency->buckets[i]);
    bearer_write_close(out);
    bearer_write_close(out);
}

/* "wait_seconds" are whole microseconds here */
static const char *name_of(const bearer_stats_row_t *row)
{
    return row->unit && strcmp(row->unit, "seconds") == 0 ? "wait_microseconds"
                                                          : row->name;
}

static void write_verdicts(bearer_write_t *out,
                           const bearer_stats_counts_t *counts)
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
static void write_counts(bearer_write_t *out,
                         const bearer_stats_counts_t *counts)
{
    bearer_report_totals_t totals = bearer_report_totals(counts);
    const bearer_stats_row_t *row;
    const bearer_alg_t *alg;
    int i;

    write_number(out, "accepted", totals.accepted);
    write_number(out, "refused", totals.refused);
    write_number(out, "without_token", totals.without);
    write_number(out, "denied", totals.denied);
    write_verdicts(out, counts);
    for (i = 0, row = bearer_stats_row(0); row; row = bearer_stats_row(++i))
        write_number(out, name_of(row), bearer_stats_value(counts, row));
    write_latency(out, "admit", &counts->admit);
    bearer_write_open(out, "verify", '{');
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i)) {
        if (bearer_stats_count(&counts->verify[i]))
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

static void write_result(bearer_write_t *out, const bearer_stats_result_t *last,
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
    write_some(out, "status", last->status);
    bearer_write_close(out);
}

/* what a secret has not */
static void write_fetched(bearer_write_t *out,
                          const bearer_report_source_t *one,
                          const bearer_now_t *now)
{
    int i;

    write_text(out, "location", one->source->location);
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
    for (i = 0; i < BEARER_STATS_BUCKETS - 1; i++)
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

/* --- OpenMetrics ----------------------------------------------------------------- */

/** A text that grows. */
typedef struct text_t {
    char *data;
    apr_size_t len, room;
    apr_pool_t *pool;
} text_t;

static void put(text_t *text, const char *format, ...) BEARER_PRINTF(2, 3);

static void put(text_t *text, const char *format, ...)
{
    const char *line;
    apr_size_t len;
    va_list args;

    va_start(args, format);
    line = apr_pvsprintf(text->pool, format, args);
    va_end(args);
    len = strlen(line);
    if (!len)
        return;
    if (!text->data || text->len + len > text->room) {
        char *old = text->data;

        text->room = 2 * (text->room + len);
        text->data = apr_palloc(text->pool, text->room);
        if (old)
            memcpy(text->data, old, text->len);
    }
    memcpy(text->data + text->len, line, len);
    text->len += len;
}

static void put_family(text_t *text, const char *name, const char *type,
                       const char *unit, const char *help)
{
    put(text, "# TYPE bearer_%s %s\n", name, type);
    if (unit)
        put(text, "# UNIT bearer_%s %s\n", name, unit);
    put(text, "# HELP bearer_%s %s\n", name, help);
}

/* a value of 1 is a millionth of the unit */
static const char *micros(apr_uint64_t value, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ".%06d", value / 1000000,
                        (int)(value % 1000000));
}

static void put_verdicts(text_t *text, const bearer_stats_counts_t *counts)
{
    int i;

    put_family(text, "verdicts", "counter", NULL,
               "Requests judged, by reason; ok is accepted.");
    /* all of them from the start: a counter that first appears as 1 has no
     * rate */
    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        if (bearer_report_counts((bearer_reason_t)i))
            put(text,
                "bearer_verdicts_total{reason=\"%s\"} %" APR_UINT64_T_FMT "\n",
                bearer_error_find((bearer_reason_t)i)->slug,
                counts->verdicts[i]);
    }
}

static void put_row(text_t *text, const bearer_stats_counts_t *counts,
                    const bearer_stats_row_t *row)
{
    apr_uint64_t value = bearer_stats_value(counts, row);
    bool divided = row->unit && strcmp(row->unit, "seconds") == 0;

    put_family(text, row->name, row->grows ? "counter" : "gauge", row->unit,
               row->help);
    put(text, "bearer_%s%s %s\n", row->name, row->grows ? "_total" : "",
        divided ? micros(value, text->pool)
                : apr_psprintf(text->pool, "%" APR_UINT64_T_FMT, value));
}

/* label: "" or a whole label with a comma after it */
static void put_latency(text_t *text, const char *name, const char *label,
                        const bearer_stats_latency_t *latency)
{
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i < BEARER_STATS_BUCKETS; i++) {
        const char *end = "+Inf";

        count += latency->buckets[i];
        if (i < BEARER_STATS_BUCKETS - 1)
            end = micros((apr_uint64_t)1 << i, text->pool);
        put(text, "bearer_%s_bucket{%sle=\"%s\"} %" APR_UINT64_T_FMT "\n", name,
            label, end, count);
    }
    if (*label)
        label =
            apr_psprintf(text->pool, "{%.*s}", (int)strlen(label) - 1, label);
    put(text, "bearer_%s_count%s %" APR_UINT64_T_FMT "\n", name, label, count);
    put(text, "bearer_%s_sum%s %s\n", name, label,
        micros(latency->micros, text->pool));
}

static void put_latencies(text_t *text, const bearer_stats_counts_t *counts)
{
    const bearer_alg_t *alg;
    int i;

    put_family(text, "verify_seconds", "histogram", "seconds",
               "How long checking a signature took, by algorithm.");
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i)) {
        if (bearer_stats_count(&counts->verify[i]))
            put_latency(text, "verify_seconds",
                        apr_psprintf(text->pool, "alg=\"%s\",", alg->name),
                        &counts->verify[i]);
    }
    put_family(text, "admit_seconds", "histogram", "seconds",
               "How long judging a token took, waiting for keys included.");
    put_latency(text, "admit_seconds", "", &counts->admit);
}

/* OpenMetrics 1.0: backslash, quote and line feed; UTF-8 only, so that other
 * bytes become ASCII */
static const char *label_text(const char *from, apr_pool_t *pool)
{
    bearer_note_t room;
    char *out, *to;

    from = utf8_text(from, &room);
    out = to = apr_palloc(pool, 2 * strlen(from) + 1);
    for (; *from; from++) {
        if (*from == '\\' || *from == '"' || *from == '\n')
            *to++ = '\\';
        *to++ = *from == '\n' ? 'n' : *from;
    }
    *to = '\0';
    return out;
}

/** One gauge or counter of a source. */
typedef struct column_t {
    const char *name, *type, *unit, *suffix, *help;
} column_t;

enum { USABLE, KEYS, AGE, NEXT, FAILURES, GOOD, FAILED, COLUMNS };

static const column_t columns[COLUMNS] = {
    [USABLE] = {"issuer_usable", "gauge", NULL, "",
                "Whether tokens of this issuer can be judged: 1 or 0."},
    [KEYS] = {"issuer_keys", "gauge", NULL, "", "Usable keys at hand."},
    [AGE] = {"issuer_keys_age_seconds", "gauge", "seconds", "",
             "How long ago the keys were last found good."},
    [NEXT] = {"issuer_next_refresh_seconds", "gauge", "seconds", "",
              "How long until the next regular refresh."},
    [FAILURES] = {"issuer_failures_in_a_row", "gauge", NULL, "",
                  "Refreshes that failed since the last good one."},
    [GOOD] = {"issuer_refreshes_good", "counter", NULL, "_total",
              "Refreshes that found good keys."},
    [FAILED] = {"issuer_refreshes_failed", "counter", NULL, "_total",
                "Refreshes that failed."},
};

/* false: there is nothing to report */
static bool find_value(const bearer_report_source_t *one, int column,
                       apr_time_t now, apr_int64_t *out)
{
    switch (column) {
    case USABLE:
        *out = one->usable;
        return true;
    case KEYS:
        *out = one->keys ? one->keys->count : 0;
        return true;
    case AGE:
        *out = seconds(now - one->schedule.last_good);
        return one->schedule.last_good != 0;
    case NEXT:
        *out = seconds(one->schedule.next - now);
        return one->schedule.next != 0;
    case FAILURES:
        *out = one->schedule.failures;
        return true;
    case GOOD:
        *out = (apr_int64_t)one->last.good;
        return true;
    default:
        *out = (apr_int64_t)one->last.failed;
        return true;
    }
}

/* a secret has nothing that could fail; an issuer may have two sources */
static void put_sources(text_t *text, const bearer_report_t *report)
{
    apr_int64_t value;
    int i, k;

    for (k = 0; k < COLUMNS; k++) {
        const column_t *column = &columns[k];

        put_family(text, column->name, column->type, column->unit,
                   column->help);
        for (i = 0; i < report->source_count; i++) {
            const bearer_report_source_t *one = &report->sources[i];

            if (one->source->kind == BEARER_SOURCE_SECRET
                || !find_value(one, k, report->now.tick, &value))
                continue;
            put(text,
                "bearer_%s%s{issuer=\"%s\",slot=\"%d\"} %" APR_INT64_T_FMT "\n",
                column->name, column->suffix,
                label_text(one->source->issuer, text->pool),
                one->source->slot.number, value);
        }
    }
}

static int count_children(const bearer_stats_snapshot_t *stats)
{
    int i, count = 0;

    for (i = 0; i < stats->process_count; i++)
        count += stats->processes[i].pid != 0;
    return count;
}

bearer_str_t bearer_report_openmetrics(const bearer_report_t *report,
                                       apr_pool_t *pool)
{
    const bearer_stats_counts_t *counts = &report->stats->sum;
    text_t text = {NULL, 0, 0, pool};
    const bearer_stats_row_t *row;
    bearer_str_t out;
    int i;

    put_verdicts(&text, counts);
    for (i = 0, row = bearer_stats_row(0); row; row = bearer_stats_row(++i))
        put_row(&text, counts, row);
    put_latencies(&text, counts);
    put_sources(&text, report);
    put_family(&text, "processes", "gauge", NULL,
               "Children of httpd that are counted in.");
    put(&text, "bearer_processes %d\n", count_children(report->stats));
    put_family(&text, "fetcher", "gauge", NULL,
               "Whether a child fetches keys: 1 or 0.");
    put(&text, "bearer_fetcher %d\n# EOF\n", report->leader != 0);
    out.data = text.data;
    out.len = text.len;
    return out;
}
