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

void bearer_note_set(bearer_note_t *note, const char *format, ...)
{
    static const char hex[] = "0123456789abcdef";
    char raw[BEARER_LIMIT_NOTE];
    apr_size_t in, out = 0;
    va_list args;

    if (!note)
        return;
    va_start(args, format);
    (void)apr_vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);

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
