// SPDX-License-Identifier: Apache-2.0
/* Node 18 has these, but not as globals. To be imported first. */
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
