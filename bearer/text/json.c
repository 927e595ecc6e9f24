/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/json.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/text/escape.h"
#include "bearer/text/number.h"
#include "bearer/text/utf8.h"

/* up to this many names, each is compared with all before it; more are sorted
 * (quadratic work for strangers) */
#define NAMES_MAX 64
/* the most room that claims of 2 kB may take */
#define GUESS 16384
/* the value of a longer text might not be counted in 32 bits */
#define TEXT_MAX ((apr_size_t)1 << 28)

/* what is still to be read, and where it goes */
typedef struct reader_t {
    const char *begin, *at, *end;
    bearer_value_room_t room;
    apr_pool_t *pool;
    char *scratch; /* for one string without its escapes; made when needed */
    /* what is wrong, if that is not just the character at which reading
     * ended */
    bearer_reason_t why;
    const char *what;
    long number; /* follows what; -1: none */
} reader_t;

static bool read_value(reader_t *in, int depth);

static bool fault(reader_t *in, bearer_reason_t why, const char *what,
                  long number)
{
    in->why = why;
    in->what = what;
    in->number = number;
    return false;
}

static bool fault_here(reader_t *in, bearer_reason_t why, const char *what)
{
    return fault(in, why, what, in->at - in->begin);
}

static void skip_space(reader_t *in)
{
    /* most characters that are not blank are greater than all that are */
    while (in->at < in->end && (unsigned char)*in->at <= ' '
           && bearer_str_is_file_blank(*in->at))
        in->at++;
}

/* whether this is the next character; if so, it is consumed */
static bool take_at_once(reader_t *in, char wanted)
{
    if (in->at == in->end || *in->at != wanted)
        return false;
    in->at++;
    return true;
}

/* the same, after white space */
static bool take(reader_t *in, char wanted)
{
    skip_space(in);
    return take_at_once(in, wanted);
}

/* --- strings --------------------------------------------------------------- */

/* what may stand in a string as it is: ASCII, and the bytes of UTF-8's other
 * characters (RFC 8259 7) */
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
    ['p'] = ASCII_16,
    [0x80] = HIGH_16, HIGH_16, HIGH_16, HIGH_16,
             HIGH_16, HIGH_16, HIGH_16, HIGH_16
};
/* clang-format on */

/* the rest of a string from its first escape on; a part before that was read
 * already */
static bool unescape(reader_t *in, bearer_str_t *out)
{
    if (!in->scratch)
        in->scratch = apr_palloc(in->pool, (apr_size_t)(in->end - in->begin));
    memcpy(in->scratch, out->data, out->len);
    out->data = in->scratch;
    out->len += bearer_escape_decode(&in->at, in->end, in->scratch + out->len);
    if (!take_at_once(in, '"'))
        return false;
    /* whatever goes by terminated strings would read another text */
    if (memchr(out->data, '\0', out->len))
        return fault_here(in, BEARER_JSON_SYNTAX, "NUL in a string, byte");
    return true;
}

/* the rest of a string whose first quote is consumed; if it had escapes, out is
 * good until the next string */
static bool take_string(reader_t *in, bearer_str_t *out)
{
    const unsigned char *from = (const unsigned char *)in->at;
    const unsigned char *end = (const unsigned char *)in->end;
    const unsigned char *at = from;
    bool ascii = true;

    while (at < end && plain[*at] == ASCII)
        at++;
    for (; at < end && plain[*at]; at++)
        ascii = false;
    out->data = in->at;
    out->len = (apr_size_t)(at - from);
    in->at += out->len;
    if (at < end && *at == '"')
        in->at++;
    else if (at == end || *at != '\\' || !unescape(in, out))
        return false;
    if ((ascii && out->data == (const char *)from) || bearer_utf8_check(*out))
        return true;
    return fault(in, BEARER_JSON_SYNTAX, "not UTF-8, byte",
                 (const char *)from - in->begin);
}

static bool read_string(reader_t *in)
{
    bearer_str_t text;

    in->at++;
    return take_string(in, &text) && bearer_value_put_string(&in->room, text);
}

/* --- numbers and words ------------------------------------------------------ */

/* what follows the number is the caller's, who expects a comma or a bracket */
static bool read_number(reader_t *in)
{
    bearer_number_t number;

    if (!bearer_number_take(&in->at, in->end, &number, in->pool))
        return false;
    if (number.kind == BEARER_KIND_INTEGER)
        return bearer_value_put_integer(&in->room, number.integer);
    if (number.kind == BEARER_KIND_REAL)
        return bearer_value_put_real(&in->room, number.real);
    if (number.text.len > BEARER_LIMIT_NUMBER)
        return fault_here(in, BEARER_JSON_SYNTAX, "number too long, byte");
    return bearer_value_put_numeral(&in->room, number.text);
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

/* --- names ------------------------------------------------------------------ */

/* by length first: all that matters is that equal ones come together */
static int compare(bearer_str_t a, bearer_str_t b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.data, b.data, a.len);
}

/* lets the name at the root of a heap sink to where it belongs */
static void sink(bearer_str_t *names, apr_size_t root, apr_size_t count)
{
    bearer_str_t name = names[root];
    apr_size_t child;

    while ((child = 2 * root + 1) < count) {
        if (child + 1 < count && compare(names[child], names[child + 1]) < 0)
            child++;
        if (compare(name, names[child]) >= 0)
            break;
        names[root] = names[child];
        root = child;
    }
    names[root] = name;
}

