/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/judge/token.h"

/* more than any token that is accepted, so that a larger one is reported as such */
#define INPUT_SIZE (4 * BEARER_LIMIT_TOKEN)

static char *read_stdin(apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, INPUT_SIZE + 1);
    size_t len = 0, got;

    /* a terminal gives lines of at most 4095 bytes; some tokens are longer */
    if (isatty(STDIN_FILENO))
        fputs("authbearer: paste the token, then Enter and Ctrl-D; give one of "
              "more than 4000 characters as a file\n",
              stderr);
    /* an end of file that was seen counts: otherwise a terminal would be asked
     * for another */
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
    bearer_token_spot_t spot = {.value = NULL};
    bearer_token_found_t found;
    bearer_reason_t why;
    char *text = trim(read_stdin(pool));

    if (bearer_str_opens_nocase(text, field)) {
        text = trim(text + sizeof(field) - 1);
        spot.scheme = "Bearer";
    }
    if (strchr(text, ' '))
        spot.scheme = "Bearer";
    spot.value = text;
    why = bearer_token_find(&spot, 1, &found, pool);
    if (!why)
        *out = found.token;
    return why;
}
