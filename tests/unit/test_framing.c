/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdint.h>

#include "bearer/net/framing.h"

#define MOST 1000

static void framing_judges_fields_together(void **state BEARER_UNUSED)
{
    static const struct {
        const char *label;
        const char *fields[6]; /* name, value, ... */
        bool http_1_0;
        const char *want, *note;
    } rows[] = {
        {"nothing is said", {NULL}, false, "ok", ""},
        {"a length", {"content-length", "5"}, false, "ok", ""},
        {"no length at all", {"Content-Length", "0"}, false, "ok", ""},
        {"the largest", {"content-length", "1000"}, false, "ok", ""},
        {"one more",
         {"content-length", "1001"},
         false,
         "http_body_size",
         "by its Content-Length"},
        {"more than any number",
         {"content-length", "99999999999999999999999999"},
         false,
         "http_body_size",
         "by its Content-Length"},
        {"the same twice",
         {"content-length", "5", "CONTENT-LENGTH", "05"},
         false,
         "ok",
         ""},
        {"two lengths",
         {"content-length", "5", "content-length", "6"},
         false,
         "http_form",
         "a bad Content-Length"},
        {"a list",
         {"content-length", "5, 5"},
         false,
         "http_form",
         "a bad Content-Length"},
        {"an empty one",
         {"content-length", ""},
         false,
         "http_form",
         "a bad Content-Length"},
        {"a sign",
         {"content-length", "+5"},
         false,
         "http_form",
         "a bad Content-Length"},
        {"chunks", {"transfer-encoding", "Chunked"}, false, "ok", ""},
        {"chunks of HTTP/1.0",
         {"transfer-encoding", "chunked"},
         true,
         "http_form",
         "HTTP/1.0 with chunks"},
        {"chunks in chunks",
         {"transfer-encoding", "chunked", "transfer-encoding", "chunked"},
         false,
         "http_encoding",
         "a transfer coding"},
        {"another coding",
         {"transfer-encoding", "gzip"},
         false,
         "http_encoding",
         "a transfer coding"},
        {"another one below chunks",
         {"transfer-encoding", "gzip, chunked"},
         false,
         "http_encoding",
         "a transfer coding"},
        {"both",
         {"content-length", "5", "transfer-encoding", "chunked"},
         false,
         "http_form",
         "both Content-Length and Transfer-Encoding"},
        {"both, the other way round",
         {"transfer-encoding", "chunked", "content-length", "5"},
         false,
         "http_form",
         "both Content-Length and Transfer-Encoding"},
        {"identity", {"content-encoding", "Identity"}, false, "ok", ""},
        {"gzip",
         {"content-encoding", "gzip"},
         false,
         "http_encoding",
         "a content coding"},
        {"identity and gzip",
         {"content-encoding", "identity", "content-encoding", "gzip"},
         false,
         "http_encoding",
         "a content coding"},
    };
    size_t i, k;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_framing_t framing = {.http_1_0 = rows[i].http_1_0};
        bearer_note_t note = {""};

        for (k = 0; k < 6 && rows[i].fields[k]; k += 2)
            unit_expect(rows[i].label,
                        bearer_framing_note(&framing,
                                            unit_str(rows[i].fields[k]),
                                            unit_str(rows[i].fields[k + 1])));
        unit_expect_reason(rows[i].label,
                           bearer_framing_check(&framing, MOST, &note),
                           rows[i].want);
        unit_expect(rows[i].label, strcmp(note.text, rows[i].note) == 0);
    }
}

static void framing_leaves_other_fields_alone(void **state BEARER_UNUSED)
{
    static const char *const names[] = {
        "etag", "content-type", "content-lengt", "content-lengths", "te", ""};
    static const bearer_framing_t nothing;
    bearer_framing_t framing = nothing;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unit_expect(names[i], !bearer_framing_note(&framing, unit_str(names[i]),
                                                   unit_str("5")));
    assert_false(framing.has_length || framing.bad_length || framing.chunked
                 || framing.other_transfer || framing.encoded);
}

static void framing_reads_sizes_of_chunks(void **state BEARER_UNUSED)
{
    static const struct {
        const char *line;
        apr_size_t room;
        const char *want;
        apr_size_t size;
    } rows[] = {
        {"0", MOST, "ok", 0},
        {"000", MOST, "ok", 0},
        {"a", MOST, "ok", 10},
        {"3E8", MOST, "ok", 1000},
        {"3e9", MOST, "http_body_size", 0},
        {"1", 0, "http_body_size", 0},
        {"ffffffffffffffff", MOST, "http_body_size", 0},
        {"ffffffffffffffff", SIZE_MAX, "ok", SIZE_MAX},
        {"10000000000000000", SIZE_MAX, "http_body_size", 0},
        {"5;name=value", MOST, "ok", 5},
        {"5 \t;name", MOST, "ok", 5},
        {"5 ", MOST, "http_form", 0},
        {"5 5", MOST, "http_form", 0},
        {"5;\r", MOST, "http_form", 0},
        {"5g", MOST, "http_form", 0},
        {"0x5", MOST, "http_form", 0},
        {"-5", MOST, "http_form", 0},
        {"", MOST, "http_form", 0},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_size_t size = 0;

        /* a size_t of 32 bits */
        if (rows[i].room == SIZE_MAX && sizeof(size_t) < 8)
            continue;
        unit_expect_reason(rows[i].line,
                           bearer_framing_parse_chunk(unit_str(rows[i].line),
                                                      rows[i].room, &size,
                                                      NULL),
                           rows[i].want);
        unit_expect(rows[i].line, size == rows[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(framing_judges_fields_together),
        unit_row(framing_leaves_other_fields_alone),
        unit_row(framing_reads_sizes_of_chunks),
    };

    return unit_run(tests);
}
