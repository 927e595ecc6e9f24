/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bearer/base/str.h"

static const bearer_str_t absent = {NULL, 0};

/* --- classes -------------------------------------------------------------------- */

static void classes_are_those_of_the_rfcs(void **state BEARER_UNUSED)
{
    int c;

    /* the C locale: what ctype says of ASCII is what the RFCs say */
    for (c = 0; c < 256; c++) {
        char one = (char)c;
        bool ascii = c < 128;

        if (bearer_str_is_blank(one) != (ascii && isblank(c))
            || bearer_str_is_digit(one) != (ascii && isdigit(c))
            || bearer_str_is_control(one) != (ascii && iscntrl(c))
            || bearer_str_is_visible(one) != (ascii && isgraph(c))
            || bearer_str_is_printable(one) != (ascii && isprint(c)))
            fail_msg("byte %d", c);
        if (bearer_str_is_plain(one)
            != (ascii && isprint(c) && c != '"' && c != '\\'))
            fail_msg("plain byte %d", c);
        if (bearer_str_is_file_blank(one)
            != (ascii && isspace(c) && c != '\v' && c != '\f'))
            fail_msg("blank byte %d", c);
        if (c && !strchr(BEARER_STR_SPACES, c) != !(ascii && isspace(c)))
            fail_msg("space byte %d", c);
    }
}

static void hexadecimal_digits_have_values(void **state BEARER_UNUSED)
{
    int c;

    for (c = 0; c < 256; c++) {
        char text[2] = {(char)c, '\0'};
        int want = c < 128 && isxdigit(c) ? (int)strtol(text, NULL, 16) : -1;

        if (bearer_str_hex((char)c) != want)
            fail_msg("byte %d", c);
    }
}

static void tokens_are_made_of_tchars(void **state BEARER_UNUSED)
{
    static const char no_tchar[] = "\"(),/:;<=>?@[\\]{}";
    int c;

    /* RFC 9110 5.6.2: any VCHAR except delimiters */
    for (c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        bearer_str_t whole = {text, 3}, first = {text + 1, 2};
        bool want = c > 0x20 && c < 0x7f && !strchr(no_tchar, c);

        if (bearer_str_is_token(whole) != want
            || bearer_str_is_token(first) != want)
            fail_msg("byte %d", c);
    }
    assert_false(bearer_str_is_token(unit_str("")));
    assert_false(bearer_str_is_token(absent));
    assert_true(bearer_str_is_token(unit_str("VERSION-CONTROL")));
}

static void control_characters_are_found(void **state BEARER_UNUSED)
{
    bearer_str_t nul = {"a\0b", 3};

    assert_false(bearer_str_has_control(absent));
    assert_false(bearer_str_has_control(unit_str("")));
    assert_false(bearer_str_has_control(unit_str(" ~\x80\xff\xc3\xa4")));
    assert_true(bearer_str_has_control(unit_str("a\n")));
    assert_true(bearer_str_has_control(unit_str("\t")));
    assert_true(bearer_str_has_control(unit_str("\x1f")));
    assert_true(bearer_str_has_control(unit_str("a\x7f")));
    assert_true(bearer_str_has_control(nul));
}

static void field_values_may_hold_tabs(void **state BEARER_UNUSED)
{
    int c;

    assert_true(bearer_str_is_field_value(absent));
    for (c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        bearer_str_t value = {text, 3};

        if (bearer_str_is_field_value(value)
            != (c == '\t' || !bearer_str_has_control(value)))
            fail_msg("byte %d", c);
    }
}

/* --- equality -------------------------------------------------------------------- */

