/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/path.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"

/* the longest step of a dotted path; a claim's name has not even 100 bytes */
#define STEP_MAX 256
/* for a step that cannot be an index of an array */
#define NO_INDEX ((apr_size_t)-1)

typedef struct step_t {
    const char *name;
    apr_size_t index;
} step_t;

struct bearer_path_t {
    const char *text;
    int count;
    step_t steps[]; /* as many as there are: .htaccess files may have thousands
                       of paths */
};

/* RFC 6901 4: decimal digits without leading zeros, else not an index */
static apr_size_t parse_index(const char *name)
{
    apr_size_t index = 0;
    const char *c;

    if (!*name || (name[0] == '0' && name[1]))
        return NO_INDEX;
    for (c = name; *c; c++) {
        if (*c < '0' || *c > '9' || index > NO_INDEX / 100)
            return NO_INDEX;
        index = index * 10 + (apr_size_t)(*c - '0');
    }
    return index;
}

/* RFC 6901 4: ~1 is a slash and ~0 a tilde, decoded where it stands; false for
 * other uses */
static bool unescape(char *step)
{
    char *from, *to = step;

    for (from = step; *from; from++) {
        if (*from != '~') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != '0' && *from != '1')
            return false;
        *to++ = *from == '1' ? '/' : '~';
    }
    *to = '\0';
    return true;
}

/* what is wrong with one step, or NULL; decodes an escaped step */
static const char *check_step(char *step, bool pointer)
{
    if (pointer)
        return unescape(step) ? NULL : "a ~ is followed by neither 0 nor 1";
    if (!*step)
        return "a step of the path is empty";
    if (strlen(step) > STEP_MAX)
        return "a step of the path is too long";
    return NULL;
}

/* cuts the rest of a path into steps; what is wrong with it, or NULL */
static const char *cut_steps(bearer_path_t *path, char *rest, bool pointer)
{
    const char *wrong;
    char *end;

    do {
        if (path->count == BEARER_LIMIT_JSON_DEPTH)
            return "the path has too many steps";
        end = strchr(rest, pointer ? '/' : '.');
        if (end)
            *end++ = '\0';
        wrong = check_step(rest, pointer);
        if (wrong)
            return wrong;
        path->steps[path->count].name = rest;
        path->steps[path->count].index = parse_index(rest);
        path->count++;
        rest = end;
    } while (rest);
    return NULL;
}

const char *bearer_path_pointer(const char *name, apr_pool_t *pool)
{
    char *pointer = apr_palloc(pool, 2 * strlen(name) + 2);
    char *to = pointer;

    *to++ = '/';
    for (; *name; name++) {
        if (*name != '~' && *name != '/') {
            *to++ = *name;
            continue;
        }
        *to++ = '~';
        *to++ = *name == '~' ? '0' : '1';
    }
    *to = '\0';
    return pointer;
}

/* "a[0].b" with dots only: "a.0.b"; of all elements ("a[*]", "a[]", "a.*"), the array */
static const char *without_brackets(const char *text, apr_pool_t *pool)
{
    char *dotted = apr_palloc(pool, strlen(text) + 1);
    char *to = dotted;

    for (; *text; text++) {
        if (strncmp(text, "[*]", 3) == 0)
            text += 2;
        else if (strncmp(text, "[]", 2) == 0 || strcmp(text, ".*") == 0)
            text++;
        else if (*text == '[')
            *to++ = '.';
        else if (!strchr("]'\"", *text))
            *to++ = *text;
    }
    *to = '\0';
    return dotted;
}

/* "a[0]", "a.*" */
static bool names_elements(const char *text)
{
    apr_size_t len = strlen(text);

    return (strchr(text, '[') && text[len - 1] == ']')
           || (len > 2 && strcmp(text + len - 2, ".*") == 0);
}

/* how an expression names a claim */
#define EXPRESSION "%{claim:"

/* "%{claim:role}" without its signs */
static const char *without_braces(const char *text, apr_pool_t *pool)
{
    text += strlen(EXPRESSION);
    return apr_pstrmemdup(pool, text, strcspn(text, "}"));
}

/* what else can only be meant by a dotted path, into the note; such a claim is in no
 * token, so that all would be refused, and "not" before it would let all in */
static bool is_elsewhere(const char *text, bearer_note_t *note,
                         apr_pool_t *pool)
{
    if (strncmp(text, "$.", 2) == 0 || strncmp(text, "$[", 2) == 0)
        bearer_note_set(note, "paths begin without $: write %s",
                        without_brackets(text + 2, pool));
    else if (strstr(text, "://") && strchr(text, '.'))
        bearer_note_set(note,
                        "dots separate steps, so a claim of that name is "
                        "written %s",
                        bearer_path_pointer(text, pool));
    else if (strchr(text, ','))
        bearer_note_set(note,
                        "it is one path with a comma in it: give each path a "
                        "word of its own, without commas; a claim of that name "
                        "is written %s",
                        bearer_path_pointer(text, pool));
    else if (strncmp(text, EXPRESSION, strlen(EXPRESSION)) == 0)
        bearer_note_set(note,
                        "a path is written without %%{ }: write %s; a claim of "
                        "that name is written %s",
                        without_braces(text, pool),
                        bearer_path_pointer(text, pool));
    else if (names_elements(text))
        bearer_note_set(note,
                        "what is in an array is a step of its own: write %s; "
                        "a claim of that name is written %s",
                        without_brackets(text, pool),
                        bearer_path_pointer(text, pool));
    else
        return false;
    return true;
}

/* as many as cut_steps may make */
static apr_size_t count_steps(const char *text, bool pointer)
{
    apr_size_t count = 1;

    for (; *text; text++)
        count += *text == (pointer ? '/' : '.');
    return count < BEARER_LIMIT_JSON_DEPTH ? count : BEARER_LIMIT_JSON_DEPTH;
}

bearer_reason_t bearer_path_parse(const char *text, const bearer_path_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_path_t *path;
    const char *wrong;
    bool pointer;

    if (!text || !*text) {
        bearer_note_set(note, "the path is empty");
        return BEARER_PATH_FORM;
    }
    pointer = *text == '/';
    if (!pointer && is_elsewhere(text, note, pool))
        return BEARER_PATH_FORM;
    path = apr_pcalloc(pool, sizeof(*path)
                                 + sizeof(step_t) * count_steps(text, pointer));
    path->text = apr_pstrdup(pool, text);
    wrong = cut_steps(path, apr_pstrdup(pool, text + pointer), pointer);
    if (wrong) {
        bearer_note_set(note, "%s", wrong);
        return BEARER_PATH_FORM;
    }
    *out = path;
    return BEARER_OK;
}

const char *bearer_path_text(const bearer_path_t *path)
{
    return path->text;
}

const bearer_value_t *bearer_path_find(const bearer_path_t *path,
                                       const bearer_value_t *document)
{
    const bearer_value_t *value = document;
    int i;

    for (i = 0; i < path->count && value; i++) {
        if (bearer_value_kind(value) == BEARER_KIND_ARRAY)
            value = bearer_value_at(value, path->steps[i].index);
        else
            value = bearer_value_get(value, path->steps[i].name);
    }
    return value;
}
