/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/httpd/inside.h"

#include "httpd/conf/words.h"

static void expect_text(const char *row, const char *got, const char *want)
{
    if (!got || !want) {
        unit_expect(row, !got && !want);
        return;
    }
    if (strcmp(got, want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", row, got, want);
}

/* --- numbers ------------------------------------------------------------------------- */

static const char *const colours[] = {"red", "green", NULL};

#define FIELD(text, of_kind, at, from, to, named)                              \
    {                                                                          \
        .name = (text), .kind = (of_kind), .offset = (at), .least = (from),    \
        .greatest = (to), .words = (named), .option = (at) == 8 || (at) == 32  \
    }

static const mab_field_t fields[] = {
    FIELD("time", MAB_SECONDS, 0, 0, 3600, NULL),
    FIELD("wait", MAB_SECONDS, 8, 1, 60, NULL),
    FIELD("size", MAB_AMOUNT, 16, 1024, 1048576, NULL),
    FIELD("flag", MAB_FLAG, 24, 0, 1, NULL),
    FIELD("word", MAB_WORD, 32, 0, 1, colours),
    {.offset = (apr_size_t)-1}};

static void words_numbers(void **state)
{
    static const struct {
        int field;
        const char *text;
        int want; /* -1: a mistake */
    } rows[] = {
        {0, "0", 0},           {0, "off", 0},         {0, "Off", 0},
        {0, "30", 30},         {0, "30s", 30},        {0, "2M", 120},
        {0, "1h", 3600},       {0, "61m", -1},        {0, "2h", -1},
        {0, "1d", -1},         {0, "", -1},           {0, "s", -1},
        {0, "-1", -1},         {0, "+1", -1},         {0, "1.5", -1},
        {0, "1 ", -1},         {0, " 1", -1},         {0, "1ss", -1},
        {0, "1k", -1},         {0, "0000000030", -1}, {0, "999999999d", -1},
        {0, "9999999999", -1}, {1, "off", -1},        {1, "0", -1},
        {1, "1", 1},           {1, "1m", 60},         {1, "61", -1},
        {2, "1024", 1024},     {2, "1K", 1024},       {2, "1m", 1048576},
        {2, "1024b", 1024},    {2, "1023", -1},       {2, "2m", -1},
        {2, "1g", -1},         {3, "On", 1},          {3, "off", 0},
        {3, "yes", -1},        {3, "1", -1},          {3, "", -1},
        {4, "RED", 0},         {4, "green", 1},       {4, "blue", -1},
        {4, "0", -1},          {4, "", -1},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_int64_t record[] = {-7, -7, -7, -7, -7};
        const mab_field_t *field = &fields[rows[i].field];
        const char *error =
            mab_words_set_number(inside_command("AuthBearerX", "", *state),
                                 record, field, rows[i].text);
        apr_int64_t got = record[rows[i].field];

        if ((error != NULL) != (rows[i].want < 0)
            || got != (rows[i].want < 0 ? -7 : rows[i].want))
            fail_msg("%s=%s gives %d (%s)", field->name, rows[i].text, (int)got,
                     error ? error : "no mistake");
    }
}

static void words_say_what_is_allowed(void **state)
{
    static const struct {
        int field;
        const char *want;
    } rows[] = {
        {0, "X: \"?\" is not a valid value for time; allowed is off, or 0 to "
            "3600 seconds; the number may end in s, m, h or d"},
        {1,
         "X: \"?\" is not a valid value for wait; allowed is 1 to 60 seconds; "},
        {2,
         "X: \"?\" is not a valid value for size; allowed is 1024 to 1048576 bytes; "
         "the number may end in k or m"},
        {3, "X: \"?\" is not a valid value for flag; allowed is On or Off"},
        {4,
         "X: \"?\" is not a valid value for word; allowed is one of: red, green"},
    };
    apr_int64_t record[5];
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *error =
            mab_words_set_number(inside_command("X", "", *state), record,
                                 &fields[rows[i].field], "?");

        unit_expect(rows[i].want, error);
        if (strncmp(error, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("\"%s\"", error);
    }
}

/* --- options --------------------------------------------------------------------------- */

static const char *set_other(cmd_parms *cmd, void *record BEARER_UNUSED,
                             const char *value)
{
    return strcmp(value, "good") == 0
               ? NULL
               : apr_pstrcat(cmd->pool, "other: ", value, NULL);
}

static void words_options(void **state)
{
    static const mab_option_t others[] = {{"other", set_other}, {NULL, NULL}};
    static const mab_options_t no_others = {fields, MAB_ON_ISSUER, NULL};
    static const struct {
        const char *words[3];
        const char *want;
    } rows[] = {
        {{"wait=7"}, NULL},
        {{"WAIT=7", "word=green", "other=good"}, NULL},
        {{"other=bad"}, "other: bad"},
        {{"wait"},
         "X: \"wait\" is not <option>=<value>; allowed is wait= "
         "word= other="},
        {{"=7"},
         "X: \"=7\" is not <option>=<value>; allowed is wait= word= "
         "other="},
        {{"wait="},
         "X: \"wait=\" is not <option>=<value>; allowed is wait= "
         "word= other="},
        {{"wait=7", "Wait=8"},
         "X: Wait= is given twice; each option may be given once"},
        {{"time=1"},
         "X: there is no option time=; allowed is wait= word= other="},
        {{"word=blue"},
         "X: \"blue\" is not a valid value for word; allowed is one of: red, green"},
    };
    size_t i;
    int count;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_int64_t record[5] = {0};
        const mab_options_t options = {fields, MAB_ON_ISSUER, others};

        for (count = 0; count < 3 && rows[i].words[count]; count++)
            ;
        expect_text(rows[i].words[0],
                    mab_words_set_options(inside_command("X", "", *state),
                                          &options, record,
                                          (char *const *)rows[i].words, count),
                    rows[i].want);
        if (!rows[i].want && count == 3)
            assert_true(record[1] == 7 && record[4] == 1);
    }
    expect_text("no others", mab_words_option_names(&no_others, *state),
                "allowed is wait= word=");
    assert_null(mab_words_whole(&no_others));
}

/* --- raw words --------------------------------------------------------------------------- */

static void words_cutting(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {" \t ", ""},
        {"a", "<a>"},
        {" a\tb  c ", "<a><b><c>"},
        {"\"two words\" x", "<two words><x>"},
        {"'two words'", "<two words>"},
        {"a=\"two words\" b", "<a=two words><b>"},
        {"a='it\\'s' b", "<a=it's><b>"},
        {"a=\"x\\\\y\"", "<a=x\\y>"},
        {"a=\"\"", "<a=>"},
        {"a=\"open", "<a=open>"},
        {"a=\"open\\", "<a=open\\>"},
        {"a=b\"c d\"", "<a=b\"c><d\">"},
        {"expr=%{HTTP:X} y", "<expr=%{HTTP:X}><y>"},
    };
    size_t i;
    int k;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_array_header_t *words = mab_words_cut(*state, rows[i].text);
        const char *all = "";

        for (k = 0; k < words->nelts; k++)
            all = apr_pstrcat(*state, all, "<",
                              APR_ARRAY_IDX(words, k, const char *), ">", NULL);
        expect_text(rows[i].text, all, rows[i].want);
    }
}

