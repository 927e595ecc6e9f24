/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/base/error.h"

static const char *note_of(const char *text, bearer_note_t *note)
{
    bearer_note_set(note, "%s", text);
    return note->text;
}

/* --- the catalogue --------------------------------------------------------- */

static void error_knows_success(void **state BEARER_UNUSED)
{
    const bearer_reason_info_t *info = bearer_error_find(BEARER_OK);

    assert_string_equal(info->slug, "ok");
    assert_int_equal(info->status, 200);
    assert_int_equal(info->fault, BEARER_FAULT_NONE);
    assert_null(info->error);
}

static void error_survives_values_out_of_range(void **state BEARER_UNUSED)
{
    assert_string_equal(bearer_error_find(BEARER_REASON_COUNT)->slug, "ok");
    assert_string_equal(bearer_error_find((bearer_reason_t)-1)->slug, "ok");
    assert_string_equal(bearer_error_find((bearer_reason_t)70000)->slug, "ok");
}

/* a row that moved would answer for its neighbour */
static void error_rows_stand_at_their_reason(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        const char *slug;
        bearer_reason_t why;
    } rows[] = {
#define BEARER_REASON(name, slug, fault, code, error, status, level, text)     \
    {#name, slug, BEARER_##name},
#include "bearer/base/error.def"
#undef BEARER_REASON
    };
    apr_size_t i;

    assert_int_equal(sizeof(rows) / sizeof(rows[0]), BEARER_REASON_COUNT - 1);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unit_expect_reason(rows[i].name, rows[i].why, rows[i].slug);
        assert_string_equal(bearer_error_find(rows[i].why)->name, rows[i].name);
    }
}

static void error_slugs_are_unique(void **state BEARER_UNUSED)
{
    int i, k;

    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        for (k = 0; k < i; k++)
            unit_expect(
                bearer_error_find(i)->slug,
                strcmp(bearer_error_find(i)->slug, bearer_error_find(k)->slug));
    }
}

/* what goes into a header or a log line needs no escaping there */
static void error_sentences_are_plain(void **state BEARER_UNUSED)
{
    int i;

    for (i = 0; i < BEARER_REASON_COUNT; i++) {
        const char *text = bearer_error_find(i)->sentence;
        const char *c;

        unit_expect(bearer_error_find(i)->slug, *text);
        unit_expect(text, text[strlen(text) - 1] != '.');
        for (c = text; *c; c++)
            unit_expect(text, *c >= 0x20 && *c < 0x7f && *c != '\\');
    }
}

static void error_answers_agree_with_their_status(void **state BEARER_UNUSED)
{
    int i;

    for (i = 1; i < BEARER_REASON_COUNT; i++) {
        const bearer_reason_info_t *info = bearer_error_find(i);

        /* a reason that is answered has a code, others have none */
        unit_expect(info->slug, !info->status == !info->code);
        if (info->status == 403)
            assert_string_equal(info->error, "insufficient_scope");
        /* a stranger cannot fill the error log */
        if (info->fault == BEARER_FAULT_CLIENT)
            unit_expect(info->slug, info->level == BEARER_LEVEL_INFO);
    }
}

/* design section 3: programs outside look for these */
static void error_fixed_answers_stay(void **state BEARER_UNUSED)
{
    static const struct {
        bearer_reason_t why;
        int status;
        const char *code, *error;
    } cases[] = {
        {BEARER_TOKEN_MISSING, 401, "auth.authorization_header_missing", NULL},
        {BEARER_TOKEN_FORMAT, 401, "auth.authorization_token_invalid_format",
         "invalid_request"},
        {BEARER_TOKEN_SCHEME, 401,
         "auth.authorization_token_type_not_supported", NULL},
        {BEARER_TOKEN_TWICE, 400, "auth.authorization_token_invalid_format",
         "invalid_request"},
        {BEARER_EXPIRED, 401, "invalid_token", "invalid_token"},
        {BEARER_SIG_WRONG, 401, "invalid_token", "invalid_token"},
        {BEARER_SCOPE_SHORT, 403, "insufficient_scope", "insufficient_scope"},
        {BEARER_KEYS_UNAVAILABLE, 503, "keys_unavailable", NULL},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_reason_info_t *info = bearer_error_find(cases[i].why);

        unit_expect(info->slug, info->status == cases[i].status);
        assert_string_equal(info->code, cases[i].code);
        if (cases[i].error)
            assert_string_equal(info->error, cases[i].error);
        else
            assert_null(info->error);
    }
}

