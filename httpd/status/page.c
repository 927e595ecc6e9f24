/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/status/page.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"

typedef bearer_report_source_t source_t;
typedef bearer_counts_t counts_t;
typedef bearer_counts_latency_t latency_t;

/* --- text ------------------------------------------------------------------------- */

/* There are only two ways to write: markup of ours, and everything else, which is
 * escaped (a kid or an issuer as markup). */
static void markup(request_rec *r, const char *text)
{
    ap_rputs(text, r);
}

static void text(request_rec *r, const char *format, ...) BEARER_PRINTF(2, 3);

static void text(request_rec *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ap_rputs(ap_escape_html(r->pool, apr_pvsprintf(r->pool, format, args)), r);
    va_end(args);
}

/* 1234567 as "1 234 567", with spaces that do not break */
static const char *number(request_rec *r, apr_uint64_t value)
{
    const char *rest = "";

    for (; value >= 1000; value /= 1000)
        rest = apr_psprintf(r->pool, "\xe2\x80\xaf%03d%s", (int)(value % 1000),
                            rest);
    return apr_psprintf(r->pool, "%d%s", (int)value, rest);
}

static const char *bytes(request_rec *r, apr_uint64_t value)
{
    if (value < 10240)
        return apr_psprintf(r->pool, "%s B", number(r, value));
    if (value < 10485760)
        return apr_psprintf(r->pool, "%s KiB", number(r, value / 1024));
    return apr_psprintf(r->pool, "%s MiB", number(r, value / 1048576));
}

static const char *micros(request_rec *r, apr_uint64_t value)
{
    if (value < 1000)
        return apr_psprintf(r->pool, "%d \xc2\xb5s", (int)value);
    if (value < 1000000)
        return apr_psprintf(r->pool, "%.1f ms", (double)value / 1000);
    return apr_psprintf(r->pool, "%s.%d s", number(r, value / 1000000),
                        (int)(value / 100000 % 10));
}

/* the two largest units of a time */
static const char *duration(request_rec *r, apr_time_t time)
{
    apr_int64_t s = time > 0 ? apr_time_sec(time) : 0;

    if (s < 60)
        return apr_psprintf(r->pool, "%d s", (int)s);
    if (s < 3600)
        return apr_psprintf(r->pool, "%d min %d s", (int)(s / 60),
                            (int)(s % 60));
    if (s < 86400)
        return apr_psprintf(r->pool, "%d h %d min", (int)(s / 3600),
                            (int)(s / 60 % 60));
    return apr_psprintf(r->pool, "%d d %d h", (int)(s / 86400),
                        (int)(s / 3600 % 24));
}

static const char *ago(request_rec *r, apr_time_t now, apr_time_t then)
{
    return then ? apr_pstrcat(r->pool, duration(r, now - then), " ago", NULL)
                : "never";
}

/* --- parts of the page -------------------------------------------------------------- */

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;"
    "--paper:#fff;--card:#f6f8fa;--line:#d1d9e0;--good:#1a7f37;"
    "--bad:#c3202b;--bar:#2f6fdb}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ba5b0;"
    "--paper:#0d1117;--card:#161b22;--line:#343b45;--good:#4cc366;"
    "--bad:#ff7b72;--bar:#6ea8fe}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--paper);"
    "color:var(--ink);font:15px/1.45 system-ui,sans-serif}"
    "h1{font-size:1.35rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}"
    "h3{font-size:.95rem;margin:0 0 .5rem;overflow-wrap:anywhere}"
    "p{margin:.2rem 0}a{color:var(--bar)}.soft,small{color:var(--soft)}"
    ".good{color:var(--good)}.bad{color:var(--bad)}"
    ".tiles{display:grid;gap:.6rem;margin-top:1rem;"
    "grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr))}"
    ".cards{display:grid;gap:.6rem;"
    "align-items:start;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}"
    ".card{background:var(--card);border:1px solid var(--line);"
    "border-radius:.5rem;padding:.7rem .8rem;min-width:0}"
    ".card b{display:block;font-size:1.35rem;font-weight:600}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem;"
    "margin:0 0 .6rem}dt{color:var(--soft)}dd{margin:0;"
    "overflow-wrap:anywhere}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}"
    "th{text-align:left;color:var(--soft);font-weight:500}"
    "th,td{padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);"
    "white-space:nowrap}td.long{white-space:normal;overflow-wrap:anywhere;"
    "min-width:9rem}.n{text-align:right}tfoot td{font-weight:600}"
    "meter{width:5rem;height:.7rem}"
    "@media(max-width:36rem){body{padding:.7rem}.opt{display:none}"
    "th,td{padding-right:.5rem}td.long{min-width:4.8rem}}"
    ".bars{display:inline-flex;align-items:flex-end;height:1.6rem;gap:1px}"
    ".bars i{width:5px;background:var(--bar);min-height:1px}";

