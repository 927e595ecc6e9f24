/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/match.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/judge/advice.h"
#include "bearer/text/number.h"

/* How deep one match may be, which bounds its memory. Its work is metered below:
 * PCRE2's own limit begins again at each character where a match may begin. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
/* running over so many characters within one step takes as long as a step */
#define RUN 16

/** What a condition compares with. */
typedef struct operand_t {
    bearer_str_t text;
    bearer_number_t number;
    pcre2_code *regex;
} operand_t;

/** The work of a line's regular expressions. */
typedef struct meter_t {
    apr_uint64_t steps, most;
    apr_size_t at; /* where the previous step was */
} meter_t;

typedef struct condition_t condition_t;
typedef bearer_match_result_t (*test_t)(const condition_t *condition,
                                        const bearer_value_t *value,
                                        meter_t *meter);

/** One path with one test; a line is satisfied by any of its conditions. */
struct condition_t {
    const bearer_path_t *path;
    test_t test;
    bool members; /* an array is tested member by member */
    operand_t operand;
};

struct bearer_match_t {
    const condition_t *conditions;
    int count;
};

/* --- tests ----------------------------------------------------------------- */

static bearer_match_result_t yes_if(bool holds)
{
    return holds ? BEARER_MATCH_YES : BEARER_MATCH_NO;
}

static bearer_match_result_t is_present(
    const condition_t *condition BEARER_UNUSED, const bearer_value_t *value,
    meter_t *meter BEARER_UNUSED)
{
    if (bearer_value_is(value, BEARER_KIND_NULL)
        || bearer_value_is(value, BEARER_KIND_FALSE))
        return BEARER_MATCH_NO;
    return yes_if(!bearer_value_equals(value, (bearer_str_t)BEARER_LIT("")));
}

/* Strings byte for byte, numbers and booleans by their JSON text. The value was read
 * as a number once: writing each number of a long array for each value of each line
 * would keep the thread busy. */
static bearer_match_result_t equals_text(const condition_t *condition,
                                         const bearer_value_t *value,
                                         meter_t *meter BEARER_UNUSED)
{
    const operand_t *want = &condition->operand;
    bearer_kind_t kind = bearer_value_kind(value);
    double real;

    switch (kind) {
    case BEARER_KIND_TRUE:
        return yes_if(bearer_str_is(want->text, "true"));
    case BEARER_KIND_FALSE:
        return yes_if(bearer_str_is(want->text, "false"));
    case BEARER_KIND_INTEGER:
        return yes_if(want->number.kind == kind
                      && want->number.integer == bearer_value_integer(value));
    case BEARER_KIND_REAL:
        real = bearer_value_real(value);
        /* -0.0 is not written like 0.0 */
        return yes_if(want->number.kind == kind && want->number.real == real
                      && !signbit(want->number.real) == !signbit(real));
    case BEARER_KIND_NUMERAL:
        return yes_if(
            bearer_str_equal(bearer_value_numeral(value), want->text));
    default:
        return yes_if(bearer_value_equals(value, want->text));
    }
}

/* Called before each item of the expression: nested repeats over a long claim, or
 * over each of many, end within milliseconds instead of holding the thread
 * (ReDoS). */
static int count_step(pcre2_callout_block *block, void *data)
{
    meter_t *meter = data;

    meter->steps++;
    if (block->current_position > meter->at)
        meter->steps += (block->current_position - meter->at) / RUN;
    meter->at = block->current_position;
    return meter->steps > meter->most ? PCRE2_ERROR_CALLOUT : 0;
}

