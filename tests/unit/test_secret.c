/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_file_io.h>

#include "bearer/keys/secret.h"
#include "tests/unit/files.h"

static void secret_is_read_from_its_file(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *want, *note;
    } cases[] = {
        {"0123456789abcdef0123456789abcdef", 0600, "ok", ""},
        {"0123456789abcdef0123456789abcdef\n", 0640, "ok", ""},
        {"0123456789abcdef0123456789abcde\n", 0600, "jwk_oct_short",
         "31 bytes"},
        {"0123456789abcdef0123456789abcdef", 0604, "file_open", "mode 604"},
        {"0123456789abcdef0123456789abcdef", 0602, "file_open", "mode 602"},
        {"", 0600, "file_size", "0 bytes"},
    };
    const char *path = files_temporary(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_jwks_t *keys = NULL;
        bearer_note_t note = {""};

        files_put(path, cases[i].text, *state);
        assert_int_equal(chmod(path, cases[i].mode), 0);
        unit_expect_reason(
            cases[i].text,
            bearer_secret_read(path, false, &keys, &note, *state),
            cases[i].want);
        assert_string_equal(note.text, cases[i].note);
        unit_expect(cases[i].text,
                    (keys != NULL) == (strcmp(cases[i].want, "ok") == 0));
        if (keys)
            assert_int_equal(keys->keys[0]->bits, 256);
    }
    assert_int_equal(apr_file_remove(path, *state), APR_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(secret_is_read_from_its_file),
    };

    return unit_run(tests);
}