/* --- notes ----------------------------------------------------------------- */

/* our own trouble is a 500, and never looks like a token's fault */
static void error_trouble_of_ours_is_a_500(void **state BEARER_UNUSED)
{
    static const bearer_reason_t ours[] = {
        BEARER_NO_MEMORY,  BEARER_POLICY_ISSUER, BEARER_POLICY_AUDIENCE,
        BEARER_POLICY_ALG, BEARER_POLICY_ANY,    BEARER_POLICY_UNCLEAR};
    size_t i;

    assert_string_equal(bearer_error_find(BEARER_NO_MEMORY)->slug, "no_memory");
    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        const bearer_reason_info_t *info = bearer_error_find(ours[i]);

        unit_expect(info->slug, info->status == 500);
        unit_expect(info->slug, strcmp(info->code, "internal_error") == 0);
        unit_expect(info->slug, info->error == NULL);
    }
}

static void error_notes_are_escaped(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"plain", "kid a-b_c, alg RS256", "kid a-b_c, alg RS256"},
        {"empty", "", ""},
        {"line feed", "a\nb", "a\\x0ab"},
        {"carriage return", "a\rb", "a\\x0db"},
        {"tab", "\t", "\\x09"},
        {"escape", "\033[31m", "\\x1b[31m"},
        {"delete", "\x7f", "\\x7f"},
        {"quote", "a\"b", "a\\x22b"},
        {"backslash", "\\x0a", "\\x5cx0a"},
        {"UTF-8", "\xc3\xa4", "\\xc3\\xa4"},
        {"C1", "\xc2\x85", "\\xc2\\x85"},
        {"last and first plain", " ~", " ~"},
    };
    bearer_note_t note;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(note_of(cases[i].text, &note), cases[i].want) != 0)
            fail_msg("%s: got %s", cases[i].name, note.text);
    }
}

static void error_lists_for_notes_are_bounded(void **state BEARER_UNUSED)
{
    char full[BEARER_LIMIT_SHOWN + 1], more[200];
    bearer_note_list_t list = {"", 0, false};
    int i;

    memset(full, 'f', BEARER_LIMIT_SHOWN);
    full[BEARER_LIMIT_SHOWN] = '\0';
    memset(more, 'm', sizeof(more));
    bearer_note_list_add(&list, unit_str("a"));
    assert_string_equal(list.text, "a");
    bearer_note_list_add(&list, unit_str("b"));
    assert_string_equal(list.text, "a, b");
    for (i = 0; i < 3; i++) {
        bearer_str_t text = {more, sizeof(more)};

        bearer_note_list_add(&list, text);
        assert_true(list.full);
        assert_int_equal(strlen(list.text), BEARER_LIMIT_SHOWN + 3);
        assert_string_equal(list.text + BEARER_LIMIT_SHOWN - 1, "m...");
    }
    memset(&list, 0, sizeof(list));
    bearer_note_list_add(&list, unit_str(full));
    assert_string_equal(list.text, full);
    bearer_note_list_add(&list, unit_str("x"));
    assert_string_equal(list.text + BEARER_LIMIT_SHOWN, "...");
    memset(&list, 0, sizeof(list));
    full[BEARER_LIMIT_SHOWN - 1] = '\0';
    bearer_note_list_add(&list, unit_str(full));
    bearer_note_list_add(&list, unit_str("x"));
    assert_int_equal(strlen(list.text), BEARER_LIMIT_SHOWN + 3);
}

/* cut between escapes, never inside one, and always terminated */
static void error_notes_are_cut(void **state BEARER_UNUSED)
{
    char text[2 * BEARER_LIMIT_NOTE];
    bearer_note_t note;
    apr_size_t lead;

    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(strlen(note_of(text, &note)), BEARER_LIMIT_NOTE - 1);

    for (lead = 0; lead < 4; lead++) {
        apr_size_t len;

        memset(text, '\n', sizeof(text));
        memset(text, 'a', lead);
        text[sizeof(text) - 1] = '\0';
        len = strlen(note_of(text, &note));
        unit_expect("escapes", len < BEARER_LIMIT_NOTE);
        unit_expect("escapes", (len - lead) % 4 == 0);
        unit_expect("escapes", len + 4 >= BEARER_LIMIT_NOTE);
    }
}

