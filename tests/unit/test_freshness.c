/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/freshness.h"

/* the administrator's ceiling in these tests, and the two ends by name */
#define REFRESH ((apr_int64_t)3600)
#define LEAST   ((apr_int64_t)BEARER_FRESHNESS_LEAST)

/* NOW, and some dates around it */
#define AT_NOW          "Fri, 15 Jan 2027 08:00:00 GMT"
#define IN_TEN_MINUTES  "Fri, 15 Jan 2027 08:10:00 GMT"
#define TEN_MINUTES_AGO "Fri, 15 Jan 2027 07:50:00 GMT"

static void freshness_reads_cache_control(void **state BEARER_UNUSED)
{
    static const struct {
        const char *text;
        apr_int64_t want;
    } cases[] = {
        {"max-age=600", 600},
        {"MAX-AGE=600", 600},
        {"Max-Age=600", 600},
        {"public, max-age=600", 600},
        {"max-age=600, public", 600},
        {"max-age=600,must-revalidate", 600},
        {"  max-age=600  ", 600},
        {"\tmax-age=600\t", 600},
        {"private , max-age=600 , no-transform", 600},
        {", ,max-age=600,,", 600},
        {"max-age=\"600\"", 600},
        {"max-age=000600", 600},
        {"max-age=61", 61},
        {"max-age=60", LEAST},
        {"max-age=59", LEAST},
        {"max-age=0", LEAST},
        {"max-age=3599", 3599},
        {"max-age=3600", REFRESH},
        {"max-age=3601", REFRESH},
        {"max-age=86400", REFRESH},
        {"max-age=2147483648", REFRESH},
        {"max-age=4294967296", REFRESH},
        {"max-age=18446744073709551616", REFRESH},
        {"max-age=18446744073709551676", REFRESH},
        {"max-age=99999999999999999999999999999999999999999", REFRESH},
        {"max-age=600, max-age=300", 300},
        {"max-age=300, max-age=600", 300},
        {"max-age=600, max-age=99999999999999999999", 600},
        {"max-age=600, max-age=0", LEAST},
        {"s-maxage=10, max-age=600", 600},
        {"x-max-age=10, max-age=600, max-age-x=10", 600},
        {"x=\"max-age=10, no-store\", max-age=600", 600},
        {"x=\"a \\\" max-age=10\", max-age=600", 600},
        {"x=\"\\\\\", max-age=600", 600},
        {"x=\"\", max-age=600", 600},
        {"no-storex, max-age=600", 600},
        {"no-store", LEAST},
        {"NO-STORE", LEAST},
        {"no-cache", LEAST},
        {"No-Cache, max-age=600", LEAST},
        {"max-age=600, no-store", LEAST},
        {"no-cache=\"set-cookie\", max-age=600", LEAST},
        {"no-cache=set-cookie, max-age=600", LEAST},
        {"max-age", LEAST},
        {"max-age=", LEAST},
        {"max-age=, public", LEAST},
        {"max-age=\"\"", LEAST},
        {"max-age=-1", LEAST},
        {"max-age=+600", LEAST},
        {"max-age=600s", LEAST},
        {"max-age=6e2", LEAST},
        {"max-age=600.0", LEAST},
        {"max-age=0x600", LEAST},
        {"max-age=\"6\\00\"", LEAST},
        {"max-age=\" 600\"", LEAST},
        {"max-age =600", LEAST},
        {"max-age= 600", LEAST},
        {"max-age=600 700", LEAST},
        {"max-age=600;public", LEAST},
        {"max-age=600, max-age=x", LEAST},
        {"max-age=\"600", LEAST},
        {"max-age=600, x=\"", LEAST},
        {"max-age=600, x=\"\\", LEAST},
        {"max-age=600, x=\"y\"z", LEAST},
        {"max-age=600, =", LEAST},
        {"max-age=600, \"x\"", LEAST},
        {"max-age=600, x=", LEAST},
        {"max-age=600, x==1", LEAST},
        {"max-age=600, \xc3\xa4", LEAST},
        {"max-age=600\r", LEAST},
        {"nonsense here", LEAST},
        {"{}", LEAST},
        {"", REFRESH},
        {" , ", REFRESH},
        {"public", REFRESH},
        {"must-revalidate, x=1", REFRESH},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_freshness_t headers = {cases[i].text, NULL, NULL, NULL};

        unit_expect(cases[i].text,
                    bearer_freshness_seconds(&headers, NOW, REFRESH)
                        == cases[i].want);
    }
}