static bearer_match_result_t matches_regex(const condition_t *condition,
                                           const bearer_value_t *value,
                                           meter_t *meter)
{
    pcre2_match_context *limits;
    pcre2_match_data *data;
    bearer_str_t text = bearer_value_text(value);
    int rv = PCRE2_ERROR_NOMEMORY;

    if (!text.data)
        return BEARER_MATCH_NO;
    if (meter->steps >= meter->most)
        return BEARER_MATCH_UNSURE;
    limits = pcre2_match_context_create(NULL);
    data = pcre2_match_data_create(1, NULL);
    if (limits && data) {
        pcre2_set_match_limit(limits, MATCH_LIMIT);
        pcre2_set_depth_limit(limits, DEPTH_LIMIT);
        (void)pcre2_set_callout(limits, count_step, meter);
        meter->at = 0;
        /* what is looked at before the first item */
        meter->steps += 1 + text.len / RUN;
        rv = pcre2_match(condition->operand.regex, (PCRE2_SPTR)text.data,
                         text.len, 0, 0, data, limits);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    if (rv == PCRE2_ERROR_NOMATCH)
        return BEARER_MATCH_NO;
    return rv >= 0 ? BEARER_MATCH_YES : BEARER_MATCH_UNSURE;
}

/* less than, equal to or greater than 0; only called for JSON numbers */
static int compare(const bearer_value_t *value, const bearer_number_t *number)
{
    bearer_number_t claim = bearer_number_of(value);

    return bearer_number_compare(&claim, number);
}

static bearer_match_result_t at_least(const condition_t *condition,
                                      const bearer_value_t *value,
                                      meter_t *meter BEARER_UNUSED)
{
    return yes_if(bearer_value_is_number(value)
                  && compare(value, &condition->operand.number) >= 0);
}

static bearer_match_result_t greater(const condition_t *condition,
                                     const bearer_value_t *value,
                                     meter_t *meter BEARER_UNUSED)
{
    return yes_if(bearer_value_is_number(value)
                  && compare(value, &condition->operand.number) > 0);
}

static bearer_match_result_t at_most(const condition_t *condition,
                                     const bearer_value_t *value,
                                     meter_t *meter BEARER_UNUSED)
{
    return yes_if(bearer_value_is_number(value)
                  && compare(value, &condition->operand.number) <= 0);
}

static bearer_match_result_t less(const condition_t *condition,
                                  const bearer_value_t *value,
                                  meter_t *meter BEARER_UNUSED)
{
    return yes_if(bearer_value_is_number(value)
                  && compare(value, &condition->operand.number) < 0);
}

static bearer_match_result_t holds(const condition_t *condition,
                                   const bearer_value_t *value, meter_t *meter)
{
    bearer_match_result_t result = BEARER_MATCH_NO;
    const bearer_value_t *at;

    if (!condition->members || !bearer_value_is(value, BEARER_KIND_ARRAY))
        return condition->test(condition, value, meter);
    for (at = bearer_value_first(value); at && !result;
         at = bearer_value_next(value, at))
        result = condition->test(condition, at, meter);
    return result;
}

/* the first condition that is not a plain "no" decides */
static bearer_match_result_t check_line(const bearer_match_t *match,
                                        const bearer_claims_t *claims,
                                        meter_t *meter)
{
    bearer_match_result_t result = BEARER_MATCH_NO;
    int i;

    for (i = 0; i < match->count && !result; i++) {
        const condition_t *condition = &match->conditions[i];
        const bearer_value_t *value =
            bearer_path_find(condition->path, claims->all);

        if (value)
            result = holds(condition, value, meter);
    }
    return result;
}

bool bearer_match_has_regex(const bearer_match_t *match)
{
    int i;

    for (i = 0; i < match->count; i++) {
        if (match->conditions[i].operand.regex)
            return true;
    }
    return false;
}

bearer_match_result_t bearer_match_check(const bearer_match_t *match,
                                         const bearer_claims_t *claims,
                                         bearer_match_work_t *work)
{
    meter_t meter = {0, BEARER_LIMIT_REGEX_LINE, 0};
    bearer_match_result_t result;

    if (work->steps + meter.most > BEARER_LIMIT_REGEX_REQUEST)
        meter.most = work->steps < BEARER_LIMIT_REGEX_REQUEST
                         ? BEARER_LIMIT_REGEX_REQUEST - work->steps
                         : 0;
    result = check_line(match, claims, &meter);
    work->steps += meter.steps;
    return result;
}

bearer_match_result_t bearer_match_equals(const bearer_path_t *path,
                                          bearer_str_t text,
                                          const bearer_claims_t *claims)
{
    const condition_t condition = {
        .path = path,
        .test = equals_text,
        .members = true,
        .operand = {.text = text, .number = bearer_number_written(text)}};
    const bearer_match_t line = {&condition, 1};
    meter_t none = {0, 0, 0};

    return check_line(&line, claims, &none);
}

/* --- compiling ------------------------------------------------------------- */

static apr_status_t free_regex(void *regex)
{
    pcre2_code_free(regex);
    return APR_SUCCESS;
}

static bearer_reason_t parse_regex(const char *text, operand_t *operand,
                                   bearer_note_t *note, apr_pool_t *pool)
{
    PCRE2_UCHAR message[120];
    PCRE2_SIZE offset;
    int code;

    /* "role~ ^admin$" without its first space: it would match every string */
    if (!*text) {
        bearer_note_set(note, "the regular expression is empty");
        return BEARER_MATCH_FORM;
    }
    operand->regex =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_AUTO_CALLOUT,
                      &code, &offset, NULL);
    if (operand->regex) {
        apr_pool_cleanup_register(pool, operand->regex, free_regex,
                                  apr_pool_cleanup_null);
        return BEARER_OK;
    }
    (void)pcre2_get_error_message(code, message, sizeof(message));
    bearer_note_set(note, "regular expression at offset %d: %s", (int)offset,
                    (const char *)message);
    return BEARER_MATCH_FORM;
}

