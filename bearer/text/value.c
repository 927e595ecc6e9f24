/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/value.h"

#include <string.h>

#include "bearer/base/str.h"

/* After it: the 8 bytes of a number; a text and its NUL; the members. */
struct bearer_value_t {
    apr_uint32_t span; /* of head and contents; divisible by 8 */
    apr_uint32_t kind : 4;
    apr_uint32_t len : 28; /* of a text */
};

_Static_assert(sizeof(bearer_value_t) == 8, "numbers and members stay aligned");

#define HEAD     sizeof(bearer_value_t)
#define LEN_MOST ((1u << 28) - 1)
/* a NumericDate beyond this is a mistake or an attack on our arithmetic */
#define SECONDS_MAX ((apr_int64_t)1000000000000000)

static const char *content_of(const bearer_value_t *value)
{
    return (const char *)value + HEAD;
}

/* --- reading ------------------------------------------------------------- */

bearer_kind_t bearer_value_kind(const bearer_value_t *value)
{
    return value ? (bearer_kind_t)value->kind : BEARER_KIND_ABSENT;
}

const char *bearer_value_kind_text(const bearer_value_t *value)
{
    static const char *const texts[] = {
        [BEARER_KIND_NULL] = "null",        [BEARER_KIND_FALSE] = "a boolean",
        [BEARER_KIND_TRUE] = "a boolean",   [BEARER_KIND_INTEGER] = "a number",
        [BEARER_KIND_REAL] = "a number",    [BEARER_KIND_NUMERAL] = "a number",
        [BEARER_KIND_STRING] = "a string",  [BEARER_KIND_ARRAY] = "an array",
        [BEARER_KIND_OBJECT] = "an object",
    };

    return value ? texts[bearer_value_kind(value)] : "absent";
}

bool bearer_value_is(const bearer_value_t *value, bearer_kind_t kind)
{
    return bearer_value_kind(value) == kind;
}

bool bearer_value_is_boolean(const bearer_value_t *value)
{
    bearer_kind_t kind = bearer_value_kind(value);

    return kind == BEARER_KIND_TRUE || kind == BEARER_KIND_FALSE;
}

bool bearer_value_is_number(const bearer_value_t *value)
{
    bearer_kind_t kind = bearer_value_kind(value);

    return kind >= BEARER_KIND_INTEGER && kind <= BEARER_KIND_NUMERAL;
}

/* members follow the head of what they are in: nothing to descend into */
bool bearer_value_holds(const bearer_value_t *value, bearer_kind_t kind)
{
    const char *at = (const char *)value;
    const char *end = at + bearer_value_size(value);

    while (at < end) {
        const bearer_value_t *one = (const bearer_value_t *)(const void *)at;

        if (one->kind == kind)
            return true;
        at += one->kind >= BEARER_KIND_ARRAY ? HEAD : one->span;
    }
    return false;
}

apr_size_t bearer_value_size(const bearer_value_t *value)
{
    return value ? value->span : 0;
}

static bearer_str_t text_of(const bearer_value_t *value, bearer_kind_t kind)
{
    bearer_str_t text = {NULL, 0};

    if (bearer_value_kind(value) == kind) {
        text.data = content_of(value);
        text.len = value->len;
    }
    return text;
}

bearer_str_t bearer_value_text(const bearer_value_t *value)
{
    return text_of(value, BEARER_KIND_STRING);
}

bearer_str_t bearer_value_numeral(const bearer_value_t *value)
{
    return text_of(value, BEARER_KIND_NUMERAL);
}

apr_int64_t bearer_value_integer(const bearer_value_t *value)
{
    apr_int64_t number = 0;

    if (bearer_value_kind(value) == BEARER_KIND_INTEGER)
        memcpy(&number, content_of(value), sizeof(number));
    return number;
}

double bearer_value_real(const bearer_value_t *value)
{
    double number = 0;

    if (bearer_value_kind(value) == BEARER_KIND_REAL)
        memcpy(&number, content_of(value), sizeof(number));
    return number;
}

bool bearer_value_equals(const bearer_value_t *value, bearer_str_t text)
{
    return bearer_value_kind(value) == BEARER_KIND_STRING && text.data
           && bearer_str_equal((bearer_str_t){content_of(value), value->len},
                               text);
}

const bearer_value_t *bearer_value_first(const bearer_value_t *whole)
{
    if (bearer_value_kind(whole) < BEARER_KIND_ARRAY || whole->span == HEAD)
        return NULL;
    return (const bearer_value_t *)(const void *)content_of(whole);
}

const bearer_value_t *bearer_value_next(const bearer_value_t *whole,
                                        const bearer_value_t *at)
{
    const char *next = (const char *)at + at->span;

    if (next == (const char *)whole + whole->span)
        return NULL;
    return (const bearer_value_t *)(const void *)next;
}

const bearer_value_t *bearer_value_at(const bearer_value_t *array,
                                      apr_size_t index)
{
    const bearer_value_t *at = NULL;

    if (bearer_value_kind(array) == BEARER_KIND_ARRAY)
        at = bearer_value_first(array);
    while (at && index--)
        at = bearer_value_next(array, at);
    return at;
}

