/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/judge/token.h"

/* more than any token that is accepted, so that a larger one is told as such */
#define INPUT_SIZE (4 * BEARER_LIMIT_TOKEN)

static char *read_stdin(apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, INPUT_SIZE + 1);
    size_t len = 0, got;

    /* a terminal gives lines of at most 4095 bytes, which some tokens exceed */
    if (isatty(STDIN_FILENO))
        fputs("authbearer: paste the token, then Enter and Ctrl-D; give one of "
              "more than 4000 characters as a file\n",
              stderr);
    /* an end that was seen is one: a terminal would be asked for another */
    do {
        got = fread(text + len, 1, INPUT_SIZE - len, stdin);
        len += got;
    } while (got && len < INPUT_SIZE && !feof(stdin));
    return text;
}

/* cuts white space at both ends */
static char *trim(char *text)
{
    char *end;

    while (apr_isspace(*text))
        text++;
    end = text + strlen(text);
    while (end > text && apr_isspace(end[-1]))
        *--end = '\0';
    return text;
}

bearer_reason_t tool_input_token(bearer_str_t *out, apr_pool_t *pool)
{
    static const char field[] = "Authorization:";
    bearer_place_t place = {NULL, NULL};
    char *text = trim(read_stdin(pool));

    if (bearer_str_begins_nocase(bearer_str(text), field)) {
        text = trim(text + sizeof(field) - 1);
        place.scheme = "Bearer";
    }
    if (strchr(text, ' '))
        place.scheme = "Bearer";
    place.value = text;
    return bearer_token_find(&place, 1, out);
}

static bearer_reason_t fail(bearer_note_t *note, apr_status_t rv)
{
    char text[80];

    bearer_note_set(note, "%s", apr_strerror(rv, text, sizeof(text)));
    return BEARER_FILE_READ;
}

bearer_reason_t tool_input_file(const char *path, apr_size_t limit, bool secret,
                                bearer_str_t *out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    char *text = apr_palloc(pool, limit + 2);
    apr_size_t len = limit + 1;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, pool);
    if (rv)
        return fail(note, rv);
    rv = apr_file_info_get(&info, APR_FINFO_PROT, file);
    /* as the module: a secret that all can read is none */
    if (!rv && secret && (info.protection & APR_FPROT_WREAD)) {
        (void)apr_file_close(file);
        return BEARER_FILE_OPEN;
    }
    rv = apr_file_read_full(file, text, len, &len);
    (void)apr_file_close(file);
    if (rv && !APR_STATUS_IS_EOF(rv))
        return fail(note, rv);
    if (!len || len > limit)
        return BEARER_FILE_SIZE;
    text[len] = '\0';
    out->data = text;
    out->len = len;
    return BEARER_OK;
}
