/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <string.h>

#include <apr_strings.h>

/* the last second of the year 9999 */
#define LAST_DATE APR_INT64_C(253402300799)

/* JSON in printable ASCII: what a terminal obeys is escaped. JSON_ENSURE_ASCII
 * does so but for DEL, which jansson writes as it is; outside of strings there
 * is none. */
static const char *dump(const json_t *value, size_t flags, apr_pool_t *pool)
{
    static const char escape[] = "\\u007f";
    size_t len, i;
    char *raw, *text, *to;

    flags |=
        JSON_ENSURE_ASCII | JSON_REAL_PRECISION(bearer_json_precision(value));
    len = json_dumpb(value, NULL, 0, flags);
    raw = apr_palloc(pool, len + 1);
    len = json_dumpb(value, raw, len, flags);
    text = to = apr_palloc(pool, (sizeof(escape) - 1) * len + 1);
    for (i = 0; i < len; i++) {
        if (raw[i] != 0x7f) {
            *to++ = raw[i];
            continue;
        }
        memcpy(to, escape, sizeof(escape) - 1);
        to += sizeof(escape) - 1;
    }
    *to = '\0';
    return text;
}

const char *tool_text_value(const json_t *value, apr_pool_t *pool)
{
    return dump(value, JSON_COMPACT | JSON_ENCODE_ANY, pool);
}

const char *tool_text_string(bearer_str_t text, apr_pool_t *pool)
{
    json_t *value = json_stringn(text.data ? text.data : "", text.len);
    bearer_note_t note;
    const char *out;

    if (!value) {
        bearer_note_set(&note, "%.*s", bearer_note_width(text), text.data);
        return apr_pstrdup(pool, note.text);
    }
    out = tool_text_value(value, pool);
    json_decref(value);
    return out;
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

/* the two largest units that say something */
static const char *span(apr_int64_t seconds, apr_pool_t *pool)
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
        return apr_pstrcat(pool, "in ", span(then - now, pool), NULL);
    return apr_pstrcat(pool, span(now - then, pool), " ago", NULL);
}

void tool_text_add_reason(json_t *object, bearer_reason_t why,
                          const bearer_note_t *note)
{
    const bearer_reason_info_t *info = bearer_error_find(why);

    json_object_set_new(object, "reason", json_string(info->slug));
    json_object_set_new(object, "sentence", json_string(info->sentence));
    if (note && note->text[0])
        json_object_set_new(object, "note", json_string(note->text));
}

void tool_text_print_json(json_t *json, apr_pool_t *pool)
{
    (void)fputs(dump(json, JSON_INDENT(2), pool), stdout);
    fputc('\n', stdout);
    json_decref(json);
}
