/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/stage.h"

/* Each reason for which a token can be refused is here once; a test checks that. */
static const bearer_stage_info_t stages[BEARER_STAGE_COUNT] = {
    {"token",
     "there is one token",
     {BEARER_TOKEN_MISSING, BEARER_TOKEN_FORMAT, BEARER_TOKEN_SCHEME,
      BEARER_TOKEN_TWICE}},
    {"form",
     "three parts of an acceptable size",
     {BEARER_TOKEN_SIZE, BEARER_JWS_PARTS, BEARER_JWS_ENCRYPTED}},
    {"encoding",
     "each part is canonical base64url",
     {BEARER_B64_ALPHABET, BEARER_B64_LENGTH, BEARER_B64_CANONICAL}},
    {"header", "the header is a JSON object", {BEARER_HEADER_JSON}},
    {"algorithm",
     "the algorithm is allowed",
     {BEARER_ALG_MISSING, BEARER_ALG_UNKNOWN, BEARER_ALG_FORBIDDEN}},
    {"extensions",
     "no extension is demanded",
     {BEARER_HEADER_CRIT, BEARER_HEADER_B64, BEARER_HEADER_ZIP,
      BEARER_HEADER_ENC}},
    {"key id", "the key id is usable", {BEARER_HEADER_KID}},
    {"type", "the type is accepted", {BEARER_TYP_WRONG}},
    {"claims", "the claims are a JSON object", {BEARER_PAYLOAD_JSON}},
    {"issuer",
     "the issuer is trusted",
     {BEARER_ISS_MISSING, BEARER_ISS_UNKNOWN, BEARER_SIGNER_WRONG}},
    {"keys", "the issuer's keys are there", {BEARER_KEYS_UNAVAILABLE}},
    {"key",
     "one of them fits",
     {BEARER_KEY_UNKNOWN, BEARER_KEY_UNFIT, BEARER_KEY_AMBIGUOUS}},
    {"signature", "it signed this", {BEARER_SIG_LENGTH, BEARER_SIG_WRONG}},
    {"expiry",
     "exp is there and not over",
     {BEARER_EXP_MISSING, BEARER_EXP_INVALID, BEARER_EXPIRED, BEARER_EXP_FAR}},
    {"not before",
     "nbf, if any, is reached",
     {BEARER_NBF_INVALID, BEARER_NOT_YET}},
    {"issued",
     "iat, age and lifetime are acceptable",
     {BEARER_IAT_INVALID, BEARER_IAT_MISSING, BEARER_IAT_FUTURE, BEARER_TOO_OLD,
      BEARER_TOO_LONG}},
    {"audience",
     "it is meant for us",
     {BEARER_AUD_MISSING, BEARER_AUD_INVALID, BEARER_AUD_WRONG}},
    {"required", "demanded claims are there", {BEARER_CLAIM_MISSING}},
    {"binding", "it is not bound to a key (cnf)", {BEARER_CNF_BOUND}},
    {"subject", "it names a user", {BEARER_SUBJECT_MISSING, BEARER_USER_WRONG}},
};

const bearer_stage_info_t *bearer_stage_find(bearer_stage_t stage)
{
    return &stages[stage];
}

bearer_stage_t bearer_stage_of(bearer_reason_t why)
{
    bearer_stage_t stage;
    int i;

    for (stage = BEARER_STAGE_PLACE; stage < BEARER_STAGE_COUNT && why;
         stage++) {
        for (i = 0; stages[stage].reasons[i]; i++) {
            if (stages[stage].reasons[i] == why)
                return stage;
        }
    }
    return BEARER_STAGE_COUNT;
}
