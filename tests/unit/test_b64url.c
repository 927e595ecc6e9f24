/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/b64url.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_letter(int c)
{
    return c && strchr(letters, c);
}

/* a decoding into exactly as much memory as promised, so that ASan sees more */
static bearer_reason_t decode(bearer_str_t in, bearer_str_t *out)
{
    static unsigned char kept[4096];
    apr_size_t size = bearer_b64url_decoded_size(in.len);
    unsigned char *tight = malloc(size ? size : 1);
    bearer_reason_t why;
    apr_size_t len = 0;

    assert_non_null(tight);
    assert_true(size <= sizeof(kept));
    why = bearer_b64url_decode(in, tight, &len);
    memcpy(kept, tight, size);
    free(tight);
    out->data = (const char *)kept;
    out->len = len;
    return why;
}

static void b64url_sizes_are_three_quarters(void **state BEARER_UNUSED)
{
    static const apr_size_t want[] = {0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9};
    apr_size_t i;

    for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(bearer_b64url_decoded_size(i), want[i]);
    /* no overflow on the way to a size that fits */
    assert_true(bearer_b64url_decoded_size((apr_size_t)-1) < (apr_size_t)-1);
}

static void b64url_decodes_the_canonical_spelling(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"RFC 4648 10, f", "Zg", "f"},
        {"RFC 4648 10, fo", "Zm8", "fo"},
        {"RFC 4648 10, foo", "Zm9v", "foo"},
        {"RFC 4648 10, foob", "Zm9vYg", "foob"},
        {"RFC 4648 10, fooba", "Zm9vYmE", "fooba"},
        {"RFC 4648 10, foobar", "Zm9vYmFy", "foobar"},
        {"RFC 7515 C", "A-z_4ME", "\x03\xec\xff\xe0\xc1"},
        {"RFC 7515 A.1 header", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
         "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}"},
        {"both specials", "-_-_", "\xfb\xff\xbf"},
        {"empty", "", ""},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t got = {NULL, 99};
        bearer_str_t back;

        unit_expect_reason(
            cases[i].name,
            bearer_b64url_parse(unit_str(cases[i].text), &got, *state), "ok");
        unit_expect(cases[i].name, got.len == strlen(cases[i].want));
        unit_expect(cases[i].name,
                    memcmp(got.data, cases[i].want, got.len) == 0);
        unit_expect(cases[i].name, got.data[got.len] == '\0');
        back = bearer_b64url_render(got, *state);
        unit_expect(cases[i].name, back.len == strlen(cases[i].text));
        unit_expect(cases[i].name, strcmp(back.data, cases[i].text) == 0);
    }
}

static void b64url_decodes_an_absent_text_to_nothing(void **state)
{
    bearer_str_t absent = {NULL, 0};
    bearer_str_t got = {NULL, 99};

    unit_expect_reason("absent", bearer_b64url_parse(absent, &got, *state),
                       "ok");
    assert_int_equal(got.len, 0);
    assert_string_equal(bearer_b64url_render(absent, *state).data, "");
}

static void b64url_refuses_what_is_not_canonical(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"one character", "A", "b64_length"},
        {"five characters", "AAAAA", "b64_length"},
        {"padding of two", "Zg==", "b64_alphabet"},
        {"padding of one", "Zm8=", "b64_alphabet"},
        {"A=, which aborts Debian's cjose", "A=", "b64_alphabet"},
        {"only padding", "=", "b64_alphabet"},
        {"junk after padding", "Zg==junk", "b64_alphabet"},
        {"standard plus", "A+z_4ME", "b64_alphabet"},
        {"standard slash", "A-z/4ME", "b64_alphabet"},
        {"space in front", " Zm9v", "b64_alphabet"},
        {"line feed at the end", "Zm9v\n", "b64_alphabet"},
        {"line break in the middle", "Zm9v\r\nYmFy", "b64_alphabet"},
        {"dot", "Zm9.", "b64_alphabet"},
        {"byte of UTF-8", "Zm9\xc3\xa4v", "b64_alphabet"},
        {"byte 0xff", "\xff\xff\xff\xff", "b64_alphabet"},
        {"bad in the first group only", "!AAAAAAAAAAA", "b64_alphabet"},
        {"bad in the last group only", "AAAAAAAAAAA!", "b64_alphabet"},
        {"bad in the tail of two", "AAAAA!", "b64_alphabet"},
        {"bad in the tail of three", "AAAAA!A", "b64_alphabet"},
        {"alphabet is told before length", "AAAA!", "b64_alphabet"},
        {"alphabet is told before canonical", "!AAAZh", "b64_alphabet"},
        {"a bit too many after one byte", "Zh", "b64_canonical"},
        {"the highest unused bit after one byte", "Zo", "b64_canonical"},
        {"a bit too many after two bytes", "Zm9", "b64_canonical"},
        {"a bit too many after groups", "Zm9vYmF", "b64_canonical"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t got = {"untouched", 9};

        unit_expect_reason(
            cases[i].name,
            bearer_b64url_parse(unit_str(cases[i].text), &got, *state),
            cases[i].want);
        unit_expect(cases[i].name, strcmp(got.data, "untouched") == 0);
        unit_expect(cases[i].name, got.len == 9);
    }
}

