import { Refusal } from '@palaver/http';
import { dictionary } from '@zxcvbn-ts/language-common';

/** What everybody tries first. Whatever case it is typed in, it is tried too. */
const common: ReadonlySet<string> = new Set(dictionary['passwords-common'].map((password) => formOf(String(password))));

function formOf(password: string): string {
  return password.normalize('NFC').toLowerCase();
}

/** Throws `Refusal`: `password_too_common`. */
export const refuseCommon = (password: string): void => {
  if (!common.has(formOf(password))) return;
  throw new Refusal('password_too_common', 'The password is one of those that are tried first; take another one.');
};
