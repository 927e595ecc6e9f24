/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/plain.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/text/utf8.h"

/* a longer name is no claim's, and not read here */
#define NAME_MAX_LEN 127
/* so many always fit 64 bits */
#define DIGITS_MAX 18
/* each name is compared with all before it (quadratic work for strangers) */
#define MEMBERS_MAX 64
/* the room that claims of 2 kB may take at most */
#define GUESS 16384

/* what is still to be read, and where it goes; every function leaves both
 * anywhere on failure */
typedef struct reader_t {
    const char *at;
    const char *end;
    bearer_value_room_t room;
} reader_t;

static bool read_value(reader_t *in, int depth);

static void skip_space(reader_t *in)
{
    while (in->at < in->end && bearer_str_is_file_blank(*in->at))
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

/* what may stand in a string: ASCII, and the bytes of UTF-8's other characters.
 * Escapes, and what must not be in a string, are jansson's to judge. */
enum { ASCII = 1, HIGH = 2 };
/* clang-format off */
#define ASCII_4  ASCII, ASCII, ASCII, ASCII
#define ASCII_16 ASCII_4, ASCII_4, ASCII_4, ASCII_4
#define HIGH_4   HIGH, HIGH, HIGH, HIGH
#define HIGH_16  HIGH_4, HIGH_4, HIGH_4, HIGH_4
static const unsigned char plain[256] = {
    [' '] = ASCII, ASCII, 0 /* " */, ASCII, ASCII_4, ASCII_4, ASCII_4,
    ['0'] = ASCII_16,
    ['@'] = ASCII_16,
    ['P'] = ASCII_4, ASCII_4, ASCII_4, 0 /* \ */, ASCII, ASCII, ASCII,
    ['`'] = ASCII_16,
    ['p'] = ASCII_4, ASCII_4, ASCII_4, ASCII, ASCII, ASCII, 0 /* DEL */,
    [0x80] = HIGH_16, HIGH_16, HIGH_16, HIGH_16,
             HIGH_16, HIGH_16, HIGH_16, HIGH_16
};
/* clang-format on */

/* the rest of a string whose first quote is behind us, and whether all of it is
 * ASCII */
static bool take_text(reader_t *in, bearer_str_t *out, bool *ascii)
{
    const unsigned char *from = (const unsigned char *)in->at;
    const unsigned char *end = (const unsigned char *)in->end;
    const unsigned char *at = from;
    unsigned char all = 0;

    while (at < end && plain[*at])
        all |= plain[*at++];
    if (at == end || *at != '"')
        return false;
    *ascii = !(all & HIGH);
    out->data = in->at;
    out->len = (apr_size_t)(at - from);
    in->at += out->len + 1;
    return true;
}

static bool read_string(reader_t *in)
{
    bearer_str_t text;
    bool ascii;

    return take(in, '"') && take_text(in, &text, &ascii)
           && (ascii || bearer_utf8_check(text))
           && bearer_value_put_string(&in->room, text);
}

/* a fraction, an exponent or one more digit fails with the caller, who expects
 * a comma or a bracket */
static bool read_integer(reader_t *in)
{
    bool negative = take(in, '-');
    apr_int64_t value = 0;
    int digits = 0;

    while (in->at < in->end && bearer_str_is_digit(*in->at)) {
        if (++digits > DIGITS_MAX || (digits == 2 && value == 0))
            return false;
        value = value * 10 + (*in->at - '0');
        in->at++;
    }
    if (!digits || (negative && value == 0))
        return false;
    return bearer_value_put_integer(&in->room, negative ? -value : value);
}

static bool take_word(reader_t *in, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0)
        return false;
    in->at += len;
    return true;
}

static bool read_word(reader_t *in)
{
    if (take_word(in, "true"))
        return bearer_value_put_plain(&in->room, BEARER_KIND_TRUE);
    if (take_word(in, "false"))
        return bearer_value_put_plain(&in->room, BEARER_KIND_FALSE);
    return take_word(in, "null")
           && bearer_value_put_plain(&in->room, BEARER_KIND_NULL);
}

