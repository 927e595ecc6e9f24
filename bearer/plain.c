/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/plain.h"

#include <string.h>

#include "bearer/limits.h"

/* a longer name is no claim's, and not read here */
#define NAME_MAX_LEN 127
/* so many always fit 64 bits */
#define DIGITS_MAX 18

/* what is still to be read; every function leaves it anywhere on failure */
typedef struct reader_t {
    const char *at;
    const char *end;
} reader_t;

static json_t *read_value(reader_t *in, int depth);

static void skip_space(reader_t *in)
{
    while (in->at < in->end
           && (*in->at == ' ' || *in->at == '\n' || *in->at == '\t'
               || *in->at == '\r'))
        in->at++;
}

/* whether this is the next character but space; it is then behind us */
static bool take(reader_t *in, char wanted)
{
    skip_space(in);
    if (in->at == in->end || *in->at != wanted)
        return false;
    in->at++;
    return true;
}

/* escapes, and what must not be in a string, are jansson's to judge */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c != 0x7f && c != '"' && c != '\\';
}

/* the rest of a string whose first quote is behind us, and whether all of it is
 * ASCII */
static bool take_text(reader_t *in, bearer_str_t *out, bool *ascii)
{
    const char *from = in->at;
    unsigned char all = 0;

    while (in->at < in->end && is_plain((unsigned char)*in->at))
        all |= (unsigned char)*in->at++;
    if (in->at == in->end || *in->at != '"')
        return false;
    *ascii = all < 0x80;
    out->data = from;
    out->len = (apr_size_t)(in->at - from);
    in->at++;
    return true;
}

static json_t *read_string(reader_t *in)
{
    bearer_str_t text;
    bool ascii;

    if (!take(in, '"') || !take_text(in, &text, &ascii))
        return NULL;
    /* the other one looks whether it is UTF-8, as jansson's parser does */
    return ascii ? json_stringn_nocheck(text.data, text.len)
                 : json_stringn(text.data, text.len);
}

/* a fraction, an exponent or one more digit fails with the caller, who expects
 * a comma or a bracket */
static json_t *read_integer(reader_t *in)
{
    bool negative = take(in, '-');
    json_int_t value = 0;
    int digits = 0;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        if (++digits > DIGITS_MAX || (digits == 2 && value == 0))
            return NULL;
        value = value * 10 + (*in->at - '0');
        in->at++;
    }
    if (!digits || (negative && value == 0))
        return NULL;
    return json_integer(negative ? -value : value);
}

static bool take_word(reader_t *in, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
        return false;
    in->at += len;
    return true;
}

static json_t *read_word(reader_t *in)
{
    if (take_word(in, "true"))
        return json_true();
    if (take_word(in, "false"))
        return json_false();
    return take_word(in, "null") ? json_null() : NULL;
}

/* one member; false also for a name that stood there before */
static bool add_member(reader_t *in, json_t *object, int depth)
{
    apr_size_t count = json_object_size(object);
    char name[NAME_MAX_LEN + 1];
    bearer_str_t text;
    json_t *value;
    bool ascii;

    if (!take(in, '"') || !take_text(in, &text, &ascii) || !ascii
        || text.len > NAME_MAX_LEN || !take(in, ':'))
        return false;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    value = read_value(in, depth);
    return value && json_object_set_new_nocheck(object, name, value) == 0
           && json_object_size(object) == count + 1;
}

static bool fill_object(reader_t *in, json_t *object, int depth)
{
    if (!take(in, '{'))
        return false;
    if (take(in, '}'))
        return true;
    do {
        if (!add_member(in, object, depth))
            return false;
    } while (take(in, ','));
    return take(in, '}');
}

static bool fill_array(reader_t *in, json_t *array, int depth)
{
    if (!take(in, '['))
        return false;
    if (take(in, ']'))
        return true;
    do {
        json_t *value = read_value(in, depth);

        if (!value || json_array_append_new(array, value))
            return false;
    } while (take(in, ','));
    return take(in, ']');
}

/* The recursion is as deep as BEARER_LIMIT_JSON_DEPTH (stack exhaustion). */
static json_t *read_value(reader_t *in, int depth)
{
    json_t *whole;
    bool good;

    skip_space(in);
    if (in->at == in->end)
        return NULL;
    if (*in->at == '"')
        return read_string(in);
    if (*in->at == '-' || (*in->at >= '0' && *in->at <= '9'))
        return read_integer(in);
    if (*in->at != '{' && *in->at != '[')
        return read_word(in);
    if (depth == BEARER_LIMIT_JSON_DEPTH)
        return NULL;
    whole = *in->at == '{' ? json_object() : json_array();
    if (!whole)
        return NULL;
    good = *in->at == '{' ? fill_object(in, whole, depth + 1)
                          : fill_array(in, whole, depth + 1);
    if (good)
        return whole;
    json_decref(whole);
    return NULL;
}

json_t *bearer_plain_parse(bearer_str_t text)
{
    reader_t in = {text.data, text.data + text.len};
    json_t *json;

    skip_space(&in);
    if (in.at == in.end || *in.at != '{')
        return NULL;
    json = read_value(&in, 0);
    if (!json)
        return NULL;
    skip_space(&in);
    if (in.at == in.end)
        return json;
    json_decref(json);
    return NULL;
}
