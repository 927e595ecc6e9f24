/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bearer/base/file.h"
#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"

#define MAC     BEARER_KEYSTORE_SIGNER
#define MAC_HEX ((apr_size_t)2 * MAC)
/* a document's first member */
#define MAC_BEGINS "{\"mac\":\""
#define MAC_ENDS   "\","

static void write_hex(const unsigned char *bytes, apr_size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static const char *name_of(const bearer_keystore_t *store,
                           const bearer_board_id_t *id, const char *suffix,
                           apr_pool_t *pool)
{
    char hex[2 * sizeof(id->bytes) + 1];

    write_hex(id->bytes, sizeof(id->bytes), hex);
    return apr_pstrcat(pool, store->directory, "/", hex, suffix, NULL);
}

const char *bearer_keystore_path(const bearer_keystore_t *store,
                                 const bearer_board_id_t *id, apr_pool_t *pool)
{
    return name_of(store, id, ".jwks", pool);
}

/* --- signing -------------------------------------------------------------- */

/* over the source's id and all that follows the mac */
static bool make_mac(const bearer_keystore_t *store,
                     const bearer_board_id_t *id, bearer_str_t rest,
                     char hex[MAC_HEX + 1], apr_pool_t *pool)
{
    apr_size_t len = sizeof(id->bytes) + rest.len;
    unsigned char *all = apr_palloc(pool, len);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (!store->key)
        return false;
    memcpy(all, id->bytes, sizeof(id->bytes));
    memcpy(all + sizeof(id->bytes), rest.data, rest.len);
    if (!HMAC(EVP_sha256(), store->key, MAC, all, len, mac, &size)
        || size != MAC)
        return false;
    write_hex(mac, MAC, hex);
    return true;
}

bearer_str_t bearer_keystore_sign(const bearer_keystore_t *store,
                                  const bearer_board_id_t *id,
                                  bearer_str_t text, apr_pool_t *pool)
{
    bearer_str_t signed_text = {NULL, 0};
    bearer_str_t rest = {text.data + 1, text.len - 1};
    char hex[MAC_HEX + 1];
    const char *head;
    char *all;

    if (!make_mac(store, id, rest, hex, pool))
        return signed_text;
    head = apr_pstrcat(pool, MAC_BEGINS, hex, MAC_ENDS, NULL);
    signed_text.len = strlen(head) + rest.len;
    all = apr_palloc(pool, signed_text.len + 1);
    memcpy(all, head, strlen(head));
    memcpy(all + strlen(head), rest.data, rest.len);
    all[signed_text.len] = '\0';
    signed_text.data = all;
    return signed_text;
}

/* The bytes are judged before they are parsed: it is a stranger's text as long as
 * nobody has shown that it is ours (planted keys). */
static bearer_reason_t check_mac(const bearer_keystore_t *store,
                                 const bearer_board_id_t *id, bearer_str_t text,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    static const bearer_str_t begins = BEARER_LIT(MAC_BEGINS);
    static const bearer_str_t ends = BEARER_LIT(MAC_ENDS);
    const char *mac = text.data + begins.len;
    apr_size_t head = begins.len + MAC_HEX + ends.len;
    bearer_str_t rest = {text.data + head, text.len - head};
    char hex[MAC_HEX + 1];

    if (text.len < head || !bearer_str_begins(text, MAC_BEGINS)
        || memcmp(mac + MAC_HEX, ends.data, ends.len) != 0) {
        bearer_note_set(note, "it is not signed");
        return BEARER_KEYSTORE_MAC;
    }
    if (store->key && !make_mac(store, id, rest, hex, pool))
        return BEARER_NO_MEMORY;
    if (store->key && CRYPTO_memcmp(hex, mac, MAC_HEX) == 0)
        return BEARER_OK;
    bearer_note_set(note, "it is not signed with this store's key");
    return BEARER_KEYSTORE_MAC;
}

/* --- writing -------------------------------------------------------------- */

/* the document; data is NULL if the issuer cannot be written as JSON */
static bearer_str_t compose(const bearer_keystore_t *store,
                            const bearer_board_id_t *id, const char *issuer,
                            bearer_str_t keys, apr_int64_t fetched,
                            apr_pool_t *pool)
{
    bearer_str_t text = {NULL, 0};
    bearer_str_t quoted = bearer_write_quoted(issuer, pool);

    if (!quoted.len || keys.len < 2 || keys.data[0] != '{')
        return text;
    /* after its brace, the key set is the rest of our object */
    text.data = apr_psprintf(
        pool, "{\"issuer\":%s,\"fetched\":%" APR_INT64_T_FMT ",%.*s\n",
        quoted.data, fetched, (int)(keys.len - 1), keys.data + 1);
    text.len = strlen(text.data);
    return bearer_keystore_sign(store, id, text, pool);
}

static apr_status_t write_all(int fd, bearer_str_t text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.data, text.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text.data += written;
        text.len -= (apr_size_t)written;
    }
    /* a rename must not get to the disk before what it names */
    return fsync(fd) ? errno : APR_SUCCESS;
}

