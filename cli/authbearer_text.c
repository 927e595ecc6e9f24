/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

/* the last second of the year 9999 */
#define LAST_DATE APR_INT64_C(253402300799)

int tool_complain(const char *format, ...)
{
    va_list args;

    fputs("authbearer: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return TOOL_UNDECIDED;
}

const char *tool_text_value(const bearer_value_t *value, apr_pool_t *pool)
{
    bearer_write_t out;

    bearer_write_begin(&out, BEARER_WRITE_ASCII, pool);
    bearer_write_value(&out, NULL, value);
    return bearer_write_end(&out).data;
}

const char *tool_text_string(bearer_str_t text, apr_pool_t *pool)
{
    bearer_write_t out;
    bearer_note_t note;
    const char *quoted;

    bearer_write_begin(&out, BEARER_WRITE_ASCII, pool);
    bearer_write_string(&out, NULL, text);
    quoted = bearer_write_end(&out).data;
    if (quoted)
        return quoted;
    bearer_note_set(&note, "%.*s", bearer_note_width(text), text.data);
    return apr_pstrdup(pool, note.text);
}

const char *tool_text_date(apr_int64_t seconds, apr_pool_t *pool)
{
    apr_time_exp_t parts;

    if (seconds < 0)
        return "before 1970";
    if (seconds > LAST_DATE
        || apr_time_exp_gmt(&parts, apr_time_from_sec(seconds)) != APR_SUCCESS)
        return "after the year 9999";
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                        parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                        parts.tm_hour, parts.tm_min, parts.tm_sec);
}

const char *tool_text_span(apr_int64_t seconds, apr_pool_t *pool)
{
    static const struct {
        apr_int64_t size;
        const char *name;
    } units[] = {
        {31557600, "y"}, {86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    apr_int64_t rest;
    int i = 0;

    while (i < 4 && seconds < units[i].size)
        i++;
    rest = i < 4 ? seconds % units[i].size / units[i + 1].size : 0;
    if (!rest)
        return apr_psprintf(pool, "%" APR_INT64_T_FMT " %s",
                            seconds / units[i].size, units[i].name);
    return apr_psprintf(pool, "%" APR_INT64_T_FMT " %s %" APR_INT64_T_FMT " %s",
                        seconds / units[i].size, units[i].name, rest,
                        units[i + 1].name);
}

const char *tool_text_distance(apr_int64_t then, apr_int64_t now,
                               apr_pool_t *pool)
{
    if (then == now)
        return "now";
    if (then > now)
        return apr_pstrcat(pool, "in ", tool_text_span(then - now, pool), NULL);
    return apr_pstrcat(pool, tool_text_span(now - then, pool), " ago", NULL);
}

void tool_text_add_reason(bearer_write_t *json, bearer_reason_t why,
                          const bearer_note_t *note)
{
    const bearer_reason_info_t *info = bearer_error_find(why);

    bearer_write_text(json, "reason", info->slug);
    bearer_write_text(json, "sentence", info->sentence);
    if (note && note->text[0])
        bearer_write_text(json, "note", note->text);
}

void tool_text_begin_json(bearer_write_t *json, apr_pool_t *pool)
{
    bearer_write_begin(json, BEARER_WRITE_LINES, pool);
    bearer_write_open(json, NULL, '{');
}

void tool_text_print_json(bearer_write_t *json)
{
    bearer_write_close(json);
    (void)puts(bearer_write_end(json).data);
}
