/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/** One line of the table. */
typedef struct row_t {
    const char *kid, *kty, *alg; /* in printable ASCII; NULL: absent */
    bearer_str_t name;           /* the kid as it is, for programs */
    int bits;                    /* 0: not known */
    bearer_reason_t why;         /* BEARER_OK: usable */
    bearer_note_t note;
} row_t;

/* a published member, cut to a few characters: strangers wrote it */
static const char *member(const bearer_value_t *key, const char *name,
                          apr_pool_t *pool)
{
    bearer_note_t note = {""};
    bearer_str_t text;

    if (bearer_value_get_string(key, name, &text) != BEARER_VALUE_GOT)
        return NULL;
    bearer_note_set(&note, "%.*s", bearer_note_width(text), text.data);
    return apr_pstrdup(pool, note.text);
}

static void fill_usable(row_t *row, const bearer_jwk_t *key, apr_pool_t *pool)
{
    bearer_note_t note = {""};

    row->name = key->kid;
    if (key->kid.data) {
        bearer_note_set(&note, "%.*s", bearer_note_width(key->kid),
                        key->kid.data);
        row->kid = apr_pstrdup(pool, note.text);
    }
    row->kty = bearer_alg_kty_name(key->kty);
    row->alg = bearer_alg_names(key->algs, pool);
    row->bits = key->bits;
}

static row_t judge(const bearer_value_t *published, int index,
                   bearer_jwk_use_t use, apr_pool_t *pool)
{
    const bearer_jwk_t *key;
    row_t row;

    memset(&row, 0, sizeof(row));
    row.why = BEARER_JWKS_SIZE;
    if (index < BEARER_LIMIT_KEYS)
        row.why = bearer_jwk_parse_for(use, published, &key, &row.note, pool);
    if (!row.why) {
        fill_usable(&row, key, pool);
        return row;
    }
    (void)bearer_value_get_string(published, "kid", &row.name);
    row.kid = member(published, "kid", pool);
    row.kty = member(published, "kty", pool);
    row.alg = member(published, "alg", pool);
    return row;
}

/* of row_t: every published key; of PEM texts the good ones, and the first of those
 * that are not */
static apr_array_header_t *judge_all(const tool_found_t *found,
                                     bearer_jwk_use_t use, apr_pool_t *pool)
{
    apr_array_header_t *rows = apr_array_make(pool, 8, sizeof(row_t));
    const bearer_value_t *at = bearer_value_first(found->published);
    int i;

    for (i = 0; at; at = bearer_value_next(found->published, at))
        APR_ARRAY_PUSH(rows, row_t) = judge(at, i++, use, pool);
    if (found->published)
        return rows;
    for (i = 0; found->keys && i < found->keys->count; i++) {
        row_t *row = apr_array_push(rows);

        memset(row, 0, sizeof(*row));
        fill_usable(row, found->keys->keys[i], pool);
    }
    if (found->keys && found->keys->skipped) {
        row_t *row = apr_array_push(rows);

        memset(row, 0, sizeof(*row));
        row->why = found->keys->why;
        row->note = found->keys->skipped_note;
    }
    return rows;
}

/* --- text --------------------------------------------------------------------- */

static void print_steps(const tool_found_t *found, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < found->steps->nelts; i++) {
        const tool_step_t *step = &APR_ARRAY_IDX(found->steps, i, tool_step_t);
        const bearer_outcome_t *one = &step->outcome;
        bearer_note_t where = {""};

        bearer_note_set(&where, "%s", one->tried);
        printf("%-9s %s  %s\n", step->what, where.text,
               one->why ? bearer_error_text(one->why, &one->note, pool) : "ok");
    }
}

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static int widest(const apr_array_header_t *rows, apr_size_t offset, int least)
{
    int i, width = least;

    for (i = 0; i < rows->nelts; i++) {
        const char *row = (const char *)&APR_ARRAY_IDX(rows, i, row_t);
        const char *text = or_dash(*(const char *const *)(row + offset));
        int len = (int)strlen(text);

        if (len > width)
            width = len;
    }
    return width;
}