static apr_status_t write_new(const char *path, bearer_str_t text)
{
    apr_status_t rv;
    int fd;

    /* one that a process with our pid left behind */
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    rv = write_all(fd, text);
    if (close(fd) && !rv)
        rv = errno;
    return rv;
}

apr_status_t bearer_keystore_write(const bearer_keystore_t *store,
                                   const bearer_board_id_t *id,
                                   const char *issuer, bearer_str_t keys,
                                   apr_int64_t fetched, apr_pool_t *tmp)
{
    bearer_str_t text = compose(store, id, issuer, keys, fetched, tmp);
    const char *path = bearer_keystore_path(store, id, tmp);
    const char *suffix;
    const char *fresh;
    apr_status_t rv;

    if (!text.data)
        return APR_EINVAL;
    /* an outgoing fetcher and its successor never write to one file */
    suffix = apr_psprintf(tmp, ".%ld.tmp", (long)getpid());
    fresh = name_of(store, id, suffix, tmp);
    rv = write_new(fresh, text);
    if (!rv && rename(fresh, path))
        rv = errno;
    if (rv)
        (void)unlink(fresh);
    return rv;
}

/* --- reading -------------------------------------------------------------- */

/* Whether root may believe this file (planted keys): nobody else can have written
 * it, or linked somebody else's file here. */
static bearer_reason_t read_stored(const bearer_keystore_t *store,
                                   const bearer_board_id_t *id,
                                   bearer_str_t *out, bearer_note_t *note,
                                   apr_pool_t *pool)
{
    const bearer_file_rules_t rules = {.least = 1,
                                       .most = BEARER_LIMIT_KEY_FILE,
                                       .shut = S_IWGRP | S_IWOTH,
                                       .owned = true,
                                       .owners = {0, store->owner},
                                       .access = BEARER_KEYSTORE_OWNER,
                                       .missing = BEARER_KEYS_UNAVAILABLE};

    return bearer_file_read(bearer_keystore_path(store, id, pool), &rules, out,
                            note, pool);
}

/* what the document says besides the keys */
static bearer_reason_t check_head(const bearer_value_t *document,
                                  const bearer_keystore_wanted_t *wanted,
                                  apr_int64_t *age, bearer_note_t *note)
{
    apr_int64_t fetched, old;
    bearer_str_t issuer;

    if (bearer_value_get_string(document, "issuer", &issuer)
        != BEARER_VALUE_GOT) {
        bearer_note_set(note, "issuer is missing or not a string");
        return BEARER_KEYSTORE_FORM;
    }
    /* one issuer's keys under another's name (mix-up) */
    if (!bearer_str_is(issuer, wanted->issuer)) {
        bearer_note_member(note, "issuer", issuer);
        return BEARER_KEYSTORE_FORM;
    }
    if (bearer_value_get_seconds(document, "fetched", &fetched)
        != BEARER_VALUE_GOT) {
        bearer_note_set(note, "fetched is missing or not a number");
        return BEARER_KEYSTORE_FORM;
    }
    old = wanted->now - fetched;
    if (old < -BEARER_KEYSTORE_AHEAD || old >= wanted->stale) {
        bearer_note_set(note, "fetched %" APR_INT64_T_FMT " s ago", old);
        return BEARER_KEYSTORE_AGE;
    }
    *age = old > 0 ? old : 0;
    return BEARER_OK;
}

