/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/doubt.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

/* for a warning when all is read: its number, and where */
static void note(const cmd_parms *cmd, const char *text)
{
    mab_doubt_t *doubt;

    if (mab_words_in_htaccess(cmd))
        return;
    doubt = apr_array_push(mab_conf_registry()->doubts);
    doubt->s = cmd->server;
    doubt->text = text;
}

const char *mab_doubt_comma(const cmd_parms *cmd, const char *word)
{
    char *words = apr_pstrdup(cmd->pool, word);
    char *comma;

    /* "read, write" */
    if (*word == ',' || word[strlen(word) - 1] == ',')
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" has a comma at its end", word),
            "only blanks separate the values: a b c");
    for (comma = words; (comma = strchr(comma, ','));)
        *comma++ = ' ';
    note(cmd,
         apr_psprintf(cmd->pool,
                      "MAB0143: %s: \"%s\" is one value with a comma in it; "
                      "if several are meant, write them with blanks "
                      "between: %s",
                      mab_words_describe(cmd), word, words));
    return NULL;
}

void mab_doubt_path(const cmd_parms *cmd, const char *text)
{
    char *dotted = apr_pstrdup(cmd->pool, text);
    char *slash;

    if (*text == '/' || !strchr(text, '/') || strstr(text, "://"))
        return;
    for (slash = dotted; (slash = strchr(slash, '/'));)
        *slash++ = '.';
    note(cmd,
         apr_psprintf(cmd->pool,
                      "MAB0146: %s: in \"%s\", a slash is part of a claim's "
                      "name; if steps are meant, write %s, and if it is one "
                      "claim, %s",
                      mab_words_describe(cmd), text, dotted,
                      bearer_path_pointer(text, cmd->pool)));
}

/* U+2018 to U+201F, as word processors and web pages write them */
bool mab_doubt_is_curly(const char *text)
{
    return text[0] == '\xe2' && text[1] == '\x80'
           && ((unsigned char)text[2] & 0xf8) == 0x98;
}

/* httpd would show them as numbers */
static const char *without_quotes(const char *text, apr_pool_t *pool)
{
    char *plain = apr_palloc(pool, strlen(text) + 1);
    char *to = plain;

    while (*text) {
        if (mab_doubt_is_curly(text))
            text += 3;
        else
            *to++ = *text++;
    }
    *to = '\0';
    return plain;
}

const char *mab_doubt_curly(const cmd_parms *cmd, const char *word)
{
    return mab_words_wrong(
        cmd,
        apr_psprintf(cmd->pool,
                     "the quotes in %s are typographic ones, which mean "
                     "nothing here",
                     without_quotes(word, cmd->pool)),
        "write straight ones (\" or '), or none");
}

/* --- issuers ---------------------------------------------------------------------------- */

void mab_doubt_issuer(const cmd_parms *cmd, const char *name)
{
    const char *end = strstr(name, "/.well-known/");

    if (end)
        note(cmd,
             apr_psprintf(
                 cmd->pool,
                 "MAB0150: %s: %s is the address of an issuer's "
                 "metadata, which is below its name; write the name: "
                 "%s",
                 mab_words_describe(cmd), name,
                 apr_pstrmemdup(cmd->pool, name, (apr_size_t)(end - name))));
}

void mab_doubt_origin(const cmd_parms *cmd, const char *origin)
{
    const char *port = strrchr(origin, ':');
    apr_size_t len = strlen(origin);

    if (strchr(origin, ','))
        len = strcspn(origin, ",");
    else if (port && strcmp(port, origin[4] == 's' ? ":443" : ":80") == 0)
        len = (apr_size_t)(port - origin);
    if (origin[len])
        note(cmd,
             apr_psprintf(cmd->pool,
                          "MAB0151: %s: no browser sends the origin %s; write "
                          "%s, and others after a blank",
                          mab_words_describe(cmd), origin,
                          apr_pstrmemdup(cmd->pool, origin, len)));
}

/* --- users ------------------------------------------------------------------------------ */

