/* SPDX-License-Identifier: Apache-2.0 */
/* Any words of a directive, compared with slow readings of what httpd/conf/words.h
 * says. They need httpd's own functions, so this is not a fuzz target: the
 * generator is seeded, and each run sees the same words. */
#include "tests/httpd/inside.h"

#include <apr_lib.h>

#include "bearer/base/limits.h"
#include "httpd/conf/words.h"

#define ROUNDS 20000

static const char *const colours[] = {"red", "green", NULL};

typedef struct record_t {
    apr_int64_t time, wait, size, flag, word;
} record_t;

static const mab_field_t fields[] = {{.name = "time",
                                      .kind = MAB_SECONDS,
                                      .offset = APR_OFFSETOF(record_t, time),
                                      .least = 0,
                                      .greatest = 100000},
                                     {.name = "wait",
                                      .kind = MAB_SECONDS,
                                      .offset = APR_OFFSETOF(record_t, wait),
                                      .least = 1,
                                      .greatest = 60,
                                      .option = true},
                                     {.name = "size",
                                      .kind = MAB_AMOUNT,
                                      .offset = APR_OFFSETOF(record_t, size),
                                      .least = 1024,
                                      .greatest = 1048576},
                                     {.name = "flag",
                                      .kind = MAB_FLAG,
                                      .offset = APR_OFFSETOF(record_t, flag),
                                      .least = 0,
                                      .greatest = 1},
                                     {.name = "word",
                                      .kind = MAB_WORD,
                                      .offset = APR_OFFSETOF(record_t, word),
                                      .least = 0,
                                      .greatest = 1,
                                      .words = colours,
                                      .option = true},
                                     {.offset = (apr_size_t)-1}};

/* --- numbers ------------------------------------------------------------------------- */

/* up to nine digits and at most one letter; -1: a mistake */
static apr_int64_t read_slowly(const mab_field_t *field, const char *text)
{
    static const char letters[] = "smhdSMHD", bytes[] = "bkmBKM";
    static const apr_int64_t seconds[] = {1, 60, 3600, 86400},
                             scales[] = {1, 1024, 1048576};
    const char *units = field->kind == MAB_SECONDS ? letters : bytes;
    apr_size_t digits = strspn(text, "0123456789");
    apr_size_t kinds = field->kind == MAB_SECONDS ? 4 : 3;
    apr_int64_t number = 0;
    const char *unit;
    apr_size_t i;

    if (field->kind == MAB_SECONDS && field->least == 0
        && strcasecmp(text, "off") == 0)
        return 0;
    if (!digits || digits > 9 || strlen(text) > digits + 1)
        return -1;
    for (i = 0; i < digits; i++)
        number = 10 * number + (text[i] - '0');
    if (!text[digits])
        return number;
    unit = strchr(units, text[digits]);
    if (!unit)
        return -1;
    i = (apr_size_t)(unit - units) % kinds;
    return number * (field->kind == MAB_SECONDS ? seconds[i] : scales[i]);
}

static apr_int64_t want_number(const mab_field_t *field, const char *text)
{
    apr_int64_t number;

    switch (field->kind) {
    case MAB_FLAG:
        return strcasecmp(text, "on") == 0    ? 1
               : strcasecmp(text, "off") == 0 ? 0
                                              : -1;
    case MAB_WORD:
        return strcasecmp(text, "red") == 0     ? 0
               : strcasecmp(text, "green") == 0 ? 1
                                                : -1;
    case MAB_ALGS:
    case MAB_POINTER:
        return -1;
    case MAB_SECONDS:
    case MAB_LIMIT:
    case MAB_AMOUNT:
        break;
    }
    number = read_slowly(field, text);
    return number < field->least || number > field->greatest ? -1 : number;
}

static const char *const numbers[] = {
    "0",    "1", "5", "9", "10", "60",  "1024", "s",    "m",
    "h",    "d", "k", "M", "b",  "off", "On",   "red",  "GREEN",
    "gree", " ", "-", "+", ".",  "1e",  "0x1",  "\xc3", NULL};

