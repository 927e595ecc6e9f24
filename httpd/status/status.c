/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/status/status.h"

#include <string.h>

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>

#include "bearer/report/metrics.h"
#include "httpd/conf/conf.h"
#include "httpd/process/child.h"
#include "httpd/process/clock.h"
#include "httpd/process/shared.h"
#include "httpd/status/page.h"

/* --- the report ----------------------------------------------------------------- */

/* shared secrets have no slot on the board, but are issuers too */
static void add_secrets(apr_array_header_t *sources)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        const bearer_source_t *source =
            &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;

        if (source->kind == BEARER_SOURCE_SECRET)
            APR_ARRAY_PUSH(sources, const bearer_source_t *) = source;
    }
}

/* NULL: the server has no shared memory, or no memory at all */
static const bearer_report_t *make_report(apr_pool_t *pool)
{
    const mab_shared_t *shared = mab_shared_get();
    apr_array_header_t *sources;
    bearer_report_conf_t conf;
    int i;

    if (!shared || !shared->stats)
        return NULL;
    sources = apr_array_make(pool, 8, sizeof(const bearer_source_t *));
    for (i = 0; i < shared->source_count; i++)
        APR_ARRAY_PUSH(sources, const bearer_source_t *) = shared->sources[i];
    add_secrets(sources);
    conf.board = shared->board;
    conf.stats = shared->stats;
    conf.sources = (const bearer_source_t *const *)sources->elts;
    conf.source_count = sources->nelts;
    conf.now = mab_clock_now(NULL);
    conf.alive = mab_child_alive;
    return bearer_report_create(&conf, pool);
}

/* --- the handler -------------------------------------------------------------------- */

/* the page has no script and nothing from elsewhere, and must not be framed */
static void set_headers(request_rec *r, const char *type)
{
    ap_set_content_type(r, type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; "
                   "frame-ancestors 'none'; base-uri 'none'; "
                   "form-action 'none'");
}

static int send_text(request_rec *r, const char *type, bearer_str_t content)
{
    if (!content.data)
        return HTTP_SERVICE_UNAVAILABLE;
    set_headers(r, type);
    ap_set_content_length(r, (apr_off_t)content.len);
    if (!r->header_only)
        ap_rwrite(content.data, (int)content.len, r);
    return OK;
}

/* "?json", or "?json=" from clients that know only pairs */
static bool wants(const request_rec *r, const char *form)
{
    apr_size_t len = strlen(form);

    return r->args && strncmp(r->args, form, len) == 0
           && (!r->args[len] || strcmp(r->args + len, "=") == 0);
}

/* whether the administrator has put the page here: a .htaccess file may name any
 * handler, and so may RewriteRule and AddHandler in it */
static bool belongs_here(const request_rec *r)
{
    if (mab_conf_place(r)->status == 1)
        return true;
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                  "MAB0405: the status page is not shown here; answered 404: "
                  "write SetHandler " MAB_STATUS_HANDLER " in a section of the "
                  "server's configuration");
    return false;
}

static int serve(request_rec *r)
{
    const bearer_report_t *report;

    if (!r->handler || strcmp(r->handler, MAB_STATUS_HANDLER) != 0)
        return DECLINED;
    if (!belongs_here(r))
        return HTTP_NOT_FOUND;
    if (r->method_number != M_GET) {
        ap_allow_methods(r, REPLACE_ALLOW, "GET", NULL);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    report = make_report(r->pool);
    if (!report)
        return HTTP_SERVICE_UNAVAILABLE;
    if (wants(r, "json"))
        return send_text(r, "application/json",
                         bearer_report_json(report, r->pool));
    if (wants(r, "openmetrics"))
        return send_text(r,
                         "application/openmetrics-text; version=1.0.0; "
                         "charset=utf-8",
                         bearer_metrics_render(report, r->pool));
    set_headers(r, "text/html; charset=utf-8");
    if (!r->header_only)
        mab_page_put(r, report);
    return OK;
}

/* --- mod_status -------------------------------------------------------------------------------- */

static void put_term(request_rec *r, const char *name, const char *value)
{
    ap_rprintf(r, "<dt>%s</dt><dd>%s</dd>\n", ap_escape_html(r->pool, name),
               ap_escape_html(r->pool, value));
}

static void put_line(request_rec *r, int flags, const char *name,
                     apr_uint64_t value)
{
    if (flags & AP_STATUS_SHORT)
        ap_rprintf(r, "Bearer%s: %" APR_UINT64_T_FMT "\n", name, value);
    else
        put_term(r, name, apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, value));
}

static int add_section(request_rec *r, int flags)
{
    const bearer_report_t *report = make_report(r->pool);
    bearer_report_totals_t totals;
    const bearer_counts_t *sum;
    apr_uint64_t usable = 0;
    int i;

    if (!report)
        return DECLINED;
    sum = &report->stats->sum;
    totals = bearer_report_totals(sum);
    for (i = 0; i < report->source_count; i++)
        usable += report->sources[i].usable;
    if (!(flags & AP_STATUS_SHORT))
        ap_rputs("<hr />\n<h2>Bearer tokens</h2>\n<dl>\n", r);
    put_line(r, flags, "Accepted", totals.accepted);
    put_line(r, flags, "Refused", totals.refused);
    put_line(r, flags, "WithoutToken", totals.without);
    put_line(r, flags, "Denied", totals.denied);
    put_line(r, flags, "Issuers", (apr_uint64_t)report->source_count);
    put_line(r, flags, "IssuersUsable", usable);
    put_line(r, flags, "CacheHits", sum->cache_hits);
    put_line(r, flags, "CacheMisses", sum->cache_misses);
    put_line(r, flags, "CacheEntries", sum->cache_entries);
    put_line(r, flags, "Waits", sum->waits);
    put_line(r, flags, "WaitsRefused", sum->waits_refused);
    put_line(r, flags, "Fetcher", report->leader);
    if (flags & AP_STATUS_SHORT)
        return OK;
    for (i = 0; i < report->source_count; i++)
        put_term(r, report->sources[i].source->issuer,
                 mab_page_state(&report->sources[i]));
    ap_rputs("</dl>\n", r);
    return OK;
}

void mab_status_register(void)
{
    ap_hook_handler(serve, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, add_section, NULL, NULL,
                      APR_HOOK_MIDDLE);
}