bearer_reason_t bearer_keystore_read(const bearer_keystore_t *store,
                                     const bearer_keystore_wanted_t *wanted,
                                     bearer_keystore_found_t *out,
                                     bearer_note_t *note, apr_pool_t *pool)
{
    bearer_keystore_found_t found;
    const bearer_value_t *document;
    bearer_str_t text;
    bearer_reason_t why;

    why = read_stored(store, wanted->id, &text, note, pool);
    if (!why)
        why = check_mac(store, wanted->id, text, note, pool);
    if (!why)
        why = bearer_json_parse(text, &document, note, pool);
    if (!why)
        why = check_head(document, wanted, &found.age, note);
    if (!why)
        why = bearer_jwks_parse_rendered(text, &found.keys, note, pool);
    if (why)
        return why;
    *out = found;
    return BEARER_OK;
}

/* --- the key that signs ---------------------------------------------------- */

/* The whole content, so that no other file of root's is taken for one (a file that
 * somebody knows, linked or moved here). */
#define KEY_BEGINS "mod_auth_bearer key store 1\n"
#define KEY_SIZE   (sizeof(KEY_BEGINS) - 1 + MAC_HEX + 1)

static bearer_reason_t read_key(const char *path, bearer_str_t *out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_file_rules_t rules = {.least = KEY_SIZE,
                                       .most = KEY_SIZE,
                                       .shut = S_IRWXG | S_IRWXO,
                                       .owned = true,
                                       .owners = {geteuid(), geteuid()},
                                       .single = true,
                                       .access = BEARER_KEYSTORE_KEY,
                                       .kind = BEARER_KEYSTORE_KEY,
                                       .size = BEARER_KEYSTORE_KEY,
                                       .missing = BEARER_KEYS_UNAVAILABLE};

    return bearer_file_read(path, &rules, out, note, pool);
}

/* -1: not a digit; lower case only, as it was written */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bearer_reason_t parse_key(bearer_str_t text, unsigned char *key,
                                 bearer_note_t *note)
{
    const char *hex = text.data + sizeof(KEY_BEGINS) - 1;
    apr_size_t i;

    bearer_note_set(note, "not the text that httpd writes");
    if (text.len != KEY_SIZE || !bearer_str_begins(text, KEY_BEGINS)
        || hex[MAC_HEX] != '\n')
        return BEARER_KEYSTORE_KEY;
    for (i = 0; i < MAC; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return BEARER_KEYSTORE_KEY;
        key[i] = (unsigned char)(16 * high + low);
    }
    bearer_note_set(note, "%s", "");
    return BEARER_OK;
}

static apr_status_t make_key(const char *path, unsigned char *key,
                             apr_pool_t *pool)
{
    char hex[MAC_HEX + 1];
    bearer_str_t text;
    apr_status_t rv = apr_generate_random_bytes(key, MAC);

    if (rv)
        return rv;
    write_hex(key, MAC, hex);
    text.data = apr_pstrcat(pool, KEY_BEGINS, hex, "\n", NULL);
    text.len = KEY_SIZE;
    return write_new(path, text);
}

apr_status_t bearer_keystore_unlock(bearer_keystore_t *store,
                                    bearer_reason_t *why, bearer_note_t *note,
                                    apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, store->directory, "/store.key", NULL);
    unsigned char *key = apr_palloc(pool, MAC);
    apr_status_t rv = APR_SUCCESS;
    bearer_reason_t found;
    bearer_str_t text;

    store->key = NULL;
    *why = BEARER_OK;
    found = read_key(path, &text, note, pool);
    if (!found)
        found = parse_key(text, key, note);
    if (found) {
        rv = make_key(path, key, pool);
        if (found != BEARER_KEYS_UNAVAILABLE)
            *why = found;
    }
    if (!rv)
        store->key = key;
    return rv;
}
