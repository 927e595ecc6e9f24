/* SPDX-License-Identifier: Apache-2.0 */
/* The words after "Require claim", one line for each up to an empty one, then the
 * claims. Absent claims never satisfy a line, and equality is what it says. */
#include "fuzz.h"

#include "bearer/judge/match.h"
#include "bearer/judge/scope.h"

#define WORDS 8

/* the words as httpd gives them: none is empty here */
static int read_words(const char **words, bearer_str_t *rest, apr_pool_t *pool)
{
    int count = 0;
    const char *word;

    while (count < WORDS && *(word = fuzz_line(rest, pool).data))
        words[count++] = word;
    return count;
}

static void check_line(const bearer_match_t *match, const char *const *words,
                       int count, const bearer_claims_t *claims,
                       apr_pool_t *pool)
{
    bearer_match_work_t first = {0}, second = {0};
    bearer_match_result_t result = bearer_match_check(match, claims, &first);
    const bearer_path_t *path = NULL;
    const bearer_value_t *value;
    bearer_note_t note;
    bearer_str_t text;

    fuzz_check(bearer_match_check(match, claims, &second) == result);
    fuzz_check(first.steps == second.steps);
    fuzz_check(!first.steps || bearer_match_has_regex(match));
    fuzz_check(first.steps <= BEARER_LIMIT_REGEX_LINE + BEARER_LIMIT_TOKEN);
    if (strpbrk(words[0], ":~")
        || bearer_path_parse(words[0], &path, &note, pool))
        return;
    value = bearer_path_find(path, claims->all);
    if (!value)
        fuzz_check(result == BEARER_MATCH_NO);
    if (count == 2 && !strpbrk(words[1], "=<>!~")
        && bearer_value_is(value, BEARER_KIND_STRING)) {
        text.data = words[1];
        text.len = strlen(words[1]);
        fuzz_check((result == BEARER_MATCH_YES)
                   == bearer_value_equals(value, text));
        fuzz_check(bearer_match_equals(path, text, claims) == result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    const char *words[WORDS];
    int count = read_words(words, &rest, pool);
    const bearer_claims_t *claims = NULL;
    const bearer_match_t *match = NULL;
    bearer_note_t note = {""};

    if (count && bearer_claims_parse(rest, &claims, &note, pool) == BEARER_OK) {
        (void)bearer_scope_held(words, count, claims);
        if (bearer_match_parse(words, count, &match, &note, pool) == BEARER_OK)
            check_line(match, words, count, claims, pool);
    }
    else if (count) {
        (void)!bearer_match_parse(words, count, &match, &note, pool);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
