/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/words.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"

/* --- where a directive stands ---------------------------------------------------- */

bool mab_words_in_htaccess(const cmd_parms *cmd)
{
    return cmd->pool == cmd->temp_pool;
}

const char *mab_words_place(const cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;

    /* "<RequireAll>" has ">" for its words */
    return apr_psprintf(cmd->pool, "%s%s%s%s%s:%d",
                        parent ? parent->directive : "",
                        parent && parent->args[0] != '>' ? " " : "",
                        parent ? parent->args : "", parent ? " at " : "",
                        cmd->directive->filename, cmd->directive->line_num);
}

const char *mab_words_describe(const cmd_parms *cmd)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name,
                       cmd->directive->parent ? " in " : " at ",
                       mab_words_place(cmd), NULL);
}

const char *mab_words_wrong(const cmd_parms *cmd, const char *what,
                            const char *allowed)
{
    return apr_psprintf(cmd->pool, "%s: %s; %s", cmd->cmd->name, what, allowed);
}

/* --- numbers ----------------------------------------------------------------------- */

/* digits, then a unit from the table; NULL if it is not of that form */
static const char *parse_scaled(const char *text, const char *units,
                                const apr_int64_t *scales, apr_int64_t *out)
{
    const char *end = text + strspn(text, "0123456789");
    const char *unit = NULL;
    apr_int64_t number;

    if (end == text || end - text > 9)
        return NULL;
    number = apr_atoi64(text);
    if (*end) {
        unit = strchr(units, apr_tolower(*end));
        if (!unit || end[1])
            return NULL;
        number *= scales[unit - units];
    }
    *out = number;
    return text;
}

static const char *parse_seconds(const mab_field_t *field, const char *text,
                                 apr_int64_t *out)
{
    static const apr_int64_t scales[] = {1, 60, 3600, 86400};

    if (field->least == 0 && strcasecmp(text, "off") == 0) {
        *out = 0;
        return text;
    }
    return parse_scaled(text, "smhd", scales, out);
}

/* HTTP's max-age=0 allows nothing, ours would allow everything: off says so */
static const char *parse_limit(const mab_field_t *field, const char *text,
                               apr_int64_t *out)
{
    const char *read = parse_seconds(field, text, out);

    return read && !*out && strcasecmp(text, "off") != 0 ? NULL : read;
}

static const char *parse_word(const mab_field_t *field, const char *text,
                              apr_int64_t *out)
{
    int i;

    for (i = 0; field->words[i]; i++) {
        if (strcasecmp(text, field->words[i]) == 0) {
            *out = i;
            return text;
        }
    }
    return NULL;
}

static const char *parse_number(const mab_field_t *field, const char *text,
                                apr_int64_t *out)
{
    static const apr_int64_t byte_scales[] = {1, 1024, 1048576};

    switch (field->kind) {
    case MAB_SECONDS:
        return parse_seconds(field, text, out);
    case MAB_LIMIT:
        return parse_limit(field, text, out);
    case MAB_AMOUNT:
        return parse_scaled(text, "bkm", byte_scales, out);
    case MAB_WORD:
        return parse_word(field, text, out);
    case MAB_FLAG:
        *out = strcasecmp(text, "on") == 0;
        return *out || strcasecmp(text, "off") == 0 ? text : NULL;
    case MAB_ALGS:
    case MAB_POINTER:
        break;
    }
    return NULL;
}

/* the words of a field, or else the range of its numbers */
static const char *allowed_words(const mab_field_t *field, apr_pool_t *pool)
{
    const char *list = "allowed is one of: ";
    int i;

    for (i = 0; field->words[i]; i++)
        list = apr_pstrcat(pool, list, i ? ", " : "", field->words[i], NULL);
    return list;
}

static const char *allowed_range(const mab_field_t *field, const char *of,
                                 const char *units, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "allowed is %s%" APR_INT64_T_FMT " to %" APR_INT64_T_FMT
                        "%s; the number may end in %s",
                        field->least || !strchr(units, 's') ? "" : "off, or ",
                        field->least + (field->kind == MAB_LIMIT),
                        field->greatest, of, units);
}

/* what a field may be, for messages */
static const char *allowed(const mab_field_t *field, apr_pool_t *pool)
{
    switch (field->kind) {
    case MAB_SECONDS:
    case MAB_LIMIT:
        return allowed_range(field, " seconds", "s, m, h or d", pool);
    case MAB_AMOUNT:
        return field->of == MAB_ON_CACHE
                   ? apr_pstrcat(pool,
                                 allowed_range(field, " entries, not bytes",
                                               "k or m", pool),
                                 "; for no cache: off", NULL)
                   : allowed_range(field, " bytes", "k or m", pool);
    case MAB_FLAG:
        return "allowed is On or Off";
    case MAB_WORD:
        return allowed_words(field, pool);
    case MAB_ALGS:
    case MAB_POINTER:
        break;
    }
    return "";
}