static bearer_reason_t parse_number(const char *text, operand_t *operand,
                                    bearer_note_t *note)
{
    bearer_number_t *number = &operand->number;
    bool whole, large;
    char *end;

    errno = 0;
    number->integer = strtoll(text, &end, 10);
    whole = *text && !*end;
    large = whole && errno;
    number->kind = whole ? BEARER_KIND_INTEGER : BEARER_KIND_REAL;
    number->real = strtod(text, &end);
    /* strtod reads more than JSON does: "inf", "nan", "0x1p3", "1e999" */
    if (*text && !*end && isfinite(number->real) && !large
        && strspn(text, "0123456789+-.eE") == strlen(text))
        return BEARER_OK;
    /* it would be rounded to something else */
    bearer_note_set(note,
                    large ? "%s is beyond 64 bits, which a whole number may "
                            "have; write %s.0 to compare with the nearest "
                            "double"
                          : "%s is not a number",
                    text, text);
    return BEARER_MATCH_FORM;
}

/** Fills a new condition of the line. */
static bearer_reason_t add(apr_array_header_t *conditions, const char *path,
                           condition_t condition, bearer_note_t *note,
                           apr_pool_t *pool)
{
    bearer_reason_t why;

    /* "not claim role=guest" would let guests in: there is no such claim */
    if (*path != '/' && strpbrk(path, "=<>")) {
        bearer_advice_path(note, path);
        return BEARER_MATCH_FORM;
    }
    why = bearer_path_parse(path, &condition.path, note, pool);
    if (!why)
        APR_ARRAY_PUSH(conditions, condition_t) = condition;
    return why;
}

static bearer_reason_t add_value(apr_array_header_t *conditions,
                                 const char *path, const char *value,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    condition_t condition = {.test = equals_text, .members = true};

    condition.operand.text = bearer_str(apr_pstrdup(pool, value));
    condition.operand.number = bearer_number_written(condition.operand.text);
    return add(conditions, path, condition, note, pool);
}

static bearer_reason_t add_regex(apr_array_header_t *conditions,
                                 const char *path, const char *regex,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    condition_t condition = {.test = matches_regex, .members = true};
    bearer_reason_t why = parse_regex(regex, &condition.operand, note, pool);

    return why ? why : add(conditions, path, condition, note, pool);
}

/* "name:value" or "name~regex": whichever sign comes first decides */
static bearer_reason_t add_one_word(apr_array_header_t *conditions,
                                    const char *word, bearer_note_t *note,
                                    apr_pool_t *pool)
{
    const char *sign = strpbrk(word, ":~");
    const char *path;

    if (!sign || sign == word || !sign[1]) {
        bearer_note_set(note, "%s is not <name>:<value> or <name>~<regex>",
                        word);
        return BEARER_MATCH_FORM;
    }
    /* alone, it would be the claim "https" with the value "//example.org" */
    if (bearer_str_opens_nocase(word, "https://")
        || bearer_str_opens_nocase(word, "http://")) {
        bearer_advice_url(note, word, pool);
        return BEARER_MATCH_FORM;
    }
    path = apr_pstrmemdup(pool, word, (apr_size_t)(sign - word));
    if (*sign == ':')
        return add_value(conditions, path, sign + 1, note, pool);
    return add_regex(conditions, path, sign + 1, note, pool);
}