const bearer_value_t *bearer_value_get(const bearer_value_t *object,
                                       const char *name)
{
    apr_size_t len = strlen(name);
    const bearer_value_t *at = NULL;

    if (bearer_value_kind(object) == BEARER_KIND_OBJECT)
        at = bearer_value_first(object);
    while (at) {
        const bearer_value_t *value = bearer_value_next(object, at);

        if (at->len == len && memcmp(content_of(at), name, len) == 0)
            return value;
        at = bearer_value_next(object, value);
    }
    return NULL;
}

const bearer_value_t *bearer_value_some(const bearer_value_t *object,
                                        const char *name)
{
    const bearer_value_t *value = bearer_value_get(object, name);

    return bearer_value_is(value, BEARER_KIND_NULL) ? NULL : value;
}

/* --- members of a type ---------------------------------------------------- */

bearer_value_got_t bearer_value_get_string(const bearer_value_t *object,
                                           const char *name, bearer_str_t *out)
{
    const bearer_value_t *value = bearer_value_some(object, name);
    bearer_str_t text = bearer_value_text(value);

    if (!value)
        return BEARER_VALUE_ABSENT;
    if (!text.data)
        return BEARER_VALUE_WRONG;
    *out = text;
    return BEARER_VALUE_GOT;
}

static bearer_value_got_t whole_seconds(apr_int64_t whole, apr_int64_t *out)
{
    if (whole < -SECONDS_MAX || whole > SECONDS_MAX)
        return BEARER_VALUE_WRONG;
    *out = whole;
    return BEARER_VALUE_GOT;
}

static bearer_value_got_t real_seconds(double real, apr_int64_t *out)
{
    apr_int64_t whole;

    /* written so that not-a-number fails it; the cast below is then defined */
    if (!(real >= (double)-SECONDS_MAX && real <= (double)SECONDS_MAX))
        return BEARER_VALUE_WRONG;
    whole = (apr_int64_t)real;
    if ((double)whole > real)
        whole--;
    *out = whole;
    return BEARER_VALUE_GOT;
}

bearer_value_got_t bearer_value_get_seconds(const bearer_value_t *object,
                                            const char *name, apr_int64_t *out)
{
    const bearer_value_t *value = bearer_value_some(object, name);

    switch (bearer_value_kind(value)) {
    case BEARER_KIND_ABSENT:
        return BEARER_VALUE_ABSENT;
    case BEARER_KIND_INTEGER:
        return whole_seconds(bearer_value_integer(value), out);
    case BEARER_KIND_REAL:
        return real_seconds(bearer_value_real(value), out);
    default:
        /* a numeral is beyond all times, and all else is not a number */
        return BEARER_VALUE_WRONG;
    }
}

/* --- making one ---------------------------------------------------------- */

/* a value with so many bytes after its head, or NULL */
static bearer_value_t *put(bearer_value_room_t *room, bearer_kind_t kind,
                           apr_size_t bytes)
{
    bearer_value_t *value = (bearer_value_t *)(void *)room->at;
    apr_size_t span = (HEAD + bytes + 7) & ~(apr_size_t)7;

    if (span > (apr_size_t)(room->end - room->at))
        return NULL;
    value->span = (apr_uint32_t)span;
    value->kind = kind;
    value->len = 0;
    room->at += span;
    return value;
}

bool bearer_value_put_plain(bearer_value_room_t *room, bearer_kind_t kind)
{
    return put(room, kind, 0) != NULL;
}

bool bearer_value_put_integer(bearer_value_room_t *room, apr_int64_t number)
{
    bearer_value_t *value = put(room, BEARER_KIND_INTEGER, sizeof(number));

    if (value)
        memcpy((char *)value + HEAD, &number, sizeof(number));
    return value != NULL;
}

bool bearer_value_put_real(bearer_value_room_t *room, double number)
{
    bearer_value_t *value = put(room, BEARER_KIND_REAL, sizeof(number));

    if (value)
        memcpy((char *)value + HEAD, &number, sizeof(number));
    return value != NULL;
}

static bool put_text(bearer_value_room_t *room, bearer_kind_t kind,
                     bearer_str_t text)
{
    bearer_value_t *value = NULL;
    char *to;

    if (text.len <= LEN_MOST)
        value = put(room, kind, text.len + 1);
    if (!value)
        return false;
    to = (char *)value + HEAD;
    /* the last 8 bytes first: what pads the text is the same each time */
    memset(room->at - 8, 0, 8);
    memcpy(to, text.data, text.len);
    value->len = (apr_uint32_t)text.len;
    return true;
}

bool bearer_value_put_string(bearer_value_room_t *room, bearer_str_t text)
{
    return put_text(room, BEARER_KIND_STRING, text);
}

bool bearer_value_put_numeral(bearer_value_room_t *room, bearer_str_t text)
{
    return put_text(room, BEARER_KIND_NUMERAL, text);
}

bearer_value_t *bearer_value_open(bearer_value_room_t *room, bearer_kind_t kind)
{
    return put(room, kind, 0);
}

void bearer_value_close(bearer_value_room_t *room, bearer_value_t *whole)
{
    whole->span = (apr_uint32_t)(room->at - (char *)whole);
}