static void random_numbers(void **state)
{
    int i, good = 0;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        const mab_field_t *field = &fields[inside_random(5)];
        record_t record = {-7, -7, -7, -7, -7};
        const record_t before = record;
        const char *text, *error;
        apr_int64_t want, got;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        text = inside_random_text(numbers, 4, pool);
        want = want_number(field, text);
        error = mab_words_set_number(inside_command("X", "", pool), &record,
                                     field, text);
        got = *(apr_int64_t *)((char *)&record + field->offset);
        if ((error != NULL) != (want < 0) || (!error && got != want))
            fail_msg("%s=%s: %" APR_INT64_T_FMT ", not %" APR_INT64_T_FMT,
                     field->name, text, got, want);
        /* a mistake changes nothing, and what is good only its own field */
        *(apr_int64_t *)((char *)&record + field->offset) = -7;
        assert_memory_equal(&record, &before, sizeof(record));
        if (error)
            assert_int_equal(got, -7);
        good += !error;
        apr_pool_destroy(pool);
    }
    assert_in_range(good, ROUNDS / 50, ROUNDS);
}

/* --- options --------------------------------------------------------------------------- */

static const char *set_other(cmd_parms *cmd BEARER_UNUSED,
                             void *record BEARER_UNUSED, const char *value)
{
    return strcmp(value, "good") == 0 ? NULL : "X: other";
}

static const char *const options[] = {
    "wait=7", "Wait=8",     "wait=99",   "word=red", "WORD=green",
    "word=x", "other=good", "other=bad", "time=1",   "wait",
    "=7",     "wait=",      "word=red=", "",         NULL};

/* the words are read from the left, and the first mistake ends that */
static bool is_good(const char *const *words, int count)
{
    static const char *const good[] = {"wait=7",     "Wait=8",     "word=red",
                                       "WORD=green", "other=good", NULL};
    int i, k;

    for (i = 0; i < count; i++) {
        for (k = 0; good[k] && strcmp(good[k], words[i]) != 0; k++)
            ;
        if (!good[k])
            return false;
        for (k = 0; k < i; k++) {
            if (strncasecmp(words[k], words[i], 4) == 0)
                return false;
        }
    }
    return true;
}

static void random_options(void **state)
{
    static const mab_option_t others[] = {{"other", set_other}, {NULL, NULL}};
    static const mab_options_t all = {
        .fields = fields, .of = MAB_ON_ISSUER, .others = others};
    int i, k, good = 0;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        record_t record = {0, 0, 0, 0, 0};
        const char *words[4], *error;
        int count = (int)inside_random(4);

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        for (k = 0; k < count; k++)
            words[k] = options[inside_random(14)];
        error = mab_words_set_options(inside_command("X", "", pool), &all,
                                      &record, (char *const *)words, count);
        if (!error != is_good(words, count))
            fail_msg("%d words, \"%s\" …: %s", count, count ? words[0] : "",
                     error ? error : "no mistake");
        if (error)
            assert_int_equal(strncmp(error, "X: ", 3), 0);
        good += !error && count > 1;
        apr_pool_destroy(pool);
    }
    assert_in_range(good, ROUNDS / 100, ROUNDS);
}

/* --- cutting ----------------------------------------------------------------------------- */

/* whether the characters of one text are in another, in the same order */
static bool is_within(const char *text, const char *in)
{
    for (; *text; text++) {
        in = strchr(in, *text);
        if (!in)
            return false;
        in++;
    }
    return true;
}

static const char *const pieces[] = {"a", "b=", "c",  "=",  " ",  "  ", "\t",
                                     "'", "\"", "\\", "\"", "%{", "}",  NULL};

/* Without quotes only blanks cut. With them nothing is added and nothing changes its
 * order, and a quoted value is one word. */