const char *mab_words_set_number(cmd_parms *cmd, void *record,
                                 const mab_field_t *field, const char *text)
{
    apr_int64_t number;

    if (!parse_number(field, text, &number) || number < field->least
        || number > field->greatest)
        return mab_words_wrong(cmd,
                               apr_psprintf(cmd->pool,
                                            "\"%s\" is not a valid value for "
                                            "%s",
                                            text, field->name),
                               allowed(field, cmd->pool));
    *(apr_int64_t *)((char *)record + field->offset) = number;
    return NULL;
}

/* --- key=value words ----------------------------------------------------------------- */

/* whether it is a number that an option of this directive sets */
static bool is_of(const mab_field_t *field, const mab_options_t *options)
{
    return field->of == options->of && field->option
           && field->kind != MAB_POINTER;
}

static bool is_end(const mab_field_t *field)
{
    return field->offset == (apr_size_t)-1;
}

const mab_field_t *mab_words_whole(const mab_options_t *options)
{
    const mab_field_t *field = options->fields;

    for (; !is_end(field); field++) {
        if (is_of(field, options) && field->whole)
            return field;
    }
    return NULL;
}

static const mab_field_t *find_field(const mab_options_t *options,
                                     const char *name)
{
    const mab_field_t *field = options->fields;

    for (; !is_end(field); field++) {
        if (is_of(field, options) && !field->whole
            && strcasecmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

const char *mab_words_option_names(const mab_options_t *options,
                                   apr_pool_t *pool)
{
    const mab_field_t *field = options->fields;
    const mab_option_t *other = options->others;
    const mab_field_t *whole = mab_words_whole(options);
    const char *list = "allowed is";
    bool any = other && other->name;

    for (; !is_end(field); field++) {
        if (!is_of(field, options) || field->whole)
            continue;
        list = apr_pstrcat(pool, list, " ", field->name, "=", NULL);
        any = true;
    }
    if (!any)
        return whole ? allowed(whole, pool) : "no options are allowed";
    for (; other && other->name; other++)
        list = apr_pstrcat(pool, list, " ", other->name, "=", NULL);
    return list;
}

/* cuts "name=value" and looks for the same name among the words before it */
static const char *set_one(cmd_parms *cmd, const mab_options_t *options,
                           void *record, const char *word, apr_table_t *seen)
{
    const char *equals = strchr(word, '=');
    const mab_field_t *field;
    const mab_option_t *other;
    const char *name;

    if (!equals || equals == word || !equals[1])
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is not <option>=<value>", word),
            mab_words_option_names(options, cmd->pool));
    name = apr_pstrmemdup(cmd->pool, word, (apr_size_t)(equals - word));
    if (apr_table_get(seen, name))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "%s= is given twice", name),
            "each option may be given once");
    apr_table_setn(seen, name, "");
    field = find_field(options, name);
    if (field)
        return mab_words_set_number(cmd, record, field, equals + 1);
    for (other = options->others; other && other->name; other++) {
        if (strcasecmp(other->name, name) == 0)
            return other->set(cmd, record, equals + 1);
    }
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "there is no option %s=", name),
        mab_words_option_names(options, cmd->pool));
}

const char *mab_words_set_options(cmd_parms *cmd, const mab_options_t *options,
                                  void *record, char *const *words, int count)
{
    apr_table_t *seen = apr_table_make(cmd->temp_pool, 8);
    const char *error = NULL;
    int i;

    for (i = 0; i < count && !error; i++)
        error = set_one(cmd, options, record, words[i], seen);
    return error;
}

/* --- raw words --- */

/* name="two words": without the quotes, a backslash keeps the next character */
static const char *cut_quoted_value(apr_pool_t *pool, const char **text,
                                    const char *quote)
{
    const char *from, *end = quote + 1;
    char *word, *to;

    while (*end && *end != *quote)
        end += *end == '\\' && end[1] ? 2 : 1;
    /* no more room than the word needs: lines are long (exhaustion) */
    word = apr_pstrmemdup(pool, *text, (apr_size_t)(end - *text));
    to = word + (quote - *text);
    for (from = quote + 1; from < end; from++) {
        if (*from == '\\' && from + 1 < end)
            from++;
        *to++ = *from;
    }
    *to = '\0';
    *text = *end ? end + 1 : end;
    return word;
}

apr_array_header_t *mab_words_cut(apr_pool_t *pool, const char *text)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));

    text += strspn(text, " \t");
    for (; *text && words->nelts <= BEARER_LIMIT_WORDS;
         text += strspn(text, " \t")) {
        const char *quote = text + strcspn(text, " \t\"'");

        if (quote > text && quote[-1] == '='
            && (*quote == '"' || *quote == '\''))
            APR_ARRAY_PUSH(words, const char *) =
                cut_quoted_value(pool, &text, quote);
        else
            APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(pool, &text);
    }
    return words;
}

