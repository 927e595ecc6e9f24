/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/gate/proof.h"

/* what logs may show of a token, and nothing of it where it was not read */
static void proof_notes_what_a_check_looked_at(void **state)
{
    static const struct {
        bearer_stage_t stage;
        const char *named, *unread, *bare;
    } rows[] = {
        {BEARER_STAGE_ALGORITHM, "EdDSA", "as it was", "EdDSA"},
        {BEARER_STAGE_KEY_ID, "k\\x0a1", "as it was", "none"},
        {BEARER_STAGE_TYPE, "at+jwt", "as it was", "none"},
        {BEARER_STAGE_ISSUER, "https://i", "https://i", "as it was"},
        {BEARER_STAGE_AUDIENCE, "as it was", "as it was", "as it was"},
    };
    const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};
    const bearer_alg_t *eddsa = bearer_alg_find(unit_str("EdDSA"));
    const bearer_proof_t proofs[3] = {
        {.issuer = &issuer,
         .key = {.alg = eddsa,
                 .kid = BEARER_LIT("k\n1"),
                 .typ = BEARER_LIT("at+jwt")}},
        {.issuer = &issuer},
        {.key = {.alg = eddsa}},
    };
    apr_size_t i, k;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *want[3] = {rows[i].named, rows[i].unread, rows[i].bare};

        for (k = 0; k < 3; k++) {
            bearer_note_t note = {"as it was"};

            bearer_proof_note(rows[i].stage, &proofs[k], &note);
            assert_string_equal(note.text, want[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(proof_notes_what_a_check_looked_at),
    };

    return unit_run(tests);
}