/* the first of the parts that is in the text, as it is written there */
static const char *find_part(const char *text, const char *const *parts,
                             apr_pool_t *pool)
{
    int i;

    for (; *text; text++) {
        for (i = 0; parts[i]; i++) {
            if (bearer_str_opens_nocase(text, parts[i]))
                return apr_pstrndup(pool, text,
                                    strcspn(text, "}(")
                                        + (text[strcspn(text, "}(")] != '\0'));
        }
    }
    return NULL;
}

void mab_doubt_user(const cmd_parms *cmd, const char *text)
{
    static const char *const claims[] = {"%{claim:", NULL};
    static const char *const sent[] = {
        "%{http:",  "%{http_",       "%{req:",      "%{req_novary:",
        "%{query_", "%{the_request", "%{request_u", NULL};
    static const char *const calls[] = {"claim(",  "tolower(",  "toupper(",
                                        "escape(", "unescape(", NULL};
    const char *found = find_part(text, sent, cmd->pool);

    if (found)
        note(cmd, apr_psprintf(
                      cmd->pool,
                      "MAB0147: %s: whoever sends a request chooses %s, and so "
                      "the user; make the user of claims alone: %%{claim:sub}",
                      mab_words_describe(cmd), found));
    else if (strstr(text, "%{") && !find_part(text, claims, cmd->pool))
        note(cmd, apr_psprintf(
                      cmd->pool,
                      "MAB0148: %s: expr=%s has no claim in it, so that the "
                      "user does not come from the token; write a claim as "
                      "%%{claim:sub}",
                      mab_words_describe(cmd), text));
    found = find_part(text, calls, cmd->pool);
    if (found && strstr(text, "%{"))
        note(cmd, apr_psprintf(
                      cmd->pool,
                      "MAB0149: %s: in expr=%s, \"%s\" is text and no "
                      "function; write a function as %%{tolower:%%{claim:sub}}",
                      mab_words_describe(cmd), text, found));
}

/* --- claim lines ---------------------------------------------------------------------- */

/* one value of a claim line; NULL or the mistake */
static const char *check_value(const cmd_parms *cmd, const char *path,
                               const char *value)
{
    if (strstr(value, "%{"))
        return NULL;
    if (strchr(value, '*'))
        note(cmd,
             apr_psprintf(cmd->pool,
                          "MAB0145: %s: in the value %s, a * stands for "
                          "itself; for a pattern write a regular expression "
                          "(Require claim %s ~ ...), and for any value none "
                          "(Require claim %s)",
                          mab_words_describe(cmd), value, path, path));
    if (strcmp(path, "scope") == 0 || strcmp(path, "scp") == 0)
        note(cmd,
             apr_psprintf(cmd->pool,
                          "MAB0144: %s: the claim %s of most issuers is one "
                          "text with all scopes, which equals %s only if "
                          "there is no other; write \"Require scope %s\"",
                          mab_words_describe(cmd), path, value, value));
    /* not "cn=staff,dc=example" or "Doe, Jane" */
    return strchr(value, ',') && !strpbrk(value, "= ")
               ? mab_doubt_comma(cmd, value)
               : NULL;
}

static const char *check_one_word(const cmd_parms *cmd, const char *word)
{
    const char *sign = strpbrk(word, ":~");

    if (*sign != ':')
        return NULL;
    return check_value(
        cmd, apr_pstrmemdup(cmd->pool, word, (apr_size_t)(sign - word)),
        sign + 1);
}

const char *mab_doubt_claim(const cmd_parms *cmd, const char *const *words,
                            int count)
{
    bool one_word = words[0][0] != '/' && strpbrk(words[0], ":~");
    const char *error = NULL;
    int i;

    if (!one_word)
        mab_doubt_path(cmd, words[0]);
    if (!one_word && count > 1 && strpbrk(words[1], "~<>"))
        return NULL;
    for (i = one_word ? 0 : 1; i < count && !error; i++)
        error = one_word ? check_one_word(cmd, words[i])
                         : check_value(cmd, words[0], words[i]);
    return error;
}

const char *mab_doubt_quotes(const cmd_parms *cmd, const char *const *words,
                             int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (mab_doubt_is_curly(words[i]))
            return mab_doubt_curly(cmd, words[i]);
    }
    return NULL;
}