/* --- lists ------------------------------------------------------------------------------- */

#define EMPTY                                                                  \
    "X: a value is empty (is a variable of the configuration not set?); "      \
    "remove it, or give it a text"
#define COMMA(text)                                                            \
    "X: \"" text "\" has an empty value beside a comma (is a variable of the " \
    "configuration not set?); write the list without blanks: a,b,c"

static void words_lists(void **state)
{
    static const struct {
        const char *text, *want;
        int count;
    } rows[] = {
        {"a", NULL, 1},
        {"a,b,c", NULL, 3},
        {"a,b,a", "X: \"a\" is given twice; name each value once", 2},
        {"", EMPTY, 0},
        {"a,,b", COMMA("a,,b"), 0},
        {",", COMMA(","), 0},
        {"a,", COMMA("a,"), 0},
    };
    const mab_list_t *list = NULL, *old;
    const char *one = "1", *two = "2";
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_array_header_t *texts =
            apr_array_make(*state, 2, sizeof(bearer_str_t));

        expect_text(rows[i].text,
                    mab_words_cut_commas(inside_command("X", "", *state),
                                         rows[i].text, texts),
                    rows[i].want);
        unit_expect(rows[i].text, texts->nelts == rows[i].count);
        unit_expect(rows[i].text,
                    mab_words_list(texts, *state)->count == rows[i].count);
    }
    mab_words_append(&list, &one, sizeof(one), *state);
    old = list;
    mab_words_append(&list, &two, sizeof(two), *state);
    assert_true(old->count == 1 && list->count == 2);
    assert_ptr_equal(((const char *const *)list->items)[0], one);
    assert_ptr_equal(((const char *const *)list->items)[1], two);
}

static void words_places(void **state)
{
    cmd_parms *cmd = inside_command("AuthBearerX", "", *state);
    ap_directive_t section = {0};

    expect_text("none", mab_words_place(cmd), "made.conf:7");
    expect_text("none", mab_words_describe(cmd), "AuthBearerX at made.conf:7");
    section.directive = "<Location";
    section.args = "\"/api\">";
    cmd->directive->parent = &section;
    expect_text("one", mab_words_describe(cmd),
                "AuthBearerX in <Location \"/api\"> at made.conf:7");
    assert_false(mab_words_in_htaccess(cmd));
    cmd->temp_pool = cmd->pool;
    assert_true(mab_words_in_htaccess(cmd));
}

int inside_words(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(words_numbers), unit_row(words_say_what_is_allowed),
        unit_row(words_options), unit_row(words_cutting),
        unit_row(words_lists),   unit_row(words_places),
    };

    return unit_run(tests);
}
