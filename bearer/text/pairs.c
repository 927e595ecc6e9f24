/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/pairs.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/str.h"

/* a part of a list: the separators before it (from gap to at), then the part
 * itself */
typedef struct piece_t {
    const char *gap, *at, *end;
} piece_t;

/* what a kind is */
typedef struct kind_t {
    const char *separators;
    const char *blanks; /* after a separator they are no part of the piece */
    bool (*next)(const struct kind_t *kind, piece_t *piece);
    bool (*match)(const piece_t *piece, const char *name, bearer_str_t *value);
    const char *nothing; /* if only these are left, nothing is */
} kind_t;

static bearer_str_t between(const char *at, const char *end)
{
    bearer_str_t str = {at, (apr_size_t)(end - at)};

    return str;
}

/* --- names as others read them ---------------------------------------------------- */

static int hex(const char *at, const char *end, int digits)
{
    int value = 0;

    if (end - at < digits)
        return -1;
    for (; digits; digits--, at++) {
        if (bearer_str_hex(*at) < 0)
            return -1;
        value = value * 16 + bearer_str_hex(*at);
    }
    return value;
}

/* the next character of a name, decoded */
static int take_character(bearer_str_t *name)
{
    const char *at = name->data, *end = at + name->len;
    int value = (unsigned char)*at, bytes = 1, coded;

    if (value == '%' && (coded = hex(at + 1, end, 2)) >= 0) {
        value = coded;
        bytes = 3;
    }
    else if (value == '+') {
        value = ' ';
    }
    name->data += bytes;
    name->len -= (apr_size_t)bytes;
    return value;
}

static bool is_same_decoded(bearer_str_t coded, const char *name)
{
    while (coded.len && *name && take_character(&coded) == (unsigned char)*name)
        name++;
    return !coded.len && !*name;
}

/* --- pairs ------------------------------------------------------------------------ */

static bool next_pair(const kind_t *kind, piece_t *piece)
{
    const char *at = piece->end;

    if (piece->gap) { /* it is not the first */
        if (!*at)
            return false;
        at++;
    }
    piece->gap = piece->end;
    piece->at = at + strspn(at, kind->blanks);
    piece->end = piece->at + strcspn(piece->at, kind->separators);
    return true;
}

static const char *find_equals(const char *at, const char *end)
{
    return memchr(at, '=', (apr_size_t)(end - at));
}

/* the name as every reader of a query decodes it */
static bool match_query(const piece_t *piece, const char *name,
                        bearer_str_t *value)
{
    const char *equals = find_equals(piece->at, piece->end);
    bearer_str_t own;

    if (!equals)
        return false;
    own = between(piece->at, equals);
    if (!bearer_str_is(own, name) && !is_same_decoded(own, name))
        return false;
    *value = between(equals + 1, piece->end);
    return true;
}

/* RFC 6265 5.4: a semicolon ends a cookie and nothing else does. A blank in the
 * value of another one plants no token. */
static bool match_cookie(const piece_t *piece, const char *name,
                         bearer_str_t *value)
{
    const char *equals = find_equals(piece->at, piece->end);
    const char *end = piece->end;

    if (!equals || !bearer_str_is(between(piece->at, equals), name))
        return false;
    while (end > equals + 1 && bearer_str_is_blank(end[-1]))
        end--;
    *value = between(equals + 1, end);
    return true;
}

/* RFC 6455 4.1: subprotocols are told apart by their bytes */
static bool match_protocol(const piece_t *piece, const char *name,
                           bearer_str_t *value)
{
    const char *end = piece->end, *own = piece->at + strlen(name);

    if (!bearer_str_begins(between(piece->at, end), name) || own == end
        || *own != '.')
        return false;
    while (end > own + 1 && bearer_str_is_blank(end[-1]))
        end--;
    *value = between(own + 1, end);
    return true;
}

/* --- names ------------------------------------------------------------------------ */

static bool is_name_end(const kind_t *kind, char c)
{
    return !c || apr_isspace(c) || strchr(kind->separators, c);
}

