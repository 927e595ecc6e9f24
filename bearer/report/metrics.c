/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/metrics.h"

#include <string.h>

#include <apr_strings.h>

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

static void put_verdicts(text_t *text, const bearer_counts_t *counts)
{
    int i;

    put_family(text, "verdicts", "counter", NULL,
               "Requests judged, by reason; ok is accepted.");
    /* all of them from the start: a counter that appears with 1 has no rate */
    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        if (bearer_report_counts((bearer_reason_t)i))
            put(text,
                "bearer_verdicts_total{reason=\"%s\"} %" APR_UINT64_T_FMT "\n",
                bearer_error_find((bearer_reason_t)i)->slug,
                counts->verdicts[i]);
    }
}

static void put_row(text_t *text, const bearer_counts_t *counts,
                    const bearer_counts_row_t *row)
{
    apr_uint64_t value = bearer_counts_value(counts, row);
    bool divided = row->unit && strcmp(row->unit, "seconds") == 0;

    put_family(text, row->name, row->grows ? "counter" : "gauge", row->unit,
               row->help);
    put(text, "bearer_%s%s %s\n", row->name, row->grows ? "_total" : "",
        divided ? micros(value, text->pool)
                : apr_psprintf(text->pool, "%" APR_UINT64_T_FMT, value));
}

/* label: "" or all of one label with a comma behind it */
static void put_latency(text_t *text, const char *name, const char *label,
                        const bearer_counts_latency_t *latency)
{
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++) {
        const char *end = "+Inf";

        count += latency->buckets[i];
        if (i < BEARER_COUNTS_BUCKETS - 1)
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

static void put_latencies(text_t *text, const bearer_counts_t *counts)
{
    const bearer_alg_t *alg;
    int i;

    put_family(text, "verify_seconds", "histogram", "seconds",
               "How long checking a signature took, by algorithm.");
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i)) {
        if (bearer_counts_all(&counts->verify[i]))
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

    from = bearer_report_text(from, &room);
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
    [KEYS] = {"issuer_keys", "gauge", NULL, "", "Usable keys that are there."},
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

/* false: there is nothing to tell */
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
        *out = apr_time_sec(now - one->schedule.last_good);
        return one->schedule.last_good != 0;
    case NEXT:
        *out = apr_time_sec(one->schedule.next - now);
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

/* a secret has nothing that could fail; two sources may be of one issuer */
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

bearer_str_t bearer_metrics_render(const bearer_report_t *report,
                                   apr_pool_t *pool)
{
    const bearer_counts_t *counts = &report->stats->sum;
    text_t text = {NULL, 0, 0, pool};
    const bearer_counts_row_t *row;
    bearer_str_t out;
    int i;

    put_verdicts(&text, counts);
    for (i = 0, row = bearer_counts_row(0); row; row = bearer_counts_row(++i))
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