static void freshness_weighs_the_headers(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_freshness_t headers;
        apr_int64_t want;
    } cases[] = {
        {"silence", {NULL, NULL, NULL, NULL}, REFRESH},
        {"only a Date", {NULL, NULL, AT_NOW, NULL}, REFRESH},
        {"only an Age", {NULL, NULL, NULL, "500"}, REFRESH},
        {"only a bad Age", {NULL, NULL, NULL, "x"}, REFRESH},
        {"only a bad Date", {NULL, NULL, "x", NULL}, REFRESH},

        {"max-age less Age", {"max-age=600", NULL, NULL, "100"}, 500},
        {"Age of zero", {"max-age=600", NULL, NULL, "0"}, 600},
        {"Age in spaces", {"max-age=600", NULL, NULL, " \t100 \t"}, 500},
        {"Age leaves the least", {"max-age=600", NULL, NULL, "540"}, LEAST},
        {"Age equals max-age", {"max-age=600", NULL, NULL, "600"}, LEAST},
        {"Age over max-age", {"max-age=600", NULL, NULL, "601"}, LEAST},
        {"Age from long ago",
         {"max-age=600", NULL, NULL, "99999999999999999999999999"},
         LEAST},
        {"Age is taken before the ceiling",
         {"max-age=86400", NULL, NULL, "86000"},
         400},
        {"huge max-age and Age",
         {"max-age=99999999999", NULL, NULL, "99999999999"},
         LEAST},
        {"negative Age", {"max-age=600", NULL, NULL, "-1"}, LEAST},
        {"Age with a fraction", {"max-age=600", NULL, NULL, "1.5"}, LEAST},
        {"two Ages", {"max-age=600", NULL, NULL, "1, 2"}, LEAST},
        {"empty Age", {"max-age=600", NULL, NULL, ""}, LEAST},
        {"blank Age", {"max-age=600", NULL, NULL, "  "}, LEAST},

        {"Expires less Date", {NULL, IN_TEN_MINUTES, AT_NOW, NULL}, 600},
        {"Date of a wrong clock", {NULL, AT_NOW, TEN_MINUTES_AGO, NULL}, 600},
        {"Expires less Date and Age",
         {NULL, IN_TEN_MINUTES, AT_NOW, "100"},
         500},
        {"Expires, Date and a bad Age",
         {NULL, IN_TEN_MINUTES, AT_NOW, "x"},
         LEAST},
        {"Expires less now", {NULL, IN_TEN_MINUTES, NULL, NULL}, 600},
        {"Expires less now has counted the Age",
         {NULL, IN_TEN_MINUTES, NULL, "100"},
         600},
        {"Expires at the Date", {NULL, AT_NOW, AT_NOW, NULL}, LEAST},
        {"Expires before the Date",
         {NULL, TEN_MINUTES_AGO, AT_NOW, NULL},
         LEAST},
        {"Expires in the past", {NULL, TEN_MINUTES_AGO, NULL, NULL}, LEAST},
        /* -1 and -2 seconds, which must not be taken for silence */
        {"Expires a second ago",
         {NULL, "Fri, 15 Jan 2027 07:59:59 GMT", NULL, NULL},
         LEAST},
        {"Expires two seconds ago",
         {NULL, "Fri, 15 Jan 2027 07:59:58 GMT", NULL, NULL},
         LEAST},
        {"Expires a second before the Date",
         {NULL, "Fri, 15 Jan 2027 07:59:59 GMT", AT_NOW, NULL},
         LEAST},
        {"Expires in a thousand years",
         {NULL, "Fri, 31 Dec 9999 23:59:59 GMT", AT_NOW, NULL},
         REFRESH},
        {"Expires in the form of RFC 850",
         {NULL, "Friday, 15-Jan-27 08:10:00 GMT", AT_NOW, NULL},
         600},
        {"Expires in the form of asctime",
         {NULL, "Fri Jan 15 08:10:00 2027", AT_NOW, NULL},
         600},
        {"Expires: 0", {NULL, "0", AT_NOW, NULL}, LEAST},
        {"Expires: -1", {NULL, "-1", AT_NOW, NULL}, LEAST},
        {"empty Expires", {NULL, "", AT_NOW, NULL}, LEAST},
        {"Expires is no date", {NULL, "tomorrow", AT_NOW, NULL}, LEAST},
        {"Expires at the epoch",
         {NULL, "Thu, 01 Jan 1970 00:00:00 GMT", NULL, NULL},
         LEAST},
        {"Date is no date", {NULL, IN_TEN_MINUTES, "today", NULL}, LEAST},
        {"empty Date", {NULL, IN_TEN_MINUTES, "", NULL}, LEAST},

        {"max-age is stronger than Expires",
         {"max-age=300", IN_TEN_MINUTES, AT_NOW, NULL},
         300},
        {"max-age is stronger than a bad Expires",
         {"max-age=300", "0", "x", NULL},
         300},
        {"Expires where Cache-Control does not say",
         {"public", IN_TEN_MINUTES, AT_NOW, NULL},
         600},
        {"no-store is stronger than Expires",
         {"no-store", IN_TEN_MINUTES, AT_NOW, NULL},
         LEAST},
        {"nonsense is stronger than Expires",
         {"max-age=x", IN_TEN_MINUTES, AT_NOW, NULL},
         LEAST},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].name,
                    bearer_freshness_seconds(&cases[i].headers, NOW, REFRESH)
                        == cases[i].want);
}