static void error_notes_may_be_absent(void **state BEARER_UNUSED)
{
    bearer_note_t more = {"x"};

    bearer_note_set(NULL, "%s", "nothing happens");
    bearer_note_add(NULL, "%s", "nothing happens");
    bearer_note_prefix(NULL, "%s", "nothing happens");
    bearer_note_join(NULL, &more);
    bearer_note_member(NULL, "kid", unit_str("nothing happens"));
}

/* each piece is escaped once, however often notes are put together */
static void error_notes_are_put_together(void **state BEARER_UNUSED)
{
    bearer_note_t note, more;
    apr_size_t lead;

    bearer_note_set(&note, "a\n");
    bearer_note_add(&note, "%s", "\"b");
    bearer_note_prefix(&note, "%d: ", 7);
    bearer_note_set(&more, "\\c");
    bearer_note_join(&note, &more);
    assert_string_equal(note.text, "7: a\\x0a\\x22b\\x5cc");

    /* what does not fit is left out whole */
    for (lead = BEARER_LIMIT_NOTE - 6; lead < BEARER_LIMIT_NOTE; lead++) {
        memset(note.text, 'a', lead);
        note.text[lead] = '\0';
        bearer_note_add(&note, "\n");
        assert_int_equal(strlen(note.text),
                         lead + 4 < BEARER_LIMIT_NOTE ? lead + 4 : lead);
    }
    memset(note.text, 'a', BEARER_LIMIT_NOTE - 1);
    note.text[BEARER_LIMIT_NOTE - 1] = '\0';
    bearer_note_prefix(&note, "b");
    assert_int_equal(strlen(note.text), BEARER_LIMIT_NOTE - 1);
    assert_int_equal(note.text[0], 'b');
}

static void error_notes_leave_no_gap(void **state BEARER_UNUSED)
{
    static const bearer_str_t none = {NULL, 0};
    bearer_note_t note;

    bearer_note_member(&note, "kid", unit_str("a\nb"));
    assert_string_equal(note.text, "kid a\\x0ab");
    bearer_note_member(&note, "kid", unit_str(""));
    assert_string_equal(note.text, "kid (empty)");
    bearer_note_member(&note, "kid", none);
    assert_string_equal(note.text, "no kid");
}

static void error_notes_show_a_bounded_part(void **state)
{
    bearer_str_t text = {"abc", 3};
    bearer_note_t note;

    assert_int_equal(bearer_note_width(text), 3);
    text.len = 0;
    assert_int_equal(bearer_note_width(text), 0);
    text.len = BEARER_LIMIT_SHOWN;
    assert_int_equal(bearer_note_width(text), BEARER_LIMIT_SHOWN);
    text.len = (apr_size_t)-1;
    assert_int_equal(bearer_note_width(text), BEARER_LIMIT_SHOWN);

    /* not terminated: no byte past the width is read */
    text.data = apr_pmemdup(*state, "abc", 3);
    text.len = 3;
    bearer_note_set(&note, "%.*s", bearer_note_width(text), text.data);
    assert_string_equal(note.text, "abc");
}

static void error_text_has_slug_sentence_and_note(void **state)
{
    bearer_note_t note = {"mode 666"}, none = {""};

    assert_string_equal(
        bearer_error_text(BEARER_FILE_WRITABLE, &note, *state),
        "file_writable: a file with keys can be written by everybody (mode 666)");
    assert_string_equal(
        bearer_error_text(BEARER_FILE_WRITABLE, &none, *state),
        "file_writable: a file with keys can be written by everybody");
    assert_string_equal(bearer_error_text(BEARER_OK, NULL, *state),
                        "ok: accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(error_knows_success),
        unit_row(error_survives_values_out_of_range),
        unit_row(error_rows_stand_at_their_reason),
        unit_row(error_slugs_are_unique),
        unit_row(error_sentences_are_plain),
        unit_row(error_answers_agree_with_their_status),
        unit_row(error_fixed_answers_stay),
        unit_row(error_trouble_of_ours_is_a_500),
        unit_row(error_notes_are_escaped),
        unit_row(error_lists_for_notes_are_bounded),
        unit_row(error_notes_are_cut),
        unit_row(error_notes_may_be_absent),
        unit_row(error_notes_are_put_together),
        unit_row(error_notes_leave_no_gap),
        unit_row(error_notes_show_a_bounded_part),
        unit_row(error_text_has_slug_sentence_and_note),
    };

    return unit_run(tests);
}