static void cell(request_rec *r, const char *value)
{
    markup(r, "<td class=n>");
    text(r, "%s", value);
    markup(r, "</td>");
}

static void head(request_rec *r, const char *const *names)
{
    markup(r, "<div class=wide><table><thead><tr>");
    for (; *names; names++) {
        /* "=": numbers; "~": may be left out where there is little room */
        switch (**names) {
        case '=':
            markup(r, "<th class=n scope=col>");
            break;
        case '~':
            markup(r, "<th class=opt scope=col>");
            break;
        default:
            markup(r, "<th scope=col>");
        }
        text(r, "%s", *names + strspn(*names, "=~"));
        markup(r, "</th>");
    }
    markup(r, "</tr></thead>");
}

static void term(request_rec *r, const char *name, const char *value)
{
    markup(r, "<dt>");
    text(r, "%s", name);
    markup(r, "</dt><dd>");
    text(r, "%s", value);
    markup(r, "</dd>");
}

static void tile(request_rec *r, const char *name, const char *value)
{
    markup(r, "<div class=card><b>");
    text(r, "%s", value);
    markup(r, "</b><span class=soft>");
    text(r, "%s", name);
    markup(r, "</span></div>");
}

/* --- issuers -------------------------------------------------------------------------- */

const char *mab_page_state(const source_t *one)
{
    if (one->source->kind == BEARER_SOURCE_SECRET)
        return "shared secret";
    if (one->usable && one->per_kid && !(one->keys && one->keys->count))
        return "usable, no token came yet";
    if (one->usable)
        return one->schedule.failures ? "usable, but its refreshes fail"
                                      : "usable";
    return one->keys ? "its keys are too old" : "no keys yet";
}

static const char *last_of(request_rec *r, const bearer_round_result_t *last,
                           apr_time_t now)
{
    const char *status = "";

    if (!last->tick)
        return "none since the server was started";
    /* which "status 503" says already */
    if (last->status && (last->why != BEARER_HTTP_STATUS || !*last->note.text))
        status = apr_psprintf(r->pool, ", HTTP status %d", last->status);
    return apr_psprintf(
        r->pool, "%s%s (%s)",
        last->why ? bearer_error_text(last->why, &last->note, r->pool) : "good",
        status, ago(r, now, last->tick));
}

static const char *next_of(request_rec *r, const bearer_schedule_t *schedule,
                           apr_time_t now)
{
    if (!schedule->next || schedule->next <= now)
        return "due";
    return apr_psprintf(r->pool, "in %s%s", duration(r, schedule->next - now),
                        schedule->failures ? " (backing off)" : "");
}

/* as in the log: what a terminal would obey, and what is not ASCII, as \xHH */
static const char *plain(request_rec *r, bearer_str_t kid)
{
    char *out = apr_palloc(r->pool, 4 * kid.len + 2), *to = out;
    apr_size_t i;

    for (i = 0; i < kid.len; i++) {
        if (bearer_str_is_printable(kid.data[i]))
            *to++ = kid.data[i];
        else
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)kid.data[i]);
    }
    *to = '\0';
    return out;
}

static void put_key(request_rec *r, const bearer_jwk_t *key)
{
    markup(r, "<tr><td class=long>");
    if (key->kid.data)
        text(r, "%s", plain(r, key->kid));
    else
        markup(r, "<span class=soft>(none)</span>");
    markup(r, "</td><td>");
    text(r, "%s", bearer_alg_kty_name(key->kty));
    if (key->curve != BEARER_CURVE_NONE)
        text(r, " %s", bearer_alg_curve_name(key->curve));
    markup(r, "</td><td class=n>");
    text(r, "%d", key->bits);
    markup(r, "</td><td class=long>");
    text(r, "%s", bearer_alg_names(key->algs, r->pool));
    markup(r, "</td></tr>");
}