static void b64url_leaves_the_length_alone_on_refusal(
    void **state BEARER_UNUSED)
{
    unsigned char out[8];
    apr_size_t len = 77;

    unit_expect_reason("bad", bearer_b64url_decode(unit_str("A="), out, &len),
                       "b64_alphabet");
    assert_int_equal(len, 77);
}

static void b64url_refuses_a_nul_byte(void **state BEARER_UNUSED)
{
    bearer_str_t text = {"AAA\0", 4};
    bearer_str_t got;

    unit_expect_reason("NUL in a group", decode(text, &got), "b64_alphabet");
    text.len = 0;
    unit_expect_reason("nothing of it", decode(text, &got), "ok");
}

/* every byte at every position of a group and of both tails */
static void b64url_accepts_64_of_256_bytes_everywhere(
    void **state BEARER_UNUSED)
{
    char text[8];
    int len, at, c;

    for (len = 2; len <= 8; len++) {
        for (at = 0; len != 5 && at < len; at++) {
            for (c = 0; c < 256; c++) {
                bearer_str_t in = {text, (apr_size_t)len};
                bearer_str_t got;
                bearer_reason_t why;

                memset(text, 'A', sizeof(text));
                text[at] = (char)c;
                why = decode(in, &got);
                if ((why == BEARER_B64_ALPHABET) == is_letter(c))
                    fail_msg("byte %d at %d of %d", c, at, len);
            }
        }
    }
}

/* of the 64 last characters of a tail, only those with unused bits of zero */
static void b64url_refuses_every_non_canonical_last_character(
    void **state BEARER_UNUSED)
{
    int tail, value;

    for (tail = 2; tail <= 3; tail++) {
        int unused = tail == 2 ? 0x0f : 0x03;

        for (value = 0; value < 64; value++) {
            char text[] = "QUJDAAA";
            bearer_str_t in = {text, 4 + (apr_size_t)tail};
            bearer_str_t got;
            const char *want = value & unused ? "b64_canonical" : "ok";

            text[in.len - 1] = letters[value];
            unit_expect_reason(text, decode(in, &got), want);
        }
    }
}

/* x == encode(decode(x)) for every accepted x of up to three letters, and each
 * byte string of up to two bytes has exactly one accepted spelling */
static void b64url_gives_one_spelling_to_each_value(void **state)
{
    static const int want[] = {1, 0, 256, 65536};
    char text[3];
    int len, i, total = 1;

    for (len = 0; len <= 3; len++, total *= 64) {
        int accepted = 0;

        for (i = 0; i < total; i++) {
            bearer_str_t in = {text, (apr_size_t)len};
            bearer_str_t got, back;

            text[0] = letters[i & 63];
            text[1] = letters[i >> 6 & 63];
            text[2] = letters[i >> 12 & 63];
            if (decode(in, &got))
                continue;
            accepted++;
            back = bearer_b64url_render(got, *state);
            if (back.len != in.len || memcmp(back.data, text, in.len) != 0)
                fail_msg("%.*s is read as %s", len, text, back.data);
        }
        assert_int_equal(accepted, want[len]);
    }
}

/* x == decode(encode(x)) for texts of every length, with all bytes in them */
static void b64url_reads_back_what_it_wrote(void **state)
{
    unsigned char bytes[600];
    apr_size_t len, i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37 + (i >> 8));
    for (len = 0; len <= sizeof(bytes); len++) {
        bearer_str_t in = {(const char *)bytes, len};
        bearer_str_t text = bearer_b64url_render(in, *state);
        bearer_str_t got;

        unit_expect_reason(text.data, decode(text, &got), "ok");
        unit_expect(text.data, text.len == strlen(text.data));
        unit_expect(text.data, got.len == len);
        unit_expect(text.data, memcmp(got.data, bytes, len) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(b64url_sizes_are_three_quarters),
        unit_row(b64url_decodes_the_canonical_spelling),
        unit_row(b64url_decodes_an_absent_text_to_nothing),
        unit_row(b64url_refuses_what_is_not_canonical),
        unit_row(b64url_leaves_the_length_alone_on_refusal),
        unit_row(b64url_refuses_a_nul_byte),
        unit_row(b64url_accepts_64_of_256_bytes_everywhere),
        unit_row(b64url_refuses_every_non_canonical_last_character),
        unit_row(b64url_gives_one_spelling_to_each_value),
        unit_row(b64url_reads_back_what_it_wrote),
    };

    return unit_run(tests);
}
