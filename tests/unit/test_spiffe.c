/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/text/spiffe.h"

static void spiffe_trust_domains(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"spiffe://example.org", true},
        {"spiffe://a", true},
        {"spiffe://a-b_c.d9", true},
        {"spiffe://", false},
        {"spiffe:/example.org", false},
        {"SPIFFE://example.org", false},
        {"spiffe://Example.org", false},
        {"spiffe://example.org/", false},
        {"spiffe://example.org/a", false},
        {"spiffe://example.org:80", false},
        {"spiffe://a@example.org", false},
        {"spiffe://example.org?a", false},
        {"spiffe://exampl\xc3\xa9.org", false},
        {"example.org", false},
        {"https://example.org", false},
        {"", false},
    };
    char *text = apr_palloc(*state, 300);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].text,
                    bearer_spiffe_is_domain(unit_str(cases[i].text))
                        == cases[i].want);
    memset(text, 'a', 300);
    memcpy(text, "spiffe://", 9);
    text[9 + 255] = '\0';
    unit_expect("255", bearer_spiffe_is_domain(unit_str(text)));
    text[9 + 255] = 'a';
    text[9 + 256] = '\0';
    unit_expect("256", !bearer_spiffe_is_domain(unit_str(text)));
}

static void spiffe_ids_of_a_trust_domain(void **state)
{
    static const struct {
        const char *id;
        bool want;
    } cases[] = {
        {"spiffe://example.org/a", true},
        {"spiffe://example.org/ns/default/sa/Web-1_x.y", true},
        {"spiffe://example.org/...", true},
        {"spiffe://example.org", false},
        {"spiffe://example.org/", false},
        {"spiffe://example.org/a/", false},
        {"spiffe://example.org//a", false},
        {"spiffe://example.org/a//b", false},
        {"spiffe://example.org/.", false},
        {"spiffe://example.org/a/../b", false},
        {"spiffe://example.org/..", false},
        {"spiffe://example.org/a?b", false},
        {"spiffe://example.org/a#b", false},
        {"spiffe://example.org/a%2fb", false},
        {"spiffe://example.org/a b", false},
        {"spiffe://example.org/\xc3\xa9", false},
        {"spiffe://example.org.evil/a", false},
        {"spiffe://example.org@evil/a", false},
        {"spiffe://example.org:80/a", false},
        {"spiffe://other.org/a", false},
        {"spiffe://EXAMPLE.org/a", false},
        {"https://example.org/a", false},
        {"", false},
    };
    const bearer_str_t domain = BEARER_LIT("spiffe://example.org");
    bearer_str_t absent = {NULL, 0};
    char *id = apr_palloc(*state, 2100);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].id,
                    bearer_spiffe_is_member(domain, unit_str(cases[i].id))
                        == cases[i].want);
    unit_expect("none", !bearer_spiffe_is_member(domain, absent));
    memset(id, 'a', 2100);
    memcpy(id, "spiffe://example.org/", 21);
    id[2048] = '\0';
    unit_expect("2048", bearer_spiffe_is_member(domain, unit_str(id)));
    id[2048] = 'a';
    id[2049] = '\0';
    unit_expect("2049", !bearer_spiffe_is_member(domain, unit_str(id)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(spiffe_trust_domains),
        unit_row(spiffe_ids_of_a_trust_domain),
    };

    return unit_run(tests);
}