/* --- texts of the library ---------------------------------------------------------- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

const char *mab_words_plain(const char *text, apr_pool_t *pool)
{
    char *plain = apr_palloc(pool, strlen(text) + 1);
    char *to = plain;

    /* a backslash of the text itself was escaped, too (bearer_note_set) */
    while (*text) {
        if (text[0] == '\\' && text[1] == 'x' && hex_digit(text[2]) >= 0
            && hex_digit(text[3]) >= 0) {
            *to++ = (char)(hex_digit(text[2]) * 16 + hex_digit(text[3]));
            text += 4;
        }
        else
            *to++ = *text++;
    }
    *to = '\0';
    return plain;
}

/* --- claim paths ---------------------------------------------------------------- */

const char *mab_words_parse_path(const char *text, const bearer_path_t **path,
                                 apr_pool_t *pool)
{
    bearer_note_t note = {""};

    if (!bearer_path_parse(text, path, &note, pool))
        return NULL;
    return apr_psprintf(pool,
                        "\"%s\" is not a claim path (%s); allowed is name, "
                        "name.name, or a JSON Pointer that begins with /",
                        text, mab_words_plain(note.text, pool));
}

const char *mab_words_path(cmd_parms *cmd, const char *text,
                           const bearer_path_t **path)
{
    const char *error = mab_words_parse_path(text, path, cmd->pool);

    return error ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL)
                 : NULL;
}

/* --- lists ------------------------------------------------------------------------- */

const mab_list_t *mab_words_list(const apr_array_header_t *array,
                                 apr_pool_t *pool)
{
    mab_list_t *list = apr_palloc(pool, sizeof(*list));

    list->items = array->elts;
    list->count = array->nelts;
    return list;
}

/* one more item after what the same section has already set */
void mab_words_append(const mab_list_t **list, const void *item, int size,
                      apr_pool_t *pool)
{
    mab_list_t *longer = apr_palloc(pool, sizeof(*longer));
    apr_size_t old = *list ? (apr_size_t)(*list)->count : 0;
    apr_size_t one = (apr_size_t)size;
    char *items = old ? (char *)(*list)->items : NULL;

    /* a list that is copied with each item takes as much memory as the square of
     * its length (exhaustion): its room doubles, when its count is a power of two */
    if ((old & (old - 1)) == 0)
        items = apr_palloc(pool, (old ? 2 * old : 1) * one);
    if (old && items != (*list)->items)
        memcpy(items, (*list)->items, old * one);
    memcpy(items + old * one, item, one);
    longer->items = items;
    longer->count = (int)old + 1;
    *list = longer;
}

const char *mab_words_too_many(const cmd_parms *cmd)
{
    return mab_words_wrong(
        cmd, "too many words",
        apr_psprintf(cmd->pool, "at most %d are allowed", BEARER_LIMIT_WORDS));
}

const char *mab_words_empty(const cmd_parms *cmd)
{
    return mab_words_wrong(cmd,
                           "a value is empty (is a variable of the "
                           "configuration not set?)",
                           "remove it, or give it a text");
}

/* adds one text to an array of bearer_str_t; no empty one, none twice */
const char *mab_words_add_text(cmd_parms *cmd, apr_array_header_t *texts,
                               const char *text)
{
    bearer_str_t str = bearer_str(text);
    int i;

    if (texts->nelts >= BEARER_LIMIT_WORDS)
        return mab_words_too_many(cmd);
    if (!str.len)
        return mab_words_empty(cmd);
    for (i = 0; i < texts->nelts; i++) {
        if (bearer_str_equal(APR_ARRAY_IDX(texts, i, bearer_str_t), str))
            return mab_words_wrong(
                cmd, apr_psprintf(cmd->pool, "\"%s\" is given twice", text),
                "name each value once");
    }
    APR_ARRAY_PUSH(texts, bearer_str_t) = str;
    return NULL;
}

/* "a,,b", "client_id," with the rest after a blank */
static const char *check_commas(const cmd_parms *cmd, const char *text)
{
    apr_size_t len = strlen(text);

    if (!len || (*text != ',' && text[len - 1] != ',' && !strstr(text, ",,")))
        return NULL;
    return mab_words_wrong(
        cmd,
        apr_psprintf(
            cmd->pool,
            "\"%s\" has an empty value beside a comma (is a variable of the configuration not set?)",
            text),
        "write the list without blanks: a,b,c");
}

/* cuts "a,b,c"; empty pieces are mistakes */
const char *mab_words_cut_commas(cmd_parms *cmd, const char *text,
                                 apr_array_header_t *out)
{
    const char *error = check_commas(cmd, text);
    const char *comma;

    while (!error) {
        comma = strchr(text, ',');
        if (!comma)
            return mab_words_add_text(cmd, out, text);
        error = mab_words_add_text(
            cmd, out,
            apr_pstrmemdup(cmd->pool, text, (apr_size_t)(comma - text)));
        text = comma + 1;
    }
    return error;
}
