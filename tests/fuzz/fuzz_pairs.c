/* SPDX-License-Identifier: Apache-2.0 */
/* A letter for the kind (c, q, n, p; u is a URI), a name and a list, a line each;
 * compared with a slow reading of the table in bearer/text/pairs.h, which shares no
 * code with it. */
#include "fuzz.h"

#include <apr_lib.h>

#include "bearer/text/pairs.h"

#define MANY 4096

/* --- the slow reading -------------------------------------------------------------- */

typedef struct slow_t {
    int count;
    bearer_str_t values[MANY];
    const char *text, *rest;
    bool kept, nothing;
} slow_t;

static bool is_plain(int c)
{
    return c >= 0x21 && c <= 0x7e;
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static int code(const char *at, apr_size_t left, apr_size_t digits)
{
    char copy[5] = "";
    apr_size_t i;

    if (left < digits)
        return -1;
    for (i = 0; i < digits; i++) {
        if (!is_one_of(at[i], "0123456789abcdefABCDEF"))
            return -1;
        copy[i] = at[i];
    }
    return (int)strtol(copy, NULL, 16);
}

/* the characters of a name, all at once */
static int *decode(bearer_str_t name, apr_size_t *count, apr_pool_t *pool)
{
    int *all = apr_pcalloc(pool, sizeof(int) * (name.len + 1));
    apr_size_t i = 0, step;

    for (*count = 0; i < name.len; i += step) {
        const char *at = name.data + i;
        int c = (unsigned char)*at;

        step = 1;
        if (c == '+')
            c = ' ';
        if (c == '%' && code(at + 1, name.len - i - 1, 2) >= 0) {
            c = code(at + 1, 2, 2);
            step = 3;
        }
        all[(*count)++] = c;
    }
    return all;
}

static bool is_same_coded(bearer_str_t word, const char *name, apr_pool_t *pool)
{
    apr_size_t have, i;
    int *w = decode(word, &have, pool);

    if (have != strlen(name))
        return false;
    for (i = 0; i < have; i++) {
        if (w[i] != (unsigned char)name[i])
            return false;
    }
    return true;
}

static bearer_str_t span(const char *text, apr_size_t from, apr_size_t to)
{
    bearer_str_t str = {text + from, to - from};

    return str;
}

static void keep(slow_t *slow, bearer_str_t gap, bearer_str_t piece,
                 apr_pool_t *pool)
{
    bool begins = slow->kept || gap.data == slow->text;

    slow->rest = apr_pstrcat(
        pool, slow->rest, begins ? apr_pstrmemdup(pool, gap.data, gap.len) : "",
        apr_pstrmemdup(pool, piece.data, piece.len), NULL);
    slow->kept = true;
}

static void give(slow_t *slow, bearer_str_t value)
{
    fuzz_check(slow->count < MANY);
    slow->values[slow->count++] = value;
}

static void read_cookie(slow_t *slow, const char *text, apr_size_t gap,
                        apr_size_t at, apr_size_t end, const char *name,
                        apr_pool_t *pool)
{
    apr_size_t equals = at, last = end;

    while (equals < end && text[equals] != '=')
        equals++;
    if (equals == end || equals - at != strlen(name)
        || memcmp(text + at, name, equals - at) != 0) {
        keep(slow, span(text, gap, at), span(text, at, end), pool);
        return;
    }
    while (last > equals + 1 && is_one_of(text[last - 1], " \t"))
        last--;
    give(slow, span(text, equals + 1, last));
}

static void read_protocol(slow_t *slow, const char *text, apr_size_t gap,
                          apr_size_t at, apr_size_t end, const char *name,
                          apr_pool_t *pool)
{
    apr_size_t dot = at + strlen(name), last = end;

    if (dot >= end || memcmp(text + at, name, dot - at) != 0
        || text[dot] != '.') {
        keep(slow, span(text, gap, at), span(text, at, end), pool);
        return;
    }
    while (last > dot + 1 && is_one_of(text[last - 1], " \t"))
        last--;
    give(slow, span(text, dot + 1, last));
}

static void read_query(slow_t *slow, const char *text, apr_size_t gap,
                       apr_size_t at, apr_size_t end, const char *name,
                       apr_pool_t *pool)
{
    apr_size_t equals = at;
    bearer_str_t own;

    while (equals < end && text[equals] != '=')
        equals++;
    own = span(text, at, equals);
    if (equals < end
        && (is_same_coded(own, name, pool)
            || (own.len == strlen(name)
                && memcmp(own.data, name, own.len) == 0)))
        give(slow, span(text, equals + 1, end));
    else
        keep(slow, span(text, gap, at), span(text, at, end), pool);
}

/* how the kinds of pairs differ */
typedef struct slow_kind_t {
    const char *blanks, *ends, *nothing;
    void (*read)(slow_t *slow, const char *text, apr_size_t gap, apr_size_t at,
                 apr_size_t end, const char *name, apr_pool_t *pool);
} slow_kind_t;

static const slow_kind_t slow_kinds[] = {
    [BEARER_PAIRS_COOKIE] = {" \t", ";", " \t", read_cookie},
    [BEARER_PAIRS_QUERY] = {"", "&;", "", read_query},
    [BEARER_PAIRS_NAMES] = {"", "", ",; \t\n\v\f\r", NULL},
    [BEARER_PAIRS_PROTOCOL] = {" \t", ",", ", \t", read_protocol},
};

static void read_pairs(slow_t *slow, const slow_kind_t *kind, const char *text,
                       const char *name, apr_pool_t *pool)
{
    apr_size_t gap, at, end = 0;
    bool first = true;

    do {
        gap = end;
        at = first ? 0 : end + 1;
        while (is_one_of(text[at], kind->blanks))
            at++;
        end = at;
        while (text[end] && !is_one_of(text[end], kind->ends))
            end++;
        kind->read(slow, text, gap, at, end, name, pool);
        first = false;
    } while (text[end]);
}

/* with one state for each character */
static void read_names(slow_t *slow, const char *text, const char *name,
                       apr_pool_t *pool)
{
    apr_size_t gap = 0, at = 0, i;
    bool inside = false, quoted = false;

    for (i = 0;; i++) {
        bool ends =
            !text[i] || (!quoted && is_one_of(text[i], ",; \t\n\v\f\r"));

        if (inside && ends) {
            bearer_str_t word = span(text, at, i);
            apr_size_t k = 0;

            while (k < word.len && name[k]
                   && apr_tolower(word.data[k]) == apr_tolower(name[k]))
                k++;
            if (k == word.len && !name[k])
                give(slow, word);
            else
                keep(slow, span(text, gap, at), word, pool);
            gap = i;
            inside = false;
        }
        if (!text[i])
            break;
        if (ends)
            continue;
        if (!inside)
            at = i;
        inside = true;
        if (text[i] == '"')
            quoted = !quoted;
    }
    keep(slow, span(text, gap, i), span(text, i, i), pool);
}

static slow_t *read_slowly(bearer_pairs_kind_t kind, const char *text,
                           const char *name, apr_pool_t *pool)
{
    slow_t *slow = apr_pcalloc(pool, sizeof(*slow));
    const char *c;

    slow->text = text;
    slow->rest = "";
    if (kind == BEARER_PAIRS_NAMES)
        read_names(slow, text, name, pool);
    else
        read_pairs(slow, &slow_kinds[kind], text, name, pool);
    slow->nothing = true;
    for (c = slow->rest; *c; c++)
        slow->nothing &= is_one_of(*c, slow_kinds[kind].nothing);
    return slow;
}

/* --- the promises ------------------------------------------------------------------- */

static void check_list(bearer_pairs_kind_t kind, const char *text,
                       const char *name, apr_pool_t *pool)
{
    slow_t *slow = read_slowly(kind, text, name, pool);
    bearer_str_t *values = apr_pcalloc(pool, sizeof(*values) * MANY);
    int count = bearer_pairs_find(kind, text, name, values, MANY), i;
    const char *rest = bearer_pairs_remove(kind, text, name, pool);

    fuzz_check(count == slow->count);
    for (i = 0; i < count; i++)
        fuzz_check(values[i].data == slow->values[i].data
                   && values[i].len == slow->values[i].len);
    fuzz_check((rest == text) == !count);
    fuzz_check((!count && strcmp(slow->rest, text) == 0)
               || (!rest && slow->nothing)
               || (rest && !slow->nothing && strcmp(slow->rest, rest) == 0));
    fuzz_check(bearer_pairs_find(kind, rest, name, NULL, 0) == 0);
    fuzz_check(bearer_pairs_remove(kind, rest, name, pool) == rest);
}

static void check_uri(const char *uri, const char *name, apr_pool_t *pool)
{
    const char *got = bearer_pairs_remove_query(uri, name, pool);
    apr_size_t from = 0, to;
    const char *query, *rest;

    while (uri[from] && uri[from] != '?' && uri[from] != '#')
        from++;
    if (uri[from] != '?') {
        fuzz_check(got == uri);
        return;
    }
    to = from + 1;
    while ((unsigned char)uri[to] > ' ' && uri[to] != '#')
        to++;
    query = apr_pstrmemdup(pool, uri + from + 1, to - from - 1);
    rest = bearer_pairs_remove(BEARER_PAIRS_QUERY, query, name, pool);
    fuzz_check((got == uri) == (rest == query));
    rest = rest ? apr_pstrcat(pool, "?", rest, NULL) : "";
    fuzz_check(strlen(got) == from + strlen(rest) + strlen(uri + to)
               && memcmp(got, uri, from) == 0
               && memcmp(got + from, rest, strlen(rest)) == 0
               && strcmp(got + from + strlen(rest), uri + to) == 0);
    /* a query that is gone may uncover a question mark after the URI */
    fuzz_check(strchr(uri + to, '?')
               || bearer_pairs_remove_query(got, name, pool) == got);
}

/* a name as the administrator may write one */
static bool is_name(const char *name)
{
    const char *c;

    for (c = name; *c; c++) {
        if (!is_plain((unsigned char)*c)
            || is_one_of(*c, "()<>@,;:\\\"/[]?={}"))
            return false;
    }
    return c != name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_str_t kind = fuzz_line(&rest, pool);
    const char *name = fuzz_line(&rest, pool).data;
    apr_size_t len =
        strlen(rest.len ? apr_pstrmemdup(pool, rest.data, rest.len) : "");
    char *text = malloc(len + 1); /* of its own, so that its end is seen */

    fuzz_check(text);
    memcpy(text, rest.len ? rest.data : "", len);
    text[len] = '\0';
    if (is_name(name) && len < MANY) {
        switch (kind.len ? kind.data[0] : 'c') {
        case 'q':
            check_list(BEARER_PAIRS_QUERY, text, name, pool);
            break;
        case 'n':
            check_list(BEARER_PAIRS_NAMES, text, name, pool);
            break;
        case 'p':
            check_list(BEARER_PAIRS_PROTOCOL, text, name, pool);
            break;
        case 'u':
            check_uri(text, name, pool);
            break;
        default:
            check_list(BEARER_PAIRS_COOKIE, text, name, pool);
            break;
        }
    }
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