static void put_source(request_rec *r, const source_t *one, apr_time_t now)
{
    static const char *const names[] = {"kid", "type", "=bits", "algorithms",
                                        NULL};
    const bearer_source_t *source = one->source;
    bearer_str_t from = bearer_url_shown(source->location);
    int i;

    markup(r, "<article class=card><h3>");
    text(r, "%s", source->issuer);
    markup(r, "</h3><p class=");
    markup(r, one->usable && !one->schedule.failures ? "good>" : "bad>");
    text(r, "%s", mab_page_state(one));
    markup(r, "</p><dl>");
    if (source->kind == BEARER_SOURCE_SECRET) {
        markup(r, "</dl></article>");
        return;
    }
    term(r, "keys from",
         source->location
             ? apr_psprintf(r->pool, "%.*s", (int)from.len, from.data)
             : "discovery");
    term(r, "slot", apr_itoa(r->pool, source->slot.number));
    term(r, "keys confirmed", ago(r, now, one->schedule.last_good));
    term(r, "last result", last_of(r, &one->last, now));
    if (one->per_kid)
        term(r, "new key ids",
             apr_psprintf(
                 r->pool, "%d of at most %d asked for in %s, %d missing",
                 one->kids.asked, BEARER_LIMIT_KIDS_WANTED,
                 duration(r, source->schedule.miss), one->kids.missing));
    term(r, "next refresh", next_of(r, &one->schedule, now));
    term(r, "failures in a row", number(r, one->schedule.failures));
    term(r, "refreshes",
         apr_psprintf(r->pool, "%s good, %s failed", number(r, one->last.good),
                      number(r, one->last.failed)));
    markup(r, "</dl>");
    if (one->keys) {
        head(r, names);
        markup(r, "<tbody>");
        for (i = 0; i < one->keys->count; i++)
            put_key(r, one->keys->keys[i]);
        markup(r, "</tbody></table></div>");
    }
    markup(r, "</article>");
}

static void put_sources(request_rec *r, const bearer_report_t *report)
{
    int i;

    markup(r, "<h2>Issuers</h2>");
    if (!report->source_count)
        markup(r, "<p class=soft>None is configured.</p>");
    markup(r, "<div class=cards>");
    for (i = 0; i < report->source_count; i++)
        put_source(r, &report->sources[i], report->now.tick);
    markup(r, "</div><p><small>");
    if (report->leader)
        text(r, "Keys are fetched by process %u.", report->leader);
    else
        text(r, "No process is fetching keys at the moment.");
    markup(r, "</small></p>");
}

/* --- numbers --------------------------------------------------------------------------- */

static void put_tiles(request_rec *r, const counts_t *counts)
{
    bearer_report_totals_t totals = bearer_report_totals(counts);
    apr_uint64_t looked = counts->cache_hits + counts->cache_misses;

    markup(r, "<div class=tiles>");
    tile(r, "accepted", number(r, totals.accepted));
    tile(r, "refused", number(r, totals.refused));
    tile(r, "without a token", number(r, totals.without));
    tile(r, "accepted, then denied by Require", number(r, totals.denied));
    tile(r, "found in the cache",
         looked ? apr_psprintf(r->pool, "%d %%",
                               (int)(100 * counts->cache_hits / looked))
                : "-");
    tile(r, "waited for keys", number(r, counts->waits));
    markup(r, "</div>");
}

static void put_verdicts(request_rec *r, const counts_t *counts)
{
    static const char *const names[] = {"reason", "=requests", "~share",
                                        "meaning", NULL};
    apr_uint64_t all = 0;
    int i;

    for (i = 0; i < BEARER_REASON_COUNT; i++)
        all += counts->verdicts[i];
    markup(r, "<h2>Verdicts</h2>");
    head(r, names);
    markup(r, "<tbody>");
    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        const bearer_reason_info_t *info =
            bearer_error_find((bearer_reason_t)i);

        if (!counts->verdicts[i] && i != BEARER_OK)
            continue;
        markup(r, "<tr><td>");
        text(r, "%s", info->slug);
        markup(r, "</td>");
        cell(r, number(r, counts->verdicts[i]));
        markup(r, "<td class=opt><meter value=");
        text(r, "%.3f", all ? (double)counts->verdicts[i] / (double)all : 0.0);
        markup(r, "></meter></td><td class=long>");
        text(r, "%s", i ? info->sentence : "accepted");
        markup(r, "</td></tr>");
    }
    markup(r, "</tbody></table></div>");
}

static void put_cache(request_rec *r, const counts_t *counts)
{
    markup(r, "<h2>Cache of verified tokens, and waiting for keys</h2>"
              "<div class=tiles>");
    tile(r, "tokens", number(r, counts->cache_entries));
    tile(r, "memory", bytes(r, counts->cache_bytes));
    tile(r, "hits", number(r, counts->cache_hits));
    tile(r, "misses", number(r, counts->cache_misses));
    tile(r, "stores", number(r, counts->cache_stores));
    tile(r, "evictions", number(r, counts->cache_evictions));
    tile(r, "mean wait",
         counts->waits ? micros(r, counts->wait_micros / counts->waits) : "-");
    tile(r, "could not wait: too many did", number(r, counts->waits_refused));
    markup(r, "</div>");
}