static void freshness_obeys_the_administrator(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name, *cache_control;
        apr_int64_t refresh, want;
    } cases[] = {
        {"below the least, silence", NULL, 10, 10},
        {"below the least, no-store", "no-store", 10, 10},
        {"below the least, max-age below", "max-age=5", 10, 10},
        {"below the least, max-age over", "max-age=600", 10, 10},
        {"the least, silence", NULL, 60, 60},
        {"the least, max-age over", "max-age=600", 60, 60},
        {"above, silence", NULL, 61, 61},
        {"above, no-store", "no-store", 61, 60},
        {"a day, silence", NULL, 86400, 86400},
        {"a day, max-age under", "max-age=86399", 86400, 86399},
        {"a day, max-age over", "max-age=86401", 86400, 86400},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_freshness_t headers = {cases[i].cache_control, NULL, NULL, NULL};

        unit_expect(cases[i].name,
                    bearer_freshness_seconds(&headers, NOW, cases[i].refresh)
                        == cases[i].want);
    }
}

/* whatever the bytes are, the answer lies within the bounds */
static void freshness_survives_any_byte(void **state BEARER_UNUSED)
{
    static const char base[] = "max-age=600, x=\"y\"";
    char text[sizeof(base)];
    apr_size_t at;
    int c;

    for (at = 0; at + 1 < sizeof(base); at++) {
        for (c = 0; c < 256; c++) {
            bearer_freshness_t headers = {text, text, text, text};
            apr_int64_t got;

            memcpy(text, base, sizeof(base));
            text[at] = (char)c;
            got = bearer_freshness_seconds(&headers, NOW, REFRESH);
            assert_true(got >= LEAST && got <= REFRESH);
            headers.cache_control = NULL;
            got = bearer_freshness_seconds(&headers, NOW, REFRESH);
            assert_int_equal(got, LEAST);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(freshness_reads_cache_control),
        unit_row(freshness_weighs_the_headers),
        unit_row(freshness_obeys_the_administrator),
        unit_row(freshness_survives_any_byte),
    };

    return unit_run(tests);
}
