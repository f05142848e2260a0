import { expect, test } from 'vitest';
import { contentDispositionOf } from './content-disposition.ts';

test.each([
  ['plan.pdf', `attachment; filename="plan.pdf"; filename*=UTF-8''plan.pdf`],
  [
    'žluťoučký 🐎.txt',
    `attachment; filename="_lu_ou_k_ _.txt"; filename*=UTF-8''%C5%BElu%C5%A5ou%C4%8Dk%C3%BD%20%F0%9F%90%8E.txt`,
  ],
  [`a"b%22;'(c)*.txt`, `attachment; filename="a_b_22;'(c)*.txt"; filename*=UTF-8''a%22b%2522%3B%27%28c%29%2A.txt`],
  [
    '../../etc\\x\r\nSet-Cookie: a',
    `attachment; filename=".._.._etc_x__Set-Cookie: a"; filename*=UTF-8''.._.._etc_x__Set-Cookie%3A%20a`,
  ],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])('%j', (fileName, header) => {
  expect(contentDispositionOf('attachment', fileName)).toBe(header);
});
