/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/text/template.h"

#define NAME "https://login.example/{tid}/v2.0"

static void template_has_one_placeholder(void **state BEARER_UNUSED)
{
    static const struct {
        const char *text;
        bool meant, good;
    } cases[] = {
        {NAME, true, true},
        {"{tid}", true, true},
        {"https://login.example/", false, false},
        {"", false, false},
        {"https://login.example/{tid}/{tid}", true, false},
        {"https://login.example/{tenantid}/", true, false},
        {"https://login.example/{TID}/", true, false},
        {"https://login.example/{tid/", true, false},
        {"https://login.example/{}/", true, false},
        {"https://login.example/tid}/", true, false},
        {"https://login.example/}{tid}/", true, false},
        {"https://login.example/{tid}}/", true, false},
        {"https://login.example/{{tid}/", true, false},
        {"https://login.example/{x}/{tid}/", true, false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unit_expect(cases[i].text,
                    bearer_template_is_meant(cases[i].text) == cases[i].meant);
        unit_expect(cases[i].text,
                    bearer_template_check(unit_str(cases[i].text))
                        == cases[i].good);
    }
}

/* a value cannot make the name of another issuer */
static void template_is_filled_by_harmless_values(void **state BEARER_UNUSED)
{
    static const struct {
        const char *value, *text;
        bool want;
    } cases[] = {
        {"9188040d-6c67-4c5b-b112-36a304b66dad",
         "https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
         true},
        {"A_z-09", "https://login.example/A_z-09/v2.0", true},
        {"a", "https://login.example/b/v2.0", false},
        {"a", "https://login.example/a/v2.0/", false},
        {"a", "https://login.example/a/v2", false},
        {"a", "https://login.example/A/v2.0", false},
        {"a", "https://login.example/aa/v2.0", false},
        {"a", "", false},
        {"a", NAME, false},
        {"{tid}", NAME, false},
        {"", "https://login.example//v2.0", false},
        {"a/v2.0", "https://login.example/a/v2.0/v2.0", false},
        {"a.b", "https://login.example/a.b/v2.0", false},
        {"..", "https://login.example/../v2.0", false},
        {"a@evil", "https://login.example/a@evil/v2.0", false},
        {"a:b", "https://login.example/a:b/v2.0", false},
        {"a%2fb", "https://login.example/a%2fb/v2.0", false},
        {"a?b", "https://login.example/a?b/v2.0", false},
        {"a#b", "https://login.example/a#b/v2.0", false},
        {"a b", "https://login.example/a b/v2.0", false},
        {"\xc3\xa4", "https://login.example/\xc3\xa4/v2.0", false},
    };
    bearer_str_t absent = {NULL, 0};
    char value[66], text[128];
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].text, bearer_template_makes(
                                       unit_str(NAME), unit_str(cases[i].value),
                                       unit_str(cases[i].text))
                                       == cases[i].want);
    unit_expect("no text",
                !bearer_template_makes(unit_str(NAME), unit_str("a"), absent));
    unit_expect("no value", !bearer_template_makes(
                                unit_str(NAME), absent,
                                unit_str("https://login.example//v2.0")));
    unit_expect("no template",
                !bearer_template_makes(unit_str("https://a"), unit_str("a"),
                                       unit_str("https://a")));
    for (i = 64; i <= 65; i++) {
        memset(value, 'a', i);
        value[i] = '\0';
        (void)snprintf(text, sizeof(text), "https://login.example/%s/v2.0",
                       value);
        unit_expect("length",
                    bearer_template_makes(unit_str(NAME), unit_str(value),
                                          unit_str(text))
                        == (i == 64));
    }
}

static void template_of_entra_is_the_same(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name, *other;
        bool want;
    } cases[] = {
        {NAME, NAME, true},
        {NAME, "https://login.example/{tenantid}/v2.0", true},
        {NAME, "https://login.example/{tenantId}/v2.0", false},
        {NAME, "https://login.example/{tenant}/v2.0", false},
        {NAME, "https://login.example/{tenantid}/v2", false},
        {NAME, "https://login.evil/{tenantid}/v2.0", false},
        {NAME, "https://login.example/common/v2.0", false},
        {NAME, "", false},
        {"https://a", "https://a", true},
        {"https://a", "https://a/", false},
        {"https://a/b", "https://a/{tenantid}", false},
        {"https://a/{tenantid}", "https://a/{tid}", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].other,
                    bearer_template_same(unit_str(cases[i].name),
                                         unit_str(cases[i].other))
                        == cases[i].want);
}

static void templates_can_make_one_name(void **state BEARER_UNUSED)
{
    static const struct {
        const char *one, *other;
        bool want;
    } cases[] = {
        {"https://x/{tid}", "https://x/{tid}", true},
        {"https://x/{tid}", "https://x/corp-{tid}", true},
        {"https://x/{tid}", "https://x/{tid}-corp", true},
        {"https://x/a-{tid}", "https://x/{tid}-b", true},
        {"https://x/a-{tid}-b", "https://x/{tid}", true},
        {"https://x/{tid}/v2", "https://x/{tid}/v1", false},
        {"https://x/{tid}/v2", "https://x/{tid}", false},
        {"https://x/{tid}", "https://y/{tid}", false},
        {"https://x/{tid}", "https://x/a/{tid}", false},
        {"https://x/a{tid}", "https://x/b{tid}", false},
        /* the one's value ends before the other's begins */
        {"h/{tid}/v2/x/y", "h/t/v2/{tid}/y", true},
        {"h/{tid}/v2/x/y", "h/t/v3/{tid}/y", false},
        {"h/{tid}/v2/x/z", "h/t/v2/{tid}/y", false},
        {"h/{tid}/v2/x/y/y", "h/t/v2/{tid}/y", false},
        {"h/{tid}/v2//y", "h/t/v2/{tid}/y", false},
        {"h/{tid}/v2/x/y", "h//v2/{tid}/y", false},
        {"https://x/a", "https://x/{tid}", false},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t one = unit_str(cases[i].one);
        bearer_str_t other = unit_str(cases[i].other);

        unit_expect(cases[i].other,
                    bearer_template_meet(one, other) == cases[i].want);
        unit_expect(cases[i].other,
                    bearer_template_meet(other, one) == cases[i].want);
    }
}

static void template_finds_its_value(void **state BEARER_UNUSED)
{
    bearer_str_t absent = {NULL, 0}, found;

    found = bearer_template_find(unit_str("h/{tid}/v"), unit_str("h/a-1/v"));
    assert_int_equal(found.len, 3);
    assert_memory_equal(found.data, "a-1", 3);
    assert_null(bearer_template_find(unit_str("h/{tid}/v"), absent).data);
    assert_null(
        bearer_template_find(unit_str("h/{tid}/v"), unit_str("h//v")).data);
    assert_null(
        bearer_template_find(unit_str("h/{tid}/v"), unit_str("h/a/b/v")).data);
    assert_null(
        bearer_template_find(unit_str("h/{tid}/v"), unit_str("h/v")).data);
    assert_null(
        bearer_template_find(unit_str("h/{tid}/v"), unit_str("h/a/w")).data);
    assert_null(bearer_template_find(unit_str("h"), unit_str("h")).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(template_has_one_placeholder),
        unit_row(template_is_filled_by_harmless_values),
        unit_row(template_of_entra_is_the_same),
        unit_row(templates_can_make_one_name),
        unit_row(template_finds_its_value),
    };

    return unit_run(tests);
}
