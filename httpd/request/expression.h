/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression - claims in httpd's expressions.
 *
 * Owns:     %{claim:path} and claims('path'), wherever httpd takes an expression.
 * Does not: decide anything: what becomes of the text is the expression's.
 * Memory:   what is read lives in the request's pool
 * Threads:  any
 *
 * Both give nothing without a proven token, and nothing that could end a header and
 * begin another. Both note in the request's record that claims were asked for.
 */
#ifndef MAB_EXPRESSION_H
#define MAB_EXPRESSION_H

/** Registers both functions with httpd. */
void mab_expression_register(void);

#endif