static const char *at_most(request_rec *r, const latency_t *latency,
                           double share)
{
    apr_uint64_t end = bearer_counts_quantile(latency, share);

    if (end == APR_UINT64_MAX)
        return "> 4.1 s";
    return apr_psprintf(r->pool, "\xe2\x89\xa4 %s", micros(r, end));
}

static void put_bars(request_rec *r, const latency_t *latency)
{
    apr_uint64_t most = 1;
    int i;

    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++) {
        if (latency->buckets[i] > most)
            most = latency->buckets[i];
    }
    markup(r, "<td><span class=bars aria-hidden=true>");
    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++) {
        markup(r, "<i style=\"height:");
        text(r, "%d%%", (int)(100 * latency->buckets[i] / most));
        markup(r, "\"></i>");
    }
    markup(r, "</span></td>");
}

static void put_latency(request_rec *r, const char *name,
                        const latency_t *latency)
{
    apr_uint64_t count = bearer_counts_all(latency);

    if (!count)
        return;
    markup(r, "<tr><td>");
    text(r, "%s", name);
    markup(r, "</td>");
    cell(r, number(r, count));
    cell(r, micros(r, latency->micros / count));
    cell(r, at_most(r, latency, 0.5));
    cell(r, at_most(r, latency, 0.9));
    cell(r, at_most(r, latency, 0.99));
    put_bars(r, latency);
    markup(r, "</tr>");
}

static void put_latencies(request_rec *r, const counts_t *counts)
{
    static const char *const names[] = {
        "what",
        "=number",
        "=mean",
        "=50 %",
        "=90 %",
        "=99 %",
        "1 \xc2\xb5s to 4 s, each bar twice as long",
        NULL};
    const bearer_alg_t *alg;
    int i;

    markup(r, "<h2>How long it takes</h2>");
    head(r, names);
    markup(r, "<tbody>");
    put_latency(r, "a whole verdict", &counts->admit);
    for (i = 0, alg = bearer_alg_row(0); alg; alg = bearer_alg_row(++i))
        put_latency(r, apr_pstrcat(r->pool, alg->name, " signature", NULL),
                    &counts->verify[i]);
    markup(r, "</tbody></table></div>");
}

/* --- processes --------------------------------------------------------------------------- */

static void put_counts(request_rec *r, const counts_t *counts)
{
    bearer_report_totals_t totals = bearer_report_totals(counts);

    cell(r, number(r, totals.accepted));
    cell(r, number(r, totals.refused));
    cell(r, number(r, totals.without));
    cell(r, number(r, totals.denied));
    cell(r, number(r, counts->cache_hits));
    cell(r, number(r, counts->cache_misses));
    cell(r, number(r, counts->cache_entries));
    cell(r, bytes(r, counts->cache_bytes));
    cell(r, number(r, counts->waits));
    markup(r, "</tr>");
}

static void put_processes(request_rec *r, const bearer_report_t *report)
{
    static const char *const names[] = {
        "process", "=since",  "=accepted", "=refused", "=no token", "=denied",
        "=hits",   "=misses", "=tokens",   "=memory",  "=waits",    NULL};
    const bearer_stats_snapshot_t *stats = report->stats;
    int i;

    markup(r, "<h2>Processes</h2>");
    head(r, names);
    markup(r, "<tbody>");
    for (i = 0; i < stats->process_count; i++) {
        const bearer_stats_process_t *process = &stats->processes[i];

        if (!process->pid)
            continue;
        markup(r, "<tr><td>");
        text(r, "%u", process->pid);
        markup(r, "</td>");
        cell(r, duration(r, report->now.tick - process->since));
        put_counts(r, &process->counts);
    }
    markup(r, "</tbody><tfoot><tr><td colspan=2>all, including those that "
              "have ended</td>");
    put_counts(r, &stats->sum);
    markup(r, "</tfoot></table></div>");
}

/* --- the page ------------------------------------------------------------------------------ */

void mab_page_put(request_rec *r, const bearer_report_t *report)
{
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, apr_time_from_sec(report->now.wall));
    markup(r,
           "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
           "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
           "<meta name=robots content=noindex>"
           "<title>Bearer tokens: status</title><style>");
    markup(r, style);
    markup(r, "</style></head><body><h1>Bearer tokens</h1><p class=soft>");
    text(r, "%s, %s", ap_get_server_name(r), date);
    markup(r, "</p>");
    put_tiles(r, &report->stats->sum);
    put_sources(r, report);
    put_verdicts(r, &report->stats->sum);
    put_cache(r, &report->stats->sum);
    put_latencies(r, &report->stats->sum);
    put_processes(r, report);
    markup(r, "<p><small>For programs: <a href=\"?json\">JSON</a>, <a "
              "href=\"?openmetrics\">OpenMetrics</a>. Counters survive "
              "graceful restarts.</small></p></body></html>\n");
}
