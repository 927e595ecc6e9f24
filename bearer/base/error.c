/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/base/error.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

static const bearer_reason_info_t catalogue[] = {
    {"OK", "ok", BEARER_FAULT_NONE, "ok", NULL, 200, BEARER_LEVEL_DEBUG,
     "accepted"},
#define BEARER_REASON(name, slug, fault, code, error, status, level, text)     \
    {#name, slug,   BEARER_FAULT_##fault, code,                                \
     error, status, BEARER_LEVEL_##level, text},
#include "bearer/base/error.def"
#undef BEARER_REASON
};

const bearer_reason_info_t *bearer_error_find(bearer_reason_t why)
{
    if ((unsigned)why >= BEARER_REASON_COUNT)
        return &catalogue[0];
    return &catalogue[why];
}

static void fill(bearer_note_t *note, const char *format, va_list args)
{
    static const char hex[] = "0123456789abcdef";
    char raw[BEARER_LIMIT_NOTE];
    apr_size_t in, out = 0;

    (void)apr_vsnprintf(raw, sizeof(raw), format, args);
    for (in = 0; raw[in]; in++) {
        unsigned char c = (unsigned char)raw[in];

        if (out + (bearer_str_is_plain(raw[in]) ? 1 : 4) >= sizeof(note->text))
            break;
        if (bearer_str_is_plain(raw[in])) {
            note->text[out++] = (char)c;
            continue;
        }
        note->text[out++] = '\\';
        note->text[out++] = 'x';
        note->text[out++] = hex[c >> 4];
        note->text[out++] = hex[c & 15];
    }
    note->text[out] = '\0';
}

void bearer_note_set(bearer_note_t *note, const char *format, ...)
{
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    fill(note, format, args);
    va_end(args);
}

/* adds what is escaped already, as far as whole characters fit */
static void append(bearer_note_t *note, const char *text)
{
    apr_size_t len = strlen(note->text);

    while (*text) {
        apr_size_t step = *text == '\\' ? 4 : 1;

        if (len + step >= sizeof(note->text))
            break;
        memcpy(note->text + len, text, step);
        text += step;
        len += step;
    }
    note->text[len] = '\0';
}

void bearer_note_add(bearer_note_t *note, const char *format, ...)
{
    bearer_note_t more;
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    fill(&more, format, args);
    va_end(args);
    append(note, more.text);
}

void bearer_note_prefix(bearer_note_t *note, const char *format, ...)
{
    bearer_note_t whole;
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    fill(&whole, format, args);
    va_end(args);
    append(&whole, note->text);
    *note = whole;
}

void bearer_note_join(bearer_note_t *note, const bearer_note_t *more)
{
    if (note)
        append(note, more->text);
}

void bearer_note_member(bearer_note_t *note, const char *name,
                        bearer_str_t text)
{
    if (!text.data)
        bearer_note_set(note, "no %s", name);
    else if (!text.len)
        bearer_note_set(note, "%s (empty)", name);
    else
        bearer_note_set(note, "%s %.*s", name, bearer_note_width(text),
                        text.data);
}

void bearer_note_list_add(bearer_note_list_t *list, bearer_str_t text)
{
    const char *between = list->len ? ", " : "";
    apr_size_t room = BEARER_LIMIT_SHOWN - list->len;

    if (list->full)
        return;
    list->full = strlen(between) + text.len > room;
    (void)apr_snprintf(list->text + list->len, room + 1, "%s%.*s", between,
                       bearer_note_width(text), text.data);
    list->len = strlen(list->text);
    if (list->full)
        memcpy(list->text + list->len, "...", 4);
}

const char *bearer_error_text(bearer_reason_t why, const bearer_note_t *note,
                              apr_pool_t *pool)
{
    const bearer_reason_info_t *info = bearer_error_find(why);
    bool more = note && note->text[0];

    return apr_pstrcat(pool, info->slug, ": ", info->sentence, more ? " (" : "",
                       more ? note->text : "", more ? ")" : "", NULL);
}

int bearer_note_width(bearer_str_t text)
{
    return text.len > BEARER_LIMIT_SHOWN ? BEARER_LIMIT_SHOWN : (int)text.len;
}
