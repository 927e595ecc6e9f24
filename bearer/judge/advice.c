/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/advice.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/text/path.h"

void bearer_advice_path(bearer_note_t *note, const char *path)
{
    bearer_note_set(note,
                    "%s: path and operator are words of their own (age < 18, "
                    "role guest); a claim of that name is written /%s",
                    path, path);
}

/* ">=3", "=guest": what to write instead; NULL if that is not clear */
static const char *unglue(const char *path, const char *word, apr_pool_t *pool)
{
    static const char *const operators[] = {">=", "<=", ">", "<", "~"};
    apr_size_t i, len;

    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        len = strlen(operators[i]);
        if (strncmp(word, operators[i], len) == 0 && word[len]
            && !strchr("=<>~", word[len]))
            return apr_psprintf(pool, "%s %s %s", path, operators[i],
                                word + len);
    }
    if (*word != '=' || strchr("=<>~", word[1]))
        return NULL;
    return apr_psprintf(pool, "%s %s", path, word + 1);
}

/* "role = guest" */
static bool advise_equals(bearer_note_t *note, const char *path,
                          const char *word, const char *value)
{
    bool equal = strcmp(word, "=") == 0 || strcmp(word, "==") == 0;

    if (equal)
        bearer_note_set(note,
                        "%s is not an operator here: a value stands right "
                        "after the path; write %s %s",
                        word, path, value);
    else if (strcmp(word, "!=") == 0)
        bearer_note_set(note,
                        "!= is not an operator here: for the claim to be %s, "
                        "write Require claim %s %s, and for anything else "
                        "Require not claim %s %s",
                        value, path, value, path, value);
    else
        return false;
    return true;
}

void bearer_advice_operator(bearer_note_t *note, const char *path,
                            const char *word, const char *next,
                            apr_pool_t *pool)
{
    const char *meant = unglue(path, word, pool);

    if (next && advise_equals(note, path, word, next))
        return;
    bearer_note_set(
        note,
        "%s is not an operator here, which is a word of its own: "
        "write %s; a value that begins so is written <name>:<value>",
        word, meant ? meant : "age < 18");
}

void bearer_advice_url(bearer_note_t *note, const char *url, apr_pool_t *pool)
{
    bearer_note_set(note, "a claim that is named by a URL is written %s",
                    bearer_path_pointer(url, pool));
}

void bearer_advice_colon(bearer_note_t *note, const char *first,
                         const char *word, apr_pool_t *pool)
{
    bearer_note_set(note,
                    "after %s, %s is not <name>:<value> or <name>~<regex>; a "
                    "claim that is called %s is written %s %s",
                    first, word, first, bearer_path_pointer(first, pool), word);
}