/* The bounds of names are those of httpd's ap_get_token: another idea of them
 * is a header that mod_proxy takes away although we thought it safe (a user
 * that the back end is not told).
 * The last piece may be empty, after the last separator. */
static bool next_name(const kind_t *kind, piece_t *piece)
{
    const char *at = piece->end;

    piece->gap = at;
    while (*at && is_name_end(kind, *at))
        at++;
    piece->at = at;
    while (!is_name_end(kind, *at)) {
        if (*at++ != '"')
            continue;
        at += strcspn(at, "\"");
        if (*at)
            at++;
    }
    piece->end = at;
    return piece->end > piece->gap;
}

static bool match_name(const piece_t *piece, const char *name,
                       bearer_str_t *value)
{
    *value = between(piece->at, piece->end);
    return bearer_str_is_nocase(*value, name);
}

/* --- lists ------------------------------------------------------------------------ */

static const kind_t kinds[] = {
    [BEARER_PAIRS_COOKIE] = {";", BEARER_STR_BLANKS, next_pair, match_cookie,
                             BEARER_STR_BLANKS},
    [BEARER_PAIRS_QUERY] = {"&;", "", next_pair, match_query, ""},
    [BEARER_PAIRS_NAMES] = {",;", BEARER_STR_SPACES, next_name, match_name,
                            ",;" BEARER_STR_SPACES},
    [BEARER_PAIRS_PROTOCOL] = {",", BEARER_STR_BLANKS, next_pair,
                               match_protocol, "," BEARER_STR_BLANKS},
};

int bearer_pairs_find(bearer_pairs_kind_t kind, const char *text,
                      const char *name, bearer_str_t *values, int max)
{
    piece_t piece = {NULL, text, text};
    bearer_str_t value;
    int count = 0;

    while (text && kinds[kind].next(&kinds[kind], &piece)) {
        if (!kinds[kind].match(&piece, name, &value))
            continue;
        if (count < max)
            values[count] = value;
        count++;
    }
    return count;
}

static char *append(char *to, const char *at, const char *end)
{
    apr_size_t len = (apr_size_t)(end - at);

    memcpy(to, at, len);
    return to + len;
}

/* All in one block: if the list were copied with each word, memory would grow with
 * the square of its length (exhaustion). */
const char *bearer_pairs_remove(bearer_pairs_kind_t kind, const char *text,
                                const char *name, apr_pool_t *pool)
{
    piece_t piece = {NULL, text, text};
    char *rest = NULL, *to = NULL;
    bearer_str_t value;
    bool kept = false, found;

    while (text && kinds[kind].next(&kinds[kind], &piece)) {
        found = kinds[kind].match(&piece, name, &value);
        if (found && !rest) {
            rest = apr_palloc(pool, strlen(text) + 1);
            to = append(rest, text, piece.gap);
        }
        if (found)
            continue;
        if (rest)
            to = append(to, kept || piece.gap == text ? piece.gap : piece.at,
                        piece.end);
        kept = true;
    }
    if (!rest)
        return text;
    *to = '\0';
    return rest[strspn(rest, kinds[kind].nothing)] ? rest : NULL;
}

const char *bearer_pairs_remove_query(const char *uri, const char *name,
                                      apr_pool_t *pool)
{
    const char *query = uri ? uri + strcspn(uri, "?#") : NULL;
    const char *end, *old, *rest;

    if (!query || *query != '?')
        return uri;
    for (end = query + 1; (unsigned char)*end > ' ' && *end != '#'; end++)
        ;
    old = apr_pstrmemdup(pool, query + 1, (apr_size_t)(end - query) - 1);
    rest = bearer_pairs_remove(BEARER_PAIRS_QUERY, old, name, pool);
    if (rest == old)
        return uri;
    return apr_pstrcat(pool,
                       apr_pstrmemdup(pool, uri, (apr_size_t)(query - uri)),
                       rest ? "?" : "", rest ? rest : "", end, NULL);
}