/* heap sort, which no input makes slow, unlike the qsort of some C libraries */
static void sort(bearer_str_t *names, apr_size_t count)
{
    apr_size_t i;

    for (i = count / 2; i > 0; i--)
        sink(names, i - 1, count);
    for (i = count; i > 1; i--) {
        bearer_str_t last = names[i - 1];

        names[i - 1] = names[0];
        names[0] = last;
        sink(names, 0, i - 1);
    }
}

/* whether an object of so many members has each name only once */
static bool names_differ(reader_t *in, const bearer_value_t *object,
                         apr_size_t count)
{
    bearer_str_t *names = apr_palloc(in->pool, count * sizeof(*names));
    const bearer_value_t *at = bearer_value_first(object);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        names[i] = bearer_value_text(at);
        at = bearer_value_next(object, bearer_value_next(object, at));
    }
    sort(names, count);
    for (i = 1; i < count; i++) {
        if (compare(names[i - 1], names[i]) == 0)
            return fault_here(in, BEARER_JSON_DUPLICATE,
                              "member twice, in an object before byte");
    }
    return true;
}

/* the names of one object so far */
typedef struct names_t {
    apr_size_t count;
    bearer_str_t name[NAMES_MAX];
} names_t;

/* RFC 7519 4, RFC 7515 4: a duplicate member is refused, since two parsers may see
 * two documents (RFC 8725 2.4) */
static bool add_name(reader_t *in, names_t *names, bearer_str_t name)
{
    apr_size_t i;

    if (names->count++ >= NAMES_MAX)
        return true; /* names_differ gets to it */
    for (i = 0; i < names->count - 1; i++) {
        if (bearer_str_equal(names->name[i], name))
            return fault_here(in, BEARER_JSON_DUPLICATE, "member twice, byte");
    }
    names->name[i] = name;
    return true;
}

/* --- objects and arrays ----------------------------------------------------- */

static bool read_member(reader_t *in, names_t *names, int depth)
{
    const void *kept = in->room.at;
    bearer_str_t name;

    if (!take(in, '"') || !take_string(in, &name)
        || !bearer_value_put_string(&in->room, name))
        return false;
    if (name.data == in->scratch)
        name = bearer_value_text(kept);
    return add_name(in, names, name) && take(in, ':') && read_value(in, depth);
}

static bool read_members(reader_t *in, bearer_value_t *object, int depth)
{
    names_t names;

    names.count = 0;
    if (take(in, '}'))
        return true;
    do {
        if (!read_member(in, &names, depth))
            return false;
    } while (take(in, ','));
    if (!take(in, '}'))
        return false;
    if (names.count <= NAMES_MAX)
        return true;
    bearer_value_close(&in->room, object);
    return names_differ(in, object, names.count);
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
    bool is_object = *in->at == '{';
    bearer_value_t *whole;

    if (depth == BEARER_LIMIT_JSON_DEPTH)
        return fault(in, BEARER_JSON_DEPTH, "nested deeper than", depth);
    in->at++;
    whole = bearer_value_open(&in->room, is_object ? BEARER_KIND_OBJECT
                                                   : BEARER_KIND_ARRAY);
    if (!whole
        || !(is_object ? read_members(in, whole, depth + 1)
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
        return read_number(in);
    return read_word(in);
}

/* --- the whole -------------------------------------------------------------- */

/* one object, and nothing else */
static bool read_document(reader_t *in)
{
    bool is_object;

    skip_space(in);
    if (in->at == in->end || (*in->at != '{' && *in->at != '['))
        return false;
    is_object = *in->at == '{';
    if (!read_whole(in, 0))
        return false;
    skip_space(in);
    if (in->at < in->end) {
        in->at++;
        return fault_here(in, BEARER_JSON_SYNTAX, "more after the end, byte");
    }
    return is_object
           || fault(in, BEARER_JSON_SYNTAX, "an array, not an object", -1);
}

/* most claims fit on the stack, and then take only what they need from the pool */
static const char *read_small(reader_t *in)
{
    _Alignas(8) char guess[GUESS];
    const char *made = NULL;

    in->room.at = guess;
    in->room.end = guess + sizeof(guess);
    if (read_document(in))
        made = apr_pmemdup(in->pool, guess, (apr_size_t)(in->room.at - guess));
    /* nobody keeps a pointer to our stack */
    in->room.at = in->room.end = NULL;
    return made;
}

static const char *read_large(reader_t *in, apr_size_t size)
{
    char *memory = apr_palloc(in->pool, size);

    in->room.at = memory;
    in->room.end = memory + size;
    return read_document(in) ? memory : NULL;
}

static bearer_reason_t explain(reader_t *in, bearer_note_t *note)
{
    if (!in->why && in->at == in->end)
        (void)fault_here(in, BEARER_JSON_SYNTAX, "cut off after byte");
    else if (!in->why)
        (void)fault(in, BEARER_JSON_SYNTAX, "wrong syntax, byte",
                    in->at - in->begin + 1);
    if (in->number < 0)
        bearer_note_set(note, "%s", in->what);
    else
        bearer_note_set(note, "%s %ld", in->what, in->number);
    return in->why;
}

bearer_reason_t bearer_json_parse(bearer_str_t text, const bearer_value_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    reader_t in = {.begin = text.data,
                   .at = text.data,
                   .end = text.data + text.len,
                   .pool = pool};
    apr_size_t size = BEARER_VALUE_ROOM(text.len);
    const char *memory;

    if (!text.len || text.len > TEXT_MAX) {
        bearer_note_set(note, text.len ? "too large" : "empty text");
        return BEARER_JSON_SYNTAX;
    }
    memory = size <= GUESS ? read_small(&in) : read_large(&in, size);
    if (!memory)
        return explain(&in, note);
    *out = (const bearer_value_t *)(const void *)memory;
    return BEARER_OK;
}
