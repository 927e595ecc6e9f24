/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/json.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/plain.h"

/* a NumericDate beyond this is a mistake or an attack on our arithmetic */
#define SECONDS_MAX ((apr_int64_t)1000000000000000)
/* most values render into this much stack, which saves a second rendering */
#define RENDER_GUESS 1024
/* a double has 15 digits that always survive, and 17 are always enough */
#define DIGITS_LEAST 15
#define DIGITS_MOST  17
/* sign, 17 digits, point, "e-324", NUL */
#define REAL_TEXT 32

void bearer_json_seed(void)
{
    json_object_seed(0);
}

/* --- documents ---------------------------------------------------------- */

/* the position behind a string whose first character is at i */
static apr_size_t skip_string(bearer_str_t text, apr_size_t i)
{
    while (i < text.len && text.data[i] != '"')
        i += text.data[i] == '\\' ? 2 : 1;
    return i + 1;
}

/*
 * Whether the text never nests deeper than we allow (stack exhaustion: jansson
 * recurses). Up to the parser's first syntax error this reads brackets as the
 * parser does; what it makes of the rest does not matter.
 */
static bool is_shallow(bearer_str_t text)
{
    apr_size_t i = 0;
    int depth = 0;

    while (i < text.len) {
        char c = text.data[i++];

        if (c == '"') {
            i = skip_string(text, i);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth > BEARER_LIMIT_JSON_DEPTH)
            return false;
    }
    return true;
}

