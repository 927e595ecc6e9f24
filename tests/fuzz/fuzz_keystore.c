/* SPDX-License-Identifier: Apache-2.0 */
/* The input is what is signed in the file of a source or, after a "!" instead of a
 * brace, the whole file. What is believed is from our issuer, not too old, and
 * signed. */
#include "fuzz.h"

#include <unistd.h>

#include <apr_file_io.h>

#include "bearer/keys/keystore.h"
#include "tests/unit/oracle.h"

#define ISSUER "https://i.example"
#define STALE  3600

/* a new one for each input, so that nothing is left over */
static const char *folder(apr_pool_t *pool)
{
    const char *path =
        apr_psprintf(pool, "/tmp/fuzz-keystore.%d", (int)getpid());

    fuzz_check(
        apr_dir_make(
            path, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, pool)
        == APR_SUCCESS);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_board_id_t id = {{1, 2, 3}};
    apr_pool_t *pool = fuzz_pool();
    static const unsigned char key[BEARER_KEYSTORE_SIGNER] = {7};
    bearer_keystore_t store = {folder(pool), getuid(), key};
    bearer_str_t text = {(const char *)data, size};
    bool is_signed = size && data[0] == '{';
    bearer_keystore_wanted_t wanted = {&id, ISSUER, NOW, STALE};
    bearer_keystore_found_t found;
    const char *path = bearer_keystore_path(&store, &id, pool);
    bearer_note_t note = {""};
    apr_file_t *file;
    json_t *json;

    fuzz_check(apr_file_open(&file, path, APR_WRITE | APR_CREATE | APR_TRUNCATE,
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, pool)
               == APR_SUCCESS);
    if (is_signed)
        text = bearer_keystore_sign(&store, &id, text, pool);
    else if (size && data[0] == '!')
        text = (bearer_str_t){text.data + 1, size - 1};
    fuzz_check(!text.len
               || apr_file_write_full(file, text.data, text.len, NULL) == 0);
    (void)apr_file_close(file);
    if (bearer_keystore_read(&store, &wanted, &found, &note, pool)
        == BEARER_OK) {
        fuzz_check(is_signed);
        json = oracle_load(fuzz_text(data, size), pool);
        fuzz_check(
            strcmp(json_string_value(json_object_get(json, "issuer")), ISSUER)
            == 0);
        fuzz_check(found.age >= 0 && found.age < STALE);
        fuzz_check(found.keys->count > 0);
        json_decref(json);
    }
    fuzz_check_note(&note);
    (void)apr_file_remove(path, pool);
    (void)apr_dir_remove(store.directory, pool);
    apr_pool_destroy(pool);
    return 0;
}