static void equality_is_by_bytes(void **state BEARER_UNUSED)
{
    static const struct {
        const char *row;
        bearer_str_t a;
        const char *b;
        bool equal, nocase, begins, begins_nocase;
    } rows[] = {
        {"same", BEARER_LIT("abc"), "abc", true, true, true, true},
        {"case", BEARER_LIT("aBc"), "AbC", false, true, false, true},
        {"longer", BEARER_LIT("abcd"), "abc", false, false, true, true},
        {"longer, case", BEARER_LIT("ABCD"), "abc", false, false, false, true},
        {"shorter", BEARER_LIT("ab"), "abc", false, false, false, false},
        {"another", BEARER_LIT("abd"), "abc", false, false, false, false},
        {"NUL", BEARER_LIT("ab\0"), "ab", false, false, true, true},
        {"no letters", BEARER_LIT("@[`{"), "`{@[", false, false, false, false},
        {"umlauts", BEARER_LIT("\xc3\xa4"), "\xc3\x84", false, false, false,
         false},
        {"empty", BEARER_LIT(""), "", true, true, true, true},
        {"absent", {NULL, 0}, "", true, true, true, true},
        {"absent and more", {NULL, 0}, "a", false, false, false, false},
        {"begins with nothing", BEARER_LIT("a"), "", false, false, true, true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_str_t a = rows[i].a, b = bearer_str(rows[i].b);

        unit_expect(
            rows[i].row,
            bearer_str_equal(a, b) == rows[i].equal
                && bearer_str_equal(b, a) == rows[i].equal
                && bearer_str_is(a, rows[i].b) == rows[i].equal
                && bearer_str_is_nocase(a, rows[i].b) == rows[i].nocase
                && bearer_str_begins(a, rows[i].b) == rows[i].begins
                && bearer_str_begins_nocase(a, rows[i].b)
                       == rows[i].begins_nocase
                && bearer_str_opens_nocase(a.data ? a.data : "", rows[i].b)
                       == rows[i].begins_nocase);
    }
}

static void texts_may_be_absent(void **state BEARER_UNUSED)
{
    const char copy[] = "a";

    assert_true(bearer_str_same(NULL, NULL));
    assert_true(bearer_str_same("a", copy));
    assert_false(bearer_str_same("a", "A"));
    assert_false(bearer_str_same("", NULL));
    assert_false(bearer_str_same(NULL, ""));
    assert_null(bearer_str(NULL).data);
    assert_int_equal(bearer_str(NULL).len, 0);
    assert_int_equal(bearer_str("abc").len, 3);
}

/* --- blanks and words ------------------------------------------------------------ */

static void blanks_are_cut_off(void **state BEARER_UNUSED)
{
    static const char *const rows[][2] = {{"", ""},        {" \t ", ""},
                                          {"a", "a"},      {"\t a b \t", "a b"},
                                          {"a\n ", "a\n"}, {"\r a", "\r a"}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(
            rows[i][0],
            bearer_str_is(bearer_str_trim(unit_str(rows[i][0])), rows[i][1]));
    assert_int_equal(bearer_str_trim(absent).len, 0);
}

/* the next text of these characters, as a number counts up; false after the last */
static bool count_up(char *text, apr_size_t len, const char *characters)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        const char *at = strchr(characters, text[i]);

        if (at[1]) {
            text[i] = at[1];
            return true;
        }
        text[i] = *characters;
    }
    return false;
}

/* against apr_strtok, in all short lists; their memory ends where they do */
static void words_stand_between_spaces(void **state)
{
    static const char characters[] = "ab \t";
    apr_size_t len;

    for (len = 1; len <= 6; len++) {
        char *text = malloc(len);

        assert_non_null(text);
        memset(text, *characters, len);
        do {
            bearer_str_t rest = {text, len}, word = absent;
            char *copy = apr_pstrmemdup(*state, text, len), *last = NULL;
            char *want = apr_strtok(copy, " ", &last);

            for (; want; want = apr_strtok(NULL, " ", &last)) {
                assert_true(bearer_str_next_word(&rest, &word));
                assert_true(bearer_str_is(word, want));
                assert_true(bearer_str_has_word((bearer_str_t){text, len},
                                                bearer_str(want)));
            }
            assert_false(bearer_str_next_word(&rest, &word));
            assert_int_equal(rest.len, 0);
        } while (count_up(text, len, characters));
        free(text);
        apr_pool_clear(*state);
    }
}

static void lists_have_whole_words(void **state BEARER_UNUSED)
{
    static const struct {
        const char *list, *word;
        bool has;
    } rows[] = {
        {"read", "read", true},
        {"a read b", "read", true},
        {"  read  ", "read", true},
        {"reads", "read", false},
        {"unread", "read", false},
        {"read:all", "read", false},
        {"READ", "read", false},
        {"", "read", false},
        {"read\tall", "read", false},
        {"a b", "a b", false},
        {"a  b", "", false},
        {"", "", false},
        {NULL, "", false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(rows[i].list ? rows[i].list : "absent",
                    bearer_str_has_word(bearer_str(rows[i].list),
                                        bearer_str(rows[i].word))
                        == rows[i].has);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(classes_are_those_of_the_rfcs),
        unit_row(hexadecimal_digits_have_values),
        unit_row(tokens_are_made_of_tchars),
        unit_row(control_characters_are_found),
        unit_row(field_values_may_hold_tabs),
        unit_row(equality_is_by_bytes),
        unit_row(texts_may_be_absent),
        unit_row(blanks_are_cut_off),
        unit_row(words_stand_between_spaces),
        unit_row(lists_have_whole_words),
    };

    return unit_run(tests);
}
