/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/write.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/escape.h"
#include "bearer/text/number.h"
#include "bearer/text/utf8.h"

/* most texts are shorter */
#define ROOM 512
/* for what is not an array or an object */
#define SCALAR_ROOM 64
#define INDENT      2

/* --- pieces ----------------------------------------------------------------- */

/* room for so many bytes more */
static char *reserve(bearer_write_t *out, apr_size_t more)
{
    char *grown;

    if (more <= out->room - out->len)
        return out->data + out->len;
    out->room = 2 * (out->len + more);
    grown = apr_palloc(out->pool, out->room);
    memcpy(grown, out->data, out->len);
    out->data = grown;
    return grown + out->len;
}

static void add(bearer_write_t *out, const char *data, apr_size_t len)
{
    memcpy(reserve(out, len), data, len);
    out->len += len;
}

static void add_sign(bearer_write_t *out, char sign)
{
    add(out, &sign, 1);
}

static void new_line(bearer_write_t *out)
{
    apr_size_t indent = INDENT * (apr_size_t)out->depth;

    if (out->form != BEARER_WRITE_LINES)
        return;
    add_sign(out, '\n');
    memset(reserve(out, indent), ' ', indent);
    out->len += indent;
}

/* the first character of a text that is UTF-8; *len: its bytes */
static unsigned point_at(const char *at, apr_size_t *len)
{
    static const unsigned char first[] = {0x7f, 0, 0x1f, 0x0f, 0x07};
    unsigned byte = (unsigned char)*at;
    apr_size_t bytes = byte < 0x80 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    unsigned point = byte & first[bytes];
    apr_size_t i;

    for (i = 1; i < bytes; i++)
        point = point << 6 | ((unsigned char)at[i] & 0x3f);
    *len = bytes ? bytes : 1;
    return point;
}

static bool is_plain(const bearer_write_t *out, char c)
{
    /* JSON allows DEL in a string; nobody who gets the text wants a control
     * character */
    return bearer_str_is_plain(c)
           || ((unsigned char)c >= 0x80 && out->form == BEARER_WRITE_COMPACT);
}

static void add_escape(bearer_write_t *out, unsigned point)
{
    char *to = reserve(out, BEARER_ESCAPE_ROOM);

    out->len += (apr_size_t)(bearer_escape_encode(point, to) - to);
}

/* a string that is UTF-8 */
static void add_string(bearer_write_t *out, bearer_str_t text)
{
    const char *at = text.data, *end = text.data + text.len;
    const char *from;
    apr_size_t bytes;

    add_sign(out, '"');
    while (at < end) {
        for (from = at; at < end && is_plain(out, *at);)
            at++;
        add(out, from, (apr_size_t)(at - from));
        if (at == end)
            break;
        add_escape(out, point_at(at, &bytes));
        at += bytes;
    }
    add_sign(out, '"');
}

/* what comes before a value, and its name */
static void lead(bearer_write_t *out, const char *name)
{
    if (out->begun)
        add_sign(out, ',');
    if (out->depth)
        new_line(out);
    out->begun = true;
    if (!name)
        return;
    add_string(out, bearer_str(name));
    add(out, ": ", out->form == BEARER_WRITE_LINES ? 2 : 1);
}

/* --- values ----------------------------------------------------------------- */

void bearer_write_begin(bearer_write_t *out, bearer_write_form_t form,
                        apr_pool_t *pool)
{
    memset(out, 0, sizeof(*out));
    out->form = form;
    out->pool = pool;
    out->room = ROOM;
    out->data = apr_palloc(pool, ROOM);
}

void bearer_write_string(bearer_write_t *out, const char *name,
                         bearer_str_t text)
{
    lead(out, name);
    if (bearer_utf8_check(text))
        add_string(out, text);
    else
        out->failed = true;
}

void bearer_write_text(bearer_write_t *out, const char *name, const char *text)
{
    if (text)
        bearer_write_string(out, name, bearer_str(text));
    else
        bearer_write_null(out, name);
}

void bearer_write_integer(bearer_write_t *out, const char *name,
                          apr_int64_t number)
{
    char text[SCALAR_ROOM];
    int len = apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, number);

    lead(out, name);
    add(out, text, (apr_size_t)len);
}

void bearer_write_boolean(bearer_write_t *out, const char *name, bool holds)
{
    lead(out, name);
    add(out, holds ? "true" : "false", holds ? 4 : 5);
}

void bearer_write_null(bearer_write_t *out, const char *name)
{
    lead(out, name);
    add(out, "null", 4);
}

