/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/judge/advice.h"

static void advice_names_what_is_meant(void **state)
{
    static const struct {
        const char *word, *want;
    } rows[] = {
        {">=3", "write level >= 3;"},
        {"<=3", "write level <= 3;"},
        {">3", "write level > 3;"},
        {"<3", "write level < 3;"},
        {"~^3$", "write level ~ ^3$;"},
        {"=3", "write level 3;"},
        /* not clear: an example */
        {"==3", "write age < 18;"},
        {"=>3", "write age < 18;"},
        {"!=3", "write age < 18;"},
        {"=", "write age < 18;"},
        {"<>3", "write age < 18;"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_note_t note = {""};

        bearer_advice_operator(&note, "level", rows[i].word, NULL, *state);
        unit_expect(rows[i].word, strstr(note.text, rows[i].want));
        unit_expect(rows[i].word,
                    strncmp(note.text, rows[i].word, strlen(rows[i].word))
                        == 0);
    }
}

static void advice_on_equals(void **state)
{
    static const struct {
        const char *word, *want;
    } rows[] = {
        {"=", "= is not an operator here: a value stands right after the path; "
              "write role banned"},
        {"==", "== is not an operator here: a value stands right after the "
               "path; write role banned"},
        {"!=", "!= is not an operator here: for the claim to be banned, write "
               "Require claim role banned, and for anything else "
               "Require not claim role banned"},
        {"=~", "=~ is not an operator here, which is a word of its own: write "
               "age < 18; a value that begins so is written <name>:<value>"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_note_t note = {""};

        bearer_advice_operator(&note, "role", rows[i].word, "banned", *state);
        unit_expect(rows[i].word, strcmp(note.text, rows[i].want) == 0);
    }
}

static void advice_on_names(void **state)
{
    bearer_note_t note = {""};

    bearer_advice_path(&note, "role=guest");
    assert_non_null(strstr(note.text, "is written /role=guest"));
    bearer_advice_url(&note, "https://e.org/a~b", *state);
    assert_string_equal(note.text, "a claim that is named by a URL is written "
                                   "/https:~1~1e.org~1a~0b");
    bearer_advice_colon(&note, "cognito:groups", "admin", *state);
    assert_string_equal(note.text,
                        "after cognito:groups, admin is not <name>:<value> or "
                        "<name>~<regex>; a claim that is called cognito:groups "
                        "is written /cognito:groups admin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(advice_names_what_is_meant),
        unit_row(advice_on_equals),
        unit_row(advice_on_names),
    };

    return unit_run(tests);
}