/* jansson's own text quotes the document, so only its position is told */
static bearer_reason_t explain(const json_error_t *error, bearer_note_t *note)
{
    switch (json_error_code(error)) {
    case json_error_unknown: /* jansson names all that is wrong with a text */
    case json_error_out_of_memory:
        return BEARER_NO_MEMORY;
    case json_error_duplicate_key:
        bearer_note_set(note, "member twice, byte %d", error->position);
        return BEARER_JSON_DUPLICATE;
    case json_error_stack_overflow:
        bearer_note_set(note, "nested too deep, byte %d", error->position);
        return BEARER_JSON_DEPTH;
    case json_error_invalid_utf8:
        bearer_note_set(note, "not UTF-8, byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        bearer_note_set(note, "NUL in a string, byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    case json_error_numeric_overflow:
        bearer_note_set(note, "number too large, byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    case json_error_premature_end_of_input:
        bearer_note_set(note, "cut off after byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    case json_error_end_of_input_expected:
        bearer_note_set(note, "more after the end, byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    default: /* jansson's enumeration, and it may grow */
        bearer_note_set(note, "wrong syntax, byte %d", error->position);
        return BEARER_JSON_SYNTAX;
    }
}

static apr_status_t release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

json_t *bearer_json_adopt(json_t *json, apr_pool_t *pool)
{
    if (json)
        apr_pool_cleanup_register(pool, json, release, apr_pool_cleanup_null);
    return json;
}

/*
 * What jansson makes of a text; NULL: nothing. Without memory it may refuse a
 * good text, or lose characters of a long string and say nothing (its parser does
 * not look whether its buffer grew): it reads twice, and must read the same.
 */
static bearer_reason_t load_twice(bearer_str_t text, json_t **out,
                                  json_error_t *error)
{
    json_t *one =
        json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, error);
    json_t *two =
        json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, error);
    bool same = one && two ? json_equal(one, two) : one == two;

    json_decref(two);
    if (same) {
        *out = one;
        return BEARER_OK;
    }
    json_decref(one);
    return BEARER_NO_MEMORY;
}

/* the caller owns the document */
static bearer_reason_t load(bearer_str_t text, json_t **out,
                            bearer_note_t *note)
{
    json_error_t error = {0}; /* jansson does not always say why */
    bearer_reason_t why;
    json_t *json;

    if (!text.len) {
        bearer_note_set(note, "empty text");
        return BEARER_JSON_SYNTAX;
    }
    if (!is_shallow(text)) {
        bearer_note_set(note, "nested deeper than %d", BEARER_LIMIT_JSON_DEPTH);
        return BEARER_JSON_DEPTH;
    }
    /* RFC 7519 4, RFC 7515 4: a member that stands twice is refused, since
     * two parsers may see two documents (RFC 8725 2.4) */
    why = load_twice(text, &json, &error);
    if (why)
        return why;
    if (!json)
        return explain(&error, note);
    if (!json_is_object(json)) {
        json_decref(json);
        bearer_note_set(note, "an array, not an object");
        return BEARER_JSON_SYNTAX;
    }
    *out = json;
    return BEARER_OK;
}

bearer_reason_t bearer_json_parse(bearer_str_t text, const json_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    json_t *json;
    bearer_reason_t why = load(text, &json, note);

    if (!why)
        *out = bearer_json_adopt(json, pool);
    return why;
}

/* --- documents in one block ---------------------------------------------- */

static apr_size_t room_for(const json_t *json);

/* names are texts as well; the recursion here and below is as deep as
 * bearer_json_parse allows, BEARER_LIMIT_JSON_DEPTH */
static apr_size_t room_for_members(const json_t *json)
{
    void *iter = json_object_iter((json_t *)json);
    apr_size_t i, sum = 0;

    for (; iter; iter = json_object_iter_next((json_t *)json, iter))
        sum += BEARER_VALUE_ROOM(1) + strlen(json_object_iter_key(iter))
               + room_for(json_object_iter_value(iter));
    for (i = 0; i < json_array_size(json); i++)
        sum += room_for(json_array_get(json, i));
    return sum;
}

/* at most so many bytes: a head and a number, or a text, its NUL and padding */
static apr_size_t room_for(const json_t *json)
{
    return BEARER_VALUE_ROOM(1) + json_string_length(json)
           + room_for_members(json);
}

static bool freeze(bearer_value_room_t *room, const json_t *json);

static bool freeze_members(bearer_value_room_t *room, const json_t *json)
{
    bool is_object = json_is_object(json);
    bearer_value_t *whole = bearer_value_open(
        room, is_object ? BEARER_KIND_OBJECT : BEARER_KIND_ARRAY);
    void *iter = json_object_iter((json_t *)json);
    bool good = whole != NULL;
    bearer_str_t name;
    apr_size_t i;

    for (; iter && good; iter = json_object_iter_next((json_t *)json, iter)) {
        name.data = json_object_iter_key(iter);
        name.len = strlen(name.data);
        good = bearer_value_put_string(room, name)
               && freeze(room, json_object_iter_value(iter));
    }
    for (i = 0; i < json_array_size(json) && good; i++)
        good = freeze(room, json_array_get(json, i));
    if (good)
        bearer_value_close(room, whole);
    return good;
}

static bool freeze(bearer_value_room_t *room, const json_t *json)
{
    bearer_str_t text;

    switch (json_typeof(json)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return freeze_members(room, json);
    case JSON_STRING:
        text.data = json_string_value(json);
        text.len = json_string_length(json);
        return bearer_value_put_string(room, text);
    case JSON_INTEGER:
        return bearer_value_put_integer(room, json_integer_value(json));
    case JSON_REAL:
        return bearer_value_put_real(room, json_real_value(json));
    case JSON_TRUE:
        return bearer_value_put_plain(room, BEARER_KIND_TRUE);
    case JSON_FALSE:
        return bearer_value_put_plain(room, BEARER_KIND_FALSE);
    case JSON_NULL:
        break;
    }
    return bearer_value_put_plain(room, BEARER_KIND_NULL);
}

/* NULL for what no value can hold */
static const bearer_value_t *to_value(const json_t *json, apr_pool_t *pool)
{
    apr_size_t size = room_for(json);
    char *memory = apr_palloc(pool, size);
    bearer_value_room_t room = {memory, memory + size};

    if (!freeze(&room, json))
        return NULL;
    return (const bearer_value_t *)(const void *)memory;
}

static bearer_reason_t read_by_jansson(bearer_str_t text,
                                       const bearer_value_t **out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_value_t *value;
    bearer_reason_t why;
    json_t *json;

    why = load(text, &json, note);
    if (why)
        return why;
    value = to_value(json, pool);
    json_decref(json);
    if (!value) {
        bearer_note_set(note, "too large");
        return BEARER_JSON_SYNTAX;
    }
    *out = value;
    return BEARER_OK;
}

bearer_reason_t bearer_json_read(bearer_str_t text, const bearer_value_t **out,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    /* nearly all tokens; jansson would find the same, but slower */
    const bearer_value_t *value = bearer_plain_parse(text, pool);

    if (!value)
        return read_by_jansson(text, out, note, pool);
    *out = value;
    return BEARER_OK;
}

/* what freeze was given; NULL if there is no memory */
static json_t *thaw(const bearer_value_t *value);

static json_t *thaw_object(const bearer_value_t *value)
{
    const bearer_value_t *at = bearer_value_first(value);
    json_t *json = json_object();
    bool good = json != NULL;

    while (at && good) {
        const bearer_value_t *member = bearer_value_next(value, at);

        good = json_object_set_new_nocheck(json, bearer_value_text(at).data,
                                           thaw(member))
               == 0;
        at = bearer_value_next(value, member);
    }
    if (good)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *thaw_array(const bearer_value_t *value)
{
    const bearer_value_t *at = bearer_value_first(value);
    json_t *json = json_array();
    bool good = json != NULL;

    for (; at && good; at = bearer_value_next(value, at))
        good = json_array_append_new(json, thaw(at)) == 0;
    if (good)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *thaw(const bearer_value_t *value)
{
    bearer_str_t text = bearer_value_text(value);

    switch (bearer_value_kind(value)) {
    case BEARER_KIND_OBJECT:
        return thaw_object(value);
    case BEARER_KIND_ARRAY:
        return thaw_array(value);
    case BEARER_KIND_STRING:
        return json_stringn_nocheck(text.data, text.len);
    case BEARER_KIND_INTEGER:
        return json_integer(bearer_value_integer(value));
    case BEARER_KIND_REAL:
        return json_real(bearer_value_real(value));
    case BEARER_KIND_TRUE:
        return json_true();
    case BEARER_KIND_FALSE:
        return json_false();
    case BEARER_KIND_NULL:
    case BEARER_KIND_ABSENT:
        break;
    }
    return json_null();
}

bearer_str_t bearer_json_write(const bearer_value_t *value, apr_pool_t *pool)
{
    json_t *json = thaw(value);
    bearer_str_t none = {NULL, 0};
    bearer_str_t text = json ? bearer_json_render(json, pool) : none;

    json_decref(json);
    return text;
}

/* as bearer_json_render would write it */
static apr_size_t write_real(double real, char *buffer, apr_size_t size)
{
    json_t *json = json_real(real);
    apr_size_t len = 0;

    if (json)
        len = json_dumpb(
            json, buffer, size,
            JSON_ENCODE_ANY | JSON_REAL_PRECISION(bearer_json_precision(json)));
    json_decref(json);
    return len;
}

bearer_str_t bearer_json_scalar(const bearer_value_t *value, char *buffer,
                                apr_size_t size)
{
    bearer_str_t text = {buffer, 0};

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
        text.len = write_real(bearer_value_real(value), buffer, size);
        break;
    default: /* no scalar */
        break;
    }
    if (!text.len)
        text.data = NULL;
    return text;
}

/* --- values ------------------------------------------------------------- */

bearer_json_got_t bearer_json_string(const json_t *object, const char *name,
                                     bearer_str_t *out)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return BEARER_JSON_ABSENT;
    if (!json_is_string(value))
        return BEARER_JSON_WRONG;
    out->data = json_string_value(value);
    out->len = json_string_length(value);
    return BEARER_JSON_GOT;
}

bearer_json_got_t bearer_json_get_string(const bearer_value_t *object,
                                         const char *name, bearer_str_t *out)
{
    const bearer_value_t *value = bearer_value_get(object, name);
    bearer_str_t text = bearer_value_text(value);

    if (!value)
        return BEARER_JSON_ABSENT;
    if (!text.data)
        return BEARER_JSON_WRONG;
    *out = text;
    return BEARER_JSON_GOT;
}

static bearer_json_got_t whole_seconds(apr_int64_t whole, apr_int64_t *out)
{
    if (whole < -SECONDS_MAX || whole > SECONDS_MAX)
        return BEARER_JSON_WRONG;
    *out = whole;
    return BEARER_JSON_GOT;
}

static bearer_json_got_t real_seconds(double real, apr_int64_t *out)
{
    apr_int64_t whole;

    /* written so that not-a-number fails it; the cast below is then defined */
    if (!(real >= (double)-SECONDS_MAX && real <= (double)SECONDS_MAX))
        return BEARER_JSON_WRONG;
    whole = (apr_int64_t)real;
    if ((double)whole > real)
        whole--;
    *out = whole;
    return BEARER_JSON_GOT;
}

bearer_json_got_t bearer_json_seconds(const json_t *object, const char *name,
                                      apr_int64_t *out)
{
    const json_t *value = json_object_get(object, name);

    if (!value)
        return BEARER_JSON_ABSENT;
    if (json_is_integer(value))
        return whole_seconds(json_integer_value(value), out);
    if (json_is_real(value))
        return real_seconds(json_real_value(value), out);
    return BEARER_JSON_WRONG;
}

bearer_json_got_t bearer_json_get_seconds(const bearer_value_t *object,
                                          const char *name, apr_int64_t *out)
{
    const bearer_value_t *value = bearer_value_get(object, name);

    switch (bearer_value_kind(value)) {
    case BEARER_KIND_ABSENT:
        return BEARER_JSON_ABSENT;
    case BEARER_KIND_INTEGER:
        return whole_seconds(bearer_value_integer(value), out);
    case BEARER_KIND_REAL:
        return real_seconds(bearer_value_real(value), out);
    default: /* all others are no number */
        return BEARER_JSON_WRONG;
    }
}

bool bearer_json_equals(const json_t *value, bearer_str_t text)
{
    bearer_str_t own = {json_string_value(value), json_string_length(value)};

    return json_is_string(value) && text.data && bearer_str_equal(own, text);
}

/* printf and strtod agree on the locale's decimal point, whatever it is */
static int digits_of(double real)
{
    char text[REAL_TEXT];
    int digits;

    for (digits = DIGITS_LEAST; digits < DIGITS_MOST; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    return digits;
}

int bearer_json_precision(const json_t *value)
{
    int digits =
        json_is_real(value) ? digits_of(json_real_value(value)) : DIGITS_LEAST;
    void *iter = json_object_iter((json_t *)value);
    size_t i;
    int more;

    for (i = 0; i < json_array_size(value); i++) {
        more = bearer_json_precision(json_array_get(value, i));
        digits = more > digits ? more : digits;
    }
    for (; iter; iter = json_object_iter_next((json_t *)value, iter)) {
        more = bearer_json_precision(json_object_iter_value(iter));
        digits = more > digits ? more : digits;
    }
    return digits;
}

/* JSON allows DEL in a string, and jansson writes it; nobody behind us wants a
 * control character */
static bearer_str_t escape_del(bearer_str_t text, apr_pool_t *pool)
{
    static const char escape[] = "\\u007f";
    bearer_str_t out = {NULL, text.len};
    apr_size_t i;
    char *to;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == 0x7f)
            out.len += sizeof(escape) - 2;
    }
    if (out.len == text.len)
        return text;
    out.data = to = apr_palloc(pool, out.len + 1);
    for (i = 0; i < text.len; i++) {
        if (text.data[i] != 0x7f) {
            *to++ = text.data[i];
            continue;
        }
        memcpy(to, escape, sizeof(escape) - 1);
        to += sizeof(escape) - 1;
    }
    *to = '\0';
    return out;
}

bearer_str_t bearer_json_render(const json_t *value, apr_pool_t *pool)
{
    const apr_size_t flags =
        JSON_COMPACT | JSON_ENCODE_ANY
        | JSON_REAL_PRECISION(bearer_json_precision(value));
    bearer_str_t out = {NULL, 0};
    char guess[RENDER_GUESS];
    apr_size_t len;
    char *text;

    len = json_dumpb(value, guess, sizeof(guess), flags);
    if (!len)
        return out;
    text = apr_palloc(pool, len + 1);
    if (len <= sizeof(guess))
        memcpy(text, guess, len);
    else
        len = json_dumpb(value, text, len, flags);
    if (!len) /* no memory, this time */
        return out;
    text[len] = '\0';
    out.data = text;
    out.len = len;
    return escape_del(out, pool);
}