static void random_cuts(void **state)
{
    int i, k, quoted = 0;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        const apr_array_header_t *words;
        const char *text, *all = "";
        char *plain, *last, *word;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        text = inside_random_text(pieces, 10, pool);
        words = mab_words_cut(pool, text);
        for (k = 0; k < words->nelts; k++)
            all = apr_pstrcat(pool, all, APR_ARRAY_IDX(words, k, const char *),
                              NULL);
        if (!is_within(all, text))
            fail_msg("\"%s\" became \"%s\"", text, all);
        if (!strpbrk(text, "'\"\\")) {
            plain = apr_pstrdup(pool, text);
            word = apr_strtok(plain, " \t", &last);
            for (k = 0; word; k++, word = apr_strtok(NULL, " \t", &last)) {
                assert_in_range(k, 0, words->nelts - 1);
                assert_string_equal(APR_ARRAY_IDX(words, k, const char *),
                                    word);
            }
            assert_int_equal(words->nelts, k);
        }
        else if (!strpbrk(text, "'\\}")) {
            words = mab_words_cut(pool, apr_pstrcat(pool, "x=\"", text, NULL));
            all = APR_ARRAY_IDX(words, 0, const char *);
            assert_string_equal(
                all,
                apr_pstrcat(
                    pool, "x=", apr_pstrmemdup(pool, text, strcspn(text, "\"")),
                    NULL));
            quoted++;
        }
        apr_pool_destroy(pool);
    }
    assert_in_range(quoted, ROUNDS / 20, ROUNDS);
}

/* --- lists ------------------------------------------------------------------------------- */

static const char *const items[] = {"a", "b", "ab", ",", ",", "c", NULL};

static void random_lists(void **state)
{
    int i, k, good = 0;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        apr_array_header_t *texts;
        const char *text, *error, *all = "";
        bool wrong;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        texts = apr_array_make(pool, 2, sizeof(bearer_str_t));
        text = inside_random_text(items, 7, pool);
        error =
            mab_words_cut_commas(inside_command("X", "", pool), text, texts);
        wrong = !*text || *text == ',' || strstr(text, ",,")
                || text[strlen(text) - 1] == ',';
        for (k = 0; k < texts->nelts; k++) {
            const char *one = APR_ARRAY_IDX(texts, k, bearer_str_t).data;

            assert_null(strchr(one, ','));
            assert_true(*one);
            all = apr_pstrcat(pool, all, k ? "," : "", one, NULL);
        }
        if (wrong)
            assert_non_null(error);
        /* what is taken is the beginning and, without a mistake, the whole */
        assert_int_equal(strncmp(text, all, strlen(all)), 0);
        if (!error)
            assert_string_equal(all, text);
        good += !error && texts->nelts > 1;
        apr_pool_destroy(pool);
    }
    assert_in_range(good, ROUNDS / 50, ROUNDS);
}

/* what a list was stays as it was, while it grows */
static void random_appends(void **state)
{
    const mab_list_t *lists[600] = {NULL};
    int i, k;

    for (i = 0; i < 600; i++) {
        lists[i] = i ? lists[i - 1] : NULL;
        mab_words_append(&lists[i], &i, sizeof(i), *state);
    }
    for (i = 0; i < 600; i++) {
        assert_int_equal(lists[i]->count, i + 1);
        for (k = 0; k <= i; k++)
            assert_int_equal(((const int *)lists[i]->items)[k], k);
    }
}

/* no list is too long for those who walk it */
static void random_lists_end(void **state)
{
    apr_array_header_t *texts = apr_array_make(*state, 2, sizeof(bearer_str_t));
    cmd_parms *cmd = inside_command("X", "", *state);
    int i;

    for (i = 0; i < BEARER_LIMIT_WORDS; i++)
        assert_null(mab_words_add_text(cmd, texts, apr_itoa(*state, i)));
    assert_non_null(mab_words_add_text(cmd, texts, "one more"));
    assert_int_equal(texts->nelts, BEARER_LIMIT_WORDS);
}

int inside_random_words(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(random_numbers), unit_row(random_options),
        unit_row(random_cuts),    unit_row(random_lists),
        unit_row(random_appends), unit_row(random_lists_end),
    };

    return unit_run(tests);
}
