/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/proof.h"

static void note_text(bearer_note_t *note, bearer_str_t text)
{
    if (!text.data)
        bearer_note_set(note, "none");
    else if (!text.len)
        bearer_note_set(note, "(empty)");
    else
        bearer_note_set(note, "%.*s", bearer_note_width(text), text.data);
}

void bearer_proof_note(bearer_stage_t stage, const bearer_proof_t *proof,
                       bearer_note_t *note)
{
    const bearer_proof_key_t *key = &proof->key;

    if (stage == BEARER_STAGE_ALGORITHM && key->alg)
        bearer_note_set(note, "%s", key->alg->name);
    if (stage == BEARER_STAGE_KEY_ID && key->alg)
        note_text(note, key->kid);
    if (stage == BEARER_STAGE_TYPE && key->alg)
        note_text(note, key->typ);
    if (stage == BEARER_STAGE_ISSUER && proof->issuer)
        note_text(note, proof->issuer->iss);
}
