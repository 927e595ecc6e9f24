/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/base/log.h"

/* what a sink was given */
typedef struct heard_t {
    int count;
    bearer_level_t level;
    char id[16];
    char text[2048];
} heard_t;

static void hear(bearer_level_t level, const char *id, const char *text,
                 void *baton)
{
    heard_t *heard = baton;

    heard->count++;
    heard->level = level;
    apr_cpystrn(heard->id, id, sizeof(heard->id));
    apr_cpystrn(heard->text, text, sizeof(heard->text));
}

static int forget(void **state)
{
    bearer_log_install(NULL, NULL);
    return unit_teardown(state);
}

static void log_gives_the_sink_one_line(void **state BEARER_UNUSED)
{
    heard_t heard = {0};

    bearer_log_install(hear, &heard);
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0101", "keys of %s: %d", "x", 3);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.level, BEARER_LEVEL_WARNING);
    assert_string_equal(heard.id, "MAB0101");
    assert_string_equal(heard.text, "keys of x: 3");
}

static void log_is_silent_without_a_sink(void **state BEARER_UNUSED)
{
    heard_t heard = {0};

    bearer_log_write(BEARER_LEVEL_ERROR, "", "%s", "nobody listens");
    bearer_log_install(hear, &heard);
    bearer_log_install(NULL, NULL);
    bearer_log_write(BEARER_LEVEL_ERROR, "", "%s", "nobody listens");
    assert_int_equal(heard.count, 0);
}

static void log_the_last_sink_counts(void **state BEARER_UNUSED)
{
    heard_t first = {0}, second = {0};

    bearer_log_install(hear, &first);
    bearer_log_install(hear, &second);
    bearer_log_write(BEARER_LEVEL_INFO, "", "%s", "x");
    assert_int_equal(first.count, 0);
    assert_int_equal(second.count, 1);
}

/* a document must not write lines of its own */
static void log_lines_hold_no_control_character(void **state BEARER_UNUSED)
{
    heard_t heard = {0};

    bearer_log_install(hear, &heard);
    bearer_log_write(BEARER_LEVEL_INFO, "", "kid %s",
                     "a\r\n[error] b\t\x01\x1f\x7f~ \xc3\xa4");
    assert_string_equal(heard.text, "kid a??[error] b????~ \xc3\xa4");
}

static void log_lines_are_cut(void **state)
{
    heard_t heard = {0};
    char *text = apr_palloc(*state, 5001);

    memset(text, 'a', 5000);
    text[5000] = '\0';
    bearer_log_install(hear, &heard);
    bearer_log_write(BEARER_LEVEL_INFO, "", "%s", text);
    assert_int_equal(heard.count, 1);
    assert_int_equal(strlen(heard.text), 1023);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, unit_setup, forget)
    const struct CMUnitTest tests[] = {
        ROW(log_gives_the_sink_one_line),
        ROW(log_is_silent_without_a_sink),
        ROW(log_the_last_sink_counts),
        ROW(log_lines_hold_no_control_character),
        ROW(log_lines_are_cut),
    };

    return unit_run(tests);
}