void bearer_write_open(bearer_write_t *out, const char *name, char bracket)
{
    lead(out, name);
    add_sign(out, bracket);
    out->open[out->depth++] = bracket;
    out->begun = false;
}

void bearer_write_close(bearer_write_t *out)
{
    char bracket = out->open[--out->depth];

    if (out->begun)
        new_line(out);
    add_sign(out, bracket == '{' ? '}' : ']');
    out->begun = true;
}

bearer_str_t bearer_write_end(bearer_write_t *out)
{
    bearer_str_t text = {NULL, 0};

    if (out->failed)
        return text;
    *reserve(out, 1) = '\0';
    text.data = out->data;
    text.len = out->len;
    return text;
}

/* --- values as they are ------------------------------------------------------ */

bearer_str_t bearer_write_scalar(const bearer_value_t *value, char *buffer,
                                 apr_size_t size)
{
    bearer_str_t text = {buffer, 0};
    double real;

    switch (bearer_value_kind(value)) {
    case BEARER_KIND_TRUE:
        return (bearer_str_t)BEARER_LIT("true");
    case BEARER_KIND_FALSE:
        return (bearer_str_t)BEARER_LIT("false");
    case BEARER_KIND_INTEGER:
        text.len = (apr_size_t)apr_snprintf(buffer, size, "%" APR_INT64_T_FMT,
                                            bearer_value_integer(value));
        return text;
    case BEARER_KIND_REAL:
        real = bearer_value_real(value);
        text.len =
            bearer_number_render(real, bearer_number_digits(real), buffer);
        return text;
    default: /* a numeral, or no scalar: then data is NULL */
        return bearer_value_numeral(value);
    }
}

/* the digits that all reals in a value have */
static int digits_of(const bearer_value_t *value)
{
    const bearer_value_t *at = bearer_value_first(value);
    int digits = BEARER_NUMBER_DIGITS;

    if (bearer_value_is(value, BEARER_KIND_REAL))
        return bearer_number_digits(bearer_value_real(value));
    for (; at; at = bearer_value_next(value, at)) {
        int more = digits_of(at);

        digits = more > digits ? more : digits;
    }
    return digits;
}

static void add_value(bearer_write_t *out, const char *name,
                      const bearer_value_t *value, int digits);

static void add_members(bearer_write_t *out, const bearer_value_t *whole,
                        int digits)
{
    const bearer_value_t *at = bearer_value_first(whole);
    bool named = bearer_value_is(whole, BEARER_KIND_OBJECT);

    for (; at; at = bearer_value_next(whole, at)) {
        const char *name = NULL;

        if (named) {
            name = bearer_value_text(at).data;
            at = bearer_value_next(whole, at);
        }
        add_value(out, name, at, digits);
    }
}

/* the recursion is as deep as the value, BEARER_LIMIT_JSON_DEPTH */
static void add_value(bearer_write_t *out, const char *name,
                      const bearer_value_t *value, int digits)
{
    char buffer[SCALAR_ROOM];
    bearer_str_t text = bearer_value_text(value);

    if (bearer_value_is(value, BEARER_KIND_OBJECT)
        || bearer_value_is(value, BEARER_KIND_ARRAY)) {
        bearer_write_open(
            out, name, bearer_value_is(value, BEARER_KIND_OBJECT) ? '{' : '[');
        add_members(out, value, digits);
        bearer_write_close(out);
        return;
    }
    if (text.data) {
        bearer_write_string(out, name, text);
        return;
    }
    if (bearer_value_is(value, BEARER_KIND_REAL)) {
        text.data = buffer;
        text.len =
            bearer_number_render(bearer_value_real(value), digits, buffer);
    }
    else {
        text = bearer_write_scalar(value, buffer, sizeof(buffer));
    }
    if (!text.data)
        text = bearer_str("null");
    lead(out, name);
    add(out, text.data, text.len);
}

void bearer_write_value(bearer_write_t *out, const char *name,
                        const bearer_value_t *value)
{
    add_value(out, name, value, digits_of(value));
}

bearer_str_t bearer_write_json(const bearer_value_t *value, apr_pool_t *pool)
{
    bearer_str_t none = {NULL, 0};
    bearer_write_t out;

    if (!value)
        return none;
    bearer_write_begin(&out, BEARER_WRITE_COMPACT, pool);
    bearer_write_value(&out, NULL, value);
    return bearer_write_end(&out);
}

bearer_str_t bearer_write_quoted(const char *text, apr_pool_t *pool)
{
    bearer_write_t out;

    bearer_write_begin(&out, BEARER_WRITE_COMPACT, pool);
    bearer_write_text(&out, NULL, text);
    return bearer_write_end(&out);
}