static bearer_reason_t add_number(apr_array_header_t *conditions,
                                  const char *path, test_t test,
                                  const char *number, bearer_note_t *note,
                                  apr_pool_t *pool)
{
    condition_t condition = {.test = test};
    bearer_reason_t why = parse_number(number, &condition.operand, note);

    return why ? why : add(conditions, path, condition, note, pool);
}

static test_t find_comparison(const char *word)
{
    static const struct {
        const char *sign;
        test_t test;
    } comparisons[] = {
        {">=", at_least}, {">", greater}, {"<=", at_most}, {"<", less}};
    size_t i;

    for (i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (strcmp(word, comparisons[i].sign) == 0)
            return comparisons[i].test;
    }
    return NULL;
}

/* "!=", "<18": as a value, "not claim age <18" would let in who is 10 */
static bool is_like_operator(const char *word)
{
    return strchr("=<>~", word[strspn(word, "!")]) != NULL;
}

/* <path> with an operator: exactly one operand after it */
static bearer_reason_t add_operator(apr_array_header_t *conditions,
                                    const char *const *words, int count,
                                    bearer_note_t *note, apr_pool_t *pool)
{
    if (count != 3) {
        bearer_note_set(note, "%s takes exactly one operand after it",
                        words[1]);
        return BEARER_MATCH_FORM;
    }
    if (strcmp(words[1], "~") == 0)
        return add_regex(conditions, words[0], words[2], note, pool);
    return add_number(conditions, words[0], find_comparison(words[1]), words[2],
                      note, pool);
}

static bearer_reason_t add_words(apr_array_header_t *conditions,
                                 const char *const *words, int count,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    condition_t presence = {.test = is_present};
    bearer_reason_t why = BEARER_OK;
    int i;

    /* the note says what to write */
    if (strncmp(words[0], "%{claim:", strlen("%{claim:")) == 0)
        return add(conditions, words[0], presence, note, pool);
    if (words[0][0] != '/' && strpbrk(words[0], ":~")) {
        for (i = 0; i < count && !why; i++)
            why = add_one_word(conditions, words[i], note, pool);
        /* "cognito:groups admin" */
        if (why == BEARER_MATCH_FORM && i > 1 && !strpbrk(words[i - 1], ":~"))
            bearer_advice_colon(note, words[0], words[i - 1], pool);
        return why;
    }
    if (count == 1)
        return add(conditions, words[0], presence, note, pool);
    if (strcmp(words[1], "~") == 0 || find_comparison(words[1]))
        return add_operator(conditions, words, count, note, pool);
    if (is_like_operator(words[1])) {
        bearer_advice_operator(note, words[0], words[1],
                               count > 2 ? words[2] : NULL, pool);
        return BEARER_MATCH_FORM;
    }
    for (i = 1; i < count && !why; i++)
        why = add_value(conditions, words[0], words[i], note, pool);
    return why;
}

bearer_reason_t bearer_match_parse(const char *const *words, int count,
                                   const bearer_match_t **out,
                                   bearer_note_t *note, apr_pool_t *pool)
{
    apr_array_header_t *conditions =
        apr_array_make(pool, 4, sizeof(condition_t));
    bearer_match_t *match;
    bearer_reason_t why;
    int i;

    if (count < 1) {
        bearer_note_set(note, "no claim is named");
        return BEARER_MATCH_FORM;
    }
    /* what was meant to be a value must not become a test for presence */
    for (i = 1; i < count; i++) {
        if (*words[i])
            continue;
        bearer_note_set(note, "a word is empty (is a variable of the "
                              "configuration not set?)");
        return BEARER_MATCH_FORM;
    }
    why = add_words(conditions, words, count, note, pool);
    if (why)
        return why;
    match = apr_palloc(pool, sizeof(*match));
    match->conditions = (const condition_t *)conditions->elts;
    match->count = conditions->nelts;
    *out = match;
    return BEARER_OK;
}