static void print_rows(const apr_array_header_t *rows, apr_pool_t *pool)
{
    int kid = widest(rows, APR_OFFSETOF(row_t, kid), 3);
    int kty = widest(rows, APR_OFFSETOF(row_t, kty), 3);
    int alg = widest(rows, APR_OFFSETOF(row_t, alg), 3);
    int i;

    if (!rows->nelts)
        return;
    printf("\n%-*s  %-*s  %-*s  %5s  %s\n", kid, "kid", kty, "kty", alg, "alg",
           "bits", "state");
    for (i = 0; i < rows->nelts; i++) {
        const row_t *row = &APR_ARRAY_IDX(rows, i, row_t);

        printf("%-*s  %-*s  %-*s  %5s  %s\n", kid, or_dash(row->kid), kty,
               or_dash(row->kty), alg, or_dash(row->alg),
               row->bits ? apr_itoa(pool, row->bits) : "-",
               row->why ? bearer_error_text(row->why, &row->note, pool)
                        : "usable");
    }
}

static void print_text(const tool_found_t *found,
                       const apr_array_header_t *rows, apr_pool_t *pool)
{
    bearer_note_t headers = {""};

    print_steps(found, pool);
    if (found->fresh >= 0) {
        if (found->cache_control)
            bearer_note_set(&headers, " (Cache-Control: %s)",
                            found->cache_control);
        printf("%-9s %" APR_INT64_T_FMT " s%s\n", "fresh", found->fresh,
               headers.text);
    }
    print_rows(rows, pool);
}

/* --- JSON --------------------------------------------------------------------- */

/* 0 means none */
static void add_some(bearer_write_t *json, const char *name, int number)
{
    if (number)
        bearer_write_integer(json, name, number);
    else
        bearer_write_null(json, name);
}

static void add_step(bearer_write_t *json, const tool_step_t *step)
{
    const bearer_outcome_t *one = &step->outcome;
    bearer_note_t where = {""};

    bearer_note_set(&where, "%s", one->tried);
    bearer_write_open(json, NULL, '{');
    bearer_write_text(json, "what", step->what);
    bearer_write_text(json, "where", where.text);
    add_some(json, "status", one->status);
    tool_text_add_reason(json, one->why, &one->note);
    bearer_write_close(json);
}

static void add_row(bearer_write_t *json, const row_t *row)
{
    bearer_write_open(json, NULL, '{');
    if (row->name.data)
        bearer_write_string(json, "kid", row->name);
    else
        bearer_write_null(json, "kid");
    bearer_write_text(json, "kty", row->kty);
    bearer_write_text(json, "alg", row->alg);
    add_some(json, "bits", row->bits);
    bearer_write_boolean(json, "usable", !row->why);
    tool_text_add_reason(json, row->why, &row->note);
    bearer_write_close(json);
}

static void print_json(const tool_found_t *found,
                       const apr_array_header_t *rows, apr_pool_t *pool)
{
    bearer_write_t json;
    int i;

    tool_text_begin_json(&json, pool);
    bearer_write_integer(&json, "usable", found->keys ? found->keys->count : 0);
    if (found->fresh < 0)
        bearer_write_null(&json, "fresh");
    else
        bearer_write_integer(&json, "fresh", found->fresh);
    bearer_write_open(&json, "steps", '[');
    for (i = 0; i < found->steps->nelts; i++)
        add_step(&json, &APR_ARRAY_IDX(found->steps, i, tool_step_t));
    bearer_write_close(&json);
    bearer_write_open(&json, "keys", '[');
    for (i = 0; i < rows->nelts; i++)
        add_row(&json, &APR_ARRAY_IDX(rows, i, row_t));
    bearer_write_close(&json);
    tool_text_print_json(&json);
}

/* --- the command -------------------------------------------------------------- */

int tool_keys(tool_t *tool)
{
    const apr_array_header_t *rows;
    tool_found_t found;
    bearer_reason_t why;

    if (tool->source.kind == BEARER_SOURCE_PER_KID
        && !bearer_kidname_check(bearer_str(tool->kid)))
        return tool_complain("pem-per-kid: needs the key id whose key to look "
                             "at, after the last slash");
    why = tool_source_get(tool, &found);
    rows = judge_all(
        &found, tool->source.svid ? BEARER_JWK_FOR_SVID : BEARER_JWK_FOR_SIG,
        tool->pool);
    if (tool->json)
        print_json(&found, rows, tool->pool);
    else
        print_text(&found, rows, tool->pool);
    if (!why)
        return TOOL_GOOD;
    /* a key set that was read, but no key in it can be used */
    return found.published ? TOOL_REFUSED : TOOL_UNDECIDED;
}