/* --- objects and arrays ---------------------------------------------------- */

/* the names of one object so far */
typedef struct names_t {
    int count;
    bearer_str_t name[MEMBERS_MAX];
} names_t;

/* false for one that stood there before, and for one too many */
static bool add_name(names_t *names, bearer_str_t name)
{
    int i;

    if (names->count == MEMBERS_MAX)
        return false;
    for (i = 0; i < names->count; i++) {
        if (bearer_str_equal(names->name[i], name))
            return false;
    }
    names->name[names->count++] = name;
    return true;
}

static bool read_member(reader_t *in, names_t *names, int depth)
{
    bearer_str_t name;
    bool ascii;

    return take(in, '"') && take_text(in, &name, &ascii) && ascii
           && name.len <= NAME_MAX_LEN && take(in, ':') && add_name(names, name)
           && bearer_value_put_string(&in->room, name) && read_value(in, depth);
}

static bool read_members(reader_t *in, int depth)
{
    names_t names;

    names.count = 0;
    if (take(in, '}'))
        return true;
    do {
        if (!read_member(in, &names, depth))
            return false;
    } while (take(in, ','));
    return take(in, '}');
}

static bool read_elements(reader_t *in, int depth)
{
    if (take(in, ']'))
        return true;
    do {
        if (!read_value(in, depth))
            return false;
    } while (take(in, ','));
    return take(in, ']');
}

/* an array or object whose bracket is next; the recursion is as deep as
 * BEARER_LIMIT_JSON_DEPTH (stack exhaustion) */
static bool read_whole(reader_t *in, int depth)
{
    bool is_object = *in->at++ == '{';
    bearer_value_t *whole;

    if (depth == BEARER_LIMIT_JSON_DEPTH)
        return false;
    whole = bearer_value_open(&in->room, is_object ? BEARER_KIND_OBJECT
                                                   : BEARER_KIND_ARRAY);
    if (!whole
        || !(is_object ? read_members(in, depth + 1)
                       : read_elements(in, depth + 1)))
        return false;
    bearer_value_close(&in->room, whole);
    return true;
}

static bool read_value(reader_t *in, int depth)
{
    skip_space(in);
    if (in->at == in->end)
        return false;
    if (*in->at == '"')
        return read_string(in);
    if (*in->at == '{' || *in->at == '[')
        return read_whole(in, depth);
    if (*in->at == '-' || bearer_str_is_digit(*in->at))
        return read_integer(in);
    return read_word(in);
}

/* --- the whole --------------------------------------------------------------- */

/* one object, and nothing else */
static bool read_document(bearer_str_t text, bearer_value_room_t *room)
{
    reader_t in = {text.data, text.data + text.len, *room};

    skip_space(&in);
    if (in.at == in.end || *in.at != '{' || !read_whole(&in, 0))
        return false;
    skip_space(&in);
    *room = in.room;
    return in.at == in.end;
}

/* most claims fit the stack, and then take of the pool what they need */
static const char *read_small(bearer_str_t text, apr_pool_t *pool)
{
    _Alignas(8) char guess[GUESS];
    bearer_value_room_t room = {guess, guess + sizeof(guess)};

    if (!read_document(text, &room))
        return NULL;
    return apr_pmemdup(pool, guess, (apr_size_t)(room.at - guess));
}

static const char *read_large(bearer_str_t text, apr_pool_t *pool)
{
    apr_size_t size = BEARER_VALUE_ROOM(text.len);
    char *memory = apr_palloc(pool, size);
    bearer_value_room_t room = {memory, memory + size};

    return read_document(text, &room) ? memory : NULL;
}

const bearer_value_t *bearer_plain_parse(bearer_str_t text, apr_pool_t *pool)
{
    const char *memory = BEARER_VALUE_ROOM(text.len) <= GUESS
                             ? read_small(text, pool)
                             : read_large(text, pool);

    return (const bearer_value_t *)(const void *)memory;
}
